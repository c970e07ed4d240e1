/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child gets PR_SET_PDEATHSIG, so that the kernel ends it however we end, SIGKILL included.
 * What it says is logged line by line, and kept for the case that it fails.
 *
 * Ctrl-C and the end of a terminal reach all processes on it. What then becomes of the run is
 * decided here, by one road, so QEMU does not see these signals.
 */
#include "launcher/qemu-process.h"

#include "base/autofd.h"
#include "base/error.h"
#include "launcher/child.h"
#include "launcher/terminal.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define QEMU_MAJOR_MIN 7 /* -netdev stream came with 7.2 */
#define QEMU_MINOR_MIN 2
#define SAID_MAX       4096 /* bytes of what QEMU says */
#define DRAIN_READS    256  /* of a page each, at QEMU's end */
#define ASK_MS         5000 /* for an answer of QEMU's about itself */
#define ASK_MAX        (64u << 10)
#define END_MS         3000 /* for the end of a killed QEMU */

/* Leaves the alternate screen, shows the cursor, ends all colours. */
#define ANSI_RESET "\033[?1049l\033[?25h\033[0m\r\n"

struct QemuProcess {
    pid_t pid; /* 0 when it has ended */
    int stderr_fd;
    guint child_source, stderr_source;
    GString *line; /* that has no end yet */
    GString *said;
    TerminalModes modes; /* of the terminal that QEMU draws on */
    QemuExitFunc exited;
    gpointer data;
};

/**
 * qemu_find:
 * @program: a name to look for in PATH, or a path
 * @error: PXE_RUN_ERROR_HOST
 *
 * Returns: (transfer full): the path of the program
 **/
char *
qemu_find(const char *program, GError **error)
{
    char *path = g_find_program_in_path(program);

    if (path == NULL)
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                    "cannot find the program '%s': install the Debian package qemu-system-x86, or "
                    "name one with --qemu",
                    program);
    return path;
}

/* Runs `program OPTION…` to its end. Returns: (transfer full) (nullable): its output */
static char *
qemu_ask(const char *program, const char *option, const char *value)
{
    const char *argv[] = { program, option, value, NULL };
    return child_output(argv, ASK_MAX, ASK_MS);
}

/**
 * qemu_explain_failure:
 * @program: the QEMU that failed
 * @status: its wait status
 * @said: what it wrote to stderr
 *
 * Finds out why; a QEMU that is too old does not know our options, so the version is asked for only
 * now, where the time that it takes matters no more.
 *
 * Returns: (transfer full): PXE_RUN_ERROR_HOST for a QEMU that is too old, or is none;
 *   PXE_RUN_ERROR_QEMU otherwise
 **/
GError *
qemu_explain_failure(const char *program, int status, const char *said)
{
    g_autofree char *version = qemu_ask(program, "--version", NULL);
    const char *number = version != NULL ? strstr(version, "version ") : NULL;
    unsigned major = 0, minor = 0;

    if (number == NULL || sscanf(number, "version %u.%u", &major, &minor) != 2)
        return g_error_new(PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                           "'%s' is no QEMU: it does not tell its version", program);
    if (major < QEMU_MAJOR_MIN || (major == QEMU_MAJOR_MIN && minor < QEMU_MINOR_MIN))
        return g_error_new(PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                           "'%s' is QEMU %u.%u: %d.%d or later is needed", program, major, minor,
                           QEMU_MAJOR_MIN, QEMU_MINOR_MIN);
    g_autofree char *why = WIFSIGNALED(status)
                               ? g_strdup_printf("was ended by signal %d (%s)", WTERMSIG(status),
                                                 g_strsignal(WTERMSIG(status)))
                               : g_strdup_printf("ended with status %d", WEXITSTATUS(status));
    return g_error_new(PXE_RUN_ERROR, PXE_RUN_ERROR_QEMU, "QEMU %s%s%s", why,
                       *said != '\0' ? ": " : " and said nothing", said);
}

/**
 * qemu_has_display:
 * @program: the QEMU
 * @wanted: (array zero-terminated): names of displays, the best one first
 * @ret: (out): the first of them that this QEMU has
 **/
gboolean
qemu_has_display(const char *program, const char *const *wanted, const char **ret)
{
    g_autofree char *help = qemu_ask(program, "-display", "help");
    g_auto(GStrv) lines = g_strsplit(help != NULL ? help : "", "\n", -1);

    for (; *wanted != NULL; wanted++) {
        if (g_strv_contains((const char *const *)lines, *wanted)) {
            *ret = *wanted;
            return TRUE;
        }
    }
    return FALSE;
}

/* In the child, before exec. @data: our process id. */
static void
child_setup(gpointer data)
{
    sigset_t ours;

    (void)sigemptyset(&ours);
    (void)sigaddset(&ours, SIGINT);
    (void)sigaddset(&ours, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &ours, NULL);
    child_die_with_parent(data);
}

/* The same where QEMU has no terminal: what it writes to stdout ("-device help") is seen, too. */
static void
child_setup_one_pipe(gpointer data)
{
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    child_setup(data);
}

/* Takes the line that is whole now. */
static void
process_take_line(QemuProcess *self)
{
    g_strchomp(self->line->str);
    self->line->len = strlen(self->line->str);
    if (self->line->len > 0) {
        g_log("qemu", G_LOG_LEVEL_INFO, "%s", self->line->str);
        g_string_append_printf(self->said, "%s%s", self->said->len > 0 ? "; " : "",
                               self->line->str);
        if (self->said->len > SAID_MAX)
            g_string_truncate(self->said, SAID_MAX);
    }
    g_string_truncate(self->line, 0);
}

