"""The valid cases: one function per direction and revision."""

from cases import *  # noqa: F401,F403 - every case speaks in its words


def requests():
    valid("hello_minimal", "the least a client may say",
          request("Hello", [text(1, "client", "c"), u64(2, "revision", 1)]),
          before_hello=True, canonical=False)
    valid("hello_full", "every field of Hello",
          request("Hello", [text(1, "client", "example/1.0"), u64(2, "revision", 1),
                            boolean(3, "compression", True), u64(4, "body_size_max", 65536)]),
          before_hello=True)
    valid("ping_empty", "a body of no bytes: the frame is its header",
          request("Ping", []), canonical=False)
    valid("ping_64", "a body of 64 bytes, the usual benchmark",
          request("Ping", [data(1, "payload", bytes(range(56)))], request=2))
    valid("ping_largest_before_hello", "4096 bytes with the header: the largest before Hello",
          request("Ping", [data(1, "payload", b"\x5a" * (4096 - 32 - 8))]), before_hello=True)
    valid("ping_largest", "the largest payload",
          request("Ping", [data(1, "payload", b"\xa5" * 65536)]))
    valid("health_server", "Health of the server", request("Health", []))
    valid("health_model_requirements", "Health of one model with every requirement",
          request("Health", [text(1, "model", "stories"), record(30, "requirements", [
              boolean(1, "real", True), data(2, "fingerprint", FINGERPRINT),
              text(3, "device", "cpu")])]))
    valid("health_verify", "verify one model now",
          request("Health", [text(1, "model", "stories"), boolean(2, "verify", True)]))
    valid("health_verify_spelled_default", "not to verify may be written out",
          request("Health", [boolean(2, "verify", False)]), canonical=False)
    valid("requirements_spelled_default", "a default may be written out",
          request("Health", [record(30, "requirements", [boolean(1, "real", False)])]),
          canonical=False)
    valid("models", "Models has an empty body", request("Models", []))
    valid("load_minimal", "name and path",
          request("Load", [text(1, "name", "m"), text(2, "path", "/models/m.gguf")]))
    valid("load_full", "every field of Load",
          request("Load", [text(1, "name", "m"), text(2, "path", "/models/m.gguf"),
                           text(3, "strategy", "graceful"), text(4, "device", "cuda:0")]))
    valid("unload", "Unload", request("Unload", [text(1, "name", "m")]))
    valid("tokenize", "Tokenize; bytes that are not UTF-8 are allowed here",
          request("Tokenize", [text(1, "model", "stories"), data(2, "text", b"caf\xc3\xa9 \xff"),
                               boolean(3, "parse_special", True),
                               boolean(4, "add_special", False)]))
    valid("detokenize", "Detokenize, with a token id of all ones",
          request("Detokenize", [u32s(2, "tokens", [1, 403, 0xFFFFFFFF])]))
    valid("generate_prompt", "Generate from text, everything else by default",
          request("Generate", [text(2, "prompt", "Once upon a time"), u64(6, "max_tokens", 16)]))
    valid("generate_prompt_empty", "an empty prompt is a prompt",
          request("Generate", [text(2, "prompt", ""), u64(6, "max_tokens", 1)]))
    valid("generate_full", "every field of Generate, with a deadline of 1500 ms",
          request("Generate", [
              text(1, "model", "stories"), text(2, "prompt", "h\u00e9llo \U0001f600"),
              boolean(4, "parse_special", True), boolean(5, "add_special", False),
              u64(6, "max_tokens", 1_048_576), f64(7, "temperature", 0.8), u64(8, "top_k", 40),
              f64(9, "top_p", 0.95), f64(10, "min_p", 0.05),
              u64(11, "seed", 0xFFFFFFFFFFFFFFFF), text(12, "stop", "\n\n"),
              text(12, "stop", "END"), boolean(13, "truncate_prompt", True),
              record(30, "requirements", [boolean(1, "real", True)])],
              request=0xFFFFFFFFFFFFFFFF, status=1500))
    valid("generate_tokens", "Generate from token ids",
          request("Generate", [u32s(3, "tokens", [1, 403, 407]), u64(6, "max_tokens", 8)]))
    valid("generate_stop_most", "as many stop strings as allowed, the last of 256 bytes",
          request("Generate", [text(2, "prompt", "a"), u64(6, "max_tokens", 256)]
                  + [text(12, "stop", "s%d" % i) for i in range(15)]
                  + [text(12, "stop", "x" * 256)]))
    valid("logits", "Logits at every position",
          request("Logits", [u32s(3, "tokens", [1, 2, 3]), boolean(6, "all_positions", True)]))
    valid("cancel", "Cancel", request("Cancel", [u64(1, "target", 7)], request=8))
    valid("stats", "Stats has an empty body", request("Stats", []))
    valid("unknown_kind", "a kind nobody knows is a well-formed frame (answered UNIMPLEMENTED)",
          frame_case("Ping", None, [], kind_byte=0x55, raw_body=b"whatever"))
    valid("reserved_swap", "a reserved kind is a well-formed frame",
          frame_case("Swap", None, [], raw_body=b""))
    valid("two_frames", "frames follow each other without padding",
          request("Ping", [data(1, "payload", b"a")], request=3), request("Stats", [], request=4))
    prefix = raw_field(2, BYTES, b"abc", size=1992)
    block, raw_body = lz4_runs(prefix, 3, 2000)
    valid("compressed_request", "a Tokenize whose body of 2000 bytes is an LZ4 block",
          frame_case("Tokenize", "Tokenize request", [data(2, "text", raw_body[8:])],
                     flags=COMPRESSED, block=block, raw_body=raw_body), canonical=False)
    prefix = raw_field(1, BYTES, b"\x07", size=1016)
    block, raw_body = lz4_runs(prefix, 1, 1024)
    valid("compressed_smallest", "1024 bytes: the smallest body that may be compressed",
          frame_case("Ping", "Ping request", [data(1, "payload", raw_body[8:])],
                     flags=COMPRESSED, block=block, raw_body=raw_body), canonical=False)


