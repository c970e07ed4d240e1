/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table of options; each says which subcommands take it. The manual page and the completion
 * script are compared with `pxe-run --help` by tests/lint.
 */
#include "launcher/cli.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const CommandInfo cli_commands[COMMAND_COUNT] = {
    [COMMAND_RUN] = { "run", "--image FILE [-- QEMU-ARGS...]", "boot over the network" },
    [COMMAND_INSPECT] = { "inspect", "FILE", "say what is on a medium, and the plan" },
    [COMMAND_IPXE_ISO] = { "ipxe-iso", "-o FILE", "build the iPXE boot CD alone" },
    [COMMAND_SERVE] = { "serve", "FILE", "serve a medium by NFS, without QEMU" },
    [COMMAND_MFSROOT] = { "mfsroot", "--from FILE -o FILE", "build, list or unpack a memory disk" },
    [COMMAND_LAYOUT] = { "layout", "FILE -o DIR", "write what a real PXE server needs" },
};

enum {
    FOR_RUN = 1 << COMMAND_RUN,
    FOR_INSPECT = 1 << COMMAND_INSPECT,
    FOR_IPXE_ISO = 1 << COMMAND_IPXE_ISO,
    FOR_SERVE = 1 << COMMAND_SERVE,
    FOR_MFSROOT = 1 << COMMAND_MFSROOT,
    FOR_LAYOUT = 1 << COMMAND_LAYOUT,
    FOR_GUEST = FOR_RUN | FOR_INSPECT,
    FOR_MEDIUM = FOR_GUEST | FOR_LAYOUT,
    FOR_TREE = FOR_MEDIUM | FOR_SERVE,
    FOR_ALL = FOR_TREE | FOR_IPXE_ISO | FOR_MFSROOT,
};

typedef struct {
    guint commands;
    gsize field; /* of RunText */
    GOptionEntry entry;
} CliOption;

#define OPT(commands, name, letter, type, field, help, arg)                                        \
    {                                                                                              \
        commands, offsetof(RunText, field),                                                        \
        {                                                                                          \
            name, letter, 0, G_OPTION_ARG_##type, NULL, help, arg                                  \
        }                                                                                          \
    }

static char *
exit_status_text(void)
{
    GString *text = g_string_new("Exit statuses:\n");

    for (const ExitStatus *s = exit_statuses; s->name != NULL; s++)
        g_string_append_printf(text, "  %3d  %s\n", s->status, s->meaning);
    g_string_append(text, "\nManual: pxe-run(1)");
    return g_string_free(text, FALSE);
}

static char *
summary_text(Command command)
{
    GString *text = g_string_new(NULL);

    if (command != COMMAND_RUN)
        return g_string_free(g_string_append(text, cli_commands[command].summary), FALSE);
    g_string_append(
        text, "Boots FreeBSD over the network in QEMU, as a machine in a rack does: PXE, DHCP, "
              "TFTP, NFS.\nNo root, no daemon, nothing to set up.\n\nCommands:\n");
    for (guint i = 0; i < COMMAND_COUNT; i++)
        g_string_append_printf(text, "  %-10s %s%s\n", cli_commands[i].name,
                               cli_commands[i].summary,
                               i == COMMAND_RUN ? " (may be left out)" : "");
    return g_string_free(text, FALSE);
}

/* The subcommand, which is taken out of @argv. */
static Command
take_command(int *argc, char **argv)
{
    for (guint i = 0; *argc > 1 && i < COMMAND_COUNT; i++) {
        if (g_str_equal(argv[1], cli_commands[i].name)) {
            memmove(argv + 1, argv + 2, (gsize)(*argc - 1) * sizeof *argv);
            (*argc)--;
            return (Command)i;
        }
    }
    return COMMAND_RUN;
}

/* Cuts @argv at "--". Returns: what stands behind it, or NULL */
static char **
take_qemu_args(int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++) {
        if (g_str_equal(argv[i], "--")) {
            argv[i] = NULL;
            *argc = i;
            return argv + i + 1;
        }
    }
    return NULL;
}

/* All text is taken as the bytes that it is (FILENAME): what is not of the locale is no error here,
 * and the guest has no locale. Numbers are text, too, so that run-config.c can say what is wrong.
 */
