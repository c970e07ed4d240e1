/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes memory disks with makefs, without root: its input is a directory with the contents alone,
 * which cannot outlive us (private-dir.c), and an mtree file that has all the rest.
 *
 * Theory of operation: the image depends on the tree and the options only. Times that makefs notes
 * of itself are those of the newest file (-T), its identification follows from that. Cleared here
 * are two pointers of its own that it leaves in each superblock, which the kernel sets when it
 * mounts, and the numbers by chance that it gives to unused inodes of a UFS2, for which the kernel
 * finds one when it uses them. The order of inodes is that in which the directory is listed: in a
 * tmpfs that follows from the tree. Where private-dir.c has to use $TMPDIR, another file system may
 * list it in another order, and the image is another one with the same contents.
 *
 * What gets lost: fractions of seconds and file flags, which makefs cannot set from here; holes in
 * files, which it fills; and that two names of a device are one.
 */
#include "images/mfsroot.h"

#include "base/autofd.h"
#include "base/cursor.h"
#include "base/error.h"
#include "images/bsd-label.h"
#include "images/makefs.h"
#include "images/mfsroot-size.h"
#include "images/private-dir.h"
#include "images/tree-unpack.h"
#include "images/ufs-super.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define MFSROOT_BLOCK      8192
#define MFSROOT_FRAG       1024
#define MFSROOT_SIZE_LEAST (64u << 10) /* bytes; less than any file system takes */
#define SECTOR             512

/* Where the fields of a superblock are that concern us. Source: FreeBSD sys/ufs/ffs/fs.h: struct fs
 */
enum {
    SUPER_AT = 8192,
    SUPER_COPY_AT = 8,        /* fs_sblkno: of a group's copy, in fragments */
    SUPER_INODES_AT = 16,     /* fs_iblkno: of a group's inodes, in fragments */
    SUPER_GROUPS = 44,        /* fs_ncg */
    SUPER_FRAG = 52,          /* fs_fsize */
    SUPER_MINFREE = 60,       /* fs_minfree */
    SUPER_OPTIM = 128,        /* fs_optim: 0 is time */
    SUPER_GROUP_INODES = 184, /* fs_ipg */
    SUPER_GROUP_FRAGS = 188,  /* fs_fpg */
    SUPER_POINTERS = 824,     /* fs_contigdirs to fs_active, of a makefs of 32 or 64 bits */
    SUPER_POINTERS_END = 856,
    UFS2_INODE = 256,
    UFS2_GENERATION = 80, /* di_gen */
};

static guint32
super_le32(const guint8 *super, gsize at)
{
    Cursor cursor = cursor_of(super + at, 4);
    return cursor_le32(&cursor);
}

/* The options with the defaults put in. */
static MfsrootOptions
options_complete(const MfsrootOptions *options)
{
    MfsrootOptions o = *options;

    o.ufs_version = o.ufs_version != 0 ? o.ufs_version : 1;
    o.block = o.block != 0 ? o.block : MFSROOT_BLOCK;
    o.frag = o.frag != 0 ? o.frag : MFSROOT_FRAG;
    o.bytes_per_inode = o.bytes_per_inode != 0 ? o.bytes_per_inode : MFSROOT_BYTES_PER_INODE;
    o.size -= o.size % o.block;
    return o;
}

/**
 * mfsroot_options_like:
 * @image: (transfer none): a memory disk
 * @ret: (out): options for one like it, but for its size; those of a new one when it has no UFS
 **/
void
mfsroot_options_like(const ByteSource *image, MfsrootOptions *ret)
{
    guint8 boot[MFSROOT_BOOT_BLOCK], fields[SUPER_OPTIM + 4];
    UfsSuper super;

    *ret = (MfsrootOptions){ 0 };
    if (!ufs_super_read(image, &super, NULL))
        return;
    ret->ufs_version = super.version;
    ret->block = super.block;
    ret->frag = super.frag;
    ret->bytes_per_inode = (guint32)CLAMP(super.n_frags * super.frag / ufs_super_inodes(&super),
                                          super.frag, G_MAXINT32);
    if (byte_source_read(image, SUPER_AT, fields, sizeof fields) == 0 && super.version == 1) {
        ret->minfree = MIN(super_le32(fields, SUPER_MINFREE), 99);
        ret->optimize_time = super_le32(fields, SUPER_OPTIM) == 0;
    }
    if (byte_source_read(image, 0, boot, sizeof boot) < 0)
        return;
    ret->boot_block = g_bytes_new(boot, sizeof boot);
    ret->label = bsd_label_is_there(boot + BSD_LABEL_AT);
}

