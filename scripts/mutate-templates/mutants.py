"""The mistakes: mutants.txt, and those that every name of docs/templates.md has.

A mistake has a number. In the copied sources the global `mutant` holds the number of the one that
is on, so that one build serves all of them.
"""
import collections
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "Sources" / "Templates"
#: Mistakes by name, "no" for an unknown name. Numbers from here on.
NAMED_FROM = 1000

Change = collections.namedtuple("Change", "number construct label file start end old new")

#: other names of a filter or test: they do nothing if the first name does nothing
SYNONYMS = {"count", "d", "e", "equalto", "greaterthan", "lessthan",
            "==", "!=", "<", "<=", ">", ">="}

#: Where names are looked up and run: file, text, text with the question for a mistake.
HOOKS = [
    ("Compiler+Expressions.swift", "let filter = Filter.names[name]",
     'let filter = isOn("filters", name, "unknown") ? nil : Filter.names[name]'),
    ("Filters+Sequences.swift", "let filter = Filter.names[call.name]",
     'let filter = isOn("filters", call.name, "unknown") ? nil : Filter.names[call.name]'),
    ("Compiler+Expressions.swift", "let test = Test.names[name]",
     'let test = isOn("tests", name, "unknown") ? nil : Test.names[name]'),
    ("Filters+Sequences.swift", "let known = Test.names[call.name]",
     'let known = isOn("tests", call.name, "unknown") ? nil : Test.names[call.name]'),
    ("Evaluator+Attributes.swift", "if let method = Method(rawValue: word)",
     'if !isOn("methods", word, "unknown"), let method = Method(rawValue: word)'),
    ("Compiler+Expressions.swift", "if let method = Method(rawValue: name) {",
     'if !isOn("methods", name, "unknown"), let method = Method(rawValue: name) {'),
    ("Compiler.swift", "if let function = GlobalFunction(rawValue: name)",
     'if !isOn("functions", name, "unknown"), let function = GlobalFunction(rawValue: name)'),
    ("Evaluator+Attributes.swift", "guard let name = LoopName(rawValue: name.string) else {",
     'guard !isOn("`loop.`", name.string, "unknown"),\n'
     "                let name = LoopName(rawValue: name.string) else {"),
    ("Strftime.swift", "codes.contains(rest[end])",
     "codes.contains(rest[end]),\n"
     '                !isOn("codes of `strftime_now`", "%" + String(rest[end]), "unknown")'),
    ("Filters.swift", "        switch filter {\n        case .tojson: return",
     '        if isOn("filters", filter.rawValue, "does nothing") { return value }\n'
     "        switch filter {\n        case .tojson: return"),
    ("Tests.swift", "        switch test {\n        case .eq, .ne,",
     '        if isOn("tests", test.rawValue, "always true") { return true }\n'
     '        if isOn("tests", test.rawValue, "always false") { return false }\n'
     "        switch test {\n        case .eq, .ne,"),
    ("Methods.swift", "        switch receiver {\n        case .text(let text): try",
     "        switch receiver {\n"
     '        case _ where isOn("methods", method.rawValue, "does nothing"): receiver\n'
     "        case .text(let text): try"),
    ("Evaluator+Calls.swift", "        switch function {\n        case .raise_exception:",
     '        if isOn("functions", function.rawValue, "does nothing") { return .none }\n'
     "        switch function {\n        case .raise_exception:"),
]

#: Mistakes that each name of a kind has.
GENERAL = {
    "filters": ("unknown", "does nothing"), "tests": ("unknown", "always true", "always false"),
    "methods": ("unknown", "does nothing"), "functions": ("unknown", "does nothing"),
    "`loop.`": ("unknown",), "codes of `strftime_now`": ("unknown",),
}

SWITCH = """// Chooses the mistake.

nonisolated(unsafe) package var mutant = 0

func isOn(_ kind: String, _ name: String, _ what: String) -> Bool {
    mutant >= %d && named[mutant] == "\\(kind) \\(name): \\(what)"
}

private let named: [Int: String] = [
%s]
"""


def names():
    """The names of docs/templates.md by kind."""
    text = (ROOT / "docs" / "templates.md").read_text()
    table = text.split("<!-- constructs: begin -->")[1].split("<!-- constructs: end -->")[0]
    found = {}
    for line in table.splitlines():
        cells = re.fullmatch(r"\| (.*?) \| (`.*`) \|", line)
        if cells:
            found[cells[1]] = re.findall(r"`([^`]+)`", cells[2])
    return found


def general_changes():
    changes = []
    for kind, mistakes in GENERAL.items():
        for name in names()[kind]:
            for what in mistakes:
                if what == "unknown" or name not in SYNONYMS:
                    number = NAMED_FROM + len(changes)
                    changes.append(Change(number, f"{kind} {name}", f"{kind} {name}: {what}",
                                          None, 0, 0, "", ""))
    return changes


def written_change(number, line):
    """The change of a line of mutants.txt."""
    label, place, context, new = (part.strip() for part in line.replace("\\|", "¦").split(" | "))
    context, new = context.replace("¦", "|"), new.replace("¦", "|")
    name, _, anchor = place.partition(" @")
    text = (SOURCES / name).read_text()
    if anchor and text.count(anchor) != 1:
        raise SystemExit(f"{label}: {text.count(anchor)} times in {name}: {anchor}")
    before, old, after = re.fullmatch(r"(.*)«(.*)»(.*)", context).groups()
    found = text.find(before + old + after, text.find(anchor) if anchor else 0)
    if found < 0 or (not anchor and text.count(before + old + after) != 1):
        raise SystemExit(f"{label}: {text.count(before + old + after)} times in {name}: {context}")
    start = found + len(before)
    return Change(number, label.rsplit(": ", 1)[0], label, name, start, start + len(old), old, new)


def all_changes():
    text = (pathlib.Path(__file__).resolve().parent / "mutants.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    written = [written_change(number + 1, line) for number, line in enumerate(lines)]
    return written + general_changes()


def mutated(old, changes):
    """The Swift text of a place with its mistakes."""
    if not old:
        return "".join(f"\nif mutant == {c.number} {{ {c.new.removeprefix('do: ')} }}\n"
                       for c in changes)
    if changes[0].new.startswith("do: "):
        return "".join(f"if mutant == {c.number} {{ {c.new.removeprefix('do: ')} }} else "
                       for c in changes) + f"{{ {old} }}"
    attempt = "try " if old.startswith("try ") else ""
    chosen = "".join(f"mutant == {c.number} ? {c.new} : " for c in changes)
    return f"{attempt}({chosen}{old.removeprefix('try ')})"


def sources(changes):
    """The mutated sources by file name."""
    places = collections.defaultdict(list)
    for change in changes:
        if change.file:
            places[(change.file, change.start, change.end)].append(change)
    texts = {path.name: path.read_text() for path in sorted(SOURCES.glob("*.swift"))}
    last = {}
    for (name, start, end), group in sorted(places.items(), reverse=True):
        if end > last.get(name, len(texts[name])):
            raise SystemExit(f"{group[0].label}: overlaps another mistake")
        last[name] = start
        texts[name] = texts[name][:start] + mutated(group[0].old, group) + texts[name][end:]
    for name, old, new in HOOKS:
        if texts[name].count(old) != 1:
            raise SystemExit(f"{texts[name].count(old)} times in {name}: {old}")
        texts[name] = texts[name].replace(old, new)
    table = "".join(f'    {c.number}: "{c.label}",\n' for c in changes if not c.file)
    texts["Mutant.swift"] = SWITCH % (NAMED_FROM, table)
    return texts
