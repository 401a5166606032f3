"""A right client, as small as possible, from which the mutants are made.

Made for the kit's own tests: one reader thread per connection, no care for speed, the kit's codec.
Every decision that a mutant gets wrong is a method, or a constant, of its own. Not a client to use:
clients for use are in clients/.
"""

import os
import random
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from codec import KINDS, MESSAGES, PROTOCOL, Wrong, decode, encode, whole  # noqa: E402
from reference_connection import (CallError, Connection, closed_by_caller,  # noqa: E402
                                  request_invalid)

OPTIONS = PROTOCOL["client"]["options"]
TOKEN_SIZE_MAX = 256
DEFAULTS = dict({row["name"]: row.get("default") for row in OPTIONS}, name="kit-reference/1")


def revision_of(message, values):
    """The lowest revision with every field, and every word, that is given."""
    newest = MESSAGES[message]["since"]
    for field in MESSAGES[message]["fields"]:
        value = values.get(field["name"])
        if value in (None, [], False):
            continue
        newest = max(newest, field.get("since", 1), field.get("choices_since", {}).get(value, 1)
                     if "choices" in field else 1)
        if "record" in field:
            each = value if field["presence"] == "repeated" else [value]
            newest = max(newest, *(revision_of(field["record"], one) for one in each))
    return newest


class Client:
    """The calls: a pool of connections, deadlines, another attempt where the rules allow one."""

    connection_type = Connection

    def __init__(self, address, options):
        self.options = dict(DEFAULTS, **options)
        self.check_options()
        self.read_token()
        self.address = self.parse(address)
        self.closed = False
        self.begin_anew()

    def check_options(self):
        for row in OPTIONS:
            value = self.options[row["name"]]
            if value is None and row.get("optional"):
                continue
            size = len(value.encode()) if row["type"] == "text" else value
            if "min" in row and not row["min"] <= size <= row["max"]:
                raise request_invalid(row["name"], "option %s is %d, allowed: %d to %d"
                                      % (row["name"], size, row["min"], row["max"]))

    def read_token(self):
        """The token of the token file, where no token is given."""
        path = self.options["token_file"] or os.environ.get("ASSAY_TOKEN_FILE")
        if self.options["token"] is None and path:
            self.options["token"] = self.token_in(path)

    def token_in(self, path):
        try:
            with open(path, "rb") as handle:
                token = handle.read(1024).strip()
        except OSError as error:
            raise request_invalid("token_file", "no token file: %s" % error.strerror) from error
        if not self.is_token(token):
            raise request_invalid("token_file", "a token file without a token")
        return token.decode("latin-1")

    def is_token(self, token):
        return 0 < len(token) <= TOKEN_SIZE_MAX and all(32 < byte < 127 for byte in token)

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
        if "://" not in address:
            address = ("unix://" if address.startswith("/") else "tcp://") + address
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
        """A usable connection with a free place. Waits at most until `end`."""
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
        """Connects. `close` ends the connecting, too."""
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
        """The error of a failed connect. A connect ended by the deadline is timed_out."""
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
        """The result for the driver. Raises CallError. `on_chunk` returns False to stop."""
        if self.process != os.getpid():
            self.after_fork()
        begun = time.monotonic()
        end = begun + deadline / 1000 if deadline else None
        attempt = waits = moves = 0
        request = self.with_real(kind, request)
        self.check_request(kind, request)
        while True:
            attempt += 1
            try:
                return self.attempt(kind, request, end, on_chunk, attempt)
            except CallError as error:
                if self.moves(error, moves):
                    attempt, moves = attempt - 1, moves + 1
                    continue
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

    def moves(self, error, moves):
        """True when an idle connection ended under the call for the first time: no attempt."""
        return error.unread and not moves

    def sleep(self, seconds):
        """A pause, which `close` ends."""
        end = time.monotonic() + seconds
        with self.lock:
            while not self.closed and (left := end - time.monotonic()) > 0:
                self.lock.wait(left)

    def waiting_pause(self, error, begun, waits):
        """Seconds to wait for a server that is absent or loads. None when the server is not waited
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
        """Adds the number of the attempt from the second on, where request and server allow it."""
        has = any(field["name"] == "context" for field in MESSAGES[kind + " request"]["fields"])
        if attempt == 1 or not has or revision < 3:
            return request
        return dict(request, context=dict(request.get("context") or {}, attempt=str(attempt)))

    def check_revision(self, kind, request, revision):
        newest = revision_of(kind + " request", request)
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
            if error.json["code"] == "connection_closed" and not error.unread and (
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
        chunks = [] if pending.kind in ("Load", "Swap") else pending.frames[:-1]
        return {"provenance": pending.provenance, "generation": pending.generation,
                "degraded": pending.degraded, "response": whole(pending.kind, chunks, last)}

    def close(self):
        with self.lock:
            self.closed = True
            pool, self.pool = self.pool + self.greeting, []
            self.lock.notify_all()
        for connection in pool:
            connection.close(closed_by_caller())
