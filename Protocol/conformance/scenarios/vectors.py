"""One row per vector that a client can meet: requests to write, answers to read.

A request vector's fields are given to the driver, and the body on the wire must be the vector's. A
response vector's frames are sent as the answer to a fitting request, with the request's own id put
in. The driver's answer must be the vector's list, or a protocol_error, or (bytes that stop in
mid-frame, then the end of the connection) connection_closed.
"""

import json
import os
import struct

from codec import KIND_OF_NUMBER, KINDS, PROTOCOL, STATUS_NAME
from encoder import lz4_decode, raw_field
from rows import add, expect, same, same_answer, serve
from server import ANSWER

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "vectors")
PLAIN = dict(allow_mock=True, compression=False, attempts=1)


def load(folder):
    """The cases of a folder: name, bytes, expectation."""
    for name in sorted(os.listdir(os.path.join(FOLDER, folder))):
        if name.endswith(".bin"):
            stem = os.path.join(FOLDER, folder, name[:-4])
            with open(stem + ".bin", "rb") as raw, open(stem + ".json", encoding="utf-8") as text:
                yield name[:-4], raw.read(), json.load(text)


def values(message, fields):
    """The field list of a vector as an object of names."""
    out = {}
    rows = {field["name"]: field for field in PROTOCOL["messages"][message]["fields"]}
    for field in fields:
        row, value = rows[field["name"]], field["value"]
        if row["type"] == "record":
            value = values(row["record"], value)
        if row["presence"] == "repeated":
            out.setdefault(field["name"], []).append(value)
        else:
            out[field["name"]] = value
    return out


def kind_of(header):
    """The kind's name of a vector's header. None when no client can meet the vector."""
    return KIND_OF_NUMBER.get(header["kind"] & 0x7F)


# ---------------------------------------------------------------- requests

def plays_request(frame, about):
    header, kind = frame["header"], kind_of(frame["header"])
    fields = values(frame["message"], frame["fields"])
    compressed = bool(header["flags"] & 1)

    def play(stage):
        _, call, peer, request = stage.begin(kind, fields, deadline=header["status"],
                                             hello=dict(compression=compressed),
                                             **dict(PLAIN, compression=compressed))
        same("the request", kind + " request", fields, request.fields)
        expect((request.deadline > 0) == (header["status"] > 0)
               and request.deadline <= header["status"],
               "a deadline of at most %d ms" % header["status"], "%d ms" % request.deadline)
        expect(bool(request.flags & 1) == compressed, "compressed: %s" % compressed,
               "flags %d" % request.flags)
        if about["canonical"]:
            wanted = about["body"]
            expect(request.body == wanted, "the vector's body, %d bytes: %s..."
                   % (len(wanted), wanted[:64].hex()),
                   "%d bytes: %s..." % (len(request.body), request.body[:64].hex()))
        last = peer.answer(request)
        same_answer(call.ok(), kind, [], last, generation=1 if "answer" in last else 0)
    return play


def add_requests():
    for name, raw, case in load("valid"):
        if case["direction"] != "request" or len(case["frames"]) != 1:
            continue
        frame = case["frames"][0]
        kind = kind_of(frame["header"])
        if kind in (None, "Hello", "Cancel") or frame["message"] is None:
            continue
        about = {"canonical": case["canonical"], "body": raw[32:]}
        add("request_" + name, "vectors: requests", case["about"], plays_request(frame, about))


# ---------------------------------------------------------------- responses

def asks(kind, frames):
    """A request that the frames of a vector answer."""
    last = frames[-1]
    names = {name for frame in frames for name in frame}
    if kind == "Ping":
        return {"payload": last["payload"]} if "payload" in last else {}
    if kind == "Health":
        return {"model": "stories", "verify": True} if "seal" in last else {}
    if kind in ("Load", "Swap"):
        return {"name": "m", "path": "/models/m.gguf"}
    if kind in ("Unload", "Rollback", "Pin"):
        return {"name": "m"}
    if kind == "Alias":
        return {"name": "m", "label": "canary", "generation": "4"}
    if kind == "Tokenize":
        return {"text": b"some text".hex()}
    if kind == "Detokenize":
        return {"tokens": [1, 403]}
    if kind == "Generate":
        out = {"prompt": "Once upon a time", "max_tokens": "8"}
        for name in ("logprobs", "prompt_logprobs"):
            if name in names:
                out[name] = str(max(int(frame.get(name, {}).get("top_count", 0))
                                    for frame in frames))
        return out
    if kind == "Score":
        count = len(last.get("scores", [1]))
        top = max([int(score.get("logprobs", {}).get("top_count", 0))
                   for score in last.get("scores", [])] or [0])
        return {"prompt": "Once", "continuations": [{"text": " upon"}] * count,
                "top_logprobs": str(top)}
    if kind == "Logits":
        rows = min(max(int(last.get("positions", 1)), 1), 65536)
        return {"tokens": [1] * rows, "all_positions": True}
    if kind == "Render":
        return {"messages": [{"role": "user", "content": "Hi"}]}
    if kind == "Embed":
        return {"inputs": [{"text": "a"}] * min(max(int(last.get("count", 1)), 1), 256)}
    return {}


