/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns `--log=SPEC` into a writer for GLib's log. Called by main.c once; tests never install it.
 */
#include "base/log.h"

#include "base/error.h"

#include <string.h>

typedef struct {
    const char *name;
    GLogLevelFlags up_to;
} LogLevel;

static const LogLevel log_levels[] = {
    { "quiet", G_LOG_LEVEL_CRITICAL },
    { "warning", G_LOG_LEVEL_WARNING },
    { "info", G_LOG_LEVEL_INFO },
    { "debug", G_LOG_LEVEL_DEBUG },
};

typedef struct {
    char *domain;
    GLogLevelFlags up_to;
} LogRule;

struct LogSpec {
    GArray *rules; /* of LogRule */
    GLogLevelFlags up_to;
};

/* The program's only mutable file-scope state: set once by log_install(). */
static struct {
    LogSpec *spec;
    LogLineFunc line;
    gpointer data;
} log_state = { NULL, NULL, NULL };

static gboolean
log_level_parse(const char *name, GLogLevelFlags *ret)
{
    for (gsize i = 0; i < G_N_ELEMENTS(log_levels); i++) {
        if (g_str_equal(name, log_levels[i].name)) {
            *ret = log_levels[i].up_to;
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
log_wanted(const char *domain, GLogLevelFlags level)
{
    GLogLevelFlags up_to = log_state.spec->up_to;

    for (guint i = 0; domain != NULL && i < log_state.spec->rules->len; i++) {
        const LogRule *rule = &g_array_index(log_state.spec->rules, LogRule, i);
        if (g_str_equal(rule->domain, domain))
            up_to = rule->up_to;
    }
    return (level & G_LOG_LEVEL_MASK) <= up_to;
}

static GLogWriterOutput
log_writer(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
    const char *domain = NULL;
    const char *message = "";

    (void)data;
    for (gsize i = 0; i < n_fields; i++) {
        if (g_str_equal(fields[i].key, "GLIB_DOMAIN"))
            domain = fields[i].value;
        else if (g_str_equal(fields[i].key, "MESSAGE"))
            message = fields[i].value;
    }
    if (!log_wanted(domain, level))
        return G_LOG_WRITER_HANDLED;
    g_autofree char *line =
        domain != NULL ? g_strdup_printf("%s: %s", domain, message) : g_strdup(message);
    log_state.line(line, log_state.data);
    return G_LOG_WRITER_HANDLED;
}

static void
log_rule_clear(gpointer rule)
{
    g_free(((LogRule *)rule)->domain);
}

/* Reads "LEVEL" or "DOMAIN:LEVEL". */
static gboolean
log_spec_add(LogSpec *self, const char *item)
{
    const char *colon = strchr(item, ':');
    GLogLevelFlags up_to;

    if (!log_level_parse(colon != NULL ? colon + 1 : item, &up_to))
        return FALSE;
    if (colon == NULL) {
        self->up_to = up_to;
    } else {
        LogRule rule = { g_strndup(item, (gsize)(colon - item)), up_to };
        g_array_append_val(self->rules, rule);
    }
    return TRUE;
}

/**
 * log_spec_parse:
 * @text: (nullable): "LEVEL" or "DOMAIN:LEVEL", several separated by commas
 * @error: PXE_RUN_ERROR_USAGE when @text is not of that form
 *
 * Returns: (transfer full): what is to be shown
 **/
LogSpec *
log_spec_parse(const char *text, GError **error)
{
    g_auto(GStrv) items = g_strsplit(text != NULL ? text : "", ",", -1);
    g_autoptr(LogSpec) self = g_new0(LogSpec, 1);

    self->up_to = G_LOG_LEVEL_WARNING;
    self->rules = g_array_new(FALSE, FALSE, sizeof(LogRule));
    g_array_set_clear_func(self->rules, log_rule_clear);
    for (char **item = items; *item != NULL; item++) {
        if (**item != '\0' && !log_spec_add(self, *item)) {
            g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                        "--log '%s': use quiet, warning, info or debug, or DOMAIN:LEVEL", *item);
            return NULL;
        }
    }
    return g_steal_pointer(&self);
}

/* @self: (nullable) (transfer full): what log_spec_parse() gave */
void
log_spec_free(LogSpec *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->rules);
    g_free(self);
}

/**
 * log_install:
 * @spec: (nullable): see log_spec_parse()
 * @line: receives each line that is to be shown
 * @data: for @line
 * @error: PXE_RUN_ERROR_USAGE when @spec makes no sense; nothing is installed then
 *
 * Call it once: GLib takes one writer in a process.
 **/
gboolean
log_install(const char *spec, LogLineFunc line, gpointer data, GError **error)
{
    LogSpec *parsed = log_spec_parse(spec, error);

    if (parsed == NULL)
        return FALSE;
    log_state.spec = parsed;
    log_state.line = line;
    log_state.data = data;
    g_log_set_writer_func(log_writer, NULL, NULL);
    return TRUE;
}

/**
 * guest_note:
 * @kind: counts the notes of one kind; zero-initialised by its owner
 * @domain: log domain
 * @format: what the guest did
 *
 * Notes something wrong that a guest sent, at level info. After GUEST_NOTE_MAX notes of a kind it
 * only counts, and does no work.
 **/
void
guest_note(GuestNote *kind, const char *domain, const char *format, ...)
{
    va_list args;

    if (++kind->count > GUEST_NOTE_MAX)
        return;
    va_start(args, format);
    g_logv(domain, G_LOG_LEVEL_INFO, format, args);
    va_end(args);
    if (kind->count == GUEST_NOTE_MAX)
        g_log(domain, G_LOG_LEVEL_INFO, "(no more notes of this kind)");
}

/**
 * log_escape:
 * @bytes: foreign text
 * @len: its length
 *
 * Returns: (transfer full): the text with everything but printable ASCII as \xNN
 **/
char *
log_escape(const void *bytes, gsize len)
{
    GString *out = g_string_sized_new(len + 1);

    for (const guint8 *p = bytes; len > 0; p++, len--) {
        if (g_ascii_isprint((char)*p) && *p != '\\')
            g_string_append_c(out, (char)*p);
        else
            g_string_append_printf(out, "\\x%02x", *p);
    }
    return g_string_free(out, FALSE);
}
