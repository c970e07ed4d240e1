/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors named anew in each round: the right ones are polled, in whatever order they come. */
#include "slirp-config/poll-set.h"
#include "tests/lan/rows.h"

#include <fcntl.h>
#include <unistd.h>

#define PIPES 4

typedef struct {
    GMainContext *context;
    GSource *source;
    PollSet *set;
    int pipes[PIPES][2];
    const char *round; /* names of the pipes to poll: '0' to '3' */
    char ready[PIPES + 1];
} Rig;

typedef struct {
    GSource source;
    Rig *rig;
} RigSource;

static gboolean
rig_prepare(GSource *source, gint *timeout_ms)
{
    Rig *rig = ((RigSource *)source)->rig;

    poll_set_begin(rig->set);
    for (guint i = 0; rig->round[i] != '\0'; i++)
        g_assert_cmpuint(poll_set_add(rig->set, rig->pipes[rig->round[i] - '0'][0], G_IO_IN), ==,
                         i);
    poll_set_end(rig->set);
    *timeout_ms = 0;
    return FALSE;
}

static gboolean
rig_check(GSource *source)
{
    return poll_set_any_ready(((RigSource *)source)->rig->set);
}

/* Notes the names of those that are ready. */
static gboolean
rig_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    Rig *rig = ((RigSource *)source)->rig;
    gsize n = 0;

    (void)callback, (void)data;
    for (guint i = 0; rig->round[i] != '\0'; i++) {
        if (poll_set_ready(rig->set, i) != 0)
            rig->ready[n++] = rig->round[i];
    }
    rig->ready[n] = '\0';
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs rig_funcs = {
    .prepare = rig_prepare,
    .check = rig_check,
    .dispatch = rig_dispatch,
};

static void
rig_init(Rig *rig)
{
    *rig = (Rig){ .context = g_main_context_new(), .round = "" };
    for (guint i = 0; i < PIPES; i++)
        g_assert_cmpint(pipe2(rig->pipes[i], O_CLOEXEC), ==, 0);
    rig->source = g_source_new(&rig_funcs, sizeof(RigSource));
    ((RigSource *)rig->source)->rig = rig;
    rig->set = poll_set_new(rig->source);
    g_source_attach(rig->source, rig->context);
}

static void
rig_clear(Rig *rig)
{
    g_source_destroy(rig->source);
    g_source_unref(rig->source);
    poll_set_free(rig->set);
    g_main_context_unref(rig->context);
    for (guint i = 0; i < PIPES; i++) {
        (void)close(rig->pipes[i][0]);
        (void)close(rig->pipes[i][1]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rig, rig_clear)

static void
rig_round(Rig *rig, const char *round, const char *want)
{
    rig->round = round;
    rig->ready[0] = '\0';
    (void)g_main_context_iteration(rig->context, FALSE);
    g_assert_cmpstr(rig->ready, ==, want);
}

typedef struct {
    const char *name;
    const char *readable;  /* pipes that have something to say */
    const char *rounds[6]; /* what is polled */
    const char *ready[6];  /* of that */
} Row;

static const Row rows[] = {
    { "none", "0123", { "", "", NULL }, { "", "" } },
    { "the-same", "02", { "012", "012", "012", NULL }, { "02", "02", "02" } },
    { "one-more", "3", { "012", "0123", NULL }, { "", "3" } },
    { "one-more-in-front", "3", { "012", "3012", "012", NULL }, { "", "3", "" } },
    { "one-less", "0", { "012", "12", "1", NULL }, { "0", "", "" } },
    { "last-one-less", "2", { "012", "01", NULL }, { "2", "" } },
    { "other-order", "03", { "0123", "3210", "2301", NULL }, { "03", "30", "30" } },
    { "all-gone-and-back", "1", { "012", "", "210", NULL }, { "1", "", "1" } },
    { "twice", "1", { "11", "1", "111", NULL }, { "11", "1", "111" } },
};

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_auto(Rig) rig;

    rig_init(&rig);
    for (const char *p = row->readable; *p != '\0'; p++)
        g_assert_cmpint(write(rig.pipes[*p - '0'][1], "x", 1), ==, 1);
    for (gsize i = 0; row->rounds[i] != NULL; i++)
        rig_round(&rig, row->rounds[i], row->ready[i]);
}

/* A closed descriptor whose number comes back as another file: that one is polled. */
static void
test_number_again(void)
{
    g_auto(Rig) rig;

    rig_init(&rig);
    g_assert_cmpint(write(rig.pipes[1][1], "x", 1), ==, 1);
    rig_round(&rig, "0", "");
    g_assert_cmpint(dup2(rig.pipes[1][0], rig.pipes[0][0]), ==, rig.pipes[0][0]);
    rig_round(&rig, "0", "0");
}

/* The same descriptor for something else. */
static void
test_condition(void)
{
    g_auto(Rig) rig;

    rig_init(&rig);
    int end = rig.pipes[0][1];
    poll_set_begin(rig.set);
    g_assert_cmpuint(poll_set_add(rig.set, end, G_IO_IN), ==, 0);
    poll_set_end(rig.set);
    poll_set_begin(rig.set);
    g_assert_cmpuint(poll_set_add(rig.set, end, G_IO_OUT), ==, 0);
    poll_set_end(rig.set);
    g_assert_cmpuint(poll_set_ready(rig.set, 0), ==, 0); /* not looked at yet */
    GPollFD fds[2];
    gint timeout;
    g_assert_true(g_main_context_acquire(rig.context));
    rig.round = "";
    g_assert_cmpint(g_main_context_query(rig.context, G_MAXINT, &timeout, fds, 2), >=, 1);
    g_main_context_release(rig.context);
    g_assert_true((fds[0].fd == end ? fds[0].events : fds[1].events) == G_IO_OUT);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/poll-set", rows, test_row);
    g_test_add_func("/poll-set/number-again", test_number_again);
    g_test_add_func("/poll-set/condition", test_condition);
    return g_test_run();
}
