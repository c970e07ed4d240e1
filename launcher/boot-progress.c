/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: steps are told once, as lines. A file that the guest reads over TFTP or NFS
 * is the current transfer. When its last byte was read, another file follows, or nothing of it was
 * read for a while, it becomes a line of its own if it was large enough to be of interest, or came
 * by TFTP, as boot programs do.
 *
 * It is never silent. On a terminal there is always a line that changes in place: the transfer with
 * a bar, drawn anew ten times a second at most, or else what the guest showed last and how long
 * nothing has happened. Elsewhere the same comes as a plain line every ten seconds, and less often
 * the longer nothing happens.
 *
 * What the loader and the kernel print is looked through for a few texts that tell where the boot
 * is or why it will not go on.
 */
#include "launcher/boot-progress.h"

#include "launcher/guest-text.h"
#include "launcher/transfer.h"
#include "launcher/visible.h"

#include <string.h>

#define REDRAW_US      (100 * 1000)
#define IDLE_REDRAW_US G_USEC_PER_SEC
#define TELL_US        (10 * G_USEC_PER_SEC) /* between two lines, where no line changes in place */
#define TELL_RARELY_US (60 * G_USEC_PER_SEC) /* … when nothing has happened for long */
#define SILENT_US      (2 * G_USEC_PER_SEC)  /* from when on silence is called so */
#define ABANDONED_US   (3 * G_USEC_PER_SEC)  /* a file that NFS has not read from for so long */
#define LARGE_FILE     (64u << 10)           /* bytes; a smaller one by NFS gets no line */
#define HEAD_COLUMNS   21                    /* of a step's time and name */
#define HELD_MAX       (64u << 10)           /* bytes of lines that wait; older ones are dropped */
#define BEHIND_MAX     (256u << 10) /* bytes that a slow reader makes wait, before we drop */
#define PATIENCE_MS    2000         /* with a reader that does not read, at the end */

/* ANSI: erase the line; dim, green, yellow, off. */
#define ANSI_CLEAR  "\r\033[K"
#define ANSI_DIM    "\033[2m"
#define ANSI_GREEN  "\033[32m"
#define ANSI_YELLOW "\033[33m"
#define ANSI_OFF    "\033[0m"

struct BootProgress {
    ProgressSetup setup;
    gint64 drawn_us;           /* the line that changes in place */
    gboolean line_shown;       /* it is there */
    gint64 told_us, change_us; /* the last line; the last time that the guest did something */
    gint64 pause_us;           /* from told_us to the next line */
    GString *held;             /* (nullable): lines that wait for the terminal */
    Transfer transfer;
    gboolean mounted, whole; /* whole: all of the file whole_id was read */
    VfsId whole_id;
    GuestText guest;
};

/* @setup: (transfer none): how and where to write; its output is taken */
BootProgress *
boot_progress_new(const ProgressSetup *setup)
{
    BootProgress *self = g_new0(BootProgress, 1);
    self->setup = *setup;
    self->told_us = self->change_us = setup->start_us;
    self->pause_us = TELL_US;
    return self;
}

/* @self: (nullable) (transfer full): the progress; what was told is written first */
void
boot_progress_free(BootProgress *self)
{
    if (self == NULL)
        return;
    boot_progress_hold(self, FALSE);
    output_finish(self->setup.output, PATIENCE_MS);
    output_free(self->setup.output);
    guest_text_clear(&self->guest);
    g_free(self);
}

static void
progress_write(BootProgress *self, const char *text)
{
    output_write(self->setup.output, text, strlen(text));
}

static void
progress_clear_line(BootProgress *self)
{
    if (self->line_shown)
        progress_write(self, ANSI_CLEAR);
    self->line_shown = FALSE;
}

