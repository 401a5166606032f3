#!/usr/bin/env python3
"""Plays rows that a script cannot: a real assayd is killed, restarted and drained.

    live.py --assayd PATH --client NAME=COMMAND [--client ...] [options]

    --example NAME=COMMAND  a program that asks the demo model 317+485= and prints text and
                            provenance, server in ASSAY_SERVER: run, its output checked
    --readme NAME=FOLDER    every fenced block of FOLDER/README.md is a file FOLDER/example*, and
                            together they show every use; with --example, each is run
    --model PATH            a model file for the Load row (default: ../../models/assay-demo.gguf)
    --only PATTERN, --limit SECONDS, --jobs N, --json FILE   as in run.py

Each row starts a server of its own on a Unix socket, with the demo model in the box, and ends it by
its process id. Exit status as run.py's. In one file, since all of it is about one real server.
"""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from examples import check_readme, run_examples  # noqa: E402
from rows import Row, expect  # noqa: E402
from run import judge, matching, report, say  # noqa: E402
from server import Failed  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "..", "..", "models", "assay-demo.gguf")
LIMIT = 30.0  # seconds for any step of a real server
ROWS = []


class Assayd:
    """A real server on a Unix socket. A later `start` uses the same address."""

    def __init__(self, program, folder, *words):
        self.program, self.words = program, words
        self.path = os.path.join(folder, "assayd.sock")
        self.log = os.path.join(folder, "assayd.log")
        self.process = None
        self.start()

    @property
    def url(self):
        return "unix://" + self.path

    def start(self):
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith("ASSAY_")}
        clean["ASSAY_DRAIN_GRACE_SECONDS"] = "0"
        with open(self.log, "ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(
                [self.program, "--listen", self.url, "--admin", "none", "--threads", "1",
                 *self.words],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=clean)
        until = time.monotonic() + LIMIT
        while time.monotonic() < until and self.process.poll() is None:
            with open(self.log, "rb") as log:
                log.seek(begin)
                if b"listening on " in log.read():  # bound is sooner, while the models still load
                    return
            time.sleep(0.02)
        with open(self.log, encoding="utf-8", errors="replace") as log:
            raise Failed("a server that listens", log.read()[-500:])

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def drain(self):
        self.process.send_signal(signal.SIGTERM)

    def ended(self):
        """Waits for the end. Gives the exit status."""
        try:
            return self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed("the server's end after SIGTERM", "none") from None


def live(meaning, *words):
    """Registers a row that gets the stage, the server, and a client of the server."""
    def register(play):
        def played(stage):
            server = Assayd(OPTIONS.assayd, stage.folder, *words)
            try:
                play(stage, server, stage.open(server.url))
                stage.end()
            finally:
                server.kill()
        ROWS.append(Row(play.__name__, "live", meaning, played))
        return play
    return register


def row_with_server(meaning):
    """Registers a row that starts its servers itself."""
    def register(play):
        ROWS.append(Row(play.__name__, "live", meaning, play))
        return play
    return register


STORY = {"prompt": "Story about a fox:", "max_tokens": "400", "temperature": 1.0, "seed": "5"}


def answers(client):
    """The model in the box answers, with provenance real."""
    result = client.call("Generate", {"prompt": "317+485=", "max_tokens": "8"}).ok(LIMIT)
    text = result["response"].get("text", "")
    expect("802" in text, "802 in the answer", repr(text))
    expect(result["provenance"] == "real", "a real answer", repr(result["provenance"]))


def in_time(call):
    """The end of a call, of any kind."""
    return call.end(LIMIT)


def streams(client, count, **words):
    """Starts streams on one connection, of which the first has begun to arrive. All together
    take long enough to be in the middle of it."""
    calls = [client.call("Generate", dict(STORY, seed=str(number), **words), stream=True)
             for number in range(count)]
    calls[0].chunk(LIMIT)
    return calls


@live("the server is killed in mid-stream: connection_closed, none hangs; restarted: the same"
      " client works")
def killed_in_mid_stream(stage, server, client):
    for _ in range(5):
        calls = streams(client, 30, ignore_eos=True)
        server.kill()
        cut = 0
        for call in calls:
            kind, value = in_time(call)
            # Without a chunk the call is tried again, and nobody is there.
            wanted = "connection_closed" if call.chunks else "unreachable"
            expect(kind == "ok" or value.get("code") == wanted, "an answer or " + wanted,
                   repr(value))
            cut += kind == "error" and wanted == "connection_closed"
        server.start()
        answers(client)
        if cut:
            return
    raise Failed("a stream that is cut", "five times none: all were over before the end")


