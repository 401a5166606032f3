"""Both clients over real sockets, against a small scripted server in this process.

One file, since the rows run for both clients with one server.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import tempfile
import threading
import time
import unittest
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from unittest import mock

import assay
from assay import GenerateRequest, Options
from assay._codec import encode
from assay._link import Address, Link, set_up_tcp
from assay._protocol import MESSAGES, Status
from assay._stream import done
from assay.messages import GoAway

from .frames import ANSWER, frame
from .scripted import LIMIT, Peer, Threads, end_of, fails, run, server

PROMPT = GenerateRequest(prompt="a")


def echo(peer: Peer) -> None:
    """Answers pings until the end."""
    peer.hello(requests_in_flight_max=3)
    while True:
        kind, number, body = peer.request()
        if kind == 0:
            return
        peer.send("Ping", number, payload=body[8:])


#: GoAway of a server that found the connection idle
IDLE = frame(0x70, 0, encode(MESSAGES["GoAway"], GoAway(reason="idle", drain_milliseconds=0), 3))


def crosses(peer: Peer, greets: bool = True) -> None:
    """Answers as a server that found the connection idle, and did not read the request."""
    if greets:
        peer.hello()
    peer.request()
    peer.socket.sendall(IDLE)
    peer.request()


def unloads(peer: Peer) -> None:
    """Answers one request, and finds the connection idle beside the next."""
    peer.hello()
    _, number, _ = peer.request()
    peer.send("Unload", number)
    crosses(peer, greets=False)


def flood(size: int, peer: Peer) -> None:
    """Sends more than a socket holds, then reads a Tokenize of at least `size` bytes. So nobody
    reads the request until the client has read."""
    peer.hello()
    _, stream, _ = peer.request()
    for _ in range(40):
        peer.send("Generate", stream, flags=2, text="x" * 60_000)
    _, number, body = peer.request()
    assert len(body) > size
    peer.send("Tokenize", number, tokens=[], answer=ANSWER)
    peer.end(stream)
    peer.request()


class BlockingTests(unittest.TestCase):
    def test_threads_share_a_connection_with_few_places(self) -> None:
        def work(client: assay.Client, name: int) -> None:
            for turn in range(20):
                payload = b"%d %d" % (name, turn)
                self.assertEqual(client.ping(payload).payload, payload)

        with server(echo) as address, assay.Client(address) as client:
            threads = Threads(*(partial(work, client, name) for name in range(24)))
            self.assertEqual(threads.join(), [None] * 24)

    def test_a_stream_that_is_dropped_is_cancelled_and_the_connection_lives_on(self) -> None:
        def script(peer: Peer) -> None:
            peer.hello()
            _, number, _ = peer.request()
            peer.send("Generate", number, flags=2, text="a")
            peer.cancel(number)
            _, number, _ = peer.request()
            peer.send("Ping", number)
            peer.request()

        with server(script) as address, assay.Client(address) as client:
            for chunk in client.generate_stream(PROMPT):
                self.assertEqual(chunk.text, "a")
                break
            client.ping()

    def test_a_large_request_is_written_while_the_server_waits_to_be_read(self) -> None:
        size = 3_000_000
        with server(partial(flood, size)) as address:
            with assay.Client(address, Options(compression=False)) as client:
                stream = client.generate_stream(PROMPT)
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
            with fails("connection_closed"):
                client.load("m", "/m.gguf")

    def test_a_request_that_crosses_go_away_idle_is_sent_again(self) -> None:
        scripts = (crosses, unloads, unloads, crosses)
        with server(*scripts) as address, assay.Client(address, Options(attempts=1)) as client:
            client.unload("m")
            client.unload("m")  # crosses on a connection that was in use
            with fails("connection_closed", words="idle"):
                client.unload("m")

    def test_go_away_idle_in_the_middle_of_an_answer_is_damage(self) -> None:
        def script(peer: Peer) -> None:
            peer.hello()
            _, number, _ = peer.request()
            peer.send("Generate", number, flags=2, text="a")
            peer.socket.sendall(IDLE)
            peer.request()

        with server(script) as address, assay.Client(address) as client:
            with fails("protocol_error"):
                client.generate(PROMPT)

    def test_a_closed_client_answers_every_later_call_with_connection_closed(self) -> None:
        with server(echo) as address:
            client = assay.Client(address)
            client.ping()
            client.close()
            for call in (client.ping, client.stats, lambda: client.health("m")):
                with fails("connection_closed"):
                    call()
            client.close()

    def test_a_request_that_breaks_its_table_opens_no_connection(self) -> None:
        with assay.Client("unix:///nowhere") as client:
            for call in (client.generate, client.generate_stream):
                with fails("request_invalid", "tokens"):
                    call(GenerateRequest(prompt="a", tokens=[1]))
            unfit: Any = "real"
            wrong: tuple[Any, ...] = (5, None, GenerateRequest(prompt="a", requirements=unfit))
            for request in wrong:
                with fails("request_invalid"):
                    client.generate(request)

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


def ping(client: Any) -> Any:
    return client.ping()


def first_chunk(client: Any) -> Any:
    stream = client.generate_stream(PROMPT)
    return next(stream) if isinstance(client, assay.Client) else stream.__anext__()


class ClosingTests(unittest.TestCase):
    """Closing a client ends its calls, whatever they wait for. Rows run for both clients."""

    def check(
        self,
        served: Callable[[threading.Event], contextlib.AbstractContextManager[str]],
        *calls: Callable[[Any], Any],
        pause: float = 0,
        **options: Any,
    ) -> None:
        """Closes clients of a server `pause` seconds after its event, when their calls wait."""
        for make in (assay.Client, assay.AsyncClient):
            waits = threading.Event()
            with self.subTest(make.__name__), served(waits) as address:
                client: Any = make(address, Options(**options))
                if make is assay.Client:
                    threads = Threads(*(partial(call, client) for call in calls))
                    waits.wait(LIMIT)
                    time.sleep(pause)
                    client.close()
                    self.assertEqual(threads.join(), ["connection_closed"] * len(calls))
                else:
                    run(self.check_tasks(client, calls, waits, pause))

    async def check_tasks(
        self, client: Any, calls: tuple[Any, ...], waits: threading.Event, pause: float
    ) -> None:
        tasks = [asyncio.ensure_future(call(client)) for call in calls]
        await asyncio.to_thread(waits.wait, LIMIT)
        await asyncio.sleep(pause)
        await client.close()
        for task in tasks:
            with fails("connection_closed"):
                await task

    def test_closing_ends_calls_under_way(self) -> None:
        def silent(asked: threading.Event, peer: Peer) -> None:
            peer.hello()
            peer.request()
            asked.set()
            while peer.request()[0]:
                pass

        self.check(lambda asked: server(partial(silent, asked)), ping, ping, ping)

    def test_closing_ends_a_hello_that_nobody_answers(self) -> None:
        def silent(greeted: threading.Event, peer: Peer) -> None:
            peer.request()
            greeted.set()
            peer.request()

        options: dict[str, Any] = {"connect_milliseconds": 600_000}
        self.check(lambda greeted: server(partial(silent, greeted)), ping, **options)

    def test_closing_ends_a_pause(self) -> None:
        def busy(refused: threading.Event, peer: Peer) -> None:
            peer.hello()
            kind, number, _ = peer.request()
            peer.refuse(kind, number, Status.UNAVAILABLE, "queue_full", 3_600_000)
            refused.set()
            peer.request()

        for call in (ping, first_chunk):
            # The call pauses after a short time. The outcome does not depend on it.
            self.check(lambda refused: server(partial(busy, refused)), call, pause=0.1)

    def test_closing_ends_connecting_at_once(self) -> None:
        def absent(begun: threading.Event) -> contextlib.AbstractContextManager[str]:
            begun.set()
            return full()

        self.check(absent, ping, ping, pause=0.05, connect_milliseconds=600_000)


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
                with assay.Client(address, options) as client, fails(code):
                    client.ping(deadline_milliseconds=deadline)
                with fails(code):
                    run(ping(address, options, deadline))

    def test_who_leaves_while_it_connects_leaves_that_to_the_others(self) -> None:
        greeted = threading.Event()

        def script(peer: Peer) -> None:
            greeted.wait(LIMIT)
            echo(peer)

        def leave() -> object:
            end = end_of(lambda: client.ping(deadline_milliseconds=100))
            greeted.set()
            return end

        with server(script) as address, assay.Client(address) as client:
            threads = Threads(leave, lambda: client.ping(b"a").payload)
            self.assertEqual(threads.join(), ["timed_out", b"a"])


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
    def test_a_request_that_crosses_go_away_idle_is_sent_again(self) -> None:
        async def play(address: str) -> None:
            async with assay.AsyncClient(address, Options(attempts=1)) as client:
                await client.unload("m")
                await client.unload("m")  # crosses on a connection that was in use
                with fails("connection_closed", words="idle"):
                    await client.unload("m")

        with server(crosses, unloads, unloads, crosses) as address:
            run(play(address))

    def test_tasks_share_a_connection_with_few_places(self) -> None:
        async def play(address: str) -> None:
            async with assay.AsyncClient(address) as client:
                names = [b"%d" % number for number in range(100)]
                answers = await asyncio.gather(*(client.ping(name) for name in names))
                self.assertEqual([answer.payload for answer in answers], names)

        with server(echo) as address:
            run(play(address))

    def test_a_cancelled_task_is_cancelled_on_the_server(self) -> None:
        asked = threading.Event()

        def script(peer: Peer) -> None:
            peer.hello()
            _, number, _ = peer.request()
            asked.set()
            peer.cancel(number)
            _, number, _ = peer.request()
            peer.send("Ping", number)
            peer.request()

        async def play(address: str) -> None:
            async with assay.AsyncClient(address) as client:
                task = asyncio.create_task(client.generate(PROMPT))
                await asyncio.to_thread(asked.wait, LIMIT)
                task.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await task
                await client.ping()

        with server(script) as address:
            run(play(address))

    def test_a_closed_client_answers_later_calls_in_any_loop_with_connection_closed(self) -> None:
        with server(echo) as address:
            client = assay.AsyncClient(address)

            async def use_and_close() -> None:
                self.assertEqual((await client.ping(assay.PingRequest(payload=b"a"))).payload, b"a")
                await client.close()
                await call()

            async def call() -> None:
                with fails("connection_closed"):
                    await client.ping()

            run(use_and_close())
            run(call())

    def test_a_large_request_is_written_while_the_server_waits_to_be_read(self) -> None:
        async def play(address: str) -> None:
            async with assay.AsyncClient(address) as client:
                stream = client.generate_stream(PROMPT)
                await stream.__anext__()
                await client.tokenize(os.urandom(3_000_000))
                self.assertEqual(len([chunk async for chunk in stream]), 39)

        with server(partial(flood, 3_000_000)) as address:
            run(play(address))


if __name__ == "__main__":
    unittest.main()
