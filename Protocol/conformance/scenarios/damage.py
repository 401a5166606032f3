"""Bytes and answers that break the protocol: protocol_error, connection closed, nothing retried.

Faults of a single frame are among the vectors. The faults here depend on the request or on earlier
frames.
"""

import random

from codec import STATUS_NAME
from encoder import DEGRADED, KIND, MORE, REAL, header, plain
from rows import GENERATE, expect, row, serve, works, works_anew
from server import ANSWER, HELLO, logprobs


def breaks(name, meaning, kind, fields, damage, stream=False, options=None):
    """A row: `damage(peer, request)` writes damage. The call must end with protocol_error."""
    @row("damage", meaning, name)
    def play(stage):
        client, call, peer, request = stage.begin(kind, fields, stream=stream, **options or {})
        damage(peer, request)
        call.error("protocol_error")
        peer.closed()
        stage.listener.no_connection()
        works_anew(client, stage)


PING = {"payload": "0102"}


def other_id(peer, request):
    request.id += 1000
    peer.answer(request)


def raw_bytes(data):
    return lambda peer, request: peer.send(data)


breaks("unknown_id", "an answer to a request nobody made", "Ping", PING, other_id)
breaks("wrong_kind", "a Ping answered with a Models response", "Ping", PING,
       lambda peer, request: peer.send(peer.frame(request, "Models response", {},
                                                  kind=KIND["Models"] | 0x80)))
breaks("wrong_kind_same_shape", "a Models answered under the kind of Stats", "Models", {},
       lambda peer, request: peer.send(peer.frame(request, "Stats response", {},
                                                  kind=KIND["Stats"] | 0x80)))
breaks("wrong_kind_error", "an error under another kind than the request's", "Ping", PING,
       lambda peer, request: peer.send(peer.frame(
           request, "Error", {"code": "c", "message": "m"}, status=13,
           kind=KIND["Generate"] | 0x80)))
breaks("second_hello", "a second Hello answer, which nobody asked for", "Ping", PING,
       lambda peer, request: peer.send(peer.frame(request, "Hello response", HELLO,
                                                  kind=KIND["Hello"] | 0x80)))
breaks("more_on_a_kind_without_chunks", "flag more on a Ping's answer", "Ping", PING,
       lambda peer, request: peer.send(peer.frame(request, "Ping response", PING, flags=MORE)))
breaks("ping_payload_differs", "a Ping answered with other bytes", "Ping", PING,
       lambda peer, request: peer.answer(request, payload="0103"))
breaks("ping_payload_missing", "a Ping answered with no bytes", "Ping", PING,
       lambda peer, request: peer.answer(request, payload=None))
breaks("provenance_byte_0", "provenance 0", "Generate", GENERATE,
       lambda peer, request: peer.answer(request, provenance=0))
breaks("provenance_byte_3", "provenance 3", "Generate", GENERATE,
       lambda peer, request: peer.answer(request, provenance=3))
breaks("provenance_byte_in_mid_stream", "provenance 255 in the second chunk", "Generate", GENERATE,
       lambda peer, request: (peer.token(request, 1, "a"),
                              peer.token(request, 2, "b", provenance=255)), stream=True)
breaks("degraded_flag_alone", "flag degraded, and no degradation listed", "Generate", GENERATE,
       lambda peer, request: peer.answer(request, flags=DEGRADED))
breaks("degradations_without_flag", "a degradation listed, and no flag degraded", "Generate",
       GENERATE, lambda peer, request: peer.answer(
           request, flags=0, answer=dict(ANSWER, degradations=["truncated_context"])))
breaks("garbage", "bytes that mean nothing", "Ping", PING,
       raw_bytes(random.Random(3).randbytes(200)))
