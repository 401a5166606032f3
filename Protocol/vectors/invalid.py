"""The cases that must be refused, by the code each must give, and prefixes of frames."""

from cases import *  # noqa: F401,F403 - every case speaks in its words


def framing_cases():
    ping = dict(kind=KIND["Ping"])
    pong = dict(kind=KIND["Ping"] | 0x80, provenance=REAL)
    framing("length_0", "a length of nothing", header(**ping, length=0), "length_too_small")
    framing("length_27", "one byte less than a header", header(**ping, length=27),
            "length_too_small")
    framing("length_largest", "a length of all ones", header(**ping, length=0xFFFFFFFF),
            "length_too_large")
    framing("length_over_limit", "one byte more than 4 MiB",
            header(**ping, raw=(4 << 20) + 1), "length_too_large")
    framing("length_over_limit_before_hello", "one byte more than 4096 before Hello",
            header(**ping, raw=4096 - 32 + 1), "length_too_large", before_hello=True)
    framing("length_alone", "four bytes are enough to refuse a length", b"\xff\xff\xff\xff",
            "length_too_large")
    framing("http_greeting", "HTTP on the port", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "length_too_large")
    framing("tls_greeting", "TLS on the port",
            bytes.fromhex("1603010200010001fc0303") + bytes(21), "length_too_large",
            before_hello=True)
    framing("version_0", "version 0", header(**ping, version=0), "version_unsupported")
    framing("version_2", "version 2", header(**ping, version=2), "version_unsupported")
    framing("version_alone", "five bytes are enough to refuse a version", b"\x1c\0\0\0\x09",
            "version_unsupported")
    framing("kind_0", "kind 0", header(kind=0), "kind_out_of_range")
    framing("kind_of_response_in_request", "a client sends a response kind", header(kind=0x82),
            "kind_out_of_range")
    framing("kind_of_request_in_response", "a server sends a request kind",
            header(kind=2, provenance=REAL), "kind_out_of_range", "response")
    framing("kind_128_in_response", "kind 0 with the response bit",
            header(kind=128, provenance=REAL), "kind_out_of_range", "response")
    framing("flag_more_in_request", "more belongs to responses", header(**ping, flags=MORE),
            "flags_unknown")
    framing("flag_degraded_in_request", "degraded belongs to responses",
            header(**ping, flags=DEGRADED), "flags_unknown")
    framing("flag_bit_3_in_request", "bit 3 is nobody's", header(**ping, flags=8),
            "flags_unknown")
    framing("flag_bit_7_in_response", "bit 7 is nobody's", header(**pong, flags=128),
            "flags_unknown", "response")
    framing("provenance_in_request", "a request has no provenance",
            header(**ping, provenance=REAL), "provenance_invalid")
    framing("provenance_0_in_response", "a response must have one", header(kind=0x82),
            "provenance_invalid", "response")
    framing("provenance_3_in_response", "there is no third provenance",
            header(kind=0x82, provenance=3), "provenance_invalid", "response")
    framing("provenance_255_in_response", "nor a 255th", header(kind=0x82, provenance=255),
            "provenance_invalid", "response")
    framing("request_id_0", "id 0 is GoAway's", header(**ping, request=0), "request_id_invalid")
    framing("response_id_0", "id 0 is GoAway's", header(**pong, request=0),
            "request_id_invalid", "response")
    framing("goaway_with_id", "GoAway answers nothing",
            header(kind=0xF0, provenance=REAL, request=5), "request_id_invalid", "response")
    framing("generation_in_request", "a request has no generation",
            header(**ping, generation=1), "generation_not_zero")
    framing("reserved_in_request", "the last word is zero", header(**ping, reserved=1),
            "reserved_not_zero")
    framing("reserved_in_response", "the last word is zero",
            header(**pong, reserved=0x80000000), "reserved_not_zero", "response")
    framing("status_with_more", "a failure is the last frame",
            header(**pong, flags=MORE, status=13), "flags_conflict", "response")
    framing("status_with_degraded", "a failure is not a degraded answer",
            header(**pong, flags=DEGRADED, status=13), "flags_conflict", "response")
    framing("raw_size_differs", "a plain body has one size", header(**ping, raw=8, wire=0),
            "raw_size_mismatch")
    framing("raw_size_smaller", "a plain body has one size",
            header(**ping, raw=0, wire=1) + b"\0", "raw_size_mismatch")
    block, raw_body = lz4_runs(raw_field(1, BYTES, b"\x07", size=1016), 1, 1024)
    lz = dict(kind=KIND["Ping"], flags=COMPRESSED)
    framing("raw_size_over_limit", "a block that announces 4 MiB and a byte",
            header(**lz, raw=(4 << 20) + 1, wire=len(block)) + block, "raw_size_too_large")
    framing("raw_size_over_limit_before_hello", "a block that announces 4065 bytes before Hello",
            header(**lz, raw=4065, wire=len(block)) + block, "raw_size_too_large",
            before_hello=True)
    framing("compressed_too_small", "1023 bytes are never compressed",
            header(**lz, raw=1023, wire=len(block)) + block, "compression_not_useful")
    framing("compressed_saves_nothing", "as many bytes as before",
            header(**lz, raw=1024, wire=1024) + bytes(1024), "compression_not_useful")
    framing("compressed_empty", "no block at all", header(**lz, raw=1024, wire=0),
            "compression_not_useful")
    damaged = "compressed_body_damaged"
    framing("block_one_byte_more", "a block of 1024 bytes that announces 1025",
            packed(block, raw_body + b"\0", **lz), damaged)
    framing("block_one_byte_less", "a block of 1025 bytes that announces 1024",
            packed(lz4_runs(raw_field(1, BYTES, b"\x07", size=1017), 1, 1025)[0], raw_body, **lz),
            damaged)
    framing("block_truncated", "a block without its last byte",
            packed(block[:-1], raw_body, **lz), damaged)
    framing("block_offset_0", "a match that points at itself",
            packed(lz4_sequence(raw_body[:9], 0, 1003) + lz4_sequence(raw_body[-12:]),
                   raw_body, **lz), damaged)
    framing("block_offset_before_start", "a match that points before the body",
            packed(lz4_sequence(raw_body[:9], 10, 1003) + lz4_sequence(raw_body[-12:]),
                   raw_body, **lz), damaged)
    framing("block_of_noise", "bytes that are no block",
            packed(bytes((i * 167 + 13) & 255 for i in range(200)), raw_body, **lz), damaged)


