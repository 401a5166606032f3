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

// termed is a request to a model: it may say which attempt it is, and what the model must be.
type termed interface {
	terms() (**RequestContext, **Requirements)
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

	call    *call // what is in flight
	pieces  pieces
	attempt uint64 // finished ones that count
	waited  uint64 // finished ones that do not: see WaitMilliseconds
	reached bool   // a chunk has reached the caller
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
		demands := Requirements{}
		if *requirements != nil {
			demands = **requirements
		}
		demands.Real = true
		*requirements = &demands
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
func (e *exchange) frameFor(hello *helloResponse) ([]byte, *Error) {
	if uint64(e.revision) > hello.Revision {
		return nil, failed(CodeRevisionTooLow, nil, "sending %s: it needs revision %d of the protocol, "+
			"the server speaks revision %d", e.rule.name, e.revision, hello.Revision)
	}
	bytes := e.body
	if with, ok := e.request.(termed); ok && e.attempt > 0 && hello.Revision >= contextRevision {
		place, _ := with.terms()
		marked := RequestContext{}
		if *place != nil {
			marked = **place
		}
		marked.Attempt = e.attempt + 1
		*place = &marked
		bytes, _, _ = encode(e.request, make([]byte, 0, len(e.body)+64))
	}
	if uint64(len(bytes)) > hello.BodySizeMax {
		return nil, failed(CodeRequestInvalid, nil, "sending %s: its body has %d bytes, the server "+
			"accepts %d", e.rule.name, len(bytes), hello.BodySizeMax)
	}
	return requestFrame(e.kind, bytes, hello.Compression), nil
}

// finish waits for the whole answer. Chunks reach the caller only of Load.
func (e *exchange) finish() *Error {
	defer e.stop() // also when a callback panics
	for {
		last, failure := e.next()
		switch {
		case failure != nil:
			return e.failed(failure)
		case last:
			return nil
		}
		e.reached = e.kind == kindLoad
	}
}

// next adds one frame to the answer, and says whether that was the last one.
func (e *exchange) next() (last bool, failure *Error) {
	for {
		if e.call == nil {
			if failure := e.start(); failure != nil {
				return false, failure
			}
		}
		next, failure := e.wait()
		if failure == nil {
			failure = e.verify(next)
		}
		if failure == nil {
			return next.isLast(), e.take(next)
		}
		e.stop()
		if failure = e.again(failure); failure != nil {
			return false, failure
		}
	}
}

// start has the request sent when its turn comes.
func (e *exchange) start() *Error {
	for {
		c, wasOpen, failure := e.client.pick(e.ctx, "sending "+e.rule.name)
		if failure == nil {
			e.call, failure = c.begin(e, wasOpen)
		}
		if failure == nil {
			e.pieces = e.fresh()
			if e.watched {
				go e.call.watch(e.ctx, milliseconds(e.client.options.GraceMilliseconds))
			}
			return nil
		}
		if failure = e.again(failure); failure != nil {
			return failure
		}
	}
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

// verify refuses a mock first and a failure second: nobody should act on a mock's words unawares.
func (e *exchange) verify(f *frame) *Error {
	if f.provenance == Mock && !e.client.options.AllowMock {
		return mockError(e.doing("reading"))
	}
	if f.status == 0 {
		return nil
	}
	failure := refusedError(e.doing("reading"), CodeServerRefused, f)
	if failure.Code == CodeProtocolError {
		e.call.connection.fail(failure)
	}
	return failure
}

// take adds a frame to the answer. One that contradicts it ends the connection. An answer that was
// cut short because the context ended fails with its last frame.
func (e *exchange) take(f *frame) *Error {
	if err := e.pieces.take(f); err != nil {
		failure := protocolError(e.doing("reading"), "%v", err)
		e.call.connection.fail(failure)
		return failure
	}
	reason := e.pieces.finishReason()
	if !f.isLast() || !isCut(reason) {
		return nil
	}
	_, limited := e.ctx.Deadline()
	switch ended := e.ctx.Err(); {
	case ended != nil:
		return contextError(e.doing("waiting for"), ended)
	case limited && reason == "deadline": // the server's clock is a little ahead
		return contextError(e.doing("waiting for"), context.DeadlineExceeded)
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
	pause, waits := e.waitPause(failure)
	if !waits {
		var retried bool
		if pause, retried = e.retryPause(failure); !retried {
			return failure
		}
	}
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

// waitPause is the pause before a try that does not count; false: the server is not waited for.
func (e *exchange) waitPause(failure *Error) (time.Duration, bool) {
	left := time.Until(e.waitEnd)
	loading := failure.Code == CodeServerRefused && failure.ServerCode == modelLoading
	if left <= 0 || !loading && failure.Code != CodeUnreachable {
		return 0, false
	}
	pause := waitPauseMax
	switch asked := failure.RetryAfterMilliseconds; {
	case !loading:
		if pause = min(e.backoff(e.waited+1), waitPauseMax); pause < waitPauseMin {
			pause = waitPauseMin
		}
	case asked != nil:
		if pause = milliseconds(*asked); pause > left {
			return 0, false // the server's own pause is not cut short
		}
	}
	e.waited++
	return min(pause, left), true
}

// retryPause is the pause before an attempt that counts; false: there is none.
func (e *exchange) retryPause(failure *Error) (time.Duration, bool) {
	e.attempt++
	if e.attempt >= e.client.options.Attempts {
		return 0, false
	}
	switch {
	case failure.unwritten, failure.Code == CodeConnectionClosed && e.rule.retrySafe:
	case failure.Code == CodeServerRefused && (failure.Status == StatusUnavailable ||
		failure.Status == StatusResourceExhausted || failure.Status == StatusAborted):
		if asked := failure.RetryAfterMilliseconds; asked != nil {
			return milliseconds(*asked), true
		}
	default:
		return 0, false
	}
	return e.backoff(e.attempt), true
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
