/*
 * A client of the Assay protocol in C11: this header, assay.c and the generated assay_protocol.h.
 * Needs POSIX threads and liblz4. Blocking and thread safe: any number of threads may share one
 * client; no thread is started, there is no global state.
 *
 * Fork. A forked child may use the parent's client objects. The first use in the child makes new
 * connections, and closes the child's copies of the parent's sockets without shutting them down.
 * The parent is not disturbed, whatever its threads were doing. Memory of the parent's connections
 * and calls is not given back in the child. A call whose on_chunk forked goes on in the parent, and
 * ends with ASSAY_CONNECTION_CLOSED in the child. A child is told by its process id.
 *
 * Signals and ends. A signal handler that returns changes nothing. A handler that forks must not
 * return in the child. Cancelling a thread (pthread_cancel) takes effect after the thread's call,
 * on_chunk included. Neither on_chunk nor a signal handler may leave a call by longjmp, a C++
 * exception or pthread_exit. Out of on_chunk, such a jump loses the call's memory and leaves the
 * thread not cancellable. Other calls go on, and the last frame frees the place in flight.
 *
 * Mocks. Unless allow_mock is set, an answer of a mock model is never handed out: requests say
 * that they want a real one, and the first frame that says mock ends the call with
 * ASSAY_MOCK_REFUSED.
 *
 * Memory. Everything comes from the client's allocator, by default realloc and free:
 *   assay_client_new     the client; assay_client_free frees it and all that hangs on it
 *   a connection         64 KiB to read into, kept until the connection is closed
 *   a call               the request's bytes (and their compressed form), one small record; freed
 *                        when the call returns, or with the last frame of what was given up
 *   a frame              its body, compressed and decoded, at most body_size_max each, checked
 *                        before anything is allocated; freed when it has been read
 *   a chunk              what on_chunk sees; freed, or used again, when on_chunk returns
 *   assay_reply          the whole answer, at most answer_size_max; assay_reply_free frees all of
 *                        it. A call that fails leaves an empty reply. Nothing of a request is kept.
 *   assay_error          nothing: it is of fixed size
 * A failed allocation is the error ASSAY_OUT_OF_MEMORY of the call that needed it. While one
 * thread reads the connection for all, frames of a thread that is busy in its on_chunk wait in
 * memory, at most answer_size_max of them. Not from the allocator: what getaddrinfo uses to find a
 * host, and the C library's own condition variables.
 */
#ifndef ASSAY_H
#define ASSAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------- values of fields */

/* UTF-8. Absent when data is NULL. In replies a 0 byte stands behind it, not counted in size. */
typedef struct assay_text {
    const char *data;
    size_t size; /* bytes */
} assay_text;

/* Bytes. Absent when data is NULL. */
typedef struct assay_bytes {
    const uint8_t *data;
    size_t size; /* bytes */
} assay_bytes;

/* Numbers, token ids mostly. Absent when items is NULL. */
typedef struct assay_u32s {
    const uint32_t *items;
    size_t count; /* elements */
} assay_u32s;

/* Numbers. Absent when items is NULL. */
typedef struct assay_f32s {
    const float *items;
    size_t count; /* elements */
} assay_f32s;

/* Texts. */
typedef struct assay_texts {
    const assay_text *items;
    size_t count; /* elements */
} assay_texts;

/* Optional values. What is not given is not sent; see ASSAY_GIVEN. */
typedef struct assay_opt_u64 {
    uint64_t value;
    bool given;
} assay_opt_u64;

typedef struct assay_opt_f64 {
    double value;
    bool given;
} assay_opt_f64;

typedef struct assay_opt_bool {
    bool value;
    bool given;
} assay_opt_bool;

/* Initializes an optional value: {.max_tokens = ASSAY_GIVEN(8)}, and in an assignment
 * request.max_tokens = (assay_opt_u64)ASSAY_GIVEN(8). */
#define ASSAY_GIVEN(x) {(x), true}

/* A C string as a text; nothing is copied. NULL stays absent. */
assay_text assay_text_of(const char *string);

/* ---------------------------------------------------------------- tables */

/* How often a field may be there. */
enum { ASSAY_REQUIRED, ASSAY_OPTIONAL, ASSAY_REPEATED };

/* One row of a message's table, and where the field lies in its struct. For generic programs. */
typedef struct assay_field_info {
    const char *name;
    uint16_t id;
    uint8_t type;     /* ASSAY_TYPE_... */
    uint8_t presence; /* ASSAY_REQUIRED, ... */
    uint8_t since;    /* lowest revision that knows it */
    uint8_t record;   /* of a record: index of its message */
    uint32_t times_min, times_max;
    uint64_t min, max; /* bytes, elements or value */
    double f64_min, f64_max;
    bool min_exclusive;
    const char *const *choices; /* NULL: any; else ends with NULL */
    size_t offset;
} assay_field_info;

/* One message. */
typedef struct assay_message_info {
    const char *name;
    size_t size; /* of its struct, bytes */
    const assay_field_info *fields;
    size_t field_count;
} assay_message_info;

