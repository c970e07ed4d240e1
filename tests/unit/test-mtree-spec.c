/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/mtree-spec.c, mtree-keyword.c: files as several programs write them, and wrong ones. */
#include "base/error.h"
#include "images/mtree-spec.h"
#include "tests/lan/rows.h"

typedef struct {
    const char *name, *text;
    const char *seen; /* what mtree_text() says, or the end of the message behind "line " */
} SpecRow;

static const SpecRow good_rows[] = {
    { "empty", "", "" },
    { "comments", "#mtree\n\n  # more\n", "" },
    { "full-path", "./etc/passwd type=file mode=0644 uid=0 gid=0\n", "etc/passwd file 644 0:0\n" },
    { "no-newline", "./a type=file", "a file\n" },
    { "top", ". type=dir mode=0755\n", " dir 755\n" },
    { "relative-form",
      "#mtree v2.0\n/set type=file uid=0 gid=0 mode=0444\n. type=dir mode=0755\n"
      "    init mode=0555\n    bin type=dir mode=0755\n        sh\n    ..\n    motd\n..\n",
      " dir 755 0:0\ninit file 555 0:0\nbin dir 755 0:0\nbin/sh file 444 0:0\n"
      "motd file 444 0:0\n" },
    { "bsdtar",
      "#mtree\n./a time=1700000000.5 mode=755 gid=1000 uid=1000 type=dir\n"
      "./a/b nlink=0 size=3 sha256digest=00 type=file\n",
      "a dir 755 1000:1000 @1700000000.5\na/b file\n" },
    { "full-paths-do-not-enter", "./a type=dir\nb type=file\n", "a dir\nb file\n" },
    { "unset", "/set uid=7 mode=0600\n./a\n/unset mode\n./b\n/unset all\n./c\n",
      "a 600 7:\nb 7:\nc\n" },
    { "twice", "./a mode=0600\n./a uid=5 gid=6\n", "a 600 5:6\n" },
    { "link", "./a type=link link=/stand\n", "a link > /stand\n" },
    { "escapes", "./a\\040b\\#\\\\ type=link link=x\\sy\n", "a b#\\ link > x y\n" },
    { "high-bytes", "./\\303\\244\\M-a\n", "\303\244\341\n" },
    { "control-bytes", "./\\^A\\^?\\n\\M^A\n", "\001\177\n\201\n" },
    { "continued", "./a \\\n  type=file \\\n  mode=0600\n./b\n", "a file 600\nb\n" },
    { "backslash-at-the-end-is-escaped", "./a link=x\\\\\n./b\n", "a > x\\\nb\n" },
    { "device-freebsd", "./null type=char device=freebsd,0,21\n", "null char 0,21\n" },
    { "device-native", "./null type=char device=native,1,3\n", "null char 1,3\n" },
    { "device-packed", "./da type=block device=0x10503\n", "da block 5,65539\n" },
    { "device-two", "./da type=block device=4,1\n", "da block 4,1\n" },
    { "fifo-and-socket", "./f type=fifo\n./s type=socket\n", "f fifo\ns socket\n" },
    { "names", "./a uname=root gname=wheel\n./b uname=www gname=operator\n", "a 0:0\nb 80:5\n" },
    { "numbers-win", "./a uname=strange uid=1000 gname=what gid=1001\n", "a 1000:1001\n" },
    { "names-over-defaults", "/set uid=0 gid=0\n./a uname=www gname=www\n", "a 80:80\n" },
    { "optional", "./a optional nochange\n", "a\n" },
    { "odd-slashes", ".//a/./b//\n", "a/b\n" },
    { "tabs-and-spaces", "\t./a\t \ttype=file  \n", "a file\n" },
    { "CR", "./a type=file\r\n", "a file\n" },
};

#define NO_PATH "is no path inside the tree"

static const SpecRow bad_rows[] = {
    { "unknown-keyword", "./a moed=0644\n", "1: 'moed=0644': no such keyword" },
    { "value-missing", "./a mode\n", "1: 'mode': a value is missing" },
    { "bad-mode", "\n./a mode=0689\n", "2: 'mode=0689': mode is an octal number up to 7777" },
    { "large-mode", "./a mode=10000\n", "1: 'mode=10000': mode is an octal number up to 7777" },
    { "bad-type", "./a type=whiteout\n",
      "1: 'type=whiteout': type is file, dir, link, char, block, fifo or socket" },
    { "bad-uid", "./a uid=-1\n", "1: 'uid=-1': uid is a number" },
    { "bad-user", "./a uname=nobody2\n",
      "1: 'uname=nobody2': no user of a fresh FreeBSD: give uid=" },
    { "bad-group", "./a gname=root\n", "1: 'gname=root': no group of a fresh FreeBSD: give gid=" },
    { "bad-time", "./a time=yesterday\n",
      "1: 'time=yesterday': time is SECONDS or SECONDS.NANOSECONDS" },
    { "bad-device", "./a type=char device=x\n",
      "1: 'device=x': device is a number, or FORMAT,MAJOR,MINOR" },
    { "no-device", "./a type=char\n", "1: a device without device=" },
    { "no-link", "./a type=link\n", "1: a symbolic link without link=" },
    { "empty-link", "./a type=link link=\n", "1: 'link=': link is no path" },
    { "outside", "./../a\n", "1: './../a' " NO_PATH },
    { "outside-by-escape", "./\\056./a\n", "1: './\\056./a' " NO_PATH },
    { "absolute", "/etc/passwd\n",
      "1: '/etc/passwd' is neither a command nor a path inside the tree" },
    { "too-many-ups", ". type=dir\n..\n..\n", "3: '..' leaves the tree" },
    { "slash-by-escape", "a\\057b\n", "1: 'a\\057b' is no name" },
    { "NUL-by-escape", "./a\\000b\n", "1: './a\\000b' is no name" },
    { "bad-escape", "./a\\q\n", "1: './a\\q' is no name" },
    { "escape-at-the-end", "./a \\\n", "" },
    { "lines-are-counted", "./a \\\n type=file\n./b x\n", "3: 'x': no such keyword" },
};

