/* See json.h. */
#include "json.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory) {
    if (memory == NULL) {
        fprintf(stderr, "driver: no memory\n");
        exit(1);
    }
    return memory;
}

void *json_take(struct json_memory **memory, size_t size) {
    struct json_memory *block = checked(calloc(1, 16 + size));
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
    const char *at, *end;
    int depth;
};

static void skip_space(struct reader *reader) {
    while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) != NULL) {
        reader->at++;
    }
}

static bool skip(struct reader *reader, char character) {
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != character) {
        return false;
    }
    reader->at++;
    return true;
}

static bool hex4(struct reader *reader, unsigned *value) {
    if (reader->end - reader->at < 4) {
        return false;
    }
    char digits[5] = {0};
    memcpy(digits, reader->at, 4);
    char *end;
    *value = (unsigned)strtoul(digits, &end, 16);
    reader->at += 4;
    return *end == 0;
}

static size_t put_utf8(char *target, unsigned code) {
    if (code < 0x80) {
        target[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        target[0] = (char)(0xC0 | code >> 6);
        target[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        target[0] = (char)(0xE0 | code >> 12);
        target[1] = (char)(0x80 | (code >> 6 & 0x3F));
        target[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    target[0] = (char)(0xF0 | code >> 18);
    target[1] = (char)(0x80 | (code >> 12 & 0x3F));
    target[2] = (char)(0x80 | (code >> 6 & 0x3F));
    target[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

static bool read_escape(struct reader *reader, char *target, size_t *size) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (reader->at == reader->end) {
        return false;
    }
    char kind = *reader->at++;
    const char *place = strchr(from, kind);
    if (place != NULL && kind != 0) {
        target[(*size)++] = to[place - from];
        return true;
    }
    unsigned code, low;
    if (kind != 'u' || !hex4(reader, &code)) {
        return false;
    }
    if (code >= 0xD800 && code < 0xDC00 && reader->end - reader->at >= 6 &&
        reader->at[0] == '\\' && reader->at[1] == 'u') {
        reader->at += 2;
        if (!hex4(reader, &low)) {
            return false;
        }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    *size += put_utf8(target + *size, code);
    return true;
}

static const char *read_text(struct reader *reader, size_t *size) {
    if (!skip(reader, '"')) {
        return NULL;
    }
    const char *close = reader->at;
    while (close < reader->end && *close != '"') {
        close += *close == '\\' ? 2 : 1;
    }
    if (close >= reader->end) {
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

static bool read_list(struct reader *reader, struct json *list, char close) {
    struct json **link = &list->first;
    if (skip(reader, close)) {
        return true;
    }
    do {
        const char *name = NULL;
        size_t size;
        if (close == '}') {
            name = read_text(reader, &size);
            if (name == NULL || !skip(reader, ':')) {
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
    } while (skip(reader, ','));
    return skip(reader, close);
}

static bool read_word(struct reader *reader, const char *word) {
    size_t size = strlen(word);
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0) {
        return false;
    }
    reader->at += size;
    return true;
}

static bool read_number(struct reader *reader, struct json *value) {
    const char *start = reader->at;
    while (reader->at < reader->end && strchr("+-.eE0123456789", *reader->at) != NULL) {
        reader->at++;
    }
    size_t size = (size_t)(reader->at - start);
    char *digits = json_take(reader->memory, size + 1);
    memcpy(digits, start, size);
    char *end;
    value->type = JSON_NUMBER;
    value->number = strtod(digits, &end);
    value->text = digits;
    value->size = size;
    return size > 0 && *end == 0;
}

static struct json *read_value(struct reader *reader) {
    struct json *value = json_take(reader->memory, sizeof *value);
    skip_space(reader);
    if (reader->at == reader->end || reader->depth > 64) {
        return NULL;
    }
    bool is_fine = true;
    reader->depth++;
    switch (*reader->at) {
    case '{':
        reader->at++;
        value->type = JSON_OBJECT;
        is_fine = read_list(reader, value, '}');
        break;
    case '[':
        reader->at++;
        value->type = JSON_ARRAY;
        is_fine = read_list(reader, value, ']');
        break;
    case '"':
        value->type = JSON_TEXT;
        value->text = read_text(reader, &value->size);
        is_fine = value->text != NULL;
        break;
    case 't':
        value->type = JSON_BOOL;
        value->boolean = true;
        is_fine = read_word(reader, "true");
        break;
    case 'f':
        value->type = JSON_BOOL;
        is_fine = read_word(reader, "false");
        break;
    case 'n':
        is_fine = read_word(reader, "null");
        break;
    default:
        is_fine = read_number(reader, value);
    }
    reader->depth--;
    return is_fine ? value : NULL;
}

struct json *json_parse(struct json_memory **memory, const char *text, size_t size) {
    struct reader reader = {.memory = memory, .at = text, .end = text + size};
    struct json *value = read_value(&reader);
    skip_space(&reader);
    return reader.at == reader.end ? value : NULL;
}

const struct json *json_member(const struct json *object, const char *name) {
    if (object == NULL || object->type != JSON_OBJECT) {
        return NULL;
    }
    for (const struct json *one = object->first; one != NULL; one = one->next) {
        if (strcmp(one->name, name) == 0) {
            return one->type == JSON_NULL ? NULL : one;
        }
    }
    return NULL;
}

/* ---------------------------------------------------------------- writing */

static void put(struct json_out *out, const char *bytes, size_t size) {
    if (out->capacity - out->size < size + 1) {
        out->capacity = (out->size + size + 1) * 2;
        out->bytes = checked(realloc(out->bytes, out->capacity));
    }
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
    out->bytes[out->size] = 0;
}

void json_raw(struct json_out *out, const char *text) {
    put(out, text, strlen(text));
}

void json_format(struct json_out *out, const char *format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_raw(out, text);
}

void json_text(struct json_out *out, const char *text, size_t size) {
    json_raw(out, "\"");
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)text[i];
        if (byte == '"' || byte == '\\') {
            json_format(out, "\\%c", byte);
        } else if (byte < 0x20) {
            json_format(out, "\\u%04x", byte);
        } else {
            put(out, text + i, 1);
        }
    }
    json_raw(out, "\"");
}

void json_name(struct json_out *out, const char *name, bool *is_first) {
    json_raw(out, *is_first ? "" : ",");
    *is_first = false;
    json_text(out, name, strlen(name));
    json_raw(out, ":");
}
