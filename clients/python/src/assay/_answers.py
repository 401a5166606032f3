"""Answers put together and checked against what was asked for: the rules across fields and frames.

Guarantees: the first frame that contradicts itself, the request or another frame raises
`protocol_error`; nothing is kept that the request did not ask for, and no more tokens than it can
have. Not here: single fields (_codec), provenance, flags and the answer's size (_exchange).
"""

from __future__ import annotations

from array import array
from typing import Any

from . import messages as m
from ._errors import AssayError, breach
from ._protocol import Limits

#: most tokens a Generate may be asked for
_TOKENS_MAX = 1_048_576
#: most characters of one answer's text
_TEXT_MAX = 16 * Limits.TEXT_SIZE_MAX


def _wrong(what: str, found: object, allowed: object) -> AssayError:
    return breach(f"reading {what}: found {found}, allowed: {allowed}")


class Pieces:
    """An answer in the making. This one checks nothing and keeps nothing."""

    def __init__(self, request: Any) -> None:
        self.request = request

    def add(self, chunk: Any) -> None:
        """Takes a frame that others follow."""

    def whole(self, last: Any) -> Any:
        """The last frame, with everything before it."""
        return last


class PingPieces(Pieces):
    """The payload comes back as it was sent."""

    def whole(self, last: m.PingResponse) -> m.PingResponse:
        if last.payload != (self.request.payload or b""):
            raise _wrong("the answer to Ping", "other bytes", "those that were sent")
        return last


class HealthPieces(Pieces):
    """A difference is only said of a seal that matched."""

    def whole(self, last: m.HealthResponse) -> m.HealthResponse:
        if last.largest_difference is not None and last.seal != "matched":
            raise _wrong("the answer to Health", '"largest_difference"', "one with a match only")
        return last


def check_logprobs(piece: m.Logprobs, where: str) -> None:
    """The four lists of a Logprobs against each other."""
    count, top = len(piece.tokens), len(piece.top_tokens)
    if len(piece.logprobs) != count:
        raise _wrong(f'"{where}"', f"{len(piece.logprobs)} values", f"one for each of {count}")
    if top != count * piece.top_count or len(piece.top_logprobs) != top:
        found = f"{top} alternatives with {len(piece.top_logprobs)} values"
        raise _wrong(f'"{where}"', found, f"{piece.top_count} for each of {count} tokens")


class LogprobPieces:
    """The pieces of one list of log-probabilities."""

    def __init__(self, name: str, asked: int | None) -> None:
        self.name = name
        self.asked = asked
        self.sum = m.Logprobs(tokens=[], logprobs=array("f"))

    def add(self, piece: m.Logprobs | None) -> None:
        """Takes the list of one frame, None when it had none."""
        if piece is None:
            return
        what = f'"{self.name}"'
        check_logprobs(piece, self.name)
        if self.asked is None:
            raise _wrong(what, "it", "none, as none was asked for")
        if not piece.tokens:
            return
        whole = self.sum
        width = whole.top_count if whole.tokens else piece.top_count
        if piece.top_count != width or width > self.asked:
            found = f"{piece.top_count} alternatives per token"
            raise _wrong(what, found, f"{min(width, self.asked)} in every frame")
        if len(whole.tokens) + len(piece.tokens) > _TOKENS_MAX:
            raise _wrong(what, "more tokens", _TOKENS_MAX)
        whole.top_count = width
        whole.tokens += piece.tokens
        whole.logprobs += piece.logprobs
        whole.top_tokens += piece.top_tokens
        whole.top_logprobs += piece.top_logprobs

    def whole(self) -> m.Logprobs | None:
        """All of them; None when none were asked for."""
        return None if self.asked is None else self.sum


