"""The scripted server: a listener with every byte decided by a scenario.

Blocking sockets with a limit on every wait, so that a client that hangs turns a row red and never
hangs the kit. A client's bytes are read strictly (SPEC.md section 1 and the tables): a request that
a server would refuse fails the reading row.
In one file, since every class reads what the others have recorded.
"""

import contextlib
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors"))

from codec import (KIND_OF_NUMBER, KINDS, LIMITS, PROTOCOL, Wrong, clip, decode,  # noqa: E402
                   encode)
from encoder import (COMPRESSED, DEGRADED, KIND, MORE, REAL, STATUS,  # noqa: E402
                     lz4_decode, lz4_encode, packed, plain)

WAIT = 5.0  # seconds for expected data
QUIET = 0.15  # seconds of expected silence


# An answer to Hello.
HELLO = {"server": "kit/1", "revision": "2", "compression": False, "body_size_max": "4194304",
         "requests_in_flight_max": "256"}


class NotApplicable(Exception):
    """A row that needs a feature missing in the client's language or in the system."""


class Failed(Exception):
    """An expectation of a row that did not hold."""

    def __init__(self, expected, found):
        super().__init__("expected %s; found %s" % (expected, found))


class Request:
    """One request of the client, its fields in the form of the driver protocol."""

    def __init__(self, kind, header, body, fields):
        self.kind, self.body, self.fields = kind, body, fields
        self.flags, self.id, self.deadline = header[3], header[5], header[6]
        self.arrived = time.monotonic()
        self.tokens_sent = self.frames_sent = 0

    def __repr__(self):
        return "a %s request with id %d" % (self.kind, self.id)