/* A whole line, without its end. */
static void
progress_put_line(BootProgress *self, const char *line)
{
    if (self->held != NULL) {
        g_string_append_printf(self->held, "%s\n", line);
        if (self->held->len > HELD_MAX) {
            const char *cut = strchr(self->held->str + self->held->len - HELD_MAX, '\n');
            g_string_erase(self->held, 0, cut + 1 - self->held->str);
        }
        return;
    }
    if (output_waiting(self->setup.output) > BEHIND_MAX)
        return;
    progress_clear_line(self);
    g_autofree char *ended = g_strconcat(line, "\n", NULL);
    progress_write(self, ended);
}

/**
 * boot_progress_line:
 * @self: the progress
 * @line: text for people, of one line or some; written in every style
 **/
void
boot_progress_line(BootProgress *self, const char *line)
{
    g_autofree char *text = visible_text(line);
    progress_put_line(self, text);
}

/* "   0.42 s  tftp     " and @text, which is cut to @columns. */
static char *
step_line(
    const BootProgress *self, const char *what, const char *text, glong columns, gint64 now_us)
{
    gboolean colour = self->setup.style == PROGRESS_TERMINAL;
    const char *name_colour = g_str_equal(what, "trouble") ? ANSI_YELLOW : ANSI_GREEN;
    const char *off = colour ? ANSI_OFF : "";
    g_autofree char *line = visible_line(text);

    gboolean utf8 = g_utf8_validate(line, -1, NULL); /* or one byte is one character */
    if ((utf8 ? g_utf8_strlen(line, -1) : (glong)strlen(line)) > columns)
        *(utf8 ? g_utf8_offset_to_pointer(line, columns) : line + columns) = '\0';
    return g_strdup_printf("%s%7.2f s%s  %s%-8s%s %s", colour ? ANSI_DIM : "",
                           (double)(now_us - self->setup.start_us) / 1e6, off,
                           colour ? name_colour : "", what, off, line);
}

/* A step: "   0.42 s  tftp     boot/pxeboot, 258.0 KiB (0.3 s, 860.0 KiB/s)". */
void
boot_progress_message(BootProgress *self, const char *what, const char *text, gint64 now_us)
{
    if (self->setup.style == PROGRESS_QUIET)
        return;
    g_autofree char *line = step_line(self, what, text, G_MAXLONG, now_us);
    progress_put_line(self, line);
    self->told_us = now_us;
    self->pause_us = TELL_US;
}

/* The current transfer is over: tells it if it was large. */
static void
progress_finish(BootProgress *self, gint64 now_us)
{
    Transfer *t = &self->transfer;

    if (!t->active)
        return;
    t->active = FALSE;
    if (t->bytes < LARGE_FILE && g_str_equal(t->how, "nfs"))
        return;
    g_autofree char *text = transfer_done_text(t);
    boot_progress_message(self, t->how, text, now_us);
}

/* What there is to say of a guest that transfers nothing. */
static char *
idle_text(const BootProgress *self, gint64 now_us)
{
    gint64 silent_us = now_us - self->change_us;
    GString *text = g_string_new(NULL);

    if (silent_us >= SILENT_US)
        g_string_printf(text, "nothing new for %.0f s", (double)silent_us / 1e6);
    if (self->guest.last_where != NULL)
        g_string_append_printf(text, "%son the %s: %s", text->len > 0 ? "; last " : "",
                               self->guest.last_where, self->guest.last);
    else if (text->len == 0)
        g_string_append(text, "starting");
    return g_string_free(text, FALSE);
}

/* Draws the line that changes in place. */
static void
progress_draw(BootProgress *self, gint64 now_us)
{
    const Transfer *t = &self->transfer;
    gint64 pause_us = t->active ? REDRAW_US : IDLE_REDRAW_US;

    if (self->setup.style != PROGRESS_TERMINAL || self->held != NULL ||
        now_us - self->drawn_us < pause_us || output_waiting(self->setup.output) > 0)
        return;
    self->drawn_us = now_us;
    guint columns = output_columns(self->setup.output);
    columns = columns > HEAD_COLUMNS ? columns - HEAD_COLUMNS : 0;
    g_autofree char *text =
        t->active ? transfer_bar_text(t, now_us, columns) : idle_text(self, now_us);
    g_autofree char *line =
        step_line(self, t->active ? t->how : "guest", text, (glong)columns, now_us);
    progress_write(self, ANSI_CLEAR);
    progress_write(self, line);
    self->line_shown = TRUE;
}

