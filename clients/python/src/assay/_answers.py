"""Answers, put together from frames and checked against the request.

Guarantees: the first frame that contradicts itself, the request or another frame raises
`protocol_error`. Only requested values are kept, and no more tokens than the answer can have.
Not here: single fields (_codec), provenance, flags and the answer's size (_exchange).
"""

from __future__ import annotations

from array import array
from collections import deque
from typing import Any

from . import messages as m
from ._errors import AssayError, breach
from ._protocol import Kind, Limits

#: largest number of tokens in a Generate
_TOKENS_MAX = 1_048_576
#: largest number of characters in the text of one answer
_TEXT_MAX = 16 * Limits.TEXT_SIZE_MAX


def _wrong(what: str, found: object, allowed: object) -> AssayError:
    return breach(f"reading {what}: found {found}, allowed: {allowed}")


def _joined(parts: deque[Any]) -> Any:
    """Joins the parts to one value, and empties `parts` meanwhile."""
    if isinstance(parts[0], str):
        return "".join(parts)
    whole = parts.popleft()[:]  # a copy, since the caller may have the part
    while parts:
        whole += parts.popleft()
    return whole


class Pieces:
    """An unfinished answer."""

    def __init__(self, kind: Kind, request: Any) -> None:
        self.request = request
        #: values of each frame, for fields with a share in every frame
        self._shares: dict[str, deque[Any]] = {name: deque() for name in kind.shares}

    def take(self, said: Any, is_last: bool) -> Any:
        """Takes a frame and returns its message. The last message includes the values of all
        frames before."""
        self.check_frame(said)
        for name, parts in self._shares.items():
            parts.append(getattr(said, name))
            if is_last:
                setattr(said, name, _joined(parts))
        if is_last:
            self.check_whole(said)
        return said

    def check_frame(self, said: Any) -> None:
        """Checks a frame, alone and against the frames before."""

    def check_whole(self, last: Any) -> None:
        """Checks the last frame, with the values of all frames."""


class PingPieces(Pieces):
    """Ping: the payload comes back unchanged."""

    def check_whole(self, last: m.PingResponse) -> None:
        if last.payload != (self.request.payload or b""):
            raise _wrong("the answer to Ping", "other bytes", "those that were sent")


class HealthPieces(Pieces):
    """Health: only a matched seal has a difference."""

    def check_whole(self, last: m.HealthResponse) -> None:
        if last.largest_difference is not None and last.seal != "matched":
            raise _wrong("the answer to Health", '"largest_difference"', "one with a match only")


def check_logprobs(piece: m.Logprobs, where: str) -> None:
    """Checks the lengths of a Logprobs' four lists."""
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
        """Takes the list of one frame, or None."""
        if piece is None:
            return
        whole, what = self.sum, f'"{self.name}"'
        check_logprobs(piece, self.name)
        if self.asked is None:
            raise _wrong(what, "it", "none, as none was asked for")
        if not piece.tokens:
            return
        width = whole.top_count if whole.tokens else piece.top_count
        if piece.top_count != width or width > self.asked:
            found = f"{piece.top_count} alternatives per token"
            raise _wrong(what, found, f"{min(width, self.asked)} in every frame")
        if len(whole.tokens) + len(piece.tokens) > _TOKENS_MAX:
            raise _wrong(what, "more tokens", _TOKENS_MAX)
        whole.top_count = width
        for name in ("tokens", "logprobs", "top_tokens", "top_logprobs"):
            getattr(whole, name).extend(getattr(piece, name))

    def whole(self) -> m.Logprobs | None:
        """Returns the whole list, or None when not requested."""
        return None if self.asked is None else self.sum


