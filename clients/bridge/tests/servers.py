"""Processes for tests: a real assayd, and the bridge in front of a server."""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from assay import testing
from assay.testing import LIMIT, Peer

__all__ = ["LIMIT", "MODEL", "ROOT", "Peer", "assayd", "assayd_path", "bridge", "scripted"]

ROOT = pathlib.Path(__file__).parents[3]
MODEL = ROOT / "models" / "assay-demo.gguf"
#: the bridge is tested as if a real model answered
scripted = partial(testing.server, provenance="real")


def assayd_path() -> str:
    """The server under ASSAYD, or this repository's. No test runs without a server."""
    path = os.environ.get("ASSAYD") or str(ROOT / ".build" / "release" / "assayd")
    if not os.access(path, os.X_OK):
        raise SystemExit(f"tests of the bridge need an assayd: found none at {path}; set ASSAYD")
    return path


@contextlib.contextmanager
def _killed_when_late(process: subprocess.Popen[str]) -> Iterator[None]:
    watch = threading.Timer(LIMIT, process.kill)
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _first_line(process: subprocess.Popen[str], beginning: str) -> str:
    """The rest of the first output line with `beginning`. Raises when the process ends before."""
    seen = []
    for line in process.stdout or ():
        if line.startswith(beginning):
            return line[len(beginning) :].strip()
        seen.append(line)
    raise RuntimeError(f"{process.args!r} did not start: {''.join(seen[-8:])}")


@contextlib.contextmanager
def _running(
    words: list[str], beginning: str, settings: dict[str, str]
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    # Settings of the tester's own servers must not reach the servers of the test.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY")}
    clean["ASSAY_ADMIN"] = "none"  # servers of several tests would need the same port
    clean["ASSAY_DRAIN_GRACE_SECONDS"] = "0"
    clean |= settings
    with (
        subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=clean
        ) as process,
        ThreadPoolExecutor(1) as drain,
    ):
        try:
            with _killed_when_late(process):
                found = _first_line(process, beginning)
            drain.submit(deque, process.stdout or (), maxlen=0)
            yield found, process
        finally:
            process.terminate()
            with _killed_when_late(process):
                process.wait()


@contextlib.contextmanager
def assayd(*words: str, **settings: str) -> Iterator[str]:
    """A real server, with settings as variables of its environment. Gives the URL."""
    with tempfile.TemporaryDirectory() as folder:
        listen = f"unix://{folder}/assay.sock"
        command = [assayd_path(), "--listen", listen, *words]
        with _running(command, "listening on ", settings):
            yield listen


@contextlib.contextmanager
def bridge_process(
    server: str, *words: str, **settings: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The bridge in front of a server. Gives the base URL and the process."""
    command = [sys.executable, "-m", "assay_bridge", "--listen", "127.0.0.1:0", *words]
    command += ["--server", server] if server else []
    with _running(command, "listening on ", settings) as found:
        yield found


@contextlib.contextmanager
def bridge(server: str, *words: str, **settings: str) -> Iterator[str]:
    """The bridge in front of a server. Gives the base URL."""
    with bridge_process(server, *words, **settings) as (url, _):
        yield url
