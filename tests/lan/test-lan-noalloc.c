/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nothing is allocated for a request: malloc and its kin are this program's own here, and count.
 * Frames go in by lan_input() and come out at a host that only looks at them.
 */
#include "images/vfs-iso.h"
#include "tests/lan/frames.h"
#include "tests/lan/lan-house.h"
#include "tests/lan/nfs-rig.h"
#include "tests/lan/outside.h"
#include "tests/unit/support/iso-maker.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_OWN_MALLOC 0
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_OWN_MALLOC 0
#endif
#ifndef HAS_OWN_MALLOC
#define HAS_OWN_MALLOC 1
#endif

#define ROUNDS 10000

static struct {
    gboolean on;
    guint calls;
} counting;

#if HAS_OWN_MALLOC
extern void *__libc_malloc(gsize n);
extern void *__libc_calloc(gsize n, gsize size);
extern void *__libc_realloc(void *p, gsize n);
extern void __libc_free(void *p);
void *malloc(gsize n);
void *calloc(gsize n, gsize size);
void *realloc(void *p, gsize n);
void free(void *p);

void *
malloc(gsize n)
{
    counting.calls += counting.on ? 1 : 0;
    return __libc_malloc(n);
}

void *
calloc(gsize n, gsize size)
{
    counting.calls += counting.on ? 1 : 0;
    return __libc_calloc(n, size);
}

void *
realloc(void *p, gsize n)
{
    counting.calls += counting.on ? 1 : 0;
    return __libc_realloc(p, n);
}

void
free(void *p)
{
    counting.calls += counting.on && p != NULL ? 1 : 0;
    __libc_free(p);
}
#endif

/* The guest: the last reply's status, and how many bytes came. */
typedef struct {
    LanPort *port;
    guint frames;
    gsize bytes;
    guint32 status;
} Guest;

static void
guest_input(gpointer host, const guint8 *frame, gsize len)
{
    Guest *self = host;
    const gsize status_at = 14 + 20 + 8 + RPC_REPLY_HEADER;

    self->frames++;
    self->bytes += len;
    if (len >= status_at + 4 && (frame_get16(frame + 20) & 0x1fff) == 0)
        self->status = frame_get32(frame + status_at);
}

static const LanPortOps guest_ops = { "guest", guest_input, NULL };

typedef struct {
    const char *name;
    guint32 vers, proc;
    const char *path;  /* of the handle */
    const char *child; /* (nullable): a name behind it */
    guint32 words[6];  /* then these */
    guint n_words;
    guint frames; /* of the reply */
} Row;

static const Row rows[] = {
    { "getattr-3", 3, 1, "/boot/loader.rc", NULL, { 0 }, 0, 1 },
    { "getattr-2", 2, 1, "/boot/loader.rc", NULL, { 0 }, 0, 1 },
    { "lookup-3", 3, 3, "/boot", "loader.rc", { 0 }, 0, 1 },
    { "lookup-2", 2, 4, "/boot", "loader.rc", { 0 }, 0, 1 },
    { "access", 3, 4, "/boot", NULL, { 0x3f }, 1, 1 },
    { "read-3-of-1k", 3, 6, "/boot/kernel", NULL, { 0, 4096, 1024 }, 3, 1 },
    { "read-3-of-32k", 3, 6, "/boot/kernel", NULL, { 0, 4096, 32768 }, 3, 23 + 1 }, /* twice */
    { "read-2-of-1k", 2, 6, "/boot/kernel", NULL, { 4096, 1024, 0 }, 3, 1 },
    { "read-2-of-8k", 2, 6, "/boot/kernel", NULL, { 4096, 8192, 0 }, 3, 6 },
    { "readlink", 3, 5, "/link", NULL, { 0 }, 0, 1 },
    { "readdir-3", 3, 16, "/boot", NULL, { 0, 0, 0, 0, 1024 }, 5, 1 },
    { "readdir-3-later", 3, 16, "/boot", NULL, { 0, 2, 0, 0, 1024 }, 5, 1 },
    { "readdirplus", 3, 17, "/boot", NULL, { 0, 0, 0, 0, 1024, 1024 }, 6, 1 },
    { "readdir-2", 2, 16, "/boot", NULL, { 0, 1024 }, 2, 1 },
    { "fsstat", 3, 18, "/boot", NULL, { 0 }, 0, 1 },
};

