/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a line is a name and words about it. A name with a slash is a whole path;
 * one without is an entry of the current directory, and makes itself that if it is a directory,
 * until a line ".." leaves it. "/set" gives words to all lines that follow. A path that comes twice
 * has what both lines say.
 */
#include "images/mtree-spec.h"

#include "base/error.h"

#include <string.h>

#define LINE_MAX_LEN (64u << 10)

struct MtreeSpec {
    GPtrArray *entries;  /* of MtreeEntry */
    GHashTable *by_path; /* path → MtreeEntry */
};

typedef struct {
    MtreeSpec *spec;
    const char *name;
    guint line;
    MtreeEntry defaults; /* by "/set" */
    GPtrArray *inside;   /* of char: the current directory's path, and those of its parents */
    GError **error;
} Parser;

G_GNUC_PRINTF(2, 3)
static gboolean
parse_fail(Parser *self, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *reason = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(self->error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "'%s' line %u: %s", self->name,
                self->line, reason);
    return FALSE;
}

static void
entry_free(gpointer data)
{
    MtreeEntry *entry = data;
    g_free(entry->path);
    g_free(entry->link);
    g_free(entry);
}

/* ---- paths ---- */

/* "./a//b" → "a/b"; "." → "". Returns: (nullable): NULL for a path that leaves the tree */
static char *
clean_path(const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    GString *clean = g_string_new(NULL);
    gboolean bad = *path == '/' || strlen(path) >= VFS_PATH_MAX;

    for (char **name = names; *name != NULL; name++) {
        if (**name == '\0' || g_str_equal(*name, "."))
            continue;
        bad = bad || g_str_equal(*name, "..") || strlen(*name) > VFS_NAME_MAX;
        g_string_append_printf(clean, "%s%s", clean->len > 0 ? "/" : "", *name);
    }
    return g_string_free(clean, bad);
}

static const char *
current_directory(const Parser *self)
{
    return self->inside->len > 0 ? g_ptr_array_index(self->inside, self->inside->len - 1) : "";
}

/* The path that the first word of a line means. Returns: (transfer full) (nullable) */
static char *
take_path(Parser *self, const char *word, gboolean *ret_whole)
{
    /* By the escaped text: an escaped slash is a wrong name, and no path. */
    *ret_whole = strchr(word, '/') != NULL;
    g_autofree char *name = mtree_unvis(word);

    if (name == NULL || (!*ret_whole && (strchr(name, '/') != NULL || g_str_equal(name, "")))) {
        (void)parse_fail(self, "'%s' is no name", word);
        return NULL;
    }
    g_autofree char *joined = *ret_whole ? g_strdup(name)
                              : *current_directory(self) != '\0'
                                  ? g_strconcat(current_directory(self), "/", name, NULL)
                                  : g_strdup(name);
    char *path = clean_path(joined);
    if (path == NULL)
        (void)parse_fail(self, "'%s' is no path inside the tree", word);
    return path;
}

/* ---- lines ---- */

static MtreeEntry *
entry_for(Parser *self, const char *path)
{
    MtreeEntry *entry = g_hash_table_lookup(self->spec->by_path, path);

    if (entry != NULL)
        return entry;
    if (self->spec->entries->len >= MTREE_ENTRIES_MAX) {
        (void)parse_fail(self, "more than %u paths", MTREE_ENTRIES_MAX);
        return NULL;
    }
    entry = g_new0(MtreeEntry, 1);
    *entry = self->defaults;
    entry->path = g_strdup(path);
    entry->link = NULL;
    g_ptr_array_add(self->spec->entries, entry);
    g_hash_table_insert(self->spec->by_path, entry->path, entry);
    return entry;
}

/* A number comes before a name of the same, whatever the line's order. */
static gboolean
apply_words(Parser *self, char *const *words, MtreeEntry *entry)
{
    gboolean has_uid = entry->has_uid, has_gid = entry->has_gid;

    for (char *const *word = words; *word != NULL; word++) {
        has_uid = has_uid && !g_str_has_prefix(*word, "uname=");
        has_gid = has_gid && !g_str_has_prefix(*word, "gname=");
    }
    entry->has_uid = has_uid;
    entry->has_gid = has_gid;
    for (guint pass = 0; pass < 2; pass++) {
        for (char *const *word = words; *word != NULL; word++) {
            gboolean is_name =
                g_str_has_prefix(*word, "uname=") || g_str_has_prefix(*word, "gname=");
            const char *wrong =
                is_name == (pass == 1) && **word != '\0' ? mtree_keyword_apply(*word, entry) : NULL;
            if (wrong != NULL)
                return parse_fail(self, "'%s': %s", *word, wrong);
        }
    }
    return TRUE;
}

static gboolean
enter_directory(Parser *self, const char *path)
{
    if (self->inside->len >= MTREE_DEPTH_MAX)
        return parse_fail(self, "more than %d directories inside one another", MTREE_DEPTH_MAX);
    g_ptr_array_add(self->inside, g_strdup(path));
    return TRUE;
}