/* One kind of request, with the messages of its frames (ASSAY_MESSAGE_COUNT: none). */
typedef struct assay_kind_info {
    const char *name;
    uint8_t number;
    uint8_t since;
    bool streamed;
    bool retry_safe; /* sending it twice does no harm */
    uint8_t request, chunk, response;
} assay_kind_info;

#include "assay_protocol.h"

extern const assay_message_info assay_messages[ASSAY_MESSAGE_COUNT];
extern const assay_kind_info assay_kinds[]; /* the served ones */
extern const size_t assay_kind_count;

/* ---------------------------------------------------------------- errors */

/* Why a call gave no answer that may be used. */
typedef enum assay_code {
    ASSAY_OK,
    ASSAY_ADDRESS_INVALID,   /* the address is not a URL of a known form */
    ASSAY_UNREACHABLE,       /* nobody answers at the address */
    ASSAY_CONNECTION_CLOSED, /* the connection ended before the answer was complete */
    ASSAY_TIMED_OUT,         /* the answer did not come in time */
    ASSAY_PROTOCOL_ERROR,    /* the server's bytes break the protocol; the connection is closed */
    ASSAY_MOCK_REFUSED,      /* the answer comes from a mock and mocks are not allowed */
    ASSAY_SERVER_REFUSED,    /* the server answered with a status */
    ASSAY_GIVEN_UP,          /* on_chunk returned false, or the answer exceeds answer_size_max */
    ASSAY_REQUEST_INVALID,   /* the request or an option is not valid; nothing was sent */
    ASSAY_REVISION_TOO_LOW,  /* the server speaks an older revision; nothing was sent */
    ASSAY_OUT_OF_MEMORY      /* the allocator returned NULL */
} assay_code;

/* An error; owns nothing. Prompts and answers never appear in it. */
typedef struct assay_error {
    assay_code code;
    uint32_t status;    /* the server's status number, or the one that fits; see SPEC.md */
    uint8_t provenance; /* of the frame that failed: ASSAY_REAL, ASSAY_MOCK; 0: there was none */
    bool has_retry_after;
    uint64_t retry_after_milliseconds; /* pause the server asks for */
    char message[2560];                /* one sentence */
    char server_code[132];             /* the server's words; empty: it had none */
    char field[132];                   /* path of the refused field; empty: none */
    char layer[20];                    /* with MODEL_REJECTED: the layer that refused */
} assay_error;

/* Name of a code in snake_case: "mock_refused". */
const char *assay_code_name(assay_code code);
/* Name of a status number: "UNAVAILABLE". A number nobody knows is "UNKNOWN". */
const char *assay_status_name(uint32_t status);

/* ---------------------------------------------------------------- clients */

/* Where memory comes from: like realloc; size 0 frees and returns NULL. Called from any thread. */
typedef struct assay_allocator {
    void *(*resize)(void *context, void *block, size_t size);
    void *context;
} assay_allocator;

/* What a client says about itself and insists on. Start from assay_options_default. */
typedef struct assay_options {
    const char *name;                  /* for the server's log; "assay-c/1" */
    bool allow_mock;                   /* hand out answers of mocks; false */
    bool compression;                  /* offer LZ4; true */
    uint32_t body_size_max;            /* largest body accepted, bytes; 4194304 */
    uint32_t connections;              /* size of the pool, 1..64; 1 */
    uint32_t connect_milliseconds;     /* to connect and say Hello; 5000 */
    uint32_t answer_milliseconds;      /* longest silence on an answer; 0: no limit */
    uint32_t grace_milliseconds;       /* past a deadline before the client stops waiting; 2000 */
    uint32_t attempts;                 /* in all, 1 or more; 3 */
    uint32_t backoff_milliseconds;     /* first pause between attempts, doubles; 50 */
    uint32_t backoff_max_milliseconds; /* longest pause; 2000 */
    uint64_t answer_size_max;          /* one whole answer, bytes; 1 GiB */
    assay_allocator allocator;         /* resize NULL: realloc and free */
    uint32_t wait_milliseconds;        /* from a call's start, for a server that comes up; 0 */
} assay_options;

assay_options assay_options_default(void);

typedef struct assay_client assay_client;

/* Makes a client for unix:///PATH or tcp://HOST:PORT. Does not connect: the first call does, and
 * a call connects anew when a connection was lost. options NULL: the defaults; what they point to
 * is copied. */
assay_code assay_client_new(
    const char *address, const assay_options *options, assay_client **client, assay_error *error);
/* Closes all connections: calls that run fail with ASSAY_CONNECTION_CLOSED, and so do later ones.
 * Safe from any thread, and to repeat. */
void assay_client_close(assay_client *client);
/* Closes and frees. No call may be running. NULL is ignored. */
void assay_client_free(assay_client *client);

/* ---------------------------------------------------------------- calls */

