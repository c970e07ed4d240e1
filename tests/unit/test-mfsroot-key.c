/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/mfsroot-key.c: everything counts, and what was changed a moment ago gives no key. */
#include "images/mfsroot-key.h"
#include "tests/unit/support/tmp-dir.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

#define SETTLED_US 150000

/* Until what was written is old enough, by the clock that stamps files. */
static void
settle(void)
{
    g_usleep(SETTLED_US);
}

static char *
key_of(const char *text, const char *path, const char *kind)
{
    g_autoptr(MfsrootKey) key = mfsroot_key_new("/bin/sh");
    mfsroot_key_add_text(key, text);
    mfsroot_key_add_path(key, path);
    return mfsroot_key_finish(key, kind);
}

static void
test_key(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *file = tmp_dir_file(dir, "file", "one", 3);

    g_autofree char *young = key_of("8M", dir, "mfsroot");
    g_assert_null(young);
    settle();
    g_autofree char *first = key_of("8M", dir, "mfsroot");
    g_autofree char *again = key_of("8M", dir, "mfsroot");
    g_autofree char *other_text = key_of("9M", dir, "mfsroot");
    g_autofree char *no_text = key_of(NULL, dir, "mfsroot");
    g_autofree char *other_kind = key_of("8M", dir, "mfsroot.gz");
    g_autofree char *other_path = key_of("8M", file, "mfsroot");
    g_assert_nonnull(first);
    g_assert_cmpuint(strlen(first), ==, 64 + strlen(".mfsroot"));
    g_assert_cmpstr(first, ==, again);
    g_assert_cmpstr(first, !=, other_text);
    g_assert_cmpstr(no_text, !=, other_text);
    g_assert_cmpstr(first, !=, other_kind);
    g_assert_cmpstr(first, !=, other_path);

    g_assert_cmpint(g_chmod(file, 0600), ==, 0);
    g_assert_cmpint(g_chmod(file, 04755), ==, 0);
    settle();
    g_autofree char *other_mode = key_of("8M", dir, "mfsroot");
    g_assert_cmpstr(first, !=, other_mode);
    g_assert_nonnull(other_mode);
    g_autofree char *missing = tmp_dir_path(dir, "missing");
    g_autofree char *no_file = key_of("8M", missing, "mfsroot");
    g_assert_null(no_file);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mfsroot-key/key", test_key);
    return g_test_run();
}
