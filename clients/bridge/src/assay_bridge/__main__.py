"""assay-bridge --server URL --listen HOST:PORT: runs the gateway until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, fields

import uvicorn

try:
    from assay import AssayError, AsyncClient  # noqa: F401
except ImportError:
    sys.exit("assay-bridge: no client of Assay is installed: pip install ./clients/python")

from ._app import Settings, application


def arguments() -> argparse.Namespace:
    """The command line. Arguments without a default here have that of `Settings`."""
    words = argparse.ArgumentParser(
        "assay-bridge", description="An OpenAI-style HTTP gateway in front of an Assay server."
    )
    add = words.add_argument
    add("--server", help="URL of the server (%(default)s)")
    add("--listen", default="127.0.0.1:8411", help="HOST:PORT (%(default)s)")
    add("--allow-mock", action="store_true", help="hand out answers of mocks; every body says so")
    add("--connections", type=int, help="to the server (%(default)s)")
    add("--deadline-milliseconds", type=int, help="of every request; 0: none")
    loading = "of a request for a server that is not there or loads its model (%(default)s)"
    add("--wait-milliseconds", type=int, help=loading)
    add("--body-size-max", type=int, help="bytes (%(default)s)")
    add("--log-level", default="warning", help="of uvicorn (%(default)s)")
    words.set_defaults(**asdict(Settings()))
    return words.parse_args()


def main() -> None:
    """Runs until SIGINT or SIGTERM. Exits with 2 when an argument makes no sense."""
    given = arguments()
    host, colon, port = given.listen.rpartition(":")
    if not colon or not port.isdigit() or not 0 <= int(port) < 65536:
        sys.exit(f'assay-bridge: --listen: found "{given.listen}", allowed: HOST:PORT')
    settings = Settings(**{field.name: getattr(given, field.name) for field in fields(Settings)})
    try:
        app = application(settings)
    except AssayError as error:
        sys.exit(f"assay-bridge: {error.message}")
    config = uvicorn.Config(
        app, host=host.strip("[]"), port=int(port), log_level=given.log_level, access_log=False
    )
    Announcing(config).run()


class Announcing(uvicorn.Server):
    """A server that prints the address of its listener, which port 0 leaves open."""

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup()
        for listening in self.servers:
            for sock in listening.sockets:
                host, port = sock.getsockname()[:2]
                print(f"listening on http://{host}:{port}", flush=True)


if __name__ == "__main__":
    main()
