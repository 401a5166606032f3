"""The cases that must be refused, by the code each must give, and prefixes of frames."""

from cases import *  # noqa: F401,F403 - every case speaks in its words

# ---------------------------------------------------------------- frames


def framing_of_both(suffix, direction, words, block, longer):
    """The checks of a header that hold in both directions. `block` is of a body of 1024 bytes, and
    `longer` of a body of 1025."""
    raw_body = raw_field(1, BYTES, b"\x07" * 1016)
    plain_rows = [
        ("length_0", "a length of nothing", dict(length=0), "length_too_small"),
        ("length_27", "one byte less than a header", dict(length=27), "length_too_small"),
        ("length_over_limit", "one byte more than 4 MiB", dict(raw=(4 << 20) + 1),
         "length_too_large"),
        ("version_0", "version 0", dict(version=0), "version_unsupported"),
        ("version_2", "version 2", dict(version=2), "version_unsupported"),
        ("kind_0", "kind 0", dict(kind=0), "kind_out_of_range"),
        ("raw_size_differs", "a plain body has one size", dict(raw=8, wire=0),
         "raw_size_mismatch")]
    rows = [(name, about, header(**dict(words, **more)), code)
            for name, about, more, code in plain_rows]
    lz, not_useful = dict(words, flags=COMPRESSED), "compression_not_useful"
    rows += [
        ("length_alone", "four bytes are enough to refuse a length", b"\xff\xff\xff\xff",
         "length_too_large"),
        ("version_alone", "five bytes are enough to refuse a version", b"\x1c\0\0\0\x09",
         "version_unsupported"),
        ("raw_size_smaller", "a plain body has one size", header(**words, raw=0, wire=1) + b"\0",
         "raw_size_mismatch"),
        ("raw_size_over_limit", "a block that announces 4 MiB and a byte",
         header(**lz, raw=(4 << 20) + 1, wire=len(block)) + block, "raw_size_too_large"),
        ("compressed_too_small", "1023 bytes are never compressed",
         header(**lz, raw=1023, wire=len(block)) + block, not_useful),
        ("compressed_saves_nothing", "as many bytes as before",
         header(**lz, raw=1024, wire=1024) + bytes(1024), not_useful),
        ("compressed_empty", "no block at all", header(**lz, raw=1024, wire=0), not_useful)]
    end = lz4_sequence(raw_body[-12:])
    rows += [(name, about, packed(damaged, announced, **lz), "compressed_body_damaged")
             for name, about, damaged, announced in [
                 ("block_one_byte_more", "a block of 1024 bytes that announces 1025", block,
                  raw_body + b"\0"),
                 ("block_one_byte_less", "a block of 1025 bytes that announces 1024", longer,
                  raw_body),
                 ("block_truncated", "a block without its last byte", block[:-1], raw_body),
                 ("block_offset_0", "a match that points at itself",
                  lz4_sequence(raw_body[:9], 0, 1003) + end, raw_body),
                 ("block_offset_before_start", "a match that points before the body",
                  lz4_sequence(raw_body[:9], 10, 1003) + end, raw_body),
                 ("block_of_noise", "bytes that are no block",
                  bytes((i * 167 + 13) & 255 for i in range(200)), raw_body)]]
    for name, about, raw, code in rows:
        framing(name + suffix, about, raw, code, direction)


def runs(size):
    """A block of `size` bytes of a Ping's body."""
    return lz4_runs(raw_field(1, BYTES, b"\x07", size=size - 8), 1, size)[0]


def framing_cases():
    ping = dict(kind=KIND["Ping"])
    framing_of_both("", "request", ping, runs(1024), runs(1025))
    for name, about, words, code in [
            ("length_largest", "a length of all ones", dict(length=0xFFFFFFFF), "length_too_large"),
            ("kind_of_response_in_request", "a client sends a response kind", dict(kind=0x82),
             "kind_out_of_range"),
            ("flag_more_in_request", "more belongs to responses", dict(flags=MORE),
             "flags_unknown"),
            ("flag_degraded_in_request", "degraded belongs to responses", dict(flags=DEGRADED),
             "flags_unknown"),
            ("flag_bit_3_in_request", "bit 3 is nobody's", dict(flags=8), "flags_unknown"),
            ("provenance_in_request", "a request has no provenance", dict(provenance=REAL),
             "provenance_invalid"),
            ("request_id_0", "id 0 is GoAway's", dict(request=0), "request_id_invalid"),
            ("generation_in_request", "a request has no generation", dict(generation=1),
             "generation_not_zero"),
            ("reserved_in_request", "the last word is zero", dict(reserved=1),
             "reserved_not_zero")]:
        framing(name, about, header(**dict(ping, **words)), code)
    framing("length_over_limit_before_hello", "one byte more than 4096 before Hello",
            header(**ping, raw=4096 - 32 + 1), "length_too_large", before_hello=True)
    framing("http_greeting", "HTTP on the port", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "length_too_large")
    framing("tls_greeting", "TLS on the port",
            bytes.fromhex("1603010200010001fc0303") + bytes(21), "length_too_large",
            before_hello=True)
    framing("compressed_over_limit_before_hello", "a block that announces 4065 bytes before Hello",
            header(**ping, flags=COMPRESSED, raw=4065, wire=len(runs(1024))) + runs(1024),
            "compression_not_agreed", before_hello=True)
    greeting = body(fields("Hello request", dict(client="example/1.0", revision=3)))
    compression_not_agreed("", "request", packed(runs(1024), bytes(1024), **ping, flags=COMPRESSED))
    framing("hello_compressed", "Hello as a block: nothing is agreed before Hello",
            packed(lz4_encode(greeting), bytes(1024), kind=KIND["Hello"], flags=COMPRESSED),
            "compression_not_agreed", before_hello=True)


