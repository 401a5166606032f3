/*
 * The client of assay.h. Read from top to bottom: each section uses only what stands above it.
 *
 *   memory, errors, time     blocks of the caller's allocator; sentences; a monotonic clock
 *   LZ4, body codec          one table-driven encoder and decoder over assay_messages
 *   frames, addresses        headers checked byte by byte; sockets
 *   connections              who reads, who writes, who waits
 *   forked processes         a child gets a lock and connections of its own
 *   pool, answers, calls     which connection; chunks put together; attempts
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
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "assay.h"

enum {
    HEADER_SIZE = (int)ASSAY_LIMIT_HEADER_SIZE,
    COUNTED_SIZE = (int)ASSAY_LIMIT_HEADER_SIZE_COUNTED,
    FIELD_HEADER_SIZE = (int)ASSAY_LIMIT_FIELD_HEADER_SIZE,
    READ_SIZE = 64 << 10,
    POOL_SIZE_MAX = 64,
    SILENCE_MILLISECONDS = 10000, /* after which a time-out closes the connection */
    CANCEL_MILLISECONDS = 1000,      /* to write a Cancel */
    WAIT_PAUSE_MILLISECONDS = 200,   /* between two tries of wait_milliseconds */
    KEEPALIVE_IDLE_SECONDS = 30,     /* of silence on a TCP connection, then it is probed */
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
    if (size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, size);
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

/* Bytes that grow. */
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
    size_t used = buffer_size(buffer);
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
        block->next = NULL;
        block->used = used;
        block->capacity = capacity;
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

static const char *const code_names[] = {
    "ok", "address_invalid", "unreachable", "connection_closed", "timed_out", "protocol_error",
    "mock_refused", "server_refused", "given_up", "request_invalid", "revision_too_low",
    "out_of_memory"};

static const uint32_t code_statuses[] = {
    ASSAY_STATUS_OK, ASSAY_STATUS_INVALID_ARGUMENT, ASSAY_STATUS_UNAVAILABLE,
    ASSAY_STATUS_UNAVAILABLE, ASSAY_STATUS_DEADLINE_EXCEEDED, ASSAY_STATUS_PROTOCOL_ERROR,
    ASSAY_STATUS_MOCK_REFUSED, ASSAY_STATUS_UNKNOWN, ASSAY_STATUS_CANCELLED,
    ASSAY_STATUS_INVALID_ARGUMENT, ASSAY_STATUS_UNIMPLEMENTED, ASSAY_STATUS_RESOURCE_EXHAUSTED};

