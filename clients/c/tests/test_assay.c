/*
 * Tests of the client from inside (assay.c is included, so that its sections can be tested
 * separately) and against a fake server. Hostile bytes, failing allocators, many threads.
 * One file a program: the other tests are included as headers.
 *
 *   test_assay            runs all tests, prints the seed; ASSAY_SEED repeats a run
 */
#include "../assay.c"

#include "check.h"
#include "random_bodies.h"

/* ---------------------------------------------------------------- an allocator that counts */

struct counting {
    pthread_mutex_t lock;
    long outstanding, made, fails_at; /* fails_at: 0 for never */
    size_t largest;
};

static void *counting_resize(void *context, void *block, size_t size) {
    struct counting *counting = context;
    pthread_mutex_lock(&counting->lock);
    if (size == 0) {
        counting->outstanding -= block != NULL;
        free(block);
        block = NULL;
    } else if (++counting->made == counting->fails_at) {
        block = NULL;
    } else {
        counting->outstanding += block == NULL;
        counting->largest = size > counting->largest ? size : counting->largest;
        block = realloc(block, size);
    }
    pthread_mutex_unlock(&counting->lock);
    return block;
}

static assay_client *client_for(const char *url, struct counting *counting) {
    assay_options options = assay_options_default();
    options.allocator = (assay_allocator){counting_resize, counting};
    options.backoff_milliseconds = 1;
    assay_client *client = NULL;
    assay_error error;
    (void)assay_client_new(url, &options, &client, &error);
    return client;
}

#define COUNTING {.lock = PTHREAD_MUTEX_INITIALIZER}

#include "bytes.h"

/* ---------------------------------------------------------------- against a fake server */

/* Answers Hello and Ping, and Generate with two chunks and an end. Remembers Cancel. */
static bool answer_well(struct fake *fake, int fd, const struct seen *seen) {
    uint8_t body[2048], yes = 1;
    switch (seen->kind) {
    case ASSAY_KIND_HELLO:
        respond(fd, seen, 0, 0, body, hello_body(body, 4));
        return true;
    case ASSAY_KIND_PING:
        respond(fd, seen, 0, 0, seen->body, seen->size);
        return true;
    case ASSAY_KIND_CANCEL:
        fake->cancels++;
        fake->cancelled = get_le(seen->body + 8, 8);
        respond(fd, seen, 0, 0, body, field_put(body, 1, 8, &yes, 1));
        return true;
    default:
        respond(fd, seen, ASSAY_FLAG_MORE, 0, body, field_text(body, 2, "one "));
        respond(fd, seen, ASSAY_FLAG_MORE, 0, body, field_text(body, 2, "two "));
        respond(fd, seen, 0, 0, body, generated_body(body, "three", false));
        return true;
    }
}

static const assay_generate_request small_request = {.prompt = {"x", 1}};

static void a_stream_is_put_together(void) {
    struct fake fake;
    struct counting counting = COUNTING;
    fake_start(&fake, answer_well, NULL);
    assay_client *client = client_for(fake.url, &counting);
    assay_reply reply;
    assay_error error;
    CHECK_EQUAL(assay_generate(client, &small_request, NULL, &reply, &error), ASSAY_OK);
    CHECK(reply.generate != NULL && strcmp(reply.generate->text.data, "one two three") == 0);
    CHECK(reply.answer != NULL && strcmp(reply.answer->model.data, "fake") == 0);
    CHECK_EQUAL(reply.answer->timing->total, 7);
    CHECK_EQUAL(reply.provenance, ASSAY_REAL);
    assay_client_free(client); /* a reply outlives its client */
    CHECK(strcmp(reply.generate->finish_reason.data, "length") == 0);
    assay_reply_free(&reply);
    assay_reply_free(&reply);
    CHECK_EQUAL(counting.outstanding, 0);
    fake_stop(&fake);
}

static bool first_only(void *context, const assay_chunk *chunk) {
    unsigned *seen = context;
    CHECK(strcmp(chunk->generate->text.data, "one ") == 0);
    ++*seen;
    return false;
}

/* Holds the answer to Generate back until the Cancel has arrived. */
static bool answer_after_cancel(struct fake *fake, int fd, const struct seen *seen) {
    uint8_t body[2048];
    if (seen->kind == ASSAY_KIND_GENERATE) {
        respond(fd, seen, ASSAY_FLAG_MORE, 0, body, field_text(body, 2, "one "));
        return true;
    }
    (void)answer_well(fake, fd, seen);
    if (seen->kind == ASSAY_KIND_CANCEL) {
        struct seen cancelled = {.kind = ASSAY_KIND_GENERATE, .id = fake->cancelled};
        respond(fd, &cancelled, 0, 0, body, generated_body(body, "", false));
    }
    return true;
}

