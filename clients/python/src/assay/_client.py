"""The two clients: one for threads, which has no thread of its own, and one for asyncio.

Not here: the calls (_calls, generated), what both share (_pool, _exchange).
"""

from __future__ import annotations

import asyncio
from typing import Any

from ._calls import AsyncCalls, Calls
from ._pool import Pool
from ._tasks import TaskLink
from ._threads import ThreadLink


class Client(Calls):
    """A client of one server. Threads may share it. See `BaseClient` for what holds for calls."""

    io = ThreadLink

    def close(self) -> None:
        """Ends every connection, and with `connection_closed` every call, now and later."""
        self._close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class AsyncClient(AsyncCalls):
    """A client of one server, for the tasks of any event loop.

    Connections belong to the loop they were made in: another loop makes its own, those of a closed
    loop are dropped. A task's cancellation has the server stop. See `BaseClient` for the rest.
    """

    io = TaskLink

    def pool(self) -> Pool:
        super().pool()
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            with self._lock:
                gone = [one for one in self._pools if one is None or one.is_closed()]
                others = [self._pools.pop(one) for one in gone]
                pool = self._pools[loop] = Pool(self)
            for other in others:
                other.close("its event loop was closed")
        self._last = pool
        return pool

    async def close(self) -> None:
        """Ends every connection, and with `connection_closed` every call, now and later."""
        self._close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()
