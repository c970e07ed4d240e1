/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/overlay.c, overlay-directory.c: host directories, single files and mtree files over trees.
 */
#include "base/error.h"
#include "images/overlay.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/tmp-dir.h"
#include "tests/unit/support/tree-check.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Trees as words: "path/" a directory, "path=text" a file, "path>target" a link, behind that
 * optionally ",MODE". One maker for the host, one for memory.
 */
static void
split_word(const char *word, char **ret_path, char *ret_kind, char **ret_text, guint *ret_mode)
{
    gsize len = strcspn(word, "=>");
    const char *comma = strchr(word, ',');

    *ret_kind = word[len] != '\0' ? word[len] : '/';
    *ret_mode = comma != NULL      ? (guint)g_ascii_strtoull(comma + 1, NULL, 8)
                : *ret_kind == '/' ? 0755
                                   : 0644;
    gsize end = comma != NULL ? (gsize)(comma - word) : strlen(word);
    *ret_path = g_strndup(word, MIN(len, end));
    *ret_text = len < end ? g_strndup(word + len + 1, end - len - 1) : g_strdup("");
}

static void
make_host(const char *directory, const char *words)
{
    g_auto(GStrv) list = g_strsplit(words, " ", -1);

    g_assert_cmpint(g_mkdir_with_parents(directory, 0755), ==, 0);
    for (char **word = list; *word != NULL && **word != '\0'; word++) {
        g_autofree char *name = NULL, *text = NULL;
        char kind;
        guint mode;
        split_word(*word, &name, &kind, &text, &mode);
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_autofree char *parent = g_path_get_dirname(path);
        g_assert_cmpint(g_mkdir_with_parents(parent, 0755), ==, 0);
        if (kind == '/')
            g_assert_cmpint(g_mkdir_with_parents(path, 0755), ==, 0);
        else if (kind == '=')
            g_assert_true(g_file_set_contents(path, text, -1, NULL));
        else
            g_assert_cmpint(symlink(text, path), ==, 0);
        if (kind != '>')
            g_assert_cmpint(chmod(path, mode), ==, 0);
    }
}

static Vfs *
make_tree(const char *words)
{
    g_auto(GStrv) list = g_strsplit(words, " ", -1);
    Vfs *vfs = vfs_mem_new();

    for (char **word = list; *word != NULL && **word != '\0'; word++) {
        g_autofree char *path = NULL, *text = NULL;
        char kind;
        guint mode;
        split_word(*word, &path, &kind, &text, &mode);
        g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
        int r = kind == '/'   ? vfs_mem_add_dir(vfs, path, mode)
                : kind == '=' ? vfs_mem_add_file(vfs, path, bytes, mode)
                              : vfs_mem_add_symlink(vfs, path, text);
        g_assert_cmpint(r, ==, 0);
    }
    return vfs;
}

static void
list_below(Vfs *vfs, VfsId dir, const char *path, GPtrArray *to)
{
    VfsDirent entry = { .cookie = 0 };
    VfsAttr attr;

    while (vfs_readdir(vfs, dir, entry.cookie, &entry) == 1) {
        char text[256] = "";
        g_autofree char *inside = g_strconcat(path, entry.name, NULL);
        g_autofree char *below = g_strconcat(inside, "/", NULL);
        g_assert_cmpint(vfs_getattr(vfs, entry.id, &attr), ==, 0);
        gssize n = attr.type == VFS_REG   ? vfs_read(vfs, entry.id, 0, text, sizeof text)
                   : attr.type == VFS_LNK ? vfs_readlink(vfs, entry.id, text, sizeof text)
                                          : 0;
        g_assert_cmpint(n, >=, 0);
        g_autofree char *owner =
            attr.uid + attr.gid != 0 ? g_strdup_printf(":%u:%u", attr.uid, attr.gid) : g_strdup("");
        static const char marks[VFS_TYPE_COUNT] = "=/>cbps";
        g_autofree char *device = attr.type == VFS_CHR || attr.type == VFS_BLK
                                      ? g_strdup_printf("%u.%u", attr.rdev_major, attr.rdev_minor)
                                      : g_strdup("");
        g_ptr_array_add(to, g_strdup_printf("%s%c%.*s%s%s,%o", inside, marks[attr.type], (int)n,
                                            text, device, owner, attr.mode));
        if (attr.type == VFS_DIR)
            list_below(vfs, entry.id, below, to);
    }
}

