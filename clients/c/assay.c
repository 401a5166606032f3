/*
 * The client of assay.h. Read from top to bottom: each section uses only what stands above it.
 *
 *   memory, errors, time     blocks of the caller's allocator; sentences; a monotonic clock
 *   lz4, codec               one table-driven encoder and decoder over assay_messages
 *   frames, socket           headers checked byte by byte; addresses
 *   connection               who reads, who writes, who waits
 *   pool                     which connection; a forked child has a lock and connections of its own
 *   answers, exchange        chunks put together and checked; one call with its attempts
 *   client, options
 *
 * Concurrency. One lock per client and process guards everything but the bytes a leader reads and
 * a writer writes. The thread that waits for an answer reads the socket itself (it leads), files
 * the frames it finds for others and wakes each; when it has its own it wakes one of those that
 * still wait, which leads from then on. No frame passes through more than one thread but the one
 * that reads it.
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
    FLAGS_MAX = ASSAY_FLAG_COMPRESSED | ASSAY_FLAG_MORE | ASSAY_FLAG_DEGRADED,
    READ_SIZE = 64 << 10,
    SILENCE_MILLISECONDS = 10000,  /* after which a time-out closes the connection */
    CANCEL_MILLISECONDS = 1000,    /* to write a Cancel */
    GLANCE_MILLISECONDS = 10,      /* between two looks whether the client was closed, connecting */
    BUSY_MILLISECONDS = 100,       /* between two looks at a connection that takes no bytes */
    WAIT_PAUSE_MILLISECONDS = 200, /* between two tries of wait_milliseconds */
    KEEPALIVE_IDLE_SECONDS = 30,   /* of silence on a TCP connection, then it is probed */
    KEEPALIVE_INTERVAL_SECONDS = 10,
    KEEPALIVE_PROBES = 3, /* that are not answered end the connection */
};

/* ================================================================ memory */

