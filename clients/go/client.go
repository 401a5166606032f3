// Package assay is a client of the Assay wire protocol (Protocol/SPEC.md): language models over a
// Unix socket or TCP, many requests at once on one connection.
//
// Answers of mocks are refused unless Options.AllowMock says otherwise: requests say so to the
// server, and the provenance of every frame is checked. Every call takes a context. Its deadline
// goes to the server, which then ends the answer itself; the client waits GraceMilliseconds longer
// for that. Cancelling it gives the answer up at once and tells the server so. An answer that was
// cut short because the context ended is an error, in which errors.Is finds the context's.
//
// A Client may be used by any number of goroutines. Every error is an *Error.
package assay

import (
	"context"
	"reflect"
	"sync"
	"time"
)

// Options of a Client. NewClient fills in the defaults before it calls the functions it is given.
type Options struct {
	// Name of the program, for the server's log. Default "assay-go/1".
	Name string
	// AllowMock lets answers of mock models through. Default false.
	AllowMock bool
	// Compression offers LZ4 to the server. Default true.
	Compression bool
	// BodySizeMax is the largest body accepted, bytes before compression. 4096 or more; default
	// 4194304.
	BodySizeMax uint32
	// Connections is how many are opened at most. Default 1.
	Connections int
	// ConnectMilliseconds is the time for connecting, and again for Hello; 0: no limit. Default 5000.
	ConnectMilliseconds int
	// AnswerMilliseconds is the longest silence on an answer; 0: no limit. Default 0.
	AnswerMilliseconds int
	// GraceMilliseconds is what is waited beyond a context's deadline for the server's own word on
	// it. Default 2000.
	GraceMilliseconds int
	// Attempts is how often a request is sent at most, in all. Default 3.
	Attempts int
	// BackoffMilliseconds is the pause before the second attempt; it doubles up to
	// BackoffMaxMilliseconds, and each pause is between half of that and the whole. Defaults 50, 2000.
	BackoffMilliseconds    int
	BackoffMaxMilliseconds int
	// WaitMilliseconds is how long, from a call's start and within its deadline, a server is waited
	// for that is not there yet (CodeUnreachable) or still loads the model (model_loading). What is
	// tried meanwhile does not count as an attempt. Default 0: such a call fails like any other.
	WaitMilliseconds int
}

// Client is a pool of connections to one server.
type Client struct {
	network, address string
	options          Options

	life context.Context // ends with Close
	end  context.CancelFunc

	mutex  sync.Mutex
	slots  []slot
	opened []*connection // all that may be alive, those that drain included
	closed bool
}

// NewClient makes a client of the server at tcp://HOST:PORT or unix:///PATH; each function in
// options may change the Options. It touches no network: the first call connects. Errors:
// CodeAddressInvalid, CodeRequestInvalid for options out of range.
func NewClient(address string, options ...func(*Options)) (*Client, error) {
	c := &Client{options: Options{Name: "assay-go/1", Compression: true, BodySizeMax: bodySizeMax,
		Connections: 1, ConnectMilliseconds: 5000, GraceMilliseconds: 2000, Attempts: 3,
		BackoffMilliseconds: 50, BackoffMaxMilliseconds: 2000}}
	for _, option := range options {
		option(&c.options)
	}
	var failure *Error
	if c.network, c.address, failure = parseAddress(address); failure != nil {
		return nil, failure
	}
	if wrong := c.options.check(); wrong != nil {
		return nil, invalidRequest("reading the options", wrong)
	}
	c.slots = make([]slot, c.options.Connections)
	c.life, c.end = context.WithCancel(context.Background())
	return c, nil
}