static gint
compare(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

static char *
tree_words(Vfs *vfs)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    (void)tree_check(vfs);
    list_below(vfs, vfs_root(vfs), "", words);
    g_ptr_array_sort(words, compare);
    g_ptr_array_add(words, NULL);
    return g_strjoinv(" ", (char **)words->pdata);
}

/* ---- directories ---- */

typedef struct {
    const char *name;
    const char *lower;
    const char *over[2];  /* (nullable): directories */
    const char *mtree[2]; /* (nullable): beside them */
    const char *seen;
} DirectoryRow;

static const DirectoryRow directory_rows[] = {
    { "empty", "a=l", { "" }, { NULL }, "a=l,644" },
    { "added", "a=l", { "b=u c/d=u" }, { NULL }, "a=l,644 b=u,644 c/,755 c/d=u,644" },
    { "replaced", "a=l,600", { "a=u" }, { NULL }, "a=u,644" },
    { "modes", "", { "a=u,4777 b/,700 c=u,600" }, { NULL }, "a=u,755 b/,700 c=u,600" },
    { "merged-directory-stays",
      "d/,700 d/a=l",
      { "d/b=u" },
      { NULL },
      "d/,700 d/a=l,644 d/b=u,644" },
    { "file-over-directory", "d/ d/a=l", { "d=u" }, { NULL }, "d=u,644" },
    { "directory-over-file", "d=l", { "d/a=u" }, { NULL }, "d/,755 d/a=u,644" },
    { "links-stay-links", "a=l", { "b>a c>/nowhere" }, { NULL }, "a=l,644 b>a,777 c>/nowhere,777" },
    { "the-later-one-wins", "a=l", { "a=1 b=1", "a=2" }, { NULL }, "a=2,644 b=1,644" },
    { "file-over-an-earlier-directory", "", { "d/a=1", "d=2" }, { NULL }, "d=2,644" },
    { "directory-over-an-earlier-file", "", { "d=1", "d/a=2" }, { NULL }, "d/,755 d/a=2,644" },
    { "7.0-sbin-is-a-link",
      "stand/ stand/sh=l sbin>/stand",
      { "sbin/init=u,755" },
      { NULL },
      "sbin>/stand,777 stand/,755 stand/init=u,755 stand/sh=l,644" },
    { "link-in-a-directory",
      "a/ a/b>../c c/",
      { "a/b/d=u" },
      { NULL },
      "a/,755 a/b>../c,777 c/,755 c/d=u,644" },
    { "link-to-nowhere-is-replaced",
      "sbin>/none",
      { "sbin/init=u" },
      { NULL },
      "sbin/,755 sbin/init=u,644" },
    { "link-to-the-root", "r>/", { "r/a=u" }, { NULL }, "a=u,644 r>/,777" },
    { "whiteout",
      "a=l b=l",
      { ".wh.a"
        "=" },
      { NULL },
      "b=l,644" },
    { "whiteout-of-a-directory", "d/ d/a=l b=l", { ".wh.d=" }, { NULL }, "b=l,644" },
    { "whiteout-inside", "d/ d/a=l d/b=l", { "d/.wh.a=" }, { NULL }, "d/,755 d/b=l,644" },
    { "whiteout-behind-a-link", "s/ s/a=l l>s", { "l/.wh.a=" }, { NULL }, "l>s,777 s/,755" },
    { "whiteout-of-an-earlier-one", "", { "a=1 b=1", ".wh.a=" }, { NULL }, "b=1,644" },
    { "removed-and-made-again", "a=l", { ".wh.a=", "a=2" }, { NULL }, "a=2,644" },
    { "removed-link-is-no-way",
      "s/ l>s",
      { ".wh.l=", "l/a=u" },
      { NULL },
      "l/,755 l/a=u,644 s/,755" },
    { "opaque", "d/ d/a=l", { "d/.wh..wh..opq= d/b=u" }, { NULL }, "d/,755 d/b=u,644" },
    { "mtree-owner-and-mode", "", { "a=u" }, { "./a mode=04755 uid=7 gid=8\n" }, "a=u:7:8,4755" },
    { "mtree-directory",
      "d/,711",
      { "d/a=u" },
      { "./d type=dir mode=0700 uname=bind\n" },
      "d/:53:0,700 d/a=u,644" },
    { "mtree-of-the-medium's-file", "a=l,600", { "" }, { "./a mode=0444 uid=9\n" }, "a=l:9:0,444" },
    { "mtree-of-the-medium's-directory",
      "d/ d/a=l",
      { "" },
      { "./d mode=0500\n" },
      "d/,500 d/a=l,644" },
    { "mtree-adds",
      "",
      { "" },
      { "./dev type=dir\n./dev/null type=char device=freebsd,0,21 mode=0666\n"
        "./tmp type=dir mode=01777\n./l type=link link=tmp\n./f type=fifo\n" },
      "dev/,755 dev/nullc0.21,666 fp,644 l>tmp,644 tmp/,1777" },
    { "mtree-adds-behind-a-link",
      "stand/ sbin>stand",
      { "" },
      { "./sbin/x type=link link=y\n" },
      "sbin>stand,777 stand/,755 stand/x>y,644" },
    { "mtree-of-an-earlier-one", "", { "a=1", "" }, { NULL, "./a mode=0700\n" }, "a=1,700" },
};

