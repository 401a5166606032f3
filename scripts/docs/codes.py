"""The tables of docs/troubleshooting.md: statuses, codes of answers, codes of clients, codes of loads.

Names, numbers, exit statuses and meanings come from Protocol/protocol.json and the Swift sources,
advice on loads from the table that the programs print. advice.json has the sentences that no program
prints, a sentence a code. A code without a sentence and a sentence without a code are findings.
"""

import json
import os
import re

import swift_tables

LAYERS = ("file", "parse", "compatibility", "placement", "validation", "any")


def protocol():
    return json.loads(swift_tables.text_of("Protocol/protocol.json"))


def sentences():
    with open(os.path.join(os.path.dirname(__file__), "advice.json"), encoding="utf-8") as file:
        return json.load(file)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in cells]) + "\n"


def as_sentence(text):
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else text + "."


def both_ways(part, codes, rows):
    """Findings: codes without a sentence, sentences without a code."""
    return ([f"advice.json: {part} has no sentence for {name}" for name in codes if name not in rows]
            + [f"advice.json: {part} has {name}, which no code is" for name in rows
               if name not in codes])


def statuses(words, findings):
    rows, exits = protocol()["statuses"], swift_tables.exit_statuses()
    findings += both_ways("statuses", [row["name"] for row in rows], words["statuses"])
    told = {"none": "", "retry": "at once", "backoff": "later", "fix": "no"}
    return table(
        ("number", "status", "meaning", "again?", "exit", "what to do"),
        [(row["number"], f"`{row['name']}`", as_sentence(row["meaning"]), told[row["advice"]],
          exits[row["name"]], words["statuses"].get(row["name"], "")) for row in rows])


def request_codes(words):
    """Code to (statuses, meaning) of every refusal of a request, but damage to bytes."""
    used, found = swift_tables.used_statuses(), {}
    for path in reversed(swift_tables.WIRE_TABLES):
        for name, meaning in swift_tables.documented_codes(path).items():
            found[name] = (used.get(name, set()), meaning)
    for row in protocol()["codes"]:
        found[row["code"]] = ({row["status"]}, as_sentence(row["meaning"]))
    load = swift_tables.load_codes()
    for name, place in words["not_of_a_load"].items():
        if place == "request" and name not in found:
            found[name] = (used.get(name, set()), load[name][1])
    for name in swift_tables.literal_codes() - set(load) - set(found):
        found[name] = (used.get(name, set()), "A setting of a Load has a wrong value.")
    extra = words["request_statuses"]
    return {name: (status | ({extra[name]} if name in extra else set()),
                   plain(words["meanings"].get(name, meaning)))
            for name, (status, meaning) in found.items()}


def requests(words, findings):
    codes = request_codes(words)
    findings += both_ways("requests", codes, words["requests"])
    findings += [f"no status is known for the code {name}" for name, (status, _) in codes.items()
                 if not status]
    return table(("code", "status", "meaning", "what to do"),
                 [(f"`{name}`", ", ".join(sorted(status)), meaning, words["requests"].get(name, ""))
                  for name, (status, meaning) in sorted(codes.items())])


def damage(words, findings):
    """Codes of bytes that break the rules: a row each, what to do is the same for all."""
    tables = protocol()
    rows = [(f"`{row['code']}`", "PROTOCOL_ERROR", f"Broken rule: {row['meaning']}.")
            for row in tables["framing_codes"]]
    rows += [(f"`{row['code']}`", "INVALID_ARGUMENT", as_sentence(row["meaning"]))
             for row in tables["body_codes"]]
    return table(("code", "status", "meaning"), sorted(rows))


def clients(words, findings):
    rows, exits = protocol()["client_errors"], swift_tables.exit_statuses()
    findings += both_ways("clients", [row["code"] for row in rows], words["clients"])
    return table(
        ("code", "meaning", "exit", "what to do"),
        [(f"`{row['code']}`", as_sentence(row["meaning"]),
          exits.get(row["code"], exits.get(row["status"], "by status")),
          words["clients"].get(row["code"], "")) for row in rows])


def layer_of(name, modules, words):
    if name in words["layers"]:
        return words["layers"][name]
    if modules[0] == "ModelFiles":
        return "file" if name in swift_tables.file_layer_codes() else "parse"
    return words["layers"].get(modules[0])


def plain(meaning):
    """A meaning without names of the sources."""
    return re.sub(r"`\w+Limits\.\w+`( allows)?", "the limit", meaning)


def loads(words, findings):
    codes = swift_tables.load_codes()
    by_code, by_layer = swift_tables.advice()
    for part in ("layers", "not_of_a_load", "meanings"):
        modules = {module for module, _ in swift_tables.LOAD_TABLES}
        findings += [f"advice.json: {part} has {name}, which no code is" for name in words[part]
                     if name not in codes and name not in modules and name not in words["requests"]]
    rows = []
    for name, (modules, meaning) in codes.items():
        if name in words["not_of_a_load"]:
            continue
        layer = layer_of(name, modules, words)
        if layer not in LAYERS:
            findings.append(f"advice.json: layers has no layer for {name}")
            continue
        told = by_code.get(name) or by_layer.get(layer, "Read the message, and load again.")
        rows.append((LAYERS.index(layer), name, plain(words["meanings"].get(name, meaning)), told))
    return table(("layer", "code", "meaning", "what to do"),
                 [(LAYERS[layer], f"`{name}`", meaning, told)
                  for layer, name, meaning, told in sorted(rows)])


def blocks(findings):
    words = sentences()
    return {name: part(words, findings) for name, part in (
        ("statuses", statuses), ("requests", requests), ("damage", damage), ("clients", clients),
        ("loads", loads))}