static const CliOption cli_options[] = {
    OPT(FOR_TREE,
        "image",
        0,
        FILENAME,
        iso,
        "the install image: ISO or memstick, also packed with xz or gzip",
        "FILE"),
    OPT(FOR_TREE, "iso", 0, FILENAME, iso, "the same", "FILE"),
    OPT(FOR_TREE,
        "no-cache",
        0,
        NONE,
        no_cache,
        "unpack a packed image into a temporary file, and keep nothing",
        NULL),
    OPT(FOR_TREE, "root", 0, FILENAME, root, "a directory tree instead", "DIR"),
    OPT(FOR_MEDIUM,
        "bootfile",
        0,
        FILENAME,
        bootfile,
        "boot program in the tree (default: boot/pxeboot, pxelinux.0)",
        "PATH"),
    OPT(FOR_TREE | FOR_MFSROOT,
        "overlay",
        0,
        FILENAME_ARRAY,
        overlays,
        "files over the medium's; DIR.mtree beside it sets owners (repeatable)",
        "DIR"),
    OPT(FOR_TREE | FOR_MFSROOT,
        "file",
        0,
        FILENAME_ARRAY,
        files,
        "one file over them (repeatable)",
        "GUEST=HOST"),
    OPT(FOR_MEDIUM | FOR_MFSROOT, "init", 0, FILENAME, init, "run this as process 1", "PROGRAM"),
    OPT(FOR_MEDIUM,
        "root-kind",
        0,
        FILENAME,
        root_kind,
        "the kernel's root: a memory disk or NFS (default: auto, as the medium has it)",
        "auto|mfsroot|nfs"),
    OPT(FOR_MEDIUM, "kernel", 0, FILENAME, kernel, "boot this kernel", "FILE"),
    OPT(FOR_MEDIUM,
        "module",
        0,
        FILENAME_ARRAY,
        modules,
        "load this kernel module, too (repeatable)",
        "FILE"),
    OPT(FOR_MEDIUM,
        "loader-conf",
        0,
        FILENAME_ARRAY,
        loader_conf,
        "set a variable of the loader (repeatable)",
        "NAME=VALUE"),
    OPT(FOR_MEDIUM,
        "installerconfig",
        0,
        FILENAME,
        installerconfig,
        "let bsdinstall install by this script",
        "FILE"),
    OPT(FOR_MEDIUM | FOR_MFSROOT,
        "install-cfg",
        0,
        FILENAME,
        install_cfg,
        "let sysinstall install by this script",
        "FILE"),
    OPT(FOR_RUN,
        "boot",
        0,
        FILENAME,
        boot,
        "from an iPXE CD or from QEMU's NIC ROM (default: iso)",
        "iso|rom"),
    OPT(FOR_MEDIUM | FOR_IPXE_ISO,
        "nic",
        0,
        FILENAME,
        nic,
        "network card (default: " NIC_DEFAULT ")",
        "NAME"),
    OPT(FOR_GUEST,
        "pxe-stack",
        0,
        FILENAME,
        pxe_stack,
        "whose PXE stack the boot program calls (default: auto, ours where it can)",
        "auto|ipxe|own"),
    OPT(FOR_RUN, "mac", 0, FILENAME, mac, "its address", "MAC"),
    OPT(FOR_RUN,
        "net",
        0,
        FILENAME,
        net,
        "what the guest reaches: the boot server, or your network too (default: restricted)",
        "restricted|user"),
    OPT(FOR_MEDIUM,
        "net-address",
        0,
        FILENAME,
        net_address,
        "of the virtual LAN (default: " LAN_DEFAULT_NETWORK ")",
        "NET/PREFIX"),
    OPT(FOR_RUN, "memory", 'm', FILENAME, memory, "of the guest (default: 1024)", "MB"),
    OPT(FOR_RUN, "cpus", 0, FILENAME, cpus, "of the guest (default: 1)", "N"),
    OPT(FOR_RUN,
        "accel",
        0,
        FILENAME,
        accel,
        "how QEMU runs the guest (default: kvm if it works, else tcg)",
        "auto|kvm|tcg"),
    OPT(FOR_RUN,
        "display",
        0,
        FILENAME,
        display,
        "where the guest's screen goes (default: auto)",
        "auto|window|text|none"),
    OPT(FOR_MEDIUM,
        "console",
        0,
        FILENAME,
        console,
        "the guest's console: its screen, or the serial line, here (default: vga)",
        "vga|serial"),
    OPT(FOR_MEDIUM, "menu", 0, NONE, menu, "keep the loader's menu and countdown", NULL),
    OPT(FOR_RUN,
        "expect",
        0,
        FILENAME,
        expect,
        "end with success when the screen or the serial line shows this",
        "REGEX"),
    OPT(FOR_RUN, "timeout", 0, FILENAME, timeout, "end with status 6 after so many seconds", "SEC"),
    OPT(FOR_RUN, "pcap", 0, FILENAME, pcap, "write a capture of the LAN", "FILE"),
    OPT(FOR_RUN,
        "qemu",
        0,
        FILENAME,
        qemu,
        "the QEMU to use (default: " QEMU_DEFAULT ")",
        "PROGRAM"),
    OPT(FOR_RUN | FOR_IPXE_ISO | FOR_LAYOUT,
        "firmware-path",
        0,
        FILENAME,
        firmware_path,
        "where iPXE and isolinux are installed",
        "DIR[:DIR...]"),
    OPT(FOR_RUN, "dry-run", 'n', NONE, dry_run, "print QEMU's command and stop", NULL),
    OPT(FOR_MFSROOT,
        "from",
        0,
        FILENAME,
        from,
        "what it is made from: an ISO's own, an image, a directory",
        "FILE|DIR"),
    OPT(FOR_MFSROOT,
        "size",
        0,
        FILENAME,
        size,
        "of the image, as in 8M (default: auto, with some room left)",
        "N|auto"),
    OPT(FOR_MFSROOT, "ufs", 0, FILENAME, ufs, "version of UFS (default: as it was, else 1)", "1|2"),
    OPT(FOR_MFSROOT, "no-cache", 0, NONE, no_cache, "make it anew, and do not keep it", NULL),
    OPT(FOR_MFSROOT, "list", 0, FILENAME, list, "show what is in a memory disk", "FILE"),
    OPT(FOR_MFSROOT, "extract", 0, FILENAME, extract, "unpack a memory disk", "FILE"),
    OPT(FOR_MFSROOT,
        "directory",
        'C',
        FILENAME,
        directory,
        "where to unpack: an empty directory, or a new one",
        "DIR"),
    OPT(FOR_IPXE_ISO | FOR_MFSROOT,
        "output",
        'o',
        FILENAME,
        output,
        "the file to write; - for stdout",
        "FILE"),
    OPT(FOR_LAYOUT,
        "output",
        'o',
        FILENAME,
        output,
        "where to: an empty directory, or a new one",
        "DIR"),
    OPT(FOR_LAYOUT,
        "server",
        0,
        FILENAME,
        server,
        "address of the server (default: the network's first)",
        "IP"),
    OPT(FOR_SERVE,
        "address",
        0,
        FILENAME,
        address,
        "where to listen (default: 127.0.0.1, for this host alone)",
        "IP"),
    OPT(FOR_SERVE, "port", 0, FILENAME, port, "UDP and TCP port (default: a free one)", "N"),
    OPT(FOR_SERVE, "socket", 0, FILENAME, socket, "listen on a Unix socket as well", "PATH"),
    OPT(FOR_INSPECT | FOR_SERVE | FOR_MFSROOT, "json", 0, NONE, json, "print JSON", NULL),
    OPT(FOR_TREE, "quiet", 'q', NONE, quiet, "no progress", NULL),
    OPT(FOR_ALL,
        "log",
        0,
        FILENAME,
        log,
        "more or less on stderr: quiet, warning, info, debug, or DOMAIN:LEVEL,...",
        "SPEC"),
    OPT(FOR_ALL, "version", 'V', NONE, version, "print the version", NULL),
    OPT(FOR_TREE, G_OPTION_REMAINING, 0, FILENAME_ARRAY, rest, NULL, NULL),
};

