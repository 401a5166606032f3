"""Answers of Assay in the words of the interface, each with an `assay` object for provenance.

Guarantees: whole answers, streamed chunks and lists all leave with their provenance.
"""

from __future__ import annotations

import base64
import sys
from array import array
from typing import Any

from assay import (
    Answer,
    AsyncClient,
    EmbedResponse,
    GenerateChunk,
    GenerateResponse,
    Logprobs,
    Model,
)
from assay.messages import Result

#: the interface's number for an impossible token, since JSON has no infinity
_LOGPROB_MIN = -9999.0
_FINISH = {"stop": "stop", "length": "length"}


def marks(result: Result, answer: Answer | None = None) -> dict[str, Any]:
    """The `assay` object of an answer or of a part of one."""
    made: dict[str, Any] = {"provenance": result.provenance, "generation": result.generation}
    if answer is not None:
        timing = answer.timing
        made |= {
            "model": answer.model,
            "fingerprint": answer.fingerprint.hex() if answer.fingerprint else None,
            "device": answer.device,
            "degraded": result.degraded,
            "degradations": answer.degradations,
            "timing_microseconds": {n: getattr(timing, n) for n in type(timing).__slots__},
        }
    return made


def headers(assay: dict[str, Any]) -> dict[str, str]:
    """The marks as headers, for tools that see headers only. Unknown marks are left out."""
    made = {
        "X-Assay-Provenance": assay["provenance"],
        "X-Assay-Generation": str(assay["generation"]),
    }
    if assay.get("fingerprint"):
        made["X-Assay-Model-Fingerprint"] = assay["fingerprint"]
    if assay.get("device"):
        made["X-Assay-Device"] = assay["device"]
    if "degraded" in assay:
        made["X-Assay-Degraded"] = "true" if assay["degraded"] else "false"
    return made


def after(found: Logprobs | None, count: int) -> Logprobs | None:
    """The log-probabilities behind the first `count` tokens."""
    if found is None:
        return None
    rows = count * found.top_count
    return Logprobs(
        tokens=found.tokens[count:],
        logprobs=found.logprobs[count:],
        top_count=found.top_count,
        top_tokens=found.top_tokens[rows:],
        top_logprobs=found.top_logprobs[rows:],
    )


def usage(answer: GenerateResponse) -> dict[str, int]:
    """Tokens."""
    return token_counts(answer.prompt_tokens, answer.completion_tokens)


def token_counts(prompt: int, completion: int) -> dict[str, int]:
    """The object `usage`."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def finish_reason(answer: GenerateResponse) -> str:
    """The interface's finish reason. An answer ended by its deadline is `length`."""
    return _FINISH.get(answer.finish_reason, "length")


def choice(
    chat: bool, text: str, logprobs: dict[str, Any] | None, reason: str | None
) -> dict[str, Any]:
    """The only choice of a whole answer."""
    made: dict[str, Any] = {"index": 0, "logprobs": logprobs, "finish_reason": reason}
    if chat:
        made["message"] = {"role": "assistant", "content": text, "refusal": None}
    else:
        made["text"] = text
    return made


def chunk_choice(
    chat: bool, text: str, logprobs: dict[str, Any] | None, reason: str | None, first: bool
) -> dict[str, Any]:
    """The only choice of a streamed chunk."""
    made: dict[str, Any] = {"index": 0, "logprobs": logprobs, "finish_reason": reason}
    if not chat:
        made["text"] = text
    elif first:
        made["delta"] = {"role": "assistant", "content": text}
    else:
        made["delta"] = {"content": text} if text else {}
    return made


def model(found: Model) -> dict[str, Any]:
    """One entry of the list of models."""
    return {
        "id": found.name,
        "object": "model",
        "created": 0,  # not known
        "owned_by": "assay",
        "assay": {
            "provenance": "real" if found.provenance == 1 else "mock",
            "state": found.state,
            "generation": found.generation,
            "fingerprint": found.fingerprint.hex() if found.fingerprint else None,
            "device": found.device,
            "architecture": found.architecture,
            "parameters": found.parameters,
            "context": found.context,
        },
    }


def embeddings(answer: EmbedResponse, as_base64: bool) -> dict[str, Any]:
    """The list of vectors."""
    width = answer.dimensions
    rows = [answer.embeddings[at : at + width] for at in range(0, width * answer.count, width)]
    return {
        "object": "list",
        "model": answer.answer.model,
        "data": [
            {
                "object": "embedding",
                "index": index,
                "embedding": _base64(row) if as_base64 else list(row),
            }
            for index, row in enumerate(rows)
        ],
        "usage": {"prompt_tokens": answer.prompt_tokens, "total_tokens": answer.prompt_tokens},
        "assay": marks(answer, answer.answer) | {"pooling": answer.pooling},
    }


def _base64(row: array[float]) -> str:
    """Little-endian f32."""
    if sys.byteorder == "big":
        row = array("f", row)
        row.byteswap()
    return base64.b64encode(row.tobytes()).decode()


class TokenTexts:
    """Bytes of tokens, requested once per token and kept, since the interface spells tokens out."""

    def __init__(self, client: AsyncClient, model_name: str) -> None:
        self._client = client
        self._model = model_name
        self._known: dict[int, bytes] = {}
        self._offset = 0  # characters of text before the next token

    async def _learn(self, tokens: list[int]) -> None:
        for token in sorted(set(tokens) - self._known.keys()):
            answer = await self._client.detokenize([token], self._model)
            self._known[token] = answer.text

    def _text(self, token: int) -> str:
        return self._known[token].decode("utf-8", "replace")

    async def spelled(self, chat: bool, part: GenerateChunk | GenerateResponse) -> Any:
        """The log-probabilities of a part of an answer, None when it has none."""
        if part.logprobs is None or not part.logprobs.tokens:
            return None
        await self._learn(part.logprobs.tokens + part.logprobs.top_tokens)
        return self._for_chat(part.logprobs) if chat else self._for_completion(part.logprobs)

    def _for_chat(self, found: Logprobs) -> dict[str, Any]:
        width, content = found.top_count, []
        for index, token in enumerate(found.tokens):
            row = range(index * width, (index + 1) * width)
            best = [self._entry(found.top_tokens[at], found.top_logprobs[at]) for at in row]
            content.append(self._entry(token, found.logprobs[index]) | {"top_logprobs": best})
        return {"content": content, "refusal": None}

    def _entry(self, token: int, logprob: float) -> dict[str, Any]:
        text, data = self._text(token), list(self._known[token])
        return {"token": text, "logprob": max(logprob, _LOGPROB_MIN), "bytes": data}

    def _for_completion(self, found: Logprobs) -> dict[str, Any]:
        width = found.top_count
        made: dict[str, Any] = {
            "tokens": [self._text(token) for token in found.tokens],
            "token_logprobs": [max(one, _LOGPROB_MIN) for one in found.logprobs],
            "top_logprobs": [],
            "text_offset": [],
        }
        for index, text in enumerate(made["tokens"]):
            best: dict[str, float] = {}
            for at in range(index * width, (index + 1) * width):
                logprob = max(found.top_logprobs[at], _LOGPROB_MIN)
                best.setdefault(self._text(found.top_tokens[at]), logprob)
            made["top_logprobs"].append(best)
            made["text_offset"].append(self._offset)
            self._offset += len(text)
        return made