def compression_not_agreed(suffix, direction, raw):
    """A right block without the agreement, its header alone, and a useless block beside it."""
    small = raw[:20] + struct.pack("<I", 1023) + raw[24:]
    for name, about, found in [
            ("compression_not_agreed", "a block, and Hello agreed on no compression", raw),
            ("compression_not_agreed_by_header", "the header of a block is enough", raw[:32]),
            ("compression_not_agreed_nor_useful", "neither agreed nor useful: the first counts", small)]:
        framing(name + suffix, about, found, "compression_not_agreed", direction, compression=False)


def framing_of_responses():
    """The checks of a header for the side that reads answers, blocks included."""
    pong = dict(kind=KIND["Ping"] | 0x80, provenance=REAL)
    raw_body = raw_field(1, BYTES, b"\x07" * 1016)
    framing_of_both("_in_response", "response", pong, lz4_encode(raw_body),
                    lz4_encode(raw_body + b"\x07"))
    conflict, no_provenance = "flags_conflict", "provenance_invalid"
    rows = [(name, about, header(**dict(pong, **words)), code) for name, about, words, code in [
        ("kind_of_request_in_response", "a server sends a request kind", dict(kind=2),
         "kind_out_of_range"),
        ("kind_128_in_response", "kind 0 with the response bit", dict(kind=128),
         "kind_out_of_range"),
        ("flag_bit_7_in_response", "bit 7 is nobody's", dict(flags=128), "flags_unknown"),
        ("flag_bit_3_in_response", "bit 3 is nobody's", dict(flags=8), "flags_unknown"),
        ("flag_bit_4_in_response", "nor bit 4", dict(flags=16 | MORE), "flags_unknown"),
        ("provenance_0_in_response", "a response must have one", dict(provenance=0), no_provenance),
        ("provenance_3_in_response", "there is no third provenance", dict(provenance=3),
         no_provenance),
        ("provenance_255_in_response", "nor a 255th", dict(provenance=255), no_provenance),
        ("response_id_0", "id 0 is GoAway's", dict(request=0), "request_id_invalid"),
        ("goaway_with_id", "GoAway answers nothing", dict(kind=0xF0, request=5),
         "request_id_invalid"),
        ("reserved_in_response", "the last word is zero", dict(reserved=0x80000000),
         "reserved_not_zero"),
        ("reserved_1_in_response", "the last word is zero", dict(reserved=1), "reserved_not_zero"),
        ("status_with_more", "a failure is the last frame", dict(flags=MORE, status=13), conflict),
        ("status_with_degraded", "a failure is not a degraded answer",
         dict(flags=DEGRADED, status=13), conflict),
        ("status_with_both_in_response", "a failure is neither followed nor degraded",
         dict(flags=MORE | DEGRADED, status=2), conflict)]]
    rows.append(("http_greeting_in_response", "HTTP on the port",
                 b"HTTP/1.1 400 Bad Request\r\n\r\n", "length_too_large"))
    rows += [(name + "_in_response", about, packed(block, raw_body, **pong, flags=COMPRESSED),
              "compressed_body_damaged") for name, about, block in [
        ("block_bomb", "a block of 200000 bytes that announces 1024",
         lz4_runs(raw_body[:9], 1, 200000)[0]),
        ("block_ends_in_a_length", "a length that never ends", b"\xf0" + b"\xff" * 200),
        ("block_ends_in_an_offset", "half an offset",
         lz4_sequence(raw_body[:9], 1, 1003) + b"\x10a\x01")]]
    for row in rows:
        framing(*row, "response")
    framing("length_over_limit_before_hello_in_response",
            "a Hello answer larger than any frame before Hello",
            header(kind=KIND["Hello"] | 0x80, provenance=REAL, raw=(4 << 20) + 1),
            "length_too_large", "response", before_hello=True)
    compression_not_agreed("_in_response", "response",
                           packed(lz4_encode(raw_body), raw_body, **pong, flags=COMPRESSED))
    refusal = body(fields("Error", dict(code="overloaded", message="come again later " * 100)))
    framing("hello_refusal_compressed", "an answer to Hello as a block: never, whatever is agreed",
            packed(lz4_encode(refusal), refusal, kind=KIND["Hello"] | 0x80, provenance=REAL,
                   status=STATUS["RESOURCE_EXHAUSTED"], flags=COMPRESSED),
            "compression_not_agreed", "response", before_hello=True)
    framing("tls_greeting_in_response", "a TLS alert",
            bytes.fromhex("15030100020246") + bytes(25), "length_too_large", "response",
            before_hello=True)


