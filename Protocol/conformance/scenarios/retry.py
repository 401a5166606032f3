"""Retries: the retried calls, their number and pauses, and the calls never retried."""

from rows import expect, paused, row, works, works_anew


def retried(name, meaning, status, kind="Ping", fields=None):
    def play(stage):
        client = stage.open(backoff_milliseconds=5)
        call = client.call(kind, fields or {})
        peer = stage.greet()
        first = peer.request(kind)
        peer.error(first, status, "not_now", "try again")
        second = peer.request(kind)
        # The rows on context check the number of the attempt.
        expect({**second.fields, "context": None} == {**first.fields, "context": None},
               "the same request", "another")
        peer.answer(second)
        call.ok()
        peer.nothing()
    play.__name__ = name
    row("retry", meaning)(play)


retried("unavailable_is_retried", "UNAVAILABLE: tried again", "UNAVAILABLE")
retried("exhausted_is_retried", "RESOURCE_EXHAUSTED: tried again", "RESOURCE_EXHAUSTED",
        "Generate", {"prompt": "a", "max_tokens": "2"})
retried("aborted_is_retried", "ABORTED: tried again", "ABORTED", "Generate",
        {"prompt": "a", "max_tokens": "2"})
retried("refused_load_is_retried", "a Load that was refused UNAVAILABLE was not done: tried again",
        "UNAVAILABLE", "Load", {"name": "m", "path": "/m"})


def not_retried(status):
    def play(stage):
        client = stage.open(backoff_milliseconds=1)
        call = client.generate()
        peer = stage.greet()
        peer.error(peer.request("Generate"), status, "no", "once is enough")
        call.error("server_refused", status=status)
        peer.nothing()
    play.__name__ = "not_retried_" + status.lower()
    row("retry", "%s: not tried again" % status)(play)


for _status in ("INTERNAL", "NOT_FOUND", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "CANCELLED",
                "UNKNOWN", "DATA_LOSS"):
    not_retried(_status)


@row("retry", "retry-after is waited for")
def retry_after_honoured(stage):
    client = stage.open(backoff_milliseconds=1)
    call = client.ping()
    peer = stage.greet()
    first = peer.request("Ping")
    peer.error(first, "RESOURCE_EXHAUSTED", "queue_full", "later",
               retry_after_milliseconds="300")
    second = peer.request("Ping")
    paused(first, second, 300)
    peer.answer(second)
    call.ok()


@row("retry", "attempts are bounded; the last error and its retry-after reach the caller")
def attempts_bounded(stage):
    client = stage.open(attempts=3, backoff_milliseconds=1)
    call = client.ping()
    peer = stage.greet()
    for _ in range(3):
        peer.error(peer.request("Ping"), "UNAVAILABLE", "draining", "not now",
                   retry_after_milliseconds="10")
    error = call.error("server_refused", status="UNAVAILABLE")
    expect(str(error.get("retry_after_milliseconds")) == "10", "retry_after_milliseconds 10",
           repr(error.get("retry_after_milliseconds")))
    peer.nothing()


@row("retry", "three attempts unless told otherwise")
def attempts_default(stage):
    client = stage.open()
    call = client.ping()
    peer = stage.greet()
    for _ in range(3):
        peer.error(peer.request("Ping"), "UNAVAILABLE")
    call.error("server_refused", status="UNAVAILABLE")
    peer.nothing()


@row("retry", "attempts 1: asked once")
def attempts_one(stage):
    client = stage.open(attempts=1)
    call = client.ping()
    peer = stage.greet()
    peer.error(peer.request("Ping"), "UNAVAILABLE")
    call.error("server_refused", status="UNAVAILABLE")
    peer.nothing()


@row("retry", "a pause longer than what is left of the deadline is not waited for")
def retry_after_beyond_deadline(stage):
    client = stage.open()
    call = client.ping(deadline=20000)
    peer = stage.greet()
    peer.error(peer.request("Ping"), "RESOURCE_EXHAUSTED", "queue_full", "much later",
               retry_after_milliseconds="60000")
    call.error("server_refused", status="RESOURCE_EXHAUSTED")
    peer.nothing()


@row("retry", "the pause before another attempt counts towards the deadline")
def deadline_spans_attempts(stage):
    client = stage.open()
    call = client.ping(deadline=4000)
    peer = stage.greet()
    first = peer.request("Ping")
    peer.error(first, "UNAVAILABLE", retry_after_milliseconds="300")
    second = peer.request("Ping")
    expect(0 < second.deadline <= first.deadline - 290, "at most %d ms" % (first.deadline - 290),
           "%d ms" % second.deadline)
    peer.answer(second)
    call.ok()


def cut_and_retried(kind, fields):
    def play(stage):
        client = stage.open(backoff_milliseconds=5)
        call = client.call(kind, fields)
        peer = stage.greet()
        peer.request(kind)
        peer.close()
        other = stage.greet()
        other.answer(other.request(kind))
        call.ok()
    play.__name__ = "cut_" + kind.lower() + "_retried"
    row("retry", "the connection ends before %s is answered: asked again on a new one"
        % kind)(play)


