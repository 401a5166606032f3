"""make cases: every case with its own runner, one line each, and what holds must go on holding.

    python scripts/cases --bin FOLDER [--only PATTERN] [--runs N]

Cases are the given ones (ASSAY_CASES, else ../shared/cases) and our own bounds in seconds
(scripts/cases/bounds). Guarantees: a case has a time limit and is ended with its children; exit 1
when a case that scripts/cases-expected.txt lists is wrong, or when nothing matched the pattern.
"""

import argparse
import difflib
import fnmatch
import os
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EXPECTED = HERE.parent / "cases-expected.txt"
LIMIT_SECONDS = 300
SKIPPED = 77
TEXT_MAX = 300


def given_cases(folder):
    """(name, command) of each script in the folder of given cases."""
    for kind, pattern in (("models", "*/run.sh"), ("serving", "[0-9]*/run.py"),
                          ("security", "[0-9]*/*.py"), ("security", "[0-9]*/*.sh")):
        for script in sorted((folder / kind).glob(pattern)):
            slug = script.parent.name
            name = f"{kind}/{slug}" + ("" if kind != "security" else f"/{script.name}")
            yield name, command(script)


def own_cases():
    for script in sorted((HERE / "bounds").glob("*-*.py")):
        yield f"bounds/{script.stem}", command(script)


def command(script):
    return [sys.executable if script.suffix == ".py" else "bash", str(script)]


def drivers():
    """The other clients' drivers that are built, as serving/15 takes them."""
    return ";".join(f"{name}={ROOT}/clients/{name}/run.sh driver"
                    for name in ("c", "go", "rust", "typescript")
                    if (ROOT / "clients" / name / "build").is_dir())


def environment(binaries):
    fixtures = pathlib.Path(os.environ.get("ASSAY_FIXTURES")
                            or ROOT.parent / "shared" / "fixtures").absolute()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
    return kept | {
        "ASSAY_BIN": str(binaries), "ASSAY_ROOT": str(ROOT), "PROJECT": str(ROOT),
        "ASSAY_FIXTURES": str(fixtures), "FIXTURES": str(fixtures), "DRIVERS": drivers(),
        "PY": sys.executable, "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}",
    }


def run(words, env, limit=LIMIT_SECONDS):
    """(verdict, what the case says, seconds) of one run."""
    began = time.monotonic()
    process = subprocess.Popen(words, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
                               start_new_session=True)
    try:
        output, _ = process.communicate(timeout=limit)
        status = process.returncode
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)  # still ours: it has not been waited for
        process.communicate()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        output, status = f"did not end within {limit} s", None
    verdict = {0: "RIGHT", SKIPPED: "SKIP"}.get(status, "WRONG")
    return verdict, said(output, verdict), time.monotonic() - began


def said(output, verdict):
    """The lines that tell most: those that say WRONG or measure, else the last one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "measured" in line]
    if verdict == "WRONG":
        telling = [line for line in lines if "WRONG" in line] or telling
    text = "; ".join(telling or lines[-1:])
    return text if len(text) <= TEXT_MAX else text[:TEXT_MAX] + "..."


def listed(name, entries):
    return any(name == entry or name.startswith(entry + "/") for entry in entries)


def expected():
    lines = EXPECTED.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def chosen(only):
    """The cases that the pattern picks, by name or a part of it."""
    folder = pathlib.Path(os.environ.get("ASSAY_CASES") or ROOT.parent / "shared" / "cases")
    cases = list(own_cases())
    if folder.is_dir():
        cases += given_cases(folder.absolute())
    else:
        print(f"cases: SKIPPED all given cases: no folder {folder}; set ASSAY_CASES", flush=True)
    found = [case for case in cases
             if fnmatch.fnmatch(case[0], only) or fnmatch.fnmatch(case[0], f"*{only}*")]
    if not found:
        names = [case[0] for case in cases]
        nearest = difflib.get_close_matches(only, names, 1, 0) or ["none"]
        print(f"cases: ONLY: no case matches {only!r}; nearest: {nearest[0]}; allowed: a part of a "
              f"name, or a pattern, of {', '.join(names)}", file=sys.stderr)
        sys.exit(2)
    return found


def main():
    parse = argparse.ArgumentParser(prog="cases", description=__doc__.splitlines()[0])
    parse.add_argument("--bin", default=ROOT / ".build" / "release", type=pathlib.Path)
    parse.add_argument("--only", default="*")
    parse.add_argument("--runs", default=1, type=int)
    words = parse.parse_args()
    if not os.access(words.bin / "assayd", os.X_OK):
        sys.exit(f"cases: no {words.bin / 'assayd'}: run make build, or give --bin")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    entries, env = expected(), environment(words.bin.absolute())
    counts, failed = {"RIGHT": 0, "WRONG": 0, "SKIP": 0, "open": 0}, []
    cases = chosen(words.only)
    for name, line in cases:
        for number in range(words.runs):
            verdict, text, seconds = run(line, env)
            held = listed(name, entries)
            is_open = verdict == "WRONG" and not held
            counts["open" if is_open else verdict] += 1
            if verdict == "WRONG" and held:
                failed.append(name)
            extra = " (not listed)" if not held and verdict == "RIGHT" else ""
            turn = f" run {number + 1}" if words.runs > 1 else ""
            print(f"{'open ' if is_open else ''}{verdict} {name}{turn}{extra} ({seconds:.0f} s): "
                  f"{text}", flush=True)
    ending = f": FAILED {', '.join(sorted(set(failed)))}" if failed else ""
    print(f"cases: {counts['RIGHT']} right, {counts['WRONG']} wrong, {counts['open']} open, "
          f"{counts['SKIP']} skipped{ending}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