# ---------------------------------------------------------------- bodies


def word(number, value):
    return raw_field(number, U64, struct.pack("<Q", value))


def real(number, value):
    return raw_field(number, F64, struct.pack("<d", value))


def text(number, value):
    return raw_field(number, TEXT, value)


def data(number, value, **words):
    return raw_field(number, BYTES, value, **words)


def flag(number, *values):
    return raw_field(number, BOOL, bytes(values))


def ids(number, size):
    """An array of u32 of so many bytes."""
    return raw_field(number, U32S, bytes(size))


def record(number, *parts):
    return raw_field(number, RECORD, b"".join(parts))


def of(message, direction="request"):
    """The writer of cases of one message: name, what is wrong, body, code, field."""
    return lambda name, about, raw_body, code, field: bad_body(
        name, about, message, raw_body, code, field, direction)


ANSWER = body([Field(next(row for row in PROTOCOL["messages"]["Tokenize response"]["fields"]
                          if row["name"] == "answer"), answer())])
RANGE, CONFLICT, MISSING, REPEATED = ("field_out_of_range", "field_conflict", "field_missing",
                                      "field_repeated")
MISMATCH, SIZE, NOT_TEXT, UNKNOWN = ("field_type_mismatch", "field_size_mismatch",
                                     "field_text_invalid", "field_unknown")
ORDER, CUT = "field_order", "body_truncated"
PROMPT, TOKENS, PIECE = text(2, b"a"), ids(3, 4), text(1, b"b")
generate, score, embed = of("Generate request"), of("Score request"), of("Embed request")
ping, load, hello = of("Ping request"), of("Load request"), of("Hello request")
unload, cancel = of("Unload request"), of("Cancel request")


def prompted(name, about, tail, code, field):
    """A case of a Generate whose prompt is there."""
    generate(name, about, PROMPT + tail, code, field)


def bodies():
    ping("field_header_cut", "seven bytes are no field header", bytes([1, 0, 3, 0, 0, 0, 0]), CUT,
         None)
    ping("field_past_end", "a field larger than its body", data(1, b"ab", size=3), CUT, "payload")
    ping("field_size_largest", "a size of all ones", data(1, b"ab", size=0xFFFFFFFF), CUT,
         "payload")
    ping("field_unknown", "an id the table does not list", word(2, 1), UNKNOWN, "#2")
    ping("field_unknown_0", "id 0 is never used", word(0, 1), UNKNOWN, "#0")
    of("Stats request")("field_in_empty_message", "Stats has no fields", word(1, 1), UNKNOWN, "#1")
    ping("field_type_wrong", "text where bytes belong", text(1, b"ab"), MISMATCH, "payload")
    for number in (0, 9):
        ping("field_type_%d" % number, "type %d does not exist" % number,
             raw_field(1, number, b"ab"), MISMATCH, "payload")
    ping("field_reserved", "the fourth byte is zero", data(1, b"ab", zero=1),
         "field_reserved_not_zero", "payload")
    cancel("u64_of_4_bytes", "a u64 has eight bytes", raw_field(1, U64, b"\1\0\0\0"), SIZE,
           "target")
    prompted("f64_of_0_bytes", "an f64 has eight bytes", raw_field(7, F64, b""), SIZE,
             "temperature")
    prompted("bool_of_2_bytes", "a bool has one byte", flag(4, 1, 0), SIZE, "parse_special")
    prompted("bool_2", "a bool is 0 or 1", flag(4, 2), RANGE, "parse_special")
    of("Detokenize request")("u32s_of_5_bytes", "an array of u32 has a multiple of four", ids(2, 5),
                             SIZE, "tokens")
    load("field_order", "ids ascend", text(2, b"p") + text(1, b"n"), ORDER, "name")
    unload("field_twice", "a field occurs once", text(1, b"a") * 2, REPEATED, "name")
    prompted("stop_17_times", "one stop string too many", text(12, b"s") * 17, REPEATED, "stop")
    prompted("stop_not_together", "repeated fields are consecutive",
             text(12, b"s") + flag(13, 1) + text(12, b"s"), ORDER, "stop")
    prompted("stop_empty", "an empty stop string", text(12, b""), RANGE, "stop")
    prompted("stop_too_long", "257 bytes", text(12, b"x" * 257), RANGE, "stop")


