/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is told on the terminal of names and texts that a guest or a medium chose: nothing of them
 * may steer the terminal. The first record names a file of the tree; the others are events, whose
 * kind is in their flags, after as many milliseconds as their first two bytes say.
 */
#include "base/autofd.h"
#include "launcher/boot-progress.h"
#include "tests/fuzz/fuzz-input.h"

#include <locale.h>
#include <string.h>
#include <sys/mman.h>

#define FILE_ID 1 /* of the file that the first record names, when its path is one name */

enum {
    EVENT_NFS = BOOT_EVENT_COUNT, /* below it: a BootEvent of that kind */
    EVENT_SCREEN,
    EVENT_SERIAL,
    EVENT_MESSAGE,
    EVENT_LINE,
    EVENT_HOLD,
    EVENT_TICK,
    EVENT_KINDS
};

static void
tell_event(BootProgress *progress, guint kind, Cursor record, gint64 now_us)
{
    BootEvent event = { .kind = (BootEventKind)kind };

    event.client = (DhcpClient)(cursor_u8(&record) % DHCP_CLIENT_COUNT);
    event.bytes = cursor_be32(&record); /* it is the sum of what has passed */
    event.size = cursor_be64(&record);
    (void)g_strlcpy(event.name, "boot/pxeboot", sizeof event.name); /* boot-watch.c escapes it */
    boot_progress_event(progress, &event, now_us);
}

static void
tell_nfs(BootProgress *progress, Vfs *vfs, Cursor record, gint64 now_us)
{
    NfsEvent event = { .kind = NFS_EVENT_READ, .id = FILE_ID };

    event.id += cursor_u8(&record);
    event.offset = cursor_be64(&record);
    event.count = cursor_be16(&record);
    event.size = cursor_be64(&record);
    boot_progress_nfs(progress, vfs, &event, now_us);
}

static void
tell(BootProgress *progress, Vfs *vfs, guint kind, Cursor record, gint64 now_us)
{
    g_autofree char *text = g_strndup((const char *)record.at, cursor_left(&record));

    if (kind < BOOT_EVENT_COUNT)
        tell_event(progress, kind, record, now_us);
    else if (kind == EVENT_NFS)
        tell_nfs(progress, vfs, record, now_us);
    else if (kind == EVENT_SCREEN)
        boot_progress_screen(progress, text, now_us);
    else if (kind == EVENT_SERIAL)
        boot_progress_serial(progress, text, now_us);
    else if (kind == EVENT_MESSAGE)
        boot_progress_message(progress, "trouble", text, now_us);
    else if (kind == EVENT_LINE)
        boot_progress_line(progress, text);
    else if (kind == EVENT_HOLD)
        boot_progress_hold(progress, cursor_u8(&record) % 2 != 0);
    else
        boot_progress_tick(progress, now_us);
}

static void
run(const ProgressSetup *setup, Cursor input)
{
    g_autoptr(BootProgress) progress = boot_progress_new(setup);
    g_autoptr(Vfs) vfs = vfs_mem_new();
    g_autoptr(GBytes) empty = g_bytes_new(NULL, 0);
    gint64 now_us = setup->start_us;
    guint flags;

    for (guint i = 0; i < FUZZ_RECORDS_MAX; i++) {
        g_auto(FuzzPiece) record = { 0 };
        if (!fuzz_record_next(&input, &flags, &record))
            break;
        Cursor cursor = fuzz_piece_cursor(&record);
        g_autofree char *path = i == 0 ? g_strndup((char *)record.bytes, record.len) : NULL;
        if (path != NULL) {
            (void)vfs_mem_add_file(vfs, path, empty, 0644);
            continue;
        }
        now_us += (gint64)cursor_be16(&cursor) * 1000;
        tell(progress, vfs, flags % EVENT_KINDS, cursor, now_us);
    }
    boot_progress_end(progress, now_us);
}

/* Steps over what we have for a terminal: to erase the line, and colours. */
static const char *
skip_ours(const char *text)
{
    static const char *const ours[] = { "\r\033[K", "\033[2m", "\033[32m", "\033[33m", "\033[0m" };

    for (gsize i = 0; i < G_N_ELEMENTS(ours); i++) {
        if (g_str_has_prefix(text, ours[i]))
            return text + strlen(ours[i]);
    }
    return text;
}

/* Nothing in @text but what has a shape, and newlines and tabs. */
static void
check_printable(const char *text, gboolean terminal)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    while (*text != '\0') {
        const char *next = terminal ? skip_ours(text) : text;
        if (next == text) {
            gunichar c = g_utf8_get_char(text);
            g_assert_true(c == '\n' || c == '\t' ||
                          (!g_unichar_iscntrl(c) && g_unichar_type(c) != G_UNICODE_FORMAT));
            next = text + g_unichar_to_utf8(c, NULL);
        }
        text = next;
    }
}

static void
check_style(ProgressStyle style, Cursor input)
{
    auto_fd fd = memfd_create("fuzz", MFD_CLOEXEC);
    const ProgressSetup setup = { style, IDLE_ALWAYS, output_new(fd), G_USEC_PER_SEC };

    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autofree char *text = NULL;
    gsize size;

    run(&setup, input);
    g_assert_true(g_file_get_contents(path, &text, &size, NULL));
    g_assert_cmpuint(strlen(text), ==, size);
    check_printable(text, style == PROGRESS_TERMINAL);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    static const ProgressStyle styles[] = { PROGRESS_QUIET, PROGRESS_LINES, PROGRESS_TERMINAL };

    (void)setlocale(LC_CTYPE, "C.UTF-8"); /* or everything but ASCII is written as '?' */
    for (gsize i = 0; i < G_N_ELEMENTS(styles); i++)
        check_style(styles[i], cursor_of(bytes, len));
    return 0;
}
