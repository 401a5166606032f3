"""The reference client's connections: Hello, frames in and out, owners of frames.

See reference.py, which chooses a connection and makes the calls.
"""

import os
import select
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import rules  # noqa: E402
from codec import KINDS, LIMITS, PROTOCOL, STATUS_NAME, Wrong, decode, encode  # noqa: E402
from encoder import COMPRESSED, DEGRADED, MOCK, MORE, lz4_decode, lz4_encode  # noqa: E402

REVISION = PROTOCOL["revision"]


class CallError(Exception):
    """Failure of a call. `again` is true when the rules allow another attempt, `unread` when the
    server has not read the request."""

    def __init__(self, code, status, message, again=False, unread=False, **more):
        super().__init__(message)
        self.again, self.unread = again, unread
        self.json = dict(code=code, status=status, message=message, **more)

    @property
    def pause(self):
        return self.json.get("retry_after_milliseconds")


def damage(message):
    return CallError("protocol_error", "PROTOCOL_ERROR", message)


def closed_by_caller():
    return CallError("connection_closed", "UNAVAILABLE", "the client is closed")


def request_invalid(field, message):
    return CallError("request_invalid", "INVALID_ARGUMENT", message, field=field)


class Pending:
    """A request in flight, with the frames received so far."""

    def __init__(self, kind, fields):
        self.kind, self.fields = kind, fields
        self.frames, self.marks, self.size = [], None, 0
        self.ended, self.dropped, self.error = False, False, None


