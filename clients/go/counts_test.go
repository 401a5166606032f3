// Tests of the counts in the last frame: a lost, doubled or swapped frame is damage in every
// revision, and ends the connection.

package assay

import (
	"context"
	"testing"
)

var madeBy = Answer{Model: "m", Device: "cpu"}

// generated returns the frames of a Generate of three tokens, with frame numbers (revision 3) or
// without.
func generated(asked received, numbers bool) []func(*peer) {
	var frames []func(*peer)
	number := func(index uint64) *uint64 {
		if numbers {
			return &index
		}
		return nil
	}
	for index := uint64(0); index < 3; index++ {
		chunk := GenerateChunk{Tokens: []uint32{uint32(index)}, Text: "a", Frame: number(index)}
		frames = append(frames, func(p *peer) {
			p.say(asked.kind, asked.id, flagMore, &chunk)
		})
	}
	last := GenerateResponse{FinishReason: "stop", CompletionTokens: 3, Answer: madeBy,
		Frame: number(3)}
	return append(frames, func(p *peer) {
		p.say(asked.kind, asked.id, 0, &last)
	})
}

// expectDamage plays one answer, which the client must refuse as damage: its connection is closed,
// the request is not sent again, and the next call has a new connection.
func expectDamage(t *testing.T, call func(*Client) error, answer func(*peer, received)) {
	t.Helper()
	address, finished := listen(t, func(p *peer) {
		asked, _ := p.read()
		answer(p, asked)
		p.drain()
	}, (*peer).echo)
	c := client(t, address)
	expectCode(t, call(c), CodeProtocolError)
	<-finished
	if _, err := ping(c); err != nil {
		t.Error(err)
	}
}

func TestAFrameThatIsLostDoubledOrSwappedIsDamage(t *testing.T) {
	for name, each := range map[string]struct {
		order   []int
		numbers bool
	}{
		"lost":              {[]int{0, 2, 3}, false},
		"first lost":        {[]int{1, 2, 3}, false},
		"all lost":          {[]int{3}, false},
		"doubled":           {[]int{0, 1, 1, 2, 3}, false},
		"lost, numbered":    {[]int{0, 2, 3}, true},
		"doubled, numbered": {[]int{0, 0, 1, 2, 3}, true},
		"swapped, numbered": {[]int{0, 2, 1, 3}, true},
		"one for another":   {[]int{0, 0, 2, 3}, true},
	} {
		for way, call := range ways {
			t.Run(name+", "+way, func(t *testing.T) {
				expectDamage(t, func(c *Client) error {
					_, err := call(background, c)
					return err
				}, func(p *peer, asked received) {
					frames := generated(asked, each.numbers)
					for _, index := range each.order {
						frames[index](p)
					}
				})
			})
		}
	}
}

func TestAnAnswerWhoseFramesAreAllThereIsAnAnswer(t *testing.T) {
	for _, numbers := range []bool{false, true} {
		for way, call := range ways {
			address, _ := listen(t, func(p *peer) {
				asked, _ := p.read()
				for _, frame := range generated(asked, numbers) {
					frame(p)
				}
			})
			answer, err := call(background, client(t, address))
			if err != nil || answer.Text != "aaa" || len(answer.Tokens) != 3 {
				t.Errorf("%s, numbered: %v: %v, %v", way, numbers, answer, err)
			}
		}
	}
}

func TestOtherCountsThanWhatCameAreDamage(t *testing.T) {
	three := []uint32{1, 2, 3}
	for name, each := range map[string]struct {
		call func(context.Context, *Client) error
		say  body
	}{
		"completion_tokens": {func(ctx context.Context, c *Client) error {
			_, err := c.Generate(ctx, prompt("x"))
			return err
		}, &GenerateResponse{Tokens: three, FinishReason: "length", CompletionTokens: 2, Answer: madeBy}},
		"rows of the prompt": {func(ctx context.Context, c *Client) error {
			request := prompt("x")
			request.PromptLogprobs = Ptr(uint64(0))
			_, err := c.Generate(ctx, request)
			return err
		}, &GenerateResponse{FinishReason: "stop", PromptTokens: 2, Answer: madeBy}},
		"scores": {func(ctx context.Context, c *Client) error {
			_, err := c.Score(ctx, ScoreRequest{Prompt: Ptr("x"),
				Continuations: []Input{{Text: Ptr("a")}, {Text: Ptr("b")}}})
			return err
		}, &ScoreResponse{Answer: madeBy, Scores: []ContinuationScore{{
			Logprobs: Logprobs{Tokens: three[:1], Logprobs: []float32{-1}}}}}},
		"inputs": {func(ctx context.Context, c *Client) error {
			_, err := c.Embed(ctx, EmbedRequest{Inputs: []Input{{Text: Ptr("a")}, {Text: Ptr("b")}}})
			return err
		}, &EmbedResponse{Embeddings: []float32{1}, Dimensions: 1, Count: 1, Answer: madeBy}},
		"values of inputs": {func(ctx context.Context, c *Client) error {
			_, err := c.Embed(ctx, EmbedRequest{Inputs: []Input{{Text: Ptr("a")}}})
			return err
		}, &EmbedResponse{Embeddings: []float32{1}, Dimensions: 2, Count: 1, Answer: madeBy}},
		"positions, of the last": {func(ctx context.Context, c *Client) error {
			_, err := c.Logits(ctx, LogitsRequest{Tokens: three})
			return err
		}, &LogitsResponse{Logits: []float32{1, 2, 3}, Vocabulary: 1, Positions: 3, Answer: madeBy}},
		"positions, of all tokens": {func(ctx context.Context, c *Client) error {
			_, err := c.Logits(ctx, LogitsRequest{Tokens: three, AllPositions: true})
			return err
		}, &LogitsResponse{Logits: []float32{1, 2}, Vocabulary: 1, Positions: 2, Answer: madeBy}},
		"frame of a Load": {func(ctx context.Context, c *Client) error {
			_, err := c.Load(ctx, LoadRequest{Name: "m", Path: "/m"}, nil)
			return err
		}, &LoadResponse{Frame: Ptr(uint64(1)), Model: &Model{Name: "m",
			State: "ready", Provenance: uint64(Real), Architecture: "a", Device: "cpu"}}},
		"frame of an Embed": {func(ctx context.Context, c *Client) error {
			_, err := c.Embed(ctx, EmbedRequest{Inputs: []Input{{Text: Ptr("a")}}})
			return err
		}, &EmbedResponse{Embeddings: []float32{1}, Dimensions: 1, Count: 1, Answer: madeBy,
			Frame: Ptr(uint64(1))}},
		"frame of a Logits": {func(ctx context.Context, c *Client) error {
			_, err := c.Logits(ctx, LogitsRequest{Tokens: three})
			return err
		}, &LogitsResponse{Logits: []float32{1}, Vocabulary: 1, Positions: 1, Answer: madeBy,
			Frame: Ptr(uint64(1))}},
	} {
		t.Run(name, func(t *testing.T) {
			expectDamage(t, func(c *Client) error { return each.call(background, c) },
				func(p *peer, asked received) { p.say(asked.kind, asked.id, 0, each.say) })
		})
	}
}
