/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU as a child: inherits our descriptors, dies with us, ends by one road. */
#pragma once

#include <glib.h>

typedef struct QemuProcess QemuProcess;

/* @status: as waitpid() has it. */
typedef void (*QemuExitFunc)(int status, gpointer data);

/* Descriptor @source of ours becomes @target in QEMU. */
typedef struct {
    int source, target;
} QemuFd;

typedef struct {
    char **argv;
    const QemuFd *fds;
    guint n_fds;
    gboolean terminal; /* QEMU draws on our terminal */
} QemuSpawn;

char *qemu_find(const char *program, GError **error);
GError *qemu_explain_failure(const char *program, int status, const char *said);
gboolean qemu_has_display(const char *program, const char *const *wanted, const char **ret);

QemuProcess *
qemu_process_spawn(const QemuSpawn *spawn, QemuExitFunc exited, gpointer data, GError **error);
const char *qemu_process_said(const QemuProcess *self);
void qemu_process_signal(QemuProcess *self, int signal_number);
void qemu_process_free(QemuProcess *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuProcess, qemu_process_free)
