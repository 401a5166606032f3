"""Requests of any content: foreign names, foreign kinds of bodies, and every JSON type and size at
every position. None of these is answered with a fault of the bridge."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import pathlib
import tempfile
import unittest
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from assay import ChatMessage, GenerateRequest, TemplateVariable, ToolCall

from assay_bridge._errors import Refusal
from assay_bridge._guard import Guard, name_of
from assay_bridge._parameters import chat
from assay_bridge._reading import parsed

from .gguf import with_text
from .servers import LIMIT, MODEL, assayd, bridge
from .test_bridge import CHATML, JSON, told

#: good bodies, with every parameter that is used
COMPLETION: dict[str, Any] = {
    "model": "demo", "prompt": "1+1=", "max_tokens": 2, "temperature": 1, "top_p": 1, "top_k": 3,
    "min_p": 0.5, "seed": 7, "stop": ["x"], "stream": True, "logprobs": 1, "ignore_eos": False,
    "stream_options": {"include_usage": True, "continuous_usage_stats": True}, "min_tokens": 0,
    "user": "u", "n": 1, "logit_bias": {},
}  # fmt: skip
CHAT: dict[str, Any] = {
    "model": "talker", "max_completion_tokens": 2, "logprobs": True, "top_logprobs": 1,
    "messages": [
        {"role": "user", "content": "a", "name": "ann"},
        {"role": "user", "content": [{"type": "text", "text": "b"}]},
    ],
    "response_format": {"type": "text"}, "tools": [],
}  # fmt: skip
ASK = {"role": "user", "content": "317+485?"}
EMBEDDINGS: dict[str, Any] = {"model": "demo", "input": ["a", [5, 6]], "encoding_format": "base64"}
#: values as JSON: every type, and sizes from nothing to more than any number or text may have
VALUES = [
    "null", "true", "false", "0", "-0", "-1", "1", "65", "4294967295", "4294967296",
    "9223372036854775808", "18446744073709551615", "18446744073709551616", "1" + "0" * 400,
    "1" + "0" * 5000, "0.5", "-1.5", "1e38", "1e39", "1e308", "1e999", "-1e999", "NaN", "Infinity",
    '""', '"x"', '"\\u0000"', '"\\ud83d"', '"a\\ude00b"', '"a\\nb"', '"\\u202e"',
    '"' + "m" * 200 + '"', '"' + "a " * 20_000 + '"', "[]", "[null]", "[[]]", '[""]', "[1.5]",
    '["\\ud83d"]', "[4294967296]", "[" + ",".join(["1"] * 2000) + "]", "[[1],[]]",
    "[" * 400 + "]" * 400, "{}", '{"":0}', '{"\\ud83d":1}', '{"type":"text"}', '{"a":' * 300
    + "0" + "}" * 300,
]  # fmt: skip


def places(value: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value within `value`, and of a member more in every object and list."""
    yield so_far
    inside = range(len(value)) if isinstance(value, list) else value
    if isinstance(value, (dict, list)):
        for key in inside:
            yield from places(value[key], (*so_far, key))
        yield (*so_far, len(value) if isinstance(value, list) else "surplus")


def changed(body: Any, place: tuple[Any, ...], text: str) -> bytes:
    """The body with the JSON `text` at `place`."""
    if not place:
        return text.encode()
    made = copy.deepcopy(body)
    within = made
    for key in place[:-1]:
        within = within[key]
    if isinstance(within, list):
        within[place[-1] :] = ["\x00here", *within[place[-1] + 1 :]]
    else:
        within[place[-1]] = "\x00here"
    return json.dumps(made).replace('"\\u0000here"', text).encode()


