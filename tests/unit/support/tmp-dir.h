/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory of a test's own, which goes away with it, and files in it. */
#pragma once

#include <glib.h>

/* The path of the directory; freed with all that is in it. */
typedef char TmpDir;

TmpDir *tmp_dir_new(void);
void tmp_dir_free(TmpDir *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TmpDir, tmp_dir_free)

char *tmp_dir_path(const TmpDir *self, const char *name);
char *tmp_dir_file(const TmpDir *self, const char *name, const void *bytes, gssize len);
void tmp_dir_mkdir(const TmpDir *self, const char *name);
void tmp_dir_symlink(const TmpDir *self, const char *name, const char *target);
guint tmp_dir_count_names(const char *directory);
void tmp_dir_set_mtime(const TmpDir *self, const char *name, gint64 mtime_s);
