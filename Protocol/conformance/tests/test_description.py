"""protocol.json against SPEC.md: a change of either alone is noticed."""

import copy
import importlib.util
import os
import unittest

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
_spec = importlib.util.spec_from_file_location(
    "description", os.path.join(FOLDER, "generate.py"))
description = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(description)


class Description(unittest.TestCase):
    def setUp(self):
        self.protocol = description.load()
        with open(os.path.join(FOLDER, "SPEC.md"), encoding="utf-8") as handle:
            self.spec = handle.read()

    def test_they_agree(self):
        self.assertEqual(description.disagreements(self.protocol, self.spec), [])

    def test_a_change_of_the_document_is_noticed(self):
        for old, new in [
                ("| 8 | `top_k` | u64 | optional | 0..16777216 |",
                 "| 8 | `top_k` | u64 | optional | 0..16777215 |"),
                ("| 2 | `prompt` | text | optional | 0..4000000 bytes | text to continue",
                 "| 2 | `prompt` | text | required | 0..4000000 bytes | text to continue"),
                ("| 8 | RESOURCE_EXHAUSTED |", "| 7 | RESOURCE_EXHAUSTED |"),
                ("| `0x0e` | Cancel | served |", "| `0x0e` | Cancel | reserved |"),
                ("| ping payload | 65536 |", "| ping payload | 65537 |"),
                ("| 16 | u32 | status |", "| 16 | u64 | status |"),
                ("| 1 | more |", "| 1 | further |"),
                ("Version 1, revision 3.", "Version 1, revision 4."),
                ("`body_truncated`", "`body_cut`"), ("`length_too_small`", "`length_small`"),
                ("#### Stats request", "#### Statistics request"),
                ("| 13 | `truncate_prompt` |", "| 17 | `truncate_prompt` |")]:
            with self.subTest(change=new):
                self.assertIn(old, self.spec)
                self.assertNotEqual(
                    description.disagreements(self.protocol, self.spec.replace(old, new, 1)), [])

    def test_a_row_more_or_less_is_noticed(self):
        row = next(line for line in self.spec.split("\n") if line.startswith("| 13 | `truncate"))
        for changed in (self.spec.replace(row + "\n", ""),
                        self.spec.replace(row, row + "\n" + row.replace("13", "17"))):
            self.assertNotEqual(description.disagreements(self.protocol, changed), [])

    def test_a_change_of_the_description_is_noticed(self):
        def fields(protocol, name):
            return protocol["messages"][name]["fields"]

        for change in (
                lambda p: fields(p, "Generate request")[5].update(default=255),
                lambda p: fields(p, "Hello response").pop(),
                lambda p: fields(p, "Logprobs")[2].update(type="f64"),
                lambda p: fields(p, "Score response")[0].update(record="Scores"),
                lambda p: p["kinds"][4].update(streamed=False, chunk=None),
                lambda p: p["kinds"].pop(),
                lambda p: p["statuses"][3].update(advice="retry"),
                lambda p: p["limits"][0].update(value=8192),
                lambda p: p["header"][6].update(offset=20)):
            changed = copy.deepcopy(self.protocol)
            change(changed)
            self.assertNotEqual(description.disagreements(changed, self.spec), [])


if __name__ == "__main__":
    unittest.main()
