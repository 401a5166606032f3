"""make soak: real servers, well-behaved clients beside attackers, every answer beside its golden.

    python scripts/soak --bin FOLDER [--seconds N] [--seed N] [--times judge|print] [--only NAMES]

Guarantees: it ends by itself, its processes end with it whatever ends it, its folder is removed,
and the exit status is 1 for any wrong answer, unexplained refusal, dead server, leak, too few
answers, or an attack that was not made. With `--times print` no time fails the soak. Askers play
alone first, and the times beside attackers are compared with the times alone. A new attacker is a
class and a line in ACTORS.
"""

import argparse
import difflib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import actor  # noqa: E402
import assay  # noqa: E402
import askers  # noqa: E402
import attack_clients  # noqa: E402
import attack_files  # noqa: E402
import attack_holds  # noqa: E402
import attack_load  # noqa: E402
import attack_wire  # noqa: E402
import goldens  # noqa: E402
import models  # noqa: E402
from servers import (Server, clean_environment, ends_with_its_parent, memory_peak,  # noqa: E402
                     usage)
from verdict import Verdict, forged, percentile  # noqa: E402

#: All actors. The first two are askers, and the times of their answers are measured.
ACTORS = {
    "python": askers.PythonAsker,
    "c": askers.DriverAsker,
    "forks": attack_clients.Forks,
    "kills": attack_clients.Kills,
    "interrupts": attack_clients.Interrupts,
    "files": attack_files.FileChanges,
    "reloads": attack_files.Reloads,
    "mutants": attack_wire.Mutants,
    "bombs": attack_wire.Bombs,
    "lines": attack_wire.LogLines,
    "clogged": attack_wire.Clogged,
    "tokenizes": attack_load.Tokenizes,
    "logits": attack_load.Logits,
    "loads": attack_load.Loads,
    "idle": attack_holds.Idle,
    "stalled": attack_holds.Stalled,
    "slow": attack_holds.SlowBodies,
}
DRIVERS = {"c": f"{models.ROOT}/clients/c/run.sh driver"}

#: Bounds on the leftovers of a quiet server, beyond the state before the attacks.
LEFT = {"descriptors": 4, "threads": 2, "memory": 64 << 20}
#: The same beside attackers of the raw wire: threads of late Loads, memory that malloc keeps.
LEFT_BY_RAIDERS = LEFT | {"threads": 4, "memory": 256 << 20}
CLIENT_LEFT = {"descriptors": 4, "threads": askers.THREADS + 1, "memory": 16 << 20}
UNITS = {"memory": "bytes"}
#: Bound on the answers of a well-behaved client, on a shared machine of two cores. The times of C
#: include the JSON of the driver.
P99_MILLISECONDS = 2000
#: First part of a soak, with askers alone. The times beside attackers are compared with this part.
QUIET_SHARE, QUIET_MIN_SECONDS, QUIET_MAX_SECONDS = 6, 5, 60
#: Address space of the attacked server (RLIMIT_AS), and the bound on the resident part.
MEMORY_LIMIT, MEMORY_PEAK = 3 << 30, 1 << 30
#: Seconds until all connections have left a server without askers.
LEAVE_SECONDS = 15
#: Seconds until all actors have ended. An actor reports a hanging call earlier.
END_SECONDS = 2 * actor.HUNG_SECONDS + 15


