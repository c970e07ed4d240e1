/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/transfer.c: one line about a file, in every state that it can have. */
#include "launcher/transfer.h"
#include "tests/lan/rows.h"

#define S          G_USEC_PER_SEC
#define KIB        1024u
#define MIB        (1024u * KIB)
#define GIB        (1024u * (guint64)MIB)
#define BAR(text)  "[" text "]"
#define LETTERS_48 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv"

typedef struct {
    const char *name;
    const char *file;
    guint64 bytes, size;
    gint64 data_us, now_us; /* after the beginning */
    guint columns;
    const char *done, *state, *bar;
} TextRow;

static const TextRow text_rows[] = {
    { "nothing-yet", "boot/pxeboot", 0, 0, 0, S, 60, "boot/pxeboot: asked for, nothing read",
      "boot/pxeboot, 0 bytes (0 bytes/s, 1.0 s)", "boot/pxeboot, 0 bytes (0 bytes/s, 1.0 s)" },
    { "nothing-for-long", "x", 0, 0, 0, 75 * S, 60, "x: asked for, nothing read",
      "x, 0 bytes (nothing for 75 s)", "x, 0 bytes (nothing for 75 s)" },
    { "size-not-known", "x", 1000, 0, S, S, 60, "x, 1000 bytes (1.0 s, 1000 bytes/s)",
      "x, 1000 bytes (1000 bytes/s, 1.0 s)", "x, 1000 bytes (1000 bytes/s, 1.0 s)" },
    { "half", "kernel", 5 * MIB, 10 * MIB, 2 * S, 2 * S, 60, "kernel, 5.0 MiB (2.0 s, 2.5 MiB/s)",
      "kernel, 5.0 MiB of 10.0 MiB, 50 % (2.5 MiB/s, 2.0 s)",
      "kernel " BAR("#####.....") " 50 %, 2.5 MiB/s, 2.0 s" },
    { "wide", "kernel", 5 * MIB, 10 * MIB, 2 * S, 2 * S, 100, "kernel, 5.0 MiB (2.0 s, 2.5 MiB/s)",
      "kernel, 5.0 MiB of 10.0 MiB, 50 % (2.5 MiB/s, 2.0 s)",
      "kernel " BAR("############............") " 50 %, 2.5 MiB/s, 2.0 s" },
    { "stalled", "kernel", 5 * MIB, 10 * MIB, 2 * S, 14 * S, 60,
      "kernel, 5.0 MiB (2.0 s, 2.5 MiB/s)", "kernel, 5.0 MiB of 10.0 MiB, 50 % (nothing for 12 s)",
      "kernel " BAR("#####.....") " 50 %, nothing for 12 s" },
    { "whole", "x", 2048, 2048, S, S, 60, "x, 2.0 KiB (1.0 s, 2.0 KiB/s)",
      "x, 2.0 KiB of 2.0 KiB, 100 % (2.0 KiB/s, 1.0 s)",
      "x " BAR("##########") " 100 %, 2.0 KiB/s, 1.0 s" },
    { "more-than-its-size", "x", 4096, 2048, S, S, 60, "x, 4.0 KiB (1.0 s, 4.0 KiB/s)",
      "x, 4.0 KiB of 2.0 KiB, 100 % (4.0 KiB/s, 1.0 s)",
      "x " BAR("##########") " 100 %, 4.0 KiB/s, 1.0 s" },
    { "in-no-time", "x", 1, 1, 0, 0, 60, "x, 1 bytes (0.0 s, 976.6 KiB/s)",
      "x, 1 bytes of 1 bytes, 100 % (976.6 KiB/s, 0.0 s)",
      "x " BAR("##########") " 100 %, 976.6 KiB/s, 0.0 s" },
    { "clock-that-goes-back", "x", 1024, 2048, -S, -S, 60, "x, 1.0 KiB (0.0 s, 976.6 MiB/s)",
      "x, 1.0 KiB of 2.0 KiB, 50 % (976.6 MiB/s, 0.0 s)",
      "x " BAR("#####.....") " 50 %, 976.6 MiB/s, 0.0 s" },
    { "units-change-where-they-should", "x", 1023, 1024, S, S, 60,
      "x, 1023 bytes (1.0 s, 1023 bytes/s)", "x, 1023 bytes of 1.0 KiB, 99 % (1023 bytes/s, 1.0 s)",
      "x " BAR("#########.") " 99 %, 1023 bytes/s, 1.0 s" },
    { "gigabytes", "x", 3 * GIB, 4 * GIB, S, S, 60, "x, 3.0 GiB (1.0 s, 3.0 GiB/s)",
      "x, 3.0 GiB of 4.0 GiB, 75 % (3.0 GiB/s, 1.0 s)",
      "x " BAR("#######...") " 75 %, 3.0 GiB/s, 1.0 s" },
    { "largest", "x", G_MAXUINT64, G_MAXUINT64, S, S, 60,
      "x, 16777216.0 TiB (1.0 s, 16777216.0 TiB/s)",
      "x, 16777216.0 TiB of 16777216.0 TiB, 100 % (16777216.0 TiB/s, 1.0 s)",
      "x " BAR("##########") " 100 %, 16777216.0 TiB/s, 1.0 s" },
    { "longest-name", LETTERS_48, 1024, 2048, S, S, 200, LETTERS_48 ", 1.0 KiB (1.0 s, 1.0 KiB/s)",
      LETTERS_48 ", 1.0 KiB of 2.0 KiB, 50 % (1.0 KiB/s, 1.0 s)",
      LETTERS_48 " " BAR("############............") " 50 %, 1.0 KiB/s, 1.0 s" },
    { "longer-name", "/x/y" LETTERS_48, 1024, 2048, S, S, 200,
      "...defghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv, 1.0 KiB (1.0 s, 1.0 KiB/s)",
      "...defghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv, 1.0 KiB of 2.0 KiB, 50 % (1.0 KiB/s, "
      "1.0 s)",
      "...defghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv " BAR(
          "############............") " 50 %, "
                                      "1.0 KiB/s, 1.0 s" },
    { "narrow", "boot/kernel/kernel", 1024, 2048, S, S, 50,
      "boot/kernel/kernel, 1.0 KiB (1.0 s, 1.0 KiB/s)",
      "boot/kernel/kernel, 1.0 KiB of 2.0 KiB, 50 % (1.0 KiB/s, 1.0 s)",
      "...rnel/kernel " BAR("#####.....") " 50 %, 1.0 KiB/s, 1.0 s" },
    { "no-room-at-all", "boot/kernel/kernel", 1024, 2048, S, S, 0,
      "boot/kernel/kernel, 1.0 KiB (1.0 s, 1.0 KiB/s)",
      "boot/kernel/kernel, 1.0 KiB of 2.0 KiB, 50 % (1.0 KiB/s, 1.0 s)",
      "...ernel " BAR("#####.....") " 50 %, 1.0 KiB/s, 1.0 s" },
};

