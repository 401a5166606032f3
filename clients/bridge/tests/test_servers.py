"""The scripted server as outside checks use it: servers.py alone, loaded by its path."""

import subprocess
import sys
import unittest

from .servers import LIMIT, ROOT

OUTSIDE = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("servers_of_tests", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = module
spec.loader.exec_module(module)
import assay

def script(peer):
    peer.hello()
    _, number, _ = peer.request()
    peer.send("Generate", number, more=True, tokens=[1], text="word")
    peer.end(number, completion_tokens=1)
    peer.request()

with module.scripted(script) as url, assay.Client(url) as client:
    print(client.generate(assay.GenerateRequest(prompt="a")).text)
"""


class OutsideTests(unittest.TestCase):
    def test_the_file_alone_has_the_scripted_server(self) -> None:
        words = [sys.executable, "-c", OUTSIDE, str(ROOT / "clients/bridge/tests/servers.py")]
        ran = subprocess.run(words, cwd="/", capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual((ran.returncode, ran.stdout), (0, "word\n"), ran.stderr)


if __name__ == "__main__":
    unittest.main()