/* The entries for one subcommand, which fill in @text. */
static GOptionEntry *
make_entries(Command command, RunText *text)
{
    GOptionEntry *entries = g_new0(GOptionEntry, G_N_ELEMENTS(cli_options) + 1);
    gsize n = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(cli_options); i++) {
        if ((cli_options[i].commands & 1u << command) == 0)
            continue;
        entries[n] = cli_options[i].entry;
        entries[n++].arg_data = (char *)text + cli_options[i].field;
    }
    return entries;
}

static GOptionContext *
make_context(Command command, const GOptionEntry *entries)
{
    g_autofree char *summary = summary_text(command);
    g_autofree char *statuses = exit_status_text();
    g_autofree char *parameters =
        command == COMMAND_RUN
            ? g_strdup(cli_commands[command].parameters)
            : g_strconcat(cli_commands[command].name, " ", cli_commands[command].parameters, NULL);
    GOptionContext *context = g_option_context_new(parameters);
    g_option_context_set_summary(context, summary);
    g_option_context_set_description(context, statuses);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_help_enabled(context, FALSE); /* its own exits; see cli_parse() */
    return context;
}

/* Makes a message of GOption's one of ours, which begins small and says what to do. */
static void
explain_option_error(Command command, GError **error)
{
    if (error == NULL || *error == NULL)
        return;
    const char *text = (*error)->message;
    GError *own = g_error_new(PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE, "%c%s: see pxe-run %s%s--help",
                              g_ascii_tolower(*text), *text != '\0' ? text + 1 : "",
                              command != COMMAND_RUN ? cli_commands[command].name : "",
                              command != COMMAND_RUN ? " " : "");
    g_clear_error(error);
    g_propagate_error(error, own);
}

