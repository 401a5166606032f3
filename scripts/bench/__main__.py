"""make bench: one table of Assay's speed beside llama.cpp and a bare libuv echo.

    python3 scripts/bench --bin FOLDER [--llama FOLDER] [--rounds N] [--quick] [--threads N]
                          [--instructions avx2,avx512] [--only TEXT] [--peer none] [--out FOLDER]

Guarantees: what is compared is measured in turns, in every round, in an order that alternates, on
the same file with the same number of threads. Servers listen on loopback and Unix sockets, and end
with the run. Every run has a limit in time. Nothing that fails is left out: the run ends with
status 1 and the last words of the program. The table goes to standard output and, with the values
of every round, to FOLDER (default: bench in the build folder).
Does not: quieten the machine. docs/tuning.md says what helps.
"""

import argparse
import difflib
import datetime
import json
import os
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import machine  # noqa: E402
import plan  # noqa: E402
import table  # noqa: E402
from programs import ProgramError, Programs  # noqa: E402
from streams import StreamError  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_BUILT = """
====================================================================================
bench: llama.cpp is not built in {folder},
       and without it there is nothing to compare with. Build it once (15 CPU minutes):

           scripts/llama-cpp.sh {folder}

       or measure Assay alone with PEER=none (--peer none).
====================================================================================
"""


def arguments():
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--llama", type=pathlib.Path, default=pathlib.Path(
        os.environ.get("ASSAY_LLAMA_CPP", ROOT / ".build-llama.cpp")))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small counts, fewer models")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--instructions", default=",".join(machine.instruction_sets()))
    parser.add_argument("--only", default="", help="parts whose name has this text")
    parser.add_argument("--peer", choices=["llama.cpp", "none"], default="llama.cpp")
    parser.add_argument("--out", type=pathlib.Path)
    given = parser.parse_args()
    if not 1 <= given.rounds <= 100:
        parser.error(f"--rounds is {given.rounds}; allowed are 1 to 100")
    sets = given.instructions.split(",")
    unknown = [each for each in sets if each not in machine.instruction_sets()]
    if unknown:
        parser.error(f"--instructions: {unknown[0]} is none of {machine.instruction_sets()}")
    given.sets = sets
    given.bin = given.bin.resolve()
    given.out = given.out or given.bin / "bench"
    return given


def main():
    given = arguments()
    llama = None
    if given.peer == "llama.cpp":
        llama = given.llama.resolve() / "bin"
        if not (llama / "version").exists():
            sys.stderr.write(NOT_BUILT.format(folder=given.llama))
            return 1
    given.out.mkdir(parents=True, exist_ok=True)
    programs = Programs(ROOT, given.bin, llama, given.out, given.threads)
    parts = plan.parts(programs, given.sets, given.quick)
    names = [part.name for part in parts]
    parts = [part for part in parts if given.only in part.name]
    if not parts:
        nearest = difflib.get_close_matches(given.only, names, 1, 0)[0]
        sys.stderr.write(f"bench: --only: no part has \"{given.only}\" in its name; nearest: "
                         f"{nearest}; there are: {', '.join(names)}\n")
        return 2
    try:
        programs.prepare([model for part in parts for model in part.models])
        for each in range(given.rounds):
            for part in parts if each % 2 == 0 else reversed(parts):
                sys.stderr.write(f"bench: round {each + 1} of {given.rounds}: {part.name}\n")
                part.run(each)
    except (ProgramError, StreamError, OSError) as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    finally:
        programs.close()
    write(given, programs, [row for part in parts for row in part.rows])
    return 0


def write(given, programs, rows):
    missing = [] if programs.llama else ["llama.cpp, which was left out (--peer none)"]
    facts = machine.facts(ROOT, given.threads) + [
        ("peer", programs.peer_version()),
        ("command", " ".join(["python3 scripts/bench", *sys.argv[1:]])),
        ("rounds", f"{given.rounds}, medians; a ratio is the median of the rounds' ratios"),
        ("date", f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC"),
    ]
    text = table.markdown(rows, facts, missing)
    (given.out / "table.md").write_text(text, encoding="utf-8")
    values = [
        {"measure": row.name, "instructions": row.instructions, "unit": row.unit,
         "peer": row.peer, "assay": row.ours, "beside": row.theirs, "ratios": row.ratios}
        for row in rows]
    (given.out / "rounds.json").write_text(json.dumps(values, indent=1), encoding="utf-8")
    print(text, end="")
    sys.stderr.write(f"bench: written to {given.out / 'table.md'}\n")


if __name__ == "__main__":
    sys.exit(main())