/* The files of a tree: boot/loader.rc, boot/kernel, link. */
static Vfs *
memory_tree(const TmpDir *dir)
{
    Vfs *vfs = vfs_mem_new();
    (void)dir;
    nfs_rig_add_file(vfs, "boot/loader.rc", 430, 0444);
    nfs_rig_add_file(vfs, "boot/kernel", 100000, 0444);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "link", "boot/loader.rc"), ==, 0);
    return vfs;
}

static char *
make_directory(const TmpDir *dir)
{
    g_autofree guint8 *bytes = g_malloc0(100000);
    tmp_dir_mkdir(dir, "tree/boot");
    g_free(tmp_dir_file(dir, "tree/boot/loader.rc", bytes, 430));
    g_free(tmp_dir_file(dir, "tree/boot/kernel", bytes, 100000));
    tmp_dir_symlink(dir, "tree/link", "boot/loader.rc");
    return tmp_dir_path(dir, "tree");
}

static Vfs *
directory_tree(const TmpDir *dir)
{
    g_autofree char *path = make_directory(dir);
    return vfs_dir_new(path, NULL);
}

static Vfs *
iso_tree(const TmpDir *dir)
{
    g_autofree char *path = make_directory(dir);
    g_autofree char *image = iso_make(dir, "tree.iso", path, "-R");
    return vfs_iso_new(image, NULL);
}

/* The handle that the house's server gives for @path: same key, same layout. */
static NfsHandle
handle_of(const LanHouse *house, guint32 vers, const char *path)
{
    NfsRig *rig = g_new0(NfsRig, 1);
    VfsId id;

    nfs_rig_init(rig);
    vfs_free(rig->vfs);
    rig->vfs = house->tree;
    nfs_server_init(&rig->server, house->tree, LAN_HOUSE_KEY);
    g_assert_cmpint(vfs_walk(house->tree, "/", &id), ==, 0);
    NfsHandle handle = nfs_rig_handle(rig, vers, path);
    g_free(rig);
    return handle;
}

static GByteArray *
request(const LanHouse *house, const Row *row, guint32 xid)
{
    NfsHandle handle = handle_of(house, row->vers, row->path);
    const Ip4Route route = frame_to_server();
    static const guint32 auth[] = { 1, 20, 0, 0, 0, 0, 0, 0, 0 };
    guint8 bytes[512];
    Buf call = buf_of(bytes, sizeof bytes, 0);
    const guint32 header[] = { xid, 0, 2, NFS_PROGRAM, row->vers, row->proc };

    for (gsize i = 0; i < G_N_ELEMENTS(header); i++)
        buf_be32(&call, header[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(auth); i++)
        buf_be32(&call, auth[i]);
    nfs_rig_put_handle(&call, row->vers, &handle);
    if (row->child != NULL)
        nfs_rig_put_string(&call, row->child);
    for (guint i = 0; i < row->n_words; i++)
        buf_be32(&call, row->words[i]);
    return frame_udp4(&route, 1023, NFS_PORT, bytes, buf_len(&call));
}

static void
check_row(const LanHouse *house, Guest *guest, const Row *row)
{
    /* Two in turn, since a READ that is asked again is answered with less. */
    g_autoptr(GByteArray) even = request(house, row, 2);
    g_autoptr(GByteArray) odd = request(house, row, 3);

    for (guint i = 0; i < 10; i++)
        lan_input(guest->port, (i % 2 ? odd : even)->data, even->len);
    guest->frames = 0;
    guest->status = 99;
    counting.calls = 0;
    counting.on = TRUE;
    for (guint i = 0; i < ROUNDS; i++)
        lan_input(guest->port, (i % 2 ? odd : even)->data, even->len);
    counting.on = FALSE;
    g_test_message("%s", row->name);
    g_assert_cmpuint(guest->status, ==, 0);
    g_assert_cmpuint(guest->frames, ==, ROUNDS * row->frames);
    g_assert_cmpuint(counting.calls, ==, 0);
}

typedef struct {
    const char *name;
    Vfs *(*make)(const TmpDir *dir);
    gboolean needs_xorriso;
    gboolean lists_anew; /* a listing that starts reads the host's directory, which allocates */
} TreeRow;

static const TreeRow tree_rows[] = {
    { "memory", memory_tree, FALSE, FALSE },
    { "directory", directory_tree, FALSE, TRUE },
    { "iso", iso_tree, TRUE, FALSE },
};

static void
test_tree_row(gconstpointer data)
{
    const TreeRow *row = data;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    Guest guest = { NULL };
    g_auto(LanHouse) house = { 0 };

    if (row->needs_xorriso && iso_maker_missing())
        return;
    lan_house_init(&house, row->make(dir));
    guest.port = lan_attach(house.lan, &guest_ops, &guest, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!row->lists_anew || !g_str_has_prefix(rows[i].name, "readdir"))
            check_row(&house, &guest, &rows[i]);
    }
}

