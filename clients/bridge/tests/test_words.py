"""The command line of the bridge: times with units, and refusals in the option's own name."""

import contextlib
import gc
import io
import unittest
from unittest import mock

from assay_bridge.__main__ import arguments


def refusal(*words: str) -> str:
    # What other tests left would be said here, when it is collected.
    gc.collect()
    said = io.StringIO()
    with mock.patch("sys.argv", ["assay-bridge", *words]), contextlib.redirect_stderr(said):
        try:
            arguments()
        except SystemExit as end:
            return f"{end.code} {said.getvalue().splitlines()[0]}"
    return "none"


class WordsTests(unittest.TestCase):
    def test_times_have_units_or_that_of_the_option(self) -> None:
        for option, text, value in [
            ("deadline", "50", 50),
            ("deadline", "50ms", 50),
            ("deadline", "1.5s", 1500),
            ("deadline", "2000us", 2),
            ("wait", "2m", 120_000),
        ]:
            words = ["assay-bridge", f"--{option}-milliseconds", text]
            with mock.patch("sys.argv", words):
                self.assertEqual(getattr(arguments(), f"{option}_milliseconds"), value)
        with mock.patch("sys.argv", ["assay-bridge", "--body-seconds", "1h"]):
            self.assertEqual(arguments().body_seconds, 3600)

    def test_refusals_name_option_finding_and_allowed_values(self) -> None:
        for words, sentence in [
            (
                ["--deadline-milliseconds", "50us"],
                '--deadline-milliseconds: found "50us", allowed: 0 to 4294967295 milliseconds, '
                "or a time such as 50ms, 5s, 2m",
            ),
            (
                ["--body-seconds", "0"],
                '--body-seconds: found "0", allowed: 1 to 86400 seconds, or a time such as '
                "50ms, 5s, 2m",
            ),
            (["--connections", "-1"], '--connections: found "-1", allowed: a whole number, 1 to'),
            (["--lisen", "x"], "no option --lisen; nearest: --listen"),
            (["x"], 'found the argument "x" too many, allowed: options alone'),
            (["--server"], "--server: found no value, allowed: one"),
        ]:
            said = refusal(*words)
            self.assertTrue(said.startswith("2 assay-bridge: " + sentence), said)


if __name__ == "__main__":
    unittest.main()
