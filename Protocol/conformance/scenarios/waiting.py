"""A server that is absent or still loads its model, and a server that goes without a word."""

import os
import time

from rows import closes, expect, paused, row, serve, works
from server import WAIT, Failed, NotApplicable

LOADING = dict(status="UNAVAILABLE", code="model_loading", message="the model is being loaded")
KEEPALIVE_IDLE_MAX = 31.0  # seconds until the kernel's first probe: 30, plus rounding


def comes_late(name, meaning, tcp, kind="Ping", fields=None, **options):
    @row("wait", meaning, name)
    def play(stage):
        stage.listen(tcp=tcp)
        stage.listener.close()
        client = stage.open(attempts=1, wait_milliseconds=10000, **options)
        call = client.call(kind, fields or {})
        call.nothing(0.3)
        stage.listener.open_again()
        peer = stage.greet()
        peer.answer(peer.request(kind))
        call.ok()
        peer.nothing(but_close=False)


comes_late("wait_for_a_socket", "a Unix socket that is missing and appears later", False)
comes_late("wait_for_a_port", "a TCP port that refuses and is bound later", True)
comes_late("wait_for_a_socket_to_load", "a Load waits for the socket, too, and is sent once", False,
           "Load", {"name": "m", "path": "/m"})
comes_late("wait_pause_at_most_200", "a backoff of 60 s: while waiting, pauses are 200 ms at most",
           False, backoff_milliseconds=60000, backoff_max_milliseconds=60000)


@row("wait", "a TCP port that does not answer within connect_milliseconds, and does later")
def wait_for_a_queue(stage):
    stage.listen(tcp=True)
    stage.listener.crowd()
    client = stage.open(attempts=1, connect_milliseconds=200, wait_milliseconds=10000)
    call = client.ping()
    call.nothing(0.5)
    stage.listener.disperse()
    peer = stage.greet()
    serve(call, peer)


@row("wait", "the model is being loaded: asked again until it is answered, beyond attempts")
def wait_for_a_model(stage):
    _, call, peer = stage.connect("Generate", stream=False, attempts=1, wait_milliseconds=10000)
    for _ in range(4):
        peer.error(peer.request("Generate"), retry_after_milliseconds="20", **LOADING)
    serve(call, peer)


@row("wait", "the model is being loaded, retry-after 400 ms: waited for")
def wait_honours_retry_after(stage):
    _, call, peer, first = stage.begin("Generate", attempts=1, wait_milliseconds=10000)
    peer.error(first, retry_after_milliseconds="400", **LOADING)
    second = peer.request("Generate")
    paused(first, second, 400)
    serve(call, peer, second)


@row("wait", "the model is being loaded, no retry-after: asked again after 200 ms")
def wait_without_retry_after(stage):
    _, call, peer, first = stage.begin("Generate", attempts=1, wait_milliseconds=10000)
    peer.error(first, **LOADING)
    second = peer.request("Generate")
    paused(first, second, 200)
    serve(call, peer, second)


@row("wait", "tries while waiting are no attempts: both of two are left afterwards")
def wait_costs_no_attempt(stage):
    _, call, peer = stage.connect("Ping", attempts=2, backoff_milliseconds=1,
                                  wait_milliseconds=10000)
    for _ in range(3):
        peer.error(peer.request("Ping"), retry_after_milliseconds="5", **LOADING)
    peer.error(peer.request("Ping"), "UNAVAILABLE", "draining", "not now")
    serve(call, peer)


@row("wait", "another refusal than model_loading is not waited for")
def wait_is_not_for_other_refusals(stage):
    _, call, peer, request = stage.begin("Ping", attempts=1, wait_milliseconds=60000)
    peer.error(request, "UNAVAILABLE", "draining", "not now",
               retry_after_milliseconds="5")
    call.error("server_refused", status="UNAVAILABLE")
    peer.nothing()


@row("wait", "model_loading after a chunk was handed out: not asked again")
def wait_ends_with_a_chunk(stage):
    _, call, peer, request = stage.begin("Generate", attempts=1, wait_milliseconds=60000)
    peer.token(request, 1, "a")
    call.chunk()
    peer.error(request, generation=1, **LOADING)
    call.error("server_refused", status="UNAVAILABLE")
    peer.nothing()


@row("wait", "0, the default: a missing socket is unreachable at once")
def wait_0_socket(stage):
    client = stage.open(attempts=1)
    stage.listener.close()
    client.ping().error("unreachable", status="UNAVAILABLE")


@row("wait", "0, the default: a port that refuses is unreachable at once")
def wait_0_port(stage):
    stage.listen(tcp=True)
    client = stage.open(attempts=1)
    stage.listener.close()
    client.ping().error("unreachable", status="UNAVAILABLE")


def loading(call):
    """The error is the server's refusal."""
    error = call.error("server_refused", status="UNAVAILABLE")
    expect(error.get("server_code") == "model_loading", "server_code model_loading",
           repr(error.get("server_code")))


