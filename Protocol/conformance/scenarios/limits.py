"""Limits in the Hello answer: requests in flight, the size of bodies, the revision. Also pools."""

from rows import GENERATE, cancel_of, expect, row, serve, two_streams, works
from scenarios.answers import CARRIES
from server import logprobs


@row("limits", "never more requests in flight than the server allows; the others wait")
def in_flight_limit(stage):
    client = stage.open()
    calls = [client.ping("%02x" % index) for index in range(6)]
    peer = stage.greet(requests_in_flight_max="2")
    held = [peer.request("Ping"), peer.request("Ping")]
    peer.nothing(but_close=False)
    for _ in range(4):
        peer.answer(held.pop(0))
        held.append(peer.request("Ping"))
        peer.nothing(0.03, but_close=False)
    for request in held:
        peer.answer(request)
    for call in calls:
        call.ok()


@row("limits", "a stream counts as in flight until its last frame")
def stream_holds_its_place(stage):
    client, stream, peer, request = stage.begin("Generate", hello=dict(requests_in_flight_max="1"))
    call = client.ping()
    for number in range(3):
        peer.token(request, number, "a")
        stream.chunk()
    peer.nothing(but_close=False)
    peer.answer(request)
    stream.ok()
    serve(call, peer)


@row("limits", "a stream that was given up holds its place until its last frame")
def given_up_holds_its_place(stage):
    client, stream, peer, request = stage.begin("Generate", cancel_after=1,
                                                hello=dict(requests_in_flight_max="1"))
    peer.token(request, 1, "a")
    peer.answer(cancel_of(peer, request))
    call = client.ping()
    peer.nothing(but_close=False)
    peer.answer(request, finish_reason="cancelled")
    stream.error("given_up")
    serve(call, peer)


@row("limits", "a request larger than the server accepts is refused here, nothing is sent")
def larger_than_the_peer_accepts(stage):
    client, call, peer = stage.connect("Tokenize", {"text": "61" * 5000},
                                       hello=dict(compression=True, body_size_max="4096"))
    call.error("request_invalid", status="INVALID_ARGUMENT")
    peer.nothing(but_close=False)
    works(client, peer)


@row("limits", "a request exactly as large as the server accepts is sent")
def as_large_as_the_peer_accepts(stage):
    _, call, peer, request = stage.begin("Tokenize", {"text": "61" * (4096 - 8)},
                                         hello=dict(body_size_max="4096"), allow_mock=True,
                                         compression=False)
    expect(len(request.body) == 4096, "4096 bytes", "%d" % len(request.body))
    serve(call, peer, request)


def too_new(name, kind, fields, revision="1"):
    @row("limits",
         "a server of revision %s: %s is refused here, nothing is sent" % (revision, name),
         "revision_%s_%s" % (revision, name))
    def play(stage):
        client, call, peer = stage.connect(kind, fields, hello=dict(revision=revision))
        call.error("revision_too_low", status="UNIMPLEMENTED")
        peer.nothing(but_close=False)
        works(client, peer)


PROMPT = {"prompt": "a", "max_tokens": "2"}
TURN = [{"role": "user", "content": "hi"}]
too_new("score", "Score", {"prompt": "a", "continuations": [{"text": "b"}]})
too_new("embed", "Embed", {"inputs": [{"text": "a"}]})
too_new("logprobs", "Generate", dict(PROMPT, logprobs="0"))
too_new("prompt_logprobs", "Generate", dict(PROMPT, prompt_logprobs="2"))
too_new("messages", "Generate", {"messages": TURN, "max_tokens": "2"})
too_new("logits_messages", "Logits", {"messages": TURN})
too_new("verify", "Health", {"model": "stories", "verify": True})
too_new("context", "Tokenize", {"text": "61", "context": {"priority": "1"}})
too_new("ignore_eos", "Generate", dict(PROMPT, ignore_eos=True), "2")
too_new("min_tokens", "Generate", dict(PROMPT, min_tokens="1"), "2")
too_new("tools", "Generate", {"messages": TURN, "max_tokens": "2", "tools": "[]"}, "2")
too_new("template_time", "Logits", {"messages": TURN, "template_time": "1"}, "2")
too_new("role_tool", "Generate", {"messages": [{"role": "tool", "content": "a"}],
                                  "max_tokens": "2"}, "2")
too_new("reasoning_content", "Score", {"messages": [dict(TURN[0], reasoning_content="a")],
                                       "continuations": [{"text": "b"}]}, "2")
too_new("tool_calls", "Generate", {"messages": [
    dict(TURN[0], tool_calls=[{"name": "add", "arguments": "{}"}])], "max_tokens": "2"}, "2")
too_new("render", "Render", {"messages": TURN}, "2")
for _kind, _fields in CARRIES.items():
    too_new("context_of_" + _kind.lower(), _kind, dict(_fields, context={"priority": "9"}), "2")


@row("limits", "a server of revision 1: what it knows works")
def revision_1_works(stage):
    _, call, peer, request = stage.begin("Generate", hello=dict(revision="1"))
    peer.token(request, 1, "a")
    serve(call, peer, request)


@row("limits", "a server of revision 2: it is spoken to, and its frames have no numbers")
def revision_2_works(stage):
    client, call, peer, request = stage.begin("Generate", dict(GENERATE, logprobs="1"), stream=True,
                                              hello=dict(revision="2"))
    peer.token(request, 1, "a", logprobs=logprobs([1], 1))
    serve(call, peer, request)
    serve(client.call("Score", {"prompt": "a", "continuations": [{"text": "b"}]}), peer)


@row("limits", "a pool of 2: the second call opens a second connection, the third takes the idle one")
def pool_of_two(stage):
    client, (first, second), (one, two), (held, other) = two_streams(stage)
    serve(first, one, held)
    works(client, one)
    serve(second, two, other)
    stage.listener.no_connection()


@row("limits", "a pool of 2: each call takes the connection with the fewest in flight")
def pool_takes_the_idle_one(stage):
    client, calls, peers, requests = two_streams(stage)
    calls += [client.generate("%d" % index) for index in range(4)]
    requests = [[first] for first in requests]
    for _ in range(2):
        for peer, held in zip(peers, requests):
            held.append(peer.request("Generate"))
    for peer, held in zip(peers, requests):
        for request in held:
            peer.answer(request)
    for call in calls:
        call.ok()


@row("limits", "one connection unless told otherwise")
def one_connection_by_default(stage):
    client = stage.open()
    calls = [client.ping("%02x" % index) for index in range(8)]
    peer = stage.greet()
    for _ in calls:
        peer.answer(peer.request("Ping"))
    for call in calls:
        call.ok()
    stage.listener.no_connection()