def requests_of_revision_2():
    valid("hello_revision_2", "a client that speaks revision 2",
          request("Hello", [text(1, "client", "c"), u64(2, "revision", 2)]),
          before_hello=True, canonical=False)
    prompt = text(2, "prompt", "Once upon a time")
    valid("generate_logprobs", "the chosen token's, and three beside it",
          request("Generate", [prompt, u64(6, "max_tokens", 8), u64(14, "logprobs", 3)]))
    valid("generate_logprobs_0", "no alternatives is not the same as no log-probabilities",
          request("Generate", [prompt, u64(6, "max_tokens", 8), u64(14, "logprobs", 0),
                               u64(15, "prompt_logprobs", 0)]))
    valid("generate_logprobs_most", "64 alternatives for both",
          request("Generate", [prompt, u64(6, "max_tokens", 8), u64(14, "logprobs", 64),
                               u64(15, "prompt_logprobs", 64)]))
    conversation = [("system", "Be short."), ("user", "<|im_end|> h\u00e9llo"),
                    ("assistant", ""), ("user", "And now?")]
    valid("generate_messages", "a conversation; contents may be empty, or look like a template",
          request("Generate", [u64(6, "max_tokens", 8)]
                  + [message(*turn, 16) for turn in conversation]))
    valid("generate_messages_with_all", "a conversation with every field that may stand beside it",
          request("Generate", [
              text(1, "model", "stories"), u64(6, "max_tokens", 8), f64(7, "temperature", 0.8),
              u64(8, "top_k", 40), f64(9, "top_p", 0.95), f64(10, "min_p", 0.05),
              u64(11, "seed", 7), text(12, "stop", "END"), boolean(13, "truncate_prompt", True),
              u64(14, "logprobs", 1), u64(15, "prompt_logprobs", 2), message("user", "Hi", 16),
              record(30, "requirements", [boolean(1, "real", True)])]))
    valid("generate_messages_most", "as many messages as allowed",
          request("Generate", [u64(6, "max_tokens", 8)]
                  + [message("user", "", 16) for _ in range(1024)]))
    valid("logits_messages", "Logits after a conversation",
          request("Logits", [boolean(6, "all_positions", True), message("user", "Hi", 7)]))
    valid("score", "two continuations of a text",
          request("Score", [prompt, text_input(7, "continuations", ", there was"),
                            text_input(7, "continuations", ", in a land")]))
    valid("score_full", "every field that may stand beside a text",
          request("Score", [
              text(1, "model", "stories"), prompt, boolean(4, "parse_special", True),
              boolean(5, "add_special", False), text_input(7, "continuations", "\u4f60\u597d"),
              token_input(7, "continuations", [0, 0xFFFFFFFF]),
              u64(8, "top_logprobs", 64), record(30, "requirements", [boolean(1, "real", True)])],
              status=1500))
    valid("score_tokens", "token ids after token ids",
          request("Score", [u32s(3, "tokens", [1, 403, 407]),
                            token_input(7, "continuations", [261])]))
    valid("score_messages", "an answer to a conversation",
          request("Score", [message("system", "Yes or no.", 6), message("user", "Is it?", 6),
                            text_input(7, "continuations", "Yes"),
                            text_input(7, "continuations", "No")]))
    valid("score_top_spelled_default", "a default may be written out",
          request("Score", [prompt, text_input(7, "continuations", "a"),
                            u64(8, "top_logprobs", 0)]), canonical=False)
    valid("score_continuations_most", "256 continuations; an empty text is well-formed",
          request("Score", [prompt] + [text_input(7, "continuations", "a" * (i % 3))
                                       for i in range(256)]))
    valid("embed", "one text, the rest by default",
          request("Embed", [text_input(2, "inputs", "Once upon a time")]))
    valid("embed_full", "every field of Embed",
          request("Embed", [
              text(1, "model", "stories"), text_input(2, "inputs", "h\u00e9llo"),
              token_input(2, "inputs", [1, 403]), boolean(3, "parse_special", True),
              boolean(4, "add_special", False), text(5, "pooling", "cls"),
              boolean(6, "normalize", False),
              record(30, "requirements", [text(3, "device", "cpu")])]))
    valid("embed_last", "the last position", request("Embed", [
        token_input(2, "inputs", [1]), text(5, "pooling", "last")]))
    valid("embed_spelled_defaults", "defaults may be written out",
          request("Embed", [text_input(2, "inputs", "a"), boolean(3, "parse_special", False),
                            boolean(4, "add_special", True), text(5, "pooling", "mean"),
                            boolean(6, "normalize", True)]), canonical=False)
    valid("embed_inputs_most", "256 inputs",
          request("Embed", [token_input(2, "inputs", [i]) for i in range(256)]))


