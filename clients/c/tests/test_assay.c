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

#include "bytes.h"

/* ---------------------------------------------------------------- against a fake server */

static bool answer_chunk(int fd, const struct seen *seen, const char *text) {
    const assay_generate_chunk chunk = {.text = assay_text_of(text)};
    return respond(fd, seen, ASSAY_FLAG_MORE, 0, ASSAY_MESSAGE_GENERATE_CHUNK, &chunk);
}

/* Makes the last frame of a Generate of one token. */
static assay_generate_response last_of(const char *text) {
    return (assay_generate_response){
        .tokens = {some_tokens, 1}, .text = assay_text_of(text), .finish_reason = {"length", 6},
        .prompt_tokens = 1, .completion_tokens = 1, .answer = &small_answer};
}

static bool answer_last(int fd, const struct seen *seen, const char *text) {
    const assay_generate_response last = last_of(text);
    return respond(fd, seen, 0, 0, ASSAY_MESSAGE_GENERATE_RESPONSE, &last);
}

static assay_hello_response hello_of(const struct fake *fake) {
    return (assay_hello_response){
        .server = {"fake/1", 6}, .revision = fake->revision == 0 ? 2 : fake->revision,
        .body_size_max = 1 << 20,
        .requests_in_flight_max = fake->in_flight_max == 0 ? 4 : fake->in_flight_max};
}

/* Answers Hello and Ping, and Generate with two chunks and an end. Remembers Cancel. */
static bool answer_well(struct fake *fake, int fd, const struct seen *seen) {
    const assay_hello_response hello = hello_of(fake);
    const assay_ping_response pong = {.payload = {seen->body + 8, seen->size - 8}};
    const assay_cancel_response found = {.found = true};
    switch (seen->kind) {
    case ASSAY_KIND_HELLO:
        return respond(fd, seen, 0, 0, ASSAY_MESSAGE_HELLO_RESPONSE, &hello);
    case ASSAY_KIND_PING:
        return respond(fd, seen, 0, 0, ASSAY_MESSAGE_PING_RESPONSE, &pong);
    case ASSAY_KIND_CANCEL:
        fake->cancels++;
        fake->cancelled = get_u64(seen->body + 8);
        return respond(fd, seen, 0, 0, ASSAY_MESSAGE_CANCEL_RESPONSE, &found);
    default:
        return answer_chunk(fd, seen, "one ") && answer_chunk(fd, seen, "two ") &&
               answer_last(fd, seen, "three");
    }
}

static void a_stream_is_put_together(void) {
    struct fake fake = {.answer = answer_well};
    assay_client *client = fake_start(&fake);
    assay_reply reply;
    CHECK_EQUAL(assay_generate(client, &small_request, NULL, &reply, NULL), ASSAY_OK);
    CHECK(reply.generate != NULL && strcmp(reply.generate->text.data, "one two three") == 0);
    CHECK(reply.answer != NULL && strcmp(reply.answer->model.data, "fake") == 0);
    CHECK_EQUAL(reply.answer->timing->total, 7);
    CHECK_EQUAL(reply.provenance, ASSAY_REAL);
    assay_client_free(client); /* a reply outlives its client */
    fake.client = NULL;
    CHECK(strcmp(reply.generate->finish_reason.data, "length") == 0);
    assay_reply_free(&reply);
    assay_reply_free(&reply);
    fake_stop(&fake, 1);
}

static bool first_only(void *context, const assay_chunk *chunk) {
    unsigned *seen = context;
    CHECK(strcmp(chunk->generate->text.data, "one ") == 0);
    ++*seen;
    return false;
}

/* Holds the answer to Generate back until the Cancel has arrived. */
static bool answer_after_cancel(struct fake *fake, int fd, const struct seen *seen) {
    if (seen->kind == ASSAY_KIND_GENERATE) {
        return answer_chunk(fd, seen, "one ");
    }
    (void)answer_well(fake, fd, seen);
    const struct seen cancelled = {.kind = ASSAY_KIND_GENERATE, .id = fake->cancelled};
    return seen->kind != ASSAY_KIND_CANCEL || answer_last(fd, &cancelled, "");
}

