/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/guest-text.c: lines as real loaders and kernels print them, and what is made of them. */
#include "launcher/guest-text.h"
#include "tests/lan/rows.h"

#define FORTY "0123456789012345678901234567890123456789"
#define BOX   "\xe2\x96\x92" /* ▒, three bytes */
#define BOXES BOX BOX BOX BOX BOX BOX BOX BOX BOX BOX

typedef struct {
    const char *name;
    const char *text;
    const char *last; /* (nullable) */
} LastRow;

static const LastRow last_rows[] = {
    { "nothing", "", NULL },
    { "blank", "  \n\t\n \n", NULL },
    { "one-line", "login:", "login:" },
    { "spaces-around", "a\n   b c  \n\n \n", "b c" },
    { "sixty", FORTY "01234567890123456789", FORTY "01234567890123456789" },
    { "longer", FORTY FORTY, FORTY "01234567890123456789" },
    { "counts-characters", BOXES BOXES BOXES BOXES BOXES BOXES BOX "x",
      BOXES BOXES BOXES BOXES BOXES BOXES },
    { "bytes-that-are-no-text",
      "a\nb\xff"
      "c",
      "b\xef\xbf\xbd"
      "c" },
    { "half-a-character-at-the-end", "ab\xe2\x96", "ab\xef\xbf\xbd\xef\xbf\xbd" },
};

static void
test_last(gconstpointer data)
{
    const LastRow *row = data;
    GuestText guest = { 0 };

    guest_text_screen(&guest, row->text);
    g_assert_cmpstr(guest.last, ==, row->last);
    g_assert_cmpstr(guest.last_where, ==, row->last != NULL ? "screen" : NULL);
    /* What says nothing does not take the place of what does. */
    guest_text_serial(&guest, "before");
    g_assert_cmpstr(guest.last, ==, "before");
    guest_text_serial(&guest, row->text);
    g_assert_cmpstr(guest.last, ==, row->last != NULL ? row->last : "before");
    g_assert_cmpstr(guest.last_where, ==, "serial line");
    guest_text_clear(&guest);
    g_assert_null(guest.last);
}

typedef struct {
    const char *name;
    const char *before, *after; /* the screen */
    const char *last;
} ChangeRow;

/* What came last on a screen is what has changed, wherever it stands. */
static const ChangeRow change_rows[] = {
    { "new-line-below", "a\nb\n", "a\nb\nc\n", "c" },
    { "line-grows", "a\nOK\n", "a\nOK boot\n", "OK boot" },
    { "scrolled", "a\nb\nc\n", "b\nc\nd\n", "d" },
    { "at-the-top", "a\nb\nc\n", "x\nb\nc\n", "x" },
    { "in-the-middle", "a\n\nc\n", "a\nb\nc\n", "b" },
    { "two-lines", "a\nb\nc\n", "x\ny\nc\n", "y" },
    { "cleared", "a\nb\n", "", "b" },
    { "cleared-but-for-one", "a\nb\n", "\nb\n", "b" },
    { "line-taken-away", "a\nb\nc\n", "a\nb\n", "c" },
    { "no-change", "a\nb\n", "a\nb\n", "b" },
    { "new-screen", "a\nb\n", "Welcome\n\n 1. Boot\n", "1. Boot" },
};

static void
test_change(gconstpointer data)
{
    const ChangeRow *row = data;
    GuestText guest = { 0 };

    guest_text_screen(&guest, row->before);
    guest_text_screen(&guest, row->after);
    g_assert_cmpstr(guest.last, ==, row->last);
    guest_text_clear(&guest);
}

typedef struct {
    const char *name;
    const char *text;
    const char *what, *means; /* (nullable) */
    gboolean kernel;
} MarkRow;

static const MarkRow mark_rows[] = {
    { "nothing", "", NULL, NULL, FALSE },
    { "kernel-7", "GDB: no debug ports present\nCopyright (c) 1992-2008 The FreeBSD Project.",
      "kernel", "started", TRUE },
    { "kernel-15", "Copyright (c) 1992-2025 The FreeBSD Project.", "kernel", "started", TRUE },
    { "loader-is-no-kernel", "FreeBSD/x86 bootstrap loader, Revision 1.1", NULL, NULL, FALSE },
    { "memory-disk", "md0: Preloaded image </boot/mfsroot> 4423680 bytes at 0xc0f50a60", "kernel",
      "found its memory disk", FALSE },
    { "sysinstall", "/stand/sysinstall running as init on vty0", "init", "sysinstall runs", FALSE },
    { "btx", "BTX halted", "trouble", "the loader has stopped", FALSE },
    { "no-dhcp-for-the-loader", "bootp: no reply", "trouble", "no DHCP answer", FALSE },
    { "no-root-path", "no rootpath, no nfs", "trouble", "not told where", FALSE },
    { "no-kernel", "can't load 'kernel'", "trouble", "no kernel in", FALSE },
    { "ipxe", "No configuration methods succeeded (http://ipxe.org/040ee119)", "trouble",
      "iPXE got no DHCP answer", FALSE },
    { "no-init", "init: not found in path /sbin/init:/sbin/oinit", "trouble", "no init", FALSE },
    { "no-root", "mountroot>", "trouble", "no root file system", FALSE },
    { "panic", "panic: page fault\ncpuid = 0", "trouble", "panicked", FALSE },
};

static void
test_mark(gconstpointer data)
{
    const MarkRow *row = data;
    GuestText guest = { 0 };
    const TextMark *mark = guest_text_next_mark(&guest, row->text);

    g_assert_cmpstr(mark != NULL ? mark->what : NULL, ==, row->what);
    if (mark != NULL)
        g_assert_nonnull(strstr(mark->means, row->means));
    g_assert_cmpint(guest_text_kernel_runs(&guest), ==, row->kernel);
    g_assert_null(guest_text_next_mark(&guest, row->text)); /* each is told once */
    guest_text_clear(&guest);
}

/* Several in one text, in the order of a boot; then no more. */
static void
test_marks(void)
{
    static const char *const means[] = { "started", "found its memory disk", "sysinstall runs" };
    const char *text = "/stand/sysinstall running as init on vty0\nmd0: Preloaded image\n"
                       "Copyright (c) 1992-2008 The FreeBSD Project.";
    GuestText guest = { 0 };

    for (gsize i = 0; i < G_N_ELEMENTS(means); i++) {
        const TextMark *mark = guest_text_next_mark(&guest, text);
        g_assert_nonnull(mark);
        g_assert_cmpstr(mark->means, ==, means[i]);
    }
    g_assert_null(guest_text_next_mark(&guest, text));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/guest-text/last", last_rows, test_last);
    ROWS_ADD("/guest-text/change", change_rows, test_change);
    ROWS_ADD("/guest-text/mark", mark_rows, test_mark);
    g_test_add_func("/guest-text/marks", test_marks);
    return g_test_run();
}
