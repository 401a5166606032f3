# Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
"""Version of the client."""

__version__ = "0.1.0"
