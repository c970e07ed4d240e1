/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json-c with GLib's manners: automatic release, and short words for building objects. */
#pragma once

#include <glib.h>
#include <json-c/json.h>

typedef struct json_object JsonObject;

static inline void
json_object_release(JsonObject *self)
{
    if (self != NULL)
        (void)json_object_put(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JsonObject, json_object_release)

void json_add_string(JsonObject *object, const char *key, const char *value);
void json_add_int(JsonObject *object, const char *key, gint64 value);
void json_add_bool(JsonObject *object, const char *key, gboolean value);
JsonObject *json_add_object(JsonObject *object, const char *key);
JsonObject *json_add_array(JsonObject *object, const char *key);

const char *json_get_string(JsonObject *object, const char *key);
