/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/fuzz-input.h"

#include "tests/lan/frames.h"

#include <signal.h>
#include <stdlib.h>

#define ICMP_PROTO     1
#define ICMP6_PROTO    58
#define IP6_HEADER_LEN 40

/* What GLib calls critical is a bug of ours, and ends the program as a crash does. SIGPIPE is
 * ignored as in main.c: libslirp writes to connections that the other side has closed. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
    return 0;
}

/* Returns: (transfer full): room for @len bytes, with nothing behind it */
FuzzPiece
fuzz_piece_new(gsize len)
{
    /* Not g_malloc(), whose NULL for no bytes would be another case. */
    FuzzPiece self = { malloc(len), len };
    g_assert_nonnull(self.bytes);
    return self;
}

/* Returns: (transfer full): a copy of @bytes, with nothing behind it */
FuzzPiece
fuzz_piece_copy(const void *bytes, gsize len)
{
    FuzzPiece self = fuzz_piece_new(len);
    if (len > 0)
        memcpy(self.bytes, bytes, len);
    return self;
}

void
fuzz_piece_clear(FuzzPiece *self)
{
    g_clear_pointer(&self->bytes, free);
    self->len = 0;
}

/**
 * fuzz_record_next:
 * @input: the rest of an input; stepped behind the record
 * @ret_flags: (out): the upper 5 bits of its first word
 * @ret: (out) (transfer full): its bytes; those that are there, when the input ends before it does
 *
 * Returns: FALSE at the end of the input
 **/
gboolean
fuzz_record_next(Cursor *input, guint *ret_flags, FuzzPiece *ret)
{
    guint16 head = cursor_be16(input);

    if (!cursor_ok(input))
        return FALSE;
    gsize len = MIN((gsize)(head & FUZZ_RECORD_MAX), cursor_left(input));
    *ret_flags = head >> 11;
    *ret = fuzz_piece_copy(cursor_take(input, len), len);
    return TRUE;
}

