/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The LAN as a run sets it up, with the real libslirp: each record is a frame from the guest. */
#include "tests/fuzz/fuzz-input.h"
#include "tests/lan/lan-house.h"

#define AS_IT_IS  FUZZ_RECORD_FLAG(0)    /* checksums and lengths are not made right */
#define PUMP      FUZZ_RECORD_FLAG(1)    /* libslirp may do what it has put off */
#define FRAME_MAX (ETH_HEADER + ETH_MTU) /* of ours; a card may send larger ones */

static void
guest_input(gpointer host, const guint8 *frame, gsize len)
{
    (void)host, (void)frame;
    g_assert_cmpuint(len, >=, ETH_HEADER);
    g_assert_cmpuint(len, <=, FRAME_MAX);
}

static const LanPortOps guest_ops = { "guest", guest_input, NULL };

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    Cursor input = cursor_of(bytes, len);
    g_auto(LanHouse) house = { 0 };
    guint flags;

    lan_house_init(&house, fuzz_tree_new());
    LanPort *guest = lan_attach(house.lan, &guest_ops, NULL, NULL);
    for (guint i = 0; i < FUZZ_RECORDS_MAX; i++) {
        g_auto(FuzzPiece) frame = { 0 };
        if (!fuzz_record_next(&input, &flags, &frame))
            break;
        if ((flags & AS_IT_IS) == 0)
            fuzz_frame_mend(&frame);
        lan_input(guest, frame.bytes, frame.len);
        if ((flags & PUMP) != 0)
            lan_house_pump(&house);
    }
    return 0;
}
