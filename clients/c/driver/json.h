/*
 * A JSON reader for the test driver, and a writer of texts: reads one value from a line. Each line
 * has a memory arena, freed at once. A test tool: the reader trusts its only caller and ends the
 * program when memory is out.
 */
#ifndef DRIVER_JSON_H
#define DRIVER_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Memory, freed all at once. */
struct json_memory {
    struct json_memory *next;
};

void *json_take(struct json_memory **memory, size_t size);
void json_free(struct json_memory **memory);

/* A JSON value. Members or items form a list. */
struct json {
    bool is_null, boolean;
    double number;
    const char *text; /* a text, or the digits of a number, with a 0 byte at the end */
    size_t size;
    const char *name; /* within an object */
    struct json *first, *next;
    size_t count;
};

/* Reads one value. NULL for malformed text. */
struct json *json_parse(struct json_memory **memory, const char *text);
/* Returns a member, or NULL when absent or null. */
const struct json *json_member(const struct json *object, const char *name);

void json_text(FILE *out, const char *text, size_t size);

#endif
