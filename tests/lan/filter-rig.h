/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A gateway filter between a LAN and a libslirp that are tests, and keep what they get. */
#pragma once

#include "slirp-config/gateway-filter.h"
#include "tests/lan/frames.h"
#include "tests/lan/rows.h"

typedef enum {
    PASSES,   /* reaches libslirp as it is */
    DROPPED,  /* goes nowhere */
    ANSWERED, /* by the gate, with a TFTP error */
    REWRITTEN /* reaches libslirp as another request */
} Fate;

/* A request for the file that the rig has. */
static const char filter_rrq[] = "\0\1pxeboot\0octet";

typedef struct {
    FrameLog lan, slirp;
    GatewayFilter *filter;
    Vfs *vfs;
} FilterRig;

static inline void
filter_rig_to_lan(const guint8 *frame, gsize len, gpointer data)
{
    frame_log_put(frame, len, &((FilterRig *)data)->lan);
}

static inline void
filter_rig_to_slirp(const guint8 *frame, gsize len, gpointer data)
{
    frame_log_put(frame, len, &((FilterRig *)data)->slirp);
}

static const DhcpPolicy filter_rig_policy = { "192.168.64.4:/", { "a=b" } };

static inline void
filter_rig_init(FilterRig *rig)
{
    g_autoptr(GBytes) content = g_bytes_new_static("loader", 6);

    frame_log_init(&rig->lan);
    frame_log_init(&rig->slirp);
    rig->vfs = vfs_mem_new();
    g_assert_cmpint(vfs_mem_add_file(rig->vfs, "pxeboot", content, 0444), ==, 0);
    rig->filter = gateway_filter_new(GATEWAY_IP, filter_rig_to_lan, filter_rig_to_slirp, rig);
    gateway_filter_set_tree(rig->filter, rig->vfs);
    gateway_filter_set_policy(rig->filter, &filter_rig_policy);
}

static inline void
filter_rig_clear(FilterRig *rig)
{
    gateway_filter_free(rig->filter);
    vfs_free(rig->vfs);
    frame_log_clear(&rig->lan);
    frame_log_clear(&rig->slirp);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FilterRig, filter_rig_clear)
