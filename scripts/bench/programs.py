"""The programs that are measured: Assay's, llama.cpp's, and the probe of the memory's bandwidth.

Guarantees: every run is bounded in time, and a program that fails ends the benchmark with its own
last words. A server is ended by its process id, and by the kernel when the benchmark is gone.
Settings of the reader's own servers (ASSAY_*) do not reach the programs.
"""

import ctypes
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time

import streams

#: Seconds that a run or a start may take.
RUN_SECONDS, START_SECONDS = 600, 60
#: Slots of a server, and positions of each.
STREAMS, CONTEXT = 16, 512
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class ProgramError(Exception):
    """A program that failed, with its last words."""


def ends_with_its_parent():
    """For `preexec_fn`: the kernel kills the child when its parent is gone, however that went."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Programs:
    """Everything that is run. `llama`: folder with `native` and `avx2`, or None for no peer."""

    def __init__(self, root, programs, llama, out, threads):
        self.root, self.bin, self.llama, self.out = root, programs, llama, out
        self.threads = threads
        self.models = out / "models"
        self.work = tempfile.TemporaryDirectory(prefix="assay-bench-")
        self.sizes = {}
        self.probe = None

    def close(self):
        self.work.cleanup()

    def peer_version(self):
        if self.llama is None:
            return "none"
        version = (self.llama / "version").read_text(encoding="ascii").strip()
        return f"llama.cpp of llama-cpp-python {version}, release build, CPU only"

    # ---- before the first round

    def prepare(self, models):
        """Writes the missing models, builds the probe, and reads every file once."""
        self.models.mkdir(exist_ok=True)
        for model in dict.fromkeys(models):
            path = self.path(model)
            if not path.exists():
                part = path.with_suffix(".part")
                self.run("assay-bench", "write-model", part, "--shape", model.shape, "--weights",
                         model.weights)
                part.rename(path)
        self.build_probe()

    def path(self, model):
        return self.models / f"{model.shape}-{model.weights}.gguf"

    def build_probe(self):
        self.probe = os.path.join(self.work.name, "kernels-bench")
        self.call([self.root / "scripts/kernels-bench.sh", self.probe])

    # ---- runs

    def environment(self, instructions=None):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
        if instructions:
            kept["ASSAY_INSTRUCTION_SET"] = instructions
        return kept

    def run(self, name, *words, instructions=None):
        """Runs one of Assay's programs. Returns its standard output."""
        return self.call([self.bin / name, *words], instructions)

    def call(self, words, instructions=None):
        words = [str(word) for word in words]
        try:
            done = subprocess.run(
                words, env=self.environment(instructions), stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=RUN_SECONDS, check=False,
                preexec_fn=ends_with_its_parent)
        except subprocess.TimeoutExpired:
            raise ProgramError(f"{words[0]} took over {RUN_SECONDS} s") from None
        if done.returncode != 0:
            last = (done.stderr or done.stdout).strip().splitlines()[-5:]
            raise ProgramError(f"{' '.join(words)} ended with {done.returncode}: "
                               + "\n    ".join(last))
        return done.stdout

    def peer(self, name, instructions):
        """llama.cpp's program for a set of instructions."""
        return self.llama / ("avx2" if instructions == "avx2" else "native") / name

    def bandwidth(self, instructions):
        """What all threads together read from memory, GB/s."""
        text = self.call([self.probe, self.threads, instructions, "bandwidth"])
        found = re.search(r"read ([0-9.]+) GB/s", text)
        if not found:
            raise ProgramError(f"kernels-bench says no bandwidth: {text}")
        return float(found.group(1))

    def weight_size(self, model):
        """Bytes of weights, all of which a token reads."""
        if model not in self.sizes:
            text = self.run("assay", "inspect", self.path(model))
            self.sizes[model] = int(re.search(r"(\d+) bytes of weights", text).group(1))
        return self.sizes[model]

    def engine(self, model, instructions, prompt, generate):
        """Assay's engine: tokens a second of a prompt, and of generation."""
        text = self.run("assay-load", "engine", self.path(model), "--threads", self.threads,
                        "--prompt", prompt, "--generate", generate, "--repetitions", 1, "--json",
                        instructions=instructions)
        found = json.loads(text)
        if found["instruction_set"] != instructions:
            raise ProgramError(f"asked for {instructions}, computed with "
                               + found["instruction_set"])
        return found["prefill_tps"], found["decode_tps"]

    def peer_engine(self, model, instructions, prompt, generate):
        """llama-bench: the same."""
        text = self.call([
            self.peer("llama-bench", instructions), "-m", self.path(model), "-t", self.threads,
            "-p", prompt, "-n", generate, "-r", 1, "-o", "json"])
        found = {bool(each["n_prompt"]): each["avg_ts"] for each in json.loads(text)}
        return found[True], found[False]

    def ping(self, scale):
        """Scenarios of Ping beside the bare echo, by name."""
        text = self.run("assay-bench", "wire", "--scale", scale, "--json")
        return {each["scenario"]: each for each in json.loads(text)["scenarios"]}

    # ---- servers

    def serve(self, model, instructions):
        return AssayServer(self, model, instructions)

    def serve_peer(self, model, instructions):
        return LlamaServer(self, model, instructions)


