/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/run-config.c: every option, good and bad, with what is said of it. */
#include "launcher/run-config.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/told.h"

/* What is given besides: an image. */
#define ISO .iso = "x.iso"

/* As RunText, but of constants; `rest` has its words separated by spaces. */
typedef struct {
    const char *iso, *root, *bootfile, *boot, *nic, *mac, *net, *net_address, *accel, *display;
    const char *console, *memory, *cpus, *timeout, *expect, *pxe_stack, *rest;
} Words;

static void
fill_text(RunText *text, const Words *words)
{
    text->iso = g_strdup(words->iso);
    text->root = g_strdup(words->root);
    text->bootfile = g_strdup(words->bootfile);
    text->boot = g_strdup(words->boot);
    text->nic = g_strdup(words->nic);
    text->mac = g_strdup(words->mac);
    text->net = g_strdup(words->net);
    text->net_address = g_strdup(words->net_address);
    text->accel = g_strdup(words->accel);
    text->display = g_strdup(words->display);
    text->console = g_strdup(words->console);
    text->memory = g_strdup(words->memory);
    text->cpus = g_strdup(words->cpus);
    text->timeout = g_strdup(words->timeout);
    text->expect = g_strdup(words->expect);
    text->pxe_stack = g_strdup(words->pxe_stack);
    text->rest = words->rest != NULL ? g_strsplit(words->rest, " ", -1) : NULL;
}

/* All that was decided, as text. */
static char *
config_text(const RunConfig *config)
{
    return g_strdup_printf(
        "iso=%s root=%s bootfile=%s boot=%d nic=%s mac=" MAC_FMT " net=%d lan=" IP4_FMT
        "/%u accel=%d display=%d console=%d memory=%u cpus=%u timeout=%u expect=%s stack=%d ",
        config->iso, config->root, config->bootfile, config->boot, config->nic->name,
        MAC_ARG(config->mac), config->net, IP4_ARG(config->lan.network), config->lan.prefix_len,
        config->accel, config->display, config->console, config->memory_mb, config->cpus,
        config->timeout_s, config->expect != NULL ? config->text.expect : "-", config->pxe_stack);
}

typedef struct {
    const char *name;
    Words words;
    const char *part; /* of config_text() */
} GoodRow;

