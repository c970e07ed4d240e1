/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scan process itself: reads the tree with libisofs and writes it out as a table. It trusts
 * nothing that it reads, and nobody trusts what it writes.
 */
#include "images/iso-scan-child.h"

#include "images/iso-scan.h"
#include "images/iso-table-builder.h"
#include "images/iso-table.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Last: it needs the types above and brings many names. */
#define LIBISOFS_WITHOUT_LIBBURN 1
#include <libisofs/libisofs.h>

/* The address sanitizer's shadow memory needs more room than we allow. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SCAN_SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SCAN_SANITIZED 1
#endif
#ifndef SCAN_SANITIZED
#define SCAN_SANITIZED 0
#endif

#define SCAN_MEMORY_MAX (4ull << 30) /* bytes of address space */
#define SCAN_DEPTH_MAX  256          /* directories inside one another */
#define RECORD_MIN      34           /* bytes of the shortest directory record, ECMA-119 9.1 */

/* Rock Ridge names are bytes and stay as they are; without Rock Ridge: Joliet. */
static int
child_read_opts(IsoReadOpts **ret)
{
    char utf8[] = "UTF-8";

    int r = iso_read_opts_new(ret, 0);
    if (r < 0)
        return r;
    iso_read_opts_set_no_aaip(*ret, 1);
    iso_read_opts_set_no_md5(*ret, 1);
    iso_read_opts_set_default_permissions(*ret, 0444, 0555);
    iso_read_opts_set_input_charset(*ret, "UTF-8");
    return iso_set_local_charset(utf8, 0) == 1 ? ISO_SUCCESS : (int)ISO_CHARSET_CONV_ERROR;
}

static gboolean
is_regular_file(IsoImageFilesystem *fs, const char *path)
{
    IsoFileSource *file = NULL;
    struct stat st = { .st_mode = 0 };

    if (fs->get_by_path(fs, path, &file) != 1)
        return FALSE;
    (void)iso_file_source_lstat(file, &st);
    iso_file_source_unref(file);
    return S_ISREG(st.st_mode);
}

static guint32
child_probe(IsoImageFilesystem *fs, const char *const *probe_paths)
{
    guint32 present = 0;

    for (guint i = 0; i < ISO_PROBES_MAX && probe_paths[i] != NULL; i++)
        present |= (is_regular_file(fs, probe_paths[i]) ? 1u : 0u) << i;
    return present;
}

/* What libisofs does to names that are in the directory records alone. */
enum {
    NAMES_STRIPPED = 1, /* of ";1" */
    NAMES_LOWER_CASE = 3
};

#define OWNER_OF_NOBODY ((uid_t)-3) /* shown as the owner where Rock Ridge names none */

static gboolean
has_rock_ridge(IsoImageFilesystem *fs)
{
    IsoFileSource *root = NULL;
    struct stat st = { .st_uid = OWNER_OF_NOBODY };

    if (fs->get_root(fs, &root) != 1)
        return FALSE;
    (void)iso_file_source_lstat(root, &st);
    iso_file_source_unref(root);
    return st.st_uid != OWNER_OF_NOBODY;
}

/*
 * Opens the image. An image with Rock Ridge can have names in the directory record alone: makefs,
 * which makes FreeBSD's media, does so where both would be the same, in capitals. Without Rock
 * Ridge there are only capitals, and we show lower case, as FreeBSD's cd9660 does. libisofs must
 * know in front and tells behind, but an owner given as the default tells, too.
 */
static int
child_open_names(IsoDataSource *src, IsoReadOpts *opts, IsoImageFilesystem **ret)
{
    iso_read_opts_set_ecma119_map(opts, NAMES_STRIPPED);
    iso_read_opts_set_default_uid(opts, OWNER_OF_NOBODY);
    int r = iso_image_filesystem_new(src, opts, 1, ret);
    iso_read_opts_set_default_uid(opts, 0);
    if (r < 0 || has_rock_ridge(*ret))
        return r;
    iso_filesystem_unref(*ret);
    iso_read_opts_set_ecma119_map(opts, NAMES_LOWER_CASE);
    return iso_image_filesystem_new(src, opts, 1, ret);
}

