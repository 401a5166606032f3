#!/usr/bin/env python3
"""Plays every row of the conformance kit against the test drivers of clients.

    run.py --client NAME=COMMAND [--client NAME=COMMAND ...] [options]

    --only PATTERN   rows whose name or group matches (shell wildcards, may be repeated)
    --limit SECONDS  time limit of a row (default 15), above which the row is red
    --give-up N      after N red rows in a row the rest of a client's rows are red unplayed (default
                     25): a driver that never works costs minutes, not hours
    --jobs N         clients judged at the same time (default: the processors)
    --json FILE      the results as JSON
    --rows           one line per row in the last table, not only the red ones
    --list           print the rows with their meanings, play nothing

COMMAND starts a driver (described in README.md), in the directory where run.py was started.
Exit status: 0 nothing red, 1 any red, 2 wrong use. A row that a client's language has no use for
(fork) is n/a: counted in a column of its own, neither green nor red. Needs only Python and
../protocol.json, ../vectors.
"""

import argparse
import concurrent.futures
import difflib
import fnmatch
import json
import os
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import scenarios  # noqa: E402,F401 - registers the rows
from driver import Driver  # noqa: E402
from rows import ROWS, Stage  # noqa: E402
from server import Failed, NotApplicable  # noqa: E402


class Result:
    """Result of a row for a client: passed, failed, or neither where the row does not apply."""

    def __init__(self, row, passed, seconds, detail="", applies=True):
        self.row, self.passed, self.seconds, self.detail = row, passed, seconds, detail
        self.applies = applies

    @property
    def failed(self):
        return self.applies and not self.passed

    @property
    def mark(self):
        return ("ok" if self.passed else "RED") if self.applies else "n/a"


def play(row, driver, limit):
    """Plays a row for at most `limit` seconds (then the driver is killed)."""
    stage = Stage(driver, row.name)
    begun, late = time.monotonic(), threading.Event()

    def stop():
        late.set()
        driver.kill()

    watch = threading.Timer(limit, stop)
    watch.start()
    detail = lacking = None
    try:
        row.play(stage)
        stage.end()
    except NotApplicable as reason:
        lacking = str(reason)
    except Failed as failure:
        detail = str(failure)
    except Exception:  # a driver may answer with anything, so any error here fails the row
        detail = "the row itself failed: " + traceback.format_exc(limit=-3).strip()
    finally:
        watch.cancel()
        stage.drop()
    if detail is None and driver.fault is not None:
        detail = "expected a driver that runs on; found " + driver.fault
    if late.is_set():
        detail = "expected an end within %.0f s; found none (%s)" % (limit, detail)
    if detail is None and lacking is not None:
        return Result(row, False, time.monotonic() - begun, lacking, applies=False)
    return Result(row, detail is None, time.monotonic() - begun, detail or "")


class Ending:
    """The last row of every driver, played by `judge` itself."""

    name, group = "driver_ends", "driver"
    meaning = "at the end of its input the driver exits with status 0"


def judge(name, command, rows, limit, say, give_up=25):
    """All rows against a client. A failed driver is started anew for the next row."""
    results, driver = [], None
    for row in rows:
        if len(results) >= give_up and all(one.failed for one in results[-give_up:]):
            results.append(Result(row, False, 0.0, "expected to be played; found %d red rows "
                                  "in a row before it" % give_up))
            continue
        if driver is None:
            try:
                driver = Driver(command)
            except OSError as error:
                results.append(Result(row, False, 0.0, "expected a driver; found %s" % error))
                continue
        if row is Ending:
            fault = driver.finish()
            results.append(Result(row, fault is None, 0.0,
                                  "expected exit status 0; found %s" % fault if fault else ""))
            driver.kill()
            driver = None
            continue
        result = play(row, driver, limit)
        results.append(result)
        if result.failed:
            say("%s: %s: %s" % (name, row.name, result.detail))
            driver.kill()
            driver = None
    if driver is not None:
        driver.kill()
    return results


# ---------------------------------------------------------------- tables

def table(lines, head):
    """Aligned columns: the first to the left, the rest to the right."""
    widths = [max(len(str(line[column])) for line in [head] + lines)
              for column in range(len(head))]
    out = []
    for line in [head] + lines:
        out.append("  ".join(
            str(cell).ljust(width) if column == 0 else str(cell).rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths))).rstrip())
    out.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(out)


def groups(rows):
    """Group names in the order of the rows."""
    return list(dict.fromkeys(row.group for row in rows))


def counts(results):
    """Counts of rows that passed, that failed, and that do not apply."""
    return [sum(result.passed for result in results), sum(result.failed for result in results),
            sum(not result.applies for result in results)]


