"""Cancel, deadlines, time-outs: who gives an answer up says so, and the connection lives on."""

import time

from rows import GENERATE, cancel_of, expect, row, same_answer, serve, works


def gives_up(peer, request, frames_after=0):
    """Reads the Cancel of `request`, plays the server's side of it to the end."""
    cancel = cancel_of(peer, request)
    for number in range(frames_after):
        peer.token(request, number, "late")
    peer.answer(cancel)
    peer.answer(request, finish_reason="cancelled")


@row("giving up", "the caller gives a stream up: Cancel with its id, given_up, the rest is silent")
def cancel_after_chunks(stage):
    client, call, peer, request = stage.begin("Generate", cancel_after=2)
    for number in range(2):
        peer.token(request, number, "a")
    gives_up(peer, request, frames_after=20)
    call.error("given_up", status="CANCELLED")
    expect(len(call.chunks) == 2, "2 chunks", "%d" % len(call.chunks))
    works(client, peer)


@row("giving up", "a stream that was given up and already over: the connection lives on")
def cancel_comes_too_late(stage):
    client, call, peer, request = stage.begin("Generate", cancel_after=2)
    with peer.held() as pieces:
        peer.token(request, 1, "a")
        peer.token(request, 2, "b")
        peer.answer(request)
    peer.send(b"".join(pieces))
    call.error("given_up")
    again = client.ping()
    ping = peer.request("Ping", where=lambda fields: "payload" in fields)
    for cancel in [one for one in peer.waiting if one.kind == "Cancel"]:
        peer.answer(cancel, found=False)
    peer.answer(ping)
    again.ok()
    works(client, peer)


@row("giving up", "one stream is given up, another on the same connection goes on")
def cancel_one_of_two(stage):
    client = stage.open()
    kept, given_up = client.generate("kept"), client.generate("dropped", cancel_after=1)
    peer = stage.greet()
    requests = {}
    for _ in range(2):
        request = peer.request("Generate")
        requests[request.fields["prompt"]] = request
    for request in requests.values():
        peer.token(request, 1, "a")
    gives_up(peer, requests["dropped"])
    given_up.error("given_up")
    peer.token(requests["kept"], 2, "b")
    peer.answer(requests["kept"])
    text = kept.ok()["response"]["text"]
    expect(text == "ab was", "ab was", text)


@row("giving up", "a Cancel is sent even where no further request may be")
def cancel_at_the_limit(stage):
    client, call, peer, request = stage.begin("Generate", cancel_after=1,
                                              hello=dict(requests_in_flight_max="1"))
    peer.token(request, 1, "a")
    gives_up(peer, request)
    call.error("given_up")
    works(client, peer)


@row("giving up", "a Cancel that is answered with an error changes nothing")
def cancel_refused(stage):
    client, call, peer, request = stage.begin("Generate", cancel_after=1)
    peer.token(request, 1, "a")
    peer.error(cancel_of(peer, request), "INTERNAL")
    peer.answer(request)
    call.error("given_up")
    works(client, peer)


@row("giving up", "the cancelled stream ends with a status: still given_up")
def cancelled_stream_ends_with_a_status(stage):
    client, call, peer, request = stage.begin("Generate", cancel_after=1)
    peer.token(request, 1, "a")
    peer.answer(cancel_of(peer, request))
    peer.error(request, "CANCELLED", generation=1)
    call.error("given_up")
    works(client, peer)


# ---------------------------------------------------------------- answer_size_max

LARGE = "x" * 1500  # three of them are more than the limit of the rows below
LIMIT = 4096


def too_large(name, meaning, kind, fields, begin, stream=False, chunks=0, compression=False):
    """A row: what `begin` sends is more than the limit, and more frames follow it. The client says
    given_up and Cancel, takes no further attempt, and goes on with the connection."""
    @row("giving up", "answer_size_max: %s: given_up, Cancel, the connection lives on" % meaning,
         "answer_size_" + name)
    def play(stage):
        client, call, peer, request = stage.begin(kind, fields, stream=stream,
                                                  hello=dict(compression=compression),
                                                  answer_size_max=LIMIT)
        begin(peer, request, call)
        cancel = cancel_of(peer, request)
        call.error("given_up", status="CANCELLED")
        expect(len(call.chunks) == chunks, "%d chunks" % chunks, "%d" % len(call.chunks))
        peer.answer(cancel)
        begin(peer, request, None)
        peer.error(request, "CANCELLED", generation=1)
        works(client, peer)


def three_texts(peer, request, call):
    """The first two are handed out, where a call is given, before the next one comes."""
    for number in range(3):
        peer.token(request, number, LARGE)
        if call is not None and number < 2:
            call.chunk()


too_large("streamed", "a third chunk too many, streamed", "Generate", GENERATE, three_texts,
          stream=True, chunks=2)
too_large("whole", "a third chunk too many, asked for whole", "Generate", GENERATE,
          lambda peer, request, _: three_texts(peer, request, None))
too_large("of_one_chunk", "one chunk of more", "Generate", GENERATE,
          lambda peer, request, _: peer.token(request, 1, LARGE * 3), stream=True)
