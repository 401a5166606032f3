"""The beginning and the end of a connection: addresses, Hello, close."""

import time

from encoder import DEGRADED, MOCK, MORE, PROTOCOL
from rows import closes, connected, expect, row, serve, works
from server import HELLO


@row("hello", "opening a client does not connect; the first call does")
def open_does_not_connect(stage):
    client = stage.open()
    stage.listener.no_connection()
    call = client.ping()
    peer = stage.greet()
    serve(call, peer)


@row("hello", "Hello comes first and says name, revision, compression, the largest body")
def hello_says_what_the_client_can(stage):
    client, call, peer = stage.connect("Ping", hello=False)
    fields = peer.hello().fields
    expect(fields["client"], "a name", "none")
    newest = str(PROTOCOL["revision"])
    expect(fields["revision"] == newest, "revision " + newest, fields["revision"])
    expect(fields.get("compression") is True, "compression offered by default",
           repr(fields.get("compression")))
    expect(fields.get("body_size_max", "4194304") == "4194304", "bodies of 4194304 bytes",
           repr(fields.get("body_size_max")))
    serve(call, peer)


@row("hello", "options name, compression and body_size_max reach Hello")
def hello_options(stage):
    client, call, peer = stage.connect("Ping", hello=False, name="kit-check/7", compression=False,
                                       body_size_max=65536)
    fields = peer.hello().fields
    expect(fields["client"] == "kit-check/7", "client kit-check/7", fields["client"])
    expect(not fields.get("compression"), "no compression", "compression")
    expect(fields.get("body_size_max") == "65536", "body_size_max 65536",
           repr(fields.get("body_size_max")))
    serve(call, peer)


@row("hello", "two calls at once on a new client: one connection, one Hello")
def hello_once(stage):
    client = stage.open()
    calls = [client.ping("%02x" % index) for index in range(4)]
    peer = stage.greet()
    for _ in calls:
        peer.answer(peer.request("Ping"))
    for call in calls:
        call.ok()
    stage.listener.no_connection()


@row("hello", "no request leaves before Hello is answered")
def hello_is_awaited(stage):
    _, call, peer = stage.connect("Ping", hello=False)
    hello = peer.request("Hello")
    peer.nothing(but_close=False)
    peer.limit = 4 << 20
    peer.send(peer.frame(hello, "Hello response", HELLO))
    serve(call, peer)


def refuses_hello(name, meaning, values, **options):
    @row("hello", meaning, name)
    def play(stage):
        _, call, peer = stage.connect("Ping", hello=False, attempts=1, **options)
        peer.send(peer.frame(peer.request("Hello"), "Hello response", dict(HELLO, **values)))
        call.error("protocol_error")
        peer.closed()


refuses_hello("hello_revision_above_ours", "the server claims a revision above the client's",
              {"revision": str(PROTOCOL["revision"] + 1)})
refuses_hello("hello_revision_0", "the server claims revision 0", {"revision": "0"})
refuses_hello("hello_compression_not_offered", "the server agrees to compression nobody offered",
              {"compression": True}, compression=False)
refuses_hello("hello_body_limit_too_small", "the server accepts less than any peer must",
              {"body_size_max": "4095"})
refuses_hello("hello_no_request_in_flight", "the server allows no request at all",
              {"requests_in_flight_max": "0"})


@row("hello", "the server refuses Hello: its status and words reach the caller")
def hello_refused(stage):
    _, call, peer = stage.connect("Ping", hello=False, attempts=1)
    peer.error(peer.request("Hello"), "PERMISSION_DENIED", "not_you", "strangers are not served")
    error = call.error("server_refused", status="PERMISSION_DENIED")
    expect("strangers are not served" in error["message"], "the server's words", error["message"])


@row("hello", "Hello is answered with another kind")
def hello_wrong_kind(stage):
    _, call, peer = stage.connect("Ping", hello=False, attempts=1)
    peer.send(peer.frame(peer.request("Hello"), "Ping response", {}, kind=0x82))
    call.error("protocol_error")
    peer.closed()


@row("hello", "Hello is answered under another id")
def hello_wrong_id(stage):
    _, call, peer = stage.connect("Ping", hello=False, attempts=1)
    hello = peer.request("Hello")
    hello.id += 1
    peer.send(peer.frame(hello, "Hello response", HELLO))
    call.error("protocol_error")
    peer.closed()


@row("hello", "Hello is never answered: connect_milliseconds ends the wait")
def hello_unanswered(stage):
    _, call, peer = stage.connect("Ping", hello=False, attempts=1, connect_milliseconds=200)
    peer.request("Hello")
    call.error("timed_out", status="DEADLINE_EXCEEDED")
    peer.closed()


def crowded(name, meaning, tcp):
    @row("hello", meaning, name)
    def play(stage):
        stage.listen(tcp=tcp)
        stage.listener.crowd()
        client = stage.open(attempts=1, connect_milliseconds=200)
        client.ping().error("unreachable", status="UNAVAILABLE")


crowded("connect_unanswered_socket", "a full queue at a Unix socket is unreachable", False)
crowded("connect_unanswered_port", "a TCP port that does not answer within connect_milliseconds is "
        "unreachable", True)


