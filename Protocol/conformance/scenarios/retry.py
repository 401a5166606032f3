"""Retries: the retried calls, their number and pauses, and the calls never retried."""

from rows import connected, expect, paused, row, serve, two_streams, works, works_anew


def retried(name, meaning, status, kind="Ping", fields=None):
    @row("retry", meaning, name)
    def play(stage):
        _, call, peer, first = stage.begin(kind, fields or {}, backoff_milliseconds=5)
        peer.error(first, status, "not_now", "try again")
        second = peer.request(kind)
        # The rows on context check the number of the attempt.
        expect({**second.fields, "context": None} == {**first.fields, "context": None},
               "the same request", "another")
        serve(call, peer, second)
        peer.nothing()


retried("unavailable_is_retried", "UNAVAILABLE: tried again", "UNAVAILABLE")
retried("exhausted_is_retried", "RESOURCE_EXHAUSTED: tried again", "RESOURCE_EXHAUSTED",
        "Generate", {"prompt": "a", "max_tokens": "2"})
retried("aborted_is_retried", "ABORTED: tried again", "ABORTED", "Generate",
        {"prompt": "a", "max_tokens": "2"})
retried("refused_load_is_retried", "a Load that was refused UNAVAILABLE was not done: tried again",
        "UNAVAILABLE", "Load", {"name": "m", "path": "/m"})


def not_retried(status):
    @row("retry", "%s: not tried again" % status, "not_retried_" + status.lower())
    def play(stage):
        _, call, peer, request = stage.begin("Generate", backoff_milliseconds=1)
        peer.error(request, status, "no", "once is enough")
        call.error("server_refused", status=status)
        peer.nothing()


for _status in ("INTERNAL", "NOT_FOUND", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "CANCELLED",
                "UNKNOWN", "DATA_LOSS"):
    not_retried(_status)


@row("retry", "retry-after is waited for")
def retry_after_honoured(stage):
    _, call, peer, first = stage.begin("Ping", backoff_milliseconds=1)
    peer.error(first, "RESOURCE_EXHAUSTED", "queue_full", "later",
               retry_after_milliseconds="300")
    second = peer.request("Ping")
    paused(first, second, 300)
    serve(call, peer, second)


@row("retry", "attempts are bounded; the last error and its retry-after reach the caller")
def attempts_bounded(stage):
    _, call, peer = stage.connect("Ping", attempts=3, backoff_milliseconds=1)
    for _ in range(3):
        peer.error(peer.request("Ping"), "UNAVAILABLE", "draining", "not now",
                   retry_after_milliseconds="10")
    error = call.error("server_refused", status="UNAVAILABLE")
    expect(str(error.get("retry_after_milliseconds")) == "10", "retry_after_milliseconds 10",
           repr(error.get("retry_after_milliseconds")))
    peer.nothing()


@row("retry", "three attempts unless told otherwise")
def attempts_default(stage):
    _, call, peer = stage.connect("Ping")
    for _ in range(3):
        peer.error(peer.request("Ping"), "UNAVAILABLE")
    call.error("server_refused", status="UNAVAILABLE")
    peer.nothing()


@row("retry", "attempts 1: asked once")
def attempts_one(stage):
    _, call, peer, request = stage.begin("Ping", attempts=1)
    peer.error(request, "UNAVAILABLE")
    call.error("server_refused", status="UNAVAILABLE")
    peer.nothing()


@row("retry", "a pause longer than what is left of the deadline is not waited for")
def retry_after_beyond_deadline(stage):
    _, call, peer, request = stage.begin("Ping", deadline=20000)
    peer.error(request, "RESOURCE_EXHAUSTED", "queue_full", "much later",
               retry_after_milliseconds="60000")
    call.error("server_refused", status="RESOURCE_EXHAUSTED")
    peer.nothing()


@row("retry", "the pause before another attempt counts towards the deadline")
def deadline_spans_attempts(stage):
    _, call, peer, first = stage.begin("Ping", deadline=4000)
    peer.error(first, "UNAVAILABLE", retry_after_milliseconds="300")
    second = peer.request("Ping")
    expect(0 < second.deadline <= first.deadline - 290, "at most %d ms" % (first.deadline - 290),
           "%d ms" % second.deadline)
    serve(call, peer, second)


def cut_and_retried(kind, fields):
    @row("retry", "the connection ends before %s is answered: asked again on a new one" % kind,
         "cut_" + kind.lower() + "_retried")
    def play(stage):
        _, call, peer, _ = stage.begin(kind, fields, backoff_milliseconds=5)
        peer.close()
        other = stage.greet()
        other.answer(other.request(kind))
        call.ok()


for _kind, _fields in [("Ping", {"payload": "07"}), ("Health", {}), ("Stats", {}),
                       ("Tokenize", {"text": "61"}), ("Models", {}),
                       ("Generate", {"prompt": "a", "max_tokens": "2"}),
                       ("Embed", {"inputs": [{"text": "a"}]}), ("Pin", {"name": "m"}),
                       ("Alias", {"name": "m", "label": "a", "generation": "1"})]:
    cut_and_retried(_kind, _fields)


