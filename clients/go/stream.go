// A Generate whose chunks reach the caller as they come.

package assay

import "context"

// Stream is the answer to a Generate in the making. It is for one goroutine at a time.
//
//	for stream.Next() {
//		fmt.Print(stream.Chunk().Text)
//	}
//	answer, err := stream.Result()
type Stream struct {
	exchange *exchange
	chunk    *GenerateChunk
	whole    *GenerateResponse
	failure  *Error
}

// GenerateStream sends a Generate and returns when it is sent; its answer comes through the Stream,
// which must be closed or read to its end.
func (c *Client) GenerateStream(ctx context.Context, request GenerateRequest) (*Stream, error) {
	e, failure := c.exchange(ctx, kindGenerate, &request, func() pieces {
		return &generation{request: &request}
	})
	if failure != nil {
		return nil, failure
	}
	if failure := e.start(); failure != nil {
		return nil, failure
	}
	return &Stream{exchange: e}, nil
}

// Next waits for the next chunk. False after the last one, on a failure, and after Close.
func (s *Stream) Next() bool {
	if s.whole != nil || s.failure != nil {
		return false
	}
	next, failure := s.exchange.next()
	if failure != nil {
		s.end(failure)
		return false
	}
	answer := s.exchange.pieces.(*generation)
	if next.isLast() {
		if err := answer.last(next); err != nil {
			s.end(s.exchange.damaged(err.Error()))
			return false
		}
		s.whole = &answer.whole
		s.exchange.stop()
		return false
	}
	if err := answer.chunk(next); err != nil {
		s.end(s.exchange.damaged(err.Error()))
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
// included. After Close in the middle it fails with CodeGivenUp.
func (s *Stream) Result() (*GenerateResponse, error) {
	for s.Next() {
	}
	if s.failure != nil {
		return nil, s.failure
	}
	return s.whole, nil
}

// Close gives up what is left of the answer and tells the server so; the connection lives on. Safe
// to repeat, and after the end without effect.
func (s *Stream) Close() error {
	if s.whole == nil && s.failure == nil {
		s.end(contextError("reading the answer to Generate", context.Canceled))
	}
	return nil
}

func (s *Stream) end(failure *Error) {
	s.failure = failure
	s.exchange.stop()
}