@live("the server is killed during a Load and restarted: the Load is not made again")
def killed_during_load(stage, server, client):
    call = client.call("Load", {"name": "second", "path": os.path.abspath(OPTIONS.model)},
                       stream=True)
    call.chunk(LIMIT)
    server.kill()
    server.start()
    kind, value = in_time(call)
    expect(kind == "ok" or value.get("code") == "connection_closed", "connection_closed",
           repr(value))
    models = client.call("Models", {}).ok(LIMIT)["response"]["models"]
    expect(len(models) == 1, "the model of the new server alone",
           repr([model["name"] for model in models]))


@live("the server was restarted while the client was idle: the next call works silently")
def restarted_while_idle(stage, server, client):
    answers(client)
    server.kill()
    server.start()
    answers(client)


@live("the server drains (SIGTERM) in mid-stream: the stream is finished, then nobody answers")
def drained_in_mid_stream(stage, server, client):
    calls = streams(client, 8)
    server.drain()
    kind, value = in_time(calls[0])
    expect(kind == "ok", "a whole stream", repr(value))
    expect(value["response"].get("finish_reason") in ("stop", "length"), "a stream to its end",
           repr(value["response"].get("finish_reason")))
    for call in calls[1:]:  # a request not yet read may be refused
        kind, value = in_time(call)
        expect(kind == "ok" or value.get("status") == "UNAVAILABLE",
               "an answer, or UNAVAILABLE", repr(value))
    status = server.ended()
    expect(status == 0, "exit status 0 of the server", str(status))
    client.ping().error("unreachable", seconds=LIMIT)
    server.start()
    answers(client)


@live("a caller gives a stream up: the connection lives on")
def given_up(stage, server, client):
    for count in (1, 2, 3):
        call = client.call("Generate", STORY, stream=True, cancel_after=count)
        call.error("given_up", seconds=LIMIT)
        answers(client)


@live("twenty calls at once on one connection, each answered with its own text")
def many_at_once(stage, server, client):
    calls = {number: client.call("Generate", {"prompt": "%d+%d=" % (number, number),
                                              "max_tokens": "8"}) for number in range(310, 330)}
    for number, call in calls.items():
        text = call.ok(LIMIT)["response"].get("text", "")
        expect(str(2 * number) in text, str(2 * number), repr(text))


@live("every kind against the real server")
def every_kind(stage, server, client):
    def ask(kind, request, **words):
        return client.call(kind, request, **words).ok(LIMIT)["response"]

    expect(ask("Ping", {"payload": "00ff"}).get("payload") == "00ff", "00ff", "another payload")
    expect(ask("Health", {})["ready"] is True, "a ready server", "another")
    name = ask("Models", {})["models"][0]["name"]
    tokens = ask("Tokenize", {"text": b"317+485=".hex(), "add_special": False})["tokens"]
    expect(ask("Detokenize", {"tokens": tokens})["text"] == b"317+485=".hex(), "the text again",
           "another")
    logits = ask("Logits", {"tokens": tokens, "all_positions": True})
    expect(len(logits["logits"]) == int(logits["vocabulary"]) * len(tokens),
           "a row per position", "%d values" % len(logits["logits"]))
    scores = ask("Score", {"prompt": "317+485=", "continuations": [{"text": "802"},
                                                                  {"text": "111"}]})["scores"]
    expect(scores[0]["logprob"] > scores[1]["logprob"], "802 more probable than 111",
           repr([score["logprob"] for score in scores]))
    embed = ask("Embed", {"inputs": [{"text": "a fox"}, {"text": "a hen"}]})
    expect(len(embed["embeddings"]) == 2 * int(embed["dimensions"]), "two vectors",
           "%d values" % len(embed["embeddings"]))
    expect(embed.get("pooling") == "mean", "the pooling mean", repr(embed.get("pooling")))
    last = ask("Embed", {"inputs": [{"text": "a fox"}], "pooling": "last"})
    expect(last.get("pooling") == "last", "the pooling last", repr(last.get("pooling")))
    shown = ask("Render", {"messages": [{"role": "user", "content": "hi"}]})
    expect(shown["text"] == "<|begin|>hi", "the template's text", repr(shown["text"]))
    said = ask("Generate", {"prompt": "317+485=", "max_tokens": "4", "logprobs": "2"}, stream=True)
    expect(len(said["logprobs"]["tokens"]) == len(said["tokens"]), "a logprob per token", "others")
    call = client.call("Load", {"name": "second", "path": os.path.abspath(OPTIONS.model)},
                       stream=True)
    expect(call.ok(LIMIT)["response"]["accepted"] is True, "an accepted model", "none")
    expect(len(call.chunks) >= 3, "a chunk per layer", "%d" % len(call.chunks))
    names = [model["name"] for model in ask("Models", {})["models"]]
    expect(sorted(names) == sorted([name, "second"]), "two models", repr(names))
    ask("Unload", {"name": "second"})
    counters = ask("Stats", {})["counters"]
    expect(any(int(counter["real"]) for counter in counters), "counters that count", "none")


