"""The bridge as seen by tools: the official openai package, in front of a real assayd.

One file, since one server is started for all of them.
"""

from __future__ import annotations

import base64
import contextlib
import os
import pathlib
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
from typing import Any

import assay
import httpx
import openai
from assay._codec import decode
from assay._protocol import MESSAGES

from .gguf import with_text
from .servers import LIMIT, MODEL, ROOT, Peer, assayd, bridge, scripted

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' "
    "+ message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
JSON = {"Content-Type": "application/json"}
MESSAGES_OF_CHAT: list[Any] = [{"role": "user", "content": "count e in t e l l e r:"}]


def tool(url: str) -> openai.OpenAI:
    """The package with one changed URL."""
    return openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=LIMIT)


def told(found: httpx.Response) -> tuple[int, str, str | None]:
    """Status, code and parameter of a refusal."""
    error = found.json()["error"]
    return found.status_code, error["code"], error["param"]


def extra(answer: Any) -> dict[str, Any]:
    """The `assay` object of a body."""
    found: dict[str, Any] = answer.model_extra["assay"]
    return found


class RealTests(unittest.TestCase):
    """One server for all tests: the demo model, copies with another chat template, with none."""

    stack: contextlib.ExitStack
    server: str
    url: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        folder = pathlib.Path(cls.stack.enter_context(tempfile.TemporaryDirectory()))
        talker = folder / "talker.gguf"
        talker.write_bytes(with_text(MODEL, "tokenizer.chat_template", CHATML))
        mute = folder / "mute.gguf"
        key, other = b"tokenizer.chat_template", b"test.of_a_chat_template"
        mute.write_bytes(MODEL.read_bytes().replace(key, other))
        words = tuple(
            word
            for name, path in (("demo", MODEL), ("talker", talker), ("mute", mute))
            for word in ("--model", f"{name}={path}")
        )
        cls.server = cls.stack.enter_context(assayd(*words))
        cls.url = cls.stack.enter_context(bridge(cls.server))
        cls.tool = cls.stack.enter_context(tool(cls.url))

    tool: openai.OpenAI

    def post(self, given: dict[str, Any]) -> httpx.Response:
        """Asks for a completion with `given` in place of a good request's parameters."""
        good = {"model": "demo", "prompt": "1+1=", "max_tokens": 2}
        return httpx.post(f"{self.url}/v1/completions", json=good | given)

    def test_models(self) -> None:
        listed = self.tool.models.list()
        self.assertEqual({model.id for model in listed}, {"demo", "talker", "mute"})
        model = self.tool.models.retrieve("demo")
        self.assertEqual((extra(model)["provenance"], extra(model)["context"]), ("real", 512))
        with self.assertRaises(openai.NotFoundError) as caught:
            self.tool.models.retrieve("nobody")
        self.assertEqual(caught.exception.code, "model_not_found")

    def test_the_readme_runs(self) -> None:
        text = (ROOT / "clients/bridge/README.md").read_text()
        shell, program = re.findall(r"^```(?:sh|python)\n(.*?)^```$", text, re.M | re.S)
        program = program.replace("http://127.0.0.1:8411", self.url)
        words = [sys.executable, "-c", program]
        ran = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stdout.split("\n")[0], "802 real")
        install, *command = shell.strip().split("\n")
        self.assertEqual(install, "pip install ./clients/python ./clients/bridge")
        self.assertEqual(len(command), 1)
        name, *options = shlex.split(command[0])
        self.assertEqual((name, options[::2]), ("assay-bridge", ["--server", "--listen"]))

    def test_completion_says_in_headers_and_body_that_it_is_real(self) -> None:
        raw = self.tool.completions.with_raw_response.create(
            model="demo", prompt="317+485=", max_tokens=8, temperature=0
        )
        answer = raw.parse()
        self.assertEqual(answer.choices[0].text, "802")
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        assert answer.usage is not None
        self.assertEqual(answer.usage.completion_tokens, 3)
        said = extra(answer)
        self.assertEqual((said["provenance"], said["model"]), ("real", "demo"))
        self.assertEqual(raw.headers["x-assay-provenance"], "real")
        self.assertEqual(raw.headers["x-assay-model-fingerprint"], said["fingerprint"])
        self.assertEqual(raw.headers["x-assay-generation"], "1")
        self.assertEqual(raw.headers["x-assay-device"], said["device"])
        self.assertEqual(raw.headers["x-assay-degraded"], "false")

    def test_streamed_completion_is_the_whole_one_in_pieces(self) -> None:
        asked: dict[str, Any] = dict(
            model="demo", prompt="Story about a fox:", max_tokens=40, temperature=0
        )
        whole = self.tool.completions.create(**asked)
        raw = self.tool.completions.with_raw_response.create(
            **asked, stream=True, stream_options={"include_usage": True}
        )
        self.assertEqual(raw.headers["x-assay-provenance"], "real")
        self.assertEqual(raw.headers["x-assay-model-fingerprint"], extra(whole)["fingerprint"])
        chunks = list(raw.parse())
        self.assertGreater(len(chunks), 10)
        text = "".join(chunk.choices[0].text for chunk in chunks if chunk.choices)
        self.assertEqual(text, whole.choices[0].text)
        self.assertEqual({extra(chunk)["provenance"] for chunk in chunks}, {"real"})
        self.assertEqual(chunks[-1].usage, whole.usage)
        self.assertEqual(chunks[-2].choices[0].finish_reason, whole.choices[0].finish_reason)

    def test_logprobs_and_stop(self) -> None:
        answer = self.tool.completions.create(
            model="demo", prompt="317+485=", max_tokens=8, temperature=0, logprobs=2, stop=["2"]
        )
        found = answer.choices[0].logprobs
        assert found is not None and found.token_logprobs and found.top_logprobs
        self.assertEqual(answer.choices[0].text, "80")
        assert found.tokens is not None
        self.assertEqual(found.tokens[:2], ["8", "0"])
        self.assertEqual(found.text_offset, list(range(len(found.tokens))))
        self.assertEqual(len(found.top_logprobs[0]), 2)

    def test_sampling_repeats_with_a_seed(self) -> None:
        def once(seed: int) -> str:
            made = self.tool.completions.create(
                model="demo", prompt="Story about a", max_tokens=30, temperature=1.5, seed=seed
            )
            return made.choices[0].text

        self.assertEqual(once(7), once(7))
        self.assertGreater(len({once(seed) for seed in range(6)}), 1)

    def test_chat(self) -> None:
        answer = self.tool.chat.completions.create(
            model="talker",
            messages=MESSAGES_OF_CHAT,
            max_completion_tokens=12,
            temperature=0,
            logprobs=True,
            top_logprobs=1,
        )
        text = answer.choices[0].message.content
        self.assertTrue(text)
        found = answer.choices[0].logprobs
        assert found is not None and found.content is not None
        spelled = b"".join(bytes(entry.bytes or []) for entry in found.content)
        self.assertTrue(spelled.decode().startswith(text or "-"))
        self.assertEqual(found.content[0].top_logprobs[0].token, found.content[0].token)

    def test_streamed_chat_is_the_whole_one_in_pieces(self) -> None:
        asked: dict[str, Any] = dict(model="talker", messages=MESSAGES_OF_CHAT, temperature=0)
        whole = self.tool.chat.completions.create(**asked)
        chunks = list(self.tool.chat.completions.create(**asked, stream=True))
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        self.assertEqual(text, whole.choices[0].message.content)
        self.assertEqual(chunks[-1].choices[0].finish_reason, "stop")
        self.assertEqual({extra(chunk)["provenance"] for chunk in chunks}, {"real"})
        self.assertEqual(extra(chunks[-1])["model"], "talker")

    def test_names_of_speakers_pass_without_effect(self) -> None:
        asked: dict[str, Any] = dict(model="talker", temperature=0, max_completion_tokens=4)
        named: list[Any] = [MESSAGES_OF_CHAT[0] | {"name": "ann"}]
        plain = self.tool.chat.completions.create(**asked, messages=MESSAGES_OF_CHAT)
        answer = self.tool.chat.completions.create(**asked, messages=named)
        self.assertEqual(answer.choices[0].message.content, plain.choices[0].message.content)
        wrong: Any = [MESSAGES_OF_CHAT[0] | {"name": 5}]
        with self.assertRaises(openai.BadRequestError) as caught:
            self.tool.chat.completions.create(**asked, messages=wrong)
        self.assertEqual(caught.exception.param, "messages[0].name")

    def test_every_chunk_tells_the_tokens_so_far_when_asked_to(self) -> None:
        options: Any = {"include_usage": True, "continuous_usage_stats": True}
        asked: dict[str, Any] = dict(temperature=0, stream=True, stream_options=options)
        for chunks in (
            list(self.tool.completions.create(model="demo", prompt="a fox", **asked)),
            list(
                self.tool.chat.completions.create(
                    model="talker", messages=MESSAGES_OF_CHAT, max_tokens=5, **asked
                )
            ),
        ):
            counts = [chunk.usage for chunk in chunks]
            self.assertEqual(len({count.prompt_tokens for count in counts if count}), 1)
            made = [count.completion_tokens for count in counts if count]
            self.assertEqual((len(made), made), (len(chunks), sorted(made)))
            self.assertEqual(counts[-1], counts[-2])
        with self.assertRaises(openai.BadRequestError) as caught:
            options = {"continuous_usage_stats": True}
            self.tool.completions.create(
                model="demo", prompt="a", stream=True, stream_options=options
            )
        self.assertEqual(caught.exception.param, "stream_options.continuous_usage_stats")

    def test_health_and_readiness(self) -> None:
        for path in ("health", "readyz"):
            found = httpx.get(f"{self.url}/{path}")
            self.assertEqual((found.status_code, found.json()["status"]), (200, "ok"))

    def test_chat_without_a_template_is_refused_streamed_or_not(self) -> None:
        for stream in (False, True):
            with self.assertRaises(openai.BadRequestError) as caught:
                self.tool.chat.completions.create(
                    model="mute", messages=MESSAGES_OF_CHAT, stream=stream
                )
            self.assertEqual(caught.exception.code, "chat_template_missing")
            self.assertEqual(caught.exception.type, "invalid_request_error")
            self.assertEqual(caught.exception.param, "messages")

    def test_embeddings_as_numbers_and_as_base64(self) -> None:
        texts = ["a fox", "a hen"]
        numbers = self.tool.embeddings.create(model="demo", input=texts, encoding_format="float")
        packed = httpx.post(
            f"{self.url}/v1/embeddings",
            json={"model": "demo", "input": texts, "encoding_format": "base64"},
        ).json()
        default = self.tool.embeddings.create(model="demo", input=texts)
        for index in range(2):
            row = numbers.data[index].embedding
            data = base64.b64decode(packed["data"][index]["embedding"])
            self.assertEqual(row, list(struct.unpack(f"<{len(row)}f", data)))
            self.assertEqual(row, default.data[index].embedding)
        self.assertAlmostEqual(sum(value * value for value in row), 1, places=4)
        self.assertEqual(extra(numbers)["provenance"], "real")
        self.assertGreater(numbers.usage.prompt_tokens, 2)

    def test_what_is_not_supported_is_refused_by_name(self) -> None:
        for name, value, code in [
            ("n", 2, "unsupported_value"),
            ("best_of", 3, "unsupported_value"),
            ("echo", True, "unsupported_value"),
            ("presence_penalty", 0.5, "unsupported_value"),
            ("logit_bias", {"5": 1}, "unsupported_value"),
            ("tools", [{"type": "function"}], "unsupported_parameter"),
            ("response_format", {"type": "json_object"}, "unsupported_value"),
            ("temprature", 1, "unsupported_parameter"),
            ("prompt", ["a", "b"], "unsupported_value"),
            ("max_tokens", "2", "invalid_value"),
            ("max_tokens", True, "invalid_value"),
            ("temperature", "hot", "invalid_value"),
            ("logprobs", 65, "invalid_value"),
            ("stop", [""], "invalid_value"),
            ("stream_options", {"include_usage": True}, "invalid_value"),
        ]:
            with self.subTest(name, value=value):
                found = self.post({name: value})
                self.assertEqual(told(found), (400, code, name))
                self.assertEqual(found.json()["error"]["type"], "invalid_request_error")
        neutral = {"n": 1, "best_of": 1, "user": "u", "presence_penalty": 0.0, "echo": False}
        self.assertEqual(self.post(neutral | {"logit_bias": {}}).status_code, 200)

    def test_the_servers_refusals_keep_their_names(self) -> None:
        cases: list[tuple[dict[str, Any], int, str, str]] = [
            ({"model": "nobody"}, 404, "model_not_found", "model"),
            ({"prompt": "a " * 2000}, 400, "context_length_exceeded", "prompt"),
            ({"temperature": 1000}, 400, "request_invalid", "temperature"),
        ]
        for given, *expected in cases:
            with self.subTest(expected):
                self.assertEqual(told(self.post(given)), tuple(expected))

    def test_bodies_that_are_no_requests(self) -> None:
        url = f"{self.url}/v1/completions"

        def sent(content: Any) -> httpx.Response:
            return httpx.post(url, content=content, headers=JSON)

        cases: list[tuple[Any, int, str]] = [
            (sent(b"{"), 400, "invalid_json"),
            (sent(b"[" * 100_000), 400, "invalid_json"),
            (sent(b"[]"), 400, "invalid_value"),
            (sent(bytes((8 << 20) + 1)), 413, "body_too_large"),
            (sent(bytes(1 << 20) for _ in range(9)), 413, "body_too_large"),
            (httpx.get(url), 405, "method_not_allowed"),
            (httpx.get(f"{self.url}/v2"), 404, "unknown_url"),
        ]
        for found, status, code in cases:
            self.assertEqual(told(found), (status, code, None))


