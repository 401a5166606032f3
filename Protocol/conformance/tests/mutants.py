"""Clients that do wrong, each in one way: the kit must turn red on each, on the rows it names.

A mutant is the reference client with one method, or a few lines, changed. `red` names rows that
must fail for it (a * stands for any letters); other rows may fail too. test_mutants.py proves both,
and that the client without the change is green there.
"""

import os
import socket
import struct
import time

from codec import MESSAGES, TABLES, decode, encode
from encoder import MORE, RECORD, raw_field
from reference import OPTIONS, CallError, Client, Connection
import encoder
import rules


def has_context(kind):
    return any(field["name"] == "context" for field in MESSAGES[kind + " request"]["fields"])


def mutant(*red):
    """Makes a Client of a Connection class; the rows that must be red go with it."""
    def make(made):
        if issubclass(made, Connection):
            made = type(made.__name__, (Client,), {
                "connection_type": made, "__doc__": made.__doc__})
        made.red = red
        return made
    return make


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


@mutant("real_by_default_generate", "real_by_default_embed", "real_beside_own_requirements")
class DoesNotAskForReal(Client):
    """Checks provenance, but never says real: true."""

    def with_real(self, kind, request):
        return request


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


@mutant("compressed_without_agreement")
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


@mutant("load_never_twice", "unload_never_twice")
class RetriesLoad(Client):
    """Sends a Load again whose connection was cut: loads twice."""

    def may_repeat(self, kind):
        return True


@mutant("cut_after_chunk", "unavailable_after_chunk")
class RetriesAfterAChunk(Client):
    """Begins a stream anew whose first words were handed out already."""

    def attempt(self, *words):
        try:
            return super().attempt(*words)
        except CallError as error:
            error.again = error.json["status"] == "UNAVAILABLE"
            raise


@mutant("attempts_bounded", "attempts_one", "attempts_default")
class RetriesForever(Client):
    """Tries again as long as it is told to."""

    def tries_again(self, kind, error, attempt):
        return error.again


@mutant("unavailable_is_retried", "cut_ping_retried", "attempts_bounded")
class NeverRetries(Client):
    """Leaves every second attempt to the caller."""

    def tries_again(self, kind, error, attempt):
        return False


@mutant("retry_after_honoured")
class IgnoresRetryAfter(Client):
    """Has a pause of its own, whatever the server asks for."""

    def pause(self, error, attempt):
        return 0.01


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


@mutant("revision_1_score", "revision_1_embed", "revision_1_logprobs", "revision_1_verify",
        "revision_1_context", "revision_2_context_of_*", "revision_2_ignore_eos",
        "revision_2_min_tokens")
class IgnoresTheRevision(Client):
    """Sends what a server of revision 1 does not know."""

    def check_revision(self, kind, request, revision):
        pass


@mutant("revision_1_context", "revision_2_context_of_*", "revision_2_ignore_eos",
        "revision_2_min_tokens")
class KnowsTwoRevisions(Client):
    """Asks every server for what came with revision 3."""

    def check_revision(self, kind, request, revision):
        super().check_revision(kind, request, revision if revision == 1 and not {
            "context", "ignore_eos", "min_tokens"} & set(request) else 3)


@mutant("invalid_*")
class SendsAnyRequest(Client):
    """Leaves it to the server to refuse a request."""

    def check_request(self, kind, request):
        pass


@mutant("invalid_*_prompt_and_tokens", "invalid_*_no_prompt", "invalid_*_every_prompt",
        "invalid_*_special_*", "invalid_*_of_nothing", "invalid_*_of_both")
class ChecksRangesAlone(Client):
    """Knows nothing of exactly_one and excludes."""

    def check_request(self, kind, request):
        kept = {}
        for name, message in MESSAGES.items():
            kept[name] = {key: message.pop(key) for key in ("exactly_one", "excludes")
                          if key in message}
        try:
            super().check_request(kind, request)
        finally:
            for name, words in kept.items():
                MESSAGES[name].update(words)


@mutant("invalid_generate_prompt_and_tokens", "invalid_generate_trace_context_of_54_bytes",
        "invalid_embed_no_input")
class NamesNoField(Client):
    """Refuses a request, and does not say for which field."""

    def check_request(self, kind, request):
        try:
            super().check_request(kind, request)
        except CallError as error:
            error.json["field"] = None
            raise


@mutant("invalid_embed_inputs_of_both", "invalid_score_continuations_of_nothing",
        "invalid_generate_role_tool", "invalid_generate_priority_10")
class NamesTheLastWordOfAPath(Client):
    """Says `text` where `inputs.text` is meant."""

    def check_request(self, kind, request):
        try:
            super().check_request(kind, request)
        except CallError as error:
            error.json["field"] = error.json["field"].rpartition(".")[2]
            raise


