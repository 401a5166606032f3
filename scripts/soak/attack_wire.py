"""Attacks by bytes: mutated frames, LZ4 bodies that lie, bodies that never end, lines of the log.

Guarantees: an attack's answers are named, and a name that it does not explain fails the soak. No
attack names a served model in a request that could be mutated into an Unload of it.
"""

import asyncio

import assay
import wire
from actor import HUNG_SECONDS, Actor
from raider import Gone, Raider
from servers import Server

#: What a server may say of bytes that mean nothing: never a fault of its own.
REFUSALS = ("answered", "cancelled", "invalid_argument", "deadline_exceeded", "not_found",
            "already_exists", "permission_denied", "resource_exhausted", "failed_precondition",
            "aborted", "out_of_range", "unimplemented", "protocol_error", "model_rejected",
            "requirement_not_met")


class Mutants(Raider):
    """Frames of every kind, damaged: each ends in a refusal, a GoAway or the connection's end."""

    ABREAST, PAUSE_SECONDS = 2, 0.02
    acts_per_minute = 300
    explains = {name: "what was left of a mutated frame" for name in REFUSALS} | {
        "ended": "the last frame was cut, and the connection was half closed",
        "breaker_open": "the same missing file was refused again and again"}
    demands = {"protocol_error": 20, "invalid_argument": 20}

    async def turn(self, on):
        damaged = b"".join(self.mutated(self.any_frame(number)) for number in range(2, 6))
        first = wire.hello(compression=self.random.random() < 0.5)
        sent = (self.mutated(first) if self.random.random() < 0.1 else first) + damaged
        with await self.dial(on) as peer:
            self.act(on)
            reading = asyncio.create_task(self.read_all(peer))
            try:
                await self.send_cut(peer, sent)
                await reading
            finally:
                reading.cancel()

    async def send_cut(self, peer, sent):
        """In two parts, then the end of this side; the server may have closed before."""
        cut = self.random.randrange(len(sent))
        try:
            await peer.send(sent[:cut])
            await asyncio.sleep(self.random.choice((0, 0, 0.01)))
            await peer.send(sent[cut:])
            peer.no_more()
        except Gone:
            pass

    async def read_all(self, peer):
        """Every answer until the server closes, which it must."""
        while True:
            try:
                answer = await peer.answer()
            except Gone:
                self.met("ended")
                return
            status = wire.STATUSES[answer.status]
            # The same missing file is loaded again and again: a circuit breaker answers for it.
            named = answer.code if answer.code == "breaker_open" else status
            self.met("answered" if status == "ok" else named)

    def any_frame(self, number):
        model = wire.text(1, self.random.choice(sorted(self.goldens)))
        tokens = wire.words(3, [self.random.randrange(400) for _ in range(8)])
        kind, body = self.random.choice((
            (wire.PING, wire.raw(1, self.random.randbytes(40))),
            (wire.HEALTH, b""), (wire.MODELS, b""), (wire.STATS, b""),
            (wire.LOAD, wire.text(1, "mutant") + wire.text(2, "/nowhere/mutant.gguf")),
            (wire.UNLOAD, wire.text(1, "nobody")),
            (wire.TOKENIZE, model + wire.raw(2, self.random.randbytes(200))),
            (wire.DETOKENIZE, model + wire.words(2, [60, 70, 80])),
            (wire.GENERATE, model + wire.text(2, "Once") + wire.whole(6, 3)),
            (wire.SCORE, model + tokens + wire.record(7, wire.text(1, " there"))),
            (wire.LOGITS, model + tokens + wire.truth(6, True)),
            (wire.EMBED, model + wire.record(2, wire.text(1, "a"))),
            (wire.CANCEL, wire.whole(1, self.random.randrange(1, 6)))))
        return wire.frame(kind, number, body)

    def mutated(self, frame):
        """Up to two edits, anywhere, which may be in a length; none in half of the frames."""
        made = bytearray(frame)
        for _ in range(self.random.choice((0, 0, 0, 1, 1, 2))):
            at = self.random.randrange(len(made))
            way = self.random.randrange(6)
            if way == 0:
                made[at] ^= 1 << self.random.randrange(8)
            elif way == 1:
                made[at] = self.random.choice((0, 1, 0x7F, 0x80, 0xFF))
            elif way == 2:
                del made[max(at, wire.HEADER):]
            elif way == 3:
                made[at:at] = self.random.randbytes(self.random.randrange(1, 9))
            elif way == 4:
                made[self.random.choice((0, 20))] = self.random.randrange(256)
            else:
                made[at:] = self.random.randbytes(len(made) - at)
        return bytes(made)