def ranges():
    """Values, texts and records that break their row, and fields that are not there."""
    health = of("Health response", "response")
    for name, field, payload in [
            ("max_tokens_0", "max_tokens", word(6, 0)),
            ("max_tokens_over", "max_tokens", word(6, 1_048_577)),
            ("max_tokens_largest", "max_tokens", word(6, 2**64 - 1)),
            ("temperature_below", "temperature", real(7, -0.001)),
            ("temperature_over", "temperature", real(7, 100.5)),
            ("temperature_nan", "temperature", real(7, float("nan"))),
            ("top_k_over", "top_k", word(8, (1 << 24) + 1)),
            ("top_p_over", "top_p", real(9, 1.0000001)),
            ("min_p_infinite", "min_p", real(10, float("inf"))),
            ("min_p_below", "min_p", real(10, -1.0))]:
        prompted(name, "outside the range of " + field, payload, RANGE, field)
    for name, about, value in [("byte_ff", "0xFF", b"a\xff"),
                               ("overlong", "an overlong form", b"\xc0\x80"),
                               ("surrogate", "a surrogate", b"\xed\xa0\x80"),
                               ("cut", "half a character", b"\xf0\x9f\x98")]:
        generate("utf8_" + name, about + " is not UTF-8", text(2, value), NOT_TEXT, "prompt")
    prompted("prompt_and_tokens", "exactly one of them", TOKENS, CONFLICT, "tokens")
    generate("neither_prompt_nor_tokens", "exactly one of them", word(6, 1), MISSING, "prompt")
    generate("tokens_empty", "no tokens are no prompt", ids(3, 0), RANGE, "tokens")
    prompted("fingerprint_31", "a digest has 32 bytes", record(30, data(2, bytes(31))), RANGE,
             "requirements.fingerprint")
    prompted("nested_unknown", "an unknown field inside a record", record(30, flag(9, 1)), UNKNOWN,
             "requirements.#9")
    prompted("nested_past_end", "a field that leaves its record",
             record(30, raw_field(3, TEXT, b"cpu", size=4)) + bytes(8), CUT, "requirements.device")
    unload("name_empty", "a name has at least one byte", text(1, b""), RANGE, "name")
    unload("name_too_long", "129 bytes", text(1, b"n" * 129), RANGE, "name")
    load("strategy_unknown", "a word that is not a choice",
         text(1, b"n") + text(2, b"p") + text(3, b"strictly"), RANGE, "strategy")
    hello("hello_without_revision", "a required field is missing", text(1, b"c"), MISSING,
          "revision")
    hello("hello_revision_0", "revisions begin at 1", text(1, b"c") + word(2, 0), RANGE, "revision")
    hello("hello_limit_too_small", "a client must accept 4096 bytes",
          text(1, b"c") + word(2, 1) + word(4, 4095), RANGE, "body_size_max")
    cancel("cancel_nothing", "Cancel without a target", b"", MISSING, "target")
    cancel("cancel_0", "id 0 cannot be cancelled", word(1, 0), RANGE, "target")
    ping("ping_too_large", "a payload of 64 KiB and a byte", data(1, bytes(65537)), RANGE,
         "payload")
    of("Tokenize response", "response")(
        "response_without_answer", "an answer without its account", ids(1, 0), MISSING, "answer")
    ready = flag(1, 1) + text(2, b"ready")
    health("health_seal_unknown", "a state of a seal nobody knows", ready + text(4, b"broken"),
           RANGE, "seal")
    health("health_difference_nan", "a difference that is no number",
           ready + real(5, float("nan")), RANGE, "largest_difference")
    of("Health request")("health_verify_2", "a bool that is neither", flag(2, 2), RANGE, "verify")
    of("Generate response", "response")(
        "response_finish_unknown", "a reason nobody knows", text(5, b"tired"), RANGE,
        "finish_reason")
    of("Models response", "response")(
        "model_provenance_3", "no third provenance in a record either",
        record(1, text(1, b"m"), text(2, b"ready"), word(3, 3)), RANGE, "models.provenance")
    of("Error", "response")("error_without_code", "an error says its code", text(2, b"m"), MISSING,
                            "code")


def turn(number, role=b"user", content=b"hi", tail=b""):
    return record(number, text(1, role), text(2, content), tail)


