/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files by TFTP from libslirp's server behind the gate: every size at which something changes,
 * every block size that clients ask for, with frames lost and acknowledgements repeated. */
#include "tests/lan/lan-client.h"

#include <sys/stat.h>

static const gsize sizes[] = { 0, 1, 511, 512, 513, 1024, 1427, 1428, 1429, 2856, 100000 };

static Vfs *
tree(void)
{
    Vfs *vfs = vfs_mem_new();
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *path = g_strdup_printf("%" G_GSIZE_FORMAT, sizes[i]);
        nfs_rig_add_file(vfs, path, sizes[i], 0444);
    }
    g_assert_cmpint(vfs_mem_add_dir(vfs, "directory", 0755), ==, 0);
    return vfs;
}

typedef struct {
    const char *name;
    LanTftp how;
    guint blksize; /* that the server must give */
} Row;

static const Row rows[] = {
    { "no-options", { 0, FALSE, 0, 0 }, 512 },
    { "netbsd", { 0, FALSE, 7, 0 }, 512 },
    { "tsize-only", { 0, TRUE, 0, 0 }, 512 },
    { "blksize-512", { 512, FALSE, 0, 0 }, 512 },
    { "loader-12", { 1428, TRUE, 0, 0 }, 1428 },
    { "ipxe", { 1432, TRUE, 0, 0 }, 1428 },
    { "blksize-65464", { 65464, TRUE, 0, 0 }, 1428 },
    { "blksize-8", { 8, TRUE, 0, 0 }, 8 },
    { "every-third-lost", { 1428, TRUE, 3, 0 }, 1428 },
    { "every-second-lost", { 512, FALSE, 2, 0 }, 512 },
    { "ack-repeated", { 1428, TRUE, 0, 2 }, 1428 },
    { "every-ack-repeated", { 0, FALSE, 0, 1 }, 512 },
    { "lost-and-repeated", { 1428, TRUE, 4, 3 }, 1428 },
};

static void
check_file(GBytes *bytes, gsize size)
{
    g_autoptr(GBytes) want = row_pattern_bytes(size, (guint32)size);
    gsize len, want_len;
    g_assert_nonnull(bytes);
    const guint8 *have = g_bytes_get_data(bytes, &len);
    const guint8 *wanted = g_bytes_get_data(want, &want_len);
    ROW_CMPMEM(have, len, wanted, want_len);
}

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(LanClient) client = NULL;
    g_auto(LanHouse) house;

    lan_house_init(&house, tree());
    client = lan_client_new(&house);
    lan_client_start(client, DHCP_CLIENT_IPXE, 3);
    g_assert_true(lan_client_dhcp(client));
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *name = g_strdup_printf("/%" G_GSIZE_FORMAT, sizes[i]);
        g_auto(LanTftpResult) result = lan_client_tftp(client, name, &row->how);
        g_assert_cmpint(result.error, ==, -1);
        check_file(result.file, sizes[i]);
        g_assert_cmpuint(result.blksize, ==, row->blksize);
        g_assert_cmpint(result.tsize, ==, row->how.tsize ? (gint64)sizes[i] : -1);
        g_assert_cmpuint(result.blocks, ==, sizes[i] / row->blksize + 1);
    }
    g_assert_cmpuint(house.events[BOOT_TFTP_REQUEST], ==, G_N_ELEMENTS(sizes));
    g_assert_cmpuint(house.events[BOOT_TFTP_END], ==, G_N_ELEMENTS(sizes));
    g_assert_cmpuint(house.events[BOOT_TFTP_ERROR], ==, 0);
}

/* More than 65535 blocks: the numbers start again, the file does not. */
static void
test_wrap(void)
{
    const gsize size = 8 * 66000 + 3;
    static const LanTftp how = { .blksize = 8, .lose_every = 20000 };
    g_autoptr(LanClient) client = NULL;
    g_auto(LanHouse) house;
    Vfs *vfs = vfs_mem_new();

    nfs_rig_add_file(vfs, "many-blocks", size, 0444);
    lan_house_init(&house, vfs);
    client = lan_client_new(&house);
    lan_client_start(client, DHCP_CLIENT_IPXE, 3);
    g_assert_true(lan_client_dhcp(client));
    g_auto(LanTftpResult) result = lan_client_tftp(client, "many-blocks", &how);
    check_file(result.file, size);
}

typedef struct {
    const char *name;
    const char *file;
    int error;
} ErrorRow;

static const ErrorRow error_rows[] = {
    { "missing", "missing", 1 },
    { "below-a-file", "512/x", 1 },
    { "directory", "directory", 2 },
    { "outside", "/etc/passwd", 1 },
    { "above", "../../../../etc/passwd", 1 },
    { "descriptor", "0", -1 }, /* a file of ours, and not our standard input */
};

