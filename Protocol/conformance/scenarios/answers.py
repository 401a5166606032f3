"""Arrival of answers: in pieces, in any order, interleaved, large, with GoAway in between."""

import random
import time

from codec import KINDS
from rows import GENERATE, connected, echoed, expect, row, same_answer, serve, works, works_anew
from server import sample


@row("answers", "50 requests in flight, answered in reverse order")
def out_of_order(stage):
    client = stage.open()
    calls = {("%04x" % index): client.ping("%04x" % index) for index in range(50)}
    peer = stage.greet()
    requests = [peer.request("Ping") for _ in calls]
    for request in reversed(requests):
        peer.answer(request)
    for payload, call in calls.items():
        echoed(call, payload)


@row("answers", "every request in flight has an id of its own")
def ids_are_unique(stage):
    client = stage.open()
    calls = [client.ping("%04x" % index) for index in range(20)]
    peer = stage.greet()
    requests = [peer.request("Ping") for _ in calls]
    ids = [request.id for request in requests]
    expect(len(set(ids)) == len(ids), "20 ids", "%d" % len(set(ids)))
    for request in requests:
        peer.answer(request)
    for call in calls:
        call.ok()


def plays_pieces(stage, cut):
    """A streamed answer whose bytes are sent as `cut` says."""
    client, call, peer, request = stage.begin("Generate", compression=False)
    with peer.held() as pieces:
        peer.token(request, 383, ",")
        peer.token(request, 285, " there")
        last = peer.answer(request)
    for piece in cut(b"".join(pieces)):
        peer.send(piece)
    same_answer(call.ok(), "Generate",
                [{"tokens": [383], "text": ","}, {"tokens": [285], "text": " there"}], last)
    works(client, peer)


@row("answers", "a stream that arrives byte by byte")
def byte_by_byte(stage):
    plays_pieces(stage, lambda data: [data[at:at + 1] for at in range(len(data))])


@row("answers", "a stream that arrives cut at random places")
def cut_at_random(stage):
    chance = random.Random(5)

    def cut(data):
        at = 0
        while at < len(data):
            size = chance.randrange(1, 60)
            yield data[at:at + size]
            at += size
    plays_pieces(stage, cut)


@row("answers", "a whole stream in one piece")
def all_at_once(stage):
    plays_pieces(stage, lambda data: [data])


@row("answers", "a slow server: pauses within a header and within a body")
def slow(stage):
    def cut(data):
        for piece in (data[:3], data[3:20], data[20:40], data[40:]):
            time.sleep(0.1)
            yield piece
    plays_pieces(stage, cut)


@row("answers", "the Hello answer and the first answer's bytes arrive byte by byte")
def hello_byte_by_byte(stage):
    _, call, peer = stage.connect("Ping", hello=False)
    real_send = peer.send
    peer.send = lambda data: [real_send(data[at:at + 1]) for at in range(len(data))]
    peer.hello()
    serve(call, peer)


@row("answers", "chunks reach the caller as they come, not at the end")
def chunks_as_they_come(stage):
    _, call, peer, request = stage.begin("Generate")
    for number in range(5):
        peer.token(request, number, "t%d" % number)
        expect(call.chunk().get("text") == "t%d" % number, "chunk %d" % number, "another")
    peer.answer(request)
    result = call.ok()
    expect(result["response"].get("text") == "t0t1t2t3t4 was", "the whole text",
           repr(result["response"].get("text")))


@row("answers", "two streams interleaved frame by frame")
def interleaved(stage):
    client = stage.open()
    calls = {"a": client.generate("a"), "b": client.generate("b")}
    peer = stage.greet()
    requests = {}
    for _ in calls:
        request = peer.request("Generate")
        requests[request.fields["prompt"]] = request
    for number in range(6):
        for name in "ab":
            peer.token(requests[name], number, name)
    for name in "ba":
        peer.answer(requests[name], tokens=[99], text=name.upper())
    for name in "ab":
        text = calls[name].ok()["response"]["text"]
        expect(text == name * 6 + name.upper(), name * 6 + name.upper(), text)


