/*
 * Tests of the client from inside (assay.c is included, so that its sections can be tested one by
 * one) and against a fake server. Hostile bytes, failing allocators, many threads.
 *
 *   test_assay            all of them; the seed is printed, ASSAY_SEED repeats it
 */
#include "../assay.c"

#include "check.h"
#include "random_bodies.h"

/* ---------------------------------------------------------------- an allocator that counts */

struct counting {
    pthread_mutex_t lock;
    long outstanding, made, fails_at; /* 0: never */
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

/* ---------------------------------------------------------------- bytes */

static void utf8_is_strict(void) {
    static const struct {
        const char *bytes;
        bool fine;
    } cases[] = {
        {"", true}, {"h\xC3\xA9", true}, {"\xF0\x9F\x98\x80", true}, {"\xEF\xBF\xBF", true},
        {"\xF4\x8F\xBF\xBF", true}, {"\x80", false}, {"\xC3", false}, {"\xC0\xAF", false},
        {"\xC1\xBF", false}, {"\xE0\x9F\xBF", false}, {"\xED\xA0\x80", false},
        {"\xF0\x8F\xBF\xBF", false}, {"\xF4\x90\x80\x80", false}, {"\xF5\x80\x80\x80", false},
        {"\xFF", false}, {"a\xE2\x82", false}, {"\xE2\x28\xA1", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool found = is_utf8((const uint8_t *)cases[i].bytes, strlen(cases[i].bytes));
        if (found != cases[i].fine) {
            fprintf(stderr, "UTF-8 case %zu\n", i);
        }
        CHECK_EQUAL(found, cases[i].fine);
    }
}

static void blocks_are_exact(void) {
    uint8_t good[] = {0x35, 'a', 'b', 'c', 3, 0, 0x50, '1', '2', '3', '4', '5'}, out[32];
    CHECK(block_decode(good, sizeof good, out, 17));
    CHECK(memcmp(out, "abcabcabcabc12345", 17) == 0);
    CHECK(!block_decode(good, sizeof good, out, 16));
    CHECK(!block_decode(good, sizeof good, out, 18));
    for (size_t size = 0; size < sizeof good; size++) {
        CHECK(!block_decode(good, size, out, 17));
    }
    good[4] = 0; /* a match that points at itself */
    CHECK(!block_decode(good, sizeof good, out, 17));
    good[4] = 4; /* from before the start */
    CHECK(!block_decode(good, sizeof good, out, 17));
}

static void damaged_blocks_stay_inside(void) {
    uint8_t bytes[3000], block[3000], out[3000];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i / 7 % 11);
    }
    size_t size = block_encode(bytes, sizeof bytes, block);
    CHECK(size > 0 && block_decode(block, size, out, sizeof bytes));
    CHECK(memcmp(bytes, out, sizeof bytes) == 0);
    for (int round = 0; round < 20000; round++) {
        uint8_t broken[3000];
        size_t cut = 1 + random_below(size);
        memcpy(broken, block, size);
        for (uint64_t i = 0; i <= random_below(3); i++) {
            broken[random_below(size)] = (uint8_t)random_next();
        }
        (void)block_decode(broken, cut, out, sizeof out);
    }
}

static void noise_is_not_compressed(void) {
    static uint8_t bytes[20000], block[20000];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)random_next();
    }
    CHECK_EQUAL(block_encode(bytes, 2000, block), 0);
    CHECK_EQUAL(block_encode(bytes, sizeof bytes, block), 0);
    CHECK_EQUAL(block_encode(bytes, 1023, block), 0);
}

/* ---------------------------------------------------------------- addresses */

