"""The bridge's own token: where it is read, what is refused, and what the server says to it."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

from assay_bridge._app import Settings
from assay_bridge._token import TokenFileError, token_in

from .servers import LIMIT, assayd, bridge


def _written(folder: str, name: str, text: str, mode: int = 0o600) -> str:
    path = pathlib.Path(folder, name)
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def _asked(url: str, body: dict[str, object] | None = None) -> tuple[int, dict[str, object]]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=LIMIT) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


class TokenFileTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_the_token_is_the_only_word(self) -> None:
        for text in ["assay_0a", "assay_0a\n", " assay_0a\r\n"]:
            self.assertEqual(token_in(_written(self.folder, "t", text)), "assay_0a")

    def test_other_files_are_refused_without_their_content(self) -> None:
        for text, words in [
            ("", "an empty file"),
            ('{"secret": []}', "a table of hashed tokens"),
            ("secret secret", "visible ASCII"),
            ("secret\nsecret", "visible ASCII"),
            ("secret" * 99, "visible ASCII"),
        ]:
            with self.subTest(words), self.assertRaises(TokenFileError) as refused:
                token_in(_written(self.folder, "t", text))
            self.assertIn(words, str(refused.exception))
            self.assertNotIn("secret", str(refused.exception))
        with self.assertRaises(TokenFileError):
            token_in(os.path.join(self.folder, "none"))

    def test_a_file_of_ones_own_is_for_oneself_alone(self) -> None:
        for mode in [0o640, 0o604, 0o644]:
            with self.assertRaisesRegex(TokenFileError, "chmod 600"):
                token_in(_written(self.folder, "t", "assay_0a", mode))

    def test_settings_never_show_the_token(self) -> None:
        self.assertNotIn("secret", repr(Settings(token="secret")))

    def test_a_wrong_file_ends_the_start(self) -> None:
        table = _written(self.folder, "t", '{"tokens": []}')
        words = [sys.executable, "-m", "assay_bridge", "--token-file", table]
        ended = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual(ended.returncode, 2)
        self.assertIn("a table of hashed tokens", ended.stderr)


class ServerTests(unittest.TestCase):
    def test_the_token_opens_its_scopes_and_no_other(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            entries = [
                {"name": token, "sha256": hashlib.sha256(token.encode()).hexdigest()}
                | {"scopes": scopes}
                for token, scopes in [("asks", ["infer"]), ("sees", ["infer", "observe"])]
            ]
            table = _written(folder, "table", json.dumps({"tokens": entries}), 0o644)
            own = {name: _written(folder, name, name) for name in ["asks", "sees", "stranger"]}
            body = {"prompt": "317+485=", "max_tokens": 8, "temperature": 0, "model": "demo"}
            with assayd("--token-file", table) as server:
                with bridge(server, "--token-file", own["asks"]) as url:
                    status, answer = _asked(url + "/v1/completions", body)
                    self.assertEqual(status, 200)
                    self.assertEqual(answer["choices"][0]["text"], "802")  # type: ignore[index]
                    self.assertEqual(_asked(url + "/readyz")[0], 200)
                    status, answer = _asked(url + "/v1/models")
                    self.assertEqual((status, _code(answer)), (502, "scope_missing"))
                with bridge(server, ASSAY_TOKEN_FILE=own["sees"]) as url:
                    self.assertEqual(_asked(url + "/v1/models")[0], 200)
                with bridge(server, "--token-file", own["stranger"]) as url:
                    status, answer = _asked(url + "/v1/completions", body)
                    self.assertEqual((status, _code(answer)), (502, "token_invalid"))
                with bridge(server) as url:
                    status, answer = _asked(url + "/v1/completions", body)
                    self.assertEqual((status, _code(answer)), (502, "token_required"))


def _code(answer: dict[str, object]) -> object:
    error = answer["error"]
    return error["code"] if isinstance(error, dict) else None
