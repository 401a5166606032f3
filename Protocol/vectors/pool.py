"""The cases of revision 4: Swap, Rollback, Pin, Alias, tokens, and a Models list that tells of a pool.

Valid cases, then the cases that must be refused.
"""

from cases import *  # noqa: F401,F403 - every case speaks in its words
from invalid import (CONFLICT, MISMATCH, MISSING, NOT_TEXT, ORDER, RANGE, REPEATED,  # noqa: F401
                     UNKNOWN, flag, of, real, record, text, word)

LABELS = [dict(label="stable", generation=3), dict(label="canary", generation=4, share=0.25)]
POOLED = dict(labels=LABELS, pinned=True, held_generation=2, evicted=False, breaker="closed",
              breaker_seconds=12.5, seal_age_seconds=3600.0)


def requests():
    asks("hello_token", "a client with a token", "Hello",
         dict(client="c", revision=4, token="assay_" + "0f" * 32), before_hello=True,
         canonical=False)
    asks("hello_token_and_tenant", "every field of Hello", "Hello",
         dict(client="example/1.0", revision=4, compression=True, body_size_max=65536,
              token="t" * 256, tenant="t" * 64), before_hello=True)
    asks("hello_tenant", "a tenant of an old revision: the fields have no date", "Hello",
         dict(client="c", revision=1, tenant="b"), before_hello=True, canonical=False)
    asks("swap_minimal", "name and path", "Swap", dict(name="m", path="/models/m.gguf"))
    asks("swap_full", "every field of Swap", "Swap",
         dict(name="n" * 128, path="/" + "p" * 4095, strategy="graceful", device="cuda:0",
              progress=True, shadow=4096, require_equal=True))
    asks("swap_spelled_defaults", "defaults may be written out", "Swap",
         dict(name="m", path="/m", shadow=0, require_equal=False), canonical=False)
    asks("rollback", "Rollback", "Rollback", dict(name="m"))
    asks("pin", "pinned, by default", "Pin", dict(name="m"))
    asks("pin_off", "not pinned any more", "Pin", dict(name="m", pinned=False))
    asks("pin_spelled_default", "a default may be written out", "Pin",
         dict(name="m", pinned=True), canonical=False)
    asks("alias", "a label without a share", "Alias",
         dict(name="m", label="stable", generation=3))
    asks("alias_share", "a label with a share", "Alias",
         dict(name="m", label="l" * 64, generation=0xFFFFFFFF, share=0.015625))
    asks("alias_share_0", "a share of nothing is a share", "Alias",
         dict(name="m", label="canary", generation=4, share=0.0))
    asks("alias_removed", "generation 0 takes the label away", "Alias",
         dict(name="m", label="canary", generation=0))
    asks("generate_of_a_label", "a label behind the name", "Generate",
         dict(model="m:canary", prompt="a", max_tokens=1))


def pooled(name="m", **more):
    return dict(model_info(name), **more)


def responses():
    answers("models_response_pool", "a model of two generations, with labels", "Models",
            dict(models=[pooled(**POOLED), pooled("n")]))
    answers("models_response_breaker", "every state of a breaker", "Models", dict(models=[
        pooled("a", breaker="closed", breaker_seconds=0.0),
        pooled("b", breaker="open", breaker_reason="three loads failed", breaker_seconds=1.5),
        pooled("c", breaker="half_open", breaker_reason="r" * 2048, breaker_seconds=1e12)]))
    answers("models_response_evicted", "a model out of memory, and one whose swap failed",
            "Models", dict(models=[
                dict(model_info("a", "loading"), evicted=True),
                pooled("b", load_failure="the assay's layer parse refused /m.gguf")]))
    answers("models_response_labels_most", "64 labels", "Models", dict(models=[pooled(labels=[
        dict(label="l%d" % number, generation=1, share=1 / 64) for number in range(64)])]))
    layers = [layer("file", 40), layer("validation", 90000)]
    report = dict(compared=16, equal=16, divergence_max=0.0)
    differs = dict(compared=16, equal=15, divergence_max=0.25,
                   first_difference="request 3: token 2 is 9, and was 7")
    swapped = dict(layers=layers, model=pooled(generation=4, held_generation=3),
                   previous_generation=3, warmed=8)

    def progress(number, **values):
        return chunk("Swap", dict(values, frame=number), request=5, generation=0)

    says("swap_stream", "layers, then steps, then the report",
         progress(0, layer=layers[0]), progress(1, layer=layers[1]),
         progress(2, step="warm_up", done=0, total=8), progress(3, step="shadow", done=16, total=16),
         response("Swap", dict(swapped, shadow=report, frame=4), request=5, generation=4))
    answers("swap_response", "a swap without steps", "Swap", swapped, generation=4)
    answers("swap_response_full", "every field, and an answer that differs", "Swap",
            dict(swapped, overrides=["llama.context_length=256"],
                 attempts=["attempt 1: file is still being written"], shadow=differs, frame=0),
            generation=4)
    says("swap_fails_after_a_step", "the shadow differs, and equal answers were demanded",
         progress(0, step="shadow", done=1, total=16),
         failure("Swap", "ABORTED", "shadow_differs", "request 3: token 2 is 9, and was 7",
                 dict(request=5)))
    for kind in ("Rollback", "Pin", "Alias"):
        answers(kind.lower() + "_response", "the model as it is now", kind,
                dict(model=pooled(**POOLED)), generation=0)
    for status, code in (("UNAUTHENTICATED", "token_required"),
                         ("UNAUTHENTICATED", "token_invalid"),
                         ("PERMISSION_DENIED", "scope_missing")):
        fails("hello_error_" + code, "Hello is refused", "Hello", status, code, "no")
    fails("goaway_token_invalid", "a token that was revoked loses its connections", "GoAway",
          "UNAUTHENTICATED", "token_invalid", "the token was revoked", dict(request=0))