def requests_of_revision_3():
    """Requests of revision 3: context of every kind that computes, ignore_eos, min_tokens."""
    prompt, most = text(2, "prompt", "Once upon a time"), u64(6, "max_tokens", 8)
    valid("hello_revision_3", "a client that speaks revision 3",
          request("Hello", [text(1, "client", "c"), u64(2, "revision", 3)]),
          before_hello=True, canonical=False)
    trace = text(1, "trace_context", PARENT)
    valid("generate_context_full", "every field of a context, beside requirements",
          request("Generate", [prompt, most, context(
              trace, u64(2, "attempt", 2), u64(3, "priority", 9)),
              record(30, "requirements", [boolean(1, "real", True)])]))
    valid("generate_context_trace", "a trace alone", request(
        "Generate", [prompt, most, context(trace)]))
    valid("generate_context_attempt_largest", "the largest attempt", request(
        "Generate", [prompt, most, context(u64(2, "attempt", 0xFFFFFFFF))]))
    for priority in (0, 5, 9):
        valid("generate_context_priority_%d" % priority, "a priority alone", request(
            "Generate", [prompt, most, context(u64(3, "priority", priority))]))
    valid("generate_context_spelled_defaults", "a default may be written out", request(
        "Generate", [prompt, most, context(u64(2, "attempt", 1), u64(3, "priority", 4))]),
        canonical=False)
    valid("generate_context_empty", "a context that says nothing", request(
        "Generate", [prompt, most, context()]), canonical=False)
    mine = context(trace, u64(3, "priority", 7))
    for kind, fields in [
            ("Health", [text(1, "model", "stories")]),
            ("Tokenize", [data(2, "text", b"a")]),
            ("Detokenize", [u32s(2, "tokens", [1])]),
            ("Score", [prompt, text_input(7, "continuations", ", there was")]),
            ("Embed", [text_input(2, "inputs", "a")]),
            ("Logits", [u32s(3, "tokens", [1, 2])])]:
        valid("%s_context" % kind.lower(), "the context of a " + kind,
              request(kind, fields + [mine]))
    valid("health_context_of_server", "Health of the server may say where it stands, too",
          request("Health", [context(u64(3, "priority", 9))]))
    valid("generate_context_compressed", "a block whose last field is a context", frame_case(
        "Generate", "Generate request", [text(2, "prompt", "round and round " * 100), most, mine],
        flags=COMPRESSED, block=lz4_encode(body([text(2, "prompt", "round and round " * 100), most,
                                                 mine]))), canonical=False)
    valid("generate_ignore_eos", "an end token does not end it", request(
        "Generate", [prompt, most, boolean(17, "ignore_eos", True)]))
    valid("generate_min_tokens", "at least so many", request(
        "Generate", [prompt, most, u64(18, "min_tokens", 8)]))
    valid("generate_min_tokens_largest", "the upper end of its range", request(
        "Generate", [prompt, u64(6, "max_tokens", 1_048_576), boolean(17, "ignore_eos", True),
                     u64(18, "min_tokens", 1_048_576)]))
    valid("generate_ends_spelled_defaults", "defaults may be written out", request(
        "Generate", [prompt, most, boolean(17, "ignore_eos", False), u64(18, "min_tokens", 0)]),
        canonical=False)


def responses_of_revision_2():
    def one(name, about, *frames, **words):
        valid(name, about, *frames, direction="response", **words)

    def chunk(fields):
        return response("Generate", fields, "Generate chunk", flags=MORE, request=9, generation=1)

    one("hello_response_revision_2", "both sides speak revision 2", response("Hello", [
        text(1, "server", "assayd/0.1"), u64(2, "revision", 2), boolean(3, "compression", False),
        u64(4, "body_size_max", 4194304), u64(5, "requests_in_flight_max", 256)]))
    two = [[(383, -0.5), (261, -1.25)], [(285, -0.125), (5, -3.0)]]
    one("generate_logprobs_stream", "the prompt's as it is read, then each token's with its own",
        chunk([u64(3, "prompt_done", 3), u64(4, "prompt_total", 4),
               logprobs(6, "prompt_logprobs", [403, 407], [-2.5, -0.75])]),
        chunk([u64(3, "prompt_done", 4), u64(4, "prompt_total", 4),
               logprobs(6, "prompt_logprobs", [261], [-1.5])]),
        chunk([u32s(1, "tokens", [383, 5]), text(2, "text", ", was"),
               logprobs(5, "logprobs", [383, 5], [-0.5, -3.0], two)]),
        response("Generate", [
            u32s(1, "tokens", [285]), text(2, "text", " there"),
            text(5, "finish_reason", "length"), u64(7, "prompt_tokens", 4),
            u64(8, "completion_tokens", 3),
            logprobs(9, "logprobs", [285], [-0.125], [two[1]]), answer()],
            request=9, generation=1))
    one("generate_logprobs_in_one_frame", "an answer without chunks", response("Generate", [
        u32s(1, "tokens", [7]), text(2, "text", "a"), text(5, "finish_reason", "stop"),
        u64(7, "prompt_tokens", 2), u64(8, "completion_tokens", 1),
        logprobs(9, "logprobs", [7], [0.0]), logprobs(10, "prompt_logprobs", [3], [-8.5]),
        answer()], generation=1))
    one("generate_logprobs_of_nothing", "asked for, and no token was made", response("Generate", [
        text(5, "finish_reason", "stop"), u64(7, "prompt_tokens", 1),
        u64(8, "completion_tokens", 0), logprobs(9, "logprobs", [], []),
        logprobs(10, "prompt_logprobs", [], []), answer()], generation=1))
    one("score_response", "the first was the model's own choice", response("Score", [
        record(1, "scores", [
            logprobs(1, "logprobs", [383, 285], [-0.5, -0.125], two),
            f64(2, "logprob", -0.625), boolean(3, "greedy", True)]),
        record(1, "scores", [
            logprobs(1, "logprobs", [261, 5], [-1.25, -3.0], two),
            f64(2, "logprob", -4.25), boolean(3, "greedy", False)]),
        u64(2, "prompt_tokens", 4), answer()], generation=1))
    one("score_response_mock", "a mock's score", response("Score", [
        record(1, "scores", [logprobs(1, "logprobs", [9], [-7.0]), f64(2, "logprob", -7.0),
                             boolean(3, "greedy", False)]),
        u64(2, "prompt_tokens", 1), answer("pretender", None)], provenance=MOCK, generation=2))
    one("score_top_most", "64 alternatives", response("Score", [
        record(1, "scores", [
            logprobs(1, "logprobs", [0], [-1.0], [[(i, -1.0 - i) for i in range(64)]]),
            f64(2, "logprob", -1.0), boolean(3, "greedy", True)]),
        u64(2, "prompt_tokens", 1), answer()], generation=1))
    one("embed_stream", "two vectors of three values, cut in the middle of one",
        response("Embed", [f32s(1, "embeddings", [0.5, -0.5, 0.25, 1.0])], "Embed chunk",
                 flags=MORE, generation=1),
        response("Embed", [f32s(1, "embeddings", [0.0, -0.125]), u64(2, "dimensions", 3),
                           u64(3, "count", 2), u64(4, "prompt_tokens", 9), answer()],
                 generation=1))
    one("embed_response", "one vector in one frame", response("Embed", [
        f32s(1, "embeddings", [1.0, 0.0]), u64(2, "dimensions", 2), u64(3, "count", 1),
        u64(4, "prompt_tokens", 4), answer()], generation=1))
    one("error_continuation_empty", "a continuation of no tokens", failure(
        "Score", "INVALID_ARGUMENT", error_fields(
            "continuation_empty", "continuation 1 has no token", field="continuations")))
    one("error_chat_template_missing", "a model without a template", failure(
        "Generate", "FAILED_PRECONDITION", error_fields(
            "chat_template_missing", "the model has no chat template", field="messages")))


