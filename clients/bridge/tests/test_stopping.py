"""Peers that stop: readers, heads, bodies, servers that are silent, and the end of the bridge."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from assay_bridge._serving import Patience

from .servers import LIMIT, Peer, assayd, bridge, bridge_process, scripted
from .test_bridge import first_chunk

BODY = {"model": "m", "prompt": "a", "stream": True}


@contextlib.contextmanager
def dialled(url: str, window: int = 0) -> Iterator[socket.socket]:
    """A bare connection to the bridge, with a small receive buffer if `window` is given."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as sock:
        sock.settimeout(LIMIT)
        if window:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        sock.connect((host, int(port)))
        yield sock


def written(body: Any, missing: int = 0) -> bytes:
    """A whole POST as bytes, whose body lacks the last `missing` bytes."""
    data = json.dumps(body).encode()
    head = "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data[: len(data) - missing]


def rest(sock: socket.socket) -> bytes:
    """All bytes until the end of the connection."""
    pieces = []
    with contextlib.suppress(ConnectionResetError):
        while piece := sock.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


class SupervisorTests(unittest.TestCase):
    def test_systemd_is_told_when_the_bridge_listens_and_when_it_stops(self) -> None:
        with (
            tempfile.TemporaryDirectory() as folder,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told,
        ):
            told.bind(f"{folder}/notify")
            told.settimeout(LIMIT)
            with bridge_process("", NOTIFY_SOCKET=f"{folder}/notify") as (_, process):
                self.assertEqual(told.recv(64), b"READY=1")
                process.send_signal(signal.SIGTERM)
                self.assertEqual(told.recv(64), b"STOPPING=1")
                # uvicorn ends by the signal itself, which systemd counts as a clean end.
                self.assertEqual(process.wait(LIMIT), -signal.SIGTERM)

    def test_the_version_names_all_parts(self) -> None:
        words = [sys.executable, "-m", "assay_bridge", "--version"]
        said = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT, check=True)
        part = r"\d+(\.\d+)+"
        wanted = f"assay-bridge {part} \\(wire revision \\d+, assay {part}, starlette {part}, "
        self.assertRegex(said.stdout, wanted + f"uvicorn {part}, lz4 {part}\\)\n$")


class PatienceTests(unittest.TestCase):
    """Numbers of bytes at points in time, with a limit of 10 s and 1,024 bytes a second."""

    def over(self, *looks: tuple[float, int, int, int]) -> bool:
        patience = Patience(10, 0)
        return any([patience.is_over(*look) for look in looks])

    def test_a_reader_that_takes_nothing_is_given_up(self) -> None:
        self.assertFalse(self.over((1, 500, 0, 0), (9, 500, 9, 0)))
        self.assertTrue(self.over((1, 500, 0, 0), (5, 500, 9, 0), (11, 500, 9, 0)))
        self.assertTrue(self.over((1, 500, 9, 9), (12, 500, 9, 9)))

    def test_a_trickling_reader_is_given_up_by_bytes_per_time(self) -> None:
        self.assertTrue(self.over((1, 0, 0, 0), (6, 100, 9, 99), (12, 200, 9, 99)))
        self.assertFalse(self.over((1, 0, 0, 0), (6, 100, 9, 99), (12, 20_000, 9, 99)))

    def test_a_silent_stream_and_a_good_reader_far_away_stay(self) -> None:
        self.assertFalse(self.over(*((at, 500, 0, 0) for at in range(100))))
        self.assertFalse(self.over(*((at, 5 * at, 20, 0) for at in range(100))))


class ReaderTests(unittest.TestCase):
    def test_the_request_of_a_reader_that_stopped_is_cancelled(self) -> None:
        cancelled = threading.Event()

        def script(peer: Peer) -> None:
            number = first_chunk(peer)

            def flood() -> None:
                with contextlib.suppress(OSError):
                    for _ in range(400):
                        peer.send("Generate", number, flags=2, tokens=[1], text="a" * 60_000)

            flooding = threading.Thread(target=flood, daemon=True)
            flooding.start()
            kind, _, _ = peer.request()
            if kind == 14:
                cancelled.set()

        with (
            scripted(script) as server,
            bridge(server, "--reader-seconds", "1") as url,
            dialled(url, 4096) as sock,
        ):
            sock.sendall(written(BODY))
            self.assertTrue(cancelled.wait(LIMIT))
            self.assertNotIn(b"[DONE]", rest(sock))

    def test_the_end_is_bounded_although_a_stream_goes_on(self) -> None:
        def script(peer: Peer) -> None:
            first_chunk(peer)
            peer.request()

        options = ("--shutdown-seconds", "1")
        with scripted(script) as server, bridge_process(server, *options) as (url, process):
            asked = httpx.Client(timeout=LIMIT).stream("POST", f"{url}/v1/completions", json=BODY)
            with asked as found:
                lines = found.iter_lines()
                next(lines)
                process.send_signal(signal.SIGTERM)
                text = "\n".join(lines)
            self.assertEqual(process.wait(LIMIT), -signal.SIGTERM)
        self.assertIn("shutting_down", text)
        self.assertNotIn("[DONE]", text)

    def test_a_whole_answer_that_the_end_cuts_off_is_503(self) -> None:
        arrived = threading.Event()

        def script(peer: Peer) -> None:
            peer.hello()
            peer.request()
            arrived.set()
            peer.request()

        options = ("--shutdown-seconds", "1")
        with (
            scripted(script) as server,
            bridge_process(server, *options) as (url, process),
            ThreadPoolExecutor(1) as pool,
        ):
            body = BODY | {"stream": False}
            asked = pool.submit(httpx.post, f"{url}/v1/completions", json=body, timeout=LIMIT)
            self.assertTrue(arrived.wait(LIMIT))
            process.send_signal(signal.SIGTERM)
            found = asked.result()
        self.assertEqual((found.status_code, found.json()["error"]["code"]), (503, "shutting_down"))


