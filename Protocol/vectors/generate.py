#!/usr/bin/env python3
"""Writes the wire vectors: frames as bytes, and what a codec must make of them.

An implementation of Protocol/SPEC.md of its own (standard library only), so that the vectors do
not repeat a mistake of the Swift codec. Deterministic. One long file on purpose: whoever checks a
codec against it reads encoder, message tables and cases in one place and needs nothing else; most
of it is the list of cases.

    generate.py            rewrite valid/, invalid/, incomplete/ beside this file
    generate.py --check    write nothing; exit 1 when a file differs from what would be written
"""

import json
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
COMPRESSED, MORE, DEGRADED = 1, 2, 4
REAL, MOCK = 1, 2
STATUS = {
    "OK": 0, "CANCELLED": 1, "UNKNOWN": 2, "INVALID_ARGUMENT": 3, "DEADLINE_EXCEEDED": 4,
    "NOT_FOUND": 5, "RESOURCE_EXHAUSTED": 8, "FAILED_PRECONDITION": 9, "UNIMPLEMENTED": 12,
    "INTERNAL": 13, "UNAVAILABLE": 14, "PROTOCOL_ERROR": 32, "MODEL_REJECTED": 33,
    "REQUIREMENT_NOT_MET": 34,
}
KIND = {
    "Hello": 1, "Ping": 2, "Health": 3, "Models": 4, "Load": 5, "Swap": 6, "Unload": 7,
    "Tokenize": 8, "Detokenize": 9, "Generate": 10, "Score": 11, "Logits": 12, "Embed": 13,
    "Cancel": 14, "Stats": 15, "GoAway": 0x70,
}

# ---------------------------------------------------------------- fields

U64, F64, BYTES, TEXT, U32S, F32S, RECORD, BOOL = range(1, 9)


class Field:
    """One field: its bytes, and the same thing as JSON."""

    def __init__(self, number, name, kind, payload, value):
        self.raw = struct.pack("<HBBI", number, kind, 0, len(payload)) + payload
        self.json = {"id": number, "name": name, "value": value}


def u64(number, name, value):
    # A decimal string: JSON numbers lose precision above 2^53 in many languages.
    return Field(number, name, U64, struct.pack("<Q", value), str(value))


def f64(number, name, value):
    return Field(number, name, F64, struct.pack("<d", value), value)


def data(number, name, value):
    return Field(number, name, BYTES, value, value.hex())


def text(number, name, value):
    return Field(number, name, TEXT, value.encode("utf-8"), value)


def u32s(number, name, values):
    return Field(number, name, U32S, struct.pack("<%dI" % len(values), *values), values)


def f32s(number, name, values):
    return Field(number, name, F32S, struct.pack("<%df" % len(values), *values), values)


def boolean(number, name, value):
    return Field(number, name, BOOL, bytes([1 if value else 0]), value)


def record(number, name, fields):
    return Field(number, name, RECORD, body(fields), [f.json for f in fields])


def body(fields):
    return b"".join(f.raw for f in fields)


def raw_field(number, kind, payload, size=None, zero=0):
    """A field as bytes, free to be wrong."""
    return struct.pack("<HBBI", number, kind, zero, len(payload) if size is None else size) + payload


# ---------------------------------------------------------------- frames

def header(kind, flags=0, provenance=0, request=1, status=0, raw=0, generation=0, wire=None,
           version=1, reserved=0, length=None):
    wire = raw if wire is None else wire
    length = 28 + wire if length is None else length
    return struct.pack("<IBBBBQIIII", length & 0xFFFFFFFF, version, kind, flags, provenance,
                       request, status, raw, generation, reserved)


def packed(block, raw_body, **words):
    """A frame whose body is an LZ4 block of `raw_body`."""
    return header(raw=len(raw_body), wire=len(block), **words) + block


def plain(raw_body, **words):
    return header(raw=len(raw_body), **words) + raw_body


# ---------------------------------------------------------------- LZ4 blocks, by hand

def lz4_length(value):
    """The bytes after a token's nibble of 15."""
    out = bytearray()
    value -= 15
    while value >= 255:
        out.append(255)
        value -= 255
    out.append(value)
    return bytes(out)


def lz4_sequence(literals, offset=None, match=None):
    """One sequence; without a match it is the last one of a block."""
    high = min(len(literals), 15)
    low = 0 if match is None else min(match - 4, 15)
    out = bytearray([high << 4 | low])
    if high == 15:
        out += lz4_length(len(literals))
    out += literals
    if match is not None:
        out += struct.pack("<H", offset)
        if low == 15:
            out += lz4_length(match - 4)
    return bytes(out)


def lz4_decode(block):
    """The inverse, written from the format's description; proves the blocks above."""
    out, at = bytearray(), 0
    while True:
        token = block[at]
        at += 1
        count = token >> 4
        if count == 15:
            while True:
                count += block[at]
                at += 1
                if block[at - 1] != 255:
                    break
        out += block[at:at + count]
        at += count
        if at == len(block):
            return bytes(out)
        offset = block[at] | block[at + 1] << 8
        at += 2
        count = (token & 15) + 4
        if token & 15 == 15:
            while True:
                count += block[at]
                at += 1
                if block[at - 1] != 255:
                    break
        for _ in range(count):
            out.append(out[-offset])


def lz4_runs(prefix, period, length):
    """A block for `prefix` followed by its last `period` bytes repeated up to `length` in all."""
    tail = 12  # the format wants the last five bytes, and no match in the last twelve, as literals
    raw_body = bytearray(prefix)
    while len(raw_body) < length:
        raw_body.append(raw_body[-period])
    raw_body = bytes(raw_body)
    match = length - len(prefix) - tail
    block = lz4_sequence(prefix, period, match) + lz4_sequence(raw_body[-tail:])
    assert lz4_decode(block) == raw_body
    return block, raw_body


# ---------------------------------------------------------------- shared parts

FINGERPRINT = bytes(range(32))


def timing(*values):
    names = ["accept", "queue", "tokenize", "prefill", "decode", "write", "total"]
    return record(4, "timing", [u64(i + 1, n, v) for i, (n, v) in enumerate(zip(names, values))])


def answer(model="stories", fingerprint=FINGERPRINT, device="cpu", degradations=()):
    parts = [text(1, "model", model)]
    if fingerprint:
        parts.append(data(2, "fingerprint", fingerprint))
    parts.append(text(3, "device", device))
    parts.append(timing(12, 3, 40, 1500, 9000, 25, 10580))
    parts += [text(5, "degradations", d) for d in degradations]
    return record(31, "answer", parts)


def model_info(name, state="ready", provenance=1, fingerprint=FINGERPRINT, reason=None):
    parts = [
        text(1, "name", name), text(2, "state", state), u64(3, "provenance", provenance),
        text(4, "architecture", "llama" if provenance == 1 else "mock"),
        u64(5, "parameters", 260032), u64(6, "vocabulary", 512), u64(7, "context", 512)]
    if fingerprint:
        parts.append(data(8, "fingerprint", fingerprint))
    parts += [u64(9, "generation", 1), text(10, "device", "cpu")]
    if reason:
        parts.append(text(11, "device_reason", reason))
    parts.append(u64(12, "bytes", 1_099_511_627_776))
    return parts


def layer(number, name, which, ok, microseconds):
    return record(number, name, [
        text(1, "layer", which), boolean(2, "ok", ok), u64(3, "microseconds", microseconds)])


def error_fields(code, message, field=None, retry=None, which=None):
    parts = [text(1, "code", code), text(2, "message", message)]
    if field:
        parts.append(text(3, "field", field))
    if retry is not None:
        parts.append(u64(4, "retry_after_milliseconds", retry))
    if which:
        parts.append(text(5, "layer", which))
    return parts


def logprobs(number, name, tokens, values, top=()):
    """A Logprobs; `top` has a list of (token, value) per token, all of one length."""
    parts = [u32s(1, "tokens", tokens), f32s(2, "logprobs", values)]
    width = len(top[0]) if top else 0
    if width:
        parts += [u64(3, "top_count", width),
                  u32s(4, "top_tokens", [t for row in top for t, _ in row]),
                  f32s(5, "top_logprobs", [v for row in top for _, v in row])]
    return record(number, name, parts)