func (o *Options) check() *breach {
	switch {
	case o.Name == "" || len(o.Name) > 128:
		return &breach{"name", "allowed: 1 to 128 bytes"}
	case o.BodySizeMax < bodySizeMin || int(o.BodySizeMax) < 0: // where an int has 32 bits
		return &breach{"body_size_max", "allowed: 4096 or more, as far as an int goes"}
	case o.Connections < 1 || o.Connections > 1024:
		return &breach{"connections", "allowed: 1 to 1024"}
	case o.Attempts < 1:
		return &breach{"attempts", "allowed: 1 or more"}
	case o.ConnectMilliseconds < 0 || o.AnswerMilliseconds < 0 || o.GraceMilliseconds < 0 ||
		o.BackoffMilliseconds < 0 || o.BackoffMaxMilliseconds < 0 || o.WaitMilliseconds < 0:
		return &breach{"milliseconds", "allowed: 0 or more"}
	}
	return nil
}

// Close closes all connections; the server cancels what is in flight, which fails with
// CodeConnectionClosed, like every later call. Safe to repeat.
func (c *Client) Close() error {
	c.mutex.Lock()
	opened := c.opened
	c.opened, c.closed = nil, true
	c.mutex.Unlock()
	c.end()
	for _, each := range opened {
		each.fail(closedError("closing this client", nil))
	}
	return nil
}

// Ptr returns a pointer to a copy of value, for members that tell "not given" from a zero.
func Ptr[T any](value T) *T { return &value }

// exchange prepares a request: a pointer to its struct.
func (c *Client) exchange(
	ctx context.Context, kind byte, request any, fresh func() pieces,
) (*exchange, *Error) {
	rule := kinds[kind]
	value := reflect.ValueOf(request).Elem()
	member := value.FieldByName("Requirements") // of Health: demands on the model it names
	serverWide := kind == kindHealth && value.FieldByName("Model").IsZero()
	if member.IsValid() && !serverWide && !c.options.AllowMock {
		demands := Requirements{}
		if given := member.Interface().(*Requirements); given != nil {
			demands = *given
		}
		demands.Real = true
		member.Set(reflect.ValueOf(&demands))
	}
	body, revision, wrong := encode(rule.request, value, make([]byte, 0, 128))
	if wrong != nil {
		return nil, invalidRequest("encoding "+rule.name, wrong)
	}
	return &exchange{client: c, ctx: ctx, kind: kind, rule: rule, body: body, begun: time.Now(),
		revision: max(revision, rule.since), fresh: fresh}, nil
}

// call sends a request and waits for its whole answer. Chunks reach the caller only of Load.
func (c *Client) call(
	ctx context.Context, kind byte, request any, fresh func() pieces,
) (pieces, error) {
	e, failure := c.exchange(ctx, kind, request, fresh)
	if failure != nil {
		return nil, failure
	}
	defer e.stop()
	for {
		next, failure := e.next()
		if failure == nil {
			e.reached = e.reached || kind == kindLoad && !next.isLast()
			failure = e.take(next)
		}
		if failure != nil {
			return nil, e.failed(failure)
		}
		if next.isLast() {
			return e.pieces, nil
		}
	}
}