static void giving_up_cancels_and_the_connection_lives_on(void) {
    struct fake fake;
    struct counting counting = COUNTING;
    fake_start(&fake, answer_after_cancel, NULL);
    assay_client *client = client_for(fake.url, &counting);
    unsigned seen = 0;
    assay_error error;
    assay_ping_request ping = {.payload = {(const uint8_t *)"abc", 3}};
    CHECK_EQUAL(
        assay_generate_stream(client, &small_request, first_only, &seen, NULL, NULL, &error),
        ASSAY_GIVEN_UP);
    CHECK_EQUAL(seen, 1);
    CHECK_EQUAL(assay_ping(client, &ping, NULL, NULL, &error), ASSAY_OK);
    assay_client_free(client);
    fake_stop(&fake);
    CHECK_EQUAL(fake.connections, 1);
    CHECK_EQUAL(fake.cancels, 1);
    CHECK_EQUAL(fake.cancelled, 2); /* 1 was Hello */
    CHECK_EQUAL(counting.outstanding, 0);
}

static void every_failed_allocation_is_an_error(void) {
    struct fake fake;
    fake_start(&fake, answer_well, NULL);
    bool went_well = false;
    for (long at = 1; at < 200 && !went_well; at++) {
        struct counting counting = COUNTING;
        counting.fails_at = at;
        assay_client *client = client_for(fake.url, &counting);
        assay_reply reply = {.kind = 0};
        assay_error error;
        if (client != NULL) {
            assay_code code = assay_generate(client, &small_request, NULL, &reply, &error);
            went_well = code == ASSAY_OK;
            CHECK(went_well || code == ASSAY_OUT_OF_MEMORY);
            CHECK(went_well == (reply.generate != NULL));
        }
        assay_reply_free(&reply);
        assay_client_free(client);
        CHECK_EQUAL(counting.outstanding, 0);
    }
    CHECK(went_well);
    fake_stop(&fake);
}

/* Answers a Generate without end, until cancelled. */
static bool answer_without_end(struct fake *fake, int fd, const struct seen *seen) {
    static char words[1000];
    uint8_t body[2048];
    if (seen->kind != ASSAY_KIND_GENERATE) {
        return answer_after_cancel(fake, fd, seen);
    }
    memset(words, 'x', sizeof words - 1);
    for (int i = 0; i < 5; i++) {
        respond(fd, seen, ASSAY_FLAG_MORE, 0, body, field_text(body, 2, words));
    }
    return true;
}

static void a_whole_answer_has_a_limit(void) {
    struct fake fake;
    fake_start(&fake, answer_without_end, NULL);
    assay_options options = assay_options_default();
    options.answer_size_max = 4096;
    assay_client *client;
    assay_error error;
    assay_ping_request ping = {.payload = {NULL, 0}};
    CHECK_EQUAL(assay_client_new(fake.url, &options, &client, &error), ASSAY_OK);
    CHECK_EQUAL(assay_generate(client, &small_request, NULL, NULL, &error), ASSAY_GIVEN_UP);
    CHECK_EQUAL(assay_ping(client, &ping, NULL, NULL, &error), ASSAY_OK);
    assay_client_free(client);
    fake_stop(&fake);
    CHECK_EQUAL(fake.connections, 1);
    CHECK_EQUAL(fake.cancels, 1);
}

struct pinging {
    assay_client *client;
    unsigned number;
    bool fine;
};

static void *ping_many(void *context) {
    struct pinging *pinging = context;
    pinging->fine = true;
    for (unsigned i = 0; i < 300 && pinging->fine; i++) {
        uint32_t words[15000] = {pinging->number, i}; /* several exceed the socket's buffer */
        const size_t size = i % 10 == 4 ? sizeof words : 8;
        assay_ping_request request = {.payload = {(const uint8_t *)words, size}};
        assay_generate_request generate = small_request;
        assay_error error;
        assay_code code = i % 10 == 9
                              ? assay_generate(pinging->client, &generate, NULL, NULL, &error)
                              : assay_ping(pinging->client, &request, NULL, NULL, &error);
        pinging->fine = code == ASSAY_OK;
    }
    return NULL;
}

