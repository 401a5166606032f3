"""The connections of a client: a pool for each process, and with asyncio for each event loop.

Guarantees: no more than `Options.connections` in a pool that take requests; one caller makes a
connection, the others wait for it, and should that one leave, the next takes over. A forked child
has a copy of every client and every descriptor, and none of the threads: its clients begin anew,
with locks that nobody holds, and the parent's sockets are closed there, neither read, written nor
shut down. Not here: reading and writing (_socket), attempts (_exchange).
"""

from __future__ import annotations

import os
import threading
import weakref
from abc import ABC
from collections.abc import Callable
from typing import Any, TypeVar

from ._errors import AssayError
from ._exchange import Call, Exchange, Waiter, now_seconds
from ._options import Options
from ._protocol import CONNECTION_CLOSED, KINDS, TIMED_OUT
from ._socket import Address, Link
from .messages import Layer

T = TypeVar("T")


class Pool:
    """A few connections, made on demand."""

    def __init__(self, client: BaseClient) -> None:
        self._client, self._io = client, client.io
        self._lock = threading.Lock()
        self.links: list[Link | None] = [None] * client.options.connections
        self.made: weakref.WeakSet[Link] = weakref.WeakSet()  # those that drain, too
        #: who makes each connection, and the calls that want it
        self._makers: list[Waiter | None] = [None for _ in self.links]
        self._queues: list[dict[Call, None]] = [{} for _ in self.links]
        self.process = os.getpid()

    def close(self, reason: str) -> None:
        """Ends every connection."""
        with self._lock:
            links = list(self.made)
        for link in links:
            link.close(reason)

    async def ask(self, call: Call, exchange: Exchange) -> Link:
        """Sends a request on the connection with the fewest in flight, a new one if need be.

        The caller is inside `with call.alive`.
        """
        slot = 0
        if len(self.links) > 1:
            with self._lock:  # until it is sent it counts as one of its connection's
                slot = self._slot()
                self._queues[slot][call] = None
        try:
            link = self.links[slot]
            if link is not None and await link.ask(call, exchange):
                return link
            link = await self._connect(slot, call, exchange)
            if await link.ask(call, exchange):
                return link
            raise AssayError(CONNECTION_CLOSED, "the server takes no requests")
        finally:
            self._queues[slot].pop(call, None)

    def _slot(self) -> int:
        """Index of the connection with the fewest requests in flight, made ones first."""

        def weight(index: int) -> tuple[int, bool]:
            link = self.links[index]
            queue = list(self._queues[index])
            waiting = sum(not one.id and one.alive.locked() for one in queue)
            if link is None or not link.core.usable:
                return waiting, True
            return waiting + link.load, False

        return min(range(len(self.links)), key=weight)

    async def _connect(self, slot: int, waiter: Call, exchange: Exchange) -> Link:
        """Makes a connection, or waits until another caller has made it."""
        limit, queue = exchange.connect_limit(), self._queues[slot]
        queue[waiter] = None
        while True:
            with self._lock:
                link = self.links[slot]
                if link is not None and link.core.usable:
                    return link
                if self._client.closed:
                    raise AssayError(CONNECTION_CLOSED, "the caller closed this client")
                maker = self._makers[slot]
                if maker is None or not maker.alive.locked():
                    maker = self._makers[slot] = waiter
                self._io.hang_bell(waiter)
            if maker is waiter:
                return await self._make(slot, exchange)
            if now_seconds() >= limit:
                text = f"connecting to {self._client.address.text}: not in time"
                raise AssayError(TIMED_OUT, text)
            await self._io.listen(waiter, limit)

    async def _make(self, slot: int, exchange: Exchange) -> Link:
        client, limit = self._client, exchange.connect_limit()
        try:
            link = await self._io.open(client.address, client.options, limit)
            with self._lock:
                self.links[slot] = link
                self.made.add(link)
            if client.closed:
                link.close("the caller closed this client")
            await link.greet(client.address, exchange)
            return link
        finally:
            with self._lock:
                self._makers[slot] = None
                for other in list(self._queues[slot]):
                    if not other.alive.locked():
                        self._queues[slot].pop(other, None)  # its thread was interrupted
                    self._io.ring(other)


class BaseClient(ABC):
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
        self._begin_anew()
        _clients.add(self)

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        #: by event loop; None where there is none
        self._pools: dict[Any, Pool] = {}
        #: the one that was used last
        self._last = self._pools[None] = Pool(self)

    def after_fork(self) -> None:
        """In a forked child, before anything else: the connections so far are the parent's."""
        inherited = list(self._pools.values())
        self._begin_anew()
        for pool in inherited:
            for link in list(pool.made):
                link.leave_to_parent()

    def pool(self) -> Pool:
        """The connections that may be used here."""
        if self._last.process != os.getpid():
            self.after_fork()
        return self._last

    @property
    def _links(self) -> list[Link | None]:
        return self._last.links

    async def _answer(
        self,
        kind: str,
        request: Any,
        response: type[T],
        deadline_milliseconds: int,
        on_layer: Callable[[Layer], None] | None = None,
    ) -> T:
        streams = on_layer is not None
        exchange = Exchange(self, KINDS[kind], request, deadline_milliseconds, streams)
        try:
            while (chunk := await exchange.step()) is not None:
                assert on_layer is not None
                on_layer(chunk.layer)
        finally:
            exchange.close()
        answer: T = exchange.result
        return answer

    def _close(self) -> None:
        self.closed = True
        self.pool()
        for pool in list(self._pools.values()):
            pool.close("the caller closed this client")


_clients: weakref.WeakSet[BaseClient] = weakref.WeakSet()


def _after_fork() -> None:
    for client in list(_clients):
        client.after_fork()


# Processes that fork without telling the interpreter are found by their process id.
os.register_at_fork(after_in_child=_after_fork)
