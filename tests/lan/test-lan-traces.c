/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What real loaders, kernels and other systems' boot programs sent (tests/data/traces/), played to
 * the LAN or, where it went over TCP, to the responder. Every packet must be of a kind that is
 * known, and every request must be answered as its client needs it at this place.
 */
#include "tests/lan/trace-lan.h"

typedef struct {
    const char *name;
    guint packets, calls; /* as another program counts them in the file */
    guint kernel_mount;   /* version of the mount protocol by which its loader got the root; or 0 */
    const char *known[4]; /* what the requests do not tell; see trace-model.h */
    const char *missing[4]; /* by TFTP: the next request shows it */
} Row;

/*
 * Loaders: /boot/screen.4th is so short that reading it takes no longer than missing another file;
 * after /boot/entropy.bz2, which is not there, 15.0's does something else for 0.9 s. Kernels: /dev
 * is where they mount their devices; between init and login.conf.db the server of 10.2's gave out
 * one more object, and malloc.conf is asked for again and again.
 */
static const Row rows[] = {
    { "loader-7.0", 364, 356, 0, { "+/boot/screen.4th" }, { NULL } },
    { "loader-8.0", 319, 308, 0, { "+/boot/screen.4th" }, { NULL } },
    { "loader-8.3-amd64", 366, 358, 0, { NULL }, { NULL } },
    { "loader-10.2", 154, 144, 0, { NULL }, { NULL } },
    { "loader-15.0", 235, 224, 0, { "-/boot/entropy.bz2" }, { NULL } },
    { "kernel-8.0-nfsroot-tcp", 11, 9, 1, { "+/dev/" }, { NULL } },
    { "kernel-10.2-nfsroot-tcp", 1500, 382, 3, { "+/dev/", "+/etc/login.conf" }, { NULL } },
    { "kernel-15.0-nfsroot-tcp", 400, 64, 3, { "+/dev/" }, { NULL } },
    { "other-netbsd-g4u",
      36,
      0,
      0,
      { NULL },
      { "/stand/i386/5.99.15/modules/g4u/miniroot.kmod/g4u/miniroot.kmod.kmod",
        "/stand/i386/5.99.15/modules/nfs/nfs.kmod" } },
    { "other-openbsd-3.65", 10, 0, 0, { NULL }, { "/bsd.upgrade" } },
    { "other-pxegrub-0.97", 6, 0, 0, { NULL }, { NULL } },
};

/* ---- over TCP ---- */

/* The handle that the loader left to the kernel: 28 bytes of it, whatever the version was. */
static NfsHandle
loaders_handle(NfsRig *rig, guint mount_version)
{
    NfsHandle handle = nfs_rig_mount(rig, mount_version == 1 ? 2 : 3, "/");
    handle.len = MIN(handle.len, 28);
    return handle;
}

static void
play_call(TraceCheck *check, NfsRig *rig, const TraceCall *call)
{
    buf_reset(&rig->call, 0);
    buf_reset(&rig->reply, 0);
    trace_check_put_call(check, call, &rig->call);
    gsize len = buf_len(&rig->call);
    g_autofree guint8 *exact = g_memdup2(buf_data(&rig->call), len);
    Cursor message = cursor_of(exact, len);
    TRACE_WANT(check, rpc_dispatch(&rig->server.rpc, RPC_TCP, &message, &rig->reply), "no answer");
    trace_check_reply(check, call, buf_data(&rig->reply), buf_len(&rig->reply));
}

static void
play_stream(const Row *row, const TraceFile *file, TraceModel *model)
{
    TraceCheck check = { .model = model };
    g_auto(NfsRig) rig;

    nfs_rig_init_tree(&rig, trace_model_tree(model));
    trace_model_root(model)->ours = loaders_handle(&rig, row->kernel_mount);
    for (guint i = 0; i < trace_calls_count(&model->calls); i++)
        play_call(&check, &rig, trace_calls_at(&model->calls, i));
    trace_check_done(&check);
    g_assert_cmpuint(model->calls.data_segments + model->calls.bare_segments, ==,
                     trace_file_count(file));
    g_test_message("%s: %u segments: %u with calls, %u without", file->name, trace_file_count(file),
                   model->calls.data_segments, model->calls.bare_segments);
}

/* ---- both ---- */

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_auto(TraceFile) file;
    g_auto(TraceModel) model;

    trace_file_init(&file, row->name);
    trace_model_init(&model, &file, row->known);
    g_assert_cmpuint(trace_file_count(&file), ==, row->packets);
    g_assert_cmpuint(trace_calls_count(&model.calls), ==, row->calls);
    if (row->kernel_mount != 0) {
        play_stream(row, &file, &model);
        return;
    }
    g_auto(TraceLan) lan;
    trace_lan_init(&lan, &file, &model, row->missing);
    trace_lan_play(&lan);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/lan-traces", rows, test_row);
    return g_test_run();
}