const char *assay_code_name(assay_code code) {
    size_t index = (size_t)code;
    return index < sizeof code_names / sizeof *code_names ? code_names[index] : "unknown";
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

/* Fills in an error and returns its code. */
__attribute__((format(printf, 3, 4))) static assay_code fail(
    assay_error *error, assay_code code, const char *format, ...) {
    memset(error, 0, sizeof *error);
    error->code = code;
    error->status = code_statuses[code];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return code;
}

static assay_code fail_memory(assay_error *error, const char *doing) {
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

/* ================================================================ LZ4 */

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

/* ================================================================ body: encoding */

/* What every list, text and array looks like. Copied in and out, never pointed at. */
struct span {
    const void *items;
    size_t count;
};

/* Why a body cannot be made or read. */
struct refusal {
    const char *reason; /* a code of SPEC.md; NULL: none, or no memory */
    char path[132];     /* of the field */
};

static bool refuse(struct refusal *refusal, const char *name, const char *reason) {
    refusal->reason = reason;
    copy_text(refusal->path, sizeof refusal->path, assay_text_of(name));
    return false;
}

/* Puts a record's name before the path of what was refused in it. */
static bool refused_inside(struct refusal *refusal, const char *name) {
    struct refusal inner = *refusal;
    (void)snprintf(
        refusal->path, sizeof refusal->path, "%s%s%.90s", name, inner.path[0] == 0 ? "" : ".",
        inner.path);
    return false;
}

struct encoder {
    struct buffer *buffer;
    bool wants_real; /* requirements say so, whatever the caller says */
    unsigned since;  /* newest revision that a field needs */
    struct refusal refusal;
};

static bool is_choice(const assay_field_info *field, const uint8_t *bytes, size_t size) {
    for (const char *const *word = field->choices; *word != NULL; word++) {
        if (strlen(*word) == size && memcmp(*word, bytes, size) == 0) {
            return true;
        }
    }
    return false;
}

/* What is wrong with a text or bytes: NULL or a code of SPEC.md. */
static const char *check_text(const assay_field_info *field, const uint8_t *bytes, size_t size) {
    if (size < field->min || size > field->max) {
        return "field_out_of_range";
    }
    if (field->type == ASSAY_TYPE_TEXT && !is_utf8(bytes, size)) {
        return "field_text_invalid";
    }
    if (field->choices != NULL && !is_choice(field, bytes, size)) {
        return "field_out_of_range";
    }
    return NULL;
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

static uint8_t *put_field(struct encoder *encoder, const assay_field_info *field, size_t size) {
    uint8_t *bytes = buffer_extend(encoder->buffer, FIELD_HEADER_SIZE + size);
    if (bytes == NULL) {
        return NULL;
    }
    bytes[0] = (uint8_t)field->id;
    bytes[1] = (uint8_t)(field->id >> 8);
    bytes[2] = field->type;
    bytes[3] = 0;
    put_u32(bytes + 4, (uint32_t)size);
    encoder->since = field->since > encoder->since ? field->since : encoder->since;
    return bytes + FIELD_HEADER_SIZE;
}

static bool put_span(struct encoder *encoder, const assay_field_info *field, struct span span) {
    bool is_array = field->type == ASSAY_TYPE_U32S || field->type == ASSAY_TYPE_F32S;
    if (is_array) {
        if (span.count < field->min || span.count > field->max) {
            return refuse(&encoder->refusal, field->name, "field_out_of_range");
        }
        uint8_t *bytes = put_field(encoder, field, span.count * 4);
        for (size_t i = 0; bytes != NULL && i < span.count; i++) {
            uint32_t word;
            memcpy(&word, (const uint8_t *)span.items + i * 4, 4);
            put_u32(bytes + i * 4, word);
        }
        return true;
    }
    const char *reason = check_text(field, span.items, span.count);
    if (reason != NULL) {
        return refuse(&encoder->refusal, field->name, reason);
    }
    uint8_t *bytes = put_field(encoder, field, span.count);
    if (bytes != NULL && span.count > 0) {
        memcpy(bytes, span.items, span.count);
    }
    return true;
}

static bool put_record(struct encoder *, unsigned message, const void *object, bool is_top);

static bool put_nested(struct encoder *encoder, const assay_field_info *field, const void *object) {
    size_t start = buffer_size(encoder->buffer);
    (void)put_field(encoder, field, 0);
    if (!put_record(encoder, field->record, object, false)) {
        return refused_inside(&encoder->refusal, field->name);
    }
    if (!encoder->buffer->failed) {
        size_t size = buffer_size(encoder->buffer) - start - FIELD_HEADER_SIZE;
        if (size > UINT32_MAX) {
            return refuse(&encoder->refusal, field->name, "field_out_of_range");
        }
        put_u32(buffer_bytes(encoder->buffer) + start + 4, (uint32_t)size);
    }
    return true;
}

static bool put_repeated(
    struct encoder *encoder, const assay_field_info *field, const uint8_t *place) {
    struct span list;
    memcpy(&list, place, sizeof list);
    if (list.count < field->times_min || list.count > field->times_max) {
        const char *reason = list.count == 0 ? "field_missing" : "field_repeated";
        return refuse(&encoder->refusal, field->name, reason);
    }
    size_t step =
        field->type == ASSAY_TYPE_RECORD ? assay_messages[field->record].size : sizeof list;
    for (size_t i = 0; i < list.count; i++) {
        const uint8_t *item = (const uint8_t *)list.items + i * step;
        struct span text;
        memcpy(&text, item, sizeof text);
        if (!(field->type == ASSAY_TYPE_RECORD ? put_nested(encoder, field, item)
                                               : put_span(encoder, field, text))) {
            return false;
        }
    }
    return true;
}

static bool put_scalar(
    struct encoder *encoder, const assay_field_info *field, const uint8_t *place) {
    size_t size = scalar_size(field);
    uint64_t bits = place[0];
    if (field->presence == ASSAY_OPTIONAL && place[size] == 0) {
        return true;
    }
    if (size == 8) {
        memcpy(&bits, place, size);
    }
    if (!scalar_fits(field, bits)) {
        return refuse(&encoder->refusal, field->name, "field_out_of_range");
    }
    uint8_t *bytes = put_field(encoder, field, size);
    if (bytes != NULL && size == 8) {
        put_u64(bytes, bits);
    } else if (bytes != NULL) {
        bytes[0] = (uint8_t)bits;
    }
    return true;
}

/* Requirements of a request: the caller's, and that it be real. */
static bool put_requirements(
    struct encoder *encoder, const assay_field_info *field, const assay_requirements *given) {
    assay_requirements merged = {.real = ASSAY_GIVEN(true)};
    if (given != NULL) {
        merged.fingerprint = given->fingerprint;
        merged.device = given->device;
    }
    return put_nested(encoder, field, &merged);
}

static bool put_one(
    struct encoder *encoder, const assay_field_info *field, const uint8_t *place, bool is_top) {
    if (field->presence == ASSAY_REPEATED) {
        return put_repeated(encoder, field, place);
    }
    switch (field->type) {
    case ASSAY_TYPE_U64:
    case ASSAY_TYPE_F64:
    case ASSAY_TYPE_BOOL:
        return put_scalar(encoder, field, place);
    case ASSAY_TYPE_RECORD: {
        const void *record;
        memcpy(&record, place, sizeof record);
        if (is_top && encoder->wants_real && field->record == ASSAY_MESSAGE_REQUIREMENTS) {
            return put_requirements(encoder, field, record);
        }
        if (record == NULL) {
            return field->presence == ASSAY_OPTIONAL ||
                   refuse(&encoder->refusal, field->name, "field_missing");
        }
        return put_nested(encoder, field, record);
    }
    default: {
        struct span span;
        memcpy(&span, place, sizeof span);
        if (span.items == NULL && field->presence == ASSAY_OPTIONAL) {
            return true;
        }
        return put_span(encoder, field, span);
    }
    }
}

/* Appends a record's fields; false: `reason` and `path` say what is wrong with it. */
static bool put_record(struct encoder *encoder, unsigned message, const void *object, bool is_top) {
    const assay_message_info *info = &assay_messages[message];
    for (size_t i = 0; i < info->field_count; i++) {
        const assay_field_info *field = &info->fields[i];
        if (!put_one(encoder, field, (const uint8_t *)object + field->offset, is_top)) {
            return false;
        }
    }
    return true;
}

/* ================================================================ body: decoding */

struct decoder {
    struct arena *arena;
    struct refusal refusal;
};

/* One field as it stands in the body. */
struct raw_field {
    unsigned id, type;
    const uint8_t *bytes;
    size_t size;
};

/* Reads the field at `*at`; false: it leaves the body. */
static bool next_field(const uint8_t *body, size_t size, size_t *at, struct raw_field *field) {
    if (size - *at < FIELD_HEADER_SIZE) {
        return false;
    }
    const uint8_t *header = body + *at;
    field->id = get_u16(header);
    field->type = header[2];
    field->size = get_u32(header + 4);
    field->bytes = header + FIELD_HEADER_SIZE;
    if (field->size > size - *at - FIELD_HEADER_SIZE) {
        return false;
    }
    *at += FIELD_HEADER_SIZE + field->size;
    return true;
}

/* How many fields from `at` on have this id: what a list is allocated for. */
static size_t count_run(const uint8_t *body, size_t size, size_t at, unsigned id) {
    size_t count = 0;
    struct raw_field field;
    while (next_field(body, size, &at, &field) && field.id == id) {
        count++;
    }
    return count;
}

static const char *check_size(const assay_field_info *field, size_t size) {
    switch (field->type) {
    case ASSAY_TYPE_U64:
    case ASSAY_TYPE_F64:
        return size == 8 ? NULL : "field_size_mismatch";
    case ASSAY_TYPE_BOOL:
        return size == 1 ? NULL : "field_size_mismatch";
    case ASSAY_TYPE_U32S:
    case ASSAY_TYPE_F32S:
        if (size % 4 != 0) {
            return "field_size_mismatch";
        }
        return size / 4 < field->min || size / 4 > field->max ? "field_out_of_range" : NULL;
    default:
        return NULL;
    }
}

/* A text, bytes or array, copied; a text gets a 0 byte behind it. */
static bool take_span(
    struct decoder *decoder, const assay_field_info *field, const struct raw_field *raw,
    void *place) {
    bool is_array = field->type == ASSAY_TYPE_U32S || field->type == ASSAY_TYPE_F32S;
    const char *reason = is_array ? NULL : check_text(field, raw->bytes, raw->size);
    if (reason != NULL) {
        return refuse(&decoder->refusal, field->name, reason);
    }
    uint8_t *copy = arena_take(decoder->arena, raw->size + 1, 1);
    if (copy == NULL) {
        return false;
    }
    if (is_array) {
        for (size_t i = 0; i < raw->size; i += 4) {
            uint32_t word = get_u32(raw->bytes + i);
            memcpy(copy + i, &word, 4);
        }
    } else if (raw->size > 0) {
        memcpy(copy, raw->bytes, raw->size);
    }
    struct span span = {copy, is_array ? raw->size / 4 : raw->size};
    memcpy(place, &span, sizeof span);
    return true;
}

static bool take_scalar(
    struct decoder *decoder, const assay_field_info *field, const struct raw_field *raw,
    uint8_t *place) {
    size_t size = scalar_size(field);
    uint64_t bits = size == 8 ? get_u64(raw->bytes) : raw->bytes[0];
    if (!scalar_fits(field, bits)) {
        return refuse(&decoder->refusal, field->name, "field_out_of_range");
    }
    if (size == 8) {
        memcpy(place, &bits, size);
    } else {
        place[0] = (uint8_t)bits;
    }
    if (field->presence == ASSAY_OPTIONAL) {
        place[size] = 1;
    }
    return true;
}

static bool take_record(
    struct decoder *, unsigned message, const uint8_t *body, size_t size, void *object);

/* One value into its place, which is an item of the list when the field is repeated. */
static bool take_value(
    struct decoder *decoder, const assay_field_info *field, const struct raw_field *raw,
    void *place) {
    switch (field->type) {
    case ASSAY_TYPE_U64:
    case ASSAY_TYPE_F64:
    case ASSAY_TYPE_BOOL:
        return take_scalar(decoder, field, raw, place);
    case ASSAY_TYPE_RECORD: {
        void *record = place;
        if (field->presence != ASSAY_REPEATED) {
            record = arena_take(decoder->arena, 1, assay_messages[field->record].size);
            if (record == NULL) {
                return false;
            }
            memcpy(place, &record, sizeof record);
        }
        if (!take_record(decoder, field->record, raw->bytes, raw->size, record)) {
            return refused_inside(&decoder->refusal, field->name);
        }
        return true;
    }
    default:
        return take_span(decoder, field, raw, place);
    }
}

/* The place of the `index`th item of a list, which is allocated with the first. */
static void *take_item(
    struct decoder *decoder, const assay_field_info *field, size_t index, size_t count,
    void *place) {
    size_t step = field->type == ASSAY_TYPE_RECORD ? assay_messages[field->record].size
                                                   : sizeof(struct span);
    struct span list;
    if (index == 0) {
        if (count > field->times_max) {
            (void)refuse(&decoder->refusal, field->name, "field_repeated");
            return NULL;
        }
        list = (struct span){arena_take(decoder->arena, count, step), count};
        if (list.items == NULL) {
            return NULL;
        }
        memcpy(place, &list, sizeof list);
    }
    memcpy(&list, place, sizeof list);
    return (uint8_t *)(uintptr_t)list.items + index * step;
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
static bool fields_agree(struct decoder *decoder, unsigned message, const void *object) {
    if (message == ASSAY_MESSAGE_LOGPROBS) {
        const assay_logprobs *it = object;
        size_t rows = it->tokens.count * (size_t)it->top_count.value; /* 64 million at most */
        if (it->logprobs.count != it->tokens.count) {
            return refuse(&decoder->refusal, "logprobs", "field_conflict");
        }
        if (it->top_tokens.count != rows || it->top_logprobs.count != rows) {
            return refuse(&decoder->refusal, "top_tokens", "field_conflict");
        }
    }
    if (message == ASSAY_MESSAGE_GENERATE_CHUNK) {
        const assay_generate_chunk *it = object;
        return logprobs_are_of(it->logprobs, it->tokens) ||
               refuse(&decoder->refusal, "logprobs", "field_conflict");
    }
    if (message == ASSAY_MESSAGE_GENERATE_RESPONSE) {
        const assay_generate_response *it = object;
        return logprobs_are_of(it->logprobs, it->tokens) ||
               refuse(&decoder->refusal, "logprobs", "field_conflict");
    }
    return true;
}

/* The fields from `*row` to the one with `id` that had to be there; false: one is missing. */
static bool pass_rows(
    struct decoder *decoder, const assay_message_info *info, size_t *row, unsigned id) {
    for (; *row < info->field_count && info->fields[*row].id < id; (*row)++) {
        const assay_field_info *field = &info->fields[*row];
        if (field->presence == ASSAY_REQUIRED ||
            (field->presence == ASSAY_REPEATED && field->times_min > 0)) {
            return refuse(&decoder->refusal, field->name, "field_missing");
        }
    }
    return true;
}

/* Whether a field's header is one that the table allows at this place. */
static bool field_is_allowed(
    struct decoder *decoder, const assay_message_info *info, size_t row,
    const struct raw_field *raw, unsigned before) {
    if (raw->id < before) {
        return refuse(&decoder->refusal, "", "field_order");
    }
    if (row == info->field_count || info->fields[row].id != raw->id) {
        char name[16];
        (void)snprintf(name, sizeof name, "#%u", raw->id);
        return refuse(&decoder->refusal, name, "field_unknown");
    }
    const assay_field_info *field = &info->fields[row];
    if (raw->type != field->type) {
        return refuse(&decoder->refusal, field->name, "field_type_mismatch");
    }
    if (raw->bytes[-5] != 0) {
        return refuse(&decoder->refusal, field->name, "field_reserved_not_zero");
    }
    const char *reason = check_size(field, raw->size);
    return reason == NULL || refuse(&decoder->refusal, field->name, reason);
}

/* Decodes a whole body or record into its zeroed struct. */
static bool take_record(
    struct decoder *decoder, unsigned message, const uint8_t *body, size_t size, void *object) {
    const assay_message_info *info = &assay_messages[message];
    size_t at = 0, row = 0, run = 0, index = 0;
    unsigned before = 0;
    while (at < size) {
        struct raw_field raw;
        size_t start = at;
        if (!next_field(body, size, &at, &raw)) {
            return refuse(&decoder->refusal, "", "body_truncated");
        }
        bool again = index < run && raw.id == before;
        if (!again) {
            if (before != 0 && raw.id > before) {
                row++;
            }
            if (raw.id == before && before != 0) {
                return refuse(&decoder->refusal, info->fields[row].name, "field_repeated");
            }
            if (raw.id > before && !pass_rows(decoder, info, &row, raw.id)) {
                return false;
            }
        }
        if (!field_is_allowed(decoder, info, row, &raw, before)) {
            return false;
        }
        const assay_field_info *field = &info->fields[row];
        void *place = (uint8_t *)object + field->offset;
        if (field->presence == ASSAY_REPEATED) {
            if (!again) {
                run = count_run(body, size, start, raw.id);
                index = 0;
            }
            place = take_item(decoder, field, index++, run, place);
        } else {
            run = index = 0;
        }
        if (place == NULL || !take_value(decoder, field, &raw, place)) {
            return false;
        }
        before = raw.id;
    }
    row += before != 0 ? 1 : 0;
    return pass_rows(decoder, info, &row, UINT32_MAX) && fields_agree(decoder, message, object);
}

/* Decodes a body of the server; what is wrong with it is a breach of the protocol. */
static void *decode_body(
    struct arena *arena, unsigned message, const uint8_t *body, size_t size, assay_error *error) {
    struct decoder decoder = {.arena = arena};
    void *object = arena_take(arena, 1, assay_messages[message].size);
    if (object != NULL && take_record(&decoder, message, body, size, object)) {
        return object;
    }
    if (arena->failed || decoder.refusal.reason == NULL) {
        (void)fail_memory(error, "reading the server's answer");
    } else {
        (void)fail(
            error, ASSAY_PROTOCOL_ERROR, "reading %s: %s at \"%s\"", assay_messages[message].name,
            decoder.refusal.reason, decoder.refusal.path);
    }
    return NULL;
}

/* ================================================================ frames */

/* One received frame: header and body as it came, or decompressed. */
struct frame {
    struct frame *next;
    uint64_t request_id;
    uint32_t status, generation, wire_size, raw_size;
    uint8_t kind, flags, provenance;
    size_t size, filled; /* of body: what it will be, what has come */
    uint8_t body[];
};

static assay_code bad_header(
    assay_error *error, const char *code, uint64_t found, const char *allowed, uint64_t bound) {
    return fail(
        error, ASSAY_PROTOCOL_ERROR, "reading a frame's header: %s: found %" PRIu64 ", allowed: %s"
        "%" PRIu64, code, found, allowed, bound);
}

/* Checks as much of a response's header as is there, in the order of SPEC.md. */
static assay_code check_header(
    const uint8_t *bytes, size_t have, uint32_t body_max, bool may_compress, assay_error *error) {
    if (have < 4) {
        return ASSAY_OK;
    }
    uint32_t length = get_u32(bytes);
    if (length < COUNTED_SIZE) {
        return bad_header(error, "length_too_small", length, "at least ", COUNTED_SIZE);
    }
    if (length - COUNTED_SIZE > body_max) {
        return bad_header(
            error, "length_too_large", length, "at most ", (uint64_t)body_max + COUNTED_SIZE);
    }
    if (have > 4 && bytes[4] != ASSAY_PROTOCOL_VERSION) {
        return bad_header(error, "version_unsupported", bytes[4], "", ASSAY_PROTOCOL_VERSION);
    }
    if (have < HEADER_SIZE) {
        return ASSAY_OK;
    }
    uint8_t kind = bytes[5], flags = bytes[6], provenance = bytes[7];
    uint64_t request_id = get_u64(bytes + 8);
    uint32_t status = get_u32(bytes + 16), raw_size = get_u32(bytes + 20);
    uint32_t wire_size = length - COUNTED_SIZE;
    bool is_go_away = kind == (ASSAY_RESPONSE_BIT | ASSAY_KIND_GO_AWAY);
    if (get_u32(bytes + 28) != 0) {
        return bad_header(error, "reserved_not_zero", get_u32(bytes + 28), "", 0);
    }
    if (kind <= ASSAY_RESPONSE_BIT) {
        return bad_header(error, "kind_out_of_range", kind, "at least ", ASSAY_RESPONSE_BIT + 1);
    }
    if (flags > (ASSAY_FLAG_COMPRESSED | ASSAY_FLAG_MORE | ASSAY_FLAG_DEGRADED)) {
        return bad_header(error, "flags_unknown", flags, "at most ", 7);
    }
    if (provenance != ASSAY_REAL && provenance != ASSAY_MOCK) {
        return bad_header(error, "provenance_invalid", provenance, "1 or ", 2);
    }
    if ((request_id == 0) != is_go_away) {
        return bad_header(error, "request_id_invalid", request_id, "0 in GoAway only, kind ", 0xF0);
    }
    if (status != 0 && (flags & (ASSAY_FLAG_MORE | ASSAY_FLAG_DEGRADED)) != 0) {
        return bad_header(error, "flags_conflict", flags, "with a status at most ", 1);
    }
    if (raw_size > body_max) {
        return bad_header(error, "raw_size_too_large", raw_size, "at most ", body_max);
    }
    if ((flags & ASSAY_FLAG_COMPRESSED) == 0) {
        return raw_size == wire_size
                   ? ASSAY_OK
                   : bad_header(error, "raw_size_mismatch", raw_size, "", wire_size);
    }
    if (raw_size < ASSAY_LIMIT_COMPRESSION_SIZE_MIN || wire_size == 0 || wire_size >= raw_size) {
        return bad_header(error, "compression_not_useful", wire_size, "1 to below ", raw_size);
    }
    if (!may_compress) {
        return fail(
            error, ASSAY_PROTOCOL_ERROR,
            "reading a frame: found a compressed body, allowed: none, as Hello agreed");
    }
    return ASSAY_OK;
}

/* Room for a frame's body; the fields of a header that was checked. */
static struct frame *frame_new(
    const assay_allocator *allocator, const uint8_t *header, size_t size) {
    struct frame *frame = resize(allocator, NULL, sizeof *frame + size);
    if (frame == NULL) {
        return NULL;
    }
    *frame = (struct frame){
        .request_id = get_u64(header + 8),
        .status = get_u32(header + 16),
        .generation = get_u32(header + 24),
        .wire_size = get_u32(header) - COUNTED_SIZE,
        .raw_size = get_u32(header + 20),
        .kind = header[5] & (ASSAY_RESPONSE_BIT - 1),
        .flags = header[6],
        .provenance = header[7],
        .size = size};
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
static struct frame *frame_decompress(
    const assay_allocator *allocator, struct frame *frame, assay_error *error) {
    struct frame *whole = NULL;
    /* A byte of a block stands for at most 255: what claims more is not worth an allocation. */
    if (frame->raw_size / 256 > frame->size) {
        (void)fail(error, ASSAY_PROTOCOL_ERROR, "reading a frame: compressed_body_damaged");
    } else if ((whole = resize(allocator, NULL, sizeof *whole + frame->raw_size)) == NULL) {
        (void)fail_memory(error, "reading a frame");
    } else {
        memcpy(whole, frame, sizeof *whole);
        whole->size = frame->raw_size;
        if (!block_decode(frame->body, frame->size, whole->body, whole->size)) {
            (void)fail(
                error, ASSAY_PROTOCOL_ERROR,
                "reading a frame: compressed_body_damaged: found a block of %zu bytes that does "
                "not decode to the %zu announced", frame->size, whole->size);
            release(allocator, whole);
            whole = NULL;
        }
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

/* ================================================================ addresses and sockets */

struct address {
    bool is_unix;
    char host[256]; /* or path */
    char port[6];
    char text[300]; /* for errors */
};

static assay_code bad_address(assay_error *error, const char *text, const char *allowed) {
    return fail(
        error, ASSAY_ADDRESS_INVALID, "reading the server address: found \"%.300s\", allowed: %s",
        text, allowed);
}

static assay_code parse_tcp(const char *text, struct address *address, assay_error *error) {
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
    bool bracketed = size > 2 && host[0] == '[' && host[size - 1] == ']';
    if (bracketed) {
        host++;
        size -= 2;
    }
    if (size == 0 || size >= sizeof address->host ||
        (!bracketed && memchr(host, ':', size) != NULL)) {
        return bad_address(error, text, "tcp://HOST:PORT, an IPv6 host in brackets");
    }
    copy_text(address->host, sizeof address->host, (assay_text){host, size});
    (void)snprintf(address->port, sizeof address->port, "%u", (unsigned)port & 0xFFFF);
    return ASSAY_OK;
}

static assay_code parse_address(const char *text, struct address *address, assay_error *error) {
    *address = (struct address){.is_unix = false};
    if (text == NULL) {
        return bad_address(error, "", "tcp://HOST:PORT or unix:///PATH");
    }
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
    return ASSAY_OK;
}

static assay_code unreachable(assay_error *error, const struct address *address, int reason) {
    char words[128];
    if (strerror_r(reason, words, sizeof words) != 0) {
        (void)snprintf(words, sizeof words, "error %d", reason);
    }
    return fail(
        error, reason == ETIMEDOUT ? ASSAY_TIMED_OUT : ASSAY_UNREACHABLE, "connecting to %s: %s",
        address->text, words);
}

/*
 * Connects to a Unix socket; 0, or the reason in errno's numbers. Connecting waits when the queue
 * of the server is full, as long as SO_SNDTIMEO says; a socket that does not wait is refused then.
 */
static int connect_unix(int fd, const char *path, int64_t until) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    copy_text(name.sun_path, sizeof name.sun_path, assay_text_of(path));
    int reason;
    do { /* connecting that a signal interrupts has not begun, and is tried again */
        int milliseconds = poll_milliseconds(until); /* not for ever: connecting has a limit */
        struct timeval limit = {.tv_sec = milliseconds / 1000};
        limit.tv_usec = milliseconds % 1000 * 1000;
        if (milliseconds <= 0) {
            return ETIMEDOUT;
        }
        if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0) {
            return errno;
        }
        reason = connect(fd, (const struct sockaddr *)&name, sizeof name) == 0 ? 0 : errno;
    } while (reason == EINTR);
    return reason == EAGAIN ? ETIMEDOUT : reason;
}

/* The system finds out that the machine at the far end is gone without a word. */
static void keep_alive(int fd) {
    const int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#if defined(TCP_KEEPIDLE) && defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
    const int idle = KEEPALIVE_IDLE_SECONDS, interval = KEEPALIVE_INTERVAL_SECONDS;
    const int probes = KEEPALIVE_PROBES;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
#endif
}

/* Connects one TCP socket; 0, or the reason in errno's numbers. */
static int connect_tcp(int fd, const struct sockaddr *name, socklen_t size, int64_t until) {
    int flags = fcntl(fd, F_GETFL), on = 1;
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        return errno;
    }
    int reason = connect(fd, name, size) == 0 ? 0 : errno;
    if (reason == EINPROGRESS || reason == EINTR) {
        struct pollfd one = {.fd = fd, .events = POLLOUT};
        socklen_t length = sizeof reason;
        int ready;
        do {
            ready = poll(&one, 1, poll_milliseconds(until));
        } while (ready < 0 && errno == EINTR);
        if (ready == 0) {
            return ETIMEDOUT;
        }
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &length) < 0) {
            return errno;
        }
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    keep_alive(fd);
    /* From here on reads wait, unless told not to. */
    return reason == 0 && fcntl(fd, F_SETFL, flags) < 0 ? errno : reason;
}

#ifdef SOCK_CLOEXEC
enum { STREAM_SOCKET = SOCK_STREAM | SOCK_CLOEXEC }; /* no program that is started gets it */
#else
enum { STREAM_SOCKET = SOCK_STREAM };
#endif

/* Opens one socket and connects it, to `path` if there is one; -1 with the reason in `reason`. */
static int open_connected(
    const char *path, const struct addrinfo *found, int64_t until, int *reason) {
    int fd = socket(path != NULL ? AF_UNIX : found->ai_family, STREAM_SOCKET, 0);
    if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        *reason = errno;
    } else if (path != NULL) {
        *reason = connect_unix(fd, path, until);
    } else {
        *reason = connect_tcp(fd, found->ai_addr, found->ai_addrlen, until);
    }
    if (fd >= 0 && *reason != 0) {
        close(fd);
    }
    return *reason == 0 ? fd : -1;
}

/* A connected socket; -1 with the reason in `error`. */
static int connect_socket(const struct address *address, int64_t until, assay_error *error) {
    int reason = ECONNREFUSED, connected = -1;
    if (address->is_unix) {
        connected = open_connected(address->host, NULL, until, &reason);
    } else {
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found;
        int result;
        do {
            result = getaddrinfo(address->host, address->port, &hints, &found);
        } while (result == EAI_SYSTEM && errno == EINTR && now_microseconds() < until);
        if (result != 0) {
            const char *words = gai_strerror(result);
            (void)fail(error, ASSAY_UNREACHABLE, "finding %s: %s", address->text, words);
            return -1;
        }
        for (struct addrinfo *one = found; one != NULL && connected < 0; one = one->ai_next) {
            connected = open_connected(NULL, one, until, &reason);
        }
        freeaddrinfo(found);
    }
    if (connected < 0) {
        (void)unreachable(error, address, reason);
    }
    return connected;
}

/* ================================================================ connections */

/* A thread that waits on a connection. */
struct waiter {
    struct waiter *next, **link; /* NULL: does not wait */
    pthread_cond_t wake;
};

/* A request in flight. Its caller's until the caller gives it up; then the connection's. */
struct pending {
    struct pending *next;
    struct waiter waiter;
    const assay_kind_info *kind;
    uint64_t id;
    struct frame *first, **last; /* frames not taken yet */
    size_t queued_size;
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
    struct waiter *waiters;
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
    size_t start, end;
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
    bool is_closed;
    uint64_t random;
    struct slot slots[POOL_SIZE_MAX];
};

/* The handle of a program. Only `pool` ever changes: to that of a forked child. */
struct assay_client {
    assay_options options;
    char name[ASSAY_LIMIT_HEADER_SIZE * 4 + 1];
    struct address address;
    struct pool *_Atomic pool;
};

static const assay_allocator *allocator_of(const struct connection *connection) {
    return &connection->pool->options.allocator;
}

static struct pending *pending_new(struct pool *pool, const assay_kind_info *kind) {
    struct pending *pending = resize(&pool->options.allocator, NULL, sizeof *pending);
    if (pending == NULL) {
        return NULL;
    }
    *pending = (struct pending){.kind = kind};
    pending->last = &pending->first;
    if (!condition_init(&pending->waiter.wake)) {
        release(&pool->options.allocator, pending);
        return NULL;
    }
    return pending;
}

static void pending_free(struct pool *pool, struct pending *pending) {
    frames_free(&pool->options.allocator, pending->first);
    pthread_cond_destroy(&pending->waiter.wake);
    release(&pool->options.allocator, pending);
}

static void drop_frames(struct connection *connection, struct pending *pending) {
    frames_free(allocator_of(connection), pending->first);
    pending->first = NULL;
    pending->last = &pending->first;
    pending->queued_size = 0;
}

static void wake_all(struct connection *connection) {
    for (struct waiter *waiter = connection->waiters; waiter != NULL; waiter = waiter->next) {
        pthread_cond_signal(&waiter->wake);
    }
}

/* Takes a request off the list of those in flight, and tells those who wait for its place. */
static void remove_pending(struct connection *connection, struct pending *pending) {
    for (struct pending **link = &connection->pendings; *link != NULL; link = &(*link)->next) {
        if (*link == pending) {
            *link = pending->next;
            connection->in_flight -= pending->kind->number == ASSAY_KIND_CANCEL ? 0 : 1;
            break;
        }
    }
    if (connection->in_flight + 1 == connection->in_flight_max) {
        wake_all(connection);
    }
}

static void add_pending(struct connection *connection, struct pending *pending) {
    pending->id = connection->next_id++;
    pending->next = connection->pendings;
    connection->pendings = pending;
    connection->in_flight += pending->kind->number == ASSAY_KIND_CANCEL ? 0 : 1;
}

static void connection_release(struct connection *connection) {
    struct pool *pool = connection->pool;
    if (--connection->users > 0) {
        return;
    }
    struct connection *_Atomic *link = &pool->connections;
    for (struct connection *one = *link; one != NULL; one = *link) {
        if (one == connection) {
            *link = one->next;
            break;
        }
        link = &one->next;
    }
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

/* ---------------------------------------------------------------- reading */

/* What one read brought. */
struct arrivals {
    struct frame *first, **last;
    bool is_alive; /* something came */
    bool is_failed;
    assay_error error;
};

/* Ends the frame that is being read, once its body is whole. */
static bool finish_partial(struct connection *connection, struct arrivals *arrivals) {
    struct frame *frame = connection->partial;
    if (frame->filled < frame->size) {
        return true;
    }
    connection->partial = NULL;
    if ((frame->flags & ASSAY_FLAG_COMPRESSED) != 0) {
        frame = frame_decompress(allocator_of(connection), frame, &arrivals->error);
        if (frame == NULL) {
            arrivals->is_failed = true;
            return false;
        }
    }
    *arrivals->last = frame;
    arrivals->last = &frame->next;
    return true;
}

/* Cuts what has been read into frames; leaves less than a header in the buffer. */
static void cut_frames(struct connection *connection, struct arrivals *arrivals) {
    while (connection->start < connection->end) {
        const uint8_t *bytes = connection->buffer + connection->start;
        size_t have = connection->end - connection->start;
        if (connection->partial == NULL) {
            if (check_header(
                    bytes, have, connection->body_max, connection->compression,
                    &arrivals->error) != ASSAY_OK) {
                arrivals->is_failed = true;
                return;
            }
            if (have < HEADER_SIZE) {
                break;
            }
            connection->partial =
                frame_new(allocator_of(connection), bytes, get_u32(bytes) - COUNTED_SIZE);
            if (connection->partial == NULL) {
                (void)fail_memory(&arrivals->error, "reading a frame");
                arrivals->is_failed = true;
                return;
            }
            connection->start += HEADER_SIZE;
            bytes += HEADER_SIZE;
            have -= HEADER_SIZE;
        }
        struct frame *frame = connection->partial;
        size_t size = frame->size - frame->filled < have ? frame->size - frame->filled : have;
        memcpy(frame->body + frame->filled, bytes, size);
        frame->filled += size;
        connection->start += size;
        if (!finish_partial(connection, arrivals)) {
            return;
        }
    }
    size_t rest = connection->end - connection->start;
    memmove(connection->buffer, connection->buffer + connection->start, rest);
    connection->start = 0;
    connection->end = rest;
}

/* Reads once, waiting until `until` (0: not at all), and cuts. No lock is held: the leader's. */
static void pump(struct connection *connection, int64_t until, struct arrivals *arrivals) {
    arrivals->first = NULL; /* not its error: that is large, and for failures only */
    arrivals->last = &arrivals->first;
    arrivals->is_alive = arrivals->is_failed = false;
    struct frame *partial = connection->partial;
    bool direct = partial != NULL && partial->size - partial->filled > READ_SIZE / 4;
    uint8_t *target = direct ? partial->body + partial->filled
                             : connection->buffer + connection->end;
    size_t room = direct ? partial->size - partial->filled : READ_SIZE - connection->end;
    if (until != FOREVER && until != 0) {
        struct pollfd one = {.fd = connection->fd, .events = POLLIN};
        if (poll(&one, 1, poll_milliseconds(until)) <= 0) {
            return; /* too late, or interrupted: whoever waits looks at the clock */
        }
    }
    ssize_t count = recv(connection->fd, target, room, until == FOREVER ? 0 : MSG_DONTWAIT);
    if (count > 0) {
        arrivals->is_alive = true;
        if (direct) {
            partial->filled += (size_t)count;
            (void)finish_partial(connection, arrivals);
        } else {
            connection->end += (size_t)count;
            cut_frames(connection, arrivals);
        }
    } else if (count == 0) {
        arrivals->is_failed = true;
        (void)fail(
            &arrivals->error, ASSAY_CONNECTION_CLOSED, "reading from %s: the server closed the "
            "connection", connection->pool->address.text);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        arrivals->is_failed = true;
        (void)fail(
            &arrivals->error, ASSAY_CONNECTION_CLOSED, "reading from %s: error %d",
            connection->pool->address.text, errno);
    }
}

/* Copies the server's words into an error. */
static void take_words(
    assay_error *error, const struct frame *frame, const assay_error_body *words) {
    copy_text(error->server_code, sizeof error->server_code, words->code);
    copy_text(error->field, sizeof error->field, words->field);
    copy_text(error->layer, sizeof error->layer, words->layer);
    error->has_retry_after = words->retry_after_milliseconds.given;
    error->retry_after_milliseconds = words->retry_after_milliseconds.value;
    error->provenance = frame->provenance;
}

/* Refuses a mock first and a failure second: nobody should act on a mock's words unawares. */
static assay_code check_frame(
    const struct pool *pool, const struct frame *frame, const char *doing, assay_error *error) {
    if (frame->provenance == ASSAY_MOCK && !pool->options.allow_mock) {
        (void)fail(
            error, ASSAY_MOCK_REFUSED,
            "calling %s: the answer comes from a mock model, not from a real one", doing);
        error->provenance = ASSAY_MOCK;
        return error->code;
    }
    if (frame->status == 0) {
        return ASSAY_OK;
    }
    struct arena arena = {.allocator = &pool->options.allocator};
    const assay_error_body *words =
        decode_body(&arena, ASSAY_MESSAGE_ERROR_BODY, frame->body, frame->size, error);
    if (words != NULL) {
        (void)fail(
            error, ASSAY_SERVER_REFUSED, "%s: %.*s", assay_status_name(frame->status),
            (int)words->message.size, words->message.data);
        error->status = assay_statuses[status_row(frame->status)].number;
        take_words(error, frame, words);
    }
    arena_free(&arena);
    return error->code;
}

static bool file_go_away(
    struct connection *connection, const struct frame *frame, assay_error *error) {
    struct arena arena = {.allocator = allocator_of(connection)};
    bool drains = frame->status == 0;
    const void *body = decode_body(
        &arena, drains ? ASSAY_MESSAGE_GO_AWAY : ASSAY_MESSAGE_ERROR_BODY, frame->body, frame->size,
        error);
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
    return body != NULL && drains;
}

/* Files one frame under its request; false: it fits none. Owns the frame. */
static bool file_frame(struct connection *connection, struct frame *frame, assay_error *error) {
    struct pending *pending = connection->pendings;
    while (pending != NULL && pending->id != frame->request_id) {
        pending = pending->next;
    }
    const char *breach = NULL;
    if (frame->kind == ASSAY_KIND_GO_AWAY) {
        bool is_fine = file_go_away(connection, frame, error);
        release(allocator_of(connection), frame);
        return is_fine;
    }
    if (pending == NULL) {
        breach = "a request id that is not in flight";
    } else if (frame->kind != pending->kind->number) {
        breach = "another kind than was asked for";
    } else if (!is_last(frame) && !pending->kind->streamed) {
        breach = "more frames than one";
    } else if (
        pending->has_first && frame->kind != ASSAY_KIND_LOAD &&
        (frame->provenance != pending->provenance || frame->generation != pending->generation)) {
        breach = "a provenance or generation that changed between frames";
    }
    if (breach != NULL) {
        (void)fail(
            error, ASSAY_PROTOCOL_ERROR, "reading the answer to %s: found %s",
            pending == NULL ? "a request" : pending->kind->name, breach);
        release(allocator_of(connection), frame);
        return false;
    }
    pending->has_first = true;
    pending->provenance = frame->provenance;
    pending->generation = frame->generation;
    bool ends = is_last(frame);
    if (ends) {
        pending->is_complete = true;
        remove_pending(connection, pending);
    }
    pending->queued_size += frame->size;
    if (pending->is_orphan || pending->is_too_large) {
        release(allocator_of(connection), frame);
    } else if (pending->queued_size > connection->pool->options.answer_size_max) {
        pending->is_too_large = true;
        release(allocator_of(connection), frame);
    } else {
        *pending->last = frame;
        pending->last = &frame->next;
    }
    if (pending->is_orphan && ends) {
        pending_free(connection->pool, pending);
    } else {
        pthread_cond_signal(&pending->waiter.wake);
    }
    return true;
}

static void file_arrivals(struct connection *connection, struct arrivals *arrivals) {
    if (arrivals->is_alive) {
        connection->last_byte_at = now_microseconds();
    }
    struct frame *frame = arrivals->first;
    while (frame != NULL) {
        struct frame *next = frame->next;
        frame->next = NULL;
        if (connection->is_failed) {
            release(allocator_of(connection), frame);
        } else if (!file_frame(connection, frame, &arrivals->error)) {
            connection_fail(connection, &arrivals->error);
        }
        frame = next;
    }
    if (arrivals->is_failed) {
        connection_fail(connection, &arrivals->error);
    }
}

/* ---------------------------------------------------------------- waiting; the lock is held */

/* Reads the socket for everybody. */
static void lead(struct connection *connection, int64_t until) {
    struct arrivals arrivals;
    connection->is_leading = true;
    pthread_mutex_unlock(&connection->pool->lock);
    pump(connection, until, &arrivals);
    pthread_mutex_lock(&connection->pool->lock);
    connection->is_leading = false;
    file_arrivals(connection, &arrivals);
}

/* Waits for something to happen, as leader when there is none. */
static void wait_step(struct connection *connection, struct waiter *waiter, int64_t until) {
    if (!connection->is_leading) {
        lead(connection, until);
        return;
    }
    waiter->next = connection->waiters;
    waiter->link = &connection->waiters;
    if (waiter->next != NULL) {
        waiter->next->link = &waiter->next;
    }
    connection->waiters = waiter;
    (void)wait_until(&waiter->wake, &connection->pool->lock, until);
    *waiter->link = waiter->next;
    if (waiter->next != NULL) {
        waiter->next->link = waiter->link;
    }
}

/* Whoever stops waiting calls this: somebody else must lead. */
static void hand_over(struct connection *connection) {
    if (!connection->is_leading && connection->waiters != NULL) {
        pthread_cond_signal(&connection->waiters->wake);
    }
}

/* ---------------------------------------------------------------- writing; the lock is held */

/* Sends bytes while nobody holds the lock; reads meanwhile when the server does not take them and
 * nobody else reads, since it may wait for us in turn. The number of bytes that were taken. */
static size_t send_bytes(
    struct connection *connection, const uint8_t *bytes, size_t size, int64_t until) {
    size_t sent = 0;
    while (sent < size) {
        ssize_t count =
            send(connection->fd, bytes + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) {
            sent += (size_t)count;
            continue;
        }
        if (errno == EINTR) {
            continue;
        }
        if ((errno != EAGAIN && errno != EWOULDBLOCK) || now_microseconds() >= until) {
            break;
        }
        pthread_mutex_lock(&connection->pool->lock);
        bool leads = !connection->is_leading, is_failed = connection->is_failed;
        connection->is_leading = true;
        pthread_mutex_unlock(&connection->pool->lock);
        struct pollfd one = {.fd = connection->fd, .events = POLLOUT};
        one.events = leads && !is_failed ? POLLOUT | POLLIN : POLLOUT;
        int64_t soon = after_milliseconds(now_microseconds(), 100);
        struct arrivals arrivals = {.first = NULL};
        if (!is_failed && poll(&one, 1, poll_milliseconds(earlier(until, soon))) > 0 && leads &&
            (one.revents & ~POLLOUT) != 0) {
            pump(connection, 0, &arrivals);
        }
        pthread_mutex_lock(&connection->pool->lock);
        if (leads) {
            connection->is_leading = false;
            file_arrivals(connection, &arrivals);
            hand_over(connection);
        }
        is_failed = is_failed || connection->is_failed;
        pthread_mutex_unlock(&connection->pool->lock);
        if (is_failed) {
            break;
        }
    }
    return sent;
}

/* Writes a frame; false: it was not sent whole, so the server cannot act on it. */
static bool write_frame(
    struct connection *connection, const uint8_t *bytes, size_t size, int64_t until) {
    pthread_mutex_t *lock = &connection->pool->lock;
    while (connection->is_writing && !connection->is_failed) {
        if (!wait_until(&connection->write_free, lock, until)) {
            return false;
        }
    }
    if (connection->is_failed) {
        return false;
    }
    connection->is_writing = true;
    pthread_mutex_unlock(lock);
    size_t sent = send_bytes(connection, bytes, size, until);
    pthread_mutex_lock(lock);
    connection->is_writing = false;
    pthread_cond_signal(&connection->write_free);
    if (sent < size && (sent > 0 || now_microseconds() < until)) {
        assay_error error;
        (void)fail(
            &error, ASSAY_CONNECTION_CLOSED, "writing to %s: the server took %zu of %zu bytes",
            connection->pool->address.text, sent, size);
        connection_fail(connection, &error);
    }
    return sent == size;
}

/* Gives up the rest of an answer and asks the server to stop making it. Owns the request. */
static void give_up(struct connection *connection, struct pending *pending) {
    struct pool *pool = connection->pool;
    if (pending->is_complete || connection->is_failed) {
        if (!pending->is_complete) {
            remove_pending(connection, pending);
        }
        pending_free(pool, pending);
        return;
    }
    uint64_t target = pending->id;
    pending->is_orphan = true;
    drop_frames(connection, pending);
    const assay_kind_info *kind = pending->kind;
    for (size_t i = 0; i < assay_kind_count; i++) {
        kind = assay_kinds[i].number == ASSAY_KIND_CANCEL ? &assay_kinds[i] : kind;
    }
    struct pending *cancel = pending_new(pool, kind);
    if (cancel == NULL) {
        return; /* the answer is dropped all the same, only later */
    }
    cancel->is_orphan = true;
    add_pending(connection, cancel);
    uint8_t bytes[HEADER_SIZE + FIELD_HEADER_SIZE + 8] = {0};
    const uint32_t size = FIELD_HEADER_SIZE + 8;
    put_header(bytes, ASSAY_KIND_CANCEL, cancel->id, 0, size, size);
    bytes[HEADER_SIZE] = 1;
    bytes[HEADER_SIZE + 2] = ASSAY_TYPE_U64;
    put_u32(bytes + HEADER_SIZE + 4, 8);
    put_u64(bytes + HEADER_SIZE + FIELD_HEADER_SIZE, target);
    int64_t until = after_milliseconds(now_microseconds(), CANCEL_MILLISECONDS);
    uint64_t id = cancel->id;
    if (!write_frame(connection, bytes, sizeof bytes, until)) {
        for (cancel = connection->pendings; cancel != NULL; cancel = cancel->next) {
            if (cancel->id == id) {
                remove_pending(connection, cancel);
                pending_free(pool, cancel);
                return;
            }
        }
    }
}

/*
 * The next frame of a request, or NULL: the connection failed, or `until` has passed, or the answer
 * does not fit (`error` says which). Frames that came before a failure are handed out first.
 */
static struct frame *next_frame(
    struct connection *connection, struct pending *pending, int64_t until, assay_error *error) {
    struct frame *frame = NULL;
    while (true) {
        if (pending->first != NULL) {
            frame = pending->first;
            pending->first = frame->next;
            pending->queued_size -= frame->size;
            if (pending->first == NULL) {
                pending->last = &pending->first;
            }
            break;
        }
        if (pending->is_too_large) {
            (void)fail(
                error, ASSAY_GIVEN_UP, "reading the answer to %s: more than the %" PRIu64
                " bytes of answer_size_max wait to be read", pending->kind->name,
                connection->pool->options.answer_size_max);
            break;
        }
        if (connection->is_failed) {
            *error = connection->error;
            break;
        }
        int64_t now = until == FOREVER ? 0 : now_microseconds();
        if (until != FOREVER && now >= until) {
            (void)fail(
                error, ASSAY_TIMED_OUT, "waiting for the answer to %s: nothing came in time",
                pending->kind->name);
            break;
        }
        wait_step(connection, &pending->waiter, until);
    }
    hand_over(connection);
    return frame;
}

/* ================================================================ forked processes */

static void pool_free(struct pool *pool) {
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->changed);
    const assay_allocator allocator = pool->options.allocator;
    release(&allocator, pool);
}

/* An empty pool for the calling process, or NULL: no memory. */
static struct pool *pool_new(const assay_client *client, pid_t process) {
    struct pool *pool = resize(&client->options.allocator, NULL, sizeof *pool);
    if (pool == NULL) {
        return NULL;
    }
    *pool = (struct pool){
        .process = process, .options = client->options, .address = client->address};
    pool->random = (uint64_t)now_microseconds() * 2654435761u ^ (uint64_t)(uintptr_t)pool;
    pool->random ^= (uint64_t)process << 32;
    pool->random += pool->random == 0 ? 1 : 0;
    bool has_lock = pthread_mutex_init(&pool->lock, NULL) == 0;
    if (!has_lock || !condition_init(&pool->changed)) {
        if (has_lock) {
            pthread_mutex_destroy(&pool->lock);
        }
        release(&client->options.allocator, pool);
        return NULL;
    }
    return pool;
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

/* ================================================================ pool */

/* A request on its way: what an attempt needs to know about it. */
struct request {
    const assay_kind_info *kind;
    const void *message;
    const assay_call_options *call;
    struct buffer bytes; /* room for a header, then the body */
    size_t body_size;
    unsigned since;              /* lowest revision that knows all of it */
    int64_t deadline, wait_until; /* FOREVER: no deadline; now: no wait */
};

static assay_code fail_too_late(assay_error *error, const char *doing, const char *what) {
    return fail(error, ASSAY_TIMED_OUT, "%s %s: the deadline passed first", doing, what);
}

/* Builds a request's body; NULL call: no deadline. */
static assay_code request_init(
    struct pool *pool, struct request *request, const assay_kind_info *kind,
    const void *message, const assay_call_options *call, assay_error *error) {
    static const assay_call_options no_options = {.on_chunk = NULL};
    *request = (struct request){
        .kind = kind,
        .message = message,
        .call = call == NULL ? &no_options : call,
        .bytes = {.allocator = &pool->options.allocator},
        .deadline = FOREVER};
    const int64_t now = now_microseconds();
    request->wait_until = after_milliseconds(now, pool->options.wait_milliseconds);
    if (request->call->deadline_milliseconds > 0) {
        request->deadline = after_milliseconds(now, request->call->deadline_milliseconds);
    }
    /* The health of a server has no model that could be real. */
    bool is_server_wide = kind->number == ASSAY_KIND_HEALTH
        && ((const assay_health_request *)message)->model.data == NULL;
    struct encoder encoder = {
        .buffer = &request->bytes,
        .wants_real = !pool->options.allow_mock && !is_server_wide,
        .since = kind->since};
    (void)buffer_extend(&request->bytes, HEADER_SIZE);
    if (!put_record(&encoder, kind->request, message, true)) {
        buffer_free(&request->bytes);
        (void)fail(
            error, ASSAY_REQUEST_INVALID, "making %s: %s at \"%s\"",
            assay_messages[kind->request].name, encoder.refusal.reason, encoder.refusal.path);
        copy_text(error->field, sizeof error->field, assay_text_of(encoder.refusal.path));
        return error->code;
    }
    if (request->bytes.failed) {
        buffer_free(&request->bytes);
        return fail_memory(error, "making a request");
    }
    request->body_size = buffer_size(&request->bytes) - HEADER_SIZE;
    request->since = encoder.since;
    return ASSAY_OK;
}

/* Milliseconds left of a deadline, rounded up; 0: there is none. */
static uint32_t milliseconds_left(int64_t deadline) {
    if (deadline == FOREVER) {
        return 0;
    }
    int64_t left = (deadline - now_microseconds() + 999) / 1000;
    return left < 1 ? 1 : (uint32_t)left;
}

/* Writes a registered request; false: it was not sent. The lock is held. */
static bool send_request(
    struct connection *connection, const struct pending *pending, struct request *request,
    int64_t until, assay_error *error) {
    struct buffer packed = {.allocator = allocator_of(connection)};
    uint8_t *bytes = buffer_bytes(&request->bytes);
    size_t size = request->body_size;
    if (connection->compression && size >= ASSAY_LIMIT_COMPRESSION_SIZE_MIN) {
        pthread_mutex_unlock(&connection->pool->lock);
        uint8_t *block = buffer_extend(&packed, HEADER_SIZE + paying_size(size));
        size_t made = block == NULL ? 0 : block_encode(bytes + HEADER_SIZE, size,
                                                       block + HEADER_SIZE);
        if (made > 0) {
            bytes = block;
            size = made;
        }
        pthread_mutex_lock(&connection->pool->lock);
    }
    put_header(
        bytes, request->kind->number, pending->id, milliseconds_left(request->deadline),
        (uint32_t)size, (uint32_t)request->body_size);
    bool sent = write_frame(connection, bytes, HEADER_SIZE + size, until);
    if (!sent && connection->is_failed) {
        *error = connection->error;
    } else if (!sent) {
        (void)fail_too_late(error, "sending", request->kind->name);
    }
    buffer_free(&packed);
    return sent;
}

/* Reads the answer to Hello and takes over what it agrees to. */
static assay_code take_hello(
    struct connection *connection, const struct frame *frame, assay_error *error) {
    const assay_options *options = &connection->pool->options;
    struct arena arena = {.allocator = &options->allocator};
    if (check_frame(connection->pool, frame, "Hello", error) != ASSAY_OK) {
        return error->code;
    }
    assay_code code = ASSAY_OK;
    const assay_hello_response *hello =
        decode_body(&arena, ASSAY_MESSAGE_HELLO_RESPONSE, frame->body, frame->size, error);
    if (hello == NULL) {
        code = error->code;
    } else if (
        hello->revision > ASSAY_PROTOCOL_REVISION ||
        (hello->compression && !options->compression) ||
        (frame->flags & ASSAY_FLAG_DEGRADED) != 0) {
        code = fail(
            error, ASSAY_PROTOCOL_ERROR,
            "reading the answer to Hello: it agrees to what was not offered");
    } else {
        connection->revision = hello->revision;
        connection->compression = hello->compression;
        connection->peer_body_max = hello->body_size_max;
        connection->in_flight_max = hello->requests_in_flight_max;
        connection->body_max = options->body_size_max;
    }
    arena_free(&arena);
    return code;
}

/* Says Hello on a new connection. The lock is held. */
static assay_code say_hello(struct connection *connection, int64_t until, assay_error *error) {
    struct pool *pool = connection->pool;
    const assay_kind_info *kind = &assay_kinds[0];
    const assay_options *options = &pool->options;
    assay_hello_request hello = {
        .client = assay_text_of(pool->options.name), .revision = ASSAY_PROTOCOL_REVISION};
    if (options->compression) {
        hello.compression = (assay_opt_bool)ASSAY_GIVEN(true);
    }
    if (options->body_size_max != ASSAY_LIMIT_BODY_SIZE_MAX) {
        hello.body_size_max = (assay_opt_u64)ASSAY_GIVEN(options->body_size_max);
    }
    struct request request;
    assay_code code = request_init(pool, &request, kind, &hello, NULL, error);
    if (code != ASSAY_OK) {
        return code;
    }
    struct pending *pending = pending_new(pool, kind);
    if (pending == NULL) {
        buffer_free(&request.bytes);
        return fail_memory(error, "connecting");
    }
    add_pending(connection, pending);
    struct frame *frame = NULL;
    if (send_request(connection, pending, &request, until, error)) {
        frame = next_frame(connection, pending, until, error);
    }
    code = frame == NULL ? error->code : take_hello(connection, frame, error);
    release(&pool->options.allocator, frame);
    if (!pending->is_complete) {
        remove_pending(connection, pending);
    }
    pending_free(pool, pending);
    buffer_free(&request.bytes);
    return code;
}

/* A connection that has said Hello, with one user; NULL: see `error`. Takes the lock itself. */
static struct connection *connect_new(struct pool *pool, int64_t until, assay_error *error) {
    struct stat socket_file;
    int fd = connect_socket(&pool->address, until, error);
    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &socket_file) != 0) {
        (void)unreachable(error, &pool->address, errno);
        close(fd);
        return NULL;
    }
    struct connection *connection =
        resize(&pool->options.allocator, NULL, sizeof *connection);
    if (connection == NULL) {
        close(fd);
        (void)fail_memory(error, "connecting");
        return NULL;
    }
    memset(connection, 0, offsetof(struct connection, buffer));
    if (!condition_init(&connection->write_free)) {
        release(&pool->options.allocator, connection);
        close(fd);
        (void)fail_memory(error, "connecting");
        return NULL;
    }
    connection->pool = pool;
    connection->fd = fd;
    connection->device = socket_file.st_dev;
    connection->inode = socket_file.st_ino;
    connection->users = 1;
    connection->next_id = 1;
    connection->revision = 1;
    connection->in_flight_max = 1;
    connection->peer_body_max = ASSAY_LIMIT_BODY_SIZE_MIN;
    connection->body_max = (uint32_t)ASSAY_LIMIT_FRAME_SIZE_MAX_BEFORE_HELLO - HEADER_SIZE;
    connection->last_byte_at = now_microseconds();
    pthread_mutex_lock(&pool->lock);
    connection->next = atomic_load(&pool->connections);
    pool->connections = connection;
    assay_code code = say_hello(connection, until, error);
    if (code == ASSAY_OK && (connection->is_failed || connection->is_draining)) {
        code = connection->is_failed
                   ? connection->error.code
                   : fail(
                         error, ASSAY_CONNECTION_CLOSED, "connecting to %s: the server is draining",
                         pool->address.text);
        *error = connection->is_failed ? connection->error : *error;
    }
    if (code != ASSAY_OK) {
        connection_fail(connection, error);
        connection_release(connection);
        connection = NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    return connection;
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

static assay_code fail_closed(struct pool *pool, assay_error *error) {
    return fail(
        error, ASSAY_CONNECTION_CLOSED, "calling %s: this client was closed", pool->address.text);
}

/* Fills a slot; the lock is held before and after. False: see `error`. */
static bool connect_slot(
    struct pool *pool, struct slot *slot, int64_t deadline, assay_error *error) {
    slot->is_connecting = true;
    pthread_mutex_unlock(&pool->lock);
    int64_t until =
        after_milliseconds(now_microseconds(), pool->options.connect_milliseconds);
    struct connection *connection = connect_new(pool, earlier(until, deadline), error);
    pthread_mutex_lock(&pool->lock);
    slot->is_connecting = false;
    slot->connection = connection;
    pthread_cond_broadcast(&pool->changed);
    if (connection != NULL && pool->is_closed) { /* by another thread, just now */
        (void)fail_closed(pool, error);
        connection_fail(connection, error);
        return false;
    }
    return connection != NULL;
}

/*
 * The connection of a slot, made by this call or by the one before it; NULL: see `error`. It is
 * alive as far as anybody knows, unless it is NULL without an error: then choose again.
 */
static struct connection *slot_connection(
    struct pool *pool, struct slot *slot, int64_t deadline, assay_error *error) {
    while (slot->connection == NULL && !pool->is_closed) {
        if (slot->is_connecting) {
            if (!wait_until(&pool->changed, &pool->lock, deadline)) {
                (void)fail(error, ASSAY_TIMED_OUT, "connecting: the deadline passed first");
                return NULL;
            }
        } else if (connect_slot(pool, slot, deadline, error)) {
            return slot->connection; /* new: nothing to find out about it */
        } else {
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
 * Registers a request on a connection that is alive and has a place for it, and makes the caller
 * one of its users; NULL: see `error`. The lock is held.
 */
static struct connection *acquire(
    struct pool *pool, struct pending *pending, int64_t deadline, assay_error *error) {
    while (!pool->is_closed) {
        if (deadline != FOREVER && now_microseconds() >= deadline) {
            (void)fail_too_late(error, "sending", pending->kind->name);
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
        if (connection->in_flight < connection->in_flight_max) {
            add_pending(connection, pending);
            return connection;
        }
        wait_step(connection, &pending->waiter, deadline);
        hand_over(connection);
        connection_release(connection);
    }
    (void)fail_closed(pool, error);
    return NULL;
}

/* ================================================================ answers put together */

/* The pieces of one list of log-probabilities. */
struct logprob_pieces {
    const char *name;
    bool is_asked, has_any;
    uint64_t asked, width;
    struct buffer tokens, logprobs, top_tokens, top_logprobs;
};

/* The pieces of a streamed answer. */
struct pieces {
    uint8_t kind;
    uint64_t frames; /* that came so far */
    const void *request;
    uint64_t size, size_max;
    struct buffer tokens, text, values;
    struct logprob_pieces made, prompt;
};

static void pieces_init(
    struct pieces *pieces, const assay_allocator *allocator, const struct request *request,
    uint64_t size_max) {
    const struct buffer empty = {.allocator = allocator};
    *pieces = (struct pieces){
        .kind = request->kind->number,
        .request = request->message,
        .size_max = size_max,
        .tokens = empty,
        .text = empty,
        .values = empty};
    pieces->made = (struct logprob_pieces){
        .name = "logprobs", .tokens = empty, .logprobs = empty, .top_tokens = empty,
        .top_logprobs = empty};
    pieces->prompt = pieces->made;
    pieces->prompt.name = "prompt_logprobs";
    if (pieces->kind == ASSAY_KIND_GENERATE) {
        const assay_generate_request *asked = request->message;
        pieces->made.is_asked = asked->logprobs.given;
        pieces->made.asked = asked->logprobs.value;
        pieces->prompt.is_asked = asked->prompt_logprobs.given;
        pieces->prompt.asked = asked->prompt_logprobs.value;
    }
}

/* Every buffer of the pieces, one after the other; NULL at the end. */
static struct buffer *piece_buffer(struct pieces *pieces, size_t index) {
    struct buffer *const buffers[] = {
        &pieces->tokens, &pieces->text, &pieces->values,
        &pieces->made.tokens, &pieces->made.logprobs, &pieces->made.top_tokens,
        &pieces->made.top_logprobs, &pieces->prompt.tokens, &pieces->prompt.logprobs,
        &pieces->prompt.top_tokens, &pieces->prompt.top_logprobs, NULL};
    return buffers[index];
}

static void pieces_free(struct pieces *pieces) {
    for (size_t i = 0; piece_buffer(pieces, i) != NULL; i++) {
        buffer_free(piece_buffer(pieces, i));
    }
}

/* Appends while the whole answer is within its limit. */
static bool add_bytes(
    struct pieces *pieces, struct buffer *buffer, const void *bytes, size_t size,
    assay_error *error) {
    pieces->size += size;
    if (pieces->size > pieces->size_max) {
        (void)fail(
            error, ASSAY_GIVEN_UP, "reading an answer: it has more than the %" PRIu64
            " bytes of answer_size_max", pieces->size_max);
        return false;
    }
    buffer_append(buffer, bytes, size);
    if (buffer->failed) {
        (void)fail_memory(error, "reading an answer");
        return false;
    }
    return true;
}

static bool add_logprobs(
    struct pieces *pieces, struct logprob_pieces *list, const assay_logprobs *piece,
    assay_error *error) {
    if (piece == NULL) {
        return true;
    }
    if (!list->is_asked) {
        (void)fail(
            error, ASSAY_PROTOCOL_ERROR,
            "reading the answer to Generate: found \"%s\", which was not asked for", list->name);
        return false;
    }
    if (piece->tokens.count == 0) {
        return true;
    }
    uint64_t width = piece->top_count.value;
    if (width > list->asked || (list->has_any && width != list->width)) {
        (void)fail(
            error, ASSAY_PROTOCOL_ERROR,
            "reading \"%s\": found %" PRIu64 " alternatives per token, allowed: at most %" PRIu64
            ", the same in every frame", list->name, width, list->asked);
        return false;
    }
    list->has_any = true;
    list->width = width;
    size_t rows = piece->top_tokens.count * 4;
    return add_bytes(pieces, &list->tokens, piece->tokens.items, piece->tokens.count * 4, error) &&
           add_bytes(
               pieces, &list->logprobs, piece->logprobs.items, piece->logprobs.count * 4, error) &&
           add_bytes(pieces, &list->top_tokens, piece->top_tokens.items, rows, error) &&
           add_bytes(pieces, &list->top_logprobs, piece->top_logprobs.items, rows, error);
}

/* Tokens, text and log-probabilities of a frame of Generate. */
static bool add_generated(
    struct pieces *pieces, assay_u32s tokens, assay_text text, const assay_logprobs *made,
    const assay_logprobs *prompt, assay_error *error) {
    if (!add_bytes(pieces, &pieces->tokens, tokens.items, tokens.count * 4, error) ||
        !add_bytes(pieces, &pieces->text, text.data, text.size, error) ||
        !add_logprobs(pieces, &pieces->made, made, error) ||
        !add_logprobs(pieces, &pieces->prompt, prompt, error)) {
        return false;
    }
    if (pieces->made.is_asked &&
        buffer_size(&pieces->made.tokens) != buffer_size(&pieces->tokens)) {
        (void)fail(
            error, ASSAY_PROTOCOL_ERROR,
            "reading the answer to Generate: %zu tokens came with log-probabilities of %zu",
            buffer_size(&pieces->tokens) / 4, buffer_size(&pieces->made.tokens) / 4);
        return false;
    }
    return true;
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
        return add_bytes(pieces, &pieces->values, it->logits.items, it->logits.count * 4, error);
    }
    if (pieces->kind == ASSAY_KIND_EMBED) {
        const assay_embed_chunk *it = chunk;
        return add_bytes(
            pieces, &pieces->values, it->embeddings.items, it->embeddings.count * 4, error);
    }
    return true;
}

/* The bytes of a buffer as a list, never NULL. */
static struct span piece_span(const struct buffer *buffer, size_t step) {
    const void *bytes = buffer_bytes(buffer);
    return (struct span){bytes == NULL ? (const void *)"" : bytes, buffer_size(buffer) / step};
}

static assay_u32s piece_u32s(const struct buffer *buffer) {
    struct span span = piece_span(buffer, 4);
    return (assay_u32s){span.items, span.count};
}

static assay_f32s piece_f32s(const struct buffer *buffer) {
    struct span span = piece_span(buffer, 4);
    return (assay_f32s){span.items, span.count};
}

/* All log-probabilities of a list; NULL when none were asked for, or memory is out. */
static const assay_logprobs *whole_logprobs(
    const struct logprob_pieces *list, struct arena *arena) {
    assay_logprobs *whole = list->is_asked ? arena_take(arena, 1, sizeof *whole) : NULL;
    if (whole != NULL) {
        whole->tokens = piece_u32s(&list->tokens);
        whole->logprobs = piece_f32s(&list->logprobs);
        whole->top_tokens = piece_u32s(&list->top_tokens);
        whole->top_logprobs = piece_f32s(&list->top_logprobs);
        whole->top_count.given = true;
        whole->top_count.value = list->has_any ? list->width : list->asked;
    }
    return whole;
}

static bool whole_generate(
    struct pieces *pieces, assay_generate_response *last, struct arena *arena, assay_error *error) {
    if (!add_generated(
            pieces, last->tokens, last->text, last->logprobs, last->prompt_logprobs, error) ||
        !add_bytes(pieces, &pieces->text, "", 1, error)) {
        return false;
    }
    uint64_t made = buffer_size(&pieces->tokens) / 4;
    if (made != last->completion_tokens) {
        (void)fail(
            error, ASSAY_PROTOCOL_ERROR,
            "reading the answer to Generate: found %" PRIu64 " tokens, allowed: %" PRIu64
            ", its completion_tokens", made, last->completion_tokens);
        return false;
    }
    uint64_t expected = last->prompt_tokens - (last->prompt_tokens > 0 ? 1 : 0);
    uint64_t found = buffer_size(&pieces->prompt.tokens) / 4;
    const char *reason = last->finish_reason.data;
    bool is_whole = strcmp(reason, "stop") == 0 || strcmp(reason, "length") == 0;
    if (pieces->prompt.is_asked && (is_whole ? found != expected : found > expected)) {
        (void)fail(
            error, ASSAY_PROTOCOL_ERROR,
            "reading the answer to Generate: found log-probabilities of %" PRIu64
            " prompt tokens, allowed: %" PRIu64 ", of all but the first", found, expected);
        return false;
    }
    last->tokens = piece_u32s(&pieces->tokens);
    struct span text = piece_span(&pieces->text, 1);
    last->text = (assay_text){text.items, text.count - 1};
    last->logprobs = whole_logprobs(&pieces->made, arena);
    last->prompt_logprobs = whole_logprobs(&pieces->prompt, arena);
    return !arena->failed || (fail_memory(error, "reading an answer"), false);
}

/* Whether `count` values are rows times columns. */
static bool check_count(
    const char *what, uint64_t count, uint64_t rows, uint64_t columns, assay_error *error) {
    if (rows <= UINT64_MAX / columns && rows * columns == count) {
        return true;
    }
    (void)fail(
        error, ASSAY_PROTOCOL_ERROR, "reading %s: found %" PRIu64 " values, allowed: %" PRIu64
        " times %" PRIu64, what, count, rows, columns);
    return false;
}

static bool whole_logits(struct pieces *pieces, assay_logits_response *last, assay_error *error) {
    if (!add_bytes(pieces, &pieces->values, last->logits.items, last->logits.count * 4, error)) {
        return false;
    }
    const assay_logits_request *request = pieces->request;
    last->logits = piece_f32s(&pieces->values);
    bool is_last_only = !request->all_positions.given || !request->all_positions.value;
    bool is_counted = is_last_only || request->tokens.items != NULL; /* of a text nobody knows */
    uint64_t positions = is_last_only ? 1 : request->tokens.count;
    return (!is_counted || check_count("positions", last->positions, positions, 1, error)) &&
           check_count("logits", last->logits.count, last->positions, last->vocabulary, error);
}

static bool whole_embed(struct pieces *pieces, assay_embed_response *last, assay_error *error) {
    const assay_embed_request *request = pieces->request;
    if (!add_bytes(
            pieces, &pieces->values, last->embeddings.items, last->embeddings.count * 4, error)) {
        return false;
    }
    last->embeddings = piece_f32s(&pieces->values);
    return check_count("embeddings", last->count, request->inputs.count, 1, error) &&
           check_count("embeddings", last->embeddings.count, last->count, last->dimensions, error);
}

static bool scores_fit(
    const assay_score_request *request, const assay_score_response *answer, assay_error *error) {
    if (!check_count("scores", answer->scores.count, request->continuations.count, 1, error)) {
        return false;
    }
    for (size_t i = 0; i < answer->scores.count; i++) {
        const assay_logprobs *logprobs = answer->scores.items[i].logprobs;
        if (logprobs->tokens.count == 0 ||
            logprobs->top_count.value > request->top_logprobs.value) {
            (void)fail(
                error, ASSAY_PROTOCOL_ERROR,
                "reading score %zu: found %zu tokens with %" PRIu64
                " alternatives, allowed: 1 token or more with at most %" PRIu64,
                i, logprobs->tokens.count, logprobs->top_count.value,
                request->top_logprobs.value);
            return false;
        }
    }
    return true;
}

static bool pong_fits(
    const assay_ping_request *request, const assay_ping_response *answer, assay_error *error) {
    struct span sent = {request->payload.data, request->payload.size};
    if (same_bytes(sent, (struct span){answer->payload.data, answer->payload.size}, 1)) {
        return true;
    }
    (void)fail(error, ASSAY_PROTOCOL_ERROR, "pinging: other bytes came back than were sent");
    return false;
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

/* ================================================================ calls */

/* One attempt at a call. */
struct attempt {
    struct pool *pool;
    struct connection *connection;
    struct pending *pending;
    struct request *request;
    struct pieces pieces;
    struct arena arena, scratch; /* of the answer, of one chunk */
    bool was_written, was_seen;  /* by on_chunk */
    bool is_inherited;           /* on_chunk forked, and the child has returned */
    uint32_t made, waited;       /* tries that count, tries within wait_milliseconds */
};

/* The `answer` record of a message; NULL: it has none. */
static const assay_answer *answer_of(unsigned message, const void *object) {
    const assay_message_info *info = &assay_messages[message];
    const assay_answer *answer = NULL;
    for (size_t i = 0; i < info->field_count; i++) {
        if (info->fields[i].type == ASSAY_TYPE_RECORD &&
            info->fields[i].record == ASSAY_MESSAGE_ANSWER) {
            memcpy(&answer, (const uint8_t *)object + info->fields[i].offset, sizeof answer);
        }
    }
    return answer;
}

/* True for a frame that says no number, or the number that comes next. */
static bool is_next_frame(
    unsigned message, const void *object, uint64_t expected, assay_error *error) {
    const assay_message_info *info = &assay_messages[message];
    for (size_t i = 0; i < info->field_count; i++) {
        if (strcmp(info->fields[i].name, "frame") != 0) {
            continue;
        }
        assay_opt_u64 number;
        memcpy(&number, (const uint8_t *)object + info->fields[i].offset, sizeof number);
        if (number.given && number.value != expected) {
            (void)fail(
                error, ASSAY_PROTOCOL_ERROR,
                "reading %s: found frame %" PRIu64 " of the answer, allowed: %" PRIu64
                ", since so many came before", info->name, number.value, expected);
            return false;
        }
    }
    return true;
}

/* Decodes the next frame of an answer. Its number must follow the frames before, and its degraded
 * flag must agree with its list. */
static void *decode_frame(
    struct arena *arena, unsigned message, const struct frame *frame, struct pieces *pieces,
    assay_error *error) {
    void *object = decode_body(arena, message, frame->body, frame->size, error);
    if (object == NULL || !is_next_frame(message, object, pieces->frames++, error)) {
        return NULL;
    }
    const assay_answer *answer = answer_of(message, object);
    bool lists = answer != NULL && answer->degradations.count > 0;
    if (lists != ((frame->flags & ASSAY_FLAG_DEGRADED) != 0)) {
        (void)fail(
            error, ASSAY_PROTOCOL_ERROR, "reading %s: its degraded flag and its list disagree",
            assay_messages[message].name);
        return NULL;
    }
    return object;
}

static assay_code take_chunk(
    struct attempt *attempt, const struct frame *frame, assay_error *error) {
    const assay_call_options *call = attempt->request->call;
    arena_reset(&attempt->scratch);
    const void *message = decode_frame(
        &attempt->scratch, attempt->request->kind->chunk, frame, &attempt->pieces, error);
    if (message == NULL || !pieces_add(&attempt->pieces, message, error)) {
        return error->code;
    }
    if (call->on_chunk == NULL) {
        return ASSAY_OK;
    }
    assay_chunk chunk = {
        .kind = frame->kind,
        .provenance = frame->provenance,
        .generation = frame->generation,
        .message = message};
    attempt->was_seen = true;
    bool goes_on = call->on_chunk(call->context, &chunk);
    if (is_inherited(attempt->pool)) {
        attempt->is_inherited = true;
        return fail(
            error, ASSAY_CONNECTION_CLOSED,
            "calling %s: the answer belongs to the process that asked, this is a forked child",
            attempt->request->kind->name);
    }
    if (!goes_on) {
        return fail(error, ASSAY_GIVEN_UP, "calling %s: the caller gave the answer up",
                    attempt->request->kind->name);
    }
    return ASSAY_OK;
}

/* Turns the last frame into the reply, which owns the arena and the pieces from then on. */
static assay_code take_last(
    struct attempt *attempt, const struct frame *frame, assay_reply *reply, assay_error *error) {
    unsigned message = attempt->request->kind->response;
    void *last = decode_frame(&attempt->arena, message, frame, &attempt->pieces, error);
    if (last == NULL || !pieces_whole(&attempt->pieces, last, &attempt->arena, error)) {
        return error->code;
    }
    if (reply == NULL) {
        return ASSAY_OK;
    }
    reply->kind = frame->kind;
    reply->provenance = frame->provenance;
    reply->degraded = (frame->flags & ASSAY_FLAG_DEGRADED) != 0;
    reply->generation = frame->generation;
    reply->answer = answer_of(message, last);
    reply->message = last;
    reply->allocator = attempt->pool->options.allocator;
    reply->blocks = attempt->arena.blocks;
    attempt->arena.blocks = NULL;
    for (size_t i = 0; piece_buffer(&attempt->pieces, i) != NULL; i++) {
        struct buffer *buffer = piece_buffer(&attempt->pieces, i);
        if (buffer->block != NULL) {
            buffer->block->next = reply->blocks;
            reply->blocks = buffer->block;
            buffer->block = NULL;
        }
    }
    return ASSAY_OK;
}

static int64_t answer_limit(const struct attempt *attempt) {
    const assay_options *options = &attempt->pool->options;
    int64_t limit = FOREVER;
    if (attempt->request->deadline != FOREVER) {
        limit = after_milliseconds(attempt->request->deadline, options->grace_milliseconds);
    }
    if (options->answer_milliseconds > 0) {
        limit = earlier(
            limit, after_milliseconds(now_microseconds(), options->answer_milliseconds));
    }
    return limit;
}

/* Reads the frames of an answer to the last. The lock is held, but not while bodies are read, and
 * not in a child that on_chunk forked, where the lock may be held for ever. */
static assay_code read_answer(struct attempt *attempt, assay_reply *reply, assay_error *error) {
    pthread_mutex_t *lock = &attempt->pool->lock;
    while (true) {
        struct frame *frame =
            next_frame(attempt->connection, attempt->pending, answer_limit(attempt), error);
        if (frame == NULL) {
            return error->code;
        }
        pthread_mutex_unlock(lock);
        bool last = is_last(frame);
        assay_code code =
            check_frame(attempt->pool, frame, attempt->request->kind->name, error);
        if (code == ASSAY_OK) {
            code = last ? take_last(attempt, frame, reply, error)
                        : take_chunk(attempt, frame, error);
        }
        release(&attempt->pool->options.allocator, frame);
        if (attempt->is_inherited) {
            return code;
        }
        pthread_mutex_lock(lock);
        if (code != ASSAY_OK || last) {
            return code;
        }
    }
}

/* What this connection cannot carry; nothing is sent then. */
static assay_code check_request(
    const struct connection *connection, const struct request *request, assay_error *error) {
    if (request->since > connection->revision) {
        return fail(
            error, ASSAY_REVISION_TOO_LOW,
            "sending %s: it needs revision %u of the protocol, the server speaks %" PRIu64,
            request->kind->name, request->since, connection->revision);
    }
    if (request->body_size > connection->peer_body_max) {
        return fail(
            error, ASSAY_REQUEST_INVALID,
            "sending %s: its body has %zu bytes, the server accepts %" PRIu64, request->kind->name,
            request->body_size, connection->peer_body_max);
    }
    return ASSAY_OK;
}

/* Sends a registered request and reads its answer. The lock is held. */
static assay_code exchange(struct attempt *attempt, assay_reply *reply, assay_error *error) {
    struct connection *connection = attempt->connection;
    assay_code code = check_request(connection, attempt->request, error);
    if (code == ASSAY_OK) {
        int64_t until = answer_limit(attempt);
        attempt->was_written =
            send_request(connection, attempt->pending, attempt->request, until, error);
        code = attempt->was_written ? read_answer(attempt, reply, error) : error->code;
    }
    if (attempt->is_inherited) {
        return code; /* connection, request and lock are the parent's */
    }
    if (code == ASSAY_PROTOCOL_ERROR) {
        connection_fail(connection, error);
    }
    if (code == ASSAY_TIMED_OUT && attempt->was_written &&
        now_microseconds() - connection->last_byte_at >= SILENCE_MILLISECONDS * 1000) {
        connection_fail(connection, error);
    }
    return code;
}

/* Ends an attempt on its connection. The lock is held. */
static void leave(struct attempt *attempt) {
    struct connection *connection = attempt->connection;
    if (attempt->was_written) {
        give_up(connection, attempt->pending); /* nothing but freeing after a last frame */
    } else {
        remove_pending(connection, attempt->pending);
        pending_free(attempt->pool, attempt->pending);
    }
    hand_over(connection);
    connection_release(connection);
}

/* One attempt, from finding a connection to the answer. */
static assay_code try_once(struct attempt *attempt, assay_reply *reply, assay_error *error) {
    struct pool *pool = attempt->pool;
    attempt->was_written = false;
    attempt->pending = pending_new(pool, attempt->request->kind);
    if (attempt->pending == NULL) {
        return fail_memory(error, "making a request");
    }
    pieces_init(
        &attempt->pieces, &pool->options.allocator, attempt->request,
        pool->options.answer_size_max);
    pthread_mutex_lock(&pool->lock);
    struct connection *connection =
        acquire(pool, attempt->pending, attempt->request->deadline, error);
    assay_code code;
    if (connection == NULL) {
        code = error->code;
        pending_free(pool, attempt->pending);
    } else {
        attempt->connection = connection;
        code = exchange(attempt, reply, error);
        if (!attempt->is_inherited) {
            leave(attempt);
        }
    }
    if (!attempt->is_inherited) {
        pthread_mutex_unlock(&pool->lock);
    }
    pieces_free(&attempt->pieces);
    arena_free(&attempt->arena);
    arena_free(&attempt->scratch);
    return code;
}

/* Whether the same request may be sent again after this error. */
static bool may_retry(const struct attempt *attempt, const assay_error *error) {
    if (attempt->was_seen || attempt->pool->is_closed) {
        return false;
    }
    switch (error->code) {
    case ASSAY_UNREACHABLE:
        return true;
    case ASSAY_CONNECTION_CLOSED:
        return !attempt->was_written || attempt->request->kind->retry_safe;
    case ASSAY_SERVER_REFUSED:
        return error->status == ASSAY_STATUS_UNAVAILABLE ||
               error->status == ASSAY_STATUS_RESOURCE_EXHAUSTED ||
               error->status == ASSAY_STATUS_ABORTED;
    default:
        return false;
    }
}

/* Microseconds of pause after the `made`th try. The lock is held. */
static int64_t pause_microseconds(struct pool *pool, uint32_t made, const assay_error *error) {
    const assay_options *options = &pool->options;
    if (error->has_retry_after) {
        return (int64_t)error->retry_after_milliseconds * 1000;
    }
    uint64_t pause = options->backoff_milliseconds;
    for (uint32_t i = 1; i < made && pause < options->backoff_max_milliseconds; i++) {
        pause *= 2;
    }
    pause = pause > options->backoff_max_milliseconds ? options->backoff_max_milliseconds : pause;
    pool->random ^= pool->random << 13; /* xorshift: spread, nothing secret */
    pool->random ^= pool->random >> 7;
    pool->random ^= pool->random << 17;
    return (int64_t)(pause * 500) + (int64_t)(pool->random % (pause * 500 + 1));
}

/*
 * The time of the next try within wait_milliseconds, which does not count as an attempt. 0: the
 * call does not wait after this error, or the time is up. The lock is held.
 */
static int64_t next_waiting_try(struct attempt *attempt, const assay_error *error, int64_t now) {
    const int64_t longest = WAIT_PAUSE_MILLISECONDS * 1000;
    bool is_loading = error->code == ASSAY_SERVER_REFUSED && !attempt->was_seen &&
                      strcmp(error->server_code, "model_loading") == 0;
    if ((error->code != ASSAY_UNREACHABLE && !is_loading) || now >= attempt->request->wait_until) {
        return 0;
    }
    int64_t pause = longest;
    if (!is_loading) {
        pause = earlier(pause_microseconds(attempt->pool, attempt->waited + 1, error), longest);
        pause = earlier(pause, attempt->request->wait_until - now);
    } else if (error->has_retry_after) {
        pause = (int64_t)error->retry_after_milliseconds * 1000;
    }
    int64_t until = now + (pause < 1000 ? 1000 : pause);
    return is_loading && until > attempt->request->wait_until ? 0 : until;
}

/* Pauses before the next try. False: none follows, and `error` says why. */
static bool pause_before_retry(struct attempt *attempt, assay_error *error) {
    struct pool *pool = attempt->pool;
    if (attempt->is_inherited) {
        return false; /* the lock is the parent's */
    }
    pthread_mutex_lock(&pool->lock);
    int64_t now = now_microseconds(), until = next_waiting_try(attempt, error, now);
    bool goes_on = until != 0;
    if (goes_on) {
        attempt->waited++;
    } else {
        goes_on = ++attempt->made < pool->options.attempts && may_retry(attempt, error);
        until = now + pause_microseconds(pool, attempt->made, error);
    }
    goes_on = goes_on && until < attempt->request->deadline;
    while (goes_on && !pool->is_closed && now_microseconds() < until) {
        (void)wait_until(&pool->changed, &pool->lock, until);
    }
    if (goes_on && pool->is_closed) {
        (void)fail_closed(pool, error);
        goes_on = false;
    }
    pthread_mutex_unlock(&pool->lock);
    return goes_on;
}

static const assay_kind_info *find_kind(uint8_t number) {
    for (size_t i = 0; i < assay_kind_count; i++) {
        const assay_kind_info *kind = &assay_kinds[i];
        bool is_own = number == ASSAY_KIND_HELLO || number == ASSAY_KIND_CANCEL;
        if (kind->number == number && !is_own) {
            return kind;
        }
    }
    return NULL;
}

/* A call on the pool of this process. */
static assay_code run_call(
    struct pool *pool, const assay_kind_info *kind, const void *message,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    struct request request;
    assay_code code = request_init(pool, &request, kind, message, call, error);
    if (code != ASSAY_OK) {
        return code;
    }
    const assay_allocator *allocator = &pool->options.allocator;
    struct attempt attempt = {
        .pool = pool,
        .request = &request,
        .arena = {.allocator = allocator},
        .scratch = {.allocator = allocator}};
    do {
        attempt.arena.failed = attempt.scratch.failed = false;
        code = try_once(&attempt, reply, error);
    } while (code != ASSAY_OK && pause_before_retry(&attempt, error));
    buffer_free(&request.bytes);
    return code == ASSAY_OK ? ASSAY_OK : error->code;
}

assay_code assay_call(
    assay_client *client, uint8_t number, const void *message, const assay_call_options *call,
    assay_reply *reply, assay_error *error) {
    assay_error own_error;
    error = error == NULL ? &own_error : error;
    error->code = ASSAY_OK;
    error->message[0] = 0;
    if (reply != NULL) {
        *reply = (assay_reply){.kind = number};
    }
    const assay_kind_info *kind = find_kind(number);
    if (kind == NULL || message == NULL) {
        return fail(
            error, ASSAY_REQUEST_INVALID, "calling: found kind %u%s", number,
            kind == NULL ? ", allowed: the kinds of assay.h" : " without a request");
    }
    struct pool *pool = pool_of(client);
    if (pool == NULL) {
        return fail_memory(error, "calling in a forked child");
    }
    /* A thread that is cancelled within a call would leave the lock, or the reading, to nobody. */
    int before, ignored;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    assay_code code = run_call(pool, kind, message, call, reply, error);
    (void)pthread_setcancelstate(before, &ignored);
    return code;
}

#define ASSAY_DEFINE_CALL(kind, number)                                                           \
    assay_code assay_##kind(                                                                      \
        assay_client *client, const assay_##kind##_request *request,                              \
        const assay_call_options *call, assay_reply *reply, assay_error *error) {                 \
        return assay_call(client, number, request, call, reply, error);                           \
    }

ASSAY_DEFINE_CALL(ping, ASSAY_KIND_PING)
ASSAY_DEFINE_CALL(health, ASSAY_KIND_HEALTH)
ASSAY_DEFINE_CALL(load, ASSAY_KIND_LOAD)
ASSAY_DEFINE_CALL(unload, ASSAY_KIND_UNLOAD)
ASSAY_DEFINE_CALL(tokenize, ASSAY_KIND_TOKENIZE)
ASSAY_DEFINE_CALL(detokenize, ASSAY_KIND_DETOKENIZE)
ASSAY_DEFINE_CALL(generate, ASSAY_KIND_GENERATE)
ASSAY_DEFINE_CALL(score, ASSAY_KIND_SCORE)
ASSAY_DEFINE_CALL(logits, ASSAY_KIND_LOGITS)
ASSAY_DEFINE_CALL(embed, ASSAY_KIND_EMBED)

assay_code assay_models(
    assay_client *client, const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_MODELS, &(assay_models_request){0}, call, reply, error);
}

assay_code assay_stats(
    assay_client *client, const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_STATS, &(assay_stats_request){0}, call, reply, error);
}

assay_code assay_generate_stream(
    assay_client *client, const assay_generate_request *request, assay_on_chunk *on_chunk,
    void *context, const assay_call_options *call, assay_reply *reply, assay_error *error) {
    assay_call_options streaming = {
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

/* ================================================================ clients */

assay_options assay_options_default(void) {
    return (assay_options){
        .name = "assay-c/1",
        .compression = true,
        .body_size_max = (uint32_t)ASSAY_LIMIT_BODY_SIZE_MAX,
        .connections = 1,
        .connect_milliseconds = 5000,
        .grace_milliseconds = 2000,
        .attempts = 3,
        .backoff_milliseconds = 50,
        .backoff_max_milliseconds = 2000,
        .answer_size_max = (uint64_t)1 << 30};
}

static assay_code bad_option(
    assay_error *error, const char *name, uint64_t found, uint64_t low, uint64_t high) {
    return fail(
        error, ASSAY_REQUEST_INVALID, "making a client: option %s: found %" PRIu64 ", allowed: %"
        PRIu64 "..%" PRIu64, name, found, low, high);
}

static assay_code check_options(const assay_options *options, assay_error *error) {
    size_t name_size = options->name == NULL ? 0 : strlen(options->name);
    if (name_size < 1 || name_size > 128 || !is_utf8((const uint8_t *)options->name, name_size)) {
        return bad_option(error, "name, bytes of UTF-8", name_size, 1, 128);
    }
    if (options->body_size_max < ASSAY_LIMIT_BODY_SIZE_MIN) {
        return bad_option(
            error, "body_size_max", options->body_size_max, ASSAY_LIMIT_BODY_SIZE_MIN, UINT32_MAX);
    }
    if (options->connections < 1 || options->connections > POOL_SIZE_MAX) {
        return bad_option(error, "connections", options->connections, 1, POOL_SIZE_MAX);
    }
    if (options->attempts < 1) {
        return bad_option(error, "attempts", options->attempts, 1, UINT32_MAX);
    }
    return ASSAY_OK;
}

assay_code assay_client_new(
    const char *text, const assay_options *options, assay_client **made, assay_error *error) {
    assay_error own_error;
    error = error == NULL ? &own_error : error;
    error->code = ASSAY_OK;
    *made = NULL;
    assay_options chosen = options == NULL ? assay_options_default() : *options;
    if (chosen.allocator.resize == NULL) {
        chosen.allocator.resize = default_resize;
    }
    struct address address;
    assay_code code = check_options(&chosen, error);
    code = code == ASSAY_OK ? parse_address(text, &address, error) : code;
    if (code != ASSAY_OK) {
        return code;
    }
    assay_client *client = resize(&chosen.allocator, NULL, sizeof *client);
    if (client == NULL) {
        return fail_memory(error, "making a client");
    }
    *client = (assay_client){.options = chosen, .address = address};
    copy_text(client->name, sizeof client->name, assay_text_of(chosen.name));
    client->options.name = client->name;
    struct pool *pool = pool_new(client, getpid());
    if (pool == NULL) {
        release(&chosen.allocator, client);
        return fail_memory(error, "making a client");
    }
    atomic_store(&client->pool, pool);
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
