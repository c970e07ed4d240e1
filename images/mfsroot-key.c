/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that a memory disk depends on, in a hash: what it is made from, how, and the programs that
 * make it.
 *
 * Theory of operation: of a file on the host, device, inode, size, and the times of the last
 * modification and change stand for the contents, as they do for make and git; the kernel sets the
 * time of change, and no program can set it back. What was changed a moment ago could be changed
 * once more within the same tick of the clock, so that nobody would see it: then there is no key,
 * and nothing is kept this time. All of a directory counts, and of a medium the whole image.
 */
#include "images/mfsroot-key.h"

#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

#define FORMAT    "pxe-run mfsroot 1" /* to be changed with what mfsroot.c writes */
#define SETTLE_NS (G_GINT64_CONSTANT(100) * 1000 * 1000) /* longer than any kernel's tick */
#define COARSE_NS (G_GINT64_CONSTANT(2) * NS_PER_S)      /* where the clock has no fractions: FAT */
#define NS_PER_S  G_GINT64_CONSTANT(1000000000)

struct MfsrootKey {
    GChecksum *sum;
    gint64 now_ns;
    gboolean useless; /* something cannot be read, or has changed just now */
};

static gint64
time_ns(const struct timespec *time)
{
    return (gint64)time->tv_sec * NS_PER_S + time->tv_nsec;
}

/* Strings are counted, so that no two inputs look the same. */
static void
add_bytes(MfsrootKey *self, const void *bytes, gsize n)
{
    guint64 len = n;
    g_checksum_update(self->sum, (const guint8 *)&len, sizeof len);
    g_checksum_update(self->sum, bytes, (gssize)n);
}

static void
add_stat(MfsrootKey *self, const struct stat *st)
{
    const guint64 fields[] = {
        st->st_dev,
        st->st_ino,
        st->st_mode,
        st->st_nlink,
        st->st_uid,
        st->st_gid,
        st->st_rdev,
        (guint64)st->st_size,
        (guint64)time_ns(&st->st_mtim),
        (guint64)time_ns(&st->st_ctim),
    };
    gint64 age_ns = self->now_ns - time_ns(&st->st_ctim);

    add_bytes(self, fields, sizeof fields);
    if (age_ns < (st->st_ctim.tv_nsec != 0 ? SETTLE_NS : COARSE_NS))
        self->useless = TRUE;
}

static void
add_file(MfsrootKey *self, const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0)
        add_stat(self, &st);
    else
        self->useless = TRUE;
}

/**
 * mfsroot_key_new:
 * @makefs: path of the program
 *
 * Returns: (transfer full): a key that already depends on the two programs
 **/
MfsrootKey *
mfsroot_key_new(const char *makefs)
{
    MfsrootKey *self = g_new0(MfsrootKey, 1);

    self->sum = g_checksum_new(G_CHECKSUM_SHA256);
    self->now_ns = g_get_real_time() * 1000;
    mfsroot_key_add_text(self, FORMAT);
    add_file(self, "/proc/self/exe");
    add_file(self, makefs);
    return self;
}

/* @self: (nullable) (transfer full): a key */
void
mfsroot_key_free(MfsrootKey *self)
{
    if (self != NULL)
        g_checksum_free(self->sum);
    g_free(self);
}

/* @text: (nullable): an option */
void
mfsroot_key_add_text(MfsrootKey *self, const char *text)
{
    add_bytes(self, text != NULL ? text : "", text != NULL ? strlen(text) + 1 : 0);
}

static int
compare_names(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void
add_entry(MfsrootKey *self, const FTSENT *entry, gsize prefix)
{
    switch (entry->fts_info) {
    case FTS_DP:
        return; /* it was there before */
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        self->useless = TRUE;
        return;
    default:
        mfsroot_key_add_text(self, entry->fts_path + prefix);
        add_stat(self, entry->fts_statp);
    }
}

/**
 * mfsroot_key_add_path:
 * @self: a key
 * @path: a file, or a directory with all that is in it
 **/
void
mfsroot_key_add_path(MfsrootKey *self, const char *path)
{
    g_autofree char *copy = g_strdup(path);
    char *paths[] = { copy, NULL };

    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, compare_names);
    if (tree == NULL) {
        self->useless = TRUE;
        return;
    }
    for (const FTSENT *entry; (entry = fts_read(tree)) != NULL;)
        add_entry(self, entry, strlen(path));
    (void)fts_close(tree);
}

/**
 * mfsroot_key_finish:
 * @self: a key to which nothing will be added
 * @kind: what is kept under it
 *
 * Returns: (transfer full) (nullable): a key for cache_file_open(); NULL when nothing may be kept
 **/
char *
mfsroot_key_finish(MfsrootKey *self, const char *kind)
{
    return self->useless ? NULL : g_strconcat(g_checksum_get_string(self->sum), ".", kind, NULL);
}
