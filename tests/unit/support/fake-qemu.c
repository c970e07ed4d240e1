/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/support/fake-qemu.h"

#include "base/autofd.h"
#include "tests/unit/support/ends.h"

#include <string.h>

/* Lets the main loop do all that there is to do. */
void
fake_qemu_turn(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

/* Returns: (transfer full): the other end of a new client, whose events go to @event */
FakeQemu *
fake_qemu_new(QmpEventFunc event, gpointer data)
{
    FakeQemu *self = g_new0(FakeQemu, 1);
    Ends ends = socket_ends();

    self->fd = ends.reader;
    self->got = g_string_new(NULL);
    self->qmp = qmp_new(ends.fd, event, data);
    return self;
}

/* Closes QEMU's end; the client is its owner's. */
void
fake_qemu_free(FakeQemu *self)
{
    autofd_clear(&self->fd);
    g_string_free(self->got, TRUE);
    g_free(self);
}

/* Sends @text, which reaches the client. */
void
fake_qemu_say(FakeQemu *self, const char *text)
{
    g_assert_cmpint(write(self->fd, text, strlen(text)), ==, (ssize_t)strlen(text));
    fake_qemu_turn();
}

/* Returns: (transfer full): the commands that have come since the last call, as QEMU reads them */
char *
fake_qemu_commands(FakeQemu *self)
{
    const Ends ends = { -1, self->fd };

    fake_qemu_turn();
    g_string_truncate(self->got, 0);
    ends_read(&ends, self->got);
    return g_strdup(self->got->str);
}
