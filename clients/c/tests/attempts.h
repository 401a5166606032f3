/*
 * Tests of the attempt's number in the request, and of the server's load in a refusal. Guarantees:
 * the server is told the attempt when its revision has the field, and the caller's own context
 * stays. Included by test_assay.c. Not here: the rules for trying again (the conformance kit).
 */
#ifndef TESTS_ATTEMPTS_H
#define TESTS_ATTEMPTS_H

/* A server that refuses the first `refusals` Generates, and keeps the context of each request. */
struct refusing {
    uint64_t revision;
    unsigned refusals, seen;
    bool has_context[4];
    assay_opt_u64 attempts[4], priorities[4];
};

static const assay_server_load busy = {
    .queued = 3, .running = 2, .wait_microseconds = 9, .cache_pages_used = 5, .cache_pages = 8};

static void keep_context(struct refusing *refusing, const struct seen *seen) {
    assay_allocator allocator = {default_resize, NULL};
    struct arena arena = {.allocator = &allocator};
    assay_error error;
    const assay_generate_request *request = decode_body(
        &arena, ASSAY_MESSAGE_GENERATE_REQUEST, seen->body, seen->size, &error);
    CHECK(request != NULL && refusing->seen < 4);
    if (request != NULL && request->context != NULL) {
        refusing->has_context[refusing->seen] = true;
        refusing->attempts[refusing->seen] = request->context->attempt;
        refusing->priorities[refusing->seen] = request->context->priority;
    }
    refusing->seen++;
    arena_free(&arena);
}

static bool answer_refusing(struct fake *fake, int fd, const struct seen *seen) {
    struct refusing *refusing = fake->context;
    assay_allocator allocator = {default_resize, NULL};
    uint8_t body[512];
    if (seen->kind == ASSAY_KIND_HELLO) {
        respond(fd, seen, 0, 0, body, hello_body_of(body, refusing->revision, 4));
        return true;
    }
    keep_context(refusing, seen);
    if (refusing->seen > refusing->refusals) {
        return answer_well(fake, fd, seen);
    }
    struct buffer bytes = {.allocator = &allocator};
    struct codec codec = {.buffer = &bytes};
    const assay_error_body words = {
        .code = {"queue_full", 10}, .message = {"later", 5}, .server_load = &busy};
    CHECK(put_record(&codec, ASSAY_MESSAGE_ERROR_BODY, &words));
    respond(
        fd, seen, 0, ASSAY_STATUS_RESOURCE_EXHAUSTED, bytes.bytes, bytes.size);
    buffer_free(&bytes);
    return true;
}

static void check_attempts(struct refusing *refusing, const assay_request_context *context) {
    struct fake fake;
    struct counting counting = COUNTING;
    assay_generate_request request = small_request;
    assay_error error;
    request.context = context;
    fake_start(&fake, answer_refusing, refusing);
    assay_client *client = client_for(fake.url, &counting);
    CHECK_EQUAL(assay_generate(client, &request, NULL, NULL, &error), ASSAY_OK);
    assay_client_free(client);
    fake_stop(&fake);
    CHECK_EQUAL(refusing->seen, refusing->refusals + 1);
    CHECK_EQUAL(counting.outstanding, 0);
}

static void the_second_attempt_says_so(void) {
    const assay_request_context own = {.priority = ASSAY_GIVEN(7)};
    struct refusing plain = {.revision = 3, .refusals = 2}, with_own = plain, older = plain;
    check_attempts(&plain, NULL);
    CHECK(!plain.has_context[0]);
    check_attempts(&with_own, &own);
    CHECK(with_own.has_context[0] && !with_own.attempts[0].given);
    for (uint64_t i = 1; i < 3; i++) {
        CHECK_EQUAL(plain.attempts[i].value, i + 1);
        CHECK(!plain.priorities[i].given);
        CHECK_EQUAL(with_own.attempts[i].value, i + 1);
        CHECK_EQUAL(with_own.priorities[i].value, 7);
    }
    older.revision = 2;
    check_attempts(&older, NULL);
    CHECK(!older.has_context[1] && !older.has_context[2]);
}

static void a_context_needs_revision_3(void) {
    const assay_request_context own = {.priority = ASSAY_GIVEN(7)};
    struct refusing refusing = {.revision = 2};
    struct fake fake;
    struct counting counting = COUNTING;
    assay_generate_request request = small_request;
    assay_error error;
    request.context = &own;
    fake_start(&fake, answer_refusing, &refusing);
    assay_client *client = client_for(fake.url, &counting);
    CHECK_EQUAL(assay_generate(client, &request, NULL, NULL, &error), ASSAY_REVISION_TOO_LOW);
    CHECK_EQUAL(refusing.seen, 0);
    assay_client_free(client);
    fake_stop(&fake);
}

static void a_refusal_says_how_busy_the_server_is(void) {
    struct refusing refusing = {.revision = 3, .refusals = 3};
    struct fake fake;
    struct counting counting = COUNTING;
    assay_error error;
    fake_start(&fake, answer_refusing, &refusing);
    assay_client *client = client_for(fake.url, &counting);
    assay_code code = assay_generate(client, &small_request, NULL, NULL, &error);
    CHECK_EQUAL(code, ASSAY_SERVER_REFUSED);
    CHECK_EQUAL(error.status, ASSAY_STATUS_RESOURCE_EXHAUSTED);
    CHECK(strcmp(error.server_code, "queue_full") == 0 && error.has_server_load);
    CHECK(memcmp(&error.server_load, &busy, sizeof busy) == 0);
    assay_client_free(client);
    fake_stop(&fake);
}

#endif