def with_id(raw, number):
    """Frames with every request id that is not 0 replaced."""
    out, at = bytearray(raw), 0
    while at + 32 <= len(out):
        if struct.unpack_from("<Q", out, at + 8)[0]:
            struct.pack_into("<Q", out, at + 8, number)
        at += 4 + struct.unpack_from("<I", out, at)[0]
    return bytes(out)


def plays_response(raw, frames):
    kind = kind_of(frames[0]["header"])
    fields = [values(frame["message"], frame["fields"]) for frame in frames]
    head = frames[-1]["header"]
    compressed = any(frame["header"]["flags"] & 1 for frame in frames)

    def play(stage):
        client = stage.open(**dict(PLAIN, compression=compressed))
        streamed = KINDS[kind]["streamed"]
        call = client.call(kind, asks(kind, fields), stream=streamed)
        peer = stage.greet(compression=compressed)
        peer.send(with_id(raw, peer.request(kind).id))
        provenance = "real" if head["provenance"] == 1 else "mock"
        chunks = fields[:-1]
        if head["status"]:
            error = call.error("server_refused", status=STATUS_NAME.get(head["status"], "UNKNOWN"))
            checks_error(error, fields[-1], provenance)
        else:
            result = call.ok()
            same_answer(result, kind, chunks, fields[-1], provenance, head["generation"],
                        bool(head["flags"] & 4))
        handed_out = chunks if kind in ("Generate", "Load", "Swap") else []
        expect(len(call.chunks) == len(handed_out), "%d chunks" % len(handed_out),
               "%d" % len(call.chunks))
        for found, wanted in zip(call.chunks, chunks):
            same("a chunk", KINDS[kind]["chunk"], wanted, found)
    return play


def checks_error(error, fields, provenance):
    """A driver's error carries the fields of the server's Error."""
    for name, key in [("server_code", "code"), ("field", "field"), ("layer", "layer"),
                      ("retry_after_milliseconds", "retry_after_milliseconds")]:
        found, wanted = error.get(name), fields.get(key)
        if key == "retry_after_milliseconds" and found is not None:
            found = str(found)
        expect(found == wanted, "%s %r in the error" % (name, wanted), repr(found))
    wanted, found = (words or {} for words in (fields.get("server_load"), error.get("server_load")))
    same("the server's load in the error", "Server load", wanted, found)
    expect(error.get("provenance") == provenance, "provenance %s in the error" % provenance,
           repr(error.get("provenance")))
    expect(fields["message"] in error["message"], "the server's words in the message",
           repr(error["message"]))


def plays_hello_response(fields):
    def play(stage):
        _, call, peer = stage.connect("Ping", hello=False, compression=True)
        peer.hello(**dict(fields, compression=fields["compression"]))
        serve(call, peer)
    return play


def add_responses():
    for name, raw, case in load("valid"):
        if case["direction"] != "response":
            continue
        frames = case["frames"]
        kind = kind_of(frames[0]["header"])
        if kind in (None, "Cancel", "GoAway"):
            continue
        if any(kind_of(frame["header"]) != kind for frame in frames):
            continue
        if kind == "Hello":
            if frames[0]["header"]["status"]:
                continue
            play = plays_hello_response(values(frames[0]["message"], frames[0]["fields"]))
        elif frames[-1]["header"]["flags"] & 2:
            play = plays_unfinished(raw, kind, frames)
        else:
            play = plays_response(raw, frames)
        add("response_" + name, "vectors: responses", case["about"], play)


