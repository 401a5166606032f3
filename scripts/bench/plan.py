"""The parts of the benchmark: what is measured in a round, and the rows it fills.

A part has a name, the models it needs, its rows, and `run(round)`. Within a part the two sides take
turns, and which of them begins alternates from round to round.
"""

import collections

import programs
from table import Row

Model = collections.namedtuple("Model", "title shape weights is_large")

SMALL = Model("15M Q8_0", "15m", "q8_0", False)
HALF = Model("0.5B Q8_0", "qwen2-0.5b", "q8_0", True)
MODELS = [
    SMALL, HALF,
    Model("0.5B Q4_0", "qwen2-0.5b", "q4_0", True),
    Model("0.5B Q4_K_M", "qwen2-0.5b", "q4_k_m", True),
    Model("BitNet 2B TQ2_0", "bitnet-2b", "tq2_0", True),
    Model("BitNet 2B TQ1_0", "bitnet-2b", "tq1_0", True),
]
#: Sixteen words of equal cost in any vocabulary of the benchmark, turned for each stream.
WORDS = "the other one ate the rest of it and then a man in the house sang".split()
LLAMA, ECHO = "llama.cpp", "bare echo"


def parts(everything, sets, quick):
    """All parts. `quick`: the small model, one big one, and short runs."""
    models = [SMALL, HALF] if quick else MODELS
    made = [Ping(everything, 0.3 if quick else 1)]
    for instructions in sets:
        for model in models:
            made.append(Engine(everything, model, instructions, quick))
        for model in (SMALL, HALF):
            made.append(Serving(everything, model, instructions, quick))
    return made


class Part:
    """What the parts have in common."""

    models = ()

    def in_turns(self, number, ours, theirs):
        """Calls both, the second one first in odd rounds, and none for a missing peer."""
        if self.programs.llama is None:
            return ours(), None
        if number % 2 == 0:
            mine = ours()
            return mine, theirs()
        other = theirs()
        return ours(), other


class Engine(Part):
    """Prompt and generation of the engine, and the share of the bandwidth that generation reads."""

    def __init__(self, everything, model, instructions, quick):
        self.programs, self.model, self.instructions = everything, model, instructions
        self.name = f"engine {model.title} {instructions}"
        self.models = [model]
        self.prompt = 64 if quick else 256
        self.generate = 16 if quick else 64 if model.is_large else 128

        def row(measure, unit):
            return Row(f"{measure}, {model.title}", instructions, unit, LLAMA)

        self.rows = [row("prompt", "tok/s"), row("generate", "tok/s")]
        if model.is_large:
            self.rows.append(row("share of the bandwidth", ""))

    def run(self, number):
        words = (self.model, self.instructions, self.prompt, self.generate)
        bandwidth = self.programs.bandwidth(self.instructions) if self.model.is_large else None
        ours, theirs = self.in_turns(
            number, lambda: self.programs.engine(*words),
            lambda: self.programs.peer_engine(*words))
        for row, mine, other in zip(self.rows, ours, theirs or (None, None)):
            row.add(number, mine, other)
        if bandwidth:
            size = self.programs.weight_size(self.model) / 1e9
            shares = [each and each[1] * size / bandwidth for each in (ours, theirs)]
            self.rows[2].add(number, *shares)


class Serving(Part):
    """A server's start to its first answer, and 16 streams of greedy answers to equal prompts."""

    def __init__(self, everything, model, instructions, quick):
        self.programs, self.model, self.instructions = everything, model, instructions
        self.name = f"serving {model.title} {instructions}"
        self.models = [model]
        self.tokens = 16 if quick else 64
        self.prompts = [
            " ".join(WORDS[turn % 16:] + WORDS[:turn % 16])
            for turn in range(programs.STREAMS * (1 if quick else 2))]

        def row(measure, unit, is_time=True):
            return Row(f"{measure}, {model.title}", instructions, unit, LLAMA, is_time)

        self.rows = [
            row("start to first answer", "s"), row("16 streams", "tok/s", False),
            row("16 streams, between tokens", "ms"), row("16 streams, first token", "ms")]

    def run(self, number):
        ours, theirs = self.in_turns(
            number, lambda: self.serve(self.programs.serve),
            lambda: self.serve(self.programs.serve_peer))
        for row, mine, other in zip(self.rows, ours, theirs or [None] * 4):
            row.add(number, mine, other)

    def serve(self, start):
        with start(self.model, self.instructions) as server:
            first = server.first_answer()
            found = server.streams(self.prompts, self.tokens)
            return first, found.tokens_per_second, found.gap, found.first


class Ping(Part):
    """Round trips beside the bare echo, which `assay-bench wire` itself measures in turns."""

    SCENARIOS = [("unix 1x1", "Ping, Unix"), ("tcp 1x1", "Ping, TCP"),
                 ("unix 64x1", "Ping, 64 connections, Unix"),
                 ("unix 16x16", "Ping, 16 connections, 16 deep, Unix")]

    def __init__(self, everything, scale):
        self.programs, self.scale, self.name = everything, scale, "ping"
        self.rows = [
            Row(title, "", "µs" if name.endswith(" 1x1") else "req/s", ECHO,
                is_time=name.endswith(" 1x1")) for name, title in self.SCENARIOS]

    def run(self, number):
        found = self.programs.ping(self.scale)
        for row, (name, _) in zip(self.rows, self.SCENARIOS):
            measure = "p50_us" if row.is_time else "requests_per_second"
            row.add(number, found[name]["assay"][measure], found[name]["echo"][measure])