def message(role, content, number):
    return record(number, "messages", [text(1, "role", role), text(2, "content", content)])


def text_input(number, name, value):
    return record(number, name, [text(1, "text", value)])


def token_input(number, name, values):
    return record(number, name, [u32s(2, "tokens", values)])


# ---------------------------------------------------------------- cases

CASES = []


def add(folder, name, about, raw, expected):
    assert all(c["name"] != name or c["folder"] != folder for c in CASES), name
    CASES.append({"folder": folder, "name": name, "bytes": raw,
                  "json": {"about": about, **expected}})


def frame_case(kind, message, fields, request=1, flags=0, provenance=0, status=0, generation=0,
               block=None, raw_body=None, kind_byte=None):
    """Bytes and expectation of one valid frame."""
    raw_body = body(fields) if raw_body is None else raw_body
    response = provenance != 0
    number = (KIND[kind] if kind_byte is None else kind_byte) | (0x80 if response else 0)
    words = dict(kind=number, flags=flags, provenance=provenance, request=request, status=status,
                 generation=generation)
    raw = plain(raw_body, **words) if block is None else packed(block, raw_body, **words)
    head = {"kind": number, "flags": flags, "provenance": provenance, "request_id": str(request),
            "status": status, "raw_size": len(raw_body), "generation": generation,
            "wire_size": len(raw) - 32}
    return raw, {"header": head, "message": message, "fields": [f.json for f in fields]}


def valid(name, about, *frames, direction="request", before_hello=False, canonical=True):
    expected = {"direction": direction, "before_hello": before_hello, "canonical": canonical,
                "frames": [f[1] for f in frames]}
    add("valid", name, about, b"".join(f[0] for f in frames), expected)


def request(kind, fields, **words):
    return frame_case(kind, kind + " request", fields, **words)


def response(kind, fields, message=None, provenance=REAL, **words):
    return frame_case(kind, message or kind + " response", fields, provenance=provenance, **words)


def failure(kind, status, fields, provenance=REAL, **words):
    return frame_case(kind, "Error", fields, provenance=provenance, status=STATUS[status], **words)


def framing(name, about, raw, code, direction="request", before_hello=False):
    add("invalid", name, about, raw, {
        "direction": direction, "before_hello": before_hello,
        "error": {"code": code, "status": "PROTOCOL_ERROR", "field": None}})


def bad_body(name, about, message, raw_body, code, field, direction="request"):
    kind = message.split(" ")[0]
    if kind == "Error":
        raw = plain(raw_body, kind=KIND["Generate"] | 0x80, provenance=REAL, status=13)
    elif direction == "request":
        raw = plain(raw_body, kind=KIND[kind])
    else:
        raw = plain(raw_body, kind=KIND[kind] | 0x80, provenance=REAL)
    add("invalid", name, about, raw, {
        "direction": direction, "before_hello": False, "message": message,
        "error": {"code": code, "status": "INVALID_ARGUMENT", "field": field}})


def valid_requests():
    valid("hello_minimal", "the least a client may say",
          request("Hello", [text(1, "client", "c"), u64(2, "revision", 1)]),
          before_hello=True, canonical=False)
    valid("hello_full", "every field of Hello",
          request("Hello", [text(1, "client", "example/1.0"), u64(2, "revision", 1),
                            boolean(3, "compression", True), u64(4, "body_size_max", 65536)]),
          before_hello=True)
    valid("ping_empty", "a body of no bytes: the frame is its header",
          request("Ping", []), canonical=False)
    valid("ping_64", "a body of 64 bytes, the usual benchmark",
          request("Ping", [data(1, "payload", bytes(range(56)))], request=2))
    valid("ping_largest_before_hello", "4096 bytes with the header: the largest before Hello",
          request("Ping", [data(1, "payload", b"\x5a" * (4096 - 32 - 8))]), before_hello=True)
    valid("ping_largest", "the largest payload",
          request("Ping", [data(1, "payload", b"\xa5" * 65536)]))
    valid("health_server", "Health of the server", request("Health", []))
    valid("health_model_requirements", "Health of one model with every requirement",
          request("Health", [text(1, "model", "stories"), record(30, "requirements", [
              boolean(1, "real", True), data(2, "fingerprint", FINGERPRINT),
              text(3, "device", "cpu")])]))
    valid("health_verify", "verify one model now",
          request("Health", [text(1, "model", "stories"), boolean(2, "verify", True)]))
    valid("health_verify_spelled_default", "not to verify may be written out",
          request("Health", [boolean(2, "verify", False)]), canonical=False)
    valid("requirements_spelled_default", "a default may be written out",
          request("Health", [record(30, "requirements", [boolean(1, "real", False)])]),
          canonical=False)
    valid("models", "Models has an empty body", request("Models", []))
    valid("load_minimal", "name and path",
          request("Load", [text(1, "name", "m"), text(2, "path", "/models/m.gguf")]))
    valid("load_full", "every field of Load",
          request("Load", [text(1, "name", "m"), text(2, "path", "/models/m.gguf"),
                           text(3, "strategy", "graceful"), text(4, "device", "cuda:0")]))
    valid("unload", "Unload", request("Unload", [text(1, "name", "m")]))
    valid("tokenize", "Tokenize; bytes that are not UTF-8 are allowed here",
          request("Tokenize", [text(1, "model", "stories"), data(2, "text", b"caf\xc3\xa9 \xff"),
                               boolean(3, "parse_special", True),
                               boolean(4, "add_special", False)]))
    valid("detokenize", "Detokenize, with a token id of all ones",
          request("Detokenize", [u32s(2, "tokens", [1, 403, 0xFFFFFFFF])]))
    valid("generate_prompt", "Generate from text, everything else by default",
          request("Generate", [text(2, "prompt", "Once upon a time"), u64(6, "max_tokens", 16)]))
    valid("generate_prompt_empty", "an empty prompt is a prompt",
          request("Generate", [text(2, "prompt", ""), u64(6, "max_tokens", 1)]))
    valid("generate_full", "every field of Generate, with a deadline of 1500 ms",
          request("Generate", [
              text(1, "model", "stories"), text(2, "prompt", "h\u00e9llo \U0001f600"),
              boolean(4, "parse_special", True), boolean(5, "add_special", False),
              u64(6, "max_tokens", 1_048_576), f64(7, "temperature", 0.8), u64(8, "top_k", 40),
              f64(9, "top_p", 0.95), f64(10, "min_p", 0.05),
              u64(11, "seed", 0xFFFFFFFFFFFFFFFF), text(12, "stop", "\n\n"),
              text(12, "stop", "END"), boolean(13, "truncate_prompt", True),
              record(30, "requirements", [boolean(1, "real", True)])],
              request=0xFFFFFFFFFFFFFFFF, status=1500))
    valid("generate_tokens", "Generate from token ids",
          request("Generate", [u32s(3, "tokens", [1, 403, 407]), u64(6, "max_tokens", 8)]))
    valid("generate_stop_most", "as many stop strings as allowed, the last of 256 bytes",
          request("Generate", [text(2, "prompt", "a"), u64(6, "max_tokens", 256)]
                  + [text(12, "stop", "s%d" % i) for i in range(15)]
                  + [text(12, "stop", "x" * 256)]))
    valid("logits", "Logits at every position",
          request("Logits", [u32s(3, "tokens", [1, 2, 3]), boolean(6, "all_positions", True)]))
    valid("cancel", "Cancel", request("Cancel", [u64(1, "target", 7)], request=8))
    valid("stats", "Stats has an empty body", request("Stats", []))
    valid("unknown_kind", "a kind nobody knows is a well-formed frame (answered UNIMPLEMENTED)",
          frame_case("Ping", None, [], kind_byte=0x55, raw_body=b"whatever"))
    valid("reserved_swap", "a reserved kind is a well-formed frame",
          frame_case("Swap", None, [], raw_body=b""))
    valid("two_frames", "frames follow each other without padding",
          request("Ping", [data(1, "payload", b"a")], request=3), request("Stats", [], request=4))
    prefix = raw_field(2, BYTES, b"abc", size=1992)
    block, raw_body = lz4_runs(prefix, 3, 2000)
    valid("compressed_request", "a Tokenize whose body of 2000 bytes is an LZ4 block",
          frame_case("Tokenize", "Tokenize request", [data(2, "text", raw_body[8:])],
                     flags=COMPRESSED, block=block, raw_body=raw_body), canonical=False)
    prefix = raw_field(1, BYTES, b"\x07", size=1016)
    block, raw_body = lz4_runs(prefix, 1, 1024)
    valid("compressed_smallest", "1024 bytes: the smallest body that may be compressed",
          frame_case("Ping", "Ping request", [data(1, "payload", raw_body[8:])],
                     flags=COMPRESSED, block=block, raw_body=raw_body), canonical=False)


