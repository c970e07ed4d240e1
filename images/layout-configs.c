/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Templates with ${words}, filled in with the addresses of a site. They say to other servers what
 * slirp-config/ does itself: the root path in the answer to the loader's own request, no proxy for
 * iPXE to wait for, and the loader's variables as options 250 and up [lib/libstand/bootp.c:
 * setenv_].
 */
#include "images/layout-configs.h"

#include "base/error.h"

#include <string.h>

#define VARIABLE_FIRST 250 /* DHCP options that set a loader variable each */
#define VARIABLES_MAX  5

/* A path that needs no quoting in any of the files. */
#define PATH_CHARS G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "/._+-"

/* How a server sends one loader variable. */
typedef struct {
    const char *word;    /* of the template */
    const char *format;  /* of one, with the words ${code} and ${assignment} */
    const char *between; /* two of them */
} VariableForm;

static const VariableForm variable_forms[] = {
    { "dnsmasq_variables", "dhcp-option-force=${code},\"${assignment}\"\n", "" },
    { "dhcpd_definitions", "option loader-variable-${code} code ${code} = text;\n", "" },
    { "dhcpd_variables", "    option loader-variable-${code} \"${assignment}\";\n", "" },
    { "dhcpd_requests", ", ${hex}", "" },
    { "kea_definitions",
      "      { \"name\": \"loader-variable-${code}\", \"code\": ${code}, \"type\": \"string\" }",
      ",\n" },
    { "kea_variables",
      ",\n          { \"name\": \"loader-variable-${code}\", \"data\": \"${assignment}\","
      " \"always-send\": true }",
      "" },
};

