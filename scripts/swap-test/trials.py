"""The trials: each asks a real server, and adds rows of measured beside bound to the report.

Not here: the models, their goldens and the servers (stage.py), the questions (asking.py).
"""

import collections
import json
import os
import threading
import time

import assay

import asking
import malformed
from stage import holdings

#: Leftovers of a server that has loaded and unloaded often: descriptors, threads and mappings as
#: counts, memory in MB. The memory is what malloc keeps for its arenas.
LEFT = {"descriptors": 2, "threads": 2, "mappings": 32, "memory": 24}
LEFT_SECONDS = 10


# ---------------------------------------------------------------- load

def offered(stage, server, words):
    """A run of assay-load at a constant rate; its report."""
    words = ["rpc", "--model", "chat", "--mix", "generate=1", "--rate", str(words.rate),
             "--output-tokens", str(asking.TOKENS), "--duration", f"{words.seconds}s",
             "--drain", "30s", "--json"]
    _, output, errors = stage.run("assay-load", words, server)
    if not output:
        raise RuntimeError(f"assay-load has no report: {errors.strip()[:300]}")
    return json.loads(output)


def lost(reports):
    return sum(report["failed"] + report["unfinished"] for report in reports)


def sent(reports):
    return sum(report["sent"] for report in reports)


def p99(reports):
    """The largest of the runs. A run without an answer has none."""
    found = [report.get("latency", {}).get("p99") for report in reports]
    return max(found, default=None) if None not in found else None


def milliseconds(time):
    return f"{time:.1f} ms" if time is not None else "no answer"


class OfferedLoad:
    """assay-load again and again on a thread of its own, until the `with` block ends."""

    def __init__(self, stage, server, words):
        self.reports, self.failure, self.ended = [], None, False
        self.thread = threading.Thread(target=self.run, args=(stage, server, words))

    def run(self, stage, server, words):
        while not self.ended:
            try:
                self.reports.append(offered(stage, server, words))
            except Exception as failure:  # told by the thread that waits
                self.failure = failure
                return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()
        if self.failure:
            raise self.failure


def judged(report, checkers, expected, least=30):
    """Rows on the answers of the checkers, of which there have to be enough."""
    report.row("answers compared with their golden", str(checkers.counts["asked"]),
               f"at least {least}", checkers.counts["asked"] >= least)
    report.exactly("lost, mixed or wrong answers", checkers.counts["faults"], 0)
    report.exactly("generations with a fingerprint not theirs", len(checkers.mixed(expected)), 0)
    report.faults(checkers)


# ---------------------------------------------------------------- trials

