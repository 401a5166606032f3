"""The valid cases: one function per direction and revision."""

from cases import *  # noqa: F401,F403 - every case speaks in its words

REAL_ONLY = dict(real=True)


def requests():
    asks("hello_minimal", "the least a client may say", "Hello", dict(client="c", revision=1),
         before_hello=True, canonical=False)
    asks("hello_full", "every field of Hello", "Hello",
         dict(client="example/1.0", revision=1, compression=True, body_size_max=65536),
         before_hello=True)
    asks("ping_empty", "a body of no bytes: the frame is its header", "Ping", {}, canonical=False)
    asks("ping_64", "a body of 64 bytes, the usual benchmark", "Ping",
         dict(payload=bytes(range(56))), request=2)
    asks("ping_largest_before_hello", "4096 bytes with the header: the largest before Hello",
         "Ping", dict(payload=b"\x5a" * (4096 - 32 - 8)), before_hello=True)
    asks("ping_largest", "the largest payload", "Ping", dict(payload=b"\xa5" * 65536))
    asks("health_server", "Health of the server", "Health", {})
    asks("health_model_requirements", "Health of one model with every requirement", "Health",
         dict(model="stories", requirements=dict(real=True, fingerprint=FINGERPRINT, device="cpu")))
    asks("health_verify", "verify one model now", "Health", dict(model="stories", verify=True))
    asks("health_verify_spelled_default", "not to verify may be written out", "Health",
         dict(verify=False), canonical=False)
    asks("requirements_spelled_default", "a default may be written out", "Health",
         dict(requirements=dict(real=False)), canonical=False)
    asks("models", "Models has an empty body", "Models", {})
    asks("load_minimal", "name and path", "Load", dict(name="m", path="/models/m.gguf"))
    asks("load_full", "every field of Load", "Load",
         dict(name="m", path="/models/m.gguf", strategy="graceful", device="cuda:0"))
    asks("unload", "Unload", "Unload", dict(name="m"))
    asks("tokenize", "Tokenize; bytes that are not UTF-8 are allowed here", "Tokenize",
         dict(model="stories", text=b"caf\xc3\xa9 \xff", parse_special=True, add_special=False))
    asks("detokenize", "Detokenize, with a token id of all ones", "Detokenize",
         dict(tokens=[1, 403, 0xFFFFFFFF]))
    asks("generate_prompt", "Generate from text, everything else by default", "Generate",
         dict(prompt="Once upon a time", max_tokens=16))
    asks("generate_prompt_empty", "an empty prompt is a prompt", "Generate",
         dict(prompt="", max_tokens=1))
    asks("generate_full", "every field of Generate, with a deadline of 1500 ms", "Generate",
         dict(model="stories", prompt="h\u00e9llo \U0001f600", parse_special=True,
              add_special=False, max_tokens=1_048_576, temperature=0.8, top_k=40, top_p=0.95,
              min_p=0.05, seed=0xFFFFFFFFFFFFFFFF, stop=["\n\n", "END"], truncate_prompt=True,
              requirements=REAL_ONLY), request=0xFFFFFFFFFFFFFFFF, status=1500)
    asks("generate_tokens", "Generate from token ids", "Generate",
         dict(tokens=[1, 403, 407], max_tokens=8))
    asks("generate_stop_most", "as many stop strings as allowed, the last of 256 bytes", "Generate",
         dict(prompt="a", max_tokens=256, stop=["s%d" % i for i in range(15)] + ["x" * 256]))
    asks("logits", "Logits at every position", "Logits", dict(tokens=[1, 2, 3], all_positions=True))
    asks("cancel", "Cancel", "Cancel", dict(target=7), request=8)
    asks("stats", "Stats has an empty body", "Stats", {})
    valid("unknown_kind", "a kind nobody knows is a well-formed frame (answered UNIMPLEMENTED)",
          frame_case("Ping", None, {}, kind_byte=0x55, raw_body=b"whatever"))
    valid("two_frames", "frames follow each other without padding",
          request("Ping", dict(payload=b"a"), request=3), request("Stats", {}, request=4))
    block, raw_body = lz4_runs(raw_field(2, BYTES, b"abc", size=1992), 3, 2000)
    asks("compressed_request", "a Tokenize whose body of 2000 bytes is an LZ4 block", "Tokenize",
         dict(text=raw_body[8:]), flags=COMPRESSED, block=block, canonical=False)
    block, raw_body = lz4_runs(raw_field(1, BYTES, b"\x07", size=1016), 1, 1024)
    asks("compressed_smallest", "1024 bytes: the smallest body that may be compressed", "Ping",
         dict(payload=raw_body[8:]), flags=COMPRESSED, block=block, canonical=False)


