"""The client of llama-server beside a scripted server that answers as llama-server does."""

import os
import socket
import sys
import threading
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import streams  # noqa: E402


class Scripted:
    """Answers `count` connections with events, cut into pieces of `size` bytes."""

    def __init__(self, events, count, size=7, status="200 OK"):
        head = f"HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunks = [f"{len(event) + 8:x}\r\ndata: {event}\n\n\r\n" for event in events]
        self.text = (head + "".join(chunks) + "0\r\n\r\n").encode()
        self.size, self.count, self.asked = size, count, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        for _ in range(self.count):
            peer, _ = self.listener.accept()
            with peer:
                peer.settimeout(10)
                request = b""
                while b'"n_predict"' not in request or not request.endswith(b"}"):
                    request += peer.recv(4096)
                self.asked.append(request)
                for at in range(0, len(self.text), self.size):
                    peer.sendall(self.text[at:at + self.size])

    def close(self):
        self.thread.join(10)
        self.listener.close()


def event(text, number=1):
    return f'{{"content":"{text}","stop":false,"tokens_predicted":{number}}}'


def last(tokens):
    return f'{{"content":"","stop":true,"tokens_predicted":{tokens},"timings":{{}}}}'


class Asking(unittest.TestCase):
    def ask(self, events, prompts=3, tokens=3, **words):
        server = Scripted(events, prompts, **words)
        try:
            return streams.ask(server.port, [f"prompt {n}" for n in range(prompts)], tokens, 2), \
                server.asked
        finally:
            server.close()

    def test_every_prompt_is_asked_once_and_every_token_counted(self):
        found, asked = self.ask([event("a"), event("b"), event("c"), last(3)])
        self.assertEqual(sorted(b"prompt %d" % n in text for n in range(3) for text in asked),
                         [False] * 6 + [True] * 3)
        self.assertGreater(found.tokens_per_second, 0)
        self.assertTrue(all(b'"temperature": 0' in text for text in asked))

    def test_a_token_without_an_event_of_its_own_counts(self):
        self.ask([event("a"), event("b"), last(3)])

    def test_a_short_answer_fails(self):
        with self.assertRaisesRegex(streams.StreamError, "2 tokens, asked: 3"):
            self.ask([event("a"), event("b"), last(2)], prompts=1)

    def test_a_refusal_fails_with_its_words(self):
        with self.assertRaisesRegex(streams.StreamError, "503"):
            self.ask([], prompts=1, status="503 Loading", size=4096)


if __name__ == "__main__":
    unittest.main()