breaks("http_greeting", "an HTTP server on the port", "Ping", PING,
       raw_bytes(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
breaks("tls_greeting", "a TLS server on the port", "Ping", PING,
       raw_bytes(bytes.fromhex("15030100020246") + bytes(32)))
breaks("oversized", "a body above the limit that the client announced: refused by its header",
       "Generate", GENERATE,
       lambda peer, request: peer.send(header(KIND["Generate"] | 0x80, provenance=REAL,
                                              request=request.id, raw=65537, generation=1)),
       options={"body_size_max": 65536})
breaks("length_of_all_ones", "a length of 4 GiB: refused by its first four bytes", "Ping", PING,
       raw_bytes(b"\xff\xff\xff\xff"))
breaks("version_byte", "another version: refused by its fifth byte", "Ping", PING,
       raw_bytes(b"\x1c\0\0\0\x02"))
breaks("unknown_field", "a field the table does not list, beside right ones", "Ping", PING,
       lambda peer, request: peer.send(plain(
           bytes.fromhex("0100030002000000" "0102" "0900080001000000" "01"),
           kind=KIND["Ping"] | 0x80, provenance=REAL, request=request.id)))
breaks("score_fewer", "fewer scores than continuations", "Score",
       {"prompt": "a", "continuations": [{"text": "b"}, {"text": "c"}]},
       lambda peer, request: peer.answer(request, scores=[
           {"logprobs": logprobs([1]), "logprob": -0.5, "greedy": True}]))
breaks("score_more", "more scores than continuations", "Score",
       {"prompt": "a", "continuations": [{"text": "b"}]},
       lambda peer, request: peer.answer(request, scores=[
           {"logprobs": logprobs([1]), "logprob": -0.5, "greedy": True}] * 2))
breaks("logits_count", "fewer logits than vocabulary times positions", "Logits", {"tokens": [1]},
       lambda peer, request: peer.answer(request, positions="2"))
breaks("logits_count_over_chunks", "more logits in chunks than the last frame says", "Logits",
       {"tokens": [1]},
       lambda peer, request: (peer.chunk(request, logits=[1.0]), peer.answer(request)))
breaks("logits_product_overflows", "a product of counts that 64 bits do not hold", "Logits",
       {"tokens": [1]},
       lambda peer, request: peer.answer(request, vocabulary="4294967295",
                                         positions="4294967295", logits=[]))
breaks("embed_count", "fewer values than dimensions times count", "Embed",
       {"inputs": [{"text": "a"}]},
       lambda peer, request: peer.answer(request, dimensions="3"))
breaks("embed_inputs", "another number of vectors than inputs", "Embed",
       {"inputs": [{"text": "a"}]},
       lambda peer, request: peer.answer(request, count="2", embeddings=[0.5] * 4))
breaks("logprobs_not_asked_for", "log-probabilities nobody asked for", "Generate", GENERATE,
       lambda peer, request: peer.answer(request, logprobs=logprobs([5])))
breaks("logprobs_asked_for_and_missing", "tokens without the log-probabilities asked for",
       "Generate", dict(GENERATE, logprobs="1"),
       lambda peer, request: peer.answer(request, logprobs=None))


def stranger(name, meaning, first, words, rest=b"", reads=True):
    """A row: another protocol's server sends `first` before or after reading Hello. The error
    says what speaks at the address."""
    @row("damage", meaning, name)
    def play(stage):
        client = stage.open(attempts=1)
        call = client.ping()
        peer = stage.accept()
        if reads:
            peer.request("Hello")
        for byte in first:
            peer.send(bytes([byte]))
        peer.send(rest)
        error = call.error("protocol_error", status="PROTOCOL_ERROR")
        said = "the peer at %s " % stage.listener.url
        expect(said in error["message"], said, error["message"])
        expect(words in error["message"], words, error["message"])
        peer.closed(but=("Hello",))
        works_anew(client, stage)


stranger("peer_speaks_http", "HTTP answers Hello: the error names it and the address",
         b"HTTP/1.1 400 Bad Request\r\n", "speaks HTTP, not Assay's protocol",
         b"Content-Length: 0\r\n\r\n")
stranger("peer_speaks_tls", "a TLS alert answers Hello: the error names it and the address",
         bytes.fromhex("15030300020246"), "speaks TLS, not Assay's protocol")
stranger("peer_speaks_ssh", "an SSH server greets first: the error names it and the address",
         b"SSH-2.0-OpenSSH_9.2\r\n", "speaks SSH, not Assay's protocol", reads=False)
stranger("peer_speaks_unknown", "an unknown protocol: the error shows its first bytes",
         b"+OK \x07 ready\r\n", 'its first bytes are "+OK ')


@row("damage", "an unknown id: everything in flight on the connection fails")
def damage_fails_all(stage):
    client = stage.open()
    calls = [client.generate("a"), client.generate("b"), client.ping()]
    peer = stage.greet()
    requests = [peer.request(where=lambda fields: True) for _ in calls]
    requests[0].id = 1 << 50
    peer.answer(requests[0])
    for call in calls:
        call.error("protocol_error", status="PROTOCOL_ERROR")
    peer.closed()
    works_anew(client, stage)


@row("damage", "damage in mid-stream: chunks before it stay, the call fails")
def damage_in_mid_stream(stage):
    _, call, peer, request = stage.begin("Generate")
    peer.token(request, 1, "a")
    expect(call.chunk().get("text") == "a", "the chunk before", "another")
    peer.send(b"\0" * 32)
    call.error("protocol_error")
    peer.closed()


@row("damage", "a frame after the last one: the connection is given up, not used again")
def frame_after_the_last(stage):
    client, call, peer, request = stage.begin("Ping")
    once = peer.frame(request, "Ping response", {"payload": request.fields["payload"]})
    peer.send(once + once)
    call.ok()
    # Both frames came at once, and arrived bytes are read before anything is written (rule 2).
    second = client.ping("02")
    peer.closed()
    other = stage.greet()
    serve(second, other)


@row("damage", "a frame after the last one while another call is in flight")
def frame_after_the_last_in_flight(stage):
    client, stream, peer, held = stage.begin("Generate")
    call = client.ping()
    request = peer.request("Ping")
    serve(call, peer, request)
    peer.token(held, 1, "a")
    stream.chunk()
    peer.answer(request)
    stream.error("protocol_error")
    peer.closed()


@row("damage", "a status of a later revision reads as UNKNOWN; the connection lives on")
def unknown_status(stage):
    client, call, peer, request = stage.begin("Ping")
    peer.error(request, 4711, "later", "from the future")
    error = call.error("server_refused", status="UNKNOWN")
    expect("from the future" in error["message"], "the server's words", error["message"])
    works(client, peer)


@row("damage", "every status on the wire reaches the caller by name")
def every_status(stage):
    client = stage.open(attempts=1)
    peer = None
    for number, name in sorted(STATUS_NAME.items()):
        if number in (0, 35):
            continue
        call = client.ping()
        peer = peer or stage.greet()
        peer.error(peer.request("Ping"), number, "c", "in words")
        call.error("server_refused", status=name)
    works(client, peer)
