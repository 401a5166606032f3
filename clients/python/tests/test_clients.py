"""Both clients over real sockets, against a small scripted server in this process.

One file, since the rows run for both clients with one server.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import tempfile
import threading
import time
import unittest
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import assay
from assay import AssayError, GenerateRequest, Options
from assay._frames import HEADER
from assay._link import Address, Link, set_up_tcp
from assay._protocol import KINDS, Status
from assay._stream import done

from .frames import ANSWER, answer, hello, refusal

LIMIT = 20.0  # seconds after which a test is a failure, not a matter of speed
END = dict(finish_reason="stop", prompt_tokens=1, completion_tokens=0, answer=ANSWER)


class Peer:
    """One accepted connection of the scripted server."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.file = sock.makefile("rb")

    def request(self) -> tuple[int, int, bytes]:
        """Kind, id and body of the next request; kind 0 at the end."""
        head = self.file.read(32)
        if len(head) < 32:
            return 0, 0, b""
        words = HEADER.unpack(head)
        return words[2], words[5], self.file.read(words[0] - 28)

    def hello(self, **fields: object) -> None:
        kind, number, _ = self.request()
        assert kind == 1
        self.socket.sendall(hello(number, **fields))

    def send(self, name: str, number: int, **fields: object) -> None:
        part = KINDS[name].chunk if fields.get("flags") == 2 else KINDS[name].response
        self.socket.sendall(answer(name, number, part, **fields))


@contextlib.contextmanager
def server(*scripts: Callable[[Peer], None]) -> Iterator[str]:
    """A server that plays one script for each connection; its address."""
    failures: list[BaseException] = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        listener.settimeout(LIMIT)

        def serve() -> None:
            try:
                for script in scripts:
                    sock, _ = listener.accept()
                    with sock:
                        sock.settimeout(LIMIT)
                        script(Peer(sock))
            except BaseException as failure:
                failures.append(failure)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"unix://{path}"
        finally:
            thread.join(LIMIT)
            listener.close()
    if failures:
        raise failures[0]


def echo(peer: Peer) -> None:
    """Answers pings until the end."""
    peer.hello(requests_in_flight_max=3)
    while True:
        kind, number, body = peer.request()
        if kind == 0:
            return
        peer.send("Ping", number, payload=body[8:])


def refuse_for_an_hour(refused: threading.Event) -> Callable[[Peer], None]:
    """Refuses one request, to be sent again after an hour; says so when it is done."""

    def script(peer: Peer) -> None:
        peer.hello()
        kind, number, _ = peer.request()
        name = next(name for name, one in KINDS.items() if one.number == kind)
        words = dict(code="queue_full", message="later", retry_after_milliseconds=3_600_000)
        peer.socket.sendall(refusal(name, number, Status.UNAVAILABLE, **words))
        refused.set()
        peer.request()

    return script


