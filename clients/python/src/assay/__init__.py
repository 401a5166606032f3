"""A client of Assay, the server of language models whose every answer says whether it is real.

    import assay

    with assay.Client("tcp://127.0.0.1:7411") as client:
        answer = client.generate(assay.GenerateRequest(prompt="317+485=", max_tokens=8))
        print(answer.text, answer.provenance)

`Client` blocks and may be shared by threads, `AsyncClient` is for asyncio; both have the same
calls. Requests and answers are the dataclasses of `assay.messages`; every failure is an
`AssayError`. Times are milliseconds, those in `answer.timing` microseconds.
"""

from . import messages
from ._client import AsyncClient, Client
from ._errors import AssayError
from ._options import Options
from ._protocol import REVISION, Limits, Status
from ._stream import AsyncGenerateStream, GenerateStream
from .messages import *  # noqa: F403

#: a name of before
AsyncAnswerStream = AsyncGenerateStream

__all__ = ["REVISION", "AssayError", "AsyncAnswerStream", "AsyncClient", "AsyncGenerateStream"]
__all__ += ["Client", "GenerateStream", "Limits", "Options", "Status", *messages.__all__]
