/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See tftp.h. */
#include "images/pxe-stack/tftp.h"

#include "images/pxe-stack/machine.h"
#include "images/pxe-stack/pxe.h"

enum {
    TFTP_RRQ = 1,
    TFTP_DATA = 3,
    TFTP_ACK = 4,
    TFTP_ERROR = 5,
    TFTP_OACK = 6,
};

#define TFTP_HEADER            4 /* of DATA, ACK and ERROR */
#define TFTP_ERROR_NOT_FOUND   1
#define TFTP_ERROR_ACCESS      2
#define TFTP_TRIES             5
#define TFTP_WAIT_MS           1000
#define TFTP_FIRST_PORT        0xc000 /* ours: the dynamic ones */
#define TFTP_NUMBER_DIGITS_MAX 10

/* Appends @text with its NUL. Returns: where it ends */
static uint8_t *
text_put(uint8_t *at, const char *text)
{
    do
        *at++ = (uint8_t)*text;
    while (*text++ != '\0');
    return at;
}

/* The same, for a number in decimal. */
static uint8_t *
number_put(uint8_t *at, uint16_t number)
{
    char digits[TFTP_NUMBER_DIGITS_MAX + 1] = { 0 };
    uint8_t first = TFTP_NUMBER_DIGITS_MAX;

    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return text_put(at, digits + first);
}

/* ---- what is sent ---- */

static uint16_t
send_request(Tftp *self)
{
    uint8_t *packet = net_begin(self->net, &self->peer), *at = packet;

    if (packet == NULL)
        return PXE_TFTP_CANNOT_ARP_ADDRESS;
    be16_put(at, TFTP_RRQ);
    at = text_put(at + 2, self->name);
    at = text_put(at, "octet");
    at = text_put(at, "blksize");
    at = number_put(at, self->block_size);
    at = text_put(at, "tsize");
    at = number_put(at, 0);
    return net_send(self->net, &self->peer, (uint16_t)(at - packet)) ? PXE_SUCCESS : PXE_FAILURE;
}

static uint16_t
send_words(Tftp *self, uint16_t first, uint16_t second, uint16_t len)
{
    uint8_t *packet = net_begin(self->net, &self->peer);

    if (packet == NULL)
        return PXE_TFTP_CANNOT_ARP_ADDRESS;
    be16_put(packet, first);
    be16_put(packet + 2, second);
    packet[TFTP_HEADER] = '\0';
    return net_send(self->net, &self->peer, len) ? PXE_SUCCESS : PXE_FAILURE;
}

static uint16_t
send_ack(Tftp *self)
{
    return send_words(self, TFTP_ACK, self->block, TFTP_HEADER);
}

/* "Not defined", with no message: what a client that has seen enough says */
static void
send_error(Tftp *self)
{
    (void)send_words(self, TFTP_ERROR, 0, TFTP_HEADER + 1);
}

/* ---- what comes ---- */

/* Before the file is open, the server chooses its port: whoever answers first is it. */
static bool
is_ours(const Tftp *self, const Datagram *datagram)
{
    return datagram->source == self->peer.ip &&
           datagram->destination_port == self->peer.source_port && datagram->len >= 2 &&
           (!self->open || datagram->source_port == self->peer.port);
}

static uint16_t
opcode(const Datagram *datagram)
{
    return be16_get(datagram->payload);
}

static bool
is_block(const Datagram *datagram, uint16_t block)
{
    return opcode(datagram) == TFTP_DATA && datagram->len >= TFTP_HEADER &&
           be16_get(datagram->payload + 2) == block;
}

/* An error, an answer to the options, or the block that is next. */
static bool
is_awaited(const Tftp *self, const Datagram *datagram)
{
    if (!is_ours(self, datagram))
        return false;
    return opcode(datagram) == TFTP_ERROR || (!self->open && opcode(datagram) == TFTP_OACK) ||
           is_block(datagram, (uint16_t)(self->block + 1));
}

static uint16_t
error_status(const Datagram *datagram)
{
    if (datagram->len < TFTP_HEADER)
        return PXE_TFTP_ERROR_OPCODE;
    switch (be16_get(datagram->payload + 2)) {
    case TFTP_ERROR_NOT_FOUND:
        return PXE_TFTP_FILE_NOT_FOUND;
    case TFTP_ERROR_ACCESS:
        return PXE_TFTP_ACCESS_VIOLATION;
    default:
        return PXE_TFTP_ERROR_OPCODE;
    }
}