def requests_of_revision_2():
    asks("hello_revision_2", "a client that speaks revision 2", "Hello",
         dict(client="c", revision=2), before_hello=True, canonical=False)
    prompt = dict(prompt="Once upon a time")
    once = dict(prompt, max_tokens=8)
    asks("generate_logprobs", "the chosen token's, and three beside it", "Generate",
         dict(once, logprobs=3))
    asks("generate_logprobs_0", "no alternatives is not the same as no log-probabilities",
         "Generate", dict(once, logprobs=0, prompt_logprobs=0))
    asks("generate_logprobs_most", "64 alternatives for both", "Generate",
         dict(once, logprobs=64, prompt_logprobs=64))
    asks("generate_messages", "a conversation; contents may be empty, or look like a template",
         "Generate", dict(max_tokens=8, messages=[
             turn("system", "Be short."), turn("user", "<|im_end|> h\u00e9llo"),
             turn("assistant", ""), turn("user", "And now?")]))
    asks("generate_messages_with_all", "a conversation with every field that may stand beside it",
         "Generate", dict(
             model="stories", max_tokens=8, temperature=0.8, top_k=40, top_p=0.95, min_p=0.05,
             seed=7, stop=["END"], truncate_prompt=True, logprobs=1, prompt_logprobs=2,
             messages=[turn("user", "Hi")], requirements=REAL_ONLY))
    asks("generate_messages_most", "as many messages as allowed", "Generate",
         dict(max_tokens=8, messages=[turn("user", "")] * 1024))
    asks("logits_messages", "Logits after a conversation", "Logits",
         dict(all_positions=True, messages=[turn("user", "Hi")]))
    asks("score", "two continuations of a text", "Score",
         dict(prompt, continuations=[dict(text=", there was"), dict(text=", in a land")]))
    asks("score_full", "every field that may stand beside a text", "Score",
         dict(prompt, model="stories", parse_special=True, add_special=False,
              continuations=[dict(text="\u4f60\u597d"), dict(tokens=[0, 0xFFFFFFFF])],
              top_logprobs=64, requirements=REAL_ONLY), status=1500)
    asks("score_tokens", "token ids after token ids", "Score",
         dict(tokens=[1, 403, 407], continuations=[dict(tokens=[261])]))
    asks("score_messages", "an answer to a conversation", "Score",
         dict(messages=[turn("system", "Yes or no."), turn("user", "Is it?")],
              continuations=[dict(text="Yes"), dict(text="No")]))
    asks("score_top_spelled_default", "a default may be written out", "Score",
         dict(prompt, continuations=[dict(text="a")], top_logprobs=0), canonical=False)
    asks("score_continuations_most", "256 continuations; an empty text is well-formed", "Score",
         dict(prompt, continuations=[dict(text="a" * (i % 3)) for i in range(256)]))
    asks("embed", "one text, the rest by default", "Embed",
         dict(inputs=[dict(text="Once upon a time")]))
    asks("embed_full", "every field of Embed", "Embed",
         dict(model="stories", inputs=[dict(text="h\u00e9llo"), dict(tokens=[1, 403])],
              parse_special=True, add_special=False, pooling="cls", normalize=False,
              requirements=dict(device="cpu")))
    asks("embed_last", "the last position", "Embed",
         dict(inputs=[dict(tokens=[1])], pooling="last"))
    asks("embed_spelled_defaults", "defaults may be written out", "Embed",
         dict(inputs=[dict(text="a")], parse_special=False, add_special=True, normalize=True),
         canonical=False)
    asks("embed_mean", "a pooling is always written out", "Embed",
         dict(inputs=[dict(text="a")], pooling="mean"))
    asks("embed_inputs_most", "256 inputs", "Embed",
         dict(inputs=[dict(tokens=[i]) for i in range(256)]))