class MockTests(unittest.TestCase):
    def serve(self, stack: contextlib.ExitStack) -> str:
        broken = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory())) / "broken.gguf"
        broken.write_bytes(MODEL.read_bytes()[:5000])
        words = ("--model", f"demo={broken}", "--strategy", "development", "--allow-mock-fallback")
        return stack.enter_context(assayd(*words))

    def test_a_mock_is_refused_unless_allowed_and_then_says_so(self) -> None:
        asked: dict[str, Any] = dict(model="demo", prompt="317+485=", max_tokens=4)
        with contextlib.ExitStack() as stack:
            server = self.serve(stack)
            strict = tool(stack.enter_context(bridge(server)))
            for stream in (False, True):
                with self.assertRaises(openai.APIStatusError) as caught:
                    strict.completions.create(**asked, stream=stream)
                self.assertEqual(caught.exception.status_code, 502)
                self.assertEqual(caught.exception.code, "mock_refused")
                said = caught.exception.response.headers["x-assay-provenance"]
                self.assertEqual(said, "mock")
            self.assertEqual([extra(m)["provenance"] for m in strict.models.list()], ["mock"])

            lenient = tool(stack.enter_context(bridge(server, "--allow-mock")))
            raw = lenient.completions.with_raw_response.create(**asked)
            self.assertEqual(raw.headers["x-assay-provenance"], "mock")
            self.assertEqual(extra(raw.parse())["provenance"], "mock")
            chunks = list(lenient.completions.create(**asked, stream=True))
            self.assertEqual({extra(chunk)["provenance"] for chunk in chunks}, {"mock"})


