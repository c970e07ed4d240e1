/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCP messages as real clients and servers send them: type, addresses, which client it is. */
#include "slirp-config/dhcp-message.h"
#include "tests/lan/dhcp-bytes.h"
#include "tests/lan/rows.h"

#define CLASS_IPXE     "4d0469505845"
#define CLASS_FREEBSD  "4d080746726565425344"
#define VENDOR_LOADER  "3c09505845436c69656e74"
#define VENDOR_PXE_ROM "3c20505845436c69656e743a417263683a30303030303a554e44493a303032303031"
#define COOKIE         "63825363"

typedef struct {
    const char *name;
    const char *options; /* from the cookie on */
    guint8 type;
    DhcpClient client;
} ClientRow;

static const ClientRow client_rows[] = {
    { "ipxe-discover", DHCP_HEX_IPXE_DISCOVER, DHCP_DISCOVER, DHCP_CLIENT_IPXE },
    { "ipxe-request", DHCP_HEX_IPXE_REQUEST, DHCP_REQUEST, DHCP_CLIENT_IPXE },
    { "loader-7.0-to-10.2-discover", DHCP_HEX_LOADER_UDP_DISCOVER, DHCP_DISCOVER,
      DHCP_CLIENT_LOADER_UDP },
    { "loader-7.0-to-10.2-request", DHCP_HEX_LOADER_UDP_REQUEST, DHCP_REQUEST,
      DHCP_CLIENT_LOADER_UDP },
    { "loader-15.0-discover", DHCP_HEX_LOADER_DISCOVER, DHCP_DISCOVER, DHCP_CLIENT_LOADER },
    { "loader-15.0-request", DHCP_HEX_LOADER_REQUEST, DHCP_REQUEST, DHCP_CLIENT_LOADER },
    { "netbsd", DHCP_HEX_NETBSD_DISCOVER, DHCP_DISCOVER, DHCP_CLIENT_OTHER },
    { "pxe-rom", COOKIE "350101" VENDOR_PXE_ROM "ff", DHCP_DISCOVER, DHCP_CLIENT_PXE_ROM },
    { "user-class-wins-after-vendor", COOKIE VENDOR_PXE_ROM CLASS_IPXE "ff", 0, DHCP_CLIENT_IPXE },
    { "user-class-wins-before-vendor", COOKIE CLASS_FREEBSD VENDOR_LOADER "ff", 0,
      DHCP_CLIENT_LOADER },
    { "pads-between",
      COOKIE "0000350101"
             "000000" CLASS_IPXE "00ff",
      DHCP_DISCOVER, DHCP_CLIENT_IPXE },
    { "behind-the-end", COOKIE "350101ff" CLASS_IPXE, DHCP_DISCOVER, DHCP_CLIENT_OTHER },
    { "no-end", COOKIE "350101" CLASS_IPXE, DHCP_DISCOVER, DHCP_CLIENT_IPXE },
    { "cut-option",
      COOKIE "350101"
             "4d0a69505845",
      DHCP_DISCOVER, DHCP_CLIENT_OTHER },
    { "cut-length", COOKIE "3501014d", DHCP_DISCOVER, DHCP_CLIENT_OTHER },
    { "class-longer", COOKIE "4d056950584531ff", 0, DHCP_CLIENT_OTHER },
    { "class-shorter", COOKIE "4d03695058ff", 0, DHCP_CLIENT_OTHER },
    { "class-other-case", COOKIE "4d0449505845ff", 0, DHCP_CLIENT_OTHER },
    { "class-empty", COOKIE "4d00ff", 0, DHCP_CLIENT_OTHER },
    { "type-empty", COOKIE "3500ff", 0, DHCP_CLIENT_OTHER },
    { "vendor-shorter", COOKIE "3c08505845436c69656eff", 0, DHCP_CLIENT_OTHER },
    { "vendor-without-colon", COOKIE "3c0a505845436c69656e7478ff", 0, DHCP_CLIENT_OTHER },
    { "no-cookie", "00000000350101" CLASS_IPXE "ff", 0, DHCP_CLIENT_OTHER },
    { "no-options", COOKIE, 0, DHCP_CLIENT_OTHER },
};

static void
test_client_row(gconstpointer data)
{
    const ClientRow *row = data;
    g_autoptr(GByteArray) bytes = dhcp_bytes(1, 0xfeedbeef, ip4_of(0), ip4_of(0), row->options, 0);
    DhcpMessage message;

    g_assert_true(dhcp_message_parse(cursor_of(bytes->data, bytes->len), &message));
    g_assert_cmpuint(message.op, ==, 1);
    g_assert_cmphex(message.xid, ==, 0xfeedbeef);
    g_assert_true(mac_equal(message.chaddr, GUEST_MAC));
    g_assert_cmpuint(message.type, ==, row->type);
    g_assert_cmpuint(message.client, ==, row->client);
}

static void
test_reply(void)
{
    g_autoptr(GByteArray) bytes =
        dhcp_bytes(2, 7, GUEST_IP, GATEWAY_IP, COOKIE "3501053604c0a84001ff", 548);
    DhcpMessage message;

    g_assert_true(dhcp_message_parse(cursor_of(bytes->data, bytes->len), &message));
    g_assert_cmpuint(message.op, ==, 2);
    g_assert_cmpuint(message.type, ==, DHCP_ACK);
    g_assert_true(ip4_equal(message.yiaddr, GUEST_IP));
    g_assert_true(ip4_equal(message.siaddr, GATEWAY_IP));
}

typedef struct {
    const char *name;
    guint8 op;
    gboolean good;
} OpRow;

static const OpRow op_rows[] = {
    { "0", 0, FALSE }, { "request", 1, TRUE }, { "reply", 2, TRUE },
    { "3", 3, FALSE }, { "255", 255, FALSE },
};

static void
test_op_row(gconstpointer data)
{
    const OpRow *row = data;
    g_autoptr(GByteArray) bytes =
        dhcp_bytes(row->op, 1, ip4_of(0), ip4_of(0), DHCP_HEX_LOADER_DISCOVER, 0);
    DhcpMessage message;
    g_assert_cmpint(dhcp_message_parse(cursor_of(bytes->data, bytes->len), &message), ==,
                    row->good);
}

/* Without the whole fixed part and the cookie it is no message; a cut option list ends there. */
static void
test_truncated(void)
{
    g_autoptr(GByteArray) bytes =
        dhcp_bytes(1, 1, ip4_of(0), ip4_of(0), DHCP_HEX_LOADER_REQUEST, 0);

    for (gsize len = 0; len < bytes->len; len++) {
        g_autofree guint8 *prefix = g_memdup2(bytes->data, len);
        DhcpMessage message = { .xid = 99 };
        gboolean good = dhcp_message_parse(cursor_of(prefix, len), &message);
        g_assert_cmpint(good, ==, len >= 240);
        g_assert_cmpuint(message.xid, ==, good ? 1 : 99);
        g_assert_true(!good || message.type == 0 || message.type == DHCP_REQUEST);
    }
}

static void
test_names(void)
{
    for (guint client = 0; client < DHCP_CLIENT_COUNT; client++)
        g_assert_nonnull(dhcp_client_name((DhcpClient)client));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/dhcp-message/client", client_rows, test_client_row);
    g_test_add_func("/dhcp-message/reply", test_reply);
    ROWS_ADD("/dhcp-message/op", op_rows, test_op_row);
    g_test_add_func("/dhcp-message/truncated", test_truncated);
    g_test_add_func("/dhcp-message/names", test_names);
    return g_test_run();
}
