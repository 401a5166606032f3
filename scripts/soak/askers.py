"""The well-behaved clients of the soak: fixed questions, every answer compared with its golden.

Two languages: Python in this process, and any other by its conformance driver (C in the soak).
Nothing explains a refusal here: whoever only asks is always answered, and rightly.
"""

import json
import os
import re
import shlex
import subprocess
import threading
import time

import assay
from actor import HUNG_SECONDS, Actor
from servers import ends_with_its_parent

THREADS = 3
#: Between two questions of a thread: two cores are the server's and the attackers', too.
PAUSE_SECONDS = 0.02


def read_json(line):
    """A driver's line, in which a value that is no number may stand as its language prints it."""
    try:
        return json.loads(line)
    except ValueError:
        line = re.sub(rb"([\[,:]) *-?nan\b", rb"\1NaN", line)
        return json.loads(re.sub(rb"\binf\b", b"Infinity", line))


class PythonAsker(Actor):
    """Threads share one client of two connections."""

    acts_per_minute, asks = 60, True

    def run(self):
        client = assay.Client(self.url, assay.Options(connections=2))
        for row in self.every_question():
            self.ask(client, row)
        self.used(os.getpid())
        threads = [threading.Thread(target=self.loop, args=(client,), daemon=True)
                   for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        end = None
        for thread in threads:
            while thread.is_alive() and (end is None or time.monotonic() < end):
                thread.join(0.2)
                if end is None and not self.running():
                    end = time.monotonic() + HUNG_SECONDS + 5
            if thread.is_alive():
                self.say("wrong", note="a thread hung in a call")
        self.used(os.getpid())
        client.close()

    def loop(self, client):
        while self.running():
            self.ask(client, self.question())
            time.sleep(PAUSE_SECONDS)


class DriverAsker(Actor):
    """A client in another language: questions in flight on its driver, one JSON line each."""

    acts_per_minute, asks = 60, True

    def run(self):
        self.process = subprocess.Popen(
            shlex.split(self.drivers[self.name]), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            bufsize=0, preexec_fn=ends_with_its_parent)
        self.flight, self.changed, self.number = {}, threading.Condition(), 1
        threading.Thread(target=self.read, daemon=True).start()
        self.send({"id": 0, "op": "open", "client": "a", "server": self.url,
                   "options": {"connections": 2}})
        for row in self.every_question():
            self.call(row)
        self.drained(HUNG_SECONDS + 5)
        self.used(self.process.pid)
        while self.running() and self.process.poll() is None:
            self.call(self.question())
            time.sleep(PAUSE_SECONDS / THREADS)
        if not self.drained(HUNG_SECONDS + 5):
            self.say("wrong", note=f"{len(self.flight)} calls of the driver hung or were dropped")
        if self.process.poll() is None:
            self.used(self.process.pid)
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
        if self.process.returncode != 0:
            self.say("wrong", note=f"the driver ended with status {self.process.returncode}")

    def send(self, command):
        try:
            self.process.stdin.write((json.dumps(command) + "\n").encode())
        except OSError:
            pass  # the driver is gone, which `run` says

    def call(self, row):
        """Sends one question once fewer than THREADS are in flight."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.flight) < THREADS, HUNG_SECONDS)
            self.flight[self.number] = row, time.monotonic()
            command = {"id": self.number, "op": "call", "client": "a", "kind": row["kind"],
                       "request": row["request"], "deadline_milliseconds": HUNG_SECONDS * 1000,
                       "stream": self.random.random() < 0.5}
            self.number += 1
        self.send(command)

    def drained(self, seconds):
        with self.changed:
            return self.changed.wait_for(lambda: not self.flight, seconds)

    def read(self):
        for line in self.process.stdout:
            said = read_json(line)
            if "chunk" in said or said["id"] == 0:
                continue
            with self.changed:
                row, began = self.flight.pop(said["id"])
                self.changed.notify_all()
            if "ok" in said:
                self.judge(row, said["ok"], began)
            else:
                error = said["error"]
                self.say("refused", code=error.get("server_code") or error["code"],
                         note=f"{row['kind']} {error['message']}"[:300])