/* A part of an answer, valid while on_chunk runs. */
typedef struct assay_chunk {
    uint8_t kind; /* ASSAY_KIND_...: which of the union */
    uint8_t provenance;
    uint32_t generation;
    union {
        const void *message;
        const assay_generate_chunk *generate;
        const assay_load_progress *load;
        const assay_logits_chunk *logits;
        const assay_embed_chunk *embed;
    };
} assay_chunk;

/* Sees the chunks of an answer as they come, on the calling thread. False gives the answer up:
 * the server is told to stop, the call fails with ASSAY_GIVEN_UP, the connection lives on. It may
 * make other calls. */
typedef bool assay_on_chunk(void *context, const assay_chunk *chunk);

/* How to make a call. NULL: no deadline, no chunks. */
typedef struct assay_call_options {
    uint32_t deadline_milliseconds; /* for all attempts together; 0: none */
    assay_on_chunk *on_chunk;       /* or NULL */
    void *context;                  /* handed to on_chunk */
} assay_call_options;

struct assay_block;

/* A whole answer: what was sent in chunks is in it. Freed by assay_reply_free. */
typedef struct assay_reply {
    uint8_t kind;               /* ASSAY_KIND_...: which of the union */
    uint8_t provenance;         /* ASSAY_REAL or ASSAY_MOCK (only with allow_mock) */
    bool degraded;              /* answer->degradations says how */
    uint32_t generation;        /* of the model that answered, 0: none */
    const assay_answer *answer; /* who answered, on what, in what time; NULL: the kind has none */
    union {
        const void *message;
        const assay_ping_response *ping;
        const assay_health_response *health;
        const assay_models_response *models;
        const assay_stats_response *stats;
        const assay_load_response *load;
        const assay_unload_response *unload;
        const assay_tokenize_response *tokenize;
        const assay_detokenize_response *detokenize;
        const assay_generate_response *generate;
        const assay_score_response *score;
        const assay_logits_response *logits;
        const assay_embed_response *embed;
    };
    struct assay_block *blocks; /* private */
    assay_allocator allocator;  /* private */
} assay_reply;

/* Frees what a reply owns and empties it. Safe to repeat; NULL is ignored. */
void assay_reply_free(assay_reply *reply);

/*
 * One function for each kind of request. They block until the answer is whole, and return the
 * error's code; reply and error may be NULL. A call waits while as many requests are in flight on
 * its connection as the server allows.
 *
 * A call is tried again, at most `attempts` times in all and within its deadline, when it was never
 * sent, when the server said UNAVAILABLE, RESOURCE_EXHAUSTED or ABORTED, or when the connection was
 * lost (not for load and unload); and never once on_chunk has seen a part of the answer.
 *
 * With wait_milliseconds a call waits, from the start of the call and within its deadline, for a
 * server that comes up: ASSAY_UNREACHABLE and refusals with "model_loading" are tried again, after
 * at most 200 ms or the pause that the server asks for. These tries do not count as attempts.
 */
#define ASSAY_DECLARE_CALL(kind)                                                                  \
    assay_code assay_##kind(                                                                      \
        assay_client *client, const assay_##kind##_request *request,                              \
        const assay_call_options *call, assay_reply *reply, assay_error *error)

ASSAY_DECLARE_CALL(ping);       /* sends bytes and verifies that exactly they come back */
ASSAY_DECLARE_CALL(health);     /* may this model, or this server, be sent work? */
ASSAY_DECLARE_CALL(load);       /* has a file assayed and served; on_chunk sees each layer */
ASSAY_DECLARE_CALL(unload);     /* stops serving a model */
ASSAY_DECLARE_CALL(tokenize);   /* text to token ids */
ASSAY_DECLARE_CALL(detokenize); /* token ids to text */
ASSAY_DECLARE_CALL(generate);   /* continues a prompt */
ASSAY_DECLARE_CALL(score);      /* log-probabilities of given continuations */
ASSAY_DECLARE_CALL(logits);     /* raw scores; their number is verified */
ASSAY_DECLARE_CALL(embed);      /* one vector per input; their number is verified */

#undef ASSAY_DECLARE_CALL

/* What is being served. The list is real even when a model on it is not. */
assay_code assay_models(
    assay_client *client, const assay_call_options *call, assay_reply *reply, assay_error *error);
/* Counters of the server, split by provenance. */
assay_code assay_stats(
    assay_client *client, const assay_call_options *call, assay_reply *reply, assay_error *error);

/* assay_generate with on_chunk and its context as arguments; those in call are ignored. */
assay_code assay_generate_stream(
    assay_client *client, const assay_generate_request *request, assay_on_chunk *on_chunk,
    void *context, const assay_call_options *call, assay_reply *reply, assay_error *error);

/* Any of the above by number of kind; request is the struct of that kind's request message. */
assay_code assay_call(
    assay_client *client, uint8_t kind, const void *request, const assay_call_options *call,
    assay_reply *reply, assay_error *error);

#ifdef __cplusplus
}
#endif

#endif /* ASSAY_H */
