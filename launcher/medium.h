/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image or directory that is to boot, in three steps: what must be known before QEMU starts;
 * what is on it and what is done about that; the tree that the guest sees.
 */
#pragma once

#include "images/boot-plan.h"
#include "images/image-file.h"
#include "images/root-tree.h"
#include "launcher/boot-progress.h"
#include "launcher/run-config.h"

typedef struct {
    const char *name; /* as the user wrote it */
    char *bootfile;   /* without '/' in front */
    gboolean has_mfsroot;
    char *format;     /* (nullable): of an image, see image_file_format() */
    ImageFile *image; /* while its tree is being read */
    char *volume_id;  /* (nullable) */
    Vfs *tree;        /* once it is there */
    gboolean laid;    /* whether the user's files are over it */
    Vfs *given;       /* (nullable): what the user lays over it, alone; a part of tree */
    Vfs *tftp_tree;   /* (nullable): the same, with our PXE stack in front of the boot program */
    Media *media;     /* after medium_plan() */
    BootPlan *plan;
    RootTreeJob root; /* after medium_finish(): what was made */
} Medium;

gboolean medium_open(Medium *self, const RunConfig *config, BootProgress *progress, GError **error);
gboolean medium_plan(Medium *self, const RunConfig *config, GError **error);
gboolean medium_finish(Medium *self, const RunConfig *config, GError **error);
void medium_clear(Medium *self);