def bodies():
    def generate(name, about, tail, code, field, head=None):
        start = raw_field(2, TEXT, b"a") if head is None else head
        bad_body(name, about, "Generate request", start + tail, code, field)

    def word(value):
        return struct.pack("<Q", value)

    def real(value):
        return struct.pack("<d", value)

    bad_body("field_header_cut", "seven bytes are no field header", "Ping request",
             bytes([1, 0, 3, 0, 0, 0, 0]), "body_truncated", None)
    bad_body("field_past_end", "a field larger than its body", "Ping request",
             raw_field(1, BYTES, b"ab", size=3), "body_truncated", "payload")
    bad_body("field_size_largest", "a size of all ones", "Ping request",
             raw_field(1, BYTES, b"ab", size=0xFFFFFFFF), "body_truncated", "payload")
    bad_body("field_unknown", "an id the table does not list", "Ping request",
             raw_field(2, U64, word(1)), "field_unknown", "#2")
    bad_body("field_unknown_0", "id 0 is never used", "Ping request",
             raw_field(0, U64, word(1)), "field_unknown", "#0")
    bad_body("field_in_empty_message", "Stats has no fields", "Stats request",
             raw_field(1, U64, word(1)), "field_unknown", "#1")
    bad_body("field_type_wrong", "text where bytes belong", "Ping request",
             raw_field(1, TEXT, b"ab"), "field_type_mismatch", "payload")
    bad_body("field_type_0", "type 0 does not exist", "Ping request",
             raw_field(1, 0, b"ab"), "field_type_mismatch", "payload")
    bad_body("field_type_9", "type 9 does not exist", "Ping request",
             raw_field(1, 9, b"ab"), "field_type_mismatch", "payload")
    bad_body("field_reserved", "the fourth byte is zero", "Ping request",
             raw_field(1, BYTES, b"ab", zero=1), "field_reserved_not_zero", "payload")
    bad_body("u64_of_4_bytes", "a u64 has eight bytes", "Cancel request",
             raw_field(1, U64, b"\1\0\0\0"), "field_size_mismatch", "target")
    generate("f64_of_0_bytes", "an f64 has eight bytes", raw_field(7, F64, b""),
             "field_size_mismatch", "temperature")
    generate("bool_of_2_bytes", "a bool has one byte", raw_field(4, BOOL, b"\1\0"),
             "field_size_mismatch", "parse_special")
    generate("bool_2", "a bool is 0 or 1", raw_field(4, BOOL, b"\2"), "field_out_of_range",
             "parse_special")
    bad_body("u32s_of_5_bytes", "an array of u32 has a multiple of four", "Detokenize request",
             raw_field(2, U32S, bytes(5)), "field_size_mismatch", "tokens")
    bad_body("field_order", "ids ascend", "Load request",
             raw_field(2, TEXT, b"p") + raw_field(1, TEXT, b"n"), "field_order", "name")
    bad_body("field_twice", "a field occurs once", "Unload request",
             raw_field(1, TEXT, b"a") + raw_field(1, TEXT, b"a"), "field_repeated", "name")
    generate("stop_17_times", "one stop string too many", raw_field(12, TEXT, b"s") * 17,
             "field_repeated", "stop")
    generate("stop_not_together", "repeated fields are consecutive",
             raw_field(12, TEXT, b"s") + raw_field(13, BOOL, b"\1") + raw_field(12, TEXT, b"s"),
             "field_order", "stop")
    generate("stop_empty", "an empty stop string", raw_field(12, TEXT, b""),
             "field_out_of_range", "stop")
    generate("stop_too_long", "257 bytes", raw_field(12, TEXT, b"x" * 257),
             "field_out_of_range", "stop")
    for name, field, payload in [
            ("max_tokens_0", (6, "max_tokens"), raw_field(6, U64, word(0))),
            ("max_tokens_over", (6, "max_tokens"), raw_field(6, U64, word(1_048_577))),
            ("max_tokens_largest", (6, "max_tokens"), raw_field(6, U64, word(2**64 - 1))),
            ("temperature_below", (7, "temperature"), raw_field(7, F64, real(-0.001))),
            ("temperature_over", (7, "temperature"), raw_field(7, F64, real(100.5))),
            ("temperature_nan", (7, "temperature"), raw_field(7, F64, real(float("nan")))),
            ("top_k_over", (8, "top_k"), raw_field(8, U64, word((1 << 24) + 1))),
            ("top_p_0", (9, "top_p"), raw_field(9, F64, real(0.0))),
            ("top_p_over", (9, "top_p"), raw_field(9, F64, real(1.0000001))),
            ("min_p_infinite", (10, "min_p"), raw_field(10, F64, real(float("inf")))),
            ("min_p_below", (10, "min_p"), raw_field(10, F64, real(-1.0)))]:
        generate(name, "outside the range of " + field[1], payload, "field_out_of_range", field[1])
    generate("utf8_byte_ff", "0xFF is not UTF-8", b"", "field_text_invalid", "prompt",
             head=raw_field(2, TEXT, b"a\xff"))
    generate("utf8_overlong", "an overlong form is not UTF-8", b"", "field_text_invalid",
             "prompt", head=raw_field(2, TEXT, b"\xc0\x80"))
    generate("utf8_surrogate", "a surrogate is not UTF-8", b"", "field_text_invalid", "prompt",
             head=raw_field(2, TEXT, b"\xed\xa0\x80"))
    generate("utf8_cut", "half a character is not UTF-8", b"", "field_text_invalid", "prompt",
             head=raw_field(2, TEXT, b"\xf0\x9f\x98"))
    generate("prompt_and_tokens", "exactly one of them", raw_field(3, U32S, bytes(4)),
             "field_conflict", "tokens")
    generate("neither_prompt_nor_tokens", "exactly one of them", raw_field(6, U64, word(1)),
             "field_missing", "prompt", head=b"")
    generate("tokens_empty", "no tokens are no prompt", b"", "field_out_of_range", "tokens",
             head=raw_field(3, U32S, b""))
    generate("fingerprint_31", "a digest has 32 bytes",
             raw_field(30, RECORD, raw_field(2, BYTES, bytes(31))), "field_out_of_range",
             "requirements.fingerprint")
    generate("nested_unknown", "an unknown field inside a record",
             raw_field(30, RECORD, raw_field(9, BOOL, b"\1")), "field_unknown",
             "requirements.#9")
    generate("nested_past_end", "a field that leaves its record",
             raw_field(30, RECORD, raw_field(3, TEXT, b"cpu", size=4)) + bytes(8),
             "body_truncated", "requirements.device")
    bad_body("name_empty", "a name has at least one byte", "Unload request",
             raw_field(1, TEXT, b""), "field_out_of_range", "name")
    bad_body("name_too_long", "129 bytes", "Unload request", raw_field(1, TEXT, b"n" * 129),
             "field_out_of_range", "name")
    bad_body("strategy_unknown", "a word that is not a choice", "Load request",
             raw_field(1, TEXT, b"n") + raw_field(2, TEXT, b"p") + raw_field(3, TEXT, b"strictly"),
             "field_out_of_range", "strategy")
    bad_body("hello_without_revision", "a required field is missing", "Hello request",
             raw_field(1, TEXT, b"c"), "field_missing", "revision")
    bad_body("hello_revision_0", "revisions begin at 1", "Hello request",
             raw_field(1, TEXT, b"c") + raw_field(2, U64, word(0)), "field_out_of_range",
             "revision")
    bad_body("hello_limit_too_small", "a client must accept 4096 bytes", "Hello request",
             raw_field(1, TEXT, b"c") + raw_field(2, U64, word(1)) + raw_field(4, U64, word(4095)),
             "field_out_of_range", "body_size_max")
    bad_body("cancel_nothing", "Cancel without a target", "Cancel request", b"",
             "field_missing", "target")
    bad_body("cancel_0", "id 0 cannot be cancelled", "Cancel request",
             raw_field(1, U64, word(0)), "field_out_of_range", "target")
    bad_body("ping_too_large", "a payload of 64 KiB and a byte", "Ping request",
             raw_field(1, BYTES, bytes(65537)), "field_out_of_range", "payload")
    bad_body("response_without_answer", "an answer without its account", "Tokenize response",
             raw_field(1, U32S, b""), "field_missing", "answer", "response")
    bad_body("health_seal_unknown", "a state of a seal nobody knows", "Health response",
             raw_field(1, BOOL, b"\x01") + raw_field(2, TEXT, b"ready")
             + raw_field(4, TEXT, b"broken"), "field_out_of_range", "seal", "response")
    bad_body("health_difference_nan", "a difference that is no number", "Health response",
             raw_field(1, BOOL, b"\x01") + raw_field(2, TEXT, b"ready")
             + raw_field(5, F64, real(float("nan"))), "field_out_of_range", "largest_difference",
             "response")
    bad_body("health_verify_2", "a bool that is neither", "Health request",
             raw_field(2, BOOL, b"\x02"), "field_out_of_range", "verify")
    bad_body("response_finish_unknown", "a reason nobody knows", "Generate response",
             raw_field(5, TEXT, b"tired"), "field_out_of_range", "finish_reason", "response")
    bad_body("model_provenance_3", "no third provenance in a record either", "Models response",
             raw_field(1, RECORD, raw_field(1, TEXT, b"m") + raw_field(2, TEXT, b"ready")
                       + raw_field(3, U64, word(3))),
             "field_out_of_range", "models.provenance", "response")
    bad_body("error_without_code", "an error says its code", "Error",
             raw_field(2, TEXT, b"m"), "field_missing", "code", "response")


