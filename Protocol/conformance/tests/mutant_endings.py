"""Wrong clients whose fault is about GoAway idle and blocks nobody agreed on. See mutants.py.

One file, a list: each class is a few lines.
"""

from mutant import mutant
from reference import Client
from reference_connection import CallError, Connection


@mutant("idle_crosses_load", "idle_crosses_unload", "idle_crosses_ping_open", "idle_moves_*")
class TakesIdleForADrain(Connection):
    """Waits for answers after GoAway idle, which never come."""

    def idle(self):
        pass


@mutant("shutting_down_crosses_a_load")
class TakesADrainForIdle(Connection):
    """Repeats what is in flight after any GoAway, and so loads twice."""

    def go_away(self, status, body):
        super().go_away(status, body)
        raise CallError("connection_closed", "UNAVAILABLE", "the server goes", again=True,
                        unread=True)


@mutant("idle_crosses_*", "idle_in_a_pool")
class CountsIdleAsAnAttempt(Client):
    """Tells the caller that a connection was idle."""

    def moves(self, error, moves):
        return False


@mutant("idle_twice_ping", "idle_twice_load")
class RepeatsForEver(Client):
    """Repeats a request as often as a server says idle."""

    def moves(self, error, moves):
        return error.unread


@mutant("idle_in_mid_stream")
class TakesIdleInMidStream(Connection):
    """Believes a server that says idle in the middle of an answer."""

    def idle(self):
        raise CallError("connection_closed", "UNAVAILABLE", "the server closed", again=True)


@mutant("hello_answer_compressed", "refused_hello_refusal_compressed")
class ReadsACompressedHello(Connection):
    """Reads a block before Hello is answered."""

    def may_compress(self):
        return self.compression or self.in_flight_max == 1


@mutant("compressed_header_without_agreement",
        "refused_compression_not_agreed_by_header_in_response")
class WaitsForTheBlock(Connection):
    """Asks for the agreement when the whole block is there."""

    def may_compress(self):
        return True

    def unpack(self, block, raw):
        if not self.compression:
            raise CallError("protocol_error", "PROTOCOL_ERROR", "a block nobody agreed on")
        return super().unpack(block, raw)
