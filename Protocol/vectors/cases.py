"""Parts for cases of the vectors: shared fields of messages, and the writers of cases."""

from encoder import *  # noqa: F401,F403 - every case speaks in its words

# ---------------------------------------------------------------- shared parts

FINGERPRINT = bytes(range(32))
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"  # a traceparent: 55 bytes


def timing(*values):
    names = ["accept", "queue", "tokenize", "prefill", "decode", "write", "total"]
    return record(4, "timing", [u64(i + 1, n, v) for i, (n, v) in enumerate(zip(names, values))])


def server_load(number, *values):
    names = ["queued", "running", "wait_microseconds", "cache_pages_used", "cache_pages"]
    return record(number, "server_load",
                  [u64(i + 1, n, v) for i, (n, v) in enumerate(zip(names, values))])


def context(*parts):
    return record(29, "context", list(parts))


def answer(model="stories", fingerprint=FINGERPRINT, device="cpu", degradations=(), load=None):
    parts = [text(1, "model", model)]
    if fingerprint:
        parts.append(data(2, "fingerprint", fingerprint))
    parts.append(text(3, "device", device))
    parts.append(timing(12, 3, 40, 1500, 9000, 25, 10580))
    parts += [text(5, "degradations", d) for d in degradations]
    if load:
        parts.append(server_load(6, *load))
    return record(31, "answer", parts)


def model_info(name, state="ready", provenance=1, fingerprint=FINGERPRINT, reason=None, file=None):
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
    if file:
        parts.append(text(13, "file", file))
    return parts


def layer(number, name, which, ok, microseconds):
    return record(number, name, [
        text(1, "layer", which), boolean(2, "ok", ok), u64(3, "microseconds", microseconds)])


def error_fields(code, message, field=None, retry=None, which=None, load=None):
    parts = [text(1, "code", code), text(2, "message", message)]
    if field:
        parts.append(text(3, "field", field))
    if retry is not None:
        parts.append(u64(4, "retry_after_milliseconds", retry))
    if which:
        parts.append(text(5, "layer", which))
    if load:
        parts.append(server_load(6, *load))
    return parts


def logprobs(number, name, tokens, values, top=()):
    """A Logprobs. `top` has a list of (token, value) per token, all of equal length."""
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
    if message == "Error":
        raw = plain(raw_body, kind=KIND["Generate"] | 0x80, provenance=REAL, status=13)
    elif direction == "request":
        raw = plain(raw_body, kind=KIND[kind])
    elif message.endswith((" chunk", " progress")):
        raw = plain(raw_body, kind=KIND[kind] | 0x80, provenance=REAL, flags=MORE)
    else:
        raw = plain(raw_body, kind=KIND[kind] | 0x80, provenance=REAL)
    add("invalid", name, about, raw, {
        "direction": direction, "before_hello": False, "message": message,
        "error": {"code": code, "status": "INVALID_ARGUMENT", "field": field}})
