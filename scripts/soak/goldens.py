"""The fixed questions, and their right answers, recorded on an undisturbed server.

Guarantees: goldens are recorded twice and must agree; an answer is right only when it is real, not
degraded, made by the model and the fingerprint that were asked, and equal bit for bit (bits).
"""

import sys
import time

from bits import digest, shown
from models import ROOT

sys.path.insert(0, str(ROOT / "clients" / "python"))
import driver  # noqa: E402  the Python client's driver: JSON to messages and back
from assay import _protocol as protocol  # noqa: E402

#: The tokens of a Generate whose time is compared, quiet and beside attackers.
TIMED_TOKENS = "4"
PROMPTS = ("317+485=", "100+250=", "Once upon a time", "Story about a fox:")


def questions(model):
    """(kind, request) of each question to one model; requests as the driver protocol has them."""
    two = [{"text": " there was"}, {"tokens": [40, 41]}]
    made = [("Generate", {"prompt": prompt, "max_tokens": "16"}) for prompt in PROMPTS]
    made += [
        ("Generate", {"prompt": PROMPTS[2], "max_tokens": TIMED_TOKENS}),
        ("Generate", {"prompt": PROMPTS[2], "max_tokens": "48", "logprobs": "2"}),
        ("Generate", {"prompt": PROMPTS[3], "max_tokens": "8", "prompt_logprobs": "1"}),
        ("Generate", {"tokens": [50, 51, 52], "max_tokens": "24", "temperature": 1.0, "seed": "7"}),
        ("Tokenize", {"text": PROMPTS[2].encode().hex()}),
        ("Detokenize", {"tokens": [60, 70, 80, 90]}),
        ("Score", {"prompt": PROMPTS[2], "continuations": two}),
        ("Embed", {"inputs": [{"text": PROMPTS[0]}, {"tokens": [50, 51]}]}),
        ("Logits", {"prompt": PROMPTS[1]}),
        ("Logits", {"tokens": [50, 51, 52], "all_positions": True}),
    ]
    return [(kind, {"model": model} | request) for kind, request in made]


def is_timed(row):
    return row["request"].get("max_tokens") == TIMED_TOKENS


# ---------------------------------------------------------------- asking in Python


def answer_json(kind, answer):
    """An answer of the Python client as the driver protocol spells it."""
    return {"provenance": answer.provenance, "degraded": answer.degraded,
            "response": driver.to_json(protocol.KINDS[kind].response, answer)}


def ask(client, kind, request, deadline_milliseconds=20_000, stream=False):
    """The driver protocol's answer (`provenance`, `degraded`, `response`) through the Python
    client. Raises `assay.AssayError`."""
    made = driver.from_json(protocol.KINDS[kind].request, request)
    words = {"deadline_milliseconds": deadline_milliseconds}
    if kind == "Generate" and stream:
        with client.generate_stream(made, **words) as answer:
            for _ in answer:
                pass
        return answer_json(kind, answer.result)
    if kind in ("Tokenize", "Detokenize"):
        words |= {field.name: getattr(made, field.name)
                  for field in protocol.KINDS[kind].request.fields}
        return answer_json(kind, getattr(client, kind.lower())(**words))
    return answer_json(kind, getattr(client, kind.lower())(made, **words))


def record(client, names):
    """Asks every question twice, and gives the goldens: by model, its fingerprint and digests.

    Raises RuntimeError when the second answer differs: then there is nothing to compare with."""
    found = {}
    for name in names:
        rows = []
        for kind, request in questions(name):
            answer = ask(client, kind, request)
            again = ask(client, kind, request)
            if digest(answer["response"]) != digest(again["response"]):
                raise RuntimeError(f"an undisturbed server answers {kind} {request} in two ways: "
                                   f"{shown(answer['response'])}; {shown(again['response'])}")
            rows.append({"kind": kind, "request": request, "digest": digest(answer["response"]),
                         "shown": shown(answer["response"])})
        found[name] = {"fingerprint": fingerprint(client, name), "questions": rows}
    return found


def fingerprint(client, name, seconds=30):
    """The SHA-256 that the server names for a model, hexadecimal; waits while it is computed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for model in client.models(deadline_milliseconds=5000).models:
            if model.name == name and model.fingerprint:
                return model.fingerprint.hex()
        time.sleep(0.05)
    raise RuntimeError(f"no fingerprint of {name} within {seconds} s")


def compare(golden, row, answer, name=None):
    """None when `answer` is the golden one; else a sentence that says what differs."""
    response = answer["response"]
    who = response.get("answer") or {}
    if answer["provenance"] != "real" or answer["degraded"]:
        return f"provenance {answer['provenance']}, degraded {answer['degraded']}"
    if who.get("model") != (name or row["request"]["model"]):
        return f"answered by {who.get('model')!r}, asked of {row['request']['model']!r}"
    if who.get("fingerprint") not in (None, golden["fingerprint"]):
        return f"fingerprint {who['fingerprint'][:12]}, served is {golden['fingerprint'][:12]}"
    if digest(response) != row["digest"]:
        return f"{row['kind']}: {shown(response)} instead of {row['shown']}"
    return None
