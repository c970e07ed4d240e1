/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/screen.c: cells into text, and the screen through a QEMU that a test plays. */
#include "base/autofd.h"
#include "launcher/screen.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/fake-qemu.h"

#include <sys/mman.h>

#define CELLS_MAX (32u << 10)
#define ROW       (SCREEN_COLUMNS * 2)

/* Writes @text from cell @at on; its bytes are code page 437. */
static void
put(guint8 *cells, guint at, const char *text)
{
    for (; *text != '\0'; text++, at++) {
        cells[at * 2] = (guint8)*text;
        cells[at * 2 + 1] = 0x07;
    }
}

/* As a BIOS clears the screen. */
static void
blank(guint8 *cells, gsize len)
{
    for (gsize i = 0; i + 1 < len; i += 2) {
        cells[i] = ' ';
        cells[i + 1] = 0x07;
    }
}

typedef struct {
    const char *name;
    const char *bytes; /* from the screen's beginning on; the rest is blank */
    const char *text;
} DecodeRow;

#define TEN_SPACES "          "
#define SPACES_75                                                                                  \
    TEN_SPACES TEN_SPACES TEN_SPACES TEN_SPACES TEN_SPACES TEN_SPACES TEN_SPACES "     "
#define LETTERS_80                                                                                 \
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzab"

static const DecodeRow decode_rows[] = {
    { "blank", "", "" },
    { "one-row", "FreeBSD", "FreeBSD\n" },
    { "spaces-at-the-end-are-none", "OK   ", "OK\n" },
    { "spaces-in-front-are-kept", "   x", "   x\n" },
    { "two-rows", "a    " SPACES_75 "b", "a\nb\n" },
    { "full-row", LETTERS_80 "x", LETTERS_80 "\nx\n" },
    { "ascii-ends", "\x20!~\x7f", " !~\xe2\x8c\x82\n" },
    { "frame", "\xc9\xcd\xbb", "\xe2\x95\x94\xe2\x95\x90\xe2\x95\x97\n" },
    { "pictures", "\x01\x10\x1f", "\xe2\x98\xba\xe2\x96\xba\xe2\x96\xbc\n" },
    { "no-break-space-is-blank", "x\xff\xff", "x\n" },
    { "no-break-space-is-a-space", "x\xffy", "x y\n" },
};

static void
test_decode(gconstpointer data)
{
    const DecodeRow *row = data;
    guint8 cells[SCREEN_ROWS * ROW];

    blank(cells, sizeof cells);
    put(cells, 0, row->bytes);
    g_autofree char *text = screen_decode(cells, sizeof cells);
    g_assert_cmpstr(text, ==, row->text);
    g_assert_true(g_utf8_validate(text, -1, NULL));
}

/* The whole upper half as iconv has it. */
static void
test_code_page(void)
{
    guint8 cells[2 * ROW] = { 0 };
    char bytes[129] = { 0 };

    for (guint i = 0; i < 128; i++) {
        bytes[i] = (char)(i + 128);
        cells[i * 2] = (guint8)(i + 128);
    }
    bytes[127] = 'x'; /* 0xff is blank at the end */
    cells[127 * 2] = 'x';
    g_autoptr(GError) error = NULL;
    g_autofree char *want = g_convert(bytes, 128, "UTF-8", "CP437", NULL, NULL, &error);
    g_assert_no_error(error);
    g_autofree char *text = screen_decode(cells, sizeof cells);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *joined = g_strjoinv("", lines);
    g_assert_cmpstr(joined, ==, want);
}

/* A graphics mode, or memory that is not there. */
static void
test_no_text(void)
{
    guint8 cells[SCREEN_ROWS * ROW];

    for (guint byte = 0; byte < 256; byte += 255) {
        memset(cells, (int)byte, sizeof cells);
        g_autofree char *text = screen_decode(cells, sizeof cells);
        g_assert_cmpstr(text, ==, "");
    }
}

/* Any bytes of any length make text that is UTF-8, of no more than 80 columns. */
static void
test_any_bytes(void)
{
    RowRandom random = { 1 };
    guint8 cells[4 * ROW];

    for (gsize len = 0; len <= sizeof cells; len++) {
        for (gsize i = 0; i < len; i++)
            cells[i] = (guint8)row_random(&random);
        g_autofree char *text = screen_decode(cells, len);
        g_assert_true(g_utf8_validate(text, -1, NULL));
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_assert_cmpuint(g_strv_length(lines), <=, len / ROW + 1);
        for (char **line = lines; *line != NULL; line++)
            g_assert_cmpint(g_utf8_strlen(*line, -1), <=, SCREEN_COLUMNS);
    }
}

/* A screen with a QEMU that writes into its memory. */
typedef struct {
    FakeQemu *qemu;
    Qmp *qmp;
    Screen *screen;
    int memory;
    GString *told; /* "[text]" for each change, "done" for each look */
} Bench;

static void
on_event(const char *name, JsonObject *event_data, gpointer data)
{
    (void)name, (void)event_data, (void)data;
}

static void
on_changed(const char *text, gpointer bench)
{
    g_string_append_printf(((Bench *)bench)->told, "[%s]", text);
}

