/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every check of the command line, and every default. Pure: no file is opened here. */
#include "launcher/run-config.h"

#include "base/error.h"
#include "images/loader-conf.h"
#include "images/overlay.h"
#include "slirp-config/dhcp-options.h"

#include <arpa/inet.h>
#include <string.h>

#define MAC_DEFAULT                                                                                \
    (MacAddr)                                                                                      \
    {                                                                                              \
        {                                                                                          \
            0x52, 0x54, 0x00, 0x12, 0x34, 0x56                                                     \
        }                                                                                          \
    }                    /* as QEMU's */
#define BOOTFILE_MAX 127 /* bytes in DHCP's file field, without its NUL */

/* In front of an expression: gives up after a millisecond or so of backtracking from one place,
 * where PCRE's own limit is ten times that. */
#define EXPECT_LIMIT "(*LIMIT_MATCH=1000000)"
#define EXPECT_FLAGS (G_REGEX_MULTILINE | G_REGEX_OPTIMIZE | G_REGEX_RAW)

/* What an option may be; the index is the value of its enum. */
static const char *const boot_choices[] = { "iso", "rom", NULL };
static const char *const pxe_stack_choices[] = { "auto", "ipxe", "own", NULL };
static const char *const net_choices[] = { "restricted", "user", NULL };
static const char *const display_choices[] = { "auto", "window", "text", "none", NULL };
static const char *const console_choices[] = { "vga", "serial", NULL };
static const char *const root_kind_choices[] = { "auto", "mfsroot", "nfs", NULL };
static const char *const accel_choices[] = { "auto", "kvm", "tcg", NULL };

G_GNUC_PRINTF(2, 3)
static gboolean
usage(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE, message);
    return FALSE;
}

/* The index of @text among the choices; the first one when there is no text. */
static gboolean
choose(const char *option, const char *text, const char *const *names, guint *ret, GError **error)
{
    if (text == NULL) {
        *ret = 0;
        return TRUE;
    }
    for (guint i = 0; names[i] != NULL; i++) {
        if (g_str_equal(names[i], text)) {
            *ret = i;
            return TRUE;
        }
    }
    g_autofree char *all = g_strjoinv(", ", (char **)(guintptr)names);
    return usage(error, "%s '%s': use one of %s", option, text, all);
}

static gboolean
parse_mac(const char *text, MacAddr *ret, GError **error)
{
    MacAddr mac;

    for (guint i = 0; i < 6; i++) {
        const char *p = text + (gsize)i * 3;
        if (strlen(text) != 17 || !g_ascii_isxdigit(p[0]) || !g_ascii_isxdigit(p[1]) ||
            (i < 5 && p[2] != ':'))
            return usage(error, "--mac '%s': want six bytes, as in 52:54:00:12:34:56", text);
        mac.b[i] = (guint8)(g_ascii_xdigit_value(p[0]) << 4 | g_ascii_xdigit_value(p[1]));
    }
    if (mac_is_group(mac))
        return usage(error, "--mac '%s': is a group address (the first byte is odd)", text);
    if (mac_equal(mac, (MacAddr){ { 0 } }))
        return usage(error, "--mac '%s': is no card's address", text);
    *ret = mac;
    return TRUE;
}

/* A decimal number from 1 on; @unit stands behind "want" in the message, with a space at its end.
 */
static gboolean
parse_count(
    const char *option, const char *text, const char *unit, guint max, guint *ret, GError **error)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(text, 10, 1, max, &number, NULL))
        return usage(error, "%s '%s': want %s1 to %u", option, text, unit, max);
    *ret = (guint)number;
    return TRUE;
}

/* "512", "512M", "2G" */
static gboolean
parse_memory(const char *text, guint *ret_mb, GError **error)
{
    char *end;
    guint64 mb = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &end, 10) : 0;

    if (mb > 0 && mb <= MEMORY_MAX_MB && g_ascii_strcasecmp(end, "g") == 0)
        mb *= 1024;
    else if (mb > 0 && *end != '\0' && g_ascii_strcasecmp(end, "m") != 0)
        mb = 0;
    if (mb < MEMORY_MIN_MB || mb > MEMORY_MAX_MB)
        return usage(error, "--memory '%s': want %u to %u megabytes, as in 512 or 2G", text,
                     MEMORY_MIN_MB, MEMORY_MAX_MB);
    *ret_mb = (guint)mb;
    return TRUE;
}

