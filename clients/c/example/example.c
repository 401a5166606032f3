/* Asks a server a sum, then has it tell a story piece by piece. */
#include <assay.h>
#include <stdio.h>
#include <stdlib.h>

static bool print_text(void *context, const assay_chunk *chunk) {
    (void)context;
    fwrite(chunk->generate->text.data, 1, chunk->generate->text.size, stdout);
    return true; /* false gives the answer up */
}

int main(void) {
    const char *server = getenv("ASSAY_SERVER");
    assay_client *client;
    assay_error error;
    assay_reply reply;
    if (assay_client_new(
            server != NULL ? server : "tcp://127.0.0.1:7411", NULL, &client, &error)) {
        fprintf(stderr, "%s: %s\n", assay_code_name(error.code), error.message);
        return 1;
    }
    assay_generate_request sum = {
        .prompt = assay_text_of("317+485="), .max_tokens = ASSAY_GIVEN(8)};
    if (assay_generate(client, &sum, NULL, &reply, &error) == ASSAY_OK) {
        printf(
            "317+485=%s (%s)\n", reply.generate->text.data,
            reply.provenance == ASSAY_REAL ? "real" : "mock");
    }
    assay_reply_free(&reply);

    assay_generate_request story = {
        .prompt = assay_text_of("Once upon a time"), .max_tokens = ASSAY_GIVEN(48)};
    assay_call_options limits = {.deadline_milliseconds = 10000};
    if (error.code == ASSAY_OK &&
        assay_generate_stream(client, &story, print_text, NULL, &limits, &reply, &error) ==
            ASSAY_OK) {
        printf("\n(%s)\n", reply.generate->finish_reason.data);
        assay_reply_free(&reply);
    }
    if (error.code != ASSAY_OK) {
        fprintf(stderr, "%s: %s\n", assay_code_name(error.code), error.message);
    }
    assay_client_free(client);
    return error.code == ASSAY_OK ? 0 : 1;
}
