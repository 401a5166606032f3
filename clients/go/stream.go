// A Generate whose chunks reach the caller as they come.

package assay

import (
	"context"
	"runtime"
	"sync"
)

// GenerateStream is the answer to a Generate in the making. It is for one goroutine at a time;
// Close alone may be called by another one. One that is dropped is closed with its context, or when
// the garbage collector finds it.
//
//	for stream.Next() {
//		fmt.Print(stream.Chunk().Text)
//	}
//	answer, err := stream.Result()
type GenerateStream struct {
	exchange *exchange
	cancel   context.CancelFunc

	mutex   sync.Mutex // held by Next
	chunk   *GenerateChunk
	failure *Error
}

// Stream is an earlier name of GenerateStream.
type Stream = GenerateStream

// GenerateStream begins a Generate and returns at once; its answer, or why there is none, comes
// through the stream.
func (c *Client) GenerateStream(
	ctx context.Context, request GenerateRequest,
) (*GenerateStream, error) {
	ctx, cancel := context.WithCancel(ctx)
	e, failure := c.exchange(ctx, kindGenerate, &request, func() pieces { return request.answer() })
	if failure == nil {
		e.watched = true
		failure = e.send()
	}
	if failure != nil {
		cancel()
		return nil, failure
	}
	s := &GenerateStream{exchange: e, cancel: cancel}
	runtime.SetFinalizer(s, (*GenerateStream).Close)
	return s, nil
}

// Next waits for the next chunk. False after the last one, on a failure, and after Close.
func (s *GenerateStream) Next() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.exchange.complete || s.failure != nil {
		return false
	}
	if failure := s.exchange.next(); failure != nil {
		s.end(failure)
		return false
	}
	if s.exchange.complete {
		s.cancel()
		return false
	}
	s.exchange.reached = true
	s.chunk = s.made().newest
	return true
}

func (s *GenerateStream) made() *answer[GenerateChunk, GenerateResponse] {
	return s.exchange.pieces.(*answer[GenerateChunk, GenerateResponse])
}

// Chunk is the newest chunk: what was made since the one before. Nil before the first.
func (s *GenerateStream) Chunk() *GenerateChunk { return s.chunk }

// Result reads what is left and returns the whole answer, all tokens, text and log-probabilities
// included. After Close in the middle it fails with CodeGivenUp. An answer that was cut short
// because the context ended is an error, in which errors.Is finds the context's.
func (s *GenerateStream) Result() (*GenerateResponse, error) {
	for s.Next() {
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.failure != nil {
		return nil, s.failure
	}
	return &s.made().whole, nil
}

// Close gives up what is left of the answer and tells the server so; the connection lives on. Safe
// to repeat, and after the end without effect.
func (s *GenerateStream) Close() error {
	s.cancel() // before the lock: it ends a Next that waits
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.exchange.complete && s.failure == nil {
		s.end(contextError("reading the answer to Generate", context.Canceled))
	}
	return nil
}

func (s *GenerateStream) end(failure *Error) {
	s.failure = s.exchange.failed(failure)
	s.exchange.stop()
	s.cancel()
}
