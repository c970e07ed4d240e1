/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory is a file of chunks of 512 bytes, each filled to its end with entries, none of which
 * reaches into the next chunk. What breaks the rules by which FreeBSD's kernel would call an entry
 * mangled makes the whole directory unreadable here: half a directory would look like a whole one.
 * So do two entries with one name. The type that an entry may tell is not looked at, its inode has
 * it.
 *
 * Source: FreeBSD sys/ufs/ufs/dir.h: struct direct, DIRBLKSIZ, DIRSIZ;
 *   sys/ufs/ufs/ufs_lookup.c: ufs_dirbadentry
 */
#include "images/ufs-dir.h"

#include "base/cursor.h"

#include <errno.h>

#define CHUNK      512 /* DIRBLKSIZ */
#define ENTRY_HEAD 8
#define WHITEOUT   1 /* inode of a name that hides one of another file system below */

typedef struct {
    guint32 ino, name; /* @name: where in the data it begins */
} DirSlot;

struct UfsDir {
    char *data; /* the directory itself; its names end with NUL */
    guint n;
    DirSlot *slots;   /* in the order of the directory */
    guint32 *by_name; /* numbers of slots */
};

typedef struct {
    guint32 ino; /* 0: no entry */
    guint16 len; /* bytes to the next one */
    const char *name;
} RawEntry;

/*
 * The entry at @at of a chunk, of which @left bytes are left.
 *
 * Returns: whether it keeps the rules
 */
static gboolean
entry_read(const char *at, gsize left, RawEntry *ret)
{
    Cursor head = cursor_of(at, left);
    guint32 ino = cursor_le32(&head);
    guint16 len = cursor_le16(&head);
    cursor_skip(&head, 1);
    gsize name_len = cursor_u8(&head);
    const char *name = (const char *)cursor_take(&head, name_len + 1);

    if (len < ENTRY_HEAD || len % 4 != 0 || len > left)
        return FALSE;
    *ret = (RawEntry){ ino, len, "" };
    if (ino == 0)
        return TRUE;
    if (name_len == 0 || name == NULL || ENTRY_HEAD + name_len + 1 > len ||
        memchr(name, '\0', name_len + 1) != name + name_len || memchr(name, '/', name_len) != NULL)
        return FALSE;
    ret->name = name;
    return TRUE;
}

/**
 * ufs_dir_parent:
 * @volume: a file system
 * @inode: the inode of a directory
 * @ret: (out): the inode that its ".." names
 *
 * Returns: 0, or -EIO when it has none where it should be, in the first chunk
 **/
int
ufs_dir_parent(UfsVolume *volume, const UfsInode *inode, guint32 *ret)
{
    char chunk[CHUNK];
    RawEntry entry;

    gssize len = ufs_volume_read(volume, inode, 0, chunk, sizeof chunk);
    for (gssize at = 0; at < len; at += entry.len) {
        if (!entry_read(chunk + at, (gsize)(len - at), &entry))
            return -EIO;
        if (entry.ino != 0 && g_str_equal(entry.name, "..")) {
            *ret = entry.ino;
            return 0;
        }
    }
    return -EIO;
}

static gboolean
entry_is_shown(const RawEntry *entry)
{
    return entry->ino > WHITEOUT && !g_str_equal(entry->name, ".") &&
           !g_str_equal(entry->name, "..");
}

/* Takes the entries of the @size bytes of data. */
static int
dir_take_entries(UfsDir *self, gsize size)
{
    g_autoptr(GArray) slots = g_array_new(FALSE, FALSE, sizeof(DirSlot));
    RawEntry entry;

    for (gsize at = 0; at < size; at += entry.len) {
        gsize left = MIN(CHUNK - at % CHUNK, size - at);
        if (!entry_read(self->data + at, left, &entry))
            return -EIO;
        if (!entry_is_shown(&entry))
            continue;
        if (slots->len == UFS_DIR_ENTRIES_MAX)
            return -EIO;
        const DirSlot slot = { entry.ino, (guint32)(at + ENTRY_HEAD) };
        g_array_append_val(slots, slot);
    }
    self->n = slots->len;
    self->slots = (DirSlot *)(gpointer)g_array_free(g_steal_pointer(&slots), FALSE);
    return 0;
}

static const char *
dir_name(const UfsDir *self, guint index)
{
    return self->data + self->slots[index].name;
}

static gint
dir_compare(gconstpointer a, gconstpointer b, gpointer data)
{
    const UfsDir *self = data;
    return strcmp(dir_name(self, *(const guint32 *)a), dir_name(self, *(const guint32 *)b));
}

/* Returns: 0, or -EIO when two entries have one name */
static int
dir_index(UfsDir *self)
{
    self->by_name = g_new(guint32, self->n);
    for (guint i = 0; i < self->n; i++)
        self->by_name[i] = i;
    if (self->n > 0)
        g_qsort_with_data(self->by_name, (gint)self->n, sizeof *self->by_name, dir_compare, self);
    for (guint i = 1; i < self->n; i++) {
        if (dir_compare(&self->by_name[i - 1], &self->by_name[i], self) == 0)
            return -EIO;
    }
    return 0;
}

/**
 * ufs_dir_load:
 * @volume: a file system
 * @inode: the inode of a directory
 * @ret: (out) (transfer full): the directory
 *
 * Returns: 0, or -EIO when it is damaged or cannot be read, -EFBIG when it is larger than
 *   UFS_DIR_SIZE_MAX
 **/
int
ufs_dir_load(UfsVolume *volume, const UfsInode *inode, UfsDir **ret)
{
    g_autoptr(UfsDir) self = g_new0(UfsDir, 1);

    if (inode->size > UFS_DIR_SIZE_MAX)
        return -EFBIG;
    gsize size = (gsize)inode->size;
    self->data = g_malloc(size + 1);
    gssize len = ufs_volume_read(volume, inode, 0, self->data, size);
    if (len < 0)
        return (int)len;
    int r = dir_take_entries(self, size);
    if (r < 0 || (r = dir_index(self)) < 0)
        return r;
    *ret = g_steal_pointer(&self);
    return 0;
}

/* @self: (nullable) (transfer full): a directory */
void
ufs_dir_free(UfsDir *self)
{
    if (self == NULL)
        return;
    g_free(self->data);
    g_free(self->slots);
    g_free(self->by_name);
    g_free(self);
}

/* Returns: the number of entries besides "." and ".." */
guint
ufs_dir_size(const UfsDir *self)
{
    return self->n;
}

/* Returns: the entry in position @index of the directory; its name is good as long as @self */
UfsDirEntry
ufs_dir_entry(const UfsDir *self, guint index)
{
    g_assert(index < self->n);
    return (UfsDirEntry){ self->slots[index].ino, dir_name(self, index) };
}

/**
 * ufs_dir_find:
 * @self: a directory
 * @name: a name
 * @ret_index: (out): the position of the entry with it
 *
 * Returns: whether there is one
 **/
gboolean
ufs_dir_find(const UfsDir *self, const char *name, guint *ret_index)
{
    guint low = 0, high = self->n;

    while (low < high) {
        guint mid = low + (high - low) / 2;
        int order = strcmp(name, dir_name(self, self->by_name[mid]));
        if (order == 0) {
            *ret_index = self->by_name[mid];
            return TRUE;
        }
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return FALSE;
}
