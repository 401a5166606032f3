"""Tests of forked children, second event loops, and tasks cancelled at every await."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import multiprocessing
import os
import signal
import unittest
import warnings
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

import assay
from assay import GenerateRequest, Options

from .interrupts import Echo, rested
from .scripted import LIMIT, Threads, end_of, fails, run

WORD = "abcdefghij"


def in_child(work: Callable[[], Any]) -> Any:
    """Does the work in a forked child. Returns the result or the failure."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(LIMIT))
        try:
            found = work()
        except BaseException as error:
            found = repr(error)
        with os.fdopen(writing, "w") as pipe:
            json.dump(found, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return json.loads(said) if said else "the child hung"


def generated(client: assay.Client, word: str) -> str:
    return client.generate(GenerateRequest(prompt=word)).text


async def asked(client: assay.AsyncClient, word: str = WORD) -> str:
    return (await client.generate(GenerateRequest(prompt=word))).text


async def begun(client: assay.AsyncClient) -> Any:
    """Returns a stream after its first chunk."""
    stream = client.generate_stream(GenerateRequest(prompt=WORD))
    await stream.__anext__()
    return stream


def pooled(_: int) -> str:
    assert _shared is not None
    return generated(_shared, WORD)


_shared: assay.Client | None = None


class ForkTests(unittest.TestCase):
    def test_a_child_asks_while_threads_of_the_parent_wait(self) -> None:
        for tcp in (False, True):
            with self.subTest(tcp=tcp), Echo(tcp) as server, assay.Client(server.address) as client:
                client.ping()
                slow = GenerateRequest(prompt="slow")
                threads = Threads(*[partial(client.generate, slow, deadline_milliseconds=1500)] * 5)
                for number in range(5):
                    word = f"child{number}{WORD}"
                    self.assertEqual(in_child(partial(generated, client, word)), word)
                    self.assertEqual(client.ping(b"parent").payload, b"parent")
                self.assertEqual(threads.join(), ["timed_out"] * 5)
                self.assertEqual(len(server.connections), 6)
                self.assertEqual(server.broken, [])

    def test_a_child_forked_while_every_lock_is_held_does_not_hang(self) -> None:
        with Echo() as server, assay.Client(server.address) as client:
            client.ping()
            with client._lock, client._links[0]._lock:
                self.assertEqual(in_child(lambda: generated(client, WORD)), WORD)
                self.assertEqual(in_child(client.close), None)
            self.assertEqual(generated(client, WORD), WORD)
            self.assertEqual(len(server.connections), 2)

    def test_a_stream_of_the_parent_is_read_by_the_parent_alone(self) -> None:
        with Echo() as server, assay.Client(server.address) as client:
            stream = client.generate_stream(GenerateRequest(prompt=WORD))
            first = next(stream).text

            # The child sees only the bytes that the parent had read before the fork.
            found = in_child(lambda: end_of(lambda: next(stream).text))
            self.assertIn(found, (WORD[1], "connection_closed"))
            self.assertIsNone(in_child(stream.close))
            self.assertEqual(first + "".join(chunk.text for chunk in stream), WORD[:6])
            self.assertEqual(stream.result.text, WORD)
            self.assertEqual((server.requests.count(14), server.broken), (0, []))

    def test_a_pool_of_processes_shares_a_client(self) -> None:
        global _shared
        with Echo() as server, assay.Client(server.address) as client:
            client.ping()
            _shared = client
            with multiprocessing.get_context("fork").Pool(3) as pool:
                self.assertEqual(pool.map(pooled, range(12)), [WORD] * 12)
            _shared = None
            self.assertEqual(generated(client, WORD), WORD)

    def test_a_grandchild_and_a_closed_client_are_no_concern_of_the_parents(self) -> None:
        with Echo() as server, assay.Client(server.address) as client:
            client.ping()

            def child() -> list[Any]:
                mine = generated(client, WORD)
                theirs = in_child(lambda: generated(client, WORD))
                client.close()
                return [mine, theirs]

            self.assertEqual(in_child(child), [WORD, WORD])
            self.assertEqual(generated(client, WORD), WORD)
            self.assertEqual(len(server.connections), 3)

    def test_an_asyncio_client_in_a_forked_child_leaves_the_parents_loop_alone(self) -> None:
        with Echo() as server:
            client = assay.AsyncClient(server.address)

            async def parent() -> None:
                await client.ping()
                waiting = asyncio.create_task(
                    client.generate(GenerateRequest(prompt="slow"), deadline_milliseconds=1500)
                )
                await asyncio.sleep(0.05)
                found = await asyncio.to_thread(in_child, lambda: asyncio.run(asked(client)))
                self.assertEqual(found, WORD)
                self.assertEqual(await asked(client), WORD)
                with fails("timed_out"):
                    await waiting
                await client.close()

            run(parent())
            self.assertEqual(len(server.connections), 2)


class LoopTests(unittest.TestCase):
    def test_a_second_event_loop_makes_its_own_connection(self) -> None:
        with Echo() as server:
            client = assay.AsyncClient(server.address)
            for _ in range(3):
                self.assertEqual(asyncio.run(asked(client)), WORD)
            self.assertEqual(len(client._links), 1)
            asyncio.run(client.close())
            self.assertEqual(len(server.connections), 3)

    def test_two_event_loops_at_once_share_a_client(self) -> None:
        with Echo() as server:
            client = assay.AsyncClient(server.address)

            async def ask(word: str) -> None:
                for _ in range(30):
                    self.assertEqual(await asked(client, word), word)

            threads = Threads(*(partial(asyncio.run, ask(letter * 9)) for letter in "abc"))
            self.assertEqual(threads.join(), [None] * 3)
            self.assertEqual(len(server.connections), 3)

    def test_a_stream_that_goes_on_in_another_loop_is_given_up(self) -> None:
        with Echo() as server:
            client = assay.AsyncClient(server.address)
            stream = asyncio.run(begun(client))

            async def go_on() -> None:
                with fails("given_up"):
                    await stream.__anext__()
                self.assertEqual(await asked(client), WORD)

            asyncio.run(go_on())

    def test_a_stream_of_a_closed_loop_is_dropped_without_touching_it(self) -> None:
        with Echo() as server:
            client = assay.AsyncClient(server.address)
            stream = asyncio.run(begun(client))
            del stream
            gc.collect()
            run(client.ping())
            asyncio.run(client.close())


class Turns:
    """Counts the steps of an awaitable, and cancels the nth step."""

    def __init__(self, work: Any, point: int) -> None:
        self.work, self.point, self.count = work, point, 0

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self.work.__await__()
        while True:
            try:
                waits = (
                    next(steps)
                    if self.count != self.point
                    else steps.throw(asyncio.CancelledError())
                )
            except StopIteration as end:
                return end.value
            self.count += 1
            if self.count == self.point:
                if waits is not None and hasattr(waits, "cancel"):
                    waits.cancel()
                continue
            yield waits


class CancelTests(unittest.TestCase):
    def test_a_task_cancelled_at_any_await_leaves_the_others_their_answers(self) -> None:
        async def whole(client: assay.AsyncClient) -> None:
            await client.generate(GenerateRequest(prompt=WORD))

        async def streamed(client: assay.AsyncClient) -> None:
            async for _ in client.generate_stream(GenerateRequest(prompt=WORD)):
                await asyncio.sleep(0)

        async def large(client: assay.AsyncClient) -> None:
            await client.tokenize(b"t" * 700_000)

        async def play(address: str, work: Any, fresh: bool) -> None:
            client = assay.AsyncClient(address, Options(compression=False))
            for point in range(1, 60):
                if fresh:
                    client = assay.AsyncClient(address, Options(compression=False))
                else:
                    await client.ping()
                beside = asyncio.create_task(client.generate(GenerateRequest(prompt="x" * 9)))
                turns = Turns(work(client), point)
                with contextlib.suppress(asyncio.CancelledError), warnings.catch_warnings():
                    warnings.simplefilter("ignore", ResourceWarning)  # an unfinished socket
                    await turns
                self.assertEqual((await beside).text, "x" * 9)
                payload = b"%d" % point
                self.assertEqual((await client.ping(payload)).payload, payload)
                if fresh:
                    await client.close()
                elif turns.count < point:
                    break
            if not fresh:
                await rested(client)
                await client.close()

        for work in (whole, streamed, large):
            for fresh in (False, True):
                with self.subTest(work=work.__name__, fresh=fresh), Echo() as server:
                    run(play(server.address, work, fresh))
                    self.assertEqual(server.broken, [])
                    if not fresh:
                        self.assertEqual(len(server.connections), 1)

    def test_wait_for_gives_the_answer_up_and_the_place_back(self) -> None:
        async def play(address: str) -> None:
            async with assay.AsyncClient(address) as client:
                await client.ping()  # an unfinished connection would be given up as well
                for _ in range(20):
                    with self.assertRaises(asyncio.TimeoutError):
                        slow = client.generate(GenerateRequest(prompt="slow"))
                        await asyncio.wait_for(slow, 0.005)
                await client.ping()
                self.assertEqual(client._links[0].load, 0)

        with Echo(requests_in_flight_max=2) as server:
            run(play(server.address))
            self.assertEqual((server.broken, len(server.connections)), ([], 1))


if __name__ == "__main__":
    unittest.main()
