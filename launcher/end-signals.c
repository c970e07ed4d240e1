/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/end-signals.h"

#include <glib-unix.h>
#include <signal.h>

static gboolean
on_sigint(gpointer data)
{
    EndSignals *self = data;
    self->func(SIGINT, self->data);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_sigterm(gpointer data)
{
    EndSignals *self = data;
    self->func(SIGTERM, self->data);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_sighup(gpointer data)
{
    EndSignals *self = data;
    self->func(SIGHUP, self->data);
    return G_SOURCE_CONTINUE;
}

/**
 * end_signals_watch:
 * @self: (out caller-allocates): the watch, on the default main context
 * @func: is called each time one of the signals comes
 * @data: for @func
 **/
void
end_signals_watch(EndSignals *self, EndSignalFunc func, gpointer data)
{
    static const struct {
        int number;
        GSourceFunc func;
    } signals[] = { { SIGINT, on_sigint }, { SIGTERM, on_sigterm }, { SIGHUP, on_sighup } };
    G_STATIC_ASSERT(G_N_ELEMENTS(signals) == END_SIGNALS);

    self->func = func;
    self->data = data;
    for (gsize i = 0; i < END_SIGNALS; i++) {
        self->sources[i] = g_unix_signal_source_new(signals[i].number);
        g_source_set_callback(self->sources[i], signals[i].func, self, NULL);
        g_source_attach(self->sources[i], NULL);
    }
}

/* Leaves the signals to their defaults again; a watch that was never set up is fine. */
void
end_signals_clear(EndSignals *self)
{
    for (gsize i = 0; i < END_SIGNALS; i++) {
        if (self->sources[i] == NULL)
            continue;
        g_source_destroy(self->sources[i]);
        g_clear_pointer(&self->sources[i], g_source_unref);
    }
}