def bodies_of_revision_2():
    def word(number, value):
        return raw_field(number, U64, struct.pack("<Q", value))

    def turn(number, role=b"user", content=b"hi", tail=b""):
        return raw_field(number, RECORD,
                         raw_field(1, TEXT, role) + raw_field(2, TEXT, content) + tail)

    prompt = raw_field(2, TEXT, b"a")
    tokens = raw_field(3, U32S, bytes(4))
    piece = raw_field(1, TEXT, b"b")
    range_, conflict = "field_out_of_range", "field_conflict"

    def generate(name, about, raw_body, code, field):
        bad_body(name, about, "Generate request", raw_body, code, field)

    def score(name, about, raw_body, code, field):
        bad_body(name, about, "Score request", raw_body, code, field)

    def embed(name, about, raw_body, code, field):
        bad_body(name, about, "Embed request", raw_body, code, field)

    # A conversation.
    generate("messages_and_prompt", "exactly one of them", prompt + turn(16), conflict, "messages")
    generate("messages_and_tokens", "exactly one of them", tokens + turn(16), conflict, "messages")
    generate("messages_and_both", "exactly one of them", prompt + tokens + turn(16), conflict,
             "messages")
    generate("messages_and_parse_special", "the template decides about special tokens",
             raw_field(4, BOOL, b"\1") + turn(16), conflict, "parse_special")
    generate("messages_and_parse_special_default", "its default may not be given either",
             raw_field(4, BOOL, b"\0") + turn(16), conflict, "parse_special")
    generate("messages_and_add_special", "the template decides about special tokens",
             raw_field(5, BOOL, b"\1") + turn(16), conflict, "add_special")
    generate("messages_1025", "one message too many", turn(16) * 1025, "field_repeated",
             "messages")
    generate("message_role_unknown", "a role that templates do not know", turn(16, b"tool"),
             range_, "messages.role")
    generate("message_role_empty", "no role", turn(16, b""), range_, "messages.role")
    generate("message_role_upper_case", "roles are lower case", turn(16, b"User"), range_,
             "messages.role")
    generate("message_without_content", "content is required, even an empty one",
             raw_field(16, RECORD, raw_field(1, TEXT, b"user")), "field_missing",
             "messages.content")
    generate("message_without_role", "a role is required",
             raw_field(16, RECORD, raw_field(2, TEXT, b"hi")), "field_missing", "messages.role")
    generate("message_empty", "an empty record is no message", raw_field(16, RECORD, b""),
             "field_missing", "messages.role")
    generate("message_not_utf8", "content is UTF-8", turn(16, content=b"\xff"),
             "field_text_invalid", "messages.content")
    generate("message_unknown_field", "a name is not known here",
             turn(16, tail=raw_field(3, TEXT, b"bob")), "field_unknown", "messages.#3")
    generate("message_as_text", "a message is a record", raw_field(16, TEXT, b"user:hi"),
             "field_type_mismatch", "messages")
    generate("message_past_end", "a message that leaves its record",
             raw_field(16, RECORD, raw_field(1, TEXT, b"user", size=5)), "body_truncated",
             "messages.role")
    bad_body("logits_messages_and_prompt", "exactly one of them", "Logits request",
             prompt + turn(7), conflict, "messages")
    bad_body("logits_messages_and_add_special", "the template decides about special tokens",
             "Logits request", raw_field(5, BOOL, b"\0") + turn(7), conflict, "add_special")
    # Log-probabilities of Generate.
    generate("logprobs_65", "more than 64 alternatives", prompt + word(14, 65), range_, "logprobs")
    generate("logprobs_largest", "a count of all ones", prompt + word(14, 2**64 - 1), range_,
             "logprobs")
    generate("prompt_logprobs_65", "more than 64 alternatives", prompt + word(15, 65), range_,
             "prompt_logprobs")
    generate("logprobs_as_bool", "a count, not a switch", prompt + raw_field(14, BOOL, b"\1"),
             "field_type_mismatch", "logprobs")
    # Score.
    more = raw_field(7, RECORD, piece)
    score("score_nothing", "an empty body names the first field that is missing", b"",
          "field_missing", "continuations")
    score("score_without_continuations", "at least one continuation", prompt, "field_missing",
          "continuations")
    score("score_without_prompt", "exactly one of them", more, "field_missing", "prompt")
    score("score_prompt_and_tokens", "exactly one of them", prompt + tokens + more, conflict,
          "tokens")
    score("score_messages_and_prompt", "exactly one of them", prompt + turn(6) + more, conflict,
          "messages")
    score("score_messages_and_parse_special", "the template decides about special tokens",
          raw_field(4, BOOL, b"\0") + turn(6) + more, conflict, "parse_special")
    score("score_257_continuations", "one continuation too many", prompt + more * 257,
          "field_repeated", "continuations")
    score("score_top_65", "more than 64 alternatives", prompt + more + word(8, 65), range_,
          "top_logprobs")
    score("score_continuation_of_nothing", "neither text nor tokens",
          prompt + raw_field(7, RECORD, b""), "field_missing", "continuations.text")
    score("score_continuation_of_both", "text and tokens",
          prompt + raw_field(7, RECORD, piece + raw_field(2, U32S, bytes(4))), conflict,
          "continuations.tokens")
    score("score_continuation_tokens_empty", "no tokens are no continuation",
          prompt + raw_field(7, RECORD, raw_field(2, U32S, b"")), range_, "continuations.tokens")
    score("score_continuation_not_utf8", "text is UTF-8",
          prompt + raw_field(7, RECORD, raw_field(1, TEXT, b"\xc3")), "field_text_invalid",
          "continuations.text")
    score("score_continuation_as_text", "a continuation is a record",
          prompt + raw_field(7, TEXT, b"b"), "field_type_mismatch", "continuations")
    score("score_continuations_not_together", "repeated fields are consecutive",
          prompt + more + word(8, 1) + more, "field_order", "continuations")
    # Embed.
    inputs = raw_field(2, RECORD, piece)
    embed("embed_nothing", "at least one input", b"", "field_missing", "inputs")
    embed("embed_257_inputs", "one input too many", inputs * 257, "field_repeated", "inputs")
    embed("embed_input_of_both", "text and tokens",
          raw_field(2, RECORD, piece + raw_field(2, U32S, bytes(4))), conflict, "inputs.tokens")
    embed("embed_input_of_nothing", "neither text nor tokens", raw_field(2, RECORD, b""),
          "field_missing", "inputs.text")
    embed("embed_pooling_unknown", "a word that is not a choice",
          inputs + raw_field(5, TEXT, b"max"), range_, "pooling")
    embed("embed_pooling_empty", "no word", inputs + raw_field(5, TEXT, b""), range_, "pooling")
    embed("embed_normalize_2", "a bool is 0 or 1", inputs + raw_field(6, BOOL, b"\2"), range_,
          "normalize")
    embed("embed_prompt_as_text", "inputs are records", raw_field(2, TEXT, b"a"),
          "field_type_mismatch", "inputs")
    answers_of_revision_2(word)


