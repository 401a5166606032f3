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

/* Returns a text member, or NULL without. */
static const char *text_of(const struct json *command, const char *name) {
    const struct json *member = json_member(command, name);
    return member == NULL ? NULL : member->text;
}

/* Returns a number of a command, or 0 without. */
static uint64_t read_number(const struct json *command, const char *name) {
    const char *digits = text_of(command, name);
    return digits == NULL ? 0 : strtoull(digits, NULL, 10);
}

static struct span read_bytes(struct json_memory **memory, const struct json *value) {
    uint8_t *bytes = json_take(memory, value->size / 2 + 1);
    for (size_t i = 0; i + 1 < value->size; i += 2) {
        const char digits[3] = {value->text[i], value->text[i + 1]};
        bytes[i / 2] = (uint8_t)strtoul(digits, NULL, 16);
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
    struct span span = {value->text, value->size};
    uint64_t integer;
    switch (field->type) {
    case ASSAY_TYPE_U64:
        integer = strtoull(value->text == NULL ? "" : value->text, NULL, 10);
        memcpy(place, &integer, sizeof integer);
        break;
    case ASSAY_TYPE_F64:
        memcpy(place, &value->number, sizeof value->number);
        break;
    case ASSAY_TYPE_BOOL:
        memcpy(place, &value->boolean, sizeof value->boolean);
        break;
    case ASSAY_TYPE_RECORD:
        if (field->presence != ASSAY_REPEATED) {
            uint8_t *record = json_take(memory, field->item_size);
            memcpy(place, &record, sizeof record);
            place = record;
        }
        read_message(memory, field->record, value, place);
        break;
    default:
        if (field->type == ASSAY_TYPE_BYTES) {
            span = read_bytes(memory, value);
        } else if (field->type != ASSAY_TYPE_TEXT) {
            span = read_array(memory, value, field->type == ASSAY_TYPE_F32S);
        }
        memcpy(place, &span, sizeof span);
    }
    if (field->presence == ASSAY_OPTIONAL && field->scalar_size > 0) {
        place[field->scalar_size] = true; /* `given` */
    }
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
        uint8_t *item = json_take(memory, value->count * field->item_size + 1);
        struct span list = {item, value->count};
        memcpy(target + field->offset, &list, sizeof list);
        for (const struct json *one = value->first; one != NULL; one = one->next) {
            read_field(memory, field, one, item);
            item += field->item_size;
        }
    }
}

/* ---------------------------------------------------------------- structs to JSON */

static void write_message(FILE *out, unsigned message, const uint8_t *object);

static void write_span(FILE *out, uint8_t type, struct span span) {
    if (type == ASSAY_TYPE_TEXT) {
        json_text(out, span.items, span.count);
        return;
    }
    const uint8_t *bytes = span.items;
    fputs(type == ASSAY_TYPE_BYTES ? "\"" : "[", out);
    for (size_t i = 0; i < span.count; i++) {
        if (type == ASSAY_TYPE_BYTES) {
            fprintf(out, "%02x", bytes[i]);
        } else if (type == ASSAY_TYPE_U32S) {
            uint32_t word;
            memcpy(&word, bytes + i * 4, 4);
            fprintf(out, i == 0 ? "%" PRIu32 : ",%" PRIu32, word);
        } else {
            float number;
            memcpy(&number, bytes + i * 4, 4);
            fprintf(out, i == 0 ? "%.17g" : ",%.17g", (double)number);
        }
    }
    fputs(type == ASSAY_TYPE_BYTES ? "\"" : "]", out);
}

