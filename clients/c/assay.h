/*
 * A client of the Assay protocol in C11: this header, assay.c and the generated assay_protocol.h.
 * Needs POSIX threads, liblz4 and sockets like those of Linux (SOCK_CLOEXEC, TCP_KEEPIDLE).
 * Blocking and thread safe: any number of threads may share one client; no thread is started,
 * there is no global state.
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
 * that they want a real one, and a mock's frame ends the call with ASSAY_MOCK_REFUSED (one that
 * follows real frames: ASSAY_PROTOCOL_ERROR).
 *
 * Memory. Everything comes from the client's allocator, by default realloc and free:
 *   assay_client_new     the client; assay_client_free frees it and all that hangs on it
 *   a connection         64 KiB to read into, from connecting on until it is closed
 *   a call               the request's bytes (and their compressed form), one small record; freed
 *                        when the call returns, or with the last frame of what was given up
 *   a frame              its body, compressed and decoded, at most body_size_max each, checked
 *                        before anything is allocated; freed when it has been read
 *   a chunk              what on_chunk sees; freed with the next chunk or the end of the call
 *   assay_reply          the whole answer, of frames of at most answer_size_max bytes in all;
 *                        assay_reply_free frees all of it. A call that fails leaves an empty
 *                        reply. Nothing of a request is kept.
 *   assay_error          nothing: it is of fixed size
 * A failed allocation is the error ASSAY_OUT_OF_MEMORY of the call that needed it. While one
 * thread reads the connection for all, frames of a thread that is busy in its on_chunk wait in
 * memory, at most answer_size_max bytes. Not from the allocator: what getaddrinfo uses to find a
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

/* Where memory comes from: like realloc; size 0 frees and returns NULL. Called from any thread. */
typedef struct assay_allocator {
    void *(*resize)(void *context, void *block, size_t size);
    void *context;
} assay_allocator;

typedef struct assay_client assay_client;
typedef struct assay_call_options assay_call_options;

#include "assay_protocol.h"

/* Initializes an optional value: {.max_tokens = ASSAY_GIVEN(8)}, and in an assignment
 * request.max_tokens = (assay_opt_u64)ASSAY_GIVEN(8). */
#define ASSAY_GIVEN(x) {(x), true}

/* A C string as a text; nothing is copied. NULL stays absent. */
assay_text assay_text_of(const char *string);

/* ---------------------------------------------------------------- clients */

assay_options assay_options_default(void);

/* Makes a client for unix:///PATH or tcp://HOST:PORT. Does not connect: the first call does, and
 * a call connects anew when a connection was lost. options NULL: the defaults; what they point to
 * is copied. */
assay_code assay_client_new(
    const char *address, const assay_options *options, assay_client **client, assay_error *error);
/* Closes all connections: calls that run or wait fail with ASSAY_CONNECTION_CLOSED at once, and so
 * do later ones. Safe from any thread, and to repeat. */
void assay_client_close(assay_client *client);
/* Closes and frees. No call may be running. NULL is ignored. */
void assay_client_free(assay_client *client);

/* ---------------------------------------------------------------- calls */

/*
 * assay_protocol.h has a function for each kind of request. A call waits while as many requests are
 * in flight on its connection as the server allows.
 *
 * A call is tried again, at most `attempts` times in all and within its deadline, when it was never
 * sent, when the server said UNAVAILABLE, RESOURCE_EXHAUSTED or ABORTED, or when the connection was
 * lost (not for load and unload); and never once on_chunk has seen a part of the answer. From the
 * second attempt on the server is told which one it is (context.attempt).
 *
 * With wait_milliseconds a call waits, from the start of the call and within its deadline, for a
 * server that comes up: ASSAY_UNREACHABLE and refusals with "model_loading" are tried again, after
 * at most 200 ms or the pause that the server asks for. These tries do not count as attempts.
 */

/* Sees the chunks of an answer as they come, on the calling thread. False gives the answer up:
 * the server is told to stop, the call fails with ASSAY_GIVEN_UP, the connection lives on. It may
 * make other calls. */
typedef bool assay_on_chunk(void *context, const assay_chunk *chunk);

/* How to make a call. NULL: no deadline, no chunks. */
struct assay_call_options {
    uint32_t deadline_milliseconds; /* for all attempts together; 0: none */
    assay_on_chunk *on_chunk;       /* or NULL */
    void *context;                  /* handed to on_chunk */
};

/* assay_generate with on_chunk and its context as arguments; those in call are ignored. */
assay_code assay_generate_stream(
    assay_client *client, const assay_generate_request *request, assay_on_chunk *on_chunk,
    void *context, const assay_call_options *call, assay_reply *reply, assay_error *error);

/* Frees what a reply owns and empties it. Safe to repeat; NULL is ignored. */
void assay_reply_free(assay_reply *reply);

#ifdef __cplusplus
}
#endif

#endif /* ASSAY_H */
