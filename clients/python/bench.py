"""Measures round trips of Ping through the clients, and of the same bytes over bare sockets.

    bench.py --server URL --echo URL [--rounds 5] [--requests 2000]

Each round makes N pings of 64 bytes, then N round trips of frames of the same length against a bare
echo. Prints one JSON line per client, with p50 in microseconds, as medians over rounds. The bare
side of the asyncio client is an asyncio loop with `sock_sendall` and `sock_recv_into`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import statistics
import time
from collections.abc import Callable

import assay
from assay._link import Address

PAYLOAD = bytes(range(64))
FRAME = bytes(32 + 8 + len(PAYLOAD))
_now = time.perf_counter


def median_round_trip(once: Callable[[], object], requests: int) -> float:
    """Returns the median time of `requests` calls, microseconds."""
    times = []
    for _ in range(requests):
        begun = _now()
        once()
        times.append(_now() - begun)
    return statistics.median(times) * 1e6


def connected(url: str) -> socket.socket:
    """Connects a bare socket."""
    address = Address.parse(url)
    if address.path:
        bare = socket.socket(socket.AF_UNIX)
        bare.connect(address.path)
    else:
        bare = socket.create_connection((address.host, address.port))
        bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bare


def blocking_bare(bare: socket.socket, requests: int) -> float:
    """Round trips over a blocking socket."""
    buffer = bytearray(4096)

    def once() -> None:
        bare.sendall(FRAME)
        left = len(FRAME)
        while left:
            left -= bare.recv_into(buffer)

    return median_round_trip(once, requests)


async def async_bare(bare: socket.socket, requests: int) -> float:
    """Round trips over the loop's own operations."""
    loop, buffer, times = asyncio.get_running_loop(), bytearray(4096), []
    for _ in range(requests):
        begun = _now()
        await loop.sock_sendall(bare, FRAME)
        left = len(FRAME)
        while left:
            left -= await loop.sock_recv_into(bare, buffer)
        times.append(_now() - begun)
    return statistics.median(times) * 1e6


async def async_client(client: assay.AsyncClient, requests: int) -> float:
    """Round trips of Ping through the asyncio client."""
    times = []
    for _ in range(requests):
        begun = _now()
        await client.ping(PAYLOAD)
        times.append(_now() - begun)
    return statistics.median(times) * 1e6


def report(language: str, client: list[float], bare: list[float], requests: int) -> None:
    """Prints one line of JSON."""
    ours, theirs = statistics.median(client), statistics.median(bare)
    line = {
        "language": language,
        "client_p50_us": round(ours, 2),
        "bare_p50_us": round(theirs, 2),
        "ratio": round(ours / theirs, 3),
        "requests": requests,
        "rounds": len(client),
    }
    print(json.dumps(line), flush=True)


def blocking(server: str, echo: str, rounds: int, requests: int) -> None:
    """Measures the blocking client."""
    ours, theirs = [], []
    with assay.Client(server) as client, connected(echo) as bare:
        client.ping(PAYLOAD)
        for _ in range(rounds):
            ours.append(median_round_trip(lambda: client.ping(PAYLOAD), requests))
            theirs.append(blocking_bare(bare, requests))
    report("python", ours, theirs, requests)


async def asynchronous(server: str, echo: str, rounds: int, requests: int) -> None:
    """Measures the asyncio client."""
    ours, theirs = [], []
    with connected(echo) as bare:
        bare.setblocking(False)
        async with assay.AsyncClient(server) as client:
            await client.ping(PAYLOAD)
            for _ in range(rounds):
                ours.append(await async_client(client, requests))
                theirs.append(await async_bare(bare, requests))
    report("python asyncio", ours, theirs, requests)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    words.add_argument("--server", required=True, help="URL of an assayd")
    words.add_argument("--echo", required=True, help="URL of a bare echo")
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--requests", type=int, default=2000)
    given = words.parse_args()
    asyncio.run(asynchronous(given.server, given.echo, given.rounds, given.requests))
    blocking(given.server, given.echo, given.rounds, given.requests)


if __name__ == "__main__":
    main()