static gboolean
add_layers(Overlay *overlay, const DirectoryRow *row, const char *dir, GError **error)
{
    for (guint i = 0; i < 2 && row->over[i] != NULL; i++) {
        g_autofree char *name = g_strdup_printf("layer%u", i);
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_autofree char *mtree = g_strconcat(path, ".mtree", NULL);
        g_autofree char *slashed = g_strconcat(path, "//", NULL);
        make_host(path, row->over[i]);
        if (row->mtree[i] != NULL)
            g_assert_true(g_file_set_contents(mtree, row->mtree[i], -1, NULL));
        if (!overlay_add_directory(overlay, i == 0 ? path : slashed, error))
            return FALSE;
    }
    return TRUE;
}

static void
test_directory(gconstpointer data)
{
    const DirectoryRow *row = data;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(GError) error = NULL;
    Overlay *overlay = overlay_new(make_tree(row->lower));

    gboolean ok = add_layers(overlay, row, dir, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    {
        g_autoptr(Vfs) vfs = overlay_finish(overlay, NULL);
        g_autofree char *words = tree_words(vfs);
        g_assert_cmpstr(words, ==, row->seen);
    }
}

typedef struct {
    const char *name, *lower, *over, *mtree;
    const char *refusal; /* a part of it */
} RefusedRow;

static const RefusedRow refused_rows[] = {
    { "mtree-of-nothing", "", "", "./a mode=0644\n", "'a' is in " },
    { "mtree-of-another-type", "", "a=u", "./a type=dir\n", "'a' is of another type than " },
    { "mtree-of-a-link", "l>a", "", "./l mode=0644\n",
      "'l' is neither file nor directory on the medium: " },
    { "mtree-is-wrong", "", "a=u", "./a moed=1\n", "layer0.mtree' line 1: " },
};

static void
test_refused(gconstpointer data)
{
    const RefusedRow *row = data;
    const DirectoryRow as_directory = { NULL, row->lower, { row->over }, { row->mtree }, NULL };
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Overlay) overlay = overlay_new(make_tree(row->lower));

    g_assert_false(add_layers(overlay, &as_directory, dir, &error));
    g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
    g_assert_nonnull(strstr(error->message, row->refusal));
}

static void
test_no_directory(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Overlay) overlay = overlay_new(vfs_mem_new());

    g_assert_false(overlay_add_directory(overlay, "/nonexistent", &error));
    g_assert_cmpstr(error->message, ==,
                    "--overlay '/nonexistent': cannot open directory '/nonexistent': No such file "
                    "or directory");
}

/* As many directories inside one another as can be merged, and one more. */
static void
test_depth(void)
{
    for (guint depth = 64; depth <= 65; depth++) {
        g_autoptr(TmpDir) dir = tmp_dir_new();
        g_autoptr(GString) words = g_string_new("d");
        g_autoptr(GError) error = NULL;
        g_autoptr(Overlay) overlay = overlay_new(vfs_mem_new());
        for (guint i = 1; i < depth; i++)
            g_string_append(words, "/d");
        make_host(dir, words->str);
        g_assert_cmpint(overlay_add_directory(overlay, dir, &error), ==, depth == 64);
    }
}

/* ---- single files ---- */

typedef struct {
    const char *name, *lower;
    const char *guest, *host;
    guint mode;
    const char *seen, *refusal; /* one of them */
} FileRow;