def requests_of_revision_3():
    """Requests of revision 3: context of every kind that computes, ignore_eos, min_tokens."""
    prompt = dict(prompt="Once upon a time")
    once = dict(prompt, max_tokens=8)
    asks("hello_revision_3", "a client that speaks revision 3", "Hello",
         dict(client="c", revision=3), before_hello=True, canonical=False)
    trace = dict(trace_context=PARENT)
    asks("generate_context_full", "every field of a context, beside requirements", "Generate",
         dict(once, context=dict(trace, attempt=2, priority=9), requirements=REAL_ONLY))
    asks("generate_context_trace", "a trace alone", "Generate", dict(once, context=trace))
    asks("generate_context_attempt_largest", "the largest attempt", "Generate",
         dict(once, context=dict(attempt=0xFFFFFFFF)))
    for priority in (0, 5, 9):
        asks("generate_context_priority_%d" % priority, "a priority alone", "Generate",
             dict(once, context=dict(priority=priority)))
    asks("generate_context_spelled_defaults", "a default may be written out", "Generate",
         dict(once, context=dict(attempt=1, priority=4)), canonical=False)
    asks("generate_context_empty", "a context that says nothing", "Generate",
         dict(once, context={}), canonical=False)
    mine = dict(trace, priority=7)
    for kind, values in [
            ("Health", dict(model="stories")), ("Tokenize", dict(text=b"a")),
            ("Detokenize", dict(tokens=[1])),
            ("Score", dict(prompt, continuations=[dict(text=", there was")])),
            ("Embed", dict(inputs=[dict(text="a")])), ("Logits", dict(tokens=[1, 2]))]:
        asks("%s_context" % kind.lower(), "the context of a " + kind, kind,
             dict(values, context=mine))
    asks("health_context_of_server", "Health of the server may say where it stands, too", "Health",
         dict(context=dict(priority=9)))
    valid("generate_context_compressed", "a block whose last field is a context", pack(
        "Generate", "Generate request", dict(prompt="round and round " * 100, max_tokens=8,
                                             context=mine)), canonical=False)
    asks("generate_ignore_eos", "an end token does not end it", "Generate",
         dict(once, ignore_eos=True))
    asks("generate_min_tokens", "at least so many", "Generate", dict(once, min_tokens=8))
    asks("generate_min_tokens_largest", "the upper end of its range", "Generate",
         dict(prompt, max_tokens=1_048_576, ignore_eos=True, min_tokens=1_048_576))
    asks("generate_ends_spelled_defaults", "defaults may be written out", "Generate",
         dict(once, ignore_eos=False, min_tokens=0), canonical=False)


TOOLS = '[{"type":"function","function":{"name":"add","parameters":{"type":"object"}}}]'


def tool_turns():
    """A question, a call, the call's result, and an answer."""
    return [turn("user", "317+485?"),
            dict(turn("assistant", ""), content_json="null", reasoning_content="A sum.",
                 tool_calls=[dict(id="c1", name="add", arguments='{"a": 317, "b": 485}'),
                             dict(name="add", arguments="{}")]),
            dict(turn("tool", "802"), name="add", tool_call_id="c1")]


def conversations():
    """Conversations of revision 3, and Render."""
    beside = dict(tools=TOOLS, template_variables=[
        dict(name="enable_thinking", value="false"), dict(name="reasoning_effort", value='"low"')])
    asks("generate_tools", "tools, a call and its result", "Generate",
         dict(max_tokens=8, messages=tool_turns(), **beside, template_time=1_785_542_400))
    asks("generate_continue", "the last message goes on", "Generate", dict(
        max_tokens=8, messages=[turn("user", "Hi"), turn("assistant", "Hello")],
        continue_final_message=True))
    asks("generate_no_generation_prompt", "no opening of an answer", "Generate", dict(
        max_tokens=8, messages=[turn("user", "Hi")], add_generation_prompt=False))
    asks("generate_template_defaults", "defaults may be written out", "Generate", dict(
        max_tokens=8, messages=[turn("user", "Hi")], add_generation_prompt=True), canonical=False)
    asks("generate_time_largest", "the last second of the year 9999", "Generate", dict(
        max_tokens=8, messages=[turn("user", "Hi")], template_time=253_402_300_799))
    asks("generate_variables_most", "64 variables", "Generate", dict(
        max_tokens=8, messages=[turn("user", "Hi")], template_variables=[
            dict(name="v%d" % number, value="%d" % number) for number in range(64)]))
    asks("generate_tool_calls_most", "128 calls in a message", "Generate", dict(
        max_tokens=8, messages=[dict(turn("assistant", ""), tool_calls=[
            dict(name="add", arguments="{}")] * 128)]))
    asks("score_tools", "the same beside a Score's conversation", "Score", dict(
        messages=tool_turns(), continuations=[dict(text="802")], **beside,
        add_generation_prompt=False, template_time=1))
    asks("logits_tools", "the same beside a Logits' conversation", "Logits", dict(
        messages=tool_turns(), **beside, continue_final_message=True, template_time=1))
    asks("render", "a conversation, the rest by default", "Render",
         dict(messages=[turn("user", "Hi")]))
    asks("render_full", "every field of Render", "Render", dict(
        beside, model="stories", messages=tool_turns(), continue_final_message=True,
        template_time=1, context=dict(priority=7), requirements=REAL_ONLY), status=1500)
    asks("render_no_generation_prompt", "no opening of an answer", "Render",
         dict(messages=[turn("user", "Hi")], add_generation_prompt=False))
    facts = dict(source="tokenizer.chat_template", fingerprint=FINGERPRINT, reads_tools=True,
                 tool_arguments="object", thinking="optional", reads_time=False,
                 variables=["enable_thinking", "messages", "tools"])
    answers("render_response", "text, tokens and facts", "Render", dict(
        text="<|user|>Hi<|assistant|>", tokens=[1, 7, 9], template=facts,
        answer=dict(answer(), template_time=1_785_542_400)), generation=1)
    answers("render_response_least", "a template that reads nothing else", "Render", dict(
        text="", tokens=[], template=dict(source="s", fingerprint=FINGERPRINT, reads_tools=False,
                                          thinking="none", reads_time=True), answer=answer()),
        generation=1)
    answers("embed_response_pooling", "the pooling that made it", "Embed",
            embeddings([1.0, 0.0], 2, 1, 4, pooling="last"), generation=1)
    fails("error_template_raised", "the template's own words", "Generate", "INVALID_ARGUMENT",
          "template_raised", "roles must alternate", field="messages")


