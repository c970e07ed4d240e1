/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/qmp.c against a QEMU that answers as it should, and as it should not. */
#include "base/autofd.h"
#include "launcher/qmp.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/fake-qemu.h"

#define SHUTDOWN                                                                                   \
    "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"SHUTDOWN\", "             \
    "\"data\": {\"guest\": true, \"reason\": \"guest-shutdown\"}}\r\n"

/* All that the client tells, as one line: "event:NAME(data)", "reply1:…", "error2:…". */
static void
on_event(const char *name, JsonObject *event_data, gpointer told)
{
    g_string_append_printf(told, "event:%s%s ", name != NULL ? name : "closed",
                           event_data != NULL
                               ? json_object_to_json_string_ext(event_data, JSON_C_TO_STRING_PLAIN)
                               : "");
}

static void
on_first(JsonObject *ret, const char *error, gpointer told)
{
    g_string_append_printf(told, "first:%s ",
                           ret != NULL ? json_object_to_json_string(ret) : error);
}

static void
on_second(JsonObject *ret, const char *error, gpointer told)
{
    g_string_append_printf(told, "second:%s ",
                           ret != NULL ? json_object_to_json_string(ret) : error);
}

typedef struct {
    const char *name;
    const char *said; /* by QEMU, after two commands */
    const char *told;
    gboolean lost;
} TalkRow;

#define READY FAKE_GREETING "{\"return\": {}}\r\n"

static const TalkRow talk_rows[] = {
    { "nothing", "", "", FALSE },
    { "greeting-alone", FAKE_GREETING, "", FALSE },
    { "replies-in-order", READY "{\"return\": 1}\r\n{\"return\": 2}\r\n", "first:1 second:2 ",
      FALSE },
    { "error-and-reply",
      READY "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such thing\"}}\r\n"
            "{\"return\": [2]}\r\n",
      "first:no such thing second:[ 2 ] ", FALSE },
    { "error-without-words", READY "{\"error\": {}}{\"error\": 5}",
      "first:QEMU gives no reason second:QEMU gives no reason ", FALSE },
    { "event-between", READY SHUTDOWN "{\"return\": 1}\r\n" SHUTDOWN "{\"return\": 2}\r\n",
      "event:SHUTDOWN{\"guest\":true,\"reason\":\"guest-shutdown\"} first:1 "
      "event:SHUTDOWN{\"guest\":true,\"reason\":\"guest-shutdown\"} second:2 ",
      FALSE },
    { "event-without-data", READY "{\"event\": \"RESET\"}", "event:RESET ", FALSE },
    { "event-before-the-greeting", "{\"event\": \"RESET\"}" READY "{\"return\": 1}",
      "event:RESET first:1 ", FALSE },
    { "without-line-ends", READY "{\"return\": 1}{\"return\": 2}", "first:1 second:2 ", FALSE },
    { "reply-without-a-command", READY "{\"return\": 1}{\"return\": 2}{\"return\": 3}",
      "first:1 second:2 ", FALSE },
    { "something-else", READY "{\"what\": 1}[]\"x\" null true {\"return\": 1}", "first:1 ", FALSE },
    { "event-that-is-no-text", READY "{\"event\": 7}{\"return\": 1}", "first:1 ", FALSE },
    { "garbage", "QEMU: oh no\r\n", "first:QEMU is gone second:QEMU is gone event:closed ", TRUE },
    { "garbage-after-a-reply", READY "{\"return\": 1}}",
      "first:1 second:QEMU is gone event:closed ", TRUE },
    { "bytes", "\xff\xfe\x01", "first:QEMU is gone second:QEMU is gone event:closed ", TRUE },
    { "nested-too-deep", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
      "first:QEMU is gone second:QEMU is gone event:closed ", TRUE },
};

/* As a whole, cut in two at each place, and byte by byte. */
static void
test_talk(gconstpointer data)
{
    const TalkRow *row = data;
    gsize len = strlen(row->said);

    for (gsize cut = 0; cut <= len + 1; cut++) {
        g_autoptr(GString) told = g_string_new(NULL);
        FakeQemu *qemu = fake_qemu_new(on_event, told);
        g_autoptr(Qmp) qmp = qemu->qmp;
        qmp_execute(qmp, "first", NULL, on_first, told);
        qmp_execute(qmp, "second", NULL, on_second, told);
        if (cut <= len) {
            g_autofree char *head = g_strndup(row->said, cut);
            fake_qemu_say(qemu, head);
            if (!qmp_is_lost(qmp))
                fake_qemu_say(qemu, row->said + cut);
        } else {
            for (const char *p = row->said; *p != '\0' && !qmp_is_lost(qmp); p++)
                fake_qemu_say(qemu, (const char[]){ *p, '\0' });
        }
        g_assert_cmpstr(told->str, ==, row->told);
        g_assert_cmpint(qmp_is_lost(qmp), ==, row->lost);
        fake_qemu_free(qemu);
    }
}

