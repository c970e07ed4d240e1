/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source: i386/btx/btx/btx.S (btx_hdr, MEM_USR), i386/btx/btxldr/btxldr.S (start.3: the client's
 * ELF) */
#include "images/btx-client.h"

#include "base/cursor.h"

#include <string.h>

/* Offsets in BTX's header, which is a jump over it, "BTX" and these. */
#define BTX_MAJOR  5
#define BTX_PAGING 8  /* pages that are mapped, 16 bits */
#define BTX_SIZE   10 /* of BTX; the client is behind it */
#define BTX_HEADER 12

#define PAGE_TABLES                                                                                \
    0x5000u /* of 4 bytes for each page, on whole pages; then BTX, a page, then the client */
#define PAGE 0x1000u

/* ELF, 32 bits */
#define ELF_PHOFF      0x1c
#define ELF_PHNUM      0x2c
#define ELF_PHENT_SIZE 0x20
#define ELF_PT_LOAD    1

/* Returns: the client's end, from where it is loaded to; 0: no ELF */
static guint32
client_size(const guint8 *elf, gsize len)
{
    Cursor header = cursor_of(elf, len);
    guint32 size = 0;

    if (len < 4 || memcmp(elf, "\177ELF", 4) != 0)
        return 0;
    cursor_skip(&header, ELF_PHOFF);
    guint32 phoff = cursor_le32(&header);
    cursor_skip(&header, ELF_PHNUM - ELF_PHOFF - 4);
    guint16 phnum = cursor_le16(&header);
    for (guint i = 0; i < phnum; i++) {
        Cursor entry = cursor_of(elf, len);
        cursor_skip(&entry, phoff);
        cursor_skip(&entry, (gsize)i * ELF_PHENT_SIZE);
        guint32 type = cursor_le32(&entry);
        cursor_skip(&entry, 4);
        guint32 vaddr = cursor_le32(&entry);
        cursor_skip(&entry, 8);
        guint32 memsz = cursor_le32(&entry);
        if (!cursor_ok(&entry))
            return 0;
        if (type == ELF_PT_LOAD && vaddr <= G_MAXUINT32 - memsz)
            size = MAX(size, vaddr + memsz);
    }
    return cursor_ok(&header) ? size : 0;
}

/**
 * btx_client_find:
 * @bytes: a boot program
 * @len: its size
 *
 * Returns: what it has of BTX
 **/
BtxClient
btx_client_find(const guint8 *bytes, gsize len)
{
    static const guint8 magic[] = { 0xeb, 0x0e, 'B', 'T', 'X' };
    const guint8 *at = len > 0 ? memmem(bytes, len, magic, sizeof magic) : NULL;
    BtxClient client = { 0 };

    if (at == NULL)
        return client;
    len -= (gsize)(at - bytes);
    if (len < BTX_MAJOR + 2)
        return client;
    client.major = at[BTX_MAJOR];
    client.minor = at[BTX_MAJOR + 1];
    if (len < BTX_HEADER)
        return client;
    gsize paging = at[BTX_PAGING] | (gsize)at[BTX_PAGING + 1] << 8;
    gsize size = at[BTX_SIZE] | (gsize)at[BTX_SIZE + 1] << 8;
    guint32 base = PAGE_TABLES + ((guint32)paging * 4 / PAGE + 1) * PAGE + PAGE;
    guint32 end = size < len ? client_size(at + size, len - size) : 0;
    if (end > 0 && end <= G_MAXUINT32 - base)
        client.memory_end = base + end;
    return client;
}
