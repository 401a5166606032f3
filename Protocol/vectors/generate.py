#!/usr/bin/env python3
"""Writes the wire vectors: frames as bytes, with the expected reading of a codec.

With encoder.py an implementation of Protocol/SPEC.md of its own (standard library only), so that
the vectors do not repeat a mistake of any judged codec. Deterministic. Valid cases are in
valid.py, invalid ones in invalid.py, those of revision 4 in pool.py, all written with cases.py.

    generate.py            rewrite valid/, invalid/, incomplete/ beside this file
    generate.py --check    write nothing, exit 1 when a file differs
"""

import collections
import json
import os
import sys

import invalid
import pool
import valid
from cases import CASES

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    for case in (valid.requests, valid.requests_of_revision_2, valid.requests_of_revision_3,
                 valid.conversations,
                 valid.responses, valid.errors, valid.responses_of_revision_2,
                 valid.responses_of_revision_3, valid.boundaries, valid.every_status, valid.streams,
                 valid.blocks, pool.requests, pool.responses, invalid.framing_cases, invalid.framing_of_responses, invalid.bodies,
                 invalid.ranges, invalid.bodies_of_revision_2, invalid.scores_and_embeds,
                 invalid.answers_of_revision_2, invalid.bodies_of_revision_3,
                 invalid.conversations, pool.bodies, pool.answers_that_are_none,
                 invalid.every_message, invalid.prefixes):
        case()
    files = {}
    for case in CASES:
        stem = os.path.join(case["folder"], case["name"])
        files[stem + ".bin"] = case["bytes"]
        files[stem + ".json"] = (json.dumps(case["json"], indent=1, ensure_ascii=True)
                                 + "\n").encode()
    present = {os.path.join(folder, name) for folder in ("valid", "invalid", "incomplete")
               if os.path.isdir(os.path.join(HERE, folder))
               for name in os.listdir(os.path.join(HERE, folder))}
    if "--check" in sys.argv:
        wrong = sorted(present ^ set(files))
        for name in sorted(present & set(files)):
            with open(os.path.join(HERE, name), "rb") as handle:
                if handle.read() != files[name]:
                    wrong.append(name)
        for name in wrong:
            print("differs:", name)
        sys.exit(1 if wrong else 0)
    for name in present - set(files):
        os.remove(os.path.join(HERE, name))
    for name, content in files.items():
        os.makedirs(os.path.dirname(os.path.join(HERE, name)), exist_ok=True)
        with open(os.path.join(HERE, name), "wb") as handle:
            handle.write(content)
    print(len(CASES), "cases:", dict(collections.Counter(case["folder"] for case in CASES)))


if __name__ == "__main__":
    main()
