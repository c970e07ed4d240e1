/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether FreeBSD's kernel can run a file as process 1: what kind of program it is, and what it
 * needs. */
#pragma once

#include <glib.h>

#define PROGRAM_INTERPRETER_MAX 127 /* bytes of a path; MAXINTERP in sys/imgact.h is 128 */

typedef enum {
    PROGRAM_FREEBSD, /* an ELF program for FreeBSD */
    PROGRAM_FOREIGN, /* an ELF program for another system */
    PROGRAM_OBJECT,  /* an ELF file that is no program: an object file or a kernel module */
    PROGRAM_SCRIPT,  /* begins with "#!" */
    PROGRAM_NONE,
} ProgramKind;

typedef struct {
    ProgramKind kind;
    const char *system;                            /* (nullable): of a foreign one, if known */
    const char *arch;                              /* (nullable): FreeBSD's name of its machine */
    guint major;                                   /* FreeBSD release that it was made on, or 0 */
    char interpreter[PROGRAM_INTERPRETER_MAX + 1]; /* who runs it: sh, ld-elf.so.1; or "" */
} ProgramFile;

ProgramFile program_file_parse(const guint8 *bytes, gsize len);
gboolean program_file_check_init(const ProgramFile *self,
                                 const char *name,
                                 const char *kernel_arch,
                                 GError **error);