def valid_requests_of_revision_2():
    valid("hello_revision_2", "a client that speaks revision 2",
          request("Hello", [text(1, "client", "c"), u64(2, "revision", 2)]),
          before_hello=True, canonical=False)
    prompt = text(2, "prompt", "Once upon a time")
    valid("generate_logprobs", "the chosen token's, and three beside it",
          request("Generate", [prompt, u64(6, "max_tokens", 8), u64(14, "logprobs", 3)]))
    valid("generate_logprobs_0", "no alternatives is not the same as no log-probabilities",
          request("Generate", [prompt, u64(6, "max_tokens", 8), u64(14, "logprobs", 0),
                               u64(15, "prompt_logprobs", 0)]))
    valid("generate_logprobs_most", "64 alternatives for both",
          request("Generate", [prompt, u64(6, "max_tokens", 8), u64(14, "logprobs", 64),
                               u64(15, "prompt_logprobs", 64)]))
    conversation = [("system", "Be short."), ("user", "<|im_end|> h\u00e9llo"),
                    ("assistant", ""), ("user", "And now?")]
    valid("generate_messages", "a conversation; contents may be empty, or look like a template",
          request("Generate", [u64(6, "max_tokens", 8)]
                  + [message(*turn, 16) for turn in conversation]))
    valid("generate_messages_with_all", "a conversation with every field that may stand beside it",
          request("Generate", [
              text(1, "model", "stories"), u64(6, "max_tokens", 8), f64(7, "temperature", 0.8),
              u64(8, "top_k", 40), f64(9, "top_p", 0.95), f64(10, "min_p", 0.05),
              u64(11, "seed", 7), text(12, "stop", "END"), boolean(13, "truncate_prompt", True),
              u64(14, "logprobs", 1), u64(15, "prompt_logprobs", 2), message("user", "Hi", 16),
              record(30, "requirements", [boolean(1, "real", True)])]))
    valid("generate_messages_most", "as many messages as allowed",
          request("Generate", [u64(6, "max_tokens", 8)]
                  + [message("user", "", 16) for _ in range(1024)]))
    valid("logits_messages", "Logits after a conversation",
          request("Logits", [boolean(6, "all_positions", True), message("user", "Hi", 7)]))
    valid("score", "two continuations of a text",
          request("Score", [prompt, text_input(7, "continuations", ", there was"),
                            text_input(7, "continuations", ", in a land")]))
    valid("score_full", "every field that may stand beside a text",
          request("Score", [
              text(1, "model", "stories"), prompt, boolean(4, "parse_special", True),
              boolean(5, "add_special", False), text_input(7, "continuations", "\u4f60\u597d"),
              token_input(7, "continuations", [0, 0xFFFFFFFF]),
              u64(8, "top_logprobs", 64), record(30, "requirements", [boolean(1, "real", True)])],
              status=1500))
    valid("score_tokens", "token ids after token ids",
          request("Score", [u32s(3, "tokens", [1, 403, 407]),
                            token_input(7, "continuations", [261])]))
    valid("score_messages", "an answer to a conversation",
          request("Score", [message("system", "Yes or no.", 6), message("user", "Is it?", 6),
                            text_input(7, "continuations", "Yes"),
                            text_input(7, "continuations", "No")]))
    valid("score_top_spelled_default", "a default may be written out",
          request("Score", [prompt, text_input(7, "continuations", "a"),
                            u64(8, "top_logprobs", 0)]), canonical=False)
    valid("score_continuations_most", "256 continuations; an empty text is well-formed",
          request("Score", [prompt] + [text_input(7, "continuations", "a" * (i % 3))
                                       for i in range(256)]))
    valid("embed", "one text, the rest by default",
          request("Embed", [text_input(2, "inputs", "Once upon a time")]))
    valid("embed_full", "every field of Embed",
          request("Embed", [
              text(1, "model", "stories"), text_input(2, "inputs", "h\u00e9llo"),
              token_input(2, "inputs", [1, 403]), boolean(3, "parse_special", True),
              boolean(4, "add_special", False), text(5, "pooling", "cls"),
              boolean(6, "normalize", False),
              record(30, "requirements", [text(3, "device", "cpu")])]))
    valid("embed_last", "the last position", request("Embed", [
        token_input(2, "inputs", [1]), text(5, "pooling", "last")]))
    valid("embed_spelled_defaults", "defaults may be written out",
          request("Embed", [text_input(2, "inputs", "a"), boolean(3, "parse_special", False),
                            boolean(4, "add_special", True), text(5, "pooling", "mean"),
                            boolean(6, "normalize", True)]), canonical=False)
    valid("embed_inputs_most", "256 inputs",
          request("Embed", [token_input(2, "inputs", [i]) for i in range(256)]))


def valid_responses_of_revision_2():
    def one(name, about, *frames, **words):
        valid(name, about, *frames, direction="response", **words)

    def chunk(fields):
        return response("Generate", fields, "Generate chunk", flags=MORE, request=9, generation=1)

    one("hello_response_revision_2", "both sides speak revision 2", response("Hello", [
        text(1, "server", "assayd/0.1"), u64(2, "revision", 2), boolean(3, "compression", False),
        u64(4, "body_size_max", 4194304), u64(5, "requests_in_flight_max", 256)]))
    two = [[(383, -0.5), (261, -1.25)], [(285, -0.125), (5, -3.0)]]
    one("generate_logprobs_stream", "the prompt's as it is read, then each token's with its own",
        chunk([u64(3, "prompt_done", 3), u64(4, "prompt_total", 4),
               logprobs(6, "prompt_logprobs", [403, 407], [-2.5, -0.75])]),
        chunk([u64(3, "prompt_done", 4), u64(4, "prompt_total", 4),
               logprobs(6, "prompt_logprobs", [261], [-1.5])]),
        chunk([u32s(1, "tokens", [383, 5]), text(2, "text", ", was"),
               logprobs(5, "logprobs", [383, 5], [-0.5, -3.0], two)]),
        response("Generate", [
            u32s(1, "tokens", [285]), text(2, "text", " there"),
            text(5, "finish_reason", "length"), u64(7, "prompt_tokens", 4),
            u64(8, "completion_tokens", 3),
            logprobs(9, "logprobs", [285], [-0.125], [two[1]]), answer()],
            request=9, generation=1))
    one("generate_logprobs_in_one_frame", "an answer without chunks", response("Generate", [
        u32s(1, "tokens", [7]), text(2, "text", "a"), text(5, "finish_reason", "stop"),
        u64(7, "prompt_tokens", 2), u64(8, "completion_tokens", 1),
        logprobs(9, "logprobs", [7], [0.0]), logprobs(10, "prompt_logprobs", [3], [-8.5]),
        answer()], generation=1))
    one("generate_logprobs_of_nothing", "asked for, and no token was made", response("Generate", [
        text(5, "finish_reason", "stop"), u64(7, "prompt_tokens", 1),
        u64(8, "completion_tokens", 0), logprobs(9, "logprobs", [], []),
        logprobs(10, "prompt_logprobs", [], []), answer()], generation=1))
    one("score_response", "the first was the model's own choice", response("Score", [
        record(1, "scores", [
            logprobs(1, "logprobs", [383, 285], [-0.5, -0.125], two),
            f64(2, "logprob", -0.625), boolean(3, "greedy", True)]),
        record(1, "scores", [
            logprobs(1, "logprobs", [261, 5], [-1.25, -3.0], two),
            f64(2, "logprob", -4.25), boolean(3, "greedy", False)]),
        u64(2, "prompt_tokens", 4), answer()], generation=1))
    one("score_response_mock", "a mock's score", response("Score", [
        record(1, "scores", [logprobs(1, "logprobs", [9], [-7.0]), f64(2, "logprob", -7.0),
                             boolean(3, "greedy", False)]),
        u64(2, "prompt_tokens", 1), answer("pretender", None)], provenance=MOCK, generation=2))
    one("score_top_most", "64 alternatives", response("Score", [
        record(1, "scores", [
            logprobs(1, "logprobs", [0], [-1.0], [[(i, -1.0 - i) for i in range(64)]]),
            f64(2, "logprob", -1.0), boolean(3, "greedy", True)]),
        u64(2, "prompt_tokens", 1), answer()], generation=1))
    one("embed_stream", "two vectors of three values, cut in the middle of one",
        response("Embed", [f32s(1, "embeddings", [0.5, -0.5, 0.25, 1.0])], "Embed chunk",
                 flags=MORE, generation=1),
        response("Embed", [f32s(1, "embeddings", [0.0, -0.125]), u64(2, "dimensions", 3),
                           u64(3, "count", 2), u64(4, "prompt_tokens", 9), answer()],
                 generation=1))
    one("embed_response", "one vector in one frame", response("Embed", [
        f32s(1, "embeddings", [1.0, 0.0]), u64(2, "dimensions", 2), u64(3, "count", 1),
        u64(4, "prompt_tokens", 4), answer()], generation=1))
    one("error_continuation_empty", "a continuation of no tokens", failure(
        "Score", "INVALID_ARGUMENT", error_fields(
            "continuation_empty", "continuation 1 has no token", field="continuations")))
    one("error_chat_template_missing", "a model without a template", failure(
        "Generate", "FAILED_PRECONDITION", error_fields(
            "chat_template_missing", "the model has no chat template", field="messages")))


