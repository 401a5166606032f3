"""The engine is frozen with work in flight: readiness and Health turn red after max(3 s, 4 steps),
liveness after its timeout and never sooner, and all turn green again once the engine goes on.
"""

import http.client
import time

from bounds import assay, bound, demand, end, engine_thread, free_port, frozen, served

READY_SECONDS, SLACK_SECONDS, LIVE_SECONDS = 3, 1, 6
GREEN_SECONDS = 2


def page(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def seconds_until(seen, begun, limit):
    """When each of `seen`'s tests first holds, counted from `begun`; `limit` stands for never."""
    found = {}
    while len(found) < len(seen) and time.monotonic() - begun < limit:
        for name, test in seen.items():
            if name not in found and test():
                found[name] = time.monotonic() - begun
        time.sleep(0.05)
    return {name: found.get(name, limit) for name in seen}


port = free_port()
with served(admin=f"127.0.0.1:{port}", live_timeout_seconds=LIVE_SECONDS,
            step_seconds_max=0.25) as (server, _):
    client = assay.Client(server.url)
    engine = engine_thread(server, client)
    beside = assay.Client(server.url)
    tests = {
        "readiness red": lambda: page(port, "/readyz") == 503,
        "Health red": lambda: not beside.health(deadline_milliseconds=2000).ready,
        "liveness red": lambda: page(port, "/livez") == 503,
    }
    demand("green before", not any(test() for test in tests.values()))
    with frozen(engine):
        begun = time.monotonic()
        try:
            client.generate(assay.GenerateRequest(prompt="1+1=", max_tokens=4),
                            deadline_milliseconds=300)
        except assay.AssayError:
            pass
        red = seconds_until(tests, begun, 4 * LIVE_SECONDS)
    for name in ("readiness red", "Health red"):
        bound(name, red[name], READY_SECONDS + SLACK_SECONDS, "s")
        demand(f"{name} not sooner than {READY_SECONDS} s", red[name] >= READY_SECONDS - 0.2,
               f"{red[name]:.1f} s")
    bound("liveness red", red["liveness red"], LIVE_SECONDS + SLACK_SECONDS, "s")
    demand("liveness not sooner than readiness", red["liveness red"] >= red["readiness red"],
           f"{red['liveness red']:.1f} s")
    green = seconds_until({name: lambda test=test: not test() for name, test in tests.items()},
                          time.monotonic(), 20)
    bound("green once it goes on", max(green.values()), GREEN_SECONDS, "s")
    client.close()
    beside.close()
end()
