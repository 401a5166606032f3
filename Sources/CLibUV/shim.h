/*
 * The only door to libuv (1.44 or newer). No logic lives here, only wrappers for calls that the
 * Swift importer cannot see: the variadic uv_loop_configure and the GNU call accept4. EventLoop is
 * the only Swift module that may import CLibUV. The bare echo benchmark is the only C user.
 */
#ifndef ASSAY_CLIBUV_SHIM_H
#define ASSAY_CLIBUV_SHIM_H

#include <errno.h>
#include <sys/socket.h>
#include <uv.h>

#if UV_VERSION_HEX < ((1 << 16) | (44 << 8))
#error "libuv 1.44 or newer is needed: apt-get install libuv1-dev"
#endif

/* Swift's Glibc module is built without _GNU_SOURCE and therefore lacks this prototype. */
extern int accept4(int listener, struct sockaddr *peer, socklen_t *size, int flags);

/* Accepts the next connection. Returns a non-blocking, close-on-exec descriptor, or -errno. */
static inline int assay_accept(int listener) {
    int descriptor = accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return descriptor >= 0 ? descriptor : -errno;
}

/* Holds a signal back while polling, by the variadic uv_loop_configure. */
static inline int assay_uv_loop_block_signal(uv_loop_t *loop, int signal_number) {
    return uv_loop_configure(loop, UV_LOOP_BLOCK_SIGNAL, signal_number);
}

#endif
