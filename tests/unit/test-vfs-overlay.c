/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/vfs-overlay.c: what is seen, in which order, and where ".." leads. */
#include "images/vfs.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/tmp-dir.h"
#include "tests/unit/support/tree-check.h"

#include <errno.h>
#include <glib/gstdio.h>

/*
 * A tree from words: "path=text" is a file, "path/" a directory, "path>target" a link. A file's
 * text names the tree that it is from.
 */
static Vfs *
tree_of(const char *words)
{
    g_auto(GStrv) list = g_strsplit(words, " ", -1);
    Vfs *vfs = vfs_mem_new();

    for (char **word = list; *word != NULL && **word != '\0'; word++) {
        char *mark = *word + strcspn(*word, "=>");
        char kind = *mark;
        int r;
        if (kind == '\0') {
            r = vfs_mem_add_dir(vfs, *word, 0750);
        } else {
            *mark = '\0';
            g_autoptr(GBytes) bytes = g_bytes_new(mark + 1, strlen(mark + 1));
            r = kind == '=' ? vfs_mem_add_file(vfs, *word, bytes, 0644)
                            : vfs_mem_add_symlink(vfs, *word, mark + 1);
        }
        g_assert_cmpint(r, ==, 0);
    }
    return vfs;
}

/* Returns: (transfer full): the tree in the same words, in the order of readdir */
static void
words_of(Vfs *vfs, VfsId dir, const char *path, GString *words)
{
    VfsDirent entry = { .cookie = 0 };
    VfsAttr attr;

    while (vfs_readdir(vfs, dir, entry.cookie, &entry) == 1) {
        char text[64];
        g_autofree char *below = g_strconcat(path, entry.name, "/", NULL);
        g_assert_cmpint(vfs_getattr(vfs, entry.id, &attr), ==, 0);
        gssize len = attr.type == VFS_REG   ? vfs_read(vfs, entry.id, 0, text, sizeof text)
                     : attr.type == VFS_LNK ? vfs_readlink(vfs, entry.id, text, sizeof text)
                                            : 0;
        g_assert_cmpint(len, >=, 0);
        g_string_append_printf(words, "%s%s%s", words->len > 0 ? " " : "", path, entry.name);
        if (attr.type == VFS_DIR) {
            g_string_append_c(words, '/');
            words_of(vfs, entry.id, below, words);
        } else {
            g_string_append_printf(words, "%c%.*s", attr.type == VFS_REG ? '=' : '>', (int)len,
                                   text);
        }
    }
}

typedef struct {
    const char *name;
    const char *upper, *lower;
    const char *seen;
} MergeRow;

static const MergeRow merge_rows[] = {
    { "both-empty", "", "", "" },
    { "upper-alone", "a=u d/b=u", "", "a=u d/ d/b=u" },
    { "lower-alone", "", "a=l d/b=l", "a=l d/ d/b=l" },
    { "upper-first", "z=u", "a=l", "z=u a=l" },
    { "file-hides-file", "f=u", "f=l g=l", "f=u g=l" },
    { "hidden-one-comes-at-the-upper's-place", "b=u a=u", "a=l b=l c=l", "b=u a=u c=l" },
    { "all-of-the-lower-hidden", "a=u b=u", "a=l b=l", "a=u b=u" },
    { "directories-merge", "d/x=u", "d/y=l", "d/ d/x=u d/y=l" },
    { "deep-merge", "a/b/c/x=u", "a/b/c/y=l a/b/z=l",
      "a/ a/b/ a/b/c/ a/b/c/x=u a/b/c/y=l a/b/z=l" },
    { "empty-directory-merges-too", "d/", "d/y=l", "d/ d/y=l" },
    { "directory-over-file", "d/x=u", "d=l", "d/ d/x=u" },
    { "file-over-directory", "d=u", "d/y=l e=l", "d=u e=l" },
    { "link-over-directory", "d>e", "d/y=l e/z=l", "d>e e/ e/z=l" },
    { "directory-over-link", "d/x=u", "d>e e/z=l", "d/ d/x=u e/ e/z=l" },
    { "file-over-link", "resolv.conf=u", "resolv.conf>/tmp/r", "resolv.conf=u" },
    { "hidden-below-a-merged-directory", "d/f=u", "d/f=l d/g=l", "d/ d/f=u d/g=l" },
    { "same-name-elsewhere-is-not-hidden", "f=u", "d/f=l", "f=u d/ d/f=l" },
};