class EveryBodyTests(unittest.TestCase):
    def test_no_value_at_any_position_is_a_fault_of_the_bridge(self) -> None:
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            talker = folder / "talker.gguf"
            talker.write_bytes(with_text(MODEL, "tokenizer.chat_template", CHATML))
            words = ("--model", f"demo={MODEL}", "--model", f"talker={talker}")
            url = stack.enter_context(bridge(stack.enter_context(assayd(*words))))
            client = stack.enter_context(httpx.Client(timeout=LIMIT, headers=JSON))
            pool = stack.enter_context(ThreadPoolExecutor(8))

            def tried(route: str, place: tuple[Any, ...], text: str, content: bytes) -> None:
                found = client.post(f"{url}/v1/{route}", content=content)
                self.check(f"{route} {place} {text[:60]}", found)

            asked = []
            for route, body in (
                ("completions", COMPLETION),
                ("chat/completions", CHAT),
                ("embeddings", EMBEDDINGS),
            ):
                good = client.post(f"{url}/v1/{route}", content=json.dumps(body))
                self.assertEqual(good.status_code, 200, good.text)
                for place in places(body):
                    for text in VALUES:
                        given = changed(body, place, text)
                        asked.append(pool.submit(tried, route, place, text, given))
            for one in asked:
                one.result()

    def check(self, what: str, found: httpx.Response) -> None:
        self.assertLess(found.status_code, 500, f"{what}: {found.text[:300]}")
        self.assertNotIn("internal_error", found.text, what)
        if found.status_code != 200:
            self.assertIn("code", found.json()["error"], what)


class ConversationTests(unittest.TestCase):
    """Chat parameters as the request that the server gets."""

    def request(self, messages: list[Any], **more: Any) -> GenerateRequest:
        body = {"model": "m", "messages": messages, **more}
        return chat(parsed(json.dumps(body).encode())).request

    def refusal(self, messages: list[Any], **more: Any) -> tuple[str, str | None]:
        with self.assertRaises(Refusal) as caught:
            self.request(messages, **more)
        return caught.exception.code, caught.exception.param

    def test_tools_and_variables_go_through_as_json(self) -> None:
        tools = [{"type": "function", "function": {"name": "add", "b": 1.0, "a": "\u00e9"}}]
        made = self.request([ASK], tools=tools, chat_template_kwargs={"enable_thinking": False})
        text = '[{"type": "function", "function": {"name": "add", "b": 1.0, "a": "\u00e9"}}]'
        self.assertEqual(made.tools, text)
        variable = TemplateVariable(name="enable_thinking", value="false")
        self.assertEqual(made.template_variables, [variable])

    def test_no_tools_are_no_tools(self) -> None:
        several: list[dict[str, Any]] = [{}, {"tools": []}, {"tools": [{}], "tool_choice": "none"}]
        for more in several:
            self.assertIsNone(self.request([ASK], **more).tools)

    def test_a_call_and_its_result_keep_every_word(self) -> None:
        call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
        made = self.request([
            ASK,
            {"role": "assistant", "content": None, "reasoning_content": "a sum",
             "tool_calls": [call]},
            {"role": "tool", "content": "802", "tool_call_id": "c1", "name": "add"},
        ])  # fmt: skip
        calls = [ToolCall(id="c1", name="add", arguments="{}")]
        said = ChatMessage(role="assistant", content="", content_json="null",
                           reasoning_content="a sum", tool_calls=calls)  # fmt: skip
        result = ChatMessage(
            role="tool", content="802", name="add", tool_call_id="c1", tool_calls=[]
        )
        self.assertEqual(made.messages[1:], [said, result])

    def test_what_is_no_conversation_is_refused_by_place(self) -> None:
        function = {"name": "add", "arguments": {}}
        for message, code, place in [
            ({"role": "user", "content": None}, "invalid_value", "messages[0].content"),
            (ASK | {"name": 5}, "invalid_value", "messages[0].name"),
            (ASK | {"tool_calls": {"a": 1}}, "invalid_value", "messages[0].tool_calls"),
            (ASK | {"tool_calls": [{}]}, "invalid_value", "messages[0].tool_calls[0]"),
            (ASK | {"tool_calls": [{"function": function}]}, "invalid_value",
             "messages[0].tool_calls[0].function"),
            (ASK | {"function_call": "a"}, "unsupported_parameter", "messages[0].function_call"),
        ]:  # fmt: skip
            self.assertEqual(self.refusal([message]), (code, place))
        self.assertEqual(self.refusal([ASK], tools={}), ("invalid_value", "tools"))
        found = self.refusal([ASK], chat_template_kwargs=[])
        self.assertEqual(found, ("invalid_value", "chat_template_kwargs"))


