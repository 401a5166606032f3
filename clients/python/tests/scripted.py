"""Tools for tests over sockets: the scripted server of `assay.testing`, calls in threads, and the
ends of calls."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import threading
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

from assay import AssayError, testing
from assay.testing import LIMIT, Peer

__all__ = ["LIMIT", "Peer", "Threads", "end_of", "fails", "run", "server"]

#: the client is tested as if a real model answered
server = partial(testing.server, provenance="real")


class Threads:
    """Works that are done from now on, each in a thread."""

    def __init__(self, *works: Callable[[], object]) -> None:
        #: results, codes of an `AssayError`, or other failures, in the order of their ends
        self.ends: list[object] = []
        self._threads = [
            threading.Thread(target=self._do, args=(work,), daemon=True) for work in works
        ]
        for thread in self._threads:
            thread.start()

    def _do(self, work: Callable[[], object]) -> None:
        try:
            self.ends.append(end_of(work))
        except BaseException as failure:
            self.ends.append(failure)

    def join(self) -> list[object]:
        """Waits for the threads, and returns `ends`."""
        for thread in self._threads:
            thread.join(LIMIT)
            if thread.is_alive():
                faulthandler.dump_traceback()
                raise AssertionError("a thread hangs")
        return self.ends


def end_of(work: Callable[[], object]) -> object:
    """Does the work. Returns the result, or the code of an `AssayError`."""
    try:
        return work()
    except AssayError as error:
        return error.code


def run(work: Coroutine[Any, Any, object]) -> None:
    """Runs a coroutine in an event loop of its own."""
    asyncio.run(asyncio.wait_for(work, LIMIT))


@contextlib.contextmanager
def fails(code: str, field: str | None = None, words: str = "") -> Iterator[None]:
    """Checks that the block fails with `code`, `words` in the message, and `field` where given."""
    try:
        yield
    except AssayError as error:
        assert error.code == code and words in error.message, f"found {error}, allowed: {code}"
        assert field in (None, error.field), f"found {error.field}, allowed: {field}"
    else:
        raise AssertionError(f"found no error, allowed: {code}")