def responses_of_revision_2():
    answers("hello_response_revision_2", "both sides speak revision 2", "Hello",
            dict(server="assayd/0.1", revision=2, compression=False, body_size_max=4194304,
                 requests_in_flight_max=256))
    two = [[(383, -0.5), (261, -1.25)], [(285, -0.125), (5, -3.0)]]
    says("generate_logprobs_stream", "the prompt's as it is read, then each token's with its own",
         piece(prompt_done=3, prompt_total=4, prompt_logprobs=logprobs([403, 407], [-2.5, -0.75])),
         piece(prompt_done=4, prompt_total=4, prompt_logprobs=logprobs([261], [-1.5])),
         piece(tokens=[383, 5], text=", was", logprobs=logprobs([383, 5], [-0.5, -3.0], two)),
         response("Generate", ended("length", 4, 3, tokens=[285], text=" there",
                                    logprobs=logprobs([285], [-0.125], [two[1]])),
                  request=9, generation=1))
    answers("generate_logprobs_in_one_frame", "an answer without chunks", "Generate",
            ended("stop", 2, 1, tokens=[7], text="a", logprobs=logprobs([7], [0.0]),
                  prompt_logprobs=logprobs([3], [-8.5])), generation=1)
    answers("generate_logprobs_of_nothing", "asked for, and no token was made", "Generate",
            ended("stop", 1, 0, logprobs=logprobs([], []), prompt_logprobs=logprobs([], [])),
            generation=1)
    answers("score_response", "the first was the model's own choice", "Score", dict(scores=[
        dict(logprobs=logprobs([383, 285], [-0.5, -0.125], two), logprob=-0.625, greedy=True),
        dict(logprobs=logprobs([261, 5], [-1.25, -3.0], two), logprob=-4.25, greedy=False)],
        prompt_tokens=4, answer=answer()), generation=1)
    answers("score_response_mock", "a mock's score", "Score", dict(scores=[
        dict(logprobs=logprobs([9], [-7.0]), logprob=-7.0, greedy=False)],
        prompt_tokens=1, answer=answer("pretender", None)), provenance=MOCK, generation=2)
    answers("score_top_most", "64 alternatives", "Score", dict(scores=[
        dict(logprobs=logprobs([0], [-1.0], [[(i, -1.0 - i) for i in range(64)]]), logprob=-1.0,
             greedy=True)], prompt_tokens=1, answer=answer()), generation=1)
    says("embed_stream", "two vectors of three values, cut in the middle of one",
         chunk("Embed", dict(embeddings=[0.5, -0.5, 0.25, 1.0])),
         response("Embed", embeddings([0.0, -0.125], 3, 2, 9), generation=1))
    answers("embed_response", "one vector in one frame", "Embed",
            embeddings([1.0, 0.0], 2, 1, 4), generation=1)
    fails("error_continuation_empty", "a continuation of no tokens", "Score", "INVALID_ARGUMENT",
          "continuation_empty", "continuation 1 has no token", field="continuations")
    fails("error_chat_template_missing", "a model without a template", "Generate",
          "FAILED_PRECONDITION", "chat_template_missing", "the model has no chat template",
          field="messages")


