"""Tests with the shared vectors of Protocol/vectors: all response bodies, and all canonical
requests."""

from __future__ import annotations

import json
import pathlib
import unittest
from typing import Any

from assay._codec import decode, encode
from assay._frames import HEADER, unpack
from assay._protocol import FLAG_COMPRESSED, MESSAGES, REVISION
from assay.messages import Provenance
from driver import from_json, to_json

from .scripted import fails

VECTORS = pathlib.Path(__file__).parents[3] / "Protocol" / "vectors"


def plain(fields: list[dict[str, Any]]) -> dict[str, Any]:
    """Makes a driver's object of a vector's list of fields."""
    made: dict[str, Any] = {}
    for field in fields:
        value = field["value"]
        if isinstance(value, list) and value and isinstance(value[0], dict):
            value = plain(value)
        elif isinstance(value, list) and not value and field["name"] not in LISTS:
            value = {}
        made.setdefault(field["name"], []).append(value)
    return {name: found if name in REPEATED else found[0] for name, found in made.items()}


REPEATED = {f.name for m in MESSAGES.values() for f in m.fields if f.repeated}
LISTS = {"tokens", "logprobs", "top_tokens", "top_logprobs", "embeddings", "logits"}


def bodies(raw: bytes) -> list[bytes]:
    """Returns the bodies of a vector's frames."""
    found, at = [], 0
    while at < len(raw):
        head = HEADER.unpack_from(raw, at)
        body = raw[at + 32 : at + 4 + head[0]]
        found.append(unpack(body, head[7]) if head[3] & FLAG_COMPRESSED else body)
        at += 4 + head[0]
    return found


class VectorTests(unittest.TestCase):
    def test_every_valid_body_is_read_and_every_canonical_one_written(self) -> None:
        count = 0
        for path in sorted((VECTORS / "valid").glob("*.json")):
            case = json.loads(path.read_text())
            for body, expected in zip(
                bodies(path.with_suffix(".bin").read_bytes()), case["frames"], strict=True
            ):
                if expected["message"] is None:
                    continue
                with self.subTest(path.stem):
                    message = MESSAGES[expected["message"]]
                    if case["canonical"] and case["direction"] == "request":
                        values = from_json(message, plain(expected["fields"]))
                        self.assertEqual(encode(message, values, REVISION), body)
                    values = message.type(**decode(message, body), **marks(message))
                    found = to_json(message, values)
                    for name, value in plain(expected["fields"]).items():
                        self.assertEqual(comparable(found[name]), comparable(value), name)
                    count += 1
        self.assertGreater(count, 100)

    def test_every_invalid_body_of_a_response_is_a_breach(self) -> None:
        count = 0
        for path in sorted((VECTORS / "invalid").glob("*.json")):
            case = json.loads(path.read_text())
            if case["direction"] != "response" or not case.get("message"):
                continue
            if case["error"]["code"] == "field_conflict":
                continue  # rules across fields have separate tests
            with self.subTest(path.stem):
                (body,) = bodies(path.with_suffix(".bin").read_bytes())
                with fails("protocol_error"):
                    decode(MESSAGES[case["message"]], body)
                count += 1
        self.assertGreater(count, 15)


def marks(message: Any) -> dict[str, Any]:
    """Returns the members of a result that are not fields."""
    names = message.type.__dataclass_fields__
    given = {"provenance": Provenance.REAL, "generation": 0, "degraded": False}
    own = {field.name for field in message.fields}
    return {name: value for name, value in given.items() if name in names and name not in own}


def comparable(value: Any) -> Any:
    """Makes values comparable: floats are rounded as on the wire (32 bits), and absent equals
    empty."""
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, dict):
        kept = {name: comparable(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item not in ([], "", "0")}
    return value


if __name__ == "__main__":
    unittest.main()
