/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: several places name the release, and no medium has them all. They are asked
 * from the cheapest and most certain to the dearest: /cdrom.inf (7, 8), /bin/freebsd-version (from
 * 10 on), the volume label (from 9 on), the kernel's version string (which may have to be
 * unpacked). The loader tells its generation by the words in it, so that a loader that somebody has
 * put onto another release's medium is still served as what it is.
 */
#include "images/media.h"

#include "images/kernel-file.h"
#include "images/loader-conf.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_FILE_MAX (64u << 10)
#define LOADER_MAX    (1u << 20) /* iPXE refuses boot programs above 622,592 bytes */

/* The order is known to media.h. */
const char *const media_probe_paths[] = {
    "/boot/pxeboot", "/pxelinux.0", "/lpxelinux.0", "/boot/mfsroot.gz",
    "/boot/mfsroot", "/mfsroot.gz", "/mfsroot",     NULL,
};

static const char *const root_names[] = {
    [MEDIA_ROOT_NONE] = "none",
    [MEDIA_ROOT_MFSROOT] = "mfsroot",
    [MEDIA_ROOT_LIVE] = "live",
};

static const char *const generation_names[] = {
    [LOADER_UNKNOWN] = "unknown",
    [LOADER_NFS2] = "7.0 to 8.1 (PXE UDP, NFSv2)",
    [LOADER_NFS3] = "8.2 to 11 (PXE UDP, NFSv3)",
    [LOADER_UNDI] = "12 or later (UNDI, NFSv3)",
};
G_STATIC_ASSERT(G_N_ELEMENTS(generation_names) == LOADER_COUNT);

/* Returns: (transfer none): the word for it in `inspect` and its JSON */
const char *
media_root_name(MediaRoot root)
{
    return root_names[root];
}

/* Returns: (transfer none): a few words for people */
const char *
loader_generation_name(LoaderGeneration generation)
{
    return generation_names[generation];
}

/* ---- the loader ---- */

static gboolean
contains(const guint8 *bytes, gsize len, const char *text)
{
    return len > 0 && memmem(bytes, len, text, strlen(text)) != NULL;
}

/**
 * media_loader_parse:
 * @bytes: a boot program
 * @len: its size
 *
 * Returns: what FreeBSD loader it is; LOADER_UNKNOWN when it is none
 *
 * Source: libi386/pxe.c: pxe_open (messages), libsa/nfs.c (variables) of the releases
 **/
MediaLoader
media_loader_parse(const guint8 *bytes, gsize len)
{
    MediaLoader loader = { .generation = LOADER_UNKNOWN };

    if (!contains(bytes, len, "bootstrap loader") && !contains(bytes, len, "BTX loader"))
        return loader;
    loader.btx = btx_client_find(bytes, len);
    loader.knows_nfs_read_size = contains(bytes, len, "nfs.read_size");
    loader.lua = contains(bytes, len, "loader.lua");
    if (!contains(bytes, len, "pxe_open: server path"))
        loader.generation = LOADER_UNDI;
    else if (contains(bytes, len, "boot.nfsroot.nfshandlelen"))
        loader.generation = LOADER_NFS3;
    else
        loader.generation = LOADER_NFS2;
    return loader;
}

static void
detect_loader(Media *self, Vfs *vfs)
{
    g_autoptr(GBytes) bytes = NULL;

    if (self->bootfile == NULL || vfs_read_file(vfs, self->bootfile, LOADER_MAX, &bytes) < 0)
        return;
    gsize len;
    const guint8 *data = g_bytes_get_data(bytes, &len);
    self->bootfile_size = len;
    self->loader = media_loader_parse(data, len);
    self->freebsd = self->loader.generation != LOADER_UNKNOWN;
}

/* ---- the release ---- */

/* The rest of a release after its number: "-RELEASE", "-STABLE", "-RC1", "-RELEASE-p3". */
static gsize
branch_length(const char *text)
{
    static const char *const branches[] = {
        "-RELEASE", "-STABLE", "-CURRENT", "-PRERELEASE", "-RC", "-BETA", "-ALPHA",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(branches); i++) {
        gsize len = strlen(branches[i]);
        if (g_ascii_strncasecmp(text, branches[i], len) != 0)
            continue;
        while (g_ascii_isdigit(text[len]))
            len++;
        if (text[len] == '-' && text[len + 1] == 'p' && g_ascii_isdigit(text[len + 2])) {
            len += 2;
            while (g_ascii_isdigit(text[len]))
                len++;
        }
        return len;
    }
    return 0;
}

/**
 * media_release_parse:
 * @text: text with a release somewhere in it, as "FreeBSD 10.2-RELEASE #0 r286666"
 * @ret_release: (out) (transfer full): "10.2-RELEASE"
 * @ret_major: (out): 10
 * @ret_minor: (out): 2
 *
 * Returns: whether there is one: MAJOR.MINOR followed by a branch name
 **/
gboolean
media_release_parse(const char *text, char **ret_release, guint *ret_major, guint *ret_minor)
{
    for (const char *p = text; *p != '\0'; p++) {
        char *dot, *end;
        if (!g_ascii_isdigit(*p) || (p > text && (g_ascii_isalnum(p[-1]) || p[-1] == '.')))
            continue;
        guint64 major = g_ascii_strtoull(p, &dot, 10);
        if (*dot != '.' || !g_ascii_isdigit(dot[1]) || major < 2 || major > 99)
            continue;
        guint64 minor = g_ascii_strtoull(dot + 1, &end, 10);
        if (*end == '.') /* a point release, as 8.0.1 never was but 5.2.1 */
            (void)g_ascii_strtoull(end + 1, &end, 10);
        gsize branch = branch_length(end);
        if (branch == 0 || minor > 99)
            continue;
        *ret_release = g_strndup(p, (gsize)(end - p) + branch);
        *ret_major = (guint)major;
        *ret_minor = (guint)minor;
        return TRUE;
    }
    return FALSE;
}

