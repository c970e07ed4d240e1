/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/cli.c: subcommands, "--", help; what each option means is run-config's. */
#include "launcher/cli.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/told.h"

/* A command line, as main() gets it. */
typedef struct {
    char **words; /* what is freed */
    char **argv;  /* what cli_parse() may change */
    int argc;
    RunConfig config;
    char *out;
    Command command;
    GError *error;
} Line;

/* Returns: what cli_parse() does; @text has the words behind the program's name, by spaces */
static gboolean
line_parse(Line *self, const char *text)
{
    g_autofree char *all = g_strconcat("pxe-run ", text, NULL);

    *self = (Line){ .words = g_strsplit(g_strchomp(all), " ", -1) };
    self->argc = (int)g_strv_length(self->words);
    self->argv = g_memdup2(self->words, sizeof(char *) * ((gsize)self->argc + 1));
    return cli_parse(self->argc, self->argv, &self->command, &self->config, &self->out,
                     &self->error);
}

static void
line_clear(Line *self)
{
    run_config_clear(&self->config);
    g_clear_error(&self->error);
    g_free(self->out);
    g_free(self->argv);
    g_strfreev(self->words);
}

/* What was understood: "command iso=… …" for those that were given. */
static char *
line_text(const Line *self)
{
    const RunText *t = &self->config.text;
    GString *text = g_string_new(cli_commands[self->command].name);
    const struct {
        const char *name, *value;
    } strings[] = {
        { "iso", t->iso },
        { "root", t->root },
        { "bootfile", t->bootfile },
        { "boot", t->boot },
        { "nic", t->nic },
        { "stack", t->pxe_stack },
        { "mac", t->mac },
        { "net", t->net },
        { "address", t->net_address },
        { "accel", t->accel },
        { "display", t->display },
        { "console", t->console },
        { "memory", t->memory },
        { "cpus", t->cpus },
        { "timeout", t->timeout },
        { "pcap", t->pcap },
        { "expect", t->expect },
        { "qemu", t->qemu },
        { "log", t->log },
        { "firmware", t->firmware_path },
        { "out", self->out },
    };
    const struct {
        const char *name;
        int value;
    } numbers[] = {
        { "menu", t->menu },         { "dry", t->dry_run }, { "quiet", t->quiet },
        { "no_cache", t->no_cache }, { "json", t->json },   { "version", t->version },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(strings); i++) {
        if (strings[i].value != NULL)
            g_string_append_printf(text, " %s=%s", strings[i].name, strings[i].value);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (numbers[i].value != 0)
            g_string_append_printf(text, " %s=%d", numbers[i].name, numbers[i].value);
    }
    for (char **word = t->rest; word != NULL && *word != NULL; word++)
        g_string_append_printf(text, " [%s]", *word);
    for (char **word = self->config.qemu_args; word != NULL && *word != NULL; word++)
        g_string_append_printf(text, " <%s>", *word);
    return g_string_free(text, FALSE);
}

typedef struct {
    const char *name;
    const char *line;
    const char *understood;
} GoodRow;

