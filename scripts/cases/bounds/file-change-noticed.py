"""A served model's file changes on disk: `models` and Health say so within a minute, and answers go
on as they were.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor

from bounds import assay, bound, demand, end, served

NOTICED_SECONDS = 60
LIMIT_SECONDS = 75


def overwrite(path):
    with open(path, "r+b") as handle:
        handle.seek(4096)
        handle.write(bytes(4096))


def replace(path):
    path.with_suffix(".new").write_bytes(path.read_bytes()[::-1])
    os.rename(path.with_suffix(".new"), path)


WAYS = {"overwritten": (overwrite, "changed"), "replaced": (replace, "changed"),
        "deleted": (os.unlink, "missing")}


def noticed(client, word):
    """Seconds until both Models and Health say the word."""
    begun = time.monotonic()
    while time.monotonic() - begun < LIMIT_SECONDS:
        said = client.models().models[0].file, client.health("demo").file
        if said == (word, word):
            break
        time.sleep(0.5)
    return time.monotonic() - begun


def watch(name, change, word):
    """One way of changing the file, on a server of its own."""
    with served() as (server, path), assay.Client(server.url) as client:
        ask = assay.GenerateRequest(prompt="317+485=", max_tokens=8)
        right = client.generate(ask).text
        said = client.models().models[0].file
        demand(f"{name}: unchanged before", said == "unchanged", repr(said))
        change(path)
        bound(f"{name}, noticed after", noticed(client, word), NOTICED_SECONDS, "s")
        try:
            found = client.generate(ask).text
        except assay.AssayError as error:
            found = error.message
        demand(f"{name}: the answer stays", found == right, f"{found!r} instead of {right!r}")


with ThreadPoolExecutor(len(WAYS)) as pool:
    ways = [pool.submit(watch, name, *way) for name, way in WAYS.items()]
    for way in ways:
        demand("watching a file", way.exception() is None, repr(way.exception()))
end()
