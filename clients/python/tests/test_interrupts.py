"""Tests of calls interrupted at every point: answers of other calls, places in flight, the
connection."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sys
import threading
import time
import unittest
import unittest.mock as mock
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import assay
from assay import AssayError, GenerateRequest, Options
from assay._link import Link

from .interrupts import Echo, Interrupt, Tracer, interrupted, rested
from .scripted import LIMIT, Threads

#: more points than any call has
POINTS_MAX = 5000
WORD = "abcdefghij"


Work = Callable[[assay.Client], None]


def whole(client: assay.Client) -> None:
    found = client.generate(GenerateRequest(prompt=WORD))
    assert found.text == WORD, found.text


def streamed(client: assay.Client, word: str = WORD) -> None:
    stream = client.generate_stream(GenerateRequest(prompt=word))
    text = "".join(chunk.text for chunk in stream)
    assert (text, stream.result.text) == (word[:6], word), (text, stream.result.text)


def left_early(client: assay.Client) -> None:
    with client.generate_stream(GenerateRequest(prompt=WORD)) as stream:
        next(stream)


def dropped(client: assay.Client) -> None:
    next(client.generate_stream(GenerateRequest(prompt=WORD)))


def timed_out(client: assay.Client) -> None:
    with contextlib.suppress(AssayError):
        client.generate(GenerateRequest(prompt="slow"), deadline_milliseconds=2)


def pinged(client: assay.Client, payload: bytes = b"mine") -> None:
    assert client.ping(payload).payload == payload


def large(client: assay.Client) -> None:
    text = b"t" * 700_000
    assert client.tokenize(text).tokens[0] > len(text)


@contextlib.contextmanager
def bystanders(client: assay.Client, count: int) -> Iterator[None]:
    """Runs threads that keep calling, and checks their answers."""
    stop = threading.Event()

    def work(name: str) -> None:
        while not stop.is_set():
            streamed(client, name * 9)
            pinged(client, name.encode())

    threads = Threads(*(partial(work, name) for name in "xyz"[:count]))
    try:
        yield
    finally:
        stop.set()
        ends = threads.join()
        assert ends == [None] * count, ends


class InterruptTests(unittest.TestCase):
    def setUp(self) -> None:
        signal.signal(signal.SIGALRM, self.hangs)
        signal.alarm(120)
        self.addCleanup(signal.alarm, 0)
        # After a lost wake-up the waiting threads check by themselves, here more often.
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        stack.enter_context(mock.patch.multiple("assay._link", _LOOK_EVERY=0.02))
        # A new socket lost by an interrupt is closed by its own finalizer.
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)  # coroutines that never began

    def hangs(self, *_: object) -> None:
        raise AssertionError("the test hangs")

    def at_every_point(self, server: Echo, client: assay.Client, work: Work, step: int) -> int:
        """Interrupts `work` at each of its points in turn. Returns the number of points."""
        for point in range(1, POINTS_MAX, step):
            tracer, result = interrupted(point, lambda: work(client))
            if not tracer.where:
                self.assertNotIsInstance(result, Interrupt)
                return point
            with self.subTest(point=point, where=tracer.where):
                self.assertEqual(client.ping(b"next").payload, b"next", tracer.where)
                self.assertEqual(server.broken, [], tracer.where)
        raise AssertionError("no end")

    def no_place_is_taken(self, client: assay.Client) -> None:
        link = client._links[0]
        assert isinstance(link, Link)
        until = time.monotonic() + LIMIT
        while link.load and time.monotonic() < until:
            time.sleep(0.12)
            client.ping()
        self.assertEqual(link.load, 0, [vars(call) for call in link.calls.values()])
        self.assertEqual((link.outbox, link.rooms, link._waiting), ({}, {}, {}))

    @contextlib.contextmanager
    def connected(self, places: int = 64, **options: Any) -> Iterator[tuple[Echo, assay.Client]]:
        """A server and a client. At the end no place is taken on the one connection."""
        with Echo(requests_in_flight_max=places) as server:
            with assay.Client(server.address, Options(**options)) as client:
                client.ping()
                yield server, client
                self.no_place_is_taken(client)
                self.assertEqual(len(server.connections), 1)

    def test_a_call_alone_leaves_its_connection_as_it_was(self) -> None:
        works: dict[Work, int] = {pinged: 1, whole: 2, streamed: 5, left_early: 3, dropped: 3}
        for work, step in (works | {timed_out: 3}).items():
            with self.subTest(work), self.connected(grace_milliseconds=1) as (server, client):
                self.assertGreater(self.at_every_point(server, client, work, step), 50)

    def test_a_call_beside_others_leaves_them_their_answers(self) -> None:
        works: dict[Work, int] = {pinged: 2, streamed: 17, left_early: 7}
        for work, step in works.items():
            with self.subTest(work), self.connected() as (server, client), bystanders(client, 2):
                self.at_every_point(server, client, work, step)

    def test_a_call_that_waits_for_a_place_leaves_the_queue(self) -> None:
        with self.connected(places=1) as (server, client), bystanders(client, 2):
            self.at_every_point(server, client, pinged, 2)

    def test_a_request_of_which_half_is_written_goes_out_whole(self) -> None:
        with self.connected(compression=False) as (server, client):
            self.at_every_point(server, client, large, 1)

    def test_a_call_that_connects_leaves_a_client_that_works(self) -> None:
        with Echo() as server:
            clients: list[assay.Client] = []
            for point in range(1, POINTS_MAX):
                clients.append(assay.Client(server.address))
                tracer, _ = interrupted(point, lambda: pinged(clients[-1]))
                if not tracer.where:
                    break
                with self.subTest(point=point, where=tracer.where):
                    self.assertEqual(clients[-1].ping(b"next").payload, b"next")
                    self.assertEqual(server.broken, [])
                    self.no_place_is_taken(clients[-1])
                clients[-1].close()
            self.assertGreater(len(clients), 50)

    def test_an_exception_anywhere_in_an_event_loop_hangs_nobody(self) -> None:
        async def play(client: assay.AsyncClient, point: int) -> str:
            asyncio.get_running_loop().set_exception_handler(lambda *_: None)
            words = [WORD, "x" * 9, "y" * 9]
            calls = [client.generate(GenerateRequest(prompt=word)) for word in words]
            tracer = Tracer(point)
            sys.settrace(tracer)
            try:
                ends = await asyncio.gather(*calls, return_exceptions=True)
            finally:
                sys.settrace(None)
            for word, end in zip(words, ends, strict=True):
                if not isinstance(end, Interrupt):
                    self.assertEqual(end.text if not isinstance(end, BaseException) else end, word)
            return tracer.where

        async def every_point(server: Echo) -> None:
            async with assay.AsyncClient(server.address) as client:
                await client.ping()
                for point in range(1, POINTS_MAX, 13):
                    where = await asyncio.wait_for(play(client, point), LIMIT)
                    payload = b"%d" % point
                    self.assertEqual((await client.ping(payload)).payload, payload, where)
                    if not where:
                        break
                await rested(client)

        with Echo() as server:
            asyncio.run(every_point(server))
            self.assertEqual((server.broken, len(server.connections)), ([], 1))

    def test_signals_at_random_moments_leave_everybody_their_answers(self) -> None:
        chance = random.Random(11)
        armed = [False]

        def handler(*_: object) -> None:
            if armed[0]:
                raise Interrupt

        with self.connected() as (_, client), bystanders(client, 3):
            signal.signal(signal.SIGPROF, handler)
            count = 0
            for _ in range(200):
                try:
                    armed[0] = True
                    timer = threading.Timer(
                        chance.uniform(0, 0.003),
                        signal.pthread_kill,
                        (threading.main_thread().ident, signal.SIGPROF),
                    )
                    timer.start()
                    client.generate(GenerateRequest(prompt="slow"))
                except Interrupt:
                    count += 1
                finally:
                    armed[0] = False
                payload = chance.randbytes(4)
                self.assertEqual(client.ping(payload).payload, payload)
            self.assertEqual(count, 200)


if __name__ == "__main__":
    unittest.main()
