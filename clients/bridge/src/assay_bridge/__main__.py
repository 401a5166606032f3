"""assay-bridge --server URL --listen HOST:PORT: runs the gateway until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import sys

import uvicorn

try:
    from assay import AssayError, AsyncClient  # noqa: F401
except ImportError:
    sys.exit("assay-bridge: no client of Assay is installed: pip install ./clients/python")

from ._app import Settings, application


def arguments() -> argparse.Namespace:
    """The command line."""
    words = argparse.ArgumentParser(
        "assay-bridge", description="An OpenAI-style HTTP gateway in front of an Assay server."
    )
    default = Settings()
    words.add_argument("--server", default=default.server, help="URL of the server (%(default)s)")
    words.add_argument("--listen", default="127.0.0.1:8411", help="HOST:PORT (%(default)s)")
    words.add_argument(
        "--allow-mock", action="store_true", help="hand out answers of mocks; every body says so"
    )
    words.add_argument("--connections", type=int, default=1, help="to the server (%(default)s)")
    words.add_argument(
        "--deadline-milliseconds", type=int, default=0, help="of every request; 0: none"
    )
    words.add_argument(
        "--wait-milliseconds",
        type=int,
        default=0,
        help="of a request for a server that is not there or loads its model (%(default)s)",
    )
    words.add_argument(
        "--body-size-max", type=int, default=default.body_size_max, help="bytes (%(default)s)"
    )
    words.add_argument("--log-level", default="warning", help="of uvicorn (%(default)s)")
    return words.parse_args()


def main() -> None:
    """Runs until SIGINT or SIGTERM. Exits with 2 when an argument makes no sense."""
    given = arguments()
    host, colon, port = given.listen.rpartition(":")
    if not colon or not port.isdigit() or not 0 <= int(port) < 65536:
        sys.exit(f'assay-bridge: --listen: found "{given.listen}", allowed: HOST:PORT')
    settings = Settings(
        server=given.server,
        allow_mock=given.allow_mock,
        connections=given.connections,
        deadline_milliseconds=given.deadline_milliseconds,
        wait_milliseconds=given.wait_milliseconds,
        body_size_max=given.body_size_max,
    )
    try:
        app = application(settings)
    except AssayError as error:
        sys.exit(f"assay-bridge: {error.message}")
    config = uvicorn.Config(
        app, host=host.strip("[]"), port=int(port), log_level=given.log_level, access_log=False
    )
    server = Announcing(config)
    server.run()


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