class GeneratePieces(Pieces):
    """Tokens, text and log-probabilities in order."""

    def __init__(self, request: m.GenerateRequest) -> None:
        super().__init__(request)
        self.tokens: list[int] = []
        self.texts: list[str] = []
        self.text_size = 0
        self.logprobs = LogprobPieces("logprobs", request.logprobs)
        self.prompt_logprobs = LogprobPieces("prompt_logprobs", request.prompt_logprobs)

    def add(self, chunk: m.GenerateChunk | m.GenerateResponse) -> None:
        own, what = chunk.logprobs, "the answer to Generate"
        if own is not None and own.tokens != chunk.tokens:
            raise _wrong(what, "log-probabilities of other tokens", "of its own")
        if own is None and chunk.tokens and self.request.logprobs is not None:
            raise _wrong(what, "tokens without log-probabilities", "with, as asked for")
        self.logprobs.add(own)
        self.prompt_logprobs.add(chunk.prompt_logprobs)
        self.text_size += len(chunk.text)
        if len(self.tokens) + len(chunk.tokens) > _TOKENS_MAX or self.text_size > _TEXT_MAX:
            raise _wrong(what, "more", f"{_TOKENS_MAX} tokens, {_TEXT_MAX} characters")
        self.tokens += chunk.tokens
        if chunk.text:
            self.texts.append(chunk.text)

    def whole(self, last: m.GenerateResponse) -> m.GenerateResponse:
        self.add(last)
        what, found = "the answer to Generate", len(self.tokens)
        if found != last.completion_tokens:
            allowed = f"{last.completion_tokens}, as the last frame says"
            raise _wrong(what, f"{found} tokens", allowed)
        found, expected = len(self.prompt_logprobs.sum.tokens), max(last.prompt_tokens - 1, 0)
        is_complete = last.finish_reason in ("stop", "length")
        if self.request.prompt_logprobs is not None:
            if found > expected or is_complete and found < expected:
                allowed = f"{expected}, of all but the first"
                raise _wrong(what, f"log-probabilities of {found} prompt tokens", allowed)
        last.tokens = self.tokens
        last.text = "".join(self.texts)
        last.logprobs = self.logprobs.whole()
        last.prompt_logprobs = self.prompt_logprobs.whole()
        return last


class ScorePieces(Pieces):
    """One score for each continuation, with no more alternatives than asked for."""

    def whole(self, last: m.ScoreResponse) -> m.ScoreResponse:
        asked, count = self.request.top_logprobs or 0, len(self.request.continuations)
        if len(last.scores) != count:
            raise _wrong("scores", len(last.scores), f"one for each of {count} continuations")
        for index, score in enumerate(last.scores):
            piece, what = score.logprobs, f"scores[{index}].logprobs"
            check_logprobs(piece, what)
            if piece.top_count > asked or not piece.tokens:
                found = f"{len(piece.tokens)} tokens with {piece.top_count} alternatives"
                raise _wrong(f'"{what}"', found, f"a token, and {asked}")
        return last


class EmbedPieces(Pieces):
    """Values of all inputs, `dimensions` for each."""

    def __init__(self, request: m.EmbedRequest) -> None:
        super().__init__(request)
        self.values = array("f")

    def add(self, chunk: m.EmbedChunk | m.EmbedResponse) -> None:
        most = len(self.request.inputs) * Limits.EMBEDDING_DIMENSIONS_MAX
        if len(self.values) + len(chunk.embeddings) > most:
            raise _wrong("embeddings", "more values", most)
        self.values += chunk.embeddings

    def whole(self, last: m.EmbedResponse) -> m.EmbedResponse:
        self.add(last)
        last.embeddings, inputs = self.values, len(self.request.inputs)
        if last.count != inputs or len(self.values) != last.dimensions * inputs:
            found = f"{len(self.values)} values, {last.dimensions} times {last.count}"
            raise _wrong("embeddings", found, f"one vector for each of {inputs} inputs")
        return last


class LogitsPieces(Pieces):
    """Values of all positions, `vocabulary` for each."""

    def __init__(self, request: Any) -> None:
        super().__init__(request)
        self.values = array("f")

    def add(self, chunk: m.LogitsChunk | m.LogitsResponse) -> None:
        self.values += chunk.logits

    def whole(self, last: m.LogitsResponse) -> m.LogitsResponse:
        self.add(last)
        last.logits = self.values
        if len(self.values) != last.vocabulary * last.positions:
            allowed = f"{last.vocabulary} times {last.positions}"
            raise _wrong("logits", f"{len(self.values)} values", allowed)
        wanted = 1
        if self.request.all_positions:
            wanted = len(self.request.tokens) if self.request.tokens else last.positions
        if last.positions != wanted:
            raise _wrong("logits", f"{last.positions} positions", f"{wanted}, as asked for")
        return last


PIECES: dict[str, type[Pieces]] = {
    "Ping": PingPieces,
    "Health": HealthPieces,
    "Generate": GeneratePieces,
    "Score": ScorePieces,
    "Embed": EmbedPieces,
    "Logits": LogitsPieces,
}