/* Gives up the answers to `count` Generates after the first chunk, with a Ping after each. */
static void give_up(struct fake *fake, unsigned count) {
    assay_client *client = fake_start(fake);
    unsigned seen = 0;
    for (unsigned i = 1; i <= count; i++) {
        CHECK_EQUAL(
            assay_generate_stream(client, &small_request, first_only, &seen, NULL, NULL, NULL),
            ASSAY_GIVEN_UP);
        CHECK_EQUAL(seen, i);
        CHECK_EQUAL(ping_with(client, "the place is free"), ASSAY_OK);
    }
    fake_stop(fake, 1);
    CHECK_EQUAL(fake->cancels, count);
}

static void giving_up_cancels_and_the_connection_lives_on(void) {
    struct fake fake = {.answer = answer_after_cancel};
    give_up(&fake, 1);
    CHECK_EQUAL(fake.cancelled, 2); /* 1 was Hello */
}

static void a_callback_that_stops_gives_its_place_back(void) {
    struct fake fake = {.answer = answer_after_cancel, .in_flight_max = 1};
    give_up(&fake, 5);
}

static void every_failed_allocation_is_an_error(void) {
    bool went_well = false;
    for (long at = 1; at < 200 && !went_well; at++) {
        struct fake fake = {.answer = answer_well, .counting = {.fails_at = at}};
        assay_client *client = fake_start(&fake);
        assay_reply reply = {.kind = 0};
        if (client != NULL) {
            assay_code code = assay_generate(client, &small_request, NULL, &reply, NULL);
            went_well = code == ASSAY_OK;
            CHECK(went_well || code == ASSAY_OUT_OF_MEMORY);
            CHECK(went_well == (reply.generate != NULL));
        }
        assay_reply_free(&reply);
        fake_stop(&fake, ANY);
    }
    CHECK(went_well);
}

/* Answers a Generate without end, until cancelled. */
static bool answer_without_end(struct fake *fake, int fd, const struct seen *seen) {
    char words[1000] = "";
    if (seen->kind != ASSAY_KIND_GENERATE) {
        return answer_after_cancel(fake, fd, seen);
    }
    memset(words, 'x', sizeof words - 1);
    for (int i = 0; i < 5; i++) {
        (void)answer_chunk(fd, seen, words);
    }
    return true;
}

static void a_whole_answer_has_a_limit(void) {
    assay_options options = assay_options_default();
    options.answer_size_max = 4096;
    struct fake fake = {.answer = answer_without_end, .options = &options};
    assay_client *client = fake_start(&fake);
    CHECK_EQUAL(assay_generate(client, &small_request, NULL, NULL, NULL), ASSAY_GIVEN_UP);
    CHECK_EQUAL(ping_with(client, ""), ASSAY_OK);
    fake_stop(&fake, 1);
    CHECK_EQUAL(fake.cancels, 1);
}

struct pinging {
    assay_client *client;
    unsigned number;
    bool fine;
};

/* Runs 12 threads. Each must set `fine`. */
static void ping_from_threads(assay_client *client, void *(*run)(void *pinging)) {
    pthread_t threads[12];
    struct pinging pinging[12];
    for (unsigned i = 0; i < 12; i++) {
        pinging[i] = (struct pinging){.client = client, .number = i};
        CHECK(pthread_create(&threads[i], NULL, run, &pinging[i]) == 0);
    }
    for (unsigned i = 0; i < 12; i++) {
        pthread_join(threads[i], NULL);
        CHECK(pinging[i].fine);
    }
}

static void *ping_many(void *context) {
    struct pinging *pinging = context;
    pinging->fine = true;
    for (unsigned i = 0; i < 300 && pinging->fine; i++) {
        uint32_t words[15000] = {pinging->number, i}; /* several exceed the socket's buffer */
        const size_t size = i % 10 == 4 ? sizeof words : 8;
        assay_ping_request request = {.payload = {(const uint8_t *)words, size}};
        assay_code code =
            i % 10 == 9 ? assay_generate(pinging->client, &small_request, NULL, NULL, NULL)
                        : assay_ping(pinging->client, &request, NULL, NULL, NULL);
        pinging->fine = code == ASSAY_OK;
    }
    return NULL;
}

/* More threads than places in flight (4): the threads take turns in reading and in waiting. */
static void many_threads_share_one_connection(void) {
    struct fake fake = {.answer = answer_well};
    ping_from_threads(fake_start(&fake), ping_many);
    fake_stop(&fake, 1);
}