def responses():
    answers("hello_response", "what a server agrees to", "Hello",
            dict(server="assayd/0.1", revision=1, compression=True, body_size_max=4194304,
                 requests_in_flight_max=256))
    answers("ping_response", "the payload back", "Ping", dict(payload=bytes(range(56))), request=2)
    ready = dict(ready=True, state="ready")
    failed = dict(ready=False, state="failed")
    answers("health_ready", "ready", "Health", ready)
    answers("health_mock_not_ready", "a mock model: the frame says mock", "Health",
            dict(failed, reason="a mock is older than five minutes"), provenance=MOCK, generation=2)
    answers("health_seal_matched", "verified: the seal matches to the bit", "Health",
            dict(ready, seal="matched", largest_difference=0.0), generation=1)
    answers("health_seal_absent", "verified without a seal", "Health", dict(ready, seal="absent"),
            generation=1)
    answers("health_seal_drifted", "verified: another file lies there now", "Health",
            dict(failed, reason="comparing the file's SHA-256 with the seal: found another",
                 seal="drifted"), generation=1)
    answers("models_response", "a real model and a mock; no model made the list, so it is real",
            "Models", dict(models=[model_info("a", reason="no CUDA driver"),
                                   model_info("b", "loading", 2, None)]))
    answers("models_response_empty", "no models: an empty body", "Models", {})
    layers = [layer("file", 40), layer("validation", 90000)]
    says("load_stream", "progress after each layer, then the report",
         *[chunk("Load", dict(layer=one), request=5, generation=0) for one in layers],
         response("Load", dict(accepted=True, layers=layers, model=model_info("m"),
                               overrides=["llama.context_length=256"],
                               attempts=["attempt 1: file is still being written"]),
                  request=5, generation=1))
    answers("unload_response", "an empty body", "Unload", {})
    answers("tokenize_response", "ids and the account", "Tokenize",
            dict(tokens=[1, 403, 407], answer=answer()), generation=1)
    answers("tokenize_response_no_fingerprint", "the digest is still being computed", "Tokenize",
            dict(tokens=[], answer=answer(fingerprint=None)), generation=1)
    answers("detokenize_response", "bytes, here half a character", "Detokenize",
            dict(text=b"\xc3", answer=answer()), generation=1)
    says("generate_stream", "prompt progress, two chunks, the end",
         piece(prompt_done=256, prompt_total=300), piece(tokens=[383], text=","),
         piece(tokens=[285, 261], text=" there"),
         response("Generate", ended("length", 300, 4, tokens=[5], text=" was"), request=9,
                  generation=1))
    answers("generate_stop_string", "ended by a stop string", "Generate",
            ended("stop", 2, 0, stop_matched="\n\n"), generation=1)
    answers("generate_degraded_mock", "degraded and mock: two flags of two kinds", "Generate",
            ended("deadline", 2, 0, answer=answer("pretender", None, degradations=[
                "cpu_fallback: no CUDA driver", "truncated_context"])),
            flags=DEGRADED, provenance=MOCK, generation=0xFFFFFFFF)
    says("generate_fails_in_mid_stream", "a chunk, then a status",
         piece(tokens=[383], text=","),
         failure("Generate", "INTERNAL", "engine_failed", "the engine failed",
                 dict(request=9, generation=1)))
    says("logits_stream", "values cut into two frames",
         chunk("Logits", dict(logits=[0.5, -1.25, 3.0])),
         response("Logits", logits([2.0], 2, 2), generation=1))
    answers("cancel_response", "nothing to cancel", "Cancel", dict(found=False))
    answers("stats_response", "no mock was ever counted", "Stats",
            dict(counters=[dict(name="requests", real=12, mock=0)]))
    answers("stats_response_mock", "one mock answer taints the frame", "Stats",
            dict(counters=[dict(name="requests", real=12, mock=1)]), provenance=MOCK)


def errors():
    """Errors, GoAway, and a compressed chunk."""
    says("goaway_drain", "pushed before a shutdown", frame_case(
        "GoAway", "GoAway", dict(reason="shutting_down", drain_milliseconds=30000),
        provenance=REAL, request=0))
    fails("goaway_error", "pushed before a close for cause", "GoAway", "PROTOCOL_ERROR",
          "version_unsupported", "reading a frame's version: found 2, allowed: 1", dict(request=0))
    fails("error_field", "a refused field", "Generate", "INVALID_ARGUMENT", "field_out_of_range",
          "max_tokens is 0", field="max_tokens")
    fails("error_retry_after", "overload", "Generate", "RESOURCE_EXHAUSTED", "queue_full",
          "64 requests are waiting", retry_after_milliseconds=250)
    fails("error_rejected", "the assay rejected a file", "Load", "MODEL_REJECTED", "magic_wrong",
          "found \"<htm\", allowed \"GGUF\"", layer="parse")
    fails("error_mock", "errors about a mock say mock too", "Generate", "REQUIREMENT_NOT_MET",
          "real_required", "model \"m\" is a mock", dict(provenance=MOCK, generation=3))
    fails("error_unknown_kind", "the answer to a kind nobody knows", "Ping", "UNIMPLEMENTED",
          "kind_unknown", "kind 0x55 is unknown", dict(kind_byte=0x55))
    says("error_unknown_status", "a status from a later revision reads as UNKNOWN", response(
        "Ping", dict(code="later", message="from the future"), "Error", status=99),
        canonical=False)
    block = lz4_runs(raw_field(1, F32S, struct.pack("<f", 1.5), size=4000), 4, 4008)[0]
    says("compressed_response", "a chunk of 1000 equal logits as an LZ4 block", response(
        "Logits", dict(logits=[1.5] * 1000), "Logits chunk", flags=COMPRESSED | MORE,
        provenance=MOCK, block=block), canonical=False)


