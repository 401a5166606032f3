"""Tests of the connection without I/O: accepted and refused frames, and requests.

One file, a case a method.
"""

from __future__ import annotations

import os
import random
import struct
import time
import unittest
from array import array
from collections.abc import Callable
from typing import Any

import lz4.block

from assay import REVISION, AssayError, Client, Options, Requirements, messages
from assay._codec import decode, encode
from assay._connection import Connection
from assay._exchange import Call, Exchange
from assay._frames import HEADER, has_zero_offset, pack, unpack
from assay._link import Address
from assay._protocol import KINDS, MESSAGES, Status
from assay._requests import request_of

from .frames import ANSWER, answer, begun, feed, frame, greeted, hello, opened, refusal, written
from .scripted import fails


def held(core: Connection) -> int:
    """Returns the number of bytes not yet filed."""
    return sum(map(len, core.input.pieces)) - core.input.at


def of(
    options: Options, request: Any, kind: str = "Generate", deadline_milliseconds: int = 0
) -> Exchange:
    """Makes a call of the API that has not begun."""
    client = Client("unix:///nowhere", options)
    return Exchange(client, KINDS[kind], request, deadline_milliseconds, False)


def code_of(call: Call) -> str | None:
    return call.error.code if call.error else None


class CoreTests(unittest.TestCase):
    def test_an_answer_is_the_same_however_its_bytes_are_cut(self) -> None:
        for size in (1, 3, 31, 33, 1 << 20):
            core = opened()
            call = begun(core, "Ping", payload=b"abc")
            data = answer("Ping", call.id, payload=b"abc")
            feed(core, data, size)
            self.assertEqual(call.result.payload, b"abc")

    def test_a_body_of_megabytes_grows_the_buffer_and_gives_it_back(self) -> None:
        core = opened()
        call = begun(core, "Logits", tokens=[1])
        values = array("f", [0.5]) * 900_000
        chunk = answer("Logits", call.id, flags=2, logits=values)
        feed(core, chunk, 60_000)
        last = dict(logits=array("f"), vocabulary=900_000, positions=1, answer=ANSWER)
        feed(core, answer("Logits", call.id, **last), 60_000)
        self.assertEqual(len(call.result.logits), 900_000)
        self.assertEqual(held(core), 0)

    def test_nothing_is_allocated_because_a_header_announces_it(self) -> None:
        core = opened()
        call = begun(core, "Logits", tokens=[1])
        head = HEADER.pack(28 + (4 << 20), 1, 0x8C, 2, 1, call.id, 0, 4 << 20, 0, 0)
        feed(core, head + bytes(1000))
        self.assertEqual(held(core), 1032)
        self.assertEqual(core.read_size, 1 << 20)

    def test_what_is_wrong_ends_the_connection_and_every_call(self) -> None:
        cases: dict[str, Callable[[int], bytes]] = {
            "unknown id": lambda n: answer("Ping", n + 7),
            "another kind": lambda n: answer("Stats", n),
            "more frames than one": lambda n: answer("Ping", n, flags=2, payload=b"x"),
            "degraded without a list": lambda n: answer("Ping", n, flags=4, payload=b"x"),
            "other payload": lambda n: answer("Ping", n, payload=b"no"),
            "compressed, not agreed": lambda n: frame(2, n, bytes(20), flags=1, raw_size=2000),
            "GoAway with a status": lambda n: frame(0x70, 0, refusal("Ping", n, 1)[32:], status=32),
            "wrong provenance byte": lambda n: answer("Ping", n, provenance=3, payload=b"x"),
        }
        for name, make in cases.items():
            with self.subTest(name):
                core = opened()
                call, other = begun(core, "Ping", payload=b"x"), begun(core, "Stats")
                feed(core, make(call.id))
                self.assertEqual(code_of(call), "protocol_error")
                self.assertEqual(code_of(other), "protocol_error")
                self.assertFalse(core.takes_requests)

    def test_a_mock_is_refused_and_has_the_rest_cancelled(self) -> None:
        core = opened()
        call = begun(core, "Generate", streams=True, prompt="a")
        feed(core, answer("Generate", call.id, flags=2, provenance=2, text="no"))
        self.assertEqual(code_of(call), "mock_refused")
        cancel = written(core)
        self.assertEqual((cancel[5], cancel[-8:]), (14, struct.pack("<Q", call.id)))
        feed(core, answer("Generate", call.id, flags=2, provenance=2, text="no"))
        feed(core, answer("Cancel", call.id + 1, found=True))
        self.assertTrue(core.takes_requests)

    def test_a_mock_is_handed_out_when_allowed_and_says_so(self) -> None:
        core = opened(Options(allow_mock=True))
        call = begun(core, "Ping")
        feed(core, answer("Ping", call.id, provenance=2))
        self.assertEqual(call.result.provenance, "mock")

    def test_real_is_demanded_beside_what_the_caller_demands(self) -> None:
        def demanded(options: Options, given: Requirements | None) -> Requirements | None:
            exchange = of(options, messages.GenerateRequest(prompt="a", requirements=given))
            found = decode(MESSAGES["Generate request"], exchange.body(3))
            wanted: Requirements | None = found.get("requirements")
            return wanted

        own = Requirements(device="cuda")
        self.assertEqual(demanded(Options(), None), Requirements(real=True))
        self.assertEqual(demanded(Options(), own), Requirements(real=True, device="cuda"))
        self.assertEqual(own, Requirements(device="cuda"))
        self.assertIsNone(demanded(Options(allow_mock=True), None))

    def test_hello_may_not_agree_to_what_was_not_offered(self) -> None:
        def number(value: int) -> bytes:
            return struct.pack("<Q", value)

        for fields, options, change in [
            ({"revision": REVISION + 1}, Options(), None),
            ({"compression": True}, Options(compression=False), None),
            ({"body_size_max": 4096}, Options(), (number(4096), number(4095))),
            ({"requests_in_flight_max": 77}, Options(), (number(77), number(0))),
        ]:
            core = Connection(options)
            call = greeted(core)
            data = hello(call.id, **fields)  # type: ignore[arg-type]
            if change:
                self.assertEqual(data.count(change[0]), 1)
                data = data.replace(*change)
            feed(core, data)
            self.assertEqual(code_of(call), "protocol_error", fields)

    def test_no_mock_and_no_part_of_a_frame_speaks_of_the_connection(self) -> None:
        go_away = messages.GoAway(reason="r", drain_milliseconds=1)
        body = encode(MESSAGES["GoAway"], go_away, 3)
        for words in ({"provenance": 2}, {"flags": 2}, {"flags": 4}):
            for allow_mock in (False, True):
                with self.subTest(words=words, allow_mock=allow_mock):
                    core = Connection(Options(allow_mock=allow_mock))
                    call = greeted(core)
                    feed(core, hello(call.id, **words))
                    self.assertEqual(code_of(call), "protocol_error")
                    core = opened(Options(allow_mock=allow_mock))
                    call = begun(core, "Ping")
                    feed(core, frame(0x70, 0, body, **words))
                    self.assertEqual(code_of(call), "protocol_error")

    def test_what_the_server_cannot_take_is_not_sent(self) -> None:
        with fails("revision_too_low"):
            begun(opened(revision=1), "Embed", inputs=[messages.Input(text="a")])
        with fails("revision_too_low", "logprobs"):
            begun(opened(revision=1), "Generate", prompt="a", logprobs=0)
        core = opened(body_size_max=4096)
        with fails("request_invalid"):
            begun(core, "Generate", prompt="a" * 5000)
        with fails("request_invalid", "prompt"):
            begun(core, "Generate", prompt="\ud800")
        self.assertFalse(core.calls)

    def test_a_status_is_an_error_with_the_servers_words(self) -> None:
        core = opened()
        call = begun(core, "Ping")
        feed(core, refusal("Ping", call.id, 99, code="later", retry_after_milliseconds=7))
        assert call.error is not None
        self.assertEqual(call.error.status, Status.UNKNOWN)
        self.assertEqual(call.error.server_code, "later")
        self.assertEqual(call.error.retry_after_milliseconds, 7)
        self.assertTrue(core.takes_requests)

    def test_who_waits_for_room_is_admitted_once_and_in_order(self) -> None:
        core = opened(requests_in_flight_max=1)
        call = begun(core, "Ping")
        woken: list[Call] = []
        core.wake = woken.append  # type: ignore
        first, second = (Call(KINDS["Ping"], messages.PingRequest()) for _ in "ab")
        core.rooms |= {first: None, second: None}
        feed(core, answer("Ping", call.id))
        self.assertEqual(woken, [call, first])
        del core.rooms[first]  # gave up, so the next call has the place
        core.wake_rooms()
        self.assertEqual(woken, [call, first, second])

    def test_an_answer_larger_than_allowed_is_given_up_and_the_connection_lives_on(self) -> None:
        core = opened(Options(answer_size_max=4096))
        call, other = begun(core, "Generate", streams=True, prompt="a"), begun(core, "Ping")
        chunk = answer("Generate", call.id, flags=2, text="x" * 3000)
        feed(core, chunk)
        self.assertIsNone(call.error)
        feed(core, chunk)
        self.assertEqual(code_of(call), "given_up")
        cancel = written(core)
        self.assertEqual((cancel[5], cancel[-8:]), (14, struct.pack("<Q", call.id)))
        feed(core, chunk)
        feed(core, answer("Ping", other.id))
        self.assertEqual((other.result.payload, call.inbox), (b"", {}))
        self.assertTrue(core.takes_requests)

    def test_the_servers_load_stands_beside_its_refusal(self) -> None:
        core = opened()
        call = begun(core, "Ping")
        load = messages.ServerLoad(
            queued=1, running=2, wait_microseconds=3, cache_pages_used=4, cache_pages=5
        )
        feed(core, refusal("Ping", call.id, 8, server_load=load))
        assert call.error is not None
        self.assertEqual(call.error.server_load, load)
        self.assertEqual(call.error.again().server_load, load)

    def test_another_attempt_says_which_one_it_is(self) -> None:
        own = messages.RequestContext(priority=7)

        def sent(attempt: int, revision: int, given: messages.RequestContext | None) -> Any:
            request = messages.GenerateRequest(prompt="a", context=given)
            exchange = of(Options(), request)
            exchange.attempt = attempt
            found = decode(MESSAGES["Generate request"], exchange.body(revision))
            return found.get("context")

        self.assertIsNone(sent(1, 3, None))
        self.assertEqual(sent(2, 3, None), messages.RequestContext(attempt=2))
        self.assertEqual(sent(3, 3, own), messages.RequestContext(attempt=3, priority=7))
        self.assertIsNone(sent(2, 2, None))
        self.assertEqual(own, messages.RequestContext(priority=7))
        with fails("revision_too_low", "context"):
            sent(1, 2, own)


