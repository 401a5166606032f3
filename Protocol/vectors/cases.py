"""Parts for cases of the vectors: shared values of messages, and the writers of cases."""

from encoder import *  # noqa: F401,F403 - every case speaks in its words

# ---------------------------------------------------------------- shared parts

FINGERPRINT = bytes(range(32))
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"  # a traceparent: 55 bytes
TIMING = dict(accept=12, queue=3, tokenize=40, prefill=1500, decode=9000, write=25, total=10580)
CHUNK = {kind["name"]: kind["chunk"] for kind in PROTOCOL["kinds"]}


def given(**values):
    """The values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def server_load(*values):
    names = ["queued", "running", "wait_microseconds", "cache_pages_used", "cache_pages"]
    return dict(zip(names, values))


def answer(model="stories", fingerprint=FINGERPRINT, device="cpu", degradations=(), load=None):
    return given(model=model, fingerprint=fingerprint, device=device, timing=TIMING,
                 degradations=degradations, server_load=load)


def model_info(name, state="ready", provenance=1, fingerprint=FINGERPRINT, reason=None, file=None):
    return given(
        name=name, state=state, provenance=provenance,
        architecture="llama" if provenance == 1 else "mock", parameters=260032, vocabulary=512,
        context=512, fingerprint=fingerprint, generation=1, device="cpu", device_reason=reason,
        bytes=1_099_511_627_776, file=file)


def layer(which, microseconds):
    return dict(layer=which, ok=True, microseconds=microseconds)


def logprobs(tokens, values, top=()):
    """A Logprobs. `top` has a list of (token, value) per token, all of equal length."""
    out = dict(tokens=tokens, logprobs=values)
    if top:
        out.update(top_count=len(top[0]), top_tokens=[token for row in top for token, _ in row],
                   top_logprobs=[value for row in top for _, value in row])
    return out


def turn(role, content):
    return dict(role=role, content=content)


def ended(reason, prompt_tokens, completion_tokens, **more):
    """The last frame of a Generate."""
    return dict(dict(finish_reason=reason, prompt_tokens=prompt_tokens,
                     completion_tokens=completion_tokens, answer=answer()), **more)


def logits(values, vocabulary, positions, **more):
    """The last frame of a Logits."""
    return dict(logits=values, vocabulary=vocabulary, positions=positions, answer=answer(), **more)


def embeddings(values, dimensions, count, prompt_tokens, **more):
    """The last frame of an Embed."""
    return dict(dict(embeddings=values, dimensions=dimensions, count=count,
                     prompt_tokens=prompt_tokens, answer=answer()), **more)


# ---------------------------------------------------------------- cases

CASES = []


def add(folder, name, about, raw, direction, before_hello, **expected):
    assert all(c["name"] != name or c["folder"] != folder for c in CASES), name
    CASES.append({"folder": folder, "name": name, "bytes": raw, "json": {
        "about": about, "direction": direction, "before_hello": before_hello, **expected}})


def frame_case(kind, message, values, request=1, flags=0, provenance=0, status=0, generation=0,
               block=None, raw_body=None, kind_byte=None):
    """Bytes and expectation of one valid frame."""
    parts = fields(message, values) if message else []
    raw_body = body(parts) if raw_body is None else raw_body
    response = provenance != 0
    number = (KIND[kind] if kind_byte is None else kind_byte) | (0x80 if response else 0)
    words = dict(kind=number, flags=flags, provenance=provenance, request=request, status=status,
                 generation=generation)
    raw = plain(raw_body, **words) if block is None else packed(block, raw_body, **words)
    head = {"kind": number, "flags": flags, "provenance": provenance, "request_id": str(request),
            "status": status, "raw_size": len(raw_body), "generation": generation,
            "wire_size": len(raw) - 32}
    return raw, {"header": head, "message": message, "fields": [f.json for f in parts]}


def valid(name, about, *frames, direction="request", before_hello=False, canonical=True):
    add("valid", name, about, b"".join(f[0] for f in frames), direction, before_hello,
        canonical=canonical, frames=[f[1] for f in frames])


def request(kind, values, **words):
    return frame_case(kind, kind + " request", values, **words)


def response(kind, values, message=None, provenance=REAL, **words):
    return frame_case(kind, message or kind + " response", values, provenance=provenance, **words)


def chunk(kind, values, generation=1, **words):
    """All frames of an answer but the last."""
    return response(kind, values, CHUNK[kind], flags=MORE, generation=generation, **words)


def failure(kind, status, code, message, words=None, **more):
    """An Error. `words` go into the header."""
    return frame_case(kind, "Error", dict(code=code, message=message, **more),
                      **dict(dict(provenance=REAL, status=STATUS[status]), **(words or {})))


def asks(name, about, kind, values, before_hello=False, canonical=True, **words):
    """A case of one request."""
    valid(name, about, request(kind, values, **words), before_hello=before_hello,
          canonical=canonical)


def says(name, about, *frames, canonical=True):
    """A case of an answer's frames."""
    valid(name, about, *frames, direction="response", canonical=canonical)


def answers(name, about, kind, values, canonical=True, **words):
    """A case of an answer of one frame."""
    says(name, about, response(kind, values, **words), canonical=canonical)


def fails(name, about, *failed, **more):
    """A case of an answer that is an Error."""
    says(name, about, failure(*failed, **more))


def framing(name, about, raw, code, direction="request", before_hello=False, **words):
    add("invalid", name, about, raw, direction, before_hello, **words,
        error={"code": code, "status": "PROTOCOL_ERROR", "field": None})


def bad_body(name, about, message, raw_body, code, field, direction="request"):
    kind = "Generate" if message == "Error" else message.split(" ")[0]
    words = dict(kind=KIND[kind])
    if direction == "response":
        words = dict(kind=KIND[kind] | 0x80, provenance=REAL,
                     flags=MORE if message == CHUNK[kind] else 0,
                     status=13 if message == "Error" else 0)
    add("invalid", name, about, plain(raw_body, **words), direction, False, message=message,
        error={"code": code, "status": "INVALID_ARGUMENT", "field": field})
