"""The test driver for Protocol/conformance: reads and writes one JSON object a line.

    driver.py             over the blocking client, a thread per call
    driver.py --asyncio   over the asyncio client, a task per call

A test tool. See example.py for an example.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import assay
from assay import _protocol as protocol
from assay import messages
from assay._protocol import Field, Message

# ---------------------------------------------------------------- JSON to messages and back


def from_json(message: Message, values: dict[str, Any]) -> Any:
    """Makes the dataclass of a message. u64 are decimal text, bytes hexadecimal."""
    made = {}
    for field in message.fields:
        value = values.get(field.name)
        if value is not None:
            one = [from_json_value(field, item) for item in value] if field.repeated else None
            made[field.name] = from_json_value(field, value) if one is None else one
    unknown = values.keys() - {field.name for field in message.fields}
    if unknown:
        raise ValueError(f"{message.name} has no field {sorted(unknown)}")
    return message.type(**made)


def from_json_value(field: Field, value: Any) -> Any:
    if field.type == protocol.U64:
        return int(value)
    if field.type == protocol.BYTES:
        return bytes.fromhex(value)
    if field.record is not None:
        return from_json(protocol.MESSAGES[field.record], value)
    return value


def to_json(message: Message, value: Any) -> dict[str, Any]:
    """Makes JSON of a dataclass, without absent fields."""
    made = {}
    for field in message.fields:
        found = getattr(value, field.name)
        if found is not None:
            one = [to_json_value(field, item) for item in found] if field.repeated else None
            made[field.name] = to_json_value(field, found) if one is None else one
    return made


def to_json_value(field: Field, value: Any) -> Any:
    if field.type == protocol.U64:
        return str(value)
    if field.type == protocol.BYTES:
        return value.hex()
    if field.type in (protocol.U32S, protocol.F32S):
        return list(value)
    if field.record is not None:
        return to_json(protocol.MESSAGES[field.record], value)
    return value


def error_json(error: assay.AssayError) -> dict[str, Any]:
    load = error.server_load
    return {
        "code": error.code,
        "status": error.status.name,
        "message": error.message,
        "server_code": error.server_code,
        "field": error.field,
        "layer": error.layer,
        "retry_after_milliseconds": (
            None if error.retry_after_milliseconds is None else str(error.retry_after_milliseconds)
        ),
        "server_load": load and to_json(protocol.MESSAGES["Server load"], load),
        "provenance": error.provenance,
    }


def result_json(kind: str, result: messages.Result) -> dict[str, Any]:
    return {
        "provenance": result.provenance,
        "generation": result.generation,
        "degraded": result.degraded,
        "response": to_json(protocol.KINDS[kind].response, result),
    }


def chunk_json(chunk: Any) -> dict[str, Any]:
    return to_json(protocol.MESSAGES["Generate chunk"], chunk)


def layer_json(layer: messages.Layer) -> dict[str, Any]:
    return {"layer": to_json(protocol.MESSAGES["Layer"], layer)}


_output = threading.Lock()


def say(number: Any, **words: Any) -> None:
    line = json.dumps({"id": number, **words})
    with _output:
        print(line, flush=True)


def arguments(command: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Returns the request of a call, and its deadline."""
    request = from_json(protocol.KINDS[command["kind"]].request, command.get("request") or {})
    return request, {"deadline_milliseconds": int(command.get("deadline_milliseconds") or 0)}


def opened(command: dict[str, Any], asynchronous: bool) -> Any:
    options = assay.Options(**command.get("options") or {})
    make = assay.AsyncClient if asynchronous else assay.Client
    return make(command["server"], options)


