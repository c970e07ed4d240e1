/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PXE's TFTP service, by which OpenBSD's boot program and old GRUBs read files [PXE 2.1, TFTP API].
 */
#include "images/pxe-stack/machine.h"
#include "images/pxe-stack/stack.h"

/* Nobody has promised that the name ends. */
static uint16_t
open_file(Stack *self, TftpRequest *request, char *name)
{
    if (self->tftp.open)
        return PXE_TFTP_IS_OPEN;
    if (!stack_card_on(self))
        return PXE_FAILURE;
    name[PXE_FILE_NAME_SIZE - 1] = '\0';
    request->name = name;
    return tftp_open(&self->tftp, request);
}

/**
 * tftp_service_open:
 * @self: the stack
 * @p: PXENV_TFTP_OPEN
 **/
uint16_t
tftp_service_open(Stack *self, PxeParameters *p)
{
    PxeTftpOpen *open = &p->tftp_open;
    TftpRequest request = {
        .server = open->server,
        .gateway = open->gateway,
        .port = be16_get(open->port),
        .block_size = open->packet_size,
    };

    if (open->packet_size < TFTP_BLOCK_SIZE)
        return PXE_TFTP_INVALID_PACKET_SIZE;
    uint16_t status = open_file(self, &request, open->name);
    if (status == PXE_SUCCESS)
        open->packet_size = self->tftp.block_size;
    return status;
}

/* PXENV_TFTP_READ: the buffer holds what TFTP_OPEN has answered, that is a whole block. */
uint16_t
tftp_service_read(Stack *self, PxeParameters *p)
{
    PxeTftpRead *read = &p->tftp_read;
    const uint8_t *block;
    uint16_t len;

    if (!self->tftp.open)
        return PXE_TFTP_CLOSED;
    uint16_t status = tftp_read(&self->tftp, &block, &len);
    if (status != PXE_SUCCESS)
        return status;
    far_write(read->buffer, block, len);
    read->buffer_size = len;
    read->packet_number = self->tftp.block;
    tftp_taken(&self->tftp);
    return PXE_SUCCESS;
}

/* PXENV_TFTP_CLOSE */
uint16_t
tftp_service_close(Stack *self, PxeParameters *p)
{
    (void)p;
    if (!self->tftp.open)
        return PXE_TFTP_CLOSED;
    tftp_close(&self->tftp);
    return PXE_SUCCESS;
}

/* PXENV_TFTP_GET_FSIZE: opens the file, and closes it again. */
uint16_t
tftp_service_get_fsize(Stack *self, PxeParameters *p)
{
    PxeTftpFileSize *size = &p->tftp_file_size;
    TftpRequest request = {
        .server = size->server,
        .gateway = size->gateway,
        .block_size = TFTP_BLOCK_SIZE,
    };
    uint16_t status = open_file(self, &request, size->name);

    if (status != PXE_SUCCESS)
        return status;
    tftp_close(&self->tftp);
    size->file_size = self->tftp.file_size;
    return self->tftp.has_file_size ? PXE_SUCCESS : PXE_TFTP_NO_FILESIZE;
}

/* Reads the open file to a physical address. */
static uint16_t
read_all(Stack *self, uint32_t to, uint32_t size, uint32_t *ret_size)
{
    const uint8_t *block;
    uint32_t done = 0;
    uint16_t len;

    do {
        uint16_t status = tftp_read(&self->tftp, &block, &len);
        if (status != PXE_SUCCESS)
            return status;
        if (len > size - done)
            return PXE_OUT_OF_RESOURCES;
        if (len > 0 && !physical_write(to + done, block, len))
            return PXE_FAILURE;
        done += len;
        tftp_taken(&self->tftp);
    } while (!self->tftp.ended);
    *ret_size = done;
    return PXE_SUCCESS;
}

/* PXENV_TFTP_READ_FILE. Multicast is not offered to the server. */
uint16_t
tftp_service_read_file(Stack *self, PxeParameters *p)
{
    PxeTftpReadFile *file = &p->tftp_read_file;
    TftpRequest request = {
        .server = file->server,
        .gateway = file->gateway,
        .port = be16_get(file->port),
        .block_size = TFTP_BLOCK_SIZE_MAX,
    };
    uint32_t size = 0;
    uint16_t status = open_file(self, &request, file->name);

    if (status != PXE_SUCCESS)
        return status;
    status = read_all(self, file->buffer, file->buffer_size, &size);
    tftp_close(&self->tftp);
    if (status == PXE_SUCCESS)
        file->buffer_size = size;
    return status;
}
