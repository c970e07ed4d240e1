/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scan process. libisofs reads the tree; a child does it, because
 *  - a damaged or hostile image can crash or exhaust the library, and then only the child is lost;
 *  - libisofs needs half a kilobyte a node, which goes back to the system with the child;
 *  - it runs beside everything else that happens before the guest asks for the first file.
 *
 * Theory of operation: the child answers on a pipe twice, with a ScanReply each time. The first
 * reply comes when the volume descriptors and the directories on the way to the probe paths were
 * read (well under a millisecond); the second one when the table (iso-table.h) in the shared memory
 * is complete, which nobody can write to any more then. A child that ends without a reply crashed.
 * Its address space and processor time are limited, and it dies with its parent.
 */
#include "images/iso-scan.h"

#include "base/autofd.h"
#include "base/error.h"
#include "base/log.h"
#include "images/iso-scan-child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

/* Last: it needs the types above and brings many names. */
#define LIBISOFS_WITHOUT_LIBBURN 1
#include <libisofs/libisofs.h>

/* What is checked once must stay so, whatever has become of the child on the image's bytes. */
#define TABLE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

struct IsoScan {
    pid_t pid; /* 0 when it was seen to end */
    int reply_fd;
    int table_fd;
};

/**
 * iso_scan_start:
 * @image_fd: (transfer none): the image, open for reading; must stay open until the scan is done
 * @probe_paths: (array zero-terminated): paths to look for first, ISO_PROBES_MAX at most
 * @error: PXE_RUN_ERROR_HOST when no process can be started
 *
 * Must be called before the program has threads.
 *
 * Returns: (transfer full): a scan that runs
 **/
IsoScan *
iso_scan_start(int image_fd, const char *const *probe_paths, GError **error)
{
    int pipe_fds[2];

    auto_fd table_fd = memfd_create("iso-table", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (table_fd < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot set up the ISO scan: %s",
                    g_strerror(errno));
        return NULL;
    }
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(pipe_fds[0]);
        scan_child_main(image_fd, probe_paths, pipe_fds[1], table_fd);
    }
    int saved = errno;
    (void)close(pipe_fds[1]);
    if (pid < 0) {
        (void)close(pipe_fds[0]);
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot start the ISO scan: %s",
                    g_strerror(saved));
        return NULL;
    }
    IsoScan *self = g_new0(IsoScan, 1);
    self->pid = pid;
    self->reply_fd = pipe_fds[0];
    self->table_fd = autofd_steal(&table_fd);
    return self;
}

/* The child has ended without a reply: says why. */
static void
scan_set_ended(IsoScan *self, GError **error)
{
    int status = 0;

    (void)kill(self->pid, SIGKILL); /* one that goes on without its pipe; changes no other end */
    while (waitpid(self->pid, &status, 0) < 0 && errno == EINTR)
        ;
    self->pid = 0;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    "the image's tree is damaged: %d s of processor time are not enough to read it",
                    SCAN_CPU_MAX);
    else
        g_set_error_literal(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                            "the image is damaged: its directory tree cannot be read");
}

static gboolean
scan_wait_reply(IsoScan *self, ScanReply *reply, GError **error)
{
    guint8 *at = (guint8 *)reply;
    gsize left = sizeof *reply;

    while (left > 0) {
        ssize_t n = read(self->reply_fd, at, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            scan_set_ended(self, error);
            return FALSE;
        }
        at += n;
        left -= (gsize)n;
    }
    reply->text[sizeof reply->text - 1] = '\0';
    if (reply->status == 0)
        return TRUE;
    g_autofree char *shown = log_escape(reply->text, strlen(reply->text));
    if (reply->status == (gint32)ISO_WRONG_PVD)
        g_set_error_literal(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                            "not an ISO 9660 image (no primary volume descriptor)");
    else
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    "the image cannot be read, it is damaged or cut short (%s)", shown);
    return FALSE;
}

/**
 * iso_scan_wait_opened:
 * @self: a scan that was just started
 * @ret_volume_id: (out) (transfer full): the volume identifier, escaped for a terminal or JSON
 * @ret_present: (out): bit n is set when probe path n is a regular file of the image; what a
 *   symbolic link leads to is not found here, only in the finished table
 * @error: PXE_RUN_ERROR_MEDIUM when it is no ISO 9660 image or a damaged one
 *
 * Waits until the image is known to be one that can be read; call it once.
 **/
gboolean
iso_scan_wait_opened(IsoScan *self, char **ret_volume_id, guint32 *ret_present, GError **error)
{
    ScanReply reply;

    if (!scan_wait_reply(self, &reply, error))
        return FALSE;
    *ret_volume_id = log_escape(reply.text, strlen(reply.text));
    *ret_present = reply.present;
    return TRUE;
}

/**
 * iso_scan_wait_table:
 * @self: a scan for which iso_scan_wait_opened() has succeeded
 * @error: PXE_RUN_ERROR_MEDIUM when the tree cannot be read
 *
 * Waits until the whole tree was read; call it once.
 *
 * Returns: (transfer full): a descriptor of the finished IsoTable, or -1
 **/
int
iso_scan_wait_table(IsoScan *self, GError **error)
{
    ScanReply reply;

    if (!scan_wait_reply(self, &reply, error))
        return -1;
    if (fcntl(self->table_fd, F_ADD_SEALS, TABLE_SEALS) < 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    "the image is damaged: its directory tree cannot be kept (%s)",
                    g_strerror(errno));
        return -1;
    }
    return autofd_steal(&self->table_fd);
}

/**
 * iso_scan_free:
 * @self: (nullable): a scan, which is ended if it still runs
 **/
void
iso_scan_free(IsoScan *self)
{
    if (self == NULL)
        return;
    autofd_clear(&self->reply_fd);
    autofd_clear(&self->table_fd);
    if (self->pid != 0)
        (void)kill(self->pid, SIGKILL);
    while (self->pid != 0 && waitpid(self->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    g_free(self);
}
