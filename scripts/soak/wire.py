"""The wire as attackers speak it: frames and fields from Protocol/SPEC.md, by hand.

Standard library only, and nothing shared with a client: an attacker must be able to send what no
client sends. Guarantees: every byte that a server sends is checked as section 1 of SPEC demands,
and what breaks it raises `Damage`. Not here: sockets (raider).
"""

import struct

HELLO, PING, HEALTH, MODELS, LOAD, UNLOAD, TOKENIZE, DETOKENIZE = 1, 2, 3, 4, 5, 7, 8, 9
GENERATE, SCORE, LOGITS, EMBED, CANCEL, STATS, GO_AWAY = 10, 11, 12, 13, 14, 15, 0x70
REVISION = 4
#: Bytes of a header, and of a body at most when nobody said otherwise.
HEADER, BODY_MAX = 32, 4 << 20
COMPRESSED, MORE = 1, 2

#: A word for each status that a server sends, as a tally shows it.
STATUSES = {
    0: "ok", 1: "cancelled", 2: "unknown", 3: "invalid_argument", 4: "deadline_exceeded",
    5: "not_found", 6: "already_exists", 7: "permission_denied", 8: "resource_exhausted",
    9: "failed_precondition", 10: "aborted", 11: "out_of_range", 12: "unimplemented",
    13: "internal", 14: "unavailable", 15: "data_loss", 16: "unauthenticated",
    32: "protocol_error", 33: "model_rejected", 34: "requirement_not_met",
}


class Damage(Exception):
    """The server sent what SPEC does not allow."""


# ---------------------------------------------------------------- fields


def field(number, kind, value):
    return struct.pack("<HBBI", number, kind, 0, len(value)) + value


def whole(number, value):
    return field(number, 1, struct.pack("<Q", value))


def raw(number, value):
    return field(number, 3, value)


def text(number, value):
    return field(number, 4, value.encode())


def words(number, values):
    return field(number, 5, struct.pack(f"<{len(values)}I", *values))


def record(number, value):
    return field(number, 7, value)


def truth(number, value):
    return field(number, 8, bytes([value]))


def fields(body):
    """(id, bytes of the value) of each field; what leaves the body is Damage."""
    at = 0
    while at < len(body):
        if at + 8 > len(body):
            raise Damage("a field's header leaves the body")
        number, _, _, size = struct.unpack_from("<HBBI", body, at)
        at += 8
        if at + size > len(body):
            raise Damage("a field leaves the body")
        yield number, body[at:at + size]
        at += size


# ---------------------------------------------------------------- frames


def frame(kind, request_id, body=b"", flags=0, raw_size=None, deadline=0, length=None):
    """A request; `raw_size` and `length` may lie."""
    return struct.pack(
        "<IBBBBQIIII", HEADER - 4 + len(body) if length is None else length, 1, kind, flags, 0,
        request_id, deadline, len(body) if raw_size is None else raw_size, 0, 0) + body


def hello(client="soak", compression=False):
    body = text(1, client) + whole(2, REVISION)
    return frame(HELLO, 1, body + (truth(3, True) if compression else b""))


def block_of_zeros(size):
    """The LZ4 block that decodes to `size` zeros, the densest there is: one literal, one match
    behind it, five literals as every block ends."""
    rest = size - 1 - 5 - 4 - 15
    if rest < 0:
        raise ValueError(f"{size} zeros are too few for a match")
    return b"\x1f\x00\x01\x00" + b"\xff" * (rest // 255) + bytes([rest % 255]) + b"\x50" + bytes(5)


class Answer:
    """A frame of the server."""

    def __init__(self, header, body):
        (_, _, self.kind, self.flags, self.provenance, self.request_id, self.status,
         self.raw_size, self.generation, _) = header
        self.body = body

    @property
    def more(self):
        return bool(self.flags & MORE)

    @property
    def goes_away(self):
        return self.kind == 0x80 | GO_AWAY

    @property
    def code(self):
        """`answered`, the Error's code, or the reason of a GoAway that is no error."""
        if self.status == 0 and not self.goes_away:
            return "answered"
        if self.flags & COMPRESSED:
            return STATUSES[self.status]
        found = dict(reversed(list(fields(self.body)))).get(1, b"")
        try:
            return found.decode()
        except UnicodeDecodeError:
            raise Damage(f"the server sent a code that is no text: {found!r}") from None


class Reader:
    """Bytes of a server in any cut, frames out; raises `Damage`."""

    def __init__(self):
        self.bytes = bytearray()

    def feed(self, data):
        """The frames that `data` completes."""
        self.bytes += data
        found = []
        while len(self.bytes) >= HEADER:
            header = struct.unpack_from("<IBBBBQIIII", self.bytes)
            check(header)
            end = 4 + header[0]
            if len(self.bytes) < end:
                break
            found.append(Answer(header, bytes(self.bytes[HEADER:end])))
            del self.bytes[:end]
        return found


def check(header):
    """A response's header, row by row."""
    length, version, kind, flags, provenance, request_id, status, raw_size, _, reserved = header
    size = length - (HEADER - 4)
    rows = (
        (0 <= size <= BODY_MAX, f"a length of {length}"),
        (version == 1, f"version {version}"),
        (reserved == 0, f"reserved {reserved}"),
        (kind >= 0x81, f"kind {kind:#x}"),
        (flags <= 7, f"flags {flags:#x}"),
        (provenance in (1, 2), f"provenance {provenance}"),
        ((request_id == 0) == (kind == 0x80 | GO_AWAY), f"id {request_id} of kind {kind:#x}"),
        (status in STATUSES, f"status {status}"),
        (status == 0 or not flags & ~COMPRESSED, f"flags {flags:#x} with status {status}"),
        (raw_size <= BODY_MAX, f"a raw size of {raw_size}"),
        (flags & COMPRESSED or raw_size == size, f"a raw size of {raw_size} for {size} bytes"),
    )
    for holds, found in rows:
        if not holds:
            raise Damage(f"the server sent a frame with {found}")
