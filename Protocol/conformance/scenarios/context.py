"""Request context: the caller's is sent unchanged, and the client adds the number of the attempt.

`attempt` is there from the second attempt of a request that has a context, on a connection of
revision 3. That the caller's own context is written byte for byte is among the vectors.
"""

from codec import MESSAGES
from rows import GENERATE, connected, expect, row, same, serve, works
from scenarios.answers import CARRIES, OTHERS
from scenarios.requests import PARENT
from scenarios.waiting import LOADING

assert {kind + " request" for kind in CARRIES} == {
    name for name, message in MESSAGES.items()
    if any(field.get("record") == "Request context" for field in message["fields"])}


def says(request, context):
    """The request has exactly this context, or none for None. An attempt is given or absent, and a
    default priority may be left out."""
    found = request.fields.get("context")
    what = "a %s request with context %s" % (request.kind, context)
    expect((found is None) == (context is None), what, repr(found))
    expect(("attempt" in (found or {})) == ("attempt" in (context or {})), what, repr(found))
    same(what, "Request context", context or {}, found or {})


def refuse(peer, request):
    peer.error(request, "UNAVAILABLE", "draining", "not now")


def counts_attempts(kind, fields):
    @row("context", "%s: no attempt on the first one, then attempt 2, then 3" % kind,
         "attempt_of_" + kind.lower())
    def play(stage):
        client = stage.open(backoff_milliseconds=1)
        call = client.call(kind, fields)
        peer, first = stage.greet(), None
        for context in (None, {"attempt": "2"}, {"attempt": "3"}):
            request = peer.request(kind)
            says(request, context)
            first = first or request
            expect({**request.fields, "context": None} == {**first.fields, "context": None},
                   "the same request but for its context", "another")
            if context != {"attempt": "3"}:
                refuse(peer, request)
        serve(call, peer, request)


for _kind, _fields in CARRIES.items():
    counts_attempts(_kind, _fields)


def has_no_context(kind, fields):
    @row("context", "%s has no context: the second attempt is the first one's bytes" % kind,
         "attempt_not_in_" + kind.lower())
    def play(stage):
        _, call, peer, first = stage.begin(kind, fields, backoff_milliseconds=1)
        refuse(peer, first)
        second = peer.request(kind)
        expect(second.body == first.body, "the same bytes", second.body[:64].hex())
        serve(call, peer, second)


for _kind, _fields in OTHERS.items():
    has_no_context(_kind, _fields)


@row("context", "the caller's own context goes as it is, and stays beside the attempt")
def context_is_kept(stage):
    client = stage.open(backoff_milliseconds=1)
    own = {"trace_context": PARENT, "priority": "9"}
    call = client.generate(context=own)
    peer = stage.greet()
    for more in ({}, {"attempt": "2"}, {"attempt": "3"}):
        request = peer.request("Generate")
        says(request, {**own, **more})
        if more != {"attempt": "3"}:
            refuse(peer, request)
    serve(call, peer, request)


@row("context", "a priority alone is sent as it was given")
def context_priority_alone(stage):
    client = stage.open(allow_mock=True)
    peer = None
    for priority in "049":
        call = client.generate(context={"priority": priority})
        peer = peer or stage.greet()
        request = peer.request("Generate")
        says(request, {"priority": priority})
        serve(call, peer, request)


@row("context", "the connection ends before the answer: attempt 2 goes over the new one")
def attempt_over_a_new_connection(stage):
    _, call, peer, request = stage.begin("Generate", backoff_milliseconds=1)
    says(request, None)
    peer.close()
    other = stage.greet()
    request = other.request("Generate")
    says(request, {"attempt": "2"})
    serve(call, other, request)


