/*
 * The measuring client. Its contract is pingpong.h.
 *
 * Times are taken directly around write(2) and read(2). Nothing is allocated in a block, and the
 * sample buffer is touched before the clock starts.
 */
#define _GNU_SOURCE
#include "pingpong.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define REPLY_SIZE_MAX (1024 * 1024)
#define EVENT_COUNT_MAX 256
#define SILENCE_MILLISECONDS_MAX 5000

typedef struct connection {
    int descriptor;
    size_t received;  /* bytes of the current reply */
    size_t rounds;    /* rounds finished in this block */
    uint64_t sent_at; /* when the current request left */
} connection;

struct pp_client {
    unsigned count;
    int poll;
    uint8_t *reply; /* scratch, REPLY_SIZE_MAX */
    connection connections[];
};

uint64_t pp_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- connecting ---- */

static int connect_unix(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path) {
        return -ENAMETOOLONG;
    }
    strcpy(name.sun_path, path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return -errno;
    }
    if (connect(descriptor, (struct sockaddr *)&name, sizeof name) < 0) {
        int status = -errno;
        close(descriptor);
        return status;
    }
    return descriptor;
}

static int connect_tcp(const char *host_and_port) {
    struct sockaddr_in name = {.sin_family = AF_INET};
    char host[64];
    const char *colon = strrchr(host_and_port, ':');
    size_t size = colon ? (size_t)(colon - host_and_port) : sizeof host;
    if (size >= sizeof host) {
        return -EINVAL;
    }
    memcpy(host, host_and_port, size);
    host[size] = 0;
    name.sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, host, &name.sin_addr) != 1) {
        return -EINVAL;
    }
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return -errno;
    }
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(descriptor, (struct sockaddr *)&name, sizeof name) < 0) {
        int status = -errno;
        close(descriptor);
        return status;
    }
    return descriptor;
}