def valid_responses():
    def one(name, about, *frames, **words):
        valid(name, about, *frames, direction="response", **words)

    one("hello_response", "what a server agrees to", response("Hello", [
        text(1, "server", "assayd/0.1"), u64(2, "revision", 1), boolean(3, "compression", True),
        u64(4, "body_size_max", 4194304), u64(5, "requests_in_flight_max", 256)]))
    one("ping_response", "the payload back",
        response("Ping", [data(1, "payload", bytes(range(56)))], request=2))
    one("health_ready", "ready", response("Health", [
        boolean(1, "ready", True), text(2, "state", "ready")]))
    one("health_mock_not_ready", "a mock model: the frame says mock", response("Health", [
        boolean(1, "ready", False), text(2, "state", "failed"),
        text(3, "reason", "a mock is older than five minutes")], provenance=MOCK, generation=2))
    one("health_seal_matched", "verified: the seal matches to the bit", response("Health", [
        boolean(1, "ready", True), text(2, "state", "ready"), text(4, "seal", "matched"),
        f64(5, "largest_difference", 0.0)], generation=1))
    one("health_seal_absent", "verified without a seal", response("Health", [
        boolean(1, "ready", True), text(2, "state", "ready"), text(4, "seal", "absent")],
        generation=1))
    one("health_seal_drifted", "verified: another file lies there now", response("Health", [
        boolean(1, "ready", False), text(2, "state", "failed"),
        text(3, "reason", "comparing the file's SHA-256 with the seal: found another"),
        text(4, "seal", "drifted")], generation=1))
    one("models_response", "a real model and a mock; no model made the list, so it is real",
        response("Models", [
            record(1, "models", model_info("a", reason="no CUDA driver")),
            record(1, "models", model_info("b", "loading", 2, None))]))
    one("models_response_empty", "no models: an empty body", response("Models", []))
    one("load_stream", "progress after each layer, then the report",
        response("Load", [layer(1, "layer", "file", True, 40)], "Load progress", flags=MORE,
                 request=5),
        response("Load", [layer(1, "layer", "validation", True, 90000)], "Load progress",
                 flags=MORE, request=5),
        response("Load", [
            boolean(1, "accepted", True), layer(2, "layers", "file", True, 40),
            layer(2, "layers", "validation", True, 90000), record(3, "model", model_info("m")),
            text(4, "overrides", "llama.context_length=256"),
            text(5, "attempts", "attempt 1: file is still being written")],
            request=5, generation=1))
    one("unload_response", "an empty body", response("Unload", []))
    one("tokenize_response", "ids and the account", response("Tokenize", [
        u32s(1, "tokens", [1, 403, 407]), answer()], generation=1))
    one("tokenize_response_no_fingerprint", "the digest is still being computed",
        response("Tokenize", [u32s(1, "tokens", []), answer(fingerprint=None)], generation=1))
    one("detokenize_response", "bytes, here half a character", response("Detokenize", [
        data(1, "text", b"\xc3"), answer()], generation=1))
    one("generate_stream", "prompt progress, two chunks, the end",
        response("Generate", [u64(3, "prompt_done", 256), u64(4, "prompt_total", 300)],
                 "Generate chunk", flags=MORE, request=9, generation=1),
        response("Generate", [u32s(1, "tokens", [383]), text(2, "text", ",")], "Generate chunk",
                 flags=MORE, request=9, generation=1),
        response("Generate", [u32s(1, "tokens", [285, 261]), text(2, "text", " there")],
                 "Generate chunk", flags=MORE, request=9, generation=1),
        response("Generate", [
            u32s(1, "tokens", [5]), text(2, "text", " was"), text(5, "finish_reason", "length"),
            u64(7, "prompt_tokens", 300), u64(8, "completion_tokens", 4), answer()],
            request=9, generation=1))
    one("generate_stop_string", "ended by a stop string", response("Generate", [
        text(5, "finish_reason", "stop"), text(6, "stop_matched", "\n\n"),
        u64(7, "prompt_tokens", 2), u64(8, "completion_tokens", 0), answer()], generation=1))
    one("generate_degraded_mock", "degraded and mock: two flags of two kinds",
        response("Generate", [
            text(5, "finish_reason", "deadline"), u64(7, "prompt_tokens", 2),
            u64(8, "completion_tokens", 0),
            answer("pretender", None, degradations=["cpu_fallback: no CUDA driver",
                                                    "truncated_context"])],
            flags=DEGRADED, provenance=MOCK, generation=0xFFFFFFFF))
    one("generate_fails_in_mid_stream", "a chunk, then a status",
        response("Generate", [u32s(1, "tokens", [383]), text(2, "text", ",")], "Generate chunk",
                 flags=MORE, request=9, generation=1),
        failure("Generate", "INTERNAL", error_fields("engine_failed", "the engine failed"),
                request=9, generation=1))
    one("logits_stream", "values cut into two frames",
        response("Logits", [f32s(1, "logits", [0.5, -1.25, 3.0])], "Logits chunk", flags=MORE,
                 generation=1),
        response("Logits", [f32s(1, "logits", [2.0]), u64(2, "vocabulary", 2),
                            u64(3, "positions", 2), answer()], generation=1))
    one("cancel_response", "nothing to cancel", response("Cancel", [boolean(1, "found", False)]))
    one("stats_response", "no mock was ever counted", response("Stats", [
        record(1, "counters", [text(1, "name", "requests"), u64(2, "real", 12),
                               u64(3, "mock", 0)])]))
    one("stats_response_mock", "one mock answer taints the frame", response("Stats", [
        record(1, "counters", [text(1, "name", "requests"), u64(2, "real", 12),
                               u64(3, "mock", 1)])], provenance=MOCK))
    one("goaway_drain", "pushed before a shutdown", frame_case("GoAway", "GoAway", [
        text(1, "reason", "shutting_down"), u64(2, "drain_milliseconds", 30000)],
        provenance=REAL, request=0))
    one("goaway_error", "pushed before a close for cause", failure(
        "GoAway", "PROTOCOL_ERROR", error_fields(
            "version_unsupported", "reading a frame's version: found 2, allowed: 1"), request=0))
    one("error_field", "a refused field", failure("Generate", "INVALID_ARGUMENT", error_fields(
        "field_out_of_range", "max_tokens is 0", field="max_tokens")))
    one("error_retry_after", "overload", failure("Generate", "RESOURCE_EXHAUSTED", error_fields(
        "queue_full", "64 requests are waiting", retry=250)))
    one("error_rejected", "the assay rejected a file", failure(
        "Load", "MODEL_REJECTED", error_fields(
            "magic_wrong", "found \"<htm\", allowed \"GGUF\"", which="parse")))
    one("error_mock", "errors about a mock say mock too", failure(
        "Generate", "REQUIREMENT_NOT_MET", error_fields(
            "real_required", "model \"m\" is a mock"), provenance=MOCK, generation=3))
    one("error_unknown_kind", "the answer to a kind nobody knows", frame_case(
        "Ping", "Error", error_fields("kind_unknown", "kind 0x55 is unknown"), provenance=REAL,
        status=STATUS["UNIMPLEMENTED"], kind_byte=0x55))
    one("error_unknown_status", "a status from a later revision reads as UNKNOWN", frame_case(
        "Ping", "Error", error_fields("later", "from the future"), provenance=REAL, status=99),
        canonical=False)
    prefix = raw_field(1, F32S, struct.pack("<f", 1.5), size=4000)
    block, raw_body = lz4_runs(prefix, 4, 4008)
    one("compressed_response", "a chunk of 1000 equal logits as an LZ4 block",
        frame_case("Logits", "Logits chunk", [f32s(1, "logits", [1.5] * 1000)],
                   flags=COMPRESSED | MORE, provenance=MOCK, block=block, raw_body=raw_body),
        canonical=False)


