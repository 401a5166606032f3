"""The base of both clients: the connections.

Guarantees: each event loop has at most `Options.connections` connections that take requests. A
connection is made once for all waiting calls. A forked child has a copy of every client and
descriptor, but none of the threads. Its clients begin anew with free locks, and close the parent's
sockets without reading, writing or shutting them down.
Not here: the calls (_calls, generated), reading and writing (_link), attempts (_exchange).
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

from ._errors import closed
from ._exchange import Call, Exchange
from ._link import Address, Link
from ._options import Options
from ._protocol import KINDS


class BaseClient:
    """The base of both clients. Creating a client does not connect.

    Every call waits until its answer is complete, and raises `AssayError`. Lost connections are
    replaced on demand. Requests that are safe to repeat are repeated, up to `Options.attempts`
    attempts in all. `deadline_milliseconds` is the server's time from receipt on, 0 for no limit.
    The client itself gives up `Options.grace_milliseconds` later. Unless `Options.allow_mock` is
    set, every request demands a real model, and an answer of a mock raises `mock_refused`.
    """

    #: link class, with the way that callers wait
    io: type[Link]

    def __init__(self, address: str, options: Options | None = None) -> None:
        """`address` is `tcp://host:port` or `unix:///path`. Raises `address_invalid`, and
        `request_invalid` for a token file without a token."""
        self.address = Address.parse(address)
        self.options = (options or Options()).with_token()
        self.closed = False
        #: connections that may be alive, draining ones included
        self._links: list[Link] = []
        self.begin_anew()
        _clients.add(self)

    def begin_anew(self) -> None:
        """Leaves all connections to the parent. Called first in a forked child."""
        self._lock = threading.Lock()
        self._process = os.getpid()
        inherited, self._links = self._links, []
        for link in inherited:
            link.leave_to_parent()

    def pick(self, call: Call) -> Link:
        """Returns the connection with the fewest calls, or a new connection when all are in use
        and more are allowed. The connection counts `call` until the request is sent."""
        if self._process != os.getpid():  # a fork unknown to the interpreter
            self.begin_anew()
        with self._lock:
            if self.closed:
                raise closed("the caller closed this client")
            home, count = self.io.here(), 0
            best: Link | None = None
            for link in self._links:
                if link.takes_requests and link.home is home:
                    count += 1
                    best = link if best is None or link.load < best.load else best
            if best is None or count < self.options.connections and best.load:
                for link in self._links:
                    if link.home is not None and link.home.is_closed():
                        link.end(closed("its event loop was closed"))
                best = self.io(self.address, self.options)
                self._links = [link for link in self._links if link.broken is None] + [best]
            best.rooms[call] = None
            return best

    async def _answer(
        self, kind: str, request: Any, deadline: int, on_chunk: Callable[[Any], None] | None = None
    ) -> Any:
        exchange = Exchange(self, KINDS[kind], request, deadline, on_chunk is not None)
        try:
            while (chunk := await exchange.step()) is not None:
                if on_chunk is not None:
                    on_chunk(chunk.layer if kind == "Load" else chunk)
        finally:
            exchange.close()
        return exchange.result

    def _close(self) -> None:
        if self._process != os.getpid():
            self.begin_anew()
        with self._lock:
            self.closed = True
        for link in self._links:
            link.end(closed("the caller closed this client"))


_clients: weakref.WeakSet[BaseClient] = weakref.WeakSet()


def _after_fork() -> None:
    for client in list(_clients):
        client.begin_anew()


os.register_at_fork(after_in_child=_after_fork)
