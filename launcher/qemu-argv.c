/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds QEMU's arguments. All that connects QEMU with us are inherited descriptors: no path, no
 * port. `-nodefaults` keeps out every device that the user has not asked for. What we boot from has
 * bootindex 1, so that the user can put something in front of it, as with `-- -kernel`.
 */
#include "launcher/qemu-argv.h"

#include <string.h>

#define STAND_ALONE_CD "pxe-run-ipxe.iso"

G_GNUC_PRINTF(2, 3)
static void
add(GStrvBuilder *argv, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *word = g_strdup_vprintf(format, args);
    va_end(args);
    g_strv_builder_add(argv, word);
}

static void
add_pair(GStrvBuilder *argv, const char *option, const char *value)
{
    g_strv_builder_add_many(argv, option, value, NULL);
}

/* @text as a value in one of QEMU's lists: there a comma is two. */
static char *
list_value(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    return g_strjoinv(",,", parts);
}

static void
append_value(GString *list, const char *name, const char *text)
{
    g_autofree char *value = list_value(text);
    g_string_append_printf(list, ",%s=%s", name, value);
}

/* QEMU's own user networking in place of our LAN: without NFS, but it starts. */
static void
add_stand_alone_net(GStrvBuilder *argv, const RunConfig *config, const QemuSetup *setup)
{
    const LanConfig *lan = &config->lan;
    g_autoptr(GString) netdev = g_string_new("user,id=lan");

    g_string_append_printf(netdev, ",net=" IP4_FMT "/%u", IP4_ARG(lan->network), lan->prefix_len);
    g_string_append_printf(netdev, ",host=" IP4_FMT, IP4_ARG(lan->gateway));
    g_string_append_printf(netdev, ",dns=" IP4_FMT, IP4_ARG(lan->dns));
    g_string_append_printf(netdev, ",dhcpstart=" IP4_FMT, IP4_ARG(lan->guest));
    if (config->root != NULL)
        append_value(netdev, "tftp", config->root);
    if (setup->bootfile != NULL)
        append_value(netdev, "bootfile", setup->bootfile);
    if (config->net == NET_RESTRICTED)
        g_string_append(netdev, ",restrict=on");
    add_pair(argv, "-netdev", netdev->str);
}

static void
add_net(GStrvBuilder *argv, const RunConfig *config, const QemuSetup *setup)
{
    if (setup->stand_alone) {
        add_stand_alone_net(argv, config, setup);
    } else {
        g_strv_builder_add(argv, "-netdev");
        add(argv, "stream,id=lan,server=off,addr.type=fd,addr.str=%d", QEMU_FD_NET);
    }
    g_autoptr(GString) device = g_string_new(config->nic->device);
    g_string_append_printf(device, ",netdev=lan,mac=" MAC_FMT, MAC_ARG(config->mac));
    if (config->boot == BOOT_ISO)
        append_value(device, "romfile", ""); /* SeaBIOS need not run the card's ROM first */
    else if (setup->rom != NULL)
        append_value(device, "romfile", setup->rom);
    if (config->boot == BOOT_ROM)
        g_string_append(device, ",bootindex=1");
    add_pair(argv, "-device", device->str);
}

static void
add_cd(GStrvBuilder *argv, const QemuSetup *setup)
{
    g_autofree char *file = setup->stand_alone ? g_strdup(STAND_ALONE_CD)
                                               : g_strdup_printf("/proc/self/fd/%d", QEMU_FD_CD);

    g_strv_builder_add(argv, "-drive");
    add(argv, "file=%s,if=none,id=cd,media=cdrom,format=raw,readonly=on", file);
    add_pair(argv, "-device", "ide-cd,drive=cd,bootindex=1");
}

static void
add_channels(GStrvBuilder *argv, const QemuSetup *setup)
{
    if (setup->stand_alone) {
        add_pair(argv, "-serial", "mon:stdio");
        return;
    }
    g_strv_builder_add(argv, "-chardev");
    add(argv, "socket,id=qmp,fd=%d", QEMU_FD_QMP);
    add_pair(argv, "-mon", "chardev=qmp,mode=control");
    g_strv_builder_add(argv, "-chardev");
    add(argv, "socket,id=serial,fd=%d", QEMU_FD_SERIAL);
    add_pair(argv, "-device", "isa-serial,chardev=serial");
}

/**
 * qemu_argv_build:
 * @config: (transfer none): a valid configuration
 * @setup: (transfer none): what was found out since
 *
 * Returns: (transfer full): QEMU's arguments, its own name first; the user's words last, so that
 *   they win
 **/
char **
qemu_argv_build(const RunConfig *config, const QemuSetup *setup)
{
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();

    g_strv_builder_add(argv, setup->qemu);
    g_strv_builder_add_many(argv, "-nodefaults", "-no-user-config", "-name", "pxe-run", NULL);
    add_pair(argv, "-machine", "pc");
    add_pair(argv, "-accel", setup->kvm ? "kvm" : "tcg");
    g_strv_builder_add(argv, "-m");
    add(argv, "%u", config->memory_mb);
    g_strv_builder_add(argv, "-smp");
    add(argv, "%u", config->cpus);
    add_pair(argv, "-device", "VGA");
    add_pair(argv, "-display", setup->display);
    if (setup->usb_keyboard)
        g_strv_builder_add_many(argv, "-usb", "-device", "usb-kbd", NULL);
    add_net(argv, config, setup);
    if (config->boot == BOOT_ISO)
        add_cd(argv, setup);
    add_channels(argv, setup);
    /* The end of the guest ends the run; what it showed last is looked at first (run-end.c). */
    if (config->expect != NULL)
        g_strv_builder_add(argv, "-no-reboot");
    if (config->expect != NULL && !setup->stand_alone)
        g_strv_builder_add(argv, "-no-shutdown");
    if (config->qemu_args != NULL)
        g_strv_builder_addv(argv, (const char **)(gpointer)config->qemu_args);
    return g_strv_builder_end(argv);
}

/* Returns: (transfer full): @argv as one line that a shell takes apart into the same words */
char *
qemu_argv_quote(char *const *argv)
{
    GString *line = g_string_new(NULL);

    for (; *argv != NULL; argv++) {
        gboolean plain = **argv != '\0' && strspn(*argv, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS
                                                  "_@%+=:,./-") == strlen(*argv);
        g_autofree char *quoted = plain ? g_strdup(*argv) : g_shell_quote(*argv);
        g_string_append_printf(line, "%s%s", line->len > 0 ? " " : "", quoted);
    }
    return g_string_free(line, FALSE);
}
