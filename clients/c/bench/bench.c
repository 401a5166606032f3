/*
 * Measures round trips of Ping through the client, and round trips of frames of the same length
 * through bare sockets:
 *
 *   bench --server URL --echo URL [--rounds 5] [--requests 2000]
 *
 * Each side has one connection, and both take turns in each round. Prints medians over the rounds
 * as one line of JSON.
 */
#define _POSIX_C_SOURCE 200809L
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../assay.h"

enum { PAYLOAD_SIZE = 64, FRAME_SIZE = 32 + 8 + PAYLOAD_SIZE };

static double now_microseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static double median(double *values, size_t count) {
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

static void stop(const char *message) {
    fprintf(stderr, "bench: %s\n", message);
    exit(1);
}

static int dial(const struct sockaddr *name, socklen_t size) {
    int fd = socket(name->sa_family, SOCK_STREAM, 0), on = 1;
    if (fd < 0 || connect(fd, name, size) < 0) {
        stop("nobody answers at the echo's address");
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* fails for a Unix socket */
    return fd;
}

static int connect_bare(char *url) {
    if (strncmp(url, "tcp://", 6) == 0) {
        char *host = url + 6, *colon = strrchr(host, ':');
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
        if (colon == NULL) {
            stop("tcp://HOST:PORT wanted");
        }
        *colon = 0;
        if (getaddrinfo(host, colon + 1, &hints, &found) != 0) {
            stop("no such host");
        }
        int fd = dial(found->ai_addr, found->ai_addrlen);
        freeaddrinfo(found);
        return fd;
    }
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strncmp(url, "unix://", 7) != 0 || strlen(url + 7) >= sizeof name.sun_path) {
        stop("tcp://HOST:PORT or unix:///PATH wanted");
    }
    memcpy(name.sun_path, url + 7, strlen(url + 7));
    return dial((struct sockaddr *)&name, sizeof name);
}

static double bare_round(int fd, double *times, size_t count) {
    uint8_t frame[FRAME_SIZE] = {FRAME_SIZE - 4}, answer[FRAME_SIZE];
    for (size_t i = 0; i < count; i++) {
        double start = now_microseconds();
        if (send(fd, frame, sizeof frame, MSG_NOSIGNAL) != FRAME_SIZE ||
            recv(fd, answer, sizeof answer, MSG_WAITALL) != FRAME_SIZE) {
            stop("the echo closed the connection");
        }
        times[i] = now_microseconds() - start;
    }
    return median(times, count);
}

static double client_round(assay_client *client, double *times, size_t count) {
    uint8_t payload[PAYLOAD_SIZE] = {1};
    assay_ping_request request = {.payload = {payload, sizeof payload}};
    assay_reply reply;
    assay_error error;
    for (size_t i = 0; i < count; i++) {
        double start = now_microseconds();
        if (assay_ping(client, &request, NULL, &reply, &error) != ASSAY_OK) {
            stop(error.message);
        }
        assay_reply_free(&reply);
        times[i] = now_microseconds() - start;
    }
    return median(times, count);
}

int main(int count, char **arguments) {
    static const char *const names[] = {"--server", "--echo", "--rounds", "--requests"};
    char *given[] = {NULL, NULL, "5", "2000"};
    for (int i = 1; i + 1 < count; i += 2) {
        for (size_t at = 0; at < sizeof names / sizeof *names; at++) {
            given[at] = strcmp(arguments[i], names[at]) == 0 ? arguments[i + 1] : given[at];
        }
    }
    const size_t rounds = strtoul(given[2], NULL, 10), requests = strtoul(given[3], NULL, 10);
    if (given[0] == NULL || given[1] == NULL || rounds < 1 || requests < 1) {
        stop("--server URL --echo URL [--rounds N] [--requests N] wanted");
    }
    assay_client *client;
    assay_error error;
    if (assay_client_new(given[0], NULL, &client, &error) != ASSAY_OK) {
        stop(error.message);
    }
    int fd = connect_bare(given[1]);
    double *times = calloc(requests + 2 * rounds, sizeof *times);
    if (times == NULL) {
        stop("no memory");
    }
    double *own = times + requests, *bare = own + rounds;
    (void)client_round(client, times, requests < 100 ? requests : 100);
    (void)bare_round(fd, times, requests < 100 ? requests : 100);
    for (size_t i = 0; i < rounds; i++) {
        own[i] = client_round(client, times, requests);
        bare[i] = bare_round(fd, times, requests);
    }
    double client_p50 = median(own, rounds), bare_p50 = median(bare, rounds);
    printf(
        "{\"language\":\"c\",\"client_p50_us\":%.2f,\"bare_p50_us\":%.2f,\"ratio\":%.3f,"
        "\"requests\":%zu,\"rounds\":%zu}\n",
        client_p50, bare_p50, client_p50 / bare_p50, requests, rounds);
    assay_client_free(client);
    close(fd);
    free(times);
    return 0;
}