def bodies_of_revision_3():
    def word(number, value):
        return raw_field(number, U64, struct.pack("<Q", value))

    def generate(name, about, tail, code, field):
        bad_body(name, about, "Generate request", raw_field(2, TEXT, b"a") + tail, code, field)

    def context(raw_body):
        return raw_field(29, RECORD, raw_body)

    range_ = "field_out_of_range"
    for name, about, raw_body, code, field in [
            ("priority_10", "priorities end at 9", word(3, 10), range_, "priority"),
            ("priority_largest", "a priority of all ones", word(3, 2**64 - 1), range_, "priority"),
            ("attempt_0", "attempts begin at 1", word(2, 0), range_, "attempt"),
            ("attempt_over", "one more than 32 bits", word(2, 1 << 32), range_, "attempt"),
            ("trace_54", "a traceparent has 55 bytes", raw_field(1, TEXT, PARENT[:-1].encode()),
             range_, "trace_context"),
            ("trace_56", "a traceparent has 55 bytes", raw_field(1, TEXT, PARENT.encode() + b"0"),
             range_, "trace_context"),
            ("trace_empty", "no bytes", raw_field(1, TEXT, b""), range_, "trace_context"),
            ("trace_not_utf8", "55 bytes that are no text", raw_field(1, TEXT, b"\xff" * 55),
             "field_text_invalid", "trace_context"),
            ("trace_as_bytes", "it is a text", raw_field(1, BYTES, PARENT.encode()),
             "field_type_mismatch", "trace_context"),
            ("priority_as_bool", "a number, not a switch", raw_field(3, BOOL, b"\1"),
             "field_type_mismatch", "priority"),
            ("priority_of_4_bytes", "a u64 has eight bytes", raw_field(3, U64, b"\4\0\0\0"),
             "field_size_mismatch", "priority"),
            ("order", "ids ascend in a record, too", word(3, 1) + word(2, 1), "field_order",
             "attempt"),
            ("priority_twice", "a field occurs once", word(3, 1) + word(3, 1), "field_repeated",
             "priority"),
            ("unknown_field", "an id its table does not list", word(4, 1), "field_unknown", "#4"),
            ("past_end", "a field that leaves its record",
             raw_field(3, U64, struct.pack("<Q", 1), size=9), "body_truncated", "priority")]:
        generate("context_" + name, about, context(raw_body), code, "context." + field)
    generate("context_as_text", "a context is a record", raw_field(29, TEXT, b"9"),
             "field_type_mismatch", "context")
    generate("context_twice", "a context occurs once", context(word(3, 1)) * 2, "field_repeated",
             "context")
    generate("context_after_requirements", "ids ascend",
             raw_field(30, RECORD, b"") + context(word(3, 1)), "field_order", "context")
    for kind in ("Ping", "Models", "Stats"):
        bad_body("context_in_" + kind.lower(), "%s has no context" % kind, kind + " request",
                 context(word(3, 1)), "field_unknown", "#29")
    bad_body("context_in_load", "Load has no context", "Load request",
             raw_field(1, TEXT, b"m") + raw_field(2, TEXT, b"/m") + context(word(3, 1)),
             "field_unknown", "#29")
    bad_body("embed_context_priority_10", "the same range in every kind", "Embed request",
             raw_field(2, RECORD, raw_field(1, TEXT, b"a")) + context(word(3, 10)), range_,
             "context.priority")
    generate("ignore_eos_2", "a bool is 0 or 1", raw_field(17, BOOL, b"\2"), range_, "ignore_eos")
    generate("ignore_eos_as_u64", "a switch, not a number", word(17, 1), "field_type_mismatch",
             "ignore_eos")
    generate("min_tokens_over", "more than can be made", word(18, 1_048_577), range_, "min_tokens")
    generate("min_tokens_as_bool", "a number, not a switch", raw_field(18, BOOL, b"\1"),
             "field_type_mismatch", "min_tokens")

    # The server's load, in an answer and in an error.
    loads = [("lacks_cache_pages", "every counter is required",
              b"".join(word(number, 1) for number in range(1, 5)), "field_missing", "cache_pages"),
             ("empty", "an empty record counts nothing", b"", "field_missing", "queued"),
             ("unknown_field", "an id its table does not list",
              b"".join(word(number, 1) for number in range(1, 7)), "field_unknown", "#6"),
             ("queued_of_4_bytes", "a u64 has eight bytes",
              raw_field(1, U64, b"\1\0\0\0"), "field_size_mismatch", "queued"),
             ("running_as_f64", "a number of requests",
              word(1, 1) + raw_field(2, F64, bytes(8)), "field_type_mismatch", "running")]
    for name, about, raw_body, code, field in loads:
        load = raw_field(6, RECORD, raw_body)
        bad_body("error_load_" + name, about, "Error",
                 raw_field(1, TEXT, b"c") + raw_field(2, TEXT, b"m") + load, code,
                 "server_load." + field, "response")
        bad_body("answer_load_" + name, about, "Tokenize response",
                 raw_field(1, U32S, b"")
                 + raw_field(31, RECORD, top_field(answer().raw) + load), code,
                 "answer.server_load." + field, "response")