class RequestTests(unittest.TestCase):
    def test_a_request_that_breaks_its_table_is_refused_with_the_fields_path(self) -> None:
        turn = messages.ChatMessage(role="user", content="a")

        def generate(**fields: Any) -> messages.GenerateRequest:
            return messages.GenerateRequest(**fields)

        def embed(*inputs: Any) -> messages.EmbedRequest:
            return messages.EmbedRequest(inputs=inputs)

        both = messages.Input(text="a", tokens=[1])
        cases: list[tuple[Any, str]] = [
            (generate(), "prompt"),
            (generate(prompt="a", tokens=[1]), "tokens"),
            (generate(prompt="a", tokens=[1], messages=[turn]), "messages"),
            (generate(messages=[turn], add_special=True), "add_special"),
            (generate(prompt="a", max_tokens=0), "max_tokens"),
            (generate(prompt="a", max_tokens=-1), "max_tokens"),
            (generate(prompt="a", max_tokens="1"), "max_tokens"),
            (generate(prompt="a", top_p=-0.5), "top_p"),
            (generate(prompt="a", temperature=float("nan")), "temperature"),
            (generate(prompt="a", stop=["b"] * 17), "stop"),
            (generate(prompt="a", stop="bc"), "stop"),
            (generate(prompt="a", stop=[""]), "stop"),
            (generate(prompt="a", truncate_prompt=1), "truncate_prompt"),
            (generate(prompt="a", requirements="real"), "requirements"),
            (
                generate(prompt="a", requirements=Requirements(fingerprint=b"short")),
                "requirements.fingerprint",
            ),
            (generate(tokens=[]), "tokens"),
            (embed(), "inputs"),
            (embed(messages.Input()), "inputs.text"),
            (embed(messages.Input(text="a"), both), "inputs.tokens"),
            (embed("a"), "inputs"),
            (messages.LoadRequest(name="m", path=""), "path"),
            (messages.LoadRequest(name="m", path="/m", strategy="lax"), "strategy"),  # type: ignore
            (messages.PingRequest(payload=bytes(65537)), "payload"),
        ]
        for request, path in cases:
            kind = type(request).__name__.removesuffix("Request")
            with self.subTest(kind=kind, path=path), fails("request_invalid", path, "allowed: "):
                encode(KINDS[kind].request, request, 3)

    def test_words_make_the_request_of_a_kind(self) -> None:
        load = messages.LoadRequest(name="m", path="/m", device="cpu")
        self.assertEqual(request_of("Load", "m", ("/m",), {"device": "cpu"}), load)
        self.assertEqual(request_of("Load", None, (), {"name": "m", "path": "/m"}).path, "/m")
        self.assertIs(request_of("Load", load, (), {}), load)
        self.assertEqual(request_of("Health", "m", (), {}), messages.HealthRequest(model="m"))
        self.assertEqual(
            request_of("Tokenize", b"a", ("m",), {}), messages.TokenizeRequest(text=b"a", model="m")
        )
        self.assertEqual(request_of("Ping", None, (), {}), messages.PingRequest())
        wrong: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
            (load, ("/m",), {}),
            (load, (), {"device": "cpu"}),
            ("m", (), {}),
            ("m", ("/m",), {"name": "n"}),
            ("m", ("/m",), {"size": 1}),
            ("m", ("/m", "strict", "cpu", True, "more"), {}),
        ]
        for request, words, fields in wrong:
            with self.subTest(request=request, words=words), self.assertRaises(TypeError):
                request_of("Load", request, words, fields)

    def test_options_out_of_range_are_refused_by_name(self) -> None:
        for name, value in {
            "name": "",
            "allow_mock": 1,
            "compression": None,
            "body_size_max": 4095,
            "answer_size_max": 4095,
            "connections": 0,
            "connect_milliseconds": 0,
            "answer_milliseconds": -1,
            "grace_milliseconds": 1.5,
            "attempts": 0,
            "backoff_milliseconds": 1 << 32,
            "backoff_max_milliseconds": True,
            "wait_milliseconds": "1",
        }.items():
            with self.subTest(name), fails("request_invalid", name):
                Options(**{name: value})  # type: ignore[arg-type]


