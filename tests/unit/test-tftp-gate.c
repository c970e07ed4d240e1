/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gate in front of libslirp's TFTP server: which requests reach the server, as what, and which
 * the gate answers. */
#include "tests/lan/tftp-rig.h"
#include "tests/unit/support/tmp-dir.h"

#include <errno.h>

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

/* ---- copies of files that the host does not have as such ---- */

typedef struct {
    Vfs vfs;
    guint64 size;      /* of every file */
    guint64 available; /* bytes that can be read, then there are no more */
    int error;         /* of reading, negative */
} FakeTree;

static VfsId
fake_root(Vfs *vfs)
{
    (void)vfs;
    return 0;
}

static int
fake_lookup(Vfs *vfs, VfsId dir, const char *name, VfsId *ret)
{
    (void)vfs, (void)dir;
    *ret = (VfsId)(guchar)name[0];
    return 0;
}

static int
fake_getattr(Vfs *vfs, VfsId id, VfsAttr *ret)
{
    *ret = (VfsAttr){ .type = id == 0 ? VFS_DIR : VFS_REG, .size = ((FakeTree *)vfs)->size };
    return 0;
}

static gssize
fake_read(Vfs *vfs, VfsId id, guint64 offset, void *dst, gsize n)
{
    const FakeTree *self = (FakeTree *)vfs;
    if (self->error != 0)
        return self->error;
    n = offset < self->available ? MIN(n, (gsize)(self->available - offset)) : 0;
    memset(dst, (int)id, n);
    return (gssize)n;
}

static void
fake_free(Vfs *vfs)
{
    (void)vfs;
}

static const VfsOps fake_ops = {
    .kind = "fake",
    .root = fake_root,
    .lookup = fake_lookup,
    .getattr = fake_getattr,
    .read = fake_read,
    .free = fake_free,
};

static void
test_copy_too_large(void)
{
    FakeTree tree = { { &fake_ops }, TFTP_COPY_MAX + 1, 0, -EIO };
    g_auto(TftpRig) rig;
    tftp_rig_init(&rig, &tree.vfs);
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_RRQ, "x|octet|");
    check_error(&rig, TFTP_RIG_PORT, TFTP_ERR_UNDEFINED);
    FrameUdp udp = frame_log_udp(&rig.guest, 0);
    g_assert_cmpstr((const char *)udp.payload + 4, ==, "File too large for TFTP");
}

static void
test_copy_read_error(void)
{
    FakeTree tree = { { &fake_ops }, 100, 0, -EIO };
    g_auto(TftpRig) rig;
    tftp_rig_init(&rig, &tree.vfs);
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_RRQ, "x|octet|");
    check_error(&rig, TFTP_RIG_PORT, TFTP_ERR_UNDEFINED);
}

static void
test_copy_ends_early(void)
{
    FakeTree tree = { { &fake_ops }, 100000, 70000, 0 };
    g_auto(TftpRig) rig;
    tftp_rig_init(&rig, &tree.vfs);
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_RRQ, "x|octet|");
    check_error(&rig, TFTP_RIG_PORT, TFTP_ERR_UNDEFINED);
}

static guint
open_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    guint n = 0;
    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

/* Ten files one after the other, twice: the right bytes each time, and no more copies than four. */
static void
test_copies_kept(void)
{
    FakeTree tree = { { &fake_ops }, 70000, 70000, 0 };
    guint before = open_descriptors();
    {
        g_auto(TftpRig) rig;
        tftp_rig_init(&rig, &tree.vfs);
        for (int i = 0; i < 20; i++) {
            g_autofree char *request = g_strdup_printf("%c|octet|", 'a' + i % 10);
            tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_RRQ, request);
            g_assert_cmpuint(rig.contents->len, ==, 70000);
            g_assert_cmpint(rig.contents->str[0], ==, 'a' + i % 10);
            g_assert_cmpint(rig.contents->str[69999], ==, 'a' + i % 10);
            g_assert_cmpuint(open_descriptors(), <=, before + TFTP_COPIES_MAX);
        }
        g_assert_cmpuint(open_descriptors(), ==, before + TFTP_COPIES_MAX);
        tree.error = -EIO; /* a kept copy needs no reading */
        tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_RRQ, "j|octet|");
        g_assert_cmpuint(frame_log_count(&rig.server), ==, 21);
    }
    g_assert_cmpuint(open_descriptors(), ==, before);
}

/* A file of the host needs one descriptor, however often it is asked for. */
static void
test_descriptors_of_directory(void)
{
    g_autoptr(TmpDir) dir = directory_new();
    guint before = open_descriptors();
    {
        g_auto(TftpRig) rig;
        tftp_rig_init(&rig, directory_tree(dir));
        for (int i = 0; i < 50; i++)
            tftp_rig_send_text(&rig, (guint16)(TFTP_RIG_PORT + i), TFTP_RRQ, "boot/pxeboot|octet|");
        g_assert_cmpuint(frame_log_count(&rig.server), ==, 50);
        g_assert_cmpuint(open_descriptors(), <=, before + 2);
    }
    g_assert_cmpuint(open_descriptors(), ==, before);
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
    g_test_add_func("/tftp-gate/copy/too-large", test_copy_too_large);
    g_test_add_func("/tftp-gate/copy/read-error", test_copy_read_error);
    g_test_add_func("/tftp-gate/copy/ends-early", test_copy_ends_early);
    g_test_add_func("/tftp-gate/copy/kept", test_copies_kept);
    g_test_add_func("/tftp-gate/descriptors", test_descriptors_of_directory);
    g_test_add_func("/tftp-gate/truncated", test_truncated);
    return g_test_run();
}
