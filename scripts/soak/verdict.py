"""The verdict on the lines of a soak (right, explained, wrong, unexplained) and the closing table.

Pure: no process, socket or clock, so that the classifier has tests of its own (test_verdict).
Guarantees: a refusal that no table explains, an actor that did too little, an attack that was not
made or never met what it demands, and a bound that is passed each fail the run by name.
"""

import collections
from dataclasses import dataclass, field

#: Printed messages of a kind. The rest is counted.
EXAMPLES_MAX = 5
NOTE_MAX = 200
#: p99 of a short Generate beside attackers, as a multiple of the quiet one.
RATIO_MAX = 5
#: Short answers a second, quiet, without which there is nothing to compare with.
QUIET_A_SECOND = 2
TRANSPORTS = ("unix", "tcp")


@dataclass
class Tally:
    """The sums of an actor."""

    acts: int = 0
    right: int = 0
    explained: int = 0
    wrong: int = 0
    unexplained: int = 0
    milliseconds: list = field(default_factory=list)
    #: Times of short Generates, before the attacks and beside the attackers.
    quiet: list = field(default_factory=list)
    beside: list = field(default_factory=list)
    #: Acts by transport, where an actor names the transport.
    on: collections.Counter = field(default_factory=collections.Counter)


@dataclass
class Bound:
    """A measured value with the bound."""

    what: str
    measured: float
    bound: float
    at_least: bool = False
    unit: str = ""
    judged: bool = True
    decimals: int = 0

    @property
    def holds(self):
        good = self.measured >= self.bound if self.at_least else self.measured <= self.bound
        return good or not self.judged

    def line(self):
        sign = ">=" if self.at_least else "<="
        word = "holds" if self.holds else "MISSED"
        return (f"{self.what:<44} {self.measured:>12.{self.decimals}f} {sign} {self.bound:.0f} "
                f"{self.unit:<6} {word if self.judged else 'printed only'}")


class Verdict:
    """Takes the lines and measures of all actors, and judges the soak."""

    def __init__(self, explained):
        """`explained`: actor -> code -> reason. `quiet` is True until the attacks begin."""
        self.explained, self.quiet = explained, False
        self.tallies = {name: Tally() for name in explained}
        self.reasons, self.examples, self.bounds = {}, {}, []

    def classify(self, line):
        """The class of a line: right, explained, wrong or unexplained. None for lines without a
        class (acts, usage)."""
        if line["what"] in ("refused", "met"):
            known = self.explained[line["who"]]
            return "explained" if line.get("code") in known else "unexplained"
        return line["what"] if line["what"] in ("right", "wrong") else None

    def take(self, line):
        tally = self.tallies[line["who"]]
        found = self.classify(line)
        count = line.get("count", 1)
        if line["what"] == "act":
            tally.acts += count
            tally.on[line.get("on")] += count
        if found is None:
            return
        setattr(tally, found, getattr(tally, found) + count)
        if found == "right":
            tally.milliseconds.append(line.get("milliseconds", 0))
            if line.get("timed"):
                (tally.quiet if self.quiet else tally.beside).append(line["milliseconds"])
        elif found == "explained":
            key = line["who"], line["code"]
            self.reasons[key] = self.reasons.get(key, 0) + count
        else:
            key = found, line["who"], line.get("code", "")
            self.examples.setdefault(key, []).extend([line.get("note", "")] * count)

    def wrong(self, who, note):
        """An observation of the soak itself."""
        self.tallies.setdefault(who, Tally())
        self.take({"who": who, "what": "wrong", "note": note})

    def measured(self, what, measured, bound, **words):
        self.bounds.append(Bound(what, measured, bound, **words))

    def attacked(self, name, kind, seconds):
        """Demands attacks on each transport of the attacker, and the demanded answers. `kind` is
        the class of the actor."""
        tally = self.tallies[name]
        least = max(kind.acts_at_least, kind.acts_per_minute * seconds / 60)
        self.measured(f"{name}: acts", tally.acts, least, at_least=True)
        for on in TRANSPORTS if kind.raids else ():
            self.measured(f"{name}: acts on {on}", tally.on[on], 1, at_least=True)
        for code, after in kind.demands.items():
            if seconds >= after:
                self.measured(f"{name}: {code}", self.reasons.get((name, code), 0), 1,
                              at_least=True)

    def asked(self, name, kind, seconds, quiet_seconds, judged):
        """Demands answers for an asker, beside attackers as soon as in quiet."""
        tally = self.tallies[name]
        self.measured(f"{name}: answers", tally.right, max(1, kind.acts_per_minute * seconds / 60),
                      at_least=True)
        for when, times, span in (("quiet", tally.quiet, quiet_seconds),
                                  ("beside attackers", tally.beside, seconds - quiet_seconds)):
            self.measured(f"{name}: short answers, {when}", len(times),
                          max(1, QUIET_A_SECOND * span if when == "quiet" else span / 10),
                          at_least=True)
        quiet, beside = percentile(tally.quiet, 99), percentile(tally.beside, 99)
        self.measured(f"{name}: p99 of a short answer, quiet", quiet, 0, unit="ms", decimals=1,
                      judged=False)
        self.measured(f"{name}: p99 of a short answer, beside attackers", beside,
                      RATIO_MAX * quiet, unit="ms", decimals=1, judged=judged)

    @property
    def holds(self):
        return not self.examples and all(bound.holds for bound in self.bounds)

    # ------------------------------------------------------------ what is printed

    def lines(self):
        yield (f"{'who':<14}{'acts':>7}{'right':>8}{'explained':>11}{'wrong':>7}{'unexplained':>13}"
               f"{'p50 ms':>9}{'p99 ms':>9}")
        for name, tally in self.tallies.items():
            yield (f"{name:<14}{tally.acts:>7}{tally.right:>8}{tally.explained:>11}"
                   f"{tally.wrong:>7}{tally.unexplained:>13}"
                   f"{percentile(tally.milliseconds, 50):>9.1f}"
                   f"{percentile(tally.milliseconds, 99):>9.1f}")
        for (who, code), count in sorted(self.reasons.items()):
            yield f"explained: {who}: {code} {count} times: {self.explained[who][code]}"
        for (found, who, code), notes in sorted(self.examples.items()):
            yield f"{found.upper()}: {who}{': ' + code if code else ''} {len(notes)} times"
            for note in sorted(set(notes))[:EXAMPLES_MAX]:
                yield f"    {note[:NOTE_MAX]}"
        for bound in self.bounds:
            yield bound.line()

    def closing(self):
        sums = {key: sum(getattr(tally, key) for tally in self.tallies.values())
                for key in ("right", "explained", "wrong", "unexplained")}
        missed = sum(not bound.holds for bound in self.bounds)
        return (f"{', '.join(f'{count} {key}' for key, count in sums.items())}, "
                f"{missed} bounds missed: {'holds' if self.holds else 'FAILED'}")


def forged(log, words):
    """Counts lines of a log with words of a client at the start, or with terminal controls."""
    return sum(line.startswith(words) or b"\x1b" in line or b"\r" in line
               for line in log.split(b"\n"))


def percentile(values, percent):
    """The percentile of measured values, 0 without values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
