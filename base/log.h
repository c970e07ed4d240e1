/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log levels per domain, over GLib's structured log. Library code logs with g_debug() and g_info()
 * only; what a guest does wrong goes through guest_note(), which a hostile guest cannot flood.
 */
#pragma once

#include <glib.h>

/* Where a finished line goes; the line has no newline at its end. */
typedef void (*LogLineFunc)(const char *line, gpointer data);

/* Which domains are shown up to which level. */
typedef struct LogSpec LogSpec;

LogSpec *log_spec_parse(const char *text, GError **error);
void log_spec_free(LogSpec *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LogSpec, log_spec_free)

gboolean log_install(const char *spec, LogLineFunc line, gpointer data, GError **error);

/* At most GUEST_NOTE_MAX notes of a kind are logged in a run; the rest is only counted. */
#define GUEST_NOTE_MAX 20

typedef struct {
    guint64 count;
} GuestNote;

void guest_note(GuestNote *kind, const char *domain, const char *format, ...) G_GNUC_PRINTF(3, 4);

char *log_escape(const void *bytes, gsize len);