class BlockTests(unittest.TestCase):
    def test_blocks_come_back_and_lies_about_their_size_do_not(self) -> None:
        body = b"the fox and the hen " * 200
        block = pack(body)
        assert block is not None
        self.assertEqual(unpack(block, len(body)), body)
        for size in (len(body) - 1, len(body) + 1):
            with fails("protocol_error"):
                unpack(block, size)
        self.assertIsNone(pack(os.urandom(2000)))
        self.assertIsNone(pack(b"a" * 8000 + os.urandom(20_000) + b"a" * 8000))

    def test_a_match_that_points_at_itself_is_seen(self) -> None:
        zero = bytes([0x10, 65, 0, 0]) + bytes([0xC0]) + bytes(12)
        self.assertTrue(has_zero_offset(zero))
        for body in (bytes(5000), bytes(range(256)) * 20, b"\0\0ab" * 900):
            block = lz4.block.compress(body, store_size=False)
            self.assertFalse(has_zero_offset(block))


class RetryTests(unittest.TestCase):
    def pause(
        self,
        error: AssayError,
        written: bool = True,
        kind: str = "Ping",
        deadline: int = 0,
        handed_out: bool = False,
    ) -> float | None:
        words = {"name": "m", "path": "/m"} if kind == "Load" else {}
        exchange = of(Options(), KINDS[kind].request.type(**words), kind, deadline)
        exchange.handed_out = handed_out
        return exchange.pause_after(error, written, time.monotonic())

    def test_what_is_tried_again(self) -> None:
        lost = AssayError("connection_closed", "")
        busy = AssayError("server_refused", "", status=Status.UNAVAILABLE)
        self.assertIsNotNone(self.pause(lost))
        self.assertIsNotNone(self.pause(busy, kind="Load"))
        self.assertIsNotNone(self.pause(AssayError("unreachable", ""), False, kind="Load"))
        self.assertIsNone(self.pause(lost, kind="Load"))
        self.assertIsNone(self.pause(lost, handed_out=True))
        self.assertIsNone(self.pause(AssayError("protocol_error", "")))
        self.assertIsNone(self.pause(AssayError("mock_refused", "")))
        self.assertIsNone(self.pause(AssayError("server_refused", "", status=Status.NOT_FOUND)))

    def test_the_pause_is_the_servers_or_doubles_and_fits_the_deadline(self) -> None:
        body = messages.ErrorBody(code="c", message="m", retry_after_milliseconds=300)
        busy = AssayError("server_refused", "", status=Status.UNAVAILABLE, server=body)
        self.assertEqual(self.pause(busy), 0.3)
        self.assertIsNone(self.pause(busy, deadline=300))
        exchange = of(Options(attempts=4), messages.PingRequest(), "Ping")
        lost = AssayError("connection_closed", "")
        for most in (0.05, 0.1, 0.2):
            pause = exchange.pause_after(lost, True, 0.0)
            assert pause is not None
            self.assertTrue(most / 2 <= pause <= most)
        self.assertIsNone(exchange.pause_after(lost, True, 0.0))

    def test_addresses(self) -> None:
        self.assertEqual(Address.parse("tcp://[::1]:7411").host, "::1")
        self.assertEqual(Address.parse("[::1]:7411").port, 7411)
        self.assertEqual(Address.parse("/run/a.sock").path, "/run/a.sock")
        wrong = ["", "a", "a/b:1", "http://a:1", "tcp://a", "tcp://a:0", "unix://a", "tcp://:1"]
        for text in [*wrong, "tcp://a:x"]:
            with fails("address_invalid"):
                Address.parse(text)


