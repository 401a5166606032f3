"""A client of Assay, a server of language models whose answers all say if they are real or mock.

    import assay

    with assay.Client("tcp://127.0.0.1:7411") as client:
        answer = client.generate("317+485=", max_tokens=8)
        print(answer.text, answer.provenance)

`Client` blocks and may be shared by threads, `AsyncClient` is for asyncio. Both have the same
calls. Requests and answers are the dataclasses of `assay.messages`. Every failure is an
`AssayError`, and also a `ConnectionError`, `TimeoutError`, `ValueError`, `LookupError` or
`PermissionError` where one fits. `assay.testing` has a server for tests without a model. Times are
milliseconds, except microseconds in `answer.timing`.
"""

from . import messages
from ._client import AsyncClient, Client
from ._errors import (
    AssayConnectionError,
    AssayError,
    AssayLookupError,
    AssayPermissionError,
    AssayTimeoutError,
    AssayValueError,
)
from ._options import Options
from ._protocol import REVISION, Limits, Status
from ._stream import AsyncGenerateStream, GenerateStream
from ._version import __version__
from .messages import *  # noqa: F403

#: former name of `AsyncGenerateStream`
AsyncAnswerStream = AsyncGenerateStream

__all__ = ["REVISION", "AssayConnectionError", "AssayError", "AssayLookupError"]
__all__ += ["AssayPermissionError", "AssayTimeoutError", "AssayValueError", "AsyncAnswerStream"]
__all__ += ["AsyncClient", "AsyncGenerateStream", "Client", "GenerateStream", "Limits", "Options"]
__all__ += ["Status", "__version__", *messages.__all__]