#define LETTERS_32  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define LETTERS_127 LETTERS_32 LETTERS_32 LETTERS_32 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const GoodRow good_rows[] = {
    { "defaults",
      { ISO },
      "iso=x.iso root=(null) bootfile=(null) boot=0 nic=rtl8139 mac=52:54:00:12:34:56 net=0 "
      "lan=192.168.64.0/24 accel=0 display=0 console=0 memory=1024 cpus=1 timeout=0 expect=- " },
    { "root", { .root = "/tree" }, "iso=(null) root=/tree " },
    { "image-without-an-option", { .rest = "x.iso" }, "iso=x.iso root=(null) " },
    { "bootfile", { ISO, .bootfile = "/pxelinux.0" }, "bootfile=/pxelinux.0 " },
    { "longest-bootfile", { ISO, .bootfile = LETTERS_127 }, "bootfile=" LETTERS_127 " " },
    { "boot-iso", { ISO, .boot = "iso" }, " boot=0 " },
    { "boot-rom", { ISO, .boot = "rom" }, " boot=1 " },
    { "nic", { ISO, .nic = "e1000" }, " nic=e1000 " },
    { "pxe-stack-auto", { ISO }, " stack=0 " },
    { "pxe-stack-ipxe", { ISO, .nic = "pcnet", .pxe_stack = "ipxe" }, " stack=1 " },
    { "pxe-stack-own", { ISO, .pxe_stack = "own" }, " stack=2 " },
    { "mac", { ISO, .mac = "00:11:22:aa:BB:cC" }, " mac=00:11:22:aa:bb:cc " },
    { "mac-of-low-bytes", { ISO, .mac = "00:00:00:00:00:01" }, " mac=00:00:00:00:00:01 " },
    { "mac-of-the-highest-bytes", { ISO, .mac = "fe:ff:ff:ff:ff:ff" }, " mac=fe:ff:ff:ff:ff:ff " },
    { "net-restricted", { ISO, .net = "restricted" }, " net=0 " },
    { "net-user", { ISO, .net = "user" }, " net=1 " },
    { "net-address", { ISO, .net_address = "10.0.2.0/24" }, " lan=10.0.2.0/24 " },
    { "accel-kvm", { ISO, .accel = "kvm" }, " accel=1 " },
    { "accel-tcg", { ISO, .accel = "tcg" }, " accel=2 " },
    { "display-window", { ISO, .display = "window" }, " display=1 " },
    { "display-text", { ISO, .display = "text" }, " display=2 " },
    { "display-none", { ISO, .display = "none" }, " display=3 " },
    { "console-serial", { ISO, .console = "serial" }, " console=1 " },
    { "console-serial-without-a-screen",
      { ISO, .console = "serial", .display = "none" },
      " display=3 console=1 " },
    { "memory", { ISO, .memory = "512" }, " memory=512 " },
    { "memory-m", { ISO, .memory = "512M" }, " memory=512 " },
    { "memory-small-m", { ISO, .memory = "512m" }, " memory=512 " },
    { "memory-g", { ISO, .memory = "2G" }, " memory=2048 " },
    { "memory-small-g", { ISO, .memory = "2g" }, " memory=2048 " },
    { "least-memory", { ISO, .memory = "32" }, " memory=32 " },
    { "most-memory", { ISO, .memory = "1024G" }, " memory=1048576 " },
    { "leading-zero-is-no-octal", { ISO, .memory = "0100" }, " memory=100 " },
    { "least-cpus", { ISO, .cpus = "1" }, " cpus=1 " },
    { "most-cpus", { ISO, .cpus = "64" }, " cpus=64 " },
    { "timeout", { ISO, .timeout = "300" }, " timeout=300 " },
    { "timeout-of-a-week", { ISO, .timeout = "604800" }, " timeout=604800 " },
    { "expect", { ISO, .expect = "^login: $" }, " expect=^login: $ " },
    { "expect-bytes-that-are-no-utf-8", { ISO, .expect = "\xff" }, " expect=\xff " },
};

static void
test_good(gconstpointer data)
{
    const GoodRow *row = data;
    g_auto(RunConfig) config = { 0 };
    g_autoptr(GError) error = NULL;

    fill_text(&config.text, &row->words);
    g_assert_true(run_config_validate(&config, &error));
    g_assert_no_error(error);
    g_autofree char *text = config_text(&config);
    if (strstr(text, row->part) == NULL)
        g_error("'%s' is not in '%s'", row->part, text);
}

typedef struct {
    const char *name;
    Words words;
    const char *option, *part; /* both in the message */
} BadRow;

#define BOOTFILE "want a path of 1 to 127 bytes"
#define SIX      "want six bytes, as in 52:54:00:12:34:56"
#define AT_ONCE  "matches the empty text, and so at once"
#define CPUS     "want 1 to 64"
#define SECONDS  "want seconds, 1 to 604800"
#define MEMORY   "want 32 to 1048576 megabytes, as in 512 or 2G"

