// A Generate whose chunks reach the caller as they come.

package assay

import (
	"context"
	"errors"
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
	*making
	chunk *GenerateChunk // the newest that was handed out
}

// making is what a stream shares with the goroutine that reads its answer, which must not keep the
// stream itself from the garbage collector.
type making struct {
	ctx  context.Context
	stop context.CancelFunc

	mutex   sync.Mutex
	change  sync.Cond
	chunks  []*GenerateChunk // made and not handed out
	whole   *GenerateResponse
	err     error // why there is no whole
	isOver  bool  // there is one of the two
	isShut  bool  // Close was called
	isTaken bool  // the caller has seen the end
}

// GenerateStream begins a Generate and returns at once; its answer, or why there is none, comes
// through the stream. Errors: CodeRequestInvalid.
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
		m.set(func() { m.whole, m.err, m.isOver = whole, err, true })
	}()
	s := &GenerateStream{making: m}
	runtime.SetFinalizer(s, (*GenerateStream).Close)
	return s, nil
}

// set changes what is shared, and tells who waits for that.
func (m *making) set(change func()) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	change()
	m.change.Broadcast()
}

// isGivenUp says whether the caller wants no more. The mutex is held.
func (m *making) isGivenUp() bool {
	return !m.isTaken && (m.isShut || errors.Is(m.ctx.Err(), context.Canceled))
}

// Next waits for the next chunk. False after the last one, on a failure, and after Close.
func (s *GenerateStream) Next() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for !s.isOver && (len(s.chunks) == 0 || s.isGivenUp()) {
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

// Chunk is the newest chunk: what was made since the one before. Nil before the first.
func (s *GenerateStream) Chunk() *GenerateChunk { return s.chunk }

// Result reads what is left and returns the whole answer, all tokens, text and log-probabilities
// included. After Close in the middle it fails with CodeGivenUp. An answer that was cut short
// because the context ended is an error, in which errors.Is finds the context's.
func (s *GenerateStream) Result() (*GenerateResponse, error) {
	for s.Next() {
	}
	return s.whole, s.err // which do not change any more
}

// Close gives up what is left of the answer and tells the server so; the connection lives on. Safe
// to repeat, and after the end without effect.
func (s *GenerateStream) Close() error {
	s.set(func() { s.isShut = true })
	s.stop()
	s.Next() // the goroutine that reads has ended then
	return nil
}
