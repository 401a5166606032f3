/*
 * A measuring client in C: sends the same bytes again and again, awaits as many bytes of answer
 * as were answered the first time, and notes how long each round trip took.
 *
 * The same client measures every server, so its own cost is in both figures and cancels in their
 * difference. It knows nothing of what the bytes mean. One thread; not for use from several.
 */
#ifndef ASSAY_PINGPONG_H
#define ASSAY_PINGPONG_H

#include <stddef.h>
#include <stdint.h>

/* A set of connections to one server. */
typedef struct pp_client pp_client;

/* One measured block: each connection sends `request` (the whole of it in one write), awaits
 * `reply_size` bytes, compares them with `expected`, and repeats `round_count` times. */
typedef struct pp_block {
    const uint8_t *request;
    size_t request_size;
    const uint8_t *expected;
    size_t reply_size;
    size_t round_count;
} pp_block;

/* Connects `connection_count` times to unix:///PATH or tcp://IPV4:PORT (no delay).
 * Returns 0 and a client, or -errno. */
int pp_open(const char *address, unsigned connection_count, pp_client **client);

/* Closes every connection and frees the client. NULL is allowed. */
void pp_close(pp_client *client);

/* Sends `size` bytes on connection `index` and receives exactly `reply_size` bytes.
 * Returns 0, -errno, or -EPIPE when the peer ends. */
int pp_exchange(pp_client *client, unsigned index, const uint8_t *request, size_t size,
                uint8_t *reply, size_t reply_size);

/* Receives exactly `size` bytes on connection `index`: the rest of a reply of unknown size. */
int pp_receive(pp_client *client, unsigned index, uint8_t *bytes, size_t size);

/* Runs one block. `nanoseconds` receives round_count * connection_count round-trip times, in no
 * particular order; `elapsed` the duration of the block. One connection blocks in read(2); more
 * share an epoll. Returns 0, -errno, -EPIPE when the peer ends, -EBADMSG when a reply differs,
 * -ETIMEDOUT when nothing comes for five seconds. */
int pp_run(pp_client *client, const pp_block *block, uint64_t *nanoseconds, uint64_t *elapsed);

/* Restricts every thread of process `pid` (0: the calling thread) to the CPUs of the bit mask.
 * Returns 0 or -errno. */
int pp_pin(int pid, uint64_t cpu_mask);

/* CPU time of process `pid` in nanoseconds, ended threads included, or 0 if unknown. */
uint64_t pp_cpu_time(int pid);

/* The monotonic clock in nanoseconds. */
uint64_t pp_now(void);

#endif