static const BadRow bad_rows[] = {
    { "nothing-to-boot", { 0 }, "--image", "which medium?" },
    { "both", { ISO, .root = "/" }, "--image and --root", "give one of them" },
    { "two-images", { .rest = "a.iso b.iso" }, "'b.iso'", "one image already" },
    { "image-and-iso", { ISO, .rest = "b.iso" }, "'b.iso'", "one image already" },
    { "image-and-root", { .root = "/", .rest = "b.iso" }, "'b.iso'", "go behind --" },
    { "bootfile-empty", { ISO, .bootfile = "" }, "--bootfile", BOOTFILE },
    { "bootfile-too-long", { ISO, .bootfile = LETTERS_127 "b" }, "--bootfile", BOOTFILE },
    { "boot", { ISO, .boot = "cd" }, "--boot 'cd'", "use one of iso, rom" },
    { "boot-empty", { ISO, .boot = "" }, "--boot ''", "iso, rom" },
    { "boot-capitals", { ISO, .boot = "ISO" }, "--boot 'ISO'", "iso, rom" },
    { "nic", { ISO, .nic = "tulip" }, "'tulip'", "use one of rtl8139, " },
    { "pxe-stack", { ISO, .pxe_stack = "intel" }, "--pxe-stack 'intel'", "auto, ipxe, own" },
    { "pxe-stack-without-driver",
      { ISO, .nic = "pcnet", .pxe_stack = "own" },
      "--pxe-stack own",
      "no driver for the NIC pcnet" },
    { "mac-empty", { ISO, .mac = "" }, "--mac ''", SIX },
    { "mac-short", { ISO, .mac = "52:54:00:12:34" }, "--mac '52:54:00:12:34'", SIX },
    { "mac-long", { ISO, .mac = "52:54:00:12:34:56:78" }, "--mac", SIX },
    { "mac-one-byte-more", { ISO, .mac = "52:54:00:12:34:567" }, "--mac", SIX },
    { "mac-dashes", { ISO, .mac = "52-54-00-12-34-56" }, "--mac", SIX },
    { "mac-no-hex", { ISO, .mac = "52:54:00:12:34:5g" }, "--mac", SIX },
    { "mac-single-digits", { ISO, .mac = "2:54:00:12:34:056" }, "--mac", SIX },
    { "mac-group", { ISO, .mac = "01:54:00:12:34:56" }, "--mac", "group address" },
    { "mac-broadcast", { ISO, .mac = "ff:ff:ff:ff:ff:ff" }, "--mac", "group address" },
    { "mac-zero", { ISO, .mac = "00:00:00:00:00:00" }, "--mac", "is no card's address" },
    { "net", { ISO, .net = "tap" }, "--net 'tap'", "restricted, user" },
    { "net-address", { ISO, .net_address = "10.0.2.15" }, "--net-address '10.0.2.15'", "" },
    { "accel", { ISO, .accel = "hvf" }, "--accel 'hvf'", "auto, kvm, tcg" },
    { "display", { ISO, .display = "gtk" }, "--display 'gtk'", "auto, window, text, none" },
    { "console", { ISO, .console = "tty" }, "--console 'tty'", "vga, serial" },
    { "one-terminal-for-two",
      { ISO, .console = "serial", .display = "text" },
      "--console serial",
      "both want this terminal" },
    { "memory-empty", { ISO, .memory = "" }, "--memory ''", MEMORY },
    { "memory-zero", { ISO, .memory = "0" }, "--memory '0'", MEMORY },
    { "memory-too-little", { ISO, .memory = "31" }, "--memory '31'", MEMORY },
    { "memory-too-much", { ISO, .memory = "1048577" }, "--memory", MEMORY },
    { "memory-too-many-g", { ISO, .memory = "1025G" }, "--memory '1025G'", MEMORY },
    { "memory-most-g", { ISO, .memory = "18446744073709551615G" }, "--memory", MEMORY },
    { "memory-overflow", { ISO, .memory = "18446744073709552128" }, "--memory", MEMORY },
    { "memory-negative", { ISO, .memory = "-512" }, "--memory '-512'", MEMORY },
    { "memory-plus", { ISO, .memory = "+512" }, "--memory", MEMORY },
    { "memory-space", { ISO, .memory = " 512" }, "--memory", MEMORY },
    { "memory-mb", { ISO, .memory = "512MB" }, "--memory", MEMORY },
    { "memory-k", { ISO, .memory = "524288k" }, "--memory", MEMORY },
    { "memory-fraction", { ISO, .memory = "1.5G" }, "--memory", MEMORY },
    { "memory-hex", { ISO, .memory = "0x200" }, "--memory", MEMORY },
    { "memory-unit-alone", { ISO, .memory = "G" }, "--memory", MEMORY },
    { "cpus-zero", { ISO, .cpus = "0" }, "--cpus '0'", CPUS },
    { "cpus-empty", { ISO, .cpus = "" }, "--cpus ''", CPUS },
    { "cpus-word", { ISO, .cpus = "two" }, "--cpus 'two'", CPUS },
    { "cpus-negative", { ISO, .cpus = "-1" }, "--cpus '-1'", CPUS },
    { "cpus-too-many", { ISO, .cpus = "65" }, "--cpus '65'", CPUS },
    { "timeout-zero", { ISO, .timeout = "0" }, "--timeout '0'", SECONDS },
    { "timeout-word", { ISO, .timeout = "soon" }, "--timeout 'soon'", SECONDS },
    { "timeout-unit", { ISO, .timeout = "9s" }, "--timeout '9s'", SECONDS },
    { "timeout-fraction", { ISO, .timeout = "1.5" }, "--timeout '1.5'", SECONDS },
    { "timeout-space", { ISO, .timeout = " 9" }, "--timeout ' 9'", SECONDS },
    { "timeout-hex", { ISO, .timeout = "0x9" }, "--timeout '0x9'", SECONDS },
    { "timeout-negative", { ISO, .timeout = "-1" }, "--timeout '-1'", SECONDS },
    { "timeout-too-long", { ISO, .timeout = "604801" }, "--timeout '604801'", SECONDS },
    { "timeout-overflow", { ISO, .timeout = "99999999999999999999" }, "--timeout", SECONDS },
    { "expect-empty", { ISO, .expect = "" }, "--expect ''", AT_ONCE },
    { "expect-nothing-or-more", { ISO, .expect = "x*" }, "--expect 'x*'", AT_ONCE },
    { "expect-a-line's-end", { ISO, .expect = "$" }, "--expect '$'", AT_ONCE },
    { "expect-an-empty-line", { ISO, .expect = "^$" }, "--expect '^$'", AT_ONCE },
    { "expect-one-or-nothing", { ISO, .expect = "login:|" }, "--expect 'login:|'", AT_ONCE },
    { "expect-bad", { ISO, .expect = "a(b" }, "--expect 'a(b': at char 3: ", "missing" },
    { "expect-bad-range", { ISO, .expect = "[z-a]" }, "--expect '[z-a]': at char 3: ", "order" },
    { "expect-bad-bytes", { ISO, .expect = "\xff(" }, "--expect '\xff(': at char 2: ", "" },
    { "expect-a-place-in-it", { ISO, .expect = " at char (" }, "--expect ' at char (': at ", "" },
};

