// One request and its answer, over as many attempts as are allowed.
//
// A request is sent again, within Attempts and the deadline, when
//  1. no byte of it was written: any kind;
//  2. it was answered UNAVAILABLE, RESOURCE_EXHAUSTED or ABORTED: any kind, after the pause that
//     the server asks for, else the backoff;
//  3. the connection was lost: kinds whose effects do not add up (all but Load and Unload);
//
// and never once a chunk has reached the caller, on a breach of the protocol, or for a mock.

package assay

import (
	"context"
	"math/rand"
	"time"
)

type exchange struct {
	client   *Client
	ctx      context.Context
	kind     byte
	rule     kindRule
	body     []byte
	revision uint32
	fresh    func() pieces // begins to put an answer together

	pieces  pieces
	call    *call
	attempt int  // finished ones
	reached bool // a chunk has reached the caller
}

// start sends the request.
func (e *exchange) start() *Error {
	for {
		c, failure := e.client.pick(e.ctx, e.rule)
		if failure == nil {
			if e.call, failure = c.begin(e.ctx, e); failure == nil {
				e.pieces = e.fresh()
				return nil
			}
			e.client.release(c)
		}
		if failure = e.again(failure); failure != nil {
			return failure
		}
	}
}

// stop ends the exchange; an unfinished answer is given up.
func (e *exchange) stop() {
	if e.call != nil {
		e.call.abandon()
		e.client.release(e.call.connection)
		e.call = nil
	}
}

// next is the next frame: of an answer, not of a failure, and no mock's unless allowed.
func (e *exchange) next() (*frame, *Error) {
	for {
		if e.call == nil {
			if failure := e.start(); failure != nil {
				return nil, failure
			}
		}
		next, failure := e.wait()
		if failure == nil {
			if failure = e.verify(next); failure == nil {
				return next, nil
			}
		}
		e.stop()
		if failure = e.again(failure); failure != nil {
			return nil, failure
		}
	}
}

// verify refuses a mock first and a failure second: nobody should act on a mock's words unawares.
func (e *exchange) verify(f *frame) *Error {
	if f.provenance == Mock && !e.client.options.AllowMock {
		return mockError("reading the answer to " + e.rule.name)
	}
	if f.status == 0 {
		return nil
	}
	failure := failedError("reading the answer to "+e.rule.name, CodeServerRefused, f)
	if failure.Code == CodeProtocolError {
		e.call.connection.fail(failure)
	}
	return failure
}

// damaged ends the exchange and its connection because of what an answer says.
func (e *exchange) damaged(message string) *Error {
	failure := protocolError("reading the answer to "+e.rule.name, message)
	e.call.connection.fail(failure)
	e.stop()
	return failure
}

// wait blocks for one frame: until the context is cancelled, until its deadline and the grace have
// passed, or until the server has been silent for AnswerMilliseconds.
func (e *exchange) wait() (*frame, *Error) {
	options := &e.client.options
	done := e.ctx.Done()
	var silent, late <-chan time.Time
	for {
		if next, failure := e.call.take(); next != nil || failure != nil {
			return next, failure
		}
		if silent == nil && options.AnswerMilliseconds > 0 {
			timer := time.NewTimer(time.Duration(options.AnswerMilliseconds) * time.Millisecond)
			defer timer.Stop()
			silent = timer.C
		}
		select {
		case <-e.call.wake:
		case <-silent:
			e.call.connection.endIfSilent()
			return nil, silenceError(e.waiting(),
				time.Duration(options.AnswerMilliseconds)*time.Millisecond)
		case <-late:
			e.call.connection.endIfSilent()
			return nil, contextError(e.waiting(), context.DeadlineExceeded)
		case <-done:
			if e.ctx.Err() != context.DeadlineExceeded {
				return nil, contextError(e.waiting(), e.ctx.Err())
			}
			timer := time.NewTimer(time.Duration(options.GraceMilliseconds) * time.Millisecond)
			defer timer.Stop()
			done, late = nil, timer.C
		}
	}
}

func (e *exchange) waiting() string { return "waiting for the answer to " + e.rule.name }

// again decides about another attempt, and pauses before it. It returns nil for one, otherwise what
// the call fails with.
func (e *exchange) again(failure *Error) *Error {
	options := &e.client.options
	e.attempt++
	if e.attempt >= options.Attempts || e.reached || e.client.isClosed() {
		return failure
	}
	pause := backoff(options, e.attempt)
	switch {
	case failure.unwritten:
	case failure.Code == CodeConnectionClosed && e.rule.retrySafe:
	case failure.Code == CodeServerRefused && (failure.Status == StatusUnavailable ||
		failure.Status == StatusResourceExhausted || failure.Status == StatusAborted):
		if failure.RetryAfterMilliseconds != nil {
			pause = time.Duration(*failure.RetryAfterMilliseconds) * time.Millisecond
		}
	default:
		return failure
	}
	if deadline, ok := e.ctx.Deadline(); ok && time.Until(deadline) < pause {
		return failure
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-e.ctx.Done():
		return contextError("pausing before another "+e.rule.name, e.ctx.Err())
	}
}

// backoff doubles with each attempt, with jitter from half to whole.
func backoff(options *Options, attempt int) time.Duration {
	milliseconds := options.BackoffMilliseconds
	for ; attempt > 1 && milliseconds < options.BackoffMaxMilliseconds; attempt-- {
		milliseconds *= 2
	}
	if milliseconds > options.BackoffMaxMilliseconds {
		milliseconds = options.BackoffMaxMilliseconds
	}
	jitter := rand.New(rand.NewSource(time.Now().UnixNano())).Float64()
	return time.Duration((0.5 + 0.5*jitter) * float64(milliseconds) * float64(time.Millisecond))
}
