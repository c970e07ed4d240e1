/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main loop's callbacks: each feeds the progress and the matcher; run-end.c has those that end
 * the run. */
#include "base/error.h"
#include "launcher/run-internal.h"

#include <string.h>

#define SCREEN_EVERY     2  /* ticks, while something is expected */
#define SCREEN_RARELY    10 /* ticks, for the progress alone */
#define PROMPT_TICKS_MAX 400

/* iPXE's ROM offers its command line for two seconds; any other key makes it go on. */
#define IPXE_PROMPT "Press Ctrl-B for the iPXE command line"

/* The watch on the LAN has seen something. */
void
on_boot_event(const BootEvent *event, gpointer data)
{
    boot_progress_event(((Run *)data)->progress, event, g_get_monotonic_time());
}

/* The guest has mounted, or read. */
void
on_nfs_event(const NfsEvent *event, gpointer data)
{
    Run *self = data;
    boot_progress_nfs(self->progress, self->medium.tree, event, g_get_monotonic_time());
}

/* The screen has changed. */
void
on_screen(const char *text, gpointer data)
{
    Run *self = data;

    if (!self->prompt_done && strstr(text, IPXE_PROMPT) != NULL) {
        JsonObject *args = json_tokener_parse("{'keys': [{'type': 'qcode', 'data': 'spc'}]}");
        qmp_execute(self->qmp, "send-key", args, NULL, NULL);
        self->prompt_done = TRUE;
    }
    boot_progress_screen(self->progress, text, g_get_monotonic_time());
    run_check(self, expect_feed_screen(self->expect, text), "screen");
}

/* The guest has written to the serial line. */
void
on_serial(const char *bytes, gsize len, gpointer data)
{
    Run *self = data;
    gint64 now_us = g_get_monotonic_time();
    gboolean matched = expect_feed_serial(self->expect, bytes, len, now_us);

    boot_progress_serial(self->progress, expect_serial_recent(self->expect), now_us);
    run_check(self, matched, "serial line");
}

/* Ctrl-A x. */
void
on_console_quit(gpointer data)
{
    Run *self = data;

    if (self->config->expect != NULL)
        run_fail(self, PXE_RUN_ERROR_ENDED, "you left before --expect matched");
    else
        run_end(self, PXE_RUN_OK, NULL);
}

/* The serial line can be shown no more: who read stdout has gone, or the disk is full. */
void
on_console_failed(int error, gpointer data)
{
    g_autofree char *message =
        g_strdup_printf("cannot write to standard output: %s", g_strerror(error));
    run_fail(data, PXE_RUN_ERROR_HOST, message);
}

/* Looks at the screen: often while something is expected or iPXE's prompt may show, else rarely. */
gboolean
on_tick(gpointer data)
{
    Run *self = data;
    guint every = self->config->expect != NULL ? SCREEN_EVERY : SCREEN_RARELY;

    if (!self->prompt_done)
        every = 1;
    if (self->ticks++ > PROMPT_TICKS_MAX)
        self->prompt_done = TRUE;
    if (self->ticks % every == 0 && !self->ending)
        screen_poll(self->screen, self->qmp);
    gint64 now_us = g_get_monotonic_time();
    run_check(self, expect_tick(self->expect, now_us), "serial line");
    boot_progress_tick(self->progress, now_us);
    return G_SOURCE_CONTINUE;
}