static void addresses_are_parsed(void) {
    char longest[200] = "unix:///", too_long[200] = "unix:///";
    memset(longest + 8, 'x', 106);
    memset(too_long + 8, 'x', 107);
    const char *fine[] = {"tcp://h:1", "tcp://[::1]:65535", "unix:///a", longest};
    const char *wrong[] = {
        "", "h:1", "http://h:1", "tcp://h", "tcp://h:", "tcp://h:0", "tcp://h:65536", "tcp://:1",
        "tcp://h:1x", "tcp://::1:1", "tcp://h:99999999999999999999", "unix://a", "unix:a",
        too_long};
    struct address address;
    assay_error error;
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        CHECK(parse_address(fine[i], &address, &error));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(!parse_address(wrong[i], &address, &error));
        CHECK_EQUAL(error.code, ASSAY_ADDRESS_INVALID);
    }
    assay_client *client;
    CHECK_EQUAL(assay_client_new(NULL, NULL, &client, &error), ASSAY_ADDRESS_INVALID);
    CHECK(client == NULL && strstr(error.message, "allowed") != NULL);
}

/* Each option just within its range, and just beyond it, which names the option. */
static void options_are_checked(void) {
    char too_long[130];
    memset(too_long, 'x', 129);
    too_long[129] = 0;
    const char *names[] = {"", NULL, too_long, "\xFF"};
    assay_client *client;
    assay_error error;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assay_options options = assay_options_default();
        options.name = names[i];
        CHECK_EQUAL(
            assay_client_new("tcp://h:1", &options, &client, &error), ASSAY_REQUEST_INVALID);
        CHECK(strcmp(error.field, "name") == 0 && client == NULL);
    }
    for (size_t i = 0; i < assay_option_count; i++) {
        const assay_field_info *field = &assay_option_fields[i];
        const uint64_t values[] = {field->min, field->max, field->min - 1, field->max + 1};
        for (size_t at = 0; at < 4 && field->type == ASSAY_TYPE_U64; at++) {
            assay_options options = assay_options_default();
            memcpy((uint8_t *)&options + field->offset, &values[at], sizeof values[at]);
            bool is_fine = values[at] >= field->min && values[at] <= field->max;
            assay_code code = assay_client_new("tcp://h:1", &options, &client, &error);
            CHECK_EQUAL(code, is_fine ? ASSAY_OK : ASSAY_REQUEST_INVALID);
            CHECK(is_fine || strcmp(error.field, field->name) == 0);
            assay_client_free(client);
        }
    }
}

/* ---------------------------------------------------------------- headers */