def invalid_framing():
    ping = dict(kind=KIND["Ping"])
    pong = dict(kind=KIND["Ping"] | 0x80, provenance=REAL)
    framing("length_0", "a length of nothing", header(**ping, length=0), "length_too_small")
    framing("length_27", "one byte less than a header", header(**ping, length=27),
            "length_too_small")
    framing("length_largest", "a length of all ones", header(**ping, length=0xFFFFFFFF),
            "length_too_large")
    framing("length_over_limit", "one byte more than 4 MiB",
            header(**ping, raw=(4 << 20) + 1), "length_too_large")
    framing("length_over_limit_before_hello", "one byte more than 4096 before Hello",
            header(**ping, raw=4096 - 32 + 1), "length_too_large", before_hello=True)
    framing("length_alone", "four bytes are enough to refuse a length", b"\xff\xff\xff\xff",
            "length_too_large")
    framing("http_greeting", "HTTP on the port", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "length_too_large")
    framing("tls_greeting", "TLS on the port",
            bytes.fromhex("1603010200010001fc0303") + bytes(21), "length_too_large",
            before_hello=True)
    framing("version_0", "version 0", header(**ping, version=0), "version_unsupported")
    framing("version_2", "version 2", header(**ping, version=2), "version_unsupported")
    framing("version_alone", "five bytes are enough to refuse a version", b"\x1c\0\0\0\x09",
            "version_unsupported")
    framing("kind_0", "kind 0", header(kind=0), "kind_out_of_range")
    framing("kind_of_response_in_request", "a client sends a response kind", header(kind=0x82),
            "kind_out_of_range")
    framing("kind_of_request_in_response", "a server sends a request kind",
            header(kind=2, provenance=REAL), "kind_out_of_range", "response")
    framing("kind_128_in_response", "kind 0 with the response bit",
            header(kind=128, provenance=REAL), "kind_out_of_range", "response")
    framing("flag_more_in_request", "more belongs to responses", header(**ping, flags=MORE),
            "flags_unknown")
    framing("flag_degraded_in_request", "degraded belongs to responses",
            header(**ping, flags=DEGRADED), "flags_unknown")
    framing("flag_bit_3_in_request", "bit 3 is nobody's", header(**ping, flags=8),
            "flags_unknown")
    framing("flag_bit_7_in_response", "bit 7 is nobody's", header(**pong, flags=128),
            "flags_unknown", "response")
    framing("provenance_in_request", "a request has no provenance",
            header(**ping, provenance=REAL), "provenance_invalid")
    framing("provenance_0_in_response", "a response must have one", header(kind=0x82),
            "provenance_invalid", "response")
    framing("provenance_3_in_response", "there is no third provenance",
            header(kind=0x82, provenance=3), "provenance_invalid", "response")
    framing("provenance_255_in_response", "nor a 255th", header(kind=0x82, provenance=255),
            "provenance_invalid", "response")
    framing("request_id_0", "id 0 is GoAway's", header(**ping, request=0), "request_id_invalid")
    framing("response_id_0", "id 0 is GoAway's", header(**pong, request=0),
            "request_id_invalid", "response")
    framing("goaway_with_id", "GoAway answers nothing",
            header(kind=0xF0, provenance=REAL, request=5), "request_id_invalid", "response")
    framing("generation_in_request", "a request has no generation",
            header(**ping, generation=1), "generation_not_zero")
    framing("reserved_in_request", "the last word is zero", header(**ping, reserved=1),
            "reserved_not_zero")
    framing("reserved_in_response", "the last word is zero",
            header(**pong, reserved=0x80000000), "reserved_not_zero", "response")
    framing("status_with_more", "a failure is the last frame",
            header(**pong, flags=MORE, status=13), "flags_conflict", "response")
    framing("status_with_degraded", "a failure is not a degraded answer",
            header(**pong, flags=DEGRADED, status=13), "flags_conflict", "response")
    framing("raw_size_differs", "a plain body has one size", header(**ping, raw=8, wire=0),
            "raw_size_mismatch")
    framing("raw_size_smaller", "a plain body has one size",
            header(**ping, raw=0, wire=1) + b"\0", "raw_size_mismatch")
    block, raw_body = lz4_runs(raw_field(1, BYTES, b"\x07", size=1016), 1, 1024)
    lz = dict(kind=KIND["Ping"], flags=COMPRESSED)
    framing("raw_size_over_limit", "a block that announces 4 MiB and a byte",
            header(**lz, raw=(4 << 20) + 1, wire=len(block)) + block, "raw_size_too_large")
    framing("raw_size_over_limit_before_hello", "a block that announces 4065 bytes before Hello",
            header(**lz, raw=4065, wire=len(block)) + block, "raw_size_too_large",
            before_hello=True)
    framing("compressed_too_small", "1023 bytes are never compressed",
            header(**lz, raw=1023, wire=len(block)) + block, "compression_not_useful")
    framing("compressed_saves_nothing", "as many bytes as before",
            header(**lz, raw=1024, wire=1024) + bytes(1024), "compression_not_useful")
    framing("compressed_empty", "no block at all", header(**lz, raw=1024, wire=0),
            "compression_not_useful")
    damaged = "compressed_body_damaged"
    framing("block_one_byte_more", "a block of 1024 bytes that announces 1025",
            packed(block, raw_body + b"\0", **lz), damaged)
    framing("block_one_byte_less", "a block of 1025 bytes that announces 1024",
            packed(lz4_runs(raw_field(1, BYTES, b"\x07", size=1017), 1, 1025)[0], raw_body, **lz),
            damaged)
    framing("block_truncated", "a block without its last byte",
            packed(block[:-1], raw_body, **lz), damaged)
    framing("block_offset_0", "a match that points at itself",
            packed(lz4_sequence(raw_body[:9], 0, 1003) + lz4_sequence(raw_body[-12:]),
                   raw_body, **lz), damaged)
    framing("block_offset_before_start", "a match that points before the body",
            packed(lz4_sequence(raw_body[:9], 10, 1003) + lz4_sequence(raw_body[-12:]),
                   raw_body, **lz), damaged)
    framing("block_of_noise", "bytes that are no block",
            packed(bytes((i * 167 + 13) & 255 for i in range(200)), raw_body, **lz), damaged)


