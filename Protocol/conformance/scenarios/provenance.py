"""Real or mock: who asks for real answers gets nothing of a mock's."""

import json

from codec import KINDS
from encoder import MOCK
from rows import GENERATE, expect, row, same_answer, serve, works
from scenarios.answers import CARRIES
from server import ANSWER, Failed

SECRET = "canned words of a mock"


def hides(call):
    """The call's lines so far hold nothing from the mock, and the error is mock_refused."""
    error = call.error("mock_refused", status="MOCK_REFUSED")
    said = json.dumps([error, call.chunks])
    if SECRET in said:
        raise Failed("nothing of what the mock said", said[:300])
    expect(error.get("provenance") == "mock", "provenance mock in the error",
           repr(error.get("provenance")))
    return error


def changes(peer, call):
    """An answer that turned from real to mock is damage, and nothing the mock said gets out."""
    error = call.error("protocol_error")
    said = json.dumps([error, call.chunks])
    expect(SECRET not in said, "nothing of what the mock said", said[:300])
    peer.closed()


def plays_real_by_default(kind, fields):
    @row("provenance", "%s says real: true unless mocks are allowed" % kind,
         "real_by_default_" + kind.lower())
    def play(stage):
        _, call, peer, request = stage.begin(kind, fields)
        expect(request.fields.get("requirements", {}).get("real") is True,
               "requirements with real: true", repr(request.fields.get("requirements")))
        serve(call, peer, request)


for _kind, _fields in CARRIES.items():
    plays_real_by_default(_kind, _fields)


@row("provenance", "Health of the server as a whole addresses no model, so it demands nothing of one")
def health_of_server(stage):
    _, call, peer, request = stage.begin("Health", {})
    expect(request.fields == {}, "an empty body", repr(request.fields))
    serve(call, peer, request)


@row("provenance", "real: true is merged with the caller's own requirements")
def real_beside_own_requirements(stage):
    client = stage.open()
    own = {"fingerprint": "ab" * 32, "device": "cpu"}
    call = client.call("Generate", {"prompt": "a", "max_tokens": "2", "requirements": own})
    peer = stage.greet()
    request = peer.request("Generate")
    wanted = dict(own, real=True)
    expect(request.fields.get("requirements") == wanted, repr(wanted),
           repr(request.fields.get("requirements")))
    serve(call, peer, request)


@row("provenance", "allow_mock: no requirement is added, a mock's answer says mock")
def mock_allowed(stage):
    _, call, peer, request = stage.begin("Generate", allow_mock=True)
    expect("requirements" not in request.fields, "no requirements",
           repr(request.fields.get("requirements")))
    peer.token(request, 1, "a", provenance=MOCK)
    last = peer.answer(request, provenance=MOCK)
    same_answer(call.ok(), "Generate", [{"tokens": [1], "text": "a"}], last, "mock")


@row("provenance", "a mock's answer is refused, whatever it says")
def mock_refused(stage):
    client, call, peer, request = stage.begin("Generate", stream=False)
    peer.answer(request, text=SECRET, provenance=MOCK,
                answer=dict(ANSWER, model=SECRET))
    hides(call)
    works(client, peer)


@row("provenance", "a mock's first chunk is refused, the rest is consumed silently")
def mock_refused_in_first_chunk(stage):
    client, call, peer, request = stage.begin("Generate")
    peer.token(request, 1, SECRET, provenance=MOCK)
    hides(call)
    for number in range(10):
        peer.token(request, number, SECRET, provenance=MOCK)
    peer.answer(request, text=SECRET, provenance=MOCK)
    works(client, peer)


@row("provenance", "a stream that turns into a mock's in the middle is damage there")
def mock_in_mid_stream(stage):
    _, call, peer, request = stage.begin("Generate")
    peer.token(request, 1, "a")
    call.chunk()
    peer.token(request, 2, SECRET, provenance=MOCK)
    peer.answer(request, text=SECRET, provenance=MOCK)
    changes(peer, call)


@row("provenance", "only the last frame is a mock's: damage, whatever came before")
def mock_in_last_frame(stage):
    _, call, peer, request = stage.begin("Generate", stream=False)
    peer.token(request, 1, "a")
    peer.answer(request, text=SECRET, provenance=MOCK)
    changes(peer, call)


@row("provenance", "an error of a mock is refused too, its words not handed out")
def mock_error(stage):
    client, call, peer, request = stage.begin("Generate")
    peer.error(request, "INTERNAL", "engine_failed", SECRET, provenance=MOCK)
    hides(call)
    works(client, peer)


@row("provenance", "a mock that is overloaded is not asked again")
def mock_not_retried(stage):
    _, call, peer, request = stage.begin("Generate", backoff_milliseconds=1)
    peer.error(request, "RESOURCE_EXHAUSTED", "queue_full", SECRET,
               provenance=MOCK, retry_after_milliseconds="1")
    hides(call)
    peer.nothing()


def plays_mock_of(kind, fields):
    @row("provenance", "a mock's answer to %s is refused" % kind, "mock_refused_" + kind.lower())
    def play(stage):
        _, call, peer, request = stage.begin(kind, fields, stream=KINDS[kind]["streamed"])
        peer.answer(request, provenance=MOCK)
        hides(call)


for _kind, _fields in {**CARRIES, "Stats": {}, "Load": {"name": "m", "path": "/m"},
                       "Unload": {"name": "m"}, "Swap": {"name": "m", "path": "/m"}}.items():
    plays_mock_of(_kind, _fields)


def plays_change(name, meaning, first, second):
    @row("provenance", meaning, name)
    def play(stage):
        _, call, peer, request = stage.begin("Generate", allow_mock=True)
        peer.token(request, 1, "a", **first)
        peer.answer(request, **second)
        call.error("protocol_error")
        peer.closed()


plays_change("real_turns_mock", "mocks allowed: an answer that turns from real to mock is damage",
             {}, {"provenance": MOCK})
plays_change("mock_turns_real", "mocks allowed: an answer that turns from mock to real is damage",
             {"provenance": MOCK}, {})
plays_change("generation_changes", "an answer whose generation changes is damage",
             {"generation": 1}, {"generation": 2})


@row("provenance", "a request refused for want of a real model: the server's status, real words")
def requirement_not_met(stage):
    _, call, peer, request = stage.begin("Generate",
                                         dict(GENERATE, requirements={"device": "cuda:7"}),
                                         stream=True)
    peer.error(request, "REQUIREMENT_NOT_MET", "device_required",
               "the model is on cpu", field="requirements.device", generation=1)
    error = call.error("server_refused", status="REQUIREMENT_NOT_MET")
    expect(error.get("field") == "requirements.device", "the field", repr(error.get("field")))
    expect(error.get("server_code") == "device_required", "server_code device_required",
           repr(error.get("server_code")))