static int connect_to(const char *address) {
    int descriptor = -EINVAL;
    if (strncmp(address, "unix://", 7) == 0) {
        descriptor = connect_unix(address + 7);
    } else if (strncmp(address, "tcp://", 6) == 0) {
        descriptor = connect_tcp(address + 6);
    }
    if (descriptor >= 0) {
        /* No call may hang the benchmark. */
        struct timeval limit = {.tv_sec = SILENCE_MILLISECONDS_MAX / 1000};
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    return descriptor;
}

int pp_open(const char *address, unsigned connection_count, pp_client **result) {
    pp_client *client = calloc(1, sizeof *client + connection_count * sizeof(connection));
    if (client == NULL) {
        return -ENOMEM;
    }
    client->poll = epoll_create1(EPOLL_CLOEXEC);
    client->reply = malloc(REPLY_SIZE_MAX);
    int status = client->poll < 0 || client->reply == NULL ? -ENOMEM : 0;
    while (status == 0 && client->count < connection_count) {
        int descriptor = connect_to(address);
        if (descriptor < 0) {
            status = descriptor;
            break;
        }
        unsigned index = client->count++;
        client->connections[index].descriptor = descriptor;
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
        if (epoll_ctl(client->poll, EPOLL_CTL_ADD, descriptor, &event) < 0) {
            status = -errno;
        }
    }
    if (status < 0) {
        pp_close(client);
        client = NULL;
    }
    *result = client;
    return status;
}

void pp_close(pp_client *client) {
    if (client == NULL) {
        return;
    }
    for (unsigned index = 0; index < client->count; index++) {
        close(client->connections[index].descriptor);
    }
    if (client->poll >= 0) {
        close(client->poll);
    }
    free(client->reply);
    free(client);
}

/* ---- whole messages ---- */

/* The error of a failed or empty read(2) or write(2). */
static int stream_status(ssize_t count) {
    if (count == 0) {
        return -EPIPE;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK ? -ETIMEDOUT : -errno;
}

static int send_all(int descriptor, const uint8_t *bytes, size_t size) {
    while (size > 0) {
        ssize_t count = send(descriptor, bytes, size, MSG_NOSIGNAL);
        if (count <= 0) {
            if (count < 0 && errno == EINTR) {
                continue;
            }
            return stream_status(count);
        }
        bytes += count;
        size -= (size_t)count;
    }
    return 0;
}

static int receive_all(int descriptor, uint8_t *bytes, size_t size) {
    while (size > 0) {
        ssize_t count = read(descriptor, bytes, size);
        if (count <= 0) {
            if (count < 0 && errno == EINTR) {
                continue;
            }
            return stream_status(count);
        }
        bytes += count;
        size -= (size_t)count;
    }
    return 0;
}

int pp_receive(pp_client *client, unsigned index, uint8_t *bytes, size_t size) {
    return receive_all(client->connections[index].descriptor, bytes, size);
}

int pp_exchange(pp_client *client, unsigned index, const uint8_t *request, size_t size,
                uint8_t *reply, size_t reply_size) {
    int status = send_all(client->connections[index].descriptor, request, size);
    return status < 0 ? status : pp_receive(client, index, reply, reply_size);
}

/* ---- blocks ---- */

/* One connection: write, then block in read, as the simplest client would. */
static int run_one(pp_client *client, const pp_block *block, uint64_t *nanoseconds) {
    int descriptor = client->connections[0].descriptor;
    for (size_t round = 0; round < block->round_count; round++) {
        uint64_t start = pp_now();
        int status = send_all(descriptor, block->request, block->request_size);
        if (status == 0) {
            status = receive_all(descriptor, client->reply, block->reply_size);
        }
        nanoseconds[round] = pp_now() - start;
        if (status < 0) {
            return status;
        }
        if (memcmp(client->reply, block->expected, block->reply_size) != 0) {
            return -EBADMSG;
        }
    }
    return 0;
}

static int send_round(connection *peer, const pp_block *block) {
    peer->received = 0;
    peer->sent_at = pp_now();
    return send_all(peer->descriptor, block->request, block->request_size);
}

/* Takes what has arrived on one connection. Returns 1 when its reply is complete, 0 when more is
 * to come, or a negative status. */
static int receive_part(pp_client *client, connection *peer, const pp_block *block) {
    ssize_t count = recv(peer->descriptor, client->reply, block->reply_size - peer->received,
                         MSG_DONTWAIT);
    if (count <= 0) {
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
            return 0;
        }
        return stream_status(count);
    }
    if (memcmp(client->reply, block->expected + peer->received, (size_t)count) != 0) {
        return -EBADMSG;
    }
    peer->received += (size_t)count;
    return peer->received == block->reply_size;
}

/* Many connections, each with one request (or one pipelined batch) in flight. */
static int run_many(pp_client *client, const pp_block *block, uint64_t *nanoseconds) {
    struct epoll_event events[EVENT_COUNT_MAX];
    size_t done = 0, total = block->round_count * client->count;
    for (unsigned index = 0; index < client->count; index++) {
        client->connections[index].rounds = 0;
        int status = send_round(&client->connections[index], block);
        if (status < 0) {
            return status;
        }
    }
    while (done < total) {
        int ready = epoll_wait(client->poll, events, EVENT_COUNT_MAX, SILENCE_MILLISECONDS_MAX);
        if (ready <= 0) {
            if (ready < 0 && errno == EINTR) {
                continue;
            }
            return ready == 0 ? -ETIMEDOUT : -errno;
        }
        for (int each = 0; each < ready; each++) {
            connection *peer = &client->connections[events[each].data.u32];
            int status = receive_part(client, peer, block);
            if (status == 0) {
                continue;
            }
            if (status > 0) {
                nanoseconds[done++] = pp_now() - peer->sent_at;
                status = ++peer->rounds < block->round_count ? send_round(peer, block) : 0;
            }
            if (status < 0) {
                return status;
            }
        }
    }
    return 0;
}

int pp_run(pp_client *client, const pp_block *block, uint64_t *nanoseconds, uint64_t *elapsed) {
    if (block->reply_size == 0 || block->reply_size > REPLY_SIZE_MAX) {
        return -EINVAL;
    }
    memset(nanoseconds, 0, block->round_count * client->count * sizeof *nanoseconds);
    uint64_t start = pp_now();
    int status = client->count == 1 ? run_one(client, block, nanoseconds)
                                    : run_many(client, block, nanoseconds);
    *elapsed = pp_now() - start;
    return status;
}

/* ---- the machine ---- */

/* Calls `visit` with every thread of a process. Returns 0 or -errno. */
static int each_thread(int pid, int (*visit)(int thread, void *context), void *context) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *threads = opendir(path);
    if (threads == NULL) {
        return -errno;
    }
    struct dirent *entry;
    int status = 0;
    while (status == 0 && (entry = readdir(threads)) != NULL) {
        int thread = atoi(entry->d_name);
        if (thread > 0) {
            status = visit(thread, context);
        }
    }
    closedir(threads);
    return status;
}

static int pin_thread(int thread, void *context) {
    return sched_setaffinity(thread, sizeof(cpu_set_t), context) < 0 ? -errno : 0;
}

int pp_pin(int pid, uint64_t cpu_mask) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int cpu = 0; cpu < 64; cpu++) {
        if (cpu_mask >> cpu & 1) {
            CPU_SET(cpu, &set);
        }
    }
    return pid == 0 ? pin_thread(0, &set) : each_thread(pid, pin_thread, &set);
}

uint64_t pp_cpu_time(int pid) {
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}
