// What the frames of an answer say, put together and checked against the request.
//
// Guarantees: nothing is kept that the request did not ask for, and no more values than it can
// have; the first frame that contradicts its own fields, its flags, an earlier frame or the request
// is named, and nothing is taken after it. A frame that says its number is the one expected, and
// what the last frame counts is what came: an answer that lost a frame on the way, or has one
// twice, is never handed out.
// Not here: provenance and failures (exchange.go).

package assay

import (
	"bytes"
	"fmt"
	"reflect"
)

// Origin says who made an answer and how well.
type Origin struct {
	// Provenance is Real or Mock. It is Mock only when the options allow mocks.
	Provenance Provenance `json:"provenance"`

	// Generation is that of the model that answered: 1 for the first load under its name; 0: none.
	Generation uint32 `json:"generation"`

	// Degraded is true when the answer lists what makes it worse than it could be.
	Degraded bool `json:"degraded"`
}

func (o *Origin) set(f *frame) {
	*o = Origin{f.provenance, f.generation, f.flags&flagDegraded != 0}
}

// pieces puts one answer together. An error is a breach of the protocol.
type pieces interface {
	chunk(f *frame) error
	last(f *frame) error
}

// read decodes one frame and compares its degraded flag with its list.
func read(table *message, f *frame, into interface{ set(*frame) }) error {
	value := reflect.ValueOf(into).Elem()
	if wrong := decode(table, f.body, value); wrong != nil {
		return wrong
	}
	into.set(f)
	listed := 0
	if account, ok := into.(interface{ degradations() []string }); ok {
		listed = len(account.degradations())
	}
	if (listed > 0) != (f.flags&flagDegraded != 0) {
		return fmt.Errorf("its degraded flag and its %d degradations disagree", listed)
	}
	return nil
}

func (r *GenerateResponse) degradations() []string   { return r.Answer.Degradations }
func (r *ScoreResponse) degradations() []string      { return r.Answer.Degradations }
func (r *LogitsResponse) degradations() []string     { return r.Answer.Degradations }
func (r *EmbedResponse) degradations() []string      { return r.Answer.Degradations }
func (r *TokenizeResponse) degradations() []string   { return r.Answer.Degradations }
func (r *DetokenizeResponse) degradations() []string { return r.Answer.Degradations }

// numbered counts the frames of one streamed answer.
type numbered struct{ frames uint64 }

// expect takes the number that the next frame says it has; nil: it says none, as of revision 2.
func (n *numbered) expect(said *uint64) error {
	if said != nil && *said != n.frames {
		return fmt.Errorf("found frame %d of the answer, allowed: frame %d, the next one", *said,
			n.frames)
	}
	n.frames++
	return nil
}

// single is an answer of one frame.
type single struct {
	table *message
	into  interface{ set(*frame) }
	check func() error // against the request; nil: nothing to check
}

func (s *single) chunk(*frame) error { return fmt.Errorf("more frames than one") }

func (s *single) last(f *frame) error {
	if err := read(s.table, f, s.into); err != nil || s.check == nil {
		return err
	}
	return s.check()
}

func checkPing(sent []byte, answer *PingResponse) error {
	if !bytes.Equal(sent, answer.Payload) {
		return fmt.Errorf("other bytes came back than were sent")
	}
	return nil
}

func checkScore(request *ScoreRequest, answer *ScoreResponse) error {
	if len(answer.Scores) != len(request.Continuations) {
		return fmt.Errorf("found %d scores, allowed: one for each of %d continuations",
			len(answer.Scores), len(request.Continuations))
	}
	for index := range answer.Scores {
		logprobs := &answer.Scores[index].Logprobs
		if logprobs.TopCount > request.TopLogprobs {
			return fmt.Errorf("found %d alternatives in score %d, allowed: %d", logprobs.TopCount, index,
				request.TopLogprobs)
		}
		if len(logprobs.Tokens) == 0 {
			return fmt.Errorf("found no token in score %d", index)
		}
	}
	return nil
}

// ---------------------------------------------------------------- log-probabilities

