#!/usr/bin/env python3
"""A client that does right, as small as it can be, with its driver: what the mutants are made from.

Made for the kit's own tests: one reader thread per connection, no care for speed, the kit's codec.
Every decision that a mutant gets wrong is one method, or one constant, of its own. Not a client to
use: those are in clients/.

    reference.py [MUTANT]     a driver on stdin and stdout; MUTANT: a name of mutants.py
"""

import json
import os
import random
import select
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import rules  # noqa: E402
from codec import (KINDS, LIMITS, MESSAGES, PROTOCOL, STATUS_NAME, Wrong, decode,  # noqa: E402
                   encode, whole)
from encoder import COMPRESSED, DEGRADED, MOCK, MORE, lz4_decode, lz4_encode  # noqa: E402

OPTIONS = PROTOCOL["client"]["options"]
DEFAULTS = dict({row["name"]: row.get("default") for row in OPTIONS}, name="kit-reference/1")
REVISION = PROTOCOL["revision"]


class CallError(Exception):
    """Why a call failed; `again` says whether the rules allow another attempt."""

    def __init__(self, code, status, message, again=False, **more):
        super().__init__(message)
        self.again = again
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
    """One request in flight: what came for it so far."""

    def __init__(self, kind, fields):
        self.kind, self.fields = kind, fields
        self.frames, self.marks, self.size = [], None, 0
        self.ended, self.dropped, self.error = False, False, None


class Connection:
    """One socket: Hello, writing, reading, and who waits for what. `lock` guards it all."""

    def __init__(self, client, until):
        self.client, self.options = client, client.options
        self.lock = threading.Condition()
        self.pending, self.number = {}, 0
        self.error, self.draining = None, False
        self.limit = LIMITS["frame_size_max_before_hello"]
        self.compression, self.in_flight_max, self.revision = False, 1, 1
        self.buffer = b""
        self.socket = client.connect(until)
        threading.Thread(target=self.read, daemon=True).start()

    # ------------------------------------------------------------ Hello

    def hello(self, until):
        """Agrees with the server on what may be sent; a connection that cannot is closed."""
        try:
            self.agree(until)
        except CallError as error:
            self.close(error)
            raise

    def agree(self, until):
        fields = {"client": self.options["name"], "revision": str(REVISION),
                  "compression": self.options["compression"],
                  "body_size_max": str(self.options["body_size_max"])}
        number, pending = self.begin("Hello", fields, 0)
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

    def check_hello(self, answer):
        offered = self.options["compression"]
        if int(answer["revision"]) > REVISION or answer["compression"] > offered:
            raise damage("the server agrees to what was not offered")

    # ------------------------------------------------------------ writing

    def usable(self):
        """Not ended, as far as what has arrived says."""
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
            raise self.error from error  # never written: whatever it was may be tried again
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
            pass  # what was to be cancelled ends with the connection

    # ------------------------------------------------------------ reading

    def read(self):
        while self.error is None:
            select.select([self.socket], [], [])
            self.pump()

    def pump(self):
        """Reads what is there and files it. Under the lock, so that nobody can be ahead of it."""
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
                self.close(error)
            except Wrong as error:
                self.close(damage(str(error)))
            except (OSError, ValueError) as error:
                self.close(CallError("connection_closed", "UNAVAILABLE", str(error), again=True))

    def frame(self):
        """The next frame, None while it is not whole. Its header is checked as soon as its bytes
        are there."""
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
        """Provenance and generation hold for a whole answer; Load's generation comes at its end."""
        marks = (provenance, None if pending.kind == "Load" else generation)
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
        """Whether the bodies of an answer are within answer_size_max, this one too."""
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
        """The number of a frame in its answer, where the server says it."""
        if int(fields.get("frame", expected)) != expected:
            raise damage("frame %s, expected: %d" % (fields["frame"], expected))

    def go_away(self, status, body):
        if status:
            raise damage("the server says: " + self.decode("Error", body)["message"])
        self.decode("GoAway", body)
        self.draining = True
        self.lock.notify_all()

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