def bodies_of_revision_2():
    once, template = "exactly one of them", "the template decides about special tokens"
    for name, about, raw_body, code, field in [
            ("messages_and_prompt", once, PROMPT + turn(16), CONFLICT, ""),
            ("messages_and_tokens", once, TOKENS + turn(16), CONFLICT, ""),
            ("messages_and_both", once, PROMPT + TOKENS + turn(16), CONFLICT, ""),
            ("messages_1025", "one message too many", turn(16) * 1025, REPEATED, ""),
            ("message_role_unknown", "a role that templates do not know", turn(16, b"judge"),
             RANGE,
             ".role"),
            ("message_role_empty", "no role", turn(16, b""), RANGE, ".role"),
            ("message_role_upper_case", "roles are lower case", turn(16, b"User"), RANGE, ".role"),
            ("message_without_content", "content is required, even an empty one",
             record(16, text(1, b"user")), MISSING, ".content"),
            ("message_without_role", "a role is required", record(16, text(2, b"hi")), MISSING,
             ".role"),
            ("message_empty", "an empty record is no message", record(16), MISSING, ".role"),
            ("message_not_utf8", "content is UTF-8", turn(16, content=b"\xff"), NOT_TEXT,
             ".content"),
            ("message_unknown_field", "an id its table does not list",
             turn(16, tail=text(8, b"bob")), UNKNOWN, ".#8"),
            ("message_as_text", "a message is a record", text(16, b"user:hi"), MISMATCH, ""),
            ("message_past_end", "a message that leaves its record",
             record(16, raw_field(1, TEXT, b"user", size=5)), CUT, ".role")]:
        generate(name, about, raw_body, code, "messages" + field)
    generate("messages_and_parse_special", template, flag(4, 1) + turn(16), CONFLICT,
             "parse_special")
    generate("messages_and_parse_special_default", "its default may not be given either",
             flag(4, 0) + turn(16), CONFLICT, "parse_special")
    generate("messages_and_add_special", template, flag(5, 1) + turn(16), CONFLICT, "add_special")
    logits_request = of("Logits request")
    logits_request("logits_messages_and_prompt", once, PROMPT + turn(7), CONFLICT, "messages")
    logits_request("logits_messages_and_add_special", template, flag(5, 0) + turn(7), CONFLICT,
                   "add_special")
    # Log-probabilities of Generate.
    prompted("logprobs_65", "more than 64 alternatives", word(14, 65), RANGE, "logprobs")
    generate("logprobs_largest", "a count of all ones", PROMPT + word(14, 2**64 - 1), RANGE,
             "logprobs")
    generate("prompt_logprobs_65", "more than 64 alternatives", PROMPT + word(15, 65), RANGE,
             "prompt_logprobs")
    generate("logprobs_as_bool", "a count, not a switch", PROMPT + flag(14, 1), MISMATCH,
             "logprobs")


def scores_and_embeds():
    once, template = "exactly one of them", "the template decides about special tokens"
    more = record(7, PIECE)
    for name, about, raw_body, code, field in [
            ("nothing", "an empty body names the first field that is missing", b"", MISSING,
             "continuations"),
            ("without_continuations", "at least one continuation", PROMPT, MISSING,
             "continuations"),
            ("without_prompt", once, more, MISSING, "prompt"),
            ("prompt_and_tokens", once, PROMPT + TOKENS + more, CONFLICT, "tokens"),
            ("messages_and_prompt", once, PROMPT + turn(6) + more, CONFLICT, "messages"),
            ("messages_and_parse_special", template, flag(4, 0) + turn(6) + more, CONFLICT,
             "parse_special"),
            ("257_continuations", "one continuation too many", PROMPT + more * 257, REPEATED,
             "continuations"),
            ("top_65", "more than 64 alternatives", PROMPT + more + word(8, 65), RANGE,
             "top_logprobs"),
            ("continuation_of_nothing", "neither text nor tokens", PROMPT + record(7), MISSING,
             "continuations.text"),
            ("continuation_of_both", "text and tokens", PROMPT + record(7, PIECE, ids(2, 4)),
             CONFLICT, "continuations.tokens"),
            ("continuation_tokens_empty", "no tokens are no continuation",
             PROMPT + record(7, ids(2, 0)), RANGE, "continuations.tokens"),
            ("continuation_not_utf8", "text is UTF-8", PROMPT + record(7, text(1, b"\xc3")),
             NOT_TEXT, "continuations.text"),
            ("continuation_as_text", "a continuation is a record", PROMPT + text(7, b"b"),
             MISMATCH, "continuations"),
            ("continuations_not_together", "repeated fields are consecutive",
             PROMPT + more + word(8, 1) + more, ORDER, "continuations")]:
        score("score_" + name, about, raw_body, code, field)
    inputs = record(2, PIECE)
    for name, about, raw_body, code, field in [
            ("nothing", "at least one input", b"", MISSING, "inputs"),
            ("257_inputs", "one input too many", inputs * 257, REPEATED, "inputs"),
            ("input_of_both", "text and tokens", record(2, PIECE, ids(2, 4)), CONFLICT,
             "inputs.tokens"),
            ("input_of_nothing", "neither text nor tokens", record(2), MISSING, "inputs.text"),
            ("pooling_unknown", "a word that is not a choice", inputs + text(5, b"max"), RANGE,
             "pooling"),
            ("pooling_empty", "no word", inputs + text(5, b""), RANGE, "pooling"),
            ("normalize_2", "a bool is 0 or 1", inputs + flag(6, 2), RANGE, "normalize"),
            ("prompt_as_text", "inputs are records", PROMPT, MISMATCH, "inputs")]:
        embed("embed_" + name, about, raw_body, code, field)


