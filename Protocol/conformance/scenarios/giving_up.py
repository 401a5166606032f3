"""Cancel, deadlines, time-outs: who gives an answer up says so, and the connection lives on."""

from rows import expect, row, works
from server import Failed


def gives_up(peer, request, call, frames_after=0, found=True):
    """Reads the Cancel of `request`, plays the server's side of it to the end."""
    cancel = peer.request("Cancel", where=lambda fields: True)
    expect(cancel.fields["target"] == str(request.id), "target %d" % request.id,
           cancel.fields["target"])
    for number in range(frames_after):
        peer.token(request, number, "late")
    peer.answer(cancel, found=found)
    peer.answer(request, finish_reason="cancelled")


@row("giving up", "the caller gives a stream up: Cancel with its id, given_up, the rest is silent")
def cancel_after_chunks(stage):
    client = stage.open()
    call = client.generate(cancel_after=2)
    peer = stage.greet()
    request = peer.request("Generate")
    for number in range(2):
        peer.token(request, number, "a")
    gives_up(peer, request, call, frames_after=20)
    call.error("given_up", status="CANCELLED")
    expect(len(call.chunks) == 2, "2 chunks", "%d" % len(call.chunks))
    works(client, peer)


@row("giving up", "a stream that was given up and already over: the connection lives on")
def cancel_comes_too_late(stage):
    client = stage.open()
    call = client.generate(cancel_after=2)
    peer = stage.greet()
    request = peer.request("Generate")
    pieces, real_send = [], peer.send
    peer.send = pieces.append
    peer.token(request, 1, "a")
    peer.token(request, 2, "b")
    peer.answer(request)
    peer.send = real_send
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
    gives_up(peer, requests["dropped"], given_up)
    given_up.error("given_up")
    peer.token(requests["kept"], 2, "b")
    peer.answer(requests["kept"])
    text = kept.ok()["response"]["text"]
    expect(text == "ab was", "ab was", text)


@row("giving up", "a Cancel is sent even where no further request may be")
def cancel_at_the_limit(stage):
    client = stage.open()
    call = client.generate(cancel_after=1)
    peer = stage.greet(requests_in_flight_max="1")
    request = peer.request("Generate")
    peer.token(request, 1, "a")
    gives_up(peer, request, call)
    call.error("given_up")
    works(client, peer)


@row("giving up", "a Cancel that is answered with an error changes nothing")
def cancel_refused(stage):
    client = stage.open()
    call = client.generate(cancel_after=1)
    peer = stage.greet()
    request = peer.request("Generate")
    peer.token(request, 1, "a")
    cancel = peer.request("Cancel", where=lambda fields: True)
    peer.error(cancel, "INTERNAL")
    peer.answer(request)
    call.error("given_up")
    works(client, peer)


@row("giving up", "the cancelled stream ends with a status: still given_up")
def cancelled_stream_ends_with_a_status(stage):
    client = stage.open()
    call = client.generate(cancel_after=1)
    peer = stage.greet()
    request = peer.request("Generate")
    peer.token(request, 1, "a")
    cancel = peer.request("Cancel", where=lambda fields: True)
    peer.answer(cancel)
    peer.error(request, "CANCELLED", generation=1)
    call.error("given_up")
    works(client, peer)


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
        peer.answer(request)
        call.ok()


@row("deadline", "the time that connecting took is taken off the deadline")
def deadline_counts_connecting(stage):
    import time
    client = stage.open()
    call = client.ping(deadline=4000)
    peer = stage.accept()
    time.sleep(0.3)
    peer.hello()
    request = peer.request("Ping")
    expect(0 < request.deadline <= 3710, "at most 3700 ms", "%d ms" % request.deadline)
    peer.answer(request)
    call.ok()


@row("deadline", "the server does not keep the deadline: after the grace timed_out, and Cancel")
def deadline_and_grace(stage):
    client = stage.open(grace_milliseconds=50, attempts=1)
    call = client.ping(deadline=100)
    peer = stage.greet()
    request = peer.request("Ping")
    call.error("timed_out", status="DEADLINE_EXCEEDED")
    cancel = peer.request("Cancel", where=lambda fields: True)
    expect(cancel.fields["target"] == str(request.id), "target %d" % request.id,
           cancel.fields["target"])
    peer.answer(cancel)
    peer.answer(request)
    works(client, peer)


@row("deadline", "the server says DEADLINE_EXCEEDED itself: its words, no second attempt")
def deadline_of_the_server(stage):
    client = stage.open()
    call = client.generate(deadline=3000)
    peer = stage.greet()
    peer.error(peer.request("Generate"), "DEADLINE_EXCEEDED", "deadline_passed", "too late")
    error = call.error("server_refused", status="DEADLINE_EXCEEDED")
    expect("too late" in error["message"], "the server's words", error["message"])
    peer.nothing()


@row("deadline", "silence longer than answer_milliseconds: timed_out, and Cancel")
def answer_times_out(stage):
    client = stage.open(answer_milliseconds=200, attempts=1)
    call = client.generate()
    peer = stage.greet()
    request = peer.request("Generate")
    peer.token(request, 1, "a")
    call.error("timed_out", status="DEADLINE_EXCEEDED")
    gives_up(peer, request, call, frames_after=3)
    works(client, peer)


@row("deadline", "answer_milliseconds is about silence: a long stream without any is fine")
def answer_times_silence_only(stage):
    import time
    client = stage.open(answer_milliseconds=600)
    call = client.generate()
    peer = stage.greet()
    request = peer.request("Generate")
    for number in range(8):
        time.sleep(0.15)
        peer.token(request, number, "a")
    peer.answer(request)
    call.ok()


@row("deadline", "a deadline that passes while waiting for a turn: timed_out, never sent")
def deadline_while_waiting(stage):
    client = stage.open(grace_milliseconds=20)
    first = client.generate()
    peer = stage.greet(requests_in_flight_max="1")
    request = peer.request("Generate")
    second = client.ping(deadline=100)
    second.error("timed_out", status="DEADLINE_EXCEEDED")
    peer.answer(request)
    first.ok()
    peer.nothing(but_close=False)
    works(client, peer)


@row("deadline", "Hello is not answered before the deadline: timed_out")
def deadline_while_connecting(stage):
    client = stage.open(grace_milliseconds=20, attempts=1)
    call = client.ping(deadline=150)
    stage.accept().request("Hello")
    kind, value = call.end()
    if kind != "error" or value.get("code") != "timed_out":
        raise Failed("timed_out", "%s: %s" % (kind, value))
