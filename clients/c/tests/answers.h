/*
 * Tests of answers with frames or rows that are missing, doubled or out of order. Guarantees: each
 * is refused as a breach of the protocol, no part is handed out, and the connection is not used
 * again. Included by test_assay.c. Not here: damage within one frame.
 */
#ifndef TESTS_ANSWERS_H
#define TESTS_ANSWERS_H

/* One frame of a scripted answer. */
struct part {
    unsigned message;
    const void *object; /* NULL after the end of the answer */
    bool more;
};

/* The answer to the first request after Hello. Later requests are answered well. */
struct script {
    const struct part *parts;
    _Atomic bool is_played;
};

static bool answer_script(struct fake *fake, int fd, const struct seen *seen) {
    struct script *script = fake->context;
    if (seen->kind == ASSAY_KIND_HELLO || seen->kind == ASSAY_KIND_CANCEL || script->is_played) {
        return answer_well(fake, fd, seen);
    }
    script->is_played = true;
    for (const struct part *part = script->parts; part->object != NULL; part++) {
        const uint8_t flags = part->more ? ASSAY_FLAG_MORE : 0;
        (void)respond(fd, seen, flags, 0, part->message, part->object);
    }
    return true;
}

static const float some_values[] = {0.5f, 1, 1.5f, 2, 2.5f, 3};

static void check_script(
    uint8_t kind, const void *request, const struct part *parts, bool is_fine, const char *name) {
    struct script script = {.parts = parts};
    struct fake fake = {.answer = answer_script, .context = &script};
    const assay_code expected = is_fine ? ASSAY_OK : ASSAY_PROTOCOL_ERROR;
    assay_reply reply;
    assay_error error;
    assay_client *client = fake_start(&fake);
    assay_code code = assay_call(client, kind, request, NULL, &reply, &error);
    if (code != expected) {
        fprintf(stderr, "%s: %s: %s\n", name, assay_code_name(code), error.message);
    }
    CHECK_EQUAL(code, expected);
    CHECK((reply.message != NULL) == is_fine);
    assay_reply_free(&reply);
    CHECK_EQUAL(ping_with(client, ""), ASSAY_OK);
    fake_stop(&fake, is_fine ? 1 : 2);
}

/* Checks an answer of one frame. */
static void check_answer(
    uint8_t kind, const void *request, const void *answer, bool is_fine, const char *name) {
    const struct part parts[] = {{assay_kind_of(kind)->response, answer, false}, {0}};
    check_script(kind, request, parts, is_fine, name);
}

/* A chunk of Generate, numbered `at`, or not numbered with -1. */
#define CHUNK(many, at)                                                                           \
    {ASSAY_MESSAGE_GENERATE_CHUNK,                                                                \
     &(assay_generate_chunk){                                                                     \
         .tokens = {some_tokens, many}, .frame = {(uint64_t)(at), (at) >= 0}},                    \
     true}
#define LAST(many, counted, at, reason)                                                           \
    {ASSAY_MESSAGE_GENERATE_RESPONSE,                                                             \
     &(assay_generate_response){                                                                  \
         .tokens = {some_tokens, many}, .finish_reason = {reason, sizeof reason - 1},             \
         .prompt_tokens = 3, .completion_tokens = counted,                                        \
         .frame = {(uint64_t)(at), (at) >= 0}, .answer = &small_answer},                          \
     false}

static void frames_and_tokens_are_counted(void) {
    const struct {
        const char *name;
        bool is_fine;
        struct part parts[5];
    } rows[] = {
        {"numbered", true, {CHUNK(1, 0), CHUNK(1, 1), LAST(1, 3, 2, "length")}},
        {"not numbered", true, {CHUNK(1, -1), CHUNK(2, -1), LAST(0, 3, -1, "length")}},
        {"a chunk without tokens", true, {CHUNK(0, 0), LAST(1, 1, 1, "stop")}},
        {"a number too few", false, {CHUNK(0, 0), LAST(1, 1, 2, "length")}},
        {"the first is missing", false, {CHUNK(0, 1), LAST(1, 1, 2, "length")}},
        {"doubled", false, {CHUNK(1, 0), CHUNK(1, 0), LAST(1, 3, 2, "length")}},
        {"swapped", false, {CHUNK(1, 1), CHUNK(1, 0), LAST(1, 3, 2, "length")}},
        {"the last is not the next", false, {CHUNK(1, 0), LAST(1, 2, 0, "stop")}},
        {"a token is missing", false, {CHUNK(1, -1), LAST(1, 3, -1, "length")}},
        {"a token too many", false, {CHUNK(1, -1), LAST(1, 1, -1, "stop")}},
        {"missing when cancelled", false, {LAST(0, 1, -1, "cancelled")}},
        {"missing at the deadline", false, {CHUNK(1, 0), LAST(0, 2, 1, "deadline")}},
        {"none of the tokens", false, {LAST(0, 2, -1, "length")}}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_script(
            ASSAY_KIND_GENERATE, &small_request, rows[i].parts, rows[i].is_fine, rows[i].name);
    }
}

static assay_score_response scores_of(size_t count) {
    static const assay_logprobs logprobs = {
        .tokens = {some_tokens, 1}, .logprobs = {some_values, 1}};
    static const assay_continuation_score scores[] = {
        {.logprobs = &logprobs}, {.logprobs = &logprobs}, {.logprobs = &logprobs}};
    return (assay_score_response){
        .scores = {scores, count}, .prompt_tokens = 3, .answer = &small_answer};
}

/* Makes an answer with vectors of 2 values, of which `values` values are present. */
static assay_embed_response vectors_of(uint64_t count, size_t values) {
    return (assay_embed_response){
        .embeddings = {some_values, values}, .dimensions = 2, .count = count, .prompt_tokens = 3,
        .answer = &small_answer};
}

/* Makes an answer for a vocabulary of 2, with `values` logits. */
static assay_logits_response logits_of(uint64_t positions, size_t values) {
    return (assay_logits_response){
        .logits = {some_values, values}, .vocabulary = 2, .positions = positions,
        .answer = &small_answer};
}

static void rows_and_inputs_are_counted(void) {
    const assay_input inputs[2] = {{.text = {"a", 1}}, {.text = {"b", 1}}};
    const assay_score_request score = {.prompt = {"x", 1}, .continuations = {inputs, 2}};
    const assay_embed_request embed = {.inputs = {inputs, 2}};
    const assay_logits_request last = {.prompt = {"x", 1}};
    const assay_logits_request all = {
        .tokens = {some_tokens, 3}, .all_positions = ASSAY_GIVEN(true)};
    for (uint64_t found = 1; found <= 3; found++) {
        const assay_score_response scores = scores_of(found);
        const assay_embed_response vectors = vectors_of(found, found * 2);
        const assay_embed_response lacking = vectors_of(2, found * 2 - (found == 2));
        const assay_logits_response logits = logits_of(found, found * 2);
        check_answer(ASSAY_KIND_SCORE, &score, &scores, found == 2, "scores");
        check_answer(ASSAY_KIND_EMBED, &embed, &vectors, found == 2, "inputs");
        check_answer(ASSAY_KIND_EMBED, &embed, &lacking, false, "values");
        check_answer(ASSAY_KIND_LOGITS, &last, &logits, found == 1, "positions, the last alone");
        check_answer(ASSAY_KIND_LOGITS, &all, &logits, found == 3, "positions of tokens");
    }
    const assay_logits_response lacking = logits_of(3, 4);
    check_answer(ASSAY_KIND_LOGITS, &all, &lacking, false, "logits");
}

#endif