class FuzzTests(unittest.TestCase):
    def test_hostile_bytes_end_in_an_answer_or_a_breach(self) -> None:
        seed = int(os.environ.get("ASSAY_FUZZ_SEED", random.randrange(1 << 32)))
        print(f"fuzz seed {seed} (ASSAY_FUZZ_SEED={seed} plays it again)")
        chance = random.Random(seed)
        ends = {"result": 0, "protocol_error": 0, "open": 0}
        for _ in range(3000):
            core = opened(compression=True)
            call = begun(core, "Generate", True, prompt="a", logprobs=1)
            good = bytearray(self.stream(call.id))
            for _ in range(chance.choice((0, 1, 1, 2, 8))):
                self.damage(good, chance)
            feed(core, bytes(good), chance.choice((1, 7, 50, 4096)))
            if call.result is not None:
                ends["result"] += 1
            elif call.error is not None:
                self.assertIn(call.error.code, ("protocol_error", "mock_refused", "server_refused"))
                ends["protocol_error"] += 1
            else:
                ends["open"] += 1
            self.assertLessEqual(held(core), 64 << 10)
        self.assertTrue(all(ends.values()), ends)

    def stream(self, number: int) -> bytes:
        """Makes a chunk, a compressed chunk, and the end."""
        pieces = messages.Logprobs(
            tokens=[5],
            logprobs=array("f", [-1]),
            top_count=1,
            top_tokens=[5],
            top_logprobs=array("f", [-1]),
        )
        first = answer("Generate", number, flags=2, tokens=[5], text="a", logprobs=pieces)
        body = answer("Generate", number, flags=2, text="ab" * 700)[HEADER.size :]
        block = pack(body)
        assert block is not None
        packed = frame(10, number, block, flags=3, raw_size=len(body))
        last = dict(finish_reason="stop", prompt_tokens=1, completion_tokens=1, answer=ANSWER)
        return first + packed + answer("Generate", number, **last)

    def damage(self, data: bytearray, chance: random.Random) -> None:
        at = chance.randrange(len(data))
        match chance.randrange(5):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at] = chance.choice((0, 1, 127, 128, 255))
            case 2:
                del data[at : at + chance.randrange(1, 40)]
            case 3:
                data[at:at] = chance.randbytes(chance.randrange(1, 40))
            case _:
                data[at:] = chance.randbytes(len(data) - at)
        if not data:
            data += b"\0"


if __name__ == "__main__":
    unittest.main()