@row("context", "a compressed request is compressed anew with its attempt")
def attempt_in_a_compressed_request(stage):
    _, call, peer, first = stage.begin("Generate",
                                       dict(GENERATE, prompt="all work and no play " * 200),
                                       stream=True, hello=dict(compression=True),
                                       backoff_milliseconds=1)
    refuse(peer, first)
    second = peer.request("Generate")
    says(second, {"attempt": "2"})
    expect(first.flags == second.flags == 1, "two compressed bodies",
           "flags %d, %d" % (first.flags, second.flags))
    expect(second.fields["prompt"] == first.fields["prompt"], "the same prompt", "another")
    serve(call, peer, second)


@row("context", "revision 2 does not know it: the second attempt is the first one's bytes")
def attempt_not_on_revision_2(stage):
    _, call, peer, first = stage.begin("Generate", hello=dict(revision="2"), backoff_milliseconds=1)
    refuse(peer, first)
    second = peer.request("Generate")
    expect(second.body == first.body, "the same bytes", second.body[:64].hex())
    serve(call, peer, second)


@row("context", "the second attempt meets a server of revision 2: it goes without its number")
def attempt_meets_revision_2(stage):
    _, call, peer, first = stage.begin("Generate", backoff_milliseconds=1)
    peer.close()
    other = stage.greet(revision="2")
    second = other.request("Generate")
    expect(second.body == first.body, "the same bytes", second.body[:64].hex())
    serve(call, other, second)


@row("context", "the third attempt meets a server of revision 3 again: it says 3")
def attempt_meets_revision_3_again(stage):
    client = stage.open(backoff_milliseconds=1)
    call = client.generate()
    for revision, context in (("3", None), ("2", None), ("3", {"attempt": "3"})):
        peer = stage.greet(revision=revision)
        request = peer.request("Generate")
        says(request, context)
        if context is None:
            peer.close()
    serve(call, peer, request)


@row("context", "tries within wait_milliseconds are no attempts: none of them says a number")
def attempt_counts_no_waiting(stage):
    _, call, peer = stage.connect("Generate", attempts=2, backoff_milliseconds=1,
                                  wait_milliseconds=10000)
    for _ in range(3):
        request = peer.request("Generate")
        says(request, None)
        peer.error(request, retry_after_milliseconds="5", **LOADING)
    request = peer.request("Generate")
    says(request, None)
    refuse(peer, request)
    request = peer.request("Generate")
    says(request, {"attempt": "2"})
    serve(call, peer, request)


@row("context", "a socket that is waited for: the first request that is written says no number")
def attempt_counts_no_waiting_for_a_socket(stage):
    client = stage.open(wait_milliseconds=10000)
    stage.listener.close()
    call = client.generate()
    call.nothing(0.3)
    stage.listener.open_again()
    peer = stage.greet()
    request = peer.request("Generate")
    says(request, None)
    serve(call, peer, request)


@row("context", "what could not be written for want of a server counts: a later one says so")
def attempt_counts_what_was_not_written(stage):
    client = stage.open(attempts=200, backoff_milliseconds=20, backoff_max_milliseconds=20)
    stage.listener.close()
    call = client.generate()
    call.nothing(0.2)
    stage.listener.open_again()
    peer = stage.greet()
    request = peer.request("Generate")
    attempt = int(request.fields.get("context", {}).get("attempt", "1"))
    expect(2 <= attempt <= 200, "attempt 2 or more", "%d" % attempt)
    serve(call, peer, request)


@row("context", "writing on an idle connection fails: the next attempt says 2")
def attempt_counts_a_failed_write(stage):
    client, peer = connected(stage, backoff_milliseconds=1)
    peer.read_no_more()
    call = client.generate()
    other = stage.greet()
    request = other.request("Generate")
    says(request, {"attempt": "2"})
    serve(call, other, request)


@row("context", "an idle connection that is seen to be closed costs no attempt")
def attempt_counts_no_idle_end(stage):
    client, peer = connected(stage)
    peer.close()
    call = client.generate()
    other = stage.greet()
    request = other.request("Generate")
    says(request, None)
    serve(call, other, request)
    works(client, other)
