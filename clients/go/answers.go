// Answers: the frames' content, put together and checked against the request.
//
// Guarantees: only requested values are kept, and no more values than the request can have. The
// first frame that contradicts its own fields, its flags, an earlier frame or the request is named
// in the error, and no later frame is taken. The number in a frame is the expected number, and the
// counts in the last frame match the received values. So an answer with a lost or doubled frame is
// never handed out.
// Not here: provenance and failures (exchange.go).

package assay

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
)

// answer is an unfinished answer: chunks, then a whole. add and finish are optional, and compare
// the frames with the request. finish also copies the content of the chunks into the whole. An
// error is a breach of the protocol.
type answer[Chunk, Whole any] struct {
	frames  uint64
	values  []float32 // values of the frames so far
	whole   Whole
	add     func(*Chunk) error
	onChunk func(*Chunk) // hands a chunk out, or nil to keep chunks here
	finish  func(*Whole) error
}

// plain makes an answer without checks against the request. Without a Chunk, the answer has one
// frame.
func plain[Chunk, Whole any]() *answer[Chunk, Whole] { return &answer[Chunk, Whole]{} }

// take adds a frame.
func (a *answer[Chunk, Whole]) take(f *frame) error {
	if f.isLast() {
		err := a.read(f, &a.whole)
		if err == nil && a.finish != nil {
			err = a.finish(&a.whole)
		}
		return err
	}
	chunk := new(Chunk)
	err := a.read(f, chunk)
	if err == nil && a.add != nil {
		err = a.add(chunk)
	}
	if err == nil && a.onChunk != nil {
		a.onChunk(chunk)
	}
	return err
}

// read decodes one frame. The degraded flag must match the list of degradations, and the frame
// number must be the next number (absent in revision 2). Rows of numbers are joined with the rows
// of earlier frames.
func (a *answer[Chunk, Whole]) read(f *frame, value any) error {
	into, ok := value.(message)
	if !ok {
		return errors.New("more frames than one")
	}
	if wrong := decode(f.body, into); wrong != nil {
		return wrong
	}
	origin, listed, number, values := into.facts()
	*origin = Origin{f.provenance, f.generation, f.flags&flagDegraded != 0}
	if (listed > 0) != origin.Degraded {
		return fmt.Errorf("its degraded flag and its %d degradations disagree", listed)
	}
	if number != nil && *number != a.frames {
		return fmt.Errorf("found frame %d of the answer, allowed: frame %d, the next one", *number,
			a.frames)
	}
	if values != nil {
		a.values = append(a.values, *values...)
		*values = a.values
	}
	a.frames++
	return nil
}

// ---------------------------------------------------------------- kinds

func (r *PingRequest) answer() *answer[struct{}, PingResponse] {
	return &answer[struct{}, PingResponse]{finish: func(made *PingResponse) error {
		if !bytes.Equal(r.Payload, made.Payload) {
			return errors.New("other bytes came back than were sent")
		}
		return nil
	}}
}

func (r *ScoreRequest) answer() *answer[struct{}, ScoreResponse] {
	return &answer[struct{}, ScoreResponse]{finish: func(made *ScoreResponse) error {
		if len(made.Scores) != len(r.Continuations) {
			return fmt.Errorf("found %d scores, allowed: one for each of %d continuations",
				len(made.Scores), len(r.Continuations))
		}
		for index, score := range made.Scores {
			if count := score.Logprobs.TopCount; count > r.TopLogprobs {
				return fmt.Errorf("found %d alternatives in score %d, allowed: %d", count, index,
					r.TopLogprobs)
			}
			if len(score.Logprobs.Tokens) == 0 {
				return fmt.Errorf("found no token in score %d", index)
			}
		}
		return nil
	}}
}

func (r *LogitsRequest) answer() *answer[logitsChunk, LogitsResponse] {
	return &answer[logitsChunk, LogitsResponse]{finish: func(made *LogitsResponse) error {
		expected := uint64(1)
		if r.AllPositions {
			expected = uint64(len(r.Tokens))
		}
		// 0 for a text, whose number of tokens only the server knows.
		if expected != 0 && made.Positions != expected {
			return fmt.Errorf("found %d positions, allowed: %d", made.Positions, expected)
		}
		return checkCount(len(made.Logits), made.Vocabulary, made.Positions)
	}}
}

func (r *EmbedRequest) answer() *answer[embedChunk, EmbedResponse] {
	inputs := len(r.Inputs)
	return &answer[embedChunk, EmbedResponse]{add: func(chunk *embedChunk) error {
		if found := len(chunk.Embeddings); found > inputs*embeddingDimensionsMax {
			return fmt.Errorf("found %d values or more for %d inputs", found, inputs)
		}
		return nil
	}, finish: func(made *EmbedResponse) error {
		if made.Count != uint64(inputs) {
			return fmt.Errorf("found %d vectors, allowed: one for each of %d inputs", made.Count, inputs)
		}
		return checkCount(len(made.Embeddings), made.Dimensions, made.Count)
	}}
}

// checkCount compares found with the product, which does not overflow: decoding refuses factors of
// 2^32 or more.
func checkCount(found int, rows, columns uint64) error {
	if uint64(found) != rows*columns {
		return fmt.Errorf("found %d values, allowed: %d times %d", found, rows, columns)
	}
	return nil
}