def top_field(raw):
    """The value of a field's bytes."""
    return top_fields(raw)[0][2]


def answers_of_revision_2(word):
    conflict = "field_conflict"

    def lists(number, count=1, values=1, top=None, top_tokens=0, top_values=0):
        """A Logprobs, possibly contradictory."""
        parts = raw_field(1, U32S, b"\7\0\0\0" * count) + raw_field(2, F32S, bytes(4 * values))
        if top is not None:
            parts += word(3, top)
        if top_tokens:
            parts += raw_field(4, U32S, bytes(4 * top_tokens))
        if top_values:
            parts += raw_field(5, F32S, bytes(4 * top_values))
        return raw_field(number, RECORD, parts)

    def chunk(name, about, raw_body, code, field):
        bad_body(name, about, "Generate chunk", raw_body, code, field, "response")

    seven = raw_field(1, U32S, b"\7\0\0\0")
    chunk("logprobs_fewer_values", "a value for each token", seven + lists(5, 1, 0), conflict,
          "logprobs.logprobs")
    chunk("logprobs_more_values", "a value for each token", seven + lists(5, 1, 2), conflict,
          "logprobs.logprobs")
    chunk("logprobs_without_values", "values are required",
          seven + raw_field(5, RECORD, seven), "field_missing", "logprobs.logprobs")
    chunk("logprobs_top_missing", "two alternatives announced, none given",
          seven + lists(5, top=2), conflict, "logprobs.top_tokens")
    chunk("logprobs_top_too_few", "two alternatives announced, one given",
          seven + lists(5, top=2, top_tokens=1, top_values=1), conflict, "logprobs.top_tokens")
    chunk("logprobs_top_too_many", "one alternative announced, two given",
          seven + lists(5, top=1, top_tokens=2, top_values=2), conflict, "logprobs.top_tokens")
    chunk("logprobs_top_not_announced", "none announced, one given",
          seven + lists(5, top_tokens=1, top_values=1), conflict, "logprobs.top_tokens")
    chunk("logprobs_top_values_differ", "as many values as alternatives",
          seven + lists(5, top=2, top_tokens=2, top_values=1), conflict, "logprobs.top_logprobs")
    chunk("logprobs_top_65", "more than 64 alternatives",
          seven + lists(5, top=65, top_tokens=65, top_values=65), "field_out_of_range",
          "logprobs.top_count")
    chunk("logprobs_top_largest", "a count that no product can hold",
          seven + lists(5, top=2**64 - 1), "field_out_of_range", "logprobs.top_count")
    chunk("logprobs_of_other_tokens", "those of this frame's tokens",
          raw_field(1, U32S, b"\6\0\0\0") + lists(5), conflict, "logprobs")
    chunk("logprobs_of_no_tokens", "those of this frame's tokens", lists(5), conflict, "logprobs")
    chunk("prompt_logprobs_contradict", "a value for each token", lists(6, 2, 1), conflict,
          "prompt_logprobs.logprobs")
    bad_body("response_logprobs_of_other_tokens", "those of this frame's tokens",
             "Generate response",
             raw_field(5, TEXT, b"stop") + word(7, 1) + word(8, 1) + lists(9) + answer().raw,
             conflict, "logprobs", "response")
    value = raw_field(2, F64, bytes(8))
    tail = word(2, 1) + answer().raw

    def score(name, about, raw_body, code, field):
        bad_body(name, about, "Score response", raw_body, code, field, "response")

    score("score_response_empty", "a score for each continuation", tail, "field_missing",
          "scores")
    score("score_response_without_greedy", "it says whether the model would have chosen it",
          raw_field(1, RECORD, lists(1) + value) + tail, "field_missing", "scores.greedy")
    score("score_response_contradicts", "a value for each token",
          raw_field(1, RECORD, lists(1, 3, 2) + value + raw_field(3, BOOL, b"\1")) + tail,
          conflict, "scores.logprobs.logprobs")
    score("score_response_257", "one score too many",
          raw_field(1, RECORD, lists(1) + value + raw_field(3, BOOL, b"\1")) * 257 + tail,
          "field_repeated", "scores")

    def embed(name, about, dimensions, count, field):
        bad_body(name, about, "Embed response",
                 raw_field(1, F32S, bytes(4)) + word(2, dimensions) + word(3, count) + word(4, 1)
                 + answer().raw, "field_out_of_range", field, "response")

    embed("embed_response_0_dimensions", "a vector has a value", 0, 1, "dimensions")
    embed("embed_response_dimensions_over", "more values than any model's", 131073, 1,
          "dimensions")
    embed("embed_response_0_vectors", "an input has a vector", 1, 0, "count")
    embed("embed_response_257_vectors", "more vectors than inputs", 1, 257, "count")
    bad_body("embed_chunk_empty", "a chunk has a value", "Embed chunk", raw_field(1, F32S, b""),
             "field_out_of_range", "embeddings", "response")