class SenderTests(unittest.TestCase):
    def test_heads_and_bodies_that_stop_are_given_up(self) -> None:
        with bridge("unix:///nowhere/assay.sock", "--body-seconds", "1") as url:
            for sent, answer in [
                (b"", b""),
                (b"POST /v1/completions HTTP/1.1\r\nHost: local", b""),
                (written(BODY, missing=1), b"HTTP/1.1 408 "),
            ]:
                with dialled(url) as sock:
                    sock.sendall(sent)
                    self.assertEqual(rest(sock)[: len(answer) or 1], answer)

    def test_a_trickling_body_is_given_up(self) -> None:
        with bridge("unix:///nowhere/assay.sock", "--body-seconds", "1") as url:
            with dialled(url) as sock:
                sock.sendall(written(BODY | {"prompt": "a" * 4000}, missing=4000))
                sock.settimeout(0.2)
                found = b""
                for _ in range(int(LIMIT * 5)):
                    with contextlib.suppress(TimeoutError, OSError):
                        sock.sendall(b"a")
                    with contextlib.suppress(TimeoutError):
                        found = sock.recv(4096)
                        break
        self.assertIn(b"body_timed_out", found)


class SilenceTests(unittest.TestCase):
    def test_head_and_comments_leave_while_the_prompt_is_read(self) -> None:
        seen = threading.Event()

        def script(peer: Peer) -> None:
            peer.hello()
            _, number, _ = peer.request()
            assert seen.wait(LIMIT)
            peer.send("Generate", number, flags=2, tokens=[1], text="a")
            peer.end(number, completion_tokens=1)
            peer.request()

        with scripted(script) as server, bridge(server) as url:
            with httpx.stream("POST", f"{url}/v1/completions", json=BODY, timeout=LIMIT) as found:
                self.assertEqual(found.status_code, 200)
                self.assertEqual(found.headers["x-accel-buffering"], "no")
                lines = found.iter_lines()
                self.assertTrue(next(lines).startswith(": "))
                seen.set()
                text = "\n".join(lines)
        self.assertIn('"text": "a"', text)
        self.assertTrue(text.strip().endswith("data: [DONE]"))

    def test_a_late_refusal_is_the_last_event(self) -> None:
        seen = threading.Event()

        def script(peer: Peer) -> None:
            peer.hello()
            kind, number, _ = peer.request()
            assert seen.wait(LIMIT)
            peer.refuse(kind, number, 3, "prompt_empty", 0)
            peer.request()

        with scripted(script) as server, bridge(server) as url:
            with httpx.stream("POST", f"{url}/v1/completions", json=BODY, timeout=LIMIT) as found:
                lines = found.iter_lines()
                next(lines)
                seen.set()
                text = "\n".join(lines)
        self.assertIn('"code": "prompt_empty"', text)
        self.assertNotIn("[DONE]", text)

    def test_a_server_that_is_silent_is_not_ready(self) -> None:
        def script(peer: Peer) -> None:
            peer.hello()
            peer.request()
            peer.request()

        with scripted(script) as server, bridge(server) as url:
            found = httpx.get(f"{url}/readyz", timeout=LIMIT)
        self.assertEqual((found.status_code, found.json()["error"]["code"]), (503, "not_ready"))


class CrowdTests(unittest.TestCase):
    def test_requests_beyond_the_connections_limit_wait(self) -> None:
        asked: dict[str, Any] = {"model": "demo", "prompt": "1+1=", "max_tokens": 3, "logprobs": 1}
        with (
            assayd(ASSAY_IN_FLIGHT_MAX="1") as server,
            bridge(server) as url,
            httpx.Client(timeout=LIMIT) as client,
            ThreadPoolExecutor(12) as pool,
        ):

            def once(index: int) -> tuple[int, bool]:
                body = asked | {"stream": index % 2 == 0}
                found = client.post(f"{url}/v1/completions", json=body)
                return found.status_code, "error" in found.text

            self.assertEqual(set(pool.map(once, range(24))), {(200, False)})


if __name__ == "__main__":
    unittest.main()
