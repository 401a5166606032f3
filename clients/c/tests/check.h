/*
 * Tools for tests: checks that print both sides, a random number generator with a printed seed, and
 * a fake server. The server's thread accepts connections on a Unix socket and hands each frame to a
 * function. Connections are served in turn, or (is_parallel) each on its own thread.
 */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { HANG_GUARD_SECONDS = 60 }; /* a longer test has hung */

static unsigned checks_failed;

#define CHECK(condition)                                                                          \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);               \
            checks_failed++;                                                                      \
        }                                                                                         \
    } while (0)

#define CHECK_EQUAL(found, expected)                                                              \
    do {                                                                                          \
        long long found_ = (long long)(found), expected_ = (long long)(expected);                 \
        if (found_ != expected_) {                                                                \
            fprintf(                                                                              \
                stderr, "%s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #found, found_, \
                expected_);                                                                       \
            checks_failed++;                                                                      \
        }                                                                                         \
    } while (0)

/* State of a xorshift64* generator. The seed is printed, and ASSAY_SEED repeats a run. */
static uint64_t random_state;

static void random_start(void) {
    const char *given = getenv("ASSAY_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("seed %llu (ASSAY_SEED)\n", (unsigned long long)seed);
    random_state = seed * 0x9E3779B97F4A7C15u | 1;
}

static uint64_t random_next(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545F4914F6CDD1Du;
}

static uint64_t random_below(uint64_t bound) {
    return (random_next() >> 11) % bound;
}

/* ---------------------------------------------------------------- a server */

/* One request as read by the server, with an uncompressed body of at most 64 KiB. */
struct seen {
    uint8_t kind;
    uint64_t id;
    uint32_t deadline;
    uint32_t size;
    uint8_t body[65536];
};

struct fake;
/* Answers one request. False closes the connection. */
typedef bool fake_answer(struct fake *fake, int fd, const struct seen *seen);

struct fake {
    char url[80], path[64];
    int listener;
    pthread_t thread;
    fake_answer *answer;
    void *context;
    _Atomic unsigned connections, ended, cancels; /* ended: connections */
    _Atomic uint64_t cancelled;
    bool is_parallel;
    pthread_t threads[64];
    unsigned thread_count;
};

/* A connection and its server. */
struct served {
    struct fake *fake;
    int fd;
};

static void put_le(uint8_t *bytes, uint64_t value, int size) {
    for (int i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
}

static uint64_t get_le(const uint8_t *bytes, int size) {
    uint64_t value = 0;
    for (int i = 0; i < size; i++) {
        value |= (uint64_t)bytes[i] << 8 * i;
    }
    return value;
}

/* Appends a field's header and bytes. Returns the size of both. */
static size_t field_put(
    uint8_t *target, uint16_t id, uint8_t type, const void *bytes, uint32_t size) {
    put_le(target, id, 2);
    target[2] = type;
    target[3] = 0;
    put_le(target + 4, size, 4);
    memcpy(target + 8, bytes, size);
    return 8 + size;
}

static size_t field_u64(uint8_t *target, uint16_t id, uint64_t value) {
    uint8_t bytes[8];
    put_le(bytes, value, 8);
    return field_put(target, id, 1, bytes, 8);
}

static size_t field_text(uint8_t *target, uint16_t id, const char *text) {
    return field_put(target, id, 4, text, (uint32_t)strlen(text));
}

static void all_out(int fd, const uint8_t *bytes, size_t size) {
    while (size > 0) {
        ssize_t count = send(fd, bytes, size, MSG_NOSIGNAL);
        if (count <= 0) {
            return;
        }
        bytes += count;
        size -= (size_t)count;
    }
}

static bool all_in(int fd, uint8_t *bytes, size_t size) {
    while (size > 0) {
        ssize_t count = recv(fd, bytes, size, 0);
        if (count <= 0) {
            return false;
        }
        bytes += count;
        size -= (size_t)count;
    }
    return true;
}

/* Builds a response's frame and returns its size. */
static size_t response_put(
    uint8_t *target, const struct seen *seen, uint8_t flags, uint32_t status, const uint8_t *body,
    uint32_t size) {
    memset(target, 0, 32);
    put_le(target, 28 + size, 4);
    target[4] = 1;
    target[5] = seen->kind | 0x80;
    target[6] = flags;
    target[7] = 1;
    put_le(target + 8, seen->id, 8);
    put_le(target + 16, status, 4);
    put_le(target + 20, size, 4);
    memcpy(target + 32, body, size);
    return 32 + size;
}

static void respond(
    int fd, const struct seen *seen, uint8_t flags, uint32_t status, const uint8_t *body,
    size_t size) {
    uint8_t *frame = malloc(32 + size);
    if (frame != NULL) {
        all_out(fd, frame, response_put(frame, seen, flags, status, body, (uint32_t)size));
    }
    free(frame);
}

static size_t hello_body_of(uint8_t *body, uint64_t revision, uint64_t in_flight_max) {
    uint8_t no = 0;
    size_t size = field_text(body, 1, "fake/1");
    size += field_u64(body + size, 2, revision);
    size += field_put(body + size, 3, 8, &no, 1);
    size += field_u64(body + size, 4, 1 << 20);
    return size + field_u64(body + size, 5, in_flight_max);
}

static size_t hello_body(uint8_t *body, uint64_t in_flight_max) {
    return hello_body_of(body, 2, in_flight_max);
}

/* Builds the last frame of a Generate of one token with `text`, and with one degradation if
 * `degraded`. */
static size_t generated_body(uint8_t *body, const char *text, bool degraded) {
    uint8_t answer[512], timing[256];
    size_t timing_size = 0;
    for (uint16_t id = 1; id <= 7; id++) {
        timing_size += field_u64(timing + timing_size, id, id);
    }
    size_t answer_size = field_text(answer, 1, "fake");
    answer_size += field_text(answer + answer_size, 3, "cpu");
    answer_size += field_put(answer + answer_size, 4, 7, timing, (uint32_t)timing_size);
    if (degraded) {
        answer_size += field_text(answer + answer_size, 5, "truncated_context");
    }
    const uint8_t token[4] = {7};
    size_t size = field_put(body, 1, 5, token, 4);
    size += field_text(body + size, 2, text);
    size += field_text(body + size, 5, "length");
    size += field_u64(body + size, 7, 1);
    size += field_u64(body + size, 8, 1);
    return size + field_put(body + size, 31, 7, answer, (uint32_t)answer_size);
}

static bool read_request(int fd, struct seen *seen) {
    uint8_t header[32];
    if (!all_in(fd, header, sizeof header)) {
        return false;
    }
    seen->size = (uint32_t)get_le(header, 4) - 28;
    seen->kind = header[5];
    seen->id = get_le(header + 8, 8);
    seen->deadline = (uint32_t)get_le(header + 16, 4);
    return seen->size <= sizeof seen->body && all_in(fd, seen->body, seen->size);
}

static void *serve(void *context) {
    struct served served = *(struct served *)context;
    struct seen *seen = malloc(sizeof *seen);
    free(context);
    while (seen != NULL && read_request(served.fd, seen) &&
           served.fake->answer(served.fake, served.fd, seen)) {
    }
    close(served.fd);
    free(seen);
    served.fake->ended++;
    return NULL;
}

static void *fake_run(void *context) {
    struct fake *fake = context;
    int fd;
    while ((fd = accept(fake->listener, NULL, NULL)) >= 0) {
        struct served *served = malloc(sizeof *served);
        fake->connections++;
        if (served == NULL) {
            abort();
        }
        *served = (struct served){fake, fd};
        if (!fake->is_parallel) {
            (void)serve(served);
        } else if (
            fake->thread_count == 64 ||
            pthread_create(&fake->threads[fake->thread_count++], NULL, serve, served) != 0) {
            abort();
        }
    }
    for (unsigned i = 0; i < fake->thread_count; i++) {
        pthread_join(fake->threads[i], NULL);
    }
    return NULL;
}

static void fake_listen(struct fake *fake, fake_answer *answer, void *context) {
    static unsigned number;
    *fake = (struct fake){.answer = answer, .context = context};
    (void)snprintf(
        fake->path, sizeof fake->path, "/tmp/assay-c-test-%ld-%u.sock", (long)getpid(), number++);
    (void)snprintf(fake->url, sizeof fake->url, "unix://%s", fake->path);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, fake->path, strlen(fake->path));
    fake->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(fake->listener, (struct sockaddr *)&name, sizeof name) == 0);
    CHECK(listen(fake->listener, 16) == 0);
}

static void fake_start(struct fake *fake, fake_answer *answer, void *context) {
    fake_listen(fake, answer, context);
    CHECK(pthread_create(&fake->thread, NULL, fake_run, fake) == 0);
}

static void fake_start_parallel(struct fake *fake, fake_answer *answer, void *context) {
    fake_listen(fake, answer, context);
    fake->is_parallel = true;
    CHECK(pthread_create(&fake->thread, NULL, fake_run, fake) == 0);
}

/* Ends the server. All clients must be closed. */
static void fake_stop(struct fake *fake) {
    shutdown(fake->listener, SHUT_RDWR);
    pthread_join(fake->thread, NULL);
    close(fake->listener);
    unlink(fake->path);
}

#endif
