// One request and its answer, over one or more attempts.
//
// The call ends with its context. A cancelled call ends at once. A call past its deadline ends when
// the server reports the deadline or the grace is over. An answer that was cut short is an error,
// in which errors.Is finds the context's error. An exchange that ends early gives its answer up,
// and the connection lives on. Only damage ends the connection.
//
// Within WaitMilliseconds, a request is sent again as long as no server answers at the address or
// the server refuses with model_loading. Such tries do not count as attempts. Otherwise a request
// is sent again, within Attempts, in these cases:
//  1. No byte of the request was written, or the server said GoAway idle without reading the
//     request: any kind. The first GoAway idle of a call costs no attempt.
//  2. The server answered UNAVAILABLE, RESOURCE_EXHAUSTED or ABORTED: any kind, after the pause
//     that the server asks for, else the backoff.
//  3. The connection was lost: kinds whose effects do not add up (not Load, Swap, Rollback, Unload).
//
// A request is never sent again beyond the deadline, after a chunk has reached the caller, after a
// breach of the protocol, or for a mock.

package assay

import (
	"context"
	"math"
	"math/rand"
	"net"
	"time"
)

const (
	// waitPauseMax bounds the pauses of a wait for a server.
	waitPauseMax = 200 * time.Millisecond
	// waitPauseMin prevents a busy loop when the backoff is 0.
	waitPauseMin = 5 * time.Millisecond
	// modelLoading is the server's code for a refusal that ends by itself.
	modelLoading = "model_loading"
	// contextRevision is the first revision with a request context.
	contextRevision = 3
)

// own replaces a record of the caller, or nil, by a copy that may be changed.
func own[T any](place **T) *T {
	value := new(T)
	if *place != nil {
		*value = **place
	}
	*place = value
	return value
}

// elsewhere is a marker, not an error: the chosen connection ended before anything was risked, and
// a free further attempt takes another connection.
var elsewhere = &Error{}

// foundIdle is the failure of a connection that the server ended without reading the requests in
// flight. The first such end of a call costs no attempt.
var foundIdle = closedError("sending on a connection that the server found idle", nil)

// exchange is one call. Only one goroutine uses it.
type exchange struct {
	client   *Client
	ctx      context.Context
	kind     byte
	rule     kindRule
	request  body
	body     []byte // body of the first attempt
	revision uint32 // lowest revision with all the request's fields
	invalid  *Error // reason not to send the request
	waitEnd  time.Time

	life     context.Context    // the client's life, or the life of a stream
	begin    func()             // begins a new answer, at each attempt
	take     func(*frame) error // adds a frame to the answer; an error is a breach of the protocol
	call     *call              // running attempt
	attempt  uint64             // finished attempts that count
	waited   uint64             // finished tries within WaitMilliseconds
	written  bool               // the server may have read a byte of the last attempt
	moved    bool               // an unread request was repeated
	reached  bool               // a chunk has reached the caller
	handsOut bool               // chunks reach the caller
	isLate   bool               // only the deadline ended the wait for the server
}

// exchange makes a call, may change the request, and queues the request on a connection.
func (c *Client) exchange(ctx context.Context, kind byte, request body) *exchange {
	e := &exchange{client: c, ctx: ctx, kind: kind, rule: kinds[kind], request: request,
		life: c.life, waitEnd: time.Now().Add(milliseconds(c.options.WaitMilliseconds))}
	health, ok := request.(*HealthRequest)
	serverWide := ok && health.Model == "" // no model to make demands on
	if with, ok := request.(termed); ok && !serverWide && !c.options.AllowMock {
		_, requirements := with.terms()
		own(requirements).Real = true
	}
	var wrong *breach
	if e.body, e.revision, wrong = encode(request, make([]byte, 0, 128)); wrong != nil {
		e.invalid = invalidRequest("encoding "+e.rule.name, wrong)
		return e
	}
	c.choose().enqueue(e)
	return e
}

// run finishes the attempt that has begun, and makes further attempts until the answer is whole or
// no attempt is left.
func (e *exchange) run() *Error {
	if e.invalid != nil {
		return e.invalid
	}
	for {
		failure := e.try()
		if failure == nil {
			return nil
		}
		if failure = e.again(failure); failure != nil {
			return e.ended(failure)
		}
		e.client.choose().enqueue(e)
	}
}

