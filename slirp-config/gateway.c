/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: frames for the gateway are looked at (gateway-filter.c) and handed to
 * libslirp; what libslirp sends goes onto the LAN, DHCP replies completed on the way. libslirp's
 * sockets, which exist only when the guest may go outside, and its timers run on our main loop.
 *
 * While the LAN is held, libslirp's sockets are not polled: what the outside sends waits in the
 * host's sockets, and TCP slows down by itself.
 */
#include "slirp-config/gateway.h"

#include "base/error.h"
#include "base/log.h"
#include "slirp-config/gateway-filter.h"
#include "slirp-config/poll-set.h"
#include "slirp-config/tftp-gate.h"

#include <slirp/libslirp.h>
#include <string.h>

/* libslirp looks at its clocks only when it is polled; this often even if nothing happens. */
#define IDLE_POLL_US (500 * 1000)

struct Gateway {
    LanPort *port;
    Slirp *slirp;
    GatewayFilter *filter;
    GMainContext *context;
    GSource *source;
    PollSet *polled;
    gint64 last_poll_us, poll_every_us;
    gboolean held;
    gboolean inside; /* a call of libslirp's is under way */
    GuestNote guest_errors, returned;
};

typedef struct {
    GSource source;
    Gateway *gateway;
} GatewaySource;

/* ---- libslirp's callbacks ---- */

static ssize_t
cb_send_packet(const void *frame, size_t len, void *opaque)
{
    Gateway *self = opaque;
    gateway_filter_output(self->filter, frame, len);
    return (ssize_t)len;
}

static void
cb_guest_error(const char *msg, void *opaque)
{
    guest_note(&((Gateway *)opaque)->guest_errors, "gateway", "libslirp: %s", msg);
}

static int64_t
cb_clock_get_ns(void *opaque)
{
    (void)opaque;
    return g_get_monotonic_time() * 1000;
}

typedef struct {
    Gateway *gateway;
    SlirpTimerId id;
    void *cb_opaque;
    GSource *source;
} Timer;

static gboolean
timer_fired(gpointer data)
{
    Timer *timer = data;
    g_source_set_ready_time(timer->source, -1);
    timer->gateway->inside = TRUE;
    slirp_handle_timer(timer->gateway->slirp, timer->id, timer->cb_opaque);
    timer->gateway->inside = FALSE;
    return G_SOURCE_CONTINUE;
}

static gboolean
timer_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)source;
    return callback(data);
}

static void *
cb_timer_new_opaque(SlirpTimerId id, void *cb_opaque, void *opaque)
{
    static GSourceFuncs timer_funcs = { .dispatch = timer_dispatch };
    Gateway *self = opaque;
    Timer *timer = g_new0(Timer, 1);

    timer->gateway = self;
    timer->id = id;
    timer->cb_opaque = cb_opaque;
    timer->source = g_source_new(&timer_funcs, sizeof(GSource));
    g_source_set_callback(timer->source, timer_fired, timer, NULL);
    g_source_attach(timer->source, self->context);
    return timer;
}

static void
cb_timer_free(void *opaque_timer, void *opaque)
{
    Timer *timer = opaque_timer;
    (void)opaque;
    g_source_destroy(timer->source);
    g_source_unref(timer->source);
    g_free(timer);
}

static void
cb_timer_mod(void *opaque_timer, int64_t expire_ms, void *opaque)
{
    (void)opaque;
    g_source_set_ready_time(((Timer *)opaque_timer)->source, expire_ms * 1000);
}

static void
cb_poll_fd(int fd, void *opaque)
{
    (void)fd, (void)opaque;
}

static void
cb_notify(void *opaque)
{
    (void)opaque; /* only for callers on another thread */
}

static const SlirpCb gateway_callbacks = {
    .send_packet = cb_send_packet,
    .guest_error = cb_guest_error,
    .clock_get_ns = cb_clock_get_ns,
    .timer_free = cb_timer_free,
    .timer_mod = cb_timer_mod,
    .register_poll_fd = cb_poll_fd,
    .unregister_poll_fd = cb_poll_fd,
    .notify = cb_notify,
    .timer_new_opaque = cb_timer_new_opaque,
};

/* ---- libslirp's sockets on the main loop ---- */

static const struct {
    int slirp;
    GIOCondition glib;
} poll_bits[] = {
    { SLIRP_POLL_IN, G_IO_IN },   { SLIRP_POLL_OUT, G_IO_OUT }, { SLIRP_POLL_PRI, G_IO_PRI },
    { SLIRP_POLL_ERR, G_IO_ERR }, { SLIRP_POLL_HUP, G_IO_HUP },
};

