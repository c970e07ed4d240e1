/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each client is told: the exact list of options, or that the reply is left as it is. */
#include "slirp-config/dhcp-options.h"
#include "tests/lan/dhcp-bytes.h"
#include "tests/lan/rows.h"

#define COOKIE "63825363"

/* A libslirp reply: type, server, mask, router, DNS, lease, END. */
#define REPLY(type)                                                                                \
    COOKIE "3501" type "3604c0a84001"                                                              \
           "0104ffffff00"                                                                          \
           "0304c0a84001"                                                                          \
           "0604c0a84003"                                                                          \
           "330400015180"                                                                          \
           "ff"
#define REPLY_TEXT(type) "53=" type " 54=c0a84001 1=ffffff00 3=c0a84001 6=c0a84003 51=00015180 "

static const DhcpPolicy no_policy = { NULL, { NULL } };
static const DhcpPolicy root_only = { "192.168.64.4:/", { NULL } };
static const DhcpPolicy variables = {
    "192.168.64.4:/",
    { "boot.nfsroot.options=nolockd", NULL, "a=b", NULL, "console=comconsole" },
};

#define ROOT_TEXT "17=3139322e3136382e36342e343a2f "
#define VARIABLES_TEXT                                                                             \
    "250=626f6f742e6e6673726f6f742e6f7074696f6e733d6e6f6c6f636b64 252=613d62 "                     \
    "254=636f6e736f6c653d636f6d636f6e736f6c65 "

typedef struct {
    const char *name;
    const DhcpPolicy *policy;
    DhcpClient client;
    guint8 op;
    const char *reply;
    const char *want; /* NULL: not completed */
} Row;

static const Row rows[] = {
    { "ipxe-offer", &variables, DHCP_CLIENT_IPXE, 2, REPLY("02"),
      REPLY_TEXT("02") "175=b00101 end" },
    { "ipxe-ack", &variables, DHCP_CLIENT_IPXE, 2, REPLY("05"), REPLY_TEXT("05") "175=b00101 end" },
    { "loader-udp-offer", &root_only, DHCP_CLIENT_LOADER_UDP, 2, REPLY("02"),
      REPLY_TEXT("02") ROOT_TEXT "end" },
    { "loader-udp-ack", &root_only, DHCP_CLIENT_LOADER_UDP, 2, REPLY("05"),
      REPLY_TEXT("05") ROOT_TEXT "end" },
    { "loader-ack", &root_only, DHCP_CLIENT_LOADER, 2, REPLY("05"),
      REPLY_TEXT("05") ROOT_TEXT "end" },
    { "loader-udp-variables", &variables, DHCP_CLIENT_LOADER_UDP, 2, REPLY("05"),
      REPLY_TEXT("05") ROOT_TEXT VARIABLES_TEXT "end" },
    { "loader-variables", &variables, DHCP_CLIENT_LOADER, 2, REPLY("05"),
      REPLY_TEXT("05") ROOT_TEXT VARIABLES_TEXT "end" },
    { "loader-without-root-path", &no_policy, DHCP_CLIENT_LOADER, 2, REPLY("05"),
      REPLY_TEXT("05") "end" },
    { "pxe-rom", &variables, DHCP_CLIENT_PXE_ROM, 2, REPLY("05"), NULL },
    { "kernel-or-anything", &variables, DHCP_CLIENT_OTHER, 2, REPLY("05"), NULL },
    { "nak", &variables, DHCP_CLIENT_LOADER, 2, REPLY("06"), NULL },
    { "no-type", &variables, DHCP_CLIENT_LOADER, 2, COOKIE "3604c0a84001ff", NULL },
    { "a-request", &variables, DHCP_CLIENT_LOADER, 1, REPLY("05"), NULL },
    { "no-cookie", &variables, DHCP_CLIENT_LOADER, 2, "00000000350105ff", NULL },
    /* The loaders read a length behind a PAD: none may be left in front of END. */
    { "pads-are-dropped", &root_only, DHCP_CLIENT_LOADER, 2,
      COOKIE "00350105"
             "0000"
             "3604c0a84001"
             "00"
             "ff",
      "53=05 54=c0a84001 " ROOT_TEXT "end" },
    { "no-end", &root_only, DHCP_CLIENT_LOADER, 2,
      COOKIE "350105"
             "3604c0a84001",
      "53=05 54=c0a84001 " ROOT_TEXT "end" },
    { "cut-option-is-dropped", &root_only, DHCP_CLIENT_LOADER, 2,
      COOKIE "350105"
             "3608c0a84001",
      "53=05 " ROOT_TEXT "end" },
    { "behind-end-is-dropped", &root_only, DHCP_CLIENT_LOADER, 2,
      COOKIE "350105ff"
             "0c0178",
      "53=05 " ROOT_TEXT "end" },
    { "empty-option", &root_only, DHCP_CLIENT_LOADER, 2,
      COOKIE "350105"
             "0c00"
             "ff",
      "53=05 12= " ROOT_TEXT "end" },
};

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(GByteArray) reply = dhcp_bytes(row->op, 42, GUEST_IP, GATEWAY_IP, row->reply, 0);
    guint8 memory[1024];
    Buf out = buf_of(memory, sizeof memory, 0);

    /* libslirp's replies are padded; the padding must not become options. */
    for (int i = 0; row->want != NULL && strstr(row->reply, "ff") != NULL && i < 100; i++)
        frame_add8(reply, 0);
    gboolean done =
        dhcp_options_complete(row->policy, row->client, cursor_of(reply->data, reply->len), &out);
    g_assert_cmpint(done, ==, row->want != NULL);
    if (!done)
        return;
    g_autofree char *text = dhcp_options_text(buf_data(&out), buf_len(&out));
    g_assert_cmpstr(text, ==, row->want);
    ROW_CMPMEM(buf_data(&out), 236, reply->data, 236);
    g_assert_cmpuint(buf_len(&out), ==, DHCP_FIXED_SIZE + DHCP_VENDOR_SIZE);
}