// try finishes an attempt. The rest of its answer is given up, also when a callback panics.
func (e *exchange) try() *Error {
	defer func() { e.written = e.call.giveUp() }()
	e.begin()
	_, failure := until(e, e.call.frames, false)
	if failure == nil {
		failure = e.call.unsent
	}
	for isLast := false; failure == nil && !isLast; {
		isLast, failure = e.read()
	}
	return failure
}

// ended returns a marked copy of the call's error, since other calls on the connection may share
// the original. errors.Is finds the context's error when the context has ended, when only the
// deadline ended a wait, or when the server reported the deadline.
func (e *exchange) ended(failure *Error) *Error {
	if e.client.life.Err() != nil {
		failure = e.closed()
	}
	marked := *failure
	marked.ended = e.ctx.Err()
	_, limited := e.ctx.Deadline()
	if e.isLate || limited && marked.Code == CodeServerRefused &&
		marked.Status == StatusDeadlineExceeded {
		marked.ended = context.DeadlineExceeded
	}
	return &marked
}

func (e *exchange) closed() *Error { return closedError(e.rule.name+" after Close", net.ErrClosed) }

func (e *exchange) doing(what string) string { return what + " the answer to " + e.rule.name }

// ---------------------------------------------------------------- sending

// left returns the time until the context's deadline in milliseconds, at least 1, or 0 without a
// deadline.
func (e *exchange) left() uint32 {
	deadline, limited := e.ctx.Deadline()
	if !limited {
		return 0
	}
	left := math.Ceil(time.Until(deadline).Seconds() * 1000)
	return uint32(math.Max(1, math.Min(left, math.MaxUint32)))
}

// bodyFor returns the request's body for the server of one connection. From the second attempt on,
// the request's context has the number of the attempt.
func (e *exchange) bodyFor(hello *helloResponse) ([]byte, *Error) {
	if uint64(e.revision) > hello.Revision {
		return nil, failed(CodeRevisionTooLow, nil, "sending %s: it needs revision %d of the protocol, "+
			"the server speaks revision %d", e.rule.name, e.revision, hello.Revision)
	}
	if err := e.ctx.Err(); err != nil {
		return nil, contextError("sending "+e.rule.name, err)
	}
	bytes := e.body
	if with, ok := e.request.(termed); ok && e.attempt > 0 && hello.Revision >= contextRevision {
		place, _ := with.terms()
		own(place).Attempt = e.attempt + 1
		bytes, _, _ = encode(e.request, make([]byte, 0, len(e.body)+64))
	}
	if uint64(len(bytes)) > hello.BodySizeMax {
		return nil, failed(CodeRequestInvalid, nil, "sending %s: its body has %d bytes, the server "+
			"accepts %d", e.rule.name, len(bytes), hello.BodySizeMax)
	}
	return bytes, nil
}

// ---------------------------------------------------------------- reading

// until waits for an event, for the end of the context, or for the end of the client. With sent,
// the event is a part of the answer to a sent request: then the wait continues past the deadline
// for the grace, and ends when the server is silent for AnswerMilliseconds.
func until[Event any](e *exchange, events <-chan Event, sent bool) (next Event, failure *Error) {
	options, done := &e.client.options, e.ctx.Done()
	var silent, late <-chan time.Time
	if sent && options.AnswerMilliseconds > 0 {
		timer := time.NewTimer(milliseconds(options.AnswerMilliseconds))
		defer timer.Stop()
		silent = timer.C
	}
	for {
		select {
		case next = <-events:
			return next, nil
		case <-e.life.Done():
			return next, e.closed()
		case <-silent:
			return next, silenceError(e.doing("waiting for"), options.AnswerMilliseconds)
		case <-late:
			return next, contextError(e.doing("waiting for"), context.DeadlineExceeded)
		case <-done:
			if err := e.ctx.Err(); !sent || !isDeadline(err) {
				return next, contextError("waiting for "+e.rule.name, err)
			}
			timer := time.NewTimer(milliseconds(options.GraceMilliseconds))
			defer timer.Stop()
			done, late = nil, timer.C
		}
	}
}