static const struct {
    const char *name, *text;
} templates[] = {
    { "dnsmasq.conf",
      "# DHCP and TFTP by one program: dnsmasq -k -C ${directory}/dnsmasq.conf\n"
      "# Name the interface on which the machines are:\n"
      "#interface=eth0\n"
      "port=0\n"
      "dhcp-range=${first},${last},${netmask},12h\n"
      "dhcp-boot=${bootfile},,${server}\n"
      "enable-tftp\n"
      "tftp-root=${directory}/tftp\n"
      "# The loader asks by DHCP again; this is for that request. iPXE ignores it.\n"
      "dhcp-option-force=option:root-path,${root_path}\n"
      "# iPXE does not wait for a proxy.\n"
      "dhcp-option-force=encap:175,176,1b\n"
      "${dnsmasq_variables}" },
    { "dhcpd.conf",
      "# ISC DHCP: dhcpd -cf ${directory}/dhcpd.conf\n"
      "option space ipxe;\n"
      "option ipxe-encap-opts code 175 = encapsulate ipxe;\n"
      "option ipxe.no-pxedhcp code 176 = unsigned integer 8;\n"
      "${dhcpd_definitions}"
      "\n"
      "authoritative;\n"
      "# iPXE names itself by a client identifier, the loader does not: by that it would be\n"
      "# another machine, offered an address that iPXE's stack does not listen to.\n"
      "ignore-client-uids true;\n"
      "default-lease-time 43200;\n"
      "subnet ${network} netmask ${netmask} {\n"
      "    range ${first} ${last};\n"
      "    next-server ${server};\n"
      "    filename \"${bootfile}\";\n"
      "    # The loader asks by DHCP again; this is for that request. iPXE ignores it.\n"
      "    option root-path \"${root_path}\";\n"
      "    # iPXE does not wait for a proxy.\n"
      "    option ipxe.no-pxedhcp 1;\n"
      "${dhcpd_variables}"
      "    # Loaders from 12 on list what they want, and take more than they list.\n"
      "    option dhcp-parameter-request-list = concat(option dhcp-parameter-request-list, 11"
      "${dhcpd_requests});\n"
      "}\n" },
    { "kea-dhcp4.conf",
      "{\n"
      "  \"Dhcp4\": {\n"
      "    \"interfaces-config\": { \"interfaces\": [ \"*\" ] },\n"
      "    \"lease-database\": { \"type\": \"memfile\", \"persist\": false },\n"
      "    \"valid-lifetime\": 43200,\n"
      "    \"option-def\": [\n"
      "${kea_definitions}\n"
      "    ],\n"
      "    \"subnet4\": [\n"
      "      {\n"
      "        \"id\": 1,\n"
      "        \"subnet\": \"${network}/${prefix}\",\n"
      "        \"match-client-id\": false,\n"
      "        \"pools\": [ { \"pool\": \"${first} - ${last}\" } ],\n"
      "        \"next-server\": \"${server}\",\n"
      "        \"boot-file-name\": \"${bootfile}\",\n"
      "        \"option-data\": [\n"
      "          { \"name\": \"root-path\", \"data\": \"${root_path}\", \"always-send\": true }"
      "${kea_variables}\n"
      "        ]\n"
      "      }\n"
      "    ]\n"
      "  }\n"
      "}\n" },
    { "tftpd-hpa", "# Debian's tftpd-hpa: /etc/default/tftpd-hpa\n"
                   "TFTP_USERNAME=\"tftp\"\n"
                   "TFTP_DIRECTORY=\"${directory}/tftp\"\n"
                   "TFTP_ADDRESS=\":69\"\n"
                   "TFTP_OPTIONS=\"--secure\"\n" },
    { "inetd.conf.freebsd",
      "# FreeBSD's tftpd: a line of /etc/inetd.conf, with inetd_enable=\"YES\" in /etc/rc.conf\n"
      "tftp dgram udp wait root /usr/libexec/tftpd tftpd -l -s ${directory}/tftp\n" },
    { "exports.linux",
      "# Linux: a line of /etc/exports; then exportfs -ra\n"
      "${directory}/pxeroot ${network}/${prefix}(ro,no_root_squash,no_subtree_check,insecure)\n" },
    { "nfs.conf.linux",
      "# Linux: a part of /etc/nfs.conf. The loaders speak UDP, which is off by default; those up "
      "to\n"
      "# 8.1 speak NFS version 2 besides, which kernels from 6.2 on do not have any more.\n"
      "[nfsd]\n"
      "udp=y\n"
      "tcp=y\n"
      "vers2=y\n"
      "vers3=y\n" },
    { "exports.freebsd",
      "# FreeBSD: a line of /etc/exports; then service mountd reload\n"
      "${directory}/pxeroot -ro -maproot=root -network ${network} -mask ${netmask}\n" },
    { "rc.conf.freebsd", "# FreeBSD: a part of /etc/rc.conf. The loaders speak UDP.\n"
                         "rpcbind_enable=\"YES\"\n"
                         "mountd_enable=\"YES\"\n"
                         "nfs_server_enable=\"YES\"\n"
                         "nfs_server_flags=\"-u -t -n 4\"\n" },
};

static gboolean
refuse(GError **error, const char *directory, const char *reason)
{
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE, "layout '%s': %s", directory, reason);
    return FALSE;
}

/**
 * layout_directory_check:
 * @directory: absolute path that a layout is to have on its server
 * @error: PXE_RUN_ERROR_USAGE: some of the files could not name it
 **/
gboolean
layout_directory_check(const char *directory, GError **error)
{
    /* The loaders have 128 bytes for "255.255.255.255:" and the path. */
    const gsize max = 127 - (IP4_STRLEN - 1) - 1 - strlen("/" LAYOUT_ROOT);

    if (*directory != '/')
        return refuse(error, directory, "the path is not absolute");
    if (strspn(directory, PATH_CHARS) != strlen(directory))
        return refuse(error, directory,
                      "the servers' files can name only paths of letters, digits and /._+-");
    if (strlen(directory) > max)
        return refuse(error, directory,
                      "the path is too long: the loaders have 128 bytes for address and path");
    return TRUE;
}

