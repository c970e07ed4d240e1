/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel knows a program of its own by the brand in the ELF header, by a note, or by the
 * interpreter that is asked for [sys/kern/imgact_elf.c: __elfN(get_brandinfo)]; the same three are
 * looked at here, so that a wrong init is an error of a line before the boot, and no panic after
 * it.
 */
#include "images/program-file.h"

#include "base/cursor.h"
#include "base/error.h"

#include <string.h>

#define ELF_HEADERS_MAX 64 /* program headers looked at */
#define ELF_NOTES_MAX   32 /* notes looked at in one of them */
#define ELF_OWNER_MAX   16 /* bytes of a note's owner; a longer one is nobody that we know */

enum {
    ELF_CLASS_32 = 1,
    ELF_CLASS_64 = 2,
    ELF_DATA_LE = 1,
    ELF_OSABI_FREEBSD = 9,
    ELF_TYPE_EXEC = 2,
    ELF_TYPE_DYN = 3,
    ELF_PT_INTERP = 3,
    ELF_PT_NOTE = 4,
    ELF_NOTE_ABI_TAG = 1, /* of the GNU, FreeBSD, NetBSD, OpenBSD and DragonFly owners alike */
};

/* An ELF file; offsets and sizes have 4 or 8 bytes. */
typedef struct {
    const guint8 *bytes;
    gsize len;
    gboolean wide;
    guint8 osabi;
    guint16 type, machine, header_size, headers;
    guint64 headers_at;
} Elf;

/* What the program headers tell. */
typedef struct {
    guint32 freebsd_version; /* __FreeBSD_version, or 0 */
    const char *system;      /* (nullable) */
} ElfNotes;

static guint16
take_half(Cursor *at)
{
    guint8 low = cursor_u8(at);
    return (guint16)(low | cursor_u8(at) << 8);
}

/* An address, offset or size. */
static guint64
take_word(Cursor *at, gboolean wide)
{
    guint32 low = cursor_le32(at);
    return wide ? low | (guint64)cursor_le32(at) << 32 : low;
}

/* The bytes that a header names; a bad cursor when they are not in the file. */
static Cursor
elf_part(const Elf *self, guint64 offset, guint64 len)
{
    Cursor whole = cursor_of(self->bytes, self->len);
    if (offset > self->len || len > self->len)
        return (Cursor){ NULL, 0, TRUE };
    cursor_skip(&whole, (gsize)offset);
    return cursor_sub(&whole, (gsize)len);
}

static gboolean
elf_open(Elf *self, const guint8 *bytes, gsize len)
{
    Cursor at = cursor_of(bytes, len);
    const guint8 *ident = cursor_take(&at, 16);

    if (ident == NULL || memcmp(ident, "\177ELF", 4) != 0 || ident[5] != ELF_DATA_LE ||
        (ident[4] != ELF_CLASS_32 && ident[4] != ELF_CLASS_64))
        return FALSE;
    *self =
        (Elf){ .bytes = bytes, .len = len, .wide = ident[4] == ELF_CLASS_64, .osabi = ident[7] };
    self->type = take_half(&at);
    self->machine = take_half(&at);
    cursor_skip(&at, 4); /* version */
    (void)take_word(&at, self->wide);
    self->headers_at = take_word(&at, self->wide);
    (void)take_word(&at, self->wide);
    cursor_skip(&at, 4 + 2); /* flags, size of this header */
    self->header_size = take_half(&at);
    self->headers = take_half(&at);
    return cursor_ok(&at);
}

/* Source: lib/csu/common (FreeBSD), the LSB's .note.ABI-tag */
static void
read_note(guint32 type, const char *owner, Cursor content, ElfNotes *ret)
{
    static const char *const gnu_systems[] = { "Linux", "the Hurd", "Solaris", "FreeBSD" };
    static const char *const others[] = { "NetBSD", "OpenBSD", "DragonFly" };
    guint32 first = cursor_le32(&content);

    if (type != ELF_NOTE_ABI_TAG || !cursor_ok(&content))
        return;
    if (g_str_equal(owner, "FreeBSD"))
        ret->freebsd_version = first;
    else if (g_str_equal(owner, "GNU") && first < G_N_ELEMENTS(gnu_systems))
        ret->system = gnu_systems[first];
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        if (g_str_equal(owner, others[i]))
            ret->system = others[i];
    }
}

