/*
 * Driver for the conformance kit: reads one JSON object a line and writes one JSON object a line
 * (format: Protocol/conformance). assay_messages maps JSON to structs and back, so the driver names
 * no fields. Each call has a thread. A test tool in one file, not an example.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../assay.h"
#include "json.h"

struct span {
    const void *items;
    size_t count;
};

/* ---------------------------------------------------------------- JSON to structs */

static uint64_t read_u64(const struct json *value) {
    return value->text == NULL ? 0 : strtoull(value->text, NULL, 10);
}

/* Returns a number of a command, or 0 without. */
static uint64_t read_number(const struct json *command, const char *name) {
    const struct json *member = json_member(command, name);
    return member == NULL ? 0 : read_u64(member);
}

static unsigned hex_digit(char digit) {
    return digit <= '9' ? (unsigned)(digit - '0') : (unsigned)(digit - 'a') + 10;
}

static struct span read_bytes(struct json_memory **memory, const struct json *value) {
    uint8_t *bytes = json_take(memory, value->size / 2 + 1);
    for (size_t i = 0; i + 1 < value->size; i += 2) {
        bytes[i / 2] =
            (uint8_t)(hex_digit(value->text[i]) << 4 | hex_digit(value->text[i + 1]));
    }
    return (struct span){bytes, value->size / 2};
}

static struct span read_array(
    struct json_memory **memory, const struct json *value, bool is_float) {
    uint32_t *words = json_take(memory, value->count * 4 + 1);
    size_t i = 0;
    for (const struct json *one = value->first; one != NULL; one = one->next, i++) {
        float number = (float)one->number;
        words[i] = (uint32_t)one->number;
        if (is_float) {
            memcpy(words + i, &number, 4);
        }
    }
    return (struct span){words, value->count};
}

static void read_message(
    struct json_memory **memory, unsigned message, const struct json *object, uint8_t *target);

static void read_field(
    struct json_memory **memory, const assay_field_info *field, const struct json *value,
    uint8_t *place) {
    bool optional = field->presence == ASSAY_OPTIONAL;
    struct span span = {value->text, value->size};
    switch (field->type) {
    case ASSAY_TYPE_U64: {
        assay_opt_u64 number = {read_u64(value), true};
        memcpy(place, &number, optional ? sizeof number : sizeof(uint64_t));
        return;
    }
    case ASSAY_TYPE_F64: {
        assay_opt_f64 number = {value->number, true};
        memcpy(place, &number, optional ? sizeof number : sizeof(double));
        return;
    }
    case ASSAY_TYPE_BOOL: {
        assay_opt_bool boolean = {value->boolean, true};
        memcpy(place, &boolean, optional ? sizeof boolean : sizeof(bool));
        return;
    }
    case ASSAY_TYPE_RECORD: {
        uint8_t *record = place;
        if (field->presence != ASSAY_REPEATED) {
            record = json_take(memory, assay_messages[field->record].size);
            memcpy(place, &record, sizeof record);
        }
        read_message(memory, field->record, value, record);
        return;
    }
    case ASSAY_TYPE_BYTES:
        span = read_bytes(memory, value);
        break;
    case ASSAY_TYPE_U32S:
    case ASSAY_TYPE_F32S:
        span = read_array(memory, value, field->type == ASSAY_TYPE_F32S);
        break;
    default:
        break;
    }
    memcpy(place, &span, sizeof span);
}

static void read_message(
    struct json_memory **memory, unsigned message, const struct json *object, uint8_t *target) {
    const assay_message_info *info = &assay_messages[message];
    for (size_t i = 0; i < info->field_count; i++) {
        const assay_field_info *field = &info->fields[i];
        const struct json *value = json_member(object, field->name);
        if (value == NULL) {
            continue;
        }
        if (field->presence != ASSAY_REPEATED) {
            read_field(memory, field, value, target + field->offset);
            continue;
        }
        size_t step = field->type == ASSAY_TYPE_RECORD ? assay_messages[field->record].size
                                                       : sizeof(struct span);
        uint8_t *items = json_take(memory, value->count * step + 1);
        uint8_t *item = items;
        for (const struct json *one = value->first; one != NULL; one = one->next, item += step) {
            read_field(memory, field, one, item);
        }
        struct span list = {items, value->count};
        memcpy(target + field->offset, &list, sizeof list);
    }
}