too_large("compressed", "a small block of a large body", "Generate", GENERATE,
          lambda peer, request, _: peer.token(request, 1, LARGE * 3, compress=True), stream=True,
          compression=True)
too_large("logits", "values in chunks", "Logits", {"tokens": [1]},
          lambda peer, request, _: [peer.chunk(request, logits=[0.5] * 400) for _ in range(3)])


def at_the_limit(name, meaning, excess):
    @row("giving up", meaning, name)
    def play(stage):
        client, call, peer, request = stage.begin("Generate", GENERATE, answer_size_max=LIMIT)
        with peer.held() as pieces:
            peer.token(request, 1, "")
            peer.answer(request, text="")
        request.tokens_sent = request.frames_sent = 0
        text = "x" * (LIMIT + excess - sum(len(data) - 32 for data in pieces))
        peer.token(request, 1, "")
        last = peer.answer(request, text=text)
        if excess:
            call.error("given_up")
        else:
            same_answer(call.ok(), "Generate", [{"tokens": [1]}], last)
        works(client, peer)


at_the_limit("answer_size_exactly", "answer_size_max: an answer of exactly so many bytes is taken",
             0)
at_the_limit("answer_size_one_more", "answer_size_max: one byte more, in the last frame: given_up",
             1)


@row("giving up", "answer_size_max: an answer of one frame that is larger: given_up, not asked again")
def answer_size_of_one_frame(stage):
    client, call, peer, request = stage.begin("Detokenize", {"tokens": [1]}, answer_size_max=LIMIT,
                                              backoff_milliseconds=1)
    peer.answer(request, text="61" * 5000)
    call.error("given_up")
    works(client, peer)


@row("giving up", "answer_size_max: answers that are each within it are taken, however many")
def answer_size_is_of_one_answer(stage):
    client = stage.open(answer_size_max=LIMIT)
    peer = None
    for _ in range(4):
        call = client.generate()
        peer = peer or stage.greet()
        request = peer.request("Generate")
        peer.token(request, 1, LARGE)
        serve(call, peer, request)


@row("deadline", "a deadline is in the header; without one there is 0")
def deadline_in_header(stage):
    client = stage.open()
    peer = None
    for deadline in (0, 5000, 4294967295):
        call = client.ping(deadline=deadline)
        peer = peer or stage.greet()
        request = peer.request("Ping")
        expect(request.deadline <= deadline and (request.deadline > 0) == (deadline > 0),
               "a deadline of at most %d ms" % deadline, "%d ms" % request.deadline)
        serve(call, peer, request)


@row("deadline", "the time that connecting took is taken off the deadline")
def deadline_counts_connecting(stage):
    _, call, peer = stage.connect("Ping", hello=False, deadline=4000)
    time.sleep(0.3)
    peer.hello()
    request = peer.request("Ping")
    expect(0 < request.deadline <= 3710, "at most 3700 ms", "%d ms" % request.deadline)
    serve(call, peer, request)


@row("deadline", "the server does not keep the deadline: after the grace timed_out, and Cancel")
def deadline_and_grace(stage):
    client, call, peer, request = stage.begin("Ping", deadline=100, grace_milliseconds=50,
                                              attempts=1)
    call.error("timed_out", status="DEADLINE_EXCEEDED")
    peer.answer(cancel_of(peer, request))
    peer.answer(request)
    works(client, peer)


@row("deadline", "the server says DEADLINE_EXCEEDED itself: its words, no second attempt")
def deadline_of_the_server(stage):
    _, call, peer, request = stage.begin("Generate", deadline=3000)
    peer.error(request, "DEADLINE_EXCEEDED", "deadline_passed", "too late")
    error = call.error("server_refused", status="DEADLINE_EXCEEDED")
    expect("too late" in error["message"], "the server's words", error["message"])
    peer.nothing()


@row("deadline", "silence longer than answer_milliseconds: timed_out, and Cancel")
def answer_times_out(stage):
    client, call, peer, request = stage.begin("Generate", answer_milliseconds=200, attempts=1)
    peer.token(request, 1, "a")
    call.error("timed_out", status="DEADLINE_EXCEEDED")
    gives_up(peer, request, frames_after=3)
    works(client, peer)


@row("deadline", "answer_milliseconds is about silence: a long stream without any is fine")
def answer_times_silence_only(stage):
    _, call, peer, request = stage.begin("Generate", answer_milliseconds=600)
    for number in range(8):
        time.sleep(0.15)
        peer.token(request, number, "a")
    serve(call, peer, request)


@row("deadline", "a deadline that passes while waiting for a turn: timed_out, never sent")
def deadline_while_waiting(stage):
    client, first, peer, request = stage.begin("Generate", hello=dict(requests_in_flight_max="1"),
                                               grace_milliseconds=20)
    second = client.ping(deadline=100)
    second.error("timed_out", status="DEADLINE_EXCEEDED")
    peer.answer(request)
    first.ok()
    peer.nothing(but_close=False)
    works(client, peer)


@row("deadline", "Hello is not answered before the deadline: timed_out")
def deadline_while_connecting(stage):
    _, call, peer = stage.connect("Ping", hello=False, deadline=150, grace_milliseconds=20,
                                  attempts=1)
    peer.request("Hello")
    call.error("timed_out")
