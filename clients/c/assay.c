/*
 * The client of assay.h, in one file, so that a program copies only three files: assay.c, assay.h
 * and the generated tables. Each section uses only the sections above.
 *
 *   memory, errors, time     blocks of the caller's allocator, error sentences, a monotonic clock
 *   bytes, lz4, codec        one table-driven encoder and decoder over assay_messages
 *   frames                   headers checked byte by byte
 *   calls and their answers  chunks put together and checked
 *   socket, connection       addresses, reading, writing and waiting
 *   pool                     choice of connection; a forked child has a new lock and connections
 *   exchange                 one call with its attempts
 *   client, options
 *
 * Concurrency. Each client has one lock per process, which guards all state except the leader's
 * read buffer. The thread that waits for an answer reads the socket itself: the thread leads. The
 * leader files the frames of other requests and wakes their threads. When the leader has its own
 * frame, it wakes another waiting thread, which leads next. A frame passes between threads at most
 * once. Writing never waits with the lock held: a write sends the bytes that the socket accepts at
 * once.
 *
 * Not here: threads, timers, TLS, windows of flow control.
 */
#define _POSIX_C_SOURCE 200809L
#define ASSAY_PROTOCOL_TABLES

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lz4.h>
#include <math.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "assay.h"

enum {
    HEADER_SIZE = (int)ASSAY_LIMIT_HEADER_SIZE,
    COUNTED_SIZE = (int)ASSAY_LIMIT_HEADER_SIZE_COUNTED,
    FIELD_HEADER_SIZE = (int)ASSAY_LIMIT_FIELD_HEADER_SIZE,
    READ_SIZE = 64 << 10,
    SILENCE_MILLISECONDS = 10000,  /* silence after which a time-out closes the connection */
    CANCEL_MILLISECONDS = 1000,    /* limit for writing a Cancel */
    GLANCE_MILLISECONDS = 10,      /* interval of checks for a closed client, connecting */
    BUSY_MILLISECONDS = 100,       /* interval of checks on a busy connection */
    WAIT_PAUSE_MILLISECONDS = 200, /* between two tries of wait_milliseconds */
};

/* ================================================================ memory */

/* A piece of memory of an arena or a reply, linked with the next piece. */
struct assay_block {
    struct assay_block *next;
    _Alignas(max_align_t) unsigned char bytes[];
};

static void *default_resize(void *context, void *block, size_t size) {
    (void)context;
    if (size > 0) {
        return realloc(block, size);
    }
    free(block);
    return NULL;
}

static void *resize(const assay_allocator *allocator, void *block, size_t size) {
    return allocator->resize(allocator->context, block, size);
}

static void release(const assay_allocator *allocator, void *block) {
    if (block != NULL) {
        (void)resize(allocator, block, 0);
    }
}

static void release_blocks(const assay_allocator *allocator, struct assay_block *block) {
    while (block != NULL) {
        struct assay_block *next = block->next;
        release(allocator, block);
        block = next;
    }
}

/* Memory, freed all at once. After a failed allocation, all later allocations fail. */
struct arena {
    const assay_allocator *allocator;
    struct assay_block *blocks; /* newest first */
    bool failed;
};