def responses():
    def one(name, about, *frames, **words):
        valid(name, about, *frames, direction="response", **words)

    one("hello_response", "what a server agrees to", response("Hello", [
        text(1, "server", "assayd/0.1"), u64(2, "revision", 1), boolean(3, "compression", True),
        u64(4, "body_size_max", 4194304), u64(5, "requests_in_flight_max", 256)]))
    one("ping_response", "the payload back",
        response("Ping", [data(1, "payload", bytes(range(56)))], request=2))
    one("health_ready", "ready", response("Health", [
        boolean(1, "ready", True), text(2, "state", "ready")]))
    one("health_mock_not_ready", "a mock model: the frame says mock", response("Health", [
        boolean(1, "ready", False), text(2, "state", "failed"),
        text(3, "reason", "a mock is older than five minutes")], provenance=MOCK, generation=2))
    one("health_seal_matched", "verified: the seal matches to the bit", response("Health", [
        boolean(1, "ready", True), text(2, "state", "ready"), text(4, "seal", "matched"),
        f64(5, "largest_difference", 0.0)], generation=1))
    one("health_seal_absent", "verified without a seal", response("Health", [
        boolean(1, "ready", True), text(2, "state", "ready"), text(4, "seal", "absent")],
        generation=1))
    one("health_seal_drifted", "verified: another file lies there now", response("Health", [
        boolean(1, "ready", False), text(2, "state", "failed"),
        text(3, "reason", "comparing the file's SHA-256 with the seal: found another"),
        text(4, "seal", "drifted")], generation=1))
    one("models_response", "a real model and a mock; no model made the list, so it is real",
        response("Models", [
            record(1, "models", model_info("a", reason="no CUDA driver")),
            record(1, "models", model_info("b", "loading", 2, None))]))
    one("models_response_empty", "no models: an empty body", response("Models", []))
    one("load_stream", "progress after each layer, then the report",
        response("Load", [layer(1, "layer", "file", True, 40)], "Load progress", flags=MORE,
                 request=5),
        response("Load", [layer(1, "layer", "validation", True, 90000)], "Load progress",
                 flags=MORE, request=5),
        response("Load", [
            boolean(1, "accepted", True), layer(2, "layers", "file", True, 40),
            layer(2, "layers", "validation", True, 90000), record(3, "model", model_info("m")),
            text(4, "overrides", "llama.context_length=256"),
            text(5, "attempts", "attempt 1: file is still being written")],
            request=5, generation=1))
    one("unload_response", "an empty body", response("Unload", []))
    one("tokenize_response", "ids and the account", response("Tokenize", [
        u32s(1, "tokens", [1, 403, 407]), answer()], generation=1))
    one("tokenize_response_no_fingerprint", "the digest is still being computed",
        response("Tokenize", [u32s(1, "tokens", []), answer(fingerprint=None)], generation=1))
    one("detokenize_response", "bytes, here half a character", response("Detokenize", [
        data(1, "text", b"\xc3"), answer()], generation=1))
    one("generate_stream", "prompt progress, two chunks, the end",
        response("Generate", [u64(3, "prompt_done", 256), u64(4, "prompt_total", 300)],
                 "Generate chunk", flags=MORE, request=9, generation=1),
        response("Generate", [u32s(1, "tokens", [383]), text(2, "text", ",")], "Generate chunk",
                 flags=MORE, request=9, generation=1),
        response("Generate", [u32s(1, "tokens", [285, 261]), text(2, "text", " there")],
                 "Generate chunk", flags=MORE, request=9, generation=1),
        response("Generate", [
            u32s(1, "tokens", [5]), text(2, "text", " was"), text(5, "finish_reason", "length"),
            u64(7, "prompt_tokens", 300), u64(8, "completion_tokens", 4), answer()],
            request=9, generation=1))
    one("generate_stop_string", "ended by a stop string", response("Generate", [
        text(5, "finish_reason", "stop"), text(6, "stop_matched", "\n\n"),
        u64(7, "prompt_tokens", 2), u64(8, "completion_tokens", 0), answer()], generation=1))
    one("generate_degraded_mock", "degraded and mock: two flags of two kinds",
        response("Generate", [
            text(5, "finish_reason", "deadline"), u64(7, "prompt_tokens", 2),
            u64(8, "completion_tokens", 0),
            answer("pretender", None, degradations=["cpu_fallback: no CUDA driver",
                                                    "truncated_context"])],
            flags=DEGRADED, provenance=MOCK, generation=0xFFFFFFFF))
    one("generate_fails_in_mid_stream", "a chunk, then a status",
        response("Generate", [u32s(1, "tokens", [383]), text(2, "text", ",")], "Generate chunk",
                 flags=MORE, request=9, generation=1),
        failure("Generate", "INTERNAL", error_fields("engine_failed", "the engine failed"),
                request=9, generation=1))
    one("logits_stream", "values cut into two frames",
        response("Logits", [f32s(1, "logits", [0.5, -1.25, 3.0])], "Logits chunk", flags=MORE,
                 generation=1),
        response("Logits", [f32s(1, "logits", [2.0]), u64(2, "vocabulary", 2),
                            u64(3, "positions", 2), answer()], generation=1))
    one("cancel_response", "nothing to cancel", response("Cancel", [boolean(1, "found", False)]))
    one("stats_response", "no mock was ever counted", response("Stats", [
        record(1, "counters", [text(1, "name", "requests"), u64(2, "real", 12),
                               u64(3, "mock", 0)])]))
    one("stats_response_mock", "one mock answer taints the frame", response("Stats", [
        record(1, "counters", [text(1, "name", "requests"), u64(2, "real", 12),
                               u64(3, "mock", 1)])], provenance=MOCK))
    one("goaway_drain", "pushed before a shutdown", frame_case("GoAway", "GoAway", [
        text(1, "reason", "shutting_down"), u64(2, "drain_milliseconds", 30000)],
        provenance=REAL, request=0))
    one("goaway_error", "pushed before a close for cause", failure(
        "GoAway", "PROTOCOL_ERROR", error_fields(
            "version_unsupported", "reading a frame's version: found 2, allowed: 1"), request=0))
    one("error_field", "a refused field", failure("Generate", "INVALID_ARGUMENT", error_fields(
        "field_out_of_range", "max_tokens is 0", field="max_tokens")))
    one("error_retry_after", "overload", failure("Generate", "RESOURCE_EXHAUSTED", error_fields(
        "queue_full", "64 requests are waiting", retry=250)))
    one("error_rejected", "the assay rejected a file", failure(
        "Load", "MODEL_REJECTED", error_fields(
            "magic_wrong", "found \"<htm\", allowed \"GGUF\"", which="parse")))
    one("error_mock", "errors about a mock say mock too", failure(
        "Generate", "REQUIREMENT_NOT_MET", error_fields(
            "real_required", "model \"m\" is a mock"), provenance=MOCK, generation=3))
    one("error_unknown_kind", "the answer to a kind nobody knows", frame_case(
        "Ping", "Error", error_fields("kind_unknown", "kind 0x55 is unknown"), provenance=REAL,
        status=STATUS["UNIMPLEMENTED"], kind_byte=0x55))
    one("error_unknown_status", "a status from a later revision reads as UNKNOWN", frame_case(
        "Ping", "Error", error_fields("later", "from the future"), provenance=REAL, status=99),
        canonical=False)
    prefix = raw_field(1, F32S, struct.pack("<f", 1.5), size=4000)
    block, raw_body = lz4_runs(prefix, 4, 4008)
    one("compressed_response", "a chunk of 1000 equal logits as an LZ4 block",
        frame_case("Logits", "Logits chunk", [f32s(1, "logits", [1.5] * 1000)],
                   flags=COMPRESSED | MORE, provenance=MOCK, block=block, raw_body=raw_body),
        canonical=False)


