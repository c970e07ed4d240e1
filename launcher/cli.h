/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: subcommands and their options. Fills in RunConfig.text and nothing else. */
#pragma once

#include "launcher/run-config.h"

typedef enum {
    COMMAND_RUN,
    COMMAND_INSPECT,
    COMMAND_IPXE_ISO,
    COMMAND_SERVE,
    COMMAND_MFSROOT,
    COMMAND_LAYOUT,
    COMMAND_COUNT
} Command;

typedef struct {
    const char *name;
    const char *parameters; /* behind the name in the usage line */
    const char *summary;
} CommandInfo;

extern const CommandInfo cli_commands[COMMAND_COUNT];

gboolean cli_parse(
    int argc, char **argv, Command *ret_command, RunConfig *config, char **ret_out, GError **);
