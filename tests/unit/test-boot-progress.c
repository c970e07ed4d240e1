/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/boot-progress.c: what is written, in each style, for a course of events. */
#include "base/autofd.h"
#include "launcher/boot-progress.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/ends.h"
#include "tests/unit/support/tree-check.h"

#include <locale.h>

#define S     G_USEC_PER_SEC
#define START ((gint64)5000 * S)
#define KIB   1024u
#define MIB   (1024u * KIB)

/* A progress, the end that reads it, and a tree with files for NFS. */
typedef struct {
    Ends ends;
    BootProgress *progress;
    Vfs *vfs;
    GString *written;
} Bench;

static void
bench_init(Bench *self, ProgressStyle style, ProgressIdle idle, Ends ends)
{
    self->ends = ends;
    const ProgressSetup setup = { style, idle, output_new(ends.fd), START };
    self->progress = boot_progress_new(&setup);
    self->vfs = vfs_mem_new();
    self->written = g_string_new(NULL);
    static const char *const files[] = { "/boot/kernel/kernel", "/boot/mfsroot.gz",
                                         "/boot/loader.rc", "/boot/\033[31mred" };
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        g_assert_cmpint(vfs_mem_add_file(self->vfs, files[i], g_bytes_new_static("x", 1), 0644), ==,
                        0);
}

/* Returns: (transfer none): all that was written up to now */
static const char *
bench_text(Bench *self)
{
    ends_read(&self->ends, self->written);
    return self->written->str;
}

static void
bench_clear(Bench *self)
{
    boot_progress_free(self->progress);
    vfs_free(self->vfs);
    g_string_free(self->written, TRUE);
    ends_clear(&self->ends);
}

/* What can happen, written as a line of text: "SECONDS verb arguments". */
static void
step_dhcp(Bench *self, char *const *words, gint64 now_us)
{
    (void)words;
    const BootEvent event = { .kind = BOOT_DHCP_ACK,
                              .client = DHCP_CLIENT_IPXE,
                              .address = { { 192, 168, 64, 15 } } };
    boot_progress_event(self->progress, &event, now_us);
}

/* tftp KIND NAME BYTES SIZE */
static void
step_tftp(Bench *self, char *const *words, gint64 now_us)
{
    static const char *const kinds[BOOT_EVENT_COUNT] = {
        [BOOT_DHCP_DISCOVER] = "-",  [BOOT_DHCP_ACK] = "-",   [BOOT_TFTP_REQUEST] = "rrq",
        [BOOT_TFTP_BLOCK] = "block", [BOOT_TFTP_END] = "end", [BOOT_TFTP_ERROR] = "error",
    };
    BootEvent event = { .kind = BOOT_EVENT_COUNT };

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_equal(kinds[i], words[0]))
            event.kind = (BootEventKind)i;
    }
    g_assert_cmpint(event.kind, !=, BOOT_EVENT_COUNT);
    (void)g_strlcpy(event.name, words[1], sizeof event.name);
    event.bytes = g_ascii_strtoull(words[2], NULL, 10);
    event.size = g_ascii_strtoull(words[3], NULL, 10);
    boot_progress_event(self->progress, &event, now_us);
}

/* read PATH OFFSET COUNT SIZE */
static void
step_read(Bench *self, char *const *words, gint64 now_us)
{
    const NfsEvent event = { .kind = NFS_EVENT_READ,
                             .id = tree_id(self->vfs, words[0]),
                             .offset = g_ascii_strtoull(words[1], NULL, 10),
                             .count = g_ascii_strtoull(words[2], NULL, 10),
                             .size = g_ascii_strtoull(words[3], NULL, 10) };
    boot_progress_nfs(self->progress, self->vfs, &event, now_us);
}

static void
step_mount(Bench *self, char *const *words, gint64 now_us)
{
    const NfsEvent event = { .kind = NFS_EVENT_MOUNT };
    (void)words;
    boot_progress_nfs(self->progress, self->vfs, &event, now_us);
}