def boundaries():
    """The smallest and the largest values that fit a vector. The largest texts are left to the
    scenarios of ../conformance."""
    def one(name, about, *frames, **words):
        valid(name, about, *frames, direction="response", **words)

    valid("hello_largest", "the longest name, the largest numbers", request("Hello", [
        text(1, "client", "c" * 128), u64(2, "revision", 0xFFFFFFFF),
        boolean(3, "compression", True),
        u64(4, "body_size_max", 0xFFFFFFFF)]), before_hello=True)
    valid("hello_smallest_limit", "the smallest limit there is", request("Hello", [
        text(1, "client", "c"), u64(2, "revision", 2), u64(4, "body_size_max", 4096)]),
        before_hello=True, canonical=False)
    valid("ping_1", "one byte", request("Ping", [data(1, "payload", b"\0")]))
    valid("load_longest", "the longest name, path and device", request("Load", [
        text(1, "name", "n" * 128), text(2, "path", "/" + "p" * 4095),
        text(3, "strategy", "strict"), text(4, "device", "d" * 64)]))
    valid("load_development", "the third strategy", request("Load", [
        text(1, "name", "n"), text(2, "path", "/"), text(3, "strategy", "development")]))
    valid("tokenize_empty", "no bytes are a text too", request("Tokenize", [data(2, "text", b"")]))
    valid("detokenize_empty", "no tokens are a list too",
          request("Detokenize", [u32s(2, "tokens", [])]))
    valid("generate_largest_numbers", "the upper end of every range", request("Generate", [
        text(2, "prompt", "a"), u64(6, "max_tokens", 1_048_576), f64(7, "temperature", 100.0),
        u64(8, "top_k", 16_777_216), f64(9, "top_p", 5e-324), f64(10, "min_p", 1.0),
        u64(11, "seed", 0xFFFFFFFFFFFFFFFF)], status=0xFFFFFFFF), canonical=True)
    valid("generate_odd_numbers", "numbers that are no short decimals", request("Generate", [
        text(2, "prompt", "a"), u64(6, "max_tokens", 1), f64(7, "temperature", 1 / 3),
        f64(9, "top_p", 0.1 + 0.2), f64(10, "min_p", 1e-300), u64(11, "seed", (1 << 53) + 1)]))
    valid("generate_text_of_every_width", "characters of one to four bytes, and control characters",
          request("Generate", [text(2, "prompt", "a\u00e9\u20ac\U0001f600\u0000\u001f\u007f\"\\/"),
                               u64(6, "max_tokens", 1)]))
    valid("requirements_all", "every requirement, on a Tokenize", request("Tokenize", [
        data(2, "text", b"a"), record(30, "requirements", [
            boolean(1, "real", True), data(2, "fingerprint", b"\xff" * 32),
            text(3, "device", "d" * 64)])]))
    valid("cancel_largest", "the largest id", request(
        "Cancel", [u64(1, "target", 0xFFFFFFFFFFFFFFFF)], request=0xFFFFFFFFFFFFFFFF))
    valid("score_longest_list", "a continuation of 300 tokens", request("Score", [
        u32s(3, "tokens", [1]), token_input(7, "continuations", list(range(300)))]))
    one("hello_response_smallest", "the least a server may allow", response("Hello", [
        text(1, "server", "s"), u64(2, "revision", 1), boolean(3, "compression", False),
        u64(4, "body_size_max", 4096), u64(5, "requests_in_flight_max", 1)]))
    one("hello_response_largest", "the most a server may allow", response("Hello", [
        text(1, "server", "s" * 128), u64(2, "revision", 2), boolean(3, "compression", True),
        u64(4, "body_size_max", 0xFFFFFFFF), u64(5, "requests_in_flight_max", 0xFFFFFFFF)]))
    one("ping_response_empty", "no bytes back", response("Ping", []), canonical=False)
    one("ping_response_largest", "the largest payload back",
        response("Ping", [data(1, "payload", b"\xa5" * 65536)]))
    one("detokenize_response_empty", "no bytes", response(
        "Detokenize", [data(1, "text", b""), answer()], generation=1))
    one("detokenize_response_all_bytes", "every byte there is", response(
        "Detokenize", [data(1, "text", bytes(range(256)) * 2), answer()], generation=0xFFFFFFFF))
    one("tokenize_response_largest_ids", "ids of all ones", response(
        "Tokenize", [u32s(1, "tokens", [0, 0xFFFFFFFF] * 50), answer()], generation=1))
    one("generate_degraded", "one degradation of the longest kind", response("Generate", [
        u32s(1, "tokens", [5]), text(2, "text", "\u00e9\U0001f600"),
        text(5, "finish_reason", "cancelled"), u64(7, "prompt_tokens", 0),
        u64(8, "completion_tokens", 1),
        answer("m" * 128, device="d" * 64, degradations=["d" * 2048])], flags=DEGRADED,
        generation=1))
    one("generate_stop_matched_longest", "a stop string of 256 bytes", response("Generate", [
        text(5, "finish_reason", "stop"), text(6, "stop_matched", "s" * 256),
        u64(7, "prompt_tokens", 1), u64(8, "completion_tokens", 0), answer()], generation=1))
    one("logits_of_every_kind", "zero, the smallest, the largest", response("Logits", [
        f32s(1, "logits", [0.0, 1.401298464324817e-45, 3.4028234663852886e+38, -1.0]),
        u64(2, "vocabulary", 4), u64(3, "positions", 1), answer()], generation=1))
    one("models_response_most", "40 models", response("Models", [
        record(1, "models", model_info("m%02d" % i)) for i in range(40)]))
    one("stats_response_largest", "counters of all ones", response("Stats", [
        record(1, "counters", [text(1, "name", "n" * 128), u64(2, "real", 0xFFFFFFFFFFFFFFFF),
                               u64(3, "mock", 0)])]))
    one("stats_response_empty", "no counters: an empty body", response("Stats", []))
    one("health_largest_difference", "the upper end of a difference", response("Health", [
        boolean(1, "ready", True), text(2, "state", "ready"), text(3, "reason", "r" * 2048),
        text(4, "seal", "matched"), f64(5, "largest_difference", 10.0)], generation=1))
    one("health_draining", "a server that goes", response("Health", [
        boolean(1, "ready", False), text(2, "state", "draining")]))
    one("health_loading", "a model that comes", response("Health", [
        boolean(1, "ready", False), text(2, "state", "loading")]))
    one("error_longest", "the longest words an error has", failure(
        "Load", "MODEL_REJECTED", error_fields(
            "c" * 128, "m" * 2048, field="f" * 128, retry=3_600_000, which="validation")))
    one("error_no_words", "an empty message, no pause", failure(
        "Generate", "UNAVAILABLE", error_fields("c", "", retry=0)))
    one("embed_largest_vector", "1024 values in three frames",
        response("Embed", [f32s(1, "embeddings", [0.25] * 500)], "Embed chunk", flags=MORE,
                 generation=1),
        response("Embed", [f32s(1, "embeddings", [-0.5])], "Embed chunk", flags=MORE, generation=1),
        response("Embed", [f32s(1, "embeddings", [0.125] * 523), u64(2, "dimensions", 1024),
                           u64(3, "count", 1), u64(4, "prompt_tokens", 4), answer()], generation=1))


