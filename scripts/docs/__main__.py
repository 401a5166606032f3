"""Writes the generated parts of the pages under docs/, and checks all pages.

    python3 scripts/docs [--bin FOLDER]            writes the tables, then checks
    python3 scripts/docs --check [--bin FOLDER]    changes nothing; exit 1 with the differences

FOLDER has the assayd that prints the table of settings (.build/release by default). With
`--bin none` the settings are left out. A generated part stands between `<!-- NAME: begin -->` and
`<!-- NAME: end -->`.
"""

import argparse
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import codes  # noqa: E402
import links  # noqa: E402
import settings  # noqa: E402
from swift_tables import ROOT, text_of  # noqa: E402


def replace(page, blocks, is_check, findings):
    """Puts the blocks into a page, or reports the blocks that differ."""
    text = text_of(page)
    for name, block in blocks.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            findings.append(f"{page}: has no place for the generated part {name}")
            continue
        before, rest = text.split(begin)
        old, after = rest.split(end)
        if old != block and is_check:
            findings.append(f"{page}: the part {name} is not what the code says")
        text = before + begin + block + end + after
    marks = set(re.findall(r"<!-- ([\w ]+): begin -->", text))
    for name in marks - set(blocks):
        findings.append(f"{page}: nothing generates the part {name}")
    if not is_check:
        with open(os.path.join(ROOT, page), "w", encoding="utf-8") as file:
            file.write(text)


def main():
    parser = argparse.ArgumentParser(prog="scripts/docs")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--bin", default=os.path.join(ROOT, ".build/release"))
    options = parser.parse_args()
    findings = []
    replace("docs/troubleshooting.md", codes.blocks(findings), options.check, findings)
    if options.bin != "none":
        rows = settings.dump(os.path.join(options.bin, "assayd"))
        blocks = settings.blocks(rows) | {"reload": settings.reloads(rows)}
        replace("docs/configuration.md", blocks, options.check, findings)
        findings += settings.example(rows)
    findings += links.findings()
    for finding in findings:
        print(finding)
    if findings:
        print(f"{len(findings)} findings; python3 scripts/docs writes the generated parts anew")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
