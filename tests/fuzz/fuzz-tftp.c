/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TFTP: what a guest sends to the gate, and what the server sends past it. A record is the payload
 * of one datagram; its flags say which of four ports of the guest's it belongs to, and whether the
 * server sends it. The rig opens each file that the gate lets a request through for.
 */
#include "slirp-config/tftp-request.h"
#include "tests/fuzz/fuzz-input.h"
#include "tests/lan/tftp-rig.h"

#define PORT_OF(flags) ((guint16)(TFTP_RIG_PORT + ((flags)&3)))
#define FROM_SERVER    FUZZ_RECORD_FLAG(4)
#define PAYLOAD_MAX    (ETH_MTU - 28)

static void
check_request(const FuzzPiece *payload)
{
    Cursor cursor = fuzz_piece_cursor(payload);
    TftpRequest request = { .blksize = 0 };
    TftpFailure failure;

    cursor_skip(&cursor, 2);
    if (!tftp_request_parse(cursor, &request, &failure)) {
        g_assert_nonnull(failure.text);
        return;
    }
    g_assert_cmpuint(strlen(request.name), <=, TFTP_NAME_MAX);
    if (request.blksize != 0)
        g_assert_true(request.blksize >= TFTP_BLKSIZE_MIN && request.blksize <= TFTP_BLKSIZE_MAX);
}

static void
serve(TftpRig *rig, guint16 port, const FuzzPiece *payload)
{
    const Ip4Route route = frame_from_gateway();
    g_autoptr(GByteArray) frame = frame_udp4(&route, TFTP_PORT, port, payload->bytes, payload->len);

    tftp_gate_output(rig->gate, (UdpHeader){ TFTP_PORT, port },
                     cursor_of(frame->data + 42, frame->len - 42),
                     cursor_of(frame->data, frame->len));
}

/* What the guest gets is a whole frame, and no more than one for what it sends. */
static void
check_answer(const TftpRig *rig)
{
    g_assert_cmpuint(frame_log_count(&rig->guest), <=, 1);
    if (frame_log_count(&rig->guest) == 1) {
        FrameUdp udp = frame_log_udp(&rig->guest, 0);
        g_assert_cmpuint(udp.src_port, ==, TFTP_PORT);
        g_assert_true(mac_equal(udp.dst, GUEST_MAC));
    }
    g_assert_cmpuint(frame_log_count(&rig->server), <=, 1);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    Cursor input = cursor_of(bytes, len);
    g_auto(TftpRig) rig = { 0 };
    guint flags;

    tftp_rig_init(&rig, fuzz_tree_new());
    for (guint i = 0; i < FUZZ_RECORDS_MAX; i++) {
        g_auto(FuzzPiece) payload = { 0 };
        if (!fuzz_record_next(&input, &flags, &payload))
            break;
        payload.len = MIN(payload.len, PAYLOAD_MAX);
        if ((flags & FROM_SERVER) != 0) {
            serve(&rig, PORT_OF(flags), &payload);
            continue;
        }
        check_request(&payload);
        tftp_rig_send(&rig, PORT_OF(flags), payload.bytes, payload.len);
        check_answer(&rig);
        frame_log_empty(&rig.guest);
        frame_log_empty(&rig.server);
    }
    return 0;
}
