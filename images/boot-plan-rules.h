/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules of a boot plan share; internal to boot-plan.c and boot-plan-root.c. */
#pragma once

#include "images/boot-plan.h"

void plan_set(BootPlan *self, const char *name, const char *value, const char *why);
void
plan_add_file(BootPlan *self, const char *path, gboolean append, const char *why, char *content);
void plan_warn(BootPlan *self, char *text);
char *plan_root_path(const PlanOptions *options);

/* boot-plan-root.c */
void plan_root(BootPlan *self, const Media *media, const PlanOptions *options);
