/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"

/* @value: (nullable): NULL becomes null */
void
json_add_string(JsonObject *object, const char *key, const char *value)
{
    json_object_object_add(object, key, value != NULL ? json_object_new_string(value) : NULL);
}

/* Adds a number under @key. */
void
json_add_int(JsonObject *object, const char *key, gint64 value)
{
    json_object_object_add(object, key, json_object_new_int64(value));
}

/* Adds true or false under @key. */
void
json_add_bool(JsonObject *object, const char *key, gboolean value)
{
    json_object_object_add(object, key, json_object_new_boolean(value));
}

/* Returns: (transfer none): a new object under @key; with an array, pass NULL to append */
JsonObject *
json_add_object(JsonObject *object, const char *key)
{
    JsonObject *child = json_object_new_object();
    if (key != NULL)
        json_object_object_add(object, key, child);
    else
        json_object_array_add(object, child);
    return child;
}

/* Returns: (transfer none): a new, empty array under @key */
JsonObject *
json_add_array(JsonObject *object, const char *key)
{
    JsonObject *child = json_object_new_array();
    json_object_object_add(object, key, child);
    return child;
}

/* Returns: (transfer none) (nullable): the string under @key */
const char *
json_get_string(JsonObject *object, const char *key)
{
    JsonObject *value;

    if (!json_object_object_get_ex(object, key, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    return json_object_get_string(value);
}