static gsize
padded(guint32 len)
{
    return ((gsize)len + 3) & ~(gsize)3;
}

static void
read_notes(Cursor notes, ElfNotes *ret)
{
    for (guint i = 0; i < ELF_NOTES_MAX && cursor_left(&notes) > 0; i++) {
        guint32 owner_len = cursor_le32(&notes);
        guint32 content_len = cursor_le32(&notes);
        guint32 type = cursor_le32(&notes);
        Cursor owner = cursor_sub(&notes, padded(owner_len));
        Cursor content = cursor_sub(&notes, MIN(padded(content_len), cursor_left(&notes)));
        if (!cursor_ok(&notes))
            return;
        g_autofree char *name = g_strndup((const char *)owner.at, MIN(owner_len, ELF_OWNER_MAX));
        read_note(type, name, content, ret);
    }
}

/* @path: need not end with NUL, which g_strlcpy() would look for behind the file */
static void
set_interpreter(ProgramFile *self, const char *path, gsize len)
{
    g_autofree char *copy = g_strndup(path, len);
    (void)g_strlcpy(self->interpreter, copy, sizeof self->interpreter);
}

static void
read_headers(const Elf *elf, ElfNotes *ret_notes, ProgramFile *ret)
{
    Cursor table = elf_part(elf, elf->headers_at,
                            (guint64)elf->header_size * MIN(elf->headers, ELF_HEADERS_MAX));

    for (guint i = 0; i < elf->headers && i < ELF_HEADERS_MAX && cursor_ok(&table); i++) {
        Cursor header = cursor_sub(&table, elf->header_size);
        guint32 type = cursor_le32(&header);
        if (elf->wide)
            cursor_skip(&header, 4); /* flags */
        guint64 offset = take_word(&header, elf->wide);
        (void)take_word(&header, elf->wide); /* virtual and physical address */
        (void)take_word(&header, elf->wide);
        guint64 len = take_word(&header, elf->wide);
        if (!cursor_ok(&header))
            return;
        Cursor part = elf_part(elf, offset, len);
        if (!cursor_ok(&part))
            continue;
        if (type == ELF_PT_NOTE)
            read_notes(part, ret_notes);
        else if (type == ELF_PT_INTERP && len <= PROGRAM_INTERPRETER_MAX)
            set_interpreter(ret, (const char *)part.at, (gsize)len);
    }
}

static const char *
arch_name(const Elf *elf)
{
    static const struct {
        guint16 machine;
        const char *name;
    } machines[] = { { 3, "i386" }, { 62, "amd64" }, { 183, "arm64" }, { 243, "riscv" } };

    for (gsize i = 0; i < G_N_ELEMENTS(machines); i++) {
        if (machines[i].machine == elf->machine)
            return machines[i].name;
    }
    return NULL;
}

/* The system of a program that is not FreeBSD's. */
static const char *
foreign_system(const Elf *elf, const ProgramFile *program, const ElfNotes *notes)
{
    static const struct {
        guint8 osabi;
        const char *name;
    } systems[] = { { 2, "NetBSD" }, { 3, "Linux" }, { 6, "Solaris" }, { 12, "OpenBSD" } };

    if (notes->system != NULL)
        return notes->system;
    for (gsize i = 0; i < G_N_ELEMENTS(systems); i++) {
        if (systems[i].osabi == elf->osabi)
            return systems[i].name;
    }
    return strstr(program->interpreter, "/ld-linux") != NULL ||
                   strstr(program->interpreter, "/ld-musl") != NULL
               ? "Linux"
               : NULL;
}

