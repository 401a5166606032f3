"""The examples of a client's README: each block is a program, byte for byte, and is run.

Guarantees: a program runs against a server of its own, which ends with it. Not here: the server
(live.py), which the caller starts.
"""

import glob
import os
import re
import shlex
import subprocess
import time

from rows import Row, expect
from run import Result
from server import Failed

#: what the examples of a README show, together
SHOWN = ("generate", "stream", "cancel", "chat", "embed", "deadline")


def run_examples(command, readme, serve):
    """Each example that the README shows, or the first alone. `serve` starts a server for each."""
    programs = ["example"]
    if readme is not None:
        blocks, files = blocks_of(readme), example_files(readme)
        programs = [program_of(readme, files.get(block)) for block in blocks] or programs
    return [run_example(command, program, serve) for program in programs if program]


def program_of(readme, path):
    """`example.py`, `example/main.go` -> example, `example_testing.py` -> example_testing."""
    if path is None:
        return None
    return os.path.relpath(path, readme).split(os.sep)[0].split(".")[0]


def run_example(command, program, serve):
    """One example, which ends well and says 802 and real. One without a model says mock."""
    source = "mock" if program.endswith("_testing") else "real"
    row = Row(program, "example", "the example of the README runs and says 802, " + source, None)
    begun, server = time.monotonic(), None
    try:
        server = serve()
        done = subprocess.run(
            [*shlex.split(command)[:-1], program], env=dict(os.environ, ASSAY_SERVER=server.url),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        said = done.stdout
        expect(done.returncode == 0, "exit status 0",
               "%d: %s" % (done.returncode, (done.stderr or said)[-500:]))
        expect("802" in said and source in said, "802 and %s in its output" % source,
               repr(said[:500]))
        detail = ""
    except Failed as failure:
        detail = str(failure)
    except (OSError, subprocess.TimeoutExpired) as error:
        detail = "expected an example that ends; found %s" % error
    finally:
        if server is not None:
            server.kill()
    return Result(row, not detail, time.monotonic() - begun, detail)


def check_readme(folder):
    """Every fenced block of the README is a file of the examples, byte for byte, and the blocks
    show every use."""
    row = Row("readme", "example", "the README's blocks are the examples, byte for byte", None)
    try:
        blocks, files = blocks_of(folder), example_files(folder)
    except OSError as error:
        return Result(row, False, 0.0, "expected a README; found %s" % error)
    strange = [block for block in blocks if block not in files]
    hidden = [word for word in SHOWN if word not in "".join(blocks).lower()]
    detail = ""
    if strange or not blocks:
        detail = "expected the text of %s; found %r..." % (
            " or ".join(os.path.relpath(path, folder) for path in files.values())
            or "an example", (strange or ["no fenced block"])[0][:80])
    elif hidden:
        detail = "expected %s in the examples; found none" % ", ".join(hidden)
    return Result(row, not detail, 0.0, detail)


def example_files(folder):
    """Text -> path, of the files of examples."""
    files = {}
    for path in sorted(glob.glob(os.path.join(folder, "example*"))
                       + glob.glob(os.path.join(folder, "example*", "**"), recursive=True)):
        if os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace", newline="") as handle:
                files[handle.read()] = path
    return files


def blocks_of(folder):
    """The texts between fences."""
    with open(os.path.join(folder, "README.md"), encoding="utf-8", newline="") as handle:
        text = handle.read()
    return re.findall(r"^```.*\n((?:(?!```).*\n)*)^```$", text, flags=re.MULTILINE)
