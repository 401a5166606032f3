"""Requests as words of the language, errors as kinds of the language, and `assay.testing`."""

from __future__ import annotations

import copy
import pickle
import unittest
from collections.abc import Callable
from typing import Any

import assay
from assay import messages, testing
from assay._requests import request_of

from .scripted import LIMIT, fails, run


def counted(request: assay.EmbedRequest) -> dict[str, Any]:
    """Answers an Embed with the number of each input, twice."""
    count = len(request.inputs)
    values = [float(place) for place in range(count) for _ in range(2)]
    return {"embeddings": values, "dimensions": 2, "count": count, "prompt_tokens": count}


def refusing(status: assay.Status) -> Callable[[Any], dict[str, Any]]:
    """A handler that refuses with the status."""

    def refuse(request: Any) -> dict[str, Any]:
        raise assay.AssayError("server_refused", "no", status=status)

    return refuse


class WordsTests(unittest.TestCase):
    def test_a_text_a_conversation_and_a_list_make_requests(self) -> None:
        asked: list[Any] = []

        def says(request: Any) -> dict[str, Any]:
            asked.append(request)
            return {"text": "eight hundred two"}

        with (
            testing.serving(provenance="real", Generate=says, Embed=counted) as url,
            assay.Client(url) as client,
        ):
            answer = client.generate("317+485=", max_tokens=8)
            self.assertEqual((answer.text, answer.provenance), ("eight hundred two", "real"))
            texts = [chunk.text for chunk in client.generate_stream("a", stop=["b"])]
            self.assertEqual(texts, ["eight", " hundred", " two"])
            call = {"name": "add", "arguments": "{}"}
            turns: list[Any] = [
                {"role": "user", "content": "a"},
                messages.ChatMessage(role="tool", content=""),
            ]
            turns.append({"role": "assistant", "content": "", "tool_calls": [call]})
            self.assertEqual(client.chat(turns).text, "eight hundred two")
            self.assertEqual(len([*client.chat_stream(turns, seed=1)]), 3)
            vectors = client.embed(["a", [1, 2], {"text": "c"}, messages.Input(text="d")]).vectors
            self.assertEqual([[*vector] for vector in vectors], [[n, n] for n in range(4)])
        self.assertEqual((asked[0].prompt, asked[0].max_tokens), ("317+485=", 8))
        self.assertEqual([*asked[1].stop], ["b"])
        self.assertEqual([turn.role for turn in asked[2].messages], ["user", "tool", "assistant"])
        self.assertEqual(asked[2].messages[2].tool_calls, [messages.ToolCall(**call)])
        self.assertEqual(asked[3].seed, 1)

    def test_the_asyncio_client_takes_the_same_words(self) -> None:
        async def ask() -> None:
            async with assay.AsyncClient(url) as client:
                self.assertEqual((await client.generate("a")).text, "b")
                self.assertEqual((await client.chat([{"role": "user", "content": "a"}])).text, "b")
                self.assertEqual(len((await client.embed(["a", "b"])).vectors), 2)
                async with client.chat_stream([{"role": "user", "content": "a"}]) as stream:
                    self.assertEqual([chunk.text async for chunk in stream], ["b"])

        with testing.serving(
            provenance="real", Generate=lambda _: {"text": "b"}, Embed=counted
        ) as url:
            run(ask())

    def test_score_takes_a_prompt_and_its_continuations(self) -> None:
        request = request_of("Score", "a", (["b", [1]],), {})
        self.assertEqual((request.prompt, request.continuations[0].text), ("a", "b"))
        self.assertEqual(request.continuations[1].tokens, [1])

    def test_hostile_content_is_refused_with_its_field(self) -> None:
        wrong: list[tuple[Any, str]] = [
            ([{"role": "user"}], "messages.content"),
            ([{"role": "user", "content": "a", "x" * 999: 1}], "messages"),
            ([{"role": "user", "content": "a", 5: 1}], "messages"),
            ([{"role": "user", "content": 5}], "messages.content"),
            ([{"role": "user", "content": "a", "tool_calls": [{"name": "a"}]}],
             "messages.tool_calls.arguments"),
            ([{"role": "tool", "content": "a", "tool_calls": {"id": "a"}}], "messages.tool_calls"),
            ([None], "messages"),
            (5, "messages"),
            ("hi", "messages"),
        ]  # fmt: skip
        with assay.Client("unix:///nowhere") as client:
            for turns, field in wrong:
                with self.subTest(turns=turns), fails("request_invalid", field):
                    client.chat(turns)
            pieces: list[Any] = ["a", [5], [b"a"], [{}], 5, [{"text": "a", "tokens": [1]}]]
            for inputs in pieces:
                with self.subTest(inputs=inputs), fails("request_invalid"):
                    client.embed(inputs)

    def test_a_name_given_twice_is_a_type_error(self) -> None:
        with assay.Client("unix:///nowhere") as client, self.assertRaises(TypeError):
            client.generate("a", prompt="b")