static void
test_error_row(gconstpointer data)
{
    const ErrorRow *row = data;
    static const LanTftp how = { .blksize = 1432, .tsize = TRUE };
    g_autoptr(LanClient) client = NULL;
    g_auto(LanHouse) house;

    lan_house_init(&house, tree());
    client = lan_client_new(&house);
    lan_client_start(client, DHCP_CLIENT_IPXE, 3);
    g_assert_true(lan_client_dhcp(client));
    g_auto(LanTftpResult) result = lan_client_tftp(client, row->file, &how);
    g_assert_cmpint(result.error, ==, row->error);
    g_assert_cmpuint(house.events[BOOT_TFTP_ERROR], ==, row->error >= 0 ? 1 : 0);
    if (row->error < 0)
        check_file(result.file, 0);
}

/* Fifty files one after the other, as GRUB and NetBSD's loader fetch them. */
static void
test_in_a_row(void)
{
    static const LanTftp how = { .blksize = 0 };
    g_autoptr(LanClient) client = NULL;
    g_auto(LanHouse) house;

    lan_house_init(&house, tree());
    client = lan_client_new(&house);
    lan_client_start(client, DHCP_CLIENT_OTHER, 3);
    g_assert_true(lan_client_dhcp(client));
    for (guint i = 0; i < 50; i++) {
        g_auto(LanTftpResult) result = lan_client_tftp(client, i % 2 == 0 ? "1429" : "513", &how);
        check_file(result.file, i % 2 == 0 ? 1429 : 513);
        g_auto(LanTftpResult) none = lan_client_tftp(client, "missing", &how);
        g_assert_cmpint(none.error, ==, 1);
    }
}

/*
 * A client that gives up after the first block, often: the next one must still be served.
 */
static void
test_given_up(void)
{
    static const LanTftp how = { .blksize = 512 };
    g_autoptr(LanClient) client = NULL;
    g_auto(LanHouse) house;

    lan_house_init(&house, tree());
    client = lan_client_new(&house);
    lan_client_start(client, DHCP_CLIENT_OTHER, 3);
    g_assert_true(lan_client_dhcp(client));
    for (guint16 i = 0; i < 250; i++)
        lan_client_send_udp(client, house.config.gateway, (guint16)(3000 + i), 69,
                            "\0\1"
                            "100000\0octet",
                            15);
    g_auto(LanTftpResult) result = lan_client_tftp(client, "1429", &how);
    check_file(result.file, 1429);
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

/* Files in memory that somebody has open, and so their bytes. */
static guint
files_in_memory(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    g_autoptr(GHashTable) inodes = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename("/proc/self/fd", name, NULL);
        g_autofree char *target = g_file_read_link(path, NULL);
        struct stat st;
        if (target == NULL || strstr(target, "memfd:tftp") == NULL || stat(path, &st) != 0)
            continue;
        g_hash_table_add(inodes, g_memdup2(&(guint64){ st.st_ino }, sizeof(guint64)));
    }
    return g_hash_table_size(inodes);
}

/* What libslirp has open for transfers that nobody ends is bounded, and closed at the end. */
static void
test_descriptors(void)
{
    guint before = open_descriptors();
    {
        g_autoptr(LanClient) client = NULL;
        g_auto(LanHouse) house;
        lan_house_init(&house, tree());
        client = lan_client_new(&house);
        lan_client_start(client, DHCP_CLIENT_OTHER, 3);
        g_assert_true(lan_client_dhcp(client));
        guint started = open_descriptors();
        for (guint16 i = 0; i < 250; i++) {
            /* all of them too long for the first block */
            static const char *const requests[] = { "\0\1"
                                                    "100000",
                                                    "\0\1"
                                                    "2856",
                                                    "\0\1"
                                                    "1429",
                                                    "\0\1"
                                                    "1428",
                                                    "\0\1"
                                                    "1427",
                                                    "\0\1"
                                                    "1024" };
            g_autoptr(GByteArray) request = g_byte_array_new();
            const char *name = requests[i % G_N_ELEMENTS(requests)];
            g_byte_array_append(request, (const guint8 *)name, (guint)strlen(name + 2) + 3);
            g_byte_array_append(request, (const guint8 *)"octet", 6);
            lan_client_send_udp(client, house.config.gateway, (guint16)(3000 + i), 69,
                                request->data, request->len);
            g_assert_cmpuint(files_in_memory(), <=, 4);
        }
        g_assert_cmpuint(open_descriptors(), >, started + 4);
        g_assert_cmpuint(open_descriptors(), <=, started + 20 + 4);
    }
    g_assert_cmpuint(open_descriptors(), ==, before);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/lan-tftp", rows, test_row);
    g_test_add_func("/lan-tftp/wrap", test_wrap);
    ROWS_ADD("/lan-tftp/error", error_rows, test_error_row);
    g_test_add_func("/lan-tftp/in-a-row", test_in_a_row);
    g_test_add_func("/lan-tftp/given-up", test_given_up);
    g_test_add_func("/lan-tftp/descriptors", test_descriptors);
    return g_test_run();
}