def responses_of_revision_3():
    """Responses of revision 3: the state of a served model's files, codes with a date."""
    def one(name, about, *frames):
        valid(name, about, *frames, direction="response")

    for word, reason in (("unchanged", None), ("changed", "the size went from 10 to 20 bytes"),
                         ("missing", "the path is gone")):
        parts = [boolean(1, "ready", True), text(2, "state", "ready")]
        if reason:
            parts.append(text(3, "reason", reason))
        one("health_file_" + word, "a served model whose file is " + word,
            response("Health", parts + [text(6, "file", word)], generation=1))
    one("health_verified_file_changed", "the weights match their seal, another file lies there",
        response("Health", [
            boolean(1, "ready", True), text(2, "state", "ready"), text(3, "reason", "changed"),
            text(4, "seal", "matched"), f64(5, "largest_difference", 0.0),
            text(6, "file", "changed")], generation=1))
    one("models_response_files", "every state of a file, and a mock that has none",
        response("Models", [
            record(1, "models", model_info("a", file="unchanged")),
            record(1, "models", model_info("b", file="changed")),
            record(1, "models", model_info("c", file="missing")),
            record(1, "models", model_info("d", provenance=2, fingerprint=None))]))
    one("generate_frames_numbered", "frames say their number",
        response("Generate", [u32s(1, "tokens", [1]), text(2, "text", "a"), u64(28, "frame", 0)],
                 "Generate chunk", flags=MORE, request=9, generation=1),
        response("Generate", [u32s(1, "tokens", [2]), text(2, "text", "b"), u64(28, "frame", 1)],
                 "Generate chunk", flags=MORE, request=9, generation=1),
        response("Generate", [text(5, "finish_reason", "length"), u64(7, "prompt_tokens", 3),
                              u64(8, "completion_tokens", 2), u64(28, "frame", 2), answer()],
                 request=9, generation=1))
    one("logits_frames_numbered", "frames say their number",
        response("Logits", [f32s(1, "logits", [0.5]), u64(28, "frame", 0)], "Logits chunk",
                 flags=MORE, generation=1),
        response("Logits", [f32s(1, "logits", [1.5]), u64(2, "vocabulary", 2),
                            u64(3, "positions", 1), u64(28, "frame", 1), answer()], generation=1))
    one("embed_frames_numbered", "frames say their number",
        response("Embed", [f32s(1, "embeddings", [0.5]), u64(28, "frame", 0)], "Embed chunk",
                 flags=MORE, generation=1),
        response("Embed", [f32s(1, "embeddings", [1.5]), u64(2, "dimensions", 2),
                           u64(3, "count", 1), u64(4, "prompt_tokens", 2), u64(28, "frame", 1),
                           answer()], generation=1))
    one("load_frames_numbered", "frames say their number",
        response("Load", [layer(1, "layer", "file", True, 40), u64(28, "frame", 0)],
                 "Load progress", flags=MORE, request=5),
        response("Load", [boolean(1, "accepted", True), layer(2, "layers", "file", True, 40),
                          u64(28, "frame", 1)], request=5, generation=1))
    busy, most = (3, 2, 125_000, 4000, 8192), (0xFFFFFFFFFFFFFFFF,) * 5
    one("generate_server_load", "how busy the server was", response("Generate", [
        text(2, "text", "a"), text(5, "finish_reason", "stop"), u64(7, "prompt_tokens", 1),
        u64(8, "completion_tokens", 0), u64(28, "frame", 0), answer(load=busy)], generation=1))
    one("tokenize_server_load_none", "a server at rest, without a cache", response("Tokenize", [
        u32s(1, "tokens", [1]), answer(load=(0,) * 5)], generation=1))
    one("embed_server_load_most", "counters of all ones, beside a degradation", response("Embed", [
        f32s(1, "embeddings", [0.5]), u64(2, "dimensions", 1), u64(3, "count", 1),
        u64(4, "prompt_tokens", 2), answer(degradations=["slow: hot"], load=most)],
        flags=DEGRADED, generation=1))
    one("error_server_load", "a full queue says how full", failure(
        "Generate", "RESOURCE_EXHAUSTED", error_fields(
            "queue_full", "256 requests wait, allowed: 256", retry=125, load=busy)))
    one("error_server_load_none", "a refusal of a server at rest", failure(
        "Tokenize", "INVALID_ARGUMENT", error_fields(
            "field_missing", "no text", field="text", load=(0,) * 5)))
    one("error_server_load_most", "an error's every field", failure(
        "Load", "MODEL_REJECTED", error_fields(
            "c" * 128, "m" * 2048, field="f" * 128, retry=3_600_000, which="placement",
            load=most)))
    for row in PROTOCOL["codes"]:
        one("code_" + row["code"], row["meaning"], failure(
            "Generate", row["status"], error_fields(row["code"], row["meaning"])))


