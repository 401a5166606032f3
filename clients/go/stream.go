// The stream of a Generate: chunks reach the caller one by one.

package assay

import (
	"context"
	"errors"
	"runtime"
	"sync"
)

// GenerateStream is the unfinished answer to a Generate. Only one goroutine at a time may use a
// stream, but any goroutine may call Close. A dropped stream is closed with its context, or by the
// garbage collector.
//
//	for stream.Next() {
//		fmt.Print(stream.Chunk().Text)
//	}
//	answer, err := stream.Result()
type GenerateStream struct {
	*making
	chunk *GenerateChunk // newest chunk handed out
}

// making is the state that a stream shares with the goroutine that reads the answer. The goroutine
// must not keep the stream itself from the garbage collector.
type making struct {
	ctx  context.Context
	stop context.CancelFunc

	mutex   sync.Mutex
	change  sync.Cond
	chunks  []*GenerateChunk // chunks not yet handed out
	whole   *GenerateResponse
	err     error // reason for the lack of a whole answer
	isShut  bool  // Close was called
	isTaken bool  // the caller has seen the end
}

// GenerateStream begins a Generate and returns at once. The answer, or its error, comes through the
// stream. Errors: CodeRequestInvalid.
func (c *Client) GenerateStream(
	ctx context.Context, request GenerateRequest,
) (*GenerateStream, error) {
	e := c.exchange(ctx, kindGenerate, &request)
	if e.invalid != nil {
		return nil, e.invalid
	}
	m := &making{ctx: ctx}
	m.change.L = &m.mutex
	e.life, m.stop = context.WithCancel(c.life)
	go func() {
		whole, err := ask(e, request.answer, func(chunk *GenerateChunk) {
			m.set(func() { m.chunks = append(m.chunks, chunk) })
		})
		m.set(func() { m.whole, m.err = whole, err })
	}()
	s := &GenerateStream{making: m}
	runtime.SetFinalizer(s, (*GenerateStream).Close)
	return s, nil
}

// set changes the shared state and wakes the waiting goroutines.
func (m *making) set(change func()) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	change()
	m.change.Broadcast()
}

// isGivenUp returns true when the caller has given the answer up. The mutex is held.
func (m *making) isGivenUp() bool {
	return !m.isTaken && (m.isShut || errors.Is(m.ctx.Err(), context.Canceled))
}

// Next waits for the next chunk. Returns false after the last chunk, on a failure, and after Close.
func (s *GenerateStream) Next() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for s.whole == nil && s.err == nil && (len(s.chunks) == 0 || s.isGivenUp()) {
		s.change.Wait()
	}
	if s.isGivenUp() {
		s.chunks, s.whole = nil, nil
		s.err = contextError("reading the answer to Generate", context.Canceled)
	}
	if s.isTaken = len(s.chunks) == 0; s.isTaken {
		s.stop()
		return false
	}
	s.chunk, s.chunks = s.chunks[0], s.chunks[1:]
	return true
}

// Chunk returns the newest chunk, with the content made since the chunk before. Nil before the
// first chunk.
func (s *GenerateStream) Chunk() *GenerateChunk { return s.chunk }

// Result reads the rest and returns the whole answer, with all tokens, text and log-probabilities.
// After an early Close, Result fails with CodeGivenUp. An answer that was cut short because the
// context ended is an error, in which errors.Is finds the context's error.
func (s *GenerateStream) Result() (*GenerateResponse, error) {
	for s.Next() {
	}
	return s.whole, s.err // final by now
}

// Close gives up the rest of the answer and stops the server. The connection lives on. Close may be
// repeated, and has no effect after the end.
func (s *GenerateStream) Close() error {
	s.set(func() { s.isShut = true })
	s.stop()
	s.Next() // waits for the reading goroutine to end
	return nil
}
