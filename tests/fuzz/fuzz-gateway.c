/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The LAN as a run sets it up, with the real libslirp: each record is a frame from the guest.
 *
 * TCP would never come further than its first segment, since its numbers must fit. So the guest's
 * end is followed for a few connections, and a segment with IN_ORDER gets the numbers that are
 * next.
 */
#include "tests/fuzz/fuzz-input.h"
#include "tests/lan/frames.h"
#include "tests/lan/lan-house.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#else
#define __lsan_disable()
#define __lsan_enable()
#endif

#define AS_IT_IS    FUZZ_RECORD_FLAG(0) /* checksums and lengths are not made right */
#define PUMP        FUZZ_RECORD_FLAG(1) /* libslirp and the server may do what they have put off */
#define IN_ORDER    FUZZ_RECORD_FLAG(2)
#define PUMP_ROUNDS 4
#define FRAME_MAX   (ETH_HEADER + ETH_MTU) /* of ours; a card may send larger ones */
#define FLOWS       8                      /* connections: by the lower bits of the guest's port */

#define TCP_AT     (ETH_HEADER + IP4_HEADER)
#define TCP_HEADER 20

enum {
    TCP_FIN = 1,
    TCP_SYN = 2,
};

typedef struct {
    guint32 next; /* sequence number of the guest's next byte */
    guint32 want; /* of the next one that it wants */
} Flow;

typedef struct {
    Flow flows[FLOWS];
} Guest;

/* Whether @frame holds a TCP segment, behind a plain IPv4 header. */
static gboolean
is_tcp(const guint8 *frame, gsize len)
{
    return len >= TCP_AT + TCP_HEADER && frame_get16(frame + 12) == ETH_TYPE_IP4 &&
           frame[ETH_HEADER] == 0x45 && frame[ETH_HEADER + 9] == IP_PROTO_TCP;
}

/* What a segment takes of the sequence numbers: its data, SYN and FIN. */
static guint32
tcp_space(const guint8 *frame, gsize len)
{
    const guint8 *tcp = frame + TCP_AT;
    gsize header = (gsize)(tcp[12] >> 4) * 4;
    gsize total = MIN((gsize)frame_get16(frame + ETH_HEADER + 2), len - ETH_HEADER);
    gsize data = total > IP4_HEADER + header ? total - IP4_HEADER - header : 0;

    return (guint32)data + ((tcp[13] & TCP_SYN) != 0) + ((tcp[13] & TCP_FIN) != 0);
}

static void
put32(guint8 *at, guint32 value)
{
    be32 wire = be32_of(value);
    memcpy(at, wire.b, sizeof wire.b);
}

static void
guest_number(Guest *self, FuzzPiece *frame)
{
    if (!is_tcp(frame->bytes, frame->len))
        return;
    guint8 *tcp = frame->bytes + TCP_AT;
    Flow *flow = &self->flows[frame_get16(tcp) % FLOWS];
    put32(tcp + 4, flow->next);
    put32(tcp + 8, flow->want);
    flow->next += tcp_space(frame->bytes, frame->len);
}

static void
guest_input(gpointer host, const guint8 *frame, gsize len)
{
    Guest *self = host;

    g_assert_cmpuint(len, >=, ETH_HEADER);
    g_assert_cmpuint(len, <=, FRAME_MAX);
    if (!is_tcp(frame, len))
        return;
    const guint8 *tcp = frame + TCP_AT;
    Flow *flow = &self->flows[frame_get16(tcp + 2) % FLOWS];
    flow->want = frame_get32(tcp + 4) + tcp_space(frame, len);
}

static const LanPortOps guest_ops = { "guest", guest_input, NULL };

static void
run_record(LanHouse *house, Guest *guest, LanPort *port, guint flags, FuzzPiece *frame)
{
    if ((flags & IN_ORDER) != 0)
        guest_number(guest, frame);
    if ((flags & AS_IT_IS) == 0)
        fuzz_frame_mend(frame);
    lan_input(port, frame->bytes, frame->len);
    for (guint i = 0; (flags & PUMP) != 0 && i < PUMP_ROUNDS; i++)
        lan_house_pump(house);
}

static void
run_input(Cursor input)
{
    g_auto(LanHouse) house = { 0 };
    Guest guest = { 0 };
    guint flags;

    lan_house_init(&house, fuzz_tree_new());
    LanPort *port = lan_attach(house.lan, &guest_ops, &guest, NULL);
    for (guint i = 0; i < FUZZ_RECORDS_MAX; i++) {
        g_auto(FuzzPiece) frame = { 0 };
        if (!fuzz_record_next(&input, &flags, &frame))
            break;
        run_record(&house, &guest, port, flags, &frame);
    }
}

/* slirp_cleanup() of 4.7.0 forgets the packets that wait for an ARP answer, so that a leak there
 * says nothing. */
int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    __lsan_disable();
    run_input(cursor_of(bytes, len));
    __lsan_enable();
    return 0;
}
