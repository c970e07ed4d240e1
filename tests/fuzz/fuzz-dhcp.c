/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCP messages: a byte that chooses the policy, then the message. */
#include "slirp-config/dhcp-options.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>

static const DhcpPolicy policies[] = {
    { NULL, { NULL } },
    { "192.168.64.4:/", { "boot.nfsroot.options=nolockd", NULL, "nfs.read_size=1344" } },
    { "0123456789012345678901234567890123456789012345678901234567890123456789", /* fills the area */
      { "01234567890123456789012345678901234567890123456789012345678901234567890123456789" } },
};

/* What the loaders need: options that can be read one after the other, no PAD before END. */
static void
check_options(Cursor options)
{
    while (cursor_left(&options) > 0) {
        guint8 option = cursor_u8(&options);
        if (option == DHCP_OPT_END)
            return;
        g_assert_cmpuint(option, !=, DHCP_OPT_PAD);
        cursor_skip(&options, cursor_u8(&options));
        g_assert_true(cursor_ok(&options));
    }
    g_error("no END");
}

static void
check_complete(const DhcpPolicy *policy, DhcpClient client, const FuzzPiece *reply)
{
    g_auto(FuzzPiece) room = fuzz_piece_new(DHCP_FIXED_SIZE + DHCP_VENDOR_SIZE);
    DhcpMessage before, after;

    Buf out = buf_of(room.bytes, room.len, 0);
    if (!dhcp_options_complete(policy, client, fuzz_piece_cursor(reply), &out))
        return;
    g_assert_cmpuint(buf_len(&out), ==, DHCP_FIXED_SIZE + DHCP_VENDOR_SIZE);
    g_assert_true(dhcp_message_parse(fuzz_piece_cursor(reply), &before));
    g_assert_true(dhcp_message_parse(cursor_of(buf_data(&out), buf_len(&out)), &after));
    g_assert_cmpuint(after.xid, ==, before.xid);
    g_assert_cmpuint(after.type, ==, before.type);
    g_assert_true(mac_equal(after.chaddr, before.chaddr));
    Cursor options = cursor_of(buf_data(&out), buf_len(&out));
    cursor_skip(&options, DHCP_FIXED_SIZE + 4);
    check_options(options);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    Cursor input = cursor_of(bytes, len);
    DhcpMessage message;

    guint8 choice = cursor_u8(&input);
    g_auto(FuzzPiece) payload = fuzz_piece_copy(input.at, cursor_left(&input));
    if (dhcp_message_parse(fuzz_piece_cursor(&payload), &message))
        g_assert_nonnull(dhcp_client_name(message.client));
    for (DhcpClient client = 0; client < DHCP_CLIENT_COUNT; client++)
        check_complete(&policies[choice % G_N_ELEMENTS(policies)], client, &payload);
    return 0;
}
