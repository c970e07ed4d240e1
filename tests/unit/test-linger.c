/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slirp-config/linger.c: when it is on, as rows of what happens; and that a loop obeys it. */
#include "slirp-config/linger.h"

#include <sched.h>

#define LONG_US 1000000000u

/* Answers, each of which is lingered after in vain. Returns: after how many of them it lingered */
static guint
answers_in_vain(Linger *linger, guint n)
{
    guint lingered = 0;

    for (guint i = 0; i < n; i++) {
        linger_answered(linger, LONG_US);
        if (linger->until_us == 0)
            continue;
        g_assert_true(linger_is_on(linger, linger->until_us - 1));
        g_assert_false(linger_is_on(linger, linger->until_us));
        lingered++;
    }
    return lingered;
}

static gboolean
is_on_one_processor(void)
{
    cpu_set_t cpus;

    return sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) == 1;
}

static void
test_in_vain(void)
{
    Linger linger = { 0 };

    /* The first, then each third, fifth, ninth…, at last each 65th. */
    g_assert_cmpuint(answers_in_vain(&linger, 1 + 3 + 5 + 9 + 17 + 33 + 65 + 65), ==,
                     is_on_one_processor() ? 0 : 8);
    linger_answered(&linger, 0);
    g_assert_cmpint(linger.until_us, ==, 0);
}

static void
test_pays(void)
{
    Linger linger = { 0 };

    if (is_on_one_processor()) {
        g_test_skip("one processor: nothing lingers");
        return;
    }
    (void)answers_in_vain(&linger, 1 + 3 + 5);
    while (linger.until_us == 0)
        linger_answered(&linger, LONG_US);
    linger_asked(&linger);
    g_assert_false(linger_is_on(&linger, 0));
    g_assert_cmpuint(answers_in_vain(&linger, 1 + 3), ==, 2);
}

static gint
loop_timeout(GMainContext *context)
{
    gint priority, timeout_ms;
    GPollFD fds[4];

    g_assert_true(g_main_context_acquire(context));
    g_assert_false(g_main_context_prepare(context, &priority));
    gint n = g_main_context_query(context, priority, &timeout_ms, fds, G_N_ELEMENTS(fds));
    (void)g_main_context_check(context, priority, fds, n);
    g_main_context_release(context);
    return timeout_ms;
}

static void
test_source(void)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    Linger linger = { 0 };
    g_autoptr(GSource) source = linger_source_new(&linger, "linger", context);

    g_assert_cmpint(loop_timeout(context), ==, -1);
    linger.until_us = G_MAXINT64;
    g_assert_cmpint(loop_timeout(context), ==, 0);
    linger_asked(&linger);
    g_assert_cmpint(loop_timeout(context), ==, -1);
    g_source_destroy(source);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/linger/in-vain", test_in_vain);
    g_test_add_func("/linger/pays", test_pays);
    g_test_add_func("/linger/source", test_source);
    return g_test_run();
}
