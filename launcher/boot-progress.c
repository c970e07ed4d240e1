/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: steps are told once, as lines. A file that the guest reads over TFTP or NFS
 * is the current transfer; on a terminal it has a line with a bar that is drawn anew ten times a
 * second at most. When another file follows, or the last byte was read, it becomes a line of its
 * own if it was large enough to be of interest, or came by TFTP, as boot programs do.
 *
 * What the loader and the kernel print is looked through for a few texts that tell where the boot
 * is or why it will not go on.
 */
#include "launcher/boot-progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REDRAW_US     (100 * 1000)
#define BAR_CELLS     24
#define LARGE_FILE    (64u << 10) /* bytes; a smaller one that NFS reads gets no line */
#define TRANSFER_NAME 48

/* ANSI: erase the line; dim, green, yellow, off. */
#define ANSI_CLEAR  "\r\033[K"
#define ANSI_DIM    "\033[2m"
#define ANSI_GREEN  "\033[32m"
#define ANSI_YELLOW "\033[33m"
#define ANSI_OFF    "\033[0m"

typedef struct {
    const char *text;  /* in what the guest prints */
    const char *what;  /* name of the step */
    const char *means; /* for people */
} TextMark;

static const TextMark text_marks[] = {
    { "Copyright (c) 1992-", "kernel", "started" },
    { "md0: Preloaded image", "kernel", "found its memory disk" },
    { "running as init on", "init", "sysinstall runs" },
    { "BTX halted", "trouble",
      "the loader has stopped: it does not get along with this PXE stack" },
    { "bootp: no reply", "trouble", "the loader got no DHCP answer" },
    { "no rootpath, no nfs", "trouble", "the loader was not told where its files are" },
    { "can't load 'kernel'", "trouble", "the loader finds no kernel in /boot/kernel" },
    { "No configuration methods succeeded", "trouble", "iPXE got no DHCP answer" },
    { "init: not found in path", "trouble", "the kernel's root holds no init" },
    { "mountroot>", "trouble", "the kernel finds no root file system" },
    { "panic:", "trouble", "the kernel panicked" },
};

typedef struct {
    gboolean active;
    const char *how; /* "tftp", "nfs" */
    char name[TRANSFER_NAME + 1];
    VfsId id;
    guint64 bytes, size;
    gint64 start_us;
} Transfer;

struct BootProgress {
    ProgressStyle style;
    gint64 start_us, drawn_us;
    gboolean line_shown; /* the line that changes in place */
    Transfer transfer;
    gboolean marked[G_N_ELEMENTS(text_marks)];
};

/**
 * boot_progress_new:
 * @style: how to write
 * @start_us: when the run began, monotonic
 **/
BootProgress *
boot_progress_new(ProgressStyle style, gint64 start_us)
{
    BootProgress *self = g_new0(BootProgress, 1);
    self->style = style;
    self->start_us = start_us;
    return self;
}

/* @self: (nullable) (transfer full): the progress */
void
boot_progress_free(BootProgress *self)
{
    g_free(self);
}

static void
progress_clear_line(BootProgress *self)
{
    if (self->line_shown)
        (void)fputs(ANSI_CLEAR, stderr);
    self->line_shown = FALSE;
}

static double
progress_seconds(const BootProgress *self)
{
    return (double)(g_get_monotonic_time() - self->start_us) / 1e6;
}

/**
 * boot_progress_line:
 * @self: the progress
 * @line: text for people; written as it is, on a line of its own, in every style
 **/
void
boot_progress_line(BootProgress *self, const char *line)
{
    progress_clear_line(self);
    (void)fprintf(stderr, "%s\n", line);
    (void)fflush(stderr);
}

/* A step: "   0.42 s  tftp     boot/pxeboot, 258 KiB". */
void
boot_progress_message(BootProgress *self, const char *what, const char *text)
{
    gboolean colour = self->style == PROGRESS_TERMINAL;
    gboolean trouble = g_str_equal(what, "trouble");

    if (self->style == PROGRESS_QUIET)
        return;
    progress_clear_line(self);
    (void)fprintf(stderr, "%s%7.2f s%s  %s%-8s%s %s\n", colour ? ANSI_DIM : "",
                  progress_seconds(self), colour ? ANSI_OFF : "",
                  colour ? (trouble ? ANSI_YELLOW : ANSI_GREEN) : "", what, colour ? ANSI_OFF : "",
                  text);
    (void)fflush(stderr);
}

static char *
format_rate(const Transfer *transfer, gint64 now_us)
{
    gint64 elapsed_us = MAX(now_us - transfer->start_us, 1);
    g_autofree char *rate = g_format_size_full(
        (guint64)((double)transfer->bytes * 1e6 / (double)elapsed_us), G_FORMAT_SIZE_IEC_UNITS);
    return g_strdup_printf("%.1f s, %s/s", (double)elapsed_us / 1e6, rate);
}