class GeneratePieces(Pieces):
    """Generate: tokens match their log-probabilities, and the last frame's counts are right."""

    def __init__(self, kind: Kind, request: m.GenerateRequest) -> None:
        super().__init__(kind, request)
        self.count = self.characters = 0
        self.logprobs = LogprobPieces("logprobs", request.logprobs)
        self.prompt_logprobs = LogprobPieces("prompt_logprobs", request.prompt_logprobs)

    def check_frame(self, said: m.GenerateChunk | m.GenerateResponse) -> None:
        own, what = said.logprobs, "the answer to Generate"
        if own is not None and own.tokens != said.tokens:
            raise _wrong(what, "log-probabilities of other tokens", "of its own")
        if own is None and said.tokens and self.request.logprobs is not None:
            raise _wrong(what, "tokens without log-probabilities", "with, as asked for")
        self.logprobs.add(own)
        self.prompt_logprobs.add(said.prompt_logprobs)
        self.count += len(said.tokens)
        self.characters += len(said.text)
        if self.count > _TOKENS_MAX or self.characters > _TEXT_MAX:
            raise _wrong(what, "more", f"{_TOKENS_MAX} tokens, {_TEXT_MAX} characters")

    def check_whole(self, last: m.GenerateResponse) -> None:
        what = "the answer to Generate"
        if self.count != last.completion_tokens:
            allowed = f"{last.completion_tokens}, as the last frame says"
            raise _wrong(what, f"{self.count} tokens", allowed)
        last.logprobs = self.logprobs.whole()
        last.prompt_logprobs = prompt = self.prompt_logprobs.whole()
        if prompt is not None:
            found, expected = len(prompt.tokens), max(last.prompt_tokens - 1, 0)
            is_complete = last.finish_reason in ("stop", "length")
            if found > expected or is_complete and found < expected:
                allowed = f"{expected}, of all but the first"
                raise _wrong(what, f"log-probabilities of {found} prompt tokens", allowed)


class ScorePieces(Pieces):
    """Score: each continuation has one score, with at most the requested number of alternatives."""

    def check_whole(self, last: m.ScoreResponse) -> None:
        asked, count = self.request.top_logprobs or 0, len(self.request.continuations)
        if len(last.scores) != count:
            raise _wrong("scores", len(last.scores), f"one for each of {count} continuations")
        for index, score in enumerate(last.scores):
            piece, what = score.logprobs, f"scores[{index}].logprobs"
            check_logprobs(piece, what)
            if piece.top_count > asked or not piece.tokens:
                found = f"{len(piece.tokens)} tokens with {piece.top_count} alternatives"
                raise _wrong(f'"{what}"', found, f"a token, and {asked}")


class EmbedPieces(Pieces):
    """Embed: each input has `dimensions` values."""

    count = 0

    def check_frame(self, said: m.EmbedChunk | m.EmbedResponse) -> None:
        most = len(self.request.inputs) * Limits.EMBEDDING_DIMENSIONS_MAX
        self.count += len(said.embeddings)
        if self.count > most:
            raise _wrong("embeddings", "more values", most)

    def check_whole(self, last: m.EmbedResponse) -> None:
        inputs = len(self.request.inputs)
        if last.count != inputs or self.count != last.dimensions * inputs:
            found = f"{self.count} values, {last.dimensions} times {last.count}"
            raise _wrong("embeddings", found, f"one vector for each of {inputs} inputs")


class LogitsPieces(Pieces):
    """Logits: each position has `vocabulary` values."""

    def check_whole(self, last: m.LogitsResponse) -> None:
        if len(last.logits) != last.vocabulary * last.positions:
            allowed = f"{last.vocabulary} times {last.positions}"
            raise _wrong("logits", f"{len(last.logits)} values", allowed)
        wanted = 1
        if self.request.all_positions:
            wanted = len(self.request.tokens) if self.request.tokens else last.positions
        if last.positions != wanted:
            raise _wrong("logits", f"{last.positions} positions", f"{wanted}, as asked for")


#: classes by kind
PIECES = {each.__name__.removesuffix("Pieces"): each for each in Pieces.__subclasses__()}