def client_table(name, results):
    """One client: groups, and every red row with its reason."""
    lines = []
    for group in groups([result.row for result in results]):
        part = [result for result in results if result.row.group == group]
        lines.append([group, *counts(part), "%.1f" % sum(result.seconds for result in part)])
    out = ["", name, table(lines, ["group", "passed", "failed", "n/a", "seconds"])]
    for result in results:
        if result.failed and result.detail.startswith("expected to be played"):
            continue
        if not result.applies:
            out += ["", "  n/a %s: %s" % (result.row.name, result.detail)]
        if result.failed:
            out += ["", "  FAILED %s: %s" % (result.row.name, result.row.meaning),
                    "    " + result.detail.replace("\n", "\n    ")]
    return "\n".join(out)


def common_table(judged, each_row):
    """All clients side by side: a line per group, one per row that is not green everywhere."""
    names, rows = list(judged), [result.row for result in next(iter(judged.values()))]
    by_row = {name: {result.row.name: result for result in results}
              for name, results in judged.items()}
    lines = []
    for group in groups(rows):
        members = [row for row in rows if row.group == group]
        lines.append([group] + [share(by_row[name][row.name] for row in members)
                                for name in names])
        for row in members:
            marks = [by_row[name][row.name].mark for name in names]
            if each_row or set(marks) != {"ok"}:
                lines.append(["  " + row.name] + marks)
    return table(lines, ["row"] + names)


def share(results):
    """Passed of played, and the count of rows that do not apply, if any."""
    passed, failed, lacking = counts(list(results))
    return "%d/%d" % (passed, passed + failed) + (" %d n/a" % lacking if lacking else "")


def as_json(judged):
    return {"clients": {name: [
        {"row": result.row.name, "group": result.row.group, "meaning": result.row.meaning,
         "passed": result.passed, "applies": result.applies, "seconds": round(result.seconds, 4),
         "detail": result.detail}
        for result in results] for name, results in judged.items()}}


def report(judged, file, each_row):
    """Prints the tables, writes the file if one is named. Gives the exit status."""
    for name, results in judged.items():
        print(client_table(name, results))
    if len({tuple(result.row.name for result in results) for results in judged.values()}) == 1:
        print("\n" + common_table(judged, each_row))
    if file:
        with open(file, "w", encoding="utf-8") as handle:
            json.dump(as_json(judged), handle, indent=1)
            handle.write("\n")
    passed, failed, lacking = counts([one for results in judged.values() for one in results])
    print("\n%d passed, %d failed, %d n/a" % (passed, failed, lacking))
    return 1 if failed else 0


def say(line):
    """Tells of a red row at once."""
    print(line.split("\n")[0], file=sys.stderr, flush=True)


# ---------------------------------------------------------------- command line

def chosen(patterns):
    """The rows that match any pattern, or all rows without patterns."""
    return matching(ROWS + [Ending], patterns, lambda row: (row.name, row.group))


def matching(rows, patterns, names_of):
    """The rows with a name that matches a pattern. A pattern that matches nothing ends the program
    with status 2, with what comes nearest."""
    for pattern in patterns:
        if any(fnmatch.fnmatchcase(name, pattern) for row in rows for name in names_of(row)):
            continue
        names = list(dict.fromkeys(name for row in rows for name in reversed(names_of(row))))
        nearest = difflib.get_close_matches(pattern, names, 1, 0)[0]
        there = ", ".join(names) if len(names) < 20 else "%d, in --list" % len(rows)
        print("--only: no row matches %r; nearest: %s; there are: %s" % (pattern, nearest, there),
              file=sys.stderr)
        sys.exit(2)
    return [row for row in rows if not patterns or any(
        fnmatch.fnmatchcase(name, pattern) for pattern in patterns for name in names_of(row))]


def arguments(words):
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], epilog="README.md says what a driver must do.")
    parser.add_argument("--client", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN")
    parser.add_argument("--limit", type=float, default=15.0, metavar="SECONDS")
    parser.add_argument("--give-up", type=int, default=25, metavar="N")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--rows", action="store_true")
    parser.add_argument("--list", action="store_true")
    given = parser.parse_args(words)
    for client in given.client:
        if "=" not in client:
            parser.error("--client wants NAME=COMMAND, found %r" % client)
    if not given.client and not given.list:
        parser.error("at least one --client NAME=COMMAND")
    return given


def main(words):
    given = arguments(words)
    rows = chosen(given.only)
    if given.list:
        print(table([[row.name, row.group, row.meaning] for row in rows],
                    ["row", "group", "meaning"]))
        return 0
    clients = [client.split("=", 1) for client in given.client]
    with concurrent.futures.ThreadPoolExecutor(max(1, given.jobs)) as pool:
        futures = {name: pool.submit(judge, name, command, rows, given.limit, say,
                                     max(1, given.give_up))
                   for name, command in clients}
        judged = {name: future.result() for name, future in futures.items()}
    return report(judged, given.json, given.rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