/* What is no option: one image. */
static gboolean
take_rest(RunConfig *self, GError **error)
{
    for (char **word = self->text.rest; word != NULL && *word != NULL; word++) {
        if (self->iso != NULL || self->root != NULL)
            return usage(error, "'%s': there is one image already, and QEMU's options go behind --",
                         *word);
        self->iso = *word;
    }
    return TRUE;
}

/* A QEMU that goes into the background would leave us, and stay when we end. */
static gboolean
validate_qemu_args(const RunConfig *self, GError **error)
{
    for (char **word = self->qemu_args; word != NULL && *word != NULL; word++) {
        if (g_str_equal(*word, "-daemonize") || g_str_equal(*word, "--daemonize"))
            return usage(error, "%s: QEMU cannot outlive pxe-run; put that into the background",
                         *word);
    }
    return TRUE;
}

static gboolean
validate_medium(RunConfig *self, GError **error)
{
    self->iso = self->text.iso;
    self->root = self->text.root;
    self->bootfile = self->text.bootfile;
    if (!take_rest(self, error))
        return FALSE;
    if (self->iso != NULL && self->root != NULL)
        return usage(error, "--image and --root: give one of them");
    if (self->iso == NULL && self->root == NULL)
        return usage(error, "which medium? give --image FILE or --root DIR (see pxe-run --help)");
    if (self->bootfile != NULL &&
        (*self->bootfile == '\0' || strlen(self->bootfile) > BOOTFILE_MAX))
        return usage(error, "--bootfile: want a path of 1 to %d bytes", BOOTFILE_MAX);
    return TRUE;
}

static gboolean
check_files(char *const *files, GError **error)
{
    for (; files != NULL && *files != NULL; files++) {
        const char *sign = strchr(*files, '=');
        g_autofree char *guest = sign != NULL ? g_strndup(*files, (gsize)(sign - *files)) : NULL;
        if (guest == NULL || sign[1] == '\0' || !overlay_guest_path_check(guest))
            return usage(error, "--file '%s': want GUEST=HOST, a path in the guest and a file here",
                         *files);
    }
    return TRUE;
}

static gboolean
check_modules(char *const *modules, GError **error)
{
    for (; modules != NULL && *modules != NULL; modules++) {
        if (!g_str_has_suffix(*modules, ".ko") || g_str_has_suffix(*modules, "/.ko"))
            return usage(error, "--module '%s': want a file called NAME.ko", *modules);
    }
    return TRUE;
}

static gboolean
check_loader_conf(char *const *lines, GError **error)
{
    for (; lines != NULL && *lines != NULL; lines++) {
        g_autofree char *name = NULL, *value = NULL;
        if (!loader_conf_parse(*lines, &name, &value, error))
            return FALSE;
    }
    return TRUE;
}

/**
 * run_config_validate_changes:
 * @self: its text is filled in; what the user changes is set here
 * @error: PXE_RUN_ERROR_USAGE
 **/
gboolean
run_config_validate_changes(RunConfig *self, GError **error)
{
    const RunText *text = &self->text;
    guint root_kind;

    if (!choose("--root-kind", text->root_kind, root_kind_choices, &root_kind, error) ||
        !check_files(text->files, error) || !check_modules(text->modules, error) ||
        !check_loader_conf(text->loader_conf, error))
        return FALSE;
    self->changes = (BootChanges){
        .root_kind = (RootKind)root_kind,
        .overlays = (const char *const *)text->overlays,
        .files = (const char *const *)text->files,
        .modules = (const char *const *)text->modules,
        .loader_conf = (const char *const *)text->loader_conf,
        .kernel = text->kernel,
        .init = text->init,
        .installerconfig = text->installerconfig,
        .install_cfg = text->install_cfg,
    };
    return TRUE;
}