def bodies():
    hello = text(1, b"c") + word(2, 4)
    for name, about, tail, code, field in [
            ("token_empty", "no token", text(5, b""), RANGE, "token"),
            ("token_257", "a token of 257 bytes", text(5, b"t" * 257), RANGE, "token"),
            ("token_not_utf8", "a token is a text", text(5, b"\xff"), NOT_TEXT, "token"),
            ("token_twice", "one token", text(5, b"a") * 2, REPEATED, "token"),
            ("tenant_65", "a tenant of 65 bytes", text(6, b"t" * 65), RANGE, "tenant"),
            ("tenant_before_token", "ids ascend", text(6, b"a") + text(5, b"b"), ORDER, "token"),
            ("field_7", "a field nobody knows", text(7, b"a"), UNKNOWN, "#7")]:
        of("Hello request")("hello_" + name, about, hello + tail, code, field)
    swap = text(1, b"m") + text(2, b"/m")
    for name, about, raw_body, code, field in [
            ("shadow_4097", "more requests than a shadow takes", swap + word(6, 4097), RANGE,
             "shadow"),
            ("shadow_as_bool", "a count, not a switch", swap + flag(6, 1), MISMATCH, "shadow"),
            ("strategy_unknown", "a strategy nobody knows", swap + text(3, b"fast"), RANGE,
             "strategy"),
            ("require_equal_2", "a bool is 0 or 1", swap + flag(7, 2), RANGE, "require_equal"),
            ("without_path", "a path is required", text(1, b"m"), MISSING, "path")]:
        of("Swap request")("swap_" + name, about, raw_body, code, field)
    of("Rollback request")("rollback_of_nothing", "a name is required", b"", MISSING, "name")
    of("Pin request")("pin_2", "a bool is 0 or 1", text(1, b"m") + flag(2, 2), RANGE, "pinned")
    alias = text(1, b"m") + text(2, b"canary") + word(3, 4)
    for name, about, raw_body, code, field in [
            ("share_over", "more than all requests", alias + real(4, 1.0000000000000002), RANGE,
             "share"),
            ("share_negative", "less than none", alias + real(4, -0.5), RANGE, "share"),
            ("share_nan", "a share that is no number", alias + real(4, float("nan")), RANGE,
             "share"),
            ("label_65", "a label of 65 bytes", text(1, b"m") + text(2, b"l" * 65) + word(3, 1),
             RANGE, "label"),
            ("generation_over", "one more than 32 bits",
             text(1, b"m") + text(2, b"l") + word(3, 1 << 32), RANGE, "generation"),
            ("without_generation", "a generation is required", text(1, b"m") + text(2, b"l"),
             MISSING, "generation")]:
        of("Alias request")("alias_" + name, about, raw_body, code, field)


def answers_that_are_none():
    """Damage in the answers."""
    whole = body(fields("Model", model_info("m")))
    models = of("Models response", "response")
    label = record(14, text(1, b"stable"), word(2, 3))
    for name, about, tail, code, field in [
            ("labels_65", "one label too many", label * 65, REPEATED, "labels"),
            ("label_of_generation_0", "no generation is 0", record(14, text(1, b"a"), word(2, 0)),
             RANGE, "labels.generation"),
            ("label_share_over", "more than all requests",
             record(14, text(1, b"a"), word(2, 1), real(3, 2.0)), RANGE, "labels.share"),
            ("held_generation_0", "absent means none", word(16, 0), RANGE, "held_generation"),
            ("breaker_unknown", "a state nobody knows", text(18, b"ajar"), RANGE, "breaker"),
            ("breaker_seconds_negative", "time does not run back", real(20, -1.0), RANGE,
             "breaker_seconds"),
            ("pinned_2", "a bool is 0 or 1", flag(15, 2), RANGE, "pinned")]:
        models("model_" + name, about, record(1, whole + tail), code, "models." + field)
    progress, swapped = of("Swap progress", "response"), of("Swap response", "response")
    progress("swap_progress_step_unknown", "a step nobody knows", text(2, b"nap"), RANGE, "step")
    progress("swap_progress_done_as_f64", "requests are counted", real(3, 1.0), MISMATCH, "done")
    model = record(2, whole)
    swapped("swap_response_previous_0", "no generation is 0", model + word(3, 0) + word(6, 0),
            RANGE, "previous_generation")
    swapped("swap_response_shadow_nan", "a divergence that is no number",
            model + word(3, 1) + word(6, 0)
            + record(7, word(1, 1), word(2, 1), real(3, float("nan"))), RANGE,
            "shadow.divergence_max")
