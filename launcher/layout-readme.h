/* SPDX-License-Identifier: GPL-2.0-or-later */
/* README.txt of a layout: what whoever sets up the server does with which file. */
#pragma once

#include "images/layout-configs.h"
#include "launcher/medium.h"

gboolean layout_readme_wants(const char *config, const Media *media);
char *layout_readme(const LayoutSite *site, const Medium *medium);