/* Allocates `count` times `size` bytes of zeros, aligned for any type. NULL on failure. */
static void *arena_take(struct arena *arena, size_t count, size_t size) {
    struct assay_block *block = NULL;
    if (!arena->failed && (size == 0 || count <= (SIZE_MAX / 4) / size)) {
        block = resize(arena->allocator, NULL, sizeof *block + count * size);
    }
    if (block == NULL) {
        arena->failed = true;
        return NULL;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    return memset(block->bytes, 0, count * size);
}

static void arena_free(struct arena *arena) {
    release_blocks(arena->allocator, arena->blocks);
    *arena = (struct arena){.allocator = arena->allocator};
}

/* A growing array of bytes. After a failed allocation, all later allocations fail. */
struct buffer {
    const assay_allocator *allocator;
    struct assay_block *block;
    unsigned char *bytes; /* the block's bytes */
    size_t size, capacity;
    bool failed;
};

/* Makes room for `size` more bytes, which count as used. NULL on failure. */
static unsigned char *buffer_extend(struct buffer *buffer, size_t size) {
    const size_t used = buffer->size;
    buffer->failed = buffer->failed || size > SIZE_MAX / 4 - used;
    if (!buffer->failed && buffer->capacity - used < size) {
        size_t capacity = buffer->capacity * 2 + 256;
        capacity = capacity < used + size ? used + size : capacity;
        struct assay_block *block =
            resize(buffer->allocator, buffer->block, sizeof *block + capacity);
        buffer->failed = block == NULL;
        if (block != NULL) {
            buffer->block = block;
            buffer->bytes = block->bytes;
            buffer->capacity = capacity;
        }
    }
    if (buffer->failed) {
        return NULL;
    }
    buffer->size += size;
    return buffer->bytes + used;
}

static void buffer_append(struct buffer *buffer, const void *bytes, size_t size) {
    unsigned char *target = buffer_extend(buffer, size);
    if (target != NULL && size > 0) {
        memcpy(target, bytes, size);
    }
}

static void buffer_free(struct buffer *buffer) {
    release(buffer->allocator, buffer->block);
    *buffer = (struct buffer){.allocator = buffer->allocator};
}

/* Gives the buffer's bytes to an arena. */
static void arena_adopt(struct arena *arena, struct buffer *buffer) {
    if (buffer->block != NULL) {
        buffer->block->next = arena->blocks;
        arena->blocks = buffer->block;
    }
    arena->failed = arena->failed || buffer->failed;
    *buffer = (struct buffer){.allocator = buffer->allocator};
}

/* ================================================================ errors, names, time */

assay_text assay_text_of(const char *string) {
    return (assay_text){string, string == NULL ? 0 : strlen(string)};
}

/* Fills in an error. Returns false, as the result of the failing function. */
__attribute__((format(printf, 3, 4))) static bool fail(
    assay_error *error, assay_code code, const char *format, ...) {
    *error = (assay_error){.code = code, .status = assay_codes[code].status};
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

/* Fills in an error for a server that breaks the protocol. */
#define breach(error, ...) fail(error, ASSAY_PROTOCOL_ERROR, __VA_ARGS__)

static bool fail_memory(assay_error *error, const char *doing) {
    return fail(error, ASSAY_OUT_OF_MEMORY, "%s: the allocator has no memory", doing);
}

static void copy_text(char *target, size_t room, assay_text text) {
    size_t size = text.size < room - 1 ? text.size : room - 1;
    if (size > 0) {
        memcpy(target, text.data, size);
    }
    target[size] = 0;
}

#define FOREVER INT64_MAX

/* Returns the microseconds of a clock that never goes back. */
static int64_t now_microseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static int64_t milliseconds_from_now(uint64_t milliseconds) {
    return now_microseconds() + (int64_t)milliseconds * 1000;
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static bool has_passed(int64_t time) {
    return time != FOREVER && now_microseconds() >= time;
}

/* Returns the milliseconds until `then`, rounded up, or 0 when the time has passed. */
static int64_t milliseconds_until(int64_t then) {
    const int64_t left = then - now_microseconds();
    return left <= 0 ? 0 : (left - 1) / 1000 + 1;
}

/* Waits on a condition of the monotonic clock. */
static void wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until) {
    const struct timespec time = {.tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000};
    (void)(until == FOREVER ? pthread_cond_wait(condition, lock)
                            : pthread_cond_timedwait(condition, lock, &time));
}

/* Makes a zeroed object that begins with a condition of the monotonic clock. NULL without
 * memory. */
static void *waitable_new(const assay_allocator *allocator, size_t size) {
    pthread_condattr_t attributes;
    void *object = resize(allocator, NULL, size);
    bool is_fine = object != NULL && pthread_condattr_init(&attributes) == 0;
    if (is_fine) {
        memset(object, 0, size);
        is_fine = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                  pthread_cond_init(object, &attributes) == 0;
        pthread_condattr_destroy(&attributes);
    }
    if (!is_fine) {
        release(allocator, object);
    }
    return is_fine ? object : NULL;
}

static void waitable_free(const assay_allocator *allocator, void *object) {
    pthread_cond_destroy(object);
    release(allocator, object);
}

/* ================================================================ bytes */

/* Copies elements from the machine's byte order to the wire's, or back. */
static void copy_elements(
    uint8_t *restrict target, const uint8_t *restrict source, size_t count, size_t size) {
    const uint16_t one = 1;
    const size_t turn = *(const uint8_t *)&one == 1 ? 0 : size - 1; /* size is a power of two */
    for (size_t i = 0; i < count * size; i++) {
        target[i ^ turn] = source[i];
    }
}

/* True for well-formed UTF-8: no overlong forms, no surrogates, no code above U+10FFFF. */
static bool is_utf8(const uint8_t *bytes, size_t size) {
    size_t i = 0;
    while (i < size) {
        uint8_t first = bytes[i++];
        if (first < 0x80) {
            continue;
        }
        size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
        if (first < 0xC2 || first > 0xF4 || size - i < more) {
            return false;
        }
        uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
        uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
        for (; more > 0; more--, i++) {
            if (bytes[i] < low || bytes[i] > high) {
                return false;
            }
            low = 0x80;
            high = 0xBF;
        }
    }
    return true;
}

/* ================================================================ lz4 */

/* Reads a length that begins with a token's four bits. SIZE_MAX when the length exceeds the
 * block. */
static size_t block_length(const uint8_t *block, size_t size, size_t *at, size_t length) {
    bool goes_on = length == 15;
    while (goes_on && *at < size) {
        goes_on = block[*at] == 255;
        length += block[(*at)++];
    }
    return goes_on ? SIZE_MAX : length;
}

/*
 * True when a block's sequences are well-formed and no match has offset 0. LZ4_decompress_safe does
 * not reject offset 0.
 *
 *    token  lengths...  literals...  offset   lengths...     the last sequence ends
 *    [4|4]  [255..][n]  [........]   [lo hi]  [255..][n]     after its literals
 */
static bool block_is_sound(const uint8_t *block, size_t size) {
    size_t at = 0;
    while (at < size) {
        const uint8_t token = block[at++];
        const size_t literals = block_length(block, size, &at, token >> 4);
        if (literals >= size - at) {
            return literals == size - at;
        }
        at += literals;
        if (size - at < 2 || get_u16(block + at) == 0) {
            return false;
        }
        at += 2;
        if (block_length(block, size, &at, token & 15) == SIZE_MAX) {
            return false;
        }
    }
    return false;
}

/* Decodes into exactly `raw_size` bytes. Both sizes are within the limit on bodies. */
static bool block_decode(const uint8_t *block, size_t size, uint8_t *target, size_t raw_size) {
    return size <= INT32_MAX && raw_size <= INT32_MAX && block_is_sound(block, size) &&
           LZ4_decompress_safe((const char *)block, (char *)target, (int)size, (int)raw_size) ==
               (int)raw_size;
}

static size_t paying_size(size_t size) {
    return size * ASSAY_LIMIT_COMPRESSION_PERCENT_MAX / 100;
}

/* Compresses into at most `paying_size(size)` bytes of `target`. 0 when that does not pay. */
static size_t compress(const uint8_t *bytes, size_t size, uint8_t *target) {
    const int made = LZ4_compress_default(
        (const char *)bytes, (char *)target, (int)size, (int)paying_size(size));
    return made > 0 ? (size_t)made : 0;
}

/* Compresses a body when its size allows. For a large body, a sample from the middle is
 * compressed first. 0 when compression does not pay. */
static size_t block_encode(const uint8_t *bytes, size_t size, uint8_t *target) {
    const size_t sample = ASSAY_LIMIT_COMPRESSION_SAMPLE_SIZE;
    if (size < ASSAY_LIMIT_COMPRESSION_SIZE_MIN || size > LZ4_MAX_INPUT_SIZE ||
        (size >= ASSAY_LIMIT_COMPRESSION_SAMPLED_SIZE_MIN &&
         compress(bytes + (size - sample) / 2, sample, target) == 0)) {
        return 0;
    }
    return compress(bytes, size, target);
}

/* ================================================================ codec: values */

/* Common layout of lists, texts and arrays. Copied in and out with memcpy. */
struct span {
    const void *items;
    size_t count;
};

/* The state of encoding or decoding a body. */
struct codec {
    struct buffer *buffer; /* the encoded body */
    unsigned since;        /* newest revision that a written field or word needs */
    struct arena *arena;   /* the decoded values */
    const char *wrong;     /* a code of SPEC.md, or NULL for no fault or no memory */
    char path[132];        /* path of the faulty field */
};

/* Refuses a field. With `wrong` NULL, prepends the record `name` to the path of the fault. */
static bool refuse(struct codec *codec, const char *name, const char *wrong) {
    char inner[90];
    copy_text(inner, sizeof inner, assay_text_of(codec->path));
    const char *dot = inner[0] == 0 ? "" : ".";
    (void)snprintf(codec->path, sizeof codec->path, "%.40s%s%s", name, dot, inner);
    codec->wrong = wrong == NULL ? codec->wrong : wrong;
    return false;
}

_Static_assert(
    offsetof(assay_opt_u64, given) == 8 && offsetof(assay_opt_f64, given) == 8 &&
        offsetof(assay_opt_bool, given) == 1 && sizeof(bool) == 1,
    "an optional value says right behind it whether it is given");

/* Returns the number that a field's bounds apply to: the value of a u64 or bool, else the number
 * of elements. */
static uint64_t measure(const assay_field_info *field, struct span value) {
    uint64_t measured = value.count;
    if (field->type == ASSAY_TYPE_U64) {
        memcpy(&measured, value.items, sizeof measured);
    } else if (field->type == ASSAY_TYPE_BOOL) {
        measured = *(const uint8_t *)value.items;
    }
    return measured;
}

/* Returns the choice that a text is, or the end of the choices. */
static const assay_choice *choice_of(const assay_field_info *field, struct span text) {
    const assay_choice *choice = field->choices;
    while (choice->word != NULL && (strlen(choice->word) != text.count ||
                                    memcmp(choice->word, text.items, text.count) != 0)) {
        choice++;
    }
    return choice;
}

/* True for a W3C traceparent of version 00 with a nonzero trace and parent. The text has 55 bytes,
 * as checked by its table. */
static bool is_traceparent(const char *text) {
    static const char form[] = "00-tttttttttttttttttttttttttttttttt-pppppppppppppppp-ff";
    bool has_trace = false, has_parent = false;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        const bool is_digit = memchr("0123456789abcdef", text[i], 16) != NULL;
        if (strchr("tpf", form[i]) != NULL ? !is_digit : text[i] != form[i]) {
            return false;
        }
        has_trace = has_trace || (form[i] == 't' && text[i] != '0');
        has_parent = has_parent || (form[i] == 'p' && text[i] != '0');
    }
    return has_trace && has_parent;
}

/* Checks a value other than a record. A scalar is a span of one. Returns NULL or a code of
 * SPEC.md. */
static const char *check_value(const assay_field_info *field, struct span value) {
    const uint64_t measured = measure(field, value);
    bool fits = measured >= field->min && measured <= field->max;
    double number;
    if (field->type == ASSAY_TYPE_F64) {
        memcpy(&number, value.items, sizeof number);
        fits = number >= field->f64_min && number <= field->f64_max &&
               !(field->min_exclusive && number <= field->f64_min);
    } else if (field->type == ASSAY_TYPE_TEXT && fits) {
        if (!is_utf8(value.items, value.count)) {
            return "field_text_invalid";
        }
        fits = (field->choices == NULL || choice_of(field, value)->word != NULL) &&
               (!field->is_traceparent || is_traceparent(value.items));
    }
    return fits ? NULL : "field_out_of_range";
}

/* Checks the number of values of a field against the field's table. */
static const char *check_times(const assay_field_info *field, size_t times) {
    const char *wrong = times < field->times_min ? "field_missing" : NULL;
    return times > field->times_max ? "field_repeated" : wrong;
}

/* ================================================================ codec: encoding */

/* Finds the values of a field in its struct: the first value and the count. */
static struct span values_of(const assay_field_info *field, const void *object) {
    const uint8_t *place = (const uint8_t *)object + field->offset;
    struct span values = {place, 1};
    const void *pointer;
    if (field->presence == ASSAY_REPEATED) {
        memcpy(&values, place, sizeof values);
    } else if (field->type == ASSAY_TYPE_RECORD) {
        memcpy(&values.items, place, sizeof values.items);
        values.count = values.items != NULL;
    } else if (field->presence == ASSAY_OPTIONAL && field->scalar_size > 0) {
        values.count = place[field->scalar_size];
    } else if (field->presence == ASSAY_OPTIONAL) {
        memcpy(&pointer, place, sizeof pointer);
        values.count = pointer != NULL;
    }
    return values;
}

static bool put_record(struct codec *, unsigned message, const void *object);

/* Appends one value of a field. */
static bool put_value(struct codec *codec, const assay_field_info *field, const uint8_t *place) {
    struct buffer *buffer = codec->buffer;
    const size_t start = buffer->size;
    unsigned since = field->since;
    (void)buffer_extend(buffer, FIELD_HEADER_SIZE);
    if (field->type == ASSAY_TYPE_RECORD) {
        if (!put_record(codec, field->record, place)) {
            return refuse(codec, field->name, NULL);
        }
    } else {
        struct span value = {place, 1};
        if (field->scalar_size == 0) {
            memcpy(&value, place, sizeof value);
        }
        const char *wrong = check_value(field, value);
        if (wrong != NULL) {
            return refuse(codec, field->name, wrong);
        }
        since = field->choices == NULL ? since : choice_of(field, value)->since;
        uint8_t *bytes = buffer_extend(buffer, value.count * field->element_size);
        if (bytes != NULL) {
            copy_elements(bytes, value.items, value.count, field->element_size);
        }
    }
    codec->since = since > codec->since ? since : codec->since;
    if (buffer->failed) {
        return true; /* checked by the buffer's owner */
    }
    const size_t size = buffer->size - start - FIELD_HEADER_SIZE;
    put_u32(buffer->bytes + start, field->id | (uint32_t)field->type << 16);
    put_u32(buffer->bytes + start + 4, (uint32_t)size);
    return size <= UINT32_MAX || refuse(codec, field->name, "field_out_of_range");
}

/* Checks the rules of fields that exclude each other, or of which exactly one is required. */
static bool rules_hold(struct codec *codec, const assay_message_info *info, const void *object) {
    for (size_t i = 0; i < info->rule_count; i++) {
        const assay_rule *rule = &info->rules[i];
        const char *last = info->fields[rule->rows[0]].name;
        size_t given = 0;
        for (size_t row = 0; row < rule->count; row++) {
            const assay_field_info *field = &info->fields[rule->rows[row]];
            if (values_of(field, object).count > 0) {
                last = field->name;
                given++;
            }
        }
        if (given > 1 || (given == 0 && rule->needs_one)) {
            return refuse(codec, last, given == 0 ? "field_missing" : "field_conflict");
        }
    }
    return true;
}

/* Appends a record's fields. On false, the codec has the fault. */
static bool put_record(struct codec *codec, unsigned message, const void *object) {
    const assay_message_info *info = &assay_messages[message];
    for (size_t i = 0; i < info->field_count; i++) {
        const assay_field_info *field = &info->fields[i];
        const struct span values = values_of(field, object);
        const char *wrong = check_times(field, values.count);
        if (wrong != NULL) {
            return refuse(codec, field->name, wrong);
        }
        for (size_t item = 0; item < values.count; item++) {
            if (!put_value(codec, field, (const uint8_t *)values.items + item * field->item_size)) {
                return false;
            }
        }
    }
    return rules_hold(codec, info, object);
}

/* ================================================================ codec: decoding */

/* Returns the size of the field at `at` with its header. 0 at the end, or when the field leaves the
 * body. */
static size_t field_size(const uint8_t *at, const uint8_t *end) {
    const uint64_t left = (uint64_t)(end - at);
    const uint64_t size =
        left < FIELD_HEADER_SIZE ? 0 : FIELD_HEADER_SIZE + (uint64_t)get_u32(at + 4);
    return size <= left ? (size_t)size : 0;
}

/* Counts the fields with `id` from `at` on, for the allocation of a list. */
static size_t count_run(const uint8_t *at, const uint8_t *end, unsigned id) {
    size_t count = 0;
    for (; field_size(at, end) > 0 && get_u16(at) == id; at += field_size(at, end)) {
        count++;
    }
    return count;
}

static bool take_record(
    struct codec *, unsigned message, const uint8_t *body, size_t size, void *object);

/* Decodes the field at `raw` into its place: a record or a scalar directly, other types as a
 * copy with a 0 byte at the end. */
static bool take_value(
    struct codec *codec, const assay_field_info *field, const uint8_t *raw, uint8_t *place) {
    const uint8_t *bytes = raw + FIELD_HEADER_SIZE;
    const size_t size = get_u32(raw + 4), count = size / field->element_size;
    const bool is_scalar = field->scalar_size > 0;
    const char *wrong = NULL;
    if (raw[2] != field->type) {
        wrong = "field_type_mismatch";
    } else if (raw[3] != 0) {
        wrong = "field_reserved_not_zero";
    } else if (field->type == ASSAY_TYPE_RECORD) {
        return take_record(codec, field->record, bytes, size, place) ||
               refuse(codec, field->name, NULL);
    } else if (size % field->element_size != 0 || (is_scalar && count != 1)) {
        wrong = "field_size_mismatch";
    } else {
        uint8_t *target = is_scalar ? place : arena_take(codec->arena, size + 1, 1);
        const struct span value = {target, count};
        if (target == NULL) {
            return false;
        }
        copy_elements(target, bytes, count, field->element_size);
        if (!is_scalar) {
            memcpy(place, &value, sizeof value);
        } else if (field->presence == ASSAY_OPTIONAL) {
            place[field->scalar_size] = 1;
        }
        wrong = check_value(field, value);
    }
    return wrong == NULL || refuse(codec, field->name, wrong);
}

/* Decodes a whole body or record into its zeroed struct, row by row of the table. */
static bool take_record(
    struct codec *codec, unsigned message, const uint8_t *body, size_t size, void *object) {
    const assay_message_info *info = &assay_messages[message];
    const uint8_t *at = body, *end = body + size;
    unsigned before = 0;
    for (size_t row = 0; row < info->field_count; row++) {
        const assay_field_info *field = &info->fields[row];
        const size_t times = count_run(at, end, field->id);
        const char *wrong = check_times(field, times);
        if (at < end && (field_size(at, end) == 0 || get_u16(at) < field->id)) {
            break; /* cut off, or out of order */
        }
        if (wrong != NULL) {
            return refuse(codec, field->name, wrong);
        }
        uint8_t *place = (uint8_t *)object + field->offset;
        const bool is_list = field->presence == ASSAY_REPEATED;
        if (times > 0 && (is_list || field->type == ASSAY_TYPE_RECORD)) {
            uint8_t *items = arena_take(codec->arena, times, field->item_size);
            const struct span values = {items, times};
            memcpy(place, &values, is_list ? sizeof values : sizeof values.items);
            place = items;
        }
        for (size_t item = 0; item < times; item++) {
            if (place == NULL || !take_value(codec, field, at, place + item * field->item_size)) {
                return false;
            }
            before = field->id;
            at += field_size(at, end);
        }
    }
    if (at < end && field_size(at, end) == 0) {
        return refuse(codec, "", "body_truncated");
    }
    char name[16] = ""; /* of an unknown field */
    if (at < end && get_u16(at) > before) {
        (void)snprintf(name, sizeof name, "#%u", get_u16(at));
    }
    return at == end || refuse(codec, name, name[0] == 0 ? "field_order" : "field_unknown");
}

/* Decodes a body of the server. NULL for a breach of the protocol or a lack of memory. */
static void *decode_body(
    struct arena *arena, unsigned message, const uint8_t *body, size_t size, assay_error *error) {
    struct codec codec = {.arena = arena};
    void *object = arena_take(arena, 1, assay_messages[message].size);
    if (object != NULL && take_record(&codec, message, body, size, object)) {
        return object;
    }
    if (codec.wrong == NULL) {
        (void)fail_memory(error, "reading the server's answer");
    } else {
        (void)breach(
            error, "reading %s: %s at \"%s\"", assay_messages[message].name, codec.wrong,
            codec.path);
    }
    return NULL;
}

/* ================================================================ frames */

/* A received frame: its header, with the request's kind, and its body, compressed or not. */
struct frame {
    struct frame *next;
    struct assay_header header;
    size_t size, filled; /* whole size of the body, and bytes received */
    uint8_t body[];
};

/* Checks the bytes of a response's header that are present, in the order of SPEC.md. */
static bool check_header(
    const uint8_t *bytes, size_t have, uint32_t body_max, bool may_compress, assay_error *error) {
    uint8_t whole[HEADER_SIZE] = {0};
    memcpy(whole, bytes, have < HEADER_SIZE ? have : HEADER_SIZE);
    const struct assay_header it = read_header(whole);
    const uint32_t wire_size = it.length - COUNTED_SIZE;
    const bool is_go_away = it.kind == (ASSAY_RESPONSE_BIT | ASSAY_KIND_GO_AWAY);
    const bool is_known = it.provenance == ASSAY_REAL || it.provenance == ASSAY_MOCK;
    const bool is_packed = (it.flags & ASSAY_FLAG_COMPRESSED) != 0;
    const bool is_useful = it.raw_size >= ASSAY_LIMIT_COMPRESSION_SIZE_MIN && wire_size > 0 &&
                           wire_size < it.raw_size;
    const bool is_plain = it.flags <= ASSAY_FLAG_COMPRESSED;
    const struct {
        bool is_wrong;
        uint64_t found;
    } checks[ASSAY_FRAMING_COUNT] = {
        [ASSAY_FRAMING_LENGTH_TOO_SMALL] = {it.length < COUNTED_SIZE, it.length},
        [ASSAY_FRAMING_LENGTH_TOO_LARGE] = {wire_size > body_max, it.length},
        [ASSAY_FRAMING_VERSION_UNSUPPORTED] = {it.version != ASSAY_PROTOCOL_VERSION, it.version},
        [ASSAY_FRAMING_RESERVED_NOT_ZERO] = {it.reserved != 0, it.reserved},
        [ASSAY_FRAMING_KIND_OUT_OF_RANGE] = {it.kind <= ASSAY_RESPONSE_BIT, it.kind},
        [ASSAY_FRAMING_FLAGS_UNKNOWN] = {it.flags > ASSAY_FLAGS_MAX, it.flags},
        [ASSAY_FRAMING_PROVENANCE_INVALID] = {!is_known, it.provenance},
        [ASSAY_FRAMING_REQUEST_ID_INVALID] = {(it.request_id == 0) != is_go_away, it.request_id},
        [ASSAY_FRAMING_FLAGS_CONFLICT] = {it.status != 0 && !is_plain, it.flags},
        [ASSAY_FRAMING_COMPRESSION_NOT_AGREED] = {is_packed && !may_compress, it.flags},
        [ASSAY_FRAMING_RAW_SIZE_TOO_LARGE] = {it.raw_size > body_max, it.raw_size},
        [ASSAY_FRAMING_RAW_SIZE_MISMATCH] = {!is_packed && it.raw_size != wire_size, it.raw_size},
        [ASSAY_FRAMING_COMPRESSION_NOT_USEFUL] = {is_packed && !is_useful, wire_size}};
    for (size_t i = 0; i < ASSAY_FRAMING_COUNT && assay_framing[i].from_byte <= have; i++) {
        if (checks[i].is_wrong) {
            return breach(
                error, "reading a frame's header: %s: found %" PRIu64 ", allowed: %s, with bodies "
                "of at most %" PRIu32 " bytes", assay_framing[i].code, checks[i].found,
                assay_framing[i].allowed, body_max);
        }
    }
    return true;
}

/* Allocates a frame whose header was checked. NULL without memory. */
static struct frame *frame_new(const assay_allocator *allocator, const uint8_t *bytes) {
    const struct assay_header header = read_header(bytes);
    const size_t size = header.length - COUNTED_SIZE;
    struct frame *frame = resize(allocator, NULL, sizeof *frame + size);
    if (frame != NULL) {
        *frame = (struct frame){.header = header, .size = size};
        frame->header.kind -= ASSAY_RESPONSE_BIT;
    }
    return frame;
}

static bool is_last(const struct frame *frame) {
    return (frame->header.flags & ASSAY_FLAG_MORE) == 0;
}

/* Returns the frame with a decompressed body. An uncompressed `frame` is returned as is. A
 * compressed `frame` is freed, also on failure. NULL for damage or a lack of memory. */
static struct frame *frame_open(
    const assay_allocator *allocator, struct frame *frame, assay_error *error) {
    if ((frame->header.flags & ASSAY_FLAG_COMPRESSED) == 0) {
        return frame;
    }
    /* A byte of a block decodes to at most 255 bytes, so a larger claim gets no allocation. */
    const bool is_possible = frame->header.raw_size / 256 <= frame->size;
    struct frame *whole =
        is_possible ? resize(allocator, NULL, sizeof *whole + frame->header.raw_size) : NULL;
    if (is_possible && whole == NULL) {
        (void)fail_memory(error, "reading a frame");
    } else if (whole != NULL && block_decode(frame->body, frame->size, whole->body,
                                             frame->header.raw_size)) {
        memcpy(whole, frame, sizeof *whole);
        whole->size = frame->header.raw_size;
    } else {
        (void)breach(
            error, "reading a frame: compressed_body_damaged: found a block of %zu bytes that does "
            "not decode to the %" PRIu32 " announced", frame->size, frame->header.raw_size);
        release(allocator, whole);
        whole = NULL;
    }
    release(allocator, frame);
    return whole;
}

/* ================================================================ calls and their answers */

/* An unfinished answer. */
struct answer {
    struct arena whole, chunk; /* decoded: the last frame, one chunk */
    uint64_t frames;           /* number of frames received */
    struct buffer lists[ASSAY_LIST_COUNT];
    assay_opt_u64 made_width, prompt_width; /* alternatives per token, when known */
};

/* One call, from the request to the reply. The client's own Hello and Cancel are calls too. */
struct call {
    struct pool *pool;
    const assay_kind_info *kind;
    const void *message; /* the caller's request */
    const assay_call_options *options;
    assay_reply *reply;
    assay_error *error;
    int64_t deadline, wait_until; /* FOREVER for no deadline, now for no wait */
    struct buffer bytes;          /* room for a header, then the body */
    unsigned since;               /* lowest revision with all fields of the body */
    uint64_t attempt;             /* number of the attempt in the body */
    uint64_t made, waited;        /* tries that count, tries within wait_milliseconds */
    bool has_moved;               /* an unread request was repeated, which was no attempt */

    /* State of one try. */
    struct connection *connection;
    struct pending *pending;
    struct answer answer;
    bool was_written, was_seen; /* was_seen: by on_chunk */
    bool is_unread;             /* the server found the connection idle, and read no request */
    bool is_inherited;          /* on_chunk forked, and the child has returned */
};

static void answer_free(struct answer *answer) {
    for (size_t i = 0; i < ASSAY_LIST_COUNT; i++) {
        buffer_free(&answer->lists[i]);
    }
    arena_free(&answer->whole);
    arena_free(&answer->chunk);
}

/* Appends the lists of a frame to the lists of earlier frames. The last frame gets the whole
 * lists, with a 0 byte after each. A lack of memory is recorded in the arena of the whole. */
static void join_lists(struct call *call, unsigned message, void *object, bool is_whole) {
    struct arena *whole = &call->answer.whole;
    for (size_t i = 0; i < assay_list_count; i++) {
        uint8_t *place = (uint8_t *)object + assay_lists[i].offset;
        struct buffer *list = &call->answer.lists[assay_lists[i].list];
        const bool is_there = assay_lists[i].message == message;
        struct span span;
        if (is_there && assay_lists[i].in_record) {
            memcpy(&place, place, sizeof(void *));
        }
        if (!is_there || place == NULL) {
            continue;
        }
        place += assay_lists[i].inner;
        memcpy(&span, place, sizeof span);
        list->allocator = whole->allocator;
        buffer_append(list, span.items, span.count * assay_lists[i].element_size);
        whole->failed = whole->failed || list->failed;
        if (is_whole) {
            span.count = list->size / assay_lists[i].element_size;
            buffer_append(list, "", 1);
            span.items = list->bytes;
            memcpy(place, &span, sizeof span);
            arena_adopt(whole, list);
        }
    }
}

static bool same_bytes(const void *a, size_t a_size, const void *b, size_t b_size) {
    return a_size == b_size && (a_size == 0 || memcmp(a, b, a_size) == 0);
}

/* Checks log-probabilities: they were requested, their lists have fitting lengths, and all
 * frames have the same number of alternatives per token, at most the requested number. */
static bool logprobs_fit(
    struct call *call, const char *name, const assay_logprobs *found, assay_opt_u64 asked,
    assay_opt_u64 *width) {
    if (found == NULL) {
        return true;
    }
    if (!asked.given) {
        return breach(call->error, "reading \"%s\": found what was not asked for", name);
    }
    const uint64_t alternatives = found->top_count.value;
    const size_t rows = found->tokens.count * (size_t)alternatives; /* 64 million at most */
    if (found->logprobs.count != found->tokens.count || found->top_tokens.count != rows ||
        found->top_logprobs.count != rows) {
        return breach(
            call->error, "reading \"%s\": found lists of %zu, %zu and %zu elements, allowed: of "
            "%zu and twice %zu", name, found->logprobs.count, found->top_tokens.count,
            found->top_logprobs.count, found->tokens.count, rows);
    }
    const bool says_width = found->tokens.count > 0;
    const bool is_other = width->given && width->value != alternatives;
    if (says_width && (is_other || alternatives > asked.value)) {
        return breach(
            call->error, "reading \"%s\": found %" PRIu64 " alternatives per token, allowed: at "
            "most %" PRIu64 ", the same in every frame", name, alternatives, asked.value);
    }
    *width = says_width ? (assay_opt_u64)ASSAY_GIVEN(alternatives) : *width;
    return true;
}

/* Makes the record for all log-probabilities of a list. NULL when none were requested, or without
 * memory. */
static const assay_logprobs *whole_logprobs(
    struct call *call, const assay_logprobs *last, assay_opt_u64 asked, assay_opt_u64 width) {
    assay_logprobs *whole = asked.given ? arena_take(&call->answer.whole, 1, sizeof *whole) : NULL;
    if (whole != NULL) {
        *whole = last == NULL ? *whole : *last;
        whole->top_count = width.given ? width : asked;
    }
    return whole;
}

/* Finds a member of a message by its field name. NULL when the message has no such field. */
static void *member(unsigned message, void *object, const char *name) {
    const assay_field_info *field = assay_field_named(message, name);
    return field == NULL ? NULL : (uint8_t *)object + field->offset;
}

/* Checks log-probabilities in a frame of Generate: of the frame's own tokens, and of any prompt
 * tokens. In the last frame, the records for the whole answer replace the frame's records. */
static bool generated_fits(struct call *call, unsigned message, void *object, bool is_whole) {
    const assay_generate_request *asked = call->message;
    const assay_u32s *own = member(message, object, "tokens");
    const assay_logprobs **made = member(message, object, "logprobs");
    const assay_logprobs **prompt = member(message, object, "prompt_logprobs");
    const assay_u32s theirs = *made == NULL ? (assay_u32s){NULL, 0} : (*made)->tokens;
    if (!logprobs_fit(call, "logprobs", *made, asked->logprobs, &call->answer.made_width) ||
        !logprobs_fit(
            call, "prompt_logprobs", *prompt, asked->prompt_logprobs, &call->answer.prompt_width)) {
        return false;
    }
    if (is_whole) {
        *made = whole_logprobs(call, *made, asked->logprobs, call->answer.made_width);
        *prompt = whole_logprobs(call, *prompt, asked->prompt_logprobs, call->answer.prompt_width);
    }
    return !asked->logprobs.given ||
           same_bytes(own->items, own->count * 4, theirs.items, theirs.count * 4) ||
           breach(
               call->error, "reading the answer to Generate: found log-probabilities of %zu "
               "tokens, allowed: of the frame's own %zu", theirs.count, own->count);
}

/* Checks that `count` is rows times columns. */
static bool count_fits(
    struct call *call, const char *what, uint64_t count, uint64_t rows, uint64_t columns) {
    return (rows <= UINT64_MAX / columns && rows * columns == count) ||
           breach(
               call->error, "reading %s: found %" PRIu64 " values, allowed: %" PRIu64
               " times %" PRIu64, what, count, rows, columns);
}

static bool whole_generate_fits(struct call *call, const assay_generate_response *last) {
    const bool fits = count_fits(call, "tokens", last->tokens.count, last->completion_tokens, 1);
    if (!fits || last->prompt_logprobs == NULL) {
        return fits;
    }
    const uint64_t expected = last->prompt_tokens - (last->prompt_tokens > 0 ? 1 : 0);
    const uint64_t found = last->prompt_logprobs->tokens.count;
    const char *reason = last->finish_reason.data;
    const bool is_whole = strcmp(reason, "stop") == 0 || strcmp(reason, "length") == 0;
    return (is_whole ? found == expected : found <= expected) ||
           breach(
               call->error, "reading the answer to Generate: found log-probabilities of %" PRIu64
               " prompt tokens, allowed: %" PRIu64 ", of all but the first", found, expected);
}

static bool whole_logits_fits(struct call *call, const assay_logits_response *last) {
    const assay_logits_request *request = call->message;
    const bool is_last_only = !request->all_positions.given || !request->all_positions.value;
    /* The number of positions of a text is unknown. */
    const bool is_counted = is_last_only || request->tokens.items != NULL;
    const uint64_t positions = is_last_only ? 1 : request->tokens.count;
    return (!is_counted || count_fits(call, "positions", last->positions, positions, 1)) &&
           count_fits(call, "logits", last->logits.count, last->positions, last->vocabulary);
}

static bool whole_embed_fits(struct call *call, const assay_embed_response *last) {
    const assay_embed_request *request = call->message;
    return count_fits(call, "inputs", last->count, request->inputs.count, 1) &&
           count_fits(call, "values", last->embeddings.count, last->count, last->dimensions);
}

static bool scores_fit(struct call *call, const assay_score_response *last) {
    const assay_score_request *request = call->message;
    const assay_opt_u64 asked = ASSAY_GIVEN(request->top_logprobs.value);
    bool fits = count_fits(call, "scores", last->scores.count, request->continuations.count, 1);
    for (size_t i = 0; fits && i < last->scores.count; i++) {
        const assay_logprobs *logprobs = last->scores.items[i].logprobs;
        assay_opt_u64 none = {.given = false};
        fits = logprobs_fit(call, "scores.logprobs", logprobs, asked, &none);
        if (fits && logprobs->tokens.count == 0) {
            fits = breach(
                call->error, "reading score %zu: found 0 tokens, allowed: 1 or more", i);
        }
    }
    return fits;
}

static bool pong_fits(struct call *call, const assay_ping_response *last) {
    const assay_bytes sent = ((const assay_ping_request *)call->message)->payload;
    return same_bytes(sent.data, sent.size, last->payload.data, last->payload.size) ||
           breach(call->error, "pinging: other bytes came back than were sent");
}

/* Compares the whole answer with the request, and the answer's counts with its lists. */
static bool whole_fits(struct call *call, const void *last) {
    switch (call->kind->number) {
    case ASSAY_KIND_PING:
        return pong_fits(call, last);
    case ASSAY_KIND_GENERATE:
        return whole_generate_fits(call, last);
    case ASSAY_KIND_LOGITS:
        return whole_logits_fits(call, last);
    case ASSAY_KIND_EMBED:
        return whole_embed_fits(call, last);
    case ASSAY_KIND_SCORE:
        return scores_fit(call, last);
    default:
        return true;
    }
}

/* Returns the `answer` record of a message, or NULL. */
static const assay_answer *answer_record(unsigned message, void *object) {
    const assay_answer *const *record = member(message, object, "answer");
    return record == NULL ? NULL : *record;
}

/* Checks that a frame's number, if present, follows the frames before, and that its degraded
 * flag agrees with its list. */
static bool frame_fits(
    struct call *call, unsigned message, void *object, const struct frame *frame) {
    const char *name = assay_messages[message].name;
    const assay_opt_u64 *number = member(message, object, "frame");
    const assay_answer *record = answer_record(message, object);
    const bool is_listed = record != NULL && record->degradations.count > 0;
    const uint64_t expected = call->answer.frames++;
    if (number != NULL && number->given && number->value != expected) {
        return breach(
            call->error, "reading %s: found frame %" PRIu64 " of the answer, allowed: %" PRIu64
            ", since so many came before", name, number->value, expected);
    }
    return is_listed == ((frame->header.flags & ASSAY_FLAG_DEGRADED) != 0) ||
           breach(call->error, "reading %s: its degraded flag and its list disagree", name);
}

/* Takes the next frame: a chunk, valid until the next frame, or the last frame, which becomes
 * the whole answer. NULL with an error. */
static void *answer_take(struct call *call, const struct frame *frame) {
    const bool is_whole = is_last(frame);
    const unsigned message = is_whole ? call->kind->response : call->kind->chunk;
    struct arena *whole = &call->answer.whole, *chunk = &call->answer.chunk;
    arena_free(chunk);
    void *object =
        decode_body(is_whole ? whole : chunk, message, frame->body, frame->size, call->error);
    if (object == NULL || !frame_fits(call, message, object, frame) ||
        (frame->header.kind == ASSAY_KIND_GENERATE &&
         !generated_fits(call, message, object, is_whole))) {
        return NULL;
    }
    join_lists(call, message, object, is_whole);
    if (whole->failed) {
        (void)fail_memory(call->error, "reading an answer");
        return NULL;
    }
    return !is_whole || whole_fits(call, object) ? object : NULL;
}

/* ================================================================ socket */

struct address {
    bool is_unix;
    char host[256]; /* or the path */
    char port[6];
    char text[300]; /* for errors; a longer address is wrong in its first bytes */
};

static bool parse_address(const char *given, struct address *address, assay_error *error) {
    const char *allowed = "unix:///PATH, absolute and of at most 107 bytes, or tcp://HOST:PORT "
                          "with a port from 1 to 65535 and an IPv6 host in brackets";
    char *text = address->text, *host = address->host, *port = address->port;
    int end = 0;
    bool is_fine;
    *address = (struct address){.is_unix = false};
    copy_text(text, sizeof address->text, assay_text_of(given));
    const char *path = strncmp(text, "unix://", strlen("unix://")) == 0 ? text + 7 : text;
    const char *rest = strncmp(text, "tcp://", strlen("tcp://")) == 0 ? text + 6 : text;
    address->is_unix = path[0] == '/';
    if (address->is_unix) {
        is_fine = strlen(path) < sizeof((struct sockaddr_un *)NULL)->sun_path;
        copy_text(host, sizeof address->host, assay_text_of(path));
    } else {
        is_fine = (sscanf(rest, "[%255[^]]]:%5[0-9]%n", host, port, &end) == 2 ||
                   sscanf(rest, "%255[^][:/]:%5[0-9]%n", host, port, &end) == 2) &&
                  rest[end] == 0 && atoi(port) >= 1 && atoi(port) <= 65535;
    }
    return is_fine ||
           fail(
               error, ASSAY_ADDRESS_INVALID, "reading the server address: found \"%s\", allowed: "
               "%s", text, allowed);
}

/* Disables delays for packets, and makes the system detect a dead machine at the far end. A Unix
 * socket has no such options and needs none. */
static void set_tcp_options(int fd) {
    static const int options[][3] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 30},  /* seconds of silence before a probe */
        {IPPROTO_TCP, TCP_KEEPINTVL, 10}, /* seconds between two probes */
        {IPPROTO_TCP, TCP_KEEPCNT, 3}};   /* unanswered probes that end the connection */
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        (void)setsockopt(fd, options[i][0], options[i][1], &options[i][2], sizeof(int));
    }
}

