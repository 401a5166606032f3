// The error type of the client: the reason why a call has no usable answer.
//
// Guarantees: an error has a stable code, a status (from the server, or the closest match), advice
// on a retry, and a sentence that a person can act on. Prompts and answers never appear in an
// error.

package assay

import (
	"context"
	"errors"
	"fmt"
)

// causes are the causes of an Error outside this package.
type causes struct {
	cause error // error of the system or the context, or nil
	ended error // error of the call's context when it had ended before the call failed
}

// Error returns the code and the sentence.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Unwrap returns the cause outside this package, or nil.
func (e *Error) Unwrap() error { return e.cause }

// failed makes an error of the client, with the status that fits its code.
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

// contextError makes the error of a call whose context has ended.
func contextError(doing string, cause error) *Error {
	if isDeadline(cause) {
		return failed(CodeTimedOut, cause, "%s: the answer did not come within the deadline", doing)
	}
	return failed(CodeGivenUp, cause, "%s: the caller gave the answer up", doing)
}

func isDeadline(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

// refusedError makes the error for a frame with a status, from the server's words.
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