class Client:
    """The calls: a pool of connections, deadlines, another attempt where the rules allow one."""

    connection_type = Connection

    def __init__(self, address, options):
        self.options = dict(DEFAULTS, **options)
        self.check_options()
        self.address = self.parse(address)
        self.closed = False
        self.begin_anew()

    def check_options(self):
        for row in OPTIONS:
            value = self.options[row["name"]]
            size = len(value.encode()) if row["type"] == "text" else value
            if "min" in row and not row["min"] <= size <= row["max"]:
                raise request_invalid(row["name"], "option %s is %r, allowed: %d to %d"
                                      % (row["name"], value, row["min"], row["max"]))

    def begin_anew(self):
        """No connection, and a lock that nobody holds."""
        self.process, self.lock = os.getpid(), threading.Condition()
        self.pool, self.greeting, self.connecting = [], [], 0

    def after_fork(self):
        """In a child: connections of its own. The parent's are closed here, never shut down."""
        inherited = self.pool + self.greeting
        self.begin_anew()
        for connection in inherited:
            connection.socket.close()

    @staticmethod
    def parse(address):
        scheme, _, rest = address.partition("://")
        host, _, port = rest.rpartition(":")
        if scheme == "unix" and rest.startswith("/"):
            return rest
        if scheme == "tcp" and host and port.isdigit() and 0 < int(port) < 65536:
            return host.strip("[]"), int(port)
        raise CallError("address_invalid", "INVALID_ARGUMENT", "no address: %r" % address)

    def connect(self, until):
        try:
            if isinstance(self.address, tuple):
                made = socket.create_connection(self.address, max(until - time.monotonic(), 0.001))
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.keep_alive(made)
            else:
                made = socket.socket(socket.AF_UNIX)
                made.settimeout(max(until - time.monotonic(), 0.001))
                made.connect(self.address)
        except OSError as error:
            raise CallError("unreachable", "UNAVAILABLE", str(error), again=True) from error
        made.settimeout(None)
        return made

    def keep_alive(self, made):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    # ------------------------------------------------------------ a connection with room

    def take(self, end):
        """A usable connection with a free place; waits for one, at most until `end`."""
        while True:
            with self.lock:
                if self.closed:
                    raise closed_by_caller()
                self.pool = [one for one in self.pool if self.keeps(one)]
                fit = [one for one in self.pool if one.has_room()]
                idle = [one for one in fit if not one.pending]
                wanted = len(self.pool) + self.connecting < self.options["connections"]
                if idle or fit and not wanted:
                    return min(fit, key=lambda one: len(one.pending))
                if not wanted:
                    if end is not None and time.monotonic() >= end:
                        raise CallError("timed_out", "DEADLINE_EXCEEDED", "no place in time")
                    self.lock.wait(0.01)
                    continue
                self.connecting += 1
            try:
                self.pool_one_more(end)
            finally:
                with self.lock:
                    self.connecting -= 1
                    self.lock.notify_all()

    def pool_one_more(self, end):
        """Connects; `close` ends that, too."""
        try:
            made = self.connection_type(self, self.connect_limit(end))
        except CallError as error:
            raise self.connect_error(error, end) from error
        with self.lock:
            closed = self.closed
            self.greeting.append(made)
        try:
            if closed:
                made.close(closed_by_caller())
            made.hello(self.hello_limit(end))
            with self.lock:
                self.pool.append(made)
        finally:
            with self.lock:
                self.greeting.remove(made)

    def connect_limit(self, end):
        limit = time.monotonic() + self.options["connect_milliseconds"] / 1000
        return min(limit, end or limit)

    def connect_error(self, error, end):
        """Of a connect that failed; when the deadline ended it, that is what the caller learns."""
        if end is None or time.monotonic() < end:
            return error
        return CallError("timed_out", "DEADLINE_EXCEEDED", "not connected in time")

    def hello_limit(self, end):
        """As long again, from now on."""
        return self.connect_limit(end)

    def keeps(self, connection):
        return connection.usable()

    # ------------------------------------------------------------ calls

    def call(self, kind, request, deadline, on_chunk):
        """The result for the driver; raises CallError. `on_chunk` returns False to stop."""
        if self.process != os.getpid():
            self.after_fork()
        begun = time.monotonic()
        end = begun + deadline / 1000 if deadline else None
        attempt = waits = 0
        request = self.with_real(kind, request)
        self.check_request(kind, request)
        while True:
            attempt += 1
            try:
                return self.attempt(kind, request, end, on_chunk, attempt)
            except CallError as error:
                pause = self.waiting_pause(error, begun, waits)
                if pause is not None and (end is None or time.monotonic() + pause < end):
                    attempt, waits = attempt - 1, waits + 1
                    self.sleep(pause)
                    continue
                pause = self.pause(error, attempt)
                if not self.tries_again(kind, error, attempt):
                    raise
                if end is not None and time.monotonic() + pause >= end:
                    raise
                self.sleep(pause)

    def sleep(self, seconds):
        """A pause, which `close` ends."""
        end = time.monotonic() + seconds
        with self.lock:
            while not self.closed and (left := end - time.monotonic()) > 0:
                self.lock.wait(left)

    def waiting_pause(self, error, begun, waits):
        """Seconds to wait for a server that is not there or loads; None: this one is not waited
        for, or not any more."""
        code = error.json["code"]
        if code == "unreachable":
            pause = min(self.options["backoff_milliseconds"] << min(waits, 10), 200)
        elif error.json.get("server_code") == "model_loading" and error.again:
            pause = 200 if error.pause is None else error.pause
        else:
            return None
        left = begun + self.options["wait_milliseconds"] / 1000 - time.monotonic()
        return pause / 1000 if pause / 1000 <= left else None

    def tries_again(self, kind, error, attempt):
        return error.again and attempt < self.options["attempts"]

    def pause(self, error, attempt):
        if error.pause is not None:
            return error.pause / 1000
        longest = min(self.options["backoff_milliseconds"] << (attempt - 1),
                      self.options["backoff_max_milliseconds"])
        return longest * random.uniform(0.5, 1) / 1000

    def with_real(self, kind, request):
        has = any(field["name"] == "requirements"
                  for field in MESSAGES[kind + " request"]["fields"])
        if self.options["allow_mock"] or not has or kind == "Health" and "model" not in request:
            return request
        return dict(request, requirements=dict(request.get("requirements") or {}, real=True))

    def check_request(self, kind, request):
        """A request that breaks its table is not sent."""
        name = kind + " request"
        given = {key: value for key, value in request.items() if value is not None}
        try:
            decode(name, encode(name, given))
        except Wrong as error:
            raise request_invalid(error.field, str(error)) from error

    def with_attempt(self, kind, request, attempt, revision):
        """From the second attempt on, a request that can says so where the server knows it."""
        has = any(field["name"] == "context" for field in MESSAGES[kind + " request"]["fields"])
        if attempt == 1 or not has or revision < 3:
            return request
        return dict(request, context=dict(request.get("context") or {}, attempt=str(attempt)))

    def check_revision(self, kind, request, revision):
        newest = MESSAGES[kind + " request"]["since"]
        for field in MESSAGES[kind + " request"]["fields"]:
            if request.get(field["name"]) not in (None, [], False):
                newest = max(newest, field.get("since", 1))
        if newest > revision:
            raise CallError("revision_too_low", "UNIMPLEMENTED", "%s needs revision %d, found %d"
                            % (kind, newest, revision))

    def attempt(self, kind, request, end, on_chunk, attempt):
        while True:
            connection = self.take(end)
            with connection.lock:
                if not self.keeps(connection) or not connection.has_room():
                    continue
                self.check_revision(kind, request, connection.revision)
                left = 0
                if end is not None:
                    left = int((end - time.monotonic()) * 1000)
                    if left <= 0:
                        raise CallError("timed_out", "DEADLINE_EXCEEDED", "the deadline passed")
                number, pending = connection.begin(
                    kind, self.with_attempt(kind, request, attempt, connection.revision), left)
                break
        try:
            return self.receive(connection, number, pending, end, on_chunk)
        except CallError as error:
            if error.json["code"] == "connection_closed" and (
                    not self.may_repeat(kind) or pending.frames and on_chunk):
                error = CallError(**{key: value for key, value in error.json.items()})
            raise error

    def may_repeat(self, kind):
        return KINDS[kind]["retry_safe"]

    def receive(self, connection, number, pending, end, on_chunk):
        given, silence = 0, self.options["answer_milliseconds"] / 1000
        last = end + self.options["grace_milliseconds"] / 1000 if end is not None else None
        heard = time.monotonic()
        while True:
            with connection.lock:
                while len(pending.frames) == given and not pending.ended \
                        and pending.error is None and connection.error is None:
                    limits = [one for one in (last, heard + silence if silence else None) if one]
                    wait = min(limits) - time.monotonic() if limits else None
                    if wait is not None and wait <= 0:
                        connection.give_up(number)
                        raise CallError("timed_out", "DEADLINE_EXCEEDED", "nothing came in time")
                    connection.lock.wait(wait)
                frames = pending.frames[given:]
                ended, error = pending.ended, pending.error or connection.error
                if not ended and pending.error is not None:
                    pending.dropped = True
            heard = time.monotonic()
            chunks = frames[:-1] if ended and pending.error is None else frames
            given += len(chunks)
            for chunk in chunks:
                if on_chunk is not None and not on_chunk(chunk):
                    with connection.lock:
                        connection.give_up(number)
                    raise CallError("given_up", "CANCELLED", "the caller gave the answer up")
            if ended and pending.error is None:
                return self.result(pending)
            if error is not None:
                raise error

    def result(self, pending):
        last = pending.frames[-1]
        chunks = [] if pending.kind == "Load" else pending.frames[:-1]
        return {"provenance": pending.provenance, "generation": pending.generation,
                "degraded": pending.degraded, "response": whole(pending.kind, chunks, last)}

    def close(self):
        with self.lock:
            self.closed = True
            pool, self.pool = self.pool + self.greeting, []
            self.lock.notify_all()
        for connection in pool:
            connection.close(closed_by_caller())