/* ---------------------------------------------------------------- structs to JSON */

static void write_message(struct json_out *out, unsigned message, const uint8_t *object);

static void write_span(struct json_out *out, uint8_t type, struct span span) {
    if (type == ASSAY_TYPE_TEXT) {
        json_text(out, span.items, span.count);
        return;
    }
    const uint8_t *bytes = span.items;
    json_raw(out, type == ASSAY_TYPE_BYTES ? "\"" : "[");
    for (size_t i = 0; i < span.count; i++) {
        if (type == ASSAY_TYPE_BYTES) {
            json_format(out, "%02x", bytes[i]);
        } else if (type == ASSAY_TYPE_U32S) {
            uint32_t word;
            memcpy(&word, bytes + i * 4, 4);
            json_format(out, i == 0 ? "%" PRIu32 : ",%" PRIu32, word);
        } else {
            float number;
            memcpy(&number, bytes + i * 4, 4);
            json_format(out, i == 0 ? "%.17g" : ",%.17g", (double)number);
        }
    }
    json_raw(out, type == ASSAY_TYPE_BYTES ? "\"" : "]");
}

/* Writes one value. `place` is a list item when the field is repeated. */
static void write_value(struct json_out *out, const assay_field_info *field, const uint8_t *place) {
    struct span span;
    uint64_t integer;
    double number;
    bool boolean;
    const uint8_t *record = place;
    switch (field->type) {
    case ASSAY_TYPE_U64:
        memcpy(&integer, place, sizeof integer);
        json_format(out, "\"%" PRIu64 "\"", integer);
        break;
    case ASSAY_TYPE_F64:
        memcpy(&number, place, sizeof number);
        json_format(out, "%.17g", number);
        break;
    case ASSAY_TYPE_BOOL:
        memcpy(&boolean, place, sizeof boolean);
        json_raw(out, boolean ? "true" : "false");
        break;
    case ASSAY_TYPE_RECORD:
        if (field->presence != ASSAY_REPEATED) {
            memcpy(&record, place, sizeof record);
        }
        write_message(out, field->record, record);
        break;
    default:
        memcpy(&span, place, sizeof span);
        write_span(out, field->type, span);
    }
}

static bool is_absent(const assay_field_info *field, const uint8_t *place) {
    assay_opt_u64 integer;
    assay_opt_f64 number;
    assay_opt_bool boolean;
    const void *pointer;
    if (field->presence != ASSAY_OPTIONAL) {
        return false;
    }
    switch (field->type) {
    case ASSAY_TYPE_U64:
        memcpy(&integer, place, sizeof integer);
        return !integer.given;
    case ASSAY_TYPE_F64:
        memcpy(&number, place, sizeof number);
        return !number.given;
    case ASSAY_TYPE_BOOL:
        memcpy(&boolean, place, sizeof boolean);
        return !boolean.given;
    default:
        memcpy(&pointer, place, sizeof pointer);
        return pointer == NULL;
    }
}

static void write_message(struct json_out *out, unsigned message, const uint8_t *object) {
    const assay_message_info *info = &assay_messages[message];
    bool is_first = true;
    json_raw(out, "{");
    for (size_t i = 0; i < info->field_count; i++) {
        const assay_field_info *field = &info->fields[i];
        const uint8_t *place = object + field->offset;
        if (is_absent(field, place)) {
            continue;
        }
        json_name(out, field->name, &is_first);
        if (field->presence != ASSAY_REPEATED) {
            write_value(out, field, place);
            continue;
        }
        struct span list;
        memcpy(&list, place, sizeof list);
        size_t step = field->type == ASSAY_TYPE_RECORD ? assay_messages[field->record].size
                                                       : sizeof(struct span);
        json_raw(out, "[");
        for (size_t item = 0; item < list.count; item++) {
            json_raw(out, item == 0 ? "" : ",");
            write_value(out, field, (const uint8_t *)list.items + item * step);
        }
        json_raw(out, "]");
    }
    json_raw(out, "}");
}