def conversations():
    """What stands beside a conversation, of Generate and of Render."""
    render, beside = of("Render request"), "only beside a conversation"
    call = record(6, text(2, b"add"), text(3, b"{}"))
    for name, about, tail, code, field in [
            ("tool_call_without_name", "a call names its tool", record(6, text(3, b"{}")),
             MISSING, "tool_calls.name"),
            ("tool_call_without_arguments", "a call has arguments, even none at all",
             record(6, text(2, b"add")), MISSING, "tool_calls.arguments"),
            ("tool_call_arguments_empty", "no JSON text is empty",
             record(6, text(2, b"add"), text(3, b"")), RANGE, "tool_calls.arguments"),
            ("tool_calls_129", "one call too many", call * 129, REPEATED, "tool_calls"),
            ("tool_call_as_text", "a call is a record", text(6, b"add"), MISMATCH, "tool_calls"),
            ("tool_call_id_257", "an id of 257 bytes", text(7, b"i" * 257), RANGE,
             "tool_call_id"),
            ("name_empty", "no name", text(5, b""), RANGE, "name"),
            ("content_json_empty", "no JSON text is empty", text(3, b""), RANGE, "content_json"),
            ("reasoning_not_utf8", "reasoning is UTF-8", text(4, b"\xff"), NOT_TEXT,
             "reasoning_content"),
            ("order", "ids ascend in a message, too", text(5, b"a") + text(4, b"b"), ORDER,
             "reasoning_content")]:
        generate("message_" + name, about, turn(16, tail=tail), code, "messages." + field)
    variable = record(20, text(1, b"a"), text(2, b"1"))
    for name, number, raw_field_, field in [
            ("tools", 19, text(19, b"[]"), "tools"), ("variables", 20, variable,
                                                      "template_variables"),
            ("add_generation_prompt", 21, flag(21, 1), "add_generation_prompt"),
            ("continue_final_message", 22, flag(22, 0), "continue_final_message"),
            ("template_time", 23, word(23, 0), "template_time")]:
        prompted("prompt_and_" + name, beside, raw_field_, CONFLICT, field)
        generate("tokens_and_" + name, beside, TOKENS + raw_field_, CONFLICT, field)
    for name, about, tail, code, field in [
            ("add_and_continue", "an opening, or an open message", flag(21, 0) + flag(22, 1),
             CONFLICT, "continue_final_message"),
            ("add_and_continue_default", "its default may not be given either",
             flag(21, 1) + flag(22, 0), CONFLICT, "continue_final_message"),
            ("variable_without_value", "a variable has a value", record(20, text(1, b"a")),
             MISSING, "template_variables.value"),
            ("variable_name_empty", "a variable has a name",
             record(20, text(1, b""), text(2, b"1")), RANGE, "template_variables.name"),
            ("variable_value_65537", "a value of 65537 bytes",
             record(20, text(1, b"a"), text(2, b"1" * 65537)), RANGE, "template_variables.value"),
            ("variables_65", "one variable too many", variable * 65, REPEATED,
             "template_variables"),
            ("tools_empty", "no JSON text is empty", text(19, b""), RANGE, "tools"),
            ("time_after_9999", "years have four digits", word(23, 253402300800), RANGE,
             "template_time")]:
        generate("messages_" + name, about, turn(16) + tail, code, field)
    of("Score request")("score_prompt_and_tools", beside, PROMPT + record(7, PIECE)
                        + text(9, b"[]"), CONFLICT, "tools")
    of("Logits request")("logits_tokens_and_template_time", beside, TOKENS + word(12, 1), CONFLICT,
                         "template_time")
    render("render_nothing", "a conversation has a message", b"", MISSING, "messages")
    render("render_add_and_continue", "an opening, or an open message",
           turn(2) + flag(5, 1) + flag(6, 1), CONFLICT, "continue_final_message")
    render("render_role_judge", "a role that templates do not know", turn(2, b"judge"), RANGE,
           "messages.role")
    of("Render response", "response")(
        "render_thinking_maybe", "a word nobody knows",
        text(1, b"a") + ids(2, 4) + record(3, text(1, b"s"), data(2, bytes(32)), flag(3, 0),
                                           text(5, b"maybe"), flag(6, 0)) + ANSWER, RANGE,
        "template.thinking")


