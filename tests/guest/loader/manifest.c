/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares the tree with what make-tree.py has written down about it. A line is a path, a size and
 * a CRC32, parted by spaces; the path may hold spaces. "-" in place of
 *  - the CRC32: the name is only looked for in its directory, being too long for FreeBSD's loader;
 *  - both, and the path ends with "/": that directory is listed, and must have all names of the
 *    manifest that are in it;
 *  - both: there is no such file.
 */
#include "tests/guest/loader/manifest.h"

#include "tests/guest/bare/crc32.h"
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/errors.h"
#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/loader-conf.h"
#include "tests/guest/loader/nfs-file.h"

#define ENTRIES_MAX     256
#define TEXT_SIZE       32768
#define FILE_CHUNK_SIZE 4096

typedef enum {
    ENTRY_FILE,
    ENTRY_NAME,
    ENTRY_DIRECTORY,
    ENTRY_ABSENT
} EntryKind;

typedef struct {
    EntryKind kind;
    const char *path;
    uint32_t size, crc;
    bool seen; /* in the listing of its directory */
} Entry;

typedef struct {
    Entry entries[ENTRIES_MAX];
    uint32_t n;
    char text[TEXT_SIZE];
    uint32_t used;
    uint32_t n_files, n_bytes;
} Manifest;

static Manifest manifest;

/* ---- reading it ---- */

/* Cuts off the last word of @line. Returns: (nullable): it */
static char *
cut_last_word(char *line)
{
    char *space = NULL;

    for (char *p = line; *p != '\0'; p++) {
        if (*p == ' ')
            space = p;
    }
    if (space == NULL)
        return NULL;
    *space = '\0';
    return space + 1;
}

static bool
entry_parse(Entry *entry, char *line)
{
    const char *crc = cut_last_word(line);
    const char *size = crc != NULL ? cut_last_word(line) : NULL;

    if (size == NULL || *line != '/')
        return false;
    *entry = (Entry){ .path = line };
    if (text_equal(size, "-")) {
        entry->kind = text_ends(line, "/") ? ENTRY_DIRECTORY : ENTRY_ABSENT;
        return text_equal(crc, "-");
    }
    entry->kind = text_equal(crc, "-") ? ENTRY_NAME : ENTRY_FILE;
    return text_number(size, 10, &entry->size) &&
           (entry->kind == ENTRY_NAME || text_number(crc, 16, &entry->crc));
}

static void
take_line(char *line, uint32_t number, void *data)
{
    uint32_t size = strlen(line) + 1;

    (void)data;
    if (size > TEXT_SIZE - manifest.used || manifest.n == ENTRIES_MAX)
        fail("manifest line %u: there is no room for so many", number);
    char *copy = manifest.text + manifest.used;
    memcpy(copy, line, size);
    manifest.used += size;
    if (!entry_parse(&manifest.entries[manifest.n++], copy))
        fail("manifest line %u: not a path, a size and a CRC32", number);
}

/* ---- comparing ---- */

static void
check_file(const Entry *entry)
{
    static uint8_t chunk[FILE_CHUNK_SIZE];
    uint32_t crc = 0, len = 0;
    NfsFile file;
    int32_t n;

    int32_t r = nfs_file_open(entry->path, &file);
    if (r < 0)
        fail("%s: open: error %d", entry->path, -r);
    if (*file.suffix != '\0')
        fail("%s: opened as %s%s", entry->path, entry->path, file.suffix);
    if (file.node.type != NFS_FILE || file.node.size != entry->size)
        fail("%s: type %u, %u bytes, and the manifest says %u bytes", entry->path, file.node.type,
             file.node.size, entry->size);
    while ((n = nfs_file_read(&file, chunk, sizeof chunk)) > 0) {
        crc = crc32_add(crc, chunk, (uint32_t)n);
        len += (uint32_t)n;
    }
    if (n < 0)
        fail("%s: READ at %u: error %d", entry->path, file.offset, -n);
    nfs_file_close(&file);
    if (len != entry->size)
        fail("%s: %u bytes were read, and the manifest says %u", entry->path, len, entry->size);
    if (crc != entry->crc)
        fail("%s: CRC32 %08x, and the manifest says %08x", entry->path, crc, entry->crc);
    manifest.n_files++;
    manifest.n_bytes += len;
    console_print(".");
}

static void
check_absent(const Entry *entry)
{
    NfsFile file;

    int32_t r = nfs_file_open(entry->path, &file);
    if (r == 0)
        fail("%s%s is there, and the manifest says that it is not", entry->path, file.suffix);
    if (r != -ENOENT)
        fail("%s: error %d, not %d (ENOENT)", entry->path, -r, ENOENT);
}

/* Whether @path is @directory, which ends with "/", and @name. */
static bool
is_name_in(const char *path, const char *directory, const char *name)
{
    return text_starts(path, directory) && text_equal(path + strlen(directory), name);
}

static void
see_name(const char *name, void *data)
{
    const Entry *directory = data;

    for (uint32_t i = 0; i < manifest.n; i++) {
        Entry *entry = &manifest.entries[i];
        if (!is_name_in(entry->path, directory->path, name))
            continue;
        if (entry->kind == ENTRY_ABSENT || entry->seen)
            fail("READDIR of %s: %s is there %s", directory->path, name,
                 entry->seen ? "twice" : "though it must not be");
        entry->seen = true;
    }
}

static void
check_directory(Entry *directory)
{
    uint32_t len = strlen(directory->path);

    int32_t r = nfs_file_list(directory->path, see_name, directory);
    if (r < 0)
        fail("READDIR of %s: error %d", directory->path, -r);
    for (uint32_t i = 0; i < manifest.n; i++) {
        const Entry *entry = &manifest.entries[i];
        bool inside = text_starts(entry->path, directory->path) &&
                      text_find(entry->path + len, '/') == NULL && entry->path[len] != '\0';
        if (inside && entry->kind != ENTRY_ABSENT && !entry->seen)
            fail("READDIR of %s: %s is missing", directory->path, entry->path + len);
    }
}

/* Checks all that the manifest at @path says, and prints the verdict; fails at the first error. */
void
manifest_check(const char *path)
{
    int32_t r = text_file_read(path, take_line, NULL);

    if (r < 0)
        fail("%s: error %d", path, -r);
    console_print("   ");
    for (uint32_t i = 0; i < manifest.n; i++) {
        Entry *entry = &manifest.entries[i];
        if (entry->kind == ENTRY_FILE)
            check_file(entry);
        else if (entry->kind == ENTRY_DIRECTORY)
            check_directory(entry);
        else if (entry->kind == ENTRY_ABSENT)
            check_absent(entry);
    }
    console_print("\n");
    console_print_coloured(GREEN, "DOUBLE %s: OK %u files, %u bytes\n", generation.name,
                           manifest.n_files, manifest.n_bytes);
}