/* Says in a line of its own how it goes, where no line changes in place. */
static void
progress_tell(BootProgress *self, gint64 now_us)
{
    const Transfer *t = &self->transfer;
    gboolean moved = self->change_us > self->told_us;
    gint64 pause_us = moved ? TELL_US : MIN(2 * self->pause_us, TELL_RARELY_US);

    if (self->setup.style != PROGRESS_LINES || now_us - self->told_us < self->pause_us)
        return;
    if (!t->active && (self->setup.idle == IDLE_NEVER || (self->setup.idle == IDLE_UNTIL_KERNEL &&
                                                          guest_text_kernel_runs(&self->guest))))
        return;
    g_autofree char *text = t->active ? transfer_state_text(t, now_us) : idle_text(self, now_us);
    boot_progress_message(self, t->active ? t->how : "guest", text, now_us);
    self->pause_us = pause_us;
}

static void
progress_start(BootProgress *self, const char *how, const char *name, VfsId id, gint64 now_us)
{
    progress_finish(self, now_us);
    transfer_start(&self->transfer, how, name, id, now_us);
}

static void
event_dhcp_ack(BootProgress *self, const BootEvent *event, gint64 now_us)
{
    g_autofree char *text =
        g_strdup_printf("%s is " IP4_FMT, dhcp_client_name(event->client), IP4_ARG(event->address));
    progress_finish(self, now_us);
    boot_progress_message(self, "dhcp", text, now_us);
    self->mounted = FALSE;
}

static void
event_tftp_request(BootProgress *self, const BootEvent *event, gint64 now_us)
{
    progress_start(self, "tftp", event->name, 0, now_us);
    progress_draw(self, now_us);
}

static void
event_tftp_data(BootProgress *self, const BootEvent *event, gint64 now_us)
{
    if (!self->transfer.active || !g_str_equal(self->transfer.how, "tftp"))
        return;
    transfer_data(&self->transfer, event->bytes, event->size, now_us);
    if (event->kind == BOOT_TFTP_END)
        progress_finish(self, now_us);
    else
        progress_draw(self, now_us);
}

static void
event_tftp_error(BootProgress *self, const BootEvent *event, gint64 now_us)
{
    if (g_strcmp0(self->transfer.how, "tftp") == 0)
        self->transfer.active = FALSE;
    boot_progress_message(self, "tftp", event->name, now_us);
}

static void (*const event_funcs[BOOT_EVENT_COUNT])(BootProgress *, const BootEvent *, gint64) = {
    [BOOT_DHCP_DISCOVER] = NULL,
    [BOOT_DHCP_ACK] = event_dhcp_ack,
    [BOOT_TFTP_REQUEST] = event_tftp_request,
    [BOOT_TFTP_BLOCK] = event_tftp_data,
    [BOOT_TFTP_END] = event_tftp_data,
    [BOOT_TFTP_ERROR] = event_tftp_error,
};

/* Tells what the watch on the LAN has seen. */
void
boot_progress_event(BootProgress *self, const BootEvent *event, gint64 now_us)
{
    self->change_us = now_us;
    if (event_funcs[event->kind] != NULL)
        event_funcs[event->kind](self, event, now_us);
}

static void
progress_read(BootProgress *self, Vfs *vfs, const NfsEvent *event, gint64 now_us)
{
    Transfer *t = &self->transfer;
    char path[VFS_PATH_MAX];

    if (!t->active || t->id != event->id || !g_str_equal(t->how, "nfs")) {
        /* A loader goes back to parts of a file that it has read to its end. */
        if (self->whole && self->whole_id == event->id && event->offset != 0)
            return;
        if (vfs_path(vfs, event->id, path, sizeof path) < 0)
            return;
        progress_start(self, "nfs", path, event->id, now_us);
    }
    transfer_data(t, event->offset + event->count, event->size, now_us);
    if (transfer_is_whole(t)) {
        self->whole = TRUE;
        self->whole_id = event->id;
        progress_finish(self, now_us);
    } else {
        progress_draw(self, now_us);
    }
}