def framing_of_responses():
    """The checks of a header once more for the side that reads answers, blocks included."""
    pong = dict(kind=KIND["Ping"] | 0x80, provenance=REAL)

    def one(name, about, raw, code, **words):
        framing(name + "_in_response", about, raw, code, "response", **words)

    one("length_0", "a length of nothing", header(**pong, length=0), "length_too_small")
    one("length_27", "one byte less than a header", header(**pong, length=27), "length_too_small")
    one("length_over_limit", "one byte more than 4 MiB", header(**pong, raw=(4 << 20) + 1),
        "length_too_large")
    one("length_alone", "four bytes are enough to refuse a length", b"\xff\xff\xff\xff",
        "length_too_large")
    one("length_over_limit_before_hello", "a Hello answer larger than any frame before Hello",
        header(kind=KIND["Hello"] | 0x80, provenance=REAL, raw=(4 << 20) + 1), "length_too_large",
        before_hello=True)
    one("http_greeting", "HTTP on the port", b"HTTP/1.1 400 Bad Request\r\n\r\n",
        "length_too_large")
    one("tls_greeting", "a TLS alert", bytes.fromhex("15030100020246") + bytes(25),
        "length_too_large", before_hello=True)
    one("version_0", "version 0", header(**pong, version=0), "version_unsupported")
    one("version_2", "version 2", header(**pong, version=2), "version_unsupported")
    one("version_alone", "five bytes are enough to refuse a version", b"\x1c\0\0\0\x09",
        "version_unsupported")
    one("kind_0", "kind 0", header(kind=0, provenance=REAL), "kind_out_of_range")
    one("flag_bit_3", "bit 3 is nobody's", header(**pong, flags=8), "flags_unknown")
    one("flag_bit_4", "nor bit 4", header(**pong, flags=16 | MORE), "flags_unknown")
    one("reserved_1", "the last word is zero", header(**pong, reserved=1), "reserved_not_zero")
    one("status_with_both", "a failure is neither followed nor degraded",
        header(**pong, flags=MORE | DEGRADED, status=2), "flags_conflict")
    one("raw_size_differs", "a plain body has one size", header(**pong, raw=8, wire=0),
        "raw_size_mismatch")
    one("raw_size_smaller", "a plain body has one size", header(**pong, raw=0, wire=1) + b"\0",
        "raw_size_mismatch")
    raw_body = raw_field(1, BYTES, b"\x07" * 1016)
    block = lz4_encode(raw_body)
    lz = dict(pong, flags=COMPRESSED)
    one("raw_size_over_limit", "a block that announces 4 MiB and a byte",
        header(**lz, raw=(4 << 20) + 1, wire=len(block)) + block, "raw_size_too_large")
    one("compressed_too_small", "1023 bytes are never compressed",
        header(**lz, raw=1023, wire=len(block)) + block, "compression_not_useful")
    one("compressed_saves_nothing", "as many bytes as before",
        header(**lz, raw=1024, wire=1024) + bytes(1024), "compression_not_useful")
    one("compressed_empty", "no block at all", header(**lz, raw=1024, wire=0),
        "compression_not_useful")
    damaged = "compressed_body_damaged"
    one("block_one_byte_more", "a block of 1024 bytes that announces 1025",
        packed(block, raw_body + b"\0", **lz), damaged)
    one("block_one_byte_less", "a block of 1025 bytes that announces 1024",
        packed(lz4_encode(raw_body + b"\x07"), raw_body, **lz), damaged)
    one("block_bomb", "a block of 200000 bytes that announces 1024",
        packed(lz4_runs(raw_body[:9], 1, 200000)[0], raw_body, **lz), damaged)
    one("block_truncated", "a block without its last byte", packed(block[:-1], raw_body, **lz),
        damaged)
    one("block_offset_0", "a match that points at itself",
        packed(lz4_sequence(raw_body[:9], 0, 1003) + lz4_sequence(raw_body[-12:]), raw_body, **lz),
        damaged)
    one("block_offset_before_start", "a match that points before the body",
        packed(lz4_sequence(raw_body[:9], 10, 1003) + lz4_sequence(raw_body[-12:]), raw_body,
               **lz), damaged)
    one("block_of_noise", "bytes that are no block",
        packed(bytes((i * 167 + 13) & 255 for i in range(200)), raw_body, **lz), damaged)
    one("block_ends_in_a_length", "a length that never ends",
        packed(b"\xf0" + b"\xff" * 200, raw_body, **lz), damaged)
    one("block_ends_in_an_offset", "half an offset",
        packed(lz4_sequence(raw_body[:9], 1, 1003) + b"\x10a\x01", raw_body, **lz), damaged)


