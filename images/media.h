/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is on a medium: the FreeBSD release, its loader, and what its kernel is to take as root. */
#pragma once

#include "images/btx-client.h"
#include "images/vfs.h"

/* The paths whose presence is worth knowing before the whole tree was read; NULL-terminated. The
 * first MEDIA_BOOTFILES are boot programs, in order of preference. */
#define MEDIA_BOOTFILES     3
#define MEDIA_PROBE_MFSROOT 3 /* index of the first path that tells of an mfsroot */
extern const char *const media_probe_paths[];

typedef enum {
    MEDIA_ROOT_NONE,    /* neither of the two: the loader can be tried, no more */
    MEDIA_ROOT_MFSROOT, /* the loader brings a memory disk */
    MEDIA_ROOT_LIVE,    /* the medium itself is a root file system */
} MediaRoot;

typedef enum {
    LOADER_UNKNOWN,
    LOADER_NFS2, /* 7.x to 8.1: MNT v1, NFS version 2, PXE's UDP */
    LOADER_NFS3, /* 8.2 to 11: MNT v3, NFS version 3, PXE's UDP */
    LOADER_UNDI, /* from 12 on: NFS version 3, own UDP over UNDI */
    LOADER_COUNT
} LoaderGeneration;

typedef struct {
    LoaderGeneration generation;
    BtxClient btx;
    gboolean knows_nfs_read_size; /* from 10.4 on */
    gboolean lua;
} MediaLoader;

typedef struct {
    char *volume_id;     /* (nullable): of an ISO image */
    char *bootfile;      /* (nullable): without '/' in front, as DHCP tells it */
    gsize bootfile_size; /* bytes; 0 when it could not be read */
    gboolean freebsd;    /* the boot program is FreeBSD's pxeboot */
    char *release;       /* (nullable): "7.0-RELEASE" */
    const char *source;  /* (nullable): where the release was read */
    guint major, minor;  /* 0.0: not known */
    const char *arch;    /* (nullable): "i386", "amd64" */
    char *kernel;        /* (nullable): path of the kernel file */
    MediaLoader loader;
    MediaRoot root;
    char *mfsroot;     /* (nullable): path of the memory disk's file */
    char *disk_module; /* (nullable): the loader's name for it: "mfsroot" in mfsroot_load="YES" */
} Media;

Media *media_detect(Vfs *vfs, const char *volume_id, const char *bootfile);
void media_free(Media *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Media, media_free)

MediaLoader media_loader_parse(const guint8 *bytes, gsize len);
gboolean
media_release_parse(const char *text, char **ret_release, guint *ret_major, guint *ret_minor);

const char *media_root_name(MediaRoot root);
const char *loader_generation_name(LoaderGeneration generation);
