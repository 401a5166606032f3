"""Compares our tokenizers with the tokenizers library on random files and random texts.

    python scripts/fuzz-tokenizers --bin .build/release --files 300 --texts 50 --seed 1

Each file is a tokenizer.json made from the seed and its number. Right is: equal ids for each text,
equal text for the ids, or a refusal by name. The exit status is 1 after any other answer, and then
the file and the text are kept and shown. `--only N` repeats file N.
"""
import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile

import files
import texts
from tokenizers import Tokenizer

KEPT = 5
TEXT_REFUSED, FILE_REFUSED = 2, 65


class Program:
    """The command-line tool on one file."""

    def __init__(self, folder, path):
        self.tool, self.path = os.path.join(folder, "assay"), path

    def ask(self, command, lines):
        """The answers, and the exit status and words of the refusal that ended them."""
        done = subprocess.run(
            [self.tool, command, "--json-lines", "--file", self.path],
            input="".join(json.dumps(line) + "\n" for line in lines), capture_output=True,
            text=True)
        if done.returncode not in (0, TEXT_REFUSED, FILE_REFUSED):
            raise RuntimeError(f"exit {done.returncode}: {done.stderr[-500:]}")
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        return answers, done.returncode, done.stderr.strip()

    def each(self, command, lines):
        """An answer or a refusal for each line, or the refusal of the file."""
        found = []
        while len(found) < len(lines):
            answers, status, words = self.ask(command, lines[len(found):])
            if status == FILE_REFUSED:
                return words
            found += answers
            if status == TEXT_REFUSED:
                found.append(words)
        return found


def forges(document):
    """True when the library may make special tokens of ordinary words, which we never do."""
    return any(t["special"] and len(t["content"]) > 1 and t["content"] in document["model"]["vocab"]
               for t in document["added_tokens"])


def expected(library, line):
    library.encode_special_tokens = not line["parse_special"]
    try:
        return library.encode(line["text"], add_special_tokens=line["add_special"]).ids
    except BaseException as error:  # noqa: BLE001 (a panic of the library is no Exception)
        return f"the library fails: {error}"


def compare(number, arguments, counts):
    """The first wrong answer for a file, or None."""
    source = random.Random(f"{arguments.seed}/{number}")
    document, added = files.make(source)
    path = os.path.join(arguments.folder, "tokenizer.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False)
    try:
        library = Tokenizer.from_file(path)
    except Exception as error:  # noqa: BLE001
        counts["files that the library refuses"] += 1
        return None if "panic" not in str(error) else str(error)
    lines = [{"text": texts.text(source, added), "parse_special": source.random() < 0.7,
              "add_special": source.random() < 0.5} for _ in range(arguments.texts)]
    program = Program(arguments.bin, path)
    answers = program.each("tokenize", lines)
    if isinstance(answers, str):
        counts["files refused"] += 1
        counts["  " + refused_part(answers)] += 1
        named = re.search(r": [a-z]+(_[a-z]+)+: ", answers)
        return None if named else f"a refusal without a code: {answers}"
    wrong, spoken = None, []
    for line, answer in zip(lines, answers, strict=True):
        right = expected(library, line)
        if not line["parse_special"] and forges(document):
            continue
        if isinstance(answer, str):
            counts["texts refused"] += 1
            if document.get("truncation") is None:
                wrong = wrong or f"{line} is refused: {answer}"
        elif isinstance(right, str):
            counts["texts that the library fails on"] += 1
        else:
            counts["texts equal"] += answer["tokens"] == right
            if answer["tokens"] != right:
                wrong = wrong or f"{line}\n  ours    {answer['tokens']}\n  library {right}"
            spoken.append(right)
    if any(t["special"] and t["normalized"] for t in document["added_tokens"]):
        return wrong  # The library looks for the normalised text among the special ones.
    return wrong or compare_decoded(library, program, spoken, counts)


def compare_decoded(library, program, spoken, counts):
    """Ids back to text. The library has no text for bytes that are none."""
    answers = program.each("detokenize", [{"tokens": tokens} for tokens in spoken])
    for tokens, answer in zip(spoken, answers, strict=True):
        right = library.decode(tokens, skip_special_tokens=True)
        if "\ufffd" in right:
            continue
        ours = bytes.fromhex(answer["hex"]).decode("utf-8", errors="replace")
        counts["texts decoded equal"] += ours == right
        if ours != right:
            return f"ids {tokens}\n  ours    {ours!r}\n  library {right!r}"
    return None


def refused_part(message):
    """What a refusal found, without the rest."""
    return message.partition("found ")[2][:60]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=".build/release")
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--texts", type=int, default=50)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", default=".build-cases/fuzz-tokenizers")
    arguments = parser.parse_args()
    # The library's panics are counted. Their words on file 2 would only look like a failure.
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    counts, failures = collections.Counter(), 0
    numbers = range(arguments.files) if arguments.only is None else [arguments.only]
    with tempfile.TemporaryDirectory() as folder:
        arguments.folder = folder
        for number in numbers:
            wrong = compare(number, arguments, counts)
            counts["files"] += 1
            if counts["files"] % 100 == 0:
                print(f"fuzz-tokenizers: {counts['files']} files, {counts['texts equal']} texts "
                      f"equal, {counts['texts decoded equal']} decoded", flush=True)
            if wrong is None:
                continue
            failures += 1
            if failures <= KEPT:
                os.makedirs(arguments.keep, exist_ok=True)
                kept = os.path.join(arguments.keep, f"{number}.json")
                os.replace(os.path.join(folder, "tokenizer.json"), kept)
                print(f"WRONG file {number} (kept as {kept}): {wrong}"[:1500])
    for name, count in sorted(counts.items()):
        print(f"{count:9} {name}")
    print(f"fuzz-tokenizers: seed {arguments.seed}, {failures} files with a wrong answer")
    sys.exit(1 if failures else 0)


main()