def boundaries():
    """The smallest and the largest values that fit a vector. The largest texts are left to the
    scenarios of ../conformance."""
    asks("hello_largest", "the longest name, the largest numbers", "Hello",
         dict(client="c" * 128, revision=0xFFFFFFFF, compression=True, body_size_max=0xFFFFFFFF),
         before_hello=True)
    asks("hello_smallest_limit", "the smallest limit there is", "Hello",
         dict(client="c", revision=2, body_size_max=4096), before_hello=True, canonical=False)
    asks("ping_1", "one byte", "Ping", dict(payload=b"\0"))
    asks("load_longest", "the longest name, path and device", "Load",
         dict(name="n" * 128, path="/" + "p" * 4095, strategy="strict", device="d" * 64))
    asks("load_development", "the third strategy", "Load",
         dict(name="n", path="/", strategy="development"))
    asks("tokenize_empty", "no bytes are a text too", "Tokenize", dict(text=b""))
    asks("detokenize_empty", "no tokens are a list too", "Detokenize", dict(tokens=[]))
    asks("generate_largest_numbers", "the upper end of every range", "Generate",
         dict(prompt="a", max_tokens=1_048_576, temperature=100.0, top_k=16_777_216, top_p=5e-324,
              min_p=1.0, seed=0xFFFFFFFFFFFFFFFF), status=0xFFFFFFFF)
    asks("generate_odd_numbers", "numbers that are no short decimals", "Generate",
         dict(prompt="a", max_tokens=1, temperature=1 / 3, top_p=0.1 + 0.2, min_p=1e-300,
              seed=(1 << 53) + 1))
    asks("generate_text_of_every_width", "characters of one to four bytes, and control characters",
         "Generate", dict(prompt="a\u00e9\u20ac\U0001f600\u0000\u001f\u007f\"\\/", max_tokens=1))
    asks("requirements_all", "every requirement, on a Tokenize", "Tokenize",
         dict(text=b"a", requirements=dict(real=True, fingerprint=b"\xff" * 32, device="d" * 64)))
    asks("cancel_largest", "the largest id", "Cancel", dict(target=0xFFFFFFFFFFFFFFFF),
         request=0xFFFFFFFFFFFFFFFF)
    asks("score_longest_list", "a continuation of 300 tokens", "Score",
         dict(tokens=[1], continuations=[dict(tokens=list(range(300)))]))
    answers("hello_response_smallest", "the least a server may allow", "Hello",
            dict(server="s", revision=1, compression=False, body_size_max=4096,
                 requests_in_flight_max=1))
    answers("hello_response_largest", "the most a server may allow", "Hello",
            dict(server="s" * 128, revision=2, compression=True, body_size_max=0xFFFFFFFF,
                 requests_in_flight_max=0xFFFFFFFF))
    answers("ping_response_empty", "no bytes back", "Ping", {}, canonical=False)
    answers("ping_response_largest", "the largest payload back", "Ping",
            dict(payload=b"\xa5" * 65536))
    answers("detokenize_response_empty", "no bytes", "Detokenize",
            dict(text=b"", answer=answer()), generation=1)
    answers("detokenize_response_all_bytes", "every byte there is", "Detokenize",
            dict(text=bytes(range(256)) * 2, answer=answer()), generation=0xFFFFFFFF)
    answers("tokenize_response_largest_ids", "ids of all ones", "Tokenize",
            dict(tokens=[0, 0xFFFFFFFF] * 50, answer=answer()), generation=1)
    answers("generate_degraded", "one degradation of the longest kind", "Generate",
            ended("cancelled", 0, 1, tokens=[5], text="\u00e9\U0001f600", answer=answer(
                "m" * 128, device="d" * 64, degradations=["d" * 2048])),
            flags=DEGRADED, generation=1)
    answers("generate_stop_matched_longest", "a stop string of 256 bytes", "Generate",
            ended("stop", 1, 0, stop_matched="s" * 256), generation=1)
    answers("logits_of_every_kind", "zero, the smallest, the largest", "Logits",
            logits([0.0, 1.401298464324817e-45, 3.4028234663852886e+38, -1.0], 4, 1), generation=1)
    answers("models_response_most", "40 models", "Models",
            dict(models=[model_info("m%02d" % i) for i in range(40)]))
    answers("stats_response_largest", "counters of all ones", "Stats",
            dict(counters=[dict(name="n" * 128, real=0xFFFFFFFFFFFFFFFF, mock=0)]))
    answers("stats_response_empty", "no counters: an empty body", "Stats", {})
    answers("health_largest_difference", "the upper end of a difference", "Health",
            dict(ready=True, state="ready", reason="r" * 2048, seal="matched",
                 largest_difference=10.0), generation=1)
    for state, about in (("draining", "a server that goes"), ("loading", "a model that comes")):
        answers("health_" + state, about, "Health", dict(ready=False, state=state))
    fails("error_longest", "the longest words an error has", "Load", "MODEL_REJECTED", "c" * 128,
          "m" * 2048, field="f" * 128, retry_after_milliseconds=3_600_000, layer="validation")
    fails("error_no_words", "an empty message, no pause", "Generate", "UNAVAILABLE", "c", "",
          retry_after_milliseconds=0)
    says("embed_largest_vector", "1024 values in three frames",
         chunk("Embed", dict(embeddings=[0.25] * 500)), chunk("Embed", dict(embeddings=[-0.5])),
         response("Embed", embeddings([0.125] * 523, 1024, 1, 4), generation=1))


