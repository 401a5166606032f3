"""The runner of cases: what an exit status means, what a list entry covers, what is shown."""

import importlib.util
import os
import pathlib
import sys
import time
import unittest

sys.dont_write_bytecode = True
SPEC = importlib.util.spec_from_file_location(
    "cases_runner", pathlib.Path(__file__).with_name("__main__.py"))
runner = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(runner)


def verdict(script, limit=20):
    return runner.run(["sh", "-c", script], dict(os.environ), limit)


class Verdicts(unittest.TestCase):
    def test_the_exit_status_decides(self):
        for status, word in ((0, "RIGHT"), (77, "SKIP"), (1, "WRONG"), (2, "WRONG")):
            self.assertEqual(verdict(f"echo text; exit {status}")[:2], (word, "text"))

    def test_a_case_that_does_not_end_is_wrong_and_ended_with_its_children(self):
        began = time.monotonic()
        word, text, _ = verdict("sleep 60 & sleep 60", 1)
        self.assertEqual((word, text), ("WRONG", "did not end within 1 s"))
        self.assertLess(time.monotonic() - began, 30)

    def test_lines_that_tell_most_are_shown(self):
        self.assertEqual(verdict("echo ok; echo WRONG a; echo WRONG b; exit 1")[1],
                         "WRONG a; WRONG b")
        self.assertEqual(verdict("echo x: measured 1, bound 2 s: RIGHT; echo end")[1],
                         "x: measured 1, bound 2 s: RIGHT")


class Expected(unittest.TestCase):
    def test_a_folder_stands_for_its_scripts_and_for_no_neighbour(self):
        entries = ["security/10-file-changes"]
        self.assertTrue(runner.listed("security/10-file-changes/cp.sh", entries))
        self.assertTrue(runner.listed("security/10-file-changes", entries))
        self.assertFalse(runner.listed("security/10-file-changes-more", entries))

    def test_our_own_cases_are_all_listed(self):
        for name, _ in runner.own_cases():
            self.assertTrue(runner.listed(name, runner.expected()), name)


if __name__ == "__main__":
    unittest.main()