def forked(answer: Callable[[], dict[str, Any]], number: Any) -> None:
    """Makes the call in a forked child, and prints the outcome that the child sends through a
    pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(json.dumps(answer()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    if not said:
        said = b'{"error": {"code": "connection_closed", "message": "the child said nothing"}}'
    say(number, **json.loads(said))


# ---------------------------------------------------------------- the blocking client


def call(client: assay.Client, command: dict[str, Any]) -> None:
    say(command["id"], **outcome(client, command))


def fork(client: assay.Client, command: dict[str, Any]) -> None:
    forked(lambda: outcome(client, command), command["id"])


def outcome(client: assay.Client, command: dict[str, Any]) -> dict[str, Any]:
    """Makes a call and returns the outcome, in the driver's words."""
    number, kind = command["id"], command["kind"]
    try:
        request, words = arguments(command)
        if kind == "Generate" and command.get("stream"):
            result: Any = stream(client.generate_stream(request, **words), command)
        else:
            if kind == "Load" and command.get("stream"):
                words["on_layer"] = lambda layer: say(number, chunk=layer_json(layer))
            result = getattr(client, kind.lower())(request, **words)
        return {"ok": result_json(kind, result)}
    except assay.AssayError as error:
        return {"error": error_json(error)}


def stream(answer: Any, command: dict[str, Any]) -> Any:
    count = 0
    with answer:
        for chunk in answer:
            say(command["id"], chunk=chunk_json(chunk))
            count += 1
            if count == command.get("cancel_after_chunks"):
                break
    return answer.result


def blocking() -> None:
    clients: dict[str, assay.Client] = {}
    threads: list[threading.Thread] = []
    for line in iter(sys.stdin.readline, ""):
        command = json.loads(line)
        try:
            if command["op"] == "open":
                clients[command["client"]] = opened(command, False)
                say(command["id"], ok={})
            elif command["op"] == "close":
                clients[command["client"]].close()
                say(command["id"], ok={})
            else:
                work = fork if command["op"] == "fork" else call
                given = (clients[command["client"]], command)
                threads.append(threading.Thread(target=work, args=given, daemon=True))
                threads[-1].start()
        except assay.AssayError as error:
            say(command["id"], error=error_json(error))


# ---------------------------------------------------------------- the asyncio client


async def call_async(client: assay.AsyncClient, command: dict[str, Any]) -> None:
    say(command["id"], **await outcome_async(client, command))


async def fork_async(client: assay.AsyncClient, command: dict[str, Any]) -> None:
    """Makes the call in a forked child with a new event loop, in a thread without a running
    loop."""

    def answer() -> dict[str, Any]:
        return asyncio.run(outcome_async(client, command))

    await asyncio.to_thread(forked, answer, command["id"])


async def outcome_async(client: assay.AsyncClient, command: dict[str, Any]) -> dict[str, Any]:
    """Makes a call and returns the outcome, in the driver's words."""
    number, kind = command["id"], command["kind"]
    try:
        request, words = arguments(command)
        if kind == "Generate" and command.get("stream"):
            result: Any = await stream_async(client.generate_stream(request, **words), command)
        else:
            if kind == "Load" and command.get("stream"):
                words["on_layer"] = lambda layer: say(number, chunk=layer_json(layer))
            result = await getattr(client, kind.lower())(request, **words)
        return {"ok": result_json(kind, result)}
    except assay.AssayError as error:
        return {"error": error_json(error)}


async def stream_async(answer: Any, command: dict[str, Any]) -> Any:
    count = 0
    async with answer:
        async for chunk in answer:
            say(command["id"], chunk=chunk_json(chunk))
            count += 1
            if count == command.get("cancel_after_chunks"):
                break
    return answer.result


async def asynchronous() -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=64 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    clients: dict[str, assay.AsyncClient] = {}
    tasks: set[asyncio.Task[None]] = set()
    while line := await lines.readline():
        command = json.loads(line)
        try:
            if command["op"] == "open":
                clients[command["client"]] = opened(command, True)
                say(command["id"], ok={})
            elif command["op"] == "close":
                await clients[command["client"]].close()
                say(command["id"], ok={})
            else:
                work = fork_async if command["op"] == "fork" else call_async
                task = asyncio.create_task(work(clients[command["client"]], command))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        except assay.AssayError as error:
            say(command["id"], error=error_json(error))
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    if "--asyncio" in sys.argv[1:]:
        asyncio.run(asynchronous())
    else:
        blocking()