def never_twice(kind, fields):
    @row("retry", "the connection ends before %s is answered: never sent again" % kind,
         kind.lower() + "_never_twice")
    def play(stage):
        client, call, peer, _ = stage.begin(kind, fields, backoff_milliseconds=1)
        peer.close()
        call.error("connection_closed")
        other = works_anew(client, stage)
        expect([one.kind for one in other.seen if one.kind == kind] == [], "no second " + kind,
               "one")


never_twice("Load", {"name": "m", "path": "/m.gguf"})
never_twice("Unload", {"name": "m"})
never_twice("Swap", {"name": "m", "path": "/m.gguf"})
never_twice("Rollback", {"name": "m"})


@row("retry", "the connection ends after a chunk was handed out: not asked again")
def cut_after_chunk(stage):
    client, call, peer, request = stage.begin("Generate", backoff_milliseconds=1)
    peer.token(request, 1, "a")
    call.chunk()
    peer.close()
    call.error("connection_closed")
    works_anew(client, stage)


@row("retry", "UNAVAILABLE after a chunk was handed out: not asked again")
def unavailable_after_chunk(stage):
    _, call, peer, request = stage.begin("Generate", backoff_milliseconds=1)
    peer.token(request, 1, "a")
    call.chunk()
    peer.error(request, "UNAVAILABLE", generation=1)
    call.error("server_refused", status="UNAVAILABLE")
    peer.nothing()


@row("retry", "a Ping that is cut off every time is tried so often and no more")
def cuts_bounded(stage):
    client = stage.open(attempts=3, backoff_milliseconds=1)
    call = client.ping()
    for _ in range(3):
        peer = stage.greet()
        peer.request("Ping")
        peer.close()
    call.error("connection_closed")
    stage.listener.no_connection()


@row("retry", "nobody listens: unreachable, after so many attempts")
def unreachable(stage):
    client = stage.open(attempts=2, backoff_milliseconds=1)
    stage.listener.close()
    client.ping().error("unreachable", status="UNAVAILABLE")


@row("retry", "nobody listens yet: a later attempt finds the server")
def server_comes_late(stage):
    client = stage.open(attempts=200, backoff_milliseconds=20, backoff_max_milliseconds=20)
    stage.listener.close()
    call = client.call("Load", {"name": "m", "path": "/m"})
    call.nothing(0.2)
    stage.listener.open_again()
    peer = stage.greet()
    serve(call, peer)


@row("retry", "a server that restarts on the same address: the same client works again")
def server_restarts(stage):
    client, peer = connected(stage)
    stage.listener.close()
    peer.close()
    stage.listener.open_again()
    other = works_anew(client, stage)
    works(client, other)


@row("retry", "a server that restarts during a call: the call is answered by the new one")
def server_restarts_in_call(stage):
    _, call, peer, _ = stage.begin("Ping", attempts=100, backoff_milliseconds=20,
                                   backoff_max_milliseconds=20)
    stage.listener.close()
    peer.close()
    call.nothing(0.1)
    stage.listener.open_again()
    other = stage.greet()
    serve(call, other)


@row("retry", "an idle connection that the server closed is replaced silently")
def idle_connection_replaced(stage):
    client, peer = connected(stage)
    peer.close()
    call = client.generate()
    other = stage.greet()
    serve(call, other)


@row("retry", "a Load on a connection that was closed while idle is sent once")
def load_after_idle_close(stage):
    client, peer = connected(stage)
    peer.close()
    call = client.call("Load", {"name": "m", "path": "/m"})
    other = stage.greet()
    serve(call, other)
    other.nothing()


def write_fails(name, meaning, kind, fields, attempts):
    """A row: an idle connection looks whole, and writing on it fails."""
    @row("retry", meaning, name)
    def play(stage):
        client, peer = connected(stage, attempts=attempts, backoff_milliseconds=1)
        peer.read_no_more()
        call = client.call(kind, fields)
        if attempts == 1:
            call.error("connection_closed", status="UNAVAILABLE")
            stage.listener.no_connection()
        else:
            other = stage.greet()
            other.answer(other.request(kind))
            call.ok()
            other.nothing()


GENERATE = {"prompt": "a", "max_tokens": "2"}
write_fails("write_fails_and_is_an_attempt", "writing on an idle connection fails: that was the "
            "only attempt", "Generate", GENERATE, 1)
write_fails("write_fails_generate", "writing on an idle connection fails: the next attempt makes "
            "a new one", "Generate", GENERATE, 2)
write_fails("write_fails_load", "writing a Load fails: it was never written, so it is tried again",
            "Load", {"name": "m", "path": "/m"}, 2)


@row("retry", "a connection of a pool is lost: calls on the others go on")
def pool_survives_a_loss(stage):
    _, (first, second), (one, two), (request, other) = two_streams(stage, backoff_milliseconds=1)
    one.token(request, 1, "x")
    two.token(other, 1, "x")
    first.chunk()
    second.chunk()
    one.close()
    two.answer(other)
    first.error("connection_closed")
    second.ok()