class ParsedTests(unittest.TestCase):
    def refusal(self, data: bytes) -> tuple[int, str, str | None]:
        with self.assertRaises(Refusal) as caught:
            parsed(data)
        return caught.exception.status, caught.exception.code, caught.exception.param

    def test_texts_that_no_utf8_can_spell_are_refused_by_place(self) -> None:
        for data, place in [
            (b'{"prompt":"cut \\ud83d"}', "prompt"),
            (b'{"messages":[{"content":"a"},{"content":"\\ude00"}]}', "messages[1].content"),
            (b'{"stop":["a","\\ud83d"]}', "stop[1]"),
            (b'{"metadata":{"\\ud83d":1}}', "metadata"),
            (b'{"\\ud83d":1}', None),
        ]:
            self.assertEqual(self.refusal(data), (400, "invalid_value", place))
        self.assertEqual(parsed(b'"\\ud83d\\ude00"'), "\U0001f600")

    def test_bytes_that_are_no_utf8_are_refused(self) -> None:
        for data in (b'{"prompt":"\xff"}', '{"prompt":"x"}'.encode("utf-16"), b""):
            self.assertEqual(self.refusal(data), (400, "invalid_json", None))


class NameTests(unittest.TestCase):
    """Requests under names, from origins and of kinds, straight to the gate."""

    def status(self, names: tuple[str, ...] = (), method: str = "POST", **headers: str) -> int:
        sent: list[int] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})

        async def send(message: Any) -> None:
            sent.append(message.get("status", 0))

        async def receive() -> Any:
            return {"type": "http.disconnect"}

        pairs = [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ]
        scope = {"type": "http", "method": method, "headers": pairs, "server": ("10.1.2.3", 80)}
        asyncio.run(Guard(app, names)(scope, receive, send))
        return sent[0]

    def test_only_own_names_are_served(self) -> None:
        for host, status in [
            ("localhost", 200), ("LOCALHOST.:8411", 200), ("127.0.0.1:8411", 200), ("[::1]:1", 200),
            ("10.1.2.3:80", 200), ("bridge.example", 200), ("127.9.9.9", 200),
            ("evil.example:8411", 403), ("127.0.0.1.evil.example", 403), ("localhost.evil", 403),
            ("10.1.2.4", 403), ("", 403), ("[::1", 403), ("a@localhost", 403),
            ("bridge.example.evil", 403), ("2130706433", 403),
        ]:  # fmt: skip
            with self.subTest(host):
                names = ("bridge.example",)
                self.assertEqual(self.status(names, "GET", host=host), status)
        self.assertEqual(self.status(method="GET"), 200)  # no browser leaves the name out

    def test_foreign_origins_are_refused(self) -> None:
        for origin, status in [
            ("http://localhost:3000", 200), ("http://[::1]:8411", 200), ("http://own", 200),
            ("http://evil.example", 403), ("null", 403), ("chrome-extension://abc", 403),
        ]:  # fmt: skip
            with self.subTest(origin):
                found = self.status(("own",), "GET", host="localhost", origin=origin)
                self.assertEqual(found, status)

    def test_only_declared_json_is_a_body(self) -> None:
        for kind, status in [
            ("application/json", 200), ("Application/JSON; charset=utf-8", 200),
            ("text/plain", 415), ("text/plain;application/json", 415), ("application/jsonx", 415),
            ("application/x-www-form-urlencoded", 415), ("multipart/form-data", 415),
        ]:  # fmt: skip
            with self.subTest(kind):
                self.assertEqual(self.status(host="localhost", content_type=kind), status)
        self.assertEqual(self.status(host="localhost"), 415)
        found = self.status(content_type="application/json", content_encoding="gzip")
        self.assertEqual(found, 415)

    def test_names_are_read_without_the_port(self) -> None:
        found = [name_of(text) for text in ("A.b:5", "[::1]:5", "::1", "a:b:c", " a ")]
        self.assertEqual(found, ["a.b", "::1", "", "", "a"])

    def test_a_web_page_cannot_drive_the_bridge(self) -> None:
        with assayd() as server, bridge("", "--allow-host", "own", ASSAY_SERVER=server) as url:
            route = f"{url}/v1/models"
            for host, status in (("evil.example:8411", 403), ("own:8411", 200)):
                found = httpx.get(route, headers={"Host": host}, timeout=LIMIT)
                self.assertEqual(found.status_code, status)
            crossing = {"Content-Type": "text/plain", "Origin": "http://evil.example"}
            found = httpx.post(f"{url}/v1/completions", content=b"{}", headers=crossing)
            self.assertEqual(told(found), (403, "origin_not_allowed", None))
            asked = httpx.options(f"{url}/v1/completions", headers={"Origin": "http://localhost"})
            self.assertNotIn("access-control-allow-origin", asked.headers)


if __name__ == "__main__":
    unittest.main()
