/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/program-file.c: programs of several systems, and what is none; each cut at every byte. */
#include "base/buf.h"
#include "base/error.h"
#include "images/program-file.h"
#include "tests/lan/rows.h"

#include <sys/mman.h>
#include <unistd.h>

typedef struct {
    const char *owner;
    guint32 type;
    guint32 first; /* word of the content */
} Note;

/* An ELF file as linkers make it: header, program headers, notes, interpreter. */
typedef struct {
    gboolean wide, big_endian;
    guint8 osabi;
    guint16 type, machine;
    const char *interpreter; /* (nullable) */
    Note notes[2];
} ElfSpec;

typedef struct {
    const char *name;
    ElfSpec elf;
    const char *kernel;  /* (nullable): its machine */
    const char *refusal; /* (nullable): how the message ends */
    guint major;
} InitRow;

#define EXEC 2
#define I386(abi, ...)                                                                             \
    {                                                                                              \
        .osabi = abi, .type = EXEC, .machine = 3, __VA_ARGS__                                      \
    }
#define AMD64(abi, ...)                                                                            \
    {                                                                                              \
        .wide = TRUE, .osabi = abi, .type = EXEC, .machine = 62, __VA_ARGS__                       \
    }
#define NOTE(owner, first) .notes = { { owner, 1, first } }
#define LINUX              "is a program for Linux: build a static one for FreeBSD"

static const InitRow init_rows[] = {
    { "static-i386", I386(9, NOTE("FreeBSD", 700055)), "i386", NULL, 7 },
    { "static-amd64", AMD64(9, NOTE("FreeBSD", 1302001)), "amd64", NULL, 13 },
    { "known-by-its-note-alone", AMD64(0, NOTE("FreeBSD", 1400097)), "amd64", NULL, 14 },
    { "known-by-its-brand-alone", I386(9, ), "i386", NULL, 0 },
    { "known-by-its-interpreter", I386(0, .interpreter = "/libexec/ld-elf.so.1"), "i386", NULL, 0 },
    { "known-by-a-GNU-note", I386(0, NOTE("GNU", 3)), "i386", NULL, 0 },
    { "second-note", AMD64(0, .notes = { { "clang", 7, 1 }, { "FreeBSD", 1, 1200086 } }), "amd64",
      NULL, 12 },
    { "static-position-independent",
      { .wide = TRUE, .osabi = 9, .type = 3, .machine = 62 },
      "amd64",
      NULL,
      0 },
    { "i386-on-amd64", I386(9, ), "amd64", NULL, 0 },
    { "i386-on-an-unknown-kernel", I386(9, ), NULL, NULL, 0 },
    { "amd64-on-i386", AMD64(9, ), "i386", "is a program for amd64, and the kernel is for i386",
      0 },
    { "arm64-on-amd64",
      { .wide = TRUE, .osabi = 9, .type = EXEC, .machine = 183 },
      "amd64",
      "is a program for arm64, and the kernel is for amd64",
      0 },
    { "unknown-machine",
      { .osabi = 9, .type = EXEC, .machine = 9 },
      NULL,
      "is a program for another machine, and the kernel is for i386 or amd64",
      0 },
    { "Linux-by-note", AMD64(0, NOTE("GNU", 0)), "amd64", LINUX, 0 },
    { "Linux-by-brand", I386(3, ), "i386", LINUX, 0 },
    { "Linux-by-interpreter", AMD64(0, .interpreter = "/lib64/ld-linux-x86-64.so.2"), "amd64",
      LINUX, 0 },
    { "musl", AMD64(0, .interpreter = "/lib/ld-musl-x86_64.so.1"), "amd64", LINUX, 0 },
    { "NetBSD", I386(0, NOTE("NetBSD", 900000000)), "i386",
      "is a program for NetBSD: build a static one for FreeBSD", 0 },
    { "of-nobody", AMD64(0, ), "amd64",
      "is a program for another system than FreeBSD: build a static one for FreeBSD", 0 },
    { "owner-of-a-note-longer-than-any", I386(0, NOTE("FreeBSDFreeBSDFreeBSD", 700055)), "i386",
      "is a program for another system than FreeBSD: build a static one for FreeBSD", 0 },
    { "object-file",
      { .wide = TRUE, .osabi = 9, .type = 1, .machine = 62 },
      "amd64",
      "is an object file or kernel module, and no program",
      0 },
    { "big-endian",
      { .big_endian = TRUE, .osabi = 9, .type = EXEC, .machine = 3 },
      NULL,
      "is neither an ELF program nor a script with #! in its first line",
      0 },
};