static gboolean
validate_network(RunConfig *self, GError **error)
{
    const RunText *text = &self->text;
    guint net, pxe_stack;

    self->nic = nic_find(text->nic != NULL ? text->nic : NIC_DEFAULT, error);
    if (self->nic == NULL)
        return FALSE;
    if (!choose("--pxe-stack", text->pxe_stack, pxe_stack_choices, &pxe_stack, error))
        return FALSE;
    self->pxe_stack = (PxeStackMode)pxe_stack;
    if (self->pxe_stack == PXE_STACK_OWN && self->nic->own_stack == NULL)
        return usage(error, "--pxe-stack own: has no driver for the NIC %s", self->nic->name);
    self->mac = MAC_DEFAULT;
    if (text->mac != NULL && !parse_mac(text->mac, &self->mac, error))
        return FALSE;
    if (!choose("--net", text->net, net_choices, &net, error))
        return FALSE;
    self->net = (NetMode)net;
    return lan_config_parse(text->net_address != NULL ? text->net_address : LAN_DEFAULT_NETWORK,
                            &self->lan, error);
}

static gboolean
validate_machine(RunConfig *self, GError **error)
{
    const RunText *text = &self->text;
    guint boot, display, console, accel;

    if (!choose("--boot", text->boot, boot_choices, &boot, error) ||
        !choose("--display", text->display, display_choices, &display, error) ||
        !choose("--console", text->console, console_choices, &console, error) ||
        !choose("--accel", text->accel, accel_choices, &accel, error))
        return FALSE;
    self->boot = (BootFrom)boot;
    self->display = (DisplayMode)display;
    self->console = (ConsoleMode)console;
    self->accel = (AccelMode)accel;
    self->memory_mb = MEMORY_DEFAULT_MB;
    if (text->memory != NULL && !parse_memory(text->memory, &self->memory_mb, error))
        return FALSE;
    self->cpus = 1;
    if (text->cpus != NULL && !parse_count("--cpus", text->cpus, "", CPUS_MAX, &self->cpus, error))
        return FALSE;
    if (self->console == CONSOLE_SERIAL && self->display == DISPLAY_TEXT)
        return usage(error, "--console serial and --display text both want this terminal");
    return TRUE;
}

/* GLib's message repeats the expression; only what is behind it is of interest. */
static gboolean
bad_regex(const char *regex, const GError *regex_error, GError **error)
{
    const char *place = g_strrstr(regex_error->message, " at char ");
    return usage(error, "--expect '%s':%s%s", regex, place != NULL ? "" : " ",
                 place != NULL ? place : regex_error->message);
}

static gboolean
validate_expect(RunConfig *self, GError **error)
{
    g_autoptr(GError) regex_error = NULL;

    if (self->text.timeout != NULL && !parse_count("--timeout", self->text.timeout, "seconds, ",
                                                   TIMEOUT_MAX_S, &self->timeout_s, error))
        return FALSE;
    if (self->text.expect == NULL)
        return TRUE;
    /* First alone, so that a message tells the right place in it. */
    g_autoptr(GRegex) alone = g_regex_new(self->text.expect, EXPECT_FLAGS, 0, &regex_error);
    if (alone == NULL)
        return bad_regex(self->text.expect, regex_error, error);
    g_autofree char *limited = g_strconcat(EXPECT_LIMIT, self->text.expect, NULL);
    self->expect = g_regex_new(limited, EXPECT_FLAGS, 0, &regex_error);
    if (self->expect == NULL)
        return bad_regex(self->text.expect, regex_error, error);
    if (g_regex_match(self->expect, "", 0, NULL))
        return usage(error, "--expect '%s': matches the empty text, and so at once",
                     self->text.expect);
    return TRUE;
}

/**
 * run_config_validate:
 * @self: its text is filled in; all else is set here
 * @error: PXE_RUN_ERROR_USAGE
 **/
