"""Random tokenizer.json files: a small trained BPE with random steps around it."""
import json

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from texts import text

LINES = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
         r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"


def cased(end, numbers):
    start = r"[^\r\n\p{L}\p{N}]?"
    return (f"{start}{UPPER}*{LOWER}+{end}|{start}{UPPER}+{LOWER}*{end}|{numbers}"
            r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
PATTERNS = [
    LINES, LINES.replace("{1,3}", ""),
    LINES.replace(r"\p{L}+|\p{N}{1,3}", r"[\p{L}\p{M}]+|\p{N}").replace(
        r"[^\s\p{L}\p{N}]+", r"[^\s\p{L}\p{M}\p{N}]+"),
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    cased(CONTRACTIONS, r"\p{N}{1,3}"), cased("", r"\p{N}"),
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"""
    r"""| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""",
]
SIMPLE = [r"\p{N}{1,3}", r"\s+", r"\d", r"\d+", r"\p{L}+", r"\p{P}+", r"\p{S}", "[0-9]", r"[\r\n]", r"\p{M}+", r"\S+",
          r"[0-9][0-9][0-9]", r"\s?\p{L}+", r"\s?\p{P}+", " {2,}", "a{2,3}", r"\.", "e+", "th",
          "[一-龥぀-ゟ゠-ヿ]+"]
BEHAVIORS = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
SCHEMES = ["always", "first", "never"]


def split(random):
    invert = random.random() < 0.2
    if random.random() < 0.2:
        return pre_tokenizers.Split(random.choice([" ", "e", "▁", "th", "\n"]),
                                    random.choice(BEHAVIORS), invert)
    if random.random() < 0.5:
        return pre_tokenizers.Split(Regex(random.choice(SIMPLE)), random.choice(BEHAVIORS), invert)
    return pre_tokenizers.Split(Regex(random.choice(PATTERNS)), random.choice(
        ["isolated", "isolated", "isolated", *BEHAVIORS]), invert and random.random() < 0.5)


def byte_level(random, use_regex=None):
    if use_regex is None:
        use_regex = random.random() < 0.5
    return pre_tokenizers.ByteLevel(
        add_prefix_space=random.random() < 0.2, use_regex=use_regex)


def pre_tokenizer(random):
    """A pre-tokenizer, and whether it writes bytes."""
    kind = random.random()
    if kind < 0.30:
        return pre_tokenizers.Sequence(
            [pre_tokenizers.Split(Regex(random.choice(PATTERNS)), "isolated"),
             byte_level(random, use_regex=False)]), True
    if kind < 0.45:
        steps = [split(random) for _ in range(random.randrange(3))] + [byte_level(random)]
        if random.random() < 0.4:
            steps.insert(0, pre_tokenizers.Digits(random.random() < 0.5))
        if random.random() < 0.2:
            steps.append(random.choice(
                [pre_tokenizers.Digits(False), pre_tokenizers.Punctuation("contiguous")]))
        return pre_tokenizers.Sequence(steps), True
    if kind < 0.60:
        return pre_tokenizers.Metaspace(
            prepend_scheme=random.choice(SCHEMES), split=random.random() < 0.5), False
    if kind < 0.75:
        return None, False
    steps = [random.choice([
        pre_tokenizers.Whitespace(), pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(True),
        pre_tokenizers.Digits(False), pre_tokenizers.Punctuation(random.choice(BEHAVIORS)),
        pre_tokenizers.BertPreTokenizer(), pre_tokenizers.CharDelimiterSplit("e"),
        pre_tokenizers.FixedLength(length=5), split(random),
        pre_tokenizers.Metaspace(prepend_scheme=random.choice(SCHEMES)),
        pre_tokenizers.UnicodeScripts() if random.random() < 0.2 else split(random),
    ]) for _ in range(random.randrange(1, 4))]
    return pre_tokenizers.Sequence(steps) if len(steps) > 1 else steps[0], False


def normalizer(random):
    """Usually the usual ones, sometimes any in a row."""
    kind = random.random()
    if kind < 0.35:
        return None
    if kind < 0.50:
        return normalizers.NFC()
    if kind < 0.60:
        return normalizers.Sequence(
            [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    if kind < 0.65:
        return normalizers.Replace(" ", "▁")
    steps = [random.choice([
        normalizers.NFC(), normalizers.NFD(), normalizers.NFKC(), normalizers.NFKD(),
        normalizers.Lowercase(), normalizers.StripAccents(), normalizers.Nmt(),
        normalizers.Strip(left=random.random() < 0.7, right=random.random() < 0.7),
        normalizers.Prepend(random.choice(["▁", "x", "the "])),
        normalizers.Replace(random.choice([" ", "a", "\n", "th", "''"]),
                            random.choice(["▁", "", "bb", "x y"])),
        normalizers.Replace(Regex(random.choice(SIMPLE)), random.choice([" ", "", "<n>"])),
        normalizers.BertNormalizer() if random.random() < 0.2 else normalizers.NFC(),
    ]) for _ in range(random.randrange(1, 4))]
    return normalizers.Sequence(steps) if len(steps) > 1 else steps[0]


def decoder(random, writes_bytes):
    if writes_bytes:
        return decoders.ByteLevel()
    return random.choice([
        decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                           decoders.Strip(" ", random.randrange(3), 0)]),
        decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]),
        decoders.Metaspace(prepend_scheme=random.choice(SCHEMES)),
        decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse()]),
    ])


def added_tokens(random, first, vocabulary):
    """Added tokens with all flags. Ids behind the vocabulary follow each other."""
    contents = ["<s>", "</s2>", "<|a|>", "<|b|>", "<|a", "[INST]", "[/INST]", "foo",
                "foobar", "é", " ", "  ", "\n\n", "▁▁", "<mask>", "ﬁ", "The", "scale", "!", "日本"]
    random.shuffle(contents)
    tokens = []
    for content in contents[:random.randrange(1, 9)]:
        special = random.random() < 0.6
        number = vocabulary.get(content)
        if number is None:
            number, first = first, first + 1
        tokens.append({
            "id": number, "content": content, "special": special,
            "single_word": random.random() < 0.15, "lstrip": random.random() < 0.2,
            "rstrip": random.random() < 0.2,
            "normalized": random.random() < (0.1 if special else 0.6)})
    return tokens


def post_processor(random, tokens):
    kind = random.random()
    if kind < 0.3 or not tokens:
        return None
    pick = lambda: random.choice(tokens)  # noqa: E731
    if kind < 0.4:
        one, two = pick(), pick()
        return {"type": random.choice(["BertProcessing", "RobertaProcessing"]),
                "sep": [one["content"], one["id"]], "cls": [two["content"], two["id"]],
                "trim_offsets": True, "add_prefix_space": False}
    front = [pick() for _ in range(random.randrange(3))]
    behind = [pick() for _ in range(random.randrange(3))]
    single = ([{"SpecialToken": {"id": t["content"], "type_id": 0}} for t in front]
              + [{"Sequence": {"id": "A", "type_id": 0}}]
              + [{"SpecialToken": {"id": t["content"], "type_id": 0}} for t in behind])
    template = {"type": "TemplateProcessing", "single": single,
                "pair": [*single, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {t["content"]: {
                    "id": t["content"], "ids": [t["id"]], "tokens": [t["content"]]}
                    for t in front + behind}}
    if kind < 0.6:
        return {"type": "Sequence", "processors": [
            {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False,
             "use_regex": True}, template]}
    return template


def change_model(random, model, writes_bytes):
    model["ignore_merges"] = random.random() < 0.3
    model["fuse_unk"] = random.random() < 0.5
    model["dropout"] = random.choice([None, None, 0.0])
    if random.random() < 0.2:
        del model["type"]
    if random.random() < 0.2:
        random.shuffle(model["merges"])
    if random.random() < 0.2:
        model["merges"] = [m for m in model["merges"] if random.random() < 0.8]
    if model["merges"] and random.random() < 0.2:
        model["merges"] += random.sample(model["merges"], min(5, len(model["merges"])))
    if random.random() < 0.3 and not any(" " in part for pair in model["merges"] for part in pair):
        model["merges"] = [" ".join(pair) for pair in model["merges"]]


def make(random):
    """A document and the texts of its added tokens."""
    pre, writes_bytes = pre_tokenizer(random)
    specials, byte_tokens = [], [f"<0x{b:02X}>" for b in range(256)]
    falls_back = not writes_bytes and random.random() < 0.6
    unknown = random.random() < 0.5
    if unknown:
        specials.append("<unk>")
    if falls_back:
        specials += byte_tokens if random.random() < 0.8 else byte_tokens[:200]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>" if unknown else None))
    if pre is not None:
        tokenizer.pre_tokenizer = pre
    found = normalizer(random)
    if found is not None:
        tokenizer.normalizer = found
    corpus = [text(random, []) for _ in range(40)]
    alphabet = pre_tokenizers.ByteLevel.alphabet() if writes_bytes else []
    if writes_bytes and random.random() < 0.1:
        alphabet = random.sample(sorted(alphabet), 200)
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=len(specials) + random.choice([300, 400, 600]), special_tokens=specials,
        initial_alphabet=sorted(alphabet), show_progress=False,
        limit_alphabet=random.choice([100, 300, 1000]) if not writes_bytes else 1000))
    document = json.loads(tokenizer.to_str())
    model = document["model"]
    model["byte_fallback"] = falls_back
    change_model(random, model, writes_bytes)
    vocabulary = model["vocab"]
    tokens = [t for t in document["added_tokens"] if t["content"] not in byte_tokens]
    tokens += [t for t in added_tokens(random, len(vocabulary), vocabulary)]
    document["added_tokens"] = tokens
    document["post_processor"] = post_processor(random, tokens)
    document["decoder"] = json.loads(Tokenizer_with(decoder(random, writes_bytes)))["decoder"]
    if random.random() < 0.05:
        document["truncation"] = {"max_length": 12, "strategy": "LongestFirst", "stride": 0,
                                  "direction": "Right"}
    if random.random() < 0.05:
        document["padding"] = {
            "strategy": random.choice(["BatchLongest", "BatchLongest", {"Fixed": 40}]), "direction": "Right",
            "pad_to_multiple_of": None, "pad_id": 70_000, "pad_type_id": 0, "pad_token": "[PAD]"}
    return document, [t["content"] for t in tokens]


def Tokenizer_with(found):  # noqa: N802
    tokenizer = Tokenizer(models.BPE())
    tokenizer.decoder = found
    return tokenizer.to_str()
