"""Revision 4: Swap with its progress, Rollback, Pin, Alias, and Models with generations."""

from rows import expect, row, same, same_answer, serve, works
from server import MODEL

SWAP = {"name": "m", "path": "/models/m.gguf", "shadow": "16"}
VERBS = {"Swap": SWAP, "Rollback": {"name": "m"}, "Pin": {"name": "m"},
         "Alias": {"name": "m", "label": "canary", "generation": "2", "share": 0.25}}
STEPS = [{"layer": {"layer": "file", "ok": True, "microseconds": "7"}},
         {"layer": {"layer": "parse", "ok": True, "microseconds": "9"}},
         {"step": "warm_up", "done": "0", "total": "8"},
         {"step": "shadow", "done": "16", "total": "16"}]
POOLED = dict(MODEL, labels=[{"label": "stable", "generation": "1"},
                             {"label": "canary", "generation": "2", "share": 0.25}],
              pinned=True, held_generation="2", evicted=False, breaker="half_open",
              breaker_reason="three loads failed", breaker_seconds=12.5, seal_age_seconds=0.25,
              load_failure="the layer parse refused /m.gguf")


@row("swap", "progress of a Swap: layers, then steps, generation 0 until the end")
def swap_progress(stage):
    _, call, peer, request = stage.begin("Swap", SWAP, stream=True)
    for step in STEPS:
        peer.chunk(request, **dict(step))
        same("a chunk", "Swap progress", step, dict(call.chunk(), frame=None))
    report = {"compared": "16", "equal": "15", "divergence_max": 0.5,
              "first_difference": "request 3: token 2 is 9, and was 7"}
    last = peer.answer(request, shadow=report, generation=2)
    same_answer(call.ok(), "Swap", [], last, generation=2)


@row("swap", "a Swap whose caller wants no progress is the answer alone")
def swap_without_progress(stage):
    client, call, peer, request = stage.begin("Swap", SWAP)
    for step in STEPS:
        peer.chunk(request, **dict(step))
    last = peer.answer(request, generation=2)
    same_answer(call.ok(), "Swap", [], last, generation=2)
    expect(call.chunks == [], "no chunk", "%d" % len(call.chunks))
    works(client, peer)


@row("swap", "a Swap that fails after its progress: the server's status, and not again")
def swap_fails(stage):
    client, call, peer, request = stage.begin("Swap", SWAP, stream=True, backoff_milliseconds=1)
    peer.chunk(request, **STEPS[0])
    call.chunk()
    peer.error(request, "ABORTED", "shadow_differs", "request 3: token 2 is 9, and was 7")
    error = call.error("server_refused", status="ABORTED")
    expect(error.get("server_code") == "shadow_differs", "server_code shadow_differs",
           repr(error.get("server_code")))
    works(client, peer)


@row("swap", "the connection ends in a Swap's progress: never sent again")
def swap_cut_after_progress(stage):
    _, call, peer, request = stage.begin("Swap", SWAP, stream=True, backoff_milliseconds=1)
    peer.chunk(request, **STEPS[0])
    call.chunk()
    peer.close()
    call.error("connection_closed")
    stage.listener.no_connection()


def refused_then_done(code, status):
    @row("swap", "%s with a pause: the Swap was not begun, and is sent again" % code,
         "swap_after_" + code)
    def play(stage):
        _, call, peer, first = stage.begin("Swap", SWAP, backoff_milliseconds=1)
        peer.error(first, status, code, "later", retry_after_milliseconds="20")
        second = peer.request("Swap")
        expect(second.body == first.body, "the same request", "another")
        serve(call, peer, second)


refused_then_done("swap_running", "RESOURCE_EXHAUSTED")
refused_then_done("breaker_open", "UNAVAILABLE")


@row("swap", "the marks of a model in Models reach the caller: labels, held generation, breaker")
def models_of_a_pool(stage):
    _, call, peer, request = stage.begin("Models", {})
    last = peer.answer(request, models=[POOLED, MODEL])
    same_answer(call.ok(), "Models", [], last, generation=0)


@row("swap", "a server of revision 3 lists models without them")
def models_of_an_old_server(stage):
    _, call, peer, request = stage.begin("Models", {}, hello=dict(revision="3"))
    last = peer.answer(request)
    same_answer(call.ok(), "Models", [], last, generation=0)


def too_new(kind, fields):
    @row("swap", "a server of revision 3: %s is refused here, nothing is sent" % kind,
         "revision_3_" + kind.lower())
    def play(stage):
        client, call, peer = stage.connect(kind, fields, hello=dict(revision="3"))
        call.error("revision_too_low", status="UNIMPLEMENTED")
        peer.nothing(but_close=False)
        works(client, peer)


for _kind, _fields in VERBS.items():
    too_new(_kind, _fields)