static GIOCondition
condition_of(int slirp_events)
{
    GIOCondition condition = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(poll_bits); i++) {
        if ((slirp_events & poll_bits[i].slirp) != 0)
            condition |= poll_bits[i].glib;
    }
    return condition;
}

static int
add_poll(int fd, int events, void *opaque)
{
    return (int)poll_set_add(((Gateway *)opaque)->polled, fd, condition_of(events));
}

/* One round asks all sockets. When what the first ones said has filled the queue of whoever is
 * slow, the others say nothing until the next round: they keep what they have. */
static int
get_revents(int index, void *opaque)
{
    Gateway *self = opaque;
    if (self->held)
        return 0;
    GIOCondition ready = poll_set_ready(self->polled, (guint)index);
    int events = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(poll_bits); i++) {
        if ((ready & poll_bits[i].glib) != 0)
            events |= poll_bits[i].slirp;
    }
    return events;
}

static gboolean
source_prepare(GSource *source, gint *timeout_ms)
{
    Gateway *self = ((GatewaySource *)source)->gateway;
    guint32 timeout = IDLE_POLL_US / 1000;

    poll_set_begin(self->polled);
    if (!self->held)
        slirp_pollfds_fill(self->slirp, &timeout, add_poll, self);
    poll_set_end(self->polled);
    self->poll_every_us = (gint64)timeout * 1000;
    gint64 wait_us = self->last_poll_us + self->poll_every_us - g_source_get_time(source);
    *timeout_ms = self->held ? -1 : (gint)(MAX(wait_us, 0) / 1000 + 1);
    return FALSE;
}

static gboolean
source_check(GSource *source)
{
    const Gateway *self = ((GatewaySource *)source)->gateway;
    gboolean due = g_source_get_time(source) - self->last_poll_us >= self->poll_every_us;

    return !self->held && (due || poll_set_any_ready(self->polled));
}

static gboolean
source_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    Gateway *self = ((GatewaySource *)source)->gateway;

    (void)callback, (void)data;
    self->last_poll_us = g_source_get_time(source);
    self->inside = TRUE;
    slirp_pollfds_poll(self->slirp, 0, get_revents, self);
    self->inside = FALSE;
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs gateway_source_funcs = {
    .prepare = source_prepare,
    .check = source_check,
    .dispatch = source_dispatch,
};

/* ---- the host on the LAN ---- */

static void
gateway_input(gpointer host, const guint8 *frame, gsize len)
{
    Gateway *self = host;
    gateway_filter_input(self->filter, frame, len);
}

static void
gateway_hold(gpointer host, gboolean held)
{
    ((Gateway *)host)->held = held;
}

static const LanPortOps gateway_port_ops = { "gateway", gateway_input, gateway_hold };

static void
to_lan(const guint8 *frame, gsize len, gpointer data)
{
    lan_input(((Gateway *)data)->port, frame, len);
}

/*
 * What libslirp sends is answered at once by hosts that are in this process, within the call in
 * which it sends. It can take their ARP then. Anything else would walk and change the lists that it
 * is walking, and comes from a guest that pretends to be the boot server: nobody else has the boot
 * server and libslirp talk to each other.
 */
static gboolean
gateway_may_enter(Gateway *self, const guint8 *frame, gsize len)
{
    Cursor cursor = cursor_of(frame, len);
    EthHeader eth;

    if (!self->inside || (eth_parse(&cursor, &eth) && eth.type == ETH_TYPE_ARP))
        return TRUE;
    guest_note(&self->returned, "gateway", "dropped an answer of the LAN's own to libslirp");
    return FALSE;
}

static void
to_slirp(const guint8 *frame, gsize len, gpointer data)
{
    Gateway *self = data;
    gboolean inside = self->inside;

    if (!gateway_may_enter(self, frame, len))
        return;
    self->inside = TRUE;
    slirp_input(self->slirp, frame, (int)len);
    self->inside = inside;
}

static struct in6_addr
in6_addr_of(guint64 network, guint8 host)
{
    struct in6_addr in = { .s6_addr[15] = host };
    for (guint i = 0; i < 8; i++)
        in.s6_addr[i] = (guint8)(network >> (56 - 8 * i));
    return in;
}

static struct in_addr
in_addr_of(Ip4Addr a)
{
    struct in_addr in;
    memcpy(&in, a.b, sizeof in); /* lint: raw — both are in wire order */
    return in;
}

/*
 * IPv6 stays on: without a router advertisement iPXE waits 13 s before it goes on. The prefix is
 * libslirp's own, which leads nowhere when the LAN is restricted.
 */