def invalid_bodies():
    def generate(name, about, tail, code, field, head=None):
        start = raw_field(2, TEXT, b"a") if head is None else head
        bad_body(name, about, "Generate request", start + tail, code, field)

    def word(value):
        return struct.pack("<Q", value)

    def real(value):
        return struct.pack("<d", value)

    bad_body("field_header_cut", "seven bytes are no field header", "Ping request",
             bytes([1, 0, 3, 0, 0, 0, 0]), "body_truncated", None)
    bad_body("field_past_end", "a field larger than its body", "Ping request",
             raw_field(1, BYTES, b"ab", size=3), "body_truncated", "payload")
    bad_body("field_size_largest", "a size of all ones", "Ping request",
             raw_field(1, BYTES, b"ab", size=0xFFFFFFFF), "body_truncated", "payload")
    bad_body("field_unknown", "an id the table does not list", "Ping request",
             raw_field(2, U64, word(1)), "field_unknown", "#2")
    bad_body("field_unknown_0", "id 0 is never used", "Ping request",
             raw_field(0, U64, word(1)), "field_unknown", "#0")
    bad_body("field_in_empty_message", "Stats has no fields", "Stats request",
             raw_field(1, U64, word(1)), "field_unknown", "#1")
    bad_body("field_type_wrong", "text where bytes belong", "Ping request",
             raw_field(1, TEXT, b"ab"), "field_type_mismatch", "payload")
    bad_body("field_type_0", "type 0 does not exist", "Ping request",
             raw_field(1, 0, b"ab"), "field_type_mismatch", "payload")
    bad_body("field_type_9", "type 9 does not exist", "Ping request",
             raw_field(1, 9, b"ab"), "field_type_mismatch", "payload")
    bad_body("field_reserved", "the fourth byte is zero", "Ping request",
             raw_field(1, BYTES, b"ab", zero=1), "field_reserved_not_zero", "payload")
    bad_body("u64_of_4_bytes", "a u64 has eight bytes", "Cancel request",
             raw_field(1, U64, b"\1\0\0\0"), "field_size_mismatch", "target")
    generate("f64_of_0_bytes", "an f64 has eight bytes", raw_field(7, F64, b""),
             "field_size_mismatch", "temperature")
    generate("bool_of_2_bytes", "a bool has one byte", raw_field(4, BOOL, b"\1\0"),
             "field_size_mismatch", "parse_special")
    generate("bool_2", "a bool is 0 or 1", raw_field(4, BOOL, b"\2"), "field_out_of_range",
             "parse_special")
    bad_body("u32s_of_5_bytes", "an array of u32 has a multiple of four", "Detokenize request",
             raw_field(2, U32S, bytes(5)), "field_size_mismatch", "tokens")
    bad_body("field_order", "ids ascend", "Load request",
             raw_field(2, TEXT, b"p") + raw_field(1, TEXT, b"n"), "field_order", "name")
    bad_body("field_twice", "a field occurs once", "Unload request",
             raw_field(1, TEXT, b"a") + raw_field(1, TEXT, b"a"), "field_repeated", "name")
    generate("stop_17_times", "one stop string too many", raw_field(12, TEXT, b"s") * 17,
             "field_repeated", "stop")
    generate("stop_not_together", "repeated fields are consecutive",
             raw_field(12, TEXT, b"s") + raw_field(13, BOOL, b"\1") + raw_field(12, TEXT, b"s"),
             "field_order", "stop")
    generate("stop_empty", "an empty stop string", raw_field(12, TEXT, b""),
             "field_out_of_range", "stop")
    generate("stop_too_long", "257 bytes", raw_field(12, TEXT, b"x" * 257),
             "field_out_of_range", "stop")
    for name, field, payload in [
            ("max_tokens_0", (6, "max_tokens"), raw_field(6, U64, word(0))),
            ("max_tokens_over", (6, "max_tokens"), raw_field(6, U64, word(1_048_577))),
            ("max_tokens_largest", (6, "max_tokens"), raw_field(6, U64, word(2**64 - 1))),
            ("temperature_below", (7, "temperature"), raw_field(7, F64, real(-0.001))),
            ("temperature_over", (7, "temperature"), raw_field(7, F64, real(100.5))),
            ("temperature_nan", (7, "temperature"), raw_field(7, F64, real(float("nan")))),
            ("top_k_over", (8, "top_k"), raw_field(8, U64, word((1 << 24) + 1))),
            ("top_p_0", (9, "top_p"), raw_field(9, F64, real(0.0))),
            ("top_p_over", (9, "top_p"), raw_field(9, F64, real(1.0000001))),
            ("min_p_infinite", (10, "min_p"), raw_field(10, F64, real(float("inf")))),
            ("min_p_below", (10, "min_p"), raw_field(10, F64, real(-1.0)))]:
        generate(name, "outside the range of " + field[1], payload, "field_out_of_range", field[1])
    generate("utf8_byte_ff", "0xFF is not UTF-8", b"", "field_text_invalid", "prompt",
             head=raw_field(2, TEXT, b"a\xff"))
    generate("utf8_overlong", "an overlong form is not UTF-8", b"", "field_text_invalid",
             "prompt", head=raw_field(2, TEXT, b"\xc0\x80"))
    generate("utf8_surrogate", "a surrogate is not UTF-8", b"", "field_text_invalid", "prompt",
             head=raw_field(2, TEXT, b"\xed\xa0\x80"))
    generate("utf8_cut", "half a character is not UTF-8", b"", "field_text_invalid", "prompt",
             head=raw_field(2, TEXT, b"\xf0\x9f\x98"))
    generate("prompt_and_tokens", "exactly one of them", raw_field(3, U32S, bytes(4)),
             "field_conflict", "tokens")
    generate("neither_prompt_nor_tokens", "exactly one of them", raw_field(6, U64, word(1)),
             "field_missing", "prompt", head=b"")
    generate("tokens_empty", "no tokens are no prompt", b"", "field_out_of_range", "tokens",
             head=raw_field(3, U32S, b""))
    generate("fingerprint_31", "a digest has 32 bytes",
             raw_field(30, RECORD, raw_field(2, BYTES, bytes(31))), "field_out_of_range",
             "requirements.fingerprint")
    generate("nested_unknown", "an unknown field inside a record",
             raw_field(30, RECORD, raw_field(9, BOOL, b"\1")), "field_unknown",
             "requirements.#9")
    generate("nested_past_end", "a field that leaves its record",
             raw_field(30, RECORD, raw_field(3, TEXT, b"cpu", size=4)) + bytes(8),
             "body_truncated", "requirements.device")
    bad_body("name_empty", "a name has at least one byte", "Unload request",
             raw_field(1, TEXT, b""), "field_out_of_range", "name")
    bad_body("name_too_long", "129 bytes", "Unload request", raw_field(1, TEXT, b"n" * 129),
             "field_out_of_range", "name")
    bad_body("strategy_unknown", "a word that is not a choice", "Load request",
             raw_field(1, TEXT, b"n") + raw_field(2, TEXT, b"p") + raw_field(3, TEXT, b"strictly"),
             "field_out_of_range", "strategy")
    bad_body("hello_without_revision", "a required field is missing", "Hello request",
             raw_field(1, TEXT, b"c"), "field_missing", "revision")
    bad_body("hello_revision_0", "revisions begin at 1", "Hello request",
             raw_field(1, TEXT, b"c") + raw_field(2, U64, word(0)), "field_out_of_range",
             "revision")
    bad_body("hello_limit_too_small", "a client must accept 4096 bytes", "Hello request",
             raw_field(1, TEXT, b"c") + raw_field(2, U64, word(1)) + raw_field(4, U64, word(4095)),
             "field_out_of_range", "body_size_max")
    bad_body("cancel_nothing", "Cancel without a target", "Cancel request", b"",
             "field_missing", "target")
    bad_body("cancel_0", "id 0 cannot be cancelled", "Cancel request",
             raw_field(1, U64, word(0)), "field_out_of_range", "target")
    bad_body("ping_too_large", "a payload of 64 KiB and a byte", "Ping request",
             raw_field(1, BYTES, bytes(65537)), "field_out_of_range", "payload")
    bad_body("response_without_answer", "an answer without its account", "Tokenize response",
             raw_field(1, U32S, b""), "field_missing", "answer", "response")
    bad_body("health_seal_unknown", "a state of a seal nobody knows", "Health response",
             raw_field(1, BOOL, b"\x01") + raw_field(2, TEXT, b"ready")
             + raw_field(4, TEXT, b"broken"), "field_out_of_range", "seal", "response")
    bad_body("health_difference_nan", "a difference that is no number", "Health response",
             raw_field(1, BOOL, b"\x01") + raw_field(2, TEXT, b"ready")
             + raw_field(5, F64, real(float("nan"))), "field_out_of_range", "largest_difference",
             "response")
    bad_body("health_verify_2", "a bool that is neither", "Health request",
             raw_field(2, BOOL, b"\x02"), "field_out_of_range", "verify")
    bad_body("response_finish_unknown", "a reason nobody knows", "Generate response",
             raw_field(5, TEXT, b"tired"), "field_out_of_range", "finish_reason", "response")
    bad_body("model_provenance_3", "no third provenance in a record either", "Models response",
             raw_field(1, RECORD, raw_field(1, TEXT, b"m") + raw_field(2, TEXT, b"ready")
                       + raw_field(3, U64, word(3))),
             "field_out_of_range", "models.provenance", "response")
    bad_body("error_without_code", "an error says its code", "Error",
             raw_field(2, TEXT, b"m"), "field_missing", "code", "response")


