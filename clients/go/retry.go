// Whether a request is sent again, and after which pause.
//
// While WaitMilliseconds last, as long as nobody answers at the address or the server refuses with
// model_loading; that does not count. Otherwise, within Attempts, when
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
)

// again decides about another attempt, and pauses before it. It returns nil for one, otherwise what
// the call fails with.
func (e *exchange) again(failure *Error) *Error {
	if e.reached || e.client.isClosed() {
		return failure
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
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-e.client.life.Done():
		return closedError("pausing before another "+e.rule.name, nil)
	case <-e.ctx.Done():
		return contextError("pausing before another "+e.rule.name, e.ctx.Err())
	}
}

// waitPause is the pause before a try that does not count; false: the server is not waited for.
func (e *exchange) waitPause(failure *Error) (time.Duration, bool) {
	options := &e.client.options
	left := time.Duration(options.WaitMilliseconds)*time.Millisecond - time.Since(e.begun)
	if left <= 0 {
		return 0, false
	}
	pause := waitPauseMax
	switch {
	case failure.Code == CodeUnreachable:
		if doubled := backoff(options, e.waited+1); doubled < pause {
			pause = doubled
		}
		if pause < waitPauseMin {
			pause = waitPauseMin
		}
	case failure.Code == CodeServerRefused && failure.ServerCode == modelLoading:
		if asked := failure.RetryAfterMilliseconds; asked != nil {
			if pause = time.Duration(*asked) * time.Millisecond; pause > left {
				return 0, false // the server's own pause is not cut short
			}
		}
	default:
		return 0, false
	}
	e.waited++
	if pause > left {
		pause = left
	}
	return pause, true
}

// retryPause is the pause before an attempt that counts; false: there is none.
func (e *exchange) retryPause(failure *Error) (time.Duration, bool) {
	options := &e.client.options
	e.attempt++
	if e.attempt >= options.Attempts {
		return 0, false
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
		return 0, false
	}
	return pause, true
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