static void
add_le(GByteArray *to, guint64 number, guint bytes)
{
    for (guint i = 0; i < bytes; i++) {
        guint8 byte = (guint8)(number >> 8 * i);
        g_byte_array_append(to, &byte, 1);
    }
}

static void
add_padded(GByteArray *to, const char *text)
{
    g_byte_array_append(to, (const guint8 *)text, (guint)strlen(text) + 1);
    while (to->len % 4 != 0)
        add_le(to, 0, 1);
}

static GByteArray *
make_notes(const ElfSpec *spec)
{
    GByteArray *notes = g_byte_array_new();

    for (gsize i = 0; i < G_N_ELEMENTS(spec->notes) && spec->notes[i].owner != NULL; i++) {
        add_le(notes, strlen(spec->notes[i].owner) + 1, 4);
        add_le(notes, 4, 4);
        add_le(notes, spec->notes[i].type, 4);
        add_padded(notes, spec->notes[i].owner);
        add_le(notes, spec->notes[i].first, 4);
    }
    return notes;
}

static void
add_header(GByteArray *to, const ElfSpec *spec, guint32 type, guint64 offset, guint64 len)
{
    guint word = spec->wide ? 8 : 4;

    add_le(to, type, 4);
    if (spec->wide)
        add_le(to, 4, 4);
    add_le(to, offset, word);
    add_le(to, 0x400000 + offset, word);
    add_le(to, 0x400000 + offset, word);
    add_le(to, len, word);
    add_le(to, len, word);
    if (!spec->wide)
        add_le(to, 4, 4);
    add_le(to, 4, word);
}

static GByteArray *
make_elf(const ElfSpec *spec)
{
    const guint word = spec->wide ? 8 : 4;
    const guint start = 16 + 8 + 3 * word + 16; /* of the program headers */
    const guint header = spec->wide ? 56 : 32;
    g_autoptr(GByteArray) notes = make_notes(spec);
    GByteArray *elf = g_byte_array_new();
    const guint8 ident[16] = {
        0x7f, 'E', 'L', 'F', spec->wide ? 2 : 1, spec->big_endian ? 2 : 1, 1, spec->osabi
    };

    g_byte_array_append(elf, ident, sizeof ident);
    add_le(elf, spec->type, 2);
    add_le(elf, spec->machine, 2);
    add_le(elf, 1, 4);
    add_le(elf, 0x400100, word);
    add_le(elf, start, word);
    add_le(elf, 0, word);
    add_le(elf, 0, 4);
    add_le(elf, start, 2);
    add_le(elf, header, 2);
    add_le(elf, spec->interpreter != NULL ? 2 : 1, 2);
    add_le(elf, 0, 6);
    g_assert_cmpuint(elf->len, ==, start);
    guint content = start + header * (spec->interpreter != NULL ? 2 : 1);
    add_header(elf, spec, 4, content, notes->len);
    if (spec->interpreter != NULL)
        add_header(elf, spec, 3, content + notes->len, strlen(spec->interpreter) + 1);
    g_byte_array_append(elf, notes->data, notes->len);
    if (spec->interpreter != NULL)
        add_padded(elf, spec->interpreter);
    return elf;
}

static void
check_message(const ProgramFile *program, const char *kernel, const char *refusal)
{
    g_autoptr(GError) error = NULL;

    gboolean ok = program_file_check_init(program, "x", kernel, &error);
    if (refusal == NULL) {
        g_assert_no_error(error);
        g_assert_true(ok);
        return;
    }
    g_autofree char *message = g_strdup_printf("--init 'x': %s", refusal);
    g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
    g_assert_cmpstr(error->message, ==, message);
    g_assert_false(ok);
}

static void
test_elf(gconstpointer data)
{
    const InitRow *row = data;
    g_autoptr(GByteArray) elf = make_elf(&row->elf);
    ProgramFile program = program_file_parse(elf->data, elf->len);

    check_message(&program, row->kernel, row->refusal);
    g_assert_cmpuint(program.major, ==, row->major);
    g_assert_cmpstr(program.interpreter, ==,
                    row->elf.interpreter != NULL ? row->elf.interpreter : "");
    for (guint len = 0; len < elf->len; len++) {
        g_autofree guint8 *cut = g_memdup2(elf->data, len);
        (void)program_file_parse(cut, len);
    }
}

