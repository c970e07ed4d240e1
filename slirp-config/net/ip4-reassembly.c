/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a fixed table of datagrams under way, each with room for the largest one and
 * a bit for every eight bytes that have come. A datagram is whole when the fragment without "more
 * fragments" has come and all bits below its end are set. Fragments that overlap, or that disagree
 * about the end, drop the datagram: no honest sender makes them. When the table is full the oldest
 * one makes room.
 */
#include "slirp-config/net/ip4-reassembly.h"

#include <string.h>

#define UNITS_MAX ((IP4_MAX + 7) / 8)

typedef struct {
    gboolean used;
    Ip4Addr src, dst;
    guint16 id;
    guint8 proto;
    gint64 since_us;
    gsize units_have; /* of eight bytes */
    gsize reach;      /* bytes: the end of what lies farthest behind so far */
    gsize len;        /* bytes; 0 while unknown */
    guint8 have[(UNITS_MAX + 7) / 8];
    guint8 bytes[IP4_MAX];
} Datagram;

struct Ip4Reassembly {
    Datagram table[IP4_REASSEMBLY_MAX];
};

/* Returns: (transfer full): an empty table */
Ip4Reassembly *
ip4_reassembly_new(void)
{
    return g_new0(Ip4Reassembly, 1);
}

/* @self: (nullable) (transfer full): the table */
void
ip4_reassembly_free(Ip4Reassembly *self)
{
    g_free(self);
}

/* Forgets all that is under way: what a guest that starts anew has sent before. */
void
ip4_reassembly_reset(Ip4Reassembly *self)
{
    for (gsize i = 0; i < IP4_REASSEMBLY_MAX; i++)
        self->table[i].used = FALSE;
}

static gboolean
datagram_matches(const Datagram *d, const Ip4Header *header)
{
    return d->used && d->id == header->id && d->proto == header->proto &&
           ip4_equal(d->src, header->src) && ip4_equal(d->dst, header->dst);
}

static Datagram *
find_or_start(Ip4Reassembly *self, const Ip4Header *header, gint64 now_us)
{
    Datagram *victim = &self->table[0];

    for (gsize i = 0; i < IP4_REASSEMBLY_MAX; i++) {
        Datagram *d = &self->table[i];
        if (d->used && now_us - d->since_us > IP4_REASSEMBLY_TIMEOUT_US)
            d->used = FALSE;
        if (datagram_matches(d, header))
            return d;
        if (victim->used && (!d->used || d->since_us < victim->since_us))
            victim = d;
    }
    victim->used = TRUE;
    victim->src = header->src;
    victim->dst = header->dst;
    victim->id = header->id;
    victim->proto = header->proto;
    victim->since_us = now_us;
    victim->units_have = 0;
    victim->reach = 0;
    victim->len = 0;
    memset(victim->have, 0, sizeof victim->have);
    return victim;
}

/* Whether a fragment up to @end goes with what is known of the datagram's length. */
static gboolean
datagram_fits(const Datagram *d, gsize end, gboolean more_fragments)
{
    if (more_fragments)
        return d->len == 0 || end < d->len;
    return end >= d->reach && (d->len == 0 || end == d->len);
}

/* Sets the bits of units [first, first + n). Returns: FALSE when one was set already */
static gboolean
datagram_mark(Datagram *d, gsize first, gsize n)
{
    for (gsize unit = first; unit < first + n; unit++) {
        guint8 bit = (guint8)(1u << (unit & 7));
        if ((d->have[unit >> 3] & bit) != 0)
            return FALSE;
        d->have[unit >> 3] |= bit;
    }
    d->units_have += n;
    return TRUE;
}

/**
 * ip4_reassembly_put:
 * @self: the table
 * @header: of a fragment, as ip4_parse() gave it
 * @payload: what the fragment carries
 * @now_us: monotonic time, microseconds
 * @ret_datagram: (out): when TRUE is returned: the payload of the whole datagram, good until the
 *   next call
 *
 * Returns: whether this fragment made a datagram whole
 **/
gboolean
ip4_reassembly_put(Ip4Reassembly *self,
                   const Ip4Header *header,
                   Cursor payload,
                   gint64 now_us,
                   Cursor *ret_datagram)
{
    gsize len = cursor_left(&payload);
    gsize end = header->frag_off + len;

    if (len == 0 || (header->more_fragments && len % 8 != 0))
        return FALSE;
    Datagram *d = find_or_start(self, header, now_us);
    if (!datagram_fits(d, end, header->more_fragments) ||
        !datagram_mark(d, header->frag_off / 8, (len + 7) / 8)) {
        d->used = FALSE;
        return FALSE;
    }
    d->reach = MAX(d->reach, end);
    if (!header->more_fragments)
        d->len = end;
    memcpy(d->bytes + header->frag_off, payload.at, len);
    if (d->len == 0 || d->units_have < (d->len + 7) / 8)
        return FALSE;
    d->used = FALSE;
    *ret_datagram = cursor_of(d->bytes, d->len);
    return TRUE;
}
