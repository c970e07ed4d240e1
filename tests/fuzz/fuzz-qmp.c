/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU says: each record is one piece of the stream, which comes while commands and a look at
 * the screen are under way. Every command is answered once, whatever comes.
 */
#include "launcher/qmp.h"
#include "launcher/screen.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define COMMANDS 3
#define EXECUTE  FUZZ_RECORD_FLAG(0) /* one more command before the record */
#define LOOK     FUZZ_RECORD_FLAG(1) /* at the screen */

typedef struct {
    guint asked, answered;
    gboolean closed;
} QmpFuzz;

static void
on_reply(JsonObject *ret, const char *error, gpointer data)
{
    QmpFuzz *self = data;

    self->answered++;
    g_assert_cmpuint(self->answered, <=, self->asked);
    g_assert_true(ret == NULL || error == NULL);
    if (ret != NULL)
        g_assert_nonnull(json_object_to_json_string(ret));
}

static void
on_event(const char *name, JsonObject *event_data, gpointer data)
{
    QmpFuzz *self = data;

    g_assert_false(self->closed);
    self->closed = name == NULL;
    if (event_data != NULL)
        g_assert_nonnull(json_object_to_json_string(event_data));
}

static void
on_screen(const char *text, gpointer data)
{
    (void)data;
    g_assert_true(g_utf8_validate(text, -1, NULL));
}

static void
execute(QmpFuzz *self, Qmp *qmp)
{
    self->asked++;
    qmp_execute(qmp, "query-status", NULL, on_reply, self);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    Cursor input = cursor_of(bytes, len);
    QmpFuzz fuzz = { 0 };
    int ends[2];
    guint flags;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
    g_autoptr(Qmp) qmp = qmp_new(ends[0], on_event, &fuzz);
    g_autoptr(Screen) screen = screen_new(memfd_create("fuzz", MFD_CLOEXEC), 6, on_screen, NULL);
    for (guint i = 0; i < COMMANDS; i++)
        execute(&fuzz, qmp);
    for (guint i = 0; i < FUZZ_RECORDS_MAX && !fuzz.closed; i++) {
        g_auto(FuzzPiece) piece = { 0 };
        if (!fuzz_record_next(&input, &flags, &piece))
            break;
        if ((flags & EXECUTE) != 0)
            execute(&fuzz, qmp);
        if ((flags & LOOK) != 0)
            screen_poll(screen, qmp);
        if (piece.len > 0) /* no bytes would never wake it up */
            g_assert_cmpint(write(ends[1], piece.bytes, piece.len), ==, (gssize)piece.len);
        while (g_main_context_iteration(NULL, FALSE))
            ;
    }
    g_assert_cmpint(close(ends[1]), ==, 0);
    while (!fuzz.closed)
        (void)g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(fuzz.answered, ==, fuzz.asked);
    return 0;
}