@mutant("option_*_below", "option_*_above")
class TakesAnyOption(Client):
    """Finds out what an option means when it uses it."""

    def check_options(self):
        pass


@mutant("option_*_at_its_limits")
class HasNarrowerOptions(Client):
    """Refuses the largest value of each option."""

    def check_options(self):
        super().check_options()
        for option in OPTIONS:
            value = self.options[option["name"]]
            if "max" in option and value in (option["max"], "n" * 128):
                raise CallError("request_invalid", "INVALID_ARGUMENT", "%r" % value,
                                field=option["name"])


@mutant("option_name_above", "option_connections_below", "option_wait_milliseconds_above")
class NamesNoOption(Client):
    """Refuses an option, and does not say which."""

    def check_options(self):
        try:
            super().check_options()
        except CallError as error:
            error.json["field"] = None
            raise


@mutant("attempt_of_*", "attempt_over_a_new_connection", "attempt_in_a_compressed_request",
        "attempt_meets_revision_3_again", "attempt_counts_what_was_not_written",
        "attempt_counts_no_waiting", "context_is_kept")
class NeverSaysWhichAttempt(Client):
    """Sends every attempt as the first one."""

    def with_attempt(self, kind, request, attempt, revision):
        return request


@mutant("attempt_of_*", "attempt_counts_no_idle_end", "attempt_counts_no_waiting_for_a_socket",
        "context_priority_alone", "attempt_not_on_revision_2", "attempt_meets_revision_2")
class SaysTheFirstAttempt(Client):
    """Says of the first attempt that it is the first."""

    def with_attempt(self, kind, request, attempt, revision):
        if not has_context(kind):
            return request
        return dict(request, context=dict(request.get("context") or {}, attempt=str(attempt)))


@mutant("context_is_kept")
class ReplacesTheCallersContext(Client):
    """Says which attempt it is, and nothing else any more."""

    def with_attempt(self, kind, request, attempt, revision):
        own = super().with_attempt(kind, request, attempt, revision)
        return own if own is request else dict(request, context={"attempt": str(attempt)})


@mutant("context_is_kept", "context_priority_alone", "revision_2_context_of_generate",
        "request_generate_context_full", "request_*_context")
class DropsTheCallersContext(Client):
    """Has no context that a caller can set."""

    def call(self, kind, request, *words):
        if has_context(kind):
            request = {key: value for key, value in request.items() if key != "context"}
        return super().call(kind, request, *words)


@mutant("attempt_not_on_revision_2", "attempt_meets_revision_2",
        "attempt_meets_revision_3_again")
class SaysTheAttemptToAnyRevision(Client):
    """Does not look at what the connection agreed on."""

    def with_attempt(self, kind, request, attempt, revision):
        return super().with_attempt(kind, request, attempt, 3)


@mutant("attempt_not_on_revision_2", "attempt_meets_revision_2")
class NeedsRevision3ForASecondAttempt(Client):
    """Takes its own number for a wish of the caller's, which an older server cannot fulfil."""

    def with_attempt(self, kind, request, attempt, revision):
        made = super().with_attempt(kind, request, attempt, 3)
        self.check_revision(kind, made, revision)
        return made


@mutant("attempt_counts_no_waiting", "attempt_counts_no_waiting_for_a_socket")
class NumbersTriesWhileItWaits(Client):
    """Says of every try which one it is, the waiting ones too."""

    def call(self, *words):
        self.tries = 0
        return super().call(*words)

    def attempt(self, kind, request, end, on_chunk, attempt):
        self.tries += 1
        return super().attempt(kind, request, end, on_chunk, self.tries)


@mutant("attempt_counts_no_idle_end")
class NumbersIdleEnds(Client):
    """Takes an idle connection that was seen to be closed for a lost attempt."""

    lost = 0

    def keeps(self, connection):
        kept = super().keeps(connection)
        self.lost += not kept
        return kept

    def with_attempt(self, kind, request, attempt, revision):
        return super().with_attempt(kind, request, attempt + self.lost, revision)


@mutant("write_fails_and_is_an_attempt", "attempt_counts_a_failed_write")
class CountsNoFailedWrite(Client):
    """Takes another connection, silently, when it cannot write on an idle one."""

    def attempt(self, *words):
        old = list(self.pool)
        try:
            return super().attempt(*words)
        except CallError as error:
            if error in [one.error for one in old]:
                return super().attempt(*words)
            raise


@mutant("write_fails_load")
class TakesAFailedWriteForALoss(Client):
    """Does not know what was never written from what may have been."""

    def attempt(self, kind, *words):
        try:
            return super().attempt(kind, *words)
        except CallError as error:
            error.again = error.again and self.may_repeat(kind)
            raise


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


@mutant("fork_after_a_call", "fork_in_mid_stream", "fork_beside_many_calls", "fork_with_a_pool")
class SharesTheParentsSocket(Client):
    """Goes on with the parent's connections in a forked child."""

    def after_fork(self):
        self.process = os.getpid()


