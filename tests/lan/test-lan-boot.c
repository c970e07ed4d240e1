/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole boots: iPXE's DHCP and TFTP, then a loader's own DHCP, mount and NFS, then reads of a
 * kernel's size, of the same tree kept in memory, in a host directory and on an ISO image.
 */
#include "images/vfs-iso.h"
#include "tests/lan/lan-client.h"
#include "tests/unit/support/iso-maker.h"

typedef struct {
    const char *path;
    gsize size;
} TreeFile;

static const TreeFile tree_files[] = {
    { "boot/pxeboot", 266241 },
    { "boot/loader.rc", 430 },
    { "boot/empty", 0 },
    { "boot/kernel/kernel", 300001 },
    { "boot/kernel/one-frame", 1024 },
    { "boot/kernel/one-block", 8192 },
    { "etc/fstab", 31 },
};

#define MANY 150

static Vfs *
memory_tree(const TmpDir *dir)
{
    Vfs *vfs = vfs_mem_new();

    (void)dir;
    for (gsize i = 0; i < G_N_ELEMENTS(tree_files); i++)
        nfs_rig_add_file(vfs, tree_files[i].path, tree_files[i].size, 0444);
    for (guint i = 0; i < MANY; i++) {
        g_autofree char *path = g_strdup_printf("many/file-number-%03u", i);
        nfs_rig_add_file(vfs, path, i, 0444);
    }
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "boot/link", "kernel/../loader.rc"), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "up", "/boot"), ==, 0);
    return vfs;
}

static char *
make_directory(const TmpDir *dir)
{
    tmp_dir_mkdir(dir, "tree/boot/kernel");
    tmp_dir_mkdir(dir, "tree/etc");
    tmp_dir_mkdir(dir, "tree/many");
    for (gsize i = 0; i < G_N_ELEMENTS(tree_files); i++) {
        g_autofree char *name = g_strconcat("tree/", tree_files[i].path, NULL);
        g_autofree guint8 *bytes = g_malloc(tree_files[i].size + 1);
        row_pattern(bytes, tree_files[i].size, (guint32)tree_files[i].size);
        g_free(tmp_dir_file(dir, name, bytes, (gssize)tree_files[i].size));
    }
    for (guint i = 0; i < MANY; i++) {
        g_autofree char *name = g_strdup_printf("tree/many/file-number-%03u", i);
        g_free(tmp_dir_file(dir, name, "x", 1));
    }
    tmp_dir_symlink(dir, "tree/boot/link", "kernel/../loader.rc");
    tmp_dir_symlink(dir, "tree/up", "/boot");
    return tmp_dir_path(dir, "tree");
}

static Vfs *
directory_tree(const TmpDir *dir)
{
    g_autofree char *path = make_directory(dir);
    g_autoptr(GError) error = NULL;
    Vfs *vfs = vfs_dir_new(path, &error);
    g_assert_no_error(error);
    return vfs;
}

static Vfs *
iso_tree(const TmpDir *dir)
{
    g_autofree char *path = make_directory(dir);
    g_autoptr(GError) error = NULL;
    g_autofree char *image = iso_make(dir, "tree.iso", path, "-R");
    Vfs *vfs = vfs_iso_new(image, &error);
    g_assert_no_error(error);
    return vfs;
}

/* ---- the stages of a boot ---- */

static void
check_file(GBytes *bytes, const TreeFile *file)
{
    g_autoptr(GBytes) want = row_pattern_bytes(file->size, (guint32)file->size);
    gsize len, want_len;
    g_assert_nonnull(bytes);
    const guint8 *have = g_bytes_get_data(bytes, &len);
    const guint8 *wanted = g_bytes_get_data(want, &want_len);
    ROW_CMPMEM(have, len, wanted, want_len);
}

static void
boot_ipxe(LanClient *client)
{
    LanHouse *house = client->house;
    static const LanTftp how = { .blksize = 1432, .tsize = TRUE };
    MacAddr mac;

    lan_client_start(client, DHCP_CLIENT_IPXE, 3);
    g_assert_true(lan_client_dhcp(client));
    g_assert_true(ip4_equal(client->ip, house->config.guest));
    g_assert_cmpstr(client->bootfile, ==, LAN_HOUSE_BOOTFILE);
    g_assert_true(ip4_equal(client->siaddr, house->config.gateway));
    g_assert_true(lan_client_arp(client, client->siaddr, &mac));
    g_assert_true(mac_equal(mac, lan_mac_of(client->siaddr)));
    g_auto(LanTftpResult) result = lan_client_tftp(client, client->bootfile, &how);
    check_file(result.file, &tree_files[0]);
    g_assert_cmpint(result.tsize, ==, (gint64)tree_files[0].size);
    g_assert_cmpuint(result.blksize, ==, 1428);
}