static void
on_looked(gpointer bench)
{
    g_string_append(((Bench *)bench)->told, "done");
}

static void
bench_init(Bench *self)
{
    self->memory = memfd_create("screen", MFD_CLOEXEC);
    g_assert_cmpint(self->memory, >=, 0);
    self->told = g_string_new(NULL);
    self->qemu = fake_qemu_new(on_event, self);
    self->qmp = self->qemu->qmp;
    self->screen = screen_new(dup(self->memory), 6, on_changed, self);
    fake_qemu_say(self->qemu, FAKE_GREETING "{\"return\": {}}");
    g_free(fake_qemu_commands(self->qemu));
}

static void
bench_clear(Bench *self)
{
    screen_free(self->screen);
    qmp_free(self->qmp);
    fake_qemu_free(self->qemu);
    autofd_clear(&self->memory);
    g_string_free(self->told, TRUE);
}

/* QEMU saves a screen with @text in it, and answers. */
static void
answer(Bench *self, const char *text)
{
    guint8 cells[CELLS_MAX];

    blank(cells, sizeof cells);
    put(cells, 0, text);
    g_assert_cmpint(pwrite(self->memory, cells, sizeof cells, 0), ==, (ssize_t)sizeof cells);
    fake_qemu_say(self->qemu, "{\"return\": {}}");
}

static guint
asked(Bench *self)
{
    g_autofree char *commands = fake_qemu_commands(self->qemu);
    guint n = 0;

    for (const char *p = commands; (p = strstr(p, "\"pmemsave\"")) != NULL; p++)
        n++;
    return n;
}

static void
test_poll(void)
{
    Bench bench;

    bench_init(&bench);
    g_assert_cmpstr(screen_text(bench.screen), ==, "");
    screen_poll(bench.screen, bench.qmp);
    g_autofree char *command = fake_qemu_commands(bench.qemu);
    g_assert_cmpstr(command, ==,
                    "{\"execute\":\"pmemsave\",\"arguments\":{\"val\":753664,\"size\":32768,"
                    "\"filename\":\"\\/proc\\/self\\/fd\\/6\"}}");
    screen_poll(bench.screen, bench.qmp); /* one at a time */
    g_assert_cmpuint(asked(&bench), ==, 0);
    answer(&bench, "a");
    g_assert_cmpstr(bench.told->str, ==, "[a\n]");
    screen_poll(bench.screen, bench.qmp);
    g_assert_cmpuint(asked(&bench), ==, 1);
    answer(&bench, "a"); /* no change */
    g_assert_cmpstr(bench.told->str, ==, "[a\n]");
    screen_poll(bench.screen, bench.qmp);
    answer(&bench, "b");
    g_assert_cmpstr(bench.told->str, ==, "[a\n][b\n]");
    g_assert_cmpstr(screen_text(bench.screen), ==, "b\n");
    bench_clear(&bench);
}

static void
test_poll_error(void)
{
    Bench bench;

    bench_init(&bench);
    screen_poll(bench.screen, bench.qmp);
    fake_qemu_say(bench.qemu, "{\"error\": {\"desc\": \"no\"}}");
    g_assert_cmpstr(bench.told->str, ==, "");
    screen_poll(bench.screen, bench.qmp); /* tried again */
    g_assert_cmpuint(asked(&bench), ==, 2);
    fake_qemu_say(bench.qemu, "{\"return\": {}}"); /* and nothing was written */
    g_assert_cmpstr(bench.told->str, ==, "");
    bench_clear(&bench);
}

/* A look is of the screen after it was asked for, even when a poll is under way. */
static void
test_look(void)
{
    Bench bench;

    bench_init(&bench);
    screen_poll(bench.screen, bench.qmp);
    screen_look(bench.screen, bench.qmp, on_looked, &bench);
    g_assert_cmpuint(asked(&bench), ==, 2);
    answer(&bench, "a");
    g_assert_cmpstr(bench.told->str, ==, "[a\n]");
    answer(&bench, "b");
    g_assert_cmpstr(bench.told->str, ==, "[a\n][b\n]done");
    bench_clear(&bench);
}

static void
test_look_gone(void)
{
    Bench bench;

    bench_init(&bench);
    screen_look(bench.screen, bench.qmp, on_looked, &bench);
    autofd_clear(&bench.qemu->fd);
    fake_qemu_turn();
    g_assert_cmpstr(bench.told->str, ==, "done");
    screen_look(bench.screen, bench.qmp, on_looked, &bench);
    g_assert_cmpstr(bench.told->str, ==, "donedone");
    screen_poll(bench.screen, bench.qmp);
    bench_clear(&bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/screen/decode", decode_rows, test_decode);
    g_test_add_func("/screen/code-page", test_code_page);
    g_test_add_func("/screen/no-text", test_no_text);
    g_test_add_func("/screen/any-bytes", test_any_bytes);
    g_test_add_func("/screen/poll", test_poll);
    g_test_add_func("/screen/poll-error", test_poll_error);
    g_test_add_func("/screen/look", test_look);
    g_test_add_func("/screen/look-gone", test_look_gone);
    return g_test_run();
}
