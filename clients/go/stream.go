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
	whole   *GenerateResponse
	failure *Error
}

// Stream is an earlier name of GenerateStream.
type Stream = GenerateStream

// GenerateStream sends a Generate and returns when it is sent; its answer comes through the stream.
func (c *Client) GenerateStream(
	ctx context.Context, request GenerateRequest,
) (*GenerateStream, error) {
	ctx, cancel := context.WithCancel(ctx)
	e, failure := c.exchange(ctx, kindGenerate, &request, func() pieces { return request.answer() })
	if failure == nil {
		e.watched = true
		if failure = e.start(); failure != nil {
			failure = e.failed(failure)
		}
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
	if s.whole != nil || s.failure != nil {
		return false
	}
	if failure := s.exchange.next(); failure != nil {
		s.end(failure)
		return false
	}
	made := s.exchange.pieces.(*answer[GenerateChunk, GenerateResponse])
	if s.exchange.complete {
		s.whole = &made.whole
		s.cancel()
		return false
	}
	s.exchange.reached = true
	s.chunk = made.newest
	return true
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
	return s.whole, nil
}

// Close gives up what is left of the answer and tells the server so; the connection lives on. Safe
// to repeat, and after the end without effect.
func (s *GenerateStream) Close() error {
	s.cancel() // before the lock: it ends a Next that waits
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.whole == nil && s.failure == nil {
		s.end(contextError("reading the answer to Generate", context.Canceled))
	}
	return nil
}

func (s *GenerateStream) end(failure *Error) {
	s.failure = s.exchange.failed(failure)
	s.exchange.stop()
	s.cancel()
}
