"""An OpenAI-style HTTP gateway in front of an Assay server. See README.md."""

from ._app import Settings, application

__all__ = ["Settings", "application"]