/* Writes one value. `place` is a list item when the field is repeated. */
static void write_value(FILE *out, const assay_field_info *field, const uint8_t *place) {
    struct span span;
    uint64_t integer;
    double number;
    const uint8_t *record = place;
    switch (field->type) {
    case ASSAY_TYPE_U64:
        memcpy(&integer, place, sizeof integer);
        fprintf(out, "\"%" PRIu64 "\"", integer);
        break;
    case ASSAY_TYPE_F64:
        memcpy(&number, place, sizeof number);
        fprintf(out, "%.17g", number);
        break;
    case ASSAY_TYPE_BOOL:
        fputs(*place ? "true" : "false", out);
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
    const void *pointer;
    if (field->presence != ASSAY_OPTIONAL || field->scalar_size > 0) {
        return field->presence == ASSAY_OPTIONAL && !place[field->scalar_size];
    }
    memcpy(&pointer, place, sizeof pointer);
    return pointer == NULL;
}

static void write_message(FILE *out, unsigned message, const uint8_t *object) {
    const assay_message_info *info = &assay_messages[message];
    const char *before = "";
    fputs("{", out);
    for (size_t i = 0; i < info->field_count; i++) {
        const assay_field_info *field = &info->fields[i];
        const uint8_t *place = object + field->offset;
        if (is_absent(field, place)) {
            continue;
        }
        fprintf(out, "%s\"%s\":", before, field->name);
        before = ",";
        if (field->presence != ASSAY_REPEATED) {
            write_value(out, field, place);
            continue;
        }
        struct span list;
        memcpy(&list, place, sizeof list);
        fputs("[", out);
        for (size_t item = 0; item < list.count; item++) {
            fputs(item == 0 ? "" : ",", out);
            write_value(out, field, (const uint8_t *)list.items + item * field->item_size);
        }
        fputs("]", out);
    }
    fputs("}", out);
}

static const char *provenance_name(uint8_t provenance) {
    return provenance == ASSAY_REAL ? "\"real\"" : provenance == ASSAY_MOCK ? "\"mock\"" : "null";
}

static void write_error(FILE *out, const assay_error *error) {
    const struct {
        const char *name, *text;
    } texts[] = {
        {"message", error->message}, {"server_code", error->server_code},
        {"field", error->field}, {"layer", error->layer}};
    fprintf(
        out, "{\"code\":\"%s\",\"status\":\"%s\",\"provenance\":%s",
        assay_code_name(error->code), assay_status_name(error->status),
        provenance_name(error->provenance));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (i == 0 || texts[i].text[0] != 0) {
            fprintf(out, ",\"%s\":", texts[i].name);
            json_text(out, texts[i].text, strlen(texts[i].text));
        }
    }
    if (error->has_retry_after) {
        fprintf(
            out, ",\"retry_after_milliseconds\":\"%" PRIu64 "\"",
            error->retry_after_milliseconds);
    }
    if (error->has_server_load) {
        fputs(",\"server_load\":", out);
        write_message(out, ASSAY_MESSAGE_SERVER_LOAD, (const uint8_t *)&error->server_load);
    }
    fputs("}", out);
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

/* Returns the client that a command names, or NULL. */
static assay_client *find_client(const struct json *command) {
    const char *name = text_of(command, "client");
    for (struct named *one = clients; name != NULL && one != NULL; one = one->next) {
        if (strcmp(one->name, name) == 0) {
            return one->client;
        }
    }
    return NULL;
}

/* Begins a line, which belongs to the calling thread until its end. */
static void begin_line(FILE *out, const char *id, const char *member) {
    flockfile(out);
    fprintf(out, "{\"id\":%s,\"%s\":", id, member);
}

static void end_line(FILE *out) {
    fputs("}\n", out);
    fflush(out);
    funlockfile(out);
}

/* Prints an error, or the success of a command without an answer. */
static void print_end(const char *id, const assay_error *error) {
    begin_line(stdout, id, error == NULL ? "ok" : "error");
    if (error == NULL) {
        fputs("{}", stdout);
    } else {
        write_error(stdout, error);
    }
    end_line(stdout);
}

static void open_client(const char *id, const struct json *command) {
    const struct json *given = json_member(command, "options");
    const char *name = text_of(command, "client"), *server = text_of(command, "server");
    assay_options options = assay_options_default();
    for (size_t i = 0; i < assay_option_count; i++) {
        const assay_field_info *field = &assay_option_fields[i];
        const struct json *value = json_member(given, field->name);
        uint8_t *place = (uint8_t *)&options + field->offset;
        if (value != NULL && field->type == ASSAY_TYPE_TEXT) {
            memcpy(place, &value->text, sizeof value->text);
        } else if (value != NULL) {
            read_field(NULL, field, value, place);
        }
    }
    struct named *named = calloc(1, sizeof *named);
    assay_error error = {.code = ASSAY_REQUEST_INVALID, .message = "no name or no server"};
    if (named == NULL || name == NULL || server == NULL ||
        assay_client_new(server, &options, &named->client, &error) != ASSAY_OK) {
        print_end(id, &error);
        free(named);
        return;
    }
    (void)snprintf(named->name, sizeof named->name, "%s", name);
    named->next = clients;
    clients = named;
    print_end(id, NULL);
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
    begin_line(stdout, work->id, "chunk");
    write_message(stdout, work->kind->chunk, chunk->message);
    end_line(stdout);
    work->seen++;
    return work->cancel_after == 0 || work->seen < work->cancel_after;
}

/* Makes the call and writes its outcome as one line. */
static void make_call(struct work *work, FILE *out) {
    assay_call_options call = {.deadline_milliseconds = work->deadline_milliseconds};
    bool has_chunks = work->kind->number == ASSAY_KIND_GENERATE ||
                      work->kind->number == ASSAY_KIND_LOAD ||
                      work->kind->number == ASSAY_KIND_SWAP;
    if (work->streams && has_chunks) {
        call.on_chunk = print_chunk;
        call.context = work;
    }
    assay_reply reply;
    assay_error error;
    (void)assay_call(work->client, work->kind->number, work->request, &call, &reply, &error);
    begin_line(out, work->id, error.code == ASSAY_OK ? "ok" : "error");
    if (error.code == ASSAY_OK) {
        fprintf(
            out,
            "{\"provenance\":%s,\"generation\":%" PRIu32 ",\"degraded\":%s,\"response\":",
            provenance_name(reply.provenance), reply.generation,
            reply.degraded ? "true" : "false");
        write_message(out, work->kind->response, reply.message);
        fputs("}", out);
    } else {
        write_error(out, &error);
    }
    end_line(out);
    assay_reply_free(&reply);
}

/* Prints the line that a forked child writes, or an error when the child ends without a line. */
static void hear_child(const struct work *work) {
    FILE *in = fdopen(work->pipe, "r");
    char *line = NULL;
    size_t room = 0;
    const ssize_t size = in == NULL ? -1 : getline(&line, &room, in);
    if (in != NULL) {
        fclose(in);
    }
    while (waitpid(work->child, NULL, 0) < 0 && errno == EINTR) {
    }
    if (size > 0 && line[size - 1] == '\n') {
        fputs(line, stdout);
        fflush(stdout);
    } else {
        const assay_error error = {
            .code = ASSAY_CONNECTION_CLOSED, .message = "the forked child ended without a word"};
        print_end(work->id, &error);
    }
    free(line);
}

static void *run_work(void *context) {
    struct work *work = context;
    struct json_memory *memory = work->memory; /* holds the work itself */
    if (work->child > 0) {
        hear_child(work);
    } else {
        make_call(work, stdout);
    }
    json_free(&memory);
    pthread_mutex_lock(&lock);
    running--;
    pthread_cond_signal(&finished);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void stop(const char *message) {
    fprintf(stderr, "driver: %s\n", message);
    exit(1);
}

/* Forks a child that makes the call, writes the line into a pipe, and exits. The child takes no
 * lock of the parent, and does not flush the parent's buffered output. */
static void fork_call(struct work *work) {
    int ends[2];
    if (pipe(ends) != 0 || (work->child = fork()) < 0) {
        stop("no pipe or no child");
    }
    if (work->child == 0) {
        FILE *out = fdopen(ends[1], "w");
        work->streams = false;
        if (out != NULL) {
            make_call(work, out);
        }
        _exit(0);
    }
    close(ends[1]);
    work->pipe = ends[0];
}

/* Starts a call, in a child if `forks`. True when the call owns the memory of the command's
 * line. */
static bool start_call(
    struct json_memory **memory, const char *id, const struct json *command, bool forks) {
    const char *kind = text_of(command, "kind");
    const struct json *stream = json_member(command, "stream");
    struct work *work = json_take(memory, sizeof *work);
    work->id = id;
    work->client = find_client(command);
    for (size_t i = 0; kind != NULL && i < assay_kind_count; i++) {
        work->kind = strcmp(assay_kinds[i].name, kind) == 0 ? &assay_kinds[i] : work->kind;
    }
    if (work->client == NULL || work->kind == NULL) {
        assay_error error = {.code = ASSAY_REQUEST_INVALID, .message = "no such client or kind"};
        print_end(id, &error);
        return false;
    }
    uint8_t *request = json_take(memory, assay_messages[work->kind->request].size);
    read_message(memory, work->kind->request, json_member(command, "request"), request);
    work->request = request;
    work->deadline_milliseconds = (uint32_t)read_number(command, "deadline_milliseconds");
    work->cancel_after = read_number(command, "cancel_after_chunks");
    work->streams = stream != NULL && stream->boolean;
    work->memory = *memory;
    if (forks) {
        fork_call(work);
    }
    pthread_mutex_lock(&lock);
    running++;
    pthread_mutex_unlock(&lock);
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_work, work) != 0) {
        stop("no thread");
    }
    pthread_detach(thread);
    return true;
}

static void close_client(const char *id, const struct json *command) {
    assay_client *client = find_client(command);
    if (client != NULL) {
        assay_client_close(client);
    }
    print_end(id, NULL);
}

int main(void) {
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        struct json_memory *memory = NULL;
        const struct json *command = json_parse(&memory, line);
        const char *id = text_of(command, "id"), *op = text_of(command, "op");
        bool is_kept = false;
        if (id == NULL || op == NULL) {
            fprintf(stderr, "driver: a line that is no command\n");
        } else if (strcmp(op, "open") == 0) {
            open_client(id, command);
        } else if (strcmp(op, "close") == 0) {
            close_client(id, command);
        } else if (strcmp(op, "call") == 0 || strcmp(op, "fork") == 0) {
            is_kept = start_call(&memory, id, command, strcmp(op, "fork") == 0);
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