/* Draws the line of the current transfer. */
static void
progress_draw(BootProgress *self)
{
    const Transfer *t = &self->transfer;
    gint64 now_us = g_get_monotonic_time();
    char bar[BAR_CELLS + 1];

    if (self->style != PROGRESS_TERMINAL || !t->active || now_us - self->drawn_us < REDRAW_US)
        return;
    self->drawn_us = now_us;
    guint filled = t->size > 0 ? (guint)(MIN(t->bytes, t->size) * BAR_CELLS / t->size) : 0;
    memset(bar, '#', filled);
    memset(bar + filled, '.', BAR_CELLS - filled);
    bar[BAR_CELLS] = '\0';
    g_autofree char *bytes = g_format_size_full(t->bytes, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *rate = format_rate(t, now_us);
    (void)fprintf(stderr,
                  ANSI_CLEAR ANSI_DIM "%7.2f s" ANSI_OFF "  " ANSI_GREEN "%-8s" ANSI_OFF
                                      " [%s] %s  %s (%s)",
                  progress_seconds(self), t->how, bar, t->name, bytes, rate);
    (void)fflush(stderr);
    self->line_shown = TRUE;
}

/* The current transfer is over: tells it if it was large. */
static void
progress_finish(BootProgress *self)
{
    Transfer *t = &self->transfer;

    if (!t->active)
        return;
    t->active = FALSE;
    if (t->bytes < LARGE_FILE && g_str_equal(t->how, "nfs"))
        return;
    g_autofree char *bytes = g_format_size_full(t->bytes, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *rate = format_rate(t, g_get_monotonic_time());
    g_autofree char *text = g_strdup_printf("%s, %s (%s)", t->name, bytes, rate);
    boot_progress_message(self, t->how, text);
}

static void
progress_start(BootProgress *self, const char *how, const char *name, VfsId id)
{
    Transfer *t = &self->transfer;
    gsize len = strlen(name);

    progress_finish(self);
    *t = (Transfer){ .active = TRUE, .how = how, .id = id, .start_us = g_get_monotonic_time() };
    if (len > TRANSFER_NAME) /* the end of a path says more than its beginning */
        (void)g_snprintf(t->name, sizeof t->name, "...%s", name + len - (TRANSFER_NAME - 3));
    else
        (void)g_strlcpy(t->name, name, sizeof t->name);
}

static void
event_dhcp_ack(BootProgress *self, const BootEvent *event)
{
    g_autofree char *text =
        g_strdup_printf("%s is " IP4_FMT, dhcp_client_name(event->client), IP4_ARG(event->address));
    progress_finish(self);
    boot_progress_message(self, "dhcp", text);
}

static void
event_tftp_request(BootProgress *self, const BootEvent *event)
{
    progress_start(self, "tftp", event->name, 0);
}

static void
event_tftp_data(BootProgress *self, const BootEvent *event)
{
    self->transfer.bytes = event->bytes;
    self->transfer.size = event->size;
    if (event->kind == BOOT_TFTP_END)
        progress_finish(self);
    else
        progress_draw(self);
}

static void
event_tftp_error(BootProgress *self, const BootEvent *event)
{
    self->transfer.active = FALSE;
    boot_progress_message(self, "tftp", event->name);
}

static void (*const event_funcs[BOOT_EVENT_COUNT])(BootProgress *, const BootEvent *) = {
    [BOOT_DHCP_DISCOVER] = NULL,
    [BOOT_DHCP_ACK] = event_dhcp_ack,
    [BOOT_TFTP_REQUEST] = event_tftp_request,
    [BOOT_TFTP_BLOCK] = event_tftp_data,
    [BOOT_TFTP_END] = event_tftp_data,
    [BOOT_TFTP_ERROR] = event_tftp_error,
};

/* Tells what the watch on the LAN has seen. */
void
boot_progress_event(BootProgress *self, const BootEvent *event)
{
    if (event_funcs[event->kind] != NULL)
        event_funcs[event->kind](self, event);
}

/* Called for every READ, so the path is looked up only when the file changes. */
void
boot_progress_nfs(BootProgress *self, Vfs *vfs, const NfsEvent *event)
{
    Transfer *t = &self->transfer;

    if (event->kind != NFS_EVENT_READ || self->style == PROGRESS_QUIET)
        return;
    if (!t->active || t->id != event->id || !g_str_equal(t->how, "nfs")) {
        char path[VFS_PATH_MAX];
        if (vfs_path(vfs, event->id, path, sizeof path) < 0)
            return;
        progress_start(self, "nfs", path, event->id);
    }
    t->bytes = MAX(t->bytes, event->offset + event->count);
    t->size = event->size;
    progress_draw(self);
}

/**
 * boot_progress_text:
 * @self: the progress
 * @text: what the screen shows, or the end of what the serial line said
 **/
void
boot_progress_text(BootProgress *self, const char *text)
{
    for (gsize i = 0; i < G_N_ELEMENTS(text_marks); i++) {
        if (self->marked[i] || strstr(text, text_marks[i].text) == NULL)
            continue;
        self->marked[i] = TRUE;
        progress_finish(self);
        boot_progress_message(self, text_marks[i].what, text_marks[i].means);
    }
}

/* Call it now and then, so that the time goes on while nothing is transferred. */
void
boot_progress_tick(BootProgress *self)
{
    progress_draw(self);
}

/* The run is over: finishes the last line. */
void
boot_progress_end(BootProgress *self)
{
    progress_finish(self);
    progress_clear_line(self);
}