def every_message():
    """Of every message that a valid case has: a required field left out, an unknown field, a wrong
    type, a field that leaves the body."""
    seen = {}
    for case in [one for one in CASES if one["folder"] == "valid"]:
        at = 0
        for frame in case["json"]["frames"]:
            end = at + 4 + struct.unpack_from("<I", case["bytes"], at)[0]
            name, head = frame["message"], frame["header"]
            if name not in (None, "GoAway") and not head["flags"] & COMPRESSED \
                    and len(frame["fields"]) > len(seen.get(name, (b"", []))[1]):
                seen[name] = (case["bytes"][at + 32:end], frame["fields"], head["kind"] & 0x80)
            at = end
    for name, (whole, fields, answers) in sorted(seen.items()):
        stem = name.lower().replace(" ", "_")
        direction = "response" if answers else "request"
        cut = top_fields(whole)

        def one(what, about, raw_body, code, field, stem=stem, name=name, direction=direction):
            bad_body("%s_%s" % (stem, what), about, name, raw_body, code, field, direction)

        one("field_unknown", "a field that is not in the table",
            whole + raw_field(99, U64, bytes(8)), "field_unknown", "#99")
        names = {field["id"]: field["name"] for field in fields}
        first, last = cut[0], cut[-1]
        one("type_9", "a type that does not exist",
            raw_field(first[0], 9, first[2]) + whole[8 + len(first[2]):], "field_type_mismatch",
            names[first[0]])
        start = len(whole) - 8 - len(last[2])
        one("past_end", "a last field that is larger than the body", whole[:start] + raw_field(
            last[0], last[1], last[2], size=len(last[2]) + 1), "body_truncated", names[last[0]])
        for field in PROTOCOL["messages"][name]["fields"]:
            if field["presence"] == "required" or field.get("times_min"):
                one("lacks_" + field["name"], "a required field is not there",
                    b"".join(raw_field(number, kind, data) for number, kind, data in cut
                             if number != field["id"]), "field_missing", field["name"])