static int
child_open(IsoDataSource *src, IsoReadOpts *opts, const char *const *probe_paths, ScanReply *reply)
{
    IsoImageFilesystem *fs = NULL;

    int r = child_open_names(src, opts, &fs);
    if (r < 0)
        return r;
    const char *id = iso_image_fs_get_volume_id(fs);
    (void)g_strlcpy(reply->text, id != NULL ? id : "", sizeof reply->text);
    reply->present = child_probe(fs, probe_paths);
    iso_filesystem_unref(fs);
    return ISO_SUCCESS;
}

/*
 * What an image may hold before its directories are taken for endless, and where libisofs is in
 * them: it announces a directory, and the next thing it reads is that directory's first block.
 */
typedef struct {
    IsoDataSource *file;
    guint64 objects_left;
    guint32 way[SCAN_DEPTH_MAX + 1]; /* first block of each directory on the way to this one */
    guint depth;                     /* of the directory announced last; the root's is 0 */
    gboolean entering;               /* it was not read from yet */
    gboolean endless;
} ImportWatch;

/*
 * Called by libisofs for each object. A directory that contains itself comes again and again, one
 * level down; it is noticed by its block, and what is hostile enough to come under ever new ones by
 * its depth, or when there are more objects than the image has room for directory records.
 */
static int
watch_object(IsoImage *image, IsoFileSource *file)
{
    ImportWatch *self = iso_image_get_attached_data(image);
    struct stat st;

    if (iso_file_source_lstat(file, &st) == 1 && S_ISDIR(st.st_mode)) {
        char *path = iso_file_source_get_path(file);
        self->depth = 0;
        for (const char *p = path; p != NULL && *p != '\0'; p++)
            self->depth += *p == '/';
        free(path);
        self->entering = self->depth <= SCAN_DEPTH_MAX;
    }
    if (self->depth > SCAN_DEPTH_MAX || self->objects_left-- == 0)
        self->endless = TRUE;
    return self->endless ? -1 : 1;
}

static int
watch_read_block(IsoDataSource *source, uint32_t block, uint8_t *buffer)
{
    ImportWatch *self = source->data;

    if (self->entering) {
        for (guint i = 1; i < self->depth; i++)
            self->endless |= self->way[i] == block;
        self->way[self->depth] = block;
        self->entering = FALSE;
    }
    return self->file->read_block(self->file, block, buffer);
}

static int
watch_open(IsoDataSource *source)
{
    ImportWatch *self = source->data;
    return self->file->open(self->file);
}

static int
watch_close(IsoDataSource *source)
{
    ImportWatch *self = source->data;
    return self->file->close(self->file);
}

static void
watch_free_data(IsoDataSource *source)
{
    (void)source; /* goes with the process */
}

/*
 * libisofs goes on without what it cannot read: a directory with a block that is missing or makes
 * no sense comes out empty, and only a message tells. An object of a type that no Unix has is left
 * out in the same way, which does no harm; the cause of a message is the message behind it.
 */
static int
child_check_messages(ScanReply *reply)
{
    char least[] = "NOTE", severity[80];
    g_autofree char *text = g_malloc(ISO_MSGS_MESSAGE_LEN);
    gboolean left_out = FALSE;
    int code, image_id;

    while (iso_obtain_msgs(least, &code, &image_id, text, severity) == 1) {
        if (left_out && code != iso_error_get_code((int)ISO_BAD_ISO_FILETYPE))
            break;
        left_out = code == iso_error_get_code((int)ISO_FILE_CANT_ADD);
        if (left_out)
            (void)g_strlcpy(reply->text, text, sizeof reply->text);
    }
    return left_out ? (int)ISO_FILE_CANT_ADD : ISO_SUCCESS;
}

