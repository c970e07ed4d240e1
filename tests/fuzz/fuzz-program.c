/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that may be a program, and a loader.conf: both as they are on a medium or a host. */
#include "images/loader-conf.h"
#include "images/program-file.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>

static void
check_program(const guint8 *bytes, gsize len)
{
    ProgramFile program = program_file_parse(bytes, len);
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(strlen(program.interpreter), <=, PROGRAM_INTERPRETER_MAX);
    gboolean ok = program_file_check_init(&program, "x", "i386", &error);
    g_assert_cmpint(ok, ==, error == NULL);
    g_assert_true(!ok || program.kind == PROGRAM_FREEBSD || *program.interpreter == '/');
}

/* What is let be as a line reads back as what it says. */
static void
check_line(const char *text)
{
    g_autofree char *name = NULL, *value = NULL;

    if (!loader_conf_parse(text, &name, &value, NULL))
        return;
    g_autoptr(GString) conf = g_string_new("other=\"1\"\n");
    loader_conf_append(conf, name, value);
    g_autofree char *read = loader_conf_get(conf->str, name);
    g_assert_cmpstr(read, ==, value);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    g_autofree char *text = g_strndup((const char *)bytes, len);

    check_program(bytes, len);
    check_line(text);
    g_free(loader_conf_find_memory_disk(text));
    return 0;
}
