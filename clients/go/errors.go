// The one error of the client: why a call gave no answer that may be used.
//
// Guarantees: a stable code, a status (the server's, or the one that fits), whether and when to try
// again, and a sentence a person can act on. Prompts and answers never appear in it.

package assay

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Code is the stable reason of an Error. Later versions may add to it.
type Code string

// Status is a status of the protocol, the server's or the one that fits.
type Status uint32

// String is the status's name in SPEC.md; UNKNOWN for a number that is not there.
func (s Status) String() string {
	if name, ok := statusNames[s]; ok {
		return name
	}
	return statusNames[StatusUnknown]
}

// Provenance says whether an answer was made by a real model or by a mock. Zero: no answer came.
type Provenance uint8

// String is "real", "mock" or "none".
func (p Provenance) String() string {
	switch p {
	case Real:
		return "real"
	case Mock:
		return "mock"
	}
	return "none"
}

// MarshalText is String, for JSON and logs.
func (p Provenance) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Error is what every call of a Client fails with. Use errors.As to get at it. errors.Is finds
// context.Canceled or context.DeadlineExceeded in every error of a call whose context had ended by
// then, or whose deadline the server found passed, and the system's error where there was one.
type Error struct {
	// Code is the stable reason.
	Code Code

	// Status is the server's, or the one that fits.
	Status Status

	// Message is one sentence: tried, found, allowed, where.
	Message string

	// RetryAfterMilliseconds is the pause the server asks for before another attempt; nil: none.
	RetryAfterMilliseconds *uint64

	// ServerCode is the stable reason in the server's own error, empty without one.
	ServerCode string

	// Field is the path of the refused field, empty when it is not about one.
	Field string

	// Layer is the layer that refused, with StatusModelRejected; otherwise empty.
	Layer string

	// Provenance is that of the frame that failed; 0 when there was none.
	Provenance Provenance

	cause error
	// ended is the error of the call's context, where that had ended when the call failed.
	ended error
	// unwritten: the request was not sent, for reasons that another connection may not have.
	unwritten bool
}

// Error is the code and the sentence.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Unwrap is the cause outside this package, nil without one.
func (e *Error) Unwrap() error { return e.cause }

// Is finds the error of a context that had ended, beside the cause that Unwrap gives.
func (e *Error) Is(target error) bool { return e.ended != nil && errors.Is(e.ended, target) }

// beside is this error for a call whose context has ended. The error itself may be shared by all
// calls of a connection, and stays as it is.
func (e *Error) beside(ended error) *Error {
	if ended == nil || errors.Is(e, ended) {
		return e
	}
	marked := *e
	marked.ended = ended
	return &marked
}

func closedError(doing string, cause error) *Error {
	return &Error{Code: CodeConnectionClosed, Status: StatusUnavailable, cause: cause,
		Message: doing + ": the connection was closed"}
}

func unreachableError(address string, cause error) *Error {
	return &Error{Code: CodeUnreachable, Status: StatusUnavailable, cause: cause, unwritten: true,
		Message: fmt.Sprintf("connecting to %s: %v", address, cause)}
}

func protocolError(doing, message string) *Error {
	return &Error{Code: CodeProtocolError, Status: StatusProtocolError,
		Message: doing + ": " + message}
}

func invalidRequest(doing string, wrong *breach) *Error {
	return &Error{Code: CodeRequestInvalid, Status: StatusInvalidArgument, Field: wrong.path,
		Message: doing + ": " + wrong.Error()}
}

func silenceError(doing string, silence time.Duration) *Error {
	return &Error{Code: CodeTimedOut, Status: StatusDeadlineExceeded, cause: context.DeadlineExceeded,
		Message: fmt.Sprintf("%s: nothing came within %d ms", doing, silence.Milliseconds())}
}

// contextError is the error of a call whose context has ended.
func contextError(doing string, cause error) *Error {
	if errors.Is(cause, context.DeadlineExceeded) {
		return &Error{Code: CodeTimedOut, Status: StatusDeadlineExceeded, cause: cause,
			Message: doing + ": the answer did not come within the deadline"}
	}
	return &Error{Code: CodeGivenUp, Status: StatusCancelled, cause: cause,
		Message: doing + ": the caller gave the answer up"}
}

// refusedError is what a server said instead of an answer.
func refusedError(code Code, status uint32, body *errorBody, provenance Provenance) *Error {
	known := Status(status)
	if _, ok := statusNames[known]; !ok {
		known = StatusUnknown
	}
	return &Error{Code: code, Status: known, Message: known.String() + ": " + body.Message,
		RetryAfterMilliseconds: body.RetryAfterMilliseconds, ServerCode: body.Code, Field: body.Field,
		Layer: body.Layer, Provenance: provenance}
}

func mockError(doing string) *Error {
	return &Error{Code: CodeMockRefused, Status: StatusMockRefused, Provenance: Mock,
		Message: doing + ": the answer comes from a mock model, not from a real one, and was refused"}
}
