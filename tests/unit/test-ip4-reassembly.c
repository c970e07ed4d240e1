/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragments in: each row is a list of fragments, with what each of them completes. */
#include "slirp-config/net/ip4-reassembly.h"
#include "tests/lan/frames.h"
#include "tests/lan/rows.h"

#define STEPS_MAX  10
#define SECOND_US  (1000 * 1000)
#define TIMEOUT_MS 30000

typedef struct {
    guint16 id;
    gsize off, len;
    gboolean more;
    gsize whole;  /* bytes of the datagram that this fragment completes; 0: none */
    gint64 at_ms; /* when it comes */
    guint8 proto; /* 0: UDP */
    gboolean other_src, other_dst;
} Step;

typedef struct {
    const char *name;
    Step steps[STEPS_MAX]; /* ended by id 0 */
} Row;

#define LAST FALSE
#define MORE TRUE

static const Row rows[] = {
    { "in-order", { { 1, 0, 16, MORE }, { 1, 16, 8, MORE }, { 1, 24, 5, LAST, 29 } } },
    { "reversed", { { 1, 24, 5, LAST }, { 1, 16, 8, MORE }, { 1, 0, 16, MORE, 29 } } },
    { "middle-at-the-end", { { 1, 0, 16, MORE }, { 1, 24, 5, LAST }, { 1, 16, 8, MORE, 29 } } },
    { "last-is-one-byte", { { 1, 0, 8, MORE }, { 1, 8, 1, LAST, 9 } } },
    { "last-fills-its-unit", { { 1, 0, 8, MORE }, { 1, 8, 8, LAST, 16 } } },
    { "large", { { 1, 0, 32768, MORE }, { 1, 32768, 32747, LAST, 65515 } } },
    /* no honest sender repeats or overlaps; both make the datagram start anew */
    { "repeated",
      { { 1, 0, 16, MORE }, { 1, 0, 16, MORE }, { 1, 16, 8, LAST }, { 1, 0, 16, MORE, 24 } } },
    { "overlap-in-front", { { 1, 8, 16, MORE }, { 1, 0, 16, MORE }, { 1, 24, 8, LAST } } },
    { "overlap-behind", { { 1, 0, 16, MORE }, { 1, 8, 16, MORE }, { 1, 24, 8, LAST } } },
    { "overlap-inside", { { 1, 0, 32, MORE }, { 1, 8, 8, MORE }, { 1, 32, 8, LAST } } },
    { "overlap-by-the-last", { { 1, 0, 16, MORE }, { 1, 8, 16, LAST } } },
    { "empty", { { 1, 0, 0, MORE }, { 1, 0, 8, MORE }, { 1, 8, 0, LAST }, { 1, 8, 8, LAST, 16 } } },
    { "not-a-multiple-of-8", { { 1, 0, 12, MORE }, { 1, 8, 8, LAST } } },
    { "two-ends", { { 1, 16, 8, LAST }, { 1, 24, 8, LAST }, { 1, 0, 16, MORE } } },
    { "shorter-end", { { 1, 24, 8, LAST }, { 1, 16, 8, LAST }, { 1, 0, 16, MORE } } },
    { "more-behind-the-end", { { 1, 8, 8, LAST }, { 1, 16, 8, MORE }, { 1, 0, 8, MORE } } },
    { "more-up-to-the-end", { { 1, 16, 8, LAST }, { 1, 0, 24, MORE } } },
    { "two-under-way",
      { { 1, 0, 8, MORE }, { 2, 0, 16, MORE }, { 1, 8, 8, LAST, 16 }, { 2, 16, 8, LAST, 24 } } },
    { "id-used-again",
      { { 1, 0, 8, MORE }, { 1, 8, 8, LAST, 16 }, { 1, 8, 3, LAST }, { 1, 0, 8, MORE, 11 } } },
    { "same-id-other-protocol",
      { { 1, 0, 8, MORE }, { 1, 8, 8, LAST, 0, 0, 1 }, { 1, 8, 4, LAST, 12 } } },
    { "same-id-other-sender",
      { { 1, 0, 8, MORE }, { 1, 8, 8, LAST, 0, 0, 0, TRUE }, { 1, 8, 4, LAST, 12 } } },
    { "same-id-other-receiver",
      { { 1, 0, 8, MORE }, { 1, 8, 8, LAST, 0, 0, 0, FALSE, TRUE }, { 1, 8, 4, LAST, 12 } } },
    { "in-time", { { 1, 0, 8, MORE }, { 1, 8, 8, LAST, 16, TIMEOUT_MS } } },
    { "too-late", { { 1, 0, 8, MORE }, { 1, 8, 8, LAST, 0, TIMEOUT_MS + 1 } } },
    { "late-and-anew",
      { { 1, 0, 8, MORE },
        { 1, 8, 8, LAST, 0, TIMEOUT_MS + 1 },
        { 1, 0, 8, MORE, 16, TIMEOUT_MS + 2 } } },
    /* the table has four places; the oldest makes room */
    { "table-full",
      { { 1, 0, 8, MORE, 0, 1 },
        { 2, 0, 8, MORE, 0, 2 },
        { 3, 0, 8, MORE, 0, 3 },
        { 4, 0, 8, MORE, 0, 4 },
        { 5, 0, 8, MORE, 0, 5 },
        { 2, 8, 8, LAST, 16, 6 },
        { 5, 8, 8, LAST, 16, 6 },
        { 1, 8, 8, LAST, 0, 6 },
        { 3, 8, 8, LAST, 16, 7 },
        { 4, 8, 8, LAST, 16, 7 } } },
    { "free-place-before-the-oldest",
      { { 1, 0, 8, MORE, 0, 1 },
        { 2, 0, 8, MORE, 0, 2 },
        { 3, 0, 8, MORE, 0, 3 },
        { 4, 0, 8, MORE, 0, 4 },
        { 3, 8, 8, LAST, 16, 5 },
        { 5, 0, 8, MORE, 0, 6 },
        { 1, 8, 8, LAST, 16, 7 } } },
    /* A fragment far behind the end must not stand for a hole inside. */
    { "behind-the-end-came-first",
      { { 1, 800, 8, MORE }, { 1, 0, 8, MORE }, { 1, 16, 8, LAST }, { 1, 8, 8, MORE } } },
    { "right-behind-the-end-came-first",
      { { 1, 0, 8, MORE }, { 1, 16, 8, MORE }, { 1, 8, 8, LAST }, { 1, 0, 8, MORE } } },
    { "anew-after-one-behind-the-end",
      { { 1, 800, 8, MORE }, { 1, 8, 8, LAST }, { 1, 0, 8, MORE }, { 1, 8, 4, LAST, 12 } } },
};
G_STATIC_ASSERT(IP4_REASSEMBLY_MAX == 4);
G_STATIC_ASSERT(IP4_REASSEMBLY_TIMEOUT_US == TIMEOUT_MS * 1000);

