/* Shows each use of the client, against the demo model. */
#include <assay.h>
#include <stdio.h>
#include <stdlib.h>

static bool print_text(void *context, const assay_chunk *chunk) {
    int *left = context;
    fwrite(chunk->generate->text.data, 1, chunk->generate->text.size, stdout);
    return --*left > 0; /* false cancels the rest on the server */
}

static int failed(const assay_error *error) {
    fprintf(stderr, "%s: %s\n", assay_code_name(error->code), error->message);
    return 1; /* assay_errno(error) is ETIMEDOUT, ECONNREFUSED, ... */
}

int main(void) {
    const char *server = getenv("ASSAY_SERVER");
    server = server != NULL ? server : "tcp://127.0.0.1:7411";
    assay_client *client;
    assay_error error;
    assay_reply reply;
    if (assay_client_new(server, NULL, &client, &error)) {
        return failed(&error);
    }
    if (assay_generate_text(client, "317+485=", 8, NULL, &reply, &error)) {
        return failed(&error);
    }
    const char *source = reply.provenance == ASSAY_REAL ? "real" : "mock";
    printf("317+485=%s (%s)\n", reply.generate->text.data, source);
    assay_reply_free(&reply);

    /* A stream with a deadline: whole, then cancelled after three chunks. */
    for (int chunks = 1000; chunks > 0; chunks = chunks > 3 ? 3 : 0) {
        int left = chunks;
        assay_call_options call = {
            .deadline_milliseconds = 10000, .on_chunk = print_text, .context = &left};
        assay_code code = assay_generate_text(client, "A fox:", 48, &call, &reply, &error);
        if (code != ASSAY_OK && code != ASSAY_GIVEN_UP) {
            return failed(&error);
        }
        printf("\n(%s)\n", code == ASSAY_OK ? reply.generate->finish_reason.data : "cancelled");
        assay_reply_free(&reply);
    }

    assay_chat_message turn = assay_turn("user", "317+485=");
    if (assay_chat(client, &turn, 1, 8, NULL, &reply, &error)) {
        return failed(&error);
    }
    printf("%s\n", reply.generate->text.data);
    assay_reply_free(&reply);

    const char *texts[] = {"a fox", "a hen"};
    if (assay_embed_texts(client, texts, 2, NULL, &reply, &error)) {
        return failed(&error);
    }
    for (size_t i = 0; i < 2; i++) {
        printf("%g\n", (double)assay_vector(&reply, i)[0]);
    }
    assay_reply_free(&reply);
    assay_client_free(client);
    return 0;
}
