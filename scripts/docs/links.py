"""Checks the links of every page: relative targets, anchors by GitHub's rules, and file names in
backticks that begin with a folder of the project. Addresses elsewhere are not fetched.
"""

import os
import re
import subprocess
import unicodedata

from swift_tables import ROOT

#: the second half of a link; its text may run over a line's end
LINK = re.compile(r"\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$")
FENCE = re.compile(r"^\s*(```|~~~)")
#: names that a build makes
MADE = re.compile(r"/(build|target|\.build\S*|node_modules|dist)(/|$)")


def tracked():
    found = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                           cwd=ROOT, capture_output=True, text=True)
    if found.returncode == 0:
        return [path for path in found.stdout.split("\n")
                if path and os.path.exists(os.path.join(ROOT, path))]
    found = []  # an exported tree
    for where, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not MADE.match("/" + name) and name != ".git"]
        found += [os.path.relpath(os.path.join(where, name), ROOT) for name in names]
    return found


def lines_of(text):
    """Number and text of the lines outside of code blocks."""
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if FENCE.match(line):
            inside = not inside
        elif not inside:
            yield number, line


def anchor(heading):
    """The anchor that GitHub gives a heading: lower case, only letters, digits, hyphens and spaces."""
    heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    kept = [c for c in heading.strip().lower()
            if c in "-_ " or unicodedata.category(c)[0] in "LN" or unicodedata.category(c) == "Mn"]
    return "".join(kept).replace(" ", "-")


def anchors(text):
    found, counts = set(), {}
    for _, line in lines_of(text):
        heading = HEADING.match(line)
        if heading:
            name = anchor(heading[1].replace("`", ""))
            count = counts.get(name, 0)
            counts[name] = count + 1
            found.add(f"{name}-{count}" if count else name)
        found.update(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", line))
    return found


def check_link(page, target, texts, exists):
    """What is wrong with a link, or None."""
    if re.match(r"[a-z][a-z+.-]*:", target):
        return None
    path, _, fragment = target.partition("#")
    if target.startswith("/"):
        return "is absolute"
    whole = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
    if whole.startswith(".."):
        return "leaves the project"
    if not exists(whole):
        return "leads nowhere"
    if fragment and whole.endswith(".md") and fragment not in anchors(texts(whole)):
        return f"has no heading for #{fragment} in {whole}"
    return None


def named_paths(line, folders):
    """File names in backticks that begin with a folder of the project."""
    for name in re.findall(r"`([\w.@/+-]+)`", line):
        if "/" in name and name.split("/")[0] in folders:
            yield name.rstrip("/")


def findings(paths=None, read=None):
    paths = tracked() if paths is None else paths
    if read is None:
        def read(path):
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                return file.read()
    known = set(paths)
    for path in paths:
        while "/" in path:
            path = path.rsplit("/", 1)[0]
            known.add(path)
    known.add(".")
    folders, found = {path.split("/")[0] for path in paths if "/" in path}, []
    for page in sorted(path for path in paths if path.endswith(".md")):
        for number, line in lines_of(read(page)):
            for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
                wrong = check_link(page, target, read, known.__contains__)
                if wrong:
                    found.append(f"{page}:{number}: the link {target} {wrong}")
            for name in named_paths(line, folders):
                beside = os.path.normpath(os.path.join(os.path.dirname(page), name))
                if name not in known and beside not in known and not MADE.search("/" + name + "/"):
                    found.append(f"{page}:{number}: there is no {name}")
    return found
