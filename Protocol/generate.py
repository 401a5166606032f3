#!/usr/bin/env python3
"""Writes what every language needs to know about the protocol, from protocol.json.

    generate.py            write every generated file
    generate.py --check    write nothing; exit 1 naming each file that is not what would be
                           written, and each place where SPEC.md says something else

Standard library only. One module per language lies in languages/: it has `emit(protocol)`, which
gives file names (from the root of the repository) and texts. SPEC.md leads: a table there that
differs from protocol.json is an error here, whichever of the two was changed.
"""

import importlib.util
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def load():
    """The description, as a dictionary."""
    with open(os.path.join(HERE, "protocol.json"), encoding="utf-8") as handle:
        return json.load(handle)


# ---------------------------------------------------------------- generated files

def status_json(protocol):
    """status.json: the status table alone, for programs that need no more."""
    advice = ",\n".join("  %s: %s" % (json.dumps(name), json.dumps(text))
                        for name, text in protocol["advice"].items())
    rows = ",\n".join("  " + json.dumps(status) for status in protocol["statuses"])
    return ('{\n "version": %d,\n "advice": {\n%s\n },\n "statuses": [\n%s\n ]\n}\n'
            % (protocol["version"], advice, rows))


def languages():
    """The emitters, by name of the language."""
    folder = os.path.join(HERE, "languages")
    sys.path.insert(0, folder)  # for what several of them share
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".py") or name.startswith("_"):
            continue
        spec = importlib.util.spec_from_file_location(
            "language_" + name[:-3], os.path.join(folder, name))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield name[:-3], module


def outputs(protocol):
    """Every generated file: path from the root -> text."""
    files = {"Protocol/status.json": status_json(protocol)}
    for name, module in languages():
        for path, text in module.emit(protocol).items():
            if path in files:
                raise SystemExit("languages/%s.py writes %s, as another does" % (name, path))
            files[path] = text
    return files


# ---------------------------------------------------------------- SPEC.md against protocol.json

def tables(text):
    """Every table of a Markdown text as (heading above it, head, rows)."""
    heading, found, current = "", [], None
    for line in text.split("\n"):
        if line.startswith("#"):
            heading = line.lstrip("#").strip()
        if not line.startswith("|"):
            current = None
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if current is None:
            current = (heading, cells, [])
            found.append(current)
        elif not all(set(cell) <= set("-: ") and cell for cell in cells):
            current[2].append(cells)
    return found



def range_text(field):
    """The range of a field as SPEC.md writes it."""
    if "choices" in field:
        return ", ".join(field["choices"])
    if "min" not in field:
        return "any"
    low, high = field["min"], field["max"]
    if field.get("min_exclusive"):
        return "above %s, to %s" % (low, high)
    unit = {"text": " bytes", "bytes": " bytes", "u32[]": " elements", "f32[]": " elements"}.get(
        field["type"], "")
    return "%s%s" % (low, unit) if low == high else "%s..%s%s" % (low, high, unit)


def presence_text(field):
    """The presence of a field as SPEC.md writes it."""
    if field["presence"] != "repeated":
        return field["presence"]
    return "%d..%d times" % (field["times_min"], field["times_max"])


def field_row(field):
    return [str(field["id"]), "`%s`" % field["name"], field["type"], presence_text(field),
            range_text(field), field["meaning"]]


def default_in(meaning):
    """The default that a meaning names, as text; None when it names none."""
    match = re.search(r"default (\S+?)(?:,|:|$)", meaning)
    return match.group(1) if match else None


def default_text(field):
    value = field.get("default")
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return "%g" % value if isinstance(value, float) else str(value)


def spec_rows(protocol):
    """(heading, first cell of the table's head) -> rows that SPEC.md must have there."""
    wanted = {
        ("3. Kinds", "number"): [
            ["`0x%02x`" % kind["number"], kind["name"], kind["state"], kind["meaning"]]
            for kind in protocol["kinds"]],
        ("6. Limits", "limit"): [
            [limit["label"], str(limit["value"]), limit["meaning"]]
            for limit in protocol["limits"] if "label" in limit],
        ("Status codes", "number"): [
            [str(status["number"]), status["name"], status["advice"],
             status["meaning"] + ("" if status["on_wire"] else "; never on the wire")]
            for status in protocol["statuses"]],
        ("2. Body", "type"): [
            [str(row["number"]), row["name"], row["size_text"], row["meaning"]]
            for row in protocol["types"]],
        ("2. Body", "what is wrong"): [
            [row["meaning"], "`%s`" % row["code"]] for row in protocol["body_codes"]],
        ("Checking a header", "check"): [
            [row["meaning"], "body" if row["from_byte"] is None else str(row["from_byte"]),
             "`%s`" % row["code"]] for row in protocol["framing_codes"]],
    }
    wanted[("Codes with a date", "code")] = [
        ["`%s`" % row["code"], row["status"], str(row["since"]), "`%s`" % row["before"], row["meaning"]]
        for row in protocol["codes"]]
    for name, message in protocol["messages"].items():
        if message["fields"]:
            wanted[(name, "id")] = [field_row(field) for field in message["fields"]]
    return wanted


