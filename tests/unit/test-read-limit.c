/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much a client over UDP gets at once, as conversations: what is asked, and what is answered.
 */
#include "nfs/read-limit.h"

#include <glib.h>

#define FIT       NFS3_READ_UNFRAGMENTED
#define FILE_SIZE 10000
#define CALLS_MAX 8

typedef struct {
    guint32 xid;
    VfsId id;
    guint64 offset;
    guint32 count;
    guint32 want;   /* bytes that it is answered with */
    gboolean again; /* it is answered once more, with FIT */
} Exchange;

typedef struct {
    const char *name;
    Exchange calls[CALLS_MAX];
} Conversation;

static const Conversation conversations[] = {
    { "small READs are left alone",
      { { 1, 1, 0, 1024, 1024, FALSE }, { 2, 1, 1024, FIT, FIT, FALSE } } },
    { "takes fragments: asked once whether it does",
      { { 1, 1, 0, 4096, 4096, TRUE },
        { 2, 1, 4096, 4096, 4096, FALSE },
        { 3, 1, 8192, 4096, 1808, FALSE },
        { 4, 2, 0, 4096, 4096, FALSE } } },
    { "loses them: gets what fits from then on",
      { { 1, 1, 0, 4096, 4096, TRUE },
        { 2, 1, FIT, 4096, FIT, FALSE },
        { 3, 1, 2 * FIT, 4096, FIT, FALSE },
        { 4, 2, 0, 4096, FIT, FALSE },
        { 5, 2, FIT, 3000, FIT, FALSE } } },
    { "a larger READ is somebody else's",
      { { 1, 1, 0, 4096, 4096, TRUE },
        { 2, 1, FIT, 4096, FIT, FALSE },
        { 3, 1, 0, 8192, 8192, TRUE } } },
    { "says nothing: asked again with the next large READ",
      { { 1, 1, 0, 4096, 4096, TRUE },
        { 2, 2, 0, 512, 512, FALSE },
        { 3, 2, 0, 4096, 4096, TRUE },
        { 4, 2, 4096, 4096, 4096, FALSE } } },
    { "what it has not lost is not held against it",
      { { 1, 1, 0, 4096, 4096, TRUE }, { 2, 2, FIT, 4096, 4096, TRUE } } },
    { "an answer that fits says nothing",
      { { 1, 1, 9000, 4096, 1000, FALSE }, { 2, 1, 0, 4096, 4096, TRUE } } },
    { "asked again: what fits, and goes on so",
      { { 1, 1, 0, 4096, 4096, TRUE },
        { 2, 1, 4096, 4096, 4096, FALSE },
        { 2, 1, 4096, 4096, FIT, FALSE },
        { 3, 1, 4096 + FIT, 4096, FIT, FALSE } } },
    { "the same xid for something else is another call",
      { { 1, 1, 0, 4096, 4096, TRUE },
        { 1, 2, 0, 4096, 4096, TRUE },
        { 1, 2, 0, 3000, 3000, TRUE } } },
};

/* As nfs3_read() does. Returns: bytes answered */
static guint32
answer(ReadLimit *limit, const ReadLimitCall *call)
{
    guint32 count = read_limit_count(limit, call);
    guint32 given = (guint32)MIN(count, FILE_SIZE - call->offset);
    read_limit_answered(limit, call, given);
    return given;
}

static void
test_conversation(gconstpointer data)
{
    const Conversation *row = data;
    ReadLimit limit = { 0 };

    for (const Exchange *e = row->calls; e < row->calls + CALLS_MAX && e->count > 0; e++) {
        ReadLimitCall call = { e->xid, e->id, e->offset, e->count };
        g_assert_cmpuint(answer(&limit, &call), ==, e->want);
        g_assert_cmpint(read_limit_is_doubtful(&limit), ==, e->again);
        if (e->again) {
            g_assert_cmpuint(answer(&limit, &call), ==, FIT);
            g_assert_false(read_limit_is_doubtful(&limit));
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(conversations); i++) {
        g_autofree char *path = g_strdup_printf("/read-limit/%s", conversations[i].name);
        g_test_add_data_func(path, &conversations[i], test_conversation);
    }
    return g_test_run();
}
