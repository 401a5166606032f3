// Tests of the rules of protocol.json for every client: options, numbered attempts, too large
// answers, close, and requests against their tables.

package assay

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestOptionsHaveTheirDefaultsAndRanges(t *testing.T) {
	c, err := NewClient("unix:///x")
	if err != nil || c.options.Attempts != 3 || c.options.AnswerSizeMax != 1<<30 ||
		c.options.Name != "assay-go/0.1.0" {
		t.Errorf("found %+v, %v", c.options, err)
	}
	for field, wrong := range map[string]func(*Options){
		"name":                     func(o *Options) { o.Name = strings.Repeat("n", 129) },
		"body_size_max":            func(o *Options) { o.BodySizeMax = 4095 },
		"answer_size_max":          func(o *Options) { o.AnswerSizeMax = 1 << 53 },
		"connections":              func(o *Options) { o.Connections = 1025 },
		"connect_milliseconds":     func(o *Options) { o.ConnectMilliseconds = 0 },
		"answer_milliseconds":      func(o *Options) { o.AnswerMilliseconds = 1 << 32 },
		"grace_milliseconds":       func(o *Options) { o.GraceMilliseconds = 1 << 32 },
		"attempts":                 func(o *Options) { o.Attempts = 0 },
		"backoff_milliseconds":     func(o *Options) { o.BackoffMilliseconds = 1 << 32 },
		"backoff_max_milliseconds": func(o *Options) { o.BackoffMaxMilliseconds = 1 << 32 },
		"wait_milliseconds":        func(o *Options) { o.WaitMilliseconds = 1 << 32 },
		"token":                    func(o *Options) { o.Token = strings.Repeat("t", 257) },
		"tenant":                   func(o *Options) { o.Tenant = strings.Repeat("t", 65) },
		"token_file":               func(o *Options) { o.TokenFile = "/nowhere" },
	} {
		_, err := NewClient("unix:///x", wrong)
		if failure := expectCode(t, err, CodeRequestInvalid); failure.Field != field {
			t.Errorf("found field %q, expected %q", failure.Field, field)
		}
	}
}

func TestNoTextShowsTheToken(t *testing.T) {
	path := t.TempDir() + "/token"
	if err := os.WriteFile(path, []byte("assay_of_nobody\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ASSAY_TOKEN_FILE", path)
	c, err := NewClient("unix:///x")
	if err != nil || c.options.token() != "assay_of_nobody" {
		t.Fatalf("found another token, %v", err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		given := Options{Token: "nobody"}
		for _, value := range []any{given, &given, []Options{given}, c.options, c} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, "nobody") {
				t.Errorf("%s of %T shows the token: %s", verb, value, text)
			}
		}
	}
}

// contextOf reads the next request, a Generate, and its context, which may be nil.
func contextOf(p *peer) (*frame, *RequestContext) {
	var request GenerateRequest
	asked, _ := p.read()
	p.decode(asked, &request)
	return asked, request.Context
}

func TestASecondAttemptSaysSoWhereTheServerKnowsOfContexts(t *testing.T) {
	var found []*RequestContext
	script := func(p *peer) {
		for try := 0; try < 3; try++ {
			asked, context := contextOf(p)
			if found = append(found, context); try < 2 {
				p.refuse(asked, StatusUnavailable, 1)
			} else {
				p.end(asked, "x")
			}
		}
		p.drain()
	}
	for number, expected := range map[uint64][]uint64{2: {0, 0, 0}, 3: {0, 2, 3}} {
		found = nil
		c, _ := serve(t, greeting(number, 1), script)
		request := prompt("x")
		if number == 3 {
			request.Context = &RequestContext{Priority: Ptr(uint64(9))}
		}
		expectFine(t, errorOf(c.Generate(background, request)))
		for try, each := range found {
			said := each != nil && (each.Attempt != expected[try] || *each.Priority != 9)
			if said || each == nil && expected[try] != 0 {
				t.Errorf("revision %d, attempt %d: found %+v", number, try+1, each)
			}
		}
		if number == 3 && *request.Context != (RequestContext{Priority: request.Context.Priority}) {
			t.Errorf("the caller's own context became %+v", request.Context)
		}
	}
}

func TestTriesWhileAModelLoadsAreNoAttempts(t *testing.T) {
	c, _ := serve(t, onePlace, func(p *peer) {
		asked, _ := p.read()
		p.refuseLoading(asked, Ptr(uint64(1)))
		asked, found := contextOf(p)
		if found != nil {
			t.Errorf("found %+v", found)
		}
		p.end(asked, "x")
	})
	waiting(60_000)(&c.options)
	expectFine(t, errorOf(c.Generate(background, prompt("x"))))
}

func TestWhatRevision2DoesNotKnowIsNotSent(t *testing.T) {
	c, _ := serve(t, greeting(2, 1), (*peer).echo)
	for _, request := range []GenerateRequest{{Context: &RequestContext{}}, {IgnoreEos: true},
		{MinTokens: 1}} {
		request.Prompt = Ptr("x")
		expectCode(t, errorOf(c.Generate(background, request)), CodeRevisionTooLow)
	}
	expectNext(t, c)
}

func TestAnAnswerThatIsTooLargeIsGivenUpAndTheConnectionLivesOn(t *testing.T) {
	for way, call := range ways {
		c, _ := serve(t, onePlace, func(p *peer) {
			asked, _ := p.read()
			for count := 0; count < 5; count++ {
				p.chunk(asked, strings.Repeat("x", 1000))
			}
			p.awaitCancel(asked, nil)
		}, unexpected)
		c.options.AnswerSizeMax = 4096
		answer, err := call(background, c)
		if expectCode(t, err, CodeGivenUp); answer != nil {
			t.Error(way, "handed out", answer)
		}
		expectNext(t, c)
	}
}

