// One request and its answer, over as many attempts as it takes and is allowed.
//
// When the context ends, the call ends: cancelled, at once; past its deadline, when the server has
// said so or the grace is over. An answer that was cut short because of that is an error, in which
// errors.Is finds the context's. Whatever ends an exchange gives its answer up, and the connection
// lives on; damage ends the connection.
//
// While WaitMilliseconds last, a request is sent again as long as nobody answers at the address or
// the server refuses with model_loading; that does not count. Otherwise, within Attempts, when
//  1. no byte of it was written: any kind;
//  2. it was answered UNAVAILABLE, RESOURCE_EXHAUSTED or ABORTED: any kind, after the pause that
//     the server asks for, else the backoff;
//  3. the connection was lost: kinds whose effects do not add up (all but Load and Unload).
//
// Never beyond the deadline, never once a chunk has reached the caller, on a breach of the
// protocol, or for a mock.

package assay

import (
	"context"
	"math/rand"
	"time"
)

const (
	// waitPauseMax bounds the pauses while a server is waited for.
	waitPauseMax = 200 * time.Millisecond
	// waitPauseMin keeps a backoff of nothing from being a busy loop.
	waitPauseMin = 5 * time.Millisecond
	// modelLoading is the server's reason for a refusal that passes by itself.
	modelLoading = "model_loading"
	// contextRevision is the first that knows of a request's context.
	contextRevision = 3
)

// own makes a record of the caller's, or none, one that may be changed.
func own[T any](place **T) *T {
	value := new(T)
	if *place != nil {
		*value = **place
	}
	*place = value
	return value
}

// exchange is for one goroutine at a time.
type exchange struct {
	client   *Client
	ctx      context.Context
	kind     byte
	rule     kindRule
	request  body
	body     []byte // of the first attempt
	revision uint32 // the lowest that knows the request
	waitEnd  time.Time
	fresh    func() pieces // begins to put an answer together
	watched  bool          // perhaps nobody comes for the answer: see call.watch

	call     *call // what is in flight
	pieces   pieces
	complete bool   // the last frame has come
	attempt  uint64 // finished ones that count
	waited   uint64 // finished ones that do not: see WaitMilliseconds
	reached  bool   // a chunk has reached the caller
}

// exchange prepares a request, which it may change.
func (c *Client) exchange(
	ctx context.Context, kind byte, request body, fresh func() pieces,
) (*exchange, *Error) {
	e := &exchange{client: c, ctx: ctx, kind: kind, rule: kinds[kind], request: request, fresh: fresh,
		waitEnd: time.Now().Add(milliseconds(c.options.WaitMilliseconds))}
	health, ok := request.(*HealthRequest)
	serverWide := ok && health.Model == "" // there is no model to make demands on
	if with, ok := request.(termed); ok && !serverWide && !c.options.AllowMock {
		_, requirements := with.terms()
		own(requirements).Real = true
	}
	var wrong *breach
	if e.body, e.revision, wrong = encode(request, make([]byte, 0, 128)); wrong != nil {
		return nil, invalidRequest("encoding "+e.rule.name, wrong)
	}
	if e.revision < e.rule.since {
		e.revision = e.rule.since
	}
	return e, nil
}