/* Reads the whole tree. @reply: what to say when that fails, if there is more than the code. */
static int
child_import(IsoDataSource *src, IsoReadOpts *opts, int image_fd, ScanReply *reply, IsoImage **ret)
{
    struct stat st = { .st_size = 0 };
    ImportWatch watch = { .file = src };
    IsoDataSource watched = {
        .refcount = 1,
        .open = watch_open,
        .close = watch_close,
        .read_block = watch_read_block,
        .free_data = watch_free_data,
        .data = &watch,
    };

    (void)fstat(image_fd, &st);
    watch.objects_left = MIN((guint64)st.st_size / RECORD_MIN, ISO_NODES_MAX);
    reply->text[0] = '\0';
    int r = iso_image_new(NULL, ret);
    if (r < 0)
        return r;
    (void)iso_image_attach_data(*ret, &watch, NULL);
    iso_tree_set_report_callback(*ret, watch_object);
    r = iso_image_import(*ret, &watched, opts, NULL);
    (void)iso_image_attach_data(*ret, NULL, NULL);
    if (watch.endless) {
        (void)g_strlcpy(reply->text, "its directories have no end", sizeof reply->text);
        return MIN(r, (int)ISO_CANCELED);
    }
    return r < 0 ? r : child_check_messages(reply);
}

/* A pipe takes a reply as a whole, or not at all when nobody reads any more (POSIX: PIPE_BUF). */
static void
child_reply(int fd, int status, ScanReply *reply)
{
    reply->status = status < 0 ? status : 0;
    if (status < 0 && reply->text[0] == '\0')
        (void)g_strlcpy(reply->text, iso_error_to_msg(status), sizeof reply->text);
    if (write(fd, reply, sizeof *reply) != (ssize_t)sizeof *reply)
        _exit(1);
}

static void
child_limits(void)
{
    struct rlimit cpu = { RLIM_INFINITY, RLIM_INFINITY };
    struct rlimit core = { 0, 0 };

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)getrlimit(RLIMIT_CPU, &cpu); /* who runs us may have less patience */
    cpu.rlim_cur = MIN(cpu.rlim_cur, SCAN_CPU_MAX);
    (void)setrlimit(RLIMIT_CPU, &cpu);
    (void)setrlimit(RLIMIT_CORE, &core);
#if !SCAN_SANITIZED
    struct rlimit memory = { SCAN_MEMORY_MAX, SCAN_MEMORY_MAX };
    (void)setrlimit(RLIMIT_AS, &memory);
#endif
}

/**
 * scan_child_main:
 * @image_fd: the image, open for reading
 * @probe_paths: see iso_scan_start()
 * @reply_fd: gets two ScanReply
 * @table_fd: empty memory, gets the IsoTable
 **/
void
scan_child_main(int image_fd, const char *const *probe_paths, int reply_fd, int table_fd)
{
    char path[32], note[] = "NOTE", never[] = "NEVER", no_prefix[] = "";
    ScanReply reply = { 0 };
    IsoDataSource *src = NULL;
    IsoReadOpts *opts = NULL;
    IsoImage *image = NULL;

    child_limits();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", image_fd);
    int r = iso_init();
    if (r >= 0)
        r = iso_set_msgs_severities(note, never, no_prefix);
    if (r >= 0)
        r = iso_data_source_new_from_file(path, &src);
    if (r >= 0)
        r = child_read_opts(&opts);
    if (r >= 0)
        r = child_open(src, opts, probe_paths, &reply);
    child_reply(reply_fd, r, &reply);
    if (r < 0)
        _exit(1);

    r = child_import(src, opts, image_fd, &reply, &image);
    if (r >= 0)
        r = iso_table_build(image, table_fd);
    child_reply(reply_fd, r, &reply);
    _exit(0);
}