func TestRequestsThatBreakTheirTableAreRefusedHere(t *testing.T) {
	c := client(t, "unix:///nowhere/at/all")
	text, tokens := Ptr("x"), []uint32{1}
	turn := []ChatMessage{{Role: "user", Content: "x"}}
	parent := "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, each := range []struct {
		request GenerateRequest
		field   string
	}{
		{GenerateRequest{}, "prompt"},
		{GenerateRequest{Prompt: text, Tokens: tokens}, "tokens"},
		{GenerateRequest{Prompt: text, Messages: turn}, "messages"},
		{GenerateRequest{Messages: turn, ParseSpecial: true}, "parse_special"},
		{GenerateRequest{Messages: turn, AddSpecial: Ptr(false)}, "add_special"},
		{GenerateRequest{Prompt: text, TopP: Ptr(1.5)}, "top_p"},
		{GenerateRequest{Prompt: text, Stop: make([]string, 17)}, "stop"},
		{GenerateRequest{Messages: []ChatMessage{{Role: "cat"}}}, "messages.role"},
		{GenerateRequest{Prompt: text, Context: &RequestContext{Priority: Ptr(uint64(10))}},
			"context.priority"},
		{GenerateRequest{Prompt: text, Context: &RequestContext{TraceContext: parent + "0"}},
			"context.trace_context"},
		{GenerateRequest{Prompt: text,
			Context: &RequestContext{TraceContext: strings.ToUpper(parent)}}, "context.trace_context"},
	} {
		_, err := c.Generate(background, each.request)
		if failure := expectCode(t, err, CodeRequestInvalid); failure.Field != each.field {
			t.Errorf("found field %q, expected %q: %v", failure.Field, each.field, err)
		}
	}
}

func TestARefusalSaysHowBusyTheServerIs(t *testing.T) {
	load := ServerLoad{Queued: 1, Running: 2, WaitMicroseconds: 3, CachePagesUsed: 4, CachePages: 5}
	c, _ := serve(t, onePlace, func(p *peer) {
		asked, _ := p.read()
		p.refuseWith(asked, StatusResourceExhausted, errorBody{Code: "queue_full", ServerLoad: &load})
	})
	c.options.Attempts = 1
	if failure := expectCode(t, ping(c), CodeServerRefused); failure.ServerLoad == nil ||
		*failure.ServerLoad != load {
		t.Errorf("found %+v", failure.ServerLoad)
	}
}

// The calls differ when the client is closed: in flight, or waiting for a place.
func TestClosingTheClientEndsEveryCall(t *testing.T) {
	begun := make(chan struct{})
	c, _ := serve(t, onePlace, func(p *peer) {
		p.read()
		close(begun)
		p.drain()
	}, unexpected)
	failures := []chan error{begin(func() error { return ping(c) })}
	for _, call := range ways {
		call := call
		failures = append(failures, begin(func() error { return errorOf(call(background, c)) }))
	}
	<-begun
	time.Sleep(soon)
	c.Close()
	for _, failure := range failures {
		select {
		case err := <-failure:
			expectCode(t, err, CodeConnectionClosed)
		case <-time.After(hangGuard):
			t.Fatal("a call outlives its client")
		}
	}
}

func TestADroppedStreamIsClosed(t *testing.T) {
	cancelled := make(chan struct{})
	c, _ := serve(t, onePlace, func(p *peer) {
		asked, _ := p.read()
		p.chunk(asked, "one")
		p.awaitCancel(asked, func() { close(cancelled) })
	}, unexpected)
	stream(t, background, c, true)
	for guard := time.Now().Add(hangGuard); time.Now().Before(guard); {
		runtime.GC()
		select {
		case <-cancelled:
			expectNext(t, c)
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatal("nobody closed it")
}

// A server that drops each connection at once does not hold a call forever: each lost connection is
// an attempt.
func TestAServerThatGreetsAndHangsUpIsNotAskedForEver(t *testing.T) {
	c, finished := serve(t, fourPlaces, func(p *peer) {})
	c.options.Attempts = 5
	expectCode(t, ping(c), CodeConnectionClosed)
	if count := len(finished); count > 10 {
		t.Errorf("%d connections for 5 attempts", count)
	}
}

// Frames about the connection itself are never a mock's, never parts and never degraded, even when
// mocks are allowed.
func TestHelloAndGoAwayArePlain(t *testing.T) {
	for name, each := range map[string]struct {
		flags      byte
		provenance Provenance
	}{"a mock's": {0, Mock}, "more": {flagMore, Real}, "degraded": {flagDegraded, Real}} {
		goes, _ := listen(t, "unix", socketPath(t), fourPlaces, func(p *peer) {
			p.read()
			farewell := &frame{header: header{kind: kindGoAway}}
			p.write(farewell, each.flags, each.provenance, 0, p.encode(&goAway{Reason: "idle"}))
			p.drain()
		})
		greets := accept(t, "unix", socketPath(t), func(_ int, p *peer) {
			asked, _ := p.read()
			p.write(asked, each.flags, each.provenance, 0, p.encode(&onePlace))
			p.drain()
		})
		for _, address := range []string{goes, greets} {
			err := ping(client(t, address, func(o *Options) { o.AllowMock = true }))
			if failure, ok := err.(*Error); !ok || failure.Code != CodeProtocolError {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