@row("hello", "a deadline that ends while the port does not answer: timed_out")
def connect_outlasts_the_deadline(stage):
    stage.listen(tcp=True)
    stage.listener.crowd()
    client = stage.open(attempts=1, connect_milliseconds=10000)
    client.ping(deadline=200).error("timed_out", status="DEADLINE_EXCEEDED")


@row("hello", "Hello has connect_milliseconds of its own, however long the connecting took")
def hello_has_its_own_time(stage):
    stage.listen(tcp=True)
    stage.listener.crowd()
    client = stage.open(attempts=1, connect_milliseconds=1500)
    call = client.ping()
    call.nothing(0.4)  # the first try is lost by now, also where the driver is slow
    stage.listener.disperse()
    peer = stage.accept()  # the system tries again a second after the first time
    time.sleep(0.9)
    peer.hello()
    serve(call, peer)


def own_frames(name, meaning, allow_mock=False, **words):
    """Hello's answer and GoAway are about the connection: one frame, and no model's."""
    def hello(stage):
        _, call, peer = stage.connect("Ping", hello=False, attempts=1, allow_mock=allow_mock)
        peer.hello(words=words)
        call.error("protocol_error", status="PROTOCOL_ERROR")
        peer.closed()

    def go_away(stage):
        _, call, peer, _ = stage.begin("Generate", attempts=1, allow_mock=allow_mock)
        peer.go_away(**words)
        call.error("protocol_error", status="PROTOCOL_ERROR")
        peer.closed()

    hello.__name__, go_away.__name__ = "hello_" + name, "goaway_" + name
    row("hello", "Hello is answered by %s" % meaning)(hello)
    row("goaway", "GoAway is %s" % meaning)(go_away)


own_frames("of_a_mock", "a frame of a mock: damage", provenance=MOCK)
own_frames("of_an_allowed_mock", "a frame of a mock, and mocks are allowed: damage, too", True,
           provenance=MOCK)
own_frames("in_parts", "a frame with the flag more: damage", flags=MORE)
own_frames("degraded", "a frame with the flag degraded: damage", flags=DEGRADED)


@row("hello", "the server closes instead of answering Hello")
def hello_cut(stage):
    _, call, peer = stage.connect("Ping", hello=False, attempts=1)
    peer.request("Hello")
    peer.close()
    call.error("connection_closed")


@row("hello", "a server of another version says GoAway: its words reach the caller")
def hello_of_another_version(stage):
    _, call, peer = stage.connect("Ping", hello=False, attempts=1)
    peer.request("Hello")
    peer.go_away("PROTOCOL_ERROR", "version_unsupported", "found version 1, allowed: 7")
    peer.close()
    error = call.error("protocol_error")
    expect("found version 1, allowed: 7" in error["message"], "the server's words",
           error["message"])


@row("hello", "a client works over TCP as over a Unix socket")
def over_tcp(stage):
    stage.listen(tcp=True)
    client, call, peer, request = stage.begin("Ping")
    serve(call, peer, request)
    works(client, peer)


def refuses_address(name, address):
    @row("hello", "the address %r is refused when the client is made" % address, name)
    def play(stage):
        opened = stage.driver.command("open %r" % address, op="open", client=stage.name,
                                      server=address, options={"attempts": 1})
        opened.error("address_invalid", status="INVALID_ARGUMENT")


def leaves_out(scheme, tcp):
    @row("hello", "an address may leave out %s://" % scheme, "address_without_" + scheme)
    def play(stage):
        url = stage.listen(tcp).url
        client, call, peer, request = stage.begin("Ping", server=url.partition("://")[2])
        serve(call, peer, request)
        works(client, peer)


leaves_out("tcp", True)
leaves_out("unix", False)
refuses_address("address_scheme", "http://127.0.0.1:7411")
refuses_address("address_without_port", "tcp://127.0.0.1")
refuses_address("address_host_alone", "localhost")
refuses_address("address_port_too_large", "tcp://127.0.0.1:65536")
refuses_address("address_relative_path", "unix://some.sock")
refuses_address("address_empty", "")


@row("hello", "close ends the connection")
def close_ends_the_connection(stage):
    client, peer = connected(stage)
    client.close().ok()
    peer.closed()


@row("hello", "close ends the calls in flight with an error")
def close_ends_calls(stage):
    client, call, peer, _ = stage.begin("Generate")
    closes(client, call)
    peer.closed()


@row("hello", "close ends a call that awaits Hello's answer")
def close_ends_a_call_that_connects(stage):
    client, call, peer = stage.connect("Ping", hello=False)
    peer.request("Hello")
    closes(client, call)
    peer.closed()
    stage.listener.no_connection()


@row("hello", "close ends a call that waits for its turn")
def close_ends_a_call_that_waits_for_its_turn(stage):
    client, first, peer = stage.connect("Generate", hello=dict(requests_in_flight_max="1"))
    peer.request("Generate")
    second = client.ping()
    second.nothing(0.1)
    closes(client, first, second)
    peer.closed()
    stage.listener.no_connection()


@row("hello", "a closed client fails every later call with connection_closed, and never connects")
def close_ends_later_calls(stage):
    client, peer = connected(stage)
    client.close().ok()
    peer.closed()
    client.ping().error("connection_closed", status="UNAVAILABLE")
    client.generate().error("connection_closed", status="UNAVAILABLE")
    stage.listener.no_connection()