/* Connects a non-blocking socket, and makes it blocking. Returns 0 or an errno value. Ends early
 * once `is_closed`. */
static int connect_one(
    int fd, const struct addrinfo *name, int64_t until, const atomic_bool *is_closed) {
    set_tcp_options(fd);
    int reason = connect(fd, name->ai_addr, name->ai_addrlen) == 0 ? 0 : errno;
    while (reason == EINPROGRESS || reason == EALREADY || reason == EAGAIN || reason == EINTR) {
        /* EAGAIN: the queue of a Unix socket's server is full, nothing has begun, and the poll is a
         * mere pause. */
        struct pollfd one = {.fd = reason == EAGAIN ? -1 : fd, .events = POLLOUT};
        if (has_passed(until) || *is_closed) {
            return ETIMEDOUT;
        }
        (void)poll(&one, 1, GLANCE_MILLISECONDS);
        reason = connect(fd, name->ai_addr, name->ai_addrlen) == 0 || errno == EISCONN ? 0 : errno;
    }
    return reason == 0 && fcntl(fd, F_SETFL, 0) < 0 ? errno : reason;
}

/* Connects to the first name of the address that answers. Returns the socket, or -1 with the
 * reason in `error`: no answer until `limit`, or a deadline that passed first. Ends early once
 * `is_closed`. */