static gboolean
check_entry(Parser *self, const MtreeEntry *entry)
{
    gboolean device = entry->has_type && (entry->type == VFS_CHR || entry->type == VFS_BLK);

    if (entry->has_type && entry->type == VFS_LNK && entry->link == NULL)
        return parse_fail(self, "a symbolic link without link=");
    return !device || entry->has_device || parse_fail(self, "a device without device=");
}

static gboolean
parse_entry(Parser *self, char *const *words)
{
    gboolean whole;
    g_autofree char *path = take_path(self, words[0], &whole);

    if (path == NULL)
        return FALSE;
    MtreeEntry *entry = entry_for(self, path);
    if (entry == NULL || !apply_words(self, words + 1, entry) || !check_entry(self, entry))
        return FALSE;
    if (whole || !entry->has_type || entry->type != VFS_DIR)
        return TRUE;
    return enter_directory(self, path);
}

static gboolean
parse_unset(Parser *self, char *const *words)
{
    for (; *words != NULL; words++)
        (void)mtree_keyword_forget(*words, &self->defaults);
    return TRUE;
}

static gboolean
leave_directory(Parser *self)
{
    if (self->inside->len == 0)
        return parse_fail(self, "'..' leaves the tree");
    g_ptr_array_remove_index(self->inside, self->inside->len - 1);
    return TRUE;
}

static gboolean
parse_line(Parser *self, const char *line)
{
    g_auto(GStrv) words = NULL;
    g_autofree char *trimmed = g_strdup(line);

    (void)g_strstrip(trimmed);
    if (*trimmed == '\0' || *trimmed == '#')
        return TRUE;
    words = g_strsplit_set(trimmed, " \t", -1);
    if (g_str_equal(words[0], "/set"))
        return apply_words(self, words + 1, &self->defaults);
    if (g_str_equal(words[0], "/unset"))
        return parse_unset(self, words + 1);
    if (g_str_equal(words[0], ".."))
        return leave_directory(self);
    if (*words[0] == '/')
        return parse_fail(self, "'%s' is neither a command nor a path inside the tree", words[0]);
    return parse_entry(self, words);
}

/* Takes the next line, with those that it goes on with behind a backslash at its end. */
static gboolean
take_line(Parser *self, const char **at, const char *end, GString *ret)
{
    gboolean goes_on = TRUE;

    g_string_truncate(ret, 0);
    while (goes_on && *at < end) {
        const char *newline = memchr(*at, '\n', (gsize)(end - *at));
        gsize len = (gsize)((newline != NULL ? newline : end) - *at);
        self->line++;
        goes_on = len > 0 && (*at)[len - 1] == '\\' && (len < 2 || (*at)[len - 2] != '\\');
        if (memchr(*at, '\0', len) != NULL)
            return parse_fail(self, "a NUL byte");
        if (ret->len + len > LINE_MAX_LEN)
            return parse_fail(self, "longer than %u bytes", LINE_MAX_LEN);
        g_string_append_len(ret, *at, (gssize)len - (goes_on ? 1 : 0));
        *at += len + (newline != NULL);
    }
    return TRUE;
}

/**
 * mtree_spec_parse:
 * @name: of the file, for messages
 * @text: its text
 * @len: its size in bytes
 * @error: PXE_RUN_ERROR_MEDIUM, with the number of the line
 *
 * Returns: (transfer full): what it says
 *
 * Source: mtree(5) of FreeBSD and NetBSD
 **/
MtreeSpec *
mtree_spec_parse(const char *name, const char *text, gsize len, GError **error)
{
    g_autoptr(MtreeSpec) self = g_new0(MtreeSpec, 1);
    g_autoptr(GPtrArray) inside = g_ptr_array_new_with_free_func(g_free);
    Parser parser = { .spec = self, .name = name, .inside = inside, .error = error };
    GString *line = g_string_new(NULL);
    const char *at = text, *end = len > 0 ? text + len : text;
    gboolean ok = TRUE;

    self->entries = g_ptr_array_new_with_free_func(entry_free);
    self->by_path = g_hash_table_new(g_str_hash, g_str_equal);
    if (len > MTREE_SIZE_MAX)
        ok = parse_fail(&parser, "the file is larger than %u bytes", MTREE_SIZE_MAX);
    while (ok && at < end)
        ok = take_line(&parser, &at, end, line) && parse_line(&parser, line->str);
    g_string_free(line, TRUE);
    g_free(parser.defaults.link);
    return ok ? g_steal_pointer(&self) : NULL;
}

/* Returns: how many paths there are */
guint
mtree_spec_count(const MtreeSpec *self)
{
    return self->entries->len;
}

/* Returns: (transfer none): one of them, in the order of the file */
const MtreeEntry *
mtree_spec_get(const MtreeSpec *self, guint index)
{
    return g_ptr_array_index(self->entries, index);
}

/* Returns: (transfer none) (nullable): what is said of @path, which is as in MtreeEntry */
const MtreeEntry *
mtree_spec_find(const MtreeSpec *self, const char *path)
{
    return g_hash_table_lookup(self->by_path, path);
}

/* @self: (nullable) (transfer full): a specification */
void
mtree_spec_free(MtreeSpec *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->by_path);
    g_ptr_array_unref(self->entries);
    g_free(self);
}
