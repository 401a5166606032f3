"""The gate in front of every route: no web page drives the bridge.

A page that the user happens to visit can send requests to loopback. A request for a foreign name
(DNS rebinding), from a foreign origin, or with a body that is not declared as JSON (the only kind
that a page may send without permission) is refused before any work.

Guarantees: a refused request reaches no server. Names are compared whole, without the port.
A request that the end of the bridge cuts off is answered 503.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
from collections.abc import Iterable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ._errors import Refusal, shutting_down

_HOST = re.compile(r"(\[[^][]*\]|[^][:]*)(?::[0-9]*)?")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(.*)", re.IGNORECASE)


def name_of(host: str) -> str:
    """The name or address of `NAME`, `NAME:PORT` or `[ADDRESS]:PORT`. Empty for other texts."""
    found = _HOST.fullmatch(host.strip())
    return found[1].strip("[]").rstrip(".").lower() if found else ""


class Guard:
    """An ASGI application that hands requests for its own names to `app`."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = {name_of(name) for name in names} - {""}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await _answer(refusal, scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except asyncio.CancelledError:  # the bridge ends
            if begun:
                raise
            await _answer(shutting_down(), scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        own = (scope.get("server") or ("",))[0] or ""
        for value in _values(scope, b"host"):
            if not self._is_own(name_of(value), own):
                return self._foreign("host", value)
        for value in _values(scope, b"origin"):
            found = _ORIGIN.fullmatch(value.strip())
            if found is None or not self._is_own(name_of(found[1]), own):
                return self._foreign("origin", value)
        if scope["method"] != "POST":
            return None
        kinds = _values(scope, b"content-type") or ["none"]
        for kind in kinds:
            if kind.partition(";")[0].strip().lower() != "application/json":
                text = f'reading Content-Type: found "{kind[:80]}", allowed: application/json'
                return Refusal(415, "content_type_not_json", text)
        codings = [value for value in _values(scope, b"content-encoding") if value != "identity"]
        if codings:
            text = f'reading Content-Encoding: found "{codings[0][:80]}", allowed: none'
            return Refusal(415, "content_encoding_not_supported", text)
        return None

    def _is_own(self, name: str, own: str) -> bool:
        """True for a configured name, loopback, and the address where the request arrived."""
        if name in self._names or name == "localhost":
            return True
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(name)
            return address.is_loopback or str(address) == own
        return False

    def _foreign(self, what: str, value: str) -> Refusal:
        allowed = ", ".join(["loopback", "the listen address", *sorted(self._names)])
        text = f'reading {what.title()}: found "{value[:80]}", allowed: {allowed}'
        return Refusal(403, f"{what}_not_allowed", f"{text}; --allow-host adds a name")


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


async def _answer(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    made = JSONResponse(refusal.body(), status_code=refusal.status, headers=refusal.headers())
    await made(scope, receive, send)
