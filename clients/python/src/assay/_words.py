# Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
"""The fields of requests as keyword arguments of calls, for the checkers of types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from . import messages as m

#: a turn of a conversation, with the fields of `ChatMessage`
Turn = m.ChatMessage | Mapping[str, Any]
#: a text, the ids of its tokens, or both forms by name
Piece = m.Input | str | Sequence[int] | Mapping[str, Any]


class PingWords(TypedDict, total=False):
    """Further words of a Ping."""

    payload: bytes | str


class HealthWords(TypedDict, total=False):
    """Further words of a Health."""

    model: str
    verify: bool
    context: m.RequestContext | Mapping[str, Any]
    requirements: m.Requirements | Mapping[str, Any]


class LoadWords(TypedDict, total=False):
    """Further words of a Load."""

    name: str
    path: str
    strategy: Literal["strict", "graceful", "development"]
    device: str
    progress: bool


class SwapWords(TypedDict, total=False):
    """Further words of a Swap."""

    name: str
    path: str
    strategy: Literal["strict", "graceful", "development"]
    device: str
    progress: bool
    shadow: int
    require_equal: bool


class UnloadWords(TypedDict, total=False):
    """Further words of a Unload."""

    name: str


class TokenizeWords(TypedDict, total=False):
    """Further words of a Tokenize."""

    model: str
    text: bytes | str
    parse_special: bool
    add_special: bool
    context: m.RequestContext | Mapping[str, Any]
    requirements: m.Requirements | Mapping[str, Any]


class DetokenizeWords(TypedDict, total=False):
    """Further words of a Detokenize."""

    model: str
    tokens: Sequence[int]
    context: m.RequestContext | Mapping[str, Any]
    requirements: m.Requirements | Mapping[str, Any]


class ChatWords(TypedDict, total=False):
    """Further words of a Chat."""

    model: str
    parse_special: bool
    add_special: bool
    max_tokens: int
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    seed: int
    stop: Sequence[str]
    truncate_prompt: bool
    logprobs: int
    prompt_logprobs: int
    ignore_eos: bool
    min_tokens: int
    tools: str
    template_variables: Sequence[m.TemplateVariable | Mapping[str, Any]]
    add_generation_prompt: bool
    continue_final_message: bool
    template_time: int
    context: m.RequestContext | Mapping[str, Any]
    requirements: m.Requirements | Mapping[str, Any]


class GenerateWords(ChatWords, total=False):
    """Further words of a Generate."""

    prompt: str
    tokens: Sequence[int]
    messages: Sequence[Turn]


class ScoreWords(TypedDict, total=False):
    """Further words of a Score."""

    model: str
    prompt: str
    tokens: Sequence[int]
    parse_special: bool
    add_special: bool
    messages: Sequence[Turn]
    continuations: Sequence[Piece]
    top_logprobs: int
    tools: str
    template_variables: Sequence[m.TemplateVariable | Mapping[str, Any]]
    add_generation_prompt: bool
    continue_final_message: bool
    template_time: int
    context: m.RequestContext | Mapping[str, Any]
    requirements: m.Requirements | Mapping[str, Any]


class LogitsWords(TypedDict, total=False):
    """Further words of a Logits."""

    model: str
    prompt: str
    tokens: Sequence[int]
    parse_special: bool
    add_special: bool
    all_positions: bool
    messages: Sequence[Turn]
    tools: str
    template_variables: Sequence[m.TemplateVariable | Mapping[str, Any]]
    add_generation_prompt: bool
    continue_final_message: bool
    template_time: int
    context: m.RequestContext | Mapping[str, Any]
    requirements: m.Requirements | Mapping[str, Any]


class EmbedWords(TypedDict, total=False):
    """Further words of a Embed."""

    model: str
    inputs: Sequence[Piece]
    parse_special: bool
    add_special: bool
    pooling: Literal["mean", "last", "cls"]
    normalize: bool
    context: m.RequestContext | Mapping[str, Any]
    requirements: m.Requirements | Mapping[str, Any]


class RenderWords(TypedDict, total=False):
    """Further words of a Render."""

    model: str
    messages: Sequence[Turn]
    tools: str
    template_variables: Sequence[m.TemplateVariable | Mapping[str, Any]]
    add_generation_prompt: bool
    continue_final_message: bool
    template_time: int
    context: m.RequestContext | Mapping[str, Any]
    requirements: m.Requirements | Mapping[str, Any]


class RollbackWords(TypedDict, total=False):
    """Further words of a Rollback."""

    name: str


class PinWords(TypedDict, total=False):
    """Further words of a Pin."""

    name: str
    pinned: bool


class AliasWords(TypedDict, total=False):
    """Further words of a Alias."""

    name: str
    label: str
    generation: int
    share: float