static const GoodRow good_rows[] = {
    { "nothing", "", "run" },
    { "run", "run", "run" },
    { "run-with-an-option", "run --iso a.iso", "run iso=a.iso" },
    { "run-left-out", "--iso a.iso", "run iso=a.iso" },
    { "image", "serve --image a.img -q --no-cache", "serve iso=a.img quiet=1 no_cache=1" },
    { "equals-sign", "--iso=a.iso", "run iso=a.iso" },
    { "equals-sign-in-an-argument", "--iso=--menu=no", "run iso=--menu=no" },
    { "image-alone", "a.iso", "run [a.iso]" },
    { "command-only-in-front", "a.iso run", "run [a.iso] [run]" },
    { "image-of-a-command's-name", "run inspect", "run [inspect]" },
    { "inspect", "inspect a.iso --json", "inspect json=1 [a.iso]" },
    { "inspect-plan-options", "inspect --root /t --console serial --menu --net-address 10.0.0.0/24",
      "inspect root=/t address=10.0.0.0/24 console=serial menu=1" },
    { "ipxe-iso", "ipxe-iso --nic e1000 -o - --firmware-path /a:/b",
      "ipxe-iso nic=e1000 firmware=/a:/b out=-" },
    { "all-of-run",
      "--root /t --bootfile b --boot rom --nic n --pxe-stack s --mac m --net user --net-address a "
      "-m 2G --cpus 2 "
      "--accel tcg --display none --console serial --menu --expect e --timeout 9 --pcap p --qemu q "
      "--firmware-path f --log debug -n -q",
      "run root=/t bootfile=b boot=rom nic=n stack=s mac=m net=user address=a accel=tcg "
      "display=none "
      "console=serial memory=2G cpus=2 timeout=9 pcap=p expect=e qemu=q log=debug firmware=f "
      "menu=1 dry=1 quiet=1" },
    { "long-names", "--memory 64 --dry-run --quiet", "run memory=64 dry=1 quiet=1" },
    { "version", "-V", "run version=1" },
    { "version-of-a-command", "ipxe-iso --version", "ipxe-iso version=1" },
    { "qemu's-words", "--iso a.iso -- -device e1000 --iso b",
      "run iso=a.iso <-device> <e1000> "
      "<--iso> <b>" },
    { "nothing-behind-the-dashes", "--iso a.iso --", "run iso=a.iso" },
    { "dashes-twice", "a.iso -- -- x", "run [a.iso] <--> <x>" },
    { "help-behind-the-dashes-is-qemu's", "a.iso -- --help", "run [a.iso] <--help>" },
    { "a-dash-is-a-name", "-", "run [-]" },
    { "the-last-one-counts", "--iso a --iso b", "run iso=b" },
    { "numbers-are-text-yet", "--cpus two --timeout -1", "run cpus=two timeout=-1" },
    { "letters-the-locale-does-not-know", "--expect \xc3\xbc", "run expect=\xc3\xbc" },
    { "bytes-that-are-no-letters", "--nic \xff", "run nic=\xff" },
};

static void
test_good(gconstpointer data)
{
    const GoodRow *row = data;
    Line line;

    g_assert_true(line_parse(&line, row->line));
    g_assert_no_error(line.error);
    g_autofree char *text = line_text(&line);
    g_assert_cmpstr(text, ==, row->understood);
    line_clear(&line);
}

typedef struct {
    const char *name;
    const char *line;
    const char *part; /* of the message */
} BadRow;

static const BadRow bad_rows[] = {
    { "unknown-option", "--no-such", "unknown option --no-such: see pxe-run --help" },
    { "unknown-letter", "-z", "unknown option -z: see pxe-run --help" },
    { "unknown-bytes", "--\xff", "unknown option --\xff" },
    { "argument-missing", "--iso", "missing argument for --iso: see pxe-run --help" },
    { "argument-missing-for-a-letter", "-m", "missing argument for -m" },
    { "argument-for-a-switch", "--menu=no", "--menu=no: --menu takes no argument" },
    { "argument-for-a-switch-of-all", "ipxe-iso --version=", "--version takes no argument" },
    { "argument-for-an-unknown-switch", "inspect --dry-run=1", "unknown option --dry-run=1" },
    { "option-of-another-command", "inspect --expect x",
      "unknown option --expect: see pxe-run inspect --help" },
    { "another-option-of-another-command", "ipxe-iso --iso x",
      "unknown option --iso: see pxe-run ipxe-iso --help" },
    { "output-of-run", "-o x", "unknown option -o" },
    { "word-for-ipxe-iso", "ipxe-iso file", "what is 'file'?" },
    { "dashes-for-inspect", "inspect a.iso -- -m 1", "inspect starts no QEMU" },
    { "dashes-for-ipxe-iso", "ipxe-iso -o x --", "ipxe-iso starts no QEMU" },
};