static const FileRow file_rows[] = {
    { "new", "", "/etc/motd", "f", 0, "etc/,755 etc/motd=x,640", NULL },
    { "relative", "", "motd", "f", 0, "motd=x,640", NULL },
    { "replaced", "a=l", "/a", "f", 0, "a=x,640", NULL },
    { "mode", "", "a", "f", 0555, "a=x,555", NULL },
    { "through-a-link", "stand/ sbin>stand", "/sbin/init", "f", 0555,
      "sbin>stand,777 stand/,755 stand/init=x,555", NULL },
    { "host-link-is-followed", "", "a", "link", 0, "a=x,640", NULL },
    { "takes-a-link's-place", "a>b", "a", "f", 0, "a=x,640", NULL },
    { "missing", "", "a", "none", 0, NULL, "none' as the guest's 'a': No such file or directory" },
    { "directory", "", "a", "d", 0, NULL, "is a directory: use --overlay for one" },
    { "fifo", "", "a", "p", 0, NULL, "is not a regular file" },
    { "over-a-directory", "etc/", "/etc", "f", 0, NULL, "that is a directory on the medium" },
    { "below-a-file-of-the-medium", "a=l", "a/b", "f", 0, "a/,755 a/b=x,640", NULL },
};

static void
test_file(gconstpointer data)
{
    const FileRow *row = data;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *host = g_build_filename(dir, row->host, NULL);
    g_autofree char *fifo = g_build_filename(dir, "p", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Overlay) overlay = overlay_new(make_tree(row->lower));

    make_host(dir, "f=x,660 d/ link>f");
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    gboolean ok = overlay_add_file(overlay, row->guest, host, row->mode, &error);
    if (row->refusal == NULL) {
        g_assert_no_error(error);
        g_assert_true(ok);
        g_autoptr(Vfs) vfs = overlay_finish(g_steal_pointer(&overlay), NULL);
        g_autofree char *words = tree_words(vfs);
        g_assert_cmpstr(words, ==, row->seen);
    } else {
        g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
        g_assert_true(g_str_has_suffix(error->message, row->refusal));
    }
}

/* What is written anew on the host is what the guest reads next. */
static void
test_live(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *path = g_build_filename(dir, "o", "a", NULL);
    Overlay *overlay = overlay_new(vfs_mem_new());
    VfsAttr attr;

    make_host(dir, "o/a=old");
    g_autofree char *over = g_build_filename(dir, "o", NULL);
    g_assert_true(overlay_add_directory(overlay, over, NULL));
    {
        g_autoptr(Vfs) vfs = overlay_finish(overlay, NULL);
        g_assert_true(g_file_set_contents(path, "newer", -1, NULL));
        g_autofree char *text = tree_text(vfs, "/a");
        g_assert_cmpstr(text, ==, "newer");
        g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/a"), &attr), ==, 0);
        g_assert_cmpuint(attr.size, ==, 5);
        g_assert_cmpint(attr.mtime_s, >, 0);
    }
}

/* ---- the rest ---- */

static void
test_bytes(void)
{
    Overlay *overlay = overlay_new(make_tree("s/ l>s a=l b=l"));
    g_autoptr(GBytes) bytes = g_bytes_new_static("x", 1);
    Vfs *given;

    g_assert_cmpint(overlay_add_bytes(overlay, "/l/c", bytes, 0600), ==, 0);
    g_assert_cmpint(overlay_add_empty_directory(overlay, "l"), ==, 0);
    g_assert_cmpint(overlay_add_empty_directory(overlay, "/dev"), ==, 0);
    overlay_hide(overlay, "/a");
    overlay_hide(overlay, "l/none");
    g_autoptr(Vfs) vfs = overlay_finish(overlay, &given);
    g_autofree char *words = tree_words(vfs);
    g_autofree char *alone = tree_words(given);
    g_assert_cmpstr(words, ==, "b=l,644 dev/,755 l>s,777 s/,755 s/c=x,600");
    g_assert_cmpstr(alone, ==, "dev/,755 s/,755 s/c=x,600");
}

static void
test_guest_paths(void)
{
    static const char *const good[] = { "a", "/a", "a/b", "//a//b/", "...", "a.." };
    static const char *const bad[] = { "", "/", "//", ".", "..", "a/..", "../a", "a/./b" };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(overlay_guest_path_check(good[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(overlay_guest_path_check(bad[i]));
    g_autofree char *name = g_strnfill(VFS_NAME_MAX + 1, 'a');
    g_assert_false(overlay_guest_path_check(name));
    g_assert_true(overlay_guest_path_check(name + 1));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/overlay/directory", directory_rows, test_directory);
    ROWS_ADD("/overlay/refused", refused_rows, test_refused);
    ROWS_ADD("/overlay/file", file_rows, test_file);
    g_test_add_func("/overlay/no-directory", test_no_directory);
    g_test_add_func("/overlay/depth", test_depth);
    g_test_add_func("/overlay/live", test_live);
    g_test_add_func("/overlay/bytes", test_bytes);
    g_test_add_func("/overlay/guest-paths", test_guest_paths);
    return g_test_run();
}