func (l *Logprobs) consistent() *breach {
	alternatives := len(l.Tokens) * int(l.TopCount) // at most 64 times a million
	for _, each := range []struct {
		name            string
		found, expected int
	}{
		{"logprobs", len(l.Logprobs), len(l.Tokens)},
		{"top_tokens", len(l.TopTokens), alternatives},
		{"top_logprobs", len(l.TopLogprobs), alternatives},
	} {
		if each.found != each.expected {
			return &breach{each.name, fmt.Sprintf("found %d elements, allowed: %d, as its tokens and "+
				"\"top_count\" say", each.found, each.expected)}
		}
	}
	return nil
}

func (c *GenerateChunk) consistent() *breach    { return beside(c.Logprobs, c.Tokens) }
func (r *GenerateResponse) consistent() *breach { return beside(r.Logprobs, r.Tokens) }

// beside: log-probabilities that travel with tokens are those of exactly these tokens.
func beside(logprobs *Logprobs, tokens []uint32) *breach {
	if logprobs == nil {
		return nil
	}
	same := len(logprobs.Tokens) == len(tokens)
	for index := 0; same && index < len(tokens); index++ {
		same = logprobs.Tokens[index] == tokens[index]
	}
	if !same {
		return &breach{"logprobs", "they are not those of the frame's tokens"}
	}
	return nil
}

