/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that is to be process 1, whole: an ELF program, a script, anything. What is said of it is
 * in the file, behind which is a page without access: as a file that is mapped may end, and where
 * even the reads of a library that no sanitizer knows are seen.
 */
#include "base/error.h"
#include "images/program-file.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>
#include <sys/mman.h>

#define PAGE ((gsize)4096)

typedef struct {
    guint8 *pages;
    gsize pages_len;
    const guint8 *bytes; /* the file, to the end of the pages that can be read */
} Mapped;

static Mapped
map_file(const guint8 *bytes, gsize len)
{
    gsize room = (len + PAGE - 1) / PAGE * PAGE;
    guint8 *pages =
        mmap(NULL, room + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    g_assert_true(pages != MAP_FAILED);
    if (len > 0)
        memcpy(pages + room - len, bytes, len);
    g_assert_cmpint(mprotect(pages + room, PAGE, PROT_NONE), ==, 0);
    return (Mapped){ pages, room + PAGE, pages + room - len };
}

static void
check_kind(const ProgramFile *program, const guint8 *bytes, gsize len)
{
    gboolean elf = len > 4 && memcmp(bytes, "\177ELF", 4) == 0;
    gboolean script = len > 2 && memcmp(bytes, "#!", 2) == 0;

    g_assert_true(program->kind <= PROGRAM_NONE);
    g_assert_true(program->kind != PROGRAM_SCRIPT || script);
    g_assert_true(program->kind == PROGRAM_SCRIPT || program->kind == PROGRAM_NONE || elf);
    g_assert_true(program->system == NULL || program->kind == PROGRAM_FOREIGN);
    g_assert_true(program->kind != PROGRAM_NONE || (program->arch == NULL && program->major == 0));
}

/* It stands in the file as it is, and a script's is one word. */
static void
check_interpreter(const ProgramFile *program, const guint8 *bytes, gsize len)
{
    gsize name_len = strnlen(program->interpreter, sizeof program->interpreter);

    g_assert_cmpuint(name_len, <=, PROGRAM_INTERPRETER_MAX);
    if (name_len > 0)
        g_assert_nonnull(memmem(bytes, len, program->interpreter, name_len));
    if (program->kind == PROGRAM_SCRIPT)
        g_assert_null(strpbrk(program->interpreter, " \t\r\n"));
}

static void
check_init(const ProgramFile *program, const char *kernel_arch)
{
    g_autoptr(GError) error = NULL;

    if (program_file_check_init(program, "init", kernel_arch, &error)) {
        g_assert_no_error(error);
        g_assert_true(program->kind == PROGRAM_FREEBSD ||
                      (program->kind == PROGRAM_SCRIPT && *program->interpreter == '/'));
        return;
    }
    g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
    g_assert_null(strchr(error->message, '\n'));
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    Mapped file = map_file(bytes, len);
    ProgramFile program = program_file_parse(file.bytes, len);

    g_assert_cmpint(munmap(file.pages, file.pages_len), ==, 0);
    check_kind(&program, bytes, len);
    check_interpreter(&program, bytes, len);
    check_init(&program, "i386");
    check_init(&program, "amd64");
    check_init(&program, NULL);
    return 0;
}
