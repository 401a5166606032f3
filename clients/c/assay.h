/*
 * A client of the Assay protocol in C11: this header, assay.c and the generated assay_protocol.h.
 * Needs POSIX threads, liblz4 and sockets like Linux's (SOCK_CLOEXEC, TCP_KEEPIDLE). Blocking and
 * thread safe: any number of threads may share one client. The client starts no threads and has no
 * global state.
 *
 * Fork. A forked child may use the parent's client objects. The first use in the child makes new
 * connections, and closes the child's copies of the parent's sockets without a shutdown. The parent
 * is not disturbed, whatever its threads were doing. Memory of the parent's connections and calls
 * is not given back in the child. A call whose on_chunk forked goes on in the parent, and ends with
 * ASSAY_CONNECTION_CLOSED in the child. The process id identifies a child.
 *
 * Signals and ends. A signal handler that returns changes nothing. A handler that forks must not
 * return in the child. Cancelling a thread (pthread_cancel) takes effect after the thread's call,
 * on_chunk included. Neither on_chunk nor a signal handler may leave a call by longjmp, a C++
 * exception or pthread_exit. Such a jump from on_chunk loses the call's memory and leaves the
 * thread not cancellable. Other calls go on, and the last frame frees the place in flight.
 *
 * Mocks. Unless allow_mock is set, no answer of a mock model is handed out. Requests demand a real
 * model, and a mock's frame ends the call with ASSAY_MOCK_REFUSED (after real frames:
 * ASSAY_PROTOCOL_ERROR).
 *
 * Memory. All memory comes from the client's allocator, by default realloc and free:
 *   assay_client_new     the client, freed by assay_client_free with all its parts
 *   a connection         64 KiB to read into, from connecting until the close
 *   a call               the request's bytes (and their compressed form), one small record, freed
 *                        when the call returns, or with the last frame of an abandoned answer
 *   a frame              its body, compressed and decoded, at most body_size_max each, checked
 *                        before allocation; freed when read
 *   a chunk              the argument of on_chunk, freed with the next chunk or the end of the call
 *   assay_reply          the whole answer, of frames of at most answer_size_max bytes in all;
 *                        assay_reply_free frees all of it. A call that fails leaves an empty
 *                        reply. No part of a request is kept.
 *   assay_error          nothing: the size is fixed
 * A failed allocation is the error ASSAY_OUT_OF_MEMORY of the call that needed the memory. While
 * one thread reads the connection for all, frames for a thread that is busy in its on_chunk wait in
 * memory, at most answer_size_max bytes. Not from the allocator: memory of getaddrinfo for finding
 * a host, and of the C library's condition variables.
 */
#ifndef ASSAY_H
#define ASSAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An allocator like realloc. Size 0 frees and returns NULL. Called from any thread. */
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

/* Makes a text of a C string without copying. NULL stays absent. */
assay_text assay_text_of(const char *string);

/* ---------------------------------------------------------------- clients */

assay_options assay_options_default(void);

/* Makes a client for unix:///PATH or tcp://HOST:PORT without connecting. The first call
 * connects, and a call connects anew after the connection was lost. NULL options are the
 * defaults. Memory that the options point to is copied. A token file is read here. */
assay_code assay_client_new(
    const char *address, const assay_options *options, assay_client **client, assay_error *error);
/* Closes all connections. Calls that run or wait fail with ASSAY_CONNECTION_CLOSED at once, and
 * so do later calls. Any thread may close, and more than once. */
void assay_client_close(assay_client *client);
/* Closes and frees. No call may be running. NULL is ignored. */
void assay_client_free(assay_client *client);

/* ---------------------------------------------------------------- calls */

/*
 * assay_protocol.h has a function for each kind of request. A call waits while the connection has
 * as many requests in flight as the server allows.
 *
 * A call is tried again, within its deadline and with at most `attempts` attempts in all, when the
 * request was never sent, when the server said UNAVAILABLE, RESOURCE_EXHAUSTED or ABORTED, or when
 * the connection was lost (not for load, swap, rollback, unload). A request that crossed a GoAway
 * `idle`, which the server never read, is sent again at once, the first time without an attempt. A
 * call is never tried again after on_chunk was called. From the second attempt on, the request has
 * the number of the attempt (context.attempt).
 *
 * With wait_milliseconds a call waits, from the start of the call and within its deadline, for a
 * server that comes up: ASSAY_UNREACHABLE and refusals with "model_loading" are tried again, after
 * at most 200 ms or the pause that the server asks for. Such tries do not count as attempts.
 */

/* Receives the chunks of an answer on arrival, on the calling thread. False gives the answer up:
 * the server is told to stop, the call fails with ASSAY_GIVEN_UP, and the connection lives on.
 * The callback may make further calls. */
typedef bool assay_on_chunk(void *context, const assay_chunk *chunk);

/* Options of a call. NULL for no deadline and no chunks. */
struct assay_call_options {
    uint32_t deadline_milliseconds; /* for all attempts together, 0 for none */
    assay_on_chunk *on_chunk;       /* or NULL */
    void *context;                  /* first argument of on_chunk */
};

/* assay_generate with on_chunk and its context as arguments. The two members of `call` are
 * ignored. */
assay_code assay_generate_stream(
    assay_client *client, const assay_generate_request *request, assay_on_chunk *on_chunk,
    void *context, const assay_call_options *call, assay_reply *reply, assay_error *error);

/* Frees the memory of a reply and empties the reply. May be repeated. NULL is ignored. */
void assay_reply_free(assay_reply *reply);

#ifdef __cplusplus
}
#endif

#endif /* ASSAY_H */
