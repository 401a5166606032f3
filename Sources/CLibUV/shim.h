/*
 * The only door to libuv (1.44 or newer). No logic lives here, only wrappers for calls that the
 * Swift importer cannot see: the variadic uv_loop_configure and ioctl, and the GNU call accept4.
 * EventLoop is the only Swift module that may import CLibUV. The bare echo benchmark is the only C
 * user.
 */
#ifndef ASSAY_CLIBUV_SHIM_H
#define ASSAY_CLIBUV_SHIM_H

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
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

/* Bytes of a socket that the peer's side has not taken: sent and not acknowledged on TCP, sent and
 * not read (with the kernel's own overhead) on a Unix socket. 0 when the kernel does not tell. */
static inline int assay_untaken(int descriptor) {
    int size = 0;
    return ioctl(descriptor, SIOCOUTQ, &size) == 0 && size > 0 ? size : 0;
}

/* Holds a signal back while polling, by the variadic uv_loop_configure. */
static inline int assay_uv_loop_block_signal(uv_loop_t *loop, int signal_number) {
    return uv_loop_configure(loop, UV_LOOP_BLOCK_SIGNAL, signal_number);
}

#endif
