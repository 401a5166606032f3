"""What a forked child does before any of its own code: its clients drop the parent's connections.

A child has a copy of every client and every descriptor, and none of the threads: a lock that
another thread held stays locked for ever, and a socket that two processes read gives each of them
parts of the other's answers.

Guarantees: clients of the child begin anew, with locks that nobody holds; the parent's sockets are
closed in the child, neither read, written nor shut down.
Not here: processes that fork without telling the interpreter: clients compare their process id.
"""

from __future__ import annotations

import os
import weakref
from typing import Any

_clients: weakref.WeakSet[Any] = weakref.WeakSet()


def in_children(client: Any) -> None:
    """Has `client.after_fork()` called in every forked child."""
    _clients.add(client)


def _after_fork() -> None:
    for client in list(_clients):
        client.after_fork()


os.register_at_fork(after_in_child=_after_fork)