/* More threads than places in flight (4): the threads take turns in reading and in waiting. */
static void many_threads_share_one_connection(void) {
    enum { COUNT = 12 };
    struct fake fake;
    struct counting counting = COUNTING;
    fake_start(&fake, answer_well, NULL);
    assay_client *client = client_for(fake.url, &counting);
    pthread_t threads[COUNT];
    struct pinging pinging[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        pinging[i] = (struct pinging){.client = client, .number = i};
        CHECK(pthread_create(&threads[i], NULL, ping_many, &pinging[i]) == 0);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        pthread_join(threads[i], NULL);
        CHECK(pinging[i].fine);
    }
    assay_client_free(client);
    fake_stop(&fake);
    CHECK_EQUAL(fake.connections, 1);
    CHECK_EQUAL(counting.outstanding, 0);
}

/* Answers pings only when `wanted` pings have arrived, the last first. */
struct gathering {
    unsigned wanted, count;
    struct seen seen[16];
};

static bool answer_gathered(struct fake *fake, int fd, const struct seen *seen) {
    struct gathering *gathering = fake->context;
    uint8_t body[2048];
    if (seen->kind == ASSAY_KIND_HELLO) {
        respond(fd, seen, 0, 0, body, hello_body(body, 16));
        return true;
    }
    gathering->seen[gathering->count++] = *seen;
    while (gathering->count == gathering->wanted && gathering->wanted > 0) {
        struct seen *last = &gathering->seen[--gathering->wanted];
        respond(fd, last, 0, 0, last->body, last->size);
        gathering->count--;
    }
    return true;
}

static void *ping_once(void *context) {
    struct pinging *pinging = context;
    assay_ping_request request = {.payload = {(const uint8_t *)&pinging->number, 4}};
    assay_error error;
    pinging->fine = assay_ping(pinging->client, &request, NULL, NULL, &error) == ASSAY_OK;
    return NULL;
}

/* Requests made while the connection opens are sent as soon as it is open. */
static void callers_that_await_the_connection_are_all_sent(void) {
    enum { COUNT = 12, ROUNDS = 40 };
    static struct gathering gathering;
    for (int round = 0; round < ROUNDS; round++) {
        struct fake fake;
        struct counting counting = COUNTING;
        pthread_t threads[COUNT];
        struct pinging pinging[COUNT];
        gathering.wanted = COUNT;
        gathering.count = 0;
        fake_start(&fake, answer_gathered, &gathering);
        assay_client *client = client_for(fake.url, &counting);
        for (unsigned i = 0; i < COUNT; i++) {
            pinging[i] = (struct pinging){.client = client, .number = i};
            CHECK(pthread_create(&threads[i], NULL, ping_once, &pinging[i]) == 0);
        }
        for (unsigned i = 0; i < COUNT; i++) {
            pthread_join(threads[i], NULL);
            CHECK(pinging[i].fine);
        }
        assay_client_free(client);
        fake_stop(&fake);
        CHECK_EQUAL(fake.connections, 1);
        CHECK_EQUAL(counting.outstanding, 0);
    }
}

static void *close_after_cancel(void *context) {
    assay_client_close(context);
    return NULL;
}

static bool answer_hello_only(struct fake *fake, int fd, const struct seen *seen) {
    if (seen->kind == ASSAY_KIND_HELLO) {
        return answer_well(fake, fd, seen);
    }
    pthread_t *thread = fake->context;
    return pthread_create(thread, NULL, close_after_cancel, *(void **)(thread + 1)) == 0;
}

static void closing_ends_calls_that_wait(void) {
    struct fake fake;
    struct {
        pthread_t thread;
        void *client;
    } context;
    fake_start(&fake, answer_hello_only, &context);
    assay_client *client;
    assay_error error;
    assay_ping_request ping = {.payload = {NULL, 0}};
    CHECK_EQUAL(assay_client_new(fake.url, NULL, &client, &error), ASSAY_OK);
    context.client = client;
    CHECK_EQUAL(assay_ping(client, &ping, NULL, NULL, &error), ASSAY_CONNECTION_CLOSED);
    CHECK_EQUAL(assay_ping(client, &ping, NULL, NULL, &error), ASSAY_CONNECTION_CLOSED);
    pthread_join(context.thread, NULL);
    assay_client_free(client);
    fake_stop(&fake);
}

