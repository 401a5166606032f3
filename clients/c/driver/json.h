/*
 * A JSON reader and writer for the test driver: reads one value from a line, and writes values to a
 * buffer. Each value has a memory arena, freed at once. A test tool: the reader trusts its only
 * caller and ends the program when memory is out.
 */
#ifndef DRIVER_JSON_H
#define DRIVER_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* Memory, freed all at once. */
struct json_memory {
    struct json_memory *next;
};

void *json_take(struct json_memory **memory, size_t size);
void json_free(struct json_memory **memory);

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

/* A JSON value. Members or items form a list. */
struct json {
    enum json_type type;
    bool boolean;
    double number;
    const char *text; /* a text, or the digits of a number, with a 0 byte at the end */
    size_t size;
    const char *name; /* within an object */
    struct json *first, *next;
    size_t count;
};

/* Reads one value. NULL for malformed text. */
struct json *json_parse(struct json_memory **memory, const char *text, size_t size);
/* Returns a member, or NULL when absent or null. */
const struct json *json_member(const struct json *object, const char *name);

/* A growing text. */
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
