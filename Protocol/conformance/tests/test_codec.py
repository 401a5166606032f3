"""The kit's own codec against the vectors, judged before it judges clients."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))

from codec import Wrong, decode, difference, encode, normal  # noqa: E402
from encoder import lz4_decode, lz4_encode  # noqa: E402
from scenarios.vectors import load, values  # noqa: E402


def frames(raw):
    """Bodies of the frames of a valid vector, decompressed."""
    at = 0
    while at < len(raw):
        end = at + 4 + int.from_bytes(raw[at:at + 4], "little")
        body = raw[at + 32:end]
        yield lz4_decode(body) if raw[at + 6] & 1 else body
        at = end


class Codec(unittest.TestCase):
    def test_valid_bodies_give_the_fields_and_the_fields_give_the_bodies(self):
        for name, raw, case in load("valid"):
            for body, frame in zip(frames(raw), case["frames"]):
                if frame["message"] is None:
                    continue
                with self.subTest(vector=name):
                    wanted = values(frame["message"], frame["fields"])
                    found = decode(frame["message"], body)
                    self.assertIsNone(difference(normal(frame["message"], wanted),
                                                 normal(frame["message"], found)))
                    self.assertEqual(encode(frame["message"], wanted), body)

    def test_invalid_bodies_are_refused_with_the_code_of_the_vector(self):
        checked = 0
        for name, raw, case in load("invalid"):
            code = case["error"]["code"]
            if "message" not in case or code == "field_conflict" and \
                    case["direction"] == "response":
                continue  # framing, and rules beyond the tables, which the scenarios check
            with self.subTest(vector=name):
                with self.assertRaises(Wrong) as caught:
                    decode(case["message"], raw[32:])
                found = caught.exception
                self.assertEqual((found.code, found.field), (code, case["error"]["field"]), found)
                checked += 1
        self.assertGreater(checked, 80)

    def test_blocks_come_back_as_they_were(self):
        for body in (b"", b"a", b"abc" * 700, bytes(70000), bytes(range(256)) * 40,
                     bytes((i * i) >> 3 & 255 for i in range(5000))):
            self.assertEqual(lz4_decode(lz4_encode(body)), body)

    def test_a_damaged_block_is_refused(self):
        block = lz4_encode(b"abc" * 700)
        for damaged in (block[:-1], b"", b"\x10", b"\x1fa\0\0\xff", b"\x1fa\x09\0\x00"):
            with self.assertRaises(ValueError):
                lz4_decode(damaged)


if __name__ == "__main__":
    unittest.main()
