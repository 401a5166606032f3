"""The two clients: one for threads, which starts no thread, and one for asyncio.

Not here: the calls (_calls, generated), the common base (_base, _exchange).
"""

from __future__ import annotations

from typing import Any

from ._calls import AsyncCalls, Calls
from ._link import Link
from ._tasks import TaskLink


class Client(Calls):
    """A client of one server. Threads may share a client. See `BaseClient` for the rules of
    calls."""

    io = Link

    def close(self) -> None:
        """Ends every connection, and with `connection_closed` every call, now and later."""
        self._close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class AsyncClient(AsyncCalls):
    """A client of one server, for the tasks of any event loop.

    Each event loop makes its own connections, and connections of a closed loop are dropped.
    Cancelling a task stops the server. See `BaseClient` for the rest.
    """

    io = TaskLink

    async def close(self) -> None:
        """Ends every connection, and with `connection_closed` every call, now and later."""
        self._close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()
