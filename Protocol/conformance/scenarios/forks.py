"""A client object in a forked child: connections of the child's own, the parent's left alone.

The driver forks at op `fork`. The child makes a call with the inherited client object and hands
back the outcome through a pipe. A driver whose language does not fork answers unsupported: n/a.
"""

from rows import connected, echoed, expect, row, serve, two_streams, works, works_anew
from server import HELLO, Failed

PAYLOAD = "6368696c64"


def child_asks(stage, client, parents, **hello):
    """A forked child's Ping, answered on a connection of its own. Gives that connection."""
    forked = client.fork("Ping", {"payload": PAYLOAD})
    child = stage.greet_child(forked, **hello)
    child.answer(child.request("Ping"))
    echoed(forked, PAYLOAD)
    for peer in parents:
        untouched(peer)
    return child


def untouched(peer):
    """No byte of the child, and no end, on the parent's connection."""
    peer.nothing(but_close=False)


@row("fork", "a child of a connected parent makes a connection of its own; the parent's lives on")
def fork_after_a_call(stage):
    client, peer = connected(stage)
    child = child_asks(stage, client, [peer])
    child.closed()
    works(client, peer)
    stage.listener.no_connection()


@row("fork", "the same over TCP")
def fork_over_tcp(stage):
    stage.listen(tcp=True)
    client, peer = connected(stage)
    child_asks(stage, client, [peer])
    works(client, peer)


@row("fork", "a child of a parent that has not connected yet")
def fork_before_the_first_call(stage):
    client = stage.open()
    child_asks(stage, client, [])
    peer = works_anew(client, stage)
    works(client, peer)


@row("fork", "the parent's call in flight is answered after the child's, on its own connection")
def fork_beside_a_call(stage):
    client, call, peer, request = stage.begin("Ping", {"payload": "aa"})
    child_asks(stage, client, [peer])
    peer.answer(request)
    echoed(call, "aa")
    works(client, peer)


@row("fork", "the parent's stream goes on beside a child, and after its end")
def fork_in_mid_stream(stage):
    client, call, peer, request = stage.begin("Generate")
    peer.token(request, 1, "a")
    call.chunk()
    child_asks(stage, client, [peer])
    peer.token(request, 2, "b")
    call.chunk()
    peer.answer(request)
    text = call.ok()["response"]["text"]
    expect(text == "ab was", "the whole text", text)
    works(client, peer)


@row("fork", "half a frame has arrived when the parent forks: the rest is the parent's")
def fork_in_mid_frame(stage):
    client, call, peer, request = stage.begin("Ping", {"payload": "aa"})
    data = peer.frame(request, "Ping response", {"payload": "aa"})
    peer.send(data[:37])
    child_asks(stage, client, [peer])
    peer.send(data[37:])
    call.ok()
    works(client, peer)


@row("fork", "eight threads wait for answers when the parent forks: the child does not hang")
def fork_beside_many_calls(stage):
    client = stage.open()
    calls = [client.ping("%02x" % index) for index in range(8)]
    peer = stage.greet()
    requests = [peer.request("Ping") for _ in calls]
    child_asks(stage, client, [peer])
    for request in requests:
        peer.answer(request)
    for index, call in enumerate(calls):
        echoed(call, "%02x" % index)


@row("fork", "calls wait for a place when the parent forks: the child does not wait with them")
def fork_beside_a_crowd(stage):
    client = stage.open()
    calls = [client.ping("%02x" % index) for index in range(4)]
    peer = stage.greet(requests_in_flight_max="1")
    request = peer.request("Ping")
    child_asks(stage, client, [peer])
    for index in range(4):
        peer.answer(request)
        if index < 3:
            request = peer.request("Ping")
    for call in calls:
        call.ok()


@row("fork", "the parent waits for its Hello when it forks: both get their own")
def fork_while_connecting(stage):
    client, call, peer = stage.connect("Ping", {"payload": "aa"}, hello=False)
    hello = peer.request("Hello")
    child_asks(stage, client, [peer])
    peer.limit = 4 << 20
    peer.send(peer.frame(hello, "Hello response", HELLO))
    serve(call, peer)


@row("fork", "a pool of two: both connections of the parent are left alone")
def fork_with_a_pool(stage):
    client, calls, peers, requests = two_streams(stage)
    child_asks(stage, client, peers)
    for peer, request, call in zip(peers, requests, calls):
        serve(call, peer, request)


@row("fork", "three children one after another, the parent at work in between")
def fork_three_times(stage):
    client, peer = connected(stage)
    for _ in range(3):
        child_asks(stage, client, [peer])
        works(client, peer)


@row("fork", "two children at once: each its own connection and its own answer")
def fork_twice_at_once(stage):
    client, peer = connected(stage)
    forked = {payload: client.fork("Ping", {"payload": payload}) for payload in ("c1", "c2")}
    children = [stage.greet_child(one) for one in forked.values()]
    for child in reversed(children):
        child.answer(child.request("Ping"))
    for payload, call in forked.items():
        found = call.ok()["response"].get("payload")
        expect(found == payload, "payload " + payload, repr(found))
    untouched(peer)
    works(client, peer)


@row("fork", "a child's call that the server refuses: the child's error, nobody else's")
def fork_refused(stage):
    client, peer = connected(stage, attempts=1)
    forked = client.fork("Generate", {"prompt": "a", "max_tokens": "2"})
    child = stage.greet_child(forked)
    child.error(child.request("Generate"), "NOT_FOUND", "model_not_found", "no such model")
    forked.error("server_refused", status="NOT_FOUND")
    untouched(peer)
    works(client, peer)


@row("fork", "the server ends the child's connection: the parent's call is not concerned")
def fork_cut(stage):
    client, call, peer, request = stage.begin("Ping", {"payload": "aa"}, attempts=1)
    forked = client.fork("Ping", {"payload": PAYLOAD})
    child = stage.greet_child(forked)
    child.request("Ping")
    child.close()
    forked.error("connection_closed")
    untouched(peer)
    serve(call, peer, request)


@row("fork", "the parent's connection is damaged meanwhile: the child's answer is not concerned")
def fork_beside_damage(stage):
    client, call, peer, _ = stage.begin("Ping", {"payload": "aa"}, attempts=1)
    forked = client.fork("Ping", {"payload": PAYLOAD})
    child = stage.greet_child(forked)
    request = child.request("Ping")
    peer.send(b"\0" * 32)
    call.error("protocol_error")
    child.answer(request)
    if forked.ok()["response"].get("payload") != PAYLOAD:
        raise Failed("the child's payload back", "another")
