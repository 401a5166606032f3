"""Attacks on the files of served models, and loads and unloads beside the service.

The file changer restores what it damaged, every time and at its end. Its answers are everybody
else's: whoever asks meanwhile must get the golden one. Loads of a file that is being changed may be
refused; what is served must be the golden of the fingerprint that it names.
"""

import os
import pathlib
import time

import assay
import goldens
from actor import Actor
from bits import digest


class FileChanges(Actor):
    """Overwrites, cuts, replaces, deletes, hides and grows the served models' files."""

    def run(self):
        ways = [self.zero, self.noise, self.other, self.same, self.cut, self.empty, self.grow,
                self.replace, self.delete, self.hide]
        while self.running():
            served = self.random.choice(sorted(self.served))
            file = self.random.choice(self.served[served]["files"])
            right = self.right(served, file)
            way = self.random.choice(ways)
            try:
                way(file, right)
                self.rest(self.random.uniform(0.02, 0.3))
            finally:
                self.restore(file, right)
            self.say("act", note=way.__name__)
            self.rest(self.random.uniform(0, 0.15))

    def right(self, served, file):
        """The bytes as they were."""
        index = self.served[served]["files"].index(file)
        return pathlib.Path(self.pristine[served]["files"][index]).read_bytes()

    def restore(self, file, right):
        if os.path.exists(file):
            os.chmod(file, 0o644)
        if self.random.random() < 0.5 or not os.path.exists(file):
            self.put(file + ".new", right)
            os.rename(file + ".new", file)
        else:
            self.poke(file, 0, right)
            os.truncate(file, len(right))

    @staticmethod
    def put(file, data):
        pathlib.Path(file).write_bytes(data)

    @staticmethod
    def poke(file, at, data):
        with open(file, "r+b") as handle:
            handle.seek(at)
            handle.write(data)

    # ------------------------------------------------------------ the ways

    def zero(self, file, right):
        at = self.random.randrange(len(right))
        self.poke(file, at // 2, bytes(len(right) - at // 2))

    def noise(self, file, right):
        self.poke(file, 0, self.random.randbytes(len(right)))

    def other(self, file, right):
        """What `cp OTHER FILE` does."""
        others = [one for model in self.pristine.values() for one in model["files"]]
        self.put(file, pathlib.Path(self.random.choice(others)).read_bytes())

    def same(self, file, right):
        self.put(file, right)

    def cut(self, file, right):
        os.truncate(file, self.random.randrange(len(right)))

    def empty(self, file, right):
        os.truncate(file, 0)

    def grow(self, file, right):
        with open(file, "ab") as handle:
            handle.write(bytes(4096))

    def replace(self, file, right):
        self.put(file + ".new", self.random.randbytes(len(right)))
        os.rename(file + ".new", file)

    def delete(self, file, right):
        os.unlink(file)

    def hide(self, file, right):
        os.chmod(file, 0)


class Reloads(Actor):
    """Loads and unloads other names: of files nobody touches, and of those that are changed."""

    #: Stands for every code by which a layer of the assay refuses a file that is being changed.
    REJECTED = "rejected_while_changed"
    #: Stands for what a model can only say whose weights were damaged before it was loaded.
    NOT_FINITE = "damaged_before_it_was_loaded"
    NOT_FINITE_CODES = ("logits_not_finite", "non_finite_logits", "model_not_ready", "breaker_open")

    explains = {
        REJECTED: "the file was being changed while it was loaded",
        NOT_FINITE: "the file was loaded with noise in it, and computes no finite logits",
        "model_unknown": "asked of a name that was unloaded",
        "breaker_open": "the same changed file was refused again and again",
    }

    def run(self):
        client = assay.Client(self.url)
        self.firsts = {}
        number = 0
        while self.running():
            number += 1
            self.once(client, f"reloaded-{number % 3}")
            self.say("act")
        client.close()

    def once(self, client, name):
        kept = self.random.random() < 0.5
        model = self.random.choice(sorted(self.goldens))
        place = (self.pristine if kept else self.served)[model]["path"]
        try:
            client.load(name, place, deadline_milliseconds=20_000)
        except assay.AssayError as error:
            if kept or not error.layer:
                self.refused(error, "loading a file that nobody touches" if kept else "loading")
            else:
                self.say("refused", code=self.REJECTED, note=error.server_code or "")
            return
        try:
            # Some answers lack it until it is computed.
            served = goldens.fingerprint(client, name)
            for _ in range(3):
                self.ask_reloaded(client, name, model, kept, served)
        except RuntimeError as error:
            self.say("wrong", note=str(error))
        except assay.AssayError as error:
            self.refused(error, "listing the models")
        try:
            client.unload(name, deadline_milliseconds=20_000)
        except assay.AssayError as error:
            self.refused(error, "unloading")
        if self.random.random() < 0.2:
            self.ask_unloaded(client, name, model)

    def ask_unloaded(self, client, name, model):
        row = self.question(model)
        try:
            goldens.ask(client, row["kind"], row["request"] | {"model": name})
            self.say("wrong", note="an unloaded model answered")
        except assay.AssayError as error:
            self.refused(error, "after unloading")

    def ask_reloaded(self, client, name, model, kept, served):
        """The golden of the fingerprint that the answer names; for bytes that were never recorded,
        the first answer that named them."""
        row = self.question(model)
        began = time.monotonic()
        known = {golden["fingerprint"]: key for key, golden in self.goldens.items()}
        try:
            answer = goldens.ask(client, row["kind"], row["request"] | {"model": name})
        except assay.AssayError as error:
            if served not in known and error.server_code in self.NOT_FINITE_CODES:
                self.say("refused", code=self.NOT_FINITE)
            else:
                self.refused(error, "asking a loaded model")
            return
        named = (answer["response"].get("answer") or {}).get("fingerprint")
        if kept or named in known:
            whose = known.get(named, model)
            self.judge(self.row_of(whose, row), answer, began, whose, name)
            return
        found = digest(answer["response"])
        first = self.firsts.setdefault((named, row["digest"]), found)
        spent = (time.monotonic() - began) * 1000
        note = "" if first == found else f"two answers of fingerprint {named[:12]}"
        self.say("wrong" if note else "right", note=note, milliseconds=spent)

    def row_of(self, model, row):
        """The same question among those of another model."""
        for other in self.goldens[model]["questions"]:
            if other["kind"] == row["kind"] and {**other["request"], "model": 0} == {
                    **row["request"], "model": 0}:
                return other
        return row