static void
test_bad(gconstpointer data)
{
    const BadRow *row = data;
    Line line;

    g_assert_false(line_parse(&line, row->line));
    assert_told(line.error, PXE_RUN_ERROR_USAGE, row->part);
    line_clear(&line);
}

typedef struct {
    const char *name;
    const char *line;
    Command command;
    const char *options; /* that the text must have, by spaces */
    const char *others;  /* that it must not have */
} HelpRow;

static const HelpRow help_rows[] = {
    { "run", "--help", COMMAND_RUN,
      "--image --iso --no-cache --root --bootfile --boot --nic --pxe-stack --mac --net "
      "--net-address --memory --cpus "
      "--accel "
      "--display --console --menu --expect --timeout --pcap --qemu --firmware-path --dry-run "
      "--quiet --log --version inspect ipxe-iso",
      "--output --json" },
    { "letter", "-h", COMMAND_RUN, "--iso", "--output" },
    { "behind-other-options", "--iso x --no-such --help", COMMAND_RUN, "--iso", "--output" },
    { "inspect", "inspect --help", COMMAND_INSPECT,
      "--iso --root --bootfile --net-address --console --menu --json --log --version",
      "--expect --output --mac --memory" },
    { "ipxe-iso", "ipxe-iso -o x --help", COMMAND_IPXE_ISO,
      "--nic --firmware-path --output --log --version", "--iso --expect --json" },
    { "layout", "layout --help", COMMAND_LAYOUT,
      "--image --root --bootfile --overlay --init --kernel --nic --net-address --console --menu "
      "--firmware-path --server --output --quiet --log --version",
      "--pxe-stack --memory --expect --json --address --mac" },
};

/* Whether @option stands in @text as a word of its own. */
static gboolean
has_word(const char *text, const char *option)
{
    g_autofree char *escaped = g_regex_escape_string(option, -1);
    g_autofree char *pattern = g_strdup_printf("(^|[\\s,])%s($|[\\s,=])", escaped);
    return g_regex_match_simple(pattern, text, G_REGEX_MULTILINE, 0);
}

static void
test_help(gconstpointer data)
{
    const HelpRow *row = data;
    g_auto(GStrv) options = g_strsplit(row->options, " ", -1);
    g_auto(GStrv) others = g_strsplit(row->others, " ", -1);
    Line line;

    g_assert_false(line_parse(&line, row->line));
    g_assert_no_error(line.error);
    g_assert_nonnull(line.out);
    g_assert_cmpint(line.command, ==, row->command);
    g_assert_true(g_str_is_ascii(line.out));
    for (char **option = options; *option != NULL; option++) {
        if (!has_word(line.out, *option))
            g_error("%s is not in the help:\n%s", *option, line.out);
    }
    g_autofree char *options_alone =
        g_strndup(line.out, (gsize)(strstr(line.out, "Exit statuses:") - line.out));
    for (char **option = others; *option != NULL; option++)
        g_assert_false(has_word(options_alone, *option));
    for (const ExitStatus *status = exit_statuses; status->name != NULL; status++)
        g_assert_nonnull(strstr(line.out, status->meaning));
    line_clear(&line);
}

static void
test_commands(void)
{
    for (guint i = 0; i < COMMAND_COUNT; i++) {
        Line line;
        g_assert_true(line_parse(&line, cli_commands[i].name));
        g_assert_cmpint(line.command, ==, (int)i);
        g_assert_cmpuint(strlen(cli_commands[i].summary), >, 0);
        line_clear(&line);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_set_prgname("pxe-run");
    ROWS_ADD("/cli/good", good_rows, test_good);
    ROWS_ADD("/cli/bad", bad_rows, test_bad);
    ROWS_ADD("/cli/help", help_rows, test_help);
    g_test_add_func("/cli/commands", test_commands);
    return g_test_run();
}
