"""Many answers of llama-server at once: a small client with bounded counts and times,
loopback only.

Guarantees: `count` callers, each with one answer at a time, as a closed loop of `assay-load rpc`. A
refused, broken or short answer, or silence of a minute, fails the round. The client parses nothing
but the ends of events, so that it takes little of the machine that it shares with the server.
"""

import dataclasses
import json
import re
import selectors
import socket
import time

from table import median

SILENCE_SECONDS = 60
#: Bytes kept of the end of an answer, for its statistics.
END_SIZE = 1 << 16


class StreamError(Exception):
    """llama-server did not answer as asked."""


@dataclasses.dataclass
class Summary:
    """Tokens a second over all answers; medians of the gap between two tokens and of the first."""

    tokens_per_second: float
    gap: float
    first: float


class EventCount:
    """Counts server-sent events (`data: ` at the beginning of a line) in pieces of a stream."""

    MARK = b"\ndata: "

    def __init__(self):
        self.kept = b"\n"

    def take(self, piece):
        """Events that begin in what came until now and have not been counted."""
        text = self.kept + piece
        found = text.count(self.MARK)
        # The kept bytes are fewer than the mark has, so that no event counts twice.
        self.kept = text[-(len(self.MARK) - 1):]
        return found


class Answer:
    """A request on a connection of its own, and the times of its events."""

    def __init__(self, port, prompt, tokens):
        body = json.dumps({
            "prompt": prompt, "n_predict": tokens, "stream": True, "temperature": 0,
            "ignore_eos": True, "cache_prompt": False}).encode()
        head = (f"POST /completion HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Content-Type: application/json\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n")
        self.asked, self.times = time.perf_counter(), []
        self.beginning, self.end = b"", b""
        self.count = EventCount()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SILENCE_SECONDS)
        self.socket.sendall(head.encode() + body)

    def take(self):
        """Takes what arrived. Returns False at the end."""
        piece = self.socket.recv(1 << 16)
        if len(self.beginning) < 64:
            self.beginning += piece[:64]
            if len(self.beginning) >= 12 and b" 200 " not in self.beginning[:15]:
                raise StreamError(f"llama-server: {self.beginning!r}")
        now = time.perf_counter()
        self.times += [now] * self.count.take(piece)
        self.end = (self.end + piece)[-END_SIZE:]
        return bool(piece)

    @property
    def tokens(self):
        """Tokens of the whole answer, by its last event. Some come without an event, because a
        character is not whole."""
        said = re.findall(rb'"tokens_predicted":(\d+)', self.end)
        return int(said[-1]) if said else 0


def ask(port, prompts, tokens, count):
    """Asks all prompts, `count` at a time. Returns the `Summary`."""
    waiting, answers = list(prompts), []
    with selectors.DefaultSelector() as selector:
        def begin():
            if waiting:
                answer = Answer(port, waiting.pop(0), tokens)
                answers.append(answer)
                selector.register(answer.socket, selectors.EVENT_READ, answer)

        try:
            for _ in range(count):
                begin()
            while selector.get_map():
                ready = selector.select(SILENCE_SECONDS)
                if not ready:
                    raise StreamError(f"llama-server: silent for {SILENCE_SECONDS} s")
                for key, _ in ready:
                    if not key.data.take():
                        selector.unregister(key.fileobj)
                        begin()
        finally:
            for answer in answers:
                answer.socket.close()
    short = [each.tokens for each in answers if each.tokens != tokens]
    if short:
        raise StreamError(f"llama-server: an answer of {short[0]} tokens, asked: {tokens}")
    # The last event of an answer has the statistics and no token.
    return summary([(each.asked, each.times[:-1], each.tokens) for each in answers])


def summary(answers):
    """The `Summary` of answers: the time asked, the times of their parts in seconds, and tokens."""
    if any(not times for _, times, _ in answers):
        raise StreamError("an answer without a token")
    count = sum(tokens for _, _, tokens in answers)
    begin = min(asked for asked, _, _ in answers)
    end = max(times[-1] for _, times, _ in answers)
    gaps = [later - time for _, times, _ in answers for time, later in zip(times, times[1:])]
    if not gaps:
        raise StreamError("answers of one token have no time between tokens")
    return Summary(
        count / (end - begin), 1000 * median(gaps),
        1000 * median(times[0] - asked for asked, times, _ in answers))
