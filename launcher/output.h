/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes on their way to somebody who may be slow, or gone: a terminal, a pipe, QEMU. */
#pragma once

#include <glib.h>

typedef struct Output Output;

/* All that waited was written, or given up with an error. */
typedef void (*OutputFunc)(gpointer data);

Output *output_new(int fd);
void output_free(Output *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Output, output_free)

void output_set_written(Output *self, OutputFunc written, gpointer data);
void output_write(Output *self, const char *bytes, gsize len);
gsize output_waiting(const Output *self);
int output_error(const Output *self);
guint output_columns(const Output *self);
void output_finish(Output *self, int patience_ms);
