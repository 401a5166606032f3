"""The table's arithmetic: medians, ratios of a round, spread, and values that are missing."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import streams  # noqa: E402
import table  # noqa: E402


def row(ours, theirs, **words):
    made = table.Row("generate", "avx2", "tok/s", "llama.cpp", **words)
    for each, (left, right) in enumerate(zip(ours, theirs)):
        made.add(each, left, right)
    return made


class Medians(unittest.TestCase):
    def test_the_middle_of_an_odd_number_and_the_mean_of_two_of_an_even_one(self):
        self.assertEqual(table.median([9, 1, 5]), 5)
        self.assertEqual(table.median([4, 1, 2, 9]), 3)
        self.assertIsNone(table.median([]))

    def test_one_wild_round_does_not_move_a_cell(self):
        self.assertEqual(table.cell({0: 10.0, 1: 11.0, 2: 900.0}, "tok/s"), "11.0 tok/s")


class Ratios(unittest.TestCase):
    def test_a_ratio_is_taken_within_a_round_and_not_between_medians(self):
        # The machine halves its speed in the second round, for both.
        made = row([20, 10, 33], [10, 5, 11])
        self.assertEqual(made.ratios, [2, 2, 3])
        self.assertEqual(table.spread(made.ratios), "2.00 (2.00 to 3.00)")

    def test_less_time_is_a_ratio_above_one(self):
        self.assertEqual(row([2], [6], is_time=True).ratios, [3])

    def test_a_round_that_lacks_one_side_has_no_ratio(self):
        made = row([20, None, 30], [10, 5, None])
        self.assertEqual(made.ratios, [2])

    def test_a_measurement_of_nothing_is_refused(self):
        for value in (0, -1, float("nan")):
            with self.assertRaises(ValueError):
                row([value], [1])


class Markdown(unittest.TestCase):
    def test_a_row_has_medians_peer_and_spread(self):
        text = table.markdown([row([20, 10], [10, 10])], [("machine", "two cores")])
        self.assertIn("- machine: two cores", text)
        self.assertIn(
            "| generate | avx2 | 15.0 tok/s | llama.cpp | 10.0 tok/s | 1.50 (1.00 to 2.00) |", text)

    def test_what_was_not_measured_is_empty_and_has_its_reason(self):
        text = table.markdown([row([20], [None])], [], ["llama.cpp, which is not built"])
        self.assertIn("| generate | avx2 | 20.0 tok/s | llama.cpp |  |  |", text)
        self.assertIn("Not measured: llama.cpp, which is not built.", text)


class Streams(unittest.TestCase):
    def test_tokens_and_gaps_are_counted_over_the_answers(self):
        # Asked at 0 s: parts at 1, 2, 4 s and at 2, 3 s, the second of the latter with two tokens.
        found = streams.summary([(0.0, [1.0, 2.0, 4.0], 3), (0.0, [2.0, 3.0], 3)])
        self.assertEqual(found.tokens_per_second, 6 / 4)
        self.assertEqual(found.gap, 1000)
        self.assertEqual(found.first, 1500)

    def test_answers_without_a_token_or_with_one_alone_fail_the_round(self):
        for times in ([], [1.0]):
            with self.assertRaises(streams.StreamError):
                streams.summary([(0.0, times, len(times))])

    def test_events_are_counted_wherever_the_bytes_are_cut(self):
        text = b"".join(b"data: {\"content\":\"data: x\"}\n\n" for _ in range(4))
        for size in range(1, len(text)):
            count = streams.EventCount()
            found = sum(count.take(text[at:at + size]) for at in range(0, len(text), size))
            self.assertEqual(found, 4)


if __name__ == "__main__":
    unittest.main()