@mutant("fork_after_a_call", "fork_over_tcp", "fork_beside_a_call", "fork_in_mid_stream")
class ShutsTheParentsSocket(Client):
    """Makes its own connections in a child, and says goodbye on the parent's."""

    def after_fork(self):
        for connection in self.pool:
            connection.socket.shutdown(socket.SHUT_RDWR)
        super().after_fork()


@mutant("keepalive_before_the_answer", "keepalive_in_mid_stream")
class HasNoKeepalive(Client):
    """Waits for ever for a machine that is gone."""

    def keep_alive(self, made):
        pass


@mutant("keepalive_before_the_answer")
class HasTheSystemsKeepalive(Client):
    """Switches keepalive on, and leaves the first probe to the system: two hours."""

    def keep_alive(self, made):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


@mutant("wait_for_a_socket", "wait_for_a_port", "wait_for_a_model", "wait_ends_unreachable")
class DoesNotWait(Client):
    """Has no option wait_milliseconds."""

    def waiting_pause(self, error, begun, waits):
        return None


@mutant("wait_0_socket", "wait_0_model", "wait_is_not_for_other_refusals",
        "wait_ends_loading")
class WaitsForEver(Client):
    """Tries again whatever the error is, for as long as it takes."""

    def waiting_pause(self, error, begun, waits):
        return 0.05


@mutant("wait_costs_no_attempt")
class WaitingCostsAttempts(Client):
    """Counts tries while it waits as attempts."""

    def waiting_pause(self, error, begun, waits):
        return super().waiting_pause(error, begun, waits) if waits < self.options["attempts"] \
            else None


@mutant("wait_pause_at_most_200")
class WaitsInLongPauses(Client):
    """Waits with the backoff of attempts."""

    def waiting_pause(self, error, begun, waits):
        pause = super().waiting_pause(error, begun, waits)
        return pause and self.pause(error, waits + 1)


@mutant("wait_cuts_no_retry_after")
class CutsTheServersPauseShort(Client):
    """Comes back at the end of the wait, whatever the server asked for."""

    def waiting_pause(self, error, begun, waits):
        left = begun + self.options["wait_milliseconds"] / 1000 - time.monotonic()
        if error.json.get("server_code") == "model_loading" and left > 0:
            return min((200 if error.pause is None else error.pause) / 1000, left)
        return super().waiting_pause(error, begun, waits)


@mutant("close_ends_calls", "close_ends_a_call_that_connects", "close_ends_later_calls",
        "close_ends_a_call_that_waits_for_its_turn", "wait_ends_with_close",
        "pause_of_a_minute_ends_with_close")
class CallsACloseGivenUp(Client):
    """Says of a client that was closed that the caller gave its answers up."""

    def call(self, *words):
        try:
            return super().call(*words)
        except CallError as error:
            if self.closed:
                error.json.update(code="given_up", status="CANCELLED")
            raise


@mutant("close_ends_later_calls")
class OpensAgain(Client):
    """Connects anew for a call after close."""

    def call(self, *words):
        self.closed = False
        return super().call(*words)


@mutant("close_ends_a_call_that_connects")
class ClosesWhatIsConnectedOnly(Client):
    """Leaves a connection alone that awaits Hello's answer."""

    def close(self):
        kept, self.greeting = self.greeting, []
        super().close()
        self.greeting = kept


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


@mutant("wait_is_not_past_the_deadline", "retry_after_beyond_deadline",
        "wait_ends_with_the_deadline")
class CallsAPauseTooLongTimedOut(Client):
    """Says timed_out, at once, where the pause before the next try does not fit the deadline."""

    def call(self, kind, request, deadline, on_chunk):
        try:
            return super().call(kind, request, deadline, on_chunk)
        except CallError as error:
            if deadline and error.again:
                error.json.update(code="timed_out", status="DEADLINE_EXCEEDED")
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


@mutant("address_without_port", "address_relative_path", "address_empty")
class LooksAtTheAddressLater(Client):
    """Finds out that an address is none when it connects."""

    def __init__(self, address, options):
        super().__init__("unix:///", options)
        self.given = address

    def connect(self, until):
        self.address = self.parse(self.given)
        return super().connect(until)


@mutant("wait_of_a_minute_ends_with_close", "pause_of_a_minute_ends_with_close")
class SleepsThroughClose(Client):
    """Finds out that it was closed when its pause is over."""

    def sleep(self, seconds):
        time.sleep(seconds)


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


@mutant("pool_of_two", "pool_takes_the_idle_one")
class HasNoPool(Client):
    """Opens one connection, whatever the options say."""

    def __init__(self, address, options):
        super().__init__(address, dict(options, connections=1))


MUTANTS = {name: value for name, value in list(globals().items())
           if isinstance(value, type) and issubclass(value, Client) and hasattr(value, "red")}