/* Reads what QEMU has said so far. Returns: FALSE at the end */
static gboolean
process_read_stderr(QemuProcess *self)
{
    char bytes[4096];

    ssize_t n = read(self->stderr_fd, bytes, sizeof bytes);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return TRUE;
    if (n <= 0)
        return FALSE;
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] == '\n' || self->line->len >= SAID_MAX)
            process_take_line(self);
        if (bytes[i] != '\n' && bytes[i] != '\0')
            g_string_append_c(self->line, bytes[i]);
    }
    return TRUE;
}

/* Reads all that QEMU has said; it has ended. What it has started may write on for ever. */
static void
process_drain_stderr(QemuProcess *self)
{
    struct pollfd more = { .fd = self->stderr_fd, .events = POLLIN };

    for (guint i = 0; i < DRAIN_READS && poll(&more, 1, 0) == 1; i++) {
        if (!process_read_stderr(self))
            break;
    }
    process_take_line(self);
}

static gboolean
process_stderr_ready(gint fd, GIOCondition condition, gpointer data)
{
    QemuProcess *self = data;

    (void)fd, (void)condition;
    if (process_read_stderr(self))
        return G_SOURCE_CONTINUE;
    self->stderr_source = 0;
    return G_SOURCE_REMOVE;
}

/* Gives the terminal back, if QEMU had it. @killed: and could not clean up. */
static void
process_leave_terminal(QemuProcess *self, gboolean killed)
{
    if (!self->modes.saved)
        return;
    terminal_restore(&self->modes);
    if (killed && write(STDOUT_FILENO, ANSI_RESET, strlen(ANSI_RESET)) < 0)
        g_debug("cannot reset the terminal: %s", g_strerror(errno));
}

static void
process_exited(GPid pid, gint status, gpointer data)
{
    QemuProcess *self = data;

    (void)pid;
    self->pid = 0;
    self->child_source = 0;
    process_drain_stderr(self);
    process_leave_terminal(self, WIFSIGNALED(status));
    self->exited(status, self->data);
}

/**
 * qemu_process_spawn:
 * @spawn: (transfer none): what to run
 * @exited: is called once, when QEMU has ended
 * @data: for @exited
 * @error: PXE_RUN_ERROR_QEMU
 *
 * Must be called from the main thread, with which QEMU then lives and dies.
 *
 * Returns: (transfer full): the running child
 **/
QemuProcess *
qemu_process_spawn(const QemuSpawn *spawn, QemuExitFunc exited, gpointer data, GError **error)
{
    g_autofree int *sources = g_new(int, spawn->n_fds);
    g_autofree int *targets = g_new(int, spawn->n_fds);
    GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD;
    TerminalModes modes = { 0 };
    int stderr_fd = -1;
    GPid pid;

    for (guint i = 0; i < spawn->n_fds; i++) {
        sources[i] = spawn->fds[i].source;
        targets[i] = spawn->fds[i].target;
    }
    if (spawn->terminal) {
        flags |= G_SPAWN_CHILD_INHERITS_STDIN;
        (void)terminal_save(&modes, STDIN_FILENO);
    }
    if (!g_spawn_async_with_pipes_and_fds(
            NULL, (const char *const *)spawn->argv, NULL, flags,
            spawn->terminal ? child_setup : child_setup_one_pipe, GINT_TO_POINTER((gint)getpid()),
            -1, -1, -1, sources, targets, spawn->n_fds, &pid, NULL, NULL, &stderr_fd, error)) {
        g_prefix_error(error, "cannot start QEMU: ");
        if (error != NULL && *error != NULL) {
            (*error)->domain = PXE_RUN_ERROR;
            (*error)->code = PXE_RUN_ERROR_QEMU;
        }
        return NULL;
    }
    QemuProcess *self = g_new0(QemuProcess, 1);
    self->pid = pid;
    self->stderr_fd = stderr_fd;
    self->line = g_string_new(NULL);
    self->said = g_string_new(NULL);
    self->modes = modes;
    self->exited = exited;
    self->data = data;
    (void)g_unix_set_fd_nonblocking(stderr_fd, TRUE, NULL);
    self->stderr_source = g_unix_fd_add(stderr_fd, G_IO_IN | G_IO_HUP, process_stderr_ready, self);
    self->child_source = g_child_watch_add(pid, process_exited, self);
    return self;
}

/* Returns: (transfer none): what QEMU has said, its lines joined by "; " */
const char *
qemu_process_said(const QemuProcess *self)
{
    return self->said->str;
}

/* Sends a signal, unless QEMU has ended. */
void
qemu_process_signal(QemuProcess *self, int signal_number)
{
    if (self->pid > 0)
        (void)kill(self->pid, signal_number);
}

/* Ends QEMU at once if it still runs. */
void
qemu_process_free(QemuProcess *self)
{
    if (self == NULL)
        return;
    if (self->child_source != 0)
        g_source_remove(self->child_source);
    if (self->stderr_source != 0)
        g_source_remove(self->stderr_source);
    if (self->pid > 0) {
        (void)child_end(self->pid, END_MS);
        process_leave_terminal(self, TRUE);
    }
    autofd_clear(&self->stderr_fd);
    g_string_free(self->line, TRUE);
    g_string_free(self->said, TRUE);
    g_free(self);
}
