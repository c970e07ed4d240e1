/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: a word on each line. */
#include "base/error.h"
#include "base/log.h"
#include "launcher/cli.h"
#include "launcher/qemu-argv.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>

#define WORDS_MAX 32

/* An error is one of ours or of GOption's, and says something. */
static void
check_error(const GError *error)
{
    g_assert_nonnull(error);
    g_assert_true(error->domain == PXE_RUN_ERROR || error->domain == G_OPTION_ERROR);
    if (error->domain == PXE_RUN_ERROR)
        g_assert_cmpint(error->code, ==, PXE_RUN_ERROR_USAGE);
    g_assert_cmpstr(error->message, !=, "");
}

static void
check_address(const char *text)
{
    g_autoptr(GError) error = NULL;
    LanConfig lan;

    if (!lan_config_parse(text, &lan, &error)) {
        check_error(error);
        return;
    }
    guint32 network = ip4_get(lan.network), mask = ip4_get(lan_config_netmask(&lan));
    const Ip4Addr hosts[] = { lan.gateway, lan.dns, lan.server, lan.guest };
    g_assert_cmpuint(network & ~mask, ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_assert_cmpuint(ip4_get(hosts[i]) & mask, ==, network);
        g_assert_cmpuint(ip4_get(hosts[i]) & ~mask, <, ~mask);
    }
}

static void
check_log(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LogSpec) spec = log_spec_parse(text, &error);

    if (spec == NULL)
        check_error(error);
}

static void
check_qemu(const RunConfig *config)
{
    const QemuSetup setup = {
        .qemu = QEMU_DEFAULT,
        .display = "none",
        .rom = config->boot == BOOT_ROM ? "rtl8139.rom" : NULL,
        .stand_alone = config->text.dry_run,
        .bootfile = "boot/pxeboot",
    };
    g_auto(GStrv) argv = qemu_argv_build(config, &setup);
    g_autofree char *line = qemu_argv_quote(argv);
    g_auto(GStrv) again = NULL;

    /* A shell reads it back as it was. */
    g_assert_true(g_shell_parse_argv(line, NULL, &again, NULL));
    g_assert_true(g_strv_equal((const char *const *)argv, (const char *const *)again));
}

static void
check_config(RunConfig *config)
{
    g_autoptr(GError) error = NULL;

    if (!run_config_validate(config, &error)) {
        check_error(error);
        return;
    }
    g_assert_true((config->iso != NULL) != (config->root != NULL));
    g_assert_false(mac_is_group(config->mac));
    g_assert_true(config->memory_mb >= MEMORY_MIN_MB && config->memory_mb <= MEMORY_MAX_MB);
    g_assert_true(config->cpus >= 1 && config->cpus <= CPUS_MAX);
    check_qemu(config);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    g_autofree char *text = g_strndup((const char *)bytes, len);
    g_auto(GStrv) words = g_strsplit(text, "\n", WORDS_MAX);
    guint n = g_strv_length(words);
    g_autofree char **argv = g_new0(char *, n + 2);
    g_auto(RunConfig) config = { 0 };
    g_autofree char *out = NULL;
    g_autoptr(GError) error = NULL;
    Command command;

    argv[0] = (char *)(guintptr) "pxe-run";
    for (guint i = 0; i < n; i++) {
        argv[i + 1] = words[i];
        check_address(words[i]);
        check_log(words[i]);
    }
    if (cli_parse((int)n + 1, argv, &command, &config, &out, &error))
        check_config(&config);
    else
        g_assert_true(error != NULL || out != NULL); /* out: the help */
    if (error != NULL)
        check_error(error);
    return 0;
}
