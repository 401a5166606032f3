#!/usr/bin/env python3
"""Writes the tables of the protocol for every language, from protocol.json.

    generate.py            write every generated file
    generate.py --check    write nothing, exit 1 and name each file that differs

Standard library only. Each language, Markdown included, has a module in languages/ with a function
`emit(protocol)`, which gives file names (from the root of the repository) and texts. protocol.json
leads for tables. A contradiction inside protocol.json is an error here.
"""

import importlib.util
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(HERE, "languages"))  # for modules that several emitters share


def load():
    """The description, as a dictionary."""
    with open(os.path.join(HERE, "protocol.json"), encoding="utf-8") as handle:
        return json.load(handle)


# ---------------------------------------------------------------- generated files

def status_json(protocol):
    """status.json: the status table alone."""
    advice = ",\n".join("  %s: %s" % (json.dumps(name), json.dumps(text))
                        for name, text in protocol["advice"].items())
    rows = ",\n".join("  " + json.dumps(status) for status in protocol["statuses"])
    return ('{\n "version": %d,\n "advice": {\n%s\n },\n "statuses": [\n%s\n ]\n}\n'
            % (protocol["version"], advice, rows))


def languages():
    """The emitters, by name of the language."""
    folder = os.path.join(HERE, "languages")
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


# ---------------------------------------------------------------- protocol.json against itself

def default_in(meaning):
    """The default that a meaning names, as text. None when no default is named."""
    match = re.search(r"default (\S+?)(?:,|:|$)", meaning)
    return match.group(1) if match else None


def default_text(field):
    value = field.get("default")
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return "%g" % value if isinstance(value, float) else str(value)


# Further places of the version of the programs and of the clients.
RELEASES = [("clients/python/pyproject.toml", r'^version = "(.+)"'),
            ("clients/bridge/pyproject.toml", r'^version = "(.+)"'),
            ("clients/rust/Cargo.toml", r'^version = "(.+)"'),
            ("clients/typescript/package.json", r'^  "version": "(.+)"'),
            ("Sources/Loading/Seal.swift", r'createdBy = "assay (.+)"')]


def other_releases(protocol):
    for path, pattern in RELEASES:
        with open(os.path.join(ROOT, path), encoding="utf-8") as handle:
            found = re.search(pattern, handle.read(), re.MULTILINE)
        if found is None or found.group(1) != protocol["release"]:
            yield "%s: not release %s" % (path, protocol["release"])


def limit_of(protocol, name):
    return next(limit["value"] for limit in protocol["limits"] if limit["name"] == name)


def contradictions(protocol):
    """Sentences about places of protocol.json that contradict each other."""
    wrong = list(other_releases(protocol))
    for name, message in protocol["messages"].items():
        fields = {field["name"]: field for field in message["fields"]}
        ids = [field["id"] for field in message["fields"]]
        if ids != sorted(set(ids)) or len(fields) != len(ids):
            wrong.append('"%s": ids do not ascend, or a name stands twice' % name)
        for group in [message.get("exactly_one", [])] + message.get("excludes", []):
            wrong += ['"%s": no field %r' % (name, one) for one in group if one not in fields]
        for field in message["fields"]:
            where = '"%s", %s' % (name, field["name"])
            if field["type"] == "record" and field.get("record") not in protocol["messages"]:
                wrong.append("%s: no record %r" % (where, field.get("record")))
            if field.get("since", message["since"]) > protocol["revision"]:
                wrong.append("%s: since a revision to come" % where)
            wrong += ["%s: no choice %r, or one of a revision to come" % (where, word)
                      for word, since in field.get("choices_since", {}).items()
                      if word not in field.get("choices", ()) or since > protocol["revision"]]
            stated = default_in(field["meaning"])
            if stated is None and field["meaning"] == "as in Generate":
                model = next(other for other in protocol["messages"]["Generate request"]["fields"]
                             if other["name"] == field["name"])
                stated = default_text(model)
            if stated != default_text(field):
                wrong.append("%s: its meaning says the default is %s, the table %s"
                             % (where, stated, default_text(field)))
    wrong += ["strangers: %r may begin a frame before Hello" % start
              for stranger in protocol["strangers"] for start in stranger["starts"]
              if int.from_bytes(start.encode("latin-1"), "little")
              <= limit_of(protocol, "frame_size_max_before_hello")]
    for kind in protocol["kinds"]:
        for part in ("request", "chunk", "response"):
            if kind[part] is not None and kind[part] not in protocol["messages"]:
                wrong.append("%s: no message %r" % (kind["name"], kind[part]))
        if kind["streamed"] != (kind["chunk"] is not None):
            wrong.append("%s: streamed, but no chunk, or the other way round" % kind["name"])
        if kind["streamed"] != ("streamed" in kind["meaning"]):
            wrong.append("%s: its meaning does not say so that it is streamed" % kind["name"])
    return wrong


# ---------------------------------------------------------------- command line

def main(arguments):
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    protocol = load()
    wrong, stale = contradictions(protocol), []
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