/**
 * layout_bootfile_check:
 * @bootfile: path of the boot program, without '/' in front
 * @error: PXE_RUN_ERROR_USAGE: some of the files could not name it
 **/
gboolean
layout_bootfile_check(const char *bootfile, GError **error)
{
    if (*bootfile != '\0' && strspn(bootfile, PATH_CHARS) == strlen(bootfile))
        return TRUE;
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                "--bootfile '%s': the servers' files can name only paths of letters, digits and "
                "/._+-",
                bootfile);
    return FALSE;
}

/* Returns: (transfer full): the path that NFS clients ask for */
char *
layout_export_path(const char *directory)
{
    return g_strconcat(directory, "/" LAYOUT_ROOT, NULL);
}

static void
fill_in(GString *text, const char *word, const char *value)
{
    g_autofree char *place = g_strconcat("${", word, "}", NULL);
    (void)g_string_replace(text, place, value, 0);
}

static char *
variables_text(const VariableForm *form, const GPtrArray *settings)
{
    GString *all = g_string_new(NULL);

    for (guint i = 0; i < settings->len && i < VARIABLES_MAX; i++) {
        const PlanSetting *setting = g_ptr_array_index(settings, i);
        g_autofree char *code = g_strdup_printf("%u", VARIABLE_FIRST + i);
        g_autofree char *hex = g_strdup_printf("%x", VARIABLE_FIRST + i);
        g_autofree char *assignment = g_strconcat(setting->name, "=", setting->value, NULL);
        GString *one = g_string_new(form->format);
        fill_in(one, "code", code);
        fill_in(one, "hex", hex);
        fill_in(one, "assignment", assignment);
        g_string_append_printf(all, "%s%s", i > 0 ? form->between : "", one->str);
        g_string_free(one, TRUE);
    }
    return g_string_free(all, FALSE);
}

static void
fill_in_address(GString *text, const char *word, Ip4Addr address)
{
    g_autofree char *value = g_strdup_printf(IP4_FMT, IP4_ARG(address));
    fill_in(text, word, value);
}

static char *
config_text(const char *template, const LayoutSite *site, const BootPlan *plan)
{
    GString *text = g_string_new(template);
    g_autofree char *prefix = g_strdup_printf("%u", site->prefix_len);

    for (gsize i = 0; i < G_N_ELEMENTS(variable_forms); i++) {
        g_autofree char *variables = variables_text(&variable_forms[i], plan->dhcp_settings);
        fill_in(text, variable_forms[i].word, variables);
    }
    fill_in(text, "prefix", prefix);
    fill_in(text, "directory", site->directory);
    fill_in(text, "bootfile", site->bootfile);
    fill_in(text, "root_path", plan->root_path != NULL ? plan->root_path : "/");
    fill_in_address(text, "network", site->network);
    fill_in_address(text, "netmask", site->netmask);
    fill_in_address(text, "first", site->first);
    fill_in_address(text, "last", site->last);
    fill_in_address(text, "server", site->server);
    return g_string_free(text, FALSE);
}

static void
config_free(gpointer data)
{
    LayoutConfig *config = data;
    g_free(config->text);
    g_free(config);
}

/**
 * layout_configs:
 * @site: where it is to be served
 * @plan: (transfer none): what the tree needs
 *
 * Returns: (transfer full) (element-type LayoutConfig): the files
 **/
GPtrArray *
layout_configs(const LayoutSite *site, const BootPlan *plan)
{
    GPtrArray *configs = g_ptr_array_new_with_free_func(config_free);

    for (gsize i = 0; i < G_N_ELEMENTS(templates); i++) {
        LayoutConfig *config = g_new0(LayoutConfig, 1);
        config->name = templates[i].name;
        config->text = config_text(templates[i].text, site, plan);
        g_ptr_array_add(configs, config);
    }
    return configs;
}
