/*
 * The yardstick for Assay's round trips: the least a libuv server can do, in C.
 *
 *   bare-echo ADDRESS...      ADDRESS is unix:///PATH or tcp://IPV4:PORT (port 0: any)
 *
 * Returns every byte it reads. Writes with uv_try_write first, and queues with uv_write only what
 * the kernel did not take: the same write path Assay uses. Prints "listening ADDRESS" per address,
 * with the bound port, and runs until it is killed or standard input ends.
 * No framing, no limits, no back-pressure: it is not an example of a good server.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#define READ_SIZE (64 * 1024)

static char read_buffer[READ_SIZE];

static void fail(int status, const char *what) {
    fprintf(stderr, "bare-echo: %s: %s\n", what, uv_strerror(status));
    exit(1);
}

static void check(int status, const char *what) {
    if (status < 0) {
        fail(status, what);
    }
}

static void free_handle(uv_handle_t *handle) {
    free(handle);
}

static void close_stream(uv_stream_t *stream) {
    if (!uv_is_closing((uv_handle_t *)stream)) {
        uv_close((uv_handle_t *)stream, free_handle);
    }
}

static void written(uv_write_t *request, int status) {
    if (status < 0) {
        close_stream(request->handle);
    }
    free(request);
}

/* One allocation for the request and a copy of the bytes that have to wait. */
static void queue(uv_stream_t *stream, const char *bytes, size_t size) {
    uv_write_t *request = malloc(sizeof *request + size);
    if (request == NULL) {
        fail(UV_ENOMEM, "malloc");
    }
    char *copy = (char *)(request + 1);
    memcpy(copy, bytes, size);
    uv_buf_t buffer = uv_buf_init(copy, (unsigned)size);
    if (uv_write(request, stream, &buffer, 1, written) < 0) {
        free(request);
        close_stream(stream);
    }
}

static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(read_buffer, READ_SIZE);
}

static void echo(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
    if (count < 0) {
        close_stream(stream);
        return;
    }
    if (count == 0) {
        return;
    }
    uv_buf_t reply = uv_buf_init(buffer->base, (unsigned)count);
    int sent = uv_try_write(stream, &reply, 1);
    if (sent == UV_EAGAIN) {
        sent = 0;
    }
    if (sent < 0) {
        close_stream(stream);
    } else if (sent < count) {
        queue(stream, buffer->base + sent, (size_t)(count - sent));
    }
}

static void accepted(uv_stream_t *listener, int status) {
    if (status < 0) {
        return;
    }
    uv_stream_t *stream;
    if (listener->type == UV_TCP) {
        uv_tcp_t *tcp = malloc(sizeof *tcp);
        check(uv_tcp_init(listener->loop, tcp), "uv_tcp_init");
        stream = (uv_stream_t *)tcp;
    } else {
        uv_pipe_t *pipe = malloc(sizeof *pipe);
        check(uv_pipe_init(listener->loop, pipe, 0), "uv_pipe_init");
        stream = (uv_stream_t *)pipe;
    }
    check(uv_accept(listener, stream), "uv_accept");
    if (stream->type == UV_TCP) {
        uv_tcp_nodelay((uv_tcp_t *)stream, 1);
    }
    check(uv_read_start(stream, lend_buffer, echo), "uv_read_start");
}

static void listen_unix(uv_loop_t *loop, const char *path) {
    uv_pipe_t *pipe = malloc(sizeof *pipe);
    unlink(path);
    check(uv_pipe_init(loop, pipe, 0), "uv_pipe_init");
    check(uv_pipe_bind(pipe, path), "uv_pipe_bind");
    check(uv_listen((uv_stream_t *)pipe, 1024, accepted), "uv_listen");
    printf("listening unix://%s\n", path);
}

static void listen_tcp(uv_loop_t *loop, const char *host_and_port) {
    char host[64];
    struct sockaddr_in name;
    int size = sizeof name;
    const char *colon = strrchr(host_and_port, ':');
    if (colon == NULL || (size_t)(colon - host_and_port) >= sizeof host) {
        fail(UV_EINVAL, "address");
    }
    memcpy(host, host_and_port, (size_t)(colon - host_and_port));
    host[colon - host_and_port] = 0;
    uv_tcp_t *tcp = malloc(sizeof *tcp);
    check(uv_tcp_init(loop, tcp), "uv_tcp_init");
    check(uv_ip4_addr(host, atoi(colon + 1), &name), "uv_ip4_addr");
    check(uv_tcp_bind(tcp, (struct sockaddr *)&name, 0), "uv_tcp_bind");
    check(uv_listen((uv_stream_t *)tcp, 1024, accepted), "uv_listen");
    check(uv_tcp_getsockname(tcp, (struct sockaddr *)&name, &size), "uv_tcp_getsockname");
    printf("listening tcp://%s:%d\n", host, ntohs(name.sin_port));
}

/* The driver holds our standard input open; its end means the driver is gone. */
static void parent_gone(uv_stream_t *input, ssize_t count, const uv_buf_t *buffer) {
    (void)input;
    (void)buffer;
    if (count < 0) {
        exit(0);
    }
}

int main(int count, char **arguments) {
    static uv_pipe_t input;
    uv_loop_t *loop = uv_default_loop();
    if (count < 2) {
        fprintf(stderr, "usage: bare-echo unix:///PATH|tcp://IPV4:PORT ...\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    for (int index = 1; index < count; index++) {
        if (strncmp(arguments[index], "unix://", 7) == 0) {
            listen_unix(loop, arguments[index] + 7);
        } else if (strncmp(arguments[index], "tcp://", 6) == 0) {
            listen_tcp(loop, arguments[index] + 6);
        } else {
            fail(UV_EINVAL, arguments[index]);
        }
    }
    fflush(stdout);
    if (uv_guess_handle(0) == UV_NAMED_PIPE && uv_pipe_init(loop, &input, 0) == 0 &&
        uv_pipe_open(&input, 0) == 0) {
        uv_read_start((uv_stream_t *)&input, lend_buffer, parent_gone);
    }
    return uv_run(loop, UV_RUN_DEFAULT);
}
