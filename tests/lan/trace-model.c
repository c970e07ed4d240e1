/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation. A trace has only the client's half, so that replies are inferred:
 *
 * Handles. A client cannot use a handle before a reply has told it. The first one, or that which
 * follows MNT, is the root's; any other that is new belongs to the last name that was asked for and
 * has none yet. Loaders ask one thing at a time; a kernel's READs may come in between, which does
 * not matter, since they are for files that are known.
 *
 * What is there. A name is there when its handle is used. A loader opens a file by a MNT and one
 * LOOKUP for each part of the path, and when it does not find the file it tries the same name with
 * other suffixes: a name after which it does that is not there. Any other is there when the loader
 * paused after it, to read the file: the traces keep the first 40 READs only. What this does not
 * tell, as a pause for another reason, is given with the trace (`known`).
 *
 * The foreign server numbers objects in the order in which it gives them out, and its handles are
 * those numbers. So each handle in a loader's trace tells how many objects were found before it,
 * which must be what the rules say: they are checked by something that they do not use.
 *
 * Sizes. A loader that gets less than it wanted asks for the rest: "512 at 0" and then "127 at 385"
 * means a file of 385 bytes. Else a file ends where the last READ ends.
 */
#include "tests/lan/trace-model.h"

#define PAUSE_US 5000 /* between 4.6 ms after a name that is missed, and 5.8 to read a file */

/* ---- objects ---- */

static void
object_free(gpointer data)
{
    TraceObject *object = data;
    g_free(object->name);
    g_clear_pointer(&object->content, g_bytes_unref);
    g_free(object);
}

static TraceObject *
model_add(TraceModel *self, TraceObject *parent, const char *name)
{
    TraceObject *object = g_new0(TraceObject, 1);
    object->parent = parent != NULL ? parent : object;
    object->name = g_strdup(name);
    g_ptr_array_add(self->objects, object);
    return object;
}

static TraceObject *
model_child(TraceModel *self, TraceObject *parent, const char *name)
{
    for (guint i = 1; i < self->objects->len; i++) {
        TraceObject *object = g_ptr_array_index(self->objects, i);
        if (object->parent == parent && g_str_equal(object->name, name))
            return object;
    }
    return model_add(self, parent, name);
}

TraceObject *
trace_model_root(const TraceModel *self)
{
    return g_ptr_array_index(self->objects, 0);
}

/* Returns: (transfer full): the path from the root, with '/' in front */
char *
trace_object_path(const TraceObject *object)
{
    char *path = g_strdup(object->parent == object ? "/" : "");

    for (; object->parent != object; object = object->parent) {
        char *longer = g_strconcat("/", object->name, path, NULL);
        g_free(path);
        path = longer;
    }
    return path;
}

/* ---- handles ---- */

static TraceObject *
model_by_handle(const TraceModel *self, const TraceCall *call)
{
    for (guint i = 0; i < self->objects->len; i++) {
        TraceObject *object = g_ptr_array_index(self->objects, i);
        if (object->foreign_len == call->handle_len &&
            memcmp(object->foreign, call->handle, call->handle_len) == 0)
            return object;
    }
    return NULL;
}

/* @asked: the last object that was asked for and has no handle; NULL: none */
static TraceObject *
model_resolve_handle(TraceModel *self, const TraceCall *call, TraceObject **asked)
{
    TraceObject *object = model_by_handle(self, call);

    if (object != NULL)
        return object;
    if (*asked == NULL)
        g_error("%s packet %u: a handle that nothing led to", self->trace, call->packet);
    object = *asked;
    object->there = TRUE;
    object->foreign = call->handle;
    object->foreign_len = call->handle_len;
    *asked = NULL;
    return object;
}

static void
model_resolve(TraceModel *self)
{
    TraceObject *root = model_add(self, NULL, "/"), *asked = root;

    for (guint i = 0; i < trace_calls_count(&self->calls); i++) {
        TraceCall *call = trace_calls_at(&self->calls, i);
        self->n_calls[call->kind]++;
        if (call->prog == NFS_PROGRAM)
            call->object = model_resolve_handle(self, call, &asked);
        if (call->kind == CALL_LOOKUP || call->kind == CALL_READDIR)
            call->object->directory = TRUE;
        if (call->kind == CALL_LOOKUP) {
            call->target = model_child(self, call->object, call->name);
            asked = call->target->foreign == NULL ? call->target : asked;
        } else if (call->kind == CALL_MNT) {
            call->target = root;
        }
    }
    root->there = root->directory = TRUE;
}

