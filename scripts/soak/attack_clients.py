"""Attacks on what clients hold: processes that fork, processes that are killed, calls that are
interrupted. Each attacker's own calls are compared with the goldens as everybody's are.
"""

import asyncio
import ctypes
import json
import os
import select
import shlex
import signal
import subprocess
import sys
import threading
import time

import assay
import goldens
from actor import HUNG_SECONDS, Actor
from servers import Server, ends_with_its_parent


class Forks(Actor):
    """A client that has connected is used by its parent and by forked children at once."""

    CHILDREN, CALLS = 2, 3

    def run(self):
        while self.running():
            client = assay.Client(self.url, assay.Options(connections=self.random.choice((1, 2))))
            client.ping()
            busy = threading.Thread(target=self.ask, args=(client, self.question()), daemon=True)
            if self.random.random() < 0.5:
                busy.start()  # a fork in the middle of another thread's call
            rows = [[self.question() for _ in range(self.CALLS)] for _ in range(self.CHILDREN + 1)]
            children = [self.fork(client, mine) for mine in rows[1:]]
            for row in rows[0]:
                self.ask(client, row)
            for child in children:
                self.reap(*child)
            if busy.ident:
                self.join(busy, "a call of the parent hung")
            self.ask(client, self.question())
            client.close()
            self.say("act")

    def fork(self, client, rows):
        """A child that asks, then closes; (process id, the end of the pipe it holds)."""
        read, write = os.pipe()
        child = os.fork()
        if child:
            os.close(write)
            return child, read
        try:
            ends_with_its_parent()
            os.close(read)
            signal.alarm(HUNG_SECONDS)
            for row in rows:
                self.ask(client, row)
            client.close()
            os.write(write, b".")
        finally:
            os._exit(0)

    def reap(self, child, read):
        """The child's end, which it reports by one byte; without it, it hung or fell over."""
        ready = select.select([read], [], [], HUNG_SECONDS + 5)[0]
        if not ready or os.read(read, 1) != b".":
            self.say("wrong", note="a forked child hung or fell over")
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(read)


class Kills(Actor):
    """Clients are killed in mid-stream; a server of its own is killed and comes back while a
    client goes on asking it."""

    #: A server that is not there yet, or loads, is waited for: only a cut answer may be told.
    explains = {"connection_closed": "its own server was killed"}

    def run(self):
        name = "demo"
        self.server = Server(self.program, str(self.folder), "killed",
                             {name: self.pristine[name]["path"]})
        self.server.start()
        options = assay.Options(attempts=10, backoff_milliseconds=50, backoff_max_milliseconds=200,
                                wait_milliseconds=HUNG_SECONDS * 1000)
        client = assay.Client(self.server.url, options)
        asker = threading.Thread(target=self.go_on, args=(client, name), daemon=True)
        asker.start()
        while self.running():
            if self.random.random() < 0.6:
                self.kill_a_client()
            else:
                self.rest(self.random.uniform(0.1, 1.0))
                self.server.kill()
                self.server.start()
            self.say("act")
        self.join(asker, "a call to the killed server hung")
        client.close()
        self.server.stop()

    def go_on(self, client, name):
        while self.running():
            self.ask(client, self.question(name))
            time.sleep(0.02)

    def kill_a_client(self):
        """SIGKILL after the first chunk of a long answer of the common server."""
        words = shlex.split(self.drivers[self.random.choice(sorted(self.drivers))])
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   preexec_fn=ends_with_its_parent)
        request = {"prompt": "Story about a fox:", "max_tokens": "400", "temperature": 1.0,
                   "model": self.random.choice(sorted(self.goldens))}
        for command in ({"id": 1, "op": "open", "client": "a", "server": self.url, "options": {}},
                        {"id": 2, "op": "call", "client": "a", "kind": "Generate",
                         "request": request, "deadline_milliseconds": 0, "stream": True}):
            process.stdin.write((json.dumps(command) + "\n").encode())
        process.stdin.flush()
        for _ in range(self.random.randint(1, 4)):
            if not select.select([process.stdout], [], [], 1)[0]:
                break  # all of it has come already
            os.read(process.stdout.fileno(), 4096)
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


