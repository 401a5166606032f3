"""Wrong clients with faults of connections: frames, headers, owners of answers. See mutants.py.

One file, a list: each class is a few lines.
"""

import struct

from codec import TABLES, decode, encode
from encoder import MORE, RECORD, raw_field
from mutant import has_context, mutant
from reference_connection import CallError, Connection
import encoder
import rules


@mutant("mock_refused", "mock_refused_in_first_chunk", "mock_refused_tokenize", "mock_error")
class IgnoresProvenance(Connection):
    """Takes a mock's answer for a real one."""

    def is_refused(self, provenance):
        return False


@mutant("provenance_byte_3", "refused_provenance_3_in_response")
class TakesAnyProvenanceByte(Connection):
    """Knows mock, and takes everything else for real."""

    def provenance_known(self, provenance):
        return True


@mutant("mock_turns_real", "generation_changes")
class IgnoresChangesWithinAnAnswer(Connection):
    """Looks at the provenance and generation of the last frame only."""

    def check_marks(self, pending, provenance, generation):
        pass


@mutant("mock_in_mid_stream", "mock_in_last_frame")
class TakesAChangeForAMock(Connection):
    """Refuses an answer that turns into a mock's as if it had been one all along."""

    def check_marks(self, pending, provenance, generation):
        if not self.is_refused(provenance):
            super().check_marks(pending, provenance, generation)


@mutant("mock_error", "mock_not_retried")
class HandsOutMockWords(Connection):
    """Refuses a mock's error, and quotes it."""

    def mock_refused(self, status, body):
        error = super().mock_refused(status, body)
        if status:
            error.json["message"] += ": " + decode("Error", body)["message"]
        return error


@mutant("kind_generate", "degraded_flag_alone", "response_generate_degraded_mock")
class DropsTheDegradedFlag(Connection):
    """Never says that an answer is degraded."""

    def file(self, pending, flags, *rest):
        super().file(pending, flags & MORE, *rest)

    def check_answer(self, pending, fields, more):
        if more or not fields.get("answer", {}).get("degradations"):
            super().check_answer(pending, fields, more)


@mutant("byte_by_byte", "interleaved", "response_generate_stream")
class DropsTheMoreFlag(Connection):
    """Takes every frame for the last one."""

    def take(self, kind, flags, *rest):
        super().take(kind, flags & ~MORE, *rest)


@mutant("raw_size_above_the_truth", "raw_size_below_the_truth", "bomb")
class TrustsRawSize(Connection):
    """Makes room for rawSize bytes and takes what comes to lie there for the body."""

    def unpack(self, block, raw):
        body = encoder.lz4_decode(block)
        return body[:raw] + bytes(max(raw - len(body), 0))


@mutant("block_offset_0")
class LetsOffset0Pass(Connection):
    """Has an LZ4 decoder that reads a match with offset 0 as zeros."""

    def unpack(self, block, raw):
        try:
            return super().unpack(block, raw)
        except Exception:
            if b"\0\0" in block:
                return block[1:9] + bytes(raw - 8)
            raise


@mutant("compressed_without_agreement", "compressed_without_offer", "compressed_error_without_*",
        "compressed_goaway_without_agreement", "refused_compression_not_agreed_in_response")
class ReadsBlocksNobodyAgreedTo(Connection):
    """Reads compressed bodies always."""

    def may_compress(self):
        return True


@mutant("out_of_order", "unknown_id", "interleaved")
class IgnoresRequestIds(Connection):
    """Takes every answer for that of the oldest request."""

    def find(self, number):
        return next(iter(self.pending.values()), None)

    def take(self, kind, flags, provenance, number, *rest):
        first = next(iter(self.pending), number) if number else 0
        super().take(kind, flags, provenance, first, *rest)


@mutant("wrong_kind_same_shape", "wrong_kind_error")
class TakesAnyKind(Connection):
    """Does not compare an answer's kind with the request's."""

    def check_kind(self, pending, kind):
        pass


@mutant("unknown_field", "refused_ping_response_field_unknown")
class IgnoresUnknownFields(Connection):
    """Skips the fields that its tables do not list."""

    def decode(self, message, body):
        out, at = b"", 0
        while at + 8 <= len(body):
            number, _, _, size = struct.unpack_from("<HBBI", body, at)
            if number in TABLES[message]:
                out += body[at:at + 8 + size]
            at += 8 + size
        return decode(message, out + body[at:])


@mutant("ping_payload_differs", "score_fewer", "logits_count", "embed_inputs")
class ChecksFieldsOnly(Connection):
    """Knows the tables, and no rule beyond one field."""

    def check_answer(self, pending, fields, more):
        pass


