"""Tables in Swift sources that the pages under docs/ repeat: codes of errors with their meaning,
advice and exit statuses.

Each reader fails when it finds no row, so a renamed table is noticed.
"""

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCUMENTED = re.compile(
    r"((?:[ \t]*///[^\n]*\n)+)[ \t]*(?:public |package )?(?:static let (\w+) = (?:Self|Code)\(([^)]*)\)"
    r'|case (\w+) = "(\w+)")')
#: module and file of each table of load codes
LOAD_TABLES = (
    ("ModelFiles", "Sources/ModelFiles/ModelFileError+Code.swift"),
    ("Inference", "Sources/Inference/InferenceError.swift"),
    ("Tokenizers", "Sources/Tokenizers/TokenizerError.swift"),
    ("Compute", "Sources/Compute/ComputeError.swift"),
    ("Loading", "Sources/Loading/AssayRejection.swift"),
    ("Loading", "Sources/Loading/SealFile.swift"),
    ("Loading", "Sources/Loading/LoadedModel.swift"),
)
WIRE_TABLES = ("Sources/Service/ServiceError.swift", "Sources/Wire/WireError.swift",
               "Sources/Conversations/ConversationError.swift")


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def some(rows, what):
    if not rows:
        raise SystemExit(f"scripts/docs: found no {what}; has the table moved?")
    return rows


def sentence(comment):
    lines = [line.strip().removeprefix("///").strip() for line in comment.strip().split("\n")]
    return " ".join(lines)


def documented_codes(path):
    """Name of a code to the sentence of its comment. Raw values of a private enum are followed."""
    text = text_of(path)
    raw = dict(re.findall(r'^\s*case (\w+) = "(\w+)"', text, re.MULTILINE))
    found = {}
    for comment, _, argument, _, value in DOCUMENTED.findall(text):
        literal = re.fullmatch(r'(?:name: )?"(\w+)"', argument)
        case = re.fullmatch(r"(?:kind: )?\.(\w+)", argument)
        name = value or (literal and literal[1]) or (case and raw.get(case[1]))
        if name:
            found[name] = sentence(comment)
    silent = set(raw.values()) - set(found)
    if silent:
        raise SystemExit(f"scripts/docs: {path} does not explain {', '.join(sorted(silent))}")
    return some(found, f"codes in {path}")


def load_codes():
    """Name to (modules, sentence) of every code that a load can be refused with."""
    codes = {}
    for module, path in LOAD_TABLES:
        for name, meaning in documented_codes(path).items():
            modules, first = codes.get(name, ((), meaning))
            codes[name] = (modules + (module,), first)
    return codes


def file_layer_codes():
    text = text_of("Sources/ModelFiles/ModelFileError+Code.swift")
    raw = dict(re.findall(r'^\s*case (\w+) = "(\w+)"', text, re.MULTILINE))
    body = re.search(r"var isFileLayer: Bool \{(.*?)default:", text, re.DOTALL)
    return {raw[case] for case in some(re.findall(r"\.(\w+)", body[1]), "codes of the file layer")}


def advice():
    """Advice by code and by layer, as the program prints it."""
    text = text_of("Sources/Loading/AssayRejection+Advice.swift")
    joined = re.sub(r'"\s*\+\s*"', "", text)
    by_layer = dict(re.findall(r'case \.(\w+):\s*"([^"]*)"', joined))
    table = joined.split("adviceByCode: [String: String] = [")[1]
    by_code = dict(re.findall(r'"(\w+)":\s*"([^"]*)"', table))
    return some(by_code, "advice by code"), some(by_layer, "advice by layer")


def status_words():
    """Name of a case of Status in Swift to the name on the wire."""
    cases = re.findall(r"case (\w+) = \d+", text_of("Sources/Wire/Generated/Status.swift"))
    words = {case: re.sub(r"([A-Z])", r"_\1", case).upper() for case in cases}
    return words | {"internalError": "INTERNAL"}


def exit_statuses():
    """Status on the wire, or code of a client, to the exit status of `assay`."""
    text = text_of("clients/swift/Sources/AssayClient/Errors+ExitStatus.swift")
    client, status = text.split("extension Status")
    words = status_words()
    snake = lambda case: re.sub(r"([A-Z])", r"_\1", case).lower()
    found = {}
    for part, name in ((client, snake), (status, words.get)):
        for cases, number in re.findall(r"case ([.\w, \n]+): (\d+)", part):
            for case in re.findall(r"\.(\w+)", cases):
                found[name(case)] = int(number)
    return some(found, "exit statuses")


def used_statuses():
    """Code to the statuses that Service and Server send with it."""
    words, found = status_words(), {}
    raw = {}
    for path in WIRE_TABLES[:1]:
        raw |= dict(re.findall(r'static let (\w+) = Self\("(\w+)"\)', text_of(path)))
    for folder in ("Sources/Service", "Sources/Server"):
        for where, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in sorted(names):
                text = text_of(os.path.relpath(os.path.join(where, name), ROOT))
                for status, code in re.findall(r"\.(\w+),\s*\.(\w+),", text):
                    if status in words and code in raw:
                        found.setdefault(raw[code], set()).add(words[status])
                for status, code in re.findall(r'\.(\w+),\s*\.init\("(\w+)"\)', text):
                    if status in words:
                        found.setdefault(code, set()).add(words[status])
    return some(found, "statuses of codes")


def literal_codes():
    """Codes that are made from a literal outside of the tables."""
    found = set()
    for folder in ("Sources/Service", "Sources/Server", "Sources/Loading", "Sources/Wire"):
        for where, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in names:
                text = text_of(os.path.relpath(os.path.join(where, name), ROOT))
                found |= set(re.findall(r'(?:Code|\.init)\((?:name: )?"([a-z]+_[a-z_]+)"\)', text))
    return found