/* GOption takes "--menu=no" for "--menu". */
static gboolean
check_switches(char *const *argv, const GOptionEntry *entries, GError **error)
{
    for (; *argv != NULL; argv++) {
        const char *name = g_str_has_prefix(*argv, "--") ? *argv + 2 : "";
        gsize len = strcspn(name, "=");
        for (const GOptionEntry *e = entries; name[len] == '=' && e->long_name != NULL; e++) {
            if (e->arg != G_OPTION_ARG_NONE || strlen(e->long_name) != len ||
                memcmp(e->long_name, name, len) != 0)
                continue;
            g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE, "%s: --%s takes no argument",
                        *argv, e->long_name);
            return FALSE;
        }
    }
    return TRUE;
}

/* Returns: (transfer full): the help, in ASCII, also where GLib has an ellipsis */
static char *
help_text(GOptionContext *context)
{
    g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
    g_auto(GStrv) parts = g_strsplit(text, "\xe2\x80\xa6", -1);
    return g_strjoinv("...", parts);
}

static gboolean
wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (g_str_equal(argv[i], "--help") || g_str_equal(argv[i], "-h"))
            return TRUE;
    }
    return FALSE;
}

/**
 * cli_parse:
 * @argc: as main() has it
 * @argv: as main() has it; is changed
 * @ret_command: (out): the subcommand
 * @config: (out): gets its text
 * @ret_out: (out) (transfer full) (nullable): where to write, of ipxe-iso; or the help text
 * @error: PXE_RUN_ERROR_USAGE
 *
 * Returns: FALSE on an error, and for --help, which leaves @error alone and its text in @ret_out
 **/
gboolean
cli_parse(
    int argc, char **argv, Command *ret_command, RunConfig *config, char **ret_out, GError **error)
{
    *ret_command = take_command(&argc, argv);
    char **qemu_args = take_qemu_args(&argc, argv);
    g_autofree GOptionEntry *entries = make_entries(*ret_command, &config->text);
    g_autoptr(GOptionContext) context = make_context(*ret_command, entries);
    if (wants_help(argc, argv)) {
        *ret_out = help_text(context);
        return FALSE;
    }
    if (!check_switches(argv, entries, error))
        return FALSE;
    if (!g_option_context_parse(context, &argc, &argv, error)) {
        explain_option_error(*ret_command, error);
        return FALSE;
    }
    if (qemu_args != NULL && *ret_command != COMMAND_RUN) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                    "%s starts no QEMU: nothing can stand behind --",
                    cli_commands[*ret_command].name);
        return FALSE;
    }
    if (argc > 1) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE, "what is '%s'?", argv[1]);
        return FALSE;
    }
    config->qemu_args = qemu_args;
    *ret_out = g_steal_pointer(&config->text.output);
    return TRUE;
}
