/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation [libsa/nfs.c: nfs_open, open.c, splitfs.c, gzipfs.c]: each open takes the
 * next source port, mounts anew and looks up every component of the path from the root; nothing is
 * remembered. Layers above try other names: split files, compressed ones. Their order is the
 * generation's; a name that already has one of the suffixes is not tried with it again.
 */
#include "tests/guest/loader/nfs-file.h"

#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/dhcp.h"
#include "tests/guest/loader/environment.h"
#include "tests/guest/loader/errors.h"
#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/rpc.h"
#include "tests/guest/loader/udp.h"

#define SYMLINKS_MAX 32

/* The kernel mounts its root with the handle that the loader has: "X", two digits a byte, "X". */
static void
set_root_variables(const NfsHandle *root)
{
    char text[2 * NFS_HANDLE_MAX + 3], len_text[12], server[16];
    uint32_t at = 0;

    text[at++] = 'X';
    for (uint32_t i = 0; i < root->len; i++, at += 2)
        text_print(text + at, 3, "%02x", root->bytes[i]);
    text[at++] = 'X';
    text[at] = '\0';
    ip4_text(server, sizeof server, dhcp_config.server);
    env_set("boot.nfsroot.server", server);
    env_set("boot.nfsroot.path", dhcp_config.root_path);
    env_set("boot.nfsroot.nfshandle", text);
    if (generation.handle_len_variable != NULL) {
        text_print(len_text, sizeof len_text, "%u", root->len);
        env_set(generation.handle_len_variable, len_text);
    }
}

/* Cuts the first component off @path. Returns: it, without slashes; "" at the end */
static char *
next_component(char **path)
{
    char *start = *path;

    while (*start == '/')
        start++;
    char *end = start;
    while (*end != '\0' && *end != '/')
        end++;
    *path = *end == '/' ? end + 1 : end;
    *end = '\0';
    return start;
}

/* Puts the target of @link in front of what is left of the path. */
static int32_t
follow_symlink(const NfsHandle *link, char *path, char **rest)
{
    char target[NFS_PATH_MAX];

    int32_t r = generation.nfs->readlink(link, target, sizeof target);
    if (r < 0)
        return r;
    uint32_t len = strlen(target), rest_len = strlen(*rest);
    if (len + 1 + rest_len >= NFS_PATH_MAX)
        return -ENOENT;
    memmove(path + len + 1, *rest, rest_len + 1);
    memcpy(path, target, len);
    path[len] = '/';
    *rest = path;
    return 0;
}

static int32_t
walk(const NfsNode *root, const char *path, NfsNode *ret)
{
    char text[NFS_PATH_MAX];
    char *rest = text;
    uint32_t symlinks = 0;
    NfsNode directory = *root, node = *root;

    text_copy(text, sizeof text, path);
    for (;;) {
        const char *name = next_component(&rest);
        if (*name == '\0')
            break;
        if (directory.type != NFS_DIRECTORY)
            return -ENOTDIR;
        if (strlen(name) > NFS_NAME_MAX)
            return -ENOENT;
        int32_t r = generation.nfs->lookup(&directory.handle, name, &node);
        if (r < 0)
            return r;
        if (node.type != NFS_SYMLINK) {
            directory = node;
            continue;
        }
        r = ++symlinks > SYMLINKS_MAX ? -ENOENT : follow_symlink(&node.handle, text, &rest);
        if (r < 0)
            return r;
        if (text[0] == '/')
            directory = *root;
    }
    *ret = directory;
    return 0;
}

/* Opens the file of this name and no other. Returns: 0, to be closed then; -errno */
int32_t
nfs_file_open_exactly(const char *path, NfsFile *ret)
{
    NfsNode root = { .type = NFS_DIRECTORY };

    udp_open();
    rpc_next_port();
    *ret = (NfsFile){ .suffix = "" };
    int32_t r = generation.nfs->mount(dhcp_config.root_path, &root.handle);
    if (r < 0) {
        console_print("   NFS MOUNT RPC error: %d\n", -r);
    } else {
        set_root_variables(&root.handle);
        r = walk(&root, path, &ret->node);
    }
    if (r < 0)
        udp_close();
    return r;
}

/* A layer leaves alone what has its own suffix, or that of one that it wraps. */
static bool
suffix_applies(const char *path, const char *suffix)
{
    if (*suffix == '\0')
        return true;
    if (text_ends(path, ".split"))
        return false;
    if (text_ends(path, ".gz") || text_ends(path, ".bz2"))
        return text_equal(suffix, ".split");
    return true;
}

/* Opens the file, or the first of its other forms. Returns: 0, to be closed then; -errno */
int32_t
nfs_file_open(const char *path, NfsFile *ret)
{
    char name[NFS_FILE_PATH_MAX];
    int32_t worst = -ENOENT;

    for (uint32_t i = 0; i < SUFFIXES_MAX && generation.suffixes[i] != NULL; i++) {
        const char *suffix = generation.suffixes[i];
        if (!suffix_applies(path, suffix))
            continue;
        text_print(name, sizeof name, "%s%s", path, suffix);
        int32_t r = nfs_file_open_exactly(name, ret);
        if (r == 0) {
            ret->suffix = suffix;
            return 0;
        }
        if (r != -ENOENT)
            worst = r;
    }
    return worst;
}

/* Whether there is something of this name, in any of its forms; the loader opens it to find out. */
bool
nfs_file_exists(const char *path)
{
    NfsFile file;

    if (nfs_file_open(path, &file) < 0)
        return false;
    nfs_file_close(&file);
    return true;
}

/* Reads @len bytes, or less at the end of the file. Returns: their number; -errno */
int32_t
nfs_file_read(NfsFile *self, void *to, uint32_t len)
{
    uint8_t *at = to;
    uint32_t left = len;

    while (left > 0) {
        if (generation.twiddles)
            console_twiddle();
        int32_t n = generation.nfs->read(&self->node.handle, self->offset, at, left);
        if (n < 0)
            return n;
        if (n == 0)
            break;
        self->offset += (uint32_t)n;
        at += n;
        left -= (uint32_t)n;
    }
    return (int32_t)(len - left);
}

void
nfs_file_close(NfsFile *self)
{
    self->node.handle.len = 0;
    udp_close();
}

/* Calls @entry with each name in the directory. Returns: 0; -errno */
int32_t
nfs_file_list(const char *path, NfsEntryFunc entry, void *data)
{
    NfsFile directory;

    int32_t r = nfs_file_open_exactly(path, &directory);
    if (r < 0)
        return r;
    r = directory.node.type == NFS_DIRECTORY
            ? generation.nfs->readdir(&directory.node.handle, entry, data)
            : -ENOTDIR;
    nfs_file_close(&directory);
    return r;
}