class Late(Exception):
    """Raised in the middle of a call, as an alarm's handler or Celery's soft limit does."""


class Interrupts(Actor):
    """Calls end at any point: by a signal's handler, an exception set on their thread, a
    cancelled task; other threads share the client and must not get a wrong answer."""

    explains = {
        "connection_closed": "an interrupted call could not leave the connection consistent",
    }

    def run(self):
        self.armed = False
        signal.signal(signal.SIGALRM, self.raise_late)
        # Raised in a finalizer, it is swallowed, and Python would print it.
        sys.unraisablehook = lambda what: (
            None if what.exc_type is Late else sys.__unraisablehook__(what))
        client = assay.Client(self.url)
        workers = [threading.Thread(target=self.work, args=(client,), daemon=True)
                   for _ in range(2)]
        for worker in workers:
            worker.start()
        while self.running():
            way = self.random.random()
            if way < 0.7:
                try:
                    self.by_signal(client)
                except Late:
                    pass  # after the call, before the alarm was off
                self.armed = False
            elif way < 0.85:
                self.by_thread(client)
            else:
                asyncio.run(self.by_cancel())
            self.ask(client, self.question())
            self.say("act")
        for worker in workers:
            self.join(worker, "a thread beside an interrupted call hung")
        client.close()

    def raise_late(self, *_):
        if self.armed:
            raise Late

    def work(self, client):
        while self.running():
            self.ask(client, self.question(), stream=True)

    def long_request(self):
        return {"prompt": "Story about a fox:", "max_tokens": "200", "temperature": 1.0,
                "model": self.random.choice(sorted(self.goldens))}

    def give_way(self, client):
        """One long call that somebody interrupts."""
        try:
            goldens.ask(client, "Generate", self.long_request(), HUNG_SECONDS * 1000)
        except Late:
            pass
        except assay.AssayError as error:
            self.refused(error, "an interrupted call")

    def by_signal(self, client):
        signal.setitimer(signal.ITIMER_REAL, self.random.uniform(0.001, 0.03))
        self.armed = True
        try:
            self.give_way(client)
        finally:
            self.armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def by_thread(self, client):
        thread = threading.Thread(target=self.swallow, args=(client,), daemon=True)
        thread.start()
        time.sleep(self.random.uniform(0.001, 0.03))
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(Late))
        self.join(thread, "a thread with an exception set on it hung")

    def swallow(self, client):
        try:
            self.give_way(client)
        except Late:
            pass

    async def by_cancel(self):
        """Tasks share an asyncio client; one is cancelled."""
        async with assay.AsyncClient(self.url) as client:
            long = goldens.driver.from_json(
                goldens.protocol.KINDS["Generate"].request, self.long_request())
            victim = asyncio.create_task(client.generate(long))
            row = self.question()
            while row["kind"] != "Generate":
                row = self.question()
            mine = goldens.driver.from_json(
                goldens.protocol.KINDS["Generate"].request, row["request"])
            began = time.monotonic()
            beside = asyncio.create_task(client.generate(mine, deadline_milliseconds=20_000))
            await asyncio.sleep(self.random.uniform(0.001, 0.03))
            victim.cancel()
            for task in (victim, beside):
                try:
                    answer = await asyncio.wait_for(task, HUNG_SECONDS + 5)
                except asyncio.CancelledError:
                    continue
                except asyncio.TimeoutError:
                    self.say("wrong", note="a task beside a cancelled one hung")
                    continue
                except assay.AssayError as error:
                    self.refused(error, "beside a cancelled task")
                    continue
                if task is beside:
                    self.judge(row, goldens.answer_json("Generate", answer), began)