@row("answers", "a Ping is answered while a stream is under way")
def ping_during_stream(stage):
    client, call, peer, request = stage.begin("Generate")
    peer.token(request, 1, "a")
    call.chunk()
    works(client, peer)
    peer.token(request, 2, "b")
    call.chunk()
    serve(call, peer, request)


@row("answers", "a streamed kind asked for without streaming: the whole answer at the end")
def whole_answer_of_a_stream(stage):
    _, call, peer, request = stage.begin("Generate", stream=False)
    peer.token(request, 383, ",")
    peer.chunk(request, prompt_done="2", prompt_total="3")
    last = peer.answer(request)
    result = call.ok()
    expect(not call.chunks, "no chunk", "%d" % len(call.chunks))
    same_answer(result, "Generate", [{"tokens": [383], "text": ","}], last)


@row("answers", "the largest text there is")
def largest_text(stage):
    _, call, peer, request = stage.begin("Generate", stream=False)
    last = peer.answer(request, text="0123456789abcdef" * 250000)
    same_answer(call.ok(seconds=8), "Generate", [], last)


@row("answers", "the largest request there is")
def largest_request(stage):
    _, call, peer = stage.connect("Tokenize", {"text": "61" * 4000000}, compression=False)
    request = peer.request("Tokenize", seconds=8)
    expect(len(request.body) > 4000000, "4000000 bytes of text", "%d" % len(request.body))
    serve(call, peer, request)


@row("answers", "1000 chunks in one go")
def many_chunks(stage):
    _, call, peer, request = stage.begin("Generate")
    with peer.held() as pieces:
        for number in range(1000):
            peer.token(request, number, "x")
        peer.answer(request, text="")
    peer.send(b"".join(pieces))
    result = call.ok(seconds=8)
    expect(len(call.chunks) == 1000, "1000 chunks", "%d" % len(call.chunks))
    expect(result["response"]["text"] == "x" * 1000, "1000 letters", "another text")


@row("answers", "200 requests, answers in a random order, bytes cut at random")
def crowd(stage):
    chance = random.Random(17)
    client = stage.open()
    calls = {("%06x" % index): client.ping("%06x" % index) for index in range(200)}
    peer = stage.greet()
    waiting = [peer.request("Ping") for _ in calls]
    chance.shuffle(waiting)
    data = b"".join(peer.frame(one, "Ping response", sample(one)) for one in waiting)
    while data:
        size = chance.randrange(1, 4000)
        peer.send(data[:size])
        data = data[size:]
    for payload, call in calls.items():
        echoed(call, payload)


@row("answers", "progress of a Load: one chunk per layer, generation 0 until the end")
def load_progress(stage):
    _, call, peer, request = stage.begin("Load", {"name": "m", "path": "/models/m.gguf"},
                                         stream=True)
    layers = [{"layer": name, "ok": True, "microseconds": "7"} for name in ("file", "parse")]
    for layer in layers:
        peer.chunk(request, layer=layer)
        found = call.chunk()
        expect(found.get("layer") == layer, "the layer %s" % layer, repr(found))
    last = peer.answer(request, layers=layers, generation=1)
    same_answer(call.ok(), "Load", [], last)


def plays_each_kind(kind, fields):
    @row("answers",
         "%s: request, answer%s" % (kind, ", a degraded answer" if kind in CARRIES else ""),
         "kind_" + kind.lower())
    def play(stage):
        client, call, peer, request = stage.begin(kind, fields)
        last = peer.answer(request)
        same_answer(call.ok(), kind, [], last, generation=1 if "answer" in last else 0)
        if "answer" in last:
            degraded = client.call(kind, fields)
            answer = dict(last["answer"], degradations=["cpu_fallback: no CUDA driver"])
            last = peer.answer(peer.request(kind), answer=answer)
            same_answer(degraded.ok(), kind, [], last, degraded=True)


