"""The listener: connections that stopped are given up, and the end is bounded.

uvicorn waits for ever for a peer that neither reads nor closes. Here each connection is looked at
every second.

Guarantees: a peer that takes nothing, or less than `RATE_MIN` bytes a second, for
`reader_seconds` while bytes wait is cut off, and its request is cancelled. A head that is not
whole after `body_seconds` is given up. The process ends at most `shutdown_seconds` and a moment
after SIGTERM. Slow peers that keep the rate, and streams that are silent, stay.
Not here: bodies that stop (_reading).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import struct
import termios
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ._app import Settings, application
from ._reading import RATE_MIN

#: interval of looks at a connection, seconds
_LOOK_EVERY = 1.0
#: time for the last words of cancelled requests, seconds
_LAST_WORDS_WITHIN = 1.0
#: place of the bytes that the peer acknowledged in the kernel's `struct tcp_info`
_ACKED_AT = 120


class Patience:
    """Decides when a reader has stopped, from numbers of bytes at points in time."""

    def __init__(self, seconds: float, now: float) -> None:
        self._seconds = seconds
        self._since, self._acked = now, 0

    def is_over(self, now: float, acked: int, in_kernel: int, in_process: int) -> bool:
        """True when the reader is to be given up.

        `acked` bytes reached the peer in all, and the rest waits in the kernel and, when the
        kernel is full, in this process. Bytes in the kernel alone are normal as long as the peer
        takes some.
        """
        moved = acked - self._acked
        if in_kernel + in_process == 0 or (in_process == 0 and moved > 0):
            self._since, self._acked = now, acked
        elif now - self._since >= self._seconds:
            if moved < RATE_MIN * self._seconds:
                return True
            self._since, self._acked = now, acked
        return False


class Watched(H11Protocol):
    """A connection that is looked at until it is gone."""

    settings = Settings()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        now = self.loop.time()
        self._idle_since = now
        self._patience = Patience(self.settings.reader_seconds, now)
        self._next_look = self.loop.call_later(_LOOK_EVERY, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._next_look.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        self._next_look = self.loop.call_later(_LOOK_EVERY, self._look)
        now, sock = self.loop.time(), self.transport.get_extra_info("socket")
        try:
            acked, in_kernel = _acked(sock), _unacked(sock)
        except (OSError, ValueError):  # gone at this moment
            return
        in_process = self.transport.get_write_buffer_size()
        if self._patience.is_over(now, acked, in_kernel, in_process):
            self.logger.warning("a client that takes no bytes was cut off")
            # The kernel drops its bytes, too, in place of offering them for minutes.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("=ii", 1, 0))
            self.transport.abort()
        elif self.cycle is not None and not self.cycle.response_complete:
            self._idle_since = now
        elif now - self._idle_since >= self.settings.body_seconds:
            self.transport.close()


def _acked(sock: Any) -> int:
    """Bytes that the peer acknowledged since the begin."""
    told = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ACKED_AT + 8)
    return int(struct.unpack_from("=Q", told, _ACKED_AT)[0])


def _unacked(sock: Any) -> int:
    """Bytes in the kernel that the peer has not acknowledged."""
    told = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))
    return int(struct.unpack("=i", told)[0])


def server(settings: Settings, host: str, port: int, log_level: str) -> Announcing:
    """A server that is ready to run. Raises `AssayError` when an address is invalid."""
    kind = type("WatchedWithSettings", (Watched,), {"settings": settings})
    return Announcing(
        uvicorn.Config(
            application(settings),
            host=host,
            port=port,
            http=kind,
            ws="none",
            log_level=log_level,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=settings.shutdown_seconds,
        )
    )


def tell_systemd(words: str) -> None:
    """Tells the supervisor that started the bridge, if there is one. Failures do not matter."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.sendto(words.encode(), path.replace("@", "\0", 1) if path[0] == "@" else path)


class Announcing(uvicorn.Server):
    """A server that prints the address of its listener, which port 0 leaves open."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in self.servers:
            for sock in listening.sockets:
                host, port = sock.getsockname()[:2]
                host = f"[{host}]" if ":" in host else host
                print(f"listening on http://{host}:{port}", flush=True)
        if self.servers:
            tell_systemd("READY=1")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        tell_systemd("STOPPING=1")
        await super().shutdown(sockets)
        if self.server_state.tasks:  # cancelled, with last words to write
            await asyncio.wait(self.server_state.tasks, timeout=_LAST_WORDS_WITHIN)
        for connection in list(self.server_state.connections):
            connection.transport.close()