def invalid_bodies_of_revision_2():
    def word(number, value):
        return raw_field(number, U64, struct.pack("<Q", value))

    def turn(number, role=b"user", content=b"hi", tail=b""):
        return raw_field(number, RECORD,
                         raw_field(1, TEXT, role) + raw_field(2, TEXT, content) + tail)

    prompt = raw_field(2, TEXT, b"a")
    tokens = raw_field(3, U32S, bytes(4))
    piece = raw_field(1, TEXT, b"b")
    range_, conflict = "field_out_of_range", "field_conflict"

    def generate(name, about, raw_body, code, field):
        bad_body(name, about, "Generate request", raw_body, code, field)

    def score(name, about, raw_body, code, field):
        bad_body(name, about, "Score request", raw_body, code, field)

    def embed(name, about, raw_body, code, field):
        bad_body(name, about, "Embed request", raw_body, code, field)

    # A conversation.
    generate("messages_and_prompt", "exactly one of them", prompt + turn(16), conflict, "messages")
    generate("messages_and_tokens", "exactly one of them", tokens + turn(16), conflict, "messages")
    generate("messages_and_both", "exactly one of them", prompt + tokens + turn(16), conflict,
             "messages")
    generate("messages_and_parse_special", "the template decides about special tokens",
             raw_field(4, BOOL, b"\1") + turn(16), conflict, "parse_special")
    generate("messages_and_parse_special_default", "its default may not be given either",
             raw_field(4, BOOL, b"\0") + turn(16), conflict, "parse_special")
    generate("messages_and_add_special", "the template decides about special tokens",
             raw_field(5, BOOL, b"\1") + turn(16), conflict, "add_special")
    generate("messages_1025", "one message too many", turn(16) * 1025, "field_repeated",
             "messages")
    generate("message_role_unknown", "a role that templates do not know", turn(16, b"tool"),
             range_, "messages.role")
    generate("message_role_empty", "no role", turn(16, b""), range_, "messages.role")
    generate("message_role_upper_case", "roles are lower case", turn(16, b"User"), range_,
             "messages.role")
    generate("message_without_content", "content is required, even an empty one",
             raw_field(16, RECORD, raw_field(1, TEXT, b"user")), "field_missing",
             "messages.content")
    generate("message_without_role", "a role is required",
             raw_field(16, RECORD, raw_field(2, TEXT, b"hi")), "field_missing", "messages.role")
    generate("message_empty", "an empty record is no message", raw_field(16, RECORD, b""),
             "field_missing", "messages.role")
    generate("message_not_utf8", "content is UTF-8", turn(16, content=b"\xff"),
             "field_text_invalid", "messages.content")
    generate("message_unknown_field", "a name is not known here",
             turn(16, tail=raw_field(3, TEXT, b"bob")), "field_unknown", "messages.#3")
    generate("message_as_text", "a message is a record", raw_field(16, TEXT, b"user:hi"),
             "field_type_mismatch", "messages")
    generate("message_past_end", "a message that leaves its record",
             raw_field(16, RECORD, raw_field(1, TEXT, b"user", size=5)), "body_truncated",
             "messages.role")
    bad_body("logits_messages_and_prompt", "exactly one of them", "Logits request",
             prompt + turn(7), conflict, "messages")
    bad_body("logits_messages_and_add_special", "the template decides about special tokens",
             "Logits request", raw_field(5, BOOL, b"\0") + turn(7), conflict, "add_special")
    # Log-probabilities of Generate.
    generate("logprobs_65", "more than 64 alternatives", prompt + word(14, 65), range_, "logprobs")
    generate("logprobs_largest", "a count of all ones", prompt + word(14, 2**64 - 1), range_,
             "logprobs")
    generate("prompt_logprobs_65", "more than 64 alternatives", prompt + word(15, 65), range_,
             "prompt_logprobs")
    generate("logprobs_as_bool", "a count, not a switch", prompt + raw_field(14, BOOL, b"\1"),
             "field_type_mismatch", "logprobs")
    # Score.
    more = raw_field(7, RECORD, piece)
    score("score_nothing", "an empty body names the first field that is missing", b"",
          "field_missing", "continuations")
    score("score_without_continuations", "at least one continuation", prompt, "field_missing",
          "continuations")
    score("score_without_prompt", "exactly one of them", more, "field_missing", "prompt")
    score("score_prompt_and_tokens", "exactly one of them", prompt + tokens + more, conflict,
          "tokens")
    score("score_messages_and_prompt", "exactly one of them", prompt + turn(6) + more, conflict,
          "messages")
    score("score_messages_and_parse_special", "the template decides about special tokens",
          raw_field(4, BOOL, b"\0") + turn(6) + more, conflict, "parse_special")
    score("score_257_continuations", "one continuation too many", prompt + more * 257,
          "field_repeated", "continuations")
    score("score_top_65", "more than 64 alternatives", prompt + more + word(8, 65), range_,
          "top_logprobs")
    score("score_continuation_of_nothing", "neither text nor tokens",
          prompt + raw_field(7, RECORD, b""), "field_missing", "continuations.text")
    score("score_continuation_of_both", "text and tokens",
          prompt + raw_field(7, RECORD, piece + raw_field(2, U32S, bytes(4))), conflict,
          "continuations.tokens")
    score("score_continuation_tokens_empty", "no tokens are no continuation",
          prompt + raw_field(7, RECORD, raw_field(2, U32S, b"")), range_, "continuations.tokens")
    score("score_continuation_not_utf8", "text is UTF-8",
          prompt + raw_field(7, RECORD, raw_field(1, TEXT, b"\xc3")), "field_text_invalid",
          "continuations.text")
    score("score_continuation_as_text", "a continuation is a record",
          prompt + raw_field(7, TEXT, b"b"), "field_type_mismatch", "continuations")
    score("score_continuations_not_together", "repeated fields are consecutive",
          prompt + more + word(8, 1) + more, "field_order", "continuations")
    # Embed.
    inputs = raw_field(2, RECORD, piece)
    embed("embed_nothing", "at least one input", b"", "field_missing", "inputs")
    embed("embed_257_inputs", "one input too many", inputs * 257, "field_repeated", "inputs")
    embed("embed_input_of_both", "text and tokens",
          raw_field(2, RECORD, piece + raw_field(2, U32S, bytes(4))), conflict, "inputs.tokens")
    embed("embed_input_of_nothing", "neither text nor tokens", raw_field(2, RECORD, b""),
          "field_missing", "inputs.text")
    embed("embed_pooling_unknown", "a word that is not a choice",
          inputs + raw_field(5, TEXT, b"max"), range_, "pooling")
    embed("embed_pooling_empty", "no word", inputs + raw_field(5, TEXT, b""), range_, "pooling")
    embed("embed_normalize_2", "a bool is 0 or 1", inputs + raw_field(6, BOOL, b"\2"), range_,
          "normalize")
    embed("embed_prompt_as_text", "inputs are records", raw_field(2, TEXT, b"a"),
          "field_type_mismatch", "inputs")
    invalid_answers_of_revision_2(word)


