"""Limits in the Hello answer: requests in flight, the size of bodies, the revision. Also pools."""

from rows import expect, row, works
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
    client = stage.open()
    stream = client.generate()
    peer = stage.greet(requests_in_flight_max="1")
    request = peer.request("Generate")
    call = client.ping()
    for number in range(3):
        peer.token(request, number, "a")
        stream.chunk()
    peer.nothing(but_close=False)
    peer.answer(request)
    stream.ok()
    peer.answer(peer.request("Ping"))
    call.ok()


@row("limits", "a stream that was given up holds its place until its last frame")
def given_up_holds_its_place(stage):
    client = stage.open()
    stream = client.generate(cancel_after=1)
    peer = stage.greet(requests_in_flight_max="1")
    request = peer.request("Generate")
    peer.token(request, 1, "a")
    cancel = peer.request("Cancel", where=lambda fields: True)
    peer.answer(cancel)
    call = client.ping()
    peer.nothing(but_close=False)
    peer.answer(request, finish_reason="cancelled")
    stream.error("given_up")
    peer.answer(peer.request("Ping"))
    call.ok()


@row("limits", "a request larger than the server accepts is refused here, nothing is sent")
def larger_than_the_peer_accepts(stage):
    client = stage.open()
    call = client.call("Tokenize", {"text": "61" * 5000})
    peer = stage.greet(compression=True, body_size_max="4096")
    call.error("request_invalid", status="INVALID_ARGUMENT")
    peer.nothing(but_close=False)
    works(client, peer)


@row("limits", "a request exactly as large as the server accepts is sent")
def as_large_as_the_peer_accepts(stage):
    client = stage.open(allow_mock=True, compression=False)
    call = client.call("Tokenize", {"text": "61" * (4096 - 8)})
    peer = stage.greet(body_size_max="4096")
    request = peer.request("Tokenize")
    expect(len(request.body) == 4096, "4096 bytes", "%d" % len(request.body))
    peer.answer(request)
    call.ok()


def too_new(name, kind, fields, revision="1"):
    def play(stage):
        client = stage.open()
        call = client.call(kind, fields)
        peer = stage.greet(revision=revision)
        call.error("revision_too_low", status="UNIMPLEMENTED")
        peer.nothing(but_close=False)
        works(client, peer)
    play.__name__ = "revision_%s_%s" % (revision, name)
    row("limits", "a server of revision %s: %s is refused here, nothing is sent"
        % (revision, name))(play)


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
for _kind, _fields in CARRIES.items():
    too_new("context_of_" + _kind.lower(), _kind, dict(_fields, context={"priority": "9"}), "2")


@row("limits", "a server of revision 1: what it knows works")
def revision_1_works(stage):
    client = stage.open()
    call = client.generate()
    peer = stage.greet(revision="1")
    request = peer.request("Generate")
    peer.token(request, 1, "a")
    peer.answer(request)
    call.ok()


@row("limits", "a server of revision 2: it is spoken to, and its frames have no numbers")
def revision_2_works(stage):
    client = stage.open()
    call = client.generate(logprobs="1")
    peer = stage.greet(revision="2")
    request = peer.request("Generate")
    peer.token(request, 1, "a", logprobs=logprobs([1], 1))
    peer.answer(request)
    call.ok()
    score = client.call("Score", {"prompt": "a", "continuations": [{"text": "b"}]})
    peer.answer(peer.request("Score"))
    score.ok()


@row("limits", "a pool of 2: the second call opens a second connection, the third takes the idle one")
def pool_of_two(stage):
    client = stage.open(connections=2)
    first = client.generate("a")
    one = stage.greet()
    held = one.request("Generate")
    second = client.generate("b")
    two = stage.greet()
    other = two.request("Generate")
    one.answer(held)
    first.ok()
    third = client.ping("33")
    one.answer(one.request("Ping"))
    third.ok()
    two.answer(other)
    second.ok()
    stage.listener.no_connection()


@row("limits", "a pool of 2: each call takes the connection with the fewest in flight")
def pool_takes_the_idle_one(stage):
    client = stage.open(connections=2)
    first = client.generate("a")
    one = stage.greet()
    held = [one.request("Generate")]
    second = client.generate("b")
    two = stage.greet()
    others = [two.request("Generate")]
    calls = [client.generate("%d" % index) for index in range(4)]
    for _ in range(2):
        held.append(one.request("Generate"))
        others.append(two.request("Generate"))
    for peer, requests in ((one, held), (two, others)):
        for request in requests:
            peer.answer(request)
    for call in calls + [first, second]:
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
