"""Shows that the rows of the interpreter's tests notice a wrong interpreter.

    python3 scripts/mutate-templates [--goldens] [--only TEXT] [--keep DIR]
    python3 scripts/mutate-templates --reference

Each line of mutants.txt is a deliberate mistake, and each name of the table in docs/templates.md
has further ones: the name is unknown, or does nothing. All go into one copy of Sources/Templates,
where a number chooses the mistake, and one build serves all. The product's sources stay as they
are: nothing in them can be switched. The rows of Tests/TemplatesTests/constructs.json have to turn
red for every mistake, without fixtures. --goldens also counts the rows of
../shared/fixtures/templates and jinja that do.

--reference asks jinja2 itself for the rows (needs jinja2 and fixtures).
Exit status 1 for a mistake that no row notices, or a name without mistake.
"""
import argparse
import collections
import difflib
import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import mutants  # noqa: E402
import rows  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
#: for the rows of one mistake, which may make the interpreter spin
SECONDS_MAX = 60

PACKAGE = """// swift-tools-version: 6.2
import PackageDescription
let package = Package(name: "mutants", targets: [
    .target(name: "Templates"), .executableTarget(name: "Runner", dependencies: ["Templates"])])
"""


def build(folder, changes):
    """Writes the package of mutants and builds it. Returns the runner's path."""
    for name in ("Templates", "Runner"):
        (folder / "Sources" / name).mkdir(parents=True, exist_ok=True)
    (folder / "Package.swift").write_text(PACKAGE)
    for name, text in mutants.sources(changes).items():
        (folder / "Sources" / "Templates" / name).write_text(text)
    (folder / "Sources" / "Runner" / "Runner.swift").write_text((HERE / "Runner.swift").read_text())
    subprocess.run(["swift", "build", "-c", "release", "--package-path", str(folder)], check=True,
                   stdout=sys.stderr)
    return folder / ".build" / "release" / "Runner"


def red_counts(runner, path, numbers):
    """Red rows and the first one's name, by number. A crash or a hang is red in every row."""
    found = {}
    waiting = list(numbers)
    while waiting:
        runner_now = subprocess.Popen(
            [runner, path, *map(str, waiting)], bufsize=0, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
        reason = "the interpreter traps"
        while True:
            ready, _, _ = select.select([runner_now.stdout], [], [], SECONDS_MAX)
            if not ready:
                reason = "the interpreter spins"
                break
            line = runner_now.stdout.readline().decode()
            if not line:
                break
            number, red, _, name = line.split(" ", 3)
            found[int(number)] = (int(red), name.strip())
        runner_now.kill()
        runner_now.communicate()
        waiting = [number for number in waiting if number not in found]
        if waiting:
            found[waiting.pop(0)] = (1, reason)
    return found


def report(changes, counts):
    """Prints a line a mistake, and returns the number of those that nobody noticed."""
    survivors = 0
    for change in changes:
        cells = [counts[name][change.number][0] for name in counts]
        own, first = counts["rows"][change.number]
        survivors += not own
        print(f"{'' if own else 'SURVIVES '}{change.label}: "
              + ", ".join(f"{cell} of {name}" for name, cell in zip(counts, cells))
              + (f"; first: {first}" if own else ""))
    return survivors


def check_names(changes):
    """The names of docs/templates.md without a mistake."""
    covered = {change.construct for change in changes}
    return [f"{kind} {name}" for kind, names in mutants.names().items() for name in names
            if f"{kind} {name}" not in covered]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goldens", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=pathlib.Path, help="build here, and keep it")
    parser.add_argument("--reference", action="store_true")
    options = parser.parse_args()
    if options.reference:
        return rows.ask_reference()
    changes = mutants.all_changes()
    wanted = [change for change in changes if options.only in change.label]
    if not wanted:
        labels = [change.label for change in changes]
        nearest = difflib.get_close_matches(options.only, labels, 1, 0)[0]
        parser.error(f"--only: no mistake has {options.only!r} in its name; nearest: {nearest}; "
                     f"there are {len(labels)}, in scripts/mutate-templates/mutants.txt")
    missing = check_names(changes)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or pathlib.Path(scratch)
        runner = build(folder, changes)
        sets = {"rows": rows.own_rows()}
        if options.goldens:
            sets["goldens"] = rows.golden_rows()
        counts = collections.OrderedDict()
        for name, content in sets.items():
            path = folder / f"{name}.jsonl"
            path.write_text("".join(json.dumps(row) + "\n" for row in content))
            counts[name] = red_counts(runner, path, [0] + [change.number for change in wanted])
            if counts[name][0][0]:
                print(f"{counts[name][0][0]} of {name} are red without a mistake")
                return 1
    survivors = report(wanted, counts)
    for name in missing:
        print(f"NO MISTAKE for {name}")
    print(f"{len(wanted)} mistakes, {survivors} unnoticed; "
          + ", ".join(f"{len(content)} {name}" for name, content in sets.items()))
    return 1 if survivors or missing else 0


if __name__ == "__main__":
    sys.exit(main())