class BlockingTests(unittest.TestCase):
    def test_threads_share_a_connection_with_few_places(self) -> None:
        wrong: list[object] = []

        def work(client: assay.Client, name: int) -> None:
            try:
                for turn in range(20):
                    payload = b"%d %d" % (name, turn)
                    if client.ping(payload).payload != payload:
                        wrong.append(payload)
            except BaseException as failure:
                wrong.append(failure)

        with server(echo) as address, assay.Client(address) as client:
            threads = [
                threading.Thread(target=work, args=(client, n), daemon=True) for n in range(24)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(LIMIT)
            self.assertFalse([thread for thread in threads if thread.is_alive()])
        self.assertEqual(wrong, [])

    def test_a_stream_that_is_dropped_is_cancelled_and_the_connection_lives_on(self) -> None:
        seen = []

        def script(peer: Peer) -> None:
            peer.hello()
            _, number, _ = peer.request()
            peer.send("Generate", number, flags=2, text="a")
            kind, cancel, body = peer.request()
            seen.append((kind, struct.unpack("<Q", body[-8:])[0] == number))
            peer.send("Cancel", cancel, found=True)
            peer.send("Generate", number, **END)
            _, number, _ = peer.request()
            peer.send("Ping", number)
            peer.request()

        with server(script) as address, assay.Client(address) as client:
            for chunk in client.generate_stream(GenerateRequest(prompt="a")):
                self.assertEqual(chunk.text, "a")
                break
            client.ping()
        self.assertEqual(seen, [(14, True)])

    def test_a_large_request_is_written_while_the_server_waits_to_be_read(self) -> None:
        size = 3_000_000

        def script(peer: Peer) -> None:
            peer.hello()
            _, stream, _ = peer.request()
            # More than a socket holds: nobody reads the next request until this is read.
            for _ in range(40):
                peer.send("Generate", stream, flags=2, text="x" * 60_000)
            _, number, body = peer.request()
            self.assertGreater(len(body), size)
            peer.send("Tokenize", number, tokens=[], answer=ANSWER)
            peer.send("Generate", stream, **END)
            peer.request()

        with server(script) as address:
            with assay.Client(address, Options(compression=False)) as client:
                stream = client.generate_stream(GenerateRequest(prompt="a"))
                next(stream)
                client.tokenize(os.urandom(size), deadline_milliseconds=20_000)
                self.assertEqual(sum(1 for _ in stream), 39)
                self.assertEqual(len(stream.result.text), 40 * 60_000)

    def test_a_lost_connection_is_made_anew_and_load_is_not_repeated(self) -> None:
        def cut(peer: Peer) -> None:
            peer.hello()
            peer.request()

        with server(cut, echo) as address, assay.Client(address) as client:
            self.assertEqual(client.ping(b"again").payload, b"again")
        with server(cut) as address, assay.Client(address) as client:
            with self.assertRaises(AssayError) as caught:
                client.load("m", "/m.gguf")
        self.assertEqual(caught.exception.code, "connection_closed")

    def test_closing_ends_calls_under_way(self) -> None:
        asked = threading.Event()

        def script(peer: Peer) -> None:
            peer.hello()
            peer.request()
            asked.set()
            while peer.request()[0]:
                pass

        codes = []

        def wait(client: assay.Client) -> None:
            try:
                client.ping()
            except AssayError as error:
                codes.append(error.code)

        with server(script) as address:
            client = assay.Client(address)
            threads = [threading.Thread(target=wait, args=(client,), daemon=True) for _ in range(3)]
            for thread in threads:
                thread.start()
            asked.wait(LIMIT)
            client.close()
            for thread in threads:
                thread.join(LIMIT)
        self.assertEqual(codes, ["connection_closed"] * 3)

    def test_closing_ends_a_hello_that_nobody_answers(self) -> None:
        greeted = threading.Event()

        def script(peer: Peer) -> None:
            peer.request()
            greeted.set()
            peer.request()

        codes = []

        def wait(client: assay.Client) -> None:
            try:
                client.ping()
            except AssayError as error:
                codes.append(error.code)

        with server(script) as address:
            client = assay.Client(address, Options(connect_milliseconds=600_000))
            thread = threading.Thread(target=wait, args=(client,), daemon=True)
            thread.start()
            greeted.wait(LIMIT)
            client.close()
            thread.join(LIMIT)
        self.assertEqual(codes, ["connection_closed"])

    def test_closing_ends_a_pause(self) -> None:
        for streamed in (False, True):
            codes: list[str] = []
            refused = threading.Event()

            def wait(client: assay.Client, streamed: bool, codes: list[str]) -> None:
                try:
                    if streamed:
                        next(client.generate_stream(GenerateRequest(prompt="a")))
                    client.ping()
                except AssayError as error:
                    codes.append(error.code)

            with server(refuse_for_an_hour(refused)) as address:
                client = assay.Client(address)
                thread = threading.Thread(target=wait, args=(client, streamed, codes), daemon=True)
                thread.start()
                refused.wait(LIMIT)
                time.sleep(0.1)  # it pauses by now; the outcome does not depend on it
                client.close()
                thread.join(LIMIT)
            self.assertEqual(codes, ["connection_closed"])

    def test_a_closed_client_answers_every_later_call_with_connection_closed(self) -> None:
        with server(echo) as address:
            client = assay.Client(address)
            client.ping()
            client.close()
            for call in (client.ping, client.stats, lambda: client.health("m")):
                with self.assertRaises(AssayError) as caught:
                    call()
                self.assertEqual(caught.exception.code, "connection_closed")
            client.close()

    def test_a_request_that_breaks_its_table_opens_no_connection(self) -> None:
        with assay.Client("unix:///nowhere") as client:
            for call in (client.generate, client.generate_stream):
                with self.assertRaises(AssayError) as caught:
                    call(GenerateRequest(prompt="a", tokens=[1]))
                self.assertEqual(caught.exception.code, "request_invalid")
                self.assertEqual(caught.exception.field, "tokens")
            for wrong in ("a", None, GenerateRequest(prompt="a", requirements="real")):  # type: ignore
                with self.assertRaises(AssayError) as caught:
                    client.generate(wrong)  # type: ignore[arg-type]
                self.assertEqual(caught.exception.code, "request_invalid")

    def test_calls_take_requests_and_words_alike(self) -> None:
        with server(echo) as address, assay.Client(address) as client:
            for answered in (
                client.ping(b"a"),
                client.ping(payload=b"a"),
                client.ping(assay.PingRequest(payload=b"a")),
            ):
                self.assertEqual(answered.payload, b"a")


@contextlib.contextmanager
def full() -> Iterator[str]:
    """The address of a Unix socket that takes no more connections."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as sockets:
        path = os.path.join(folder, "s")
        listener = sockets.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(path)
        listener.listen(0)
        code = 0
        while not code:
            sock = sockets.enter_context(socket.socket(socket.AF_UNIX))
            sock.setblocking(False)
            code = sock.connect_ex(path)
        yield f"unix://{path}"


class ConnectTests(unittest.TestCase):
    CASES = (
        (dict(connect_milliseconds=50, attempts=1), 0, "unreachable"),
        (dict(connect_milliseconds=600_000), 50, "timed_out"),
    )

    def test_connecting_ends_in_time(self) -> None:
        async def ping(address: str, options: Options, deadline: int) -> None:
            async with assay.AsyncClient(address, options) as client:
                await client.ping(deadline_milliseconds=deadline)

        for words, deadline, code in self.CASES:
            with self.subTest(code, **words), full() as address:
                options = Options(**words)  # type: ignore[arg-type]
                with assay.Client(address, options) as client:
                    with self.assertRaises(AssayError) as caught:
                        client.ping(deadline_milliseconds=deadline)
                    self.assertEqual(caught.exception.code, code)
                with self.assertRaises(AssayError) as caught:
                    asyncio.run(asyncio.wait_for(ping(address, options, deadline), LIMIT))
                self.assertEqual(caught.exception.code, code)

    def test_closing_ends_connecting_at_once(self) -> None:
        codes: list[str] = []

        def wait(client: assay.Client) -> None:
            try:
                client.ping()
            except AssayError as error:
                codes.append(error.code)

        async def wait_and_close(client: assay.AsyncClient) -> None:
            calls = [asyncio.ensure_future(client.ping()) for _ in "ab"]
            await asyncio.sleep(0.05)
            await client.close()
            for end in await asyncio.gather(*calls, return_exceptions=True):
                codes.append(getattr(end, "code", "answered"))

        with full() as address:
            options = Options(connect_milliseconds=600_000)
            client = assay.Client(address, options)
            threads = [threading.Thread(target=wait, args=(client,), daemon=True) for _ in "ab"]
            for thread in threads:
                thread.start()
            time.sleep(0.05)  # they connect by now; the outcome does not depend on it
            client.close()
            for thread in threads:
                thread.join(LIMIT)
            asyncio.run(
                asyncio.wait_for(wait_and_close(assay.AsyncClient(address, options)), LIMIT)
            )
        self.assertEqual(codes, ["connection_closed"] * 4)

    def test_who_leaves_while_it_connects_leaves_that_to_the_others(self) -> None:
        greeted = threading.Event()
        codes: list[str] = []

        def script(peer: Peer) -> None:
            greeted.wait(LIMIT)
            echo(peer)

        def wait(client: assay.Client, deadline: int) -> None:
            try:
                client.ping(deadline_milliseconds=deadline)
                codes.append("answered")
            except AssayError as error:
                codes.append(error.code)
                greeted.set()

        with server(script) as address, assay.Client(address) as client:
            threads = [
                threading.Thread(target=wait, args=(client, deadline), daemon=True)
                for deadline in (100, 0)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(LIMIT)
        self.assertEqual(codes, ["timed_out", "answered"])


class SocketTests(unittest.TestCase):
    def test_a_system_without_keepalive_is_connected_to(self) -> None:
        class Old(socket.socket):
            def setsockopt(self, level: int, name: int, *value: Any) -> None:
                if (level, name) != (socket.IPPROTO_TCP, socket.TCP_NODELAY):
                    raise OSError("no such option")
                super().setsockopt(level, name, *value)

        with Old() as sock:
            set_up_tcp(sock)
            self.assertTrue(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    def test_a_socket_that_cannot_be_set_up_is_closed(self) -> None:
        failures = {OSError("no such option"): OSError, KeyboardInterrupt(): KeyboardInterrupt}
        for failure, seen in failures.items():
            sock = socket.socket()
            with (
                mock.patch("socket.getaddrinfo", return_value=[(2, 1, 6, "", ("h", 1))]),
                mock.patch("socket.socket", return_value=sock),
                mock.patch.object(Link, "_connect"),
                mock.patch("assay._link.set_up_tcp", side_effect=failure),
                self.assertRaises(seen),
            ):
                done(Link(Address.parse("tcp://localhost:1"), Options())._connected(1.0))
            self.assertEqual(sock.fileno(), -1)


class AsyncTests(unittest.TestCase):
    def test_tasks_share_a_connection_with_few_places(self) -> None:
        async def play(address: str) -> None:
            async with assay.AsyncClient(address) as client:
                names = [b"%d" % number for number in range(100)]
                answers = await asyncio.gather(*(client.ping(name) for name in names))
                self.assertEqual([answer.payload for answer in answers], names)

        with server(echo) as address:
            asyncio.run(asyncio.wait_for(play(address), LIMIT))

    def test_a_cancelled_task_is_cancelled_on_the_server(self) -> None:
        asked = threading.Event()
        kinds = []

        def script(peer: Peer) -> None:
            peer.hello()
            _, number, _ = peer.request()
            asked.set()
            kind, cancel, _ = peer.request()
            kinds.append(kind)
            peer.send("Cancel", cancel, found=True)
            peer.send("Generate", number, **END)
            _, number, _ = peer.request()
            peer.send("Ping", number)
            peer.request()

        async def play(address: str) -> None:
            async with assay.AsyncClient(address) as client:
                task = asyncio.create_task(client.generate(GenerateRequest(prompt="a")))
                await asyncio.to_thread(asked.wait, LIMIT)
                task.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await task
                await client.ping()

        with server(script) as address:
            asyncio.run(asyncio.wait_for(play(address), LIMIT))
        self.assertEqual(kinds, [14])

    def test_closing_ends_a_pause(self) -> None:
        async def play(address: str, refused: threading.Event, streamed: bool) -> None:
            client = assay.AsyncClient(address)
            stream = client.generate_stream(GenerateRequest(prompt="a"))
            call = stream.__anext__() if streamed else client.ping()
            task = asyncio.ensure_future(call)
            await asyncio.to_thread(refused.wait, LIMIT)
            await asyncio.sleep(0.1)  # it pauses by now; the outcome does not depend on it
            await client.close()
            with self.assertRaises(AssayError) as caught:
                await task
            self.assertEqual(caught.exception.code, "connection_closed")

        for streamed in (False, True):
            refused = threading.Event()
            with server(refuse_for_an_hour(refused)) as address:
                asyncio.run(asyncio.wait_for(play(address, refused, streamed), LIMIT))

    def test_a_closed_client_answers_later_calls_in_any_loop_with_connection_closed(self) -> None:
        with server(echo) as address:
            client = assay.AsyncClient(address)

            async def use_and_close() -> None:
                self.assertEqual((await client.ping(assay.PingRequest(payload=b"a"))).payload, b"a")
                await client.close()
                await call()

            async def call() -> None:
                with self.assertRaises(AssayError) as caught:
                    await client.ping()
                self.assertEqual(caught.exception.code, "connection_closed")

            asyncio.run(asyncio.wait_for(use_and_close(), LIMIT))
            asyncio.run(asyncio.wait_for(call(), LIMIT))

    def test_a_large_request_is_written_while_the_server_waits_to_be_read(self) -> None:
        def script(peer: Peer) -> None:
            peer.hello()
            _, stream, _ = peer.request()
            for _ in range(40):
                peer.send("Generate", stream, flags=2, text="x" * 60_000)
            _, number, _ = peer.request()
            peer.send("Tokenize", number, tokens=[], answer=ANSWER)
            peer.send("Generate", stream, **END)
            peer.request()

        async def play(address: str) -> None:
            async with assay.AsyncClient(address) as client:
                stream = client.generate_stream(GenerateRequest(prompt="a"))
                await stream.__anext__()
                await client.tokenize(os.urandom(3_000_000))
                self.assertEqual(len([chunk async for chunk in stream]), 39)

        with server(script) as address:
            asyncio.run(asyncio.wait_for(play(address), LIMIT))


if __name__ == "__main__":
    unittest.main()
