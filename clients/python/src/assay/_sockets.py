"""How both clients connect: addresses to sockets, what is set on a TCP socket, errors in words.

Guarantees: a TCP connection is probed by the kernel after 30 s of silence, every 10 s, 3 times: a
machine that went without a word is noticed while its answer is awaited. A system that refuses one
of these options keeps its own number for it, and the connection is used all the same. Whatever
ends connecting closes the socket.
Not here: waiting (the blocking client's limit is the socket's, the other's is the loop's).
"""

from __future__ import annotations

import contextlib
import socket

from ._errors import TIMED_OUT, UNREACHABLE, AssayError
from ._options import Address

#: on; seconds of silence before the first probe, between probes; probes without an answer
KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


def set_up_tcp(sock: socket.socket) -> None:
    """No delay of small frames, and probes of a silent peer."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for level, name, value in KEEPALIVE:
        with contextlib.suppress(OSError):
            sock.setsockopt(level, name, value)


def connected(address: Address, timeout: float) -> socket.socket:
    """A connected socket that blocks. Raises `unreachable`, or `timed_out`."""
    try:
        if address.path:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.settimeout(timeout)
                sock.connect(address.path)
            except BaseException:
                sock.close()
                raise
        else:
            sock = socket.create_connection((address.host, address.port), timeout)
            try:
                set_up_tcp(sock)
            except BaseException:
                sock.close()
                raise
    except OSError as error:
        raise not_connected(address, error) from None
    sock.settimeout(None)
    return sock


def not_connected(address: Address, error: OSError) -> AssayError:
    """Why there is no connection."""
    if isinstance(error, TimeoutError):
        return AssayError(TIMED_OUT, f"connecting to {address.text}: no answer in time")
    reason = error.strerror or str(error)
    return AssayError(UNREACHABLE, f"connecting to {address.text}: {reason}")
