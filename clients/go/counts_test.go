// Tests of the counts in the last frame: a lost, doubled or swapped frame is damage in every
// revision, and ends the connection.

package assay

import "testing"

// sayFrames sends frames 0, 1, 2 (a token each) and 3 (the last) of a Generate in an order, with
// frame numbers (revision 3) or without.
func (p *peer) sayFrames(asked *frame, order []int, numbers bool) {
	for _, index := range order {
		var number *uint64
		if numbers {
			number = Ptr(uint64(index))
		}
		if index < 3 {
			p.say(asked, flagMore, &GenerateChunk{Tokens: []uint32{uint32(index)}, Text: "a",
				Frame: number})
		} else {
			p.say(asked, 0, &GenerateResponse{FinishReason: "stop", CompletionTokens: 3,
				Answer: madeBy, Frame: number})
		}
	}
}

// expectDamage plays one answer, which the client must refuse as damage: its connection is closed,
// the request is not sent again, and the next call has a new connection.
func expectDamage(t *testing.T, call func(*Client) error, answer func(*peer, *frame)) {
	t.Helper()
	c, finished := serve(t, fourPlaces, func(p *peer) {
		asked, _ := p.read()
		answer(p, asked)
		p.drain()
	}, (*peer).echo)
	expectCode(t, call(c), CodeProtocolError)
	<-finished
	expectFine(t, ping(c))
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
				expectDamage(t, func(c *Client) error { return errorOf(call(background, c)) },
					func(p *peer, asked *frame) { p.sayFrames(asked, each.order, each.numbers) })
			})
		}
	}
}

func TestAnAnswerWhoseFramesAreAllThereIsAnAnswer(t *testing.T) {
	for _, numbers := range []bool{false, true} {
		for way, call := range ways {
			c, _ := serve(t, fourPlaces, func(p *peer) {
				asked, _ := p.read()
				p.sayFrames(asked, []int{0, 1, 2, 3}, numbers)
			})
			answer, err := call(background, c)
			if err != nil || answer.Text != "aaa" || len(answer.Tokens) != 3 {
				t.Errorf("%s, numbered: %v: %v, %v", way, numbers, answer, err)
			}
		}
	}
}

func TestOtherCountsThanWhatCameAreDamage(t *testing.T) {
	three, second := []uint32{1, 2, 3}, Ptr(uint64(1))
	inputs := []Input{{Text: Ptr("a")}, {Text: Ptr("b")}}
	generate := func(request GenerateRequest) func(*Client) error {
		request.Prompt = Ptr("x")
		return func(c *Client) error { return errorOf(c.Generate(background, request)) }
	}
	score := func(c *Client) error {
		return errorOf(c.Score(background, ScoreRequest{Prompt: Ptr("x"), Continuations: inputs}))
	}
	embed := func(count int) func(*Client) error {
		request := EmbedRequest{Inputs: inputs[:count]}
		return func(c *Client) error { return errorOf(c.Embed(background, request)) }
	}
	logits := func(all bool) func(*Client) error {
		request := LogitsRequest{Tokens: three, AllPositions: all}
		return func(c *Client) error { return errorOf(c.Logits(background, request)) }
	}
	for name, each := range map[string]struct {
		call func(*Client) error
		say  body
	}{
		"completion_tokens": {generate(GenerateRequest{}), &GenerateResponse{Tokens: three,
			FinishReason: "length", CompletionTokens: 2, Answer: madeBy}},
		"rows of the prompt": {generate(GenerateRequest{PromptLogprobs: Ptr(uint64(0))}),
			&GenerateResponse{FinishReason: "stop", PromptTokens: 2, Answer: madeBy}},
		"scores": {score, &ScoreResponse{Answer: madeBy, Scores: []ContinuationScore{{
			Logprobs: Logprobs{Tokens: three[:1], Logprobs: []float32{-1}}}}}},
		"inputs": {embed(2), &EmbedResponse{Embeddings: []float32{1}, Dimensions: 1, Count: 1,
			Answer: madeBy}},
		"values of inputs": {embed(1), &EmbedResponse{Embeddings: []float32{1}, Dimensions: 2,
			Count: 1, Answer: madeBy}},
		"positions, of the last": {logits(false), &LogitsResponse{Logits: []float32{1, 2, 3},
			Vocabulary: 1, Positions: 3, Answer: madeBy}},
		"positions, of all tokens": {logits(true), &LogitsResponse{Logits: []float32{1, 2},
			Vocabulary: 1, Positions: 2, Answer: madeBy}},
		"frame of a Load": {load, &LoadResponse{Frame: second, Model: &Model{Name: "m",
			State: "ready", Provenance: uint64(Real), Architecture: "a", Device: "cpu"}}},
		"frame of an Embed": {embed(1), &EmbedResponse{Embeddings: []float32{1}, Dimensions: 1,
			Count: 1, Answer: madeBy, Frame: second}},
		"frame of a Logits": {logits(false), &LogitsResponse{Logits: []float32{1}, Vocabulary: 1,
			Positions: 1, Answer: madeBy, Frame: second}},
	} {
		t.Run(name, func(t *testing.T) {
			expectDamage(t, each.call, func(p *peer, asked *frame) { p.say(asked, 0, each.say) })
		})
	}
}