static int connect_socket(
    const struct address *address, int64_t limit, int64_t deadline, const atomic_bool *is_closed,
    assay_error *error) {
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct addrinfo local = {
        .ai_family = AF_UNIX, .ai_addr = (struct sockaddr *)&path, .ai_addrlen = sizeof path};
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL, *name = &local;
    const int64_t until = earlier(limit, deadline);
    int fd = -1, reason = ECONNREFUSED;
    copy_text(path.sun_path, sizeof path.sun_path, assay_text_of(address->host));
    if (!address->is_unix) {
        int result;
        do {
            result = getaddrinfo(address->host, address->port, &hints, &found);
        } while (result == EAI_SYSTEM && errno == EINTR && !has_passed(until));
        if (result != 0) {
            (void)fail(
                error, ASSAY_UNREACHABLE, "finding %s: %s", address->text, gai_strerror(result));
            return -1;
        }
        name = found;
    }
    for (; fd < 0 && name != NULL; name = name->ai_next) {
        fd = socket(name->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        reason = fd < 0 ? errno : connect_one(fd, name, until, is_closed);
        if (reason != 0 && fd >= 0) {
            close(fd);
            fd = -1;
        }
    }
    if (found != NULL) {
        freeaddrinfo(found);
    }
    if (fd < 0) {
        const bool is_late = reason == ETIMEDOUT && has_passed(deadline);
        char words[128] = "";
        (void)strerror_r(reason, words, sizeof words);
        (void)fail(
            error, is_late ? ASSAY_TIMED_OUT : ASSAY_UNREACHABLE, "connecting to %s: %s (error %d)",
            address->text, words, reason);
    }
    return fd;
}

/* ================================================================ connection */

/* A request on a connection, waiting for a place in flight or sent. The caller owns the request
 * until part_with, and the connection owns an orphan. */
struct pending {
    pthread_cond_t wake;
    bool is_waiting; /* the caller waits on `wake` */
    struct pending *next;
    const assay_kind_info *kind;
    uint64_t id;                 /* 0 before the request is in flight */
    bool has_place;              /* counts toward the server's limit */
    struct frame *first, **last; /* frames not taken yet */
    struct assay_header before;  /* header of the last frame received, length 0 before */
    uint64_t size;               /* of all bodies received, before compression */
    bool is_complete, is_orphan, is_too_large;
};

/* A connection. The pool's lock guards all members except the leader's. */
struct connection {
    pthread_cond_t write_free;
    bool is_writing; /* a frame is half written, and the socket is full */
    struct pool *pool;
    struct connection *_Atomic next; /* a forked child reads the list without the lock */
    int fd;               /* -1 before connecting */
    struct stat identity; /* of the socket, for a forked child */
    uint64_t users;       /* calls that wait or are in flight */
    bool is_leading;
    bool is_failed, is_draining; /* either way no new calls, and the end with the last user */
    bool is_forsaken; /* the server found the connection idle, and read no request in flight */
    struct pending *pendings;
    uint64_t in_flight, next_id;
    int64_t last_byte_at;
    assay_error error;          /* reason for failing or for taking no new calls */
    assay_hello_response hello; /* answer to Hello, zeros before; `server` is not kept */

    /* For the leader alone. */
    struct frame *partial;
    size_t filled; /* used bytes of the buffer */
    uint8_t buffer[READ_SIZE];
};

/* The part of a client that belongs to one process: its lock and its connections. */
struct pool {
    pthread_cond_t closed;
    pid_t process; /* the owner; in a forked child, the parent */
    const assay_client *client;
    pthread_mutex_t lock;
    struct connection *_Atomic connections;
    atomic_bool is_closed; /* changed under the lock, read without it while connecting */
};

/* The handle of a program. Only `pool` ever changes: a forked child sets a new pool. */
struct assay_client {
    assay_options options;
    struct assay_option_texts texts;
    struct address address;
    struct pool *_Atomic pool;
};

static const assay_allocator *allocator_of(const struct pool *pool) {
    return &pool->client->options.allocator;
}

static bool fail_closed(const struct pool *pool, assay_error *error) {
    return fail(
        error, ASSAY_CONNECTION_CLOSED, "calling %s: this client was closed",
        pool->client->address.text);
}

static bool fail_late(const struct call *call) {
    return fail(
        call->error, ASSAY_TIMED_OUT, "sending %s: the deadline passed first", call->kind->name);
}

static bool pending_new(struct call *call) {
    struct pending *pending = waitable_new(allocator_of(call->pool), sizeof *pending);
    if (pending == NULL) {
        return fail_memory(call->error, "making a request");
    }
    pending->kind = call->kind;
    pending->last = &pending->first;
    call->pending = pending;
    return true;
}

static void drop_frames(struct pool *pool, struct pending *pending) {
    while (pending->first != NULL) {
        struct frame *frame = pending->first;
        pending->first = frame->next;
        release(allocator_of(pool), frame);
    }
    pending->last = &pending->first;
}

static void pending_free(struct pool *pool, struct pending *pending) {
    drop_frames(pool, pending);
    waitable_free(allocator_of(pool), pending);
}

static void wake_all(struct connection *connection) {
    for (struct pending *one = connection->pendings; one != NULL; one = one->next) {
        pthread_cond_signal(&one->wake);
    }
}

static void enlist(struct connection *connection, struct pending *pending) {
    pending->next = connection->pendings;
    connection->pendings = pending;
}

/* Takes a request off the list. If the request had a place in flight, wakes the requests that wait
 * for a place. */
static void delist(struct connection *connection, const struct pending *pending) {
    struct pending **link = &connection->pendings;
    while (*link != pending) {
        link = &(*link)->next;
    }
    *link = pending->next;
    if (pending->has_place && connection->in_flight-- == connection->hello.requests_in_flight_max) {
        wake_all(connection);
    }
}

/* Wakes another waiter to lead. Called by each thread that stops waiting. */
static void hand_over(struct connection *connection) {
    struct pending *one = connection->is_leading ? NULL : connection->pendings;
    while (one != NULL && !one->is_waiting) {
        one = one->next;
    }
    if (one != NULL) {
        pthread_cond_signal(&one->wake);
    }
}

/* Removes a user. With the last user, a connection that takes no new calls is freed. */
static void connection_release(struct connection *connection) {
    struct pool *pool = connection->pool;
    hand_over(connection);
    if (--connection->users > 0 || !(connection->is_failed || connection->is_draining)) {
        return;
    }
    struct connection *_Atomic *link = &pool->connections;
    while (*link != connection) {
        link = &(*link)->next;
    }
    *link = connection->next;
    (void)shutdown(connection->fd, SHUT_RDWR); /* even where a child has a copy */
    (void)close(connection->fd);               /* no effect for -1 */
    while (connection->pendings != NULL) { /* orphans; other requests belong to callers */
        struct pending *pending = connection->pendings;
        connection->pendings = pending->next;
        pending_free(pool, pending);
    }
    release(allocator_of(pool), connection->partial);
    waitable_free(allocator_of(pool), connection);
}

/* Ends a connection. All requests in flight fail with `error`. The caller is a user of the
 * connection. */
static void connection_fail(struct connection *connection, const assay_error *error) {
    if (!connection->is_failed) {
        connection->is_failed = true;
        connection->error = *error;
        (void)shutdown(connection->fd, SHUT_RDWR);
        wake_all(connection);
        pthread_cond_broadcast(&connection->write_free);
    }
}

/* ---------------------------------------------------------------- reading; the lock is held */

/* Fills in the error from a frame with a status, in the server's words. Returns false. */
static bool fail_refused(
    const assay_allocator *allocator, const struct frame *frame, assay_code code,
    assay_error *error) {
    struct arena arena = {.allocator = allocator};
    const assay_error_body *words =
        decode_body(&arena, ASSAY_MESSAGE_ERROR_BODY, frame->body, frame->size, error);
    if (words != NULL) {
        const size_t row = assay_status_row(frame->header.status);
        (void)fail(
            error, code, "%s: %.*s", assay_statuses[row].name, (int)words->message.size,
            words->message.data);
        error->status = assay_statuses[row].number;
        error->provenance = frame->header.provenance;
        copy_text(error->server_code, sizeof error->server_code, words->code);
        copy_text(error->field, sizeof error->field, words->field);
        copy_text(error->layer, sizeof error->layer, words->layer);
        error->has_retry_after = words->retry_after_milliseconds.given;
        error->retry_after_milliseconds = words->retry_after_milliseconds.value;
        error->has_server_load = words->server_load != NULL;
        error->server_load = error->has_server_load ? *words->server_load : error->server_load;
    }
    arena_free(&arena);
    return false;
}

/* Ends a connection that the server found idle: the server has read no request in flight. Returns
 * false, and the connection's error has the reason. */
static bool forsake(struct connection *connection) {
    for (const struct pending *one = connection->pendings; one != NULL; one = one->next) {
        if (one->before.length > 0) {
            return breach(
                &connection->error, "reading a GoAway: found reason idle in the middle of the "
                "answer to %s", one->kind->name);
        }
    }
    connection->is_forsaken = true;
    return fail(
        &connection->error, ASSAY_CONNECTION_CLOSED, "calling %s: the server found the connection "
        "idle", connection->pool->client->address.text);
}

/* Handles a GoAway. False when the GoAway ends the connection, whose error has the reason. Owns the
 * frame. */
static bool file_go_away(struct connection *connection, struct frame *packed) {
    struct arena arena = {.allocator = allocator_of(connection->pool)};
    struct frame *frame = frame_open(arena.allocator, packed, &connection->error);
    const assay_go_away *leaving = NULL;
    bool drains = false;
    if (frame != NULL && frame->header.status != 0) {
        const bool is_unnamed = frame->header.status == ASSAY_STATUS_UNAUTHENTICATED;
        const assay_code code = is_unnamed ? ASSAY_SERVER_REFUSED : ASSAY_PROTOCOL_ERROR;
        (void)fail_refused(arena.allocator, frame, code, &connection->error);
    } else if (frame != NULL) {
        leaving = decode_body(
            &arena, ASSAY_MESSAGE_GO_AWAY, frame->body, frame->size, &connection->error);
    }
    if (leaving != NULL && same_bytes(leaving->reason.data, leaving->reason.size, "idle", 4)) {
        (void)forsake(connection);
    } else if (leaving != NULL) {
        drains = connection->is_draining = true;
        (void)fail(
            &connection->error, ASSAY_CONNECTION_CLOSED, "connecting to %s: the server is draining",
            connection->pool->client->address.text);
        wake_all(connection);
    }
    arena_free(&arena);
    release(arena.allocator, frame);
    return drains;
}

/* Checks a frame as part of the answer to `pending`. Returns the fault, or NULL. */
static const char *check_place(const struct pending *pending, const struct frame *frame) {
    const struct assay_header *it = &frame->header;
    const bool is_go_away = it->kind == ASSAY_KIND_GO_AWAY;
    if ((is_go_away || it->kind == ASSAY_KIND_HELLO) &&
        (it->provenance != ASSAY_REAL || it->flags > ASSAY_FLAG_COMPRESSED)) {
        return "a mock's provenance, or flags, on a frame about the connection itself";
    }
    if (is_go_away) {
        return NULL;
    }
    if (pending == NULL) {
        return "a request id that is not in flight";
    }
    const bool may_change = pending->before.length == 0 || it->kind == ASSAY_KIND_LOAD ||
                            it->kind == ASSAY_KIND_SWAP;
    const bool is_same = it->provenance == pending->before.provenance &&
                         it->generation == pending->before.generation;
    return it->kind != pending->kind->number ? "another kind than was asked for"
           : !is_last(frame) && !pending->kind->streamed ? "more frames than one"
           : may_change || is_same ? NULL
                                   : "a provenance or generation that changed between frames";
}

/* Files one frame under its request. False when no request fits. Owns the frame. */
static bool file_frame(struct connection *connection, struct frame *frame) {
    struct pending *pending = connection->pendings;
    while (pending != NULL && pending->id != frame->header.request_id) {
        pending = pending->next;
    }
    const char *wrong = check_place(pending, frame);
    if (wrong != NULL) {
        release(allocator_of(connection->pool), frame);
        return breach(
            &connection->error, "reading the answer to %s: found %s",
            pending == NULL ? "a request" : pending->kind->name, wrong);
    }
    if (frame->header.kind == ASSAY_KIND_GO_AWAY) {
        return file_go_away(connection, frame);
    }
    pending->before = frame->header;
    pending->size += frame->header.raw_size;
    pending->is_too_large = pending->size > connection->pool->client->options.answer_size_max;
    pending->is_complete = is_last(frame);
    if (pending->is_complete) {
        delist(connection, pending);
    }
    if (pending->is_orphan || pending->is_too_large) {
        release(allocator_of(connection->pool), frame);
    } else {
        *pending->last = frame;
        pending->last = &frame->next;
    }
    if (pending->is_orphan && pending->is_complete) {
        pending_free(connection->pool, pending);
    } else {
        pthread_cond_signal(&pending->wake);
    }
    return true;
}

/* Cuts the bytes read into frames and files them. Leaves less than a header in the buffer. On
 * false, the connection's error has the reason. */
static bool cut_frames(struct connection *connection) {
    const uint8_t *at = connection->buffer, *end = at + connection->filled;
    const bool is_open = connection->hello.requests_in_flight_max > 0;
    const uint64_t body_max = is_open ? connection->pool->client->options.body_size_max
                                      : ASSAY_LIMIT_FRAME_SIZE_MAX_BEFORE_HELLO - HEADER_SIZE;
    while (true) {
        struct frame *frame = connection->partial;
        if (frame == NULL) {
            const size_t have = (size_t)(end - at);
            if (have > 0 && !check_header(at, have, (uint32_t)body_max,
                                          connection->hello.compression, &connection->error)) {
                return !is_open && assay_stranger(
                                       &connection->error, connection->pool->client->address.text,
                                       at, have);
            }
            if (have < HEADER_SIZE) {
                break;
            }
            frame = connection->partial = frame_new(allocator_of(connection->pool), at);
            if (frame == NULL) {
                return fail_memory(&connection->error, "reading a frame");
            }
            at += HEADER_SIZE;
        }
        const size_t have = (size_t)(end - at), lacking = frame->size - frame->filled;
        const size_t size = lacking < have ? lacking : have;
        memcpy(frame->body + frame->filled, at, size);
        frame->filled += size;
        at += size;
        if (frame->filled < frame->size) {
            break;
        }
        connection->partial = NULL;
        if (!file_frame(connection, frame)) {
            return false;
        }
    }
    connection->filled = (size_t)(end - at);
    memmove(connection->buffer, at, connection->filled);
    return true;
}

/* Reads the socket once, for all requests, waiting for one of the events until `until` (0 for no
 * wait). The lock is released meanwhile. A large body is read directly into its frame. */
static void lead(struct connection *connection, short events, int64_t until) {
    struct frame *partial = connection->partial;
    const bool is_direct = partial != NULL && partial->size - partial->filled > READ_SIZE / 4;
    uint8_t *target = is_direct ? partial->body : connection->buffer;
    size_t *filled = is_direct ? &partial->filled : &connection->filled;
    const size_t room = (is_direct ? partial->size : READ_SIZE) - *filled;
    struct pollfd one = {.fd = connection->fd, .events = events};
    const bool polls = until != FOREVER && until != 0;
    connection->is_leading = true;
    pthread_mutex_unlock(&connection->pool->lock);
    ssize_t count = -1;
    int reason = EAGAIN; /* too late, or interrupted: the waiting thread checks the clock */
    if (!polls || poll(&one, 1, (int)earlier(milliseconds_until(until), INT32_MAX)) > 0) {
        const int flags = until == FOREVER ? 0 : MSG_DONTWAIT;
        count = recv(connection->fd, target + *filled, room, flags);
        reason = count < 0 ? errno : 0;
    }
    pthread_mutex_lock(&connection->pool->lock);
    connection->is_leading = false;
    if (connection->is_failed || reason == EAGAIN || reason == EINTR) {
        return;
    }
    bool is_fine = false;
    if (count > 0) {
        connection->last_byte_at = now_microseconds();
        *filled += (size_t)count;
        is_fine = cut_frames(connection);
    } else {
        (void)fail(
            &connection->error, ASSAY_CONNECTION_CLOSED,
            "reading from %s: the connection ended (error %d; 0: the server closed it)",
            connection->pool->client->address.text, reason);
    }
    if (!is_fine) {
        connection_fail(connection, &connection->error);
    }
}

/*
 * Waits for an event on an enlisted request, and leads when no other thread does. A request without
 * a place in flight leads only while other requests have a place, and only for a little while,
 * since a place may become free without a frame.
 */
static void wait_step(struct connection *connection, struct pending *pending, int64_t until) {
    const bool is_in_flight = pending->id != 0;
    if (!connection->is_leading && (is_in_flight || connection->in_flight > 0)) {
        const int64_t soon = is_in_flight ? until : milliseconds_from_now(BUSY_MILLISECONDS);
        lead(connection, POLLIN, earlier(until, soon));
        return;
    }
    pending->is_waiting = true;
    wait_until(&pending->wake, &connection->pool->lock, until);
    pending->is_waiting = false;
}

/* ---------------------------------------------------------------- writing; the lock is held */

/* Waits a little while for the server to accept bytes again. Reads meanwhile unless another
 * thread does, since the server may be waiting to write too. */
static void await_room(struct connection *connection, int64_t until) {
    const int64_t soon = earlier(until, milliseconds_from_now(BUSY_MILLISECONDS));
    struct pollfd one = {.fd = connection->fd, .events = POLLOUT};
    if (!connection->is_leading) {
        lead(connection, POLLIN | POLLOUT, soon);
        hand_over(connection);
        return;
    }
    pthread_mutex_unlock(&connection->pool->lock);
    (void)poll(&one, 1, (int)milliseconds_until(soon));
    pthread_mutex_lock(&connection->pool->lock);
}

/* Writes a frame. False when the frame was not sent whole, so the server cannot act on it. */
static bool write_frame(
    struct connection *connection, const uint8_t *bytes, size_t size, int64_t until) {
    while (connection->is_writing && !connection->is_failed && !has_passed(until)) {
        wait_until(&connection->write_free, &connection->pool->lock, until);
    }
    if (connection->is_writing || connection->is_failed) {
        return false;
    }
    size_t sent = 0;
    while (sent < size && !connection->is_failed) {
        const int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
        const ssize_t count = send(connection->fd, bytes + sent, size - sent, flags);
        if (count >= 0) {
            sent += (size_t)count;
        } else if (errno == EAGAIN && !has_passed(until)) {
            connection->is_writing = true;
            await_room(connection, until);
        } else if (errno != EINTR) {
            break;
        }
    }
    connection->is_writing = false;
    pthread_cond_signal(&connection->write_free);
    if (sent < size && (sent > 0 || !has_passed(until))) {
        assay_error error;
        (void)fail(
            &error, ASSAY_CONNECTION_CLOSED, "writing to %s: the server took %zu of %zu bytes",
            connection->pool->client->address.text, sent, size);
        connection_fail(connection, &error);
    }
    return sent == size;
}

/* Writes a call's request, which is in flight. False when the request was not sent. */
static bool send_request(struct call *call, int64_t until) {
    struct connection *connection = call->connection;
    struct buffer packed = {.allocator = allocator_of(call->pool)};
    uint8_t *bytes = call->bytes.bytes;
    const size_t raw_size = call->bytes.size - HEADER_SIZE;
    size_t size = raw_size;
    if (connection->hello.compression && raw_size >= ASSAY_LIMIT_COMPRESSION_SIZE_MIN) {
        pthread_mutex_unlock(&call->pool->lock);
        uint8_t *block = buffer_extend(&packed, HEADER_SIZE + paying_size(raw_size));
        const size_t made =
            block == NULL ? 0 : block_encode(bytes + HEADER_SIZE, raw_size, block + HEADER_SIZE);
        bytes = made > 0 ? block : bytes;
        size = made > 0 ? made : raw_size;
        pthread_mutex_lock(&call->pool->lock);
    }
    const int64_t left = milliseconds_until(call->deadline);
    const struct assay_header header = {
        .length = COUNTED_SIZE + (uint32_t)size,
        .version = ASSAY_PROTOCOL_VERSION,
        .kind = call->kind->number,
        .flags = size < raw_size ? ASSAY_FLAG_COMPRESSED : 0,
        .request_id = call->pending->id,
        .status = call->deadline == FOREVER ? 0 : left < 1 ? 1 : (uint32_t)left,
        .raw_size = (uint32_t)raw_size};
    put_header(bytes, header);
    call->was_written = write_frame(connection, bytes, HEADER_SIZE + size, until);
    buffer_free(&packed);
    if (!call->was_written && connection->is_failed) {
        *call->error = connection->error;
        return false;
    }
    return call->was_written || fail_late(call);
}

/* Ends the call's part in its request, if any. The request is freed now or, if the server still
 * answers, with the last frame. True when the server still answers. */
static bool part_with(struct call *call) {
    struct connection *connection = call->connection;
    struct pending *pending = call->pending;
    if (pending == NULL) {
        return false;
    }
    if (call->was_written && !pending->is_complete && !connection->is_failed) {
        pending->is_orphan = true;
        drop_frames(call->pool, pending);
        return true;
    }
    if (!pending->is_complete) {
        delist(connection, pending);
    }
    pending_free(call->pool, pending);
    return false;
}

/*
 * Returns the next frame of an answer. NULL when the connection failed, `until` has passed, or the
 * answer is too large (the error has the reason). Frames received before a failure come first, but
 * not once the client is closed.
 */
static struct frame *next_frame(struct call *call, int64_t until) {
    struct connection *connection = call->connection;
    struct pending *pending = call->pending;
    struct frame *frame = NULL;
    while (pending->first == NULL && !pending->is_too_large && !connection->is_failed &&
           !has_passed(until)) {
        wait_step(connection, pending, until);
    }
    if (pending->first != NULL && !call->pool->is_closed) {
        frame = pending->first;
        pending->first = frame->next;
        pending->last = pending->first == NULL ? &pending->first : pending->last;
    } else if (pending->is_too_large) {
        (void)fail(
            call->error, ASSAY_GIVEN_UP, "reading the answer to %s: it has more than the %" PRIu64
            " bytes of answer_size_max", call->kind->name,
            call->pool->client->options.answer_size_max);
    } else if (connection->is_failed) {
        *call->error = connection->error;
    } else {
        (void)fail(
            call->error, ASSAY_TIMED_OUT, "waiting for the answer to %s: nothing came in time",
            call->kind->name);
    }
    hand_over(connection);
    return frame;
}

/* ---------------------------------------------------------------- Hello and Cancel */

/* Builds a request's body from the caller's message. Where the kind has the fields, adds the
 * demand for a real model and, from the second attempt on, the number of the attempt. */
static bool encode_call(struct call *call, uint64_t attempt) {
    const unsigned message = call->kind->request;
    union assay_request request;
    assay_requirements requirements = {.fingerprint = {NULL, 0}};
    assay_request_context context = {.trace_context = {NULL, 0}};
    const assay_requirements **demands = member(message, &request, "requirements");
    const assay_request_context **standing = member(message, &request, "context");
    memcpy(&request, call->message, assay_messages[message].size);
    /* A health request about the whole server has no model that could be real. */
    const bool is_server_wide =
        call->kind->number == ASSAY_KIND_HEALTH && request.health.model.data == NULL;
    if (demands != NULL && !call->pool->client->options.allow_mock && !is_server_wide) {
        requirements = *demands == NULL ? requirements : **demands;
        requirements.real = (assay_opt_bool)ASSAY_GIVEN(true);
        *demands = &requirements;
    }
    if (standing != NULL && attempt > 1) {
        context = *standing == NULL ? context : **standing;
        context.attempt = (assay_opt_u64)ASSAY_GIVEN(attempt);
        *standing = &context;
    }
    struct codec codec = {.buffer = &call->bytes, .since = call->kind->since};
    call->attempt = attempt;
    call->bytes.allocator = allocator_of(call->pool);
    buffer_free(&call->bytes);
    (void)buffer_extend(&call->bytes, HEADER_SIZE);
    if (!put_record(&codec, message, &request)) {
        (void)fail(
            call->error, ASSAY_REQUEST_INVALID, "making %s: %s at \"%s\"",
            assay_messages[message].name, codec.wrong, codec.path);
        copy_text(call->error->field, sizeof call->error->field, assay_text_of(codec.path));
        return false;
    }
    call->since = codec.since;
    return !call->bytes.failed || fail_memory(call->error, "making a request");
}

/* Sends a request of the client itself. On false, the error has the reason. Either way the caller
 * must call part_with. */
static bool send_own(struct call *call, struct connection *connection, int64_t until) {
    call->pool = connection->pool;
    call->connection = connection;
    call->deadline = FOREVER;
    if (encode_call(call, 1) && pending_new(call)) {
        enlist(connection, call->pending);
        call->pending->id = connection->next_id++;
        (void)send_request(call, until);
    }
    buffer_free(&call->bytes);
    return call->was_written;
}

/* Asks the server to stop making an answer. Without memory for the request, the answer is read to
 * its end instead. */
static void send_cancel(struct connection *connection, uint64_t target) {
    const assay_cancel_request message = {.target = target};
    assay_error error;
    struct call call = {
        .kind = assay_kind_of(ASSAY_KIND_CANCEL), .message = &message, .error = &error};
    (void)send_own(&call, connection, milliseconds_from_now(CANCEL_MILLISECONDS));
    (void)part_with(&call);
}

/* Checks the provenance before the status: a mock's error text must not be taken for real. */
static bool check_frame(const struct call *call, const struct frame *frame) {
    if (frame->header.provenance == ASSAY_MOCK && !call->pool->client->options.allow_mock) {
        (void)fail(
            call->error, ASSAY_MOCK_REFUSED,
            "calling %s: the answer comes from a mock model, not from a real one",
            call->kind->name);
        call->error->provenance = ASSAY_MOCK;
        return false;
    }
    return frame->header.status == 0 ||
           fail_refused(allocator_of(call->pool), frame, ASSAY_SERVER_REFUSED, call->error);
}

/* Says Hello on a new connection and reads the answer. */
static bool say_hello(struct connection *connection, int64_t until, assay_error *error) {
    const assay_options *options = &connection->pool->client->options;
    const bool has_limit = options->body_size_max != ASSAY_LIMIT_BODY_SIZE_MAX;
    const assay_hello_request message = {
        .client = assay_text_of(options->name), .revision = ASSAY_PROTOCOL_REVISION,
        .token = assay_text_of(options->token), .tenant = assay_text_of(options->tenant),
        .compression = {true, options->compression},
        .body_size_max = {options->body_size_max, has_limit}};
    struct call call = {
        .kind = assay_kind_of(ASSAY_KIND_HELLO), .message = &message, .error = error};
    struct arena arena = {.allocator = &options->allocator};
    const assay_hello_response *hello = NULL;
    struct frame *frame = send_own(&call, connection, until) ? next_frame(&call, until) : NULL;
    if (frame != NULL && check_frame(&call, frame)) {
        hello = decode_body(
            &arena, ASSAY_MESSAGE_HELLO_RESPONSE, frame->body, frame->size, error);
    }
    bool is_fine = hello != NULL;
    if (is_fine) {
        connection->hello = *hello;
        connection->hello.server = (assay_text){NULL, 0};
        is_fine = (hello->revision <= ASSAY_PROTOCOL_REVISION &&
                   (options->compression || !hello->compression)) ||
                  breach(error, "reading the answer to Hello: it agrees to what was not offered");
    }
    call.was_written = false; /* no longer waited for */
    (void)part_with(&call);
    arena_free(&arena);
    release(&options->allocator, frame);
    return is_fine;
}

/* ================================================================ pool */

static void pool_free(struct pool *pool) {
    pthread_mutex_destroy(&pool->lock);
    waitable_free(allocator_of(pool), pool);
}

/* Makes an empty pool for the calling process. Without memory, NULL with an error. */
static struct pool *pool_new(const assay_client *client, pid_t process, assay_error *error) {
    struct pool *pool = waitable_new(&client->options.allocator, sizeof *pool);
    if (pool == NULL) {
        (void)fail_memory(error, "making a client, or a forked child's part of it");
        return NULL;
    }
    pool->process = process;
    pool->client = client;
    (void)pthread_mutex_init(&pool->lock, NULL); /* never fails without attributes */
    return pool;
}

/*
 * Closes a child's copies of its parent's sockets. A shutdown would end the parent's connections,
 * so none is made. A descriptor that the child has meanwhile closed and reused is another file, and
 * stays open.
 */
static void close_copies(const struct pool *inherited) {
    const struct connection *connection = inherited->connections;
    for (; connection != NULL; connection = connection->next) {
        struct stat found; /* fstat fails for -1, not connected yet */
        if (fstat(connection->fd, &found) == 0 && found.st_dev == connection->identity.st_dev &&
            found.st_ino == connection->identity.st_ino) {
            (void)close(connection->fd);
        }
    }
}

/*
 * Returns the pool of the calling process. NULL with an error. A child finds the parent's pool in
 * the state at the fork. A thread missing in the child may hold the lock, so the child leaves the
 * parent's pool alone, memory included, and makes a new pool.
 */
static struct pool *pool_of(assay_client *client, assay_error *error) {
    struct pool *found = atomic_load(&client->pool);
    const pid_t process = getpid();
    if (found->process == process) {
        return found;
    }
    struct pool *own = pool_new(client, process, error);
    if (own == NULL) {
        return NULL;
    }
    own->is_closed = found->is_closed;
    struct pool *expected = found;
    if (!atomic_compare_exchange_strong(&client->pool, &expected, own)) {
        pool_free(own); /* another thread of this process was first */
        return expected;
    }
    close_copies(found);
    return own;
}

/* Opens a connection, says Hello, and makes the call its user. NULL with an error. The lock is
 * held, but released while the socket connects. */
static struct connection *open_connection(struct call *call) {
    struct pool *pool = call->pool;
    const uint64_t limit = pool->client->options.connect_milliseconds;
    struct connection *connection = waitable_new(allocator_of(pool), sizeof *connection);
    if (connection == NULL) {
        (void)fail_memory(call->error, "connecting");
        return NULL;
    }
    connection->pool = pool;
    connection->fd = -1;
    connection->users = 1;
    connection->next_id = 1;
    connection->next = atomic_load(&pool->connections);
    pool->connections = connection;
    connection->is_leading = true; /* others wait */
    pthread_mutex_unlock(&pool->lock);
    const int fd = connect_socket(
        &pool->client->address, milliseconds_from_now(limit), call->deadline, &pool->is_closed,
        call->error);
    (void)fstat(fd, &connection->identity);
    pthread_mutex_lock(&pool->lock);
    connection->is_leading = false;
    connection->fd = fd; /* last, since a forked child reads it without the lock */
    const int64_t until = earlier(milliseconds_from_now(limit), call->deadline);
    bool is_fine = fd >= 0 && say_hello(connection, until, call->error);
    if (is_fine && (connection->is_failed || connection->is_draining)) {
        *call->error = connection->error;
        is_fine = false;
    }
    if (pool->is_closed) {
        is_fine = fail_closed(pool, call->error);
    }
    wake_all(connection);
    if (!is_fine) {
        connection_fail(connection, call->error);
        connection_release(connection);
    }
    return is_fine ? connection : NULL;
}

/* Picks the connection with the fewest users and adds the call as a user. Opens a new connection
 * when all are busy and the limit allows. NULL with an error. The lock is held. */
static struct connection *pick(struct call *call) {
    struct connection *best = NULL;
    uint64_t count = 0;
    for (struct connection *one = call->pool->connections; one != NULL; one = one->next) {
        if (!one->is_failed && !one->is_draining) {
            count++;
            best = best == NULL || one->users < best->users ? one : best;
        }
    }
    const bool is_full = count >= call->pool->client->options.connections;
    if (best == NULL || (best->users > 0 && !is_full)) {
        return open_connection(call);
    }
    best->users++;
    return best;
}

/* Puts a call's request in flight on a live connection with a free place, and makes the call a
 * user. False with an error. The lock is held. */
static bool acquire(struct call *call) {
    struct pool *pool = call->pool;
    while (!pool->is_closed) {
        if (has_passed(call->deadline)) {
            return fail_late(call);
        }
        struct connection *connection = pick(call);
        if (connection == NULL) {
            return false;
        }
        if (connection->pendings == NULL && !connection->is_leading) {
            lead(connection, POLLIN, 0); /* idle: notices a closed connection */
        }
        enlist(connection, call->pending);
        const bool is_alive = !connection->is_failed && !connection->is_draining;
        if (is_alive && connection->in_flight < connection->hello.requests_in_flight_max) {
            connection->in_flight++;
            call->pending->has_place = true;
            call->pending->id = connection->next_id++;
            call->connection = connection;
            return true;
        }
        if (is_alive) {
            wait_step(connection, call->pending, call->deadline);
        }
        delist(connection, call->pending);
        connection_release(connection);
    }
    return fail_closed(pool, call->error);
}

/* ================================================================ exchange */

/* True when the connection can carry the request. Otherwise nothing is sent. */
static bool request_fits(struct call *call) {
    const struct connection *connection = call->connection;
    const assay_field_info *context = assay_field_named(call->kind->request, "context");
    const bool says_attempt = context != NULL && connection->hello.revision >= context->since;
    const uint64_t attempt = says_attempt ? call->made + 1 : 1;
    if (attempt != call->attempt && !encode_call(call, attempt)) {
        return false;
    }
    if (call->since > connection->hello.revision) {
        return fail(
            call->error, ASSAY_REVISION_TOO_LOW,
            "sending %s: it needs revision %u of the protocol, the server speaks %" PRIu64,
            call->kind->name, call->since, connection->hello.revision);
    }
    const size_t size = call->bytes.size - HEADER_SIZE;
    return size <= connection->hello.body_size_max ||
           fail(
               call->error, ASSAY_REQUEST_INVALID,
               "sending %s: its body has %zu bytes, the server accepts %" PRIu64, call->kind->name,
               size, connection->hello.body_size_max);
}

/* Hands a chunk to on_chunk. */
static bool give_chunk(struct call *call, const struct frame *frame, const void *message) {
    const assay_call_options *options = call->options;
    if (options->on_chunk == NULL) {
        return true;
    }
    const assay_chunk chunk = {
        .kind = frame->header.kind,
        .provenance = frame->header.provenance,
        .generation = frame->header.generation,
        .message = message};
    call->was_seen = true;
    const bool goes_on = options->on_chunk(options->context, &chunk);
    call->is_inherited = call->pool->process != getpid();
    if (call->is_inherited) {
        return fail(
            call->error, ASSAY_CONNECTION_CLOSED,
            "calling %s: the answer belongs to the process that asked, this is a forked child",
            call->kind->name);
    }
    return goes_on || fail(
                          call->error, ASSAY_GIVEN_UP, "calling %s: the caller gave the answer up",
                          call->kind->name);
}

/* Makes the whole answer the reply, and gives the answer's memory to the reply. Returns true. */
static bool give_reply(struct call *call, const struct frame *frame, void *message) {
    struct arena *whole = &call->answer.whole;
    if (call->reply != NULL) {
        *call->reply = (assay_reply){
            .kind = frame->header.kind,
            .provenance = frame->header.provenance,
            .degraded = (frame->header.flags & ASSAY_FLAG_DEGRADED) != 0,
            .generation = frame->header.generation,
            .answer = answer_record(call->kind->response, message),
            .message = message,
            .allocator = *whole->allocator,
            .blocks = whole->blocks};
        whole->blocks = NULL;
    }
    return true;
}

/* Returns the time limit for the next frame. */
static int64_t answer_limit(const struct call *call) {
    const assay_options *options = &call->pool->client->options;
    const int64_t grace = (int64_t)options->grace_milliseconds * 1000;
    const int64_t limit = call->deadline == FOREVER ? FOREVER : call->deadline + grace;
    const uint64_t silence = options->answer_milliseconds;
    return silence == 0 ? limit : earlier(limit, milliseconds_from_now(silence));
}

/* Reads the frames of an answer to the last. The lock is held, but released while bodies are
 * read. A child that on_chunk forked does not take the lock again, since a parent's thread may
 * hold the lock forever. */
static bool read_answer(struct call *call) {
    bool is_fine = true, is_whole = false;
    while (is_fine && !is_whole) {
        struct frame *frame = next_frame(call, answer_limit(call));
        if (frame == NULL) {
            return false;
        }
        pthread_mutex_unlock(&call->pool->lock);
        is_whole = is_last(frame);
        frame = frame_open(allocator_of(call->pool), frame, call->error);
        void *message =
            frame != NULL && check_frame(call, frame) ? answer_take(call, frame) : NULL;
        is_fine = message != NULL && (is_whole ? give_reply(call, frame, message)
                                               : give_chunk(call, frame, message));
        release(allocator_of(call->pool), frame);
        if (!call->is_inherited) {
            pthread_mutex_lock(&call->pool->lock);
        }
    }
    return is_fine;
}

/* Leaves a connection after a try, failed or not. */
static void leave(struct call *call, bool is_fine) {
    struct connection *connection = call->connection;
    const uint64_t id = call->pending->id;
    const int64_t silence = now_microseconds() - connection->last_byte_at;
    const bool is_late = call->error->code == ASSAY_TIMED_OUT && call->was_written;
    call->is_unread = !is_fine && call->error->code == ASSAY_CONNECTION_CLOSED &&
                      connection->is_forsaken && call->pending->before.length == 0;
    if (!is_fine && (call->error->code == ASSAY_PROTOCOL_ERROR ||
                     (is_late && silence >= SILENCE_MILLISECONDS * 1000))) {
        connection_fail(connection, call->error);
    }
    if (part_with(call)) {
        send_cancel(connection, id);
    }
    connection_release(connection);
}

/* Makes one try, from finding a connection to the answer. The lock is held. A child that
 * on_chunk forked leaves the parent's connection, request and lock alone. */
static bool try_once(struct call *call) {
    const assay_allocator *allocator = allocator_of(call->pool);
    call->was_written = call->is_unread = false;
    if (!pending_new(call)) {
        return false;
    }
    call->answer = (struct answer){.whole.allocator = allocator, .chunk.allocator = allocator};
    const bool is_acquired = acquire(call);
    const bool is_fine = is_acquired && request_fits(call) &&
                         send_request(call, answer_limit(call)) && read_answer(call);
    if (!is_acquired) {
        pending_free(call->pool, call->pending);
    } else if (!call->is_inherited) {
        leave(call, is_fine);
    }
    answer_free(&call->answer);
    return is_fine;
}

/* Returns the pause after the `made`th try in microseconds: doubled each time, with jitter. */
static int64_t backoff(const struct call *call, uint64_t made) {
    const assay_options *options = &call->pool->client->options;
    const uint64_t longest = options->backoff_max_milliseconds;
    const uint64_t doublings = made > 32 ? 32 : made - 1;
    const uint64_t doubled = options->backoff_milliseconds << doublings; /* was below 2^32 */
    const uint64_t pause = doubled > longest ? longest : doubled;
    /* The clock and the address of the call, mixed. Not secret. */
    const uint64_t seed = (uint64_t)now_microseconds() ^ (uint64_t)(uintptr_t)call;
    const uint64_t random = seed * 0x9E3779B97F4A7C15u >> 32;
    return (int64_t)(pause * 500 + random % (pause * 500 + 1));
}

/*
 * Returns the pause before the next try in microseconds, or -1 for no further try. Within
 * wait_milliseconds, a server that is not up or loads its model is tried again without counting an
 * attempt. The first idle connection that ended under the request is no attempt either.
 */
static int64_t pause_after(struct call *call, int64_t now) {
    const int64_t longest = WAIT_PAUSE_MILLISECONDS * 1000, left = call->wait_until - now;
    const assay_error *error = call->error;
    if (call->is_unread && !call->has_moved) {
        call->has_moved = true;
        return 0;
    }
    const bool is_absent = error->code == ASSAY_UNREACHABLE;
    const bool is_refused = error->code == ASSAY_SERVER_REFUSED;
    const bool is_loading = is_refused && strcmp(error->server_code, "model_loading") == 0;
    const int64_t asked =
        error->has_retry_after ? (int64_t)error->retry_after_milliseconds * 1000 : -1;
    if ((is_absent || is_loading) && !call->was_seen && left > 0 && asked <= left) {
        call->waited++;
        int64_t pause = is_absent ? earlier(backoff(call, call->waited), longest) : longest;
        pause = asked < 0 ? earlier(pause, left) : asked;
        return pause < 1000 ? 1000 : pause;
    }
    const bool is_for_now = is_refused && (error->status == ASSAY_STATUS_UNAVAILABLE ||
                                           error->status == ASSAY_STATUS_RESOURCE_EXHAUSTED ||
                                           error->status == ASSAY_STATUS_ABORTED);
    const bool is_lost = error->code == ASSAY_CONNECTION_CLOSED &&
                         (!call->was_written || call->is_unread || call->kind->retry_safe);
    call->made++;
    if (!(is_absent || is_for_now || is_lost) || call->was_seen ||
        call->made >= call->pool->client->options.attempts) {
        return -1;
    }
    return asked < 0 ? backoff(call, call->made) : asked;
}

/* Pauses before the next try. The lock is held. False with an error when no try follows. */
static bool pause_before_retry(struct call *call) {
    struct pool *pool = call->pool;
    const int64_t now = now_microseconds(), pause = pause_after(call, now);
    if (pause < 0 || now + pause >= call->deadline) {
        return false;
    }
    while (!pool->is_closed && now_microseconds() < now + pause) {
        wait_until(&pool->closed, &pool->lock, now + pause);
    }
    return !pool->is_closed || fail_closed(pool, call->error);
}

/* Makes a call on the process's pool, with all tries. */
static bool run_call(struct call *call) {
    bool is_fine = encode_call(call, 1);
    if (is_fine) {
        pthread_mutex_lock(&call->pool->lock);
        do {
            is_fine = try_once(call);
        } while (!is_fine && !call->is_inherited && pause_before_retry(call));
        if (!call->is_inherited) {
            pthread_mutex_unlock(&call->pool->lock);
        }
    }
    buffer_free(&call->bytes);
    return is_fine;
}

static const assay_call_options no_options = {.on_chunk = NULL};

assay_code assay_call(
    assay_client *client, uint8_t number, const void *message, const assay_call_options *options,
    assay_reply *reply, assay_error *error) {
    const assay_kind_info *kind = assay_kind_of(number);
    assay_error own_error;
    error = error == NULL ? &own_error : error;
    *error = (assay_error){.code = ASSAY_OK};
    if (reply != NULL) {
        *reply = (assay_reply){.kind = number};
    }
    options = options == NULL ? &no_options : options;
    const uint32_t deadline = options->deadline_milliseconds;
    struct call call = {
        .pool = pool_of(client, error),
        .kind = kind,
        .message = message,
        .options = options,
        .reply = reply,
        .error = error,
        .deadline = deadline == 0 ? FOREVER : milliseconds_from_now(deadline),
        .wait_until = milliseconds_from_now(client->options.wait_milliseconds)};
    if (number == ASSAY_KIND_HELLO || number == ASSAY_KIND_CANCEL || kind == NULL ||
        message == NULL) {
        (void)fail(
            error, ASSAY_REQUEST_INVALID, "calling: found kind %u%s, allowed: those of assay.h",
            number, message == NULL ? " without a request" : "");
    } else if (call.pool != NULL) {
        /* A thread cancelled within a call would never release the lock or the leading role. */
        int before;
        (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
        error->code = run_call(&call) ? ASSAY_OK : error->code;
        (void)pthread_setcancelstate(before, &before);
    }
    return error->code;
}

assay_code assay_generate_stream(
    assay_client *client, const assay_generate_request *request, assay_on_chunk *on_chunk,
    void *context, const assay_call_options *call, assay_reply *reply, assay_error *error) {
    assay_call_options streaming = call == NULL ? no_options : *call;
    streaming.on_chunk = on_chunk;
    streaming.context = context;
    return assay_call(client, ASSAY_KIND_GENERATE, request, &streaming, reply, error);
}

void assay_reply_free(assay_reply *reply) {
    if (reply != NULL) {
        release_blocks(&reply->allocator, reply->blocks);
        *reply = (assay_reply){.kind = 0};
    }
}

/* ================================================================ client, options */

/* Checks each option against the range of its table. */
static bool check_options(const assay_options *options, assay_error *error) {
    for (size_t i = 0; i < assay_option_count; i++) {
        const assay_field_info *field = &assay_option_fields[i];
        const bool is_text = field->type == ASSAY_TYPE_TEXT;
        struct span value = {(const uint8_t *)options + field->offset, 1};
        if (is_text) {
            const char *text = *(const char *const *)value.items;
            value = (struct span){text, text == NULL ? 0 : strlen(text)};
        }
        const bool is_absent = value.items == NULL && field->presence == ASSAY_OPTIONAL;
        if (!is_absent && check_value(field, value) != NULL) {
            (void)fail(
                error, ASSAY_REQUEST_INVALID, "making a client: option %s: found %" PRIu64
                ", allowed: %" PRIu64 "..%" PRIu64 "%s", field->name, measure(field, value),
                field->min, field->max, is_text ? " bytes of UTF-8" : "");
            copy_text(error->field, sizeof error->field, assay_text_of(field->name));
            return false;
        }
    }
    return true;
}

assay_code assay_client_new(
    const char *text, const assay_options *options, assay_client **made, assay_error *error) {
    assay_error own_error;
    assay_options chosen = options == NULL ? assay_defaults : *options;
    if (chosen.allocator.resize == NULL) {
        chosen.allocator.resize = default_resize;
    }
    error = error == NULL ? &own_error : error;
    *error = (assay_error){.code = ASSAY_OK};
    assay_client *client = resize(&chosen.allocator, NULL, sizeof *client);
    if (client == NULL) {
        (void)fail_memory(error, "making a client");
    } else if (check_options(&chosen, error) &&
               assay_read_token(&chosen, client->texts.token, error) &&
               parse_address(text, &client->address, error)) {
        client->options = chosen;
        assay_keep_texts(&client->options, &client->texts);
        atomic_init(&client->pool, pool_new(client, getpid(), error));
    }
    if (error->code != ASSAY_OK) {
        release(&chosen.allocator, client);
        client = NULL;
    }
    *made = client;
    return error->code;
}

void assay_client_close(assay_client *client) {
    assay_error error;
    int before;
    struct pool *pool = pool_of(client, &error);
    if (pool == NULL) { /* a child without memory marks its copy of the parent's pool */
        atomic_load(&client->pool)->is_closed = true;
        return;
    }
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    pthread_mutex_lock(&pool->lock);
    pool->is_closed = true;
    (void)fail_closed(pool, &error);
    struct connection *next = pool->connections;
    while (next != NULL) {
        struct connection *connection = next;
        next = connection->next;
        connection->users++;
        connection_fail(connection, &error);
        connection_release(connection);
    }
    pthread_cond_broadcast(&pool->closed);
    pthread_mutex_unlock(&pool->lock);
    (void)pthread_setcancelstate(before, &before);
}

void assay_client_free(assay_client *client) {
    if (client != NULL) {
        const assay_allocator allocator = client->options.allocator;
        assay_client_close(client);
        struct pool *pool = atomic_load(&client->pool);
        if (pool->process == getpid()) {
            pool_free(pool);
        }
        release(&allocator, client);
    }
}
