"""A client of Assay, a server of language models whose answers all say if they are real or mock.

    import assay

    with assay.Client("tcp://127.0.0.1:7411") as client:
        answer = client.generate(assay.GenerateRequest(prompt="317+485=", max_tokens=8))
        print(answer.text, answer.provenance)

`Client` blocks and may be shared by threads, `AsyncClient` is for asyncio. Both have the same
calls. Requests and answers are the dataclasses of `assay.messages`. Every failure is an
`AssayError`. Times are milliseconds, except microseconds in `answer.timing`.
"""

from . import messages
from ._client import AsyncClient, Client
from ._errors import AssayError
from ._options import Options
from ._protocol import REVISION, Limits, Status
from ._stream import AsyncGenerateStream, GenerateStream
from .messages import *  # noqa: F403

#: former name of `AsyncGenerateStream`
AsyncAnswerStream = AsyncGenerateStream

__all__ = ["REVISION", "AssayError", "AsyncAnswerStream", "AsyncClient", "AsyncGenerateStream"]
__all__ += ["Client", "GenerateStream", "Limits", "Options", "Status", *messages.__all__]
