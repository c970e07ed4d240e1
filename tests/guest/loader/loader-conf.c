/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loader.conf(5): name="value" or name=value, "#" begins a comment. Text is read 512 bytes at a
 * time, which is what the loader's line reader asks for [libsa/fgetstr.c: SOPEN_RASIZE]. Between
 * the reads nothing is kept but an unfinished line.
 */
#include "tests/guest/loader/loader-conf.h"

#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/environment.h"
#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/nfs-file.h"

#define TEXT_READ_SIZE 512
#define LINE_MAX       1024
#define DIRECTORY_MAX  8

/* Returns: 0; -errno when it is not there or cannot be read */
int32_t
text_file_read(const char *path, LineFunc line, void *data)
{
    char bytes[TEXT_READ_SIZE], text[LINE_MAX];
    uint32_t len = 0, number = 1;
    NfsFile file;
    int32_t n;

    int32_t r = nfs_file_open(path, &file);
    if (r < 0)
        return r;
    if (*file.suffix != '\0')
        fail("%s is only there as %s%s, which the double cannot unpack", path, path, file.suffix);
    while ((n = nfs_file_read(&file, bytes, sizeof bytes)) > 0) {
        for (int32_t i = 0; i < n; i++) {
            if (bytes[i] != '\n') {
                if (len == LINE_MAX - 1)
                    fail("%s:%u: line of more than %d bytes", path, number, LINE_MAX - 1);
                text[len++] = bytes[i];
                continue;
            }
            text[len] = '\0';
            line(text, number++, data);
            len = 0;
        }
    }
    nfs_file_close(&file);
    if (n < 0)
        fail("%s: READ at %u: error %d", path, file.offset, -n);
    text[len] = '\0';
    if (len > 0)
        line(text, number, data);
    return 0;
}

static bool
is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '%';
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Cuts the value out of what follows "=". Returns: (nullable): it; NULL when a quote is missing */
static char *
take_value(char *text)
{
    char *end = text;

    if (*text != '"') {
        while (*end != '\0' && !is_blank(*end) && *end != '#')
            end++;
        *end = '\0';
        return text;
    }
    for (end = ++text; *end != '"'; end++) {
        if (*end == '\0')
            return NULL;
    }
    *end = '\0';
    return text;
}

static void
take_setting(char *line, uint32_t number, void *data)
{
    const char *path = data;
    char *name = line;

    while (is_blank(*name))
        name++;
    if (*name == '\0' || *name == '#')
        return;
    char *end = name;
    while (is_name(*end))
        end++;
    char *value = *end == '=' && end > name ? take_value(end + 1) : NULL;
    if (value == NULL)
        fail("%s:%u: not name=\"value\"", path, number);
    *end = '\0';
    env_set(name, value);
}

static void
read_conf(const char *path)
{
    char copy[NFS_FILE_PATH_MAX];

    text_copy(copy, sizeof copy, path);
    if (text_file_read(path, take_setting, copy) == 0)
        console_print("   %s\n", path);
}

typedef struct {
    char names[DIRECTORY_MAX][NFS_NAME_MAX + 1];
    uint32_t n;
} ConfNames;

static void
take_name(const char *name, void *data)
{
    ConfNames *self = data;

    if (!text_ends(name, ".conf") || *name == '.')
        return;
    if (self->n == DIRECTORY_MAX)
        fail("%s has more than %d files", generation.conf_directory, DIRECTORY_MAX);
    text_copy(self->names[self->n++], sizeof self->names[0], name);
}

static void
read_conf_directory(const char *path)
{
    ConfNames found = { .n = 0 };
    char name[NFS_FILE_PATH_MAX];

    if (!nfs_file_exists(path))
        return;
    int32_t r = nfs_file_list(path, take_name, &found);
    if (r < 0)
        fail("READDIR of %s: error %d", path, -r);
    for (uint32_t i = 0; i < found.n; i++) {
        text_print(name, sizeof name, "%s/%s", path, found.names[i]);
        read_conf(name);
    }
}

/* In the order in which later files win [boot/defaults/loader.conf: loader_conf_files]. */
void
loader_conf_read_all(void)
{
    read_conf("/boot/defaults/loader.conf");
    read_conf("/boot/device.hints");
    read_conf("/boot/loader.conf");
    if (generation.conf_directory != NULL)
        read_conf_directory(generation.conf_directory);
    read_conf("/boot/loader.conf.local");
    read_conf("/boot/nextboot.conf");
}

/* ---- /etc/fstab ---- */

/* Returns: the next field, cut off; "" at the end */
static char *
next_field(char **line)
{
    char *start = *line;

    while (is_blank(*start))
        start++;
    char *end = start;
    while (*end != '\0' && !is_blank(*end))
        end++;
    *line = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return start;
}

static void
take_fstab_line(char *line, uint32_t number, void *data)
{
    char root[NFS_FILE_PATH_MAX];

    (void)number;
    (void)data;
    const char *device = next_field(&line);
    const char *where = next_field(&line);
    const char *type = next_field(&line);
    if (*device == '#' || !text_equal(where, "/"))
        return;
    text_print(root, sizeof root, "%s:%s", type, device);
    env_set("vfs.root.mountfrom", root);
}

/* Unless the root is known, it is what fstab says [common/boot.c: getrootmount]. */
void
loader_conf_find_root(void)
{
    if (env_get("vfs.root.mountfrom") == NULL)
        (void)text_file_read("/etc/fstab", take_fstab_line, NULL);
}