def top_fields(raw_body):
    """(id, type, value) of each field of a body."""
    out, at = [], 0
    while at < len(raw_body):
        number, kind, _, size = struct.unpack_from("<HBBI", raw_body, at)
        out.append((number, kind, raw_body[at + 8:at + 8 + size]))
        at += 8 + size
    return out


def prefixes():
    ping = plain(raw_field(1, BYTES, bytes(56)), kind=2)
    for size in (0, 1, 3, 4, 5, 31, 32, 95):
        add("incomplete", "first_%d_bytes" % size, "a prefix of ping_64: wait for more",
            ping[:size], {"direction": "request", "before_hello": True})
    score = plain(raw_field(2, TEXT, b"Once")
                  + raw_field(7, RECORD, raw_field(1, TEXT, b" upon")), kind=KIND["Score"])
    for size in (44, 52, len(score) - 1):
        add("incomplete", "score_first_%d_bytes" % size,
            "a prefix of a Score: its lengths are inside, its end is not",
            score[:size], {"direction": "request", "before_hello": False})
    embed = plain(raw_field(1, F32S, struct.pack("<2f", 0.5, -0.5)), kind=KIND["Embed"] | 0x80,
                  flags=MORE, provenance=REAL, generation=1)
    for size in (32, len(embed) - 1):
        add("incomplete", "embed_chunk_first_%d_bytes" % size,
            "a prefix of an Embed chunk: wait for more", embed[:size],
            {"direction": "response", "before_hello": False})
    pong = plain(raw_field(1, BYTES, bytes(56)), kind=0x82, provenance=REAL)
    for size in (0, 1, 4, 5, 31, 32, 44, 95):
        add("incomplete", "pong_first_%d_bytes" % size,
            "a prefix of a Ping response: wait for more", pong[:size],
            {"direction": "response", "before_hello": False})
    last = response("Generate", [
        u32s(1, "tokens", [5]), text(2, "text", " was"), text(5, "finish_reason", "length"),
        u64(7, "prompt_tokens", 300), u64(8, "completion_tokens", 4), answer()], generation=1)[0]
    for size in (33, 100, len(last) - 1):
        add("incomplete", "generate_first_%d_bytes" % size,
            "a prefix of a Generate response: wait for more", last[:size],
            {"direction": "response", "before_hello": False})
    block = lz4_encode(raw_field(1, BYTES, b"\x07" * 1016))
    compressed = packed(block, bytes(1024), kind=0x82, provenance=REAL, flags=COMPRESSED)
    add("incomplete", "block_without_its_last_byte", "a block that has not arrived whole",
        compressed[:-1], {"direction": "response", "before_hello": False})