/* Answers pings only when 12 pings have arrived, the last first. */
struct gathering {
    unsigned count;
    struct seen seen[12];
};

static bool answer_gathered(struct fake *fake, int fd, const struct seen *seen) {
    struct gathering *gathering = fake->context;
    if (seen->kind == ASSAY_KIND_HELLO) {
        return answer_well(fake, fd, seen);
    }
    gathering->seen[gathering->count++] = *seen;
    for (size_t i = 12; gathering->count == 12 && i > 0; i--) {
        (void)answer_well(fake, fd, &gathering->seen[i - 1]);
    }
    return true;
}

static void *ping_once(void *context) {
    struct pinging *pinging = context;
    assay_ping_request request = {.payload = {(const uint8_t *)&pinging->number, 4}};
    pinging->fine = assay_ping(pinging->client, &request, NULL, NULL, NULL) == ASSAY_OK;
    return NULL;
}

/* Requests made while the connection opens are sent as soon as it is open. */
static void callers_that_await_the_connection_are_all_sent(void) {
    static struct gathering gathering;
    for (int round = 0; round < 40; round++) {
        struct fake fake = {
            .answer = answer_gathered, .context = &gathering, .in_flight_max = 16};
        gathering.count = 0;
        ping_from_threads(fake_start(&fake), ping_once);
        fake_stop(&fake, 1);
    }
}

/* Answers Hello, and closes the client on any other request. */
static bool answer_with_close(struct fake *fake, int fd, const struct seen *seen) {
    if (seen->kind == ASSAY_KIND_HELLO) {
        return answer_well(fake, fd, seen);
    }
    assay_client_close(fake->client);
    return true;
}

static void closing_ends_calls_that_wait(void) {
    struct fake fake = {.answer = answer_with_close};
    assay_client *client = fake_start(&fake);
    CHECK_EQUAL(ping_with(client, "closed"), ASSAY_CONNECTION_CLOSED);
    CHECK_EQUAL(ping_with(client, "later"), ASSAY_CONNECTION_CLOSED);
    fake_stop(&fake, 1);
}

/* Answers the second and the fourth Unload, and every first frame of a Generate. Beside all else
 * the server finds the connection idle, and has not read the request. `context` counts requests. */
static bool answer_idle(struct fake *fake, int fd, const struct seen *seen) {
    int *count = fake->context;
    const struct seen leaving = {.kind = ASSAY_KIND_GO_AWAY};
    const assay_go_away idle = {.reason = {"idle", 4}};
    const assay_generate_chunk chunk = {.text = {"one ", 4}};
    struct buffer frames = {.allocator = &plain_allocator};
    if (seen->kind == ASSAY_KIND_HELLO) {
        return answer_well(fake, fd, seen);
    }
    ++*count;
    if (seen->kind == ASSAY_KIND_UNLOAD && (*count == 2 || *count == 4)) {
        const assay_unload_response response = {0};
        frame_put(&frames, seen, 0, 0, ASSAY_MESSAGE_UNLOAD_RESPONSE, &response);
        return send_frames(fd, &frames);
    }
    if (seen->kind == ASSAY_KIND_GENERATE) {
        frame_put(&frames, seen, ASSAY_FLAG_MORE, 0, ASSAY_MESSAGE_GENERATE_CHUNK, &chunk);
    }
    frame_put(&frames, &leaving, 0, 0, ASSAY_MESSAGE_GO_AWAY, &idle);
    (void)send_frames(fd, &frames);
    return false;
}

static void a_request_that_crosses_goaway_idle_is_sent_again(void) {
    assay_options options = assay_options_default();
    options.attempts = 1;
    int count = 0;
    struct fake fake = {.answer = answer_idle, .context = &count, .options = &options};
    assay_client *client = fake_start(&fake);
    const assay_unload_request unload = {.name = {"m", 1}};
    const assay_code expected[] = {ASSAY_OK, ASSAY_OK, ASSAY_CONNECTION_CLOSED};
    for (size_t i = 0; i < 3; i++) {
        assay_reply reply;
        CHECK_EQUAL(assay_unload(client, &unload, NULL, &reply, NULL), expected[i]);
        assay_reply_free(&reply);
    }
    fake_stop(&fake, 4);
    CHECK_EQUAL(count, 6);
}

