/*
 * As much JSON as the test driver needs: one value read from a line, values written to a buffer.
 * Memory is an arena per value, freed at once. A test tool: it trusts its one caller and ends the
 * program when memory is out.
 */
#ifndef DRIVER_JSON_H
#define DRIVER_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* Memory that is freed all at once. */
struct json_memory {
    struct json_memory *next;
};

void *json_take(struct json_memory **memory, size_t size);
void json_free(struct json_memory **memory);

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

/* A value; its members or items are a list. */
struct json {
    enum json_type type;
    bool boolean;
    double number;
    const char *text; /* of a text, or the digits of a number; 0 behind it */
    size_t size;
    const char *name; /* within an object */
    struct json *first, *next;
    size_t count;
};

/* Reads one value; NULL: malformed. */
struct json *json_parse(struct json_memory **memory, const char *text, size_t size);
/* A member that is there and not null; else NULL. */
const struct json *json_member(const struct json *object, const char *name);

/* Text that grows. */
struct json_out {
    char *bytes;
    size_t size, capacity;
};

void json_raw(struct json_out *out, const char *text);
void json_format(struct json_out *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void json_text(struct json_out *out, const char *text, size_t size);
void json_name(struct json_out *out, const char *name, bool *is_first);

#endif