static void
step_text(Bench *self, char *const *words, gint64 now_us)
{
    g_autofree char *text = g_strjoinv(" ", (char **)(guintptr)words);
    boot_progress_screen(self->progress, text, now_us);
}

static void
step_say(Bench *self, char *const *words, gint64 now_us)
{
    g_autofree char *text = g_strjoinv(" ", (char **)(guintptr)(words + 1));
    boot_progress_message(self->progress, words[0], text, now_us);
}

static void
step_line(Bench *self, char *const *words, gint64 now_us)
{
    g_autofree char *text = g_strjoinv(" ", (char **)(guintptr)words);
    (void)now_us;
    boot_progress_line(self->progress, text);
}

static void
step_tick(Bench *self, char *const *words, gint64 now_us)
{
    (void)words;
    boot_progress_tick(self->progress, now_us);
}

static void
step_end(Bench *self, char *const *words, gint64 now_us)
{
    (void)words;
    boot_progress_end(self->progress, now_us);
}

static void
step_hold(Bench *self, char *const *words, gint64 now_us)
{
    (void)now_us;
    boot_progress_hold(self->progress, g_str_equal(words[0], "on"));
}

static void
run_course(Bench *self, const char *course)
{
    static const struct {
        const char *verb;
        void (*func)(Bench *, char *const *, gint64);
    } verbs[] = {
        { "dhcp", step_dhcp },   { "tftp", step_tftp }, { "read", step_read },
        { "mount", step_mount }, { "text", step_text }, { "say", step_say },
        { "line", step_line },   { "tick", step_tick }, { "end", step_end },
        { "hold", step_hold },
    };
    g_auto(GStrv) lines = g_strsplit(course, "|", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);
        gint64 now_us = START + (gint64)(g_ascii_strtod(words[0], NULL) * 1e6 + 0.5);
        gboolean known = FALSE;
        for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
            if (!g_str_equal(verbs[i].verb, words[1]))
                continue;
            verbs[i].func(self, words + 2, now_us);
            known = TRUE;
        }
        g_assert_true(known);
    }
}

typedef struct {
    const char *name;
    ProgressStyle style;
    ProgressIdle idle;
    const char *course;  /* events, separated by "|" */
    const char *written; /* all of it */
} CourseRow;

#define BOOT                                                                                       \
    "0.9 dhcp|1 tftp rrq boot/pxeboot 0 0|1.1 tftp block boot/pxeboot 1428 2856|"                  \
    "1.5 tftp end boot/pxeboot 2856 2856|1.8 mount|1.9 mount|2 read boot/loader.rc 0 63 63"

#define BOOT_LINES                                                                                 \
    "   0.90 s  dhcp     iPXE is 192.168.64.15\n"                                                  \
    "   1.50 s  tftp     boot/pxeboot, 2.8 KiB (0.5 s, 5.6 KiB/s)\n"                               \
    "   1.80 s  nfs      the tree is mounted\n"

