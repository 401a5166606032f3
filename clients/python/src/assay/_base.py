"""What both clients share: the connections.

Guarantees: no more than `Options.connections` that take requests, for each event loop; however many
calls wait, a connection is made once. A forked child has a copy of every client and every
descriptor, and none of the threads: its clients begin anew, with locks that nobody holds, and the
parent's sockets are closed there, neither read, written nor shut down.
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
    """What both clients share; creating one does not connect.

    Every call waits until its answer is complete, and raises `AssayError`. Lost connections are
    made anew on demand; what is safe to repeat is repeated, `Options.attempts` times in all.
    `deadline_milliseconds` is how long the server may take from receipt on, 0 for no limit; the
    client itself gives up `Options.grace_milliseconds` later. Unless `Options.allow_mock`, every
    request demands a real model, and an answer of a mock raises `mock_refused`.
    """

    #: how its callers wait
    io: type[Link]

    def __init__(self, address: str, options: Options | None = None) -> None:
        """Raises `address_invalid`; `address` is `tcp://host:port` or `unix:///path`."""
        self.address = Address.parse(address)
        self.options = options or Options()
        self.closed = False
        #: all connections that may be alive, those that drain included
        self._links: list[Link] = []
        self.begin_anew()
        _clients.add(self)

    def begin_anew(self) -> None:
        """In a forked child, before anything else: the connections so far are the parent's."""
        self._lock = threading.Lock()
        self._process = os.getpid()
        inherited, self._links = self._links, []
        for link in inherited:
            link.leave_to_parent()

    def pick(self, call: Call) -> Link:
        """The connection with the fewest calls, a new one rather than one in use. It counts `call`
        from now on, until that is sent."""
        if self._process != os.getpid():  # a fork that the interpreter was not told of
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
        self, kind: str, request: Any, deadline: int, on_layer: Callable[[Any], None] | None = None
    ) -> Any:
        exchange = Exchange(self, KINDS[kind], request, deadline, on_layer is not None)
        try:
            while (chunk := await exchange.step()) is not None:
                if on_layer is not None:
                    on_layer(chunk.layer)
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