static void
test_commands(void)
{
    g_autoptr(GString) told = g_string_new(NULL);
    FakeQemu *qemu = fake_qemu_new(on_event, told);
    g_autoptr(Qmp) qmp = qemu->qmp;
    JsonObject *args = json_object_new_object();

    g_assert_false(qmp_has_greeted(qmp));
    fake_qemu_say(qemu, FAKE_GREETING);
    g_assert_true(qmp_has_greeted(qmp));
    json_add_string(args, "filename", "/a \"b\"");
    qmp_execute(qmp, "pmemsave", args, NULL, NULL);
    qmp_execute(qmp, "quit", NULL, NULL, NULL);
    g_autofree char *commands = fake_qemu_commands(qemu);
    g_assert_cmpstr(commands, ==,
                    "{\"execute\":\"qmp_capabilities\"}"
                    "{\"execute\":\"pmemsave\",\"arguments\":{\"filename\":\"\\/a \\\"b\\\"\"}}"
                    "{\"execute\":\"quit\"}");
    fake_qemu_free(qemu);
}

/* QEMU closes: commands under way and later ones are answered, the end is told once. */
static void
test_close(void)
{
    g_autoptr(GString) told = g_string_new(NULL);
    FakeQemu *qemu = fake_qemu_new(on_event, told);
    g_autoptr(Qmp) qmp = qemu->qmp;

    fake_qemu_say(qemu, READY);
    qmp_execute(qmp, "first", NULL, on_first, told);
    fake_qemu_free(qemu);
    fake_qemu_turn();
    g_assert_cmpstr(told->str, ==, "first:QEMU is gone event:closed ");
    g_assert_true(qmp_is_lost(qmp));
    qmp_execute(qmp, "second", json_object_new_object(), on_second, told);
    qmp_execute(qmp, "third", NULL, NULL, NULL);
    g_assert_cmpstr(told->str, ==, "first:QEMU is gone event:closed second:QEMU is gone ");
    qmp_drain(qmp);
    fake_qemu_turn();
    g_assert_cmpstr(told->str, ==, "first:QEMU is gone event:closed second:QEMU is gone ");
}

/* What QEMU said last is taken without an event of the main loop. */
static void
test_drain(void)
{
    g_autoptr(GString) told = g_string_new(NULL);
    FakeQemu *qemu = fake_qemu_new(on_event, told);
    g_autoptr(Qmp) qmp = qemu->qmp;

    g_assert_cmpint(write(qemu->fd, READY SHUTDOWN, strlen(READY SHUTDOWN)), >, 0);
    qmp_drain(qmp);
    g_assert_cmpstr(told->str, ==, "event:SHUTDOWN{\"guest\":true,\"reason\":\"guest-shutdown\"} ");
    g_assert_cmpint(write(qemu->fd, "{\"event\": \"STOP\"}", 17), ==, 17);
    fake_qemu_free(qemu);
    g_string_truncate(told, 0);
    qmp_drain(qmp);
    g_assert_cmpstr(told->str, ==, "event:STOP event:closed ");
    fake_qemu_turn();
}

/* A QEMU that does not read: the commands that it does not take are answered with an error. */
static void
test_does_not_read(void)
{
    g_autoptr(GString) told = g_string_new(NULL);
    FakeQemu *qemu = fake_qemu_new(on_event, told);
    g_autoptr(Qmp) qmp = qemu->qmp;
    g_autofree char *name = g_strnfill(1000, 'x');

    qmp_execute(qmp, "first", NULL, on_first, told);
    for (guint i = 0; i < 1000; i++) /* more than a socket takes */
        qmp_execute(qmp, name, NULL, NULL, NULL);
    fake_qemu_turn();
    g_assert_cmpstr(told->str, ==, "first:QEMU is gone event:closed ");
    fake_qemu_free(qemu);
}

/* A message without end is not kept without end. */
static void
test_endless(void)
{
    g_autoptr(GString) told = g_string_new(NULL);
    FakeQemu *qemu = fake_qemu_new(on_event, told);
    g_autoptr(Qmp) qmp = qemu->qmp;
    g_autofree char *part = g_strnfill(64 * 1024, 'x');

    fake_qemu_say(qemu, READY "{\"return\": \"");
    for (guint i = 0; i < 40 && !qmp_is_lost(qmp); i++)
        fake_qemu_say(qemu, part);
    g_assert_cmpstr(told->str, ==, "event:closed ");
    fake_qemu_free(qemu);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/qmp/talk", talk_rows, test_talk);
    g_test_add_func("/qmp/commands", test_commands);
    g_test_add_func("/qmp/close", test_close);
    g_test_add_func("/qmp/drain", test_drain);
    g_test_add_func("/qmp/does-not-read", test_does_not_read);
    g_test_add_func("/qmp/endless", test_endless);
    return g_test_run();
}