static const CourseRow course_rows[] = {
    { "boot", PROGRESS_LINES, IDLE_ALWAYS, BOOT "|2.1 end", BOOT_LINES },
    { "quiet", PROGRESS_QUIET, IDLE_ALWAYS, BOOT "|5 text panic: x|60 tick|99 tick|99 end", "" },
    { "quiet-still-tells-messages", PROGRESS_QUIET, IDLE_ALWAYS, "1 line oh dear", "oh dear\n" },
    { "large-file", PROGRESS_LINES, IDLE_ALWAYS,
      "2 read boot/mfsroot.gz 0 1024 204800|3 read boot/mfsroot.gz 203776 1024 204800",
      "   3.00 s  nfs      /boot/mfsroot.gz, 200.0 KiB (1.0 s, 200.0 KiB/s)\n" },
    { "read-again-in-parts", PROGRESS_LINES, IDLE_ALWAYS,
      "2 read boot/mfsroot.gz 0 204800 204800|3 read boot/mfsroot.gz 102400 102400 204800|9 end",
      "   2.00 s  nfs      /boot/mfsroot.gz, 200.0 KiB (0.0 s, 190.7 GiB/s)\n" },
    { "loaded-again", PROGRESS_LINES, IDLE_ALWAYS,
      "2 read boot/mfsroot.gz 0 204800 204800|3 read boot/mfsroot.gz 0 204800 204800|9 end",
      "   2.00 s  nfs      /boot/mfsroot.gz, 200.0 KiB (0.0 s, 190.7 GiB/s)\n"
      "   3.00 s  nfs      /boot/mfsroot.gz, 200.0 KiB (0.0 s, 190.7 GiB/s)\n" },
    { "another-file-ends-one", PROGRESS_LINES, IDLE_ALWAYS,
      "2 read boot/kernel/kernel 0 102400 204800|3 read boot/kernel/kernel 102400 1024 204800|"
      "4 read boot/loader.rc 0 63 63",
      "   4.00 s  nfs      /boot/kernel/kernel, 101.0 KiB (1.0 s, 101.0 KiB/s)\n" },
    { "abandoned", PROGRESS_LINES, IDLE_ALWAYS,
      "2 read boot/kernel/kernel 0 102400 204800|3 read boot/kernel/kernel 102400 1024 204800|"
      "5.9 tick|6 tick|9 end",
      "   6.00 s  nfs      /boot/kernel/kernel, 101.0 KiB (1.0 s, 101.0 KiB/s)\n" },
    { "slow-transfer", PROGRESS_LINES, IDLE_ALWAYS,
      "0 tftp rrq linux 0 0|9 tftp block linux 512 4096|9.9 tick|10 tick|11 tick|"
      "19 tftp block linux 1024 4096|20 tick|21 tftp end linux 4096 4096",
      "  10.00 s  tftp     linux, 512 bytes of 4.0 KiB, 12 % (51 bytes/s, 10.0 s)\n"
      "  20.00 s  tftp     linux, 1.0 KiB of 4.0 KiB, 25 % (51 bytes/s, 20.0 s)\n"
      "  21.00 s  tftp     linux, 4.0 KiB (21.0 s, 195 bytes/s)\n" },
    { "stalled-transfer", PROGRESS_LINES, IDLE_ALWAYS,
      "0 tftp rrq linux 0 0|1 tftp block linux 512 4096|10 tick|20 tick|30 tick|70 tick|"
      "130 tick|189 tick|190 tick",
      "  10.00 s  tftp     linux, 512 bytes of 4.0 KiB, 12 % (nothing for 9 s)\n"
      "  20.00 s  tftp     linux, 512 bytes of 4.0 KiB, 12 % (nothing for 19 s)\n"
      "  70.00 s  tftp     linux, 512 bytes of 4.0 KiB, 12 % (nothing for 69 s)\n"
      " 130.00 s  tftp     linux, 512 bytes of 4.0 KiB, 12 % (nothing for 129 s)\n"
      " 190.00 s  tftp     linux, 512 bytes of 4.0 KiB, 12 % (nothing for 189 s)\n" },
    { "transfer-refused", PROGRESS_LINES, IDLE_ALWAYS,
      "1 tftp rrq x 0 0|1 tftp error x:_File_not_found 0 0|1 tftp block x 512 1024|9 end",
      "   1.00 s  tftp     x:_File_not_found\n" },
    { "asked-twice", PROGRESS_LINES, IDLE_ALWAYS,
      "1 tftp rrq x 0 0|2 tftp rrq x 0 0|3 tftp end x 100 100",
      "   2.00 s  tftp     x: asked for, nothing read\n"
      "   3.00 s  tftp     x, 100 bytes (1.0 s, 100 bytes/s)\n" },
    { "data-of-no-transfer", PROGRESS_LINES, IDLE_ALWAYS,
      "1 tftp end x 100 100|2 read boot/loader.rc 0 63 100|3 tftp block x 99 99|3 end", "" },
    { "silent-from-the-start", PROGRESS_LINES, IDLE_ALWAYS,
      "1 tick|9.9 tick|10 tick|19 tick|30 tick",
      "  10.00 s  guest    nothing new for 10 s\n"
      "  30.00 s  guest    nothing new for 30 s\n" },
    { "silence-is-told-less-and-less-often", PROGRESS_LINES, IDLE_ALWAYS,
      "1 text Mounting root|11 tick|20 tick|21 tick|40 tick|41 tick|80 tick|81 tick|140 tick|"
      "141 tick|200 tick|201 tick",
      "  11.00 s  guest    nothing new for 10 s; last on the screen: Mounting root\n"
      "  21.00 s  guest    nothing new for 20 s; last on the screen: Mounting root\n"
      "  41.00 s  guest    nothing new for 40 s; last on the screen: Mounting root\n"
      "  81.00 s  guest    nothing new for 80 s; last on the screen: Mounting root\n"
      " 141.00 s  guest    nothing new for 140 s; last on the screen: Mounting root\n"
      " 201.00 s  guest    nothing new for 200 s; last on the screen: Mounting root\n" },
    { "busy-guest", PROGRESS_LINES, IDLE_ALWAYS,
      "1 text one|9.5 text two|10 tick|15 text three|19 text four|20 tick",
      "  10.00 s  guest    on the screen: two\n"
      "  20.00 s  guest    on the screen: four\n" },
    { "a-step-begins-anew", PROGRESS_LINES, IDLE_ALWAYS, "9 dhcp|10 tick|18.9 tick|19 tick",
      "   9.00 s  dhcp     iPXE is 192.168.64.15\n"
      "  19.00 s  guest    nothing new for 10 s\n" },
    { "until-the-kernel", PROGRESS_LINES, IDLE_UNTIL_KERNEL,
      "10 tick|20 text Copyright (c) 1992-2008|30 tick|99 tick",
      "  10.00 s  guest    nothing new for 10 s\n"
      "  20.00 s  kernel   started\n" },
    { "files-even-after-the-kernel", PROGRESS_LINES, IDLE_UNTIL_KERNEL,
      "1 text Copyright (c) 1992-2008|2 tftp rrq x 0 0|12 tick",
      "   1.00 s  kernel   started\n"
      "  12.00 s  tftp     x, 0 bytes (nothing for 10 s)\n" },
    { "never-idle", PROGRESS_LINES, IDLE_NEVER, "10 tick|99 tick|99 say expected x",
      "  99.00 s  expected x\n" },
    { "marks-are-told-once", PROGRESS_LINES, IDLE_ALWAYS, "1 text panic: a|2 text panic: a",
      "   1.00 s  trouble  the kernel panicked\n" },
    { "foreign-text-is-harmless", PROGRESS_LINES, IDLE_ALWAYS,
      "1 text \033[2Jbell\a|1 tftp rrq \033c 0 0|2 tftp end x 9 9|3 say medium \033]0;x\a|"
      "4 read boot/\033[31mred 0 102400 102400|14 tick|15 line a\033b",
      "   2.00 s  tftp     \\x1bc, 9 bytes (1.0 s, 9 bytes/s)\n"
      "   3.00 s  medium   \\x1b]0;x\\x07\n"
      "   4.00 s  nfs      /boot/\\x1b[31mred, 100.0 KiB (0.0 s, 95.4 GiB/s)\n"
      "  14.00 s  guest    nothing new for 10 s; last on the screen: \\x1b[2Jbell\\x07\n"
      "a\\x1bb\n" },
    { "held", PROGRESS_LINES, IDLE_ALWAYS,
      "1 say a b|2 hold on|3 say c d|4 line e|15 tick|16 hold on", "   1.00 s  a        b\n" },
    { "held-and-given-back", PROGRESS_LINES, IDLE_ALWAYS,
      "1 say a b|2 hold on|3 say c d|4 line e|5 hold off|5 hold off|6 say f g",
      "   1.00 s  a        b\n   3.00 s  c        d\ne\n   6.00 s  f        g\n" },
};