static void
parse_elf(const Elf *elf, ProgramFile *ret)
{
    ElfNotes notes = { 0 };

    ret->arch = arch_name(elf);
    if (elf->type != ELF_TYPE_EXEC && elf->type != ELF_TYPE_DYN) {
        ret->kind = PROGRAM_OBJECT;
        return;
    }
    read_headers(elf, &notes, ret);
    ret->major = notes.freebsd_version / 100000;
    if (elf->osabi == ELF_OSABI_FREEBSD || notes.freebsd_version != 0 ||
        g_strcmp0(notes.system, "FreeBSD") == 0 ||
        g_str_has_prefix(ret->interpreter, "/libexec/ld-elf")) {
        ret->kind = PROGRAM_FREEBSD;
        return;
    }
    ret->kind = PROGRAM_FOREIGN;
    ret->system = foreign_system(elf, ret, &notes);
}

/* "#! /bin/sh -x" [sys/kern/imgact_shell.c: exec_shell_imgact] */
static void
parse_script(const guint8 *bytes, gsize len, ProgramFile *ret)
{
    g_autofree char *line =
        g_strndup((const char *)bytes + 2, MIN(len - 2, PROGRAM_INTERPRETER_MAX));
    const char *at = line + strspn(line, " \t");

    ret->kind = PROGRAM_SCRIPT;
    (void)g_strlcpy(ret->interpreter, at, MIN(strcspn(at, " \t\n\r") + 1, sizeof ret->interpreter));
}

/**
 * program_file_parse:
 * @bytes: (nullable): a whole file
 * @len: its size
 *
 * Returns: what it is
 *
 * Source: sys/kern/imgact_elf.c, imgact_shell.c; the ELF specification
 **/
ProgramFile
program_file_parse(const guint8 *bytes, gsize len)
{
    ProgramFile self = { .kind = PROGRAM_NONE };
    Elf elf;

    if (elf_open(&elf, bytes, len))
        parse_elf(&elf, &self);
    else if (len > 2 && bytes[0] == '#' && bytes[1] == '!')
        parse_script(bytes, len, &self);
    return self;
}

G_GNUC_PRINTF(3, 4)
static gboolean
refuse(GError **error, const char *name, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *reason = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "--init '%s': %s", name, reason);
    return FALSE;
}

/* An amd64 kernel runs both [sys/compat/freebsd32]. */
static gboolean
runs_on(const char *arch, const char *kernel_arch)
{
    return arch != NULL && (kernel_arch == NULL || g_str_equal(arch, kernel_arch) ||
                            (g_str_equal(kernel_arch, "amd64") && g_str_equal(arch, "i386")));
}

/**
 * program_file_check_init:
 * @self: what the file is
 * @name: how the user calls it
 * @kernel_arch: (nullable): what the kernel is made for
 * @error: PXE_RUN_ERROR_MEDIUM
 *
 * Returns: whether that kernel can start it, provided that its interpreter is in the root file
 *   system
 **/
gboolean
program_file_check_init(const ProgramFile *self,
                        const char *name,
                        const char *kernel_arch,
                        GError **error)
{
    switch (self->kind) {
    case PROGRAM_NONE:
        return refuse(error, name,
                      "is neither an ELF program nor a script with #! in its first line");
    case PROGRAM_OBJECT:
        return refuse(error, name, "is an object file or kernel module, and no program");
    case PROGRAM_FOREIGN:
        return refuse(error, name, "is a program for %s: build a static one for FreeBSD",
                      self->system != NULL ? self->system : "another system than FreeBSD");
    case PROGRAM_SCRIPT:
        if (*self->interpreter != '/')
            return refuse(error, name, "is a script whose first line names no absolute path");
        return TRUE;
    case PROGRAM_FREEBSD:
        break;
    }
    if (runs_on(self->arch, kernel_arch))
        return TRUE;
    return refuse(error, name, "is a program for %s, and the kernel is for %s",
                  self->arch != NULL ? self->arch : "another machine",
                  kernel_arch != NULL ? kernel_arch : "i386 or amd64");
}