for _kind, _fields in [("Ping", {"payload": "07"}), ("Health", {}), ("Stats", {}),
                       ("Tokenize", {"text": "61"}), ("Models", {}),
                       ("Generate", {"prompt": "a", "max_tokens": "2"}),
                       ("Embed", {"inputs": [{"text": "a"}]})]:
    cut_and_retried(_kind, _fields)


def never_twice(kind, fields):
    def play(stage):
        client = stage.open(backoff_milliseconds=1)
        call = client.call(kind, fields)
        peer = stage.greet()
        peer.request(kind)
        peer.close()
        call.error("connection_closed")
        other = works_anew(client, stage)
        expect([one.kind for one in other.seen if one.kind == kind] == [], "no second " + kind,
               "one")
    play.__name__ = kind.lower() + "_never_twice"
    row("retry", "the connection ends before %s is answered: never sent again" % kind)(play)


never_twice("Load", {"name": "m", "path": "/m.gguf"})
never_twice("Unload", {"name": "m"})


@row("retry", "the connection ends after a chunk was handed out: not asked again")
def cut_after_chunk(stage):
    client = stage.open(backoff_milliseconds=1)
    call = client.generate()
    peer = stage.greet()
    peer.token(peer.request("Generate"), 1, "a")
    call.chunk()
    peer.close()
    call.error("connection_closed")
    works_anew(client, stage)


@row("retry", "UNAVAILABLE after a chunk was handed out: not asked again")
def unavailable_after_chunk(stage):
    client = stage.open(backoff_milliseconds=1)
    call = client.generate()
    peer = stage.greet()
    request = peer.request("Generate")
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
    peer.answer(peer.request("Load"))
    call.ok()


@row("retry", "a server that restarts on the same address: the same client works again")
def server_restarts(stage):
    client = stage.open()
    peer = works_anew(client, stage)
    stage.listener.close()
    peer.close()
    stage.listener.open_again()
    other = works_anew(client, stage)
    works(client, other)


@row("retry", "a server that restarts during a call: the call is answered by the new one")
def server_restarts_in_call(stage):
    client = stage.open(attempts=100, backoff_milliseconds=20, backoff_max_milliseconds=20)
    call = client.ping()
    peer = stage.greet()
    peer.request("Ping")
    stage.listener.close()
    peer.close()
    call.nothing(0.1)
    stage.listener.open_again()
    other = stage.greet()
    other.answer(other.request("Ping"))
    call.ok()


@row("retry", "an idle connection that the server closed is replaced silently")
def idle_connection_replaced(stage):
    client = stage.open()
    peer = works_anew(client, stage)
    peer.close()
    call = client.generate()
    other = stage.greet()
    other.answer(other.request("Generate"))
    call.ok()


@row("retry", "a Load on a connection that was closed while idle is sent once")
def load_after_idle_close(stage):
    client = stage.open()
    peer = works_anew(client, stage)
    peer.close()
    call = client.call("Load", {"name": "m", "path": "/m"})
    other = stage.greet()
    other.answer(other.request("Load"))
    call.ok()
    other.nothing()


def write_fails(name, meaning, kind, fields, attempts):
    """A row: an idle connection looks whole, and writing on it fails."""
    def play(stage):
        client = stage.open(attempts=attempts, backoff_milliseconds=1)
        works_anew(client, stage).read_no_more()
        call = client.call(kind, fields)
        if attempts == 1:
            call.error("connection_closed", status="UNAVAILABLE")
            stage.listener.no_connection()
        else:
            other = stage.greet()
            other.answer(other.request(kind))
            call.ok()
            other.nothing()
    play.__name__ = name
    row("retry", meaning)(play)


GENERATE = {"prompt": "a", "max_tokens": "2"}
write_fails("write_fails_and_is_an_attempt", "writing on an idle connection fails: that was the "
            "only attempt", "Generate", GENERATE, 1)
write_fails("write_fails_generate", "writing on an idle connection fails: the next attempt makes "
            "a new one", "Generate", GENERATE, 2)
write_fails("write_fails_load", "writing a Load fails: it was never written, so it is tried again",
            "Load", {"name": "m", "path": "/m"}, 2)


@row("retry", "a connection of a pool is lost: calls on the others go on")
def pool_survives_a_loss(stage):
    client = stage.open(connections=2, backoff_milliseconds=1)
    first = client.generate("a")
    one = stage.greet()
    request = one.request("Generate")
    second = client.generate("b")
    two = stage.greet()
    other = two.request("Generate")
    one.token(request, 1, "x")
    two.token(other, 1, "x")
    first.chunk()
    second.chunk()
    one.close()
    two.answer(other)
    first.error("connection_closed")
    second.ok()
