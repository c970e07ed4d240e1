/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes an IsoTable of an image that libisofs has read. Internal to the scan process. */
#pragma once

struct Iso_Image;

int iso_table_build(struct Iso_Image *image, int table_fd);