// frameFor is the request as the server of one connection may have it. From the second attempt on
// its context says which one it is.
func (e *exchange) frameFor(hello *helloResponse, id uint64, deadline uint32) ([]byte, *Error) {
	if uint64(e.revision) > hello.Revision {
		return nil, failed(CodeRevisionTooLow, nil, "sending %s: it needs revision %d of the protocol, "+
			"the server speaks revision %d", e.rule.name, e.revision, hello.Revision)
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
	return requestFrame(e.kind, id, deadline, bytes, hello.Compression), nil
}

// finish waits for the whole answer. Chunks reach the caller only of Load.
func (e *exchange) finish() *Error {
	defer e.stop() // also when a callback panics
	for !e.complete {
		if failure := e.next(); failure != nil {
			return e.failed(failure)
		}
		e.reached = e.kind == kindLoad
	}
	return nil
}

// next adds one frame to the answer, of which attempt it may be.
func (e *exchange) next() *Error {
	for {
		failure := e.receive()
		if failure == nil {
			return nil
		}
		e.stop()
		if failure = e.again(failure); failure != nil {
			return failure
		}
	}
}

// send has the request wait for its turn on a connection.
func (e *exchange) send() *Error {
	if err := e.ctx.Err(); err != nil {
		return contextError("sending "+e.rule.name, err)
	}
	c := e.client.choose()
	if c == nil {
		return closedError("sending "+e.rule.name+" with a closed client", nil)
	}
	e.call, e.pieces = c.begin(e), e.fresh()
	if e.watched {
		go e.call.watch(milliseconds(e.client.options.GraceMilliseconds))
	}
	return nil
}

func (e *exchange) receive() *Error {
	if e.call == nil {
		if failure := e.send(); failure != nil {
			return failure
		}
	}
	f, failure := e.wait()
	if failure != nil {
		return failure
	}
	e.complete = f.isLast()
	return e.accept(f)
}

// stop ends the exchange; an unfinished answer is given up.
func (e *exchange) stop() {
	if e.call != nil {
		e.call.giveUp(nil)
		e.call = nil
	}
}

// wait blocks for one frame: until the context is cancelled, until its deadline and the grace have
// passed, or until the server has been silent for AnswerMilliseconds.
func (e *exchange) wait() (*frame, *Error) {
	options := &e.client.options
	done := e.ctx.Done()
	var silent, late <-chan time.Time
	for {
		if err := e.ctx.Err(); err != nil && !isDeadline(err) {
			return nil, contextError(e.doing("waiting for"), err)
		}
		next, sent, failure := e.call.take()
		if next != nil || failure != nil {
			return next, failure
		}
		if silent == nil && sent && options.AnswerMilliseconds > 0 {
			timer := time.NewTimer(milliseconds(options.AnswerMilliseconds))
			defer timer.Stop()
			silent = timer.C
		}
		select {
		case <-e.call.wake:
		case <-silent:
			e.call.connection.endIfSilent()
			return nil, silenceError(e.doing("waiting for"), options.AnswerMilliseconds)
		case <-late:
			e.call.connection.endIfSilent()
			return nil, contextError(e.doing("waiting for"), context.DeadlineExceeded)
		case <-done:
			if !sent {
				return nil, contextError("waiting to send "+e.rule.name, e.ctx.Err())
			}
			timer := time.NewTimer(milliseconds(options.GraceMilliseconds))
			defer timer.Stop()
			done, late = nil, timer.C
		}
	}
}

// accept adds a frame to the answer. It refuses a mock's first and a failure second: nobody should
// act on a mock's words unawares. A breach of the protocol ends the connection. An answer that was
// cut short because the context ended fails with its last frame.
func (e *exchange) accept(f *frame) *Error {
	if f.provenance == Mock && !e.client.options.AllowMock {
		return mockError(e.doing("reading"))
	}
	var failure *Error
	if f.status != 0 {
		failure = refusedError(e.doing("reading"), CodeServerRefused, f)
	} else if err := e.pieces.take(f); err != nil {
		failure = protocolError(e.doing("reading"), "%v", err)
	}
	if failure != nil {
		if failure.Code == CodeProtocolError {
			e.call.connection.fail(failure)
		}
		return failure
	}
	made, ok := e.pieces.result().(*GenerateResponse)
	if !ok || !f.isLast() || !made.isCut() {
		return nil
	}
	ended := e.ctx.Err()
	if _, limited := e.ctx.Deadline(); limited && ended == nil && made.FinishReason == "deadline" {
		ended = context.DeadlineExceeded // the server's clock is a little ahead
	}
	if ended != nil {
		return contextError(e.doing("waiting for"), ended)
	}
	return nil
}

// failed is the error of a call: errors.Is finds the context's error where the context has ended,
// and where the server has found its deadline passed.
func (e *exchange) failed(failure *Error) *Error {
	if _, limited := e.ctx.Deadline(); limited && failure.Code == CodeServerRefused &&
		failure.Status == StatusDeadlineExceeded {
		return failure.beside(context.DeadlineExceeded)
	}
	return failure.beside(e.ctx.Err())
}

func (e *exchange) doing(what string) string { return what + " the answer to " + e.rule.name }

// ---------------------------------------------------------------- once more

// again decides about another attempt, and pauses before it. It returns nil for one, otherwise what
// the call fails with.
func (e *exchange) again(failure *Error) *Error {
	if e.reached {
		return failure
	}
	if failure.free {
		return nil
	}
	waits := e.waits(failure)
	if !waits && !e.retries(failure) {
		return failure
	}
	pause := e.pause(failure, waits)
	if deadline, ok := e.ctx.Deadline(); ok && time.Until(deadline) < pause {
		if waits {
			return failure.beside(context.DeadlineExceeded) // it alone ends the waiting
		}
		return failure
	}
	doing := "pausing before another " + e.rule.name
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-e.client.life.Done():
		return closedError(doing, nil)
	case <-e.ctx.Done():
		return contextError(doing, e.ctx.Err())
	}
}

// waits says whether the server is waited for; such a try does not count. A pause that the server
// asks for is not cut short.
func (e *exchange) waits(failure *Error) bool {
	left, asked := time.Until(e.waitEnd), failure.RetryAfterMilliseconds
	loading := failure.Code == CodeServerRefused && failure.ServerCode == modelLoading
	if left <= 0 || !loading && failure.Code != CodeUnreachable ||
		asked != nil && milliseconds(*asked) > left {
		return false
	}
	e.waited++
	return true
}

// retries says whether there is another attempt.
func (e *exchange) retries(failure *Error) bool {
	if e.attempt++; e.attempt >= e.client.options.Attempts {
		return false
	}
	switch failure.Code {
	case CodeServerRefused:
		return failure.Status == StatusUnavailable || failure.Status == StatusResourceExhausted ||
			failure.Status == StatusAborted
	case CodeConnectionClosed:
		return failure.unwritten || e.rule.retrySafe
	}
	return failure.unwritten
}

func (e *exchange) pause(failure *Error, waits bool) time.Duration {
	if asked := failure.RetryAfterMilliseconds; asked != nil {
		return milliseconds(*asked)
	}
	if !waits {
		return e.backoff(e.attempt)
	}
	pause := waitPauseMax
	if failure.Code == CodeUnreachable {
		pause = min(pause, waitPauseMin+e.backoff(e.waited))
	}
	return min(pause, time.Until(e.waitEnd))
}

// backoff doubles with each attempt, with jitter from half to whole.
func (e *exchange) backoff(attempt uint64) time.Duration {
	options := &e.client.options
	doubled := options.BackoffMilliseconds << min(attempt-1, 32) // no option reaches 2^32
	jitter := rand.New(rand.NewSource(time.Now().UnixNano())).Float64()
	return time.Duration((0.5 + 0.5*jitter) *
		float64(milliseconds(min(doubled, options.BackoffMaxMilliseconds))))
}

func milliseconds(count uint64) time.Duration { return time.Duration(count) * time.Millisecond }

func min[T int | uint64 | time.Duration](a, b T) T {
	if a < b {
		return a
	}
	return b
}