static const char *provenance_name(uint8_t provenance) {
    return provenance == ASSAY_REAL ? "\"real\"" : provenance == ASSAY_MOCK ? "\"mock\"" : "null";
}

static void write_text_or_null(struct json_out *out, const char *text) {
    if (text[0] == 0) {
        json_raw(out, "null");
    } else {
        json_text(out, text, strlen(text));
    }
}

static void write_error(struct json_out *out, const assay_error *error) {
    json_format(
        out, "{\"code\":\"%s\",\"status\":\"%s\",\"message\":", assay_code_name(error->code),
        assay_status_name(error->status));
    json_text(out, error->message, strlen(error->message));
    json_raw(out, ",\"server_code\":");
    write_text_or_null(out, error->server_code);
    json_raw(out, ",\"field\":");
    write_text_or_null(out, error->field);
    json_raw(out, ",\"layer\":");
    write_text_or_null(out, error->layer);
    json_raw(out, ",\"retry_after_milliseconds\":");
    if (error->has_retry_after) {
        json_format(out, "\"%" PRIu64 "\"", error->retry_after_milliseconds);
    } else {
        json_raw(out, "null");
    }
    json_raw(out, ",\"server_load\":");
    if (error->has_server_load) {
        write_message(out, ASSAY_MESSAGE_SERVER_LOAD, (const uint8_t *)&error->server_load);
    } else {
        json_raw(out, "null");
    }
    json_format(out, ",\"provenance\":%s}", provenance_name(error->provenance));
}

/* ---------------------------------------------------------------- clients and calls */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t finished = PTHREAD_COND_INITIALIZER;
static unsigned running;

/* A named client, never freed while the program runs, since calls may still use it. */
struct named {
    struct named *next;
    char name[64];
    assay_client *client;
};

static struct named *clients;

static assay_client *find_client(const char *name) {
    for (struct named *one = clients; one != NULL; one = one->next) {
        if (strcmp(one->name, name) == 0) {
            return one->client;
        }
    }
    return NULL;
}

static void print_line(struct json_out *out) {
    pthread_mutex_lock(&lock);
    fwrite(out->bytes, 1, out->size, stdout);
    fputc('\n', stdout);
    fflush(stdout);
    pthread_mutex_unlock(&lock);
    free(out->bytes);
    *out = (struct json_out){.size = 0};
}

static void print_error(const char *id, const assay_error *error) {
    struct json_out out = {.size = 0};
    json_format(&out, "{\"id\":%.40s,\"error\":", id);
    write_error(&out, error);
    json_raw(&out, "}");
    print_line(&out);
}

static void read_option(
    const assay_field_info *field, const struct json *value, uint8_t *options) {
    uint64_t number = read_u64(value);
    switch (field->type) {
    case ASSAY_TYPE_TEXT:
        memcpy(options + field->offset, &value->text, sizeof value->text);
        break;
    case ASSAY_TYPE_BOOL:
        memcpy(options + field->offset, &value->boolean, sizeof value->boolean);
        break;
    default:
        memcpy(options + field->offset, &number, sizeof number);
    }
}

static void open_client(const char *id, const struct json *command) {
    const struct json *given = json_member(command, "options");
    assay_options options = assay_options_default();
    for (size_t i = 0; i < assay_option_count; i++) {
        const struct json *value = json_member(given, assay_option_fields[i].name);
        if (value != NULL) {
            read_option(&assay_option_fields[i], value, (uint8_t *)&options);
        }
    }
    const struct json *name = json_member(command, "client");
    const struct json *server = json_member(command, "server");
    struct named *named = calloc(1, sizeof *named);
    assay_error error;
    if (named == NULL || name == NULL || server == NULL ||
        assay_client_new(server->text, &options, &named->client, &error) != ASSAY_OK) {
        print_error(id, &error);
        free(named);
        return;
    }
    (void)snprintf(named->name, sizeof named->name, "%s", name->text);
    named->next = clients;
    clients = named;
    struct json_out out = {.size = 0};
    json_format(&out, "{\"id\":%.40s,\"ok\":{}}", id);
    print_line(&out);
}