/* ---- sizes ---- */

typedef struct {
    const char *name;
    gsize root_path_len, variable_len;
    gsize cap; /* of the output, 0: plenty */
    gboolean good;
} SizeRow;

/* Cookie 4, type 3, END 1, two headers of 2: 300 bytes are left. */
static const SizeRow size_rows[] = {
    { "fills-the-vendor-area", 100, 200, 0, TRUE },
    { "one-byte-too-many", 101, 200, 0, FALSE },
    { "root-path-of-127", DHCP_ROOT_PATH_MAX, 10, 0, TRUE },
    { "root-path-of-128", DHCP_ROOT_PATH_MAX + 1, 10, 0, FALSE },
    { "variable-of-255", 1, 255, 0, TRUE },
    { "variable-of-256", 1, 256, 0, FALSE },
    { "root-path-of-300", 300, 1, 0, FALSE },
    { "no-room-for-the-padding", 10, 10, DHCP_FIXED_SIZE + DHCP_VENDOR_SIZE - 1, FALSE },
    { "no-room-for-the-options", 100, 100, DHCP_FIXED_SIZE + 50, FALSE },
    { "no-room-for-the-header", 1, 1, 100, FALSE },
    { "exact-room", 10, 10, DHCP_FIXED_SIZE + DHCP_VENDOR_SIZE, TRUE },
};

static void
test_size_row(gconstpointer data)
{
    const SizeRow *row = data;
    g_autofree char *root_path = g_strnfill(row->root_path_len, 'p');
    g_autofree char *variable = g_strnfill(row->variable_len, 'v');
    const DhcpPolicy policy = { root_path, { variable } };
    g_autoptr(GByteArray) reply = dhcp_bytes(2, 42, GUEST_IP, GATEWAY_IP, COOKIE "350105ff", 548);
    gsize cap = row->cap != 0 ? row->cap : 1024;
    g_autofree guint8 *memory = g_malloc(cap);
    Buf out = buf_of(memory, cap, 0);

    g_assert_cmpint(dhcp_options_complete(&policy, DHCP_CLIENT_LOADER,
                                          cursor_of(reply->data, reply->len), &out),
                    ==, row->good);
    if (row->good)
        g_assert_cmpuint(
            memory[DHCP_FIXED_SIZE + 4 + 3 + 2 + row->root_path_len + 2 + row->variable_len], ==,
            DHCP_OPT_END);
}

/* Five variables of full length and the reply's own options: refused, not cut. */
static void
test_overflow(void)
{
    g_autofree char *variable = g_strnfill(60, 'v');
    const DhcpPolicy policy = { "192.168.64.4:/",
                                { variable, variable, variable, variable, variable } };
    g_autoptr(GByteArray) reply = dhcp_bytes(2, 42, GUEST_IP, GATEWAY_IP, REPLY("05"), 548);
    guint8 memory[2048];
    Buf out = buf_of(memory, sizeof memory, 0);

    g_assert_false(dhcp_options_complete(&policy, DHCP_CLIENT_LOADER,
                                         cursor_of(reply->data, reply->len), &out));
}

static void
test_truncated(void)
{
    g_autoptr(GByteArray) reply = dhcp_bytes(2, 42, GUEST_IP, GATEWAY_IP, REPLY("05"), 0);

    for (gsize len = 0; len < reply->len; len++) {
        g_autofree guint8 *prefix = g_memdup2(reply->data, len);
        guint8 memory[1024];
        Buf out = buf_of(memory, sizeof memory, 0);
        gboolean done =
            dhcp_options_complete(&root_only, DHCP_CLIENT_LOADER, cursor_of(prefix, len), &out);
        g_assert_cmpint(done, ==, len >= 236 + 4 + 3);
        if (!done)
            continue;
        g_autofree char *text = dhcp_options_text(buf_data(&out), buf_len(&out));
        g_assert_true(g_str_has_prefix(text, "53=05 "));
        g_assert_true(g_str_has_suffix(text, ROOT_TEXT "end"));
        g_assert_null(strstr(text, "pad"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/dhcp-options", rows, test_row);
    ROWS_ADD("/dhcp-options/size", size_rows, test_size_row);
    g_test_add_func("/dhcp-options/overflow", test_overflow);
    g_test_add_func("/dhcp-options/truncated", test_truncated);
    return g_test_run();
}
