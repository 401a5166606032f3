// A Generate whose chunks reach the caller as they come.

package assay

import (
	"context"
	"sync"
)

// Stream is the answer to a Generate in the making. It is for one goroutine at a time; Close alone
// may be called by another one.
//
//	for stream.Next() {
//		fmt.Print(stream.Chunk().Text)
//	}
//	answer, err := stream.Result()
type Stream struct {
	exchange *exchange
	cancel   context.CancelFunc

	mutex   sync.Mutex // held by Next
	chunk   *GenerateChunk
	whole   *GenerateResponse
	failure *Error
}

// GenerateStream sends a Generate and returns when it is sent; its answer comes through the Stream,
// which must be closed or read to its end, or its context cancelled.
func (c *Client) GenerateStream(ctx context.Context, request GenerateRequest) (*Stream, error) {
	canEnd := ctx.Done() != nil
	ctx, cancel := context.WithCancel(ctx)
	e, failure := c.exchange(ctx, kindGenerate, &request, func() pieces {
		return &generation{request: &request}
	})
	if failure != nil {
		cancel()
		return nil, failure
	}
	if failure := e.start(); failure != nil {
		failure = e.failed(failure)
		cancel()
		return nil, failure
	}
	if canEnd {
		go e.watch()
	}
	return &Stream{exchange: e, cancel: cancel}, nil
}

// Next waits for the next chunk. False after the last one, on a failure, and after Close.
func (s *Stream) Next() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.whole != nil || s.failure != nil {
		return false
	}
	next, failure := s.exchange.next()
	if failure == nil {
		failure = s.exchange.take(next)
	}
	if failure != nil {
		s.end(failure)
		return false
	}
	answer := s.exchange.pieces.(*generation)
	if next.isLast() {
		s.whole = &answer.whole
		s.exchange.stop()
		s.cancel()
		return false
	}
	s.exchange.reached = true
	chunk := answer.newest
	s.chunk = &chunk
	return true
}

// Chunk is the newest chunk: what was made since the one before. Nil before the first.
func (s *Stream) Chunk() *GenerateChunk { return s.chunk }

// Result reads what is left and returns the whole answer, all tokens, text and log-probabilities
// included. After Close in the middle it fails with CodeGivenUp. An answer that was cut short
// because the context ended is an error, in which errors.Is finds the context's.
func (s *Stream) Result() (*GenerateResponse, error) {
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
func (s *Stream) Close() error {
	s.cancel() // before the lock: it ends a Next that waits
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.whole == nil && s.failure == nil {
		s.end(contextError("reading the answer to Generate", context.Canceled))
	}
	return nil
}

func (s *Stream) end(failure *Error) {
	s.failure = s.exchange.failed(failure)
	s.exchange.stop()
	s.cancel()
}