static void goaway_idle_in_mid_answer_is_damage(void) {
    int count = 0;
    struct fake fake = {.answer = answer_idle, .context = &count};
    assay_reply reply;
    const assay_code code = assay_generate(fake_start(&fake), &small_request, NULL, &reply, NULL);
    CHECK_EQUAL(code, ASSAY_PROTOCOL_ERROR);
    assay_reply_free(&reply);
    fake_stop(&fake, 1);
}

/* Flags and provenance of a frame about the connection itself. */
struct mark {
    uint8_t kind, flags, provenance;
};

/* Answers Hello, and sends a GoAway before the answer to any other request. */
static bool answer_marked(struct fake *fake, int fd, const struct seen *seen) {
    const struct mark *mark = fake->context;
    const struct seen leaving = {.kind = ASSAY_KIND_GO_AWAY};
    const assay_hello_response hello = hello_of(fake);
    const assay_go_away go_away = {.reason = {"drain", 5}, .drain_milliseconds = 1000};
    const bool is_hello = seen->kind == ASSAY_KIND_HELLO;
    struct buffer frames = {.allocator = &plain_allocator};
    if (is_hello) {
        frame_put(&frames, seen, 0, 0, ASSAY_MESSAGE_HELLO_RESPONSE, &hello);
    } else {
        frame_put(&frames, &leaving, 0, 0, ASSAY_MESSAGE_GO_AWAY, &go_away);
    }
    if (frames.bytes[5] == (mark->kind | 0x80)) {
        frames.bytes[6] = mark->flags;
        frames.bytes[7] = mark->provenance;
    }
    return send_frames(fd, &frames) && (is_hello || answer_well(fake, fd, seen));
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
    for (size_t i = 0; i < 2 * sizeof marks / sizeof *marks; i++) {
        struct mark mark = marks[i / 2];
        assay_options options = assay_options_default();
        options.allow_mock = i % 2 == 1;
        struct fake fake = {.answer = answer_marked, .context = &mark, .options = &options};
        const assay_code code = ping_with(fake_start(&fake), "");
        CHECK_EQUAL(code, mark.kind == 0 ? ASSAY_OK : ASSAY_PROTOCOL_ERROR);
        fake_stop(&fake, ANY);
    }
}

/* Answers with frames that have some wrong bytes. */
static bool answer_damaged(struct fake *fake, int fd, const struct seen *seen) {
    if (seen->kind == ASSAY_KIND_HELLO || seen->kind == ASSAY_KIND_CANCEL) {
        return answer_well(fake, fd, seen);
    }
    const assay_generate_chunk chunk = {.text = {"one ", 4}};
    const assay_generate_response last = last_of("two");
    struct buffer frames = {.allocator = &plain_allocator};
    frame_put(&frames, seen, ASSAY_FLAG_MORE, 0, ASSAY_MESSAGE_GENERATE_CHUNK, &chunk);
    frame_put(&frames, seen, 0, 0, ASSAY_MESSAGE_GENERATE_RESPONSE, &last);
    for (uint64_t i = 0; i <= random_below(3); i++) {
        frames.bytes[random_below(frames.size)] = (uint8_t)random_next();
    }
    frames.size = random_below(8) == 0 ? (size_t)random_below(frames.size) : frames.size;
    (void)send_frames(fd, &frames);
    return random_below(2) == 0; /* closed at random, else the client has to time out */
}

static void a_hostile_server_breaks_nothing(void) {
    assay_options options = assay_options_default();
    options.answer_milliseconds = 20;
    options.attempts = 1;
    for (int round = 0; round < 150; round++) {
        struct fake fake = {.answer = answer_damaged, .options = &options};
        assay_reply reply;
        (void)assay_generate(fake_start(&fake), &small_request, NULL, &reply, NULL);
        assay_reply_free(&reply);
        fake_stop(&fake, ANY);
        CHECK(fake.counting.largest < (32u << 20));
    }
}

#include "answers.h"
#include "attempts.h"
#include "ends.h"
#include "words.h"

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
        TEST(a_request_that_crosses_goaway_idle_is_sent_again),
        TEST(goaway_idle_in_mid_answer_is_damage),
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
        TEST(a_hostile_server_breaks_nothing), TEST(short_calls_are_checked),
        TEST(a_token_comes_from_a_file),
        TEST(vectors_stay_inside_their_answer), TEST(errors_have_numbers_of_the_system)};
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
