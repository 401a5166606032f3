"""Tests of the token, which no text shows and a file may hold, and of a swap's progress."""

from __future__ import annotations

import os
import pickle
import tempfile
import unittest
from unittest import mock

import assay
from assay import Options, messages
from assay.testing import Peer, server

TOKEN = "assay_of_nobody"


class TokenTests(unittest.TestCase):
    def test_no_text_of_options_or_client_shows_the_token(self) -> None:
        options = Options(token=TOKEN, tenant="batch")
        client = assay.Client("/nowhere", options)
        for text in (repr(options), str(options), f"{options}", repr(client), repr([options])):
            self.assertNotIn(TOKEN, text)
        self.assertIn("batch", repr(options))
        self.assertEqual(pickle.loads(pickle.dumps(options)), options)

    def test_a_token_of_another_type_is_refused_without_it(self) -> None:
        for wrong in (TOKEN.encode(), TOKEN * 20, ""):
            with self.assertRaises(assay.AssayValueError) as caught:
                Options(token=wrong)  # type: ignore[arg-type]
            self.assertEqual(caught.exception.field, "token")
            self.assertNotIn(TOKEN, str(caught.exception))

    def test_the_file_is_read_when_the_client_is_made(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "token")
            with open(path, "w", encoding="utf-8") as file:
                file.write(TOKEN + "\n")
            given = assay.Client("/nowhere", Options(token_file=path))
            with mock.patch.dict(os.environ, ASSAY_TOKEN_FILE=path):
                found = assay.Client("/nowhere")
                chosen = assay.Client("/nowhere", Options(token="own"))
        self.assertEqual((given.options.token, found.options.token), (TOKEN, TOKEN))
        self.assertEqual(chosen.options.token, "own")
        self.assertNotIn(TOKEN, repr(given.options))

    def test_the_callback_of_a_swap_gets_each_step(self) -> None:
        def script(peer: Peer) -> None:
            peer.hello()
            _, number, _ = peer.request()
            peer.send("Swap", number, flags=2, step="warm_up", done=1, total=8)
            model = messages.Model(
                name="m", state="ready", provenance=1, architecture="a", parameters=1,
                vocabulary=1, context=1, generation=2, device="cpu", bytes=1,
            )  # fmt: skip
            peer.send("Swap", number, model=model, previous_generation=1, warmed=8)

        seen: list[messages.SwapProgress] = []
        with server(script) as address, assay.Client(address) as client:
            answer = client.swap("m", "/m.gguf", on_progress=seen.append)
        self.assertEqual([(one.step, one.done, one.total) for one in seen], [("warm_up", 1, 8)])
        self.assertEqual((answer.previous_generation, answer.warmed), (1, 8))
