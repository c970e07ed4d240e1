/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: QEMU greets, we send qmp_capabilities, and from then on it answers commands
 * in the order in which they come, so that a queue of callbacks is all that must be kept. Commands
 * may be given at any time; QEMU reads them after the handshake.
 *
 * Source: QEMU docs/interop/qmp-spec.rst
 */
#include "launcher/qmp.h"

#include "base/autofd.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>

#define MESSAGE_MAX (1u << 20) /* bytes; what we ask for is far below */

typedef struct {
    QmpReplyFunc func; /* (nullable) */
    gpointer data;
} QmpPending;

struct Qmp {
    int fd;
    guint source_id; /* 0: the connection is lost */
    struct json_tokener *tokener;
    gsize message_bytes; /* of the message that is not whole yet */
    gboolean greeted;
    GQueue pending; /* of QmpPending */
    QmpEventFunc event;
    gpointer data;
};

static void
qmp_answer(Qmp *self, JsonObject *ret, const char *error)
{
    g_autofree QmpPending *pending = g_queue_pop_head(&self->pending);
    if (pending != NULL && pending->func != NULL)
        pending->func(ret, error, pending->data);
}

static void
qmp_message(Qmp *self, JsonObject *message)
{
    const char *name = json_get_string(message, "event");
    JsonObject *part = NULL;

    if (name != NULL) {
        (void)json_object_object_get_ex(message, "data", &part);
        self->event(name, part, self->data);
    } else if (json_object_object_get_ex(message, "QMP", &part)) {
        self->greeted = TRUE;
    } else if (json_object_object_get_ex(message, "return", &part)) {
        qmp_answer(self, part, NULL);
    } else if (json_object_object_get_ex(message, "error", &part)) {
        const char *desc = json_get_string(part, "desc");
        qmp_answer(self, NULL, desc != NULL ? desc : "QEMU gives no reason");
    }
}

/* Takes whole messages out of what has come. Returns: FALSE when it is no JSON */
static gboolean
qmp_feed(Qmp *self, const char *bytes, int len)
{
    while (len > 0) {
        g_autoptr(JsonObject) message = json_tokener_parse_ex(self->tokener, bytes, len);
        enum json_tokener_error status = json_tokener_get_error(self->tokener);
        if (status != json_tokener_success && status != json_tokener_continue)
            return FALSE;
        int used = (int)json_tokener_get_parse_end(self->tokener);
        bytes += used;
        len -= used;
        self->message_bytes = message != NULL ? 0 : self->message_bytes + (gsize)used;
        if (message != NULL)
            qmp_message(self, message);
        else if (used == 0)
            return FALSE;
    }
    return self->message_bytes <= MESSAGE_MAX;
}

static void
qmp_lost(Qmp *self)
{
    self->source_id = 0;
    while (!g_queue_is_empty(&self->pending))
        qmp_answer(self, NULL, "QEMU is gone");
    self->event(NULL, NULL, self->data);
}

/* Returns: bytes taken; 0 when there are none now, -1 when the connection is lost */
static ssize_t
qmp_read(Qmp *self)
{
    char bytes[16 * 1024];

    ssize_t n = recv(self->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return n > 0 && qmp_feed(self, bytes, (int)n) ? n : -1;
}

static gboolean
qmp_readable(gint fd, GIOCondition condition, gpointer data)
{
    Qmp *self = data;

    (void)fd, (void)condition;
    if (qmp_read(self) >= 0)
        return G_SOURCE_CONTINUE;
    qmp_lost(self);
    return G_SOURCE_REMOVE;
}

/**
 * qmp_new:
 * @fd: (transfer full): our end of the socketpair
 * @event: gets the events
 * @data: for @event
 *
 * Returns: (transfer full): a client that runs on the default main context
 **/
Qmp *
qmp_new(int fd, QmpEventFunc event, gpointer data)
{
    Qmp *self = g_new0(Qmp, 1);

    self->fd = fd;
    self->event = event;
    self->data = data;
    self->tokener = json_tokener_new();
    g_queue_init(&self->pending);
    self->source_id = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, qmp_readable, self);
    qmp_execute(self, "qmp_capabilities", NULL, NULL, NULL);
    return self;
}

/**
 * qmp_execute:
 * @self: the client
 * @command: name of the command
 * @args: (transfer full) (nullable): its arguments
 * @func: (nullable): gets the answer; at once when the connection is lost
 * @data: for @func
 **/
void
qmp_execute(Qmp *self, const char *command, JsonObject *args, QmpReplyFunc func, gpointer data)
{
    g_autoptr(JsonObject) message = json_object_new_object();

    json_add_string(message, "execute", command);
    if (args != NULL)
        json_object_object_add(message, "arguments", args);
    if (self->source_id == 0) {
        if (func != NULL)
            func(NULL, "QEMU is gone", data);
        return;
    }
    QmpPending *pending = g_new(QmpPending, 1);
    *pending = (QmpPending){ func, data };
    g_queue_push_tail(&self->pending, pending);

    /* Commands are some hundred bytes and few: the socket's buffer has room for all of them. If
     * not, QEMU does not read, and half a command would spoil all that follow: that is the end,
     * too. */
    const char *text = json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN);
    if (send(self->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)strlen(text))
        (void)shutdown(self->fd, SHUT_RDWR);
}

/* Returns: whether QEMU has greeted, so that it is one and has started */
gboolean
qmp_has_greeted(const Qmp *self)
{
    return self->greeted;
}

/* Returns: whether there is no connection any more */
gboolean
qmp_is_lost(const Qmp *self)
{
    return self->source_id == 0;
}

/* Takes what QEMU has sent up to now; for its end, after which nothing comes. */
void
qmp_drain(Qmp *self)
{
    while (self->source_id != 0) {
        ssize_t n = qmp_read(self);
        if (n == 0)
            return;
        if (n < 0) {
            g_source_remove(self->source_id);
            qmp_lost(self);
        }
    }
}

/* @self: (nullable) (transfer full): the client; commands under way get no answer */
void
qmp_free(Qmp *self)
{
    if (self == NULL)
        return;
    if (self->source_id != 0)
        g_source_remove(self->source_id);
    g_queue_clear_full(&self->pending, g_free);
    json_tokener_free(self->tokener);
    autofd_clear(&self->fd);
    g_free(self);
}
