"""The file with the bridge's own token.

Guarantees: one line of visible ASCII. As with the keys of ssh, a file of the user's own that others
may read is refused. A file of another user, such as a mounted secret of root, is that user's
matter. No refusal shows what the file holds.
Not here: the table of hashed tokens, which assayd reads under the same variable. A table is refused
with a sentence that says which file belongs here.
"""

from __future__ import annotations

import os
import stat

#: most bytes of a token
_SIZE_MAX = 256
_ALLOWED = f"one line of up to {_SIZE_MAX} visible ASCII characters, the token"


class TokenFileError(Exception):
    """A refused file, as a sentence."""


def token_in(path: str) -> str:
    """Reads the token. Raises `TokenFileError`."""
    try:
        with open(path, "rb") as file:
            facts = os.fstat(file.fileno())
            content = file.read(4096).strip()
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        reason = getattr(error, "strerror", None) or "not a path"
        raise _refusal(path, reason, "a file with a token that this user can read") from None
    if not content:
        raise _refusal(path, "an empty file", _ALLOWED)
    if content.startswith(b"{"):
        allowed = "a file with the token itself, on one line, as assay token new prints it"
        raise _refusal(path, "a table of hashed tokens, which is assayd's", allowed)
    if len(content) > _SIZE_MAX or not all(32 < byte < 127 for byte in content):
        raise _refusal(path, "something else than one word of visible ASCII", _ALLOWED)
    is_open = stat.S_ISREG(facts.st_mode) and facts.st_mode & 0o077
    if facts.st_uid == os.geteuid() and is_open:
        found = f"a file that others may read or write (mode {stat.S_IMODE(facts.st_mode):04o})"
        raise _refusal(path, found, "a file for its owner alone: chmod 600 it")
    return content.decode()


def _refusal(path: str, found: str, allowed: str) -> TokenFileError:
    return TokenFileError(f"reading the token: found {found}, allowed: {allowed} ({path})")