// append adds a piece of a list that was asked for with up to *asked alternatives.
func (l *Logprobs) append(name string, piece *Logprobs, asked *uint64) error {
	switch {
	case piece == nil:
		return nil
	case asked == nil:
		return fmt.Errorf("found %q, which was not asked for", name)
	case len(piece.Tokens) == 0:
		return nil
	case piece.TopCount > *asked || len(l.Tokens) > 0 && piece.TopCount != l.TopCount:
		return fmt.Errorf("found %d alternatives per token in %q, allowed: %d, the same in every frame",
			piece.TopCount, name, *asked)
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

// ---------------------------------------------------------------- streamed answers

// generation is the answer to a Generate in the making.
type generation struct {
	numbered
	request        *GenerateRequest
	newest         GenerateChunk
	tokens         []uint32
	text           []byte
	logprobs       Logprobs
	promptLogprobs Logprobs
	whole          GenerateResponse
}

func (g *generation) chunk(f *frame) error {
	g.newest = GenerateChunk{}
	if err := read(generateChunkTable, f, &g.newest); err != nil {
		return err
	}
	if err := g.expect(g.newest.Frame); err != nil {
		return err
	}
	return g.add(&g.newest)
}

func (g *generation) add(piece *GenerateChunk) error {
	g.tokens = append(g.tokens, piece.Tokens...)
	g.text = append(g.text, piece.Text...)
	if err := g.logprobs.append("logprobs", piece.Logprobs, g.request.Logprobs); err != nil {
		return err
	}
	if g.request.Logprobs != nil && len(g.logprobs.Tokens) != len(g.tokens) {
		return fmt.Errorf("%d tokens came with log-probabilities of %d", len(g.tokens),
			len(g.logprobs.Tokens))
	}
	return g.promptLogprobs.append("prompt_logprobs", piece.PromptLogprobs, g.request.PromptLogprobs)
}

func (g *generation) last(f *frame) error {
	w := &g.whole
	if err := read(generateResponseTable, f, w); err != nil {
		return err
	}
	if err := g.expect(w.Frame); err != nil {
		return err
	}
	rest := GenerateChunk{Tokens: w.Tokens, Text: w.Text, Logprobs: w.Logprobs,
		PromptLogprobs: w.PromptLogprobs}
	if err := g.add(&rest); err != nil {
		return err
	}
	if uint64(len(g.tokens)) != w.CompletionTokens {
		return fmt.Errorf("found %d tokens, allowed: %d, as \"completion_tokens\" says", len(g.tokens),
			w.CompletionTokens)
	}
	w.Tokens, w.Text = g.tokens, string(g.text)
	if g.request.Logprobs != nil {
		w.Logprobs = g.logprobs.orOfNothing(*g.request.Logprobs)
	}
	if g.request.PromptLogprobs == nil {
		return nil
	}
	w.PromptLogprobs = g.promptLogprobs.orOfNothing(*g.request.PromptLogprobs)
	return g.checkPrompt()
}

// checkPrompt: all tokens of the prompt but the first have a log-probability; fewer only when the
// answer was stopped.
func (g *generation) checkPrompt() error {
	expected := g.whole.PromptTokens
	if expected > 0 {
		expected--
	}
	found := uint64(len(g.promptLogprobs.Tokens))
	if found > expected || found < expected && !g.isCut() {
		return fmt.Errorf("found log-probabilities of %d prompt tokens, allowed: %d", found, expected)
	}
	return nil
}

// isCut says whether the answer was stopped from outside, and is shorter than it would be.
func (g *generation) isCut() bool {
	return g.whole.FinishReason == "cancelled" || g.whole.FinishReason == "deadline"
}

// orOfNothing gives a list without tokens the width that was asked for.
func (l *Logprobs) orOfNothing(asked uint64) *Logprobs {
	if len(l.Tokens) == 0 {
		return &Logprobs{Tokens: []uint32{}, Logprobs: []float32{}, TopCount: asked}
	}
	return l
}

// loading is the answer to a Load in the making.
type loading struct {
	numbered
	onLayer func(Layer)
	whole   LoadResponse
}

func (l *loading) chunk(f *frame) error {
	var progress loadProgress
	if err := read(loadProgressTable, f, &progress); err != nil {
		return err
	}
	if err := l.expect(progress.Frame); err != nil {
		return err
	}
	if l.onLayer != nil {
		l.onLayer(progress.Layer)
	}
	return nil
}

func (l *loading) last(f *frame) error {
	if err := read(loadResponseTable, f, &l.whole); err != nil {
		return err
	}
	return l.expect(l.whole.Frame)
}

// scoring is the answer to a Logits in the making.
type scoring struct {
	numbered
	request *LogitsRequest
	values  []float32
	whole   LogitsResponse
}

func (s *scoring) chunk(f *frame) error {
	var chunk logitsChunk
	if err := read(logitsChunkTable, f, &chunk); err != nil {
		return err
	}
	s.values = append(s.values, chunk.Logits...)
	return s.expect(chunk.Frame)
}

func (s *scoring) last(f *frame) error {
	if err := read(logitsResponseTable, f, &s.whole); err != nil {
		return err
	}
	if err := s.expect(s.whole.Frame); err != nil {
		return err
	}
	s.whole.Logits = append(s.values, s.whole.Logits...)
	if err := s.checkPositions(); err != nil {
		return err
	}
	return checkCount(len(s.whole.Logits), s.whole.Vocabulary, s.whole.Positions)
}

// checkPositions: the last one alone unless all were asked for. All of tokens are as many as these.
func (s *scoring) checkPositions() error {
	expected, found := uint64(1), s.whole.Positions
	if s.request.AllPositions {
		if expected = uint64(len(s.request.Tokens)); expected == 0 {
			return nil // of a text the server alone knows how many tokens it has
		}
	}
	if found != expected {
		return fmt.Errorf("found %d positions, allowed: %d", found, expected)
	}
	return nil
}

// embedding is the answer to an Embed in the making.
type embedding struct {
	numbered
	inputs int
	values []float32
	whole  EmbedResponse
}

func (e *embedding) chunk(f *frame) error {
	var chunk embedChunk
	if err := read(embedChunkTable, f, &chunk); err != nil {
		return err
	}
	e.values = append(e.values, chunk.Embeddings...)
	if len(e.values) > e.inputs*embeddingDimensionsMax {
		return fmt.Errorf("found %d values or more for %d inputs", len(e.values), e.inputs)
	}
	return e.expect(chunk.Frame)
}

func (e *embedding) last(f *frame) error {
	if err := read(embedResponseTable, f, &e.whole); err != nil {
		return err
	}
	if err := e.expect(e.whole.Frame); err != nil {
		return err
	}
	if e.whole.Count != uint64(e.inputs) {
		return fmt.Errorf("found %d vectors, allowed: one for each of %d inputs", e.whole.Count, e.inputs)
	}
	e.whole.Embeddings = append(e.values, e.whole.Embeddings...)
	return checkCount(len(e.whole.Embeddings), e.whole.Dimensions, e.whole.Count)
}

// checkCount: both factors are below 2^32, or the frame would not have been decoded.
func checkCount(found int, rows, columns uint64) error {
	if uint64(found) != rows*columns {
		return fmt.Errorf("found %d values, allowed: %d times %d", found, rows, columns)
	}
	return nil
}
