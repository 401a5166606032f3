"""SPEC.md is enough: a client written from it alone is answered, on revision 2 and on 3."""

import os
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))

from live import Assayd  # noqa: E402
from server import Failed, Listener  # noqa: E402
from encoder import MOCK  # noqa: E402 - server made its folder known

STRANGER = os.path.join(HERE, "stranger.py")


def stories(peer, request):
    """A right answer in three frames."""
    peer.token(request, 1, "there was")
    peer.token(request, 2, " a f\u00f6x")
    peer.answer(request, tokens=[], text=".")


def a_mocks(peer, request):
    peer.token(request, 1, "there was", provenance=MOCK)
    peer.answer(request, provenance=MOCK)


def a_mocks_error(peer, request):
    peer.error(request, "INTERNAL", message="there was", provenance=MOCK)


def one_frame_lost(peer, request):
    with peer.held():
        peer.token(request, 1, "there was")
    peer.answer(request)


def refused(peer, request):
    peer.error(request, "RESOURCE_EXHAUSTED", "queue_full", "256 requests wait", server_load={
        "queued": "256", "running": "1", "wait_microseconds": "9", "cache_pages_used": "0",
        "cache_pages": "0"})


class Scripted(threading.Thread):
    """One connection: Hello, then `answer` to the Generate that comes."""

    def __init__(self, folder, answer):
        super().__init__(daemon=True)
        self.listener, self.answer = Listener(folder), answer
        self.request = self.revision = self.fault = None
        self.start()

    def run(self):
        try:
            peer = self.listener.accept(30)  # a program has to start first
            peer.hello()
            self.revision, self.request = peer.revision, peer.request("Generate")
            self.answer(peer, self.request)
            peer.close()
        except Failed as failure:
            self.fault = str(failure)
        finally:
            self.listener.close()


def ask(path, revision, prompt="Once upon a time,"):
    """The stranger's exit status, output and error output."""
    done = subprocess.run([sys.executable, STRANGER, path, str(revision), prompt],
                          capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Stranger(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stranger-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def played(self, answer, revision):
        server = Scripted(self.folder, answer)
        said = ask(server.listener.path, revision)
        server.join(10)
        self.assertIsNone(server.fault)
        self.assertEqual(server.revision, revision)
        return said, server.request

    def test_it_is_short_and_knows_nothing_but_the_document(self):
        with open(STRANGER, encoding="utf-8") as handle:
            lines = handle.read().split("\n")
        self.assertLessEqual(len(lines) - 1, 60)
        imported = [line.split()[1] for line in lines if line.startswith(("import ", "from "))]
        self.assertEqual(imported, ["socket", "struct", "sys"])

    def test_it_is_answered_on_both_revisions(self):
        for revision in (2, 3):
            with self.subTest(revision=revision):
                said, request = self.played(stories, revision)
                self.assertEqual(said, (0, "there was a f\u00f6x.\n", ""))
                self.assertEqual(request.fields, {
                    "prompt": "Once upon a time,", "max_tokens": "16",
                    "requirements": {"real": True}})

    def test_a_mocks_answer_is_not_printed(self):
        for answer in (a_mocks, a_mocks_error):
            for revision in (2, 3):
                with self.subTest(answer=answer.__name__, revision=revision):
                    (status, said, error), _ = self.played(answer, revision)
                    self.assertEqual((status, said), (1, ""))
                    self.assertIn("not a real answer", error)
                    self.assertNotIn("there was", error)

    def test_a_lost_frame_is_noticed_where_frames_say_their_number(self):
        (status, said, error), _ = self.played(one_frame_lost, 3)
        self.assertEqual((status, said), (1, ""))
        self.assertIn("a frame was lost", error)

    def test_an_errors_words_are_printed(self):
        (status, said, error), _ = self.played(refused, 3)
        self.assertEqual((status, said), (1, ""))
        self.assertIn("status 8: 256 requests wait", error)

    @unittest.skipUnless(os.access(os.environ.get("ASSAYD", ""), os.X_OK),
                         "no program in ASSAYD")
    def test_a_real_server_answers_it(self):
        server = Assayd(os.environ["ASSAYD"], self.folder)
        self.addCleanup(server.kill)
        for revision in (2, 3):
            with self.subTest(revision=revision):
                status, said, error = ask(server.path, revision, "317+485=")
                self.assertEqual((status, error), (0, ""))
                self.assertIn("802", said)


if __name__ == "__main__":
    unittest.main()
