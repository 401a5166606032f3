"""The demo model's tokenizer: byte-level BPE, trained on what skills.py makes up."""

import json
import random
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

import skills

SIZE = 1024
BEGIN, END = "<|begin|>", "<|end|>"

# The pre-tokenizer GGUF files call "qwen2": words with their space, digits one by one.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_level(model: models.BPE) -> Tokenizer:
    """A tokenizer that splits text as above and merges its bytes by `model`."""
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def train(seed: int = 7, examples: int = 60_000) -> Tokenizer:
    rng = random.Random(seed)
    names = list(skills.SKILLS)

    def texts():
        for index in range(examples):
            example = skills.training_example(names[index % len(names)], rng)
            yield example.prompt + example.answer

    tokenizer = byte_level(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE, special_tokens=[BEGIN, END], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(texts(), trainer)
    return tokenizer


def load(path: Path) -> Tokenizer:
    if not path.exists():
        train().save(str(path))
    return Tokenizer.from_file(str(path))


def merges(path: Path) -> list[str]:
    pairs = json.loads(path.read_text())["model"]["merges"]
    return [pair if isinstance(pair, str) else " ".join(pair) for pair in pairs]
