"""Attacks by work: floods of Tokenize, of Logits and of Load, each bounded in what is under way.

Guarantees: what was answered is compared with the first answer to the same question, so that a
server under attack cannot give its attackers wrong answers either. At its end the flood of Load
unloads what it loaded.
"""

import asyncio
import hashlib
import os
import pathlib

import wire
from raider import Gone, Raider

#: A refusal that says when to come back.
BUSY = {"overloaded": "more work than is admitted at once"}


class Floods(Raider):
    """Questions in flight on one connection per turn; subclasses have `request()`."""

    FLIGHT, ROUNDS = 4, 4

    async def turn(self, on):
        with await self.greeted(on) as peer:
            for start in range(2, 2 + self.ROUNDS * self.FLIGHT, self.FLIGHT):
                asked = {number: self.request() for number in range(start, start + self.FLIGHT)}
                # Beside reading: a server may stop reading from who does not read.
                sending = asyncio.create_task(self.send(peer, on, asked.copy()))
                try:
                    await self.answers(peer, asked)
                finally:
                    sending.cancel()
                if self.over:
                    return

    async def send(self, peer, on, asked):
        try:
            for number, (_, kind, body) in asked.items():
                await peer.send(wire.frame(kind, number, body))
                self.act(on)
        except Gone:
            pass  # whoever reads meets the end as well

    async def answers(self, peer, asked):
        """Until each question has had its last frame."""
        parts = {number: hashlib.sha256() for number in asked}
        while asked:
            answer = await peer.answer()
            if answer.goes_away or answer.request_id not in asked:
                self.met(answer.code)
                raise Gone
            if answer.status == 0:
                for number, value in wire.fields(answer.body):
                    if number == 1:
                        parts[answer.request_id].update(value)
            if not answer.more:
                which, _, _ = asked.pop(answer.request_id)
                self.judge_bytes(answer, which, parts[answer.request_id].digest())

    def judge_bytes(self, answer, which, found):
        self.met(answer.code)
        if answer.status == 0 and self.firsts.setdefault(which, found) != found:
            self.say("wrong", note=f"two answers to one question ({which})")
        if answer.status == 8 and 4 not in dict(wire.fields(answer.body)):
            self.say("wrong", note=f"{answer.code} without retry_after_milliseconds")

    def run(self):
        self.firsts = {}
        super().run()


class Tokenizes(Floods):
    """Texts of up to 4 MB, of the kinds that tokenizers are slow at; the first ones are small."""

    FLIGHT, ROUNDS, PAUSE_SECONDS = 2, 2, 0.5
    SIZES = (50_000, 200_000, 200_000, 1_000_000, 3_999_000)
    acts_per_minute = 6
    #: Megabytes of bytes that are no text take a server's tokenizer tens of seconds.
    TURN_SECONDS = 180
    explains = BUSY | {"answered": "a text of many tokens",
                       "answer_too_large": "a text of more tokens than an answer may have",
                       "body_too_large": "a text of more tokens than this side takes"}
    demands = {"answered": 20}

    def request(self):
        size = self.random.choice(self.SIZES) if self.firsts else self.SIZES[0]
        name, piece = self.random.choice((
            ("one letter", b"a"), ("spaces", b" "), ("no text", b"\xff"),
            ("words", "the antidisestablishmentarianism 12345 \u6f22\u5b57 ".encode()),
            ("emoji", "\U0001f469\u200d\U0001f4bb".encode())))
        body = wire.text(1, "demo") + wire.raw(2, piece * (size // len(piece)))
        return f"{size} bytes of {name}", wire.TOKENIZE, body


class Logits(Floods):
    """Rows for every position of a whole context, 2 MB an answer."""

    FLIGHT, ROUNDS, PAUSE_SECONDS = 2, 4, 0.3
    acts_per_minute = 8
    TURN_SECONDS = 60
    explains = BUSY | {"answered": "all rows of a context"}
    demands = {"answered": 20}

    def request(self):
        factor = self.random.randrange(1, 8)
        tokens = [index * factor % 400 for index in range(500)]
        body = wire.text(1, "demo") + wire.words(3, tokens) + wire.truth(6, True)
        return f"tokens times {factor}", wire.LOGITS, body


class Loads(Raider):
    """Loads of good files, of noise and of nothing, several at once, under names of its own;
    over TCP each is refused for want of a right."""

    FLIGHT, PAUSE_SECONDS = 4, 0.2
    TURN_SECONDS = 60
    acts_per_minute = 20
    explains = {
        "answered": "over a Unix socket: the server's own user may load",
        "loading_not_allowed": "over TCP: nobody is known",
        "model_rejected": "a file that is no model",
        "model_exists": "a name is taken", "model_loading": "a name is taken",
        "model_unknown": "nothing to unload", "model_unloading": "unloaded twice",
        "loads_exceeded": "more Loads than run or wait",
        "models_exceeded": "more models than may be served",
        "breaker_open": "a file was refused again and again under its name",
    }
    demands = {"answered": 20, "loading_not_allowed": 20, "model_rejected": 20}
    #: What its turns under way have at the end: an Unload waits for the Load before it.
    LAST_SECONDS = 10.0

    def run(self):
        noise = self.folder / f"noise-{self.name}.gguf"
        noise.write_bytes(b"GGUF" + self.random.randbytes(1 << 16))
        self.paths = [self.pristine["demo"]["path"], str(noise), "/nowhere/at/all.gguf",
                      str(self.folder), os.devnull]
        super().run()
        pathlib.Path(noise).unlink(missing_ok=True)

    async def turn(self, on):
        with await self.greeted(on) as peer:
            asked = {}
            for number in range(2, 2 + self.FLIGHT):
                name = f"flood-{on}-{number}"
                path = self.random.choice(self.paths)
                body = wire.text(1, name) + wire.text(2, path)
                await peer.send(wire.frame(wire.LOAD, number, body))
                asked[number] = name
                self.act(on)
            for number, name in asked.copy().items():
                code = await self.last(peer, asked)
                self.judge_right(on, code)
            for number, name in enumerate(self.names(on), 100):
                await peer.send(wire.frame(wire.UNLOAD, number, wire.text(1, name)))
                asked = {number: name}
                self.judge_right(on, await self.last(peer, asked))

    def names(self, on):
        return [f"flood-{on}-{number}" for number in range(2, 2 + self.FLIGHT)]

    async def last(self, peer, asked):
        """The name of the next last frame. Raises Gone."""
        while True:
            answer = await peer.answer()
            if answer.goes_away:
                self.met(answer.code)
                raise Gone
            if not answer.more and asked.pop(answer.request_id, None):
                return "model_rejected" if answer.status == 33 else answer.code

    def judge_right(self, on, code):
        """The same code from both transports would be a right that is not checked."""
        wrong = (code == "loading_not_allowed") != (on == "tcp")
        self.met(f"{on}: {code}" if wrong else code)

    async def tidy(self):
        """Nothing of the flood stays loaded."""
        try:
            with await asyncio.wait_for(self.greeted("unix"), 10) as peer:
                for number, name in enumerate(self.names("unix"), 2):
                    await peer.send(wire.frame(wire.UNLOAD, number, wire.text(1, name)))
                    await asyncio.wait_for(self.last(peer, {number: name}), 10)
        except (Gone, asyncio.TimeoutError):
            pass  # the soak sees what stays