static void headers_are_refused_as_early_as_can_be(void) {
    struct seen seen = {.kind = 2, .id = 1};
    uint8_t good[40], bytes[40];
    assay_error error;
    CHECK_EQUAL(response_put(good, &seen, 0, 0, (const uint8_t *)"12345678", 8), 40);
    for (size_t have = 0; have <= sizeof good; have++) {
        CHECK(check_header(good, have, 4096, true, &error));
    }
    static const struct {
        size_t at, from; /* byte that is wrong, bytes that must be there to see it */
        uint8_t value;
        const char *code;
    } cases[] = {
        {0, 4, 27, "length_too_small"}, {3, 4, 1, "length_too_large"},
        {4, 5, 2, "version_unsupported"}, {28, 32, 1, "reserved_not_zero"},
        {5, 32, 2, "kind_out_of_range"}, {5, 32, 0x80, "kind_out_of_range"},
        {6, 32, 8, "flags_unknown"}, {7, 32, 0, "provenance_invalid"},
        {7, 32, 3, "provenance_invalid"}, {8, 32, 0, "request_id_invalid"},
        {5, 32, 0xF0, "request_id_invalid"}, {20, 32, 9, "raw_size_mismatch"},
        {22, 32, 1, "raw_size_too_large"}, {6, 32, 1, "compression_not_useful"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(bytes, good, sizeof bytes);
        bytes[cases[i].at] = cases[i].value;
        CHECK(check_header(bytes, cases[i].from - 1, 4096, true, &error));
        CHECK(!check_header(bytes, cases[i].from, 4096, true, &error));
        CHECK_EQUAL(error.code, ASSAY_PROTOCOL_ERROR);
        CHECK(strstr(error.message, cases[i].code) != NULL);
    }
}

/* ---------------------------------------------------------------- bodies */

static void check_round_trip(unsigned message, const uint8_t *body, size_t size) {
    assay_allocator allocator = {default_resize, NULL};
    struct arena arena = {.allocator = &allocator};
    struct buffer again = {.allocator = &allocator};
    struct encoder encoder = {.buffer = &again};
    assay_error error;
    void *object = decode_body(&arena, message, body, size, &error);
    CHECK(object != NULL);
    if (object != NULL) {
        CHECK(put_record(&encoder, message, object));
        CHECK_EQUAL(buffer_size(&again), size);
        CHECK(size == 0 || memcmp(buffer_bytes(&again), body, size) == 0);
    }
    for (size_t cut = 1; cut < size && cut < 64; cut++) { /* no cut but between fields is a body */
        arena_free(&arena);
        (void)decode_body(&arena, message, body, size - cut, &error);
    }
    buffer_free(&again);
    arena_free(&arena);
}

static void bodies_survive_the_round_trip(void) {
    with_random_bodies(check_round_trip);
}

static void check_damage(unsigned message, const uint8_t *body, size_t size) {
    assay_allocator allocator = {default_resize, NULL};
    uint8_t *broken = malloc(size + 1); /* of its exact size, for the address sanitizer */
    assay_error error;
    for (int round = 0; round < 100 && size > 0 && broken != NULL; round++) {
        struct arena arena = {.allocator = &allocator};
        memcpy(broken, body, size);
        for (uint64_t i = 0; i <= random_below(4); i++) {
            uint8_t *byte = &broken[random_below(size)];
            *byte = random_below(2) == 0 ? (uint8_t)random_next() : (uint8_t)(*byte ^ 1);
        }
        if (decode_body(&arena, message, broken, size, &error) == NULL) {
            CHECK_EQUAL(error.code, ASSAY_PROTOCOL_ERROR);
        }
        arena_free(&arena);
    }
    free(broken);
}

static void damaged_bodies_are_refused_or_read(void) {
    with_random_bodies(check_damage);
}

static void a_lie_about_a_size_allocates_nothing(void) {
    struct counting counting = COUNTING;
    assay_allocator allocator = {counting_resize, &counting};
    struct arena arena = {.allocator = &allocator};
    uint8_t body[16] = {1, 0, 3, 0, 0xFF, 0xFF, 0xFF, 0x7F};
    assay_error error;
    CHECK(decode_body(&arena, ASSAY_MESSAGE_PING_RESPONSE, body, sizeof body, &error) == NULL);
    CHECK(strstr(error.message, "body_truncated") != NULL);
    CHECK(counting.largest < 8192);
    arena_free(&arena);
    CHECK_EQUAL(counting.outstanding, 0);
}

static void requests_are_checked_before_they_are_sent(void) {
    assay_client *client;
    assay_error error;
    CHECK_EQUAL(assay_client_new("unix:///nobody/there", NULL, &client, &error), ASSAY_OK);
    assay_generate_request request = {.prompt = assay_text_of("x"), .max_tokens = ASSAY_GIVEN(0)};
    CHECK_EQUAL(assay_generate(client, &request, NULL, NULL, &error), ASSAY_REQUEST_INVALID);
    CHECK(strcmp(error.field, "max_tokens") == 0);
    assay_input inputs[1] = {{.text = {"\xFF", 1}}};
    assay_embed_request embed = {.inputs = {inputs, 1}};
    CHECK_EQUAL(assay_embed(client, &embed, NULL, NULL, &error), ASSAY_REQUEST_INVALID);
    CHECK(strcmp(error.field, "inputs.text") == 0);
    CHECK_EQUAL(assay_call(client, ASSAY_KIND_CANCEL, &request, NULL, NULL, &error),
                ASSAY_REQUEST_INVALID);
    CHECK_EQUAL(assay_ping(client, NULL, NULL, NULL, &error), ASSAY_REQUEST_INVALID);
    assay_client_free(client);
}

/* Makes a call that must be refused because of this field. */
static void check_refused(
    assay_client *client, uint8_t kind, const void *request, const char *field) {
    assay_error error;
    CHECK_EQUAL(assay_call(client, kind, request, NULL, NULL, &error), ASSAY_REQUEST_INVALID);
    if (strcmp(error.field, field) != 0) {
        fprintf(stderr, "%s: found \"%s\": %s\n", field, error.field, error.message);
    }
    CHECK(strcmp(error.field, field) == 0);
}

static void fields_that_exclude_each_other_are_refused(void) {
    static const uint32_t tokens[] = {1};
    const assay_text text = {"x", 1};
    const assay_u32s ids = {tokens, 1};
    const assay_chat_message turn = {.role = {"user", 4}, .content = text};
    const struct assay_chat_message_list turns = {&turn, 1};
    const assay_input both = {.text = text, .tokens = ids}, neither = {.text = {NULL, 0}};
    assay_client *client;
    CHECK_EQUAL(assay_client_new("unix:///nobody/there", NULL, &client, NULL), ASSAY_OK);
    check_refused(client, ASSAY_KIND_GENERATE, &(assay_generate_request){.stop = {0}}, "prompt");
    check_refused(
        client, ASSAY_KIND_GENERATE, &(assay_generate_request){.prompt = text, .tokens = ids},
        "tokens");
    check_refused(
        client, ASSAY_KIND_LOGITS, &(assay_logits_request){.prompt = text, .messages = turns},
        "messages");
    check_refused(
        client, ASSAY_KIND_GENERATE,
        &(assay_generate_request){.messages = turns, .add_special = ASSAY_GIVEN(true)},
        "add_special");
    check_refused(
        client, ASSAY_KIND_EMBED, &(assay_embed_request){.inputs = {&both, 1}}, "inputs.tokens");
    check_refused(
        client, ASSAY_KIND_SCORE,
        &(assay_score_request){.prompt = text, .continuations = {&neither, 1}},
        "continuations.text");
    assay_client_free(client);
}

static void trace_contexts_are_checked(void) {
    static const struct {
        const char *text;
        bool is_fine;
    } cases[] = {
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true},
        {"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01", false},
        {"00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
        {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false}};
    assay_client *client;
    CHECK_EQUAL(assay_client_new("unix:///nobody/there", NULL, &client, NULL), ASSAY_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const assay_request_context context = {.trace_context = assay_text_of(cases[i].text)};
        const assay_health_request request = {.context = &context};
        assay_error error;
        assay_code code = assay_health(client, &request, NULL, NULL, &error);
        CHECK_EQUAL(code, cases[i].is_fine ? ASSAY_UNREACHABLE : ASSAY_REQUEST_INVALID);
        CHECK(cases[i].is_fine || strcmp(error.field, "context.trace_context") == 0);
    }
    assay_client_free(client);
}

/* ---------------------------------------------------------------- against a fake server */

/* Hello, Ping, and for Generate two chunks and the end; remembers Cancel. */
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

/* Holds the answer to Generate back until the Cancel has come. */
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

/* A Generate without end, until it is cancelled. */
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
        uint32_t words[2] = {pinging->number, i};
        assay_ping_request request = {.payload = {(const uint8_t *)words, sizeof words}};
        assay_generate_request generate = small_request;
        assay_error error;
        assay_code code = i % 10 == 9
                              ? assay_generate(pinging->client, &generate, NULL, NULL, &error)
                              : assay_ping(pinging->client, &request, NULL, NULL, &error);
        pinging->fine = code == ASSAY_OK;
    }
    return NULL;
}

/* More threads than places in flight (4): they take turns in reading and in waiting. */
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

/* Answers pings only when `wanted` of them have come, the last first. */
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

/* Whoever comes while the connection is made is sent as soon as it is there. */
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

/* A server that accepts nobody: its queue takes a few, the others wait to connect. */
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
        CHECK_EQUAL(assay_models(clients[i], NULL, NULL, &error), ASSAY_TIMED_OUT);
    }
    for (int i = 0; i < 4; i++) {
        assay_client_free(clients[i]);
    }
    close(listener);
    unlink(name.sun_path);
}

/* Answers with frames of which some bytes are wrong. */
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
    return random_below(2) == 0; /* closed, or the client has to time out */
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
        TEST(connecting_has_a_limit), TEST(frames_and_tokens_are_counted),
        TEST(rows_and_inputs_are_counted), TEST(a_child_makes_connections_of_its_own),
        TEST(a_child_does_not_need_the_parents_lock),
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
