"""protocol.json against itself, and every document's tables against it: a change alone is noticed."""

import copy
import importlib.util
import os
import shutil
import tempfile
import unittest

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def module(name, path):
    spec = importlib.util.spec_from_file_location(name, os.path.join(FOLDER, path))
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


description = module("description", "generate.py")
documents = module("documents", "languages/markdown.py")
SPEC = "Protocol/SPEC.md"


def fields(protocol, name):
    return protocol["messages"][name]["fields"]


class Description(unittest.TestCase):
    def setUp(self):
        self.protocol = description.load()
        with open(os.path.join(FOLDER, "SPEC.md"), encoding="utf-8") as handle:
            self.spec = handle.read()

    def changed(self, change):
        protocol = copy.deepcopy(self.protocol)
        change(protocol)
        return protocol

    def emitted(self, spec):
        """SPEC.md as written by the generator when the document is `spec`."""
        with tempfile.TemporaryDirectory() as folder:
            for path in documents.DOCUMENTS:
                place = os.path.join(folder, path)
                os.makedirs(os.path.dirname(place), exist_ok=True)
                shutil.copy(os.path.join(documents.ROOT, path), place)
            with open(os.path.join(folder, SPEC), "w", encoding="utf-8") as handle:
                handle.write(spec)
            kept, documents.ROOT = documents.ROOT, folder
            try:
                return documents.emit(self.protocol)[SPEC]
            finally:
                documents.ROOT = kept

    def test_it_does_not_contradict_itself(self):
        self.assertEqual(description.contradictions(self.protocol), [])

    def test_the_documents_have_its_tables(self):
        for path, text in documents.emit(self.protocol).items():
            with self.subTest(document=path), open(os.path.join(documents.ROOT, path),
                                                   encoding="utf-8") as handle:
                self.assertEqual(handle.read(), text)

    def test_the_document_says_its_version_and_revision(self):
        self.assertIn("\nVersion %d, revision %d." % (
            self.protocol["version"], self.protocol["revision"]), self.spec)

    def test_a_contradiction_is_noticed(self):
        for change in (
                lambda p: fields(p, "Generate request")[5].update(default=255),
                lambda p: fields(p, "Embed request")[3].pop("default"),
                lambda p: fields(p, "Chat message")[0]["choices_since"].update(judge=3),
                lambda p: fields(p, "Score response")[0].update(record="Scores"),
                lambda p: fields(p, "Answer")[5].update(since=p["revision"] + 1),
                lambda p: fields(p, "Request context")[1].update(id=1),
                lambda p: fields(p, "Request context")[1].update(name="priority"),
                lambda p: p["messages"]["Input"]["exactly_one"].append("bytes"),
                lambda p: p["messages"]["Score request"]["excludes"].append(["messages", "text"]),
                lambda p: p["kinds"][4].update(chunk=None),
                lambda p: p["kinds"][4].update(streamed=False, chunk=None),
                lambda p: p["kinds"][1].update(response="Pong")):
            self.assertNotEqual(description.contradictions(self.changed(change)), [])

    def test_a_change_of_a_table_is_a_change_of_the_document(self):
        for change in (
                lambda p: fields(p, "Generate request")[7].update(max=16777215),
                lambda p: fields(p, "Hello response").pop(),
                lambda p: fields(p, "Logprobs")[2].update(type="f64"),
                lambda p: fields(p, "Request context")[2].update(min=1),
                lambda p: p["kinds"].pop(),
                lambda p: p["statuses"][3].update(advice="retry"),
                lambda p: p["limits"][0].update(value=8192),
                lambda p: p["header"][6].update(offset=20),
                lambda p: p["flags"][1].update(name="further"),
                lambda p: p["body_codes"][0].update(code="body_cut"),
                lambda p: p["framing_codes"][0].update(code="length_small"),
                lambda p: p["codes"][0].update(since=2)):
            self.assertNotEqual(documents.emit(self.changed(change))[SPEC], self.spec)

    def test_a_change_of_a_table_in_the_document_is_undone(self):
        row = next(line for line in self.spec.split("\n") if line.startswith("| 13 | `truncate"))
        for old, new in [
                ("| 8 | `top_k` | u64 | optional | 0..16777216 |",
                 "| 8 | `top_k` | u64 | optional | 0..16777215 |"),
                ("| 8 | RESOURCE_EXHAUSTED |", "| 7 | RESOURCE_EXHAUSTED |"),
                ("| `0x0e` | Cancel | served |", "| `0x0e` | Cancel | reserved |"),
                ("| 16 | u32 | status |", "| 16 | u64 | status |"),
                ("| 3 | `priority` |", "| 4 | `priority` |"),
                (row + "\n", ""), (row, row + "\n" + row.replace("13", "17"))]:
            with self.subTest(change=new):
                self.assertIn(old, self.spec)
                self.assertEqual(self.emitted(self.spec.replace(old, new, 1)), self.spec)

    def test_a_table_that_the_document_lacks_is_noticed(self):
        for old, new in [("<!-- table: Request context -->", ""),
                         ("<!-- table: Stats request -->", "<!-- table: Statistics -->")]:
            self.assertIn(old, self.spec)
            with self.assertRaises(SystemExit):
                self.emitted(self.spec.replace(old, new, 1))


if __name__ == "__main__":
    unittest.main()