def every_status():
    """An error of each status that may be on the wire, on a kind where it can occur."""
    for status in PROTOCOL["statuses"]:
        if status["number"] == 0 or not status["on_wire"]:
            continue
        kind = {"ALREADY_EXISTS": "Load", "MODEL_REJECTED": "Load"}.get(status["name"], "Generate")
        valid("status_" + status["name"].lower(), status["meaning"], failure(
            kind, status["name"], error_fields(
                "some_reason", "the meaning of %d" % status["number"],
                retry=10 if status["advice"] == "backoff" else None)), direction="response")


def streams():
    """Streamed answers of the shapes that a client must join."""
    def one(name, about, *frames):
        valid(name, about, *frames, direction="response")

    def chunk(fields):
        return response("Generate", fields, "Generate chunk", flags=MORE, request=9, generation=1)

    def last(fields):
        return response("Generate", fields + [
            text(5, "finish_reason", "length"), u64(7, "prompt_tokens", 3),
            u64(8, "completion_tokens", 2), answer()], request=9, generation=1)

    one("generate_chunk_of_nothing", "a chunk may have no field at all", chunk([]),
        chunk([u32s(1, "tokens", [1]), text(2, "text", "a")]),
        last([u32s(1, "tokens", [2]), text(2, "text", "b")]))
    one("generate_text_lags", "tokens first, their text later", chunk([u32s(1, "tokens", [1])]),
        chunk([u32s(1, "tokens", [2])]), last([text(2, "text", "\u4f60\u597d")]))
    one("generate_all_in_chunks", "nothing is left for the last frame",
        chunk([u32s(1, "tokens", [1, 2]), text(2, "text", "ab")]), last([]))
    one("generate_prompt_progress_only", "the prompt is read in steps, then one frame",
        *[chunk([u64(3, "prompt_done", done), u64(4, "prompt_total", 3)]) for done in (1, 2, 3)],
        last([u32s(1, "tokens", [1, 2]), text(2, "text", "ab")]))
    one("load_fails_after_a_layer", "a layer is done, the next one refuses",
        response("Load", [layer(1, "layer", "file", True, 40)], "Load progress", flags=MORE,
                 request=5),
        failure("Load", "MODEL_REJECTED", error_fields("magic_wrong", "found \"<htm\"",
                                                       which="parse"), request=5))
    one("logits_in_five_frames", "values cut anywhere",
        *[response("Logits", [f32s(1, "logits", [0.5] * count)], "Logits chunk", flags=MORE,
                   generation=1) for count in (1, 2, 3, 4)],
        response("Logits", [f32s(1, "logits", []), u64(2, "vocabulary", 5), u64(3, "positions", 2),
                            answer()], generation=1))