/* Sends by @send until something comes that is awaited, and is no error. */
static uint16_t
exchange(Tftp *self, uint16_t (*send)(Tftp *), uint16_t timeout_status, Datagram *ret)
{
    Timer timer;

    for (uint8_t i = 0; i < TFTP_TRIES; i++) {
        uint16_t status = send(self);
        if (status != PXE_SUCCESS)
            return status;
        timer_start(&timer, TFTP_WAIT_MS);
        while (!timer_expired(&timer)) {
            if (!net_poll(self->net, ret) || !is_awaited(self, ret))
                continue;
            return opcode(ret) == TFTP_ERROR ? error_status(ret) : PXE_SUCCESS;
        }
    }
    return timeout_status;
}

/* Takes a NUL-terminated word from @at on. Returns: behind it; NULL when it does not end */
static const uint8_t *
word_take(const uint8_t *at, const uint8_t *end, const uint8_t **ret)
{
    *ret = at;
    for (; at < end; at++) {
        if (*at == '\0')
            return at + 1;
    }
    return NULL;
}

static bool
word_is(const uint8_t *word, const char *lower)
{
    for (; *lower != '\0'; word++, lower++) {
        if ((*word | 0x20) != *lower)
            return false;
    }
    return *word == '\0';
}

static uint32_t
word_number(const uint8_t *word)
{
    uint32_t number = 0;

    for (; *word >= '0' && *word <= '9'; word++)
        number = number * 10 + (uint32_t)(*word - '0');
    return number;
}

/* Returns: whether the server keeps to what we have asked for */
static bool
take_options(Tftp *self, const Datagram *oack)
{
    const uint8_t *at = oack->payload + 2, *end = oack->payload + oack->len, *name, *value;
    uint16_t asked = self->block_size;

    self->block_size = TFTP_BLOCK_SIZE;
    while (at < end) {
        at = word_take(at, end, &name);
        at = at != NULL ? word_take(at, end, &value) : NULL;
        if (at == NULL)
            return false;
        uint32_t number = word_number(value);
        if (word_is(name, "blksize")) {
            if (number < 8 || number > asked)
                return false;
            self->block_size = (uint16_t)number;
        } else if (word_is(name, "tsize")) {
            self->file_size = number;
            self->has_file_size = true;
        }
    }
    return true;
}

/**
 * tftp_open:
 * @self: a client whose net is set, and that has no file open
 * @request: what to ask for
 **/
uint16_t
tftp_open(Tftp *self, const TftpRequest *request)
{
    self->peer = (UdpPeer){
        .ip = request->server,
        .gateway = request->gateway,
        .port = request->port != 0 ? request->port : TFTP_PORT,
        .source_port = TFTP_FIRST_PORT | (self->next_port++ & (uint16_t)~TFTP_FIRST_PORT),
    };
    self->name = request->name;
    self->block_size =
        request->block_size < TFTP_BLOCK_SIZE_MAX ? request->block_size : TFTP_BLOCK_SIZE_MAX;
    self->block = 0;
    self->ended = false;
    self->has_file_size = false;
    uint16_t status = exchange(self, send_request, PXE_TFTP_OPEN_TIMEOUT, &self->first);
    self->name = NULL;
    if (status != PXE_SUCCESS)
        return status;
    self->peer.port = self->first.source_port;
    self->first_is_here = opcode(&self->first) == TFTP_DATA;
    if (self->first_is_here) {
        self->block_size = TFTP_BLOCK_SIZE;
    } else if (!take_options(self, &self->first)) {
        send_error(self);
        return PXE_TFTP_UNKNOWN_OPCODE;
    }
    self->open = true;
    return PXE_SUCCESS;
}

/**
 * tftp_read:
 * @self: a client with an open file
 * @ret: (out): the next block; valid until anything else is done with the card
 * @ret_len: (out): its bytes; less than the block size at the end, and 0 behind it
 *
 * tftp_taken() must follow, when the block has been copied.
 **/
uint16_t
tftp_read(Tftp *self, const uint8_t **ret, uint16_t *ret_len)
{
    Datagram datagram = self->first;

    *ret = NULL;
    *ret_len = 0;
    if (self->ended)
        return PXE_SUCCESS;
    if (!self->first_is_here) {
        uint16_t status = exchange(self, send_ack, PXE_TFTP_READ_TIMEOUT, &datagram);
        if (status != PXE_SUCCESS)
            return status;
    }
    self->first_is_here = false;
    self->block++;
    *ret = datagram.payload + TFTP_HEADER;
    *ret_len = datagram.len - TFTP_HEADER;
    if (*ret_len > self->block_size)
        return PXE_TFTP_INVALID_PACKET_SIZE;
    self->ended = *ret_len < self->block_size;
    return PXE_SUCCESS;
}

/* The last block is acknowledged at once: nobody may ask for another one. */
void
tftp_taken(Tftp *self)
{
    if (self->ended && self->open)
        (void)send_ack(self);
}

/* Tells the server, if it still has something to send. */
void
tftp_close(Tftp *self)
{
    if (self->open && !self->ended)
        send_error(self);
    self->open = false;
    self->first_is_here = false;
}