@mutant("cancel_after_chunks", "cancel_one_of_two", "answer_times_out", "deadline_and_grace")
class NeverSendsCancel(Connection):
    """Drops an answer silently: the server goes on computing."""

    def cancel(self, number):
        pass


@mutant("cancel_after_chunks", "cancel_at_the_limit")
class CancelsAnotherRequest(Connection):
    """Says Cancel with the number after the right one."""

    def cancel(self, number):
        super().cancel(number + 1)


@mutant("goaway_in_mid_stream", "goaway_while_idle", "goaway_for_cause")
class IgnoresGoAway(Connection):
    """Goes on sending after GoAway."""

    def go_away(self, status, body):
        pass


@mutant("goaway_in_mid_stream")
class DropsEverythingOnGoAway(Connection):
    """Takes GoAway for the end of the connection."""

    def go_away(self, status, body):
        raise CallError("connection_closed", "UNAVAILABLE", "the server goes away", again=True)


@mutant("in_flight_limit", "stream_holds_its_place")
class SendsMoreThanAllowed(Connection):
    """Does not look at requests_in_flight_max."""

    def has_room(self):
        return True


@mutant("larger_than_the_peer_accepts")
class IgnoresThePeersLimit(Connection):
    """Sends bodies of any size."""

    def begin(self, kind, fields, deadline):
        kept, self.limit = self.limit, 1 << 40
        try:
            return super().begin(kind, fields, deadline)
        finally:
            self.limit = kept


@mutant("attempt_not_in_*")
class SaysTheAttemptInEveryKind(Connection):
    """Puts a context into whatever it sends a second time, into a Ping, too."""

    def __init__(self, client, until):
        self.sent = []
        super().__init__(client, until)

    def encode(self, kind, fields):
        body = super().encode(kind, fields)
        if has_context(kind) or self.sent[-1:] != [body]:
            self.sent.append(body)
            return body
        return body + raw_field(29, RECORD, encode("Request context", {"attempt": "2"}))


@mutant("attempt_in_a_compressed_request")
class PacksTheFirstAttemptAlone(Connection):
    """Sends a request that says its attempt as it is, however large."""

    def packs(self, fields, body):
        return super().packs(fields, body) and "context" not in fields


@mutant("peer_speaks_http", "peer_speaks_tls", "peer_speaks_ssh", "peer_speaks_unknown")
class SaysOnlyThatTheBytesAreWrong(Connection):
    """Leaves the reader to guess what answers at a wrong port."""

    def named(self, error):
        return error


@mutant("answer_size_streamed", "answer_size_whole", "answer_size_of_one_chunk",
        "answer_size_compressed", "answer_size_logits", "answer_size_one_more",
        "answer_size_of_one_frame")
class TakesAnswersOfAnySize(Connection):
    """Has no option answer_size_max."""

    def fits(self, pending, body):
        return True


@mutant("answer_size_streamed", "answer_size_whole", "answer_size_of_one_chunk",
        "answer_size_compressed", "answer_size_logits")
class LeavesALargeAnswerToTheServer(Connection):
    """Drops an answer that is too large, and never says Cancel."""

    def too_large(self, pending, number, flags):
        super().too_large(pending, number, 0)
        pending.dropped = True


@mutant("answer_size_streamed", "answer_size_whole", "answer_size_one_more",
        "answer_size_of_one_frame")
class TakesALargeAnswerForDamage(Connection):
    """Closes the connection on an answer that is too large."""

    def too_large(self, pending, number, flags):
        raise CallError("protocol_error", "PROTOCOL_ERROR", "a large answer")


@mutant("answer_size_compressed")
class CountsBytesOnTheWire(Connection):
    """Counts a compressed body as small as it came."""

    saved = 0

    def unpack(self, block, raw):
        body = super().unpack(block, raw)
        self.saved = len(body) - len(block)
        return body

    def fits(self, pending, body):
        pending.size -= self.saved
        return super().fits(pending, body)


@mutant("answer_size_exactly")
class TakesOneByteLess(Connection):
    """Gives up an answer that is exactly as large as it may be."""

    def fits(self, pending, body):
        return super().fits(pending, body) and pending.size < self.options["answer_size_max"]


@mutant("answer_size_is_of_one_answer")
class CountsAllAnswersTogether(Connection):
    """Takes the limit of one answer for that of a connection."""

    received = 0

    def fits(self, pending, body):
        self.received += len(body)
        return super().fits(pending, body) and self.received <= self.options["answer_size_max"]


@mutant("answer_size_one_more", "answer_size_of_one_frame")
class MeasuresChunksAlone(Connection):
    """Does not count the last frame."""

    def take(self, kind, flags, *rest):
        self.measures = flags & MORE
        super().take(kind, flags, *rest)

    def fits(self, pending, body):
        return super().fits(pending, body) or not self.measures