static void
test_course(gconstpointer data)
{
    const CourseRow *row = data;
    Bench bench;

    bench_init(&bench, row->style, row->idle, pipe_ends());
    run_course(&bench, row->course);
    g_assert_cmpstr(bench_text(&bench), ==, row->written);
    bench_clear(&bench);
}

#define CLEAR                  "\r\033[K"
#define DIM                    "\033[2m"
#define GREEN                  "\033[32m"
#define YELLOW                 "\033[33m"
#define OFF                    "\033[0m"
#define STEP(time, what, text) DIM time " s" OFF "  " GREEN what OFF " " text

typedef struct {
    const char *name;
    guint columns;
    const char *course;
    const char *written;
} TerminalRow;

static const TerminalRow terminal_rows[] = {
    { "step", 80, "1 dhcp", STEP("   1.00", "dhcp    ", "iPXE is 192.168.64.15\n") },
    { "trouble", 80, "1 text panic: x",
      DIM "   1.00 s" OFF "  " YELLOW "trouble " OFF " the kernel panicked\n" },
    { "bar", 80,
      "1 tftp rrq linux 0 0|2 tftp block linux 1024 2048|2.05 tftp block linux 1536 2048|"
      "2.1 tftp block linux 1600 2048|3 tftp end linux 2048 2048",
      CLEAR STEP("   1.00", "tftp    ", "linux, 0 bytes (0 bytes/s, 0.0 s)")
          CLEAR STEP("   2.00", "tftp    ", "linux [#####.....] 50 %, 1.0 KiB/s, 1.0 s")
              CLEAR STEP("   2.10", "tftp    ", "linux [#######...] 78 %, 1.4 KiB/s, 1.1 s")
                  CLEAR STEP("   3.00", "tftp    ", "linux, 2.0 KiB (2.0 s, 1.0 KiB/s)\n") },
    { "bar-in-a-wide-window", 120, "1 tftp rrq linux 0 0|1.05 tftp block linux 1024 2048|2 tick",
      CLEAR STEP("   1.00", "tftp    ", "linux, 0 bytes (0 bytes/s, 0.0 s)") CLEAR STEP(
          "   2.00", "tftp    ", "linux [############............] 50 %, 1.0 KiB/s, 1.0 s") },
    { "stall-shows", 80, "1 tftp rrq linux 0 0|2 tick|4 tick",
      CLEAR STEP("   1.00", "tftp    ", "linux, 0 bytes (0 bytes/s, 0.0 s)")
          CLEAR STEP("   2.00", "tftp    ", "linux, 0 bytes (0 bytes/s, 1.0 s)")
              CLEAR STEP("   4.00", "tftp    ", "linux, 0 bytes (nothing for 3 s)") },
    { "time-goes-on-where-nothing-is-read", 80, "0.1 tick|0.2 tick|1.1 tick|2.1 tick",
      CLEAR STEP("   0.10", "guest   ", "starting") CLEAR STEP("   1.10", "guest   ", "starting")
          CLEAR STEP("   2.10", "guest   ", "nothing new for 2 s") },
    { "last-text", 80, "0.5 text SeaBIOS|1 tick|3 tick",
      CLEAR STEP("   1.00", "guest   ", "on the screen: SeaBIOS")
          CLEAR STEP("   3.00", "guest   ", "nothing new for 2 s; last on the screen: SeaBIOS") },
    { "never-wider-than-the-window", 40,
      "0.5 text "
      "0123456789012345678901234567890123456789|3 tick",
      CLEAR STEP("   3.00", "guest   ", "nothing new for 2 s") },
    { "no-wider-than-a-slit", 10, "3 tick", CLEAR STEP("   3.00", "guest   ", "") },
    { "message-takes-the-line's-place", 80, "1 tick|1.2 line note|1.3 dhcp|1.4 tick|2.0 tick|3 end",
      CLEAR STEP("   1.00", "guest   ", "starting") CLEAR
      "note\n" STEP("   1.30", "dhcp    ", "iPXE is 192.168.64.15\n")
          CLEAR STEP("   2.00", "guest   ", "starting") CLEAR },
    { "held-draws-nothing", 80, "1 tick|1.5 hold on|2 tick|3 dhcp|4 tick|5 hold off|5.1 tick",
      CLEAR STEP("   1.00", "guest   ", "starting")
          CLEAR STEP("   3.00", "dhcp    ", "iPXE is 192.168.64.15\n")
              CLEAR STEP("   5.10", "guest   ", "nothing new for 2 s") },
};

