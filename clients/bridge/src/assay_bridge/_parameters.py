"""Request bodies of the interface as requests of Assay.

Guarantees: every parameter is used, or known to change nothing, or refused by name. No parameter is
ignored.
Not here: HTTP, and the shape of answers.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from assay import ChatMessage, EmbedRequest, GenerateRequest, Input, TemplateVariable, ToolCall

from ._errors import bad

#: Parameters about the caller, not the request. They pass without effect.
_HARMLESS = {"user", "safety_identifier", "prompt_cache_key", "metadata"}
#: Unsupported parameters, with the neutral values that pass.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "best_of": (1,),
    "echo": (False,),
    "frequency_penalty": (0,),
    "function_call": ("none",),
    "functions": ([],),
    "logit_bias": ({},),
    "modalities": (["text"],),
    "n": (1,),
    "parallel_tool_calls": (True, False),
    "presence_penalty": (0,),
    "response_format": ({"type": "text"},),
    "service_tier": ("auto", "default"),
    "store": (False,),
    "suffix": ("",),
    "tool_choice": ("none", "auto"),
}
_SAMPLING = {
    "temperature", "top_p", "top_k", "min_p", "seed", "stop", "stream", "stream_options",
    "ignore_eos", "min_tokens",
}  # fmt: skip
_COMPLETION = _SAMPLING | {"model", "prompt", "max_tokens", "logprobs"}
_CHAT = _SAMPLING | {
    "model", "messages", "max_tokens", "max_completion_tokens", "logprobs", "top_logprobs", "tools",
    "chat_template_kwargs",
}  # fmt: skip
_EMBEDDINGS = {"model", "input", "encoding_format"}
_NUMBER_MAX = 3.4e38
_STREAM_OPTIONS = ("include_usage", "continuous_usage_stats", "include_obfuscation")
#: members of a message that are used
_MESSAGE = {"role", "content", "name", "reasoning_content", "tool_calls", "tool_call_id"}
_ROLES: dict[str, Literal["system", "user", "assistant", "tool"]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


@dataclass(slots=True, kw_only=True)
class Generation:
    """A requested completion or chat completion."""

    request: GenerateRequest
    chat: bool
    stream: bool
    include_usage: bool
    #: every chunk of the stream tells the tokens so far
    continuous_usage: bool
    #: alternatives listed beside each token, None for no log-probabilities
    logprobs: int | None


@dataclass(slots=True, kw_only=True)
class Embeddings:
    """Requested vectors."""

    request: EmbedRequest
    base64: bool


class _Parameters:
    """The body's parameters. Each is taken once, and the rest is refused."""

    def __init__(self, body: Any, known: set[str]) -> None:
        if not isinstance(body, dict):
            raise bad(None, "reading the body: found no JSON object, allowed: one")
        self._values = {name: value for name, value in body.items() if value is not None}
        for name, value in self._values.items():
            if name in known or name in _HARMLESS:
                continue
            if name not in _NEUTRAL:
                raise bad(name, f'"{name}" is not supported', "unsupported_parameter")
            if not any(value == one and type(value) is type(one) for one in _spelled(name)):
                allowed = " or ".join(repr(one) for one in _NEUTRAL[name])
                text = f'"{name}" is not supported with this value, allowed: {allowed}'
                raise bad(name, text, "unsupported_value")

    def plain(self, name: str) -> Any:
        """The unchecked value. None when absent or null."""
        return self._values.get(name)

    def required(self, name: str) -> Any:
        """The value. An absent value is refused."""
        if name not in self._values:
            raise bad(name, f'"{name}" is required', "missing_required_parameter")
        return self._values[name]

    def of(self, name: str, what: str, fits: Callable[[Any], bool]) -> Any:
        """The value, or None when absent. A value that does not fit is refused."""
        value = self._values.get(name)
        if value is not None and not fits(value):
            raise bad(name, f'reading "{name}": found {_kind(value)}, allowed: {what}')
        return value

    def whole(self, name: str, least: int = 0, most: int = (1 << 64) - 1) -> int | None:
        """A whole number."""

        def fits(value: Any) -> bool:
            return type(value) is int and least <= value <= most

        found: int | None = self.of(name, f"a whole number from {least} to {most}", fits)
        return found

    def number(self, name: str, default: float) -> float:
        """A number that the wire's 32 bits can hold."""

        def fits(value: Any) -> bool:
            return type(value) in (int, float) and abs(value) <= _NUMBER_MAX

        value = self.of(name, f"a number from {-_NUMBER_MAX} to {_NUMBER_MAX}", fits)
        return default if value is None else float(value)

    def flag(self, name: str) -> bool:
        """True or false, false when absent."""
        return bool(self.of(name, "true or false", lambda v: type(v) is bool))