/* One call on its own thread. */
struct work {
    struct json_memory *memory;
    const char *id;
    assay_client *client;
    const assay_kind_info *kind;
    const void *request;
    uint32_t deadline_milliseconds;
    bool streams;
    uint64_t cancel_after, seen;
    pid_t child; /* makes the call, and writes its line to `pipe` */
    int pipe;
};

static bool print_chunk(void *context, const assay_chunk *chunk) {
    struct work *work = context;
    struct json_out out = {.size = 0};
    json_format(&out, "{\"id\":%.40s,\"chunk\":", work->id);
    write_message(&out, work->kind->chunk, chunk->message);
    json_raw(&out, "}");
    print_line(&out);
    work->seen++;
    return work->cancel_after == 0 || work->seen < work->cancel_after;
}

/* Makes the call and writes its outcome as one line. */
static void make_call(struct work *work, struct json_out *out) {
    assay_call_options call = {.deadline_milliseconds = work->deadline_milliseconds};
    bool has_chunks = work->kind->number == ASSAY_KIND_GENERATE ||
                      work->kind->number == ASSAY_KIND_LOAD;
    if (work->streams && has_chunks) {
        call.on_chunk = print_chunk;
        call.context = work;
    }
    assay_reply reply;
    assay_error error;
    json_format(out, "{\"id\":%.40s,", work->id);
    if (assay_call(work->client, work->kind->number, work->request, &call, &reply, &error) ==
        ASSAY_OK) {
        json_format(
            out,
            "\"ok\":{\"provenance\":%s,\"generation\":%" PRIu32
            ",\"degraded\":%s,\"response\":",
            provenance_name(reply.provenance), reply.generation,
            reply.degraded ? "true" : "false");
        write_message(out, work->kind->response, reply.message);
        json_raw(out, "}}");
    } else {
        json_raw(out, "\"error\":");
        write_error(out, &error);
        json_raw(out, "}");
    }
    assay_reply_free(&reply);
}

static void end_work(struct work *work) {
    struct json_memory *memory = work->memory; /* holds the work itself */
    json_free(&memory);
    pthread_mutex_lock(&lock);
    running--;
    pthread_cond_signal(&finished);
    pthread_mutex_unlock(&lock);
}

static void *run_call(void *context) {
    struct json_out out = {.size = 0};
    make_call(context, &out);
    print_line(&out);
    end_work(context);
    return NULL;
}

/* Prints the line that a forked child writes, or an error when the child ends without a line. */
static void *hear_child(void *context) {
    struct work *work = context;
    struct json_out out = {.size = 0};
    char byte[2] = {0};
    while (byte[0] != '\n') {
        ssize_t count = read(work->pipe, byte, 1);
        if (count == 1 && byte[0] != '\n') {
            json_raw(&out, byte);
        } else if (count == 0 || (count < 0 && errno != EINTR)) {
            break;
        }
    }
    close(work->pipe);
    while (waitpid(work->child, NULL, 0) < 0 && errno == EINTR) {
    }
    if (byte[0] != '\n') {
        const assay_error error = {
            .code = ASSAY_CONNECTION_CLOSED, .message = "the forked child ended without a word"};
        free(out.bytes);
        print_error(work->id, &error);
    } else {
        print_line(&out);
    }
    end_work(work);
    return NULL;
}

/* In a forked child, makes the call, writes the line into the pipe, and exits. Takes no lock of
 * the parent, and does not flush the parent's buffered output. */
static void call_in_child(struct work *work, int pipe_end) {
    struct json_out out = {.size = 0};
    make_call(work, &out);
    json_raw(&out, "\n");
    for (size_t sent = 0; sent < out.size;) {
        ssize_t count = write(pipe_end, out.bytes + sent, out.size - sent);
        if (count < 0 && errno != EINTR) {
            break;
        }
        sent += count < 0 ? 0 : (size_t)count;
    }
    _exit(0);
}