gboolean
run_config_validate(RunConfig *self, GError **error)
{
    return validate_medium(self, error) && run_config_validate_changes(self, error) &&
           validate_network(self, error) && validate_machine(self, error) &&
           validate_expect(self, error) && validate_qemu_args(self, error);
}

/**
 * run_config_validate_serve:
 * @self: its text is filled in; the tree, the address and the port are set here
 * @error: PXE_RUN_ERROR_USAGE
 **/
gboolean
run_config_validate_serve(RunConfig *self, GError **error)
{
    const RunText *text = &self->text;

    if (!validate_medium(self, error) || !run_config_validate_changes(self, error))
        return FALSE;
    self->address = text->address != NULL ? g_inet_address_new_from_string(text->address)
                                          : g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    if (self->address == NULL)
        return usage(error, "--address '%s': want an IP address, as in 127.0.0.1", text->address);
    return text->port == NULL ||
           parse_count("--port", text->port, "", G_MAXUINT16, &self->port, error);
}

/* Whose address the server has: one that machines on the network reach without a router, which the
 * layout's DHCP does not tell of. */
static gboolean
parse_server(const char *text, const LanConfig *lan, Ip4Addr *ret, GError **error)
{
    guint32 hosts = G_MAXUINT32 >> lan->prefix_len;
    Ip4Addr server;

    if (inet_pton(AF_INET, text, server.b) != 1)
        return usage(error, "--server '%s': want an IPv4 address, as in " IP4_FMT, text,
                     IP4_ARG(lan->gateway));
    guint32 host = ip4_get(server) & hosts;
    if (ip4_get(server) - host != ip4_get(lan->network) || host == 0 || host == hosts)
        return usage(error, "--server '%s': is no host of " IP4_FMT "/%u (--net-address)", text,
                     IP4_ARG(lan->network), lan->prefix_len);
    *ret = server;
    return TRUE;
}

/**
 * run_config_validate_layout:
 * @self: its text is filled in; all else is set here, for a machine that is none of QEMU's
 * @error: PXE_RUN_ERROR_USAGE
 **/
gboolean
run_config_validate_layout(RunConfig *self, GError **error)
{
    if (!validate_medium(self, error) || !run_config_validate_changes(self, error) ||
        !validate_network(self, error) || !validate_machine(self, error))
        return FALSE;
    self->pxe_stack = PXE_STACK_IPXE; /* ours drives only the cards that QEMU has */
    self->memory_mb = MEMORY_MAX_MB;
    self->lan.server = self->lan.dns = self->lan.gateway;
    return self->text.server == NULL ||
           parse_server(self->text.server, &self->lan, &self->lan.server, error);
}

/* Frees the strings; @self must be validated anew before it is used again. */
void
run_config_clear(RunConfig *self)
{
    char **strings[] = {
        &self->text.iso,           &self->text.root,        &self->text.bootfile,
        &self->text.boot,          &self->text.nic,         &self->text.mac,
        &self->text.net,           &self->text.net_address, &self->text.accel,
        &self->text.display,       &self->text.console,     &self->text.memory,
        &self->text.cpus,          &self->text.timeout,     &self->text.pcap,
        &self->text.expect,        &self->text.qemu,        &self->text.log,
        &self->text.firmware_path, &self->text.address,     &self->text.port,
        &self->text.socket,        &self->text.pxe_stack,   &self->text.from,
        &self->text.size,          &self->text.ufs,         &self->text.list,
        &self->text.extract,       &self->text.directory,   &self->text.root_kind,
        &self->text.init,          &self->text.kernel,      &self->text.installerconfig,
        &self->text.install_cfg,   &self->text.output,      &self->text.server,
    };
    char ***lists[] = {
        &self->text.overlays,    &self->text.files, &self->text.modules,
        &self->text.loader_conf, &self->text.rest,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
        g_clear_pointer(strings[i], g_free);
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        g_clear_pointer(lists[i], g_strfreev);
    g_clear_pointer(&self->expect, g_regex_unref);
    g_clear_object(&self->address);
}
