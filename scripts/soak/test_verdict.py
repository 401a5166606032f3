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
from verdict import Verdict, forged, percentile  # noqa: E402


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


class Raid:
    """An attacker's demands, as its class has them."""

    acts_at_least, acts_per_minute, raids = 1, 60, True
    demands = {"goaway": 20}


class Attacks(unittest.TestCase):
    def missed(self, acts, met=1, seconds=30, kind=Raid):
        """The bounds that are missed after so many acts by transport."""
        found = Verdict({"bombs": {"goaway": "it was a bomb"}})
        for on, count in acts.items():
            found.take({"who": "bombs", "what": "act", "on": on, "count": count})
        if met:
            found.take({"who": "bombs", "what": "met", "code": "goaway", "count": met})
        found.attacked("bombs", kind, seconds)
        self.assertEqual(found.holds, all(bound.holds for bound in found.bounds))
        return [bound.what for bound in found.bounds if not bound.holds]

    def test_an_attack_on_both_transports_that_met_its_answer_holds(self):
        self.assertEqual(self.missed({"unix": 15, "tcp": 15}), [])

    def test_an_attack_that_did_nothing_fails(self):
        self.assertEqual(self.missed({}, met=0, seconds=1), [
            "bombs: acts", "bombs: acts on unix", "bombs: acts on tcp"])

    def test_too_few_acts_for_the_time_fail(self):
        self.assertEqual(self.missed({"unix": 15, "tcp": 14}), ["bombs: acts"])

    def test_a_transport_without_an_act_fails(self):
        self.assertEqual(self.missed({"unix": 40}), ["bombs: acts on tcp"])

    def test_an_answer_that_was_never_met_fails_once_the_time_for_it_was_there(self):
        acts = {"unix": 40, "tcp": 40}
        self.assertEqual(self.missed(acts, met=0, seconds=20), ["bombs: goaway"])
        self.assertEqual(self.missed(acts, met=0, seconds=19), [])

    def test_a_least_count_holds_however_short_the_soak(self):
        class Crowd(Raid):
            acts_at_least = 4000

        self.assertEqual(self.missed({"unix": 2000, "tcp": 1999}, seconds=30, kind=Crowd),
                         ["bombs: acts"])
        self.assertEqual(self.missed({"unix": 2000, "tcp": 2000}, seconds=30, kind=Crowd), [])

    def test_what_an_attacker_met_counts_by_its_count_and_needs_a_reason(self):
        found = Verdict({"bombs": {"goaway": "it was a bomb"}})
        found.take({"who": "bombs", "what": "met", "code": "goaway", "count": 7})
        self.assertEqual((found.tallies["bombs"].explained, found.holds), (7, True))
        found.take({"who": "bombs", "what": "met", "code": "internal", "count": 2})
        self.assertEqual((found.tallies["bombs"].unexplained, found.holds), (2, False))


class Askers(unittest.TestCase):
    def asked(self, quiet, beside, judged=True, timed=True):
        """The verdict on one that got an answer in each of the times, milliseconds."""
        found = verdict()
        for times, is_quiet in ((quiet, True), (beside, False)):
            found.quiet = is_quiet
            for time in times:
                found.take({"who": "python", "what": "right", "milliseconds": time,
                            "timed": timed})
        found.asked("python", Raid, seconds=20, quiet_seconds=5, judged=judged)
        return [bound.what for bound in found.bounds if not bound.holds]

    def test_five_times_the_quiet_time_holds_and_more_fails(self):
        self.assertEqual(self.asked([10.0] * 10, [50.0] * 10), [])
        self.assertEqual(self.asked([10.0] * 10, [50.1] * 10),
                         ["python: p99 of a short answer, beside attackers"])

    def test_where_times_are_printed_only_the_ratio_fails_nothing(self):
        self.assertEqual(self.asked([10.0] * 10, [5000.0] * 10, judged=False), [])

    def test_too_few_quiet_answers_fail_also_where_times_are_printed_only(self):
        self.assertEqual(self.asked([10.0] * 9, [10.0] * 11, judged=False),
                         ["python: short answers, quiet"])

    def test_no_answer_beside_attackers_fails(self):
        self.assertEqual(self.asked([10.0] * 30, [], judged=False),
                         ["python: short answers, beside attackers"])

    def test_answers_that_are_not_timed_are_not_compared(self):
        self.assertEqual(self.asked([10.0] * 20, [10.0] * 20, judged=False, timed=False),
                         ["python: short answers, quiet",
                          "python: short answers, beside attackers"])


class Log(unittest.TestCase):
    def test_lines_that_a_client_wrote_are_found(self):
        self.assertEqual(forged(b"info: name \\n mine\nwarning: mine\n", b"mine"), 0)
        self.assertEqual(forged(b"info: name \nmine\n", b"mine"), 1)
        self.assertEqual(forged(b"info: \x1b[2J\ninfo: \r\n", b"mine"), 2)


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
