"""What plays in a soak: a process of its own that asks or attacks until it is told to stop.

Guarantees: each thing an actor saw is one JSON line on its standard output (see `Actor.say`), and
an actor ends when its standard input ends, so none outlives the soak. Not here: what a line is
worth (verdict), the actors themselves (askers and the attack_ files).
"""

import json
import os
import pathlib
import random
import select
import sys
import time

import assay
import goldens
from servers import usage

#: Seconds after which a call that has not ended counts as hung.
HUNG_SECONDS = 20
#: An attacker would have a machine of its own: its work takes no processor from who only asks.
ATTACKER_NICE = 19


class Actor:
    """Subclasses have `run`, which returns soon after `running()` is False.

    `explains`: the codes that this actor may meet, each with its reason. A code of the server is
    named as it is (`model_unknown`), one of the client as well (`connection_closed`).
    `acts_per_minute`: so many it must do or the soak has shown nothing, `acts_at_least` however
    short the soak. `demands`: code -> seconds of attack after which it must have been met. With
    `raids` it attacks on both transports.
    """

    explains, demands = {}, {}
    acts_per_minute, acts_at_least = 6, 1
    raids, asks = False, False

    def __init__(self, name, stage):
        self.name = name
        self.url, self.port, self.program = stage["url"], stage["port"], stage["program"]
        self.folder = pathlib.Path(stage["folder"])
        self.pristine, self.served = stage["pristine"], stage["served"]
        self.drivers = stage["drivers"]
        self.goldens = json.loads((self.folder / "goldens.json").read_text())
        self.random = random.Random(f"{stage['seed']} {name}")

    def running(self):
        """False once the soak has closed this process's standard input."""
        return not select.select([0], [], [], 0)[0]

    def rest(self, seconds):
        """Sleeps, but not beyond the end."""
        select.select([0], [], [], seconds)

    # ------------------------------------------------------------ what is told

    def say(self, what, **words):
        """`what`: right, wrong, refused and met (then `code`), act, usage; more in words.

        `count` stands for so many equal lines."""
        line = json.dumps({"who": self.name, "what": what, **words}) + "\n"
        os.write(1, line.encode())  # one write of less than a pipe's page: whole, without a lock

    def judge(self, row, answer, began, model=None, name=None):
        """Says right or wrong of one answer; `model` names the golden, `name` who must have
        answered, when these are not what the question says."""
        golden = self.goldens[model or row["request"]["model"]]
        wrong = goldens.compare(golden, row, answer, name)
        spent = (time.monotonic() - began) * 1000
        self.say("wrong" if wrong else "right", note=wrong or "", milliseconds=spent,
                 timed=goldens.is_timed(row))

    def refused(self, error, about=""):
        """Says that a call raised an AssayError."""
        self.say("refused", code=error.server_code or error.code,
                 note=f"{about} {error.message}".strip()[:300])

    def join(self, thread, hung):
        """Waits for a thread's end, and says wrong when there is none."""
        thread.join(HUNG_SECONDS + 5)
        if thread.is_alive():
            self.say("wrong", note=hung)

    def used(self, pid):
        """Says what a process holds."""
        self.say("usage", pid=pid, **usage(pid))

    # ------------------------------------------------------------ asking

    def every_question(self):
        """The golden rows of all models."""
        return [row for golden in self.goldens.values() for row in golden["questions"]]

    def question(self, model=None):
        """A golden row, at random; one in three is a short Generate."""
        model = model or self.random.choice(sorted(self.goldens))
        rows = self.goldens[model]["questions"]
        if self.random.random() < 1 / 3:
            rows = [row for row in rows if goldens.is_timed(row)]
        return self.random.choice(rows)

    def ask(self, client, row, stream=None):
        """One question through the Python client, and what came of it."""
        began = time.monotonic()
        if stream is None:
            stream = self.random.random() < 0.5
        try:
            answer = goldens.ask(client, row["kind"], row["request"], HUNG_SECONDS * 1000, stream)
        except assay.AssayError as error:
            self.refused(error, row["kind"])
            return
        self.judge(row, answer, began)


def play(make, name):
    """The body of an actor's process: its stage is the first line of standard input."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            sys.exit("an actor without a stage")
        line += byte
    if not make.asks:
        os.nice(ATTACKER_NICE)
    actor = make(name, json.loads(line))
    actor.run()
    sys.stdout.flush()
    # Threads that hang must not keep the process; what they did not say, the soak misses.
    os._exit(0)
