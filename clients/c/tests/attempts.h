/*
 * Tests of the attempt's number in the request, and of the server's load in a refusal. Guarantees:
 * the server is told the attempt when its revision has the field, and the caller's own context
 * stays. Included by test_assay.c. Not here: the rules for trying again (the conformance kit).
 */
#ifndef TESTS_ATTEMPTS_H
#define TESTS_ATTEMPTS_H

/* A server that refuses the first `refusals` Generates, and keeps the context of each request. */
struct refusing {
    unsigned refusals, seen;
    bool has_context[4];
    assay_opt_u64 attempts[4], priorities[4];
};

static const assay_server_load busy = {
    .queued = 3, .running = 2, .wait_microseconds = 9, .cache_pages_used = 5, .cache_pages = 8};

static void keep_context(struct refusing *refusing, const struct seen *seen) {
    struct arena arena = {.allocator = &plain_allocator};
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
    const assay_error_body words = {
        .code = {"queue_full", 10}, .message = {"later", 5}, .server_load = &busy};
    if (seen->kind == ASSAY_KIND_GENERATE) {
        keep_context(refusing, seen);
    }
    if (seen->kind != ASSAY_KIND_GENERATE || refusing->seen > refusing->refusals) {
        return answer_well(fake, fd, seen);
    }
    return respond(
        fd, seen, 0, ASSAY_STATUS_RESOURCE_EXHAUSTED, ASSAY_MESSAGE_ERROR_BODY, &words);
}

/* Asks a server of a revision, which answers `expected`. */
static void check_attempts(
    struct refusing *refusing, uint64_t revision, const assay_request_context *context,
    assay_code expected, assay_error *error) {
    struct fake fake = {.answer = answer_refusing, .context = refusing, .revision = revision};
    assay_generate_request request = small_request;
    request.context = context;
    assay_client *client = fake_start(&fake);
    CHECK_EQUAL(assay_generate(client, &request, NULL, NULL, error), expected);
    fake_stop(&fake, 1);
    CHECK_EQUAL(refusing->seen, refusing->refusals + (expected == ASSAY_OK));
}

static const assay_request_context own_context = {.priority = ASSAY_GIVEN(7)};

static void the_second_attempt_says_so(void) {
    struct refusing plain = {.refusals = 2}, with_own = plain, older = plain;
    check_attempts(&plain, 3, NULL, ASSAY_OK, NULL);
    CHECK(!plain.has_context[0]);
    check_attempts(&with_own, 3, &own_context, ASSAY_OK, NULL);
    CHECK(with_own.has_context[0] && !with_own.attempts[0].given);
    for (uint64_t i = 1; i < 3; i++) {
        CHECK_EQUAL(plain.attempts[i].value, i + 1);
        CHECK(!plain.priorities[i].given);
        CHECK_EQUAL(with_own.attempts[i].value, i + 1);
        CHECK_EQUAL(with_own.priorities[i].value, 7);
    }
    check_attempts(&older, 2, NULL, ASSAY_OK, NULL);
    CHECK(!older.has_context[1] && !older.has_context[2]);
}

static void a_context_needs_revision_3(void) {
    struct refusing refusing = {.refusals = 0};
    check_attempts(&refusing, 2, &own_context, ASSAY_REVISION_TOO_LOW, NULL);
}

static void a_refusal_says_how_busy_the_server_is(void) {
    struct refusing refusing = {.refusals = 3};
    assay_error error;
    check_attempts(&refusing, 3, NULL, ASSAY_SERVER_REFUSED, &error);
    CHECK_EQUAL(error.status, ASSAY_STATUS_RESOURCE_EXHAUSTED);
    CHECK(strcmp(error.server_code, "queue_full") == 0 && error.has_server_load);
    CHECK(memcmp(&error.server_load, &busy, sizeof busy) == 0);
}

#endif