class Bombs(Raider):
    """16 KB that are 4 MiB, held with one byte of a next frame; blocks that lie about their size;
    bombs before Hello, and where no compression was agreed."""

    ABREAST, PAUSE_SECONDS = 4, 0.5
    SIZE = wire.BODY_MAX
    acts_per_minute = 60
    EXPECTED = {
        "held": "invalid_argument", "damaged": "compressed_body_damaged",
        "early": "length_too_large", "unasked": "compression_not_agreed"}
    explains = {code: f"a {way} bomb" for way, code in EXPECTED.items()} | {
        "overloaded": "all unsent bodies together are bounded",
        "body_too_large": "all unsent bodies together are bounded"}
    demands = {code: 20 for code in EXPECTED.values()}

    async def turn(self, on):
        way = self.random.choice(("held", "held", *self.EXPECTED))
        size = self.SIZE + (self.random.choice((-4096, -1)) if way == "damaged" else 0)
        bomb = wire.frame(wire.PING, 9, wire.block_of_zeros(self.SIZE), wire.COMPRESSED, size)
        if way == "early":
            peer = await self.dial(on)
        else:
            peer = await self.greeted(on, compression=way != "unasked")
        with peer:
            try:
                await peer.send(bomb + b"\x1c")
            except Gone:
                pass  # what was said of it is still to be read
            self.act(on)
            answer = await peer.answer()
            code = answer.code
            if way == "held" and answer.status == 3:
                code = wire.STATUSES[3]
            self.met(code if code in (self.EXPECTED[way], "overloaded", "body_too_large")
                     else f"{way}: {code}")
            if way == "held":
                await self.until_end(self.random.uniform(1, 3))


class LogLines(Raider):
    """Connections that each cost a line of the log, with names that would forge another."""

    ABREAST, PAUSE_SECONDS = 2, 0.02
    FORGED = "forged by a client"
    acts_per_minute = 300
    explains = {
        "length_too_small": "a frame that breaks the framing",
        "field_out_of_range": "a name with control characters",
        "field_text_invalid": "a name with control characters",
        "loading_not_allowed": "a Load over TCP",
        "model_rejected": "a Load of a file that is not there",
        "loads_exceeded": "more Loads than run or wait",
    }
    demands = {"length_too_small": 20}
    number = 0

    async def turn(self, on):
        name = f"\x1b[2J\r\n{self.FORGED}\n\u202e"
        with await self.dial(on) as peer:
            await peer.send(wire.hello(client=name if self.random.random() < 0.5 else "soak"))
            self.act(on)
            answer = await peer.answer()
            if answer.status:
                self.met(answer.code)
                return
            path = f"/nowhere\n{self.FORGED}\x1b]0;\x07"
            if self.random.random() < 0.1:
                self.number += 1
                name = f"line-{self.number}" + self.random.choice(("", path))
                body = wire.text(1, name[:128]) + wire.text(2, path)
                await peer.send(wire.frame(wire.LOAD, 2, body))
                answer = await peer.answer()
                while answer.more:
                    answer = await peer.answer()
                self.met("model_rejected" if answer.status == 33 else answer.code)
                return
            await peer.send(wire.frame(wire.PING, 2, length=self.random.randrange(28)))
            self.met((await peer.answer()).code)


class Clogged(Actor):
    """A server of its own whose log nobody reads: it must go on answering while lines are due."""

    acts_per_minute = 300
    LINES = 20

    def run(self):
        server = Server(self.program, str(self.folder), "clogged",
                        {"demo": self.pristine["demo"]["path"]},
                        words=("--log-level", "trace"), read_log=False)
        server.start()
        client = assay.Client(server.url)
        self.url = server.url
        try:
            while self.running():
                asyncio.run(self.lines())
                self.ask(client, self.question("demo"))
                self.rest(0.1)
        finally:
            client.close()
            status = server.stop()
        if status != 0:
            self.say("wrong", note=f"SIGTERM ended the server with status {status}")

    async def lines(self):
        """So many connections that end with a line each."""
        for _ in range(self.LINES):
            reader, writer = await asyncio.open_unix_connection(self.url.removeprefix("unix://"))
            writer.write(wire.hello() + wire.frame(wire.PING, 2, length=0))
            try:
                await asyncio.wait_for(reader.read(), HUNG_SECONDS)
            except asyncio.TimeoutError:
                self.say("wrong", note="a connection hung while nobody reads the log")
            except OSError:
                pass
            writer.close()
            self.say("act")