/* The server accepts no connection. Its queue takes a few clients, which wait for the answer to
 * Hello, and further clients wait to connect. */
static void connecting_has_a_limit(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char url[80];
    (void)snprintf(name.sun_path, 60, "/tmp/assay-c-test-%ld-full.sock", (long)getpid());
    (void)snprintf(url, sizeof url, "unix://%.60s", name.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&name, sizeof name) == 0 && listen(listener, 0) == 0);
    assay_options options = assay_options_default();
    options.connect_milliseconds = 20;
    assay_client *clients[4];
    for (int i = 0; i < 4; i++) {
        assay_error error;
        CHECK_EQUAL(assay_client_new(url, &options, &clients[i], &error), ASSAY_OK);
        const assay_code code = assay_models(clients[i], NULL, NULL, &error);
        CHECK(code == ASSAY_UNREACHABLE || (code == ASSAY_TIMED_OUT && i < 2));
    }
    assay_client *patient; /* a patient client with a hasty call */
    assay_error error;
    const assay_call_options soon = {.deadline_milliseconds = 20};
    options.connect_milliseconds = HANG_GUARD_SECONDS * 1000;
    CHECK_EQUAL(assay_client_new(url, &options, &patient, &error), ASSAY_OK);
    CHECK_EQUAL(assay_models(patient, &soon, NULL, &error), ASSAY_TIMED_OUT);
    assay_client_free(patient);
    for (int i = 0; i < 4; i++) {
        assay_client_free(clients[i]);
    }
    close(listener);
    unlink(name.sun_path);
}

/* Flags and provenance of a frame about the connection itself. */
struct mark {
    uint8_t kind, flags, provenance;
};

/* Answers Hello, and sends a GoAway before the answer to any other request. */
static bool answer_marked(struct fake *fake, int fd, const struct seen *seen) {
    const struct mark *mark = fake->context;
    const struct seen leaving = {.kind = ASSAY_KIND_GO_AWAY};
    const bool is_hello = seen->kind == ASSAY_KIND_HELLO;
    uint8_t body[256], frame[512];
    size_t size = is_hello ? hello_body(body, 4) : field_text(body, 1, "drain");
    size += is_hello ? 0 : field_u64(body + size, 2, 1000);
    size = response_put(frame, is_hello ? seen : &leaving, 0, 0, body, (uint32_t)size);
    if (frame[5] == (mark->kind | 0x80)) {
        frame[6] = mark->flags;
        frame[7] = mark->provenance;
    }
    all_out(fd, frame, size);
    return is_hello || answer_well(fake, fd, seen);
}

/* Frames about the connection itself never come from a mock, and are never parts of an answer,
 * even when mocks are allowed. */
static void the_connections_own_frames_bear_no_marks(void) {
    static const struct mark marks[] = {
        {0, 0, 0}, {ASSAY_KIND_HELLO, 0, ASSAY_MOCK},
        {ASSAY_KIND_HELLO, ASSAY_FLAG_MORE, ASSAY_REAL},
        {ASSAY_KIND_HELLO, ASSAY_FLAG_DEGRADED, ASSAY_REAL}, {ASSAY_KIND_GO_AWAY, 0, ASSAY_MOCK},
        {ASSAY_KIND_GO_AWAY, ASSAY_FLAG_MORE, ASSAY_REAL},
        {ASSAY_KIND_GO_AWAY, ASSAY_FLAG_DEGRADED, ASSAY_REAL}};
    const assay_ping_request ping = {.payload = {NULL, 0}};
    for (size_t i = 0; i < 2 * sizeof marks / sizeof *marks; i++) {
        struct mark mark = marks[i / 2];
        struct fake fake;
        assay_client *client;
        assay_options options = assay_options_default();
        options.allow_mock = i % 2 == 1;
        fake_start(&fake, answer_marked, &mark);
        CHECK_EQUAL(assay_client_new(fake.url, &options, &client, NULL), ASSAY_OK);
        const assay_code code = assay_ping(client, &ping, NULL, NULL, NULL);
        CHECK_EQUAL(code, mark.kind == 0 ? ASSAY_OK : ASSAY_PROTOCOL_ERROR);
        assay_client_free(client);
        fake_stop(&fake);
    }
}