/* Writes the checksum of a transport packet; @pseudo is the partial sum of the pseudo header. */
static void
mend_transport(guint8 proto, guint32 pseudo, guint8 *bytes, gsize len)
{
    static const struct {
        guint8 proto;
        guint8 checksum_at;
        gboolean pseudo;
    } protocols[] = {
        { ICMP_PROTO, 2, FALSE },
        { IP_PROTO_TCP, 16, TRUE },
        { IP_PROTO_UDP, 6, TRUE },
        { ICMP6_PROTO, 2, TRUE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(protocols); i++) {
        gsize at = protocols[i].checksum_at;
        if (protocols[i].proto != proto || len < at + 2)
            continue;
        if (proto == IP_PROTO_UDP && frame_get16(bytes + 4) > len) {
            bytes[4] = (guint8)(len >> 8);
            bytes[5] = (guint8)len;
        }
        bytes[at] = bytes[at + 1] = 0;
        guint16 sum = frame_checksum(protocols[i].pseudo ? pseudo : 0, bytes, len);
        bytes[at] = (guint8)(sum >> 8);
        bytes[at + 1] = (guint8)sum;
    }
}

static guint32
sum_words(const guint8 *bytes, gsize len)
{
    return (guint16)~frame_checksum(0, bytes, len);
}

static void
mend_ip4(guint8 *ip, gsize len)
{
    gsize header = len >= 20 ? (gsize)(ip[0] & 15) * 4 : 0;

    if (header < 20 || header > len)
        return;
    if (frame_get16(ip + 2) > len) {
        ip[2] = (guint8)(len >> 8);
        ip[3] = (guint8)len;
    }
    gsize total = frame_get16(ip + 2);
    gboolean fragment = (frame_get16(ip + 6) & 0x3fff) != 0;
    if (total >= header && !fragment) {
        gsize rest = total - header;
        guint32 pseudo = sum_words(ip + 12, 8) + ip[9] + (guint32)rest;
        mend_transport(ip[9], pseudo, ip + header, rest);
    }
    ip[10] = ip[11] = 0;
    guint16 sum = frame_checksum(0, ip, header);
    ip[10] = (guint8)(sum >> 8);
    ip[11] = (guint8)sum;
}

static void
mend_ip6(guint8 *ip, gsize len)
{
    if (len < IP6_HEADER_LEN)
        return;
    gsize rest = len - IP6_HEADER_LEN;
    if (frame_get16(ip + 4) > rest) {
        ip[4] = (guint8)(rest >> 8);
        ip[5] = (guint8)rest;
    }
    rest = frame_get16(ip + 4);
    guint32 pseudo = sum_words(ip + 8, 32) + ip[6] + (guint32)rest;
    mend_transport(ip[6], pseudo, ip + IP6_HEADER_LEN, rest);
}

/**
 * fuzz_frame_mend:
 * @frame: any bytes
 *
 * Makes checksums right, and lengths that are larger than the frame, so that a change somewhere
 * else is not refused for theirs.
 **/
void
fuzz_frame_mend(FuzzPiece *frame)
{
    if (frame->len < ETH_HEADER)
        return;
    guint16 type = frame_get16(frame->bytes + 12);
    if (type == ETH_TYPE_IP4)
        mend_ip4(frame->bytes + ETH_HEADER, frame->len - ETH_HEADER);
    else if (type == ETH_TYPE_IP6)
        mend_ip6(frame->bytes + ETH_HEADER, frame->len - ETH_HEADER);
}

typedef enum {
    DIRECTORY,
    LINK,
    ORDINARY
} Kind;

typedef struct {
    Kind kind;
    const char *path;
    const char *text; /* of a link: its target; of a file: repeated at its beginning */
    gsize size;
} Object;

static const Object lower_objects[] = {
    { ORDINARY, "/boot/pxeboot", "the loader ", 3000 },
    { ORDINARY, "/boot/kernel/kernel", "\177ELF kernel ", 40000 },
    { ORDINARY, "/boot/loader.conf", "console=\"vidconsole\"\n", 42 },
    { ORDINARY, "/empty", "-", 0 },
    { ORDINARY, "/one", "1", 1 },
    { LINK, "/link", "boot/pxeboot", 0 },
    { LINK, "/up", "../../boot", 0 },
    { LINK, "/loop", "loop", 0 },
    { LINK, "/outside", "/../../../etc/passwd", 0 },
    { DIRECTORY, "/private", NULL, 0 },
};
static const Object upper_objects[] = {
    { ORDINARY, "/boot/loader.conf.local", "autoboot_delay=\"-1\"\n", 20 },
    { ORDINARY, "/boot/loader.conf", "hidden=\"NO\"\n", 12 },
    { ORDINARY, "/etc/fstab", "192.168.64.4:/ / nfs ro 0 0\n", 28 },
};

static void
add_file(Vfs *vfs, const Object *object)
{
    guint8 *bytes = g_malloc(object->size + 1);
    gsize len = strlen(object->text);

    memset(bytes, '.', object->size);
    for (gsize at = 0; at + len <= object->size && at < 4096; at += len)
        memcpy(bytes + at, object->text, len);
    g_autoptr(GBytes) content = g_bytes_new_take(bytes, object->size);
    g_assert_cmpint(vfs_mem_add_file(vfs, object->path, content, 0644), ==, 0);
}

static void
add_object(Vfs *vfs, const Object *object)
{
    if (object->kind == DIRECTORY)
        g_assert_cmpint(vfs_mem_add_dir(vfs, object->path, 0700), ==, 0);
    else if (object->kind == LINK)
        g_assert_cmpint(vfs_mem_add_symlink(vfs, object->path, object->text), ==, 0);
    else
        add_file(vfs, object);
}

/* Names of many lengths, so that a listing does not come to its end in one reply. */
static void
add_many(Vfs *vfs)
{
    for (guint i = 0; i < 24; i++) {
        g_autofree char *fill = g_strnfill(i == 7 ? VFS_NAME_MAX - 2 : i * 5 % 23, 'n');
        g_autofree char *path = g_strdup_printf("/many/%02u%s", i, fill);
        const Object object = { ORDINARY, path, "m", i };
        add_object(vfs, &object);
    }
}

/* Returns: (transfer full): a medium with a plan's files over it, as a run serves it */
Vfs *
fuzz_tree_new(void)
{
    Vfs *lower = vfs_mem_new(), *upper = vfs_mem_new();

    for (gsize i = 0; i < G_N_ELEMENTS(lower_objects); i++)
        add_object(lower, &lower_objects[i]);
    add_many(lower);
    for (gsize i = 0; i < G_N_ELEMENTS(upper_objects); i++)
        add_object(upper, &upper_objects[i]);
    return vfs_overlay_new(upper, lower, NULL);
}

/* Returns: (transfer none): the same, made once: no input changes it, and many want only to read */
Vfs *
fuzz_tree(void)
{
    static Vfs *tree;

    if (g_once_init_enter(&tree))
        g_once_init_leave(&tree, fuzz_tree_new());
    return tree;
}
