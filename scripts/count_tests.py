#!/usr/bin/env python3
"""Prints "PASSED FAILED SKIPPED" of one test run, from the closing words of its runner.

    count_tests.py LOG STATUS      STATUS: the run's exit status
    count_tests.py --test          checks itself against the words of every runner

Knows the words of our own kit, pytest, unittest, cargo, node --test, go test and swift test.
A run that failed without counting a failure, or that said nothing it knows, counts as one failure.
"""

import re
import sys


def named(line, failed=("failed",)):
    """Numbers before the words passed, failed, skipped."""
    def number(words):
        return sum(int(one) for one, word in re.findall(r"(\d+) ([a-z/]+)", line) if word in words)
    return number(("passed",)), number(failed), number(("skipped", "ignored", "n/a"))


def lines(pattern, text):
    return re.findall(pattern, text, re.MULTILINE)


def total(pattern, text):
    return sum(int(one) for one in lines(pattern, text))


def kit(text):
    found = lines(r"^\d+ passed, \d+ failed.*$", text)
    return named(found[-1]) if found else None


def pytest(text):
    found = lines(r"^.*\d+ (?:passed|failed|errors?)\b.* in [0-9.]+s.*$", text)
    return named(found[-1], ("failed", "error", "errors")) if found else None


def unittest(text):
    ran = lines(r"^Ran (\d+) tests? in", text)
    if not ran:
        return None
    failed = total(r"\bfailures=(\d+)", text) + total(r"\berrors=(\d+)", text)
    skipped = total(r"\bskipped=(\d+)", text)
    return max(sum(map(int, ran)) - failed - skipped, 0), failed, skipped


def cargo(text):
    found = lines(r"^test result: .*$", text)
    counts = [named(line) for line in found]
    return tuple(map(sum, zip(*counts))) if found else None


def node(text):
    if not lines(r"^(?:# |ℹ )pass \d+", text):
        return None
    return (total(r"^(?:# |ℹ )pass (\d+)", text), total(r"^(?:# |ℹ )fail (\d+)", text),
            total(r"^(?:# |ℹ )skipped (\d+)", text))


def swift(text):
    ran = lines(r"Test run with (\d+) tests?.* (?:passed|failed) after", text)
    if not ran:
        return None
    failed = len(set(lines(r"Test (\S+) failed after", text)))
    return max(sum(map(int, ran)) - failed, 0), failed, 0


def go(text):
    """With -v a line per test, otherwise one per package."""
    if not lines(r"^(?:ok|FAIL)\s+\S+", text):
        return None
    passed = len(lines(r"^--- PASS:", text)) or len(lines(r"^ok\s+\S+", text))
    failed = len(lines(r"^--- FAIL:", text)) or len(lines(r"^FAIL\s+\S+", text))
    return passed, failed, len(lines(r"^--- SKIP:", text))


def count(text, status):
    """(passed, failed, skipped) of a run that ended with `status`."""
    for reads in (kit, cargo, node, swift, unittest, pytest, go):
        found = reads(text)
        if found is not None:
            break
    else:
        found = (0, 1, 0)
    passed, failed, skipped = found
    if passed + failed + skipped == 0 or status != 0 and failed == 0:
        failed += 1
    return passed, failed, skipped


EXAMPLES = [
    ("x\n12 passed, 0 failed\n", 0, (12, 0, 0)),
    ("12 passed, 1 failed, 2 skipped\n", 1, (12, 1, 2)),
    ("===== 40 passed, 2 skipped in 3.21s =====\n", 0, (40, 0, 2)),
    ("===== 1 failed, 3 passed, 1 error in 3.21s =====\n", 1, (3, 2, 0)),
    ("31 passed in 0.50s\n", 0, (31, 0, 0)),
    ("Ran 3 tests in 1.0s\n\nOK\n", 0, (3, 0, 0)),
    ("Ran 5 tests in 1.0s\n\nFAILED (failures=1, errors=1, skipped=1)\n", 1, (2, 2, 1)),
    ("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\n"
     "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured\n", 1, (5, 1, 1)),
    ("# tests 9\n# pass 8\n# fail 1\n# skipped 0\n", 1, (8, 1, 0)),
    ("Test run with 9 tests in 2 suites passed after 0.1 seconds.\n", 0, (9, 0, 0)),
    ("Test a() failed after 0.1 seconds with 1 issue.\n"
     "Test run with 9 tests in 2 suites failed after 0.1 seconds.\n", 1, (8, 1, 0)),
    ("ok  \tassay\t0.3s\n?   \tassay/bench\t[no test files]\n", 0, (1, 0, 0)),
    ("--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.00s)\nFAIL\tassay\t0.1s\n", 1, (1, 1, 0)),
    ("", 0, (0, 1, 0)),
    ("no compiler\n", 69, (0, 1, 0)),
    ("12 passed, 0 failed\nsegmentation fault\n", 139, (12, 1, 0)),
    ("Ran 0 tests in 0.0s\n\nOK\n", 0, (0, 1, 0)),
]


def main(words):
    if words == ["--test"]:
        wrong = [(text, status, count(text, status), wanted)
                 for text, status, wanted in EXAMPLES if count(text, status) != wanted]
        for text, status, found, wanted in wrong:
            print("%r, exit %d: found %s, wanted %s" % (text, status, found, wanted))
        print("%d passed, %d failed" % (len(EXAMPLES) - len(wrong), len(wrong)))
        return 1 if wrong else 0
    if len(words) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with open(words[0], encoding="utf-8", errors="replace") as handle:
        print(*count(handle.read(), int(words[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
