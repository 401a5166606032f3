"""Turns the reference client into a wrong client: see mutants.py."""

from codec import MESSAGES
from reference import Client
from reference_connection import Connection


def has_context(kind):
    return any(field["name"] == "context" for field in MESSAGES[kind + " request"]["fields"])


def mutant(*red):
    """Makes a Client of a Connection class, with the rows that must be red."""
    def make(made):
        if issubclass(made, Connection):
            made = type(made.__name__, (Client,), {
                "connection_type": made, "__doc__": made.__doc__})
        made.red = red
        return made
    return make