def invalid_answers_of_revision_2(word):
    conflict = "field_conflict"

    def lists(number, count=1, values=1, top=None, top_tokens=0, top_values=0):
        """A Logprobs that may contradict itself."""
        parts = raw_field(1, U32S, b"\7\0\0\0" * count) + raw_field(2, F32S, bytes(4 * values))
        if top is not None:
            parts += word(3, top)
        if top_tokens:
            parts += raw_field(4, U32S, bytes(4 * top_tokens))
        if top_values:
            parts += raw_field(5, F32S, bytes(4 * top_values))
        return raw_field(number, RECORD, parts)

    def chunk(name, about, raw_body, code, field):
        bad_body(name, about, "Generate chunk", raw_body, code, field, "response")

    seven = raw_field(1, U32S, b"\7\0\0\0")
    chunk("logprobs_fewer_values", "a value for each token", seven + lists(5, 1, 0), conflict,
          "logprobs.logprobs")
    chunk("logprobs_more_values", "a value for each token", seven + lists(5, 1, 2), conflict,
          "logprobs.logprobs")
    chunk("logprobs_without_values", "values are required",
          seven + raw_field(5, RECORD, seven), "field_missing", "logprobs.logprobs")
    chunk("logprobs_top_missing", "two alternatives announced, none given",
          seven + lists(5, top=2), conflict, "logprobs.top_tokens")
    chunk("logprobs_top_too_few", "two alternatives announced, one given",
          seven + lists(5, top=2, top_tokens=1, top_values=1), conflict, "logprobs.top_tokens")
    chunk("logprobs_top_too_many", "one alternative announced, two given",
          seven + lists(5, top=1, top_tokens=2, top_values=2), conflict, "logprobs.top_tokens")
    chunk("logprobs_top_not_announced", "none announced, one given",
          seven + lists(5, top_tokens=1, top_values=1), conflict, "logprobs.top_tokens")
    chunk("logprobs_top_values_differ", "as many values as alternatives",
          seven + lists(5, top=2, top_tokens=2, top_values=1), conflict, "logprobs.top_logprobs")
    chunk("logprobs_top_65", "more than 64 alternatives",
          seven + lists(5, top=65, top_tokens=65, top_values=65), "field_out_of_range",
          "logprobs.top_count")
    chunk("logprobs_top_largest", "a count that no product can hold",
          seven + lists(5, top=2**64 - 1), "field_out_of_range", "logprobs.top_count")
    chunk("logprobs_of_other_tokens", "those of this frame's tokens",
          raw_field(1, U32S, b"\6\0\0\0") + lists(5), conflict, "logprobs")
    chunk("logprobs_of_no_tokens", "those of this frame's tokens", lists(5), conflict, "logprobs")
    chunk("prompt_logprobs_contradict", "a value for each token", lists(6, 2, 1), conflict,
          "prompt_logprobs.logprobs")
    bad_body("response_logprobs_of_other_tokens", "those of this frame's tokens",
             "Generate response",
             raw_field(5, TEXT, b"stop") + word(7, 1) + word(8, 1) + lists(9) + answer().raw,
             conflict, "logprobs", "response")
    value = raw_field(2, F64, bytes(8))
    tail = word(2, 1) + answer().raw

    def score(name, about, raw_body, code, field):
        bad_body(name, about, "Score response", raw_body, code, field, "response")

    score("score_response_empty", "a score for each continuation", tail, "field_missing",
          "scores")
    score("score_response_without_greedy", "it says whether the model would have chosen it",
          raw_field(1, RECORD, lists(1) + value) + tail, "field_missing", "scores.greedy")
    score("score_response_contradicts", "a value for each token",
          raw_field(1, RECORD, lists(1, 3, 2) + value + raw_field(3, BOOL, b"\1")) + tail,
          conflict, "scores.logprobs.logprobs")
    score("score_response_257", "one score too many",
          raw_field(1, RECORD, lists(1) + value + raw_field(3, BOOL, b"\1")) * 257 + tail,
          "field_repeated", "scores")

    def embed(name, about, dimensions, count, field):
        bad_body(name, about, "Embed response",
                 raw_field(1, F32S, bytes(4)) + word(2, dimensions) + word(3, count) + word(4, 1)
                 + answer().raw, "field_out_of_range", field, "response")

    embed("embed_response_0_dimensions", "a vector has a value", 0, 1, "dimensions")
    embed("embed_response_dimensions_over", "more values than any model's", 131073, 1,
          "dimensions")
    embed("embed_response_0_vectors", "an input has a vector", 1, 0, "count")
    embed("embed_response_257_vectors", "more vectors than inputs", 1, 257, "count")
    bad_body("embed_chunk_empty", "a chunk has a value", "Embed chunk", raw_field(1, F32S, b""),
             "field_out_of_range", "embeddings", "response")


def incomplete():
    ping = plain(raw_field(1, BYTES, bytes(56)), kind=2)
    for size in (0, 1, 3, 4, 5, 31, 32, 95):
        add("incomplete", "first_%d_bytes" % size, "a prefix of ping_64: wait for more",
            ping[:size], {"direction": "request", "before_hello": True})
    score = plain(raw_field(2, TEXT, b"Once")
                  + raw_field(7, RECORD, raw_field(1, TEXT, b" upon")), kind=KIND["Score"])
    for size in (44, 52, len(score) - 1):
        add("incomplete", "score_first_%d_bytes" % size,
            "a prefix of a Score: its lengths are inside, its end is not",
            score[:size], {"direction": "request", "before_hello": False})
    embed = plain(raw_field(1, F32S, struct.pack("<2f", 0.5, -0.5)), kind=KIND["Embed"] | 0x80,
                  flags=MORE, provenance=REAL, generation=1)
    for size in (32, len(embed) - 1):
        add("incomplete", "embed_chunk_first_%d_bytes" % size,
            "a prefix of an Embed chunk: wait for more", embed[:size],
            {"direction": "response", "before_hello": False})


# ---------------------------------------------------------------- output

def main():
    valid_requests()
    valid_requests_of_revision_2()
    valid_responses()
    valid_responses_of_revision_2()
    invalid_framing()
    invalid_bodies()
    invalid_bodies_of_revision_2()
    incomplete()
    files = {}
    for case in CASES:
        stem = os.path.join(case["folder"], case["name"])
        files[stem + ".bin"] = case["bytes"]
        files[stem + ".json"] = (json.dumps(case["json"], indent=1, ensure_ascii=True)
                                 + "\n").encode()
    present = {os.path.join(folder, name) for folder in ("valid", "invalid", "incomplete")
               if os.path.isdir(os.path.join(HERE, folder))
               for name in os.listdir(os.path.join(HERE, folder))}
    if "--check" in sys.argv:
        wrong = sorted(present ^ set(files))
        for name in sorted(present & set(files)):
            with open(os.path.join(HERE, name), "rb") as handle:
                if handle.read() != files[name]:
                    wrong.append(name)
        for name in wrong:
            print("differs:", name)
        sys.exit(1 if wrong else 0)
    for name in present - set(files):
        os.remove(os.path.join(HERE, name))
    for name, content in files.items():
        os.makedirs(os.path.dirname(os.path.join(HERE, name)), exist_ok=True)
        with open(os.path.join(HERE, name), "wb") as handle:
            handle.write(content)
    counts = {}
    for case in CASES:
        counts[case["folder"]] = counts.get(case["folder"], 0) + 1
    print(len(CASES), "cases:", counts)


main()