def swaps(stage, report, words):
    """Swaps between two models under constant load."""
    with stage.server("first", "swaps") as server, \
            asking.Checkers(server.url, stage.answers) as checkers:
        quiet = offered(stage, server, words)
        expected, times = {1: stage.fingerprints["first"]}, []
        with OfferedLoad(stage, server, words) as load:
            before = None
            with asking.client(server.url) as talker:
                for index in range(words.swaps):
                    name = ("second", "first")[index % 2]
                    begin = time.monotonic()
                    reply = talker.swap(name="chat", path=stage.paths[name])
                    times.append(time.monotonic() - begin)
                    expected[reply.model.generation] = reply.model.fingerprint
                    if reply.model.fingerprint != stage.fingerprints[name]:
                        checkers.fault(f"a swap to {name} serves another fingerprint")
                    # Every generation gets requests: the swaps are spread over their time.
                    time.sleep(max(0, begin + words.pace - time.monotonic()))
                    if index == min(20, words.swaps // 2):
                        before = holdings(server)
            swapped = time.monotonic()
        checkers.stop()
        report.exactly("swaps done", len(times), words.swaps)
        judged(report, checkers, expected, least=words.swaps)
        answered = len(checkers.origins.keys() & expected.keys())
        report.note("generations that answered the checkers", f"{answered} of {len(expected)}")
        report.exactly("requests of assay-load lost without swaps", lost([quiet]), 0)
        report.exactly("requests of assay-load lost during swaps", lost(load.reports), 0)
        report.note("requests of assay-load during swaps", str(sent(load.reports)))
        report.note("p99 without swaps", milliseconds(p99([quiet])))
        report.note("p99 during swaps, of the worst run", milliseconds(p99(load.reports)))
        report.note("time of a swap, median", f"{sorted(times)[len(times) // 2] * 1000:.0f} ms")
        leftovers(report, server, before, swapped)


def refusals(stage, report, words):
    """Swaps to malformed files."""
    folder = os.path.join(stage.folder, "malformed")
    os.mkdir(folder)
    paths = malformed.write(stage.good, folder)
    counts, found = collections.Counter(), []
    golden = stage.answers[stage.fingerprints["first"]]
    with stage.server("first", "refusals") as server, asking.client(server.url) as talker:
        for name, path in paths.items():
            status, said = stage.assay(server, "swap", f"chat={path}")
            model = stage.model(server)
            failure = model["load_failure"] or ""
            right = {
                "status": status == 65, "layer": " layer (" in failure and failure not in found,
                "generation": (model["generation"], model["state"]) == (1, "ready")}
            found.append(failure)
            answer = asking.ask(talker, asking.PROMPTS[0], "chat")
            right["answer"] = (answer.generation == 1 and
                               asking.content(answer) == golden[asking.PROMPTS[0]])
            counts.update(key for key, holds in right.items() if holds)
            if not all(right.values()):
                print(f"    {name}: status {status}, {right}, {failure or said}"[:300])
    report.row("malformed files", str(len(paths)), "at least 30", len(paths) >= 30)
    report.exactly("swaps that ended with status 65", counts["status"], len(paths))
    report.exactly("layer and code in load_failure of models", counts["layer"], len(paths))
    report.exactly("old generation listed as before", counts["generation"], len(paths))
    report.exactly("old generation answers with its own bits", counts["answer"], len(paths))


def cycles(stage, report, words):
    """Loads and unloads, and what they leave."""
    with stage.server("first", "cycles") as server, asking.client(server.url) as talker:
        before = None
        for index in range(words.cycles):
            name = ("first", "second")[index % 2]
            talker.load(name="coming", path=stage.paths[name])
            talker.unload(name="coming")
            if index == words.cycles // 10:
                before = holdings(server)
        report.exactly("loads and unloads", words.cycles, words.cycles)
        leftovers(report, server, before, time.monotonic())


def leftovers(report, server, before, since):
    """Compares what a server holds with an earlier time, once it has had time to let go."""
    while True:
        more = {key: holdings(server)[key] - before[key] for key in LEFT}
        if time.monotonic() > since + LEFT_SECONDS or all(
                more[key] <= LEFT[key] for key in LEFT):
            break
        time.sleep(0.1)
    for key in LEFT:
        unit = " MB" if key == "memory" else ""
        report.at_most(f"growth: {key}", round(more[key], 1), LEFT[key], unit)


def shadow(stage, report, words):
    """A shadow beside live requests: of an equal model, and of one with an altered tensor."""
    count = words.shadow
    swap = ["--shadow", str(count)]
    with stage.server("first", "shadow") as server, \
            asking.Checkers(server.url, stage.answers, pause=0) as checkers:
        status, said = stage.assay(server, "swap", f"chat={stage.paths['copy']}", *swap)
        found = said.get("shadow") or {}
        report.exactly("equal model: status, compared, equal",
                       (status, found.get("compared"), found.get("equal")), (0, count, count))
        status, said = stage.assay(
            server, "swap", f"chat={stage.paths['planted']}", *swap, "--require-equal")
        report.exactly("altered tensor, --require-equal: status", status, 65)
        report.exactly("generation that goes on", stage.model(server)["generation"], 2)
        status, said = stage.assay(server, "swap", f"chat={stage.paths['planted']}", *swap)
        found = said.get("shadow") or {}
        differ = found.get("compared", 0) - found.get("equal", 0)
        report.row("altered tensor: requests that differ", f"{differ} of {found.get('compared')}",
                   f"1 or more of {count}", differ > 0 and found.get("compared") == count)
        report.row("altered tensor: first difference", "told" if found.get("first_difference")
                   else "not told", "told", bool(found.get("first_difference")))
        checkers.stop()
        same, planted = (stage.fingerprints[name] for name in ("first", "planted"))
        # The number of a refused candidate is used up.
        new = said.get("generation")
        judged(report, checkers, {1: same, 2: same, new: planted})


def rollback(stage, report, words):
    """A rollback under load, and the bits of the logits before and after."""
    with stage.server("first", "rollback") as server, \
            asking.client(server.url) as talker, \
            asking.Checkers(server.url, stage.answers, pause=0) as checkers:
        first = bits(talker)
        talker.swap(name="chat", path=stage.paths["second"])
        second = bits(talker)
        for number, right in ((1, first), (2, second), (1, first)):
            status, said = stage.assay(server, "rollback", "chat")
            report.exactly(f"rollback to generation {number}: status, generation",
                           (status, said.get("generation")), (0, number))
            same = [bits(talker) == right for _ in range(10)]
            report.exactly("answers with the bits of that generation", sum(same), len(same))
        report.row("the two generations differ", str(first != second), "True", first != second)
        checkers.stop()
        judged(report, checkers, {1: stage.fingerprints["first"], 2: stage.fingerprints["second"]})


def bits(talker):
    """Generation and bytes of the logits of a fixed prompt, asked by the plain name."""
    answer = talker.logits(prompt=asking.PROMPTS[0], model="chat")
    return answer.generation, answer.logits.tobytes()


def shares(stage, report, words):
    """Labels with shares, over many requests for the plain name."""
    wanted = {2: ("canary", "second", 0.1), 3: ("beta", "planted", 0.25)}
    with stage.server("first", "shares") as server:
        for number, (label, name, share) in wanted.items():
            for command in (["swap", f"chat={stage.paths[name]}"], ["rollback", "chat"],
                            ["alias", f"chat:{label}", str(number), "--share", str(share)]):
                status, said = stage.assay(server, *command)
                if status != 0:
                    raise RuntimeError(f"{command[0]} ended with {status}: {said}")
        counts = counted(server.url, "chat", words.requests)
        report.exactly("requests answered", sum(counts.values()), words.requests)
        for number, (label, _, share) in wanted.items():
            found = counts[number] / words.requests
            report.row(f"share of {label}", f"{found:.4f}", f"{share} within 2 %",
                       abs(found - share) <= 0.02 * share)
            named = counted(server.url, f"chat:{label}", 100)
            report.exactly(f"chat:{label} answered by generation {number}", named[number], 100)


def counted(url, model, count, threads=4):
    """Asks in turn on several connections; the answers by generation."""
    found, lock, turns = collections.Counter(), threading.Lock(), iter(range(count))

    def run():
        with asking.client(url) as talker:
            while True:
                with lock:
                    turn = next(turns, None)
                if turn is None:
                    return
                try:
                    answer = asking.ask(talker, asking.PROMPTS[turn % 8], model, tokens=1)
                except assay.AssayError as error:
                    print(f"    lost: {error}"[:200])
                    continue
                with lock:
                    found[answer.generation] += 1

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return found


ALL = {"swaps": swaps, "refusals": refusals, "cycles": cycles, "shadow": shadow,
       "rollback": rollback, "shares": shares}