/* ---- a loader's opens ---- */

typedef struct {
    TraceObject *last; /* that its path came to */
    gint64 asked_us;
    gint64 pause_us; /* until the next open */
} Open;

/* Returns: (transfer full): GArray of Open, those that asked for a name */
static GArray *
model_opens(const TraceModel *self)
{
    GArray *opens = g_array_new(FALSE, TRUE, sizeof(Open));
    gboolean fresh = TRUE;

    for (guint i = 0; i < trace_calls_count(&self->calls); i++) {
        const TraceCall *call = trace_calls_at(&self->calls, i);
        Open *last = opens->len > 0 ? &g_array_index(opens, Open, opens->len - 1) : NULL;
        if (call->kind == CALL_MNT && last != NULL && !fresh)
            last->pause_us = call->time_us - last->asked_us;
        if (call->kind == CALL_MNT)
            fresh = TRUE;
        if (call->kind != CALL_LOOKUP)
            continue;
        if (fresh)
            g_array_set_size(opens, opens->len + 1);
        fresh = FALSE;
        last = &g_array_index(opens, Open, opens->len - 1);
        last->last = call->target;
        last->asked_us = call->time_us;
    }
    return opens;
}

/* Bytes of a name without the suffixes that loaders put behind it. */
static gsize
stem_len(const char *name)
{
    static const char *const suffixes[] = { ".split", ".gz", ".bz2" };
    g_autofree char *stem = g_strdup(name);

    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        if (g_str_has_suffix(stem, suffixes[i])) {
            stem[strlen(stem) - strlen(suffixes[i])] = '\0';
            i = (gsize)-1; /* from the first again */
        }
    }
    return strlen(stem);
}

static gboolean
same_file(const TraceObject *a, const TraceObject *b)
{
    gsize len = stem_len(a->name);
    return a->parent == b->parent && stem_len(b->name) == len &&
           strncmp(a->name, b->name, len) == 0;
}

/* Returns: how many opens, from @first on, try names for one file, none of them twice */
static guint
chain_len(const GArray *opens, guint first)
{
    const Open *open = &g_array_index(opens, Open, first);
    guint n = 1;

    while (first + n < opens->len && same_file(open->last, open[n].last)) {
        for (guint i = 0; i < n; i++) {
            if (open[i].last == open[n].last)
                return n;
        }
        n++;
    }
    return n;
}

static void
model_settle_opens(TraceModel *self)
{
    g_autoptr(GArray) opens = model_opens(self);

    for (guint i = 0; i < opens->len;) {
        guint n = chain_len(opens, i);
        for (guint k = 0; k + 1 < n; k++)
            g_array_index(opens, Open, i + k).last->tried_on = TRUE;
        const Open *end = &g_array_index(opens, Open, i + n - 1);
        if (end->pause_us > PAUSE_US)
            end->last->there = TRUE;
        i += n;
    }
}

/* ---- what is known from elsewhere ---- */

/* @known: "+/path", "+/path/" of a directory, or "-/path"; a name that the client asks for */
static void
model_settle_known(TraceModel *self, const char *known)
{
    g_autofree char *path = g_strdup(known + 1);
    gboolean directory = g_str_has_suffix(path, "/"), found = FALSE;

    if (directory)
        path[strlen(path) - 1] = '\0';
    for (guint i = 1; i < self->objects->len; i++) {
        TraceObject *object = g_ptr_array_index(self->objects, i);
        g_autofree char *have = trace_object_path(object);
        if (!g_str_equal(have, path))
            continue;
        g_assert_null(object->foreign); /* the trace itself says more */
        object->there = *known == '+';
        object->directory = directory;
        found = TRUE;
    }
    if (!found)
        g_error("%s: '%s' is never asked for", self->trace, path);
}

/* No name may be there and have sent the client on, nor be in a directory that is not there. */
static void
model_check(const TraceModel *self)
{
    for (guint i = 1; i < self->objects->len; i++) {
        const TraceObject *object = g_ptr_array_index(self->objects, i);
        g_autofree char *path = trace_object_path(object);
        if (object->there && (object->tried_on || !object->parent->there))
            g_error("%s: '%s' is there, and is not", self->trace, path);
    }
}