static void
test_terminal(gconstpointer data)
{
    const TerminalRow *row = data;
    Bench bench;

    bench_init(&bench, PROGRESS_TERMINAL, IDLE_ALWAYS, terminal_ends(row->columns));
    run_course(&bench, row->course);
    g_assert_cmpstr(bench_text(&bench), ==, row->written);
    bench_clear(&bench);
}

/* A reader that does not read costs no time and no memory without end. */
static void
test_slow_reader(void)
{
    Bench bench;
    g_autofree char *long_line = g_strnfill(1000, 'x');

    bench_init(&bench, PROGRESS_LINES, IDLE_ALWAYS, pipe_ends());
    gint64 begin_us = g_get_monotonic_time();
    for (guint i = 0; i < 10000; i++)
        boot_progress_line(bench.progress, long_line);
    g_assert_cmpint(g_get_monotonic_time() - begin_us, <, 5 * S);
    (void)bench_text(&bench);
    while (bench.written->len % 1001 != 0 || bench.written->len < 300000) {
        g_main_context_iteration(NULL, FALSE);
        (void)bench_text(&bench);
    }
    bench_clear(&bench);
}

/* Lines that wait for QEMU's display to end: the last of them are kept, whole. */
static void
test_held_many(void)
{
    Bench bench;
    g_autofree char *long_line = g_strnfill(99, 'x');

    bench_init(&bench, PROGRESS_LINES, IDLE_ALWAYS, pipe_ends());
    boot_progress_hold(bench.progress, TRUE);
    for (guint i = 0; i < 10000; i++)
        boot_progress_line(bench.progress, long_line);
    boot_progress_hold(bench.progress, FALSE);
    while (bench_text(&bench)[0] == '\0' || bench.written->len % 100 != 0)
        g_main_context_iteration(NULL, FALSE);
    g_assert_cmpuint(bench.written->len, <=, 64 * KIB);
    g_assert_cmpuint(bench.written->len, >, 60 * KIB);
    bench_clear(&bench);
}

/* The guest's letters, where the terminal has only ASCII. */
static void
test_ascii(void)
{
    Bench bench;

    g_assert_nonnull(setlocale(LC_CTYPE, "C"));
    bench_init(&bench, PROGRESS_LINES, IDLE_ALWAYS, pipe_ends());
    run_course(&bench, "1 text \xe2\x96\x92x|11 tick");
    g_assert_cmpstr(bench_text(&bench), ==,
                    "  11.00 s  guest    nothing new for 10 s; last on the screen: \\u2592x\n");
    bench_clear(&bench);
    g_assert_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    ROWS_ADD("/boot-progress/course", course_rows, test_course);
    ROWS_ADD("/boot-progress/terminal", terminal_rows, test_terminal);
    g_test_add_func("/boot-progress/slow-reader", test_slow_reader);
    g_test_add_func("/boot-progress/held-many", test_held_many);
    g_test_add_func("/boot-progress/ascii", test_ascii);
    return g_test_run();
}
