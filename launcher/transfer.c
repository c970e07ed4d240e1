/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Called by boot-progress.c, which decides when it is told; prints nothing. */
#include "launcher/transfer.h"

#include <string.h>

#define STALLED_US    (2 * G_USEC_PER_SEC) /* so long without data is worth a word */
#define NARROW        90                   /* columns for which the bar is a short one */
#define BAR_CELLS     24
#define BAR_CELLS_FEW 10
#define NAME_COLUMNS  8 /* of the name at least */

/* Begins with nothing. @how is a constant. */
void
transfer_start(Transfer *self, const char *how, const char *name, guint64 id, gint64 now_us)
{
    gsize len = strlen(name);

    *self =
        (Transfer){ .active = TRUE, .how = how, .id = id, .start_us = now_us, .data_us = now_us };
    if (len > TRANSFER_NAME_MAX) /* the end of a path says more than its beginning */
        (void)g_snprintf(self->name, sizeof self->name, "...%s",
                         name + len - (TRANSFER_NAME_MAX - 3));
    else
        (void)g_strlcpy(self->name, name, sizeof self->name);
}

/* @bytes: how far it is by now; never goes back, since loaders read parts again */
void
transfer_data(Transfer *self, guint64 bytes, guint64 size, gint64 now_us)
{
    self->bytes = MAX(self->bytes, bytes);
    self->size = size;
    self->data_us = now_us;
}

/* Returns: whether the last byte has come */
gboolean
transfer_is_whole(const Transfer *self)
{
    return self->size > 0 && self->bytes >= self->size;
}

/* "3.2 MiB"; not GLib's, which has a space that only UTF-8 knows. */
static char *
size_text(double bytes)
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
    guint unit = 0;

    if (bytes < 1024)
        return g_strdup_printf("%.0f bytes", bytes);
    for (bytes /= 1024; bytes >= 1023.95 && unit + 1 < G_N_ELEMENTS(units); unit++)
        bytes /= 1024;
    return g_strdup_printf("%.1f %s", bytes, units[unit]);
}

static char *
rate_text(const Transfer *self, gint64 until_us)
{
    double seconds = (double)MAX(until_us - self->start_us, 1) / 1e6;
    g_autofree char *rate = size_text((double)self->bytes / seconds);
    return g_strdup_printf("%s/s", rate);
}

static double
seconds_since(gint64 then_us, gint64 now_us)
{
    return (double)MAX(now_us - then_us, 0) / 1e6;
}

static guint
percent(const Transfer *self)
{
    return (guint)((double)MIN(self->bytes, self->size) * 100 / (double)self->size);
}

/* Returns: (transfer full): "boot/pxeboot, 258.0 KiB (0.3 s, 860.0 KiB/s)" */
char *
transfer_done_text(const Transfer *self)
{
    g_autofree char *bytes = size_text((double)self->bytes);
    g_autofree char *rate = rate_text(self, self->data_us);

    if (self->bytes == 0)
        return g_strdup_printf("%s: asked for, nothing read", self->name);
    return g_strdup_printf("%s, %s (%.1f s, %s)", self->name, bytes,
                           seconds_since(self->start_us, self->data_us), rate);
}

/* How fast it is and how long it takes by now, or that it does not go on. */
static char *
pace_text(const Transfer *self, gint64 now_us)
{
    g_autofree char *rate = rate_text(self, now_us);

    if (now_us - self->data_us >= STALLED_US)
        return g_strdup_printf("nothing for %.0f s", seconds_since(self->data_us, now_us));
    return g_strdup_printf("%s, %.1f s", rate, seconds_since(self->start_us, now_us));
}

/* Returns: (transfer full): "boot/kernel/kernel, 3.2 MiB of 9.1 MiB, 35 % (1.1 MiB/s, 2.9 s)" */
char *
transfer_state_text(const Transfer *self, gint64 now_us)
{
    g_autofree char *bytes = size_text((double)self->bytes);
    g_autofree char *size = size_text((double)self->size);
    g_autofree char *pace = pace_text(self, now_us);

    if (self->size == 0)
        return g_strdup_printf("%s, %s (%s)", self->name, bytes, pace);
    return g_strdup_printf("%s, %s of %s, %u %% (%s)", self->name, bytes, size, percent(self),
                           pace);
}

/* Returns: (transfer full): the same with a bar, in @columns columns if that can be */
char *
transfer_bar_text(const Transfer *self, gint64 now_us, guint columns)
{
    g_autofree char *pace = pace_text(self, now_us);
    guint cells = columns < NARROW ? BAR_CELLS_FEW : BAR_CELLS;
    char bar[BAR_CELLS + 1] = { 0 };

    if (self->size == 0)
        return transfer_state_text(self, now_us);
    guint filled = (guint)((double)MIN(self->bytes, self->size) * cells / (double)self->size);
    memset(bar, '#', filled);
    memset(bar + filled, '.', cells - filled);
    g_autofree char *state = g_strdup_printf(" [%s] %u %%, %s", bar, percent(self), pace);
    gsize left = columns > strlen(state) ? columns - strlen(state) : 0;
    gsize len = strlen(self->name), shown = MIN(len, MAX(left, NAME_COLUMNS));
    const char *dots = shown < len ? "..." : "";
    return g_strdup_printf("%s%s%s", dots, self->name + len - shown + strlen(dots), state);
}
