/*
 * Tests without a server: text, blocks, addresses, options, headers and bodies, valid and damaged,
 * and requests that are refused before sending. Included by test_assay.c.
 */
#ifndef TESTS_BYTES_H
#define TESTS_BYTES_H

/* ---------------------------------------------------------------- bytes */

/* Copies bytes to the heap without room behind, for the address sanitizer. */
static uint8_t *exact_copy(const void *bytes, size_t size) {
    uint8_t *copy = malloc(size);
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    return copy;
}

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
        uint8_t *bytes = exact_copy(cases[i].bytes, strlen(cases[i].bytes));
        bool found = is_utf8(bytes, strlen(cases[i].bytes));
        free(bytes);
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
        size_t cut = 1 + random_below(size);
        uint8_t *broken = exact_copy(block, cut);
        for (uint64_t i = 0; i <= random_below(3); i++) {
            broken[random_below(cut)] = (uint8_t)random_next();
        }
        (void)block_decode(broken, cut, out, sizeof out);
        free(broken);
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
    const char *fine[] = {"tcp://h:1", "tcp://[::1]:65535", "unix:///a", longest, "h:1", "[::1]:1",
                          "/a"};
    const char *wrong[] = {
        "", "h", "a/b:1", "http://h:1", "tcp://h", "tcp://h:", "tcp://h:0", "tcp://h:65536",
        "tcp://:1", "tcp://h:1x", "tcp://::1:1", "tcp://h:99999999999999999999", "unix://a",
        "unix:a", too_long};
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

/* Tries each option just within its range, and just beyond it. The error must name the option. */
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
    static const uint8_t good[40] = {36, 0, 0, 0, 1, 0x82, 0, 1, 1, [20] = 8};
    uint8_t bytes[40];
    assay_error error;
    for (size_t have = 0; have <= sizeof good; have++) {
        CHECK(check_header(good, have, 4096, true, &error));
    }
    static const struct {
        size_t at, from; /* offset of the wrong byte, bytes needed to see it */
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
    memcpy(bytes, good, sizeof bytes); /* a block nobody agreed on is refused before its sizes */
    bytes[6] = ASSAY_FLAG_COMPRESSED;
    CHECK(check_header(bytes, HEADER_SIZE - 1, 4096, false, &error));
    CHECK(!check_header(bytes, HEADER_SIZE, 4096, false, &error));
    CHECK(strstr(error.message, "compression_not_agreed") != NULL);
}

/* ---------------------------------------------------------------- bodies */

static void check_round_trip(unsigned message, const uint8_t *body, size_t size) {
    struct arena arena = {.allocator = &plain_allocator};
    struct buffer again = {.allocator = &plain_allocator};
    struct codec codec = {.buffer = &again};
    assay_error error;
    void *object = decode_body(&arena, message, body, size, &error);
    CHECK(object != NULL);
    if (object != NULL) {
        CHECK(put_record(&codec, message, object));
        CHECK_EQUAL(again.size, size);
        CHECK(size == 0 || memcmp(again.bytes, body, size) == 0);
    }
    for (size_t cut = 1; cut < size && cut < 64; cut++) { /* mostly refused */
        uint8_t *part = exact_copy(body, size - cut);
        arena_free(&arena);
        (void)decode_body(&arena, message, part, size - cut, &error);
        free(part);
    }
    buffer_free(&again);
    arena_free(&arena);
}

static void bodies_survive_the_round_trip(void) {
    with_random_bodies(check_round_trip);
}

static void check_damage(unsigned message, const uint8_t *body, size_t size) {
    assay_error error;
    for (int round = 0; round < 100 && size > 0; round++) {
        struct arena arena = {.allocator = &plain_allocator};
        uint8_t *broken = exact_copy(body, size);
        for (uint64_t i = 0; i <= random_below(4); i++) {
            uint8_t *byte = &broken[random_below(size)];
            *byte = random_below(2) == 0 ? (uint8_t)random_next() : (uint8_t)(*byte ^ 1);
        }
        if (decode_body(&arena, message, broken, size, &error) == NULL) {
            CHECK_EQUAL(error.code, ASSAY_PROTOCOL_ERROR);
        }
        arena_free(&arena);
        free(broken);
    }
}

static void damaged_bodies_are_refused_or_read(void) {
    with_random_bodies(check_damage);
}

static void a_lie_about_a_size_allocates_nothing(void) {
    struct counting counting = {.lock = PTHREAD_MUTEX_INITIALIZER};
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

/* A request that must be refused because of `field`, or of no field. */
struct refusal {
    uint8_t kind;
    const void *request;
    const char *field;
};

static void check_refusals(const struct refusal *rows, size_t count) {
    assay_client *client = client_for("unix:///nobody/there", NULL);
    for (size_t i = 0; i < count; i++) {
        assay_error error;
        assay_code code = assay_call(client, rows[i].kind, rows[i].request, NULL, NULL, &error);
        CHECK_EQUAL(code, ASSAY_REQUEST_INVALID);
        if (strcmp(error.field, rows[i].field) != 0) {
            fprintf(stderr, "%s: found \"%s\": %s\n", rows[i].field, error.field, error.message);
        }
        CHECK(strcmp(error.field, rows[i].field) == 0);
    }
    assay_client_free(client);
}

static void requests_are_checked_before_they_are_sent(void) {
    const assay_generate_request none = {
        .prompt = assay_text_of("x"), .max_tokens = ASSAY_GIVEN(0)};
    const assay_input input = {.text = {"\xFF", 1}};
    const assay_embed_request embed = {.inputs = {&input, 1}};
    const struct refusal rows[] = {
        {ASSAY_KIND_GENERATE, &none, "max_tokens"}, {ASSAY_KIND_EMBED, &embed, "inputs.text"},
        {ASSAY_KIND_CANCEL, &none, ""}, {ASSAY_KIND_PING, NULL, ""}};
    check_refusals(rows, sizeof rows / sizeof *rows);
}

static void fields_that_exclude_each_other_are_refused(void) {
    const assay_text text = {"x", 1};
    const assay_u32s ids = {some_tokens, 1};
    const assay_chat_message turn = {.role = {"user", 4}, .content = text};
    const struct assay_chat_message_list turns = {&turn, 1};
    const assay_input both = {.text = text, .tokens = ids}, neither = {.text = {NULL, 0}};
    const struct refusal rows[] = {
        {ASSAY_KIND_GENERATE, &(assay_generate_request){.stop = {0}}, "prompt"},
        {ASSAY_KIND_GENERATE, &(assay_generate_request){.prompt = text, .tokens = ids}, "tokens"},
        {ASSAY_KIND_LOGITS, &(assay_logits_request){.prompt = text, .messages = turns},
         "messages"},
        {ASSAY_KIND_GENERATE,
         &(assay_generate_request){.messages = turns, .add_special = ASSAY_GIVEN(true)},
         "add_special"},
        {ASSAY_KIND_EMBED, &(assay_embed_request){.inputs = {&both, 1}}, "inputs.tokens"},
        {ASSAY_KIND_SCORE, &(assay_score_request){.prompt = text, .continuations = {&neither, 1}},
         "continuations.text"}};
    check_refusals(rows, sizeof rows / sizeof *rows);
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
    assay_client *client = client_for("unix:///nobody/there", NULL);
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

#endif