class Child:
    """A server process. `started` is the time of its start."""

    def __init__(self, programs, words, instructions=None):
        self.log = open(os.path.join(programs.work.name, "server.log"), "w+", encoding="utf-8")
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [str(word) for word in words], env=programs.environment(instructions),
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            preexec_fn=ends_with_its_parent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def await_first(self, answers):
        """Seconds from the start to the first answer. `answers` tries, and says if it worked."""
        limit = self.started + START_SECONDS
        while time.perf_counter() < limit:
            if answers():
                return time.perf_counter() - self.started
            if self.process.poll() is not None:
                break
            time.sleep(0.002)
        self.log.seek(0)
        last = "\n    ".join(self.log.read().strip().splitlines()[-5:])
        raise ProgramError(f"{self.process.args[0]} does not serve: {last}")


class AssayServer(Child):
    """assayd on a Unix socket."""

    def __init__(self, programs, model, instructions):
        self.programs = programs
        self.socket = os.path.join(programs.work.name, "a.sock")
        super().__init__(programs, [
            programs.bin / "assayd", "--model", f"m={programs.path(model)}", "--listen",
            f"unix://{self.socket}", "--admin", "none", "--log-level", "warning", "--threads",
            programs.threads], instructions)

    def first_answer(self):
        """Seconds from the start to the answer of a client that waits for the model."""
        # The client waits for the model by itself. Before there is a socket, there is no server.
        def answers():
            if not os.path.exists(self.socket):
                return False
            self.programs.run("assay", "generate", "--server", f"unix://{self.socket}", "--prompt",
                              "the", "--max-tokens", 1, "--wait", START_SECONDS)
            return True

        return self.await_first(answers)

    def streams(self, prompts, tokens):
        """Answers to all prompts, as many at a time as there are streams."""
        lines = os.path.join(self.programs.work.name, "prompts.txt")
        with open(lines, "w", encoding="utf-8") as file:
            file.write("".join(f"{prompt}\n" for prompt in prompts))
        text = self.programs.run(
            "assay-load", "rpc", "--server", f"unix://{self.socket}", "--mix", "generate",
            "--prompts", lines, "--output-tokens", tokens, "--connections", 1, "--depth", STREAMS,
            "--requests", len(prompts), "--duration", "10m", "--json")
        found = json.loads(text)
        if found["succeeded"] != len(prompts):
            raise ProgramError(f"{found['succeeded']} of {len(prompts)} streams were answered")
        return streams.Summary(
            found["output_tokens_per_second"], found["inter_token_latency"]["p50"],
            found["time_to_first_token"]["p50"])


class LlamaServer(Child):
    """llama-server on a loopback port, with a slot for each stream."""

    def __init__(self, programs, model, instructions):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        super().__init__(programs, [
            programs.peer("llama-server", instructions), "-m", programs.path(model), "-t",
            programs.threads, "-np", STREAMS, "-c", STREAMS * CONTEXT, "--host", "127.0.0.1",
            "--port", self.port])

    def first_answer(self):
        """Seconds from the start to the first answer of one token."""
        def answers():
            client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
            try:
                client.request("POST", "/completion", json.dumps(
                    {"prompt": "the", "n_predict": 1, "temperature": 0}))
                return client.getresponse().status == 200
            except ConnectionError:
                return False
            finally:
                client.close()

        return self.await_first(answers)

    def streams(self, prompts, tokens):
        """The same prompts as Assay gets."""
        return streams.ask(self.port, prompts, tokens, STREAMS)