static void
test_bad(gconstpointer data)
{
    const BadRow *row = data;
    g_auto(RunConfig) config = { 0 };
    g_autoptr(GError) error = NULL;

    fill_text(&config.text, &row->words);
    g_assert_false(run_config_validate(&config, &error));
    assert_told(error, PXE_RUN_ERROR_USAGE, row->option);
    assert_told(error, PXE_RUN_ERROR_USAGE, row->part);
}

/* A match may cross lines, and "^" and "$" are those of each line. */
static void
test_expect_flags(void)
{
    g_auto(RunConfig) config = { 0 };
    const Words words = { ISO, .expect = "^b$" };

    fill_text(&config.text, &words);
    g_assert_true(run_config_validate(&config, NULL));
    g_assert_true(g_regex_match(config.expect, "a\nb\nc", 0, NULL));
    g_assert_false(g_regex_match(config.expect, "ab\nbc", 0, NULL));
    g_assert_true(g_regex_match(config.expect, "\xff\nb", 0, NULL));
}

/* QEMU's own options are not looked at, but for the one that would part it from us. */
static void
test_qemu_args(void)
{
    static const char *const good[] = { "-m", "64", "-name", "daemonize", NULL };
    static const char *const bad[][3] = { { "-S", "-daemonize", NULL }, { "--daemonize", NULL } };
    const Words words = { ISO };

    g_auto(RunConfig) config = { .qemu_args = (char **)(guintptr)good };
    fill_text(&config.text, &words);
    g_assert_true(run_config_validate(&config, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        config.qemu_args = (char **)(guintptr)bad[i];
        g_assert_false(run_config_validate(&config, &error));
        assert_told(error, PXE_RUN_ERROR_USAGE, "-daemonize: QEMU cannot outlive pxe-run");
    }
}

static void
test_clear(void)
{
    RunConfig config = { 0 };
    const Words words = { ISO, .expect = "x", .rest = "a b" };

    run_config_clear(&config);
    fill_text(&config.text, &words);
    run_config_clear(&config);
    g_assert_null(config.text.iso);
    g_assert_null(config.text.expect);
    g_assert_null(config.text.rest);
    run_config_clear(&config);
}

typedef struct {
    const char *name, *network, *server; /* (nullable) */
    Ip4Addr taken, dns;
    const char *refusal; /* (nullable) */
} ServerRow;

static const ServerRow server_rows[] = {
    { "by-default", NULL, NULL, { { 192, 168, 64, 1 } }, { { 192, 168, 64, 1 } }, NULL },
    { "of-another-network", "10.1.0.0/16", NULL, { { 10, 1, 0, 1 } }, { { 10, 1, 0, 1 } }, NULL },
    { "given", "10.1.0.0/16", "10.1.255.254", { { 10, 1, 255, 254 } }, { { 10, 1, 0, 1 } }, NULL },
    { "name", NULL, "server", { { 0 } }, { { 0 } }, "--server 'server': want an IPv4 address" },
    { "IPv6", NULL, "fd00::1", { { 0 } }, { { 0 } }, "want an IPv4 address, as in 192.168.64.1" },
    { "outside", NULL, "192.168.65.1", { { 0 } }, { { 0 } }, "is no host of 192.168.64.0/24" },
    { "network", NULL, "192.168.64.0", { { 0 } }, { { 0 } }, "is no host of" },
    { "broadcast", "10.0.0.0/8", "10.255.255.255", { { 0 } }, { { 0 } }, "no host of 10.0.0.0/8" },
};

static void
test_layout(gconstpointer data)
{
    const ServerRow *row = data;
    g_autoptr(GError) error = NULL;
    g_auto(RunConfig) config = { 0 };

    config.text.iso = g_strdup("x.iso");
    config.text.net_address = g_strdup(row->network);
    config.text.server = g_strdup(row->server);
    g_assert_cmpint(run_config_validate_layout(&config, &error), ==, row->refusal == NULL);
    if (row->refusal != NULL) {
        assert_told(error, PXE_RUN_ERROR_USAGE, row->refusal);
        return;
    }
    g_assert_no_error(error);
    g_assert_cmpuint(ip4_get(config.lan.server), ==, ip4_get(row->taken));
    g_assert_cmpuint(ip4_get(config.lan.dns), ==, ip4_get(row->dns));
    g_assert_cmpint(config.pxe_stack, ==, PXE_STACK_IPXE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/run-config/good", good_rows, test_good);
    ROWS_ADD("/run-config/bad", bad_rows, test_bad);
    g_test_add_func("/run-config/expect-flags", test_expect_flags);
    g_test_add_func("/run-config/qemu-args", test_qemu_args);
    g_test_add_func("/run-config/clear", test_clear);
    ROWS_ADD("/run-config/layout", server_rows, test_layout);
    return g_test_run();
}