// read adds one frame to the answer. The provenance is checked before the status, so that a mock's
// error text is not taken for real. A breach of the protocol ends the connection.
func (e *exchange) read() (isLast bool, failure *Error) {
	next, failure := until(e, e.call.frames, true)
	if failure != nil {
		return false, failure
	}
	if err := e.ctx.Err(); err != nil && !isDeadline(err) {
		return false, contextError(e.doing("reading"), err)
	}
	if next == nil {
		return false, e.call.connection.failure
	}
	e.call.size += uint64(len(next.body))
	switch {
	case next.provenance == Mock && !e.client.options.AllowMock:
		failure = failed(CodeMockRefused, nil,
			"%s: it comes from a mock model, not from a real one, and was refused", e.doing("reading"))
		failure.Provenance = Mock
	case e.call.size > e.client.options.AnswerSizeMax:
		failure = failed(CodeGivenUp, nil, "%s: found %d bytes, allowed: %d, as answer_size_max says",
			e.doing("reading"), e.call.size, e.client.options.AnswerSizeMax)
	case next.status != 0:
		failure = refusedError(e.doing("reading"), CodeServerRefused, next)
	default:
		if err := e.take(next); err != nil {
			failure = protocolError(e.doing("reading"), "%v", err)
		}
		e.reached = e.handsOut
	}
	if failure != nil && failure.Code == CodeProtocolError {
		e.call.connection.fail(failure)
	}
	return next.isLast(), failure
}

// cutShort returns the error of an answer that was stopped because the context ended, or nil.
func (e *exchange) cutShort(whole any) *Error {
	made, ok := whole.(*GenerateResponse)
	_, limited := e.ctx.Deadline()
	switch ended := e.ctx.Err(); {
	case !ok || !made.isCut():
		return nil
	case ended != nil:
		return contextError(e.doing("waiting for"), ended)
	case limited && made.FinishReason == "deadline": // the server's clock is a little ahead
		return contextError(e.doing("waiting for"), context.DeadlineExceeded)
	}
	return nil
}

// ---------------------------------------------------------------- once more

// again decides on a further attempt, and pauses before it. Returns nil when an attempt follows,
// otherwise the call's error.
func (e *exchange) again(failure *Error) *Error {
	if failure == elsewhere || failure == foundIdle && !e.moved {
		e.moved = e.moved || failure == foundIdle
		return nil
	}
	waits := e.waits(failure)
	if e.reached || !waits && !e.retries(failure) {
		return failure
	}
	pause := e.pause(failure, waits)
	if deadline, limited := e.ctx.Deadline(); limited && time.Until(deadline) < pause {
		e.isLate = waits
		return failure
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	_, ended := until(e, timer.C, false)
	return ended
}

// waits returns true when the call waits for the server, in a try that does not count. A pause
// requested by the server is not shortened.
func (e *exchange) waits(failure *Error) bool {
	left, asked := time.Until(e.waitEnd), failure.RetryAfterMilliseconds
	loading := failure.Code == CodeServerRefused && failure.ServerCode == modelLoading
	return left > 0 && (loading || failure.Code == CodeUnreachable) &&
		(asked == nil || milliseconds(*asked) <= left)
}

// retries counts the attempt, and returns true when another attempt is allowed.
func (e *exchange) retries(failure *Error) bool {
	if e.attempt++; e.attempt >= e.client.options.Attempts {
		return false
	}
	switch failure.Code {
	case CodeServerRefused:
		return failure.Status == StatusUnavailable || failure.Status == StatusResourceExhausted ||
			failure.Status == StatusAborted
	case CodeConnectionClosed:
		return !e.written || e.rule.retrySafe
	}
	return failure.Code == CodeUnreachable
}

func (e *exchange) pause(failure *Error, waits bool) time.Duration {
	if asked := failure.RetryAfterMilliseconds; asked != nil {
		return milliseconds(*asked)
	}
	if !waits {
		return e.backoff(e.attempt)
	}
	pause := min(waitPauseMax, time.Until(e.waitEnd))
	if failure.Code == CodeUnreachable {
		e.waited++
		pause = min(pause, waitPauseMin+e.backoff(e.waited))
	}
	return pause
}

// backoff returns the pause, which doubles with each attempt, with jitter from half to whole.
func (e *exchange) backoff(attempt uint64) time.Duration {
	options := &e.client.options
	doubled := options.BackoffMilliseconds << min(attempt-1, 32) // no option reaches 2^32
	jitter := rand.New(rand.NewSource(time.Now().UnixNano())).Float64()
	return time.Duration((0.5 + 0.5*jitter) *
		float64(milliseconds(min(doubled, options.BackoffMaxMilliseconds))))
}

func milliseconds(count uint64) time.Duration { return time.Duration(count) * time.Millisecond }

func min[T int | uint32 | uint64 | time.Duration](a, b T) T {
	if a < b {
		return a
	}
	return b
}
