/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What boot-changes.c and root-tree.c share. */
#pragma once

#include "images/boot-changes.h"
#include "images/overlay.h"

gboolean boot_changes_lay_files(const BootChanges *self, Overlay *overlay, GError **error);
gboolean boot_changes_lay_root(const BootChanges *self, Overlay *overlay, GError **error);
