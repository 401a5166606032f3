"""Requests from the arguments of a call: words in the order of the table, and by name.

Guarantees: a wrong number of words or an unknown keyword is a `TypeError`, like for any function.
Content that comes from data, such as the keys of a dictionary, raises `request_invalid`.
Not here: checks of single values (_codec).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._errors import invalid
from ._protocol import KINDS, MESSAGES, Message


def request_of(kind: str, request: Any, words: tuple[Any, ...], fields: Mapping[str, Any]) -> Any:
    """Returns the request itself, or makes one from words in the order of its table."""
    message = KINDS[kind].request
    if isinstance(request, message.type) and not words and not fields:
        return request
    given = {} if request is None else {message.names[0]: request}
    if words:
        given |= zip(message.names[1:], words, strict=False)
    is_whole = isinstance(request, message.type)
    if is_whole or len(words) >= len(message.names) or given.keys() & fields.keys():
        raise TypeError(f"{kind}: takes a whole request, or words for {message.names}, each once")
    return message.type(**_records(message, given | dict(fields), ""))


def _records(message: Message, values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Returns the values, with dictionaries and plain inputs made records."""
    records = {field.name: field for field in message.fields if field.record is not None}
    made = dict(values)
    for name in made.keys() & records.keys():
        inner, value = MESSAGES[records[name].record or ""], made[name]
        if not records[name].repeated:
            made[name] = _record(inner, value, where + name)
        elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
            made[name] = [_record(inner, one, where + name) for one in value]
    return made


def _record(message: Message, value: Any, path: str) -> Any:
    """Returns the record that a dictionary, a text or token ids stand for."""
    if isinstance(value, Mapping):
        unknown = [name for name in value if name not in message.names]
        missing = [f.name for f in message.fields if f.times_min and f.name not in value]
        if unknown or missing:
            found = "the key " + repr(unknown[0])[:80] if unknown else "no " + missing[0]
            field = f"{path}.{missing[0]}" if missing and not unknown else path
            raise invalid(f'reading "{path}"', found, ", ".join(message.names), field)
        return message.type(**_records(message, value, path + "."))
    if message.name == "Input" and not isinstance(value, message.type):
        return message.type(**{"text" if isinstance(value, str) else "tokens": value})
    return value