def blocks():
    """Compressed bodies in both directions, of the shapes that an LZ4 block can have."""
    def pack(kind, message, fields, flags=0, **words):
        raw_body = body(fields)
        return frame_case(kind, message, fields, flags=COMPRESSED | flags,
                          block=lz4_encode(raw_body), raw_body=raw_body, **words)

    words = ("It was the best of times, it was the worst of times. " * 40)
    valid("compressed_prompt", "a Generate of 2120 bytes of prose as a block", pack(
        "Generate", "Generate request", [text(2, "prompt", words), u64(6, "max_tokens", 8)]),
        canonical=False)
    valid("compressed_long_literals", "a block that begins with 600 bytes that do not repeat", pack(
        "Tokenize", "Tokenize request", [data(2, "text", bytes(
            (i * i * 31 + i * 7) >> 3 & 255 for i in range(600)) + b"z" * 1000)]), canonical=False)
    valid("compressed_far_matches", "a match 60000 bytes back", pack(
        "Tokenize", "Tokenize request", [data(2, "text", b"0123456789abcdefghijklmnop"
                                              + bytes(60000) + b"0123456789abcdefghijklmnop")]),
        canonical=False)
    one = dict(direction="response", canonical=False)
    real = dict(provenance=REAL, generation=1)
    valid("compressed_stream", "a compressed chunk, a plain one, a compressed end",
          pack("Generate", "Generate chunk", [u32s(1, "tokens", [1]), text(2, "text", words)],
               flags=MORE, request=9, **real),
          response("Generate", [u32s(1, "tokens", [2]), text(2, "text", "b")], "Generate chunk",
                   flags=MORE, request=9, generation=1),
          pack("Generate", "Generate response", [
              text(2, "text", words), text(5, "finish_reason", "length"),
              u64(7, "prompt_tokens", 1), u64(8, "completion_tokens", 2), answer()],
              request=9, **real), **one)
    valid("compressed_error", "an error's words as a block", pack(
        "Generate", "Error", error_fields("c", "again and " * 150), provenance=REAL, status=13),
        **one)
    valid("compressed_degraded", "three flags at once but more", pack(
        "Detokenize", "Detokenize response", [data(1, "text", bytes(2000)), answer(
            degradations=["cpu_fallback: no CUDA driver"])], flags=DEGRADED, **real), **one)
    valid("compressed_embeddings", "numbers that repeat", pack("Embed", "Embed response", [
        f32s(1, "embeddings", [0.5, -0.5] * 200), u64(2, "dimensions", 400), u64(3, "count", 1),
        u64(4, "prompt_tokens", 4), answer()], **real), **one)