def _spelled(name: str) -> tuple[Any, ...]:
    """The neutral values. A whole number may be written as a fraction, too."""
    values = _NEUTRAL[name]
    return values + tuple(float(v) for v in values if type(v) is int)


def _kind(value: Any) -> str:
    names: dict[Any, str] = {dict: "an object", list: "a list", str: "a text"}
    return names.get(type(value), repr(value)[:40])


def completion(body: Any) -> Generation:
    """POST /v1/completions."""
    given = _Parameters(body, _COMPLETION)
    prompt = given.required("prompt")
    if isinstance(prompt, list) and len(prompt) == 1 and isinstance(prompt[0], (str, list)):
        prompt = prompt[0]  # a list with a single prompt
    if not isinstance(prompt, str) and not _are_tokens(prompt):
        text = 'reading "prompt": found several or none, allowed: one text, or the tokens of one'
        raise bad("prompt", text, "unsupported_value")
    logprobs = given.whole("logprobs", 0, 64)
    request = _request(given, given.whole("max_tokens", 1) or 16, logprobs)
    if isinstance(prompt, str):
        request.prompt = prompt
    else:
        request.tokens = prompt
    return _generation(given, request, False, logprobs)


def chat(body: Any) -> Generation:
    """POST /v1/chat/completions."""
    given = _Parameters(body, _CHAT)
    messages = given.required("messages")
    if not isinstance(messages, list) or not 0 < len(messages) <= 1024:
        raise bad("messages", 'reading "messages": allowed: a list of 1 to 1024 messages')
    top = given.whole("top_logprobs", 0, 64)
    if top is not None and not given.flag("logprobs"):
        raise bad("top_logprobs", '"top_logprobs" needs "logprobs": true')
    logprobs = (top or 0) if given.flag("logprobs") else None
    if given.plain("max_tokens") is not None and given.plain("max_completion_tokens") is not None:
        raise bad("max_tokens", 'allowed: "max_tokens" or "max_completion_tokens", not both')
    most = given.whole("max_completion_tokens", 1) or given.whole("max_tokens", 1)
    request = _request(given, most, logprobs)
    request.messages = [_message(index, message) for index, message in enumerate(messages)]
    tools = given.of("tools", "a list of tools", lambda value: isinstance(value, list))
    if tools and given.plain("tool_choice") != "none":  # else no tool may be called
        request.tools = _json("tools", tools)
    variables = given.of("chat_template_kwargs", "an object", lambda v: isinstance(v, dict)) or {}
    request.template_variables = [
        TemplateVariable(name=name, value=_json(f"chat_template_kwargs.{name}", value))
        for name, value in variables.items()
    ]
    return _generation(given, request, True, logprobs)


def _generation(
    given: _Parameters, request: GenerateRequest, chat: bool, logprobs: int | None
) -> Generation:
    stream = given.flag("stream")
    options = given.plain("stream_options")
    if options is None:
        options = {}
    elif not stream or not isinstance(options, dict):
        raise bad("stream_options", 'allowed: an object, and only with "stream": true')
    for name, value in options.items():
        where = f"stream_options.{name}"
        if name not in _STREAM_OPTIONS:
            raise bad(where, f'"{where}" is not supported', "unsupported_parameter")
        if value is not None and type(value) is not bool:
            raise bad(where, f'reading "{where}": found {_kind(value)}, allowed: true or false')
    if options.get("include_obfuscation"):
        name = "stream_options.include_obfuscation"
        raise bad(name, f'"{name}" is not supported', "unsupported_value")
    continuous = bool(options.get("continuous_usage_stats"))
    if continuous and not options.get("include_usage"):
        name = "stream_options.continuous_usage_stats"
        raise bad(name, f'"{name}" needs "include_usage": true')
    return Generation(
        request=request,
        chat=chat,
        stream=stream,
        include_usage=bool(options.get("include_usage")),
        continuous_usage=continuous,
        logprobs=logprobs,
    )


def _request(given: _Parameters, most: int | None, logprobs: int | None) -> GenerateRequest:
    """Parameters of both kinds. Defaults are the interface's: sampling, a new seed each time."""
    model = given.required("model")
    if not isinstance(model, str) or not model:
        raise bad("model", 'reading "model": allowed: the name of a model')
    seed = given.of("seed", "a whole number of 64 bits", _is_seed)
    return GenerateRequest(
        model=model,
        max_tokens=most,
        temperature=given.number("temperature", 1.0),
        top_k=given.whole("top_k"),
        top_p=given.number("top_p", 1.0),
        min_p=given.number("min_p", 0.0),
        seed=secrets.randbits(64) if seed is None else seed % (1 << 64),
        stop=_stop(given.plain("stop")),
        logprobs=logprobs,
        ignore_eos=given.flag("ignore_eos") or None,
        min_tokens=given.whole("min_tokens") or None,
    )