@mutant("response_error_server_load", "response_error_server_load_none")
class DropsTheServersLoad(Connection):
    """Hands out an error without the load that the server said."""

    def refusal(self, *words):
        error = super().refusal(*words)
        error.json.pop("server_load")
        return error


@mutant("hello_revision_above_ours", "hello_compression_not_offered")
class SkipsTheHelloCheck(Connection):
    """Believes whatever the server agrees to."""

    def check_hello(self, answer):
        pass


@mutant("count_completion_tokens_fewer", "count_completion_tokens_more",
        "count_frame_dropped_streamed", "count_frame_dropped_whole", "count_frame_doubled_whole",
        "count_prompt_rows_fewer", "count_prompt_rows_missing")
class DoesNotCompareTokens(Connection):
    """Believes completion_tokens and prompt_tokens, whatever came."""

    def check_answer(self, pending, fields, more):
        kept, rules.miscounted = rules.miscounted, lambda asked, frames: None
        try:
            super().check_answer(pending, fields, more)
        finally:
            rules.miscounted = kept


@mutant("count_scores_1", "count_inputs_fewer", "count_positions_of_one", "count_positions_more",
        "count_logits_frame_dropped", "count_embed_frame_doubled")
class DoesNotCompareRows(Connection):
    """Takes as many rows as there are."""

    def check_answer(self, pending, fields, more):
        if pending.kind == "Generate":
            super().check_answer(pending, fields, more)


@mutant("frames_swapped_streamed", "frames_swapped_whole", "frame_load_dropped",
        "frame_load_doubled", "frame_logits_swapped", "frame_embed_swapped",
        "frame_numbers_from_1", "frame_number_of_the_last", "frame_number_of_one_frame")
class IgnoresFrameNumbers(Connection):
    """Counts, and takes frames in any order."""

    def check_number(self, fields, expected):
        pass


@mutant("frame_numbers_absent", "revision_2_works")
class DemandsFrameNumbers(Connection):
    """Takes a frame without a number for damage, whatever was agreed on."""

    def check_number(self, fields, expected):
        super().check_number(dict({"frame": "-1"}, **fields), expected)


@mutant("hello_cut")
class CallsACutHelloUnreachable(Connection):
    """Takes a connection that ends before Hello's answer for nobody at the address."""

    def agree(self, until):
        try:
            super().agree(until)
        except CallError as error:
            if error.json["code"] == "connection_closed":
                error.json["code"] = "unreachable"
            raise


@mutant("frame_after_the_last")
class WritesBeforeItReads(Connection):
    """Takes one frame each time that bytes arrive, and writes whatever lies there unread."""

    def pump(self):
        self.taken = False
        super().pump()

    def frame(self):
        frame = None if self.taken else super().frame()
        self.taken = frame is not None
        return frame

    def usable(self):
        return self.error is None and not self.draining


@mutant("unknown_id", "damage_fails_all", "frame_after_the_last_in_flight")
class CallsAnUnknownIdAnEnd(Connection):
    """Closes on an answer to a request nobody made, and says that the connection ended."""

    def find(self, number):
        if number not in self.pending:
            raise CallError("connection_closed", "UNAVAILABLE", "request %d is nobody's" % number)
        return super().find(number)


@mutant("hello_says_what_the_client_can", "frame_numbers_right")
class SpeaksRevision2(Connection):
    """Asks for revision 2."""

    def begin(self, kind, fields, deadline):
        if kind == "Hello":
            fields = dict(fields, revision="2")
        return super().begin(kind, fields, deadline)


@mutant("deadline_in_header", "request_generate_full")
class KeepsTheDeadlineToItself(Connection):
    """Never tells the server how much time there is."""

    def begin(self, kind, fields, deadline):
        return super().begin(kind, fields, 0)


@mutant("cuts_bounded", "cut_pong_first_44_bytes")
class HangsWhenCut(Connection):
    """Does not notice the end of a connection."""

    def fail(self, error):
        with self.lock:
            self.error = error  # and nobody is woken


@mutant("hello_of_an_allowed_mock", "hello_degraded", "goaway_of_a_mock",
        "goaway_of_an_allowed_mock", "goaway_in_parts", "goaway_degraded")
class TakesAnyHelloAndGoAway(Connection):
    """Does not look at the marks of the frames that are about the connection."""

    def check_own_frame(self, flags, provenance):
        pass


@mutant("hello_of_a_mock")
class TakesHelloForAModels(Connection):
    """Refuses a mock's Hello as it refuses a mock's answer."""

    def check_own_frame(self, flags, provenance):
        if not self.is_refused(provenance):
            super().check_own_frame(flags, provenance)