def bodies_of_revision_3():
    for name, about, raw_body, code, field in [
            ("priority_10", "priorities end at 9", word(3, 10), RANGE, "priority"),
            ("priority_largest", "a priority of all ones", word(3, 2**64 - 1), RANGE, "priority"),
            ("attempt_0", "attempts begin at 1", word(2, 0), RANGE, "attempt"),
            ("attempt_over", "one more than 32 bits", word(2, 1 << 32), RANGE, "attempt"),
            ("trace_54", "a traceparent has 55 bytes", text(1, PARENT[:-1].encode()), RANGE,
             "trace_context"),
            ("trace_56", "a traceparent has 55 bytes", text(1, PARENT.encode() + b"0"), RANGE,
             "trace_context"),
            ("trace_empty", "no bytes", text(1, b""), RANGE, "trace_context"),
            ("trace_not_utf8", "55 bytes that are no text", text(1, b"\xff" * 55), NOT_TEXT,
             "trace_context"),
            ("trace_as_bytes", "it is a text", data(1, PARENT.encode()), MISMATCH,
             "trace_context"),
            ("priority_as_bool", "a number, not a switch", flag(3, 1), MISMATCH, "priority"),
            ("priority_of_4_bytes", "a u64 has eight bytes", raw_field(3, U64, b"\4\0\0\0"), SIZE,
             "priority"),
            ("order", "ids ascend in a record, too", word(3, 1) + word(2, 1), ORDER, "attempt"),
            ("priority_twice", "a field occurs once", word(3, 1) * 2, REPEATED, "priority"),
            ("unknown_field", "an id its table does not list", word(4, 1), UNKNOWN, "#4"),
            ("past_end", "a field that leaves its record",
             raw_field(3, U64, struct.pack("<Q", 1), size=9), CUT, "priority")]:
        prompted("context_" + name, about, record(29, raw_body), code, "context." + field)
    context = record(29, word(3, 1))
    for name, about, tail, code, field in [
            ("context_as_text", "a context is a record", text(29, b"9"), MISMATCH, "context"),
            ("context_twice", "a context occurs once", context * 2, REPEATED, "context"),
            ("context_after_requirements", "ids ascend", record(30) + context, ORDER, "context"),
            ("ignore_eos_2", "a bool is 0 or 1", flag(17, 2), RANGE, "ignore_eos"),
            ("ignore_eos_as_u64", "a switch, not a number", word(17, 1), MISMATCH, "ignore_eos"),
            ("min_tokens_over", "more than can be made", word(18, 1_048_577), RANGE, "min_tokens"),
            ("min_tokens_as_bool", "a number, not a switch", flag(18, 1), MISMATCH, "min_tokens")]:
        prompted(name, about, tail, code, field)
    for kind, before in (("Ping", b""), ("Models", b""), ("Stats", b""),
                         ("Load", text(1, b"m") + text(2, b"/m"))):
        of(kind + " request")("context_in_" + kind.lower(), "%s has no context" % kind,
                              before + context, UNKNOWN, "#29")
    embed("embed_context_priority_10", "the same range in every kind",
          record(2, text(1, b"a")) + record(29, word(3, 10)), RANGE, "context.priority")
    # The server's load, in an answer and in an error.
    counts = [word(number, 1) for number in range(1, 7)]
    for name, about, raw_body, code, field in [
            ("lacks_cache_pages", "every counter is required", b"".join(counts[:4]), MISSING,
             "cache_pages"),
            ("empty", "an empty record counts nothing", b"", MISSING, "queued"),
            ("unknown_field", "an id its table does not list", b"".join(counts), UNKNOWN, "#6"),
            ("queued_of_4_bytes", "a u64 has eight bytes", raw_field(1, U64, b"\1\0\0\0"), SIZE,
             "queued"),
            ("running_as_f64", "a number of requests", word(1, 1) + real(2, 0.0), MISMATCH,
             "running")]:
        busy = record(6, raw_body)
        of("Error", "response")("error_load_" + name, about, text(1, b"c") + text(2, b"m") + busy,
                                code, "server_load." + field)
        of("Tokenize response", "response")(
            "answer_load_" + name, about, ids(1, 0) + record(31, top_fields(ANSWER)[0][2], busy),
            code, "answer.server_load." + field)


def lists(number, count=1, values=1, top=None, top_tokens=0, top_values=0):
    """A Logprobs, possibly contradictory."""
    return record(number, raw_field(1, U32S, b"\7\0\0\0" * count),
                  raw_field(2, F32S, bytes(4 * values)), b"" if top is None else word(3, top),
                  ids(4, 4 * top_tokens) if top_tokens else b"",
                  raw_field(5, F32S, bytes(4 * top_values)) if top_values else b"")


