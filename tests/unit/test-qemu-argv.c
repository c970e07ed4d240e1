/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/qemu-argv.c: whole command lines, and that a shell takes them apart again. */
#include "launcher/qemu-argv.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/iso-maker.h"

typedef struct {
    const char *name;
    RunText text; /* of constants */
    QemuSetup setup;
    const char *qemu_args; /* (nullable): the user's, by spaces */
    const char *line;
} ArgvRow;

#define WORD(text) (char *)(guintptr)(text)
#define ISO        .iso = WORD("/x.iso")
#define QEMU       .qemu = "qemu"

#define START(accel) "qemu -nodefaults -no-user-config -name pxe-run -machine pc -accel " accel
#define MACHINE      " -m 1024 -smp 1 -device VGA"
#define NETDEV       " -netdev stream,id=lan,server=off,addr.type=fd,addr.str=3"
#define NIC_WITH_CD  " -device rtl8139,netdev=lan,mac=52:54:00:12:34:56,romfile="
#define CD(file)                                                                                   \
    " -drive file=" file ",if=none,id=cd,media=cdrom,format=raw,readonly=on -device "              \
    "ide-cd,drive=cd,bootindex=1"
#define CHANNELS                                                                                   \
    " -chardev socket,id=qmp,fd=4 -mon chardev=qmp,mode=control -chardev socket,id=serial,fd=5 "   \
    "-device isa-serial,chardev=serial"
#define USER_NET                                                                                   \
    " -netdev user,id=lan,net=192.168.64.0/24,host=192.168.64.1,dns=192.168.64.3,"                 \
    "dhcpstart=192.168.64.15"

static const ArgvRow argv_rows[] = {
    { "usual",
      { ISO },
      { QEMU, .display = "none" },
      NULL,
      START("tcg") MACHINE " -display none" NETDEV NIC_WITH_CD CD("/proc/self/fd/7") CHANNELS },
    { "kvm-window-and-keyboard",
      { ISO },
      { QEMU, .kvm = TRUE, .display = "gtk", .usb_keyboard = TRUE },
      NULL,
      START("kvm") MACHINE
      " -display gtk -usb -device usb-kbd" NETDEV NIC_WITH_CD CD("/proc/self/fd/7") CHANNELS },
    { "rom",
      { ISO, .boot = WORD("rom"), .nic = WORD("e1000"), .mac = WORD("00:00:5e:00:53:01") },
      { QEMU, .display = "none", .rom = "/usr/lib/ipxe/qemu/pxe-e1000.rom" },
      NULL,
      START("tcg") MACHINE
      " -display none" NETDEV
      " -device e1000,netdev=lan,mac=00:00:5e:00:53:01,romfile=/usr/lib/ipxe/qemu/pxe-e1000.rom,"
      "bootindex=1" CHANNELS },
    { "rom-of-qemu",
      { ISO, .boot = WORD("rom") },
      { QEMU, .display = "none" },
      NULL,
      START("tcg") MACHINE
      " -display none" NETDEV
      " -device rtl8139,netdev=lan,mac=52:54:00:12:34:56,bootindex=1" CHANNELS },
    { "machine",
      { ISO, .memory = WORD("2G"), .cpus = WORD("4") },
      { QEMU, .display = "none" },
      NULL,
      START("tcg") " -m 2048 -smp 4 -device VGA -display none" NETDEV NIC_WITH_CD CD(
          "/proc/self/fd/7") CHANNELS },
    { "a-reboot-ends-what-is-expected",
      { ISO, .expect = WORD("x") },
      { QEMU, .display = "none" },
      NULL,
      START("tcg") MACHINE " -display none" NETDEV NIC_WITH_CD CD("/proc/self/fd/7") CHANNELS
      " -no-reboot -no-shutdown" },
    { "stand-alone-ends-by-itself",
      { ISO, .expect = WORD("x") },
      { QEMU, .display = "none", .stand_alone = TRUE },
      NULL,
      START("tcg") MACHINE " -display none" USER_NET ",restrict=on" NIC_WITH_CD CD(
          "pxe-run-ipxe.iso") " -serial mon:stdio -no-reboot" },
    { "the-user's-words-last",
      { ISO },
      { QEMU, .display = "none" },
      "-m 64 -snapshot",
      START("tcg") MACHINE " -display none" NETDEV NIC_WITH_CD CD("/proc/self/fd/7") CHANNELS
      " -m 64 -snapshot" },
    { "stand-alone",
      { ISO },
      { QEMU, .display = "curses", .stand_alone = TRUE, .bootfile = "boot/pxeboot" },
      NULL,
      START("tcg") MACHINE " -display curses" USER_NET
                           ",bootfile=boot/pxeboot,restrict=on" NIC_WITH_CD CD(
                               "pxe-run-ipxe.iso") " -serial mon:stdio" },
    { "stand-alone-tree-and-user-net",
      { .root = WORD("/tree"), .net = WORD("user") },
      { QEMU, .display = "curses", .stand_alone = TRUE, .bootfile = "boot/pxeboot" },
      NULL,
      START("tcg") MACHINE
      " -display curses" USER_NET
      ",tftp=/tree,bootfile=boot/pxeboot" NIC_WITH_CD CD("pxe-run-ipxe.iso") " -serial mon:stdio" },
    { "stand-alone-on-another-network",
      { ISO, .net_address = WORD("10.0.0.0/8") },
      { QEMU, .display = "none", .stand_alone = TRUE },
      NULL,
      START("tcg") MACHINE " -display none -netdev user,id=lan,net=10.0.0.0/8,host=10.0.0.1,"
                           "dns=10.0.0.3,dhcpstart=10.0.0.15,restrict=on" NIC_WITH_CD CD(
                               "pxe-run-ipxe.iso") " -serial mon:stdio" },
    /* QEMU takes two commas in a value for one. */
    { "comma-in-a-tree's-name",
      { .root = WORD("/a,b"), .net = WORD("user") },
      { QEMU, .display = "none", .stand_alone = TRUE },
      NULL,
      START("tcg") MACHINE " -display none" USER_NET
                           ",tftp=/a,,b" NIC_WITH_CD CD("pxe-run-ipxe.iso") " -serial mon:stdio" },
    { "commas-in-a-boot-program's-name",
      { ISO },
      { QEMU, .display = "none", .stand_alone = TRUE, .bootfile = ",a,,b" },
      NULL,
      START("tcg") MACHINE
      " -display none" USER_NET
      ",bootfile=,,a,,,,b,restrict=on" NIC_WITH_CD CD("pxe-run-ipxe.iso") " -serial mon:stdio" },
    { "comma-in-a-rom's-name",
      { ISO, .boot = WORD("rom") },
      { QEMU, .display = "none", .rom = "/a,b.rom" },
      NULL,
      START("tcg") MACHINE
      " -display none" NETDEV
      " -device rtl8139,netdev=lan,mac=52:54:00:12:34:56,romfile=/a,,b.rom,bootindex=1" CHANNELS },
};

