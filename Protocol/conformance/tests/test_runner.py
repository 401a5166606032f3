"""The runner against drivers that are broken: red in bounded time, never a hang, never a crash."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = os.path.join(HERE, "..", "run.py")

BROKEN = {
    "hangs": "import time\nwhile True: time.sleep(60)",
    "exits at once": "raise SystemExit(3)",
    "dies of a signal": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
    "crashes at the first command": "input()\nraise RuntimeError('too bad')",
    "prints garbage": "input()\nprint('hello there', flush=True)\ninput()",
    "prints bytes that are no text": "import os\ninput()\nos.write(1, bytes(range(256)) + b'\\n')",
    "prints a number": "input()\nprint(5, flush=True)\ninput()",
    "answers another id": "input()\nprint('{\"id\": 99, \"ok\": {}}', flush=True)\ninput()",
    "answers nothing": "import sys\nfor line in sys.stdin: pass",
    "answers with neither ok nor error":
        "import json\nwhile True: print(json.dumps({'id': json.loads(input())['id']}), flush=True)",
    "says ok to everything":
        "import json\nwhile True:\n print(json.dumps({'id': json.loads(input())['id'], 'ok': {}}),"
        " flush=True)",
    "says ok twice":
        "import json\nwhile True:\n n = json.loads(input())['id']\n"
        " for _ in 'ab': print(json.dumps({'id': n, 'ok': {}}), flush=True)",
    "closes its output": "import os, time\nos.close(1)\ntime.sleep(60)",
    "prints without an end": "import sys\nwhile True: sys.stdout.write('x' * 65536)",
}

# The right client, except for a command answered as unsupported.
LACKS = """
import os, sys
sys.path.insert(0, %r)
import reference_driver
from reference import Client
class Lacks(reference_driver.Driver):
    def obey(self, command):
        if command["op"] == "OP":
            self.say(command["id"], unsupported="WORD")
        else:
            super().obey(command)
Lacks(Client).run()
os._exit(0)
""" % HERE


def lacks(command, word):
    return LACKS.replace("OP", command).replace("WORD", word)


def play(*words):
    """Runs run.py. Gives exit status, output."""
    done = subprocess.run([sys.executable, RUN, *words], capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


class Runner(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def driver(self, code):
        path = os.path.join(self.folder, "driver%d.py" % len(os.listdir(self.folder)))
        with open(path, "w", encoding="utf-8") as handle:
            handle.write(code)
        return "%s %s" % (sys.executable, path)

    def reported(self, name, *words):
        """As `play`, and the client's rows in the file."""
        report = os.path.join(self.folder, "report.json")
        status, said = play(*words, "--json", report)
        with open(report, encoding="utf-8") as handle:
            return status, said, json.load(handle)["clients"][name]

    def test_a_broken_driver_is_red_and_the_run_ends(self):
        words = []
        for name, code in BROKEN.items():
            words += ["--client", "%s=%s" % (name, self.driver(code))]
        status, said = play("--only", "hello_once", "--only", "request_embed_inputs_most",
                            "--limit", "2", "--jobs", "20", *words)
        self.assertEqual(status, 1, said)
        self.assertIn("\n0 passed, %d failed, 0 n/a\n" % (2 * len(BROKEN)), said)

    def test_a_driver_that_never_works_does_not_cost_the_time_of_every_row(self):
        silent = self.driver(BROKEN["answers nothing"])
        status, said, rows = self.reported("silent", "--only", "hello", "--give-up", "2",
                                           "--client", "silent=" + silent)
        self.assertEqual(status, 1)
        self.assertRegex(said, "\n0 passed, [0-9]+ failed, 0 n/a\n")
        self.assertGreater(len(rows), 20)
        self.assertEqual(sum("2 red rows in a row" in row["detail"] for row in rows), len(rows) - 2)

    def test_a_driver_that_is_not_there_is_red(self):
        status, said = play("--only", "hello_once", "--client", "none=/no/such/program")
        self.assertEqual(status, 1)
        self.assertIn("0 passed, 1 failed", said)

    def test_a_driver_that_stays_or_fails_at_the_end_is_red(self):
        stays = self.driver("import time\ntry: input()\nexcept EOFError: time.sleep(60)")
        fails = self.driver("import sys\nsys.stdin.read()\nraise SystemExit(4)")
        status, said = play("--only", "driver_ends", "--client", "stays=" + stays,
                            "--client", "fails=" + fails)
        self.assertEqual(status, 1)
        self.assertIn("still running", said)
        self.assertIn("exit status 4", said)

    def test_the_right_client_is_green_and_the_files_say_so(self):
        right = "%s %s" % (sys.executable, os.path.join(HERE, "reference_driver.py"))
        status, said, rows = self.reported("right", "--only", "hello_once", "--only", "driver",
                                           "--client", "right=" + right)
        self.assertEqual(status, 0, said)
        self.assertTrue(said.rstrip().endswith("2 passed, 0 failed, 0 n/a"), said)
        self.assertEqual([(row["row"], row["passed"]) for row in rows],
                         [("hello_once", True), ("driver_ends", True)])

    def test_a_driver_without_fork_is_neither_green_nor_red_and_the_tables_say_so(self):
        names = self.driver(lacks("fork", "fork"))
        status, said, rows = self.reported("lacks", "--only", "fork_after_a_call",
                                           "--client", "lacks=" + names)
        self.assertEqual(status, 0, said)
        self.assertIn("\n0 passed, 0 failed, 1 n/a\n", said)
        self.assertIn("n/a fork_after_a_call: the driver says that its language has no fork", said)
        self.assertEqual([(row["passed"], row["applies"]) for row in rows], [(False, False)])

    def test_what_a_driver_may_not_lack_is_red(self):
        for command, word, row in (("fork", "ping", "fork_after_a_call"),
                                   ("call", "fork", "hello_once")):
            status, said = play("--only", row, "--client",
                                "lacks=" + self.driver(lacks(command, word)))
            self.assertEqual(status, 1, said)
            self.assertIn("\n0 passed, 1 failed, 0 n/a\n", said)

    def test_wrong_use_is_said(self):
        self.assertEqual(play()[0], 2)
        self.assertEqual(play("--client", "no-command")[0], 2)
        self.assertEqual(play("--client", "a=b", "--only", "no such row")[0], 2)

    def test_the_list_names_every_row_and_what_it_means(self):
        status, said = play("--list")
        self.assertEqual(status, 0)
        self.assertIn("goaway_in_mid_stream", said)


if __name__ == "__main__":
    unittest.main()