class Connection:
    """A socket: Hello, writing, reading, and the waiting calls. `lock` guards everything."""

    def __init__(self, client, until):
        self.client, self.options = client, client.options
        self.lock = threading.Condition()
        self.pending, self.number = {}, 0
        self.error, self.draining = None, False
        self.limit = LIMITS["frame_size_max_before_hello"]
        self.compression, self.in_flight_max, self.revision = False, 1, 1
        self.buffer, self.frames = b"", 0  # headers seen
        self.socket = client.connect(until)
        threading.Thread(target=self.read, daemon=True).start()

    # ------------------------------------------------------------ Hello

    def hello(self, until):
        """Agrees with the server on revision and limits, or closes the connection."""
        try:
            self.agree(until)
        except CallError as error:
            self.close(error)
            raise

    def agree(self, until):
        fields = {"client": self.options["name"], "revision": str(REVISION),
                  "compression": self.options["compression"],
                  "body_size_max": str(self.options["body_size_max"])}
        number, pending = self.begin("Hello", {**fields, **self.identity()}, 0)
        with self.lock:
            while not pending.ended and self.error is None:
                if not self.lock.wait(max(until - time.monotonic(), 0)) \
                        and time.monotonic() >= until:
                    raise CallError("timed_out", "DEADLINE_EXCEEDED", "no answer to Hello")
            if not pending.ended:
                raise self.error
            if pending.error:
                raise pending.error
            answer = pending.frames[-1]
            self.check_hello(answer)
            self.revision = int(answer["revision"])
            self.compression = answer["compression"]
            self.limit = int(answer["body_size_max"])
            self.in_flight_max = int(answer["requests_in_flight_max"])

    def identity(self):
        """Token and tenant, where they are set."""
        return {name: self.options[name] for name in ("token", "tenant")
                if self.options[name] is not None}

    def check_hello(self, answer):
        offered = self.options["compression"]
        if int(answer["revision"]) > REVISION or answer["compression"] > offered:
            raise damage("the server agrees to what was not offered")

    # ------------------------------------------------------------ writing

    def usable(self):
        """Not ended, as far as the arrived bytes show."""
        self.pump()
        return self.error is None and not self.draining

    def has_room(self):
        return len(self.pending) < self.in_flight_max

    def begin(self, kind, fields, deadline):
        """Writes a request. Call with the lock held, or before anyone else has the connection."""
        body = self.encode(kind, fields)
        if kind != "Hello" and len(body) > self.limit:
            raise request_invalid(None, "%d bytes, allowed: %d" % (len(body), self.limit))
        self.number += 1
        flags, block = 0, body
        if self.packs(fields, body):
            packed = lz4_encode(body)
            if len(packed) * 10 <= len(body) * 9:
                flags, block = COMPRESSED, packed
        pending = self.pending[self.number] = Pending(kind, fields)
        header = struct.pack("<IBBBBQIIII", 28 + len(block), 1, KINDS[kind]["number"], flags, 0,
                             self.number, deadline, len(body), 0, 0)
        try:
            self.socket.sendall(header + block)
        except OSError as error:
            self.fail(CallError("connection_closed", "UNAVAILABLE", str(error), again=True))
            raise self.error from error  # never written, so any kind may be tried again
        return self.number, pending

    def encode(self, kind, fields):
        return encode(kind + " request", fields)

    def packs(self, fields, body):
        return self.compression and len(body) >= 1024

    def give_up(self, number):
        """Cancel for a request whose answer nobody wants any more. With the lock held."""
        pending = self.pending.get(number)
        if pending is None or self.error is not None:
            return
        pending.dropped = True
        self.cancel(number)

    def cancel(self, number):
        try:
            _, cancel = self.begin("Cancel", {"target": str(number)}, 0)
            cancel.dropped = True
        except CallError:
            pass  # the cancelled request ends with the connection

    # ------------------------------------------------------------ reading

    def read(self):
        while self.error is None:
            select.select([self.socket], [], [])
            self.pump()

    def pump(self):
        """Reads and files the arrived bytes, under the lock, so that nobody can be ahead."""
        with self.lock:
            try:
                while self.error is None and select.select([self.socket], [], [], 0)[0]:
                    part = self.socket.recv(1 << 20)
                    self.buffer += part
                    while (frame := self.frame()) is not None:
                        self.take(*frame)
                    if not part:
                        raise CallError("connection_closed", "UNAVAILABLE", "the server closed",
                                        again=True)
            except CallError as error:
                self.close(self.named(error))
            except Wrong as error:
                self.close(damage(str(error)))
            except (OSError, ValueError) as error:
                self.close(CallError("connection_closed", "UNAVAILABLE", str(error), again=True))

    def frame(self):
        """The next frame, None while incomplete. The header is checked as soon as its bytes are
        there."""
        limit, have = self.options["body_size_max"], len(self.buffer)
        if have < 4:
            return None
        length = struct.unpack_from("<I", self.buffer)[0]
        if not 28 <= length <= 28 + limit:
            raise damage("length %d" % length)
        if have > 4 and self.buffer[4] != 1:
            raise damage("version %d" % self.buffer[4])
        if have < 32:
            return None
        _, _, kind, flags, provenance, number, status, raw, generation, reserved = \
            struct.unpack_from("<IBBBBQIIII", self.buffer)
        wire = length - 28
        self.check_header(kind, flags, provenance, number, status, raw, wire, reserved, limit)
        self.frames += 1
        if have < 4 + length:
            return None
        body, self.buffer = self.buffer[32:4 + length], self.buffer[4 + length:]
        if flags & COMPRESSED:
            body = self.unpack(body, raw)
        return kind & 127, flags, provenance, number, status, generation, body

    def check_header(self, kind, flags, provenance, number, status, raw, wire, reserved, limit):
        compressed = flags & COMPRESSED
        if reserved or kind < 129 or flags & ~7 or not self.provenance_known(provenance):
            raise damage("a header that breaks the rules")
        if (number == 0) != (kind == 0xF0) or status and flags & (MORE | DEGRADED):
            raise damage("a header that contradicts itself")
        if raw > limit or not compressed and raw != wire:
            raise damage("rawSize %d" % raw)
        if compressed and (not self.may_compress() or raw < 1024 or not 0 < wire < raw):
            raise damage("a compressed body that may not be")

    def named(self, error):
        """The error, or what the peer speaks when its first bytes are no frame."""
        if self.number > 1 or self.frames or error.json["code"] != "protocol_error":
            return error
        first = self.buffer.decode("latin-1")[:16]
        words = "does not speak Assay's protocol, its first bytes are \"%s\"" % "".join(
            one if " " <= one <= "~" else "\\x%02x" % ord(one) for one in first)
        for stranger in PROTOCOL["strangers"]:
            if first.startswith(tuple(stranger["starts"])):
                words = "speaks %s, not Assay's protocol" % stranger["name"]
        at = self.client.address
        where = "unix://" + at if isinstance(at, str) else "tcp://%s:%d" % at
        return damage("the peer at %s %s" % (where, words))

    def provenance_known(self, provenance):
        return provenance in (1, 2)

    def may_compress(self):
        return self.compression

    def unpack(self, block, raw):
        try:
            body = lz4_decode(block, raw)
        except ValueError as error:
            raise damage("a damaged block: %s" % error) from error
        if len(body) != raw:
            raise damage("a block of %d bytes, announced: %d" % (len(body), raw))
        return body

    def decode(self, message, body):
        return decode(message, body)

    def take(self, kind, flags, provenance, number, status, generation, body):
        """Files one frame."""
        if kind in (KINDS["GoAway"]["number"], KINDS["Hello"]["number"]):
            self.check_own_frame(flags, provenance)
        if kind == KINDS["GoAway"]["number"]:
            return self.go_away(status, body)
        with self.lock:
            pending = self.find(number)
            if pending is None:
                raise damage("an answer to nobody's request %d" % number)
            self.check_kind(pending, kind)
            self.check_marks(pending, provenance, generation)
            if self.is_refused(provenance):
                if not pending.dropped:
                    pending.error = self.mock_refused(status, body)
            elif status:
                pending.error = self.refusal(pending, status, provenance, body)
            elif not self.fits(pending, body):
                self.too_large(pending, number, flags)
            elif not pending.dropped or not KINDS[pending.kind]["streamed"]:
                self.file(pending, flags, provenance, generation, body)
            if not flags & MORE:
                pending.ended = True
                del self.pending[number]
            self.lock.notify_all()

    def check_own_frame(self, flags, provenance):
        """Hello's answer and GoAway are about the connection: one frame, of no model."""
        if flags & (MORE | DEGRADED) or provenance == MOCK:
            raise damage("Hello or GoAway in parts, degraded or of a mock")

    def find(self, number):
        return self.pending.get(number)

    def check_kind(self, pending, kind):
        if kind != KINDS[pending.kind]["number"]:
            raise damage("kind 0x%02x answers %s" % (kind, pending.kind))

    def check_marks(self, pending, provenance, generation):
        """Provenance and generation hold for a whole answer. The generation of Load and Swap comes at the
        end."""
        marks = (provenance, None if pending.kind in ("Load", "Swap") else generation)
        if pending.marks not in (None, marks):
            raise damage("provenance or generation changes within an answer")
        pending.marks = marks

    def is_refused(self, provenance):
        return provenance == 2 and not self.options["allow_mock"]

    def mock_refused(self, status, body):
        return CallError("mock_refused", "MOCK_REFUSED", "the answer comes from a mock model",
                         provenance="mock")

    def refusal(self, pending, status, provenance, body):
        fields = self.decode("Error", body)
        name = STATUS_NAME.get(status, "UNKNOWN")
        handed_out = any(True for _ in pending.frames)
        again = name in ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED") and not handed_out
        retry = fields.get("retry_after_milliseconds")
        return CallError(
            "server_refused", name, "%s: %s" % (name, fields["message"]), again=again,
            server_code=fields["code"], field=fields.get("field"), layer=fields.get("layer"),
            retry_after_milliseconds=None if retry is None else int(retry),
            server_load=fields.get("server_load"),
            provenance="mock" if provenance == 2 else "real")

    def fits(self, pending, body):
        """True when the bodies of an answer, the newest included, are within answer_size_max."""
        pending.size += len(body)
        return pending.dropped or pending.size <= self.options["answer_size_max"]

    def too_large(self, pending, number, flags):
        pending.error = CallError("given_up", "CANCELLED", "an answer of %d bytes, allowed: %d"
                                  % (pending.size, self.options["answer_size_max"]))
        if flags & MORE:
            self.give_up(number)

    def file(self, pending, flags, provenance, generation, body):
        kind = KINDS[pending.kind]
        more = bool(flags & MORE)
        if more and not kind["streamed"]:
            raise damage("flag more on %s" % pending.kind)
        fields = self.decode(kind["chunk"] if more else kind["response"], body)
        pending.frames.append(fields)
        pending.provenance = "mock" if provenance == 2 else "real"
        pending.generation, pending.degraded = generation, bool(flags & DEGRADED)
        self.check_answer(pending, fields, more)

    def check_answer(self, pending, fields, more):
        """The rules of SPEC.md that go beyond one field."""
        self.check_number(fields, len(pending.frames) - 1)
        wrong = rules.broken(pending.kind, pending.fields, pending.frames, more, pending.degraded)
        if wrong:
            raise damage(wrong)

    def check_number(self, fields, expected):
        """Checks the number of a frame in the answer, where the server gives the number."""
        if int(fields.get("frame", expected)) != expected:
            raise damage("frame %s, expected: %d" % (fields["frame"], expected))

    def go_away(self, status, body):
        if status and STATUS_NAME.get(status) == "UNAUTHENTICATED":
            raise self.refusal(Pending(None, {}), status, 1, body)
        if status:
            raise damage("the server says: " + self.decode("Error", body)["message"])
        reason = self.decode("GoAway", body)["reason"]
        self.draining = True
        if reason == "idle":
            self.idle()
        self.lock.notify_all()

    def idle(self):
        """The server read none of the requests in flight, and closes."""
        if any(one.marks is not None for one in self.pending.values()):
            raise damage("GoAway idle in the middle of an answer")
        raise CallError("connection_closed", "UNAVAILABLE", "the server closed the idle "
                        "connection", again=True, unread=True)

    # ------------------------------------------------------------ the end

    def fail(self, error):
        with self.lock:
            if self.error is None:
                self.error = error
            self.lock.notify_all()

    def close(self, error):
        self.fail(error)
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