static void
test_argv(gconstpointer data)
{
    const ArgvRow *row = data;
    RunConfig config = { .text = row->text };
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) args = row->qemu_args != NULL ? g_strsplit(row->qemu_args, " ", -1) : NULL;

    g_assert_true(run_config_validate(&config, &error));
    g_assert_no_error(error);
    config.qemu_args = args;
    g_auto(GStrv) argv = qemu_argv_build(&config, &row->setup);
    g_autofree char *line = qemu_argv_quote(argv);
    g_clear_pointer(&config.expect, g_regex_unref);
    g_assert_cmpstr(line, ==, row->line);
}

typedef struct {
    const char *name;
    const char *word;
    const char *quoted; /* (nullable): when it is to be exactly so */
} QuoteRow;

static const QuoteRow quote_rows[] = {
    { "plain", "-nodefaults", "-nodefaults" },
    { "all-plain-characters", "aZ09_@%+=:,./-", "aZ09_@%+=:,./-" },
    { "empty", "", "''" },
    { "space", "a b", "'a b'" },
    { "single-quote", "it's", NULL },
    { "only-a-quote", "'", NULL },
    { "double-quote", "a\"b", NULL },
    { "backslash", "a\\b\\", NULL },
    { "newline", "a\nb\n", NULL },
    { "dollar", "$HOME ${x} $(id)", NULL },
    { "backquote", "`id`", NULL },
    { "glob", "*?[a]", NULL },
    { "tilde", "~", NULL },
    { "history", "a!b!!", NULL },
    { "hash", "#no comment", NULL },
    { "operators", "a;b&c|d<e>f(g)", NULL },
    { "assignment", "PATH=/x", "PATH=/x" },
    { "tab", "\t", NULL },
    { "bytes", "\xff\xfe\x80", NULL },
    { "control", "\033[2J\a", NULL },
    { "percent", "%s%n", NULL },
};

/* The shell prints each word that it gets, ended by an 'x' and a newline, which none ends with. */
static void
test_quote(gconstpointer data)
{
    const QuoteRow *row = data;
    char *words[] = { (char *)(guintptr)row->word, (char *)(guintptr) "end", NULL };
    g_autofree char *line = qemu_argv_quote(words);
    g_autofree char *script = g_strconcat("printf '%sx\\n' ", line, NULL);
    g_autofree char *expected = g_strdup_printf("%sx\nendx\n", row->word);
    const char *const argv[] = { "sh", "-c", script, NULL };
    g_autofree char *printed = run_program(argv);

    g_assert_cmpstr(printed, ==, expected);
    if (row->quoted != NULL) {
        g_autofree char *whole = g_strconcat(row->quoted, " end", NULL);
        g_assert_cmpstr(line, ==, whole);
    }
}

static void
test_quote_nothing(void)
{
    char *words[] = { NULL };
    g_autofree char *line = qemu_argv_quote(words);
    g_assert_cmpstr(line, ==, "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/qemu-argv/argv", argv_rows, test_argv);
    ROWS_ADD("/qemu-argv/quote", quote_rows, test_quote);
    g_test_add_func("/qemu-argv/quote-nothing", test_quote_nothing);
    return g_test_run();
}
