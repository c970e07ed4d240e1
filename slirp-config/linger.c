/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "slirp-config/linger.h"

#include <sched.h>

/* A question has come. */
void
linger_asked(Linger *self)
{
    if (self->until_us != 0)
        self->next_pause = 0;
    self->until_us = 0;
}

/* Not while it has not paid, and not on one processor, where who is waited for cannot run
 * meanwhile. Which we may use can change (taskset). */
static gboolean
linger_pays(Linger *self)
{
    cpu_set_t cpus;

    if (self->pause > 0) {
        self->pause--;
        return FALSE;
    }
    if (sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) > 1)
        return TRUE;
    self->pause = LINGER_PAUSE_MAX; /* to ask each time would cost a system call each time */
    return FALSE;
}

/* It was answered. @time_us: how long to linger; 0: not at all */
void
linger_answered(Linger *self, guint time_us)
{
    if (time_us > 0 && linger_pays(self))
        self->until_us = g_get_monotonic_time() + time_us;
}

/* Returns: whether the loop should not sleep at @now_us */
gboolean
linger_is_on(Linger *self, gint64 now_us)
{
    if (self->until_us == 0)
        return FALSE;
    if (now_us < self->until_us)
        return TRUE;
    self->until_us = 0;
    self->pause = MAX(self->next_pause, LINGER_PAUSE_MIN);
    self->next_pause = MIN(2 * self->pause, LINGER_PAUSE_MAX);
    return FALSE;
}

/* ---- for those without a source of their own ---- */

typedef struct {
    GSource source;
    Linger *linger;
} LingerSource;

static gboolean
source_prepare(GSource *source, gint *timeout_ms)
{
    Linger *linger = ((LingerSource *)source)->linger;

    *timeout_ms = linger_is_on(linger, g_source_get_time(source)) ? 0 : -1;
    return FALSE;
}

static gboolean
source_check(GSource *source)
{
    (void)source;
    return FALSE;
}

static gboolean
source_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)source, (void)callback, (void)data;
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs linger_source_funcs = {
    .prepare = source_prepare,
    .check = source_check,
    .dispatch = source_dispatch,
};

/**
 * linger_source_new:
 * @self: (transfer none): what to linger by; it must outlive the source
 * @name: (static): for people who debug
 * @context: (nullable): the loop
 *
 * Returns: (transfer full): keeps the loop awake as long as @self says; destroy it
 **/
GSource *
linger_source_new(Linger *self, const char *name, GMainContext *context)
{
    GSource *source = g_source_new(&linger_source_funcs, sizeof(LingerSource));

    ((LingerSource *)source)->linger = self;
    g_source_set_static_name(source, name);
    g_source_attach(source, context);
    return source;
}
