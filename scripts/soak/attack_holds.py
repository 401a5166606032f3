"""Attacks by patience: idle connections, readers that stop or trickle, frames that never end.

Guarantees: a held connection that the server must end within a bound (SPEC, docs/serving.md) and
that it did not end is told as wrong; what the attack holds is let go when the soak ends.
"""

import asyncio
import select
import time

import wire
from raider import Gone, Raider, Refused


class Idle(Raider):
    """4,000 connections that said Hello and nothing more, half on each transport."""

    EACH, BATCH, PAUSE_SECONDS = 2000, 50, 0.1
    TURN_SECONDS = 120
    #: In each run, however short.
    acts_at_least = 2 * EACH
    explains = {
        "idle": "the longest idle connection gives way, or was idle for too long",
        "connections_exceeded": "as many connections as the server takes, none idle for long",
        "overloaded": "the same",
    }

    def run(self):
        self.held = {"unix": [], "tcp": []}
        super().run()

    async def turn(self, on):
        """Opens some more, and drops those that the server ended."""
        held = self.held[on]
        if len(held) == self.EACH:
            await self.until_end(1)
        for peer in [peer for peer in held if has_something(peer)]:
            held.remove(peer)
            with peer:
                try:
                    self.met((await peer.answer()).code)
                except Gone:
                    self.met("ended without a word")
        some = min(self.BATCH, self.EACH - len(held))
        for made in await asyncio.gather(*(self.greeted(on) for _ in range(some)),
                                         return_exceptions=True):
            if isinstance(made, Gone):
                if not isinstance(made, Refused):
                    self.met("ended without a word")
                continue
            if isinstance(made, BaseException):
                raise made
            held.append(made)
            self.act(on)

    async def tidy(self):
        for held in self.held.values():
            for peer in held:
                peer.close()


def has_something(peer):
    """Bytes or an end to read."""
    looked = select.poll()
    looked.register(peer.handle, select.POLLIN)
    return bool(looked.poll(0))


class Stalled(Raider):
    """Asks for answers of 2 MB, 64 at once, and does not read them; or reads 1 KB a second."""

    ABREAST, PAUSE_SECONDS = 2, 1
    FLIGHT, HOLD_SECONDS, TRICKLE = 64, 38, 1024
    TURN_SECONDS = HOLD_SECONDS + 30
    acts_per_minute = 4
    explains = {"ended by the server": "it took nothing, or too little a second"}
    demands = {"ended by the server": 45}
    number = 0

    async def turn(self, on):
        self.number += 1
        trickles = self.number % 2 == 0
        tokens = wire.words(3, [index % 400 for index in range(500)])
        body = wire.text(1, "demo") + tokens + wire.truth(6, True)
        with await self.greeted(on, receive_size=4096) as peer:
            await peer.send(b"".join(wire.frame(wire.LOGITS, number, body)
                                     for number in range(2, 2 + self.FLIGHT)))
            self.act(on)
            try:
                if not await self.hold(peer, trickles):
                    return
                # What the kernels hold may still come; all answers would be 128 MB.
                for _ in range(1 << 10):
                    await asyncio.wait_for(peer.read(), 5)
            except Gone:
                self.met("ended by the server")
                return
            except asyncio.TimeoutError:
                pass
            how = "trickled" if trickles else "read nothing"
            self.say("wrong", note=f"{on}: a reader that {how} for {self.HOLD_SECONDS} s was kept")

    async def hold(self, peer, trickles):
        """False when the soak ended meanwhile. Raises Gone when the server ended it."""
        looked = select.poll()
        looked.register(peer.handle, 0)  # only an end that needs no reading
        end = time.monotonic() + self.HOLD_SECONDS
        while time.monotonic() < end:
            if not await self.until_end(1):
                return False
            if trickles:
                await peer.read(self.TRICKLE)
            if looked.poll(0):
                raise Gone
        return True


class SlowBodies(Raider):
    """Frames that arrive at some bytes a second: a Hello, and a body of 1 MiB."""

    ABREAST, PAUSE_SECONDS = 6, 0.5
    BODY, HOLD_SECONDS = 1 << 20, 38
    TURN_SECONDS = HOLD_SECONDS + 20
    acts_per_minute = 12
    explains = {
        "hello_timeout": "no Hello in time",
        "frame_timeout": "a frame came too slowly, or took too long",
        "ended": "the end of the connection overtook the word that said why",
    }
    demands = {"hello_timeout": 20, "frame_timeout": 30}
    number = 0

    async def turn(self, on):
        self.number += 1
        greets = self.number % 3 == 0
        sent, step = wire.hello(client="slow"), 1
        if not greets:
            body = wire.text(1, "demo") + wire.field(2, 3, bytes(self.BODY))
            sent, step = wire.frame(wire.TOKENIZE, 2, body), 100
        peer = await (self.dial(on) if greets else self.greeted(on))
        with peer:
            self.act(on)
            end = time.monotonic() + self.HOLD_SECONDS
            sent_at = 0
            while time.monotonic() < end:
                if has_something(peer):
                    self.met((await peer.answer()).code)
                    return
                await peer.send(sent[sent_at:sent_at + step])
                sent_at += step
                if not await self.until_end(1):
                    return
            self.say("wrong", note=f"{on}: a frame that took {self.HOLD_SECONDS} s was waited for")
