"""The test driver for Protocol/conformance: reads and writes one JSON object a line.

    driver.py             over the blocking client, a thread per call
    driver.py --asyncio   over the asyncio client, a task per call

A test tool. See example.py for an example.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import os
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from functools import partial
from typing import Any

import assay
from assay import _protocol as protocol
from assay._protocol import Field, Message
from assay._stream import done

Work = Coroutine[Any, Any, Any]

# ---------------------------------------------------------------- JSON to messages and back

#: u64 are decimal text, bytes hexadecimal
_FROM_JSON: dict[int, Callable[[Any], Any]] = {protocol.U64: int, protocol.BYTES: bytes.fromhex}
_TO_JSON: dict[int, Callable[[Any], Any]] = {protocol.U64: str, protocol.BYTES: bytes.hex}
_TO_JSON |= {protocol.U32S: list, protocol.F32S: list}


def converted(
    field: Field,
    value: Any,
    plain: dict[int, Callable[[Any], Any]],
    record: Callable[[Message, Any], Any],
) -> Any:
    """Converts the value of a field, or each of its values."""
    convert = plain.get(field.type, lambda same: same)
    if field.record is not None:
        convert = partial(record, protocol.MESSAGES[field.record])
    return [convert(one) for one in value] if field.repeated else convert(value)


def from_json(message: Message, values: dict[str, Any]) -> Any:
    """Makes the dataclass of a message."""
    given = {name: value for name, value in values.items() if value is not None}
    fields = {field.name: field for field in message.fields}
    unknown = values.keys() - fields.keys()
    if unknown:
        raise ValueError(f"{message.name} has no field {sorted(unknown)}")
    made = {name: converted(fields[name], given[name], _FROM_JSON, from_json) for name in given}
    return message.type(**made)


def to_json(message: Message, value: Any) -> dict[str, Any]:
    """Makes JSON of a dataclass, without absent fields."""
    given = [(field, getattr(value, field.name)) for field in message.fields]
    given = [(field, one) for field, one in given if one is not None]
    return {field.name: converted(field, one, _TO_JSON, to_json) for field, one in given}


def error_json(error: assay.AssayError) -> dict[str, Any]:
    pause, load = error.retry_after_milliseconds, error.server_load
    return vars(error) | {
        "status": error.status.name,
        "retry_after_milliseconds": None if pause is None else str(pause),
        "server_load": load and to_json(protocol.MESSAGES["Server load"], load),
    }


_output = threading.Lock()


def say(number: Any, **words: Any) -> None:
    line = json.dumps({"id": number, **words})
    with _output:
        print(line, flush=True)


# ---------------------------------------------------------------- calls of both clients


def forked(run: Callable[[Work], Any], client: Any, command: dict[str, Any]) -> None:
    """Makes the call in a forked child, and prints the outcome that the child sends through a
    pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(json.dumps(run(outcome(client, command))).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    if not said:
        said = b'{"error": {"code": "connection_closed", "message": "the child said nothing"}}'
    say(command["id"], **json.loads(said))


async def settled(value: Any) -> Any:
    """Returns the value, which the asyncio client's methods give to `await` only."""
    return await value if inspect.isawaitable(value) else value


async def call(client: Any, command: dict[str, Any]) -> None:
    say(command["id"], **await outcome(client, command))


async def outcome(client: Any, command: dict[str, Any]) -> dict[str, Any]:
    """Makes a call and returns the outcome, in the driver's words."""
    number, kind = command["id"], protocol.KINDS[command["kind"]]
    try:
        request = from_json(kind.request, command.get("request") or {})
        words: dict[str, Any] = {}
        words["deadline_milliseconds"] = int(command.get("deadline_milliseconds") or 0)
        if kind.name == "Generate" and command.get("stream"):
            result = await stream(client.generate_stream(request, **words), command)
        else:
            if kind.name == "Load" and command.get("stream"):
                layer_of = partial(to_json, protocol.MESSAGES["Layer"])
                words["on_layer"] = lambda layer: say(number, chunk={"layer": layer_of(layer)})
            if kind.name == "Swap" and command.get("stream"):
                progress_of = partial(to_json, protocol.MESSAGES["Swap progress"])
                words["on_progress"] = lambda part: say(number, chunk=progress_of(part))
            result = await settled(getattr(client, kind.name.lower())(request, **words))
        made = {name: getattr(result, name) for name in ("provenance", "generation", "degraded")}
        return {"ok": made | {"response": to_json(kind.response, result)}}
    except assay.AssayError as error:
        return {"error": error_json(error)}


async def stream(answer: Any, command: dict[str, Any]) -> Any:
    count = 0
    async with contextlib.aclosing(chunks(answer)) as parts:
        async for chunk in parts:
            say(command["id"], chunk=to_json(protocol.MESSAGES["Generate chunk"], chunk))
            count += 1
            if count == command.get("cancel_after_chunks"):
                break
    return answer.result


async def chunks(answer: Any) -> AsyncGenerator[Any, None]:
    """Hands out the chunks of a stream of either client. Closing the iterator closes the stream."""
    if isinstance(answer, assay.GenerateStream):
        with answer:
            for chunk in answer:
                yield chunk
    else:
        async with answer:
            async for chunk in answer:
                yield chunk


# ---------------------------------------------------------------- commands


def obey(
    make: Callable[..., Any], begin: Callable[[Work], Any], run: Callable[[Work], Any]
) -> None:
    """Obeys commands until the end of the input. `make` makes a client, `begin` starts a coroutine,
    and `run` runs a coroutine to its end in a forked child."""
    clients: dict[str, Any] = {}
    begun = []
    for line in iter(sys.stdin.readline, ""):
        command = json.loads(line)
        number, name = command["id"], command["client"]
        try:
            if command["op"] == "open":
                options = assay.Options(**command.get("options") or {})
                clients[name] = make(command["server"], options)
                say(number, ok={})
            elif command["op"] == "close":
                closing = clients[name].close()
                if closing is not None:
                    begin(closing).result()
                say(number, ok={})
            elif command["op"] == "fork":
                given = (run, clients[name], command)
                threading.Thread(target=forked, args=given, daemon=True).start()
            else:
                begun.append(begin(call(clients[name], command)))
        except assay.AssayError as error:
            say(number, error=error_json(error))


def in_thread(work: Work) -> None:
    threading.Thread(target=done, args=(work,), daemon=True).start()


async def asynchronous() -> None:
    """Obeys in a thread without a running loop, and calls in this one's."""
    begin = partial(asyncio.run_coroutine_threadsafe, loop=asyncio.get_running_loop())
    await asyncio.to_thread(obey, assay.AsyncClient, begin, asyncio.run)


if __name__ == "__main__":
    if "--asyncio" in sys.argv[1:]:
        asyncio.run(asynchronous())
    else:
        obey(assay.Client, in_thread, done)