static Slirp *
gateway_start_slirp(Gateway *self, const GatewayConfig *config)
{
    SlirpConfig slirp = {
        .version = 4,
        .restricted = !config->outside,
        .in_enabled = true,
        .vnetwork = in_addr_of(config->lan.network),
        .vnetmask = in_addr_of(lan_config_netmask(&config->lan)),
        .vhost = in_addr_of(config->lan.gateway),
        .in6_enabled = true,
        .vprefix_addr6 = in6_addr_of(GATEWAY_IP6_NETWORK, 0),
        .vprefix_len = 64,
        .vhost6 = in6_addr_of(GATEWAY_IP6_NETWORK, GATEWAY_IP6_HOST),
        .tftp_path = TFTP_ROOT,
        .bootfile = config->bootfile,
        .vdhcp_start = in_addr_of(config->lan.guest),
        .vnameserver = in_addr_of(config->lan.dns),
        .vnameserver6 = in6_addr_of(GATEWAY_IP6_NETWORK, GATEWAY_IP6_DNS),
        .disable_host_loopback = true,
    };
    return slirp_new(&slirp, &gateway_callbacks, self);
}

/**
 * gateway_new:
 * @lan: the LAN to attach to
 * @config: (transfer none): its settings
 * @context: (nullable): where to run
 * @error: PXE_RUN_ERROR_HOST when libslirp does not start
 *
 * Returns: (transfer full): the gateway; free it before the LAN
 **/
Gateway *
gateway_new(Lan *lan, const GatewayConfig *config, GMainContext *context, GError **error)
{
    Gateway *self = g_new0(Gateway, 1);

    self->context = context;
    self->filter = gateway_filter_new(config->lan.gateway, to_lan, to_slirp, self);
    self->slirp = gateway_start_slirp(self, config);
    if (self->slirp == NULL) {
        gateway_free(self);
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                    "libslirp %s refuses the network's settings", slirp_version_string());
        return NULL;
    }
    self->port = lan_attach(lan, &gateway_port_ops, self, NULL);
    self->source = g_source_new(&gateway_source_funcs, sizeof(GatewaySource));
    ((GatewaySource *)self->source)->gateway = self;
    g_source_set_static_name(self->source, "gateway");
    g_source_set_can_recurse(self->source, TRUE); /* it never does, but is faster; see fd-watch.c */
    self->polled = poll_set_new(self->source);
    g_source_attach(self->source, context);
    return self;
}

/* @vfs: (transfer none): the tree whose files TFTP offers; it must outlive the gateway */
void
gateway_set_tree(Gateway *self, Vfs *vfs)
{
    gateway_filter_set_tree(self->filter, vfs);
}

/* @policy: (transfer none): what DHCP tells in addition; it must outlive the gateway */
void
gateway_set_policy(Gateway *self, const DhcpPolicy *policy)
{
    gateway_filter_set_policy(self->filter, policy);
}

/**
 * gateway_forward_tcp:
 * @self: the gateway
 * @host: another host of the LAN, not libslirp's
 * @ports: (array zero-terminated): TCP ports of it
 * @socket_path: path of a Unix socket that listens, in the eyes of this process
 * @error: PXE_RUN_ERROR_HOST when libslirp refuses
 *
 * Ends TCP in place of @host: each connection of the guest's to one of @ports becomes one to
 * @socket_path. The frames must be handed over with gateway_input_frame().
 **/
gboolean
gateway_forward_tcp(
    Gateway *self, Ip4Addr host, const guint16 *ports, const char *socket_path, GError **error)
{
    for (; *ports != 0; ports++) {
        struct in_addr address = in_addr_of(host);
        if (slirp_add_unix(self->slirp, socket_path, &address, *ports) == 0)
            continue;
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                    "libslirp %s refuses to forward TCP port %u", slirp_version_string(), *ports);
        return FALSE;
    }
    return TRUE;
}

/* Takes a frame that was addressed to another host, whose TCP is forwarded: a FrameFunc. */
void
gateway_input_frame(const guint8 *frame, gsize len, gpointer gateway)
{
    gateway_input(gateway, frame, len);
}

/* @self: (nullable) (transfer full): the gateway, half-made ones included */
void
gateway_free(Gateway *self)
{
    if (self == NULL)
        return;
    if (self->source != NULL) {
        g_source_destroy(self->source);
        g_source_unref(self->source);
        poll_set_free(self->polled);
    }
    if (self->slirp != NULL) {
        gateway_filter_end(self->filter);
        slirp_cleanup(self->slirp);
    }
    gateway_filter_free(self->filter);
    g_free(self);
}