class Listener:
    """The listener for clients. `close` and `open_again` make the restart of a server."""

    def __init__(self, folder, tcp=False):
        self.tcp, self.port = tcp, 0
        self.path = os.path.join(folder, "%d.sock" % (time.monotonic_ns() % 10**10))
        self.socket = self.crowding = None
        self.open_again()

    @property
    def url(self):
        return "tcp://127.0.0.1:%d" % self.port if self.tcp else "unix://" + self.path

    def open_again(self):
        if self.tcp:
            self.socket = socket.socket()
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(("127.0.0.1", self.port))
            self.port = self.socket.getsockname()[1]
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.bind(self.path)
        self.socket.listen(64)

    def close(self):
        if self.crowding is not None:
            self.crowding.close()
        if self.socket is None:
            return
        self.socket.close()
        self.socket = None
        if not self.tcp:
            os.unlink(self.path)

    def crowd(self):
        """Fills the queue of connections: the system answers nobody who connects from now on."""
        self.socket.listen(0)
        self.crowding = socket.socket(self.socket.family)
        self.crowding.settimeout(WAIT)
        self.crowding.connect(self.socket.getsockname())

    def disperse(self):
        """Empties the queue, and anybody may connect again."""
        self.socket.listen(64)
        self.accept().close()

    def accept(self, seconds=WAIT):
        if self.socket is None:
            raise Failed("a connection", "no listener to take it")
        self.socket.settimeout(seconds)
        try:
            return Peer(self.socket.accept()[0])
        except TimeoutError:
            raise Failed("a connection", "none within %.1f s" % seconds) from None

    def no_connection(self, seconds=QUIET):
        self.socket.settimeout(seconds)
        try:
            self.socket.accept()[0].close()
        except TimeoutError:
            return
        raise Failed("no connection", "one")


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection):
        self.socket = connection
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.waiting = []
        self.compression = False
        self.revision = 1
        self.limit = LIMITS["frame_size_max_before_hello"] - LIMITS["header_size"]
        self.seen = []

    # ------------------------------------------------------------ reading

    def _fill(self, size, until, what):
        """True when `size` bytes are there, False at the end of the connection."""
        while len(self.buffer) < size:
            left = until - time.monotonic()
            if left <= 0:
                raise Failed(what, "nothing within the time limit" if not self.buffer
                             else "%d bytes of a frame" % len(self.buffer))
            self.socket.settimeout(left)
            try:
                part = self.socket.recv(1 << 20)
            except TimeoutError:
                continue
            except ConnectionError:
                return False
            if not part:
                return False
            self.buffer += part
        return True

    def _frame(self, seconds, what):
        """The next frame as a Request. None when the client has closed."""
        until = time.monotonic() + seconds
        if not self._fill(32, until, what):
            return None
        header = struct.unpack_from("<IBBBBQIIII", self.buffer)
        length, version, kind, flags, provenance, number, _, raw, generation, reserved = header
        wrong = [text for bad, text in [
            (not 28 <= length <= 28 + self.limit, "length %d (limit of the body: %d)"
             % (length, self.limit)),
            (version != 1, "version %d" % version), (reserved != 0, "reserved not zero"),
            (not 0 < kind < 128, "kind 0x%02x" % kind),
            (flags & ~COMPRESSED, "flags %d" % flags), (provenance != 0, "a provenance"),
            (number == 0, "id 0"), (generation != 0, "a generation"),
            (raw > self.limit, "rawSize %d" % raw),
            (flags & COMPRESSED and not self.compression, "compressed without agreement"),
            (flags & COMPRESSED and not (raw >= 1024 and 0 < length - 28 < raw),
             "compressed, but not useful"),
            (not flags & COMPRESSED and raw != length - 28, "rawSize %d" % raw)] if bad]
        if wrong:
            raise Failed(what, "a frame with %s" % ", ".join(wrong))
        if not self._fill(4 + length, until, what):
            raise Failed(what, "half a frame, then the end of the connection")
        body, self.buffer = self.buffer[32:4 + length], self.buffer[4 + length:]
        name = KIND_OF_NUMBER.get(kind)
        if name is None or KINDS[name]["state"] != "served":
            raise Failed(what, "a request of kind 0x%02x" % kind)
        try:
            if flags & COMPRESSED:
                body = lz4_decode(body, raw)
                if len(body) != raw:
                    raise ValueError("a block of %d bytes, announced: %d" % (len(body), raw))
            request = Request(name, header, body, decode(name + " request", body))
        except (Wrong, ValueError) as error:
            raise Failed(what, "a %s request that is not valid: %s" % (name, error)) from error
        self.seen.append(request)
        return request

    def request(self, kind=None, where=None, seconds=WAIT):
        """The next request, or the first of `kind` whose fields satisfy `where`. The rest wait."""
        what = "a %s request" % kind if kind else "a request"

        def fits(one):
            return (kind is None or one.kind == kind) and (where is None or where(one.fields))

        for index, one in enumerate(self.waiting):
            if fits(one):
                return self.waiting.pop(index)
        until = time.monotonic() + seconds
        while True:
            one = self._frame(max(until - time.monotonic(), 0.001), what)
            if one is None:
                raise Failed(what, "the end of the connection")
            if fits(one):
                return one
            if where is None and (kind == "Hello" or one.kind != "Cancel"):
                raise Failed(what, repr(one))
            self.waiting.append(one)

    def nothing(self, seconds=QUIET, but_close=True):
        """No request comes for a while. The client may close unless `but_close` is false."""
        if self.waiting:
            raise Failed("no request", repr(self.waiting[0]))
        try:
            one = self._frame(seconds, "no request")
        except Failed:
            if self.buffer:
                raise
            return
        if one is not None:
            raise Failed("no request", repr(one))
        if not but_close:
            raise Failed("no request", "the end of the connection")

    def closed(self, seconds=WAIT, but=("Cancel",)):
        """The client closes, and sends nothing but such requests before."""
        until = time.monotonic() + seconds
        while True:
            one = self._frame(max(until - time.monotonic(), 0.001), "the end of the connection")
            if one is None:
                return
            if one.kind not in but:
                raise Failed("the end of the connection", repr(one))

    # ------------------------------------------------------------ writing

    def send(self, data):
        """Sends raw bytes. A client that has closed is no error here, since the row will notice."""
        self.socket.settimeout(WAIT)
        try:
            self.socket.sendall(data)
        except TimeoutError:
            raise Failed("a client that reads", "none: the socket's buffer is full") from None
        except OSError:
            pass

    def read_no_more(self):
        """Makes all later writes of the client fail, without notice to the client (Unix only)."""
        self.socket.shutdown(socket.SHUT_RD)

    def close(self):
        """Closes: the client reads all sent bytes, then the end of the stream."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    # ------------------------------------------------------------ frames

    @contextlib.contextmanager
    def held(self):
        """Holds back what is sent inside. Gives the list of the frames' bytes."""
        pieces = []
        self.send = pieces.append
        yield pieces
        del self.send

    def frame(self, asked, message, values, status=0, compress=False, **words):
        """The bytes of a frame of the answer to `asked`. `words` go into the header."""
        words.setdefault("kind", KIND[asked.kind] | 0x80)
        words.setdefault("request", asked.id)
        words.setdefault("provenance", REAL)
        raw = encode(message, values)
        if compress:
            words["flags"] = words.get("flags", 0) | COMPRESSED
            return packed(lz4_encode(raw), raw, status=status, **words)
        return plain(raw, status=status, **words)

    def hello(self, compression=False, words=None, **values):
        """Reads and answers Hello. `words` go into the header. Gives the request."""
        request = self.request("Hello")
        self.compression = bool(compression and request.fields.get("compression"))
        agreed = min(PROTOCOL["revision"], int(request.fields["revision"]))
        answer = {**HELLO, "revision": str(agreed), "compression": self.compression, **values}
        self.revision = int(answer["revision"])
        self.limit = int(answer["body_size_max"])
        self.send(self.frame(request, "Hello response", answer, **(words or {})))
        return request

    def answer(self, request, _message=None, **values):
        """The last frame with status OK: the sample of its kind, changed by `values`."""
        words = {key: values.pop(key) for key in ("provenance", "generation", "flags", "compress")
                 if key in values}
        message = _message or KINDS[request.kind]["response"]
        fields = sample(request)
        fields.update(values)
        fields = {key: value for key, value in fields.items() if value is not None}
        if request.kind == "Generate" and "completion_tokens" not in values:
            count = request.tokens_sent + len(fields.get("tokens", []))
            fields["completion_tokens"] = str(count)
        self.number(request, fields)
        if "answer" in fields:
            words.setdefault("generation", 1)
            if fields["answer"].get("degradations"):
                words.setdefault("flags", DEGRADED)
        self.send(self.frame(request, message, fields, **words))
        return fields

    def chunk(self, request, **values):
        """A frame with the flag more."""
        words = {key: values.pop(key) for key in ("provenance", "generation", "compress")
                 if key in values}
        words.setdefault("generation", 0 if request.kind in ("Load", "Swap") else 1)
        if request.kind == "Generate":
            request.tokens_sent += len(values.get("tokens", []))
        self.number(request, values)
        self.send(self.frame(request, KINDS[request.kind]["chunk"], values, flags=MORE, **words))

    def number(self, request, fields):
        """From revision 3 on the frames of a streamed kind say their number."""
        if self.revision >= 3 and KINDS[request.kind]["streamed"]:
            fields.setdefault("frame", str(request.frames_sent))
        request.frames_sent += 1

    def token(self, request, number, text, **words):
        """A chunk of Generate with one token."""
        self.chunk(request, tokens=[number], text=text, **words)

    def error(self, request, status, code="some_reason", message="as the script says", **values):
        """The last frame with a status."""
        words = {key: values.pop(key) for key in ("provenance", "generation") if key in values}
        number = STATUS[status] if isinstance(status, str) else status
        fields = {"code": code, "message": message, **values}
        self.send(self.frame(request, "Error", fields, status=number, **words))

    def go_away(self, status="OK", code="version_unsupported", message="go away",
                reason="shutting_down", drain=30000, **words):
        """GoAway: for `reason` with status OK, otherwise for cause. `words` go into the header."""
        words = {"kind": KIND["GoAway"] | 0x80, "request": 0, "provenance": REAL, **words}
        if status == "OK":
            raw = encode("GoAway", {"reason": reason, "drain_milliseconds": str(drain)})
        else:
            raw = encode("Error", {"code": code, "message": message})
        self.send(plain(raw, status=STATUS[status], **words))

    def idle(self):
        """GoAway with reason idle: the server reads nothing any more."""
        self.go_away(reason="idle", drain=0)


