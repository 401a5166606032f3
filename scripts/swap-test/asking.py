"""Questions with known answers, and clients that ask them without a pause.

Guarantees: a client makes one attempt for each question, so that a lost request is seen. Each
answer is compared with the golden of the model whose fingerprint and generation the answer names,
and each failure is kept with its sentence.
"""

import collections
import threading

import assay

PROMPTS = ("317+485=", "100+250=", "Once upon a time", "Story about a fox:", "My name is Ada.",
           "sort: 5 3 9 1", "count to seven:", "Story about a hen:")
TOKENS = 12
DEADLINE_MILLISECONDS = 20_000
FAULTS_MAX = 5


def client(url):
    return assay.Client(url, assay.Options(name="swap-test", attempts=1))


def ask(talker, prompt, model, tokens=TOKENS):
    return talker.generate(prompt, model=model, max_tokens=tokens,
                           deadline_milliseconds=DEADLINE_MILLISECONDS)


def content(answer):
    return (tuple(answer.tokens), answer.text, answer.finish_reason)


def goldens(url, model):
    """What a model answers while nobody disturbs it, each question asked twice: the fingerprint,
    and the answers by prompt. Raises RuntimeError for two different answers to one question."""
    found = {}
    with client(url) as talker:
        for prompt in PROMPTS:
            first, second = (ask(talker, prompt, model) for _ in range(2))
            if content(first) != content(second):
                raise RuntimeError(f"an undisturbed server answers {prompt!r} in two ways")
            found[prompt] = content(first)
    return first.answer.fingerprint, found


class Checkers:
    """Threads that ask for the plain name until `stop`, each over a connection of its own."""

    def __init__(self, url, known, model="chat", count=2, pause=0.02):
        """`known`: the goldens by fingerprint. `pause`: seconds of a thread between questions."""
        self.url, self.model, self.known, self.pause = url, model, known, pause
        self.counts = collections.Counter()
        #: fingerprints of the answers by the generation that they name
        self.origins = collections.defaultdict(set)
        self.faults = []
        self.lock, self.stopped = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(index,), daemon=True)
                        for index in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join(60)
            if thread.is_alive():
                self.fault("an answer did not come within 60 s")

    def run(self, index):
        with client(self.url) as talker:
            while not self.stopped.is_set():
                prompt = PROMPTS[index % len(PROMPTS)]
                index += 1
                try:
                    answer = ask(talker, prompt, self.model)
                except assay.AssayError as error:
                    self.fault(f"lost: {error}")
                    self.stopped.wait(0.05)
                    continue
                self.judge(prompt, answer)
                self.stopped.wait(self.pause)

    def judge(self, prompt, answer):
        digest = answer.answer.fingerprint
        with self.lock:
            self.counts["asked"] += 1
            self.origins[answer.generation].add(digest)
        if answer.provenance != "real" or answer.degraded:
            self.fault(f"provenance {answer.provenance}, degraded {answer.degraded}")
        elif digest not in self.known:
            self.fault(f"the fingerprint {digest and digest.hex()} is of no model of the test")
        elif content(answer) != self.known[digest][prompt]:
            self.fault(f"generation {answer.generation} answers {prompt!r} by {answer.text!r}, "
                       f"alone it was {self.known[digest][prompt][1]!r}")

    def fault(self, sentence):
        with self.lock:
            self.counts["faults"] += 1
            if len(self.faults) < FAULTS_MAX:
                self.faults.append(sentence)

    def mixed(self, expected):
        """Generations whose answers name another fingerprint than `expected` has, which gives the
        fingerprint by generation."""
        return sorted(number for number, found in self.origins.items()
                      if found != {expected.get(number)})
