/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slirp-config/fd-watch.c: what is called when, and when the loop may sleep. Whether it would is
 * asked of the loop; nothing here waits.
 */
#include "base/autofd.h"
#include "slirp-config/fd-watch.h"
#include "slirp-config/linger.h"

#include <sched.h>
#include <sys/eventfd.h>

typedef struct {
    GMainContext *context;
    int fd; /* an eventfd: ready for reading when it is not 0 */
    FdWatch *watch;
    guint calls;
    gboolean frees; /* the watch, in its function */
    cpu_set_t cpus; /* that the test was given */
} Fixture;

static void
fixture_ready(GIOCondition ready, gpointer data)
{
    Fixture *self = data;
    eventfd_t value;

    self->calls++;
    g_assert_cmpint((int)ready, ==, G_IO_IN);
    g_assert_cmpint(eventfd_read(self->fd, &value), ==, 0);
    if (self->frees)
        g_clear_pointer(&self->watch, fd_watch_free);
}

static const FdWatchKind sleeps = { "sleeps", G_PRIORITY_DEFAULT, fixture_ready, 0 };
static const FdWatchKind lingers = { "lingers", G_PRIORITY_DEFAULT, fixture_ready, G_MAXUINT };
static const FdWatchKind misses = { "misses", G_PRIORITY_DEFAULT, fixture_ready, 1 };

static void
fixture_set_up(Fixture *self, gconstpointer data)
{
    *self = (Fixture){ .context = g_main_context_new(), .fd = eventfd(0, EFD_CLOEXEC) };
    self->watch = fd_watch_new(data, self->fd, G_IO_IN, self->context, self);
    g_assert_cmpint(sched_getaffinity(0, sizeof self->cpus, &self->cpus), ==, 0);
}

static void
fixture_tear_down(Fixture *self, gconstpointer data)
{
    (void)data;
    g_assert_cmpint(sched_setaffinity(0, sizeof self->cpus, &self->cpus), ==, 0);
    fd_watch_free(self->watch);
    g_main_context_unref(self->context);
    autofd_clear(&self->fd);
}

/* Something comes, and is dealt with. */
static void
fixture_call(Fixture *self)
{
    guint before = self->calls;

    g_assert_cmpint(eventfd_write(self->fd, 1), ==, 0);
    while (self->calls == before)
        (void)g_main_context_iteration(self->context, FALSE);
}

/* Whether the loop would sleep now. */
static gboolean
fixture_sleeps(Fixture *self)
{
    GPollFD fds[4];
    int priority, timeout_ms;

    g_assert_true(g_main_context_acquire(self->context));
    g_assert_false(g_main_context_prepare(self->context, &priority));
    int n = g_main_context_query(self->context, priority, &timeout_ms, fds, G_N_ELEMENTS(fds));
    (void)g_main_context_check(self->context, priority, fds, n);
    g_main_context_release(self->context);
    g_assert_true(timeout_ms == 0 || timeout_ms == -1);
    return timeout_ms == -1;
}

/* @n calls, none of which makes the loop linger. */
static void
fixture_call_sleeping(Fixture *self, guint n)
{
    for (guint i = 0; i < n; i++) {
        fixture_call(self);
        g_assert_true(fixture_sleeps(self));
    }
}

static gboolean
skipped_on_one_processor(const Fixture *self)
{
    if (CPU_COUNT(&self->cpus) > 1)
        return FALSE;
    g_test_skip("one processor: nothing lingers");
    return TRUE;
}

static void
test_sleeps(Fixture *self, gconstpointer data)
{
    (void)data;
    g_assert_true(fixture_sleeps(self));
    fixture_call(self);
    g_assert_true(fixture_sleeps(self));
}

static void
test_wanted(Fixture *self, gconstpointer data)
{
    (void)data;
    g_assert_cmpint(eventfd_write(self->fd, 1), ==, 0);
    fd_watch_set(self->watch, 0);
    g_assert_false(g_main_context_iteration(self->context, FALSE));
    g_assert_cmpuint(self->calls, ==, 0);
    fd_watch_set(self->watch, G_IO_IN);
    g_assert_true(g_main_context_iteration(self->context, FALSE));
    g_assert_cmpuint(self->calls, ==, 1);
}

static void
test_lingers(Fixture *self, gconstpointer data)
{
    (void)data;
    if (skipped_on_one_processor(self))
        return;
    g_assert_true(fixture_sleeps(self)); /* nobody has asked anything yet */
    for (guint i = 0; i < 3; i++) {
        fixture_call(self);
        g_assert_false(fixture_sleeps(self));
        g_assert_false(fixture_sleeps(self));
    }
}

/* The one who is waited for may need the processor. */
static void
test_one_processor(Fixture *self, gconstpointer data)
{
    cpu_set_t one;
    gsize cpu = 0;

    (void)data;
    while (!CPU_ISSET(cpu, &self->cpus))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    g_assert_cmpint(sched_setaffinity(0, sizeof one, &one), ==, 0);
    fixture_call(self);
    g_assert_true(fixture_sleeps(self));
    /* Allowed to use others again, it lingers again, if not at once. */
    g_assert_cmpint(sched_setaffinity(0, sizeof self->cpus, &self->cpus), ==, 0);
    fixture_call_sleeping(self, LINGER_PAUSE_MAX);
    fixture_call(self);
    g_assert_cmpint(fixture_sleeps(self), ==, CPU_COUNT(&self->cpus) == 1);
}

/* Lets the time of lingering pass. */
static void
fixture_miss(Fixture *self)
{
    while (!fixture_sleeps(self))
        ;
}

static void
test_misses(Fixture *self, gconstpointer data)
{
    (void)data;
    if (skipped_on_one_processor(self))
        return;
    for (guint pause = LINGER_PAUSE_MIN; pause <= 4 * LINGER_PAUSE_MAX; pause *= 2) {
        fixture_call(self);
        fixture_miss(self);
        fixture_call_sleeping(self, MIN(pause, LINGER_PAUSE_MAX));
    }
}

static void
test_freed_in_call(Fixture *self, gconstpointer data)
{
    (void)data;
    self->frees = TRUE;
    fixture_call(self);
    g_assert_null(self->watch);
    g_assert_true(fixture_sleeps(self));
    g_assert_cmpint(eventfd_write(self->fd, 1), ==, 0);
    g_assert_false(g_main_context_iteration(self->context, FALSE));
    g_assert_cmpuint(self->calls, ==, 1);
}

#define ADD(name, kind, func)                                                                      \
    g_test_add("/fd-watch/" name, Fixture, &(kind), fixture_set_up, func, fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("sleeps", sleeps, test_sleeps);
    ADD("wanted", sleeps, test_wanted);
    ADD("lingers", lingers, test_lingers);
    ADD("one-processor", lingers, test_one_processor);
    ADD("misses", misses, test_misses);
    ADD("freed-in-call", lingers, test_freed_in_call);
    return g_test_run();
}