static char *
read_text(Vfs *vfs, const char *path)
{
    g_autoptr(GBytes) bytes = NULL;

    if (vfs_read_file(vfs, path, TEXT_FILE_MAX, &bytes) < 0)
        return NULL;
    gsize len;
    const char *text = g_bytes_get_data(bytes, &len);
    return g_strndup(text, len);
}

/* Labels from 9 on: "10_2_RELEASE_AMD64_BO", "13_2_RELEASE_I386_CD". */
static char *
label_text(const char *volume_id)
{
    char *text = g_strdup(volume_id);
    char *p = text;

    p += strspn(p, "0123456789");
    if (p > text && *p == '_')
        *p++ = '.';
    p += strspn(p, "0123456789");
    if (*p == '_')
        *p = '-';
    return text;
}

static void
detect_release(Media *self, Vfs *vfs)
{
    g_autofree char *cdrom_inf = read_text(vfs, "/cdrom.inf");
    g_autofree char *version = read_text(vfs, "/bin/freebsd-version");
    g_autofree char *label = self->volume_id != NULL ? label_text(self->volume_id) : NULL;
    const struct {
        const char *text, *source;
    } sources[] = {
        { cdrom_inf, "/cdrom.inf" },
        { version, "/bin/freebsd-version" },
        { label, "volume label" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++) {
        if (sources[i].text != NULL &&
            media_release_parse(sources[i].text, &self->release, &self->major, &self->minor)) {
            self->source = sources[i].source;
            return;
        }
    }
    g_autofree char *kernel_version =
        self->kernel != NULL ? kernel_file_version(vfs, self->kernel) : NULL;
    if (kernel_version != NULL &&
        media_release_parse(kernel_version, &self->release, &self->major, &self->minor))
        self->source = "kernel";
}

/* ---- what is there to boot ---- */

static char *
first_file(Vfs *vfs, const char *const *paths)
{
    for (; *paths != NULL; paths++) {
        if (vfs_is_file(vfs, *paths))
            return g_strdup(*paths);
    }
    return NULL;
}

/* The memory disk that the loader brings, by its own configuration or where media have it. */
static void
detect_mfsroot(Media *self, Vfs *vfs)
{
    g_autofree char *conf = read_text(vfs, "/boot/loader.conf");

    self->disk_module = conf != NULL ? loader_conf_find_memory_disk(conf) : NULL;
    if (self->disk_module != NULL) {
        g_autofree char *key = g_strconcat(self->disk_module, "_name", NULL);
        g_autofree char *plain = loader_conf_get(conf, key);
        g_autofree char *packed = plain != NULL ? g_strconcat(plain, ".gz", NULL) : NULL;
        const char *const named[] = { packed, plain, NULL };
        self->mfsroot = first_file(vfs, named);
    }
    if (self->mfsroot == NULL)
        self->mfsroot = first_file(vfs, media_probe_paths + MEDIA_PROBE_MFSROOT);
}

static void
detect_root(Media *self, Vfs *vfs)
{
    static const char *const inits[] = { "/sbin/init", "/rescue/init", NULL };

    detect_mfsroot(self, vfs);
    if (self->mfsroot != NULL) {
        self->root = MEDIA_ROOT_MFSROOT;
        return;
    }
    g_autofree char *init = first_file(vfs, inits);
    self->root = init != NULL ? MEDIA_ROOT_LIVE : MEDIA_ROOT_NONE;
}

static void
detect_bootfile(Media *self, Vfs *vfs, const char *wanted)
{
    g_autofree char *path = NULL;

    if (wanted != NULL) {
        path = vfs_is_file(vfs, wanted) ? g_strdup(wanted) : NULL;
    } else {
        for (guint i = 0; i < MEDIA_BOOTFILES && path == NULL; i++) {
            if (vfs_is_file(vfs, media_probe_paths[i]))
                path = g_strdup(media_probe_paths[i]);
        }
    }
    if (path != NULL)
        self->bootfile = g_strdup(path + strspn(path, "/"));
}

/**
 * media_detect:
 * @vfs: (transfer none): the medium's tree
 * @volume_id: (nullable): its label, when it is an ISO image
 * @bootfile: (nullable): the boot program to use, when it is not the usual one
 *
 * Returns: (transfer full): what is there; its bootfile is NULL when there is nothing to boot
 **/
Media *
media_detect(Vfs *vfs, const char *volume_id, const char *bootfile)
{
    static const char *const kernels[] = {
        "/boot/kernel/kernel", "/boot/kernel/kernel.gz", "/kernel", "/kernel.gz", NULL,
    };
    Media *self = g_new0(Media, 1);

    self->volume_id = g_strdup(volume_id);
    detect_bootfile(self, vfs, bootfile);
    detect_loader(self, vfs);
    if (!self->freebsd)
        return self;
    self->kernel = first_file(vfs, kernels);
    if (self->kernel != NULL)
        self->arch = kernel_file_arch(vfs, self->kernel);
    detect_release(self, vfs);
    detect_root(self, vfs);
    return self;
}

/* @self: (nullable) (transfer full): a description */
void
media_free(Media *self)
{
    if (self == NULL)
        return;
    g_free(self->volume_id);
    g_free(self->bootfile);
    g_free(self->release);
    g_free(self->kernel);
    g_free(self->mfsroot);
    g_free(self->disk_module);
    g_free(self);
}