// given is what a call returns: an answer or an error, never both.
func given[T any](answer *T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// Ping sends payload, of 0 to 65536 bytes, and checks that exactly it comes back.
func (c *Client) Ping(ctx context.Context, payload []byte) (*PingResponse, error) {
	var answer *PingResponse
	_, err := c.call(ctx, kindPing, &pingRequest{payload}, func() pieces {
		answer = &PingResponse{}
		return &single{pingResponseTable, answer, func() error { return checkPing(payload, answer) }}
	})
	return given(answer, err)
}

// Health asks whether a model, or the server, may be sent work. With Verify the server first
// compares the model with its seal, which takes as long as reading its file.
func (c *Client) Health(ctx context.Context, request HealthRequest) (*HealthResponse, error) {
	var answer *HealthResponse
	_, err := c.call(ctx, kindHealth, &request, func() pieces {
		answer = &HealthResponse{}
		return &single{healthResponseTable, answer, nil}
	})
	return given(answer, err)
}

// Models lists what is being served. The list is real even when a model on it is not.
func (c *Client) Models(ctx context.Context) (*ModelsResponse, error) {
	var answer *ModelsResponse
	_, err := c.call(ctx, kindModels, &modelsRequest{}, func() pieces {
		answer = &ModelsResponse{}
		return &single{modelsResponseTable, answer, nil}
	})
	return given(answer, err)
}

// Stats returns the server's counters, split by provenance. They are mock when any answer counted
// was one.
func (c *Client) Stats(ctx context.Context) (*StatsResponse, error) {
	var answer *StatsResponse
	_, err := c.call(ctx, kindStats, &statsRequest{}, func() pieces {
		answer = &StatsResponse{}
		return &single{statsResponseTable, answer, nil}
	})
	return given(answer, err)
}

// Load has a file on the server's machine assayed and served; onLayer, which may be nil, sees each
// layer's verdict as it comes, on the calling goroutine. It is never sent twice.
func (c *Client) Load(
	ctx context.Context, request LoadRequest, onLayer func(Layer),
) (*LoadResponse, error) {
	answer, err := c.call(ctx, kindLoad, &request, func() pieces { return &loading{onLayer: onLayer} })
	if err != nil {
		return nil, err
	}
	return &answer.(*loading).whole, nil
}

// Unload stops serving a model once its requests are done. It is never sent twice.
func (c *Client) Unload(ctx context.Context, name string) (*UnloadResponse, error) {
	var answer *UnloadResponse
	_, err := c.call(ctx, kindUnload, &unloadRequest{name}, func() pieces {
		answer = &UnloadResponse{}
		return &single{unloadResponseTable, answer, nil}
	})
	return given(answer, err)
}

// Tokenize turns text into token ids.
func (c *Client) Tokenize(ctx context.Context, request TokenizeRequest) (*TokenizeResponse, error) {
	var answer *TokenizeResponse
	_, err := c.call(ctx, kindTokenize, &request, func() pieces {
		answer = &TokenizeResponse{}
		return &single{tokenizeResponseTable, answer, nil}
	})
	return given(answer, err)
}

// Detokenize turns token ids into text; single tokens need not be whole characters.
func (c *Client) Detokenize(
	ctx context.Context, request DetokenizeRequest,
) (*DetokenizeResponse, error) {
	var answer *DetokenizeResponse
	_, err := c.call(ctx, kindDetokenize, &request, func() pieces {
		answer = &DetokenizeResponse{}
		return &single{detokenizeResponseTable, answer, nil}
	})
	return given(answer, err)
}

// Generate continues a prompt and returns the whole answer.
func (c *Client) Generate(ctx context.Context, request GenerateRequest) (*GenerateResponse, error) {
	answer, err := c.call(ctx, kindGenerate, &request, func() pieces {
		return &generation{request: &request}
	})
	if err != nil {
		return nil, err
	}
	return &answer.(*generation).whole, nil
}

// Score returns the log-probabilities of continuations of one prompt, one score for each in order.
func (c *Client) Score(ctx context.Context, request ScoreRequest) (*ScoreResponse, error) {
	var answer *ScoreResponse
	_, err := c.call(ctx, kindScore, &request, func() pieces {
		answer = &ScoreResponse{}
		return &single{scoreResponseTable, answer, func() error { return checkScore(&request, answer) }}
	})
	return given(answer, err)
}

// Logits returns raw scores, positions by vocabulary; their number is verified.
func (c *Client) Logits(ctx context.Context, request LogitsRequest) (*LogitsResponse, error) {
	answer, err := c.call(ctx, kindLogits, &request, func() pieces {
		return &scoring{request: &request}
	})
	if err != nil {
		return nil, err
	}
	return &answer.(*scoring).whole, nil
}

// Embed returns one vector for each input, inputs by dimensions; their number is verified.
func (c *Client) Embed(ctx context.Context, request EmbedRequest) (*EmbedResponse, error) {
	answer, err := c.call(ctx, kindEmbed, &request, func() pieces {
		return &embedding{inputs: len(request.Inputs)}
	})
	if err != nil {
		return nil, err
	}
	return &answer.(*embedding).whole, nil
}