def answers_of_revision_2():
    seven, each = raw_field(1, U32S, b"\7\0\0\0"), "a value for each token"
    chunks, scores = of("Generate chunk", "response"), of("Score response", "response")
    for name, about, listed, code, field in [
            ("fewer_values", each, lists(5, 1, 0), CONFLICT, "logprobs"),
            ("more_values", each, lists(5, 1, 2), CONFLICT, "logprobs"),
            ("without_values", "values are required", record(5, seven), MISSING, "logprobs"),
            ("top_missing", "two alternatives announced, none given", lists(5, top=2), CONFLICT,
             "top_tokens"),
            ("top_too_few", "two alternatives announced, one given",
             lists(5, top=2, top_tokens=1, top_values=1), CONFLICT, "top_tokens"),
            ("top_too_many", "one alternative announced, two given",
             lists(5, top=1, top_tokens=2, top_values=2), CONFLICT, "top_tokens"),
            ("top_not_announced", "none announced, one given",
             lists(5, top_tokens=1, top_values=1), CONFLICT, "top_tokens"),
            ("top_values_differ", "as many values as alternatives",
             lists(5, top=2, top_tokens=2, top_values=1), CONFLICT, "top_logprobs"),
            ("top_65", "more than 64 alternatives",
             lists(5, top=65, top_tokens=65, top_values=65), RANGE, "top_count"),
            ("top_largest", "a count that no product can hold", lists(5, top=2**64 - 1), RANGE,
             "top_count")]:
        chunks("logprobs_" + name, about, seven + listed, code, "logprobs." + field)
    chunks("logprobs_of_other_tokens", "those of this frame's tokens",
           raw_field(1, U32S, b"\6\0\0\0") + lists(5), CONFLICT, "logprobs")
    chunks("logprobs_of_no_tokens", "those of this frame's tokens", lists(5), CONFLICT, "logprobs")
    chunks("prompt_logprobs_contradict", each, lists(6, 2, 1), CONFLICT,
           "prompt_logprobs.logprobs")
    of("Generate response", "response")(
        "response_logprobs_of_other_tokens", "those of this frame's tokens",
        text(5, b"stop") + word(7, 1) + word(8, 1) + lists(9) + ANSWER, CONFLICT, "logprobs")
    value, tail = real(2, 0.0), word(2, 1) + ANSWER
    scores("score_response_empty", "a score for each continuation", tail, MISSING, "scores")
    scores("score_response_without_greedy", "it says whether the model would have chosen it",
           record(1, lists(1), value) + tail, MISSING, "scores.greedy")
    scores("score_response_contradicts", each, record(1, lists(1, 3, 2), value, flag(3, 1)) + tail,
           CONFLICT, "scores.logprobs.logprobs")
    scores("score_response_257", "one score too many",
           record(1, lists(1), value, flag(3, 1)) * 257 + tail, REPEATED, "scores")
    for name, about, dimensions, count, field in [
            ("0_dimensions", "a vector has a value", 0, 1, "dimensions"),
            ("dimensions_over", "more values than any model's", 131073, 1, "dimensions"),
            ("0_vectors", "an input has a vector", 1, 0, "count"),
            ("257_vectors", "more vectors than inputs", 1, 257, "count")]:
        of("Embed response", "response")(
            "embed_response_" + name, about, raw_field(1, F32S, bytes(4)) + word(2, dimensions)
            + word(3, count) + word(4, 1) + ANSWER, RANGE, field)
    of("Embed chunk", "response")("embed_chunk_empty", "a chunk has a value",
                                  raw_field(1, F32S, b""), RANGE, "embeddings")


# ---------------------------------------------------------------- every message, and prefixes


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
    pong = dict(kind=KIND["Ping"] | 0x80, provenance=REAL)
    ping_body = data(1, bytes(56))
    embed_chunk = chunk("Embed", dict(embeddings=[0.5, -0.5]))[0]
    last = response("Generate", ended("length", 300, 4, tokens=[5], text=" was"), generation=1)[0]
    compressed = packed(lz4_encode(data(1, b"\x07" * 1016)), bytes(1024), **pong, flags=COMPRESSED)
    score_request = plain(text(2, b"Once") + record(7, text(1, b" upon")), kind=KIND["Score"])
    for name, about, frame, sizes in [
            ("first", "ping_64: wait for more", plain(ping_body, kind=KIND["Ping"]),
             (0, 1, 3, 4, 5, 31, 32, 95)),
            ("score_first", "a Score: its lengths are inside, its end is not", score_request,
             (44, 52, len(score_request) - 1)),
            ("embed_chunk_first", "an Embed chunk: wait for more", embed_chunk,
             (32, len(embed_chunk) - 1)),
            ("pong_first", "a Ping response: wait for more", plain(ping_body, **pong),
             (0, 1, 4, 5, 31, 32, 44, 95)),
            ("generate_first", "a Generate response: wait for more", last,
             (33, 100, len(last) - 1))]:
        for size in sizes:
            add("incomplete", "%s_%d_bytes" % (name, size), "a prefix of " + about, frame[:size],
                "response" if frame[5] & 0x80 else "request", name == "first")
    add("incomplete", "block_without_its_last_byte", "a block that has not arrived whole",
        compressed[:-1], "response", False)
