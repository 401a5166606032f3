"""GoAway with reason idle: no call notices, and what crossed it on the wire is sent again."""

import select

from rows import (GENERATE, connected, expect, echoed, row, serve, two_streams, works,
                  works_anew)
from server import WAIT

# A request of each kind that a server must not carry out twice, and of some that it may.
CROSSING = {"Ping": {"payload": "0708"}, "Generate": GENERATE, "Load": {"name": "m", "path": "/m"},
            "Unload": {"name": "m"}, "Embed": {"inputs": [{"text": "a"}]}, "Models": {}}


@row("idle", "between two calls, then the end: the next call connects anew, with one attempt")
def idle_between_calls(stage):
    client, peer = connected(stage, attempts=1)
    peer.idle()
    peer.close()
    works(client, works_anew(client, stage))


@row("idle", "between two calls: a Load is sent once, over a new connection")
def idle_before_a_load(stage):
    client, peer = connected(stage, attempts=1)
    peer.idle()
    peer.close()
    call = client.call("Load", CROSSING["Load"])
    other = stage.greet()
    serve(call, other)
    other.nothing()


@row("idle", "between two calls, and the server does not close: the client does")
def idle_is_closed_by_the_client(stage):
    client, peer = connected(stage, attempts=1)
    peer.idle()
    works_anew(client, stage)
    peer.closed()


@row("idle", "right behind an answer, in the same bytes: the answer counts")
def idle_behind_an_answer(stage):
    client, call, peer, request = stage.begin("Ping", attempts=1)
    with peer.held() as pieces:
        peer.answer(request)
        peer.idle()
    peer.send(b"".join(pieces))
    call.ok()
    works_anew(client, stage)
    peer.closed()


def crosses(kind, fields, closes):
    """A row: a request is on the wire when the server, which has not read it, says idle."""
    @row("idle", "crosses a %s%s: sent again as it was, over a new connection, no attempt"
         % (kind, "" if closes else ", and the server does not close"),
         "idle_crosses_%s%s" % (kind.lower(), "" if closes else "_open"))
    def play(stage):
        client, peer = connected(stage, attempts=1, backoff_milliseconds=60000)
        call = client.call(kind, fields, stream=kind == "Generate")
        first = peer.request(kind)
        peer.idle()
        if closes:
            peer.close()
        other = stage.greet()
        second = other.request(kind)
        expect(second.fields == first.fields, "the same request", repr(second.fields))
        serve(call, other, second)
        if not closes:
            peer.closed()
        works(client, other)


for _kind, _fields in CROSSING.items():
    crosses(_kind, _fields, True)
crosses("Ping", CROSSING["Ping"], False)
crosses("Load", CROSSING["Load"], False)


def crosses_unread(name, tcp):
    @row("idle", "crosses a Load that lies unread when the server closes, over %s"
         % ("TCP" if tcp else "a Unix socket"), name)
    def play(stage):
        stage.listen(tcp)
        client, peer = connected(stage, attempts=1)
        call = client.call("Load", CROSSING["Load"])
        expect(select.select([peer.socket], [], [], WAIT)[0], "a Load request", "nothing")
        peer.idle()
        peer.close()
        serve(call, stage.greet())


crosses_unread("idle_crosses_an_unread_load", False)
crosses_unread("idle_crosses_an_unread_load_over_tcp", True)


@row("idle", "crosses several calls: each is sent again, once")
def idle_crosses_many(stage):
    client, peer = connected(stage, attempts=1)
    calls = {("%04x" % index): client.ping("%04x" % index) for index in range(20)}
    for _ in calls:
        peer.request("Ping")
    peer.idle()
    peer.close()
    other = stage.greet()
    for _ in calls:
        other.answer(other.request("Ping"))
    for payload, call in calls.items():
        echoed(call, payload)
    other.nothing()


@row("idle", "crosses a call that another call waits behind: both go to a new connection")
def idle_moves_those_who_wait(stage):
    client = stage.open(attempts=1)
    works_anew(client, stage, requests_in_flight_max="1")
    peer = stage.peers[-1]
    calls = [client.ping("01"), client.ping("02")]
    peer.request("Ping")
    peer.nothing(but_close=False)
    peer.idle()
    peer.close()
    other = stage.greet()
    for _ in calls:
        other.answer(other.request("Ping"))
    for call, payload in zip(calls, ("01", "02")):
        echoed(call, payload)


@row("idle", "crosses a call of a pool: the other connection's call goes on")
def idle_in_a_pool(stage):
    _, (first, second), (one, two), (_, request) = two_streams(stage, attempts=1)
    one.idle()
    one.close()
    other = stage.greet()
    again = other.request("Generate")
    two.token(request, 1, "x")
    two.answer(request)
    second.ok()
    serve(first, other, again)


def crosses_twice(kind, fields):
    @row("idle", "crosses a %s a second time: that was an attempt, and the only one" % kind,
         "idle_twice_" + kind.lower())
    def play(stage):
        _, call, peer, _ = stage.begin(kind, fields, attempts=1)
        peer.idle()
        peer.close()
        other = stage.greet()
        other.request(kind)
        other.idle()
        other.close()
        call.error("connection_closed", status="UNAVAILABLE")
        stage.listener.no_connection()


crosses_twice("Ping", CROSSING["Ping"])
crosses_twice("Load", CROSSING["Load"])


@row("idle", "crosses a Load a second time: never read, so it is tried again while attempts last")
def idle_twice_is_an_attempt(stage):
    _, call, peer, _ = stage.begin("Load", CROSSING["Load"], attempts=2, backoff_milliseconds=1)
    for _ in range(2):
        peer.idle()
        peer.close()
        peer = stage.greet()
        request = peer.request("Load")
    serve(call, peer, request)


@row("idle", "in the middle of an answer: damage")
def idle_in_mid_stream(stage):
    client, call, peer, request = stage.begin("Generate", backoff_milliseconds=1)
    peer.token(request, 1, "a")
    call.chunk()
    peer.idle()
    call.error("protocol_error", status="PROTOCOL_ERROR")
    peer.closed()
    works_anew(client, stage)


@row("idle", "GoAway for another reason says nothing about a Load in flight: never sent again")
def shutting_down_crosses_a_load(stage):
    client, call, peer, _ = stage.begin("Load", CROSSING["Load"], backoff_milliseconds=1)
    peer.go_away()
    peer.close()
    call.error("connection_closed")
    works_anew(client, stage)
