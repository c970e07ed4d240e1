/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that took long to make, kept for the next run in $XDG_CACHE_HOME/pxe-run. A cache that
 * cannot be used is no error: then nothing is found, and nothing is kept.
 */
#pragma once

#include <glib.h>

#define CACHE_BYTES_MAX (4ull << 30) /* of all files; more than any one medium's contents */
#define CACHE_FILES_MAX 512          /* files */
#define CACHE_KEY_MAX   100          /* bytes of a key: SHA-256 in hexadecimal, a point, a kind */

/* A file that is not in the cache yet: without a name, or with one that nobody looks for. */
typedef struct {
    int fd;                            /* for reading and writing */
    int dir;                           /* the cache */
    char temporary[CACHE_KEY_MAX + 1]; /* its name; "" where the file system can do without */
} CacheWriter;

int cache_file_open(const char *key);
gboolean cache_file_begin(CacheWriter *ret);
gboolean cache_file_commit(CacheWriter *self, const char *key);
void cache_file_keep(const char *key, int fd);
void cache_file_clear(CacheWriter *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CacheWriter, cache_file_clear)