/* Each byte of the headers with other values: no read outside, no endless loop. */
static void
test_damaged(void)
{
    const ElfSpec spec = AMD64(9, .interpreter = "/libexec/ld-elf.so.1", NOTE("FreeBSD", 1302001));
    g_autoptr(GByteArray) elf = make_elf(&spec);

    for (guint at = 0; at < elf->len; at++) {
        static const guint8 values[] = { 0, 1, 0x7f, 0x80, 0xff };
        for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
            g_autofree guint8 *bytes = g_memdup2(elf->data, elf->len);
            bytes[at] = values[i];
            (void)program_file_parse(bytes, elf->len);
        }
    }
}

/* The interpreter's path is the last of a file that ends where its last page does, and has no NUL.
 */
static void
test_end_of_page(void)
{
    const ElfSpec spec = AMD64(9, .interpreter = "/bin/sh");
    g_autoptr(GByteArray) elf = make_elf(&spec);
    const gsize page = (gsize)sysconf(_SC_PAGESIZE);
    guint8 *pages =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    g_assert_true(pages != MAP_FAILED && elf->len <= page);
    guint8 *bytes = pages + page - elf->len;
    memcpy(bytes, elf->data, elf->len);
    g_assert_cmpuint(pages[page - 1], ==, 0);
    pages[page - 1] = '2';
    g_assert_cmpint(mprotect(pages + page, page, PROT_NONE), ==, 0);
    ProgramFile program = program_file_parse(bytes, elf->len);
    g_assert_cmpstr(program.interpreter, ==, "/bin/sh2");
    g_assert_cmpint(munmap(pages, 2 * page), ==, 0);
}

typedef struct {
    const char *name, *text;
    ProgramKind kind;
    const char *interpreter;
    const char *refusal; /* (nullable) */
} TextRow;

#define NO_PATH "is a script whose first line names no absolute path"
#define NOTHING "is neither an ELF program nor a script with #! in its first line"

static const TextRow text_rows[] = {
    { "script", "#!/stand/sh\necho hello\n", PROGRAM_SCRIPT, "/stand/sh", NULL },
    { "script-with-arguments", "#! /bin/sh -x\n", PROGRAM_SCRIPT, "/bin/sh", NULL },
    { "script-of-one-line", "#!/bin/sh", PROGRAM_SCRIPT, "/bin/sh", NULL },
    { "script-from-DOS", "#!/bin/sh\r\n", PROGRAM_SCRIPT, "/bin/sh", NULL },
    { "relative", "#!sh\n", PROGRAM_SCRIPT, "sh", NO_PATH },
    { "no-interpreter", "#!\n/bin/sh\n", PROGRAM_SCRIPT, "", NO_PATH },
    { "two-bytes", "#!", PROGRAM_NONE, "", NOTHING },
    { "text", "hello\n", PROGRAM_NONE, "", NOTHING },
    { "empty", "", PROGRAM_NONE, "", NOTHING },
};

static void
test_text(gconstpointer data)
{
    const TextRow *row = data;
    ProgramFile program = program_file_parse((const guint8 *)row->text, strlen(row->text));

    g_assert_cmpint(program.kind, ==, row->kind);
    g_assert_cmpstr(program.interpreter, ==, row->interpreter);
    check_message(&program, "i386", row->refusal);
}

static void
test_long_interpreter(void)
{
    g_autofree char *path = g_strnfill(200, 'a');
    g_autofree char *text = g_strconcat("#!/", path, "\n", NULL);
    ProgramFile program = program_file_parse((const guint8 *)text, strlen(text));

    g_assert_cmpuint(strlen(program.interpreter), ==, PROGRAM_INTERPRETER_MAX);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/program-file/elf", init_rows, test_elf);
    ROWS_ADD("/program-file/text", text_rows, test_text);
    g_test_add_func("/program-file/damaged", test_damaged);
    g_test_add_func("/program-file/end-of-page", test_end_of_page);
    g_test_add_func("/program-file/long-interpreter", test_long_interpreter);
    return g_test_run();
}
