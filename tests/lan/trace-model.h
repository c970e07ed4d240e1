/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the client of a trace must have been told, derived from what it asked next: the tree that it
 * walked, and which object each of the foreign server's file handles names. See trace-model.c.
 */
#pragma once

#include "tests/lan/nfs-rig.h"
#include "tests/lan/trace-call.h"

/* Everything that a name was asked for. */
struct TraceObject {
    TraceObject *parent; /* of the root: itself */
    char *name;
    gboolean there, directory;
    gboolean tried_on; /* the client went on to another name for the same file */
    gsize size;        /* bytes, of a file */
    GBytes *content;
    /* The foreign server's handle, or NULL when the client never used one. */
    const guint8 *foreign;
    gsize foreign_len;
    guint order; /* the how-manieth object that the foreign server gave out; 0: none */
    /* What our server has said about it. */
    NfsHandle ours; /* len 0: nothing yet */
    guint64 fileid;
};

typedef struct {
    const char *trace;
    TraceCalls calls;
    GPtrArray *objects; /* of TraceObject; the first is the root; parents come before children */
    guint n_calls[CALL_KIND_COUNT];
    guint n_lookups_there; /* LOOKUPs that must succeed */
    guint64 bytes_read;    /* that all READs must return together */
} TraceModel;

void trace_model_init(TraceModel *self, const TraceFile *file, const char *const *known);
void trace_model_clear(TraceModel *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TraceModel, trace_model_clear)

TraceObject *trace_model_root(const TraceModel *self);
char *trace_object_path(const TraceObject *object);
gsize trace_read_count(const TraceCall *call);
Vfs *trace_model_tree(const TraceModel *self);