def disagreements(protocol, spec):
    """Sentences: where SPEC.md and protocol.json differ."""
    found = {}
    for heading, head, rows in tables(spec):
        found.setdefault((heading, head[0]), []).extend(rows)
    wrong = []
    for key, rows in spec_rows(protocol).items():
        have = found.get(key)
        if have is None:
            wrong.append('SPEC.md has no table "%s" that begins with "%s"' % key)
            continue
        for row in rows:
            if row not in have:
                wrong.append('SPEC.md, "%s": not there: | %s |' % (key[0], " | ".join(row)))
        for row in have:
            if row not in rows:
                wrong.append('protocol.json, "%s": not there: | %s |' % (key[0], " | ".join(row)))
        if sorted(have) == sorted(rows) and have != rows:
            wrong.append('SPEC.md, "%s": rows stand in another order' % key[0])
    for heading, head in found:
        if head == "id" and heading not in protocol["messages"]:
            wrong.append('protocol.json has no message "%s"' % heading)
    return wrong + header_disagreements(protocol, spec) + inner_disagreements(protocol, spec)


def header_disagreements(protocol, spec):
    """The frame's header, its flags, and the revision."""
    wrong = []
    rows = next(rows for heading, head, rows in tables(spec) if head[0] == "offset")
    sizes = {1: "u8", 4: "u32", 8: "u64"}
    names = {"request_id": "requestID", "raw_size": "rawSize"}
    have = [row[:3] for row in rows]
    want = [[str(word["offset"]), sizes[word["size"]], names.get(word["name"], word["name"])]
            for word in protocol["header"]]
    if have != want:
        wrong.append("the header: SPEC.md has %s, protocol.json %s" % (have, want))
    rows = next(rows for heading, head, rows in tables(spec) if heading == "Flags")
    have = [row for row in rows if row[0].isdigit()]
    want = [[str(flag["bit"]), flag["name"], flag["meaning"]] for flag in protocol["flags"]]
    if have != want:
        wrong.append("the flags: SPEC.md has %s, protocol.json %s" % (have, want))
    line = "Version %d, revision %d." % (protocol["version"], protocol["revision"])
    if line not in spec:
        wrong.append('SPEC.md does not say "%s"' % line)
    return wrong


def inner_disagreements(protocol, spec):
    """protocol.json against itself, and the rules that SPEC.md states beside its tables."""
    wrong = []
    empty = re.findall(r"^#### (.+)\n\nAn empty body\.", spec, re.MULTILINE)
    for name, message in protocol["messages"].items():
        if not message["fields"] and name not in empty:
            wrong.append('SPEC.md does not say that "%s" is an empty body' % name)
        ids = [field["id"] for field in message["fields"]]
        if ids != sorted(set(ids)):
            wrong.append('"%s": ids do not ascend' % name)
        for field in message["fields"]:
            where = '"%s", %s' % (name, field["name"])
            if field["type"] == "record" and field.get("record") not in protocol["messages"]:
                wrong.append("%s: no record %r" % (where, field.get("record")))
            stated = default_in(field["meaning"])
            if stated is None and field["meaning"] == "as in Generate":
                model = next(other for other in protocol["messages"]["Generate request"]["fields"]
                             if other["name"] == field["name"])
                stated = default_text(model)
            if stated != default_text(field):
                wrong.append("%s: SPEC.md's default is %s, protocol.json's %s"
                             % (where, stated, default_text(field)))
    for kind in protocol["kinds"]:
        for part in ("request", "chunk", "response"):
            if kind[part] is not None and kind[part] not in protocol["messages"]:
                wrong.append("%s: no message %r" % (kind["name"], kind[part]))
        if kind["streamed"] != (kind["chunk"] is not None):
            wrong.append("%s: streamed, but no chunk, or the other way round" % kind["name"])
        if kind["streamed"] != ("streamed" in kind["meaning"]):
            wrong.append("%s: SPEC.md does not say so that it is streamed" % kind["name"])
    return wrong


# ---------------------------------------------------------------- command line

def main(arguments):
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    protocol = load()
    with open(os.path.join(HERE, "SPEC.md"), encoding="utf-8") as handle:
        wrong = disagreements(protocol, handle.read())
    stale = []
    for path, text in sorted(outputs(protocol).items()):
        place = os.path.join(ROOT, path)
        try:
            with open(place, encoding="utf-8", newline="") as handle:
                same = handle.read() == text
        except FileNotFoundError:
            same = False
        if same:
            continue
        stale.append("%s is not what generate.py writes" % path)
        if not arguments:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8", newline="") as handle:
                handle.write(text)
            print("wrote", path)
    for sentence in wrong + (stale if arguments else []):
        print(sentence, file=sys.stderr)
    return 1 if wrong or (arguments and stale) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
