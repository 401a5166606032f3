"""What of an answer the model decides, as one digest.

Tokens, text, counts and the bits of every float count; timing, frame numbers and packet boundaries
do not. Absent fields equal their defaults. Guarantees: two answers have the same digest exactly
when no model-made value differs, whatever language read them.
"""

import hashlib
import json
import struct

F32_LISTS = {"logits", "embeddings", "logprobs", "top_logprobs"}
F64_NUMBERS = {"logprob"}
#: What absence means, which a reader may write out.
DEFAULTS = {"top_count": "0"}
LEFT_OUT = {"answer", "frame", "prompt_done", "prompt_total"}


def plain(value, key=None):
    """JSON without what the model does not decide; floats as their bits in hexadecimal."""
    if key in F32_LISTS and isinstance(value, list):
        return struct.pack(f"<{len(value)}f", *value).hex()
    if key in F64_NUMBERS:
        return struct.pack("<d", value).hex()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        made = {k: plain(v, k) for k, v in value.items() if k not in LEFT_OUT}
        return {k: v for k, v in made.items()
                if v not in (None, [], "", {}) and v != DEFAULTS.get(k)}
    return value


def digest(response):
    """Of the driver protocol's `response`: whole answers have equal digests when all bits agree."""
    text = json.dumps(plain(response), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def shown(response):
    """A short piece of the answer, for a message."""
    for key in ("text", "tokens", "scores", "embeddings", "logits"):
        if response.get(key):
            return f"{key} {response[key]!r}"[:90]
    return repr(response)[:90]
