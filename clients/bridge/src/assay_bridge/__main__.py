"""assay-bridge --server URL --listen HOST:PORT: runs the gateway until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict, fields
from importlib.metadata import version
from typing import NoReturn

try:
    from assay import REVISION, AssayError, AsyncClient  # noqa: F401
except ImportError:
    sys.exit("assay-bridge: no client of Assay is installed: pip install ./clients/python")

from ._app import Settings
from ._guard import name_of
from ._serving import server
from ._token import TokenFileError, token_in
from ._words import Words, time_in, whole


def arguments() -> argparse.Namespace:
    """The command line. Arguments without a default here have that of `Settings`."""
    words = Words(
        "assay-bridge",
        description="An OpenAI-style HTTP gateway in front of an Assay server.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = words.add_argument
    add("--version", action="version", version=_versions())
    add("--server", help="URL of the server (or ASSAY_SERVER; %(default)s)")
    add("--token-file", metavar="FILE", help="with the bridge's token (or ASSAY_TOKEN_FILE; none)")
    add("--listen", default="127.0.0.1:8411", help="HOST:PORT (%(default)s)")
    names = "NAME by which clients reach the bridge, beside loopback and --listen; repeatable"
    add("--allow-host", dest="allow_hosts", metavar="NAME", action="append", help=names)
    add("--allow-mock", action="store_true", help="hand out answers of mocks; every body says so")
    add("--connections", type=whole(1, 1024), help="to the server (%(default)s)")
    milliseconds = time_in("ms", 0, 2**32 - 1)
    limit = "of every request: milliseconds, or 50ms, 5s, 2m; 0: none"
    add("--deadline-milliseconds", type=milliseconds, metavar="TIME", help=limit)
    loading = "of a request for a server that is not there or loads its model (%(default)s)"
    add("--wait-milliseconds", type=milliseconds, metavar="TIME", help=loading)
    add("--body-size-max", type=whole(1, 1 << 40), help="bytes (%(default)s)")
    for name, use in [
        ("--body-seconds", "for a head or body that stops"),
        ("--reader-seconds", "for a client that stops reading"),
        ("--shutdown-seconds", "from SIGTERM to the end"),
    ]:
        text = f"{use}: seconds, or 5s, 2m (%(default)s)"
        add(name, type=time_in("s", 1, 86_400), metavar="TIME", help=text)
    add("--log-level", default="warning", help="of uvicorn (%(default)s)")
    words.set_defaults(**asdict(Settings()) | {"allow_hosts": []})
    if os.environ.get("ASSAY_SERVER"):
        words.set_defaults(server=os.environ["ASSAY_SERVER"])
    words.set_defaults(token_file=os.environ.get("ASSAY_TOKEN_FILE") or None)
    return words.parse_args()


def _versions() -> str:
    parts = [f"{name} {version(name)}" for name in ("assay", "starlette", "uvicorn", "lz4")]
    return f"assay-bridge {version('assay-bridge')} (wire revision {REVISION}, {', '.join(parts)})"


def _refuse(words: str) -> NoReturn:
    print(f"assay-bridge: {words}", file=sys.stderr)
    sys.exit(2)


def main() -> None:
    """Runs until SIGINT or SIGTERM. Exits with 2 when an argument makes no sense."""
    given = arguments()
    host, colon, port = given.listen.rpartition(":")
    if not colon or not port.isdigit() or not 0 <= int(port) < 65536:
        _refuse(f'--listen: found "{given.listen}", allowed: HOST:PORT')
    for own in given.allow_hosts:
        if not name_of(own):
            _refuse(f'--allow-host: found "{own}", allowed: a name or an address')
    if given.token_file is not None:
        try:
            given.token = token_in(given.token_file)
        except TokenFileError as error:
            _refuse(f"{error}")
    name = host.strip("[]")
    given.allow_hosts = (*given.allow_hosts, name)
    settings = Settings(**{field.name: getattr(given, field.name) for field in fields(Settings)})
    try:
        server(settings, name, int(port), given.log_level).run()
    except AssayError as error:
        sys.exit(f"assay-bridge: {error.message}")


if __name__ == "__main__":
    main()
