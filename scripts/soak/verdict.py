"""What a soak's lines are worth: right, explained, wrong or unexplained; and the closing table.

Pure: no process, socket or clock, so that the classifier has tests of its own (test_verdict).
Guarantees: a refusal that no table explains, an actor that did too little, and a bound that is
passed each fail the run by name.
"""

from dataclasses import dataclass, field

#: Messages of one kind that are shown; the rest is counted.
EXAMPLES_MAX = 5
NOTE_MAX = 200


@dataclass
class Tally:
    """One actor's sums."""

    acts: int = 0
    right: int = 0
    explained: int = 0
    wrong: int = 0
    unexplained: int = 0
    milliseconds: list = field(default_factory=list)


@dataclass
class Bound:
    """Something that was measured, and what it may be."""

    what: str
    measured: float
    bound: float
    at_least: bool = False
    unit: str = ""
    judged: bool = True

    @property
    def holds(self):
        good = self.measured >= self.bound if self.at_least else self.measured <= self.bound
        return good or not self.judged

    def line(self):
        sign = ">=" if self.at_least else "<="
        word = "holds" if self.holds else "MISSED"
        return (f"{self.what:<44} {self.measured:>12.0f} {sign} {self.bound:.0f} {self.unit:<6}"
                f" {word if self.judged else 'printed only'}")


class Verdict:
    """Takes the actors' lines and the measures; says whether the soak holds."""

    def __init__(self, explained):
        """`explained`: actor -> code -> reason."""
        self.explained = explained
        self.tallies = {name: Tally() for name in explained}
        self.reasons, self.examples, self.bounds = {}, {}, []

    def classify(self, line):
        """The class of one line: right, explained, wrong, unexplained; None for what counts as
        none of them (acts, usage)."""
        if line["what"] == "refused":
            known = self.explained[line["who"]]
            return "explained" if line.get("code") in known else "unexplained"
        return line["what"] if line["what"] in ("right", "wrong") else None

    def take(self, line):
        tally = self.tallies[line["who"]]
        found = self.classify(line)
        if line["what"] == "act":
            tally.acts += 1
        if found is None:
            return
        setattr(tally, found, getattr(tally, found) + 1)
        if found == "right":
            tally.milliseconds.append(line.get("milliseconds", 0))
        elif found == "explained":
            key = line["who"], line["code"]
            self.reasons[key] = self.reasons.get(key, 0) + 1
        else:
            key = found, line["who"], line.get("code", "")
            self.examples.setdefault(key, []).append(line.get("note", ""))

    def wrong(self, who, note):
        """Something that the soak itself saw."""
        self.tallies.setdefault(who, Tally())
        self.take({"who": who, "what": "wrong", "note": note})

    def measured(self, what, measured, bound, **words):
        self.bounds.append(Bound(what, measured, bound, **words))

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


def percentile(values, percent):
    """Of measured values; 0 when there are none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