def first_chunk(peer: Peer, asks_for_model: bool = True) -> int:
    """Begins to answer a Generate. Returns the Generate's id."""
    peer.hello()
    _, number, _ = peer.request()
    peer.send("Generate", number, flags=2, tokens=[1], text="a")
    if asks_for_model:
        _, other, _ = peer.request()
        peer.send("Models", other, models=[])
    return number


class ScriptTests(unittest.TestCase):
    def cancelled(self, stream: bool) -> None:
        """The request of a client that goes away is cancelled."""

        def script(peer: Peer) -> None:
            number = first_chunk(peer, asks_for_model=stream)
            peer.cancel(number, completion_tokens=1)
            peer.request()

        body = {"model": "m", "prompt": "a", "stream": stream}
        with scripted(script) as server, bridge(server) as url:
            asked = httpx.Request("POST", f"{url}/v1/completions", json=body)
            with httpx.Client(timeout=LIMIT if stream else 1.0) as client:
                if stream:
                    found = client.send(asked, stream=True)
                    self.assertTrue(next(found.iter_lines()).startswith("data: "))
                    found.close()
                else:
                    with self.assertRaises(httpx.ReadTimeout):
                        client.send(asked)

    def test_a_request_waits_for_a_server_that_comes_late_when_told_to(self) -> None:
        def script(peer: Peer) -> None:
            peer.hello()
            kind, number, _ = peer.request()
            peer.refuse(kind, number, 14, "model_loading", 20)
            _, number, _ = peer.request()
            peer.send("Models", number, models=[])
            peer.request()

        with tempfile.TemporaryDirectory() as folder:
            late = f"{folder}/late"
            options = ("--wait-milliseconds", "60000")
            with scripted(script) as server, bridge(f"unix://{late}", *options) as url:
                path = server.removeprefix("unix://")
                timer = threading.Timer(0.3, os.symlink, (path, late))
                timer.start()
                found = httpx.get(f"{url}/v1/models", timeout=LIMIT)
                timer.join()
        self.assertEqual((found.status_code, found.json()["data"]), (200, []))

    def test_a_client_that_leaves_a_stream_cancels_it(self) -> None:
        self.cancelled(True)

    def test_a_client_that_leaves_while_waiting_cancels_it(self) -> None:
        self.cancelled(False)

    def test_a_stream_that_breaks_ends_with_an_error(self) -> None:
        with scripted(first_chunk) as server, bridge(server) as url:
            stream = tool(url).completions.create(model="m", prompt="a", stream=True)
            self.assertEqual(next(stream).choices[0].text, "a")
            with self.assertRaises(openai.APIError) as caught:
                list(stream)
            self.assertEqual(caught.exception.code, "connection_closed")

    def test_a_full_server_says_when_to_come_again(self) -> None:
        def script(peer: Peer) -> None:
            peer.hello()
            for _ in range(3):
                kind, number, _ = peer.request()
                peer.refuse(kind, number, 8, code="queue_full", pause=20)

        with scripted(script) as server, bridge(server) as url:
            body = {"model": "m", "prompt": "a"}
            found = httpx.post(f"{url}/v1/completions", json=body, timeout=LIMIT)
        self.assertEqual(told(found), (429, "queue_full", None))
        self.assertEqual(
            (found.headers["retry-after"], found.headers["retry-after-ms"]), ("1", "20")
        )

    def test_what_is_asked_for_is_what_the_server_gets(self) -> None:
        asked: list[dict[str, Any]] = []

        def script(peer: Peer) -> None:
            peer.hello()
            _, number, body = peer.request()
            asked.append(decode(MESSAGES["Generate request"], memoryview(body)))
            peer.end(number)
            peer.request()

        with scripted(script) as server, bridge(server) as url:
            tool(url).completions.create(
                model="m",
                prompt=[5, 6],
                temperature=0.5,
                top_p=0.25,
                seed=-1,
                stop="x",
                extra_body={"top_k": 3, "min_p": 0.125, "ignore_eos": True, "min_tokens": 4},
            )
        (found,) = asked
        self.assertEqual(found.pop("requirements"), assay.Requirements(real=True))
        self.assertEqual(
            found,
            {
                "model": "m",
                "tokens": [5, 6],
                "max_tokens": 16,
                "temperature": 0.5,
                "top_k": 3,
                "top_p": 0.25,
                "min_p": 0.125,
                "seed": (1 << 64) - 1,
                "stop": ["x"],
                "ignore_eos": True,
                "min_tokens": 4,
            },
        )

    def test_nobody_there(self) -> None:
        with bridge("unix:///nowhere/assay.sock") as url:
            found = httpx.get(f"{url}/v1/models", timeout=LIMIT)
            ready = httpx.get(f"{url}/readyz", timeout=LIMIT)
            health = httpx.get(f"{url}/health", timeout=LIMIT)
        self.assertEqual(told(found), (502, "unreachable", None))
        self.assertEqual(told(ready), (503, "not_ready", None))
        self.assertEqual(health.status_code, 200)

    def test_an_answer_that_a_drain_cuts_does_not_look_finished(self) -> None:
        def streamed(peer: Peer) -> None:
            peer.end(first_chunk(peer), "cancelled", 1)

        def at_once(peer: Peer) -> None:
            peer.hello()
            _, number, _ = peer.request()
            peer.end(number, "cancelled")

        for script, stream, status in (
            (streamed, True, 200),
            (at_once, True, 503),
            (at_once, False, 503),
        ):
            with self.subTest(script.__name__, stream=stream):
                body = {"model": "m", "prompt": "a", "stream": stream}
                with scripted(script) as server, bridge(server) as url:
                    found = httpx.post(f"{url}/v1/completions", json=body, timeout=LIMIT)
                self.assertEqual(found.status_code, status)
                self.assertIn('"code": "answer_cut"', found.text.replace('":"', '": "'))
                self.assertNotIn("[DONE]", found.text)
                self.assertNotIn('"finish_reason": "', found.text.partition('"assay"')[0])


if __name__ == "__main__":
    unittest.main()
