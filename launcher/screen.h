/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's VGA text screen, read through QMP. */
#pragma once

#include "launcher/qmp.h"

#define SCREEN_COLUMNS 80
#define SCREEN_ROWS    25

typedef struct Screen Screen;

/* @text: the rows, without the spaces at their ends, each ended by a newline, in UTF-8. */
typedef void (*ScreenFunc)(const char *text, gpointer data);

/* The look that was asked for is over, whether it could be had or not. */
typedef void (*ScreenLookFunc)(gpointer data);

Screen *screen_new(int memory_fd, int qemu_fd, ScreenFunc changed, gpointer data);
void screen_free(Screen *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Screen, screen_free)

void screen_poll(Screen *self, Qmp *qmp);
void screen_look(Screen *self, Qmp *qmp, ScreenLookFunc done, gpointer data);
const char *screen_text(const Screen *self);
char *screen_decode(const guint8 *cells, gsize len);