/* Called for every READ, so the path is looked up only when the file changes. */
void
boot_progress_nfs(BootProgress *self, Vfs *vfs, const NfsEvent *event, gint64 now_us)
{
    if (self->setup.style == PROGRESS_QUIET)
        return;
    self->change_us = now_us;
    if (event->kind == NFS_EVENT_READ) {
        progress_read(self, vfs, event, now_us);
    } else if (!self->mounted) { /* loaders up to FreeBSD 8.1 mount for every file */
        self->mounted = TRUE;
        boot_progress_message(self, "nfs", "the tree is mounted", now_us);
    }
}

/**
 * boot_progress_unpack:
 * @self: the progress
 * @name: of the image
 * @done: bytes of it that were read
 * @size: its bytes
 * @now_us: the time
 *
 * The image is being unpacked, and will be until boot_progress_unpack_end().
 **/
void
boot_progress_unpack(
    BootProgress *self, const char *name, guint64 done, guint64 size, gint64 now_us)
{
    Transfer *t = &self->transfer;

    if (!t->active)
        progress_start(self, "unpack", name, 0, now_us);
    transfer_data(t, done, size, now_us);
    self->change_us = now_us;
    progress_draw(self, now_us);
    progress_tell(self, now_us);
}

/* @whole: whether it came to its end */
void
boot_progress_unpack_end(BootProgress *self, gboolean whole, gint64 now_us)
{
    if (whole)
        transfer_data(&self->transfer, self->transfer.size, self->transfer.size, now_us);
    self->transfer.active &= whole;
    progress_finish(self, now_us);
    progress_clear_line(self);
}

static void
progress_marks(BootProgress *self, const char *text, gint64 now_us)
{
    const TextMark *mark;

    self->change_us = now_us;
    while ((mark = guest_text_next_mark(&self->guest, text)) != NULL) {
        progress_finish(self, now_us);
        boot_progress_message(self, mark->what, mark->means, now_us);
    }
}

/* The screen shows @text now. */
void
boot_progress_screen(BootProgress *self, const char *text, gint64 now_us)
{
    guest_text_screen(&self->guest, text);
    progress_marks(self, text, now_us);
}

/* The serial line said @recent last, with a bit that was there before. */
void
boot_progress_serial(BootProgress *self, const char *recent, gint64 now_us)
{
    guest_text_serial(&self->guest, recent);
    progress_marks(self, recent, now_us);
}

/* Call it now and then, so that the time goes on while nothing is transferred. */
void
boot_progress_tick(BootProgress *self, gint64 now_us)
{
    const Transfer *t = &self->transfer;

    if (t->active && g_str_equal(t->how, "nfs") && now_us - t->data_us >= ABANDONED_US)
        progress_finish(self, now_us);
    progress_draw(self, now_us);
    progress_tell(self, now_us);
}

/**
 * boot_progress_hold:
 * @self: the progress
 * @hold: whether somebody else draws on the terminal
 *
 * Lines that come meanwhile are written when it is ours again.
 **/
void
boot_progress_hold(BootProgress *self, gboolean hold)
{
    if (hold && self->held == NULL) {
        progress_clear_line(self);
        self->held = g_string_new(NULL);
    } else if (!hold && self->held != NULL) {
        progress_write(self, self->held->str);
        g_string_free(g_steal_pointer(&self->held), TRUE);
    }
}

/* The run is over: finishes the last line. */
void
boot_progress_end(BootProgress *self, gint64 now_us)
{
    progress_finish(self, now_us);
    progress_clear_line(self);
}
