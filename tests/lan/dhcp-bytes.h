/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCP messages made and read by hand for tests. Source: RFC 2131 §2, RFC 2132 */
#pragma once

#include "tests/lan/frames.h"

/* Option areas, from the cookie on, that real clients have sent. */
#define DHCP_HEX_IPXE_DISCOVER                                                                     \
    "63825363350101390205c05d0200005e030102013c20505845436c69656e743a417263683a30303030303a55"     \
    "4e44493a3030323030314d04695058453717010306070c0f111a2b3c4243778081828384858687afcbaf30b1"     \
    "050110ec8139eb030100001701012201011301011101012701011901012901011001022101011501011801"       \
    "011201013d070152540012345661110000000000000000000000000000000000ff"
#define DHCP_HEX_IPXE_REQUEST                                                                      \
    "63825363350103390205c05d0200005e030102013c20505845436c69656e743a417263683a30303030303a55"     \
    "4e44493a3030323030314d04695058453717010306070c0f111a2b3c4243778081828384858687afcbaf30b1"     \
    "050110ec8139eb030100001701012201011301011101012701011901012901011001022101011501011801"       \
    "011201013d07015254001234566111000000000000000000000000000000000036040a00020232040a00020f"     \
    "ff"
#define DHCP_HEX_LOADER_UDP_DISCOVER "638253633501013c09505845436c69656e74ff" /* up to 10.2 */
#define DHCP_HEX_LOADER_UDP_REQUEST                                                                \
    "6382536335010332040a00020f36040a00020233040000012c3c09505845436c69656e74ff"
#define DHCP_HEX_LOADER_DISCOVER /* 15.0 */                                                        \
    "638253633501013c09505845436c69656e744d0807467265654253443707110c1003011a36ff"
#define DHCP_HEX_LOADER_REQUEST                                                                    \
    "6382536335010332040a00020f36040a00020233040000012c3c09505845436c69656e744d0807467265654253"   \
    "443707110c1003011a36ff"
#define DHCP_HEX_NETBSD_DISCOVER                                                                   \
    "63825363350101370601030c0f11103c114e65744253443a693338363a6c69627361ff"

static inline void
dhcp_add_hex(GByteArray *self, const char *hex)
{
    for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2)
        frame_add8(self, (guint)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1])));
}

/* Returns: (transfer full): op to file, and the option area @hex, zeros up to @size bytes */
static inline GByteArray *
dhcp_bytes(guint8 op, guint32 xid, Ip4Addr yiaddr, Ip4Addr siaddr, const char *hex, gsize size)
{
    GByteArray *self = g_byte_array_new();
    const MacAddr chaddr = GUEST_MAC;

    frame_add32(self, (guint32)op << 24 | 0x010600);
    frame_add32(self, xid);
    frame_add32(self, 0);
    frame_add32(self, 0);
    frame_add32(self, ip4_get(yiaddr));
    frame_add32(self, ip4_get(siaddr));
    frame_add32(self, 0);
    g_byte_array_append(self, chaddr.b, sizeof chaddr.b);
    while (self->len < 236)
        frame_add8(self, 0);
    dhcp_add_hex(self, hex);
    while (self->len < size)
        frame_add8(self, 0);
    return self;
}

/*
 * Returns: (transfer full): the options of a message as "53=02 54=c0a84001 … end", with " pad" for
 * each PAD in front of END, and " cut" in place of "end" when the list runs out of the message
 */
static inline char *
dhcp_options_text(const guint8 *message, gsize len)
{
    GString *text = g_string_new(NULL);
    gsize at = 236 + 4;

    while (at < len && message[at] != 255) {
        if (message[at] == 0) {
            g_string_append(text, "pad ");
            at++;
            continue;
        }
        if (at + 2 > len || at + 2 + message[at + 1] > len) {
            at = len;
            break;
        }
        g_string_append_printf(text, "%u=", message[at]);
        for (gsize i = 0; i < message[at + 1]; i++)
            g_string_append_printf(text, "%02x", message[at + 2 + i]);
        g_string_append_c(text, ' ');
        at += 2u + message[at + 1];
    }
    g_string_append(text, at < len ? "end" : "cut");
    return g_string_free(text, FALSE);
}
