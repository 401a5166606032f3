"""A client's test driver as a child process: commands in, lines out, every wait limited.

One JSON object a line each way (README.md, "The driver"). Every fault of a driver (a line without
JSON, an answer without a question, two answers, the end) becomes a Failed of the waiting row, with
the last words of the driver's error stream.
"""

import collections
import json
import os
import queue
import shlex
import signal
import subprocess
import threading
import time

from codec import PROTOCOL
from server import WAIT, Failed, NotApplicable

STATUS_OF_CODE = {row["code"]: row["status"] for row in PROTOCOL["client_errors"]}
LINE_SIZE_MAX = 1 << 27  # bytes: the largest answer as JSON is far below


class Call:
    """A command, and the lines that came back for the command."""

    def __init__(self, driver, number, about, may_lack=None):
        self.driver, self.number, self.about = driver, number, about
        self.may_lack = may_lack  # word that a driver may answer as unsupported
        self.lines = queue.Queue()
        self.chunks = []

    def next(self, seconds=WAIT):
        """The next line: ("chunk" | "ok" | "error", its value)."""
        try:
            line = self.lines.get(timeout=max(seconds, 0.001))
        except queue.Empty:
            raise Failed("an answer of the driver to %s" % self.about,
                         "none within %.1f s" % seconds) from None
        if line is None:
            self.lines.put(None)
            raise Failed("an answer of the driver to %s" % self.about, self.driver.fault)
        if self.may_lack is not None and line.get("unsupported") == self.may_lack:
            raise NotApplicable("the driver says that its language has no %s" % self.may_lack)
        for name in ("chunk", "ok", "error"):
            if isinstance(line.get(name), dict):
                if name == "chunk":
                    self.chunks.append(line[name])
                return name, line[name]
        raise Failed("a line with chunk, ok or error for %s" % self.about, repr(line)[:200])

    def end(self, seconds=WAIT):
        """The last line, chunks before it collected."""
        until = time.monotonic() + seconds
        while True:
            name, value = self.next(until - time.monotonic())
            if name != "chunk":
                return name, value

    def chunk(self, seconds=WAIT):
        """The next line, which must be a chunk."""
        name, value = self.next(seconds)
        if name != "chunk":
            raise Failed("a chunk for %s" % self.about, "%s: %s" % (name, value))
        return value

    def ok(self, seconds=WAIT):
        """The last line, which must be a success."""
        name, value = self.end(seconds)
        if name != "ok":
            raise Failed("a success for %s" % self.about, "the error %s" % words(value))
        return value

    def error(self, code, status=None, field=None, seconds=WAIT):
        """The last line, which must be an error with `code` and the status of the code:
        `server_refused` has the server's status, every other code a status of its own."""
        name, value = self.end(seconds)
        wanted = "an error %s for %s" % (code, self.about)
        if name != "error":
            raise Failed(wanted, "a success")
        if value.get("code") != code:
            raise Failed(wanted, words(value))
        if not isinstance(value.get("message"), str) or not value["message"]:
            raise Failed("an error with a message", words(value))
        status = status or STATUS_OF_CODE[code]
        if status is not None and value.get("status") != status:
            raise Failed("%s with status %s" % (wanted, status), words(value))
        if field is not None and value.get("field") != field:
            raise Failed("%s with field %s" % (wanted, field),
                         "field %r: %s" % (value.get("field"), words(value)))
        return value

    def answered_early(self):
        """Ends the row when the driver has already answered, for example as unsupported."""
        if not self.lines.empty():
            name, value = self.end()
            raise Failed("no answer yet to %s" % self.about, "%s: %s" % (name, value))

    def nothing(self, seconds):
        """No line comes for a while."""
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            return
        raise Failed("no answer yet to %s" % self.about,
                     self.driver.fault if line is None else repr(line)[:200])


def words(error):
    """An error of a driver, short."""
    return "%s (%s): %s" % (error.get("code"), error.get("status"),
                            str(error.get("message"))[:200])


class Driver:
    """The process."""

    def __init__(self, program, environment=None):
        self.program, self.fault = program, None
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith("ASSAY_")}  # the reader's own token is none of the rows'
        self.process = subprocess.Popen(
            shlex.split(program), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True, bufsize=0,
            env={**clean, **(environment or {})})
        self.calls, self.number, self.lock = {}, 0, threading.Lock()
        self.last_words = collections.deque(maxlen=5)
        self.commands = queue.Queue()
        for work in (self._write, self._read, self._listen):
            threading.Thread(target=work, daemon=True).start()

    def _write(self):
        """Writes in its own thread, since a driver that does not read must not hang the kit."""
        try:
            while (data := self.commands.get()) is not None:
                view = memoryview(data)
                while view:
                    view = view[self.process.stdin.write(view):]
            self.process.stdin.close()
        except (OSError, ValueError):
            pass  # the reader sees and reports the end

    def _listen(self):
        for line in self.process.stderr:
            self.last_words.append(line.decode("utf-8", "replace").strip()[:300])

    def _read(self):
        fault = None
        with os.fdopen(os.dup(self.process.stdout.fileno()), "rb") as stream:
            while fault is None:
                line = stream.readline(LINE_SIZE_MAX)
                if not line:
                    break
                fault = self._take(line)
        self._end(fault)

    def _take(self, line):
        """Files a line. Gives a sentence when a driver may not write the line."""
        try:
            value = json.loads(line)
            number = value["id"]
        except (ValueError, TypeError, KeyError):
            return "a line of the driver that is no object with an id: %r" % line[:100]
        with self.lock:
            call = self.calls.get(number)
            if call is not None and "chunk" not in value:
                del self.calls[number]
        if call is None:
            return "a line of the driver for id %r, which nobody waits for: %r" % (
                number, line[:100])
        call.lines.put(value)
        return None

    def _end(self, fault):
        with self.lock:
            if fault is None:
                fault = "the end of the driver's output"
                if self.last_words:
                    fault += "; it said: " + " / ".join(self.last_words)
            self.fault = fault
            calls, self.calls = list(self.calls.values()), {}
        for call in calls:
            call.lines.put(None)

    def command(self, about, may_lack=None, **values):
        """Sends a command without waiting. `may_lack` may be answered as unsupported."""
        with self.lock:
            self.number += 1
            call = Call(self, self.number, about, may_lack)
            if self.fault is not None:
                call.lines.put(None)
                return call
            self.calls[call.number] = call
        self.commands.put(json.dumps({"id": call.number, **values}).encode() + b"\n")
        return call

    def finish(self, seconds=WAIT):
        """Ends the driver's input. Gives a sentence when the driver does not exit with 0."""
        self.commands.put(None)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return "still running %.0f s after the end of its input" % seconds
        return None if status == 0 else "exit status %d" % status

    def kill(self):
        """Ends the process and all it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.commands.put(None)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except OSError:
                pass