// ---------------------------------------------------------------- Generate

// generation is the received part of the answer to a Generate.
type generation struct {
	tokens                   []uint32
	text                     []byte
	logprobs, promptLogprobs *Logprobs // nil when not requested
}

func (r *GenerateRequest) answer() *answer[GenerateChunk, GenerateResponse] {
	g := &generation{logprobs: empty(r.Logprobs), promptLogprobs: empty(r.PromptLogprobs)}
	return &answer[GenerateChunk, GenerateResponse]{add: g.add, finish: g.finish}
}

func (g *generation) add(piece *GenerateChunk) error {
	g.tokens = append(g.tokens, piece.Tokens...)
	g.text = append(g.text, piece.Text...)
	if err := g.logprobs.append("logprobs", piece.Logprobs); err != nil {
		return err
	}
	if g.logprobs != nil && len(g.logprobs.Tokens) != len(g.tokens) {
		return fmt.Errorf("%d tokens came with log-probabilities of %d", len(g.tokens),
			len(g.logprobs.Tokens))
	}
	return g.promptLogprobs.append("prompt_logprobs", piece.PromptLogprobs)
}

func (g *generation) finish(made *GenerateResponse) error {
	if err := g.add(&GenerateChunk{Tokens: made.Tokens, Text: made.Text, Logprobs: made.Logprobs,
		PromptLogprobs: made.PromptLogprobs}); err != nil {
		return err
	}
	if uint64(len(g.tokens)) != made.CompletionTokens {
		return fmt.Errorf("found %d tokens, allowed: %d, as \"completion_tokens\" says", len(g.tokens),
			made.CompletionTokens)
	}
	made.Tokens, made.Text = g.tokens, string(g.text)
	made.Logprobs, made.PromptLogprobs = g.logprobs, g.promptLogprobs
	if made.PromptLogprobs == nil {
		return nil
	}
	// All prompt tokens except the first have a log-probability. Fewer are allowed only in an answer
	// that was stopped.
	found := uint64(len(made.PromptLogprobs.Tokens))
	if found > 0 && found >= made.PromptTokens || found+1 < made.PromptTokens && !made.isCut() {
		return fmt.Errorf("found log-probabilities of %d prompt tokens, allowed: all but one of %d",
			found, made.PromptTokens)
	}
	return nil
}

// isCut returns true when the answer was stopped from outside, and is shorter than it would be.
func (r *GenerateResponse) isCut() bool {
	return r.FinishReason == "cancelled" || r.FinishReason == "deadline"
}

// ---------------------------------------------------------------- log-probabilities

func (l *Logprobs) consistent() *breach {
	alternatives := len(l.Tokens) * int(l.TopCount) // at most 64 times a million
	c := &coder{}
	c.counted("logprobs", len(l.Logprobs), len(l.Tokens))
	c.counted("top_tokens", len(l.TopTokens), alternatives)
	c.counted("top_logprobs", len(l.TopLogprobs), alternatives)
	return c.wrong
}

func (c *coder) counted(name string, found, expected int) {
	if found != expected {
		c.refuse(name, "found %d elements, allowed: %d, as its tokens and \"top_count\" say", found,
			expected)
	}
}

func (c *GenerateChunk) consistent() *breach    { return beside(c.Logprobs, c.Tokens) }
func (r *GenerateResponse) consistent() *breach { return beside(r.Logprobs, r.Tokens) }

// beside refuses log-probabilities of other tokens than the frame's.
func beside(logprobs *Logprobs, tokens []uint32) *breach {
	if logprobs == nil || len(logprobs.Tokens)+len(tokens) == 0 ||
		reflect.DeepEqual(logprobs.Tokens, tokens) {
		return nil
	}
	return &breach{"logprobs", "they are not those of the frame's tokens"}
}

// empty makes a list for up to *asked alternatives, or nil when asked is nil.
func empty(asked *uint64) *Logprobs {
	if asked == nil {
		return nil
	}
	return &Logprobs{Tokens: []uint32{}, Logprobs: []float32{}, TopCount: *asked}
}

// append adds a piece. All pieces have as many alternatives as the first piece with tokens.
func (l *Logprobs) append(name string, piece *Logprobs) error {
	switch {
	case piece == nil:
		return nil
	case l == nil:
		return fmt.Errorf("found %q, which was not asked for", name)
	case len(piece.Tokens) == 0:
		return nil
	case piece.TopCount > l.TopCount || len(l.Tokens) > 0 && piece.TopCount != l.TopCount:
		return fmt.Errorf("found %d alternatives per token in %q, allowed: %d, the same in every frame",
			piece.TopCount, name, l.TopCount)
	case len(l.Tokens)+len(piece.Tokens) > tokenCountMax:
		return fmt.Errorf("found more than %d tokens in %q", tokenCountMax, name)
	}
	l.TopCount = piece.TopCount
	l.Tokens = append(l.Tokens, piece.Tokens...)
	l.Logprobs = append(l.Logprobs, piece.Logprobs...)
	l.TopTokens = append(l.TopTokens, piece.TopTokens...)
	l.TopLogprobs = append(l.TopLogprobs, piece.TopLogprobs...)
	return nil
}
