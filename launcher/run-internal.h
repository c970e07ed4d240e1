/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What run.c, run-steps.c, run-events.c and run-end.c share: one boot and all that belongs to it.
 */
#pragma once

#include "base/error.h"
#include "launcher/boot-progress.h"
#include "launcher/console.h"
#include "launcher/end-signals.h"
#include "launcher/expect.h"
#include "launcher/medium.h"
#include "launcher/qemu-argv.h"
#include "launcher/qemu-process.h"
#include "launcher/qmp.h"
#include "launcher/screen.h"
#include "slirp-config/boot-tcp.h"
#include "slirp-config/boot-watch.h"
#include "slirp-config/gateway.h"
#include "slirp-config/pcap.h"
#include "slirp-config/qemu-port.h"

/* How often the screen is looked at, and the progress drawn anew, at most. */
#define RUN_TICK_MS 50

#define RUN_SOURCES_MAX 16

typedef struct Run {
    const RunConfig *config;
    BootProgress *progress;
    gint64 start_us;
    GMainLoop *loop;
    GSource *sources[RUN_SOURCES_MAX];
    guint n_sources;
    EndSignals signals;
    Medium medium;
    QemuSetup setup;
    char *qemu, *rom;
    const char *no_kvm; /* (nullable): why the guest is emulated */
    /* the LAN */
    DhcpPolicy policy;
    char *variables[DHCP_VARIABLES_MAX];
    Lan *lan;
    Gateway *gateway;
    BootServer *server;
    BootTcp *tcp;
    BootWatch *watch;
    Pcap *pcap;
    QemuPort *port;
    /* QEMU */
    QemuFd fds[5];
    guint n_fds;
    int ends[4]; /* ours, until somebody takes them: net, QMP, serial, screen */
    QemuProcess *process;
    Qmp *qmp;
    Screen *screen;
    Console *console;
    Expect *expect;
    guint ticks;
    gboolean prompt_done;
    /* how it ends */
    gboolean window_guessed; /* the user has not asked for QEMU's window */
    char *shutdown_reason;   /* (nullable): QEMU's word for why the guest has stopped */
    void (*after_look)(struct Run *self); /* (nullable): a last look at the screen is under way */
    gboolean ending, qemu_ended;
    guint stops; /* how often QEMU was asked to end by a signal */
    int exit_status;
    GError *failure;
} Run;

/* run-steps.c: what is done before the main loop, in this order. */
gboolean step_medium(Run *self, GError **error);
gboolean step_host(Run *self, GError **error);
gboolean step_channels(Run *self, GError **error);
gboolean step_lan(Run *self, GError **error);
gboolean step_spawn(Run *self, GError **error);
gboolean step_plan(Run *self, GError **error);

/* run-events.c: what happens in the main loop. */
void on_boot_event(const BootEvent *event, gpointer run);
void on_nfs_event(const NfsEvent *event, gpointer run);
void on_screen(const char *text, gpointer run);
void on_serial(const char *bytes, gsize len, gpointer run);
void on_console_quit(gpointer run);
void on_console_failed(int error, gpointer run);
gboolean on_tick(gpointer run);

/* run-end.c: what ends it. */
void run_end(Run *self, int status, GError *failure);
void run_fail(Run *self, PxeRunError code, const char *message);
void run_check(Run *self, gboolean matched, const char *where);
void run_signal(int number, gpointer run);
void run_show_last(Run *self);
void on_qmp_event(const char *name, JsonObject *event_data, gpointer run);
void on_qemu_exit(int status, gpointer run);
gboolean on_timeout(gpointer run);

/* run.c */
void run_add_timeout(Run *self, guint ms, GSourceFunc func);
void run_clear(Run *self);
