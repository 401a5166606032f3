"""assay-bridge --server URL --listen HOST:PORT: runs the gateway until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict, fields
from importlib.metadata import version

try:
    from assay import REVISION, AssayError, AsyncClient  # noqa: F401
except ImportError:
    sys.exit("assay-bridge: no client of Assay is installed: pip install ./clients/python")

from ._app import Settings
from ._guard import name_of
from ._serving import server


def arguments() -> argparse.Namespace:
    """The command line. Arguments without a default here have that of `Settings`."""
    words = argparse.ArgumentParser(
        "assay-bridge",
        description="An OpenAI-style HTTP gateway in front of an Assay server.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = words.add_argument
    add("--version", action="version", version=_versions())
    add("--server", help="URL of the server (or ASSAY_SERVER; %(default)s)")
    add("--listen", default="127.0.0.1:8411", help="HOST:PORT (%(default)s)")
    names = "NAME by which clients reach the bridge, beside loopback and --listen; repeatable"
    add("--allow-host", dest="allow_hosts", metavar="NAME", action="append", help=names)
    add("--allow-mock", action="store_true", help="hand out answers of mocks; every body says so")
    add("--connections", type=int, help="to the server (%(default)s)")
    add("--deadline-milliseconds", type=int, help="of every request; 0: none")
    loading = "of a request for a server that is not there or loads its model (%(default)s)"
    add("--wait-milliseconds", type=int, help=loading)
    add("--body-size-max", type=int, help="bytes (%(default)s)")
    add("--body-seconds", type=_seconds, help="for a head or body that stops (%(default)s)")
    add("--reader-seconds", type=_seconds, help="for a client that stops reading (%(default)s)")
    add("--shutdown-seconds", type=_seconds, help="from SIGTERM to the end (%(default)s)")
    add("--log-level", default="warning", help="of uvicorn (%(default)s)")
    words.set_defaults(**asdict(Settings()) | {"allow_hosts": []})
    if os.environ.get("ASSAY_SERVER"):
        words.set_defaults(server=os.environ["ASSAY_SERVER"])
    return words.parse_args()


def _versions() -> str:
    parts = [f"{name} {version(name)}" for name in ("assay", "starlette", "uvicorn", "lz4")]
    return f"assay-bridge {version('assay-bridge')} (wire revision {REVISION}, {', '.join(parts)})"


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 86400:
        raise argparse.ArgumentTypeError(f'found "{text}", allowed: 1 to 86400 seconds')
    return int(text)


def main() -> None:
    """Runs until SIGINT or SIGTERM. Exits with 2 when an argument makes no sense."""
    given = arguments()
    host, colon, port = given.listen.rpartition(":")
    if not colon or not port.isdigit() or not 0 <= int(port) < 65536:
        sys.exit(f'assay-bridge: --listen: found "{given.listen}", allowed: HOST:PORT')
    for own in given.allow_hosts:
        if not name_of(own):
            sys.exit(f'assay-bridge: --allow-host: found "{own}", allowed: a name or an address')
    name = host.strip("[]")
    given.allow_hosts = (*given.allow_hosts, name)
    settings = Settings(**{field.name: getattr(given, field.name) for field in fields(Settings)})
    try:
        server(settings, name, int(port), given.log_level).run()
    except AssayError as error:
        sys.exit(f"assay-bridge: {error.message}")


if __name__ == "__main__":
    main()