@live("a model is swapped, labelled, returned to and pinned; each answer names its generation")
def swapped(stage, server, client):
    def ask(kind, request, **words):
        return client.call(kind, request, **words).ok(LIMIT)["response"]

    def listed():
        return next(one for one in ask("Models", {})["models"] if one["name"] == name)

    def answering(model):
        result = client.call("Tokenize", {"model": model, "text": "61"}).ok(LIMIT)
        return result["generation"]

    name = ask("Models", {})["models"][0]["name"]
    call = client.call("Swap", {"name": name, "path": os.path.abspath(OPTIONS.model)}, stream=True)
    after = call.ok(LIMIT)["response"]
    expect(len(call.chunks) >= 3, "a chunk per layer", "%d" % len(call.chunks))
    old, new = int(after["previous_generation"]), int(after["model"]["generation"])
    expect(new > old, "a generation above %d" % old, str(new))
    expect(answering(name) == new, "an answer of generation %d" % new, "another")
    expect(listed().get("held_generation") == str(old), "generation %d held" % old,
           repr(listed().get("held_generation")))
    ask("Alias", {"name": name, "label": "before", "generation": str(old)})
    expect(answering(name + ":before") == old, "generation %d by its label" % old, "another")
    ask("Rollback", {"name": name})
    expect(answering(name) == old, "generation %d again" % old, "another")
    expect(ask("Pin", {"name": name})["model"].get("pinned") is True, "a pinned model", "none")
    client.call("Unload", {"name": name}).error(
        "server_refused", status="FAILED_PRECONDITION", seconds=LIMIT)
    error = client.call("Swap", {"name": name, "path": os.path.abspath(__file__)}).error(
        "server_refused", status="MODEL_REJECTED", seconds=LIMIT)
    expect(error.get("layer") in ("file", "parse"), "the layer that refused",
           repr(error.get("layer")))
    expect(listed().get("load_failure"), "the failure in Models", "none")
    answers(client)


def token_table(path, **scopes):
    """Writes a table of tokens for assayd: the token of each name is `assay_NAME`."""
    rows = [{"name": name, "sha256": hashlib.sha256(b"assay_" + name.encode()).hexdigest(),
             "scopes": given} for name, given in scopes.items()]
    with open(path + ".new", "w", encoding="utf-8") as handle:
        json.dump({"tokens": rows}, handle)
    os.chmod(path + ".new", 0o600)
    os.rename(path + ".new", path)


def loses_its_connection(client):
    """A client whose token is revoked is refused, as soon as the server has read the table."""
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        kind, value = client.ping().end(LIMIT)
        if kind == "error":
            expect(value.get("server_code") == "token_invalid", "token_invalid", repr(value))
            return
        time.sleep(0.05)
    raise Failed("a refusal of the revoked token", "none")


@row_with_server("a server with tokens: none and a wrong one are refused, a scope is demanded, a"
                 " token file opens the server, a revoked token closes it")
def tokens_of_the_server(stage):
    table, ops = os.path.join(stage.folder, "table"), ["infer", "observe", "admin"]
    token_table(table, web=["infer"], ops=ops)
    server = Assayd(OPTIONS.assayd, stage.folder, "--token-file", table)
    try:
        for token, code in ((None, "token_required"), ("assay_nobody", "token_invalid")):
            client = stage.open(server.url, **({"token": token} if token else {}))
            error = client.ping().error("server_refused", status="UNAUTHENTICATED", seconds=LIMIT)
            expect(error.get("server_code") == code, code, repr(error.get("server_code")))
        web = stage.open(server.url, token="assay_web")
        answers(web)
        error = web.call("Stats", {}).error(
            "server_refused", status="PERMISSION_DENIED", seconds=LIMIT)
        expect(error.get("server_code") == "scope_missing", "scope_missing",
               repr(error.get("server_code")))
        path = os.path.join(stage.folder, "own")
        with open(path, "w", encoding="utf-8") as handle:
            handle.write("assay_ops\n")
        os.chmod(path, 0o600)
        client = stage.open(server.url, token_file=path)
        answers(client)
        client.call("Stats", {}).ok(LIMIT)
        token_table(table, ops=ops)
        loses_its_connection(web)
        answers(client)
        stage.end()
    finally:
        server.kill()


