"""What every trial needs: two models and a planted one, their goldens, servers, programs, a table.

Guarantees: the files are copies in the trial's own folder, made of the model in the box alone; a
server ends with its `with` block; a program has a time limit.
"""

import contextlib
import json
import os
import pathlib
import subprocess

import asking
from gguf import GGUF
from models import DEMO
from servers import Server, clean_environment, usage

PROGRAM_SECONDS = 120
#: The planted tensor: some columns of it are larger than those of the right model.
PLANTED, PLANTED_COLUMNS, PLANTED_FACTOR = "blk.1.attn_norm.weight", 16, 4.0


class Report:
    """Rows of measured beside bound, printed as they come."""

    def __init__(self):
        self.missed = []
        self.measured_count = 0

    def title(self, words):
        print(f"\n{words}", flush=True)

    def row(self, what, measured, bound, holds):
        self.measured_count += 1
        if not holds:
            self.missed.append(what)
        print(f"  {what:46} {measured:>22}   {bound:24} {'ok' if holds else 'MISSED'}", flush=True)

    def exactly(self, what, measured, expected):
        self.row(what, str(measured), str(expected), measured == expected)

    def at_most(self, what, measured, bound, unit=""):
        self.row(what, f"{measured:g}{unit}", f"at most {bound:g}{unit}", measured <= bound)

    def note(self, what, words):
        print(f"  {what:46} {words:>22}", flush=True)

    def faults(self, checkers):
        for sentence in checkers.faults:
            print(f"    {sentence[:200]}", flush=True)


class Stage:
    def __init__(self, binaries, folder):
        self.binaries, self.folder = os.path.abspath(binaries), folder
        self.good = GGUF(DEMO.read_bytes())
        self.paths = {}
        self.write("first", self.good.data)
        self.write("second", self.good.with_floats(
            "output_norm.weight", lambda values: [-value for value in values]))
        self.write("planted", self.good.with_floats(PLANTED, plant))
        # The same model in another file: a swap to it changes no answer.
        self.write("copy", self.good.data)
        self.fingerprints, self.answers = {}, {}
        for name in ("first", "second", "planted"):
            self.record(name)
        self.check()

    def write(self, name, data):
        self.paths[name] = os.path.join(self.folder, f"{name}.gguf")
        pathlib.Path(self.paths[name]).write_bytes(data)

    def record(self, name):
        """Computes the goldens of a model on a server that serves nothing else."""
        with self.server(name, f"alone-{name}") as server:
            digest, answers = asking.goldens(server.url, "chat")
        self.fingerprints[name] = digest
        self.answers[digest] = answers

    def check(self):
        """The trials see a mixed answer only where the models answer differently."""
        first, second, planted = (self.answers[self.fingerprints[name]]
                                  for name in ("first", "second", "planted"))
        differ = sum(first[prompt] != second[prompt] for prompt in first)
        if differ < len(first):
            raise RuntimeError(f"the models answer {len(first) - differ} prompts alike")
        found = sum(first[prompt] != planted[prompt] for prompt in first)
        if not 0 < found < len(first):
            raise RuntimeError(f"the planted model differs on {found} of {len(first)} prompts")

    @contextlib.contextmanager
    def server(self, model, name):
        """A server of one model, under the name `chat`."""
        server = Server(os.path.join(self.binaries, "assayd"), self.folder, name,
                        {"chat": self.paths[model]})
        try:
            yield server.start()
        finally:
            server.stop()

    def run(self, program, words, server):
        """Runs a program to its end: exit status, standard output, standard error."""
        made = subprocess.run(
            [os.path.join(self.binaries, program), *words], capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=PROGRAM_SECONDS,
            env=clean_environment() | {"ASSAY_SERVER": server.url})
        return made.returncode, made.stdout, made.stderr

    def assay(self, server, *words):
        """An `assay … --json`: exit status, and the object or else what went wrong."""
        status, output, errors = self.run("assay", [*words, "--json"], server)
        return status, json.loads(output) if output else {"error": errors.strip()}

    def model(self, server):
        """The row of `chat` in `assay models --json`."""
        _, found = self.assay(server, "models")
        return next(model for model in found["models"] if model["name"] == "chat")


def plant(values):
    return ([value * PLANTED_FACTOR for value in values[:PLANTED_COLUMNS]]
            + values[PLANTED_COLUMNS:])


def holdings(server):
    """What a server holds: descriptors, threads, mappings, and resident memory in MB."""
    found = usage(server.process.pid)
    maps = pathlib.Path(f"/proc/{server.process.pid}/maps").read_text()
    return {"descriptors": found["descriptors"], "threads": found["threads"],
            "mappings": maps.count("\n"), "memory": found["memory"] / 1e6}
