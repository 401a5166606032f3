"""The checks of the pages notice what they are there for."""

import unittest

import codes
import links
import settings

SETTING = {"name": "threads", "variable": "ASSAY_THREADS", "flag": "--threads", "unit": "threads",
           "default": "0", "range": "0 to 1024", "explanation": "Threads.", "repeatable": False,
           "reload": "restart"}


class Links(unittest.TestCase):
    def findings(self, **pages):
        pages = {name.replace("_", "/") + ".md": text for name, text in pages.items()}
        return links.findings(list(pages), pages.get)

    def test_links_that_hold(self):
        self.assertEqual([], self.findings(
            a="# One `b` two!\n[x](docs/b.md#sub-head) and [over two\nlines](#one-b-two) `docs/b.md`\n"
              "```\n[not a link](nowhere)\n```\n[far](https://example.org/x#y)",
            docs_b="## Sub head\n[up](../a.md)"))

    def test_links_that_do_not(self):
        found = self.findings(
            a="[x](nowhere.md) [y](docs/b.md#none)\n[over two\nlines](gone.md) `docs/none.md` [z](../out.md)",
            docs_b="# Head")
        self.assertEqual(5, len(found), found)

    def test_equal_headings_are_numbered(self):
        self.assertEqual({"a", "a-1", "a-2"}, links.anchors("# A\n## A\n### A"))


class Codes(unittest.TestCase):
    def test_both_directions(self):
        self.assertEqual(2, len(codes.both_ways("x", ["a", "b"], {"b": "", "c": ""})))
        self.assertEqual([], codes.both_ways("x", ["a"], {"a": ""}))

    def test_the_tables_are_whole(self):
        findings = []
        blocks = codes.blocks(findings)
        self.assertEqual([], findings)
        for name, word in (("statuses", "`MOCK_REFUSED`"), ("requests", "`model_loading`"),
                           ("damage", "`length_too_large`"), ("clients", "`unreachable`"),
                           ("loads", "`tensor_outside_file`")):
            self.assertIn(word, blocks[name])

    def test_a_missing_sentence_is_found(self):
        words = codes.sentences()
        del words["requests"]["idle"]
        findings = []
        codes.requests(words, findings)
        self.assertEqual(1, len(findings), findings)


class Settings(unittest.TestCase):
    def test_the_example_tells_keys_and_ranges(self):
        self.assertEqual([], settings.findings_of("# From 0 to 1024.\nthreads: 0\n", [SETTING]))
        self.assertEqual(1, len(settings.findings_of("# From 0 to 102.\nthreads: 0\n", [SETTING])))
        self.assertEqual(2, len(settings.findings_of("# None.\nthread: 0\n", [SETTING])))

    def test_reload(self):
        self.assertIn("no changed setting", settings.reloads([SETTING]))
        self.assertIn("`threads`", settings.reloads([SETTING | {"reload": "signal"}]))


if __name__ == "__main__":
    unittest.main()
