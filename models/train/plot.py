"""Draws the loss of each skill over the steps: `python plot.py --run run`."""

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("run"))
    parser.add_argument("--out", type=Path, default=Path("loss.png"))
    options = parser.parse_args()
    lines = (options.run / "loss.jsonl").read_text().splitlines()
    # A resumed run writes the steps since its checkpoint again; the later line counts.
    rows = sorted({row["step"]: row for row in map(json.loads, lines)}.values(),
                  key=lambda row: row["step"])
    figure, axes = pyplot.subplots(figsize=(7, 4), dpi=90)
    for skill in [name for name in rows[0] if name != "step"]:
        values = [row[skill] for row in rows]
        smooth = [sum(values[max(0, i - 9) : i + 1]) / min(i + 1, 10) for i in range(len(values))]
        axes.plot([row["step"] for row in rows], smooth, label=skill)
    axes.set(xlabel="step", ylabel="cross-entropy of the answer, nats per token", yscale="log")
    axes.legend()
    figure.tight_layout()
    figure.savefig(options.out)


if __name__ == "__main__":
    main()
