"""The body of a request: bytes in bounded number and time, then JSON.

Guarantees: a body above the limit is refused before it is held. A body that stops or trickles is
given up. What passes is JSON whose texts can all be written as UTF-8, so that no later step fails
on a text. A refusal names the place.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from starlette.requests import ClientDisconnect, Request

from ._errors import Refusal, bad

#: least rate of a body that is not at its end, bytes per second
RATE_MIN = 1024
#: digits of a whole number beyond which only a fraction's range remains
_DIGITS_MAX = 40
#: the only spelling of a surrogate in UTF-8
_SURROGATE = re.compile(rb"\\u[dD]")


async def json_of(request: Request, size_max: int, seconds: float) -> Any:
    """The request's JSON. Raises `Refusal`."""
    return parsed(await _bytes(request, size_max, seconds))


async def _bytes(request: Request, size_max: int, seconds: float) -> bytes:
    data = bytearray()
    too_large = Refusal(413, "body_too_large", f"a body has at most {size_max} bytes")
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and (len(length) > 18 or int(length) > size_max):
        raise too_large
    loop = asyncio.get_running_loop()
    until, seen = loop.time() + seconds, 0
    pieces = request.stream()
    while True:
        try:
            data += await asyncio.wait_for(anext(pieces), until - loop.time())
        except StopAsyncIteration:
            return bytes(data)
        except ClientDisconnect:
            raise Refusal(499, "client_closed_request", "the client went away") from None
        except asyncio.TimeoutError:
            text = f"reading the body: found {len(data)} bytes and then too little for"
            text = f"{text} {seconds} s, allowed: {RATE_MIN} bytes a second until the end"
            raise Refusal(408, "body_timed_out", text, closes=True) from None
        if len(data) > size_max:
            raise too_large
        if len(data) - seen >= RATE_MIN * seconds:
            until, seen = loop.time() + seconds, len(data)


def parsed(data: bytes) -> Any:
    """The JSON value of UTF-8 bytes. Raises `Refusal`."""
    try:
        found = json.loads(data.decode(), parse_int=_whole)
    except UnicodeDecodeError as error:
        text = f"reading the body: found bytes that are no UTF-8 at {error.start}, allowed: JSON"
        raise bad(None, text, "invalid_json") from None
    except (ValueError, RecursionError):
        raise bad(None, "reading the body: found no JSON", "invalid_json") from None
    if _SURROGATE.search(data):
        _check_texts(found)
    return found


def _whole(digits: str) -> int | float:
    """A number too long for every parameter becomes a fraction, which the parameter refuses."""
    return int(digits) if len(digits) <= _DIGITS_MAX else float(digits)


def _check_texts(body: Any) -> None:
    """Refuses halves of UTF-16 pairs, which no UTF-8 can spell. Needs no recursion."""
    left: list[tuple[str, Any]] = [("", body)]
    while left:
        place, value = left.pop()
        if isinstance(value, str):
            _check_text(place, value)
        elif isinstance(value, list):
            left += [(f"{place}[{index}]", one) for index, one in enumerate(value) if _holds(one)]
        elif isinstance(value, dict):
            for name, one in value.items():
                _check_text(place, name)
                if _holds(one):
                    left.append((f"{place}.{name}" if place else name, one))


def _holds(value: Any) -> bool:
    return isinstance(value, (str, list, dict))


def _check_text(place: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        found = f"found half of a surrogate pair at character {error.start}"
        message = f'reading "{place[:200]}": {found}, allowed: text that UTF-8 can spell'
        raise bad(place[:200] or None, message) from None