static void start_thread(void *(*run)(void *), struct work *work) {
    pthread_mutex_lock(&lock);
    running++;
    pthread_mutex_unlock(&lock);
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, work) != 0) {
        fprintf(stderr, "driver: no thread\n");
        exit(1);
    }
    pthread_detach(thread);
}

static void fork_call(struct work *work) {
    int ends[2];
    if (pipe(ends) != 0 || (work->child = fork()) < 0) {
        fprintf(stderr, "driver: no pipe or no child\n");
        exit(1);
    }
    if (work->child == 0) {
        work->streams = false;
        call_in_child(work, ends[1]);
    }
    close(ends[1]);
    work->pipe = ends[0];
    start_thread(hear_child, work);
}

/* Starts a call, in a child if `forks`. True when the call owns the memory of the command's
 * line. */
static bool start_call(
    struct json_memory **memory, const char *id, const struct json *command, bool forks) {
    const struct json *name = json_member(command, "client");
    const struct json *kind_name = json_member(command, "kind"), *member;
    struct work *work = json_take(memory, sizeof *work);
    work->id = id;
    work->client = name == NULL ? NULL : find_client(name->text);
    for (size_t i = 0; kind_name != NULL && i < assay_kind_count; i++) {
        work->kind = strcmp(assay_kinds[i].name, kind_name->text) == 0 ? &assay_kinds[i]
                                                                       : work->kind;
    }
    if (work->client == NULL || work->kind == NULL) {
        assay_error error = {.code = ASSAY_REQUEST_INVALID, .message = "no such client or kind"};
        print_error(id, &error);
        return false;
    }
    uint8_t *request = json_take(memory, assay_messages[work->kind->request].size);
    read_message(memory, work->kind->request, json_member(command, "request"), request);
    work->request = request;
    work->deadline_milliseconds = (uint32_t)read_number(command, "deadline_milliseconds");
    work->cancel_after = read_number(command, "cancel_after_chunks");
    member = json_member(command, "stream");
    work->streams = member != NULL && member->boolean;
    work->memory = *memory;
    if (forks) {
        fork_call(work);
    } else {
        start_thread(run_call, work);
    }
    return true;
}

static void close_client(const char *id, const struct json *command) {
    const struct json *name = json_member(command, "client");
    assay_client *client = name == NULL ? NULL : find_client(name->text);
    if (client != NULL) {
        assay_client_close(client);
    }
    struct json_out out = {.size = 0};
    json_format(&out, "{\"id\":%.40s,\"ok\":{}}", id);
    print_line(&out);
}

int main(void) {
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    while ((size = getline(&line, &room, stdin)) > 0) {
        struct json_memory *memory = NULL;
        const struct json *command = json_parse(&memory, line, (size_t)size);
        const struct json *id = json_member(command, "id"), *op = json_member(command, "op");
        bool is_kept = false;
        if (id == NULL || op == NULL) {
            fprintf(stderr, "driver: a line that is no command\n");
        } else if (strcmp(op->text, "open") == 0) {
            open_client(id->text, command);
        } else if (strcmp(op->text, "call") == 0) {
            is_kept = start_call(&memory, id->text, command, false);
        } else if (strcmp(op->text, "fork") == 0) {
            is_kept = start_call(&memory, id->text, command, true);
        } else if (strcmp(op->text, "close") == 0) {
            close_client(id->text, command);
        }
        if (!is_kept) {
            json_free(&memory);
        }
    }
    free(line);
    for (struct named *one = clients; one != NULL; one = one->next) {
        assay_client_close(one->client);
    }
    pthread_mutex_lock(&lock);
    while (running > 0) {
        pthread_cond_wait(&finished, &lock);
    }
    pthread_mutex_unlock(&lock);
    while (clients != NULL) {
        struct named *next = clients->next;
        assay_client_free(clients->client);
        free(clients);
        clients = next;
    }
    return 0;
}
