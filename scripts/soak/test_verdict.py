"""The soak's judgement: what is right, explained, wrong and unexplained, and that each fails it."""

import os
import struct
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bits  # noqa: E402
import models  # noqa: E402
from verdict import Verdict, percentile  # noqa: E402


def verdict():
    return Verdict({"python": {}, "kills": {"connection_closed": "the server was killed"}})


class Classes(unittest.TestCase):
    def test_a_right_answer_holds_and_its_time_is_kept(self):
        found = verdict()
        found.take({"who": "python", "what": "right", "milliseconds": 7})
        self.assertTrue(found.holds)
        self.assertEqual((found.tallies["python"].right, found.tallies["python"].milliseconds),
                         (1, [7]))

    def test_a_wrong_answer_fails_and_is_shown(self):
        found = verdict()
        found.take({"who": "python", "what": "wrong", "note": "another text"})
        self.assertFalse(found.holds)
        self.assertIn("    another text", list(found.lines()))
        self.assertIn("FAILED", found.closing())

    def test_a_code_is_explained_for_its_attacker_only(self):
        refused = {"what": "refused", "code": "connection_closed", "note": ""}
        found = verdict()
        found.take({"who": "kills"} | refused)
        self.assertTrue(found.holds)
        found.take({"who": "python"} | refused)
        self.assertFalse(found.holds)
        self.assertEqual((found.tallies["kills"].explained, found.tallies["python"].unexplained),
                         (1, 1))

    def test_another_code_of_the_same_attacker_is_unexplained(self):
        found = verdict()
        found.take({"who": "kills", "what": "refused", "code": "protocol_error", "note": ""})
        self.assertFalse(found.holds)

    def test_what_the_soak_itself_saw_fails_it(self):
        found = verdict()
        found.wrong("server", "it died")
        self.assertFalse(found.holds)

    def test_acts_are_counted_and_are_no_answers(self):
        found = verdict()
        found.take({"who": "kills", "what": "act"})
        self.assertEqual((found.tallies["kills"].acts, found.tallies["kills"].right), (1, 0))
        self.assertTrue(found.holds)


class Bounds(unittest.TestCase):
    def test_a_bound_holds_at_its_value_and_not_beyond(self):
        for measured, least, holds in ((4, False, True), (5, False, False), (4, True, True),
                                       (3, True, False)):
            found = verdict()
            found.measured("descriptors", measured, 4, at_least=least)
            self.assertEqual(found.holds, holds, (measured, least))

    def test_a_time_that_is_only_printed_fails_nothing(self):
        found = verdict()
        found.measured("p99", 9000, 100, unit="ms", judged=False)
        self.assertTrue(found.holds)
        self.assertIn("printed only", "".join(found.lines()))

    def test_percentiles(self):
        self.assertEqual([percentile([], 99), percentile([3, 1, 2], 50), percentile([1, 9], 99)],
                         [0.0, 2, 9])


class Bits(unittest.TestCase):
    def test_one_bit_of_one_float_changes_the_digest(self):
        one, next_one = (struct.unpack("<f", struct.pack("<I", word))[0]
                         for word in (0x3F800000, 0x3F800001))
        self.assertNotEqual(bits.digest({"logits": [one]}), bits.digest({"logits": [next_one]}))
        self.assertNotEqual(bits.digest({"logits": [0.0]}), bits.digest({"logits": [-0.0]}))

    def test_timing_frames_and_absent_fields_do_not(self):
        self.assertEqual(
            bits.digest({"text": "a", "frame": 3, "answer": {"timing": {"total": "1"}}}),
            bits.digest({"text": "a", "tokens": [], "stop_matched": None}))


class Parts(unittest.TestCase):
    def test_parts_hold_every_tensor_byte_of_the_whole(self):
        whole = models.DEMO.read_bytes()
        parts = models.split(whole, 2)
        counts = [struct.unpack_from("<Q", data, 8)[0] for data in [whole, *parts]]
        self.assertEqual(counts[0], sum(counts[1:]))
        self.assertGreaterEqual(sum(map(len, parts)), len(whole))

    def test_staged_models_need_no_fixtures(self):
        with tempfile.TemporaryDirectory() as folder:
            staged = models.stage(folder, models.pathlib.Path(folder, "none"))
            self.assertEqual(sorted(staged), ["demo", "split"])


if __name__ == "__main__":
    unittest.main()
