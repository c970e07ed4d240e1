/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base/json.c: what is built reads back, and a value of another type is no string. */
#include "base/json.h"
#include "tests/lan/rows.h"

typedef struct {
    const char *name;
    const char *value; /* of "key" */
    const char *json;
} StringRow;

static const StringRow string_rows[] = {
    { "plain", "value", "{\"key\":\"value\"}" },
    { "empty", "", "{\"key\":\"\"}" },
    { "null", NULL, "{\"key\":null}" },
    { "quotes", "a\"b\\c", "{\"key\":\"a\\\"b\\\\c\"}" },
    { "controls", "\001\n\033", "{\"key\":\"\\u0001\\n\\u001b\"}" },
    { "utf-8", "\xc3\xbc", "{\"key\":\"\xc3\xbc\"}" },
};

static void
test_string(gconstpointer data)
{
    const StringRow *row = data;
    g_autoptr(JsonObject) object = json_object_new_object();

    json_add_string(object, "key", row->value);
    g_assert_cmpstr(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
                                                               JSON_C_TO_STRING_NOSLASHESCAPE),
                    ==, row->json);
    g_assert_cmpstr(json_get_string(object, "key"), ==, row->value);
}

static void
test_nested(void)
{
    g_autoptr(JsonObject) object = json_object_new_object();

    json_add_int(object, "largest", G_MAXINT64);
    json_add_int(object, "smallest", G_MININT64);
    json_add_bool(object, "yes", TRUE);
    json_add_bool(object, "no", FALSE);
    json_add_string(json_add_object(object, "inner"), "a", "b");
    JsonObject *array = json_add_array(object, "list");
    json_add_int(json_add_object(array, NULL), "n", 1);
    json_add_int(json_add_object(array, NULL), "n", 2);
    g_assert_cmpstr(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN), ==,
                    "{\"largest\":9223372036854775807,\"smallest\":-9223372036854775808,"
                    "\"yes\":true,\"no\":false,\"inner\":{\"a\":\"b\"},"
                    "\"list\":[{\"n\":1},{\"n\":2}]}");
}

typedef struct {
    const char *name;
    const char *json;
    const char *value; /* of "key" */
} GetRow;

static const GetRow get_rows[] = {
    { "string", "{\"key\":\"v\"}", "v" },
    { "missing", "{\"other\":\"v\"}", NULL },
    { "null", "{\"key\":null}", NULL },
    { "number-is-no-string", "{\"key\":1}", NULL },
    { "object-is-no-string", "{\"key\":{}}", NULL },
    { "array-is-no-string", "{\"key\":[\"v\"]}", NULL },
    { "of-an-array", "[\"key\"]", NULL },
    { "of-a-string", "\"key\"", NULL },
    { "of-a-number", "1", NULL },
    { "of-null", "null", NULL },
};

static void
test_get(gconstpointer data)
{
    const GetRow *row = data;
    g_autoptr(JsonObject) object = json_tokener_parse(row->json);

    g_assert_cmpstr(json_get_string(object, "key"), ==, row->value);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/json/string", string_rows, test_string);
    ROWS_ADD("/json/get", get_rows, test_get);
    g_test_add_func("/json/nested", test_nested);
    return g_test_run();
}
