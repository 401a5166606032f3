"""The engine is frozen: deadlines and cancels are the loop's, which answers both within 20 ms.

Twenty of each; the nineteenth is judged, because the machine is shared, and the worst is printed.
"""

import time

from bounds import Wire, assay, bound, end, engine_thread, frozen, served

TRIES, JUDGED, BOUND_MILLISECONDS, DEADLINE_MILLISECONDS = 20, 18, 20, 150
LONG = {"prompt": "Story about a fox:", "max_tokens": 400, "temperature": 1.0}


def late_deadlines(wire):
    """Milliseconds between each deadline and its answer."""
    for number in range(TRIES):
        sent = time.monotonic()
        wire.send("Generate", 100 + number, DEADLINE_MILLISECONDS, **LONG)
        came, _ = wire.answer(100 + number)
        yield (came - sent) * 1000 - DEADLINE_MILLISECONDS


def late_cancels(wire):
    """Milliseconds between each Cancel and the end of what it cancelled."""
    for number in range(TRIES):
        wire.send("Generate", 200 + number, **LONG)
        time.sleep(0.02)
        sent = time.monotonic()
        wire.send("Cancel", 300 + number, target=200 + number)
        came, _ = wire.answer(200 + number)
        yield (came - sent) * 1000


with served() as (server, _):
    with assay.Client(server.url) as client:
        engine = engine_thread(server, client)
    with frozen(engine):
        for name, measure in (("deadline", late_deadlines), ("cancel", late_cancels)):
            wire = Wire(server.socket)
            wire.socket.settimeout(5)
            try:
                found = sorted(measure(wire))
            except TimeoutError:
                found = [5000] * TRIES
            bound(f"{name} while the engine is frozen", found[JUDGED], BOUND_MILLISECONDS, "ms",
                  f"(worst {found[-1]:.1f})")
            wire.close()
end()