@live("what the server refuses arrives as its status, with code and field")
def refused_by_the_server(stage, server, client):
    error = client.call("Generate", {"prompt": "a", "model": "nobody"}).error(
        "server_refused", status="NOT_FOUND", seconds=LIMIT)
    expect(error.get("server_code"), "the server's code", "none")
    client.call("Detokenize", {"tokens": [4294967295]}).error(
        "server_refused", status="OUT_OF_RANGE", seconds=LIMIT)
    error = client.call("Render", {"messages": [{"role": "system", "content": "hi"}]}).error(
        "server_refused", status="INVALID_ARGUMENT", seconds=LIMIT)  # its template knows none
    expect(error.get("server_code") == "template_raised" and error.get("field") == "messages",
           "template_raised, field messages", repr(error))
    error = client.call("Render", {"messages": [{"role": "user", "content": "hi"}],
                                   "template_variables": [{"name": "messages", "value": "1"}]}
                        ).error("server_refused", status="INVALID_ARGUMENT", seconds=LIMIT)
    expect(error.get("field") == "template_variables.name", "the field", repr(error))
    error = client.call("Load", {"name": "bad", "path": os.path.abspath(__file__)}).error(
        "server_refused", status="MODEL_REJECTED", seconds=LIMIT)
    expect(error.get("layer") in ("file", "parse"), "the layer that refused",
           repr(error.get("layer")))
    answers(client)


@live("a server that serves a mock: refused, unless mocks are allowed, and then it says mock",
      "--strategy", "development", "--allow-mock-fallback", "--model", "m=/no/such/file.gguf")
def mock_server(stage, server, client):
    client.call("Generate", {"prompt": "a", "max_tokens": "4"}).error(
        "mock_refused", seconds=LIMIT)
    client.call("Tokenize", {"text": "61"}).error("mock_refused", seconds=LIMIT)
    client.ping().ok(LIMIT)
    allowed = stage.open(server.url, allow_mock=True)
    result = allowed.call("Generate", {"prompt": "a", "max_tokens": "4"}).ok(LIMIT)
    expect(result["provenance"] == "mock", "provenance mock", repr(result["provenance"]))


# ---------------------------------------------------------------- command line

def pairs(parser, given):
    for one in given:
        if "=" not in one:
            parser.error("wanted NAME=VALUE, found %r" % one)
    return dict(one.split("=", 1) for one in given)


def arguments(words):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--assayd", required=True)
    for name in ("client", "example", "readme", "only"):
        parser.add_argument("--" + name, action="append", default=[])
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--limit", type=float, default=120.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json")
    given = parser.parse_args(words)
    for name in ("client", "example", "readme"):
        setattr(given, name, pairs(parser, getattr(given, name)))
    if not os.access(given.assayd, os.X_OK):
        parser.error("no program at %s" % given.assayd)
    if not given.client and not given.example and not given.readme:
        parser.error("at least one --client, --example or --readme")
    return given


def judge_all(name, rows, folder):
    """Every row, the example and the README of one client."""
    results = []
    if name in OPTIONS.client:
        results += judge(name, OPTIONS.client[name], rows, OPTIONS.limit, say)
    if name in OPTIONS.example:
        readme = OPTIONS.readme.get(name)
        results += run_examples(
            OPTIONS.example[name], readme, lambda: Assayd(OPTIONS.assayd, folder))
    if name in OPTIONS.readme:
        results.append(check_readme(OPTIONS.readme[name]))
    return results


def main():
    rows = matching(ROWS, OPTIONS.only, lambda row: (row.name,))
    names = list(dict.fromkeys([*OPTIONS.client, *OPTIONS.example, *OPTIONS.readme]))
    with tempfile.TemporaryDirectory(prefix="live-") as folder, \
            ThreadPoolExecutor(max(1, OPTIONS.jobs)) as pool:
        for name in names:
            os.mkdir(os.path.join(folder, name))
        futures = {name: pool.submit(judge_all, name, rows, os.path.join(folder, name))
                   for name in names}
        judged = {name: future.result() for name, future in futures.items()}
    return report(judged, OPTIONS.json, True)


OPTIONS = None
if __name__ == "__main__":
    OPTIONS = arguments(sys.argv[1:])
    sys.exit(main())
