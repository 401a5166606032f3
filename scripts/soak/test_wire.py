"""The attackers' wire: the bytes that SPEC shows, and each way in which a server may break it."""

import os
import pathlib
import struct
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import wire  # noqa: E402

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "Protocol" / "vectors" / "valid"


def response(kind=0x82, body=b"", **changed):
    """A header of a good answer to Ping, with one field changed."""
    values = {"length": 28 + len(body), "version": 1, "kind": kind, "flags": 0, "provenance": 1,
              "id": 9, "status": 0, "raw": len(body), "generation": 0, "reserved": 0} | changed
    return struct.pack("<IBBBBQIIII", *values.values()) + body


class Requests(unittest.TestCase):
    def test_a_generate_is_the_vector(self):
        body = wire.text(2, "Once upon a time") + wire.whole(6, 16)
        self.assertEqual(wire.frame(wire.GENERATE, 1, body),
                         (VECTORS / "generate_prompt.bin").read_bytes())

    def test_a_hello_is_the_vector(self):
        body = (wire.text(1, "example/1.0") + wire.whole(2, 1) + wire.truth(3, True)
                + wire.whole(4, 65536))
        self.assertEqual(wire.frame(wire.HELLO, 1, body),
                         (VECTORS / "hello_full.bin").read_bytes())

    def test_a_block_of_zeros_decodes_to_so_many(self):
        for size in (25, 279, 280, 1 << 16, 4 << 20):
            block = wire.block_of_zeros(size)
            at, length = 4, 15
            while block[at] == 255:
                length, at = length + 255, at + 1
            length += block[at] + 4
            self.assertEqual((1 + length + 5, block[at + 1:]), (size, b"\x50" + bytes(5)))


class Answers(unittest.TestCase):
    def read(self, data):
        return wire.Reader().feed(data)

    def test_a_stream_is_read_in_any_cut(self):
        data = (VECTORS / "hello_response.bin").read_bytes()
        reader, found = wire.Reader(), []
        for at in range(len(data)):
            found += reader.feed(data[at:at + 1])
        self.assertEqual([(one.code, one.kind) for one in found], [("answered", 0x81)])

    def test_an_errors_code_and_the_reason_of_an_end_are_named(self):
        error = response(status=8, body=wire.text(1, "overloaded") + wire.text(2, "full"))
        gone = response(0xF0, id=0, body=wire.text(1, "idle") + wire.whole(2, 0))
        self.assertEqual([one.code for one in self.read(error + gone)], ["overloaded", "idle"])

    def test_each_rule_of_the_header_is_checked(self):
        good = response()
        self.assertEqual(len(self.read(good)), 1)
        for changed in ({"length": 27}, {"length": 29 + (4 << 20)}, {"version": 2},
                        {"reserved": 1}, {"kind": 0x02}, {"flags": 8}, {"provenance": 0},
                        {"provenance": 3}, {"id": 0}, {"kind": 0xF0}, {"status": 35},
                        {"status": 3, "flags": 2}, {"raw": 5}, {"raw": 5 << 20}):
            with self.subTest(changed), self.assertRaises(wire.Damage):
                self.read(response(**changed))

    def test_fields_that_leave_the_body_are_damage(self):
        for body in (b"\1", wire.text(1, "code")[:-1]):
            with self.subTest(body), self.assertRaises(wire.Damage):
                list(wire.fields(body))


if __name__ == "__main__":
    unittest.main()