def plays_unfinished(raw, kind, frames):
    """A vector whose last frame has flag more: the scenario adds the end."""
    fields = [values(frame["message"], frame["fields"]) for frame in frames]
    head = frames[0]["header"]
    provenance = "real" if head["provenance"] == 1 else "mock"
    compressed = any(frame["header"]["flags"] & 1 for frame in frames)

    def play(stage):
        _, call, peer, request = stage.begin(kind, asks(kind, fields), stream=True,
                                             hello=dict(compression=compressed),
                                             **dict(PLAIN, compression=compressed))
        peer.send(with_id(raw, request.id))
        request.frames_sent = len(fields)
        last = dict(peer_end(kind, fields))
        peer.answer(request, provenance=head["provenance"], generation=head["generation"], **last)
        same_answer(call.ok(), kind, fields, last, provenance, head["generation"])
    return play


def peer_end(kind, fields):
    """A last frame that completes chunks of one kind."""
    count = sum(len(part.get("logits", part.get("embeddings", part.get("tokens", []))))
                for part in fields)
    if kind == "Logits":
        return {"logits": [], "vocabulary": str(count), "positions": "1", "answer": ANSWER}
    if kind == "Embed":
        return {"embeddings": [], "dimensions": str(count), "count": "1", "prompt_tokens": "1",
                "answer": ANSWER}
    out = {"tokens": [], "text": "", "finish_reason": "stop", "prompt_tokens": "1",
           "completion_tokens": str(count), "answer": ANSWER}
    if any("logprobs" in part for part in fields):
        out["logprobs"] = {"tokens": [], "logprobs": []}
    return out


# ---------------------------------------------------------------- what must be refused

# Requests for damaged answers, by kind.
QUESTIONS = {
    "Score": {"prompt": "Once", "continuations": [{"text": " upon"}], "top_logprobs": "2"},
    "Generate": {"prompt": "Once", "max_tokens": "8", "logprobs": "2", "prompt_logprobs": "2"},
    "Health": {"model": "stories", "verify": True},
}


def fitting(kind, raw, compressed):
    """A request that a client without a check would find answered."""
    if kind != "Ping" or len(raw) < 32:
        return asks(kind, [{}])
    body = raw[32:]
    if compressed:
        try:
            body = lz4_decode(body)
        except ValueError:
            body = raw_field(1, 3, b"\x07" * 1016)
    size = struct.unpack_from("<I", body, 4)[0] if len(body) >= 8 else 0
    return {"payload": body[8:8 + size].hex()} if 0 < size < 65537 else {}


def plays_damage(raw, kind, before_hello, compressed, agreed):
    def play(stage):
        client = stage.open(**dict(PLAIN, compression=True))
        call = client.call(kind if kind != "Hello" else "Ping",
                           QUESTIONS.get(kind) or fitting(kind, raw, compressed),
                           stream=kind in KINDS and KINDS[kind]["streamed"])
        if before_hello:
            peer = stage.accept()
            number = peer.request("Hello").id
        else:
            peer = stage.greet(compression=compressed and agreed)
            number = peer.request().id
        peer.send(with_id(raw, number))
        call.error("protocol_error")
        peer.closed()
    return play


def add_damage():
    for name, raw, case in load("invalid"):
        if case["direction"] != "response":
            continue
        kind = case.get("message", "Ping response").split(" ")[0]
        if kind == "GoAway":
            kind = "Ping"
        elif kind not in KINDS or kind == "Cancel":
            kind = "Generate" if kind == "Error" else None
        if kind is None:
            continue
        compressed = len(raw) >= 32 and bool(raw[6] & 1)
        add("refused_" + name, "vectors: refused", "%s (%s)" % (case["about"],
                                                                 case["error"]["code"]),
            plays_damage(raw, kind, case["before_hello"], compressed,
                         case.get("compression", True)))


def plays_prefix(raw, kind):
    def play(stage):
        _, call, peer, request = stage.begin(kind, asks(kind, [{}]), stream=KINDS[kind]["streamed"],
                                             hello=dict(compression=True),
                                             **dict(PLAIN, compression=True))
        peer.send(with_id(raw, request.id))
        peer.close()
        call.error("connection_closed")
    return play


def add_prefixes():
    for name, raw, case in load("incomplete"):
        if case["direction"] != "response":
            continue
        kind = KIND_OF_NUMBER[raw[5] & 0x7F] if len(raw) > 5 else "Ping"
        add("cut_" + name, "vectors: cut", case["about"] + ", then the connection ends",
            plays_prefix(raw, kind))


add_requests()
add_responses()
add_damage()
add_prefixes()
