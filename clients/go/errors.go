// The one error of the client: why a call gave no answer that may be used.
//
// Guarantees: a stable code, a status (the server's, or the one that fits), whether and when to try
// again, and a sentence a person can act on. Prompts and answers never appear in it.

package assay

import (
	"context"
	"errors"
	"fmt"
)

// causes are those of an Error outside this package.
type causes struct {
	cause error // the system's, or that of the context; nil: none
	ended error // of the call's context, where that had ended when the call failed
}

// Error is the code and the sentence.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Unwrap is the cause outside this package, nil without one.
func (e *Error) Unwrap() error { return e.cause }

// Is finds the error of a context that had ended, beside the cause that Unwrap gives.
func (e *Error) Is(target error) bool { return errors.Is(e.ended, target) }

// failed is an error of this client's own, with the status that fits its code.
func failed(code Code, cause error, format string, arguments ...any) *Error {
	return &Error{Code: code, Status: codeStatus[code], causes: causes{cause: cause},
		Message: fmt.Sprintf(format, arguments...)}
}

func closedError(doing string, cause error) *Error {
	return failed(CodeConnectionClosed, cause, "%s: the connection was closed", doing)
}

func protocolError(doing, format string, arguments ...any) *Error {
	return failed(CodeProtocolError, nil, "%s: %s", doing, fmt.Sprintf(format, arguments...))
}

func invalidRequest(doing string, wrong *breach) *Error {
	failure := failed(CodeRequestInvalid, nil, "%s: %v", doing, wrong)
	failure.Field = wrong.path
	return failure
}

func silenceError(doing string, milliseconds uint64) *Error {
	return failed(CodeTimedOut, context.DeadlineExceeded, "%s: nothing came within %d ms", doing,
		milliseconds)
}

// contextError is the error of a call whose context has ended.
func contextError(doing string, cause error) *Error {
	if isDeadline(cause) {
		return failed(CodeTimedOut, cause, "%s: the answer did not come within the deadline", doing)
	}
	return failed(CodeGivenUp, cause, "%s: the caller gave the answer up", doing)
}

func isDeadline(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

// refusedError is what a server said instead of an answer, in a frame with a status.
func refusedError(doing string, code Code, f *frame) *Error {
	var said errorBody
	if wrong := decode(f.body, &said); wrong != nil {
		return protocolError(doing, "%v", wrong)
	}
	status := Status(f.status)
	if _, known := statusNames[status]; !known {
		status = StatusUnknown
	}
	return &Error{Code: code, Status: status, Message: status.String() + ": " + said.Message,
		RetryAfterMilliseconds: said.RetryAfterMilliseconds, ServerCode: said.Code, Field: said.Field,
		Layer: said.Layer, ServerLoad: said.ServerLoad, Provenance: f.provenance}
}
