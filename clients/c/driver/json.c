/* See json.h. */
#include "json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *json_take(struct json_memory **memory, size_t size) {
    struct json_memory *block = calloc(1, 16 + size);
    if (block == NULL) {
        fprintf(stderr, "driver: no memory\n");
        exit(1);
    }
    block->next = *memory;
    *memory = block;
    return (char *)block + 16;
}

void json_free(struct json_memory **memory) {
    while (*memory != NULL) {
        struct json_memory *next = (*memory)->next;
        free(*memory);
        *memory = next;
    }
}

/* ---------------------------------------------------------------- reading */

struct reader {
    struct json_memory **memory;
    const char *at; /* the 0 byte behind the line ends every value */
};

static bool skip(struct reader *reader, const char *word) {
    reader->at += strspn(reader->at, " \t\r\n");
    const bool is_there = strncmp(reader->at, word, strlen(word)) == 0;
    reader->at += is_there ? strlen(word) : 0;
    return is_there;
}

static bool hex4(struct reader *reader, unsigned *value) {
    char digits[5] = {0}, *end;
    (void)strncpy(digits, reader->at, 4);
    *value = (unsigned)strtoul(digits, &end, 16);
    reader->at += end - digits;
    return end == digits + 4;
}

static size_t put_utf8(char *target, unsigned code) {
    const size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        target[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    target[0] = (char)(size == 1 ? code : (0xFF00u >> size | code));
    return size;
}

static bool read_escape(struct reader *reader, char *target, size_t *size) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char kind = *reader->at++, *place = strchr(from, kind);
    if (place != NULL) {
        target[(*size)++] = to[place - from];
        return true;
    }
    unsigned code, low;
    if (kind != 'u' || !hex4(reader, &code)) {
        return false;
    }
    if (code >= 0xD800 && code < 0xDC00 && strncmp(reader->at, "\\u", 2) == 0) {
        reader->at += 2;
        if (!hex4(reader, &low)) {
            return false;
        }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    *size += put_utf8(target + *size, code);
    return true;
}

/* Reads a text behind its first quote. */
static const char *read_text(struct reader *reader, size_t *size) {
    const char *close = reader->at + strcspn(reader->at, "\"\\");
    while (close[0] == '\\' && close[1] != 0) {
        close += 2;
        close += strcspn(close, "\"\\");
    }
    if (*close != '"') {
        return NULL;
    }
    char *text = json_take(reader->memory, (size_t)(close - reader->at) + 1);
    *size = 0;
    while (reader->at < close) {
        char character = *reader->at++;
        if (character != '\\') {
            text[(*size)++] = character;
        } else if (!read_escape(reader, text, size)) {
            return NULL;
        }
    }
    reader->at = close + 1;
    return text;
}

static struct json *read_value(struct reader *reader);

static bool read_list(struct reader *reader, struct json *list, const char *close) {
    struct json **link = &list->first;
    if (skip(reader, close)) {
        return true;
    }
    do {
        const char *name = NULL;
        size_t size;
        if (*close == '}') {
            name = skip(reader, "\"") ? read_text(reader, &size) : NULL;
            if (name == NULL || !skip(reader, ":")) {
                return false;
            }
        }
        struct json *item = read_value(reader);
        if (item == NULL) {
            return false;
        }
        item->name = name;
        *link = item;
        link = &item->next;
        list->count++;
    } while (skip(reader, ","));
    return skip(reader, close);
}

static bool read_number(struct reader *reader, struct json *value) {
    char *end;
    value->number = strtod(reader->at, &end);
    value->size = (size_t)(end - reader->at);
    value->text = memcpy(json_take(reader->memory, value->size + 1), reader->at, value->size);
    reader->at = end;
    return value->size > 0;
}

static struct json *read_value(struct reader *reader) {
    struct json *value = json_take(reader->memory, sizeof *value);
    bool is_fine = true;
    if (skip(reader, "{")) {
        is_fine = read_list(reader, value, "}");
    } else if (skip(reader, "[")) {
        is_fine = read_list(reader, value, "]");
    } else if (skip(reader, "\"")) {
        value->text = read_text(reader, &value->size);
        is_fine = value->text != NULL;
    } else if (skip(reader, "null")) {
        value->is_null = true;
    } else if (skip(reader, "true")) {
        value->boolean = true;
    } else if (!skip(reader, "false")) {
        is_fine = read_number(reader, value);
    }
    return is_fine ? value : NULL;
}

struct json *json_parse(struct json_memory **memory, const char *text) {
    struct reader reader = {.memory = memory, .at = text};
    struct json *value = read_value(&reader);
    (void)skip(&reader, "");
    return *reader.at == 0 ? value : NULL;
}

const struct json *json_member(const struct json *object, const char *name) {
    const struct json *one = object == NULL ? NULL : object->first;
    while (one != NULL && (one->name == NULL || strcmp(one->name, name) != 0)) {
        one = one->next;
    }
    return one == NULL || one->is_null ? NULL : one;
}

/* ---------------------------------------------------------------- writing */

void json_text(FILE *out, const char *text, size_t size) {
    fputc('"', out);
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)text[i];
        if (byte == '"' || byte == '\\') {
            fprintf(out, "\\%c", byte);
        } else if (byte < 0x20) {
            fprintf(out, "\\u%04x", byte);
        } else {
            fputc(byte, out);
        }
    }
    fputc('"', out);
}
