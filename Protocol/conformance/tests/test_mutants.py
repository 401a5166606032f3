"""Each wrong client is red on its named rows, and the right client is green everywhere."""

import concurrent.futures
import fnmatch
import os
import shlex
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..")]

import mutants  # noqa: E402
import run  # noqa: E402
from rows import ROWS  # noqa: E402

COMMAND = shlex.join([sys.executable, os.path.join(HERE, "reference_driver.py")])
LANES = 4  # drivers of the right client, each with its share of the rows
BY_NAME = {row.name: row for row in ROWS}


def red_rows(mutant):
    """The names of the rows that must be red, patterns resolved."""
    return [name for pattern in mutant.red for name in fnmatch.filter(BY_NAME, pattern)]


def judge(command, rows):
    """Row name -> result. Rows play one after another, as in a real run."""
    results = run.judge("tested", command, rows, 15.0, lambda line: None)
    return {result.row.name: result for result in results}


class Mutants(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # A row mostly waits, a red row for missing data, so many rows run at a time.
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            right = [pool.submit(judge, COMMAND, ROWS[lane::LANES] + [run.Ending])
                     for lane in range(LANES)]
            # One row a process, since a mutant that hangs in a row must not colour the next.
            futures = {(name, row): pool.submit(judge, "%s %s" % (COMMAND, name), [BY_NAME[row]])
                       for name, mutant in mutants.MUTANTS.items() for row in red_rows(mutant)}
            cls.results = {key: future.result()[key[1]] for key, future in futures.items()}
            cls.right = [result for lane in right for result in lane.result().values()]
        # In the crowd a client may start too late for the fault that a row waits for. What passes
        # there is judged once more, alone, and that verdict counts.
        for name, row in [key for key, result in cls.results.items() if result.passed]:
            cls.results[name, row] = judge("%s %s" % (COMMAND, name), [BY_NAME[row]])[row]

    def test_there_are_many_and_each_names_rows_that_are_there(self):
        self.assertGreaterEqual(len(mutants.MUTANTS), 99)
        for name, mutant in mutants.MUTANTS.items():
            for pattern in mutant.red:
                with self.subTest(mutant=name, pattern=pattern):
                    self.assertTrue(fnmatch.filter(BY_NAME, pattern))

    def test_each_mutant_is_red_where_it_must_be(self):
        for (name, row), result in self.results.items():
            with self.subTest(mutant=name, row=row):
                self.assertFalse(result.passed, "%s passes %s" % (name, row))
                self.assertIn("expected", result.detail)
                self.assertNotIn("the row itself failed", result.detail)

    def test_the_right_client_is_green_everywhere(self):
        self.assertEqual(len(self.right), len(ROWS) + LANES)  # each lane has an end of its own
        for result in self.right:
            with self.subTest(row=result.row.name):
                self.assertTrue(result.passed, result.detail)


if __name__ == "__main__":
    unittest.main()
