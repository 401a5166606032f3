// One request and its answer, over as many attempts as retry.go allows.
//
// Guarantees: when the context ends, the call ends: cancelled, at once; past its deadline, when the
// server has said so or the grace is over. An answer that was cut short because of that is an
// error, in which errors.Is finds the context's. Whatever ends an exchange gives its answer up, and
// the connection lives on; damage ends the connection.

package assay

import (
	"context"
	"errors"
	"sync"
	"time"
)

type exchange struct {
	client   *Client
	ctx      context.Context
	kind     byte
	rule     kindRule
	body     []byte
	revision uint32
	begun    time.Time
	fresh    func() pieces // begins to put an answer together

	pieces  pieces
	attempt int  // finished ones that count
	waited  int  // finished ones that do not: see WaitMilliseconds
	reached bool // a chunk has reached the caller

	mutex sync.Mutex
	call  *call // what is in flight
	held  bool  // its connection counts it
	left  bool  // nobody may come for it any more: see watch
}

// start sends the request.
func (e *exchange) start() *Error {
	for {
		c, failure := e.client.pick(e.ctx, e.rule)
		if failure == nil {
			var target *call
			if target, failure = c.begin(e.ctx, e); failure == nil {
				e.pieces = e.fresh()
				e.adopt(target)
				return nil
			}
			e.client.release(c)
		}
		if failure = e.again(failure); failure != nil {
			return failure
		}
	}
}

func (e *exchange) adopt(target *call) {
	e.mutex.Lock()
	e.call, e.held = target, true
	left := e.left
	e.mutex.Unlock()
	if left {
		e.stop()
	}
}

func (e *exchange) current() *call {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.call
}

// stop ends the exchange; an unfinished answer is given up.
func (e *exchange) stop() {
	e.mutex.Lock()
	target, held := e.call, e.held
	e.call, e.held = nil, false
	e.mutex.Unlock()
	if held { // before its place is free, so that who comes next finds the right count
		e.client.release(target.connection)
	}
	if target != nil {
		target.abandon()
	}
}

// watch gives the answer up when the context ends and perhaps nobody comes for it any more: a
// Stream may be dropped in the middle.
func (e *exchange) watch() {
	<-e.ctx.Done()
	if !isDeadline(e.ctx.Err()) {
		e.leave()
		return
	}
	time.AfterFunc(time.Duration(e.client.options.GraceMilliseconds)*time.Millisecond, e.leave)
}

// leave ends what is unfinished. A complete answer can still be read, but its connection does not
// count it any longer.
func (e *exchange) leave() {
	e.mutex.Lock()
	e.left = true
	target := e.call
	complete := target != nil && target.isComplete()
	held := e.held
	if complete {
		e.held = false
	}
	e.mutex.Unlock()
	switch {
	case !complete:
		e.stop()
	case held:
		e.client.release(target.connection)
	}
}

// next is the next frame: of an answer, not of a failure, and no mock's unless allowed.
func (e *exchange) next() (*frame, *Error) {
	for {
		target := e.current()
		if target == nil {
			if failure := e.start(); failure != nil {
				return nil, failure
			}
			continue
		}
		next, failure := e.wait(target)
		if failure == nil {
			if failure = e.verify(next, target); failure == nil {
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
func (e *exchange) verify(f *frame, target *call) *Error {
	if f.provenance == Mock && !e.client.options.AllowMock {
		return mockError("reading the answer to " + e.rule.name)
	}
	if f.status == 0 {
		return nil
	}
	failure := failedError("reading the answer to "+e.rule.name, CodeServerRefused, f)
	if failure.Code == CodeProtocolError {
		target.connection.fail(failure)
	}
	return failure
}

// take adds a frame to the answer. A frame that contradicts it ends the exchange and its
// connection. An answer that was cut short because the context ended fails with its last frame.
func (e *exchange) take(next *frame) *Error {
	add := e.pieces.chunk
	if next.isLast() {
		add = e.pieces.last
	}
	if err := add(next); err != nil {
		failure := protocolError("reading the answer to "+e.rule.name, err.Error())
		if target := e.current(); target != nil {
			target.connection.fail(failure)
		}
		e.stop()
		return failure
	}
	answer, ok := e.pieces.(*generation)
	if !ok || !next.isLast() || !answer.isCut() {
		return nil
	}
	_, limited := e.ctx.Deadline()
	switch ended := e.ctx.Err(); {
	case ended != nil:
		return contextError(e.waiting(), ended)
	case limited && answer.whole.FinishReason == "deadline": // the server's clock is a little ahead
		return contextError(e.waiting(), context.DeadlineExceeded)
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

func isDeadline(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

// wait blocks for one frame: until the context is cancelled, until its deadline and the grace have
// passed, or until the server has been silent for AnswerMilliseconds.
func (e *exchange) wait(target *call) (*frame, *Error) {
	options := &e.client.options
	done := e.ctx.Done()
	var silent, late <-chan time.Time
	for {
		if err := e.ctx.Err(); err != nil && !isDeadline(err) {
			return nil, contextError(e.waiting(), err)
		}
		if next, failure := target.take(); next != nil || failure != nil {
			return next, failure
		}
		if silent == nil && options.AnswerMilliseconds > 0 {
			timer := time.NewTimer(time.Duration(options.AnswerMilliseconds) * time.Millisecond)
			defer timer.Stop()
			silent = timer.C
		}
		select {
		case <-target.wake:
		case <-silent:
			target.connection.endIfSilent()
			return nil, silenceError(e.waiting(),
				time.Duration(options.AnswerMilliseconds)*time.Millisecond)
		case <-late:
			target.connection.endIfSilent()
			return nil, contextError(e.waiting(), context.DeadlineExceeded)
		case <-done:
			timer := time.NewTimer(time.Duration(options.GraceMilliseconds) * time.Millisecond)
			defer timer.Stop()
			done, late = nil, timer.C
		}
	}
}

func (e *exchange) waiting() string { return "waiting for the answer to " + e.rule.name }
