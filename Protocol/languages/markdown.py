"""Emits the tables of documents: the text between `<!-- table: NAME -->` and `<!-- end -->`.

Everything else in these documents is written by hand and kept unchanged. A table that no document
asks for is left out, but a message without a table in SPEC.md is an error here.
"""

import os
import re

import _strangers
from _tables import UNITS, lower, presence

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCUMENTS = ["Protocol/SPEC.md", "Protocol/conformance/README.md"]
MARKED = re.compile(r"(<!-- table: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)

HEADER_SIZES = {1: "u8", 4: "u32", 8: "u64"}
HEADER_NAMES = {"request_id": "requestID", "raw_size": "rawSize"}


def table(head, rows):
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + lines
    # An empty cell has one space, as the formatters of Markdown leave it.
    return "\n".join(line.replace("|  |", "| |") for line in lines) + "\n"


def range_text(field):
    if "choices" in field:
        return ", ".join(field["choices"])
    if "min" not in field:
        return "any"
    low, high, unit = field["min"], field["max"], UNITS.get(field["type"], "")
    if field.get("min_exclusive"):
        return "above %s, to %s" % (low, high)
    return "%s%s" % (low, unit) if low == high else "%s..%s%s" % (low, high, unit)


def message(fields):
    if not fields:
        return "An empty body.\n"
    return table(["id", "field", "type", "presence", "range", "meaning"], [
        [str(field["id"]), "`%s`" % field["name"], field["type"], presence(field),
         range_text(field), field["meaning"]] for field in fields])


def tables(protocol):
    """Name -> text of every table."""
    found = {
        "header": table(["offset", "size", "name", "request", "response"], [
            [str(word["offset"]), HEADER_SIZES[word["size"]],
             HEADER_NAMES.get(word["name"], word["name"]), word["request"], word["response"]]
            for word in protocol["header"]]),
        "flags": table(["bit", "name", "meaning"], [
            [str(flag["bit"]), flag["name"], flag["meaning"]] for flag in protocol["flags"]]
            + [["%d..7" % len(protocol["flags"]), "", "zero"]]),
        "framing codes": table(["check", "from byte", "code"], [
            [row["meaning"], "body" if row["from_byte"] is None else str(row["from_byte"]),
             "`%s`" % row["code"]] for row in protocol["framing_codes"]]),
        "types": table(["type", "name", "size", "value"], [
            [str(row["number"]), row["name"], row["size_text"], row["meaning"]]
            for row in protocol["types"]]),
        "body codes": table(["what is wrong", "code"], [
            [row["meaning"], "`%s`" % row["code"]] for row in protocol["body_codes"]]),
        "kinds": table(["number", "kind", "state", "purpose"], [
            ["`0x%02x`" % kind["number"], kind["name"], kind["state"], kind["meaning"]]
            for kind in protocol["kinds"]]),
        "limits": table(["limit", "value", "unit and reason"], [
            [limit["label"], str(limit["value"]), limit["meaning"]]
            for limit in protocol["limits"] if "label" in limit]),
        "dated codes": table(["code", "status", "since", "before it", "meaning"], [
            ["`%s`" % row["code"], row["status"], str(row["since"]), "`%s`" % row["before"],
             row["meaning"]] for row in protocol["codes"]]),
        "statuses": table(["number", "name", "advice", "meaning"], [
            [str(status["number"]), status["name"], status["advice"],
             status["meaning"] + ("" if status["on_wire"] else ", never on the wire")]
            for status in protocol["statuses"]]),
        "client options": table(["option", "default", "range", "meaning"], [
            ["`%s`" % option["name"], lower(option.get("default", "")),
             range_text(dict(option, presence="optional")), option["meaning"]]
            for option in protocol["client"]["options"]]),
        "client errors": table(["code", "when"], [
            ["`%s`" % row["code"], row["meaning"]] for row in protocol["client_errors"]]),
        "strangers": _strangers.markdown(protocol),
        "client shape": table(["part", "what it is"], [
            [row["name"], row["meaning"]] for row in protocol["client"]["shape"]]),
        "client behaviour": table(["about", "in every client"], [
            ["`%s`" % row["name"], row["meaning"]] for row in protocol["client"]["behaviour"]]),
    }
    found.update((name, message(body["fields"])) for name, body in protocol["messages"].items())
    return found


def emit(protocol):
    known, files, used = tables(protocol), {}, set()

    def replaced(match):
        opening, name, end = match.groups()
        if name not in known:
            raise SystemExit("a document asks for the table %r, which does not exist" % name)
        used.add(name)
        return opening + "\n" + known[name] + "\n" + end

    for path in DOCUMENTS:
        with open(os.path.join(ROOT, path), encoding="utf-8") as handle:
            files[path] = MARKED.sub(replaced, handle.read())
    for name in protocol["messages"]:
        if name not in used:
            raise SystemExit("SPEC.md has no place for the table of %r: add a heading and\n"
                             "<!-- table: %s -->\n<!-- end -->" % (name, name))
    return files
