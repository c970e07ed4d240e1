/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gate in front of libslirp's TFTP server: which requests reach the server, as what, and which
 * the gate answers. */
#include "slirp-config/tftp-files.h"
#include "tests/lan/tftp-rig.h"
#include "tests/unit/support/tmp-dir.h"

/* The same tree in a directory of the host, with a file beside the part that is exported. */
static TmpDir *
directory_new(void)
{
    static const char *const links[][2] = {
        { "root/inside", "boot/pxeboot" },
        { "root/absolute", "/boot/pxeboot" },
        { "root/above", "../../boot/pxeboot" },
        { "root/outside", "../../../../etc/passwd" },
        { "root/outside-absolute", "/etc/passwd" },
        { "root/loop", "loop" },
        { "root/beside", "../secret" },
    };
    TmpDir *dir = tmp_dir_new();

    tmp_dir_mkdir(dir, "root");
    tmp_dir_mkdir(dir, "root/boot");
    g_free(tmp_dir_file(dir, "root/boot/pxeboot", "the loader", -1));
    g_free(tmp_dir_file(dir, "root/empty", "", 0));
    g_free(tmp_dir_file(dir, "secret", "secret", -1));
    for (gsize i = 0; i < G_N_ELEMENTS(links); i++)
        tmp_dir_symlink(dir, links[i][0], links[i][1]);
    return dir;
}

static Vfs *
directory_tree(const TmpDir *dir)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *root = tmp_dir_path(dir, "root");
    Vfs *vfs = vfs_dir_new(root, &error);
    g_assert_no_error(error);
    return vfs;
}

/* ---- requests ---- */

typedef struct {
    const char *name;
    const char *request;
    int error;           /* TFTP error code, -1: none */
    const char *options; /* the request that the server gets, behind the name; '|' for NUL */
    const char *contents;
} RequestRow;

#define SERVED  -1
#define LOADER  "the loader"
#define NAME_64 "0123456789012345678901234567890123456789012345678901234567890123"
#define SLASHES_499                                                                                \
    "/////////////////////////////////////////////////////////////////////////////"                \
    "/////////////////////////////////////////////////////////////////////////////"                \
    "/////////////////////////////////////////////////////////////////////////////"                \
    "/////////////////////////////////////////////////////////////////////////////"                \
    "/////////////////////////////////////////////////////////////////////////////"                \
    "/////////////////////////////////////////////////////////////////////////////"                \
    "/////////////////////////////////////"