static void
check_loads(LanClient *client, guint32 read_size)
{
    for (gsize i = 0; i < G_N_ELEMENTS(tree_files); i++) {
        g_autoptr(GBytes) bytes = lan_client_load(client, tree_files[i].path, read_size);
        check_file(bytes, &tree_files[i]);
    }
}

static void
boot_loader(LanClient *client, DhcpClient kind, guint32 nfs_vers)
{
    LanHouse *house = client->house;
    LanObject object;
    MacAddr mac;

    lan_client_start(client, kind, nfs_vers);
    g_assert_true(lan_client_dhcp(client));
    g_assert_true(ip4_equal(client->ip, house->config.guest));
    const LanOption *root = &client->options[17];
    ROW_CMPMEM(root->bytes, root->len, LAN_HOUSE_ROOT, strlen(LAN_HOUSE_ROOT));
    g_assert_true(lan_client_arp(client, house->config.server, &mac));
    g_assert_true(mac_equal(mac, lan_mac_of(house->config.server)));

    /* The loader: reads of 1024 bytes, each answered in one frame. */
    g_assert_cmpuint(lan_client_walk(client, "/boot/loader.rc.gz", &object), ==, 2);
    g_assert_cmpuint(lan_client_walk(client, "/boot/loader.rc/x", &object), ==, 20);
    check_loads(client, 1024);
    g_autoptr(GBytes) by_link = lan_client_load(client, "/boot/link", 1024);
    check_file(by_link, &tree_files[1]);
    g_autoptr(GBytes) by_directory_link = lan_client_load(client, "/up/loader.rc", 512);
    check_file(by_directory_link, &tree_files[1]);
    g_autofree char *names = lan_client_list(client, "/boot/kernel");
    g_auto(GStrv) sorted = g_strsplit(names, "/", -1);
    g_assert_cmpuint(g_strv_length(sorted), ==, 6);
    g_autofree char *many = lan_client_list(client, "/many");
    for (guint i = 0; i < MANY; i++) {
        g_autofree char *name = g_strdup_printf("/file-number-%03u/", i);
        g_assert_nonnull(strstr(many, name));
    }
    g_assert_cmpuint(client->fragments_in, ==, 0);

    /* The kernel: reads that take several frames, with the handles that the loader got. */
    check_loads(client, nfs_vers == 2 ? 8192 : 32768);
    g_assert_cmpuint(client->fragments_in, >, 0);
    g_assert_cmpuint(client->longest_in, <=, 1514);
}

typedef struct {
    const char *name;
    Vfs *(*tree)(const TmpDir *dir);
    gboolean needs_xorriso;
} Row;

static const Row rows[] = {
    { "memory", memory_tree, FALSE },
    { "directory", directory_tree, FALSE },
    { "iso", iso_tree, TRUE },
};

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(LanClient) client = NULL;
    g_auto(LanHouse) house = { 0 };

    if (row->needs_xorriso && iso_maker_missing())
        return;
    lan_house_init(&house, row->tree(dir));
    client = lan_client_new(&house);
    boot_ipxe(client);
    g_assert_cmpuint(house.events[BOOT_DHCP_DISCOVER], ==, 1);
    g_assert_cmpuint(house.events[BOOT_DHCP_ACK], ==, 1);
    g_assert_cmpuint(house.events[BOOT_TFTP_REQUEST], ==, 1);
    g_assert_cmpuint(house.events[BOOT_TFTP_END], ==, 1);
    g_assert_cmpuint(house.events[BOOT_TFTP_ERROR], ==, 0);
    boot_loader(client, DHCP_CLIENT_LOADER_UDP, 2);
    boot_loader(client, DHCP_CLIENT_LOADER_UDP, 3);
    boot_loader(client, DHCP_CLIENT_LOADER, 3);
    g_assert_cmpuint(house.events[BOOT_DHCP_ACK], ==, 4);
    g_assert_cmpuint(house.mounts, >, 3 * 2 * G_N_ELEMENTS(tree_files));
    g_assert_cmpuint(house.bytes_read, >, 6 * 266241);
}

/* A loader that loses what comes in fragments, and was told to ask for more than a frame: it loses
 * one answer and waits for none. */
static void
test_loses_fragments(void)
{
    g_autoptr(LanClient) client = NULL;
    g_auto(LanHouse) house = { 0 };

    lan_house_init(&house, memory_tree(NULL));
    client = lan_client_new(&house);
    lan_client_start(client, DHCP_CLIENT_LOADER, 3);
    client->loses_fragments = TRUE;
    g_assert_true(lan_client_dhcp(client));
    check_loads(client, 4096);
    g_assert_cmpuint(client->fragments_in, ==, 3);
    client->loses_fragments = FALSE;
    check_loads(client, 32768); /* its kernel */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/lan-boot", rows, test_row);
    g_test_add_func("/lan-boot/loses-fragments", test_loses_fragments);
    return g_test_run();
}