/* Frees what mfsroot_options_like() has allocated. */
void
mfsroot_options_clear(MfsrootOptions *self)
{
    g_clear_pointer(&self->boot_block, g_bytes_unref);
}

/* Returns: (transfer full): a size in the largest unit that it is a multiple of */
static char *
size_text(guint64 size)
{
    if (size % (1 << 20) == 0)
        return g_strdup_printf("%" G_GUINT64_FORMAT " MiB", size >> 20);
    return g_strdup_printf("%" G_GUINT64_FORMAT " KiB", (size + 1023) >> 10);
}

static gboolean
fail_size(guint64 size, guint64 least, GError **error)
{
    g_autofree char *have = size_text(size);
    g_autofree char *want = size_text(least);

    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                "an image of %s does not hold the tree: it needs at least %s", have, want);
    return FALSE;
}

/* Returns: a size that always does, however makefs places things */
static guint64
enough(const MfsrootOptions *o, const MfsrootNeed *need, const MfsrootLayout *layout)
{
    guint64 bytes = mfsroot_need_bytes(need, layout, need->inodes) * 100 / (100 - o->minfree);
    return (bytes + o->block - 1) / o->block * o->block;
}

/* Finds out how large the image is. @o: complete but for the size and bytes_per_inode */
static gboolean
choose_size(MfsrootOptions *o, const MfsrootNeed *need, const MfsrootLayout *layout, GError **error)
{
    guint64 least = enough(o, need, layout);

    if (o->size == 0) {
        guint64 size = least + MAX(MFSROOT_FREE_MIN, least * MFSROOT_FREE_PERCENT / 100);
        guint64 inodes = MAX(need->inodes, size / o->bytes_per_inode);
        o->size = MAX(size, mfsroot_need_bytes(need, layout, inodes) + MFSROOT_FREE_MIN);
        o->size = (o->size + o->block - 1) / o->block * o->block;
    }
    if (o->size < MFSROOT_SIZE_LEAST || o->size < need->frags_least * o->frag)
        return fail_size(o->size, least, error);
    if (o->size > MFSROOT_SIZE_MAX) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                    "an image of %" G_GUINT64_FORMAT " MiB is more than a memory disk can have "
                    "(%llu MiB): leave something out",
                    o->size >> 20, MFSROOT_SIZE_MAX >> 20);
        return FALSE;
    }
    /* Fewer inodes than usual when all room is needed for contents, more when files are small. */
    guint64 spare = o->size - MIN(o->size, least);
    guint64 inodes = MIN(o->size / o->bytes_per_inode,
                         need->inodes + spare / (layout->version == 1 ? 128 : 256) / 2);
    inodes = MAX(inodes, need->inodes);
    o->bytes_per_inode = (guint32)MAX(o->size / inodes, o->frag);
    return TRUE;
}

/* Clears the pointers in the superblock at @at of the image. */
static void
clear_pointers(guint8 *image, guint64 size, guint64 at)
{
    if (at <= size - SUPER_POINTERS_END)
        memset(image + at + SUPER_POINTERS, 0, SUPER_POINTERS_END - SUPER_POINTERS);
}

/* Clears the generation in each of @n inodes from @at on. */
static void
clear_generations(guint8 *image, guint64 size, guint64 at, guint64 n)
{
    static const guint8 none[4];

    for (; n > 0 && at <= size - UFS2_INODE; n--, at += UFS2_INODE) {
        guint8 *generation = image + at + UFS2_GENERATION;
        if (memcmp(generation, none, sizeof none) != 0) /* a page of zeros stays untouched */
            memset(generation, 0, sizeof none);
    }
}

