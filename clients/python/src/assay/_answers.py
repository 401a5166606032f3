"""Answers put together and checked against what was asked for: the rules across fields and frames.

Guarantees: the first frame that contradicts itself, the request or another frame raises
`protocol_error`; nothing is kept that the request did not ask for, and no more tokens than it can
have. Not here: single fields (_codec), provenance and flags (_connection).
"""

from __future__ import annotations

from array import array
from typing import Any

from ._errors import breach
from ._protocol import Limits
from .messages import (
    EmbedChunk,
    EmbedRequest,
    EmbedResponse,
    GenerateChunk,
    GenerateRequest,
    GenerateResponse,
    HealthResponse,
    LogitsChunk,
    LogitsResponse,
    Logprobs,
    PingRequest,
    PingResponse,
    ScoreRequest,
    ScoreResponse,
)

#: most tokens a Generate may be asked for
_TOKENS_MAX = 1_048_576
#: most characters of one answer's text
_TEXT_MAX = 16 * Limits.TEXT_SIZE_MAX


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

    request: PingRequest

    def whole(self, last: PingResponse) -> PingResponse:
        if last.payload != (self.request.payload or b""):
            raise breach("pinging: other bytes came back than were sent")
        return last


class HealthPieces(Pieces):
    """A difference is only said of a seal that matched."""

    def whole(self, last: HealthResponse) -> HealthResponse:
        if last.largest_difference is not None and last.seal != "matched":
            raise breach('reading the server\'s Health: "largest_difference" without a match')
        return last


def check_logprobs(piece: Logprobs, where: str) -> None:
    """The four lists of a Logprobs against each other."""
    count, top = len(piece.tokens), len(piece.top_tokens)
    if len(piece.logprobs) != count:
        raise breach(
            f'reading "{where}": found {len(piece.logprobs)} values, allowed: one for each of '
            f"{count} tokens"
        )
    if top != count * piece.top_count or len(piece.top_logprobs) != top:
        raise breach(
            f'reading "{where}": found {top} alternatives with {len(piece.top_logprobs)} values, '
            f"allowed: {piece.top_count} for each of {count} tokens"
        )


class LogprobPieces:
    """The pieces of one list of log-probabilities."""

    def __init__(self, name: str, asked: int | None) -> None:
        self.name = name
        self.asked = asked
        self.sum: Logprobs | None = None

    @property
    def count(self) -> int:
        """Tokens so far."""
        return len(self.sum.tokens) if self.sum else 0

    def add(self, piece: Logprobs | None) -> None:
        """Takes the list of one frame, None when it had none."""
        if piece is None:
            return
        check_logprobs(piece, self.name)
        if self.asked is None:
            raise breach(f'reading the answer to Generate: "{self.name}" was not asked for')
        if not piece.tokens:
            return
        width = piece.top_count if self.sum is None else self.sum.top_count
        if piece.top_count != width or width > self.asked:
            raise breach(
                f'reading "{self.name}": found {piece.top_count} alternatives per token, allowed: '
                f"{min(width, self.asked)} in every frame"
            )
        if self.count + len(piece.tokens) > _TOKENS_MAX:
            raise breach(f'reading "{self.name}": found more than {_TOKENS_MAX} tokens')
        if self.sum is None:
            self.sum = Logprobs(tokens=[], logprobs=array("f"), top_count=width)
        self.sum.tokens += piece.tokens
        self.sum.logprobs += piece.logprobs
        self.sum.top_tokens += piece.top_tokens
        self.sum.top_logprobs += piece.top_logprobs

    def whole(self) -> Logprobs | None:
        """All of them; None when none were asked for."""
        if self.asked is None:
            return None
        return self.sum or Logprobs(tokens=[], logprobs=array("f"))