# ---------------------------------------------------------------- answers that are right

ANSWER = {"model": "stories", "fingerprint": bytes(range(32)).hex(), "device": "cpu",
          "timing": {"accept": "12", "queue": "3", "tokenize": "40", "prefill": "1500",
                     "decode": "9000", "write": "25", "total": "10580"}}
MODEL = {"name": "stories", "state": "ready", "provenance": "1", "architecture": "llama",
         "parameters": "260032", "vocabulary": "512", "context": "512", "generation": "1",
         "device": "cpu", "bytes": "1099511627776"}
LAYER = {"layer": "file", "ok": True, "microseconds": "40"}


def logprobs(tokens, width=0):
    """A Logprobs of these tokens with `width` alternatives each."""
    out = {"tokens": tokens, "logprobs": [-0.5] * len(tokens)}
    if width and tokens:
        out.update(top_count=str(width), top_tokens=list(range(width)) * len(tokens),
                   top_logprobs=[-0.5] * (width * len(tokens)))
    return out


def sample(request):
    """The fields of a right answer to any `request`."""
    fields, kind = request.fields, request.kind
    answer = {key: value for key, value in ANSWER.items()}
    if kind == "Ping":
        return {"payload": fields["payload"]} if "payload" in fields else {}
    if kind == "Health":
        return {"ready": True, "state": "ready",
                **({"seal": "matched", "largest_difference": 0.0} if fields.get("verify") else {})}
    if kind == "Models":
        return {"models": [MODEL]}
    if kind == "Load":
        return {"accepted": True, "layers": [LAYER], "model": dict(MODEL, name=fields["name"])}
    if kind == "Swap":
        return {"layers": [LAYER], "model": dict(MODEL, name=fields["name"], generation="2",
                                                 held_generation="1"),
                "previous_generation": "1", "warmed": "8"}
    if kind in ("Rollback", "Pin", "Alias"):
        return {"model": dict(MODEL, name=fields["name"])}
    if kind == "Unload":
        return {}
    if kind == "Tokenize":
        return {"tokens": [1, 403], "answer": answer}
    if kind == "Detokenize":
        return {"text": b"some text".hex(), "answer": answer}
    if kind == "Generate":
        out = {"tokens": [5], "text": " was", "finish_reason": "length", "prompt_tokens": "3",
               "answer": answer}
        if "logprobs" in fields:
            out["logprobs"] = logprobs([5], int(fields["logprobs"]))
        if "prompt_logprobs" in fields:
            out["prompt_logprobs"] = logprobs([403, 7], int(fields["prompt_logprobs"]))
        return out
    if kind == "Score":
        width = int(fields.get("top_logprobs", 0))
        return {"scores": [{"logprobs": logprobs([383], width), "logprob": -0.5, "greedy": False}
                           for _ in fields["continuations"]], "prompt_tokens": "4",
                "answer": answer}
    if kind == "Logits":
        rows = len(fields.get("tokens", [1])) if fields.get("all_positions") else 1
        return {"logits": [0.5, -1.25] * rows, "vocabulary": "2", "positions": str(rows),
                "answer": answer}
    if kind == "Embed":
        count = len(fields["inputs"])
        return {"embeddings": [0.5, -0.25] * count, "dimensions": "2", "count": str(count),
                "prompt_tokens": "9", "answer": answer}
    if kind == "Render":
        return {"text": "<user>Hi", "tokens": [1, 403], "answer": answer, "template": {
            "source": "tokenizer.chat_template", "fingerprint": "07" * 32, "reads_tools": False,
            "thinking": "none", "reads_time": False, "variables": ["messages"]}}
    if kind == "Stats":
        return {"counters": [{"name": "requests", "real": "12", "mock": "0"}]}
    if kind == "Cancel":
        return {"found": True}
    raise ValueError("no sample for %s; %s" % (kind, clip(fields)))
