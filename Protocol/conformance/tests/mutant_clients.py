"""Wrong clients whose fault is a call's: options, attempts, waits, close. See mutants.py.

One file, a list: each class is a few lines.
"""

import os
import socket
import time

from codec import MESSAGES
from mutant import has_context, mutant
from reference import OPTIONS, Client
from reference_connection import CallError


@mutant("real_by_default_generate", "real_by_default_embed", "real_beside_own_requirements")
class DoesNotAskForReal(Client):
    """Checks provenance, but never says real: true."""

    def with_real(self, kind, request):
        return request


@mutant("load_never_twice", "unload_never_twice", "swap_never_twice", "rollback_never_twice")
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
        "invalid_generate_role_judge", "invalid_generate_priority_10")
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

    def read_token(self):
        self.options["token_file"] = None


@mutant("option_*_at_its_limits")
class HasNarrowerOptions(Client):
    """Refuses the largest value of each option."""

    def check_options(self):
        super().check_options()
        for option in OPTIONS:
            value = self.options[option["name"]]
            size = len(value) if option["type"] == "text" and value else value
            if "max" in option and size == option["max"]:
                raise CallError("request_invalid", "INVALID_ARGUMENT", "%r" % size,
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


@mutant("pool_of_two", "pool_takes_the_idle_one")
class HasNoPool(Client):
    """Opens one connection, whatever the options say."""

    def __init__(self, address, options):
        super().__init__(address, dict(options, connections=1))


@mutant("connect_unanswered_port", "wait_for_a_queue")
class TakesAnUnansweredConnectForALateAnswer(Client):
    """Says timed_out where nobody answers at the address, and does not try again."""

    def connect(self, until):
        try:
            return super().connect(until)
        except CallError as error:
            if time.monotonic() < until:
                raise
            raise CallError("timed_out", "DEADLINE_EXCEEDED", "not connected") from error


@mutant("connect_outlasts_the_deadline")
class BlamesTheAddressForTheDeadline(Client):
    """Says unreachable where the caller's deadline ended the connecting."""

    def connect_error(self, error, end):
        return error


@mutant("hello_has_its_own_time")
class WaitsOnceForConnectAndHello(Client):
    """Takes the time that connecting took from Hello's."""

    def connect_limit(self, end):
        self.limit = super().connect_limit(end)
        return self.limit

    def hello_limit(self, end):
        return self.limit


# ---------------------------------------------------------------- tokens

@mutant("token_absent", "tenant_alone")
class SaysAnEmptyToken(Client):
    """Has a token in every Hello, which an old server refuses."""

    def read_token(self):
        super().read_token()
        self.options["token"] = self.options["token"] or "-"


@mutant("token_file_of_environment", "token_file_of_environment_missing")
class ReadsNoEnvironment(Client):
    """Leaves ASSAY_TOKEN_FILE to its callers."""

    def read_token(self):
        if self.options["token_file"]:
            super().read_token()


@mutant("token_file_of_option_first", "token_before_file")
class PrefersTheFile(Client):
    """Reads a file although a token is given."""

    def read_token(self):
        self.options["token"] = None
        super().read_token()


@mutant("token_file_empty", "token_file_of_two_words", "token_file_not_ascii")
class TakesAnyToken(Client):
    """Sends whatever the file holds."""

    def is_token(self, token):
        return len(token) <= 256


@mutant("token_file_of_two_lines", "token_file_of_a_table")
class ShowsTheFile(Client):
    """Says what stands in the file."""

    def token_in(self, path):
        try:
            return super().token_in(path)
        except CallError as error:
            with open(path, "rb") as handle:
                error.json["message"] += ": " + handle.read(100).decode("latin-1")
            raise
