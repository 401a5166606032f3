"""make swap-test: models come and go under load, measured beside bound.

    python scripts/swap-test --bin FOLDER [--only NAMES] [--swaps N] [--cycles N] [--requests N]

Guarantees: real servers on Unix sockets, of models that are made of the one in the box; it ends by
itself, its servers end with it, its folder is removed, and the exit status is 1 for a miss.
"""

import argparse
import os
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "soak")]

import stage as stages  # noqa: E402
import trials  # noqa: E402


def words():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="folder of assayd, assay and assay-load")
    parser.add_argument("--only", default=",".join(trials.ALL), help="trials, separated by commas")
    parser.add_argument("--swaps", type=int, default=200)
    parser.add_argument("--pace", type=float, default=0.25, help="seconds from swap to swap")
    parser.add_argument("--rate", type=int, default=30, help="requests a second of assay-load")
    parser.add_argument("--seconds", type=int, default=20, help="of a run of assay-load")
    parser.add_argument("--cycles", type=int, default=1000, help="loads and unloads")
    parser.add_argument("--shadow", type=int, default=64, help="requests that a shadow compares")
    parser.add_argument("--requests", type=int, default=10_000, help="requests of the shares")
    made = parser.parse_args()
    made.only = made.only.split(",")
    for name in made.only:
        if name not in trials.ALL:
            parser.error(f"--only: found {name}, allowed: {', '.join(trials.ALL)}")
    for name in ("swaps", "seconds", "cycles", "shadow", "requests"):
        if getattr(made, name) < 10:
            parser.error(f"--{name}: found {getattr(made, name)}, allowed: 10 or more")
    return made


def main():
    made, report = words(), stages.Report()
    with tempfile.TemporaryDirectory(prefix="assay-swap-") as folder:
        stage = stages.Stage(made.bin, folder)
        for name in made.only:
            trial, begin = trials.ALL[name], time.monotonic()
            report.title(f"{name}: {trial.__doc__}")
            trial(stage, report, made)
            report.note("time", f"{time.monotonic() - begin:.0f} s")
    missed = len(report.missed)
    print(f"\nswap-test: {report.measured_count} bounds, {missed} missed"
          + (f": {'; '.join(report.missed)}" if missed else ""))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
