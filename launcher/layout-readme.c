/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/layout-readme.h"

#include "launcher/visible.h"

static const struct {
    const char *config;
    gboolean nfs; /* of no use where there is no tree to mount */
    const char *use;
} uses[] = {
    { "dnsmasq.conf", FALSE, "DHCP and TFTP by dnsmasq, in place of the next four" },
    { "dhcpd.conf", FALSE, "DHCP by ISC dhcpd: its configuration, or a part of it" },
    { "kea-dhcp4.conf", FALSE, "DHCP by Kea, in place of dhcpd" },
    { "tftpd-hpa", FALSE, "TFTP on Debian: as /etc/default/tftpd-hpa" },
    { "inetd.conf.freebsd", FALSE, "TFTP on FreeBSD: a line of /etc/inetd.conf" },
    { "exports.linux", TRUE, "NFS on Linux: a line of /etc/exports" },
    { "nfs.conf.linux", TRUE, "NFS on Linux: a part of /etc/nfs.conf" },
    { "exports.freebsd", TRUE, "NFS on FreeBSD: a line of /etc/exports" },
    { "rc.conf.freebsd", TRUE, "NFS on FreeBSD: a part of /etc/rc.conf" },
};

static void
add_line(GString *text, const char *name, const char *use)
{
    g_string_append_printf(text, "  %-20s %s\n", name, use);
}

/* Appends text by a format whose string is the medium's or the user's, and stays on its line. */
static void
add_foreign(GString *text, const char *before, const char *value, const char *after)
{
    g_autofree char *visible = visible_line(value);
    g_string_append_printf(text, "%s%s%s", before, visible, after);
}

static void
add_title(GString *text, const LayoutSite *site, const Medium *medium)
{
    const Media *media = medium->media;

    add_foreign(text, "What a server needs to boot ", medium->name, "");
    if (media->release != NULL)
        add_foreign(text, " (FreeBSD ", media->release, ")");
    g_string_append_printf(text,
                           " by PXE.\nServer " IP4_FMT ", network " IP4_FMT "/%u, machines " IP4_FMT
                           " to " IP4_FMT ".\n\n",
                           IP4_ARG(site->server), IP4_ARG(site->network), site->prefix_len,
                           IP4_ARG(site->first), IP4_ARG(site->last));
}

static void
add_steps(GString *text, const LayoutSite *site, gboolean freebsd)
{
    g_string_append_printf(text,
                           "1. Put this directory on the server as %s: the files in it say so.\n",
                           site->directory);
    if (freebsd)
        g_string_append_printf(
            text,
            "2. There, as root, set owners, modes and devices, which your user could not:\n"
            "     mtree -U -f %s/" LAYOUT_ROOT ".mtree -p %s/" LAYOUT_ROOT "\n"
            "   FreeBSD has it; Debian's package is mtree-netbsd.\n",
            site->directory, site->directory);
    g_string_append_printf(text,
                           "%d. Give each server its file, and start it; each says how at its top. "
                           "DHCP answers whoever\n   asks: let no other DHCP server be there.\n"
                           "%d. Boot a machine from its network card. If its own PXE does not do, "
                           "boot it from the CD.\n\n",
                           freebsd ? 3 : 2, freebsd ? 4 : 3);
}

static void
add_files(GString *text, const LayoutSite *site, const Media *media)
{
    g_string_append(text, "Files:\n");
    add_line(text, LAYOUT_TFTP "/",
             media->freebsd ? "served by TFTP: the boot program"
                            : "served by TFTP: the whole tree");
    if (media->freebsd) {
        add_line(text, LAYOUT_ROOT "/", "served by NFS: all that a machine reads then");
        add_line(text, LAYOUT_ROOT ".mtree", "its owners, modes and devices");
    }
    add_line(text, site->iso, "a boot CD with iPXE, for machines without PXE of their own");
    for (gsize i = 0; i < G_N_ELEMENTS(uses); i++) {
        if (layout_readme_wants(uses[i].config, media))
            add_line(text, uses[i].config, uses[i].use);
    }
}

static void
add_plan(GString *text, const BootPlan *plan)
{
    if (plan->settings->len > 0)
        g_string_append(text, "\nSet in " LAYOUT_ROOT "/boot/loader.conf.local:\n");
    for (guint i = 0; i < plan->settings->len; i++) {
        const PlanSetting *setting = g_ptr_array_index(plan->settings, i);
        add_foreign(text, "  ", setting->name, "");
        add_foreign(text, "=\"", setting->value, "\"\n");
        add_foreign(text, "      ", setting->why, "\n");
    }
    if (plan->warnings->len > 0)
        g_string_append(text, "\nWhat will not work:\n");
    for (guint i = 0; i < plan->warnings->len; i++)
        add_foreign(text, "  ", g_ptr_array_index(plan->warnings, i), "\n");
}

/* Whether a layout of @media has the file @config. */
gboolean
layout_readme_wants(const char *config, const Media *media)
{
    for (gsize i = 0; i < G_N_ELEMENTS(uses); i++) {
        if (g_str_equal(uses[i].config, config))
            return media->freebsd || !uses[i].nfs;
    }
    return TRUE;
}

/**
 * layout_readme:
 * @site: where it is to be served
 * @medium: (transfer none): a finished medium
 *
 * Returns: (transfer full): the text
 **/
char *
layout_readme(const LayoutSite *site, const Medium *medium)
{
    GString *text = g_string_new(NULL);

    add_title(text, site, medium);
    add_steps(text, site, medium->media->freebsd);
    add_files(text, site, medium->media);
    add_plan(text, medium->plan);
    return g_string_free(text, FALSE);
}