static const RequestRow request_rows[] = {
    { "plain", "boot/pxeboot|octet|", SERVED, "octet|", LOADER },
    { "leading-slash", "/boot/pxeboot|octet|", SERVED, "octet|", LOADER },
    { "double-slashes", "//boot//pxeboot|octet|", SERVED, "octet|", LOADER },
    { "empty-file", "empty|octet|", SERVED, "octet|", "" },
    { "capitals", "boot/pxeboot|OCTET|", SERVED, "octet|", LOADER },
    { "ipxe", "boot/pxeboot|octet|blksize|1432|tsize|0|", SERVED, "octet|blksize|1432|tsize|0|",
      LOADER },
    { "options-in-any-order-and-case", "boot/pxeboot|octet|TSize|77|BLKSIZE|512|", SERVED,
      "octet|blksize|512|tsize|0|", LOADER },
    { "unknown-options-are-left-out", "boot/pxeboot|octet|a|b|windowsize|4|tsize|0|c|d|", SERVED,
      "octet|tsize|0|", LOADER },
    { "garbage-options-are-left-out", "boot/pxeboot|octet|blksize|-1|tsize|x|\xff\xff", SERVED,
      "octet|", LOADER },
    { "dots-inside", "boot/./../boot/pxeboot|octet|", SERVED, "octet|", LOADER },
    { "dots-above-the-root", "../../boot/pxeboot|octet|", SERVED, "octet|", LOADER },
    { "link-inside", "inside|octet|", SERVED, "octet|", LOADER },
    { "link-absolute-is-the-trees", "absolute|octet|", SERVED, "octet|", LOADER },
    { "link-above-the-root", "above|octet|", SERVED, "octet|", LOADER },
    { "name-of-512-bytes", SLASHES_499 "/boot/pxeboot|octet|", SERVED, "octet|", LOADER },
    { "name-of-513-bytes", SLASHES_499 "//boot/pxeboot|octet|", TFTP_ERR_ILLEGAL, NULL, NULL },
    { "missing", "boot/missing|octet|", TFTP_ERR_NOT_FOUND, NULL, NULL },
    { "missing-directory", "nowhere/pxeboot|octet|", TFTP_ERR_NOT_FOUND, NULL, NULL },
    { "below-a-file", "boot/pxeboot/x|octet|", TFTP_ERR_NOT_FOUND, NULL, NULL },
    { "trailing-slash-is-ignored", "boot/pxeboot/|octet|", SERVED, "octet|", LOADER },
    { "long-component", NAME_64 NAME_64 NAME_64 NAME_64 "|octet|", TFTP_ERR_NOT_FOUND, NULL, NULL },
    { "directory", "boot|octet|", TFTP_ERR_ACCESS, NULL, NULL },
    { "root", "/|octet|", TFTP_ERR_ACCESS, NULL, NULL },
    { "empty-name", "|octet|", TFTP_ERR_ACCESS, NULL, NULL },
    { "dots", "..|octet|", TFTP_ERR_ACCESS, NULL, NULL },
    { "link-outside", "outside|octet|", TFTP_ERR_NOT_FOUND, NULL, NULL },
    { "link-outside-absolute", "outside-absolute|octet|", TFTP_ERR_NOT_FOUND, NULL, NULL },
    { "path-outside", "../../../../etc/passwd|octet|", TFTP_ERR_NOT_FOUND, NULL, NULL },
    { "path-beside", "../secret|octet|", TFTP_ERR_NOT_FOUND, NULL, NULL },
    { "link-beside", "beside|octet|", TFTP_ERR_NOT_FOUND, NULL, NULL },
    { "link-loop", "loop|octet|", TFTP_ERR_NOT_FOUND, NULL, NULL },
    { "netascii", "boot/pxeboot|netascii|", TFTP_ERR_ILLEGAL, NULL, NULL },
    { "no-nul", "boot/pxeboot", TFTP_ERR_ILLEGAL, NULL, NULL },
    { "no-mode", "boot/pxeboot|", TFTP_ERR_ILLEGAL, NULL, NULL },
    { "a-descriptor-number", "0|octet|", TFTP_ERR_NOT_FOUND, NULL, NULL },
};

/* The request that the server got: number of a descriptor, and the rest as text. */
static void
check_request(const TftpRig *rig, const char *options)
{
    FrameUdp udp = frame_log_udp(&rig->server, 0);
    g_autoptr(GString) text = g_string_new(NULL);

    g_assert_true(mac_equal(udp.src, GUEST_MAC) && mac_equal(udp.dst, GATEWAY_MAC));
    g_assert_true(ip4_equal(udp.src_ip, GUEST_IP) && ip4_equal(udp.dst_ip, GATEWAY_IP));
    g_assert_cmpuint(udp.src_port, ==, TFTP_RIG_PORT);
    g_assert_cmpuint(udp.dst_port, ==, TFTP_PORT);
    g_assert_cmpuint(frame_get16(udp.payload), ==, TFTP_RRQ);
    const char *number = (const char *)udp.payload + 2;
    g_assert_cmpuint(strspn(number, "0123456789"), ==, strlen(number));
    for (gsize i = 2 + strlen(number) + 1; i < udp.len; i++)
        g_string_append_c(text, udp.payload[i] != 0 ? (char)udp.payload[i] : '|');
    g_assert_cmpstr(text->str, ==, options);
}

static void
check_error(const TftpRig *rig, guint16 port, int code)
{
    FrameUdp udp = frame_log_udp(&rig->guest, frame_log_count(&rig->guest) - 1);

    g_assert_true(mac_equal(udp.src, GATEWAY_MAC) && mac_equal(udp.dst, GUEST_MAC));
    g_assert_true(ip4_equal(udp.src_ip, GATEWAY_IP) && ip4_equal(udp.dst_ip, GUEST_IP));
    g_assert_cmpuint(udp.src_port, ==, TFTP_PORT);
    g_assert_cmpuint(udp.dst_port, ==, port);
    g_assert_cmpuint(frame_get16(udp.payload), ==, TFTP_ERROR);
    g_assert_cmpint(frame_get16(udp.payload + 2), ==, code);
    g_assert_cmpuint(udp.payload[udp.len - 1], ==, 0);
    g_assert_cmpuint(strlen((const char *)udp.payload + 4), >, 5);
}

