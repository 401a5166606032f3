"""The rows, by subject. Importing this module registers them all, in the order of the table."""

from scenarios import (  # noqa: F401
    vectors, hello, options, answers, idle, provenance, damage, compression, requests, retry,
    giving_up, limits, counts, waiting, context, forks, tokens, swapping)