/* Answers with frames that have some wrong bytes. */
static bool answer_damaged(struct fake *fake, int fd, const struct seen *seen) {
    uint8_t body[2048], frames[8192];
    if (seen->kind == ASSAY_KIND_HELLO || seen->kind == ASSAY_KIND_CANCEL) {
        return answer_well(fake, fd, seen);
    }
    size_t size = response_put(
        frames, seen, ASSAY_FLAG_MORE, 0, body, (uint32_t)field_text(body, 2, "one "));
    size += response_put(
        frames + size, seen, 0, 0, body, (uint32_t)generated_body(body, "two", false));
    for (uint64_t i = 0; i <= random_below(3); i++) {
        frames[random_below(size)] = (uint8_t)random_next();
    }
    all_out(fd, frames, random_below(8) == 0 ? (size_t)random_below(size) : size);
    return random_below(2) == 0; /* closed at random, else the client has to time out */
}

static void a_hostile_server_breaks_nothing(void) {
    struct fake fake;
    fake_start(&fake, answer_damaged, NULL);
    struct counting counting = COUNTING;
    assay_options options = assay_options_default();
    options.allocator = (assay_allocator){counting_resize, &counting};
    options.answer_milliseconds = 20;
    options.attempts = 1;
    for (int round = 0; round < 150; round++) {
        assay_client *client;
        assay_reply reply;
        assay_error error;
        CHECK_EQUAL(assay_client_new(fake.url, &options, &client, &error), ASSAY_OK);
        (void)assay_generate(client, &small_request, NULL, &reply, &error);
        assay_reply_free(&reply);
        assay_client_free(client);
        CHECK_EQUAL(counting.outstanding, 0);
    }
    CHECK(counting.largest < (32u << 20));
    fake_stop(&fake);
}

#include "answers.h"
#include "attempts.h"
#include "ends.h"

/* ---------------------------------------------------------------- */

#define TEST(name) {#name, name}

int main(void) {
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        TEST(utf8_is_strict), TEST(blocks_are_exact), TEST(damaged_blocks_stay_inside),
        TEST(noise_is_not_compressed), TEST(addresses_are_parsed), TEST(options_are_checked),
        TEST(headers_are_refused_as_early_as_can_be), TEST(bodies_survive_the_round_trip),
        TEST(damaged_bodies_are_refused_or_read), TEST(a_lie_about_a_size_allocates_nothing),
        TEST(requests_are_checked_before_they_are_sent),
        TEST(fields_that_exclude_each_other_are_refused), TEST(trace_contexts_are_checked),
        TEST(a_stream_is_put_together),
        TEST(giving_up_cancels_and_the_connection_lives_on),
        TEST(every_failed_allocation_is_an_error), TEST(a_whole_answer_has_a_limit),
        TEST(many_threads_share_one_connection),
        TEST(callers_that_await_the_connection_are_all_sent), TEST(closing_ends_calls_that_wait),
        TEST(connecting_has_a_limit), TEST(the_connections_own_frames_bear_no_marks),
        TEST(frames_and_tokens_are_counted), TEST(rows_and_inputs_are_counted),
        TEST(a_child_makes_connections_of_its_own), TEST(a_child_does_not_need_the_parents_lock),
        TEST(a_call_in_flight_survives_a_fork), TEST(a_fork_in_a_callback_leaves_one_answer),
        TEST(a_child_closes_its_copies_and_no_other_file),
        TEST(a_client_closed_before_the_fork_stays_closed),
        TEST(signals_change_nothing), TEST(a_cancelled_thread_ends_after_its_call),
        TEST(a_callback_that_jumps_out_disturbs_nobody),
        TEST(a_callback_that_stops_gives_its_place_back), TEST(tcp_connections_are_probed),
        TEST(without_a_wait_a_dead_address_fails), TEST(a_wait_covers_a_missing_socket),
        TEST(a_wait_covers_a_model_that_loads), TEST(a_wait_ends_with_the_error),
        TEST(close_ends_a_pause), TEST(close_ends_connecting), TEST(the_second_attempt_says_so),
        TEST(a_context_needs_revision_3), TEST(a_refusal_says_how_busy_the_server_is),
        TEST(a_hostile_server_breaks_nothing)};
    const size_t count = sizeof tests / sizeof *tests;
    unsigned red = 0;
    random_start();
    for (size_t i = 0; i < count; i++) {
        unsigned before = checks_failed;
        tests[i].run();
        red += checks_failed != before;
        printf("%s %s\n", checks_failed == before ? "ok  " : "FAIL", tests[i].name);
    }
    printf("%zu passed, %u failed\n", count - red, red);
    return red == 0 ? 0 : 1;
}