static void
test_text(gconstpointer data)
{
    const TextRow *row = data;
    const gint64 start_us = 1000 * S;
    Transfer transfer;

    transfer_start(&transfer, "nfs", row->file, 7, start_us);
    g_assert_true(transfer.active);
    if (row->bytes > 0 || row->size > 0)
        transfer_data(&transfer, row->bytes, row->size, start_us + row->data_us);
    g_autofree char *done = transfer_done_text(&transfer);
    g_autofree char *state = transfer_state_text(&transfer, start_us + row->now_us);
    g_autofree char *bar = transfer_bar_text(&transfer, start_us + row->now_us, row->columns);
    g_assert_cmpstr(done, ==, row->done);
    g_assert_cmpstr(state, ==, row->state);
    g_assert_cmpstr(bar, ==, row->bar);
    g_assert_cmpint(transfer_is_whole(&transfer), ==, row->size > 0 && row->bytes >= row->size);
}

/* A loader reads parts of a file again. */
static void
test_backwards(void)
{
    Transfer transfer;

    transfer_start(&transfer, "nfs", "x", 7, 0);
    transfer_data(&transfer, 1500, 2000, S);
    transfer_data(&transfer, 100, 2000, 2 * S);
    g_assert_cmpuint(transfer.bytes, ==, 1500);
    g_assert_cmpint(transfer.data_us, ==, 2 * S);
    g_assert_false(transfer_is_whole(&transfer));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/transfer/text", text_rows, test_text);
    g_test_add_func("/transfer/backwards", test_backwards);
    return g_test_run();
}