static void
test_merge(gconstpointer data)
{
    const MergeRow *row = data;
    g_autoptr(Vfs) vfs = vfs_overlay_new(tree_of(row->upper), tree_of(row->lower), NULL);
    g_autoptr(GString) seen = g_string_new(NULL);

    words_of(vfs, vfs_root(vfs), "", seen);
    g_assert_cmpstr(seen->str, ==, row->seen);
    (void)tree_check(vfs);
}

/* tree_check() compares vfs_parent() with where an object was found; this is the way by names. */
static void
test_dot_dot(void)
{
    g_autoptr(Vfs) vfs = vfs_overlay_new(
        tree_of("boot/loader.conf.local=u"),
        tree_of("boot/kernel/kernel=l boot/loader=l etc/fstab=l to>boot/kernel"), NULL);
    static const char *const same[][2] = {
        { "/boot/kernel/..", "/boot" },
        { "/boot/..", "/" },
        { "/etc/../boot/kernel/../loader.conf.local", "/boot/loader.conf.local" },
        { "/to/../loader.conf.local", "/boot/loader.conf.local" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(same); i++)
        g_assert_cmpuint(tree_id(vfs, same[i][0]), ==, tree_id(vfs, same[i][1]));
    char path[64];
    g_assert_cmpint(vfs_path(vfs, tree_id(vfs, "/boot/kernel/kernel"), path, sizeof path), ==, 0);
    g_assert_cmpstr(path, ==, "/boot/kernel/kernel");
}

/* A link in one tree leads to what the overlay shows, not to what its own tree has. */
static void
test_links_see_the_overlay(void)
{
    g_autoptr(Vfs) vfs =
        vfs_overlay_new(tree_of("a=u uplink>b"), tree_of("a=l b=l lowlink>a"), NULL);
    g_autofree char *low = tree_text(vfs, "/lowlink");
    g_autofree char *up = tree_text(vfs, "/uplink");

    g_assert_cmpstr(low, ==, "u");
    g_assert_cmpstr(up, ==, "l");
    g_assert_cmpuint(vfs_total_bytes(vfs), ==, 5);
}

/* A merged directory keeps the attributes of the medium's; one of the upper tree has its own. */
static void
test_attributes(void)
{
    Vfs *upper = vfs_mem_new(), *lower = vfs_mem_new();
    VfsAttr attr;

    g_assert_cmpint(vfs_mem_add_dir(upper, "/both", 0700), ==, 0);
    g_assert_cmpint(vfs_mem_add_dir(lower, "/both", 0511), ==, 0);
    g_assert_cmpint(vfs_mem_add_dir(upper, "/new", 0700), ==, 0);
    g_autoptr(Vfs) vfs = vfs_overlay_new(upper, lower, NULL);
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/both"), &attr), ==, 0);
    g_assert_cmphex(attr.mode, ==, 0511);
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/new"), &attr), ==, 0);
    g_assert_cmphex(attr.mode, ==, 0700);
}

typedef struct {
    const char *name;
    gboolean on_top; /* the inner overlay is the outer one's upper tree */
} NestedRow;

static const NestedRow nested_rows[] = {
    { "below", FALSE },
    { "on-top", TRUE },
};

static void
test_nested(gconstpointer data)
{
    static const char all[] = "d/ d/1=top d/2=mid d/3=low d/4=low a=top b=mid c=low";
    const NestedRow *row = data;
    Vfs *top = tree_of("d/1=top a=top"), *middle = tree_of("d/2=mid a=mid b=mid");
    Vfs *bottom = tree_of("d/3=low a=low b=low c=low d/4=low");
    g_autoptr(Vfs) vfs = row->on_top
                             ? vfs_overlay_new(vfs_overlay_new(top, middle, NULL), bottom, NULL)
                             : vfs_overlay_new(top, vfs_overlay_new(middle, bottom, NULL), NULL);
    g_autoptr(GString) seen = g_string_new(NULL);

    words_of(vfs, vfs_root(vfs), "", seen);
    g_assert_cmpstr(seen->str, ==, all);
    (void)tree_check(vfs);
}

/* The cookies of the two halves do not meet, and one of the lower half finds its way back. */
static void
test_cookies(void)
{
    Vfs *upper = vfs_mem_new(), *lower = vfs_mem_new();
    g_autoptr(GBytes) bytes = g_bytes_new("", 0);
    char name[16];
    VfsDirent entry = { .cookie = 0 };
    guint n = 0;

    for (guint i = 0; i < 500; i++) {
        (void)g_snprintf(name, sizeof name, "u%u", i);
        g_assert_cmpint(vfs_mem_add_file(upper, name, bytes, 0644), ==, 0);
        (void)g_snprintf(name, sizeof name, i % 2 == 0 ? "u%u" : "l%u", i);
        g_assert_cmpint(vfs_mem_add_file(lower, name, bytes, 0644), ==, 0);
    }
    g_autoptr(Vfs) vfs = vfs_overlay_new(upper, lower, NULL);
    for (; vfs_readdir(vfs, vfs_root(vfs), entry.cookie, &entry) == 1; n++) {
        (void)g_snprintf(name, sizeof name, n < 500 ? "u%u" : "l%u",
                         n < 500 ? n : (n - 500) * 2 + 1);
        g_assert_cmpstr(entry.name, ==, name);
    }
    g_assert_cmpuint(n, ==, 750);
    g_assert_cmpint(vfs_readdir(vfs, vfs_root(vfs), entry.cookie, &entry), ==, 0);
    g_assert_cmpint(vfs_readdir(vfs, vfs_root(vfs), G_MAXUINT64, &entry), ==, 0);
}

/* Directories are merged to a depth; below it the upper tree alone is seen, and nothing breaks. */
static void
test_deep(void)
{
    g_autoptr(GString) path = g_string_new(NULL);

    for (guint i = 0; i < 100; i++)
        g_string_append(path, "/d");
    g_autofree char *up = g_strconcat(path->str, "/u=u", NULL);
    g_autofree char *low = g_strconcat(path->str, "/l=l", NULL);
    g_autoptr(Vfs) vfs = vfs_overlay_new(tree_of(up), tree_of(low), NULL);
    VfsId id;
    *strchr(up, '=') = '\0';
    *strchr(low, '=') = '\0';
    g_assert_cmpint(vfs_walk(vfs, up, &id), ==, 0);
    g_assert_cmpint(vfs_walk(vfs, low, &id), ==, -ENOENT);
    (void)tree_check(vfs);
}

/* Over a tree that changes: what comes and goes below is seen. */
static void
test_over_a_directory(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();

    tmp_dir_mkdir(dir, "boot");
    g_autofree char *loader = tmp_dir_file(dir, "boot/loader", "l", -1);
    g_autoptr(Vfs) vfs =
        vfs_overlay_new(tree_of("boot/loader.conf.local=u"), vfs_dir_new(dir, NULL), NULL);
    g_autoptr(GString) seen = g_string_new(NULL);
    words_of(vfs, vfs_root(vfs), "", seen);
    g_assert_cmpstr(seen->str, ==, "boot/ boot/loader.conf.local=u boot/loader=l");
    (void)tree_check(vfs);
    int fd = vfs_open(vfs, tree_id(vfs, "/boot/loader"));
    g_assert_cmpint(fd, >=, 0);
    g_assert_true(g_close(fd, NULL));
    g_assert_cmpint(vfs_open(vfs, tree_id(vfs, "/boot/loader.conf.local")), ==, -ENOTSUP);
    g_autofree char *new = tmp_dir_file(dir, "boot/new", "n", -1);
    g_autofree char *text = tree_text(vfs, "/boot/new");
    g_assert_cmpstr(text, ==, "n");
}

/* ---- rules ---- */

typedef struct {
    const char *name, *upper, *lower;
    const char *hide, *opaque; /* paths */
    const char *seen;
    guint links; /* of the root */
} RuleRow;

static const RuleRow rule_rows[] = {
    { "nothing-hidden", "", "a=l b/ c=l", "", "", "a=l b/ c=l", 3 },
    { "file", "", "a=l c=l", "a", "", "c=l", 2 },
    { "directory", "", "a=l b/ b/x=l", "/b", "", "a=l", 2 },
    { "odd-spelling", "d/", "d/a=l d/b=l", "d//a/", "", "d/ d/b=l", 3 },
    { "all", "", "a=l b=l", "a b", "", "", 2 },
    { "what-is-not-there", "", "a=l", "b", "", "a=l", 2 },
    { "the-upper-one-stays", "a=u", "a=l", "a", "", "a=u", 2 },
    { "hidden-and-made-anew", "b/ b/y=u", "b/ b/x=l", "b", "", "b/ b/y=u", 3 },
    { "in-a-directory", "d/ d/e/", "d/ d/e/ d/e/a=l d/e/b=l", "d/e/a", "", "d/ d/e/ d/e/b=l", 3 },
    { "in-a-directory-of-the-lower-one-alone", "", "d/ d/a=l", "d/a", "", "d/ d/a=l", 3 },
    { "opaque", "d/ d/u=u", "d/ d/l=l e=l", "", "d", "d/ d/u=u e=l", 3 },
    { "opaque-and-empty", "d/", "d/ d/l=l", "", "d/", "d/", 3 },
};

static void
test_rule(gconstpointer data)
{
    const RuleRow *row = data;
    OverlayRules *rules = overlay_rules_new();
    g_auto(GStrv) hide = g_strsplit(row->hide, " ", -1);
    GString *seen = g_string_new(NULL);
    VfsAttr attr;

    for (char **path = hide; *path != NULL; path++)
        overlay_rules_hide(rules, *path);
    if (*row->opaque != '\0')
        overlay_rules_opaque(rules, row->opaque);
    g_autoptr(Vfs) vfs = vfs_overlay_new(tree_of(row->upper), tree_of(row->lower), rules);
    (void)tree_check(vfs);
    words_of(vfs, vfs_root(vfs), "", seen);
    g_autofree char *words = g_string_free(seen, FALSE);
    g_auto(GStrv) got = g_strsplit(words, " ", -1);
    g_auto(GStrv) want = g_strsplit(row->seen, " ", -1);
    g_assert_cmpuint(g_strv_length(got), ==, g_strv_length(want));
    for (char **word = want; *word != NULL; word++)
        g_assert_true(g_strv_contains((const char *const *)got, *word));
    g_assert_cmpint(vfs_getattr(vfs, vfs_root(vfs), &attr), ==, 0);
    g_assert_cmpuint(attr.nlink, ==, row->links);
}

/* A merged directory has the lower one's attributes, unless told otherwise. */
static void
test_own_attr(void)
{
    static const VfsAttr secret = { .mode = 0700, .uid = 7, .gid = 8, .mtime_s = 9 };
    OverlayRules *rules = overlay_rules_new();
    Vfs *upper = tree_of("d/ e/");
    VfsAttr attr;

    vfs_mem_set_attr(upper, tree_id(upper, "/d"), &secret);
    vfs_mem_set_attr(upper, tree_id(upper, "/e"), &secret);
    overlay_rules_own_attr(rules, "/d");
    g_autoptr(Vfs) vfs = vfs_overlay_new(upper, tree_of("d/ d/x/ e/"), rules);
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/d"), &attr), ==, 0);
    g_assert_cmpuint(attr.mode, ==, 0700);
    g_assert_cmpuint(attr.uid, ==, 7);
    g_assert_cmpuint(attr.nlink, ==, 3);
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/e"), &attr), ==, 0);
    g_assert_cmpuint(attr.mode, ==, 0750);
    g_assert_cmpuint(attr.uid, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/vfs-overlay/merge", merge_rows, test_merge);
    g_test_add_func("/vfs-overlay/dot-dot", test_dot_dot);
    g_test_add_func("/vfs-overlay/links-see-the-overlay", test_links_see_the_overlay);
    g_test_add_func("/vfs-overlay/attributes", test_attributes);
    ROWS_ADD("/vfs-overlay/nested", nested_rows, test_nested);
    g_test_add_func("/vfs-overlay/cookies", test_cookies);
    g_test_add_func("/vfs-overlay/deep", test_deep);
    g_test_add_func("/vfs-overlay/over-a-directory", test_over_a_directory);
    ROWS_ADD("/vfs-overlay/rule", rule_rows, test_rule);
    g_test_add_func("/vfs-overlay/own-attr", test_own_attr);
    return g_test_run();
}