static void
append_attributes(GString *text, const MtreeEntry *entry)
{
    static const char *const types[VFS_TYPE_COUNT] = { "file",  "dir",  "link",  "char",
                                                       "block", "fifo", "socket" };

    if (entry->has_type)
        g_string_append_printf(text, " %s", types[entry->type]);
    if (entry->has_mode)
        g_string_append_printf(text, " %o", entry->mode);
    if (entry->has_uid)
        g_string_append_printf(text, " %u:", entry->uid);
    if (entry->has_gid)
        g_string_append_printf(text, "%u", entry->gid);
    if (entry->has_time)
        g_string_append_printf(text, " @%" G_GINT64_FORMAT ".%u", entry->mtime_s, entry->mtime_ns);
    if (entry->has_device)
        g_string_append_printf(text, " %u,%u", entry->rdev_major, entry->rdev_minor);
    if (entry->link != NULL)
        g_string_append_printf(text, " > %s", entry->link);
}

static char *
mtree_text(const MtreeSpec *spec)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < mtree_spec_count(spec); i++) {
        const MtreeEntry *entry = mtree_spec_get(spec, i);
        g_assert_true(mtree_spec_find(spec, entry->path) == entry);
        g_string_append(text, entry->path);
        append_attributes(text, entry);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

static MtreeSpec *
parse(const char *text, gsize len, GError **error)
{
    g_autofree char *copy = g_memdup2(text, len); /* so that its end is one of memory, too */
    return mtree_spec_parse("x.mtree", copy, len, error);
}

static void
test_good(gconstpointer data)
{
    const SpecRow *row = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MtreeSpec) spec = parse(row->text, strlen(row->text), &error);

    g_assert_no_error(error);
    g_autofree char *text = mtree_text(spec);
    g_assert_cmpstr(text, ==, row->seen);
    for (gsize len = 0; len < strlen(row->text); len++) {
        g_autoptr(MtreeSpec) cut = parse(row->text, len, NULL);
    }
}

static void
test_bad(gconstpointer data)
{
    const SpecRow *row = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MtreeSpec) spec = parse(row->text, strlen(row->text), &error);

    if (*row->seen == '\0') {
        g_assert_no_error(error);
        return;
    }
    g_autofree char *message = g_strconcat("'x.mtree' line ", row->seen, NULL);
    g_assert_null(spec);
    g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
    g_assert_cmpstr(error->message, ==, message);
}

/* ---- limits: the last one that is let be, and the first that is not ---- */

static gboolean
parses(GString *text)
{
    g_autoptr(MtreeSpec) spec = mtree_spec_parse("x", text->str, text->len, NULL);
    g_string_free(text, TRUE);
    return spec != NULL;
}

static GString *
entries(guint n)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < n; i++)
        g_string_append_printf(text, "./%u\n", i);
    return text;
}

static GString *
nested(guint n)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < n; i++)
        g_string_append(text, "a type=dir\n");
    return text;
}

static GString *
long_name(guint n)
{
    GString *text = g_string_new("./");
    for (guint i = 0; i < n; i++)
        g_string_append_c(text, 'a');
    return text;
}

static GString *
sized(gsize n)
{
    GString *text = g_string_new(NULL);
    while (text->len < n)
        g_string_append(text, "# 345678901234\n#");
    return g_string_truncate(text, n);
}

static GString *
long_line(gsize n)
{
    GString *text = g_string_new("#");
    while (text->len < n)
        g_string_append_c(text, ' ');
    return text;
}

static void
test_limits(void)
{
    g_assert_true(parses(entries(MTREE_ENTRIES_MAX)));
    g_assert_false(parses(entries(MTREE_ENTRIES_MAX + 1)));
    g_assert_true(parses(nested(MTREE_DEPTH_MAX)));
    g_assert_false(parses(nested(MTREE_DEPTH_MAX + 1)));
    g_assert_true(parses(long_name(VFS_NAME_MAX)));
    g_assert_false(parses(long_name(VFS_NAME_MAX + 1)));
    g_assert_true(parses(sized(MTREE_SIZE_MAX)));
    g_assert_false(parses(sized(MTREE_SIZE_MAX + 1)));
    g_assert_true(parses(long_line(64u << 10)));
    g_assert_false(parses(long_line((64u << 10) + 1)));
}

static void
test_nul(void)
{
    g_autoptr(MtreeSpec) spec = mtree_spec_parse("x", "./a\0b\n", 6, NULL);
    g_assert_null(spec);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/mtree-spec/good", good_rows, test_good);
    ROWS_ADD("/mtree-spec/bad", bad_rows, test_bad);
    g_test_add_func("/mtree-spec/limits", test_limits);
    g_test_add_func("/mtree-spec/nul", test_nul);
    return g_test_run();
}