def responses_of_revision_3():
    """Responses of revision 3: the state of a served model's files, codes with a date."""
    ready = dict(ready=True, state="ready")
    for word, reason in (("unchanged", None), ("changed", "the size went from 10 to 20 bytes"),
                         ("missing", "the path is gone")):
        answers("health_file_" + word, "a served model whose file is " + word, "Health",
                given(**ready, reason=reason, file=word), generation=1)
    answers("health_verified_file_changed",
            "the weights match their seal, another file lies there", "Health",
            dict(ready, reason="changed", seal="matched", largest_difference=0.0, file="changed"),
            generation=1)
    answers("models_response_files", "every state of a file, and a mock that has none", "Models",
            dict(models=[model_info("a", file="unchanged"), model_info("b", file="changed"),
                         model_info("c", file="missing"),
                         model_info("d", provenance=2, fingerprint=None)]))
    about = "frames say their number"
    says("generate_frames_numbered", about, piece(tokens=[1], text="a", frame=0),
         piece(tokens=[2], text="b", frame=1),
         response("Generate", ended("length", 3, 2, frame=2), request=9, generation=1))
    says("logits_frames_numbered", about, chunk("Logits", dict(logits=[0.5], frame=0)),
         response("Logits", logits([1.5], 2, 1, frame=1), generation=1))
    says("embed_frames_numbered", about, chunk("Embed", dict(embeddings=[0.5], frame=0)),
         response("Embed", embeddings([1.5], 2, 1, 2, frame=1), generation=1))
    says("load_frames_numbered", about,
         chunk("Load", dict(layer=layer("file", 40), frame=0), request=5, generation=0),
         response("Load", dict(accepted=True, layers=[layer("file", 40)], frame=1), request=5,
                  generation=1))
    busy = server_load(3, 2, 125_000, 4000, 8192)
    none, most = server_load(*[0] * 5), server_load(*[0xFFFFFFFFFFFFFFFF] * 5)
    answers("generate_server_load", "how busy the server was", "Generate",
            ended("stop", 1, 0, text="a", frame=0, answer=answer(load=busy)), generation=1)
    answers("tokenize_server_load_none", "a server at rest, without a cache", "Tokenize",
            dict(tokens=[1], answer=answer(load=none)), generation=1)
    answers("embed_server_load_most", "counters of all ones, beside a degradation", "Embed",
            embeddings([0.5], 1, 1, 2, answer=answer(degradations=["slow: hot"], load=most)),
            flags=DEGRADED, generation=1)
    fails("error_server_load", "a full queue says how full", "Generate", "RESOURCE_EXHAUSTED",
          "queue_full", "256 requests wait, allowed: 256", retry_after_milliseconds=125,
          server_load=busy)
    fails("error_server_load_none", "a refusal of a server at rest", "Tokenize",
          "INVALID_ARGUMENT", "field_missing", "no text", field="text", server_load=none)
    fails("error_server_load_most", "an error's every field", "Load", "MODEL_REJECTED", "c" * 128,
          "m" * 2048, field="f" * 128, retry_after_milliseconds=3_600_000, layer="placement",
          server_load=most)
    for row in PROTOCOL["codes"]:
        fails("code_" + row["code"], row["meaning"], "Generate", row["status"], row["code"],
              row["meaning"])


