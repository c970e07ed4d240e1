/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs makefs as a child that dies with us. Its files are descriptors that it inherits: the
 * directory that it starts in, the mtree file and the image by /proc/self/fd.
 */
#include "images/makefs.h"

#include "base/autofd.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define MAKEFS_STDERR_MAX 4096 /* bytes that are looked at */

/**
 * makefs_find:
 * @error: PXE_RUN_ERROR_HOST
 *
 * Returns: (transfer full): the program's path
 **/
char *
makefs_find(GError **error)
{
    char *program = g_find_program_in_path(MAKEFS_PROGRAM);

    if (program == NULL)
        g_set_error_literal(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                            "makefs is missing, which writes memory disks: install the package "
                            "makefs");
    return program;
}

typedef struct {
    pid_t parent;
    int dir, spec, image;
} MakefsChild;

static void
makefs_child_setup(gpointer data)
{
    const MakefsChild *self = data;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != self->parent || fchdir(self->dir) < 0 || fcntl(self->spec, F_SETFD, 0) < 0 ||
        fcntl(self->image, F_SETFD, 0) < 0)
        _exit(1);
}

/* Returns: (transfer full): arguments */
static GPtrArray *
makefs_argv(const char *program, const MakefsOptions *o, int spec, int image)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(argv, g_strdup(program));
    g_ptr_array_add(argv, g_strdup("-tffs"));
    g_ptr_array_add(argv, g_strdup("-Ble"));
    g_ptr_array_add(argv, g_strdup_printf("-oversion=%u,bsize=%u,fsize=%u,density=%u,minfree=%u,"
                                          "optimization=%s",
                                          o->version, o->block, o->frag, o->bytes_per_inode,
                                          o->minfree, o->optimize_time ? "time" : "space"));
    g_ptr_array_add(argv, g_strdup_printf("-F/proc/self/fd/%d", spec));
    g_ptr_array_add(argv, g_strdup_printf("-T%" G_GINT64_FORMAT, o->time_s));
    g_ptr_array_add(argv, g_strdup_printf("-s%" G_GUINT64_FORMAT, o->size));
    g_ptr_array_add(argv, g_strdup_printf("/proc/self/fd/%d", image));
    g_ptr_array_add(argv, g_strdup("."));
    g_ptr_array_add(argv, NULL);
    return argv;
}

/* Reads to the end, and keeps the last of it. Returns: (transfer full) */
static char *
read_last_line(int fd)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char bytes[1024];

    for (;;) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        g_string_append_len(text, bytes, n);
        if (text->len > MAKEFS_STDERR_MAX)
            (void)g_string_erase(text, 0, (gssize)(text->len - MAKEFS_STDERR_MAX));
    }
    (void)g_strchomp(text->str);
    const char *line = strrchr(text->str, '\n');
    line = line != NULL ? line + 1 : text->str;
    if (g_str_has_prefix(line, MAKEFS_PROGRAM ": "))
        line += strlen(MAKEFS_PROGRAM ": ");
    return g_strdup(line);
}

static gboolean
makefs_end(pid_t pid, int stderr_fd, GError **error)
{
    g_autofree char *line = read_last_line(stderr_fd);
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return TRUE;
    if (*line != '\0')
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "makefs cannot write the image: %s",
                    line);
    else if (WIFSIGNALED(status))
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "makefs was ended by signal %d",
                    WTERMSIG(status));
    else
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                    "makefs cannot write the image: status %d", WEXITSTATUS(status));
    return FALSE;
}

/* Returns: (transfer full): memory with the text; -1 with errno */
static int
text_memory(const GString *text)
{
    auto_fd fd = memfd_create("mtree", MFD_CLOEXEC);

    if (fd < 0)
        return -1;
    for (gsize at = 0; at < text->len;) {
        ssize_t n = write(fd, text->str + at, text->len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        at += (gsize)n;
    }
    return autofd_steal(&fd);
}

/**
 * makefs_run:
 * @program: path of makefs
 * @options: how to write
 * @dir_fd: (transfer none): the contents
 * @mtree: all attributes
 * @image_fd: (transfer none): memory, or a file, which is overwritten
 * @error: PXE_RUN_ERROR_HOST, with makefs's own last line
 **/
gboolean
makefs_run(const char *program,
           const MakefsOptions *options,
           int dir_fd,
           const GString *mtree,
           int image_fd,
           GError **error)
{
    g_autoptr(GError) why = NULL;
    GPid pid;
    int err;

    auto_fd spec = text_memory(mtree);
    if (spec < 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "no memory to run makefs: %s",
                    g_strerror(errno));
        return FALSE;
    }
    MakefsChild child = { getpid(), dir_fd, spec, image_fd };
    g_autoptr(GPtrArray) argv = makefs_argv(program, options, spec, image_fd);
    if (!g_spawn_async_with_pipes(NULL, (char **)argv->pdata, NULL,
                                  G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL |
                                      G_SPAWN_CLOEXEC_PIPES,
                                  makefs_child_setup, &child, &pid, NULL, NULL, &err, &why)) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot start makefs: %s",
                    why->message);
        return FALSE;
    }
    auto_fd stderr_fd = err;
    return makefs_end(pid, stderr_fd, error);
}