/* ---- the numbers of the foreign server ---- */

/* Counts the objects in the order in which they were found, for a client that began with MNT. */
static void
model_check_numbers(TraceModel *self)
{
    guint n = 0;

    for (guint i = 0; i < trace_calls_count(&self->calls); i++) {
        TraceObject *target = trace_calls_at(&self->calls, i)->target;
        if (target != NULL && target->there && target->order == 0)
            target->order = ++n;
    }
    for (guint i = 0; i < self->objects->len; i++) {
        const TraceObject *object = g_ptr_array_index(self->objects, i);
        g_autofree char *path = trace_object_path(object);
        if (object->foreign == NULL)
            continue;
        guint number = frame_get32(object->foreign + 4);
        if (frame_get32(object->foreign) != 0 || number != object->order)
            g_error("%s: '%s' was object %u of the foreign server, not %u", self->trace, path,
                    number, object->order);
    }
}

/* ---- sizes ---- */

/* Whether @next asks for the rest of what @read wanted. */
static gboolean
asks_for_rest(const TraceCall *read, const TraceCall *next)
{
    return read != NULL && next->offset > read->offset &&
           next->offset < read->offset + read->count &&
           next->offset + next->count == read->offset + read->count;
}

static void
model_size(const TraceModel *self, TraceObject *object)
{
    const TraceCall *before = NULL;
    gsize end = 0, short_at = 0;

    for (guint i = 0; i < trace_calls_count(&self->calls); i++) {
        const TraceCall *call = trace_calls_at(&self->calls, i);
        if (call->kind != CALL_READ || call->object != object)
            continue;
        if (asks_for_rest(before, call))
            short_at = call->offset;
        end = MAX(end, (gsize)call->offset + call->count);
        before = call;
    }
    object->size = short_at != 0 ? short_at : end;
}

static void
model_fill(TraceModel *self)
{
    for (guint i = 0; i < self->objects->len; i++) {
        TraceObject *object = g_ptr_array_index(self->objects, i);
        if (!object->there || object->directory)
            continue;
        model_size(self, object);
        object->size = object->size != 0 ? object->size : 1000 + i; /* never read in the trace */
        object->content = row_pattern_bytes(object->size, i);
    }
    for (guint i = 0; i < trace_calls_count(&self->calls); i++) {
        const TraceCall *call = trace_calls_at(&self->calls, i);
        if (call->kind == CALL_READ)
            self->bytes_read += trace_read_count(call);
        if (call->kind == CALL_LOOKUP)
            self->n_lookups_there += call->target->there ? 1 : 0;
    }
}

/* ---- the whole ---- */

/* @known: NULL-terminated: what the trace itself does not tell; see model_settle_known() */
void
trace_model_init(TraceModel *self, const TraceFile *file, const char *const *known)
{
    *self = (TraceModel){
        .trace = file->name,
        .objects = g_ptr_array_new_with_free_func(object_free),
    };
    trace_calls_init(&self->calls, file);
    model_resolve(self);
    if (self->n_calls[CALL_MNT] > 0)
        model_settle_opens(self);
    for (; *known != NULL; known++)
        model_settle_known(self, *known);
    model_check(self);
    if (self->n_calls[CALL_MNT] > 0)
        model_check_numbers(self);
    model_fill(self);
}

void
trace_model_clear(TraceModel *self)
{
    trace_calls_clear(&self->calls);
    g_clear_pointer(&self->objects, g_ptr_array_unref);
}

/* Returns: the bytes that a READ must return: what it wants, or what the file has from there on */
gsize
trace_read_count(const TraceCall *call)
{
    gsize size = call->object->size;
    return call->offset >= size ? 0 : MIN(call->count, size - (gsize)call->offset);
}

/* Returns: (transfer full): the tree that the client saw, in memory */
Vfs *
trace_model_tree(const TraceModel *self)
{
    Vfs *vfs = vfs_mem_new();

    for (guint i = 1; i < self->objects->len; i++) {
        const TraceObject *object = g_ptr_array_index(self->objects, i);
        g_autofree char *path = trace_object_path(object);
        if (!object->there)
            continue;
        if (object->directory)
            g_assert_cmpint(vfs_mem_add_dir(vfs, path, 0755), ==, 0);
        else
            g_assert_cmpint(vfs_mem_add_file(vfs, path, object->content, 0555), ==, 0);
    }
    return vfs;
}