class Play:
    """The process of an actor. The lines go to the verdict."""

    def __init__(self, name, stage, verdict, lock):
        self.name, self.usages = name, []
        self.process = subprocess.Popen(
            [sys.executable, os.path.dirname(os.path.abspath(__file__)), "--actor", name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=ends_with_its_parent,
            env=clean_environment())
        self.process.stdin.write((json.dumps(stage) + "\n").encode())
        self.process.stdin.flush()
        self.reader = threading.Thread(target=self.read, args=(verdict, lock), daemon=True)
        self.reader.start()

    def read(self, verdict, lock):
        for text in self.process.stdout:
            with lock:
                try:
                    line = json.loads(text)
                except ValueError:
                    verdict.wrong(self.name, f"said what is no JSON: {text[:200]!r}")
                    continue
                if line["what"] == "usage":
                    self.usages.append(line)
                verdict.take(line)

    def end(self, until, verdict):
        """Waits for its end, once its input is closed."""
        try:
            self.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            verdict.wrong(self.name, f"did not end within {END_SECONDS} s")
            self.kill()
        self.reader.join(5)
        if self.process.returncode not in (0, -signal.SIGKILL):
            verdict.wrong(self.name, f"its process ended with status {self.process.returncode}")

    def kill(self):
        """Its children end with it (see ends_with_its_parent)."""
        self.process.kill()
        self.process.wait()


def record_goldens(program, folder, pristine):
    """Asks an undisturbed server of untouched files; writes goldens.json."""
    server = Server(program, folder, "golden", {m.name: m.path for m in pristine.values()})
    try:
        server.start()
        with assay.Client(server.url) as client:
            found = goldens.record(client, list(pristine))
    finally:
        server.stop()
    pathlib.Path(folder, "goldens.json").write_text(json.dumps(found))
    return found


def warm_up(server, found, verdict):
    """Asks every question once before the attacks. All answers must be golden, and leaks are
    measured against the state of the server afterwards."""
    with assay.Client(server.url) as client:
        for golden in found.values():
            for row in golden["questions"]:
                wrong = goldens.compare(golden, row, goldens.ask(client, row["kind"],
                                                                 row["request"]))
                if wrong:
                    verdict.wrong("server", f"before any attack: {wrong}")
    time.sleep(0.2)  # until its end of that connection is closed as well
    return usage(server.process.pid)


def soak(words, folder, program, verdict, started):
    pristine = models.stage(os.path.join(folder, "pristine"), words.fixtures)
    served = models.stage(os.path.join(folder, "served"), words.fixtures)
    print(f"soak: models {', '.join(served)}", flush=True)
    found = record_goldens(program, folder, pristine)
    server = Server(program, folder, "served", {m.name: m.path for m in served.values()},
                    tcp=True, memory=MEMORY_LIMIT)
    started.append(server)
    server.start()
    before = warm_up(server, found, verdict)
    stage = {
        "url": server.url, "port": server.port, "program": program, "folder": folder,
        "seed": words.seed,
        "drivers": DRIVERS, "pristine": as_json(pristine), "served": as_json(served),
    }
    lock, plays = threading.Lock(), []

    def let_play(askers, seconds):
        for name in words.only:
            if ACTORS[name].asks == askers:
                plays.append(Play(name, stage, verdict, lock))
                started.append(plays[-1])
        end = time.monotonic() + seconds
        while time.monotonic() < end and server.lives:
            time.sleep(0.2)

    verdict.quiet = True
    let_play(True, words.quiet)
    verdict.quiet = False
    let_play(False, words.seconds - words.quiet)
    for play in plays:
        play.process.stdin.close()
    until = time.monotonic() + END_SECONDS
    for play in plays:
        play.end(until, verdict)
    if not server.lives:
        said = server.said(150).replace("\n", " | ")
        verdict.wrong("server", f"it died with status {server.process.returncode}: {said}")
    else:
        raided = any(ACTORS[name].raids for name in words.only)
        measure_server(server, before, LEFT_BY_RAIDERS if raided else LEFT, verdict)
        verdict.measured("server: forged lines in its log", forged_lines(server), 0)
    measure_actors(plays, words, verdict)


def as_json(staged):
    return {m.name: {"path": m.path, "files": list(m.files)} for m in staged.values()}


def measure_server(server, before, left, verdict):
    """Measures leaks without connections, and the exit status of a drain."""
    verdict.measured("server: memory at its highest", memory_peak(server.process.pid), MEMORY_PEAK,
                     unit="bytes")
    end = time.monotonic() + LEAVE_SECONDS
    while time.monotonic() < end:
        after = usage(server.process.pid)
        if all(after[key] - before[key] <= left[key] for key in ("descriptors", "threads")):
            break
        time.sleep(0.2)
    for key, bound in left.items():
        verdict.measured(f"server: {key} left over", after[key] - before[key], bound,
                         unit=UNITS.get(key, ""))
    status = server.stop()
    if status != 0:
        verdict.wrong("server", f"SIGTERM ended it with status {status}")


def forged_lines(server):
    """Counts forged lines of the log: words of a client at the start, or terminal controls."""
    return forged(pathlib.Path(server.log).read_bytes(), attack_wire.LogLines.FORGED.encode())


def measure_actors(plays, words, verdict):
    judged = words.times == "judge"
    for play in plays:
        name, kind = play.name, ACTORS[play.name]
        if kind.asks:
            verdict.asked(name, kind, words.seconds, words.quiet, judged)
            verdict.measured(f"{name}: p99", percentile(verdict.tallies[name].milliseconds, 99),
                             P99_MILLISECONDS, unit="ms", judged=judged)
        else:
            verdict.attacked(name, kind, words.seconds - words.quiet)
        if len(play.usages) >= 2:
            for key, bound in CLIENT_LEFT.items():
                verdict.measured(f"{name}: {key} left over",
                                 play.usages[-1][key] - play.usages[0][key], bound,
                                 unit=UNITS.get(key, ""))


def arguments():
    parse = argparse.ArgumentParser(prog="soak", description=__doc__.splitlines()[0])
    parse.add_argument("--bin", default=models.ROOT / ".build" / "release", type=pathlib.Path)
    parse.add_argument("--seconds", default=60, type=float)
    parse.add_argument("--seed", default=0, type=int, help="0: one is drawn")
    parse.add_argument("--times", default="judge", choices=("judge", "print"))
    parse.add_argument("--only", help="actors, separated by commas", default=",".join(ACTORS))
    parse.add_argument("--actor", help=argparse.SUPPRESS)
    words = parse.parse_args()
    words.only = words.only.split(",")
    unknown = [name for name in words.only if name not in ACTORS]
    if unknown:
        nearest = difflib.get_close_matches(unknown[0], ACTORS, 1, 0)[0]
        parse.error(f"--only: no actor {unknown[0]!r}; nearest: {nearest}; there are "
                    f"{', '.join(ACTORS)}")
    words.quiet = min(QUIET_MAX_SECONDS, words.seconds / 2,
                      max(QUIET_MIN_SECONDS, words.seconds / QUIET_SHARE))
    words.seed = words.seed or random.SystemRandom().randrange(1, 1 << 32)
    words.fixtures = pathlib.Path(os.environ.get("ASSAY_FIXTURES")
                                  or models.ROOT.parent / "shared" / "fixtures")
    return words


def main():
    words = arguments()
    if words.actor:
        actor.play(ACTORS[words.actor], words.actor)
    program = words.bin / "assayd"
    if not os.access(program, os.X_OK):
        sys.exit(f"soak: no {program}: run make build, or give --bin")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    print(f"soak: seed {words.seed}, {words.seconds:.0f} s", flush=True)
    verdict = Verdict({name: ACTORS[name].explains for name in words.only})
    started = []
    # Unix socket paths are short, so the folder's is.
    with tempfile.TemporaryDirectory(prefix="assay-soak-", ignore_cleanup_errors=True) as folder:
        try:
            soak(words, folder, str(program.resolve()), verdict, started)
        finally:
            for one in started:
                one.kill()
    for line in verdict.lines():
        print(line)
    print(f"soak: seed {words.seed}, {words.seconds:.0f} s: {verdict.closing()}")
    return 0 if verdict.holds else 1


if __name__ == "__main__":
    sys.exit(main())