# ---------------------------------------------------------------- the driver

class Driver:
    """Reads commands, one thread per call, writes lines."""

    def __init__(self, client_type):
        self.client_type, self.clients, self.lock = client_type, {}, threading.Lock()

    def say(self, number, **value):
        line = json.dumps({"id": number, **value}) + "\n"
        with self.lock:
            sys.stdout.write(line)
            sys.stdout.flush()

    def run(self):
        for line in iter(sys.stdin.readline, ""):
            command = json.loads(line)
            if command["op"] in ("call", "fork"):
                threading.Thread(target=self.obey, args=(command,), daemon=True).start()
            else:
                self.obey(command)

    def obey(self, command):
        number = command["id"]
        try:
            if command["op"] == "open":
                self.clients[command["client"]] = self.client_type(
                    command["server"], command.get("options", {}))
                self.say(number, ok={})
            elif command["op"] == "close":
                self.clients[command["client"]].close()
                self.say(number, ok={})
            elif command["op"] == "fork":
                self.say(number, **self.fork(command))
            else:
                self.say(number, ok=self.call(number, command))
        except CallError as error:
            self.say(number, error=error.json)

    def fork(self, command):
        """The words of a forked child's call, through a pipe; an error where it says none."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                words = {"ok": self.call(None, dict(command, stream=False))}
            except CallError as error:
                words = {"error": error.json}
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(json.dumps(words).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        os.waitpid(child, 0)
        if not said:
            raise CallError("connection_closed", "INTERNAL", "the child said nothing")
        return json.loads(said)

    def call(self, number, command):
        stop_after, count = command.get("cancel_after_chunks"), [0]
        streams = command.get("stream") and command["kind"] in ("Generate", "Load")

        def on_chunk(chunk):
            self.say(number, chunk=chunk)
            count[0] += 1
            return count[0] != stop_after

        return self.clients[command["client"]].call(
            command["kind"], command.get("request", {}), command.get("deadline_milliseconds", 0),
            on_chunk if streams else None)


def main():
    client_type = Client
    if len(sys.argv) > 1:
        import mutants
        client_type = mutants.MUTANTS[sys.argv[1]]
    Driver(client_type).run()
    os._exit(0)  # threads that still wait end with the process


if __name__ == "__main__":
    sys.modules["reference"] = sys.modules["__main__"]
    main()
