/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wire integers and addresses: byte arrays with an accessor, so that their size is exact, their
 * alignment is 1 and arithmetic on an unconverted value does not compile.
 */
#pragma once

#include <glib.h>
#include <string.h>

typedef struct {
    guint8 b[2];
} be16;
typedef struct {
    guint8 b[4];
} be32;
typedef struct {
    guint8 b[8];
} be64;

/* An Ethernet address, in wire order. */
typedef struct {
    guint8 b[6];
} MacAddr;

/* An IPv4 address, in wire order. */
typedef struct {
    guint8 b[4];
} Ip4Addr;

static inline guint16
be16_get(be16 v)
{
    return (guint16)((v.b[0] << 8) | v.b[1]);
}

static inline guint32
be32_get(be32 v)
{
    return ((guint32)v.b[0] << 24) | ((guint32)v.b[1] << 16) | ((guint32)v.b[2] << 8) | v.b[3];
}

static inline guint64
be64_get(be64 v)
{
    be32 hi = { { v.b[0], v.b[1], v.b[2], v.b[3] } };
    be32 lo = { { v.b[4], v.b[5], v.b[6], v.b[7] } };
    return ((guint64)be32_get(hi) << 32) | be32_get(lo);
}

static inline be16
be16_of(guint16 v)
{
    return (be16){ { (guint8)(v >> 8), (guint8)v } };
}

static inline be32
be32_of(guint32 v)
{
    return (be32){ { (guint8)(v >> 24), (guint8)(v >> 16), (guint8)(v >> 8), (guint8)v } };
}

static inline be64
be64_of(guint64 v)
{
    be32 hi = be32_of((guint32)(v >> 32));
    be32 lo = be32_of((guint32)v);
    return (be64){ { hi.b[0], hi.b[1], hi.b[2], hi.b[3], lo.b[0], lo.b[1], lo.b[2], lo.b[3] } };
}

static inline guint32
ip4_get(Ip4Addr a)
{
    return be32_get((be32){ { a.b[0], a.b[1], a.b[2], a.b[3] } });
}

static inline Ip4Addr
ip4_of(guint32 host_order)
{
    be32 v = be32_of(host_order);
    return (Ip4Addr){ { v.b[0], v.b[1], v.b[2], v.b[3] } };
}

static inline gboolean
ip4_equal(Ip4Addr a, Ip4Addr b)
{
    return ip4_get(a) == ip4_get(b);
}

static inline gboolean
mac_equal(MacAddr a, MacAddr b)
{
    return memcmp(a.b, b.b, sizeof a.b) == 0;
}

static inline gboolean
mac_is_group(MacAddr a)
{
    return (a.b[0] & 1) != 0;
}

#define MAC_BROADCAST                                                                              \
    (MacAddr)                                                                                      \
    {                                                                                              \
        {                                                                                          \
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff                                                     \
        }                                                                                          \
    }

/* printf helpers: "%d.%d.%d.%d" and "%02x:%02x:…" arguments. */
#define IP4_FMT    "%d.%d.%d.%d"
#define IP4_ARG(a) (a).b[0], (a).b[1], (a).b[2], (a).b[3]
#define MAC_FMT    "%02x:%02x:%02x:%02x:%02x:%02x"
#define MAC_ARG(m) (m).b[0], (m).b[1], (m).b[2], (m).b[3], (m).b[4], (m).b[5]
#define IP4_STRLEN 16 /* "255.255.255.255" and NUL */
