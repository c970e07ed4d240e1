/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * makefs wants a directory with the files that go into an image. Nothing of it may be left when
 * pxe-run is killed.
 *
 * Theory of operation: a child makes itself a user and a mount namespace, mounts a tmpfs there, and
 * hands back a descriptor of it. With the child ends the only name that the tmpfs ever had; it is
 * memory of whoever has the descriptor, and gone when the last of them is. That is all.
 *
 * Where namespaces are forbidden, it is a directory in $TMPDIR, and a child guards it, which waits
 * for the end of a pipe whose other end we have, and then removes the directory. It has a session
 * of its own, so that no Ctrl-C reaches it, and ignores what ends programs. Only if it is killed
 * together with us something is left.
 *
 * The process may have threads when this is called: a child calls nothing but the kernel.
 */
#include "images/private-dir.h"

#include "base/autofd.h"
#include "base/error.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define CHILD_MOUNT_POINT "/proc" /* any directory that is there */
#define GUARD_DEPTH_MAX   300     /* directories inside one another that a guard removes */
#define GUARD_LISTING     2048    /* bytes of a directory that it reads at a time */
#define PRIVATE_DIR_MODE  0700

/* ---- in the child that makes the tmpfs ---- */

static gboolean
child_write(const char *path, const char *text)
{
    auto_fd fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static gboolean
child_send(int socket_fd, int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = { .bytes = { 0 } };
    char byte = 0;
    struct iovec text = { &byte, 1 };
    struct msghdr message = {
        .msg_iov = &text,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(socket_fd, &message, MSG_NOSIGNAL) == 1;
}

/* @map_uid, @map_gid: what makes the namespace's user and group those that we are */
static void
child_make_tmpfs(int socket_fd, const char *map_uid, const char *map_gid)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || !child_write("/proc/self/setgroups", "deny") ||
        !child_write("/proc/self/uid_map", map_uid) ||
        !child_write("/proc/self/gid_map", map_gid) ||
        mount("pxe-run", CHILD_MOUNT_POINT, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "mode=0700") < 0)
        return;
    int fd = open(CHILD_MOUNT_POINT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void)child_send(socket_fd, fd);
}

/* ---- in the parent ---- */

static int
receive_fd(int socket_fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = { .bytes = { 0 } };
    char byte;
    struct iovec text = { &byte, 1 };
    struct msghdr message = {
        .msg_iov = &text,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    int fd = -1;

    ssize_t n;
    do {
        n = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    const struct cmsghdr *header = n == 1 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header != NULL && header->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

static void
bury(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

/* Returns: (transfer full): a tmpfs without a name; -1 where that is forbidden */
static int
open_nameless(void)
{
    char map_uid[64], map_gid[64];
    int sockets[2];

    (void)snprintf(map_uid, sizeof map_uid, "%u %u 1", geteuid(), geteuid());
    (void)snprintf(map_gid, sizeof map_gid, "%u %u 1", getegid(), getegid());
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
        return -1;
    auto_fd ours = sockets[0];
    auto_fd theirs = sockets[1];
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        child_make_tmpfs(theirs, map_uid, map_gid);
        _exit(0);
    }
    autofd_clear(&theirs);
    auto_fd fd = pid > 0 ? receive_fd(ours) : -1;
    if (pid > 0)
        bury(pid);
    struct stat st; /* is it of use? */
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid())
        return -1;
    return autofd_steal(&fd);
}

/* ---- in the guard ---- */

struct linux_dirent64 {
    guint64 d_ino;
    gint64 d_off;
    guint16 d_reclen;
    guint8 d_type;
    char d_name[];
};

static void guard_empty(int dir, guint depth);

/* Removes an entry. Returns: whether it is gone */
static gboolean
guard_remove(int dir, const char *name, guint depth)
{
    if (unlinkat(dir, name, 0) == 0)
        return TRUE;
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
        guard_empty(fd, depth + 1);
        (void)close(fd);
    }
    return unlinkat(dir, name, AT_REMOVEDIR) == 0;
}

/* Reads from the beginning until a pass finds nothing that can be removed. */
static void
guard_empty(int dir, guint depth)
{
    _Alignas(struct linux_dirent64) char bytes[GUARD_LISTING];
    gboolean removed = depth < GUARD_DEPTH_MAX;

    while (removed) {
        removed = FALSE;
        (void)lseek(dir, 0, SEEK_SET);
        for (long n; (n = syscall(SYS_getdents64, dir, bytes, sizeof bytes)) > 0;) {
            for (long at = 0; at < n;) {
                const struct linux_dirent64 *entry = (const void *)(bytes + at);
                at += entry->d_reclen;
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                    guard_remove(dir, entry->d_name, depth))
                    removed = TRUE;
            }
        }
    }
}

static void
guard_main(int dir, const char *path, int pipe_fd)
{
    static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP };
    char byte;

    (void)setsid();
    for (gsize i = 0; i < G_N_ELEMENTS(ignored); i++)
        (void)signal(ignored[i], SIG_IGN);
    /* No other descriptor: a pipe of ours, or a terminal, must not stay open because of us. */
    (void)dup2(dir, 0);
    (void)dup2(pipe_fd, 1);
    (void)syscall(SYS_close_range, 2u, ~0u, 0u);
    while (read(1, &byte, 1) < 0 && errno == EINTR)
        continue;
    guard_empty(0, 0);
    (void)rmdir(path);
}

/* ---- in the parent ---- */

/* Removes an empty directory which could not be guarded. */
static gboolean
fail_named(PrivateDir *self, GError **error)
{
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                "cannot make a directory in '%s': %s; set TMPDIR", g_get_tmp_dir(),
                g_strerror(errno));
    if (self->path != NULL)
        (void)rmdir(self->path);
    g_clear_pointer(&self->path, g_free);
    autofd_clear(&self->fd);
    return FALSE;
}

static gboolean
open_named(PrivateDir *self, GError **error)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "pxe-run-XXXXXX", NULL);
    int ends[2];

    if (g_mkdtemp_full(path, PRIVATE_DIR_MODE) == NULL)
        return fail_named(self, error);
    self->path = g_steal_pointer(&path);
    self->fd = open(self->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (self->fd < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return fail_named(self, error);
    auto_fd theirs = ends[0];
    auto_fd ours = ends[1];
    self->guard = fork();
    if (self->guard == 0) {
        (void)close(ours);
        guard_main(self->fd, self->path, theirs);
        _exit(0);
    }
    if (self->guard < 0)
        return fail_named(self, error);
    self->guard_pipe = autofd_steal(&ours);
    return TRUE;
}

/**
 * private_dir_open:
 * @ret: (out): an empty directory, mode 0700, to be cleared with private_dir_clear()
 * @kind: which kind
 * @error: PXE_RUN_ERROR_HOST
 **/
gboolean
private_dir_open(PrivateDir *ret, PrivateDirKind kind, GError **error)
{
    PrivateDir self = { .fd = -1, .guard_pipe = -1 };

    if (kind == PRIVATE_DIR_ANY)
        self.fd = open_nameless();
    if (self.fd < 0) {
        g_debug("files for makefs get names in %s", g_get_tmp_dir());
        if (!open_named(&self, error))
            return FALSE;
    }
    *ret = self;
    return TRUE;
}

/* Removes the directory with all that is in it. */
void
private_dir_clear(PrivateDir *self)
{
    autofd_clear(&self->fd);
    autofd_clear(&self->guard_pipe);
    if (self->guard > 0)
        bury(self->guard);
    self->guard = 0;
    g_clear_pointer(&self->path, g_free);
}