class GeneratePieces(Pieces):
    """Tokens, text and log-probabilities in order."""

    request: GenerateRequest

    def __init__(self, request: GenerateRequest) -> None:
        super().__init__(request)
        self.tokens: list[int] = []
        self.texts: list[str] = []
        self.text_size = 0
        self.logprobs = LogprobPieces("logprobs", request.logprobs)
        self.prompt_logprobs = LogprobPieces("prompt_logprobs", request.prompt_logprobs)

    def add(self, chunk: GenerateChunk | GenerateResponse) -> None:
        own = chunk.logprobs
        if own is not None and own.tokens != chunk.tokens:
            raise breach("reading the answer to Generate: log-probabilities of other tokens")
        if own is None and chunk.tokens and self.request.logprobs is not None:
            raise breach("reading the answer to Generate: tokens without log-probabilities")
        self.logprobs.add(own)
        self.prompt_logprobs.add(chunk.prompt_logprobs)
        self.text_size += len(chunk.text)
        if len(self.tokens) + len(chunk.tokens) > _TOKENS_MAX or self.text_size > _TEXT_MAX:
            raise breach(f"reading the answer to Generate: more than {_TOKENS_MAX} tokens")
        self.tokens += chunk.tokens
        if chunk.text:
            self.texts.append(chunk.text)

    def whole(self, last: GenerateResponse) -> GenerateResponse:
        self.add(last)
        expected = max(last.prompt_tokens - 1, 0)
        found = self.prompt_logprobs.count
        if len(self.tokens) != last.completion_tokens:
            raise breach(
                f"reading the answer to Generate: found {len(self.tokens)} tokens, allowed: "
                f"{last.completion_tokens}, as the last frame says"
            )
        complete = last.finish_reason in ("stop", "length")
        if self.request.prompt_logprobs is not None and (
            found != expected if complete else found > expected
        ):
            raise breach(
                f"reading the answer to Generate: found log-probabilities of {found} prompt "
                f"tokens, allowed: {expected}, of all but the first"
            )
        last.tokens = self.tokens
        last.text = "".join(self.texts)
        last.logprobs = self.logprobs.whole()
        last.prompt_logprobs = self.prompt_logprobs.whole()
        return last


class ScorePieces(Pieces):
    """One score for each continuation, with no more alternatives than asked for."""

    request: ScoreRequest

    def whole(self, last: ScoreResponse) -> ScoreResponse:
        asked, count = self.request.top_logprobs or 0, len(self.request.continuations)
        if len(last.scores) != count:
            raise breach(
                f"reading scores: found {len(last.scores)}, allowed: one for each of {count} "
                "continuations"
            )
        for index, score in enumerate(last.scores):
            check_logprobs(score.logprobs, f"scores[{index}].logprobs")
            if score.logprobs.top_count > asked or not score.logprobs.tokens:
                raise breach(
                    f"reading score {index}: found {len(score.logprobs.tokens)} tokens with "
                    f"{score.logprobs.top_count} alternatives, allowed: a token, and {asked}"
                )
        return last


class EmbedPieces(Pieces):
    """Values of all inputs, `dimensions` for each."""

    request: EmbedRequest

    def __init__(self, request: EmbedRequest) -> None:
        super().__init__(request)
        self.values = array("f")

    def add(self, chunk: EmbedChunk | EmbedResponse) -> None:
        most = len(self.request.inputs) * Limits.EMBEDDING_DIMENSIONS_MAX
        if len(self.values) + len(chunk.embeddings) > most:
            raise breach(f"reading embeddings: found more than {most} values")
        self.values += chunk.embeddings

    def whole(self, last: EmbedResponse) -> EmbedResponse:
        self.add(last)
        last.embeddings, inputs = self.values, len(self.request.inputs)
        if last.count != inputs or len(self.values) != last.dimensions * inputs:
            raise breach(
                f"reading embeddings: found {len(self.values)} values, {last.dimensions} times "
                f"{last.count}, allowed: one vector for each of {inputs} inputs"
            )
        return last


class LogitsPieces(Pieces):
    """Values of all positions, `vocabulary` for each."""

    def __init__(self, request: Any) -> None:
        super().__init__(request)
        self.values = array("f")

    def add(self, chunk: LogitsChunk | LogitsResponse) -> None:
        self.values += chunk.logits

    def whole(self, last: LogitsResponse) -> LogitsResponse:
        self.add(last)
        last.logits = self.values
        if len(self.values) != last.vocabulary * last.positions:
            raise breach(
                f"reading logits: found {len(self.values)} values, allowed: {last.vocabulary} "
                f"times {last.positions}"
            )
        wanted = 1
        if self.request.all_positions:
            wanted = len(self.request.tokens) if self.request.tokens else last.positions
        if last.positions != wanted:
            raise breach(
                f"reading logits: found {last.positions} positions, allowed: {wanted}, as asked for"
            )
        return last


PIECES: dict[str, type[Pieces]] = {
    "Ping": PingPieces,
    "Health": HealthPieces,
    "Generate": GeneratePieces,
    "Score": ScorePieces,
    "Embed": EmbedPieces,
    "Logits": LogitsPieces,
}