/*
 * TFTP: acknowledgements go through the filter, the gate and libslirp to the file, and data comes
 * back past the gate and the watch; the file is larger than what is fetched of it.
 */
static void
test_tftp(void)
{
    const Ip4Route route = frame_to_gateway();
    g_autoptr(GByteArray) arp =
        frame_arp(MAC_BROADCAST, 1, GUEST_MAC, GUEST_IP, GATEWAY_IP); /* libslirp knows it then */
    g_autoptr(GByteArray) rrq =
        frame_udp4(&route, 2070, 69, "\0\1boot/kernel\0octet\0blksize\0008", 30);
    GByteArray *acks[ROUNDS];
    Guest guest = { NULL };
    g_auto(LanHouse) house = { 0 };

    lan_house_init(&house, memory_tree(NULL));
    guest.port = lan_attach(house.lan, &guest_ops, &guest, NULL);
    for (guint i = 0; i < ROUNDS; i++) {
        const guint8 ack[4] = { 0, 4, (guint8)(i >> 8), (guint8)i };
        acks[i] = frame_udp4(&route, 2070, 69, ack, sizeof ack);
    }
    lan_input(guest.port, arp->data, arp->len);
    lan_input(guest.port, rrq->data, rrq->len);
    guest.frames = 0;
    counting.calls = 0;
    counting.on = TRUE;
    for (guint i = 0; i < ROUNDS; i++)
        lan_input(guest.port, acks[i]->data, acks[i]->len);
    counting.on = FALSE;
    g_assert_cmpuint(guest.frames, ==, ROUNDS);
    g_assert_cmpuint(counting.calls, ==, 0);
    for (guint i = 0; i < ROUNDS; i++)
        g_byte_array_unref(acks[i]);
}

/*
 * With a way outside, and a connection there that is idle: requests are answered, and the main loop
 * goes round with libslirp's sockets on it.
 */
static void
test_outside(void)
{
    const Ip4Route route = { GUEST_MAC, GATEWAY_MAC, GUEST_IP, OUTSIDE_IP };
    Guest guest = { NULL };
    int tcp, udp;
    guint16 port;
    g_auto(LanHouse) house = { 0 };

    outside_listen(&tcp, &udp, &port);
    LanHouseSetup setup = lan_house_default();
    setup.outside = TRUE;
    lan_house_init_with(&house, memory_tree(NULL), &setup);
    guest.port = lan_attach(house.lan, &guest_ops, &guest, NULL);
    lan_house_pump(&house); /* libslirp's clock starts with its first round */
    for (guint16 i = 0; i < 20; i++) {
        g_autoptr(GByteArray) out = frame_udp4(&route, (guint16)(7000 + i), port, "x", 1);
        lan_input(guest.port, out->data, out->len);
    }
    g_autoptr(GByteArray) frame = request(&house, &rows[5], 1);
    for (guint i = 0; i < ROUNDS; i++) {
        counting.on = i >= 100;
        counting.calls = i >= 100 ? counting.calls : 0;
        lan_input(guest.port, frame->data, frame->len);
        lan_house_pump(&house);
    }
    counting.on = FALSE;
    g_assert_cmpuint(guest.frames, >=, ROUNDS);
    g_assert_cmpuint(counting.calls, ==, 0);
    (void)close(tcp);
    (void)close(udp);
}

/* The counter counts. */
static void
test_counter(void)
{
    counting.calls = 0;
    counting.on = TRUE;
    gpointer p = g_malloc(100);
    counting.on = FALSE;
    g_free(p);
    g_assert_cmpuint(counting.calls, ==, HAS_OWN_MALLOC);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lan-noalloc/counter", test_counter);
    ROWS_ADD("/lan-noalloc", tree_rows, test_tree_row);
    g_test_add_func("/lan-noalloc/tftp", test_tftp);
    g_test_add_func("/lan-noalloc/outside", test_outside);
    return g_test_run();
}