class KindsTests(unittest.TestCase):
    def test_errors_are_kinds_of_the_language(self) -> None:
        kinds: dict[assay.Status, type[Exception]] = {
            assay.Status.DEADLINE_EXCEEDED: TimeoutError,
            assay.Status.NOT_FOUND: LookupError,
            assay.Status.PERMISSION_DENIED: PermissionError,
            assay.Status.OUT_OF_RANGE: ValueError,
            assay.Status.INTERNAL: assay.AssayError,
        }
        for status, kind in kinds.items():
            handler = refusing(status)
            with (
                testing.serving(provenance="real", Generate=handler) as url,
                assay.Client(url) as client,
            ):
                with self.subTest(status=status), self.assertRaises(kind) as caught:
                    client.generate("a")
                self.assertIsInstance(caught.exception, assay.AssayError)
                self.assertIs(vars(caught.exception)["status"], status)
        with assay.Client("unix:///nowhere") as client, self.assertRaises(ConnectionError):
            client.ping()
        with self.assertRaises(ValueError):
            assay.Client("nowhere")

    def test_a_silent_server_is_a_timeout(self) -> None:
        def silent(peer: testing.Peer) -> None:
            peer.hello()
            peer.request()
            peer.request()

        options = assay.Options(grace_milliseconds=0, attempts=1)
        with testing.server(silent, provenance="real") as url, assay.Client(url, options) as client:
            with self.assertRaises(TimeoutError):
                client.generate("a", deadline_milliseconds=20)

    def test_copies_keep_kind_and_details(self) -> None:
        words = messages.ErrorBody(code="no", message="no", retry_after_milliseconds=5)
        status = assay.Status.DEADLINE_EXCEEDED
        error = assay.AssayError("server_refused", "no", status=status, server=words)
        for other in (error.again(), copy.copy(error), pickle.loads(pickle.dumps(error))):
            self.assertIs(type(other), assay.AssayTimeoutError)
            self.assertEqual((vars(other), str(other)), (vars(error), "server_refused: no"))

    def test_provenance_is_its_word(self) -> None:
        mock = assay.Provenance.MOCK
        self.assertEqual((mock, str(mock), f"{mock}"), ("mock", "mock", "mock"))
        self.assertEqual({"mock": 1}[mock], 1)
        self.assertIs(pickle.loads(pickle.dumps(mock)), mock)


class TestingTests(unittest.TestCase):
    def test_a_stand_in_says_mock_and_is_refused_unless_allowed(self) -> None:
        with testing.serving(Generate=lambda _: {"text": "a"}) as url:
            with assay.Client(url) as client, fails("mock_refused"):
                client.generate("a")
            with assay.Client(url, assay.Options(allow_mock=True)) as client:
                self.assertIs(client.generate("a").provenance, assay.Provenance.MOCK)
                # What the server says of itself is real, whatever it serves.
                self.assertIs(client.ping(b"a").provenance, assay.Provenance.REAL)

    def test_the_client_of_a_test_allows_its_mocks(self) -> None:
        with testing.client(Generate=lambda _: {"text": "a b"}) as client:
            answer = client.generate("a")
            self.assertEqual((answer.text, answer.provenance), ("a b", "mock"))

    def test_a_test_may_ask_for_real_and_nothing_else(self) -> None:
        with testing.serving(provenance="real", Generate=lambda _: {"text": "a"}) as url:
            with assay.Client(url) as client:
                self.assertEqual(client.generate("a").provenance, "real")
        for made in (testing.serving, testing.server):
            with self.assertRaises(ValueError), made(provenance="fake"):
                pass

    def test_a_script_says_mock_unless_told(self) -> None:
        def ends(peer: testing.Peer) -> None:
            peer.hello()
            peer.end(peer.request()[1])

        for given, wanted in (({}, "mock"), ({"provenance": "real"}, "real")):
            with testing.server(ends, **given) as url:
                with assay.Client(url, assay.Options(allow_mock=True)) as client:
                    self.assertEqual(client.generate("a").provenance, wanted)

    def test_what_no_handler_answers_is_refused(self) -> None:
        with testing.serving() as url, assay.Client(url) as client:
            self.assertEqual(client.ping(b"a").payload, b"a")
            self.assertTrue(client.health().ready)
            with fails("server_refused", words="no handler of Generate"):
                client.generate("a")

    def test_a_failing_handler_fails_the_test(self) -> None:
        with self.assertRaises(ZeroDivisionError):
            with testing.serving(Generate=lambda _: {"text": str(1 // 0)}) as url:
                with assay.Client(url) as client, fails("connection_closed"):
                    client.generate("a")

    def test_an_unknown_kind_is_a_type_error(self) -> None:
        with self.assertRaises(TypeError), testing.serving(Chat=lambda _: {}):
            pass

    def test_connections_are_served_side_by_side(self) -> None:
        with testing.serving() as url:
            clients = [assay.Client(url) for _ in range(3)]
            for client in clients:
                self.assertEqual(
                    client.ping(b"a", deadline_milliseconds=int(LIMIT * 1000)).payload, b"a"
                )
            for client in clients:
                client.close()


if __name__ == "__main__":
    unittest.main()
