"""Requests that break their table: request_invalid with the field's path, and nothing is sent.

No row gives a zero where it would be wrong (max_tokens 0, parse_special false beside messages): in
some languages a zero is how a field is left out.
"""

from rows import connected, row, works


def refused(name, meaning, kind, fields, field):
    """A row: the client has a connection, and uses it for the next call only."""
    @row("requests", "%s: %s is refused here" % (kind, meaning), "invalid_" + name)
    def play(stage):
        client, peer = connected(stage)
        call = client.call(kind, fields)
        call.error("request_invalid", field=field)
        peer.nothing(0.03, but_close=False)
        works(client, peer)


TURN = [{"role": "user", "content": "hi"}]
TEXT, IDS = {"prompt": "a"}, {"tokens": [1]}
PROMPTED = {"Generate": {"max_tokens": "2"}, "Score": {"continuations": [{"text": "b"}]},
            "Logits": {}}

# ---------------------------------------------------------------- exactly one, and what excludes

for _kind, _more in PROMPTED.items():
    _name = _kind.lower()
    for _what, _fields, _field in [
            ("no_prompt", {}, "prompt"),
            ("prompt_and_tokens", {**TEXT, **IDS}, "tokens"),
            ("prompt_and_messages", {**TEXT, "messages": TURN}, "messages"),
            ("tokens_and_messages", {**IDS, "messages": TURN}, "messages"),
            ("every_prompt", {**TEXT, **IDS, "messages": TURN}, "messages")]:
        refused("%s_%s" % (_name, _what), _what.replace("_", " "), _kind, {**_more, **_fields},
                _field)
    for _field, _value in (("parse_special", True), ("add_special", True), ("add_special", False)):
        _said = str(_value).lower()
        refused("%s_%s_%s" % (_name, _field, _said), "%s %s beside messages" % (_field, _said),
                _kind, {**_more, "messages": TURN, _field: _value}, _field)

    for _field, _value in (("tools", "[]"), ("template_time", "1"), ("add_generation_prompt", True),
                           ("continue_final_message", True),
                           ("template_variables", [{"name": "a", "value": "1"}])):
        for _what, _fields in (("prompt", TEXT), ("tokens", IDS)):
            refused("%s_%s_beside_%s" % (_name, _field, _what), "%s beside %s" % (_field, _what),
                    _kind, {**_more, **_fields, _field: _value}, _field)

for _kind, _more in [*PROMPTED.items(), ("Render", {})]:
    refused("%s_add_and_continue" % _kind.lower(), "an opening and an open message", _kind,
            {**_more, "messages": TURN, "add_generation_prompt": True,
             "continue_final_message": True}, "continue_final_message")

for _kind, _list, _more in [("Embed", "inputs", {}), ("Score", "continuations", TEXT)]:
    for _what, _one, _field in [("of_nothing", {}, "text"),
                                ("of_both", {"text": "b", "tokens": [1]}, "tokens")]:
        refused("%s_%s_%s" % (_kind.lower(), _list, _what),
                "one of %s is %s" % (_list, _what.replace("_", " ")), _kind,
                {**_more, _list: [{"text": "a"}, _one]}, "%s.%s" % (_list, _field))

# ---------------------------------------------------------------- ranges

GENERATE = {**TEXT, "max_tokens": "2"}
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
for _what, _fields, _field in [
        ("max_tokens_1048577", {"max_tokens": "1048577"}, "max_tokens"),
        ("temperature_below_0", {"temperature": -0.5}, "temperature"),
        ("top_p_above_1", {"top_p": 1.5}, "top_p"),
        ("min_p_below_0", {"min_p": -0.5}, "min_p"),
        ("logprobs_65", {"logprobs": "65"}, "logprobs"),
        ("stop_17_times", {"stop": ["s"] * 17}, "stop"),
        ("stop_of_257_bytes", {"stop": ["s" * 257]}, "stop"),
        ("min_tokens_1048577", {"min_tokens": "1048577"}, "min_tokens"),
        ("fingerprint_of_31_bytes", {"requirements": {"fingerprint": "ab" * 31}},
         "requirements.fingerprint"),
        ("priority_10", {"context": {"priority": "10"}}, "context.priority"),
        ("attempt_4294967296", {"context": {"attempt": "4294967296"}}, "context.attempt"),
        ("trace_context_of_54_bytes", {"context": {"trace_context": PARENT[:-1]}},
         "context.trace_context"),
        ("trace_context_of_56_bytes", {"context": {"trace_context": PARENT + "0"}},
         "context.trace_context")]:
    refused("generate_" + _what, _what.replace("_", " "), "Generate", {**GENERATE, **_fields},
            _field)
refused("generate_role_judge", "a role that nobody knows", "Generate",
        {"max_tokens": "2", "messages": [{"role": "judge", "content": "a"}]}, "messages.role")
refused("render_no_message", "no message", "Render", {"messages": []}, "messages")
refused("render_tool_call_without_name", "a call of no tool", "Render",
        {"messages": [{"role": "assistant", "content": "",
                       "tool_calls": [{"name": "", "arguments": "{}"}]}]},
        "messages.tool_calls.name")
refused("render_65_variables", "one variable too many", "Render",
        {"messages": TURN, "template_variables": [{"name": "a", "value": "1"}] * 65},
        "template_variables")
refused("generate_1025_messages", "one message too many", "Generate",
        {"max_tokens": "2", "messages": TURN * 1025}, "messages")
refused("score_no_continuation", "no continuation", "Score", dict(TEXT, continuations=[]),
        "continuations")
refused("score_257_continuations", "one continuation too many", "Score",
        dict(TEXT, continuations=[{"text": "b"}] * 257), "continuations")
refused("embed_no_input", "no input", "Embed", {"inputs": []}, "inputs")
refused("embed_pooling_max", "a pooling that nobody knows", "Embed",
        {"inputs": [{"text": "a"}], "pooling": "max"}, "pooling")
refused("unload_name_of_129_bytes", "a name of 129 bytes", "Unload", {"name": "n" * 129}, "name")
refused("swap_shadow_4097", "more requests than a shadow takes", "Swap",
        {"name": "m", "path": "/m", "shadow": "4097"}, "shadow")
refused("alias_share_2", "a share of more than all", "Alias",
        {"name": "m", "label": "a", "generation": "1", "share": 2.0}, "share")
refused("alias_label_65", "a label of 65 bytes", "Alias",
        {"name": "m", "label": "l" * 65, "generation": "1"}, "label")
refused("load_strategy_fast", "a strategy that nobody knows", "Load",
        {"name": "m", "path": "/m", "strategy": "fast"}, "strategy")
refused("ping_of_65537_bytes", "a payload of 65537 bytes", "Ping", {"payload": "00" * 65537},
        "payload")