/* Feeds one fragment, whose bytes tell their place in the datagram. */
static gsize
feed(Ip4Reassembly *table, const Step *step)
{
    const Ip4Header header = {
        .src = step->other_src ? DNS_IP : GUEST_IP,
        .dst = step->other_dst ? GATEWAY_IP : SERVER_IP,
        .proto = step->proto != 0 ? step->proto : 17,
        .id = step->id,
        .frag_off = step->off,
        .more_fragments = step->more,
    };
    g_autofree guint8 *pattern = g_malloc(step->off + step->len + 1);
    Cursor whole;

    row_pattern(pattern, step->off + step->len, step->id);
    g_autofree guint8 *payload = g_memdup2(pattern + step->off, step->len);
    if (!ip4_reassembly_put(table, &header, cursor_of(payload, step->len), step->at_ms * 1000,
                            &whole))
        return 0;
    if (whole.left != step->whole)
        return whole.left;
    g_autofree guint8 *want = g_malloc(whole.left);
    row_pattern(want, whole.left, step->id);
    ROW_CMPMEM(whole.at, whole.left, want, whole.left);
    return whole.left;
}

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    Ip4Reassembly *table = ip4_reassembly_new();

    for (gsize i = 0; i < STEPS_MAX && (row->steps[i].id != 0); i++) {
        gsize whole = feed(table, &row->steps[i]);
        g_test_message("step %" G_GSIZE_FORMAT, i);
        g_assert_cmpuint(whole, ==, row->steps[i].whole);
    }
    ip4_reassembly_free(table);
}

/* A 32-KiB datagram in frames of the LAN's MTU, in every rotation of its fragments. */
static void
test_rotations(void)
{
    const gsize chunk = 1480, n = 23, size = 32904;
    Ip4Reassembly *table = ip4_reassembly_new();

    for (gsize first = 0; first < n; first++) {
        for (gsize i = 0; i < n; i++) {
            gsize at = (first + i) % n * chunk;
            gsize whole = i == n - 1 ? size : 0;
            Step step = { (guint16)(first + 1), at, MIN(chunk, size - at), at + chunk < size,
                          whole };
            g_assert_cmpuint(feed(table, &step), ==, whole);
        }
    }
    ip4_reassembly_free(table);
}

static void
test_reset(void)
{
    Ip4Reassembly *table = ip4_reassembly_new();
    const Step first = { 1, 0, 8, MORE, 16 }, last = { 1, 8, 8, LAST };

    g_assert_cmpuint(feed(table, &first), ==, 0);
    ip4_reassembly_reset(table);
    g_assert_cmpuint(feed(table, &last), ==, 0);
    g_assert_cmpuint(feed(table, &first), ==, 16);
    ip4_reassembly_free(table);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/ip4-reassembly", rows, test_row);
    g_test_add_func("/ip4-reassembly/rotations", test_rotations);
    g_test_add_func("/ip4-reassembly/reset", test_reset);
    return g_test_run();
}
