#!/usr/bin/env python3
"""A client by somebody who has read SPEC.md and nothing else: continues a prompt, prints the text.

    stranger.py PATH-OF-A-UNIX-SOCKET REVISION PROMPT
"""
import socket
import struct
import sys

U64, TEXT, RECORD, BOOL = 1, 4, 7, 8
HELLO, GENERATE, GO_AWAY, MORE, REAL = 0x01, 0x0A, 0xF0, 2, 1
HEADER, LONG = struct.Struct("<IBBBBQIIII"), struct.Struct("<Q")


def field(number, kind, value):
    return struct.pack("<HBBI", number, kind, 0, len(value)) + value


def send(stream, kind, number, body):
    stream.write(HEADER.pack(28 + len(body), 1, kind, 0, 0, number, 0, len(body), 0, 0) + body)
    stream.flush()


def receive(stream, kind, number):
    """The next frame for this request: True when more follow, and the fields by id."""
    length, version, got, flags, provenance, answered, status, raw, _, reserved = HEADER.unpack(
        stream.read(HEADER.size))
    if not 28 <= length <= 28 + (4 << 20) or version != 1 or reserved or raw != length - 28:
        sys.exit("stranger: these bytes break the protocol")
    body, fields, at = stream.read(raw), {}, 0
    while at < len(body):
        where, _, _, size = struct.unpack_from("<HBBI", body, at)
        fields[where] = body[at + 8:at + 8 + size]
        at += 8 + size
    if provenance != REAL or got != GO_AWAY and (got, answered) != (kind | 0x80, number):
        sys.exit("stranger: not a real answer to what was asked")
    if status:  # a failure: field 2 is the message
        sys.exit("stranger: status %d: %s" % (status, fields[2].decode()))
    # GoAway: the server goes, and finishes the requests in flight.
    return receive(stream, kind, number) if got == GO_AWAY else (bool(flags & MORE), fields)


def main(path, revision, prompt):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    stream = connection.makefile("rwb")
    send(stream, HELLO, 1, field(1, TEXT, b"stranger/1") + field(2, U64, LONG.pack(int(revision))))
    agreed = receive(stream, HELLO, 1)[1][2]
    send(stream, GENERATE, 2, field(2, TEXT, prompt.encode()) + field(6, U64, LONG.pack(16))
         + field(30, RECORD, field(1, BOOL, b"\1")))  # the model must be real
    more, text, frames = True, b"", 0
    while more:
        more, fields = receive(stream, GENERATE, 2)
        if int.from_bytes(agreed, "little") >= 3 and fields.get(28) != LONG.pack(frames):
            sys.exit("stranger: a frame was lost")
        text, frames = text + fields.get(2, b""), frames + 1
    print(text.decode())


main(*sys.argv[1:])
