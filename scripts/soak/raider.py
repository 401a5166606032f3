"""What attackers on the raw wire share: connections, turns on both transports, and their tally.

Guarantees: an attack is tasks of one thread, each bounded by a pause, and ends soon after the soak
does. Everything the server answered is counted by name, and what SPEC does not allow is told as
wrong. Not here: the attacks (attack_wire, attack_load, attack_holds).
"""

import asyncio
import collections
import resource
import socket
import time

import wire
from actor import HUNG_SECONDS, Actor

TELL_SECONDS = 0.5
CONNECT_SECONDS = 10


class Gone(Exception):
    """The connection ended: by a FIN or a reset."""


class Refused(Gone):
    """The server took no Hello; its word is met already."""


class Wire:
    """A connection that its task reads and writes."""

    def __init__(self, handle):
        self.handle, self.reader, self.waiting = handle, wire.Reader(), collections.deque()

    async def send(self, data):
        """Raises Gone."""
        try:
            await asyncio.get_running_loop().sock_sendall(self.handle, data)
        except OSError:
            raise Gone from None

    async def read(self, size=1 << 16):
        """Raw bytes, at least one. Raises Gone."""
        try:
            data = await asyncio.get_running_loop().sock_recv(self.handle, size)
        except OSError:
            raise Gone from None
        if not data:
            raise Gone
        return data

    async def answer(self):
        """The next frame. Raises Gone and wire.Damage."""
        while not self.waiting:
            self.waiting.extend(self.reader.feed(await self.read()))
        return self.waiting.popleft()

    def no_more(self):
        """Ends this side's half."""
        try:
            self.handle.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.handle.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Raider(Actor):
    """Subclasses have `turn(on)`: one attack on a transport, `unix` or `tcp`.

    `ABREAST` turns run at once on each transport, each after a pause of `PAUSE_SECONDS`.
    `explains` names every answer, `answered` included. `demands`: code -> seconds of attack after
    which it must have been met. `TURN_SECONDS`: a turn that takes longer hung.
    """

    raids = True
    ABREAST, PAUSE_SECONDS, TURN_SECONDS = 1, 0.05, HUNG_SECONDS

    def run(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.counts = collections.Counter()
        asyncio.run(self.attack())
        self.tell()

    async def attack(self):
        loops = [asyncio.create_task(self.turns(on))
                 for on in self.places for _ in range(self.ABREAST)]
        try:
            while self.running():
                await asyncio.sleep(TELL_SECONDS)
                self.tell()
                for one in loops:
                    if one.done():
                        one.result()
        finally:
            self.over = True
            await asyncio.wait(loops, timeout=self.LAST_SECONDS)
            for one in loops:
                one.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
        await self.tidy()

    #: What a turn under way has when the soak ends.
    LAST_SECONDS = 1.0
    over = False

    async def tidy(self):
        """Once all turns have ended."""

    async def turns(self, on):
        while not self.over:
            try:
                await asyncio.wait_for(self.turn(on), self.TURN_SECONDS)
            except asyncio.TimeoutError:
                self.say("wrong", note=f"{on}: a turn hung for {self.TURN_SECONDS} s")
            except wire.Damage as found:
                self.say("wrong", note=f"{on}: {found}")
            except Refused:
                pass
            except Gone:
                self.met("ended")
            await asyncio.sleep(self.PAUSE_SECONDS * self.random.uniform(0.5, 1.5))

    async def until_end(self, seconds):
        """Sleeps; False when the soak ended meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.over:
            await asyncio.sleep(0.1)
        return not self.over

    # ------------------------------------------------------------ tally

    def act(self, on):
        """One attack was carried out."""
        self.counts["act", on] += 1

    def met(self, code):
        """One answer came, or the end of the connection in its place."""
        self.counts["met", code] += 1

    def tell(self):
        for (what, code), count in self.counts.items():
            self.say(what, count=count, **{"on" if what == "act" else "code": code})
        self.counts.clear()

    # ------------------------------------------------------------ connections

    @property
    def places(self):
        return {"unix": self.url.removeprefix("unix://"), "tcp": ("127.0.0.1", self.port)}

    async def dial(self, on, receive_size=None):
        """Connects. Raises Gone when the server takes no connection for CONNECT_SECONDS."""
        handle = socket.socket(socket.AF_UNIX if on == "unix" else socket.AF_INET)
        handle.setblocking(False)
        if receive_size:
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_size)
        end = time.monotonic() + CONNECT_SECONDS
        while True:
            try:
                if on == "tcp":
                    await asyncio.wait_for(asyncio.get_running_loop().sock_connect(
                        handle, self.places[on]), CONNECT_SECONDS)
                else:  # a full backlog is EAGAIN, which no loop can wait for
                    handle.connect(self.places[on])
                return Wire(handle)
            except BlockingIOError:
                if time.monotonic() < end:
                    await asyncio.sleep(0.02)
                    continue
                handle.close()
                raise Gone from None
            except (OSError, asyncio.TimeoutError):
                handle.close()
                raise Gone from None

    async def greeted(self, on, compression=False, receive_size=None, client="soak"):
        """A connection that has said Hello. Raises Gone, or Refused."""
        made = await self.dial(on, receive_size)
        try:
            await made.send(wire.hello(client, compression))
            answer = await made.answer()
        except BaseException:
            made.close()
            raise
        if answer.code != "answered":
            made.close()
            self.met(answer.code)
            raise Refused
        return made
