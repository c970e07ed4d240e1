/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One of three things: --from, a new memory disk; --list, what is in one; --extract, its files.
 *
 * A new one goes four steps: read (mfsroot-source.c), change, write (mfsroot.c), compress (gzip.c).
 * What comes out is kept under a key that is made of all that goes in, so that a second run only
 * copies it.
 */
#include "launcher/mfsroot-command.h"

#include "base/autofd.h"
#include "base/error.h"
#include "images/boot-changes.h"
#include "images/cache-file.h"
#include "images/gzip.h"
#include "images/makefs.h"
#include "images/mfsroot-key.h"
#include "images/mfsroot-source.h"
#include "images/root-tree.h"
#include "images/tree-unpack.h"
#include "launcher/output-file.h"
#include "launcher/tree-list.h"
#include "launcher/unpack-target.h"

#include <string.h>

static gboolean G_GNUC_PRINTF(2, 3) usage(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    GError *own = g_error_new_valist(PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE, format, args);
    va_end(args);
    g_propagate_error(error, own);
    return FALSE;
}

/* Bytes, or with a letter behind them KiB, MiB, GiB; 0 is for us to choose. */
static gboolean
parse_size(const char *text, guint64 *ret, GError **error)
{
    static const char units[] = "kmg";
    char *end = NULL;

    if (text == NULL || g_str_equal(text, "auto")) {
        *ret = 0;
        return TRUE;
    }
    guint64 size = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &end, 10) : 0;
    const char *unit = end != NULL && *end != '\0' ? strchr(units, g_ascii_tolower(*end)) : NULL;
    if (unit != NULL) {
        guint shift = 10 * (guint)(unit - units + 1);
        size = size <= MFSROOT_SIZE_MAX >> shift ? size << shift : G_MAXUINT64;
        end++;
    }
    if (size == 0 || size > MFSROOT_SIZE_MAX || *end != '\0')
        return usage(error, "--size '%s': want up to %lluM, as in 8M or 4320K, or auto", text,
                     MFSROOT_SIZE_MAX >> 20);
    *ret = size;
    return TRUE;
}

/* @options: what the source says, which the user's words go over */
static gboolean
take_options(const RunText *text, MfsrootOptions *options, GError **error)
{
    if (text->ufs != NULL && !g_str_equal(text->ufs, "1") && !g_str_equal(text->ufs, "2"))
        return usage(error, "--ufs '%s': want 1 or 2", text->ufs);
    if (text->ufs != NULL)
        options->ufs_version = text->ufs[0] == '1' ? 1 : 2;
    return parse_size(text->size, &options->size, error);
}

/* Lays the user's files and init over the tree. */
static gboolean
change(MfsrootSource *source, const BootChanges *changes, GError **error)
{
    ProgramFile init;

    if (!boot_changes_of_root(changes))
        return TRUE;
    if (!boot_changes_read_init(changes, &init, error) ||
        (changes->init != NULL && !program_file_check_init(&init, changes->init, NULL, error)))
        return FALSE;
    source->tree = root_tree_over(changes, source->tree, error);
    return source->tree != NULL;
}

/* Returns: (transfer full): the finished image, in memory; -1 on failure */
static int
build(const RunConfig *config, gboolean compress, GError **error)
{
    g_auto(MfsrootSource) source = { 0 };
    const RunText *text = &config->text;

    if (!mfsroot_source_open(text->from, &source, error) ||
        !take_options(text, &source.like, error) || !change(&source, &config->changes, error))
        return -1;
    auto_fd image = mfsroot_build(source.tree, &source.like, error);
    return image >= 0 && compress ? gzip_deflate(image, error) : autofd_steal(&image);
}

/* Returns: (transfer full) (nullable): under which key the result is kept */
static char *
make_key(const RunConfig *config, const char *makefs, gboolean compress)
{
    const RunText *text = &config->text;

    if (text->no_cache)
        return NULL;
    g_autoptr(MfsrootKey) key = mfsroot_key_new(makefs);
    mfsroot_key_add_text(key, text->size);
    mfsroot_key_add_text(key, text->ufs);
    mfsroot_key_add_path(key, text->from);
    boot_changes_add_to_key(&config->changes, key);
    return mfsroot_key_finish(key, compress ? "mfsroot.gz" : "mfsroot");
}

static gboolean
command_build(const RunConfig *config, const char *out, GError **error)
{
    const RunText *text = &config->text;
    MfsrootOptions unused = { 0 };

    if (out == NULL)
        return usage(error, "mfsroot: where to? give -o FILE, or -o - for standard output");
    if (!take_options(text, &unused, error))
        return FALSE;
    g_autofree char *makefs = makefs_find(error);
    if (makefs == NULL)
        return FALSE;
    gboolean compress = g_str_has_suffix(out, ".gz");
    g_autofree char *key = make_key(config, makefs, compress);
    auto_fd kept = key != NULL ? cache_file_open(key) : -1;
    if (kept >= 0)
        return output_file_write(out, kept, error);
    auto_fd made = build(config, compress, error);
    if (made < 0 || !output_file_write(out, made, error))
        return FALSE;
    if (key != NULL)
        cache_file_keep(key, made);
    return TRUE;
}

static gboolean
command_list(const RunText *text, GError **error)
{
    g_auto(MfsrootSource) source = { 0 };

    return mfsroot_source_open(text->list, &source, error) &&
           tree_list_print(source.tree, text->json, error);
}

static gboolean
command_extract(const RunText *text, GError **error)
{
    g_auto(MfsrootSource) source = { 0 };
    g_autoptr(GString) mtree = g_string_new(NULL);
    const TreeUnpackOptions options = { .mode = TREE_UNPACK_PERMISSIONS };

    if (text->directory == NULL)
        return usage(error, "mfsroot --extract: where to? give -C DIR");
    if (!mfsroot_source_open(text->extract, &source, error))
        return FALSE;
    auto_fd target = unpack_target_open(text->directory, error);
    return target >= 0 && tree_unpack(source.tree, target, &options, mtree, error) &&
           unpack_target_write_mtree(text->directory, mtree, error);
}

/**
 * mfsroot_command:
 * @config: (transfer none): the options, and what of them was checked
 * @out: (nullable): where a new memory disk goes
 * @error: any
 *
 * Must be called before the program has threads.
 **/
gboolean
mfsroot_command(const RunConfig *config, const char *out, GError **error)
{
    const RunText *text = &config->text;
    int wanted = (text->from != NULL) + (text->list != NULL) + (text->extract != NULL);

    if (wanted != 1)
        return usage(error, "mfsroot: give one of --from FILE|DIR, --list FILE, --extract FILE");
    if (text->list != NULL)
        return command_list(text, error);
    return text->extract != NULL ? command_extract(text, error) : command_build(config, out, error);
}