# Kinds whose request can carry requirements, with a request of each.
CARRIES = {
    "Health": {"model": "stories"},
    "Tokenize": {"text": "6869"},
    "Detokenize": {"tokens": [1, 2]},
    "Generate": {"prompt": "Once", "max_tokens": "4"},
    "Score": {"prompt": "Once", "continuations": [{"text": " upon"}]},
    "Logits": {"tokens": [1, 2, 3]},
    "Embed": {"inputs": [{"text": "a"}, {"tokens": [1]}]},
    "Render": {"messages": [{"role": "user", "content": "Hi"}]},
}
OTHERS = {"Ping": {"payload": "00ff"}, "Models": {}, "Load": {"name": "m", "path": "/m.gguf"},
          "Unload": {"name": "m"}, "Stats": {}, "Swap": {"name": "m", "path": "/m.gguf"},
          "Rollback": {"name": "m"}, "Pin": {"name": "m", "pinned": False},
          "Alias": {"name": "m", "label": "canary", "generation": "2", "share": 0.25}}
assert set(CARRIES) | set(OTHERS) | {"Hello", "Cancel"} == {
    name for name, kind in KINDS.items() if kind["state"] == "served"}
for _kind, _fields in {**OTHERS, **CARRIES}.items():
    plays_each_kind(_kind, _fields)


# ---------------------------------------------------------------- GoAway

@row("goaway", "GoAway in mid-stream: the stream is finished, the next call connects anew")
def goaway_in_mid_stream(stage):
    client, call, peer, request = stage.begin("Generate")
    peer.token(request, 1, "a")
    call.chunk()
    peer.go_away()
    peer.token(request, 2, "b")
    call.chunk()  # by now GoAway has been read too
    second = client.ping()
    other = stage.greet()
    serve(second, other)
    peer.token(request, 3, "c")
    peer.answer(request)
    text = call.ok()["response"]["text"]
    expect(text == "abc was", "the whole text", text)
    works(client, other)


@row("goaway", "GoAway while idle: the next call connects anew, silently")
def goaway_while_idle(stage):
    client, peer = connected(stage, attempts=1)
    peer.go_away()
    works_anew(client, stage)


@row("goaway", "GoAway while idle, then the end: the next call connects anew, Load too")
def goaway_then_end(stage):
    client, peer = connected(stage)
    peer.go_away()
    peer.close()
    call = client.call("Load", {"name": "m", "path": "/m"})
    other = stage.greet()
    serve(call, other)


@row("goaway", "a call that waits for its turn when GoAway comes goes to a new connection")
def goaway_moves_those_who_wait(stage):
    client, first, peer, request = stage.begin("Generate", dict(GENERATE, prompt="first"),
                                               stream=True, hello=dict(requests_in_flight_max="1"))
    second = client.ping()
    peer.nothing(but_close=False)
    peer.go_away()
    other = stage.greet()
    serve(second, other)
    peer.answer(request)
    first.ok()


@row("goaway", "GoAway for cause: what is in flight fails with the server's words")
def goaway_for_cause(stage):
    client = stage.open()
    calls = [client.ping("01"), client.generate()]
    peer = stage.greet()
    peer.request(where=lambda fields: True)
    peer.request(where=lambda fields: True)
    peer.go_away("PROTOCOL_ERROR", "kind_out_of_range", "the script says so")
    peer.close()
    for call in calls:
        error = call.error("protocol_error")
        expect("the script says so" in error["message"], "the server's words", error["message"])
    works_anew(client, stage)


@row("goaway", "GoAway in mid-stream, then the end before the stream's: connection_closed")
def goaway_cut(stage):
    _, call, peer, request = stage.begin("Generate")
    peer.token(request, 1, "a")
    peer.go_away()
    peer.close()
    call.error("connection_closed")