static void
check_row(TftpRig *rig, const RequestRow *row)
{
    tftp_rig_send_text(rig, TFTP_RIG_PORT, TFTP_RRQ, row->request);
    g_assert_cmpuint(frame_log_count(&rig->server), ==, row->error == SERVED ? 1 : 0);
    g_assert_cmpuint(frame_log_count(&rig->guest), ==, row->error == SERVED ? 0 : 1);
    if (row->error == SERVED) {
        check_request(rig, row->options);
        g_assert_cmpstr(rig->contents->str, ==, row->contents);
    } else {
        check_error(rig, TFTP_RIG_PORT, row->error);
    }
}

static void
test_memory_row(gconstpointer data)
{
    g_auto(TftpRig) rig;
    tftp_rig_init(&rig, tftp_rig_tree());
    check_row(&rig, data);
}

static void
test_directory_row(gconstpointer data)
{
    g_autoptr(TmpDir) dir = directory_new();
    g_auto(TftpRig) rig;
    tftp_rig_init(&rig, directory_tree(dir));
    check_row(&rig, data);
}

static void
test_no_tree(void)
{
    g_auto(TftpRig) rig;
    tftp_rig_init(&rig, NULL);
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_RRQ, "boot/pxeboot|octet|");
    check_error(&rig, TFTP_RIG_PORT, TFTP_ERR_NOT_FOUND);
}

static void
test_write_request(void)
{
    g_auto(TftpRig) rig;
    tftp_rig_init(&rig, tftp_rig_tree());
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_WRQ, "boot/pxeboot|octet|");
    check_error(&rig, TFTP_RIG_PORT, TFTP_ERR_ACCESS);
    g_assert_cmpuint(frame_log_count(&rig.server), ==, 0);
}

/* What cannot be opened is answered with the error that says why. */
static void
test_too_large(void)
{
    g_autoptr(GBytes) large = g_bytes_new_take(g_malloc0(TFTP_COPY_MAX + 1), TFTP_COPY_MAX + 1);
    g_auto(TftpRig) rig;

    tftp_rig_init(&rig, vfs_mem_new());
    g_assert_cmpint(vfs_mem_add_file(rig.vfs, "x", large, 0444), ==, 0);
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_RRQ, "x|octet|");
    check_error(&rig, TFTP_RIG_PORT, TFTP_ERR_UNDEFINED);
    FrameUdp udp = frame_log_udp(&rig.guest, 0);
    g_assert_cmpstr((const char *)udp.payload + 4, ==, "File too large for TFTP");
}

static void
test_truncated(void)
{
    static const char request[] = "\0\1boot/pxeboot\0octet\0blksize\0001428\0tsize\0000";
    g_auto(TftpRig) rig;

    tftp_rig_init(&rig, tftp_rig_tree());
    for (gsize len = 0; len < sizeof request; len++) {
        g_autofree guint8 *prefix = g_memdup2(request, len);
        frame_log_empty(&rig.guest);
        frame_log_empty(&rig.server);
        tftp_rig_send(&rig, TFTP_RIG_PORT, prefix, len);
        gboolean served = len >= 2 + sizeof "boot/pxeboot" + sizeof "octet";
        g_assert_cmpuint(frame_log_count(&rig.server), ==, served ? 1 : 0);
        g_assert_cmpuint(frame_log_count(&rig.guest), ==, !served && len >= 2 ? 1 : 0);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/tftp-gate/memory", request_rows, test_memory_row);
    ROWS_ADD("/tftp-gate/directory", request_rows, test_directory_row);
    g_test_add_func("/tftp-gate/no-tree", test_no_tree);
    g_test_add_func("/tftp-gate/write-request", test_write_request);
    g_test_add_func("/tftp-gate/too-large", test_too_large);
    g_test_add_func("/tftp-gate/truncated", test_truncated);
    return g_test_run();
}
