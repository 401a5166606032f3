"""The rules about answers that go beyond one field of one message (SPEC.md section 8)."""


def broken(kind, asked, frames, more, degraded):
    """The fault of the newest of `frames`, as a sentence. None without a fault.

    `asked` are the request's fields, `more` says that frames follow, `degraded` is the flag.
    """
    fields = frames[-1]
    if kind == "Ping" and fields.get("payload", "") != asked.get("payload", ""):
        return "a Ping with other bytes"
    if kind == "Score":
        if len(fields["scores"]) != len(asked["continuations"]):
            return "another number of scores than continuations"
        lists = [(score["logprobs"], score["logprobs"]["tokens"]) for score in fields["scores"]]
    elif kind == "Generate":
        listed = fields.get("logprobs")
        if (listed is not None) != ("logprobs" in asked) and (
                listed is not None or fields.get("tokens")):
            return "log-probabilities: asked for and missing, or the other way round"
        lists = [(listed, fields.get("tokens", []))] if listed is not None else []
        if "prompt_logprobs" in fields:
            if "prompt_logprobs" not in asked:
                return "log-probabilities of the prompt that nobody asked for"
            lists.append((fields["prompt_logprobs"], fields["prompt_logprobs"]["tokens"]))
    else:
        lists = []
    if any(contradicts(listed, tokens) for listed, tokens in lists):
        return "log-probabilities that contradict themselves"
    return None if more else broken_end(kind, asked, frames, degraded)


def broken_end(kind, asked, frames, degraded):
    """The fault of the answer as a whole, as a sentence."""
    last = frames[-1]
    if "answer" in last and bool(last["answer"].get("degradations")) != degraded:
        return "the flag degraded and the list disagree"
    if kind == "Generate":
        return miscounted(asked, frames)
    if kind not in ("Logits", "Embed"):
        return None
    name, first, second = {"Logits": ("logits", "vocabulary", "positions"),
                           "Embed": ("embeddings", "dimensions", "count")}[kind]
    count = sum(len(frame[name]) for frame in frames)
    if count != int(last[first]) * int(last[second]):
        return "%d values, announced: %s times %s" % (count, last[first], last[second])
    if kind == "Embed" and int(last["count"]) != len(asked["inputs"]):
        return "another number of vectors than inputs"
    if kind == "Logits" and not asked.get("all_positions") and int(last["positions"]) != 1:
        return "%s positions, asked for: the last one" % last["positions"]
    if kind == "Logits" and asked.get("all_positions") and "tokens" in asked \
            and int(last["positions"]) != len(asked["tokens"]):
        return "%s positions of %d tokens" % (last["positions"], len(asked["tokens"]))
    return None


def miscounted(asked, frames):
    """The counts in the last frame of a Generate, against the frames."""
    last = frames[-1]
    tokens = sum(len(frame.get("tokens", [])) for frame in frames)
    if tokens != int(last["completion_tokens"]):
        return "%d tokens came, completion_tokens says %s" % (tokens, last["completion_tokens"])
    if "prompt_logprobs" in asked and last["finish_reason"] in ("stop", "length"):
        rows = sum(len(frame["prompt_logprobs"]["tokens"]) for frame in frames
                   if "prompt_logprobs" in frame)
        if rows != max(int(last["prompt_tokens"]) - 1, 0):
            return "%d rows of a prompt of %s tokens" % (rows, last["prompt_tokens"])
    return None


def contradicts(listed, tokens):
    """True when a Logprobs is not one of exactly `tokens`."""
    width = int(listed.get("top_count", 0))
    tops = [len(listed.get(name, [])) for name in ("top_tokens", "top_logprobs")]
    return listed["tokens"] != tokens or len(listed["logprobs"]) != len(tokens) \
        or tops != [width * len(tokens)] * 2