def every_status():
    """An error of each status that may be on the wire, on a kind where it can occur."""
    for status in PROTOCOL["statuses"]:
        if status["number"] == 0 or not status["on_wire"]:
            continue
        kind = {"ALREADY_EXISTS": "Load", "MODEL_REJECTED": "Load"}.get(status["name"], "Generate")
        pause = dict(retry_after_milliseconds=10) if status["advice"] == "backoff" else {}
        fails("status_" + status["name"].lower(), status["meaning"], kind, status["name"],
              "some_reason", "the meaning of %d" % status["number"], **pause)


def piece(**values):
    """A chunk of the streamed Generate with id 9."""
    return chunk("Generate", values, request=9)


def streams():
    """Streamed answers of the shapes that a client must join."""
    def last(**values):
        return response("Generate", ended("length", 3, 2, **values), request=9, generation=1)

    says("generate_chunk_of_nothing", "a chunk may have no field at all", piece(),
         piece(tokens=[1], text="a"), last(tokens=[2], text="b"))
    says("generate_text_lags", "tokens first, their text later", piece(tokens=[1]),
         piece(tokens=[2]), last(text="\u4f60\u597d"))
    says("generate_all_in_chunks", "nothing is left for the last frame",
         piece(tokens=[1, 2], text="ab"), last())
    says("generate_prompt_progress_only", "the prompt is read in steps, then one frame",
         *[piece(prompt_done=done, prompt_total=3) for done in (1, 2, 3)],
         last(tokens=[1, 2], text="ab"))
    says("load_fails_after_a_layer", "a layer is done, the next one refuses",
         chunk("Load", dict(layer=layer("file", 40)), request=5, generation=0),
         failure("Load", "MODEL_REJECTED", "magic_wrong", "found \"<htm\"", dict(request=5),
                 layer="parse"))
    says("logits_in_five_frames", "values cut anywhere",
         *[chunk("Logits", dict(logits=[0.5] * count)) for count in (1, 2, 3, 4)],
         response("Logits", logits([], 5, 2), generation=1))


def pack(kind, message, values, flags=0, **words):
    """A frame whose body is a block."""
    return frame_case(kind, message, values, flags=COMPRESSED | flags,
                      block=lz4_encode(body(fields(message, values))), **words)


def blocks():
    """Compressed bodies in both directions, of the shapes that an LZ4 block can have."""
    words = "It was the best of times, it was the worst of times. " * 40
    letters = b"0123456789abcdefghijklmnop"
    for name, about, kind, values in [
            ("prompt", "a Generate of 2120 bytes of prose as a block", "Generate",
             dict(prompt=words, max_tokens=8)),
            ("long_literals", "a block that begins with 600 bytes that do not repeat", "Tokenize",
             dict(text=bytes((i * i * 31 + i * 7) >> 3 & 255 for i in range(600)) + b"z" * 1000)),
            ("far_matches", "a match 60000 bytes back", "Tokenize",
             dict(text=letters + bytes(60000) + letters))]:
        valid("compressed_" + name, about, pack(kind, kind + " request", values), canonical=False)
    real = dict(provenance=REAL, generation=1)
    says("compressed_stream", "a compressed chunk, a plain one, a compressed end",
         pack("Generate", "Generate chunk", dict(tokens=[1], text=words), MORE, request=9, **real),
         piece(tokens=[2], text="b"),
         pack("Generate", "Generate response", ended("length", 1, 2, text=words), request=9,
              **real), canonical=False)
    says("compressed_error", "an error's words as a block", pack(
        "Generate", "Error", dict(code="c", message="again and " * 150), provenance=REAL,
        status=13), canonical=False)
    says("compressed_degraded", "three flags at once but more", pack(
        "Detokenize", "Detokenize response", dict(text=bytes(2000), answer=answer(
            degradations=["cpu_fallback: no CUDA driver"])), DEGRADED, **real), canonical=False)
    says("compressed_embeddings", "numbers that repeat", pack(
        "Embed", "Embed response", embeddings([0.5, -0.5] * 200, 400, 1, 4), **real),
        canonical=False)
