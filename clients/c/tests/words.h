/*
 * Tests of the short calls and of the errno values. Guarantees: lists that are too long, and texts
 * that are NULL, are refused like any other request, and no vector lies outside its answer.
 * Included by test_assay.c. Not here: answers from a server, which the example shows.
 */
#ifndef TESTS_WORDS_H
#define TESTS_WORDS_H

static assay_client *nowhere(void) {
    assay_options options = assay_options_default();
    options.attempts = 1;
    assay_client *client = NULL;
    CHECK_EQUAL(assay_client_new("unix:///nowhere", &options, &client, NULL), ASSAY_OK);
    return client;
}

/* A client whose token file holds the bytes. The code of making the client. */
static assay_code with_token_file(const char *bytes, size_t size, assay_error *error) {
    char path[] = "/tmp/assay-token-XXXXXX";
    const int file = mkstemp(path);
    CHECK(file >= 0 && write(file, bytes, size) == (ssize_t)size && close(file) == 0);
    assay_options options = assay_options_default();
    options.token_file = path;
    assay_client *client = NULL;
    const assay_code code = assay_client_new("unix:///nowhere", &options, &client, error);
    CHECK(unlink(path) == 0);
    CHECK(code != ASSAY_OK || strcmp(client->options.token, "assay_of_nobody") == 0);
    CHECK(code != ASSAY_OK || client->options.token_file != path);
    assay_client_free(client);
    return code;
}

static void a_token_comes_from_a_file(void) {
    static const char table[] = "{\"assay_of_nobody\": 1}";
    assay_error error;
    CHECK_EQUAL(with_token_file("assay_of_nobody", 15, &error), ASSAY_OK);
    CHECK_EQUAL(with_token_file(" assay_of_nobody\r\n\n", 19, &error), ASSAY_OK);
    CHECK_EQUAL(with_token_file("", 0, &error), ASSAY_REQUEST_INVALID);
    CHECK_EQUAL(with_token_file("assay_of_nobody\0\n", 17, &error), ASSAY_REQUEST_INVALID);
    CHECK_EQUAL(with_token_file(table, sizeof table - 1, &error), ASSAY_REQUEST_INVALID);
    CHECK(strcmp(error.field, "token_file") == 0);
    CHECK(strstr(error.message, "nobody") == NULL);
    CHECK(strstr(error.message, "visible ASCII") != NULL);
}

static void short_calls_are_checked(void) {
    assay_client *client = nowhere();
    assay_error error;
    assay_reply reply;
    const char *texts[300];
    for (size_t i = 0; i < 300; i++) {
        texts[i] = "a";
    }
    CHECK_EQUAL(
        assay_embed_texts(client, texts, 300, NULL, &reply, &error), ASSAY_REQUEST_INVALID);
    CHECK(strcmp(error.field, "inputs") == 0);
    CHECK_EQUAL(assay_embed_texts(client, NULL, 0, NULL, NULL, &error), ASSAY_REQUEST_INVALID);
    texts[1] = NULL;
    CHECK_EQUAL(assay_embed_texts(client, texts, 2, NULL, NULL, &error), ASSAY_REQUEST_INVALID);
    CHECK_EQUAL(assay_generate_text(client, NULL, 8, NULL, NULL, &error), ASSAY_REQUEST_INVALID);
    assay_chat_message turns[] = {assay_turn("user", "a"), assay_turn("cook", "b")};
    CHECK_EQUAL(assay_chat(client, turns, 2, 0, NULL, NULL, &error), ASSAY_REQUEST_INVALID);
    CHECK(strcmp(error.field, "messages.role") == 0);
    CHECK_EQUAL(assay_errno(&error), EINVAL);
    CHECK_EQUAL(assay_chat(client, turns, 1, 0, NULL, NULL, &error), ASSAY_UNREACHABLE);
    CHECK_EQUAL(assay_errno(&error), ECONNREFUSED);
    assay_client_free(client);
}

static void vectors_stay_inside_their_answer(void) {
    const float values[] = {1, 2, 3, 4};
    const assay_embed_response embed = {
        .embeddings = {values, 4}, .dimensions = 2, .count = 2};
    assay_reply reply = {.kind = ASSAY_KIND_EMBED, .embed = &embed};
    CHECK(assay_vector(&reply, 0) == values && assay_vector(&reply, 1) == values + 2);
    CHECK(assay_vector(&reply, 2) == NULL && assay_vector(&reply, SIZE_MAX) == NULL);
    reply.kind = ASSAY_KIND_GENERATE;
    CHECK(assay_vector(&reply, 0) == NULL);
    reply = (assay_reply){.kind = ASSAY_KIND_EMBED};
    CHECK(assay_vector(&reply, 0) == NULL);
}

static void errors_have_numbers_of_the_system(void) {
    CHECK_EQUAL(assay_errno(&(assay_error){.code = ASSAY_OK}), 0);
    assay_error refused = {.code = ASSAY_SERVER_REFUSED, .status = ASSAY_STATUS_DEADLINE_EXCEEDED};
    CHECK_EQUAL(assay_errno(&refused), ETIMEDOUT);
    refused.status = ASSAY_STATUS_NOT_FOUND;
    CHECK_EQUAL(assay_errno(&refused), ENOENT);
    refused.status = ASSAY_STATUS_INTERNAL;
    CHECK_EQUAL(assay_errno(&refused), EIO);
}

#endif /* TESTS_WORDS_H */
