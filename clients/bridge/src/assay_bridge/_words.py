"""Words of the command line: numbers and times, and refusals in one sentence.

A refusal names the option, what was found and what is allowed, and exits with 2.
"""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable
from fractions import Fraction
from typing import NoReturn

_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_NAMES = {"ms": "milliseconds", "s": "seconds"}


class Words(argparse.ArgumentParser):
    """A command line that names the nearest option of a mistyped one."""

    def error(self, message: str) -> NoReturn:
        _, _, rest = message.partition("unrecognized arguments: ")
        unknown = rest.split("=")[0].split(" ")[0]
        if unknown.startswith("-"):
            near = difflib.get_close_matches(unknown, self._option_string_actions, 1)
            message = f"no option {unknown}" + (f"; nearest: {near[0]}" if near else "")
        elif unknown:
            message = f'found the argument "{unknown}" too many, allowed: options alone'
        message = message.removeprefix("argument ").replace(
            "expected one argument", "found no value, allowed: one"
        )
        self.exit(2, f"assay-bridge: {message}\n  assay-bridge --help lists the options\n")


def whole(least: int, most: int) -> Callable[[str], int]:
    """Reads a whole number."""

    def read(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,20}", text) or not least <= int(text) <= most:
            allowed = f"a whole number, {least} to {most}"
            raise argparse.ArgumentTypeError(f'found "{text[:60]}", allowed: {allowed}')
        return int(text)

    return read


def time_in(unit: str, least: int, most: int) -> Callable[[str], int]:
    """Reads a time exactly, as a whole number of `unit`, which is a bare number's, too."""

    def read(text: str) -> int:
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)?", text[:33])
        if found and len(text) <= 32:
            span = Fraction(found[1]) * _NANOSECONDS[found[2] or unit] / _NANOSECONDS[unit]
            if span.denominator == 1 and least <= span <= most:
                return int(span)
        allowed = f"{least} to {most} {_NAMES[unit]}, or a time such as 50ms, 5s, 2m"
        raise argparse.ArgumentTypeError(f'found "{text[:60]}", allowed: {allowed}')

    return read
