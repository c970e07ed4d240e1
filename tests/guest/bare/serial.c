/* SPDX-License-Identifier: GPL-2.0-or-later */
/* COM1 at 115200 baud, 8N1. Source: National Semiconductor PC16550D, registers. */
#include "tests/guest/bare/serial.h"

#include "tests/guest/bare/ports.h"

#define COM1            0x3f8
#define COM_DATA        COM1
#define COM_INTERRUPTS  (COM1 + 1)
#define COM_FIFO        (COM1 + 2)
#define COM_LINE        (COM1 + 3)
#define COM_MODEM       (COM1 + 4)
#define COM_STATUS      (COM1 + 5)
#define LINE_8N1        0x03
#define LINE_DIVISOR    0x80
#define MODEM_DTR_RTS   0x03
#define STATUS_CAN_SEND 0x20
#define DIVISOR_115200  1
#define SEND_TRIES      20000000 /* many seconds: the reader may wait for a processor */

void
serial_start(void)
{
    port_write8(COM_INTERRUPTS, 0);
    port_write8(COM_LINE, LINE_DIVISOR | LINE_8N1);
    port_write8(COM_DATA, DIVISOR_115200);
    port_write8(COM_INTERRUPTS, 0);
    port_write8(COM_LINE, LINE_8N1);
    port_write8(COM_FIFO, 0);
    port_write8(COM_MODEM, MODEM_DTR_RTS);
}

void
serial_put(char c)
{
    for (int tries = 0; tries < SEND_TRIES; tries++) {
        if ((port_read8(COM_STATUS) & STATUS_CAN_SEND) != 0) {
            port_write8(COM_DATA, (uint8_t)c);
            return;
        }
    }
}
