#!/usr/bin/env python3
"""The driver of the reference client, or of a wrong one, on stdin and stdout.

    reference_driver.py [MUTANT]     MUTANT: a name of mutants.py
"""

import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import mutants  # noqa: E402
from reference import Client  # noqa: E402
from reference_connection import CallError  # noqa: E402


class Driver:
    """Reads commands, one thread per call, writes lines."""

    def __init__(self, client_type):
        self.client_type, self.clients, self.lock = client_type, {}, threading.Lock()

    def say(self, number, **value):
        line = json.dumps({"id": number, **value}) + "\n"
        with self.lock:
            sys.stdout.write(line)
            sys.stdout.flush()

    def run(self):
        for line in iter(sys.stdin.readline, ""):
            command = json.loads(line)
            if command["op"] in ("call", "fork"):
                threading.Thread(target=self.obey, args=(command,), daemon=True).start()
            else:
                self.obey(command)

    def obey(self, command):
        number = command["id"]
        try:
            if command["op"] == "open":
                self.clients[command["client"]] = self.client_type(
                    command["server"], command.get("options", {}))
                self.say(number, ok={})
            elif command["op"] == "close":
                self.clients[command["client"]].close()
                self.say(number, ok={})
            elif command["op"] == "fork":
                self.say(number, **self.fork(command))
            else:
                self.say(number, ok=self.call(number, command))
        except CallError as error:
            self.say(number, error=error.json)

    def fork(self, command):
        """The words of a forked child's call, through a pipe. An error without words."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                words = {"ok": self.call(None, dict(command, stream=False))}
            except CallError as error:
                words = {"error": error.json}
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(json.dumps(words).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        os.waitpid(child, 0)
        if not said:
            raise CallError("connection_closed", "INTERNAL", "the child said nothing")
        return json.loads(said)

    def call(self, number, command):
        stop_after, count = command.get("cancel_after_chunks"), [0]
        streams = command.get("stream") and command["kind"] in (
            "Generate", "Load", "Swap")

        def on_chunk(chunk):
            self.say(number, chunk=chunk)
            count[0] += 1
            return count[0] != stop_after

        return self.clients[command["client"]].call(
            command["kind"], command.get("request", {}), command.get("deadline_milliseconds", 0),
            on_chunk if streams else None)


def main():
    Driver(mutants.MUTANTS[sys.argv[1]] if len(sys.argv) > 1 else Client).run()
    os._exit(0)  # threads that still wait end with the process


if __name__ == "__main__":
    main()