/* Makes what makefs has written depend on nothing else, and puts the first 8 KiB in front. */
static void
finish(guint8 *image, const MfsrootOptions *o)
{
    const guint8 *super = image + SUPER_AT;
    guint64 frag = super_le32(super, SUPER_FRAG);
    guint8 *label = image + BSD_LABEL_AT;

    for (guint64 i = 0; i < super_le32(super, SUPER_GROUPS); i++) {
        guint64 group = i * super_le32(super, SUPER_GROUP_FRAGS);
        clear_pointers(image, o->size, (group + super_le32(super, SUPER_COPY_AT)) * frag);
        if (o->ufs_version == 2)
            clear_generations(image, o->size, (group + super_le32(super, SUPER_INODES_AT)) * frag,
                              super_le32(super, SUPER_GROUP_INODES));
    }
    clear_pointers(image, o->size, SUPER_AT);
    if (o->boot_block != NULL)
        memcpy(image, g_bytes_get_data(o->boot_block, NULL),
               MIN(g_bytes_get_size(o->boot_block), MFSROOT_BOOT_BLOCK));
    if (o->label && !bsd_label_resize(label, (guint32)(o->size / SECTOR)))
        bsd_label_make(label, (guint32)(o->size / SECTOR));
}

static gboolean
fail_memory(GError **error)
{
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "no memory for the memory disk: %s",
                g_strerror(errno));
    return FALSE;
}

static gboolean
finish_fd(int fd, const MfsrootOptions *o, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return fail_memory(error);
    if ((guint64)st.st_size != o->size || o->size < SUPER_AT + SUPER_POINTERS_END) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_INTERNAL,
                    "makefs has written %" G_GINT64_FORMAT " bytes, not %" G_GUINT64_FORMAT,
                    (gint64)st.st_size, o->size);
        return FALSE;
    }
    guint8 *image = mmap(NULL, o->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (image == MAP_FAILED)
        return fail_memory(error);
    finish(image, o);
    (void)munmap(image, o->size);
    return lseek(fd, 0, SEEK_SET) == 0 || fail_memory(error);
}

/* Unpacks the tree and has makefs pack it. @least: bytes that are enough for certain */
static gboolean
run_makefs(Vfs *tree,
           const char *program,
           const MakefsOptions *options,
           guint64 least,
           int fd,
           GError **error)
{
    g_autoptr(GString) mtree = g_string_new(NULL);
    g_autoptr(GError) trouble = NULL;
    const TreeUnpackOptions contents = { .mode = TREE_UNPACK_CONTENTS };
    g_auto(PrivateDir) dir = { .fd = -1, .guard_pipe = -1 };

    if (!private_dir_open(&dir, PRIVATE_DIR_ANY, error) ||
        !tree_unpack(tree, dir.fd, &contents, mtree, error))
        return FALSE;
    if (makefs_run(program, options, dir.fd, mtree, fd, &trouble))
        return TRUE;
    /* It was worth a try: files can fit together better than one may rely on. */
    if (options->size < least)
        return fail_size(options->size, least, error);
    g_propagate_error(error, g_steal_pointer(&trouble));
    return FALSE;
}

/**
 * mfsroot_build:
 * @tree: (transfer none): what is to be in the image
 * @options: how
 * @error: PXE_RUN_ERROR_USAGE when it does not fit, PXE_RUN_ERROR_HOST when makefs or memory is
 *   missing, PXE_RUN_ERROR_MEDIUM when the tree cannot be read
 *
 * Returns: (transfer full): a descriptor of the image, in memory, at its beginning; -1 on failure
 **/
int
mfsroot_build(Vfs *tree, const MfsrootOptions *options, GError **error)
{
    MfsrootOptions o = options_complete(options);
    MfsrootLayout layout = { o.ufs_version, o.block, o.frag };
    MfsrootNeed need;

    g_autofree char *program = makefs_find(error);
    if (program == NULL || !mfsroot_need(tree, &layout, &need, error) ||
        !choose_size(&o, &need, &layout, error))
        return -1;
    auto_fd fd = memfd_create("mfsroot", MFD_CLOEXEC);
    if (fd < 0) {
        (void)fail_memory(error);
        return -1;
    }
    MakefsOptions makefs = {
        .version = o.ufs_version,
        .size = o.size,
        .block = o.block,
        .frag = o.frag,
        .bytes_per_inode = o.bytes_per_inode,
        .minfree = o.minfree,
        .optimize_time = o.optimize_time,
        .time_s = o.ufs_version == 1 ? MIN(need.newest_s, G_MAXINT32) : need.newest_s,
    };
    if (!run_makefs(tree, program, &makefs, enough(&o, &need, &layout), fd, error) ||
        !finish_fd(fd, &o, error))
        return -1;
    return autofd_steal(&fd);
}