@row("wait", "0, the default: model_loading is a refusal like any other")
def wait_0_model(stage):
    _, call, peer, request = stage.begin("Ping", attempts=1)
    peer.error(request, retry_after_milliseconds="5", **LOADING)
    loading(call)
    peer.nothing()


@row("wait", "nobody comes: after the wait the error is unreachable, not before")
def wait_ends_unreachable(stage):
    client = stage.open(attempts=1, wait_milliseconds=600)
    stage.listener.close()
    call = client.ping()
    call.nothing(0.3)
    call.error("unreachable", status="UNAVAILABLE")


@row("wait", "the model is not loaded in time: after the wait the server's refusal is the error")
def wait_ends_loading(stage):
    _, call, peer = stage.connect("Ping", attempts=1, wait_milliseconds=500)
    tries = 0
    while tries < 40:
        try:
            request = peer.request("Ping", seconds=1.0)
        except Failed:
            break
        peer.error(request, retry_after_milliseconds="50", **LOADING)
        tries += 1
    expect(2 <= tries < 40, "a few tries, then none", "%d" % tries)
    loading(call)


@row("wait", "a wait of ten minutes never goes beyond a deadline of 400 ms")
def wait_ends_with_the_deadline(stage):
    client = stage.open(attempts=1, wait_milliseconds=600000)
    stage.listener.close()
    client.ping(deadline=400).error("unreachable")


@row("wait", "a retry-after beyond the deadline is not waited for")
def wait_is_not_past_the_deadline(stage):
    _, call, peer, request = stage.begin("Ping", deadline=20000, attempts=1,
                                         wait_milliseconds=600000)
    peer.error(request, retry_after_milliseconds="60000", **LOADING)
    call.error("server_refused", status="UNAVAILABLE")
    peer.nothing()


@row("wait", "a retry-after beyond the wait is not cut short: the refusal is the error, at once")
def wait_cuts_no_retry_after(stage):
    _, call, peer, request = stage.begin("Ping", attempts=1, wait_milliseconds=500)
    peer.error(request, retry_after_milliseconds="3000", **LOADING)
    loading(call)
    peer.nothing()


@row("wait", "close ends a call that waits")
def wait_ends_with_close(stage):
    client = stage.open(attempts=1, wait_milliseconds=600000)
    stage.listener.close()
    call = client.ping()
    call.nothing(0.2)
    closes(client, call)


def close_ends_a_pause(name, meaning, code, **options):
    @row("wait", meaning, name)
    def play(stage):
        client, call, peer, request = stage.begin("Ping", **options)
        peer.error(request, "UNAVAILABLE", code, "later",
                   retry_after_milliseconds="60000")
        call.nothing(0.2)
        closes(client, call)


close_ends_a_pause("wait_of_a_minute_ends_with_close",
                   "close ends a call that waits as long as a server that loads has asked",
                   "model_loading", attempts=1, wait_milliseconds=600000)
close_ends_a_pause("pause_of_a_minute_ends_with_close",
                   "close ends a call that pauses as long as the server has asked", "queue_full",
                   attempts=3)


# ---------------------------------------------------------------- keepalive

def timers(client_port, server_port):
    """The client's end of a TCP connection: (kind of its timer, seconds until it fires), or None.

    Columns of /proc/net/tcp: addresses, state, queues, "tr:tm->when" (2: the timer of keepalive).
    """
    ends = ("%04X" % client_port, "%04X" % server_port)
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not os.path.exists(name):
            continue
        with open(name, encoding="ascii") as handle:
            for line in list(handle)[1:]:
                words = line.split()
                if tuple(one.rpartition(":")[2] for one in words[1:3]) == ends:
                    kind, _, ticks = words[5].partition(":")
                    return int(kind, 16), int(ticks, 16) / os.sysconf("SC_CLK_TCK")
    return None


def keepalive(name, meaning, begin):
    @row("keepalive", meaning, name)
    def play(stage):
        if not os.path.exists("/proc/net/tcp"):
            raise NotApplicable("this system shows no timers in /proc/net/tcp")
        listener = stage.listen(tcp=True)
        client, call, peer, request = stage.begin("Generate")
        begin(peer, request := request)
        ports = (peer.socket.getpeername()[1], listener.port)
        limit, found = time.monotonic() + WAIT / 2, None
        while time.monotonic() < limit:
            found = timers(*ports)
            if found is not None and found[0] == 2 and found[1] > 1.0:
                break
            time.sleep(0.05)  # an acknowledgement that is under way has a timer of its own
        expect(found is not None, "the connection in /proc/net/tcp", "none")
        expect(found[0] == 2, "a keepalive timer on the client's connection", "timer %d" % found[0])
        expect(found[1] <= KEEPALIVE_IDLE_MAX, "a probe after 30 s of silence at most",
               "after %.0f s" % found[1])
        serve(call, peer, request)
        works(client, peer)


keepalive("keepalive_before_the_answer",
          "TCP: the kernel probes a connection that awaits an answer", lambda peer, request: None)
keepalive("keepalive_in_mid_stream", "TCP: the kernel probes a connection whose stream is silent",
          lambda peer, request: peer.token(request, 1, "a"))