def _is_seed(value: Any) -> bool:
    return type(value) is int and -(1 << 63) <= value < 1 << 64


def _stop(value: Any) -> list[str]:
    stop = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(stop, list) or not all(isinstance(one, str) and one for one in stop):
        raise bad("stop", 'reading "stop": allowed: a text, or a list of texts, none of them empty')
    return stop


def _message(index: int, message: Any) -> ChatMessage:
    where = f"messages[{index}]"
    if not isinstance(message, dict):
        raise bad(where, f"reading {where}: allowed: an object")
    for name, value in message.items():
        if name not in _MESSAGE and value not in (None, [], ""):
            raise bad(f"{where}.{name}", f'"{name}" is not supported', "unsupported_parameter")
    texts = {}
    for name in ("name", "reasoning_content", "tool_call_id"):
        texts[name] = message.get(name) or None
        if not isinstance(message.get(name), (str, type(None))):
            text = f"reading {where}.{name}: found {_kind(message[name])}, allowed: a text"
            raise bad(f"{where}.{name}", text)
    given = message.get("role")
    role = _ROLES.get(given) if isinstance(given, str) else None
    if role is None:
        text = f"reading {where}.role: allowed: {', '.join(_ROLES)}"
        raise bad(f"{where}.role", text, "unsupported_value")
    calls, content = message.get("tool_calls") or [], message.get("content")
    if not isinstance(calls, list):
        raise bad(f"{where}.tool_calls", f"reading {where}.tool_calls: allowed: a list")
    is_silent = role == "assistant" and content is None
    return ChatMessage(
        role=role,
        content="" if is_silent else _content(where, content),
        content_json="null" if is_silent else None,
        tool_calls=[_call(f"{where}.tool_calls[{at}]", call) for at, call in enumerate(calls)],
        **texts,
    )


def _call(where: str, call: Any) -> ToolCall:
    """A call of a tool. Its arguments are a JSON text already."""
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or call.get("type", "function") != "function":
        raise bad(where, f"reading {where}: allowed: a call of a function")
    name, arguments, number = function.get("name"), function.get("arguments"), call.get("id")
    if not isinstance(name, str) or not isinstance(arguments, str):
        raise bad(f"{where}.function", f"reading {where}.function: allowed: texts")
    if not isinstance(number, (str, type(None))):
        raise bad(f"{where}.id", f"reading {where}.id: found {_kind(number)}, allowed: a text")
    if call.keys() - {"id", "type", "function"} or function.keys() - {"name", "arguments"}:
        raise bad(where, f"reading {where}: found more than a call has", "unsupported_parameter")
    return ToolCall(id=number or None, name=name, arguments=arguments)


def _json(where: str, value: Any) -> str:
    """The value as JSON text, with the order and the digits that it came with."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        raise bad(where, f'reading "{where}": found a value that JSON cannot hold') from None


def _content(where: str, content: Any) -> str:
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not isinstance(parts, list):
        raise bad(f"{where}.content", f"reading {where}.content: allowed: a text, or parts of text")
    texts = []
    for part in parts:
        text = part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
        if not isinstance(text, str) or part.keys() - {"type", "text"}:
            raise bad(f"{where}.content", "only parts of text are supported", "unsupported_value")
        texts.append(text)
    return "".join(texts)


def embeddings(body: Any) -> Embeddings:
    """POST /v1/embeddings."""
    given = _Parameters(body, _EMBEDDINGS)
    model, value = given.required("model"), given.required("input")
    if not isinstance(model, str) or not model:
        raise bad("model", 'reading "model": allowed: the name of a model')
    form = given.of("encoding_format", "float or base64", lambda v: v in ("float", "base64"))
    inputs = [value] if isinstance(value, str) or _are_tokens(value) else value
    if not isinstance(inputs, list) or not 0 < len(inputs) <= 256:
        raise bad("input", 'reading "input": allowed: 1 to 256 texts, or lists of tokens')
    request = EmbedRequest(model=model, inputs=[_input(one) for one in inputs])
    return Embeddings(request=request, base64=form == "base64")


def _input(value: Any) -> Input:
    if isinstance(value, str):
        return Input(text=value)
    if _are_tokens(value):
        return Input(tokens=value)
    raise bad("input", 'reading "input": allowed: texts, or lists of tokens')


def _are_tokens(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(type(one) is int and 0 <= one < 1 << 32 for one in value)
    )
