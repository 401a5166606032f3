"""The arithmetic and the Markdown of `make bench`: medians, ratios within a round, their spread.

Guarantees: a ratio is taken between two measurements of the same round, and the median round
counts. A ratio above 1 says that Assay is faster, for rates and for times. A value that was not
measured is an empty cell with its reason below the table, never a number.
"""

import dataclasses


def median(values):
    """The middle value, or the mean of the two in the middle. None for no values."""
    ordered = sorted(values)
    if not ordered:
        return None
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


@dataclasses.dataclass
class Row:
    """A measure with a value per round of Assay, and of the peer beside it.

    `is_time`: less is better.
    """

    name: str
    instructions: str
    unit: str
    peer: str
    is_time: bool = False
    ours: dict = dataclasses.field(default_factory=dict)
    theirs: dict = dataclasses.field(default_factory=dict)

    def add(self, round_number, ours=None, theirs=None):
        """Notes what a round measured. None notes nothing."""
        for values, value in ((self.ours, ours), (self.theirs, theirs)):
            if value is None:
                continue
            if not value > 0:
                raise ValueError(f"{self.name}: {value} {self.unit} is no measurement")
            values[round_number] = value

    @property
    def ratios(self):
        """How many times as fast as the peer, in each round that measured both."""
        rounds = sorted(self.ours.keys() & self.theirs.keys())
        pairs = [(self.ours[each], self.theirs[each]) for each in rounds]
        return [theirs / ours if self.is_time else ours / theirs for ours, theirs in pairs]


def number(value):
    """A value with three significant digits, as people write it."""
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def spread(ratios):
    """`median (lowest to highest)`, or nothing without a ratio."""
    if not ratios:
        return ""
    if len(ratios) == 1:
        return f"{ratios[0]:.2f}"
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


HEAD = ("measure", "instructions", "Assay", "beside", "", "times as fast, rounds")


def markdown(rows, facts, missing=()):
    """The table, the facts of the machine above it, and the reasons for empty cells below."""
    lines = [f"- {name}: {value}" for name, value in facts] + [""]
    lines += ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    for row in rows:
        cells = [
            row.name, row.instructions, cell(row.ours, row.unit), row.peer,
            cell(row.theirs, row.unit), spread(row.ratios)]
        lines.append("| " + " | ".join(cells) + " |")
    if missing:
        lines += [""] + [f"Not measured: {reason}." for reason in missing]
    return "\n".join(lines) + "\n"


def cell(values, unit):
    """The median of a measure's rounds with its unit."""
    found = number(median(values.values()))
    return f"{found} {unit}".strip() if found else ""