/* One piece of memory. Those of an arena or a reply are linked. */
struct assay_block {
    struct assay_block *next;
    size_t used, capacity;
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

/* Memory that is freed all at once. Once an allocation fails, all that follow do. */
struct arena {
    const assay_allocator *allocator;
    struct assay_block *blocks; /* the newest first */
    bool failed;
};

/* `count` times `size` bytes of zeros, aligned for anything; NULL: failed. */
static void *arena_take(struct arena *arena, size_t count, size_t size) {
    const size_t unit = _Alignof(max_align_t);
    if (arena->failed || (size > 0 && count > (SIZE_MAX / 4) / size)) {
        arena->failed = true;
        return NULL;
    }
    size_t need = (count * size + unit - 1) / unit * unit;
    struct assay_block *block = arena->blocks;
    if (block == NULL || block->capacity - block->used < need) {
        size_t capacity = block == NULL ? 2048 : block->capacity * 2;
        capacity = capacity > 65536 ? 65536 : capacity;
        capacity = capacity < need ? need : capacity;
        block = resize(arena->allocator, NULL, sizeof *block + capacity);
        if (block == NULL) {
            arena->failed = true;
            return NULL;
        }
        *block = (struct assay_block){.next = arena->blocks, .capacity = capacity};
        arena->blocks = block;
    }
    void *bytes = block->bytes + block->used;
    block->used += need;
    memset(bytes, 0, need);
    return bytes;
}

/* Forgets everything, keeps one block for what comes next. */
static void arena_reset(struct arena *arena) {
    if (arena->blocks != NULL) {
        release_blocks(arena->allocator, arena->blocks->next);
        arena->blocks->next = NULL;
        arena->blocks->used = 0;
    }
}

static void arena_free(struct arena *arena) {
    release_blocks(arena->allocator, arena->blocks);
    arena->blocks = NULL;
}

/* Bytes that grow. Once an allocation fails, all that follow do. */
struct buffer {
    const assay_allocator *allocator;
    struct assay_block *block;
    bool failed;
};

static size_t buffer_size(const struct buffer *buffer) {
    return buffer->block == NULL ? 0 : buffer->block->used;
}

static unsigned char *buffer_bytes(const struct buffer *buffer) {
    return buffer->block == NULL ? NULL : buffer->block->bytes;
}

/* Room for `size` more bytes, which count as used; NULL: failed. */
static unsigned char *buffer_extend(struct buffer *buffer, size_t size) {
    const size_t used = buffer_size(buffer);
    size_t capacity = buffer->block == NULL ? 0 : buffer->block->capacity;
    if (buffer->failed || size > SIZE_MAX / 4 - used) {
        buffer->failed = true;
        return NULL;
    }
    if (buffer->block == NULL || capacity - used < size) {
        capacity = capacity * 2 < used + size ? used + size : capacity * 2;
        capacity = capacity < 256 ? 256 : capacity;
        struct assay_block *block =
            resize(buffer->allocator, buffer->block, sizeof *block + capacity);
        if (block == NULL) {
            buffer->failed = true;
            return NULL;
        }
        *block = (struct assay_block){.used = used, .capacity = capacity};
        buffer->block = block;
    }
    buffer->block->used += size;
    return buffer->block->bytes + used;
}

static void buffer_append(struct buffer *buffer, const void *bytes, size_t size) {
    unsigned char *target = buffer_extend(buffer, size);
    if (target != NULL && size > 0) {
        memcpy(target, bytes, size);
    }
}

static void buffer_free(struct buffer *buffer) {
    release(buffer->allocator, buffer->block);
    buffer->block = NULL;
}

/* ================================================================ errors, names, time */

const char *assay_code_name(assay_code code) {
    size_t index = (size_t)code;
    return index < sizeof assay_codes / sizeof *assay_codes ? assay_codes[index].name : "unknown";
}

/* Row of a status number in assay_statuses; one that nobody knows reads as UNKNOWN. */
static size_t status_row(uint32_t status) {
    for (size_t i = 0; i < sizeof assay_statuses / sizeof *assay_statuses; i++) {
        if (assay_statuses[i].number == status) {
            return i;
        }
    }
    return status_row(ASSAY_STATUS_UNKNOWN);
}

const char *assay_status_name(uint32_t status) {
    return assay_statuses[status_row(status)].name;
}

assay_text assay_text_of(const char *string) {
    return (assay_text){string, string == NULL ? 0 : strlen(string)};
}

/* Fills in an error; always false, which is what a function that can fail returns then. */
__attribute__((format(printf, 3, 4))) static bool fail(
    assay_error *error, assay_code code, const char *format, ...) {
    memset(error, 0, sizeof *error);
    error->code = code;
    error->status = assay_codes[code].status;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

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

/* Microseconds of a clock that never goes back. */
static int64_t now_microseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static int64_t after_milliseconds(int64_t start, uint64_t milliseconds) {
    return start + (int64_t)milliseconds * 1000;
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static bool has_passed(int64_t time) {
    return time != FOREVER && now_microseconds() >= time;
}

/* Milliseconds for poll: rounded up, -1 for ever. */
static int poll_milliseconds(int64_t until) {
    if (until == FOREVER) {
        return -1;
    }
    int64_t left = (until - now_microseconds() + 999) / 1000;
    return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

/* Waits on a condition of the monotonic clock; false: `until` has passed. */
static bool wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until) {
    if (until == FOREVER) {
        pthread_cond_wait(condition, lock);
        return true;
    }
    struct timespec time = {.tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000};
    return pthread_cond_timedwait(condition, lock, &time) != ETIMEDOUT;
}

static bool condition_init(pthread_cond_t *condition) {
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return false;
    }
    bool done = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                pthread_cond_init(condition, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return done;
}

/* ================================================================ bytes */

static uint32_t get_u16(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t get_u32(const uint8_t *bytes) {
    return get_u16(bytes) | get_u16(bytes + 2) << 16;
}

static uint64_t get_u64(const uint8_t *bytes) {
    return (uint64_t)get_u32(bytes) | (uint64_t)get_u32(bytes + 4) << 32;
}

static void put_u32(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
}

static void put_u64(uint8_t *bytes, uint64_t value) {
    put_u32(bytes, (uint32_t)value);
    put_u32(bytes + 4, (uint32_t)(value >> 32));
}

/* Copies an array from the machine's order of bytes to the wire's, or back: it is the same. */
static void copy_words(uint8_t *target, const uint8_t *source, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t word = get_u32(source + i * 4);
        memcpy(target + i * 4, &word, 4);
    }
}

/* Well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. */
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

/* The length that a token's four bits begin; false: it leaves the block. */
static bool block_length(const uint8_t *block, size_t size, size_t *at, size_t *length) {
    if (*length < 15) {
        return true;
    }
    uint8_t byte;
    do {
        if (*at >= size) {
            return false;
        }
        byte = block[(*at)++];
        *length += byte;
    } while (byte == 255);
    return true;
}

/*
 * Whether a block's sequences hang together and no match has offset 0, which LZ4_decompress_safe
 * lets pass.
 *
 *    token  lengths...  literals...  offset   lengths...     the last sequence ends
 *    [4|4]  [255..][n]  [........]   [lo hi]  [255..][n]     after its literals
 */
static bool block_is_sound(const uint8_t *block, size_t size) {
    size_t at = 0;
    while (at < size) {
        uint8_t token = block[at++];
        size_t literals = token >> 4, match = token & 15;
        if (!block_length(block, size, &at, &literals) || literals > size - at) {
            return false;
        }
        at += literals;
        if (at == size) {
            return true;
        }
        if (size - at < 2 || get_u16(block + at) == 0) {
            return false;
        }
        at += 2;
        if (!block_length(block, size, &at, &match)) {
            return false;
        }
    }
    return false;
}

/* Decodes into exactly `raw_size` bytes. Both sizes are within the limit on bodies. */
static bool block_decode(const uint8_t *block, size_t size, uint8_t *target, size_t raw_size) {
    if (size > INT32_MAX || raw_size > INT32_MAX || !block_is_sound(block, size)) {
        return false;
    }
    return LZ4_decompress_safe((const char *)block, (char *)target, (int)size, (int)raw_size) ==
           (int)raw_size;
}

static size_t paying_size(size_t size) {
    return size * ASSAY_LIMIT_COMPRESSION_PERCENT_MAX / 100;
}

/* Compresses into at most `paying_size(size)` bytes of `target`; 0: does not pay. A large body is
 * judged by a piece of its middle first. */
static size_t block_encode(const uint8_t *bytes, size_t size, uint8_t *target) {
    const size_t sample = ASSAY_LIMIT_COMPRESSION_SAMPLE_SIZE;
    if (size < ASSAY_LIMIT_COMPRESSION_SIZE_MIN || size > LZ4_MAX_INPUT_SIZE) {
        return 0;
    }
    if (size >= ASSAY_LIMIT_COMPRESSION_SAMPLED_SIZE_MIN) {
        const char *middle = (const char *)bytes + (size - sample) / 2;
        if (LZ4_compress_default(middle, (char *)target, (int)sample, (int)paying_size(sample)) <=
            0) {
            return 0;
        }
    }
    int made = LZ4_compress_default(
        (const char *)bytes, (char *)target, (int)size, (int)paying_size(size));
    return made > 0 ? (size_t)made : 0;
}

/* ================================================================ codec: values */

/* What every list, text and array looks like. Copied in and out, never pointed at. */
struct span {
    const void *items;
    size_t count;
};

/* What is wrong with a body. */
struct fault {
    const char *code; /* of SPEC.md; NULL: nothing, or no memory */
    char path[132];   /* of the field */
};

static bool refuse(struct fault *fault, const char *name, const char *code) {
    fault->code = code;
    copy_text(fault->path, sizeof fault->path, assay_text_of(name));
    return false;
}

/* Puts a record's name before the path of what was refused in it. */
static bool refuse_inside(struct fault *fault, const char *name) {
    char inner[90];
    copy_text(inner, sizeof inner, assay_text_of(fault->path));
    const char *dot = inner[0] == 0 ? "" : ".";
    (void)snprintf(fault->path, sizeof fault->path, "%.40s%s%s", name, dot, inner);
    return false;
}

static const assay_field_info *field_named(unsigned message, const char *name) {
    const assay_message_info *info = &assay_messages[message];
    for (size_t i = 0; i < info->field_count; i++) {
        if (strcmp(info->fields[i].name, name) == 0) {
            return &info->fields[i];
        }
    }
    return NULL;
}

static bool is_array(const assay_field_info *field) {
    return field->type == ASSAY_TYPE_U32S || field->type == ASSAY_TYPE_F32S;
}

static bool is_scalar(const assay_field_info *field) {
    return field->type == ASSAY_TYPE_U64 || field->type == ASSAY_TYPE_F64 ||
           field->type == ASSAY_TYPE_BOOL;
}

_Static_assert(
    offsetof(assay_opt_u64, given) == 8 && offsetof(assay_opt_f64, given) == 8 &&
        offsetof(assay_opt_bool, given) == 1 && sizeof(bool) == 1,
    "an optional value says right behind it whether it is given");

/* Bytes of a u64, f64 or bool, in its struct and on the wire. */
static size_t scalar_size(const assay_field_info *field) {
    return field->type == ASSAY_TYPE_BOOL ? 1 : 8;
}

static bool scalar_fits(const assay_field_info *field, uint64_t bits) {
    if (field->type == ASSAY_TYPE_BOOL) {
        return bits <= 1;
    }
    if (field->type == ASSAY_TYPE_U64) {
        return bits >= field->min && bits <= field->max;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return value >= field->f64_min && value <= field->f64_max &&
           !(field->min_exclusive && value <= field->f64_min);
}

static bool is_choice(const assay_field_info *field, struct span text) {
    for (const char *const *word = field->choices; *word != NULL; word++) {
        if (strlen(*word) == text.count && memcmp(*word, text.items, text.count) == 0) {
            return true;
        }
    }
    return false;
}

/* A W3C traceparent of version 00, neither trace nor parent 0. Of 55 bytes, as its table says. */
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

/* What is wrong with a text, bytes or an array: NULL or a code of SPEC.md. */
static const char *check_span(const assay_field_info *field, struct span span) {
    if (span.count < field->min || span.count > field->max) {
        return "field_out_of_range";
    }
    if (field->type == ASSAY_TYPE_TEXT && !is_utf8(span.items, span.count)) {
        return "field_text_invalid";
    }
    bool is_fine = (field->choices == NULL || is_choice(field, span)) &&
                   (!field->is_traceparent || is_traceparent(span.items));
    return is_fine ? NULL : "field_out_of_range";
}

/* How often a field may be there is what its table says. */
static const char *check_times(const assay_field_info *field, size_t times) {
    if (times > field->times_max) {
        return "field_repeated";
    }
    return times < field->times_min ? "field_missing" : NULL;
}

/* Bytes from one item of a list to the next. */
static size_t item_size(const assay_field_info *field) {
    return field->type == ASSAY_TYPE_RECORD ? assay_messages[field->record].size
                                            : sizeof(struct span);
}

/* ================================================================ codec: encoding */

struct encoder {
    struct buffer *buffer;
    unsigned since; /* newest revision that a field needs */
    struct fault fault;
};

/* How often a field is there in its struct. */
static size_t times_given(const assay_field_info *field, const uint8_t *place) {
    struct span list;
    const void *pointer;
    if (field->presence == ASSAY_REPEATED) {
        memcpy(&list, place, sizeof list);
        return list.count;
    }
    if (field->presence == ASSAY_REQUIRED && field->type != ASSAY_TYPE_RECORD) {
        return 1;
    }
    if (is_scalar(field)) {
        return place[scalar_size(field)];
    }
    memcpy(&pointer, place, sizeof pointer);
    return pointer != NULL;
}

static bool put_record(struct encoder *, unsigned message, const void *object);

/* Appends one value, which is an item of a list when the field is repeated. */
static bool put_value(
    struct encoder *encoder, const assay_field_info *field, const uint8_t *place) {
    struct buffer *buffer = encoder->buffer;
    struct span span;
    const char *wrong = NULL;
    if (field->type == ASSAY_TYPE_RECORD) {
        const void *record = place;
        if (field->presence != ASSAY_REPEATED) {
            memcpy(&record, place, sizeof record);
        }
        return put_record(encoder, field->record, record) ||
               refuse_inside(&encoder->fault, field->name);
    }
    if (is_scalar(field)) {
        uint8_t bytes[8];
        uint64_t bits = place[0];
        if (scalar_size(field) == 8) {
            memcpy(&bits, place, sizeof bits);
        }
        wrong = scalar_fits(field, bits) ? NULL : "field_out_of_range";
        put_u64(bytes, bits);
        buffer_append(buffer, bytes, scalar_size(field));
    } else {
        memcpy(&span, place, sizeof span);
        wrong = check_span(field, span);
        if (wrong == NULL && !is_array(field)) {
            buffer_append(buffer, span.items, span.count);
        } else if (wrong == NULL) {
            uint8_t *bytes = buffer_extend(buffer, span.count * 4);
            copy_words(bytes, span.items, bytes == NULL ? 0 : span.count);
        }
    }
    return wrong == NULL || refuse(&encoder->fault, field->name, wrong);
}

static bool put_field(
    struct encoder *encoder, const assay_field_info *field, const uint8_t *place) {
    struct buffer *buffer = encoder->buffer;
    const size_t start = buffer_size(buffer);
    (void)buffer_extend(buffer, FIELD_HEADER_SIZE);
    if (!put_value(encoder, field, place)) {
        return false;
    }
    encoder->since = field->since > encoder->since ? field->since : encoder->since;
    if (buffer->failed) {
        return true; /* the buffer's owner looks */
    }
    const size_t size = buffer_size(buffer) - start - FIELD_HEADER_SIZE;
    if (size > UINT32_MAX) {
        return refuse(&encoder->fault, field->name, "field_out_of_range");
    }
    put_u32(buffer_bytes(buffer) + start, field->id | (uint32_t)field->type << 16);
    put_u32(buffer_bytes(buffer) + start + 4, (uint32_t)size);
    return true;
}

/* Whether fields that exclude each other, or of which one must be there, keep to it. */
static bool rules_hold(
    struct fault *fault, const assay_message_info *info, const uint8_t *object) {
    for (size_t i = 0; i < info->rule_count; i++) {
        const assay_rule *rule = &info->rules[i];
        const char *last = info->fields[rule->rows[0]].name;
        size_t given = 0;
        for (size_t row = 0; row < rule->count; row++) {
            const assay_field_info *field = &info->fields[rule->rows[row]];
            if (times_given(field, object + field->offset) > 0) {
                last = field->name;
                given++;
            }
        }
        if (given > 1 || (given == 0 && rule->needs_one)) {
            return refuse(fault, last, given == 0 ? "field_missing" : "field_conflict");
        }
    }
    return true;
}

/* Appends a record's fields; false: `fault` says what is wrong with it. */
static bool put_record(struct encoder *encoder, unsigned message, const void *object) {
    const assay_message_info *info = &assay_messages[message];
    for (size_t i = 0; i < info->field_count; i++) {
        const assay_field_info *field = &info->fields[i];
        const uint8_t *place = (const uint8_t *)object + field->offset;
        const size_t times = times_given(field, place);
        const char *wrong = check_times(field, times);
        if (wrong != NULL) {
            return refuse(&encoder->fault, field->name, wrong);
        }
        if (field->presence == ASSAY_REPEATED) {
            struct span list;
            memcpy(&list, place, sizeof list);
            place = list.items;
        }
        for (size_t item = 0; item < times; item++) {
            if (!put_field(encoder, field, place + item * item_size(field))) {
                return false;
            }
        }
    }
    return rules_hold(&encoder->fault, info, object);
}

/* ================================================================ codec: decoding */

struct decoder {
    struct arena *arena;
    struct fault fault;
};

/* The fields of a body, one after the other, and the one that was reached. */
struct fields {
    const uint8_t *at, *end;
    bool is_cut; /* a field leaves the body */
    unsigned id, type;
    const uint8_t *bytes;
    size_t size;
};

/* Goes on to the next field; false: there is none, or it leaves the body. */
static bool next_field(struct fields *fields) {
    const size_t left = (size_t)(fields->end - fields->at);
    fields->is_cut = left > 0 && (left < FIELD_HEADER_SIZE ||
                                  get_u32(fields->at + 4) > left - FIELD_HEADER_SIZE);
    if (left == 0 || fields->is_cut) {
        return false;
    }
    fields->id = get_u16(fields->at);
    fields->type = fields->at[2];
    fields->size = get_u32(fields->at + 4);
    fields->bytes = fields->at + FIELD_HEADER_SIZE;
    fields->at = fields->bytes + fields->size;
    return true;
}

/* How many fields from this one on have `id`: what a list is allocated for. */
static size_t count_run(struct fields fields, unsigned id) {
    size_t count = 0;
    bool more = true;
    while (more && fields.id == id) {
        count++;
        more = next_field(&fields);
    }
    return count;
}

/* A u64, f64 or bool; NULL or what is wrong with it. */
static const char *take_scalar(
    const assay_field_info *field, const struct fields *raw, uint8_t *place) {
    const size_t size = scalar_size(field);
    if (raw->size != size) {
        return "field_size_mismatch";
    }
    uint64_t bits = size == 8 ? get_u64(raw->bytes) : raw->bytes[0];
    if (!scalar_fits(field, bits)) {
        return "field_out_of_range";
    }
    if (size == 8) {
        memcpy(place, &bits, size);
    } else {
        place[0] = (uint8_t)bits;
    }
    if (field->presence == ASSAY_OPTIONAL) {
        place[size] = 1;
    }
    return NULL;
}

/* A text, bytes or array, copied, with a 0 byte behind it; NULL or what is wrong with it. */
static const char *take_span(
    struct arena *arena, const assay_field_info *field, const struct fields *raw, uint8_t *place) {
    const bool in_words = is_array(field);
    if (in_words && raw->size % 4 != 0) {
        return "field_size_mismatch";
    }
    struct span span = {raw->bytes, in_words ? raw->size / 4 : raw->size};
    const char *wrong = check_span(field, span);
    uint8_t *copy = wrong == NULL ? arena_take(arena, raw->size + 1, 1) : NULL;
    if (copy == NULL) {
        return wrong;
    }
    if (in_words) {
        copy_words(copy, raw->bytes, span.count);
    } else {
        memcpy(copy, raw->bytes, raw->size);
    }
    span.items = copy;
    memcpy(place, &span, sizeof span);
    return NULL;
}

static bool take_record(
    struct decoder *, unsigned message, const uint8_t *body, size_t size, void *object);

/* One value into its place, which is an item of the list when the field is repeated. */
static bool take_value(
    struct decoder *decoder, const assay_field_info *field, const struct fields *raw,
    uint8_t *place) {
    const char *wrong = NULL;
    if (raw->type != field->type) {
        wrong = "field_type_mismatch";
    } else if (raw->bytes[-5] != 0) {
        wrong = "field_reserved_not_zero";
    } else if (is_scalar(field)) {
        wrong = take_scalar(field, raw, place);
    } else if (field->type != ASSAY_TYPE_RECORD) {
        wrong = take_span(decoder->arena, field, raw, place);
    } else {
        void *record = place;
        if (field->presence != ASSAY_REPEATED) {
            record = arena_take(decoder->arena, 1, assay_messages[field->record].size);
            memcpy(place, &record, sizeof record);
        }
        if (record != NULL && !take_record(decoder, field->record, raw->bytes, raw->size, record)) {
            return refuse_inside(&decoder->fault, field->name);
        }
    }
    if (wrong != NULL) {
        return refuse(&decoder->fault, field->name, wrong);
    }
    return !decoder->arena->failed;
}

static bool same_bytes(struct span a, struct span b, size_t size) {
    return a.count == b.count && (a.count == 0 || memcmp(a.items, b.items, a.count * size) == 0);
}

static bool logprobs_are_of(const assay_logprobs *logprobs, assay_u32s tokens) {
    struct span a = {tokens.items, tokens.count};
    return logprobs == NULL ||
           same_bytes((struct span){logprobs->tokens.items, logprobs->tokens.count}, a, 4);
}

/* Rules between the fields of one record (SPEC.md, "Log-probabilities"). */
static bool fields_agree(struct fault *fault, unsigned message, const void *object) {
    bool agree = true;
    if (message == ASSAY_MESSAGE_LOGPROBS) {
        const assay_logprobs *it = object;
        size_t rows = it->tokens.count * (size_t)it->top_count.value; /* 64 million at most */
        if (it->top_tokens.count != rows || it->top_logprobs.count != rows) {
            return refuse(fault, "top_tokens", "field_conflict");
        }
        agree = it->logprobs.count == it->tokens.count;
    } else if (message == ASSAY_MESSAGE_GENERATE_CHUNK) {
        const assay_generate_chunk *it = object;
        agree = logprobs_are_of(it->logprobs, it->tokens);
    } else if (message == ASSAY_MESSAGE_GENERATE_RESPONSE) {
        const assay_generate_response *it = object;
        agree = logprobs_are_of(it->logprobs, it->tokens);
    }
    return agree || refuse(fault, "logprobs", "field_conflict");
}

/* Refuses a field that stands where the table does not have it. */
static bool misplaced(struct fault *fault, unsigned id, unsigned before) {
    char name[16] = "";
    if (id > before) {
        (void)snprintf(name, sizeof name, "#%u", id);
    }
    return refuse(fault, name, id > before ? "field_unknown" : "field_order");
}

/* Decodes a whole body or record into its zeroed struct: row by row, as often as it allows. */
static bool take_record(
    struct decoder *decoder, unsigned message, const uint8_t *body, size_t size, void *object) {
    const assay_message_info *info = &assay_messages[message];
    struct fields fields = {.at = body, .end = body + size};
    bool more = next_field(&fields);
    unsigned before = 0;
    for (size_t row = 0; row < info->field_count && !fields.is_cut; row++) {
        const assay_field_info *field = &info->fields[row];
        if (more && fields.id < field->id) {
            return misplaced(&decoder->fault, fields.id, before);
        }
        const size_t times = more ? count_run(fields, field->id) : 0;
        const char *wrong = check_times(field, times);
        if (wrong != NULL) {
            return refuse(&decoder->fault, field->name, wrong);
        }
        uint8_t *place = (uint8_t *)object + field->offset;
        if (field->presence == ASSAY_REPEATED && times > 0) {
            uint8_t *items = arena_take(decoder->arena, times, item_size(field));
            struct span list = {items, times};
            memcpy(place, &list, sizeof list);
            place = items;
        }
        for (size_t item = 0; item < times; item++) {
            if (place == NULL ||
                !take_value(decoder, field, &fields, place + item * item_size(field))) {
                return false;
            }
            before = field->id;
            more = next_field(&fields);
        }
    }
    if (fields.is_cut) {
        return refuse(&decoder->fault, "", "body_truncated");
    }
    return more ? misplaced(&decoder->fault, fields.id, before)
                : fields_agree(&decoder->fault, message, object);
}

/* Decodes a body of the server; NULL: it breaks the protocol, or no memory. */
static void *decode_body(
    struct arena *arena, unsigned message, const uint8_t *body, size_t size, assay_error *error) {
    struct decoder decoder = {.arena = arena};
    void *object = arena_take(arena, 1, assay_messages[message].size);
    if (object != NULL && take_record(&decoder, message, body, size, object)) {
        return object;
    }
    if (arena->failed || decoder.fault.code == NULL) {
        (void)fail_memory(error, "reading the server's answer");
    } else {
        (void)fail(
            error, ASSAY_PROTOCOL_ERROR, "reading %s: %s at \"%s\"", assay_messages[message].name,
            decoder.fault.code, decoder.fault.path);
    }
    return NULL;
}

/* ================================================================ frames */

/* One received frame: its header, and its body as it came, or decompressed. */
struct frame {
    struct frame *next;
    uint64_t request_id;
    uint32_t status, generation, raw_size;
    uint8_t kind, flags, provenance;
    size_t size, filled; /* of body: what it will be, what has come */
    uint8_t body[];
};

/* Checks as much of a response's header as is there, in the order of SPEC.md. */
static bool check_header(
    const uint8_t *bytes, size_t have, uint32_t body_max, bool may_compress, assay_error *error) {
    static const uint8_t nothing[HEADER_SIZE];
    const uint8_t *header = have < HEADER_SIZE ? nothing : bytes;
    const uint32_t length = have < 4 ? COUNTED_SIZE : get_u32(bytes);
    const uint32_t wire_size = length - COUNTED_SIZE, raw_size = get_u32(header + 20);
    const uint32_t reserved = get_u32(header + 28);
    const uint8_t kind = header[5], flags = header[6], provenance = header[7];
    const uint64_t request_id = get_u64(header + 8);
    const bool is_go_away = kind == (ASSAY_RESPONSE_BIT | ASSAY_KIND_GO_AWAY);
    const bool is_packed = (flags & ASSAY_FLAG_COMPRESSED) != 0;
    const uint8_t version = have < 5 ? ASSAY_PROTOCOL_VERSION : bytes[4];
    const struct {
        bool is_wrong;
        const char *code;
        uint64_t found;
        const char *allowed;
        uint64_t bound;
    } checks[] = {
        {length < COUNTED_SIZE, "length_too_small", length, "at least ", COUNTED_SIZE},
        {wire_size > body_max, "length_too_large", length, "at most ",
         (uint64_t)body_max + COUNTED_SIZE},
        {version != ASSAY_PROTOCOL_VERSION, "version_unsupported", version, "",
         ASSAY_PROTOCOL_VERSION},
        {reserved != 0, "reserved_not_zero", reserved, "", 0},
        {kind <= ASSAY_RESPONSE_BIT, "kind_out_of_range", kind, "at least ",
         ASSAY_RESPONSE_BIT + 1},
        {flags > FLAGS_MAX, "flags_unknown", flags, "at most ", FLAGS_MAX},
        {provenance != ASSAY_REAL && provenance != ASSAY_MOCK, "provenance_invalid", provenance,
         "1 or ", 2},
        {(request_id == 0) != is_go_away, "request_id_invalid", request_id,
         "0 in GoAway only, kind ", ASSAY_RESPONSE_BIT | ASSAY_KIND_GO_AWAY},
        {get_u32(header + 16) != 0 && flags > ASSAY_FLAG_COMPRESSED, "flags_conflict", flags,
         "with a status at most ", ASSAY_FLAG_COMPRESSED},
        {raw_size > body_max, "raw_size_too_large", raw_size, "at most ", body_max},
        {!is_packed && raw_size != wire_size, "raw_size_mismatch", raw_size, "", wire_size},
        {is_packed && (raw_size < ASSAY_LIMIT_COMPRESSION_SIZE_MIN || wire_size == 0 ||
                       wire_size >= raw_size),
         "compression_not_useful", wire_size, "1 to below ", raw_size},
        {is_packed && !may_compress, "a compressed body", flags, "as Hello agreed, at most ",
         FLAGS_MAX - ASSAY_FLAG_COMPRESSED}};
    const size_t count = have < HEADER_SIZE ? 3 : sizeof checks / sizeof *checks;
    for (size_t i = 0; i < count; i++) {
        if (checks[i].is_wrong) {
            return fail(
                error, ASSAY_PROTOCOL_ERROR, "reading a frame's header: %s: found %" PRIu64
                ", allowed: %s%" PRIu64, checks[i].code, checks[i].found, checks[i].allowed,
                checks[i].bound);
        }
    }
    return true;
}

/* Room for the body of a frame whose header was checked; NULL: no memory. */
static struct frame *frame_new(const assay_allocator *allocator, const uint8_t *header) {
    const size_t size = get_u32(header) - COUNTED_SIZE;
    struct frame *frame = resize(allocator, NULL, sizeof *frame + size);
    if (frame != NULL) {
        *frame = (struct frame){
            .request_id = get_u64(header + 8),
            .status = get_u32(header + 16),
            .raw_size = get_u32(header + 20),
            .generation = get_u32(header + 24),
            .kind = header[5] & (ASSAY_RESPONSE_BIT - 1),
            .flags = header[6],
            .provenance = header[7],
            .size = size};
    }
    return frame;
}

static bool is_last(const struct frame *frame) {
    return (frame->flags & ASSAY_FLAG_MORE) == 0;
}

static void frames_free(const assay_allocator *allocator, struct frame *frame) {
    while (frame != NULL) {
        struct frame *next = frame->next;
        release(allocator, frame);
        frame = next;
    }
}

/* The frame with its body decompressed; NULL: damaged, or no memory. Frees the given one. */
static struct frame *frame_open(
    const assay_allocator *allocator, struct frame *frame, assay_error *error) {
    if ((frame->flags & ASSAY_FLAG_COMPRESSED) == 0) {
        return frame;
    }
    /* A byte of a block stands for at most 255: what claims more is not worth an allocation. */
    const bool is_possible = frame->raw_size / 256 <= frame->size;
    struct frame *whole =
        is_possible ? resize(allocator, NULL, sizeof *whole + frame->raw_size) : NULL;
    if (is_possible && whole == NULL) {
        (void)fail_memory(error, "reading a frame");
    } else if (whole != NULL && block_decode(frame->body, frame->size, whole->body,
                                             frame->raw_size)) {
        memcpy(whole, frame, sizeof *whole);
        whole->size = frame->raw_size;
    } else {
        (void)fail(
            error, ASSAY_PROTOCOL_ERROR, "reading a frame: compressed_body_damaged: found a block "
            "of %zu bytes that does not decode to the %" PRIu32 " announced", frame->size,
            frame->raw_size);
        release(allocator, whole);
        whole = NULL;
    }
    release(allocator, frame);
    return whole;
}

/* Writes a request's header; `size` bytes of body follow on the wire. */
static void put_header(
    uint8_t *bytes, uint8_t kind, uint64_t request_id, uint32_t deadline_milliseconds,
    uint32_t size, uint32_t raw_size) {
    memset(bytes, 0, HEADER_SIZE);
    put_u32(bytes, COUNTED_SIZE + size);
    bytes[4] = ASSAY_PROTOCOL_VERSION;
    bytes[5] = kind;
    bytes[6] = size < raw_size ? ASSAY_FLAG_COMPRESSED : 0;
    put_u64(bytes + 8, request_id);
    put_u32(bytes + 16, deadline_milliseconds);
    put_u32(bytes + 20, raw_size);
}

static const assay_kind_info *kind_of(uint8_t number) {
    for (size_t i = 0; i < assay_kind_count; i++) {
        if (assay_kinds[i].number == number) {
            return &assay_kinds[i];
        }
    }
    return NULL;
}

/* Room for a header, then a request's body; false: see `error`. The buffer is the caller's. */
static bool encode_request(
    struct buffer *bytes, const assay_kind_info *kind, const void *message, unsigned *since,
    assay_error *error) {
    struct encoder encoder = {.buffer = bytes, .since = kind->since};
    (void)buffer_extend(bytes, HEADER_SIZE);
    if (!put_record(&encoder, kind->request, message)) {
        (void)fail(
            error, ASSAY_REQUEST_INVALID, "making %s: %s at \"%s\"",
            assay_messages[kind->request].name, encoder.fault.code, encoder.fault.path);
        copy_text(error->field, sizeof error->field, assay_text_of(encoder.fault.path));
        return false;
    }
    *since = encoder.since;
    return !bytes->failed || fail_memory(error, "making a request");
}

/* ================================================================ socket */

struct address {
    bool is_unix;
    char host[256]; /* or path */
    char port[6];
    char text[300]; /* for errors */
};

static bool bad_address(assay_error *error, const char *text, const char *allowed) {
    return fail(
        error, ASSAY_ADDRESS_INVALID, "reading the server address: found \"%.300s\", allowed: %s",
        text, allowed);
}

static bool parse_tcp(const char *text, struct address *address, assay_error *error) {
    const char *host = text + strlen("tcp://"), *colon = strrchr(host, ':');
    size_t size = colon == NULL ? 0 : (size_t)(colon - host);
    unsigned long port = 0;
    for (const char *digit = colon == NULL ? "" : colon + 1; *digit != 0; digit++) {
        if (*digit < '0' || *digit > '9' || port > 65535) {
            port = 0;
            break;
        }
        port = port * 10 + (unsigned long)(*digit - '0');
    }
    if (port < 1 || port > 65535) {
        return bad_address(error, text, "a port from 1 to 65535 after the last colon");
    }
    const bool is_bracketed = size > 2 && host[0] == '[' && host[size - 1] == ']';
    if (is_bracketed) {
        host++;
        size -= 2;
    }
    if (size == 0 || size >= sizeof address->host ||
        (!is_bracketed && memchr(host, ':', size) != NULL)) {
        return bad_address(error, text, "tcp://HOST:PORT, an IPv6 host in brackets");
    }
    copy_text(address->host, sizeof address->host, (assay_text){host, size});
    (void)snprintf(address->port, sizeof address->port, "%u", (unsigned)port & 0xFFFF);
    return true;
}

static bool parse_address(const char *text, struct address *address, assay_error *error) {
    *address = (struct address){.is_unix = false};
    text = text == NULL ? "" : text;
    copy_text(address->text, sizeof address->text, assay_text_of(text));
    if (strncmp(text, "tcp://", strlen("tcp://")) == 0) {
        return parse_tcp(text, address, error);
    }
    if (strncmp(text, "unix://", strlen("unix://")) != 0) {
        return bad_address(error, text, "tcp://HOST:PORT or unix:///PATH");
    }
    const char *path = text + strlen("unix://");
    if (path[0] != '/' || strlen(path) >= sizeof((struct sockaddr_un *)NULL)->sun_path) {
        return bad_address(error, text, "an absolute path of at most 107 bytes after unix://");
    }
    address->is_unix = true;
    copy_text(address->host, sizeof address->host, assay_text_of(path));
    return true;
}

static bool unreachable(assay_error *error, const struct address *address, int reason) {
    char words[128];
    if (strerror_r(reason, words, sizeof words) != 0) {
        (void)snprintf(words, sizeof words, "error %d", reason);
    }
    return fail(
        error, reason == ETIMEDOUT ? ASSAY_TIMED_OUT : ASSAY_UNREACHABLE, "connecting to %s: %s",
        address->text, words);
}

/* Waits until a socket that is connecting is connected; 0, or the reason in errno's numbers. */
static int await_connected(int fd, int64_t until, const atomic_bool *is_closed) {
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    int ready = 0, reason = 0;
    while (ready == 0 && !has_passed(until) && !*is_closed) {
        int64_t glance = after_milliseconds(now_microseconds(), GLANCE_MILLISECONDS);
        ready = poll(&one, 1, poll_milliseconds(earlier(until, glance)));
        ready = ready < 0 && errno == EINTR ? 0 : ready;
    }
    socklen_t length = sizeof reason;
    if (ready <= 0) {
        return ready == 0 ? ETIMEDOUT : errno;
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &length) < 0 ? errno : reason;
}

/* Packets go out at once, and the system finds out when the machine at the far end is gone. */
static void set_tcp_options(int fd) {
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#if defined(TCP_KEEPIDLE) && defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
    const int idle = KEEPALIVE_IDLE_SECONDS, interval = KEEPALIVE_INTERVAL_SECONDS;
    const int probes = KEEPALIVE_PROBES;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
#endif
}

/* Connects a socket; 0, or the reason in errno's numbers. */
static int connect_one(
    int fd, const struct addrinfo *name, int64_t until, const atomic_bool *is_closed) {
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
        fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        return errno;
    }
    const bool is_unix = name->ai_family == AF_UNIX;
    int reason = connect(fd, name->ai_addr, name->ai_addrlen) == 0 ? 0 : errno;
    /* EAGAIN: the queue of the server is full. Neither this nor EINTR has begun anything. */
    while (is_unix && (reason == EAGAIN || reason == EINTR) && !has_passed(until) && !*is_closed) {
        (void)poll(NULL, 0, GLANCE_MILLISECONDS);
        reason = connect(fd, name->ai_addr, name->ai_addrlen) == 0 ? 0 : errno;
    }
    if (reason == EINPROGRESS || (reason == EINTR && !is_unix)) {
        reason = await_connected(fd, until, is_closed);
    }
    if (!is_unix) {
        set_tcp_options(fd);
    }
    if (reason == 0) { /* from here on reads wait, unless told not to */
        reason = fcntl(fd, F_SETFL, flags) < 0 ? errno : 0;
    }
    return is_unix && reason == EAGAIN ? ETIMEDOUT : reason;
}

#ifdef SOCK_CLOEXEC
enum { STREAM_SOCKET = SOCK_STREAM | SOCK_CLOEXEC }; /* no program that is started gets it */
#else
enum { STREAM_SOCKET = SOCK_STREAM };
#endif

/* A socket connected to the first of these names that answers; -1 with the reason in `error`. */
static int connect_first(
    const struct address *address, const struct addrinfo *name, int64_t until,
    const atomic_bool *is_closed, assay_error *error) {
    int reason = ECONNREFUSED;
    for (; name != NULL; name = name->ai_next) {
        int fd = socket(name->ai_family, STREAM_SOCKET, 0);
        reason = fd < 0 ? errno : connect_one(fd, name, until, is_closed);
        if (reason == 0) {
            return fd;
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    (void)unreachable(error, address, reason);
    return -1;
}

/* A connected socket; -1 with the reason in `error`. Ends early once `is_closed`. */
static int connect_socket(
    const struct address *address, int64_t until, const atomic_bool *is_closed,
    assay_error *error) {
    if (address->is_unix) {
        struct sockaddr_un path = {.sun_family = AF_UNIX};
        copy_text(path.sun_path, sizeof path.sun_path, assay_text_of(address->host));
        struct addrinfo name = {
            .ai_family = AF_UNIX, .ai_addr = (struct sockaddr *)&path, .ai_addrlen = sizeof path};
        return connect_first(address, &name, until, is_closed, error);
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found;
    int result;
    do {
        result = getaddrinfo(address->host, address->port, &hints, &found);
    } while (result == EAI_SYSTEM && errno == EINTR && !has_passed(until));
    if (result != 0) {
        const char *words = gai_strerror(result);
        (void)fail(error, ASSAY_UNREACHABLE, "finding %s: %s", address->text, words);
        return -1;
    }
    int fd = connect_first(address, found, until, is_closed, error);
    freeaddrinfo(found);
    return fd;
}

/* ================================================================ connection */

/* A request on a connection, waiting for a place in flight or sent. Its caller's until the caller
 * parts with it; then the connection's. */
struct pending {
    struct pending *next;
    const assay_kind_info *kind;
    uint64_t id; /* 0: not in flight yet */
    pthread_cond_t wake;
    bool is_waiting;             /* its caller waits on `wake` */
    struct frame *first, **last; /* frames not taken yet */
    uint64_t size;               /* of all bodies that came, before compression */
    bool has_first, is_complete, is_orphan, is_too_large;
    uint8_t provenance;
    uint32_t generation;
};

/* One connection. The pool's lock guards it, but for what its leader and writer use. */
struct connection {
    struct pool *pool;
    struct connection *_Atomic next; /* a forked child reads the list without the lock */
    int fd;
    dev_t device; /* with inode: the identity of the socket */
    ino_t inode;
    unsigned users; /* calls, and the pool */
    bool is_leading, is_writing, is_failed, is_draining;
    struct pending *pendings;
    pthread_cond_t write_free;
    uint64_t in_flight, next_id;
    int64_t last_byte_at;
    assay_error error; /* why it failed */

    /* What Hello agreed on; set before others know the connection. */
    uint64_t revision, peer_body_max, in_flight_max;
    bool compression;

    /* The leader's own. */
    struct frame *partial;
    uint32_t body_max;
    size_t filled; /* bytes of the buffer */
    uint8_t buffer[READ_SIZE];
};

struct slot {
    struct connection *connection;
    bool is_connecting;
    uint64_t chosen; /* by calls that are not in flight yet */
};

/* The part of a client that belongs to one process: its lock and its connections. */
struct pool {
    pid_t process;          /* the owner */
    assay_options options;  /* the client's */
    struct address address; /* the client's */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a slot, or closed */
    struct connection *_Atomic connections;
    atomic_bool is_closed; /* changed under the lock; connecting looks without it */
    uint64_t random;
    struct slot slots[]; /* options.connections of them */
};

/* The handle of a program. Only `pool` ever changes: to that of a forked child. */
struct assay_client {
    assay_options options;
    char name[129]; /* as long as its table allows */
    struct address address;
    struct pool *_Atomic pool;
};

static const assay_allocator *allocator_of(const struct connection *connection) {
    return &connection->pool->options.allocator;
}

static bool fail_closed(const struct pool *pool, assay_error *error) {
    return fail(
        error, ASSAY_CONNECTION_CLOSED, "calling %s: this client was closed", pool->address.text);
}

static struct pending *pending_new(
    struct pool *pool, const assay_kind_info *kind, assay_error *error) {
    struct pending *pending = resize(&pool->options.allocator, NULL, sizeof *pending);
    if (pending != NULL) {
        *pending = (struct pending){.kind = kind};
        pending->last = &pending->first;
        if (condition_init(&pending->wake)) {
            return pending;
        }
    }
    release(&pool->options.allocator, pending);
    (void)fail_memory(error, "making a request");
    return NULL;
}

static void drop_frames(struct pool *pool, struct pending *pending) {
    frames_free(&pool->options.allocator, pending->first);
    pending->first = NULL;
    pending->last = &pending->first;
}

static void pending_free(struct pool *pool, struct pending *pending) {
    drop_frames(pool, pending);
    pthread_cond_destroy(&pending->wake);
    release(&pool->options.allocator, pending);
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

static void delist(struct connection *connection, const struct pending *pending) {
    struct pending **link = &connection->pendings;
    while (*link != NULL && *link != pending) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = pending->next;
    }
}

/* Puts a request that is enlisted in flight. Cancel needs no place. */
static void take_off(struct connection *connection, struct pending *pending) {
    pending->id = connection->next_id++;
    connection->in_flight += pending->kind->number == ASSAY_KIND_CANCEL ? 0 : 1;
}

/* Takes a request out of those in flight, and tells those who wait for its place. */
static void land(struct connection *connection, struct pending *pending) {
    delist(connection, pending);
    connection->in_flight -= pending->kind->number == ASSAY_KIND_CANCEL ? 0 : 1;
    if (connection->in_flight + 1 == connection->in_flight_max) {
        wake_all(connection);
    }
}

static void connection_release(struct connection *connection) {
    struct pool *pool = connection->pool;
    if (--connection->users > 0) {
        return;
    }
    struct connection *_Atomic *link = &pool->connections;
    while (*link != connection) {
        link = &(*link)->next;
    }
    *link = connection->next;
    if (!connection->is_failed) { /* the copy of a forked child must not keep it open */
        (void)shutdown(connection->fd, SHUT_RDWR);
    }
    close(connection->fd);
    while (connection->pendings != NULL) { /* orphans: every other has its caller */
        struct pending *pending = connection->pendings;
        connection->pendings = pending->next;
        pending_free(pool, pending);
    }
    release(&pool->options.allocator, connection->partial);
    pthread_cond_destroy(&connection->write_free);
    release(&pool->options.allocator, connection);
}

/* Takes a connection out of the pool: the next call connects anew. */
static void connection_detach(struct connection *connection) {
    struct pool *pool = connection->pool;
    for (size_t i = 0; i < pool->options.connections; i++) {
        if (pool->slots[i].connection == connection) {
            pool->slots[i].connection = NULL;
            pthread_cond_broadcast(&pool->changed);
            connection_release(connection);
            return;
        }
    }
}

/* Ends a connection; everything in flight on it fails with `error`. The caller uses it. */
static void connection_fail(struct connection *connection, const assay_error *error) {
    if (connection->is_failed) {
        return;
    }
    connection->is_failed = true;
    connection->error = *error;
    (void)shutdown(connection->fd, SHUT_RDWR);
    wake_all(connection);
    pthread_cond_broadcast(&connection->write_free);
    connection_detach(connection);
}

/* ---------------------------------------------------------------- reading; the lock is held */

/* Copies the server's words into an error. */
static void take_words(
    assay_error *error, const struct frame *frame, const assay_error_body *words) {
    copy_text(error->server_code, sizeof error->server_code, words->code);
    copy_text(error->field, sizeof error->field, words->field);
    copy_text(error->layer, sizeof error->layer, words->layer);
    error->has_retry_after = words->retry_after_milliseconds.given;
    error->retry_after_milliseconds = words->retry_after_milliseconds.value;
    error->has_server_load = words->server_load != NULL;
    if (error->has_server_load) {
        error->server_load = *words->server_load;
    }
    error->provenance = frame->provenance;
}

/* Takes a GoAway; false: it ends the connection, see `error`. Owns the frame. */
static bool file_go_away(
    struct connection *connection, struct frame *packed, assay_error *error) {
    struct arena arena = {.allocator = allocator_of(connection)};
    struct frame *frame = frame_open(arena.allocator, packed, error);
    if (frame == NULL) {
        return false;
    }
    const bool drains = frame->status == 0;
    const unsigned message = drains ? ASSAY_MESSAGE_GO_AWAY : ASSAY_MESSAGE_ERROR_BODY;
    const void *body = decode_body(&arena, message, frame->body, frame->size, error);
    if (body != NULL && drains) {
        connection->is_draining = true;
        wake_all(connection);
        connection_detach(connection);
    } else if (body != NULL) {
        const assay_error_body *words = body;
        (void)fail(
            error, ASSAY_PROTOCOL_ERROR, "the server ended the connection: %.*s",
            (int)words->message.size, words->message.data);
        take_words(error, frame, words);
    }
    arena_free(&arena);
    release(arena.allocator, frame);
    return body != NULL && drains;
}

/* What is wrong with a frame as part of the answer to `pending`; NULL: nothing. */
static const char *check_place(
    const struct connection *connection, const struct pending *pending,
    const struct frame *frame) {
    if (pending == NULL) {
        return "a request id that is not in flight";
    }
    if (frame->kind != pending->kind->number) {
        return "another kind than was asked for";
    }
    if (!is_last(frame) && !pending->kind->streamed) {
        return "more frames than one";
    }
    const bool is_same = frame->provenance == pending->provenance &&
                         frame->generation == pending->generation;
    /* Who reads a mock's frame refuses it for what it is. */
    const bool is_refused =
        frame->provenance == ASSAY_MOCK && !connection->pool->options.allow_mock;
    if (pending->has_first && frame->kind != ASSAY_KIND_LOAD && !is_same && !is_refused) {
        return "a provenance or generation that changed between frames";
    }
    return NULL;
}

/* Files one frame under its request; false: it fits none. Owns the frame. */
static bool file_frame(struct connection *connection, struct frame *frame, assay_error *error) {
    if (frame->kind == ASSAY_KIND_GO_AWAY) {
        return file_go_away(connection, frame, error);
    }
    struct pending *pending = connection->pendings;
    while (pending != NULL && pending->id != frame->request_id) {
        pending = pending->next;
    }
    const char *breach = check_place(connection, pending, frame);
    if (breach != NULL) {
        release(allocator_of(connection), frame);
        return fail(
            error, ASSAY_PROTOCOL_ERROR, "reading the answer to %s: found %s",
            pending == NULL ? "a request" : pending->kind->name, breach);
    }
    pending->has_first = true;
    pending->provenance = frame->provenance;
    pending->generation = frame->generation;
    pending->size += frame->raw_size;
    if (is_last(frame)) {
        pending->is_complete = true;
        land(connection, pending);
    }
    pending->is_too_large = pending->size > connection->pool->options.answer_size_max;
    if (pending->is_orphan || pending->is_too_large) {
        release(allocator_of(connection), frame);
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

/* Cuts what has been read into frames and files them; leaves less than a header in the buffer.
 * False: what came breaks the protocol, or no memory. */
static bool cut_frames(struct connection *connection, assay_error *error) {
    size_t start = 0;
    while (true) {
        struct frame *frame = connection->partial;
        const uint8_t *bytes = connection->buffer + start;
        const size_t have = connection->filled - start;
        if (frame != NULL && frame->filled == frame->size) {
            connection->partial = NULL;
            if (!file_frame(connection, frame, error)) {
                return false;
            }
        } else if (frame != NULL && have > 0) {
            const size_t lacking = frame->size - frame->filled;
            const size_t size = lacking < have ? lacking : have;
            memcpy(frame->body + frame->filled, bytes, size);
            frame->filled += size;
            start += size;
        } else if (frame != NULL) {
            break;
        } else if (!check_header(
                       bytes, have, connection->body_max, connection->compression, error)) {
            return false;
        } else if (have < HEADER_SIZE) {
            break;
        } else {
            connection->partial = frame_new(allocator_of(connection), bytes);
            start += HEADER_SIZE;
            if (connection->partial == NULL) {
                return fail_memory(error, "reading a frame");
            }
        }
    }
    connection->filled -= start;
    memmove(connection->buffer, connection->buffer + start, connection->filled);
    return true;
}

/* Receives once, waiting until `until` (0: not at all); -1 with the reason in `reason`. */
static ssize_t receive(int fd, void *target, size_t room, int64_t until, int *reason) {
    *reason = EAGAIN;
    if (until != FOREVER && until != 0) {
        struct pollfd one = {.fd = fd, .events = POLLIN};
        if (poll(&one, 1, poll_milliseconds(until)) <= 0) {
            return -1; /* too late, or interrupted: whoever waits looks at the clock */
        }
    }
    ssize_t count = recv(fd, target, room, until == FOREVER ? 0 : MSG_DONTWAIT);
    *reason = errno;
    return count;
}

/* Reads the socket once, for everybody. The lock is not held meanwhile. A body that is large is
 * read into its frame. */
static void lead(struct connection *connection, int64_t until) {
    struct frame *partial = connection->partial;
    const bool is_direct = partial != NULL && partial->size - partial->filled > READ_SIZE / 4;
    uint8_t *target = is_direct ? partial->body + partial->filled
                                : connection->buffer + connection->filled;
    size_t room = is_direct ? partial->size - partial->filled : READ_SIZE - connection->filled;
    int reason;
    connection->is_leading = true;
    pthread_mutex_unlock(&connection->pool->lock);
    ssize_t count = receive(connection->fd, target, room, until, &reason);
    pthread_mutex_lock(&connection->pool->lock);
    connection->is_leading = false;
    if (connection->is_failed) {
        return; /* nobody waits for what came */
    }
    assay_error error;
    bool is_fine = false;
    if (count > 0) {
        connection->last_byte_at = now_microseconds();
        if (is_direct) {
            partial->filled += (size_t)count;
        } else {
            connection->filled += (size_t)count;
        }
        is_fine = cut_frames(connection, &error);
    } else if (count == 0) {
        (void)fail(
            &error, ASSAY_CONNECTION_CLOSED, "reading from %s: the server closed the connection",
            connection->pool->address.text);
    } else if (reason == EAGAIN || reason == EWOULDBLOCK || reason == EINTR) {
        is_fine = true;
    } else {
        (void)fail(
            &error, ASSAY_CONNECTION_CLOSED, "reading from %s: error %d",
            connection->pool->address.text, reason);
    }
    if (!is_fine) {
        connection_fail(connection, &error);
    }
}

/* Waits for something to happen to an enlisted request, as leader when there is none. */
static void wait_step(struct connection *connection, struct pending *pending, int64_t until) {
    if (!connection->is_leading) {
        lead(connection, until);
        return;
    }
    pending->is_waiting = true;
    (void)wait_until(&pending->wake, &connection->pool->lock, until);
    pending->is_waiting = false;
}

/* Whoever stops waiting calls this: somebody else must lead. */
static void hand_over(struct connection *connection) {
    struct pending *one = connection->is_leading ? NULL : connection->pendings;
    while (one != NULL && !one->is_waiting) {
        one = one->next;
    }
    if (one != NULL) {
        pthread_cond_signal(&one->wake);
    }
}

/* ---------------------------------------------------------------- writing; the lock is held */

/* Waits until the server takes bytes again, or a little while. Reads meanwhile when nobody else
 * does, since the server may wait for us in turn. */
static void await_room(struct connection *connection, int64_t until) {
    const bool leads = !connection->is_leading;
    struct pollfd one = {.fd = connection->fd, .events = leads ? POLLOUT | POLLIN : POLLOUT};
    int64_t soon = after_milliseconds(now_microseconds(), BUSY_MILLISECONDS);
    connection->is_leading = true;
    pthread_mutex_unlock(&connection->pool->lock);
    int ready = poll(&one, 1, poll_milliseconds(earlier(until, soon)));
    pthread_mutex_lock(&connection->pool->lock);
    if (leads) {
        connection->is_leading = false;
        if (ready > 0 && (one.revents & ~POLLOUT) != 0) {
            lead(connection, 0);
        }
        hand_over(connection);
    }
}

/* Sends bytes, for which the lock is not held; the number of those that were taken. */
static size_t send_bytes(
    struct connection *connection, const uint8_t *bytes, size_t size, int64_t until) {
    size_t sent = 0;
    while (sent < size && !connection->is_failed) {
        pthread_mutex_unlock(&connection->pool->lock);
        ssize_t count =
            send(connection->fd, bytes + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        const int reason = errno;
        pthread_mutex_lock(&connection->pool->lock);
        if (count >= 0) {
            sent += (size_t)count;
        } else if (reason == EAGAIN || reason == EWOULDBLOCK) {
            if (has_passed(until)) {
                break;
            }
            await_room(connection, until);
        } else if (reason != EINTR) {
            break;
        }
    }
    return sent;
}

/* Writes a frame; false: it was not sent whole, so the server cannot act on it. */
static bool write_frame(
    struct connection *connection, const uint8_t *bytes, size_t size, int64_t until) {
    while (connection->is_writing && !connection->is_failed) {
        if (!wait_until(&connection->write_free, &connection->pool->lock, until)) {
            return false;
        }
    }
    if (connection->is_failed) {
        return false;
    }
    connection->is_writing = true;
    size_t sent = send_bytes(connection, bytes, size, until);
    connection->is_writing = false;
    pthread_cond_signal(&connection->write_free);
    if (sent < size && (sent > 0 || !has_passed(until))) {
        assay_error error;
        (void)fail(
            &error, ASSAY_CONNECTION_CLOSED, "writing to %s: the server took %zu of %zu bytes",
            connection->pool->address.text, sent, size);
        connection_fail(connection, &error);
    }
    return sent == size;
}

/* Milliseconds left of a deadline, rounded up; 0: there is none. */
static uint32_t milliseconds_left(int64_t deadline) {
    if (deadline == FOREVER) {
        return 0;
    }
    int64_t left = (deadline - now_microseconds() + 999) / 1000;
    return left < 1 ? 1 : (uint32_t)left;
}

/* Writes a request that is in flight; false: it was not sent. `request` has room for the header. */
static bool send_request(
    struct connection *connection, const struct pending *pending, const struct buffer *request,
    int64_t deadline, int64_t until, assay_error *error) {
    struct buffer packed = {.allocator = allocator_of(connection)};
    uint8_t *bytes = buffer_bytes(request);
    const size_t raw_size = buffer_size(request) - HEADER_SIZE;
    size_t size = raw_size;
    if (connection->compression && size >= ASSAY_LIMIT_COMPRESSION_SIZE_MIN) {
        pthread_mutex_unlock(&connection->pool->lock);
        uint8_t *block = buffer_extend(&packed, HEADER_SIZE + paying_size(size));
        size_t made =
            block == NULL ? 0 : block_encode(bytes + HEADER_SIZE, size, block + HEADER_SIZE);
        if (made > 0) {
            bytes = block;
            size = made;
        }
        pthread_mutex_lock(&connection->pool->lock);
    }
    put_header(
        bytes, pending->kind->number, pending->id, milliseconds_left(deadline), (uint32_t)size,
        (uint32_t)raw_size);
    const bool is_sent = write_frame(connection, bytes, HEADER_SIZE + size, until);
    buffer_free(&packed);
    if (!is_sent && connection->is_failed) {
        *error = connection->error;
    } else if (!is_sent) {
        (void)fail(
            error, ASSAY_TIMED_OUT, "sending %s: the deadline passed first", pending->kind->name);
    }
    return is_sent;
}

/* Parts with a request: it is freed now or, if the server still answers it, with the last frame.
 * True: the server still answers. */
static bool part_with(struct connection *connection, struct pending *pending, bool was_sent) {
    if (was_sent && !pending->is_complete && !connection->is_failed) {
        pending->is_orphan = true;
        drop_frames(connection->pool, pending);
        return true;
    }
    if (!pending->is_complete) {
        land(connection, pending);
    }
    pending_free(connection->pool, pending);
    return false;
}

/* Asks the server to stop making an answer. Without memory it is read to its end instead. */
static void send_cancel(struct connection *connection, uint64_t target) {
    const assay_cancel_request message = {.target = target};
    struct buffer bytes = {.allocator = allocator_of(connection)};
    assay_error error;
    unsigned since;
    struct pending *cancel = pending_new(connection->pool, kind_of(ASSAY_KIND_CANCEL), &error);
    if (cancel == NULL) {
        return;
    }
    enlist(connection, cancel);
    take_off(connection, cancel);
    int64_t until = after_milliseconds(now_microseconds(), CANCEL_MILLISECONDS);
    const bool was_sent = encode_request(&bytes, cancel->kind, &message, &since, &error) &&
                          send_request(connection, cancel, &bytes, FOREVER, until, &error);
    (void)part_with(connection, cancel, was_sent);
    buffer_free(&bytes);
}

/*
 * The next frame of a request, or NULL: the connection failed, or `until` has passed, or the answer
 * is too large (`error` says which). Frames that came before a failure are handed out first.
 */
static struct frame *next_frame(
    struct connection *connection, struct pending *pending, int64_t until, assay_error *error) {
    const struct pool *pool = connection->pool;
    struct frame *frame = NULL;
    while (pending->first == NULL && !pending->is_too_large && !connection->is_failed &&
           !has_passed(until)) {
        wait_step(connection, pending, until);
    }
    if (pool->is_closed) {
        (void)fail_closed(pool, error);
    } else if (pending->first != NULL) {
        frame = pending->first;
        pending->first = frame->next;
        pending->last = pending->first == NULL ? &pending->first : pending->last;
    } else if (pending->is_too_large) {
        (void)fail(
            error, ASSAY_GIVEN_UP, "reading the answer to %s: it has more than the %" PRIu64
            " bytes of answer_size_max", pending->kind->name, pool->options.answer_size_max);
    } else if (connection->is_failed) {
        *error = connection->error;
    } else {
        (void)fail(
            error, ASSAY_TIMED_OUT, "waiting for the answer to %s: nothing came in time",
            pending->kind->name);
    }
    hand_over(connection);
    return frame;
}

/* ================================================================ pool */

static void pool_free(struct pool *pool) {
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->changed);
    const assay_allocator allocator = pool->options.allocator;
    release(&allocator, pool);
}

/* An empty pool for the calling process, or NULL: no memory. */
static struct pool *pool_new(const assay_client *client, pid_t process) {
    const assay_options *options = &client->options;
    const size_t size = sizeof(struct pool) + options->connections * sizeof(struct slot);
    struct pool *pool = resize(&options->allocator, NULL, size);
    if (pool == NULL) {
        return NULL;
    }
    memset(pool, 0, size);
    pool->process = process;
    pool->options = *options;
    pool->address = client->address;
    pool->random = (uint64_t)now_microseconds() * 2654435761u ^ (uint64_t)(uintptr_t)pool;
    pool->random ^= (uint64_t)process << 32;
    pool->random += pool->random == 0 ? 1 : 0;
    const bool has_lock = pthread_mutex_init(&pool->lock, NULL) == 0;
    if (has_lock && condition_init(&pool->changed)) {
        return pool;
    }
    if (has_lock) {
        pthread_mutex_destroy(&pool->lock);
    }
    release(&options->allocator, pool);
    return NULL;
}

/*
 * Closes a child's copies of its parent's sockets. They are not shut down, since that would end
 * the parent's connections. A descriptor that the child has closed and used for something else
 * since is another file, and stays open.
 */
static void close_copies(const struct pool *inherited) {
    const struct connection *connection = inherited->connections;
    for (; connection != NULL; connection = connection->next) {
        struct stat found;
        if (fstat(connection->fd, &found) == 0 && found.st_dev == connection->device &&
            found.st_ino == connection->inode) {
            (void)close(connection->fd);
        }
    }
}

/*
 * The pool of the calling process, or NULL: no memory. A child finds the parent's pool as the fork
 * found it. Its lock may be held by a thread that the child does not have, so the child leaves the
 * pool alone, memory and all, and makes a new one.
 */
static struct pool *pool_of(assay_client *client) {
    struct pool *found = atomic_load(&client->pool);
    const pid_t process = getpid();
    if (found->process == process) {
        return found;
    }
    struct pool *own = pool_new(client, process);
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

/* True in a forked child: the pool belongs to the parent. */
static bool is_inherited(const struct pool *pool) {
    return pool->process != getpid();
}

/* Refuses a mock first and a failure second: nobody should act on a mock's words unawares. */
static bool check_frame(
    const struct pool *pool, const struct frame *frame, const char *doing, assay_error *error) {
    if (frame->provenance == ASSAY_MOCK && !pool->options.allow_mock) {
        (void)fail(
            error, ASSAY_MOCK_REFUSED,
            "calling %s: the answer comes from a mock model, not from a real one", doing);
        error->provenance = ASSAY_MOCK;
        return false;
    }
    if (frame->status == 0) {
        return true;
    }
    struct arena arena = {.allocator = &pool->options.allocator};
    const assay_error_body *words =
        decode_body(&arena, ASSAY_MESSAGE_ERROR_BODY, frame->body, frame->size, error);
    if (words != NULL) {
        const size_t row = status_row(frame->status);
        (void)fail(
            error, ASSAY_SERVER_REFUSED, "%s: %.*s", assay_statuses[row].name,
            (int)words->message.size, words->message.data);
        error->status = assay_statuses[row].number;
        take_words(error, frame, words);
    }
    arena_free(&arena);
    return false;
}

/* Reads the answer to Hello and takes over what it agrees to. */
static bool take_hello(
    struct connection *connection, const struct frame *frame, assay_error *error) {
    const assay_options *options = &connection->pool->options;
    struct arena arena = {.allocator = &options->allocator};
    if (!check_frame(connection->pool, frame, "Hello", error)) {
        return false;
    }
    const assay_hello_response *hello =
        decode_body(&arena, ASSAY_MESSAGE_HELLO_RESPONSE, frame->body, frame->size, error);
    bool is_fine = hello != NULL;
    if (is_fine && (hello->revision > ASSAY_PROTOCOL_REVISION ||
                    (hello->compression && !options->compression) ||
                    (frame->flags & ASSAY_FLAG_DEGRADED) != 0)) {
        is_fine = fail(
            error, ASSAY_PROTOCOL_ERROR,
            "reading the answer to Hello: it agrees to what was not offered");
    } else if (is_fine) {
        connection->revision = hello->revision;
        connection->compression = hello->compression;
        connection->peer_body_max = hello->body_size_max;
        connection->in_flight_max = hello->requests_in_flight_max;
        connection->body_max = (uint32_t)options->body_size_max;
    }
    arena_free(&arena);
    return is_fine;
}

/* Says Hello on a new connection. The lock is held. */
static bool say_hello(struct connection *connection, int64_t until, assay_error *error) {
    struct pool *pool = connection->pool;
    const assay_options *options = &pool->options;
    const assay_hello_request hello = {
        .client = assay_text_of(options->name),
        .revision = ASSAY_PROTOCOL_REVISION,
        .compression = {true, options->compression},
        .body_size_max = {
            options->body_size_max, options->body_size_max != ASSAY_LIMIT_BODY_SIZE_MAX}};
    struct buffer bytes = {.allocator = &options->allocator};
    unsigned since;
    struct pending *pending = pending_new(pool, kind_of(ASSAY_KIND_HELLO), error);
    if (pending == NULL) {
        return false;
    }
    enlist(connection, pending);
    take_off(connection, pending);
    struct frame *frame = NULL;
    if (encode_request(&bytes, pending->kind, &hello, &since, error) &&
        send_request(connection, pending, &bytes, FOREVER, until, error)) {
        frame = next_frame(connection, pending, until, error);
    }
    const bool is_fine = frame != NULL && take_hello(connection, frame, error);
    release(&options->allocator, frame);
    (void)part_with(connection, pending, false);
    buffer_free(&bytes);
    return is_fine;
}

/* A connection over a socket, which it owns; NULL: no memory. */
static struct connection *connection_new(struct pool *pool, int fd, const struct stat *identity) {
    struct connection *connection =
        resize(&pool->options.allocator, NULL, sizeof *connection);
    if (connection == NULL) {
        return NULL;
    }
    memset(connection, 0, offsetof(struct connection, buffer));
    connection->pool = pool;
    connection->fd = fd;
    connection->device = identity->st_dev;
    connection->inode = identity->st_ino;
    connection->users = 1;
    connection->next_id = 1;
    connection->revision = 1;
    connection->in_flight_max = 1;
    connection->peer_body_max = ASSAY_LIMIT_BODY_SIZE_MIN;
    connection->body_max = (uint32_t)ASSAY_LIMIT_FRAME_SIZE_MAX_BEFORE_HELLO - HEADER_SIZE;
    connection->last_byte_at = now_microseconds();
    if (!condition_init(&connection->write_free)) {
        release(&pool->options.allocator, connection);
        return NULL;
    }
    return connection;
}

/* A connection that has said Hello, with one user; NULL: see `error`. Takes the lock itself. */
static struct connection *connect_new(struct pool *pool, int64_t deadline, assay_error *error) {
    const uint64_t limit = pool->options.connect_milliseconds;
    int64_t until = earlier(deadline, after_milliseconds(now_microseconds(), limit));
    struct stat identity;
    int fd = connect_socket(&pool->address, until, &pool->is_closed, error);
    if (fd < 0) {
        return NULL;
    }
    struct connection *connection = NULL;
    if (fstat(fd, &identity) != 0) {
        (void)unreachable(error, &pool->address, errno);
    } else if ((connection = connection_new(pool, fd, &identity)) == NULL) {
        (void)fail_memory(error, "connecting");
    }
    if (connection == NULL) {
        close(fd);
        return NULL;
    }
    until = earlier(deadline, after_milliseconds(now_microseconds(), limit));
    pthread_mutex_lock(&pool->lock);
    connection->next = atomic_load(&pool->connections);
    pool->connections = connection;
    bool is_fine = say_hello(connection, until, error);
    if (is_fine && connection->is_failed) {
        *error = connection->error;
        is_fine = false;
    } else if (is_fine && connection->is_draining) {
        is_fine = fail(
            error, ASSAY_CONNECTION_CLOSED, "connecting to %s: the server is draining",
            pool->address.text);
    }
    if (!is_fine) {
        connection_fail(connection, error);
        connection_release(connection);
    }
    pthread_mutex_unlock(&pool->lock);
    return is_fine ? connection : NULL;
}

/* The slot with the least to do; among equals one that is connected. */
static struct slot *least_busy(struct pool *pool) {
    struct slot *best = NULL;
    uint64_t best_load = 0;
    for (size_t i = 0; i < pool->options.connections; i++) {
        struct slot *slot = &pool->slots[i];
        uint64_t load = slot->chosen * 2;
        if (slot->connection != NULL) {
            load += slot->connection->in_flight * 2;
        } else if (!slot->is_connecting) {
            load += 1; /* more than an idle connection, less than a busy one */
        }
        if (best == NULL || load < best_load) {
            best = slot;
            best_load = load;
        }
    }
    return best;
}

/* Fills a slot; the lock is held before and after. False: see `error`. */
static bool connect_slot(
    struct pool *pool, struct slot *slot, int64_t deadline, assay_error *error) {
    slot->is_connecting = true;
    pthread_mutex_unlock(&pool->lock);
    struct connection *connection = connect_new(pool, deadline, error);
    pthread_mutex_lock(&pool->lock);
    slot->is_connecting = false;
    slot->connection = connection;
    pthread_cond_broadcast(&pool->changed);
    if (pool->is_closed) { /* by another thread, just now */
        (void)fail_closed(pool, error);
        if (connection != NULL) {
            connection_fail(connection, error);
        }
    }
    return slot->connection != NULL;
}

/*
 * The connection of a slot, made by this call or by the one before it; NULL: see `error`. It is
 * alive as far as anybody knows, unless it is NULL without an error: then choose again.
 */
static struct connection *slot_connection(
    struct pool *pool, struct slot *slot, int64_t deadline, assay_error *error) {
    while (slot->connection == NULL && !pool->is_closed) {
        if (!slot->is_connecting) {
            return connect_slot(pool, slot, deadline, error) ? slot->connection : NULL;
        }
        if (!wait_until(&pool->changed, &pool->lock, deadline)) {
            (void)fail(error, ASSAY_TIMED_OUT, "connecting: the deadline passed first");
            return NULL;
        }
    }
    struct connection *connection = slot->connection;
    if (connection != NULL && connection->pendings == NULL && !connection->is_leading) {
        connection->users++;
        lead(connection, 0); /* idle: has the server closed it meanwhile? */
        hand_over(connection);
        connection_release(connection);
    }
    return slot->connection;
}

/*
 * Puts a request in flight on a connection that is alive and has a place for it, and makes the
 * caller one of its users; NULL: see `error`. The lock is held.
 */
static struct connection *acquire(
    struct pool *pool, struct pending *pending, int64_t deadline, assay_error *error) {
    while (!pool->is_closed) {
        if (has_passed(deadline)) {
            (void)fail(
                error, ASSAY_TIMED_OUT, "sending %s: the deadline passed first",
                pending->kind->name);
            return NULL;
        }
        struct slot *slot = least_busy(pool);
        error->code = ASSAY_OK;
        slot->chosen++;
        struct connection *connection = slot_connection(pool, slot, deadline, error);
        slot->chosen--;
        if (error->code != ASSAY_OK) {
            return NULL;
        }
        if (connection == NULL) {
            continue;
        }
        connection->users++;
        enlist(connection, pending);
        if (connection->in_flight < connection->in_flight_max) {
            take_off(connection, pending);
            return connection;
        }
        wait_step(connection, pending, deadline);
        delist(connection, pending);
        hand_over(connection);
        connection_release(connection);
    }
    (void)fail_closed(pool, error);
    return NULL;
}

/* ================================================================ answers */

/* Lists that an answer is put together from: those of log-probabilities are four each. */
enum { TOKENS, TEXT, VALUES, MADE, PROMPT = MADE + 4, LIST_COUNT = PROMPT + 4 };

/* One list of log-probabilities: what was asked for, and what came. */
struct logprob_lists {
    const char *name;
    bool is_asked, has_any;
    uint64_t asked, width;
    struct buffer *tokens, *logprobs, *top_tokens, *top_logprobs;
};

/* The pieces of an answer. */
struct pieces {
    uint8_t kind;
    uint64_t frames; /* that came so far */
    const void *request;
    struct buffer lists[LIST_COUNT];
    struct logprob_lists made, prompt;
};

static struct logprob_lists logprob_lists_of(
    const char *name, assay_opt_u64 asked, struct buffer *lists) {
    return (struct logprob_lists){
        .name = name,
        .is_asked = asked.given,
        .asked = asked.value,
        .tokens = lists,
        .logprobs = lists + 1,
        .top_tokens = lists + 2,
        .top_logprobs = lists + 3};
}

static void pieces_init(
    struct pieces *pieces, const assay_allocator *allocator, uint8_t kind, const void *request) {
    *pieces = (struct pieces){.kind = kind, .request = request};
    for (size_t i = 0; i < LIST_COUNT; i++) {
        pieces->lists[i].allocator = allocator;
    }
    if (kind == ASSAY_KIND_GENERATE) {
        const assay_generate_request *asked = request;
        pieces->made = logprob_lists_of("logprobs", asked->logprobs, pieces->lists + MADE);
        pieces->prompt =
            logprob_lists_of("prompt_logprobs", asked->prompt_logprobs, pieces->lists + PROMPT);
    }
}

static void pieces_free(struct pieces *pieces) {
    for (size_t i = 0; i < LIST_COUNT; i++) {
        buffer_free(&pieces->lists[i]);
    }
}

/* False: an allocation failed. */
static bool pieces_hold(const struct pieces *pieces, assay_error *error) {
    bool failed = false;
    for (size_t i = 0; i < LIST_COUNT; i++) {
        failed = failed || pieces->lists[i].failed;
    }
    return !failed || fail_memory(error, "reading an answer");
}

static void add_words(struct buffer *list, const void *items, size_t count) {
    buffer_append(list, items, count * 4);
}

static size_t count_words(const struct buffer *list) {
    return buffer_size(list) / 4;
}

static bool add_logprobs(
    struct logprob_lists *lists, const assay_logprobs *piece, assay_error *error) {
    if (piece == NULL) {
        return true;
    }
    if (!lists->is_asked) {
        return fail(
            error, ASSAY_PROTOCOL_ERROR,
            "reading the answer to Generate: found \"%s\", which was not asked for", lists->name);
    }
    if (piece->tokens.count == 0) {
        return true;
    }
    uint64_t width = piece->top_count.value;
    if (width > lists->asked || (lists->has_any && width != lists->width)) {
        return fail(
            error, ASSAY_PROTOCOL_ERROR,
            "reading \"%s\": found %" PRIu64 " alternatives per token, allowed: at most %" PRIu64
            ", the same in every frame", lists->name, width, lists->asked);
    }
    lists->has_any = true;
    lists->width = width;
    add_words(lists->tokens, piece->tokens.items, piece->tokens.count);
    add_words(lists->logprobs, piece->logprobs.items, piece->logprobs.count);
    add_words(lists->top_tokens, piece->top_tokens.items, piece->top_tokens.count);
    add_words(lists->top_logprobs, piece->top_logprobs.items, piece->top_logprobs.count);
    return true;
}

/* Tokens, text and log-probabilities of a frame of Generate. */
static bool add_generated(
    struct pieces *pieces, assay_u32s tokens, assay_text text, const assay_logprobs *made,
    const assay_logprobs *prompt, assay_error *error) {
    add_words(&pieces->lists[TOKENS], tokens.items, tokens.count);
    buffer_append(&pieces->lists[TEXT], text.data, text.size);
    if (!add_logprobs(&pieces->made, made, error) ||
        !add_logprobs(&pieces->prompt, prompt, error) || !pieces_hold(pieces, error)) {
        return false;
    }
    const size_t found = count_words(&pieces->lists[MADE]);
    const size_t expected = count_words(&pieces->lists[TOKENS]);
    return !pieces->made.is_asked || found == expected ||
           fail(
               error, ASSAY_PROTOCOL_ERROR,
               "reading the answer to Generate: %zu tokens came with log-probabilities of %zu",
               expected, found);
}

/* Takes a chunk; false: see `error`. */
static bool pieces_add(struct pieces *pieces, const void *chunk, assay_error *error) {
    if (pieces->kind == ASSAY_KIND_GENERATE) {
        const assay_generate_chunk *it = chunk;
        return add_generated(
            pieces, it->tokens, it->text, it->logprobs, it->prompt_logprobs, error);
    }
    if (pieces->kind == ASSAY_KIND_LOGITS) {
        const assay_logits_chunk *it = chunk;
        add_words(&pieces->lists[VALUES], it->logits.items, it->logits.count);
    } else if (pieces->kind == ASSAY_KIND_EMBED) {
        const assay_embed_chunk *it = chunk;
        add_words(&pieces->lists[VALUES], it->embeddings.items, it->embeddings.count);
    }
    return pieces_hold(pieces, error);
}

/* The bytes of a list, never NULL. */
static const void *list_items(const struct buffer *list) {
    return list->block == NULL ? (const void *)"" : buffer_bytes(list);
}

static assay_u32s whole_u32s(const struct buffer *list) {
    return (assay_u32s){list_items(list), count_words(list)};
}

static assay_f32s whole_f32s(const struct buffer *list) {
    return (assay_f32s){list_items(list), count_words(list)};
}

/* All log-probabilities of a list; NULL when none were asked for, or memory is out. */
static const assay_logprobs *whole_logprobs(
    const struct logprob_lists *lists, struct arena *arena) {
    assay_logprobs *whole = lists->is_asked ? arena_take(arena, 1, sizeof *whole) : NULL;
    if (whole != NULL) {
        whole->tokens = whole_u32s(lists->tokens);
        whole->logprobs = whole_f32s(lists->logprobs);
        whole->top_tokens = whole_u32s(lists->top_tokens);
        whole->top_logprobs = whole_f32s(lists->top_logprobs);
        whole->top_count.given = true;
        whole->top_count.value = lists->has_any ? lists->width : lists->asked;
    }
    return whole;
}

static bool whole_generate(
    struct pieces *pieces, assay_generate_response *last, struct arena *arena, assay_error *error) {
    if (!add_generated(
            pieces, last->tokens, last->text, last->logprobs, last->prompt_logprobs, error)) {
        return false;
    }
    last->tokens = whole_u32s(&pieces->lists[TOKENS]);
    if (last->tokens.count != last->completion_tokens) {
        return fail(
            error, ASSAY_PROTOCOL_ERROR, "reading the answer to Generate: found %zu tokens, "
            "allowed: %" PRIu64 ", its completion_tokens", last->tokens.count,
            last->completion_tokens);
    }
    const uint64_t expected = last->prompt_tokens - (last->prompt_tokens > 0 ? 1 : 0);
    const uint64_t found = count_words(&pieces->lists[PROMPT]);
    const char *reason = last->finish_reason.data;
    const bool is_whole = strcmp(reason, "stop") == 0 || strcmp(reason, "length") == 0;
    if (pieces->prompt.is_asked && (is_whole ? found != expected : found > expected)) {
        return fail(
            error, ASSAY_PROTOCOL_ERROR,
            "reading the answer to Generate: found log-probabilities of %" PRIu64
            " prompt tokens, allowed: %" PRIu64 ", of all but the first", found, expected);
    }
    const struct buffer *text = &pieces->lists[TEXT];
    const size_t size = buffer_size(text);
    buffer_append(&pieces->lists[TEXT], "", 1); /* not counted */
    last->text = (assay_text){list_items(text), size};
    last->logprobs = whole_logprobs(&pieces->made, arena);
    last->prompt_logprobs = whole_logprobs(&pieces->prompt, arena);
    return pieces_hold(pieces, error) &&
           (!arena->failed || fail_memory(error, "reading an answer"));
}

/* Whether `count` values are rows times columns. */
static bool check_count(
    const char *what, uint64_t count, uint64_t rows, uint64_t columns, assay_error *error) {
    return (rows <= UINT64_MAX / columns && rows * columns == count) ||
           fail(
               error, ASSAY_PROTOCOL_ERROR, "reading %s: found %" PRIu64 " values, allowed: %"
               PRIu64 " times %" PRIu64, what, count, rows, columns);
}

static bool whole_logits(struct pieces *pieces, assay_logits_response *last, assay_error *error) {
    add_words(&pieces->lists[VALUES], last->logits.items, last->logits.count);
    const assay_logits_request *request = pieces->request;
    const bool is_last_only = !request->all_positions.given || !request->all_positions.value;
    /* How many positions a text has, nobody knows. */
    const bool is_counted = is_last_only || request->tokens.items != NULL;
    const uint64_t positions = is_last_only ? 1 : request->tokens.count;
    last->logits = whole_f32s(&pieces->lists[VALUES]);
    return pieces_hold(pieces, error) &&
           (!is_counted || check_count("positions", last->positions, positions, 1, error)) &&
           check_count("logits", last->logits.count, last->positions, last->vocabulary, error);
}

static bool whole_embed(struct pieces *pieces, assay_embed_response *last, assay_error *error) {
    const assay_embed_request *request = pieces->request;
    add_words(&pieces->lists[VALUES], last->embeddings.items, last->embeddings.count);
    last->embeddings = whole_f32s(&pieces->lists[VALUES]);
    return pieces_hold(pieces, error) &&
           check_count("embeddings", last->count, request->inputs.count, 1, error) &&
           check_count("embeddings", last->embeddings.count, last->count, last->dimensions, error);
}

static bool scores_fit(
    const assay_score_request *request, const assay_score_response *answer, assay_error *error) {
    if (!check_count("scores", answer->scores.count, request->continuations.count, 1, error)) {
        return false;
    }
    const uint64_t width_max = request->top_logprobs.value;
    for (size_t i = 0; i < answer->scores.count; i++) {
        const assay_logprobs *logprobs = answer->scores.items[i].logprobs;
        if (logprobs->tokens.count == 0 || logprobs->top_count.value > width_max) {
            return fail(
                error, ASSAY_PROTOCOL_ERROR, "reading score %zu: found %zu tokens with %" PRIu64
                " alternatives, allowed: 1 token or more with at most %" PRIu64, i,
                logprobs->tokens.count, logprobs->top_count.value, width_max);
        }
    }
    return true;
}

static bool pong_fits(
    const assay_ping_request *request, const assay_ping_response *answer, assay_error *error) {
    struct span sent = {request->payload.data, request->payload.size};
    return same_bytes(sent, (struct span){answer->payload.data, answer->payload.size}, 1) ||
           fail(error, ASSAY_PROTOCOL_ERROR, "pinging: other bytes came back than were sent");
}

/* Makes the last frame the whole answer, and compares it with what was asked for. */
static bool pieces_whole(
    struct pieces *pieces, void *last, struct arena *arena, assay_error *error) {
    switch (pieces->kind) {
    case ASSAY_KIND_PING:
        return pong_fits(pieces->request, last, error);
    case ASSAY_KIND_GENERATE:
        return whole_generate(pieces, last, arena, error);
    case ASSAY_KIND_LOGITS:
        return whole_logits(pieces, last, error);
    case ASSAY_KIND_EMBED:
        return whole_embed(pieces, last, error);
    case ASSAY_KIND_SCORE:
        return scores_fit(pieces->request, last, error);
    default:
        return true;
    }
}

/* The `answer` record of a message; NULL: it has none. */
static const assay_answer *answer_of(unsigned message, const void *object) {
    const assay_field_info *field = field_named(message, "answer");
    const assay_answer *answer = NULL;
    if (field != NULL) {
        memcpy(&answer, (const uint8_t *)object + field->offset, sizeof answer);
    }
    return answer;
}

/* Decodes the next frame of an answer. The number that it says, if it says one, must follow the
 * frames before, and its degraded flag must agree with its list. */
static void *decode_frame(
    struct arena *arena, unsigned message, const struct frame *frame, struct pieces *pieces,
    assay_error *error) {
    void *object = decode_body(arena, message, frame->body, frame->size, error);
    const assay_field_info *field = field_named(message, "frame");
    if (object == NULL) {
        return NULL;
    }
    const uint64_t expected = pieces->frames++;
    assay_opt_u64 number = {.given = false};
    if (field != NULL) {
        memcpy(&number, (const uint8_t *)object + field->offset, sizeof number);
    }
    if (number.given && number.value != expected) {
        (void)fail(
            error, ASSAY_PROTOCOL_ERROR, "reading %s: found frame %" PRIu64
            " of the answer, allowed: %" PRIu64 ", since so many came before",
            assay_messages[message].name, number.value, expected);
        return NULL;
    }
    const assay_answer *answer = answer_of(message, object);
    const bool lists = answer != NULL && answer->degradations.count > 0;
    if (lists != ((frame->flags & ASSAY_FLAG_DEGRADED) != 0)) {
        (void)fail(
            error, ASSAY_PROTOCOL_ERROR, "reading %s: its degraded flag and its list disagree",
            assay_messages[message].name);
        return NULL;
    }
    return object;
}

/* ================================================================ exchange */

/* One call, from the caller's request to the reply. */
struct call {
    struct pool *pool;
    const assay_kind_info *kind;
    const void *message; /* the request as the caller gave it */
    const assay_call_options *options;
    int64_t deadline, wait_until; /* FOREVER: no deadline; now: no wait */
    struct buffer bytes;          /* room for a header, then the body */
    unsigned since;               /* lowest revision that knows all of the body */
    uint64_t attempt;             /* which one the body says it is */
    uint64_t made, waited;        /* tries that count, tries within wait_milliseconds */
    assay_reply *reply;

    /* Of one try. */
    struct connection *connection;
    struct pending *pending;
    struct pieces pieces;
    struct arena arena, scratch; /* of the answer, of one chunk */
    bool was_written, was_seen;  /* by on_chunk */
    bool is_inherited;           /* on_chunk forked, and the child has returned */
};

/* Builds a request's body: the caller's words and, where the kind has these fields, that the model
 * be real, and from the second on which attempt it is. */
static bool encode_call(struct call *call, uint64_t attempt, assay_error *error) {
    union assay_request request;
    assay_requirements requirements = {.fingerprint = {NULL, 0}};
    assay_request_context context = {.trace_context = {NULL, 0}};
    const assay_field_info *demands = field_named(call->kind->request, "requirements");
    const assay_field_info *standing = field_named(call->kind->request, "context");
    memcpy(&request, call->message, assay_messages[call->kind->request].size);
    /* The health of a server has no model that could be real. */
    const bool is_server_wide =
        call->kind->number == ASSAY_KIND_HEALTH && request.health.model.data == NULL;
    if (demands != NULL && !call->pool->options.allow_mock && !is_server_wide) {
        const assay_requirements *given;
        memcpy(&given, (uint8_t *)&request + demands->offset, sizeof given);
        requirements = given == NULL ? requirements : *given;
        requirements.real = (assay_opt_bool)ASSAY_GIVEN(true);
        given = &requirements;
        memcpy((uint8_t *)&request + demands->offset, &given, sizeof given);
    }
    if (standing != NULL && attempt > 1) {
        const assay_request_context *given;
        memcpy(&given, (uint8_t *)&request + standing->offset, sizeof given);
        context = given == NULL ? context : *given;
        context.attempt = (assay_opt_u64)ASSAY_GIVEN(attempt);
        given = &context;
        memcpy((uint8_t *)&request + standing->offset, &given, sizeof given);
    }
    call->attempt = attempt;
    buffer_free(&call->bytes);
    return encode_request(&call->bytes, call->kind, &request, &call->since, error);
}

/* Whether this connection can carry the request; nothing is sent if it cannot. */
static bool fit_request(struct call *call, assay_error *error) {
    const struct connection *connection = call->connection;
    const assay_field_info *context = field_named(call->kind->request, "context");
    const bool says_attempt = context != NULL && connection->revision >= context->since;
    const uint64_t attempt = says_attempt ? call->made + 1 : 1;
    if (attempt != call->attempt && !encode_call(call, attempt, error)) {
        return false;
    }
    if (call->since > connection->revision) {
        return fail(
            error, ASSAY_REVISION_TOO_LOW,
            "sending %s: it needs revision %u of the protocol, the server speaks %" PRIu64,
            call->kind->name, call->since, connection->revision);
    }
    const size_t size = buffer_size(&call->bytes) - HEADER_SIZE;
    return size <= connection->peer_body_max ||
           fail(
               error, ASSAY_REQUEST_INVALID,
               "sending %s: its body has %zu bytes, the server accepts %" PRIu64, call->kind->name,
               size, connection->peer_body_max);
}

static bool take_chunk(struct call *call, const struct frame *frame, assay_error *error) {
    arena_reset(&call->scratch);
    const void *message =
        decode_frame(&call->scratch, call->kind->chunk, frame, &call->pieces, error);
    if (message == NULL || !pieces_add(&call->pieces, message, error)) {
        return false;
    }
    if (call->options->on_chunk == NULL) {
        return true;
    }
    const assay_chunk chunk = {
        .kind = frame->kind,
        .provenance = frame->provenance,
        .generation = frame->generation,
        .message = message};
    call->was_seen = true;
    const bool goes_on = call->options->on_chunk(call->options->context, &chunk);
    call->is_inherited = is_inherited(call->pool);
    if (call->is_inherited) {
        return fail(
            error, ASSAY_CONNECTION_CLOSED,
            "calling %s: the answer belongs to the process that asked, this is a forked child",
            call->kind->name);
    }
    return goes_on || fail(
                          error, ASSAY_GIVEN_UP, "calling %s: the caller gave the answer up",
                          call->kind->name);
}

/* Turns the last frame into the reply, which owns the arena and the pieces from then on. */
static bool take_last(struct call *call, const struct frame *frame, assay_error *error) {
    assay_reply *reply = call->reply;
    const unsigned message = call->kind->response;
    void *last = decode_frame(&call->arena, message, frame, &call->pieces, error);
    if (last == NULL || !pieces_whole(&call->pieces, last, &call->arena, error)) {
        return false;
    }
    if (reply == NULL) {
        return true;
    }
    *reply = (assay_reply){
        .kind = frame->kind,
        .provenance = frame->provenance,
        .degraded = (frame->flags & ASSAY_FLAG_DEGRADED) != 0,
        .generation = frame->generation,
        .answer = answer_of(message, last),
        .message = last,
        .allocator = call->pool->options.allocator,
        .blocks = call->arena.blocks};
    call->arena.blocks = NULL;
    for (size_t i = 0; i < LIST_COUNT; i++) {
        struct buffer *list = &call->pieces.lists[i];
        if (list->block != NULL) {
            list->block->next = reply->blocks;
            reply->blocks = list->block;
            list->block = NULL;
        }
    }
    return true;
}

static int64_t answer_limit(const struct call *call) {
    const assay_options *options = &call->pool->options;
    int64_t limit = FOREVER;
    if (call->deadline != FOREVER) {
        limit = after_milliseconds(call->deadline, options->grace_milliseconds);
    }
    if (options->answer_milliseconds > 0) {
        limit = earlier(
            limit, after_milliseconds(now_microseconds(), options->answer_milliseconds));
    }
    return limit;
}

/* Reads the frames of an answer to the last. The lock is held, but not while bodies are read, and
 * not in a child that on_chunk forked, where the lock may be held for ever. */
static bool read_answer(struct call *call, assay_error *error) {
    const assay_allocator *allocator = &call->pool->options.allocator;
    bool is_fine = true, is_whole = false;
    while (is_fine && !is_whole) {
        struct frame *frame =
            next_frame(call->connection, call->pending, answer_limit(call), error);
        if (frame == NULL) {
            return false;
        }
        pthread_mutex_unlock(&call->pool->lock);
        is_whole = is_last(frame);
        frame = frame_open(allocator, frame, error);
        is_fine = frame != NULL && check_frame(call->pool, frame, call->kind->name, error) &&
                  (is_whole ? take_last(call, frame, error) : take_chunk(call, frame, error));
        release(allocator, frame);
        if (!call->is_inherited) {
            pthread_mutex_lock(&call->pool->lock);
        }
    }
    return is_fine;
}

/* Sends a request that is in flight, reads its answer, and leaves the connection. The lock is
 * held; in a child that on_chunk forked connection, request and lock are the parent's. */
static bool exchange(struct call *call, assay_error *error) {
    struct connection *connection = call->connection;
    bool is_fine = fit_request(call, error);
    if (is_fine) {
        call->was_written = send_request(
            connection, call->pending, &call->bytes, call->deadline, answer_limit(call), error);
        is_fine = call->was_written && read_answer(call, error);
    }
    if (call->is_inherited) {
        return false;
    }
    const int64_t silence = now_microseconds() - connection->last_byte_at;
    const bool is_silent = error->code == ASSAY_TIMED_OUT && call->was_written &&
                           silence >= SILENCE_MILLISECONDS * 1000;
    if (!is_fine && (error->code == ASSAY_PROTOCOL_ERROR || is_silent)) {
        connection_fail(connection, error);
    }
    const uint64_t id = call->pending->id;
    if (part_with(connection, call->pending, call->was_written)) {
        send_cancel(connection, id);
    }
    hand_over(connection);
    connection_release(connection);
    return is_fine;
}

/* One try, from finding a connection to the answer. */
static bool try_once(struct call *call, assay_error *error) {
    struct pool *pool = call->pool;
    call->was_written = false;
    call->pending = pending_new(pool, call->kind, error);
    if (call->pending == NULL) {
        return false;
    }
    const struct arena empty = {.allocator = &pool->options.allocator};
    call->arena = call->scratch = empty;
    pieces_init(&call->pieces, empty.allocator, call->kind->number, call->message);
    pthread_mutex_lock(&pool->lock);
    call->connection = acquire(pool, call->pending, call->deadline, error);
    if (call->connection == NULL) {
        pending_free(pool, call->pending);
    }
    const bool is_fine = call->connection != NULL && exchange(call, error);
    if (!call->is_inherited) {
        pthread_mutex_unlock(&pool->lock);
    }
    pieces_free(&call->pieces);
    arena_free(&call->arena);
    arena_free(&call->scratch);
    return is_fine;
}

/* Whether the same request may be sent again after this error. */
static bool may_retry(const struct call *call, const assay_error *error) {
    if (call->was_seen || call->made >= call->pool->options.attempts) {
        return false;
    }
    switch (error->code) {
    case ASSAY_UNREACHABLE:
        return true;
    case ASSAY_CONNECTION_CLOSED:
        return !call->was_written || call->kind->retry_safe;
    case ASSAY_SERVER_REFUSED:
        return error->status == ASSAY_STATUS_UNAVAILABLE ||
               error->status == ASSAY_STATUS_RESOURCE_EXHAUSTED ||
               error->status == ASSAY_STATUS_ABORTED;
    default:
        return false;
    }
}

/* Microseconds of pause after the `made`th try. The lock is held. */
static int64_t pause_microseconds(struct pool *pool, uint64_t made, const assay_error *error) {
    const uint64_t longest = pool->options.backoff_max_milliseconds;
    if (error->has_retry_after) {
        return (int64_t)error->retry_after_milliseconds * 1000;
    }
    uint64_t pause = pool->options.backoff_milliseconds;
    for (uint64_t i = 1; i < made && pause < longest && pause > 0; i++) {
        pause *= 2;
    }
    pause = pause > longest ? longest : pause;
    pool->random ^= pool->random << 13; /* xorshift: spread, nothing secret */
    pool->random ^= pool->random >> 7;
    pool->random ^= pool->random << 17;
    return (int64_t)(pause * 500) + (int64_t)(pool->random % (pause * 500 + 1));
}

/*
 * The time of the next try within wait_milliseconds, which does not count as an attempt. 0: the
 * call does not wait after this error, or the time is up. The lock is held.
 */
static int64_t next_waiting_try(struct call *call, const assay_error *error, int64_t now) {
    const int64_t longest = WAIT_PAUSE_MILLISECONDS * 1000;
    const bool is_loading = error->code == ASSAY_SERVER_REFUSED && !call->was_seen &&
                            strcmp(error->server_code, "model_loading") == 0;
    if ((error->code != ASSAY_UNREACHABLE && !is_loading) || now >= call->wait_until) {
        return 0;
    }
    int64_t pause = longest;
    if (!is_loading) {
        pause = earlier(pause_microseconds(call->pool, call->waited + 1, error), longest);
        pause = earlier(pause, call->wait_until - now);
    } else if (error->has_retry_after) {
        pause = (int64_t)error->retry_after_milliseconds * 1000;
    }
    int64_t until = now + (pause < 1000 ? 1000 : pause);
    return is_loading && until > call->wait_until ? 0 : until;
}

/* Pauses before the next try. False: none follows, and `error` says why. */
static bool pause_before_retry(struct call *call, assay_error *error) {
    struct pool *pool = call->pool;
    if (call->is_inherited) {
        return false; /* the lock is the parent's */
    }
    pthread_mutex_lock(&pool->lock);
    const int64_t now = now_microseconds();
    int64_t until = next_waiting_try(call, error, now);
    bool goes_on = until != 0;
    if (goes_on) {
        call->waited++;
    } else {
        call->made++;
        goes_on = may_retry(call, error);
        until = now + pause_microseconds(pool, call->made, error);
    }
    goes_on = goes_on && until < call->deadline;
    while (goes_on && !pool->is_closed && now_microseconds() < until) {
        (void)wait_until(&pool->changed, &pool->lock, until);
    }
    if (goes_on && pool->is_closed) {
        goes_on = fail_closed(pool, error);
    }
    pthread_mutex_unlock(&pool->lock);
    return goes_on;
}

/* A call on the pool of this process. */
static bool run_call(struct call *call, assay_error *error) {
    const struct pool *pool = call->pool;
    const int64_t now = now_microseconds();
    const uint32_t deadline = call->options->deadline_milliseconds;
    call->wait_until = after_milliseconds(now, pool->options.wait_milliseconds);
    call->deadline = deadline == 0 ? FOREVER : after_milliseconds(now, deadline);
    call->bytes.allocator = &pool->options.allocator;
    bool is_fine = encode_call(call, 1, error);
    if (is_fine) {
        do {
            is_fine = try_once(call, error);
        } while (!is_fine && pause_before_retry(call, error));
    }
    buffer_free(&call->bytes);
    return is_fine;
}

assay_code assay_call(
    assay_client *client, uint8_t number, const void *message, const assay_call_options *options,
    assay_reply *reply, assay_error *error) {
    static const assay_call_options no_options = {.on_chunk = NULL};
    assay_error own_error;
    error = error == NULL ? &own_error : error;
    error->code = ASSAY_OK;
    error->message[0] = 0;
    if (reply != NULL) {
        *reply = (assay_reply){.kind = number};
    }
    struct call call = {
        .pool = pool_of(client),
        .kind = kind_of(number),
        .message = message,
        .options = options == NULL ? &no_options : options,
        .reply = reply};
    if (number == ASSAY_KIND_HELLO || number == ASSAY_KIND_CANCEL || call.kind == NULL) {
        (void)fail(
            error, ASSAY_REQUEST_INVALID, "calling: found kind %u, allowed: the kinds of assay.h",
            number);
    } else if (message == NULL) {
        (void)fail(error, ASSAY_REQUEST_INVALID, "calling: kind %u without a request", number);
    } else if (call.pool == NULL) {
        (void)fail_memory(error, "calling in a forked child");
    } else {
        /* A thread cancelled within a call would leave the lock, or the reading, to nobody. */
        int before, ignored;
        (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
        const bool is_fine = run_call(&call, error);
        (void)pthread_setcancelstate(before, &ignored);
        error->code = is_fine ? ASSAY_OK : error->code;
    }
    return error->code;
}

assay_code assay_generate_stream(
    assay_client *client, const assay_generate_request *request, assay_on_chunk *on_chunk,
    void *context, const assay_call_options *call, assay_reply *reply, assay_error *error) {
    const assay_call_options streaming = {
        .deadline_milliseconds = call == NULL ? 0 : call->deadline_milliseconds,
        .on_chunk = on_chunk,
        .context = context};
    return assay_call(client, ASSAY_KIND_GENERATE, request, &streaming, reply, error);
}

void assay_reply_free(assay_reply *reply) {
    if (reply != NULL) {
        release_blocks(&reply->allocator, reply->blocks);
        *reply = (assay_reply){.kind = 0};
    }
}

/* ================================================================ client, options */

assay_options assay_options_default(void) {
    return assay_defaults;
}

/* Whether each option is in the range of its table. */
static bool check_options(const assay_options *options, assay_error *error) {
    for (size_t i = 0; i < assay_option_count; i++) {
        const assay_field_info *field = &assay_option_fields[i];
        const uint8_t *place = (const uint8_t *)options + field->offset;
        const char *unit = "", *text;
        uint64_t value = field->min;
        bool is_fine = true;
        if (field->type == ASSAY_TYPE_U64) {
            memcpy(&value, place, sizeof value);
        } else if (field->type == ASSAY_TYPE_TEXT) {
            memcpy(&text, place, sizeof text);
            unit = " bytes of UTF-8";
            value = text == NULL ? 0 : strlen(text);
            is_fine = is_utf8((const uint8_t *)text, value);
        }
        if (!is_fine || value < field->min || value > field->max) {
            (void)fail(
                error, ASSAY_REQUEST_INVALID, "making a client: option %s: found %" PRIu64
                ", allowed: %" PRIu64 "..%" PRIu64 "%s", field->name, value, field->min,
                field->max, unit);
            copy_text(error->field, sizeof error->field, assay_text_of(field->name));
            return false;
        }
    }
    return true;
}

assay_code assay_client_new(
    const char *text, const assay_options *options, assay_client **made, assay_error *error) {
    assay_error own_error;
    error = error == NULL ? &own_error : error;
    error->code = ASSAY_OK;
    *made = NULL;
    assay_options chosen = options == NULL ? assay_defaults : *options;
    if (chosen.allocator.resize == NULL) {
        chosen.allocator.resize = default_resize;
    }
    struct address address;
    if (!check_options(&chosen, error) || !parse_address(text, &address, error)) {
        return error->code;
    }
    assay_client *client = resize(&chosen.allocator, NULL, sizeof *client);
    struct pool *pool = NULL;
    if (client != NULL) {
        *client = (assay_client){.options = chosen, .address = address};
        copy_text(client->name, sizeof client->name, assay_text_of(chosen.name));
        client->options.name = client->name;
        pool = pool_new(client, getpid());
        atomic_store(&client->pool, pool);
    }
    if (pool == NULL) {
        release(&chosen.allocator, client);
        (void)fail_memory(error, "making a client");
        return error->code;
    }
    *made = client;
    return ASSAY_OK;
}

void assay_client_close(assay_client *client) {
    assay_error error;
    int before, ignored;
    struct pool *pool = pool_of(client);
    if (pool == NULL) { /* a child without memory marks its own copy of the parent's pool */
        atomic_load(&client->pool)->is_closed = true;
        return;
    }
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    pthread_mutex_lock(&pool->lock);
    pool->is_closed = true;
    (void)fail_closed(pool, &error);
    struct connection *connection = pool->connections;
    while (connection != NULL) {
        struct connection *next = connection->next;
        connection_fail(connection, &error); /* frees it when nobody uses it */
        connection = next;
    }
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    (void)pthread_setcancelstate(before, &ignored);
}

void assay_client_free(assay_client *client) {
    if (client == NULL) {
        return;
    }
    assay_client_close(client);
    struct pool *pool = atomic_load(&client->pool);
    if (!is_inherited(pool)) {
        pool_free(pool);
    }
    assay_allocator allocator = client->options.allocator;
    release(&allocator, client);
}
