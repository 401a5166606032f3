"""The table of docs/configuration.md, and the check of deploy/assayd.yaml, from `assayd --dump-settings`."""

import json
import os
import re
import subprocess

import swift_tables
from codes import table

GROUPS = (("serving", "model"), ("connections", "connections-max"), ("engine", "threads"))


def dump(program):
    if not os.access(program, os.X_OK):
        raise SystemExit(f"scripts/docs: there is no program {program}; build assayd, or give --bin FOLDER")
    done = subprocess.run([program, "--dump-settings"], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise SystemExit(f"scripts/docs: {program} --dump-settings failed: {done.stderr}")
    return json.loads(done.stdout)


def allowed(row):
    """Allowed values with their unit."""
    words = [part for part in (row["range"], row["unit"]) if part]
    return " ".join(words) + ("; repeatable" if row["repeatable"] else "")


def groups(rows):
    """The rows of each group: a group goes on to the first row of the next."""
    begins = [next(i for i, row in enumerate(rows) if row["name"] == first) for _, first in GROUPS]
    ends = begins[1:] + [len(rows)]
    return {name: rows[begin:end] for (name, _), begin, end in zip(GROUPS, begins, ends)}


def blocks(rows):
    head = ("key", "default", "allowed", "explanation", "variable", "flag")
    return {"settings " + name: table(head, [
        (f"`{row['name']}`", f"`{row['default']}`", allowed(row), row["explanation"],
         f"`{row['variable']}`", f"`{row['flag']}`" if row["flag"] else "") for row in part])
            for name, part in groups(rows).items()}


def reloads(rows):
    """A block that says which settings a running server takes up."""
    names = [f"`{row['name']}`" for row in rows if row["reload"] != "restart"]
    if not names:
        return "A running server takes up no changed setting: restart it.\n"
    return f"A running server takes up {', '.join(names)}. Every other setting needs a restart.\n"


def example(rows):
    """Findings about deploy/assayd.yaml, where every key and its range are told."""
    return findings_of(swift_tables.text_of("deploy/assayd.yaml"), rows)


def findings_of(text, rows):
    findings = []
    keys = re.findall(r"^([a-z-]+):", text, re.MULTILINE)
    names = [row["name"] for row in rows]
    findings += [f"deploy/assayd.yaml: {key} is no setting" for key in keys if key not in names]
    for row in rows:
        name = row["name"]
        if name not in keys:
            if name not in text:
                findings.append(f"deploy/assayd.yaml: {name} is not mentioned")
            continue
        before = text[:re.search(rf"^{name}:", text, re.MULTILINE).start()]
        told = before[max(before.rfind("\n\n"), 0):]
        limits = re.fullmatch(r"([\d.]+) to ([\d.]+)", row["range"])
        if limits and not all(re.search(rf"(?<![\d.]){re.escape(limit)}(?![\d])", told)
                              for limit in limits.groups()):
            findings.append(f"deploy/assayd.yaml: the range of {name}, {row['range']}, is not told")
    return findings
