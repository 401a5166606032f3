// Tests of the client against a scripted server: requests sent, requests sent again, and refusals.

package assay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

func client(t *testing.T, address string, options ...func(*Options)) *Client {
	quick := func(o *Options) { o.BackoffMilliseconds = 1 }
	c, err := NewClient(address, append([]func(*Options){quick}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// errorOf is for calls of which only the outcome matters.
func errorOf[Answer any](_ Answer, err error) error { return err }

func ping(c *Client) error { return errorOf(c.Ping(background, PingRequest{})) }

func load(c *Client) error {
	return errorOf(c.Load(background, LoadRequest{Name: "m", Path: "/m"}, nil))
}

func unload(c *Client) error { return errorOf(c.Unload(background, UnloadRequest{Name: "m"})) }

// begin makes a call in the background.
func begin(call func() error) chan error {
	outcome := make(chan error, 1)
	go func() { outcome <- call() }()
	return outcome
}

// expectCode checks the code of a call's error.
func expectCode(t *testing.T, err error, code Code) *Error {
	t.Helper()
	var failure *Error
	if !errors.As(err, &failure) || failure.Code != code {
		t.Fatalf("found %v, expected %s", err, code)
	}
	return failure
}

// expectFine checks that a call has an answer.
func expectFine(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var background = context.Background()

func prompt(text string) GenerateRequest { return GenerateRequest{Prompt: &text} }

func TestManyCallersShareOneConnection(t *testing.T) {
	c, _ := serve(t, fourPlaces, (*peer).echo, unexpected)
	var group sync.WaitGroup
	for caller := 0; caller < 32; caller++ {
		group.Add(1)
		go func(caller int) {
			defer group.Done()
			for round := 0; round < 50; round++ {
				payload := []byte(fmt.Sprintf("%d/%d", caller, round))
				answer, err := c.Ping(background, PingRequest{Payload: payload})
				if err != nil || !bytes.Equal(answer.Payload, payload) || answer.Provenance != Real {
					t.Errorf("%s: %v", payload, err)
				}
			}
		}(caller)
	}
	group.Wait()
}

func TestRequestsDemandARealModelUnlessMocksAreAllowed(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		c, _ := serve(t, fourPlaces, func(p *peer) {
			asked, _ := p.read()
			var request GenerateRequest
			p.decode(asked, &request)
			if demands := request.Requirements; (demands != nil && demands.Real) == allowed {
				t.Errorf("mocks allowed: %v, sent: %v", allowed, demands)
			}
			p.end(asked, "x")
		})
		c.options.AllowMock = allowed
		expectFine(t, errorOf(c.Generate(background, prompt("x"))))
	}
}

func TestAMockIsRefusedAndTheConnectionLivesOn(t *testing.T) {
	c, _ := serve(t, fourPlaces, func(p *peer) {
		asked, _ := p.read()
		p.write(asked, 0, Mock, 0, asked.body)
		p.echo()
	}, unexpected)
	answer, err := c.Ping(background, PingRequest{Payload: []byte("x")})
	if expectCode(t, err, CodeMockRefused); answer != nil {
		t.Error("its contents were handed out")
	}
	expectFine(t, ping(c))
}

func TestARefusalIsRepeatedAsTheServerAsks(t *testing.T) {
	c, _ := serve(t, fourPlaces, func(p *peer) {
		for _, status := range []Status{StatusUnavailable, StatusAborted} {
			asked, _ := p.read()
			p.refuse(asked, status, 0)
		}
		p.echo()
	})
	expectFine(t, ping(c))
}

func TestAttemptsAreBounded(t *testing.T) {
	asked := make(chan byte, 16)
	c, _ := serve(t, fourPlaces, func(p *peer) {
		p.each(func(request *frame) {
			asked <- request.kind
			p.refuse(request, StatusResourceExhausted, 0)
		})
	})
	failure := expectCode(t, unload(c), CodeServerRefused)
	if failure.Status != StatusResourceExhausted || failure.ServerCode != "busy" ||
		failure.RetryAfterMilliseconds == nil || len(asked) != 3 {
		t.Errorf("%+v after %d attempts", failure, len(asked))
	}
	c.options.Attempts = 1
	if err := ping(c); err == nil || len(asked) != 4 {
		t.Errorf("%v after %d attempts", err, len(asked)-3)
	}
}

func TestOnlyWhatIsSafeIsSentAgainAfterALostConnection(t *testing.T) {
	asked := make(chan byte, 16)
	lose := func(p *peer) {
		request, _ := p.read()
		asked <- request.kind
	}
	c, _ := serve(t, fourPlaces, lose, lose, (*peer).echo)
	if err := ping(c); err != nil || len(asked) != 2 {
		t.Errorf("Ping: %v after %d lost attempts", err, len(asked))
	}
	c, _ = serve(t, fourPlaces, lose)
	if expectCode(t, load(c), CodeConnectionClosed); len(asked) != 3 {
		t.Errorf("Load was sent %d times", len(asked)-2)
	}
}

func TestNothingIsSentAgainOnceAChunkWasSeen(t *testing.T) {
	c, _ := serve(t, fourPlaces, func(p *peer) {
		asked, _ := p.read()
		p.chunk(asked, "one")
	}, unexpected)
	stream := stream(t, background, c, true)
	if stream.Chunk().Text != "one" || stream.Next() {
		t.Fatal(stream)
	}
	expectCode(t, errorOf(stream.Result()), CodeConnectionClosed)
}

// stream begins a stream, and reads the first chunk or none.
func stream(t *testing.T, ctx context.Context, c *Client, reads bool) *GenerateStream {
	t.Helper()
	stream, err := c.GenerateStream(ctx, prompt("x"))
	if err != nil || reads && !stream.Next() {
		t.Fatalf("no stream: %v", err)
	}
	return stream
}

func TestClosingAStreamCancelsAndTheConnectionLivesOn(t *testing.T) {
	c, finished := serve(t, fourPlaces, func(p *peer) {
		asked, _ := p.read()
		p.chunk(asked, "one")
		cancel, _ := p.read()
		p.expectCancel(asked, cancel)
		p.chunk(asked, "late")
		p.say(cancel, 0, &cancelResponse{Found: true})
		p.end(asked, "late")
		p.echo()
	})
	stream := stream(t, background, c, true)
	stream.Close()
	expectCode(t, errorOf(stream.Result()), CodeGivenUp)
	expectFine(t, ping(c))
	c.Close()
	<-finished
}

func TestCancellingAContextGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(background)
	c, _ := serve(t, fourPlaces, func(p *peer) {
		p.read()
		cancel()
		p.drain()
	})
	err := errorOf(c.Ping(ctx, PingRequest{}))
	expectCode(t, err, CodeGivenUp)
	expectEnded(t, err, context.Canceled)
}

func TestADeadlineIsSentAndKept(t *testing.T) {
	deadline := make(chan uint32, 1)
	c, _ := serve(t, fourPlaces, func(p *peer) {
		asked, _ := p.read()
		deadline <- asked.status
		p.drain()
	})
	c.options.GraceMilliseconds = 10
	err := errorOf(c.Ping(within(t, 500*time.Millisecond), PingRequest{}))
	expectCode(t, err, CodeTimedOut)
	expectEnded(t, err, context.DeadlineExceeded)
	if found := <-deadline; found < 1 || found > 500 {
		t.Errorf("%d ms were sent", found)
	}
}

func TestPlacesAreTheServers(t *testing.T) {
	c, _ := serve(t, greeting(2, 2), func(p *peer) {
		first, _ := p.read()
		second, _ := p.read()
		p.repeat(second)
		third, _ := p.read() // comes only now
		p.repeat(first)
		p.repeat(third)
		p.drain()
	})
	var outcomes [3]chan error
	for caller := range outcomes {
		outcomes[caller] = begin(func() error { return ping(c) })
	}
	for _, outcome := range outcomes {
		expectFine(t, <-outcome)
	}
}

func TestADrainingConnectionFinishesAndIsReplaced(t *testing.T) {
	c, _ := serve(t, fourPlaces, func(p *peer) {
		asked, _ := p.read()
		p.chunk(asked, "one")
		p.say(&frame{header: header{kind: kindGoAway}}, 0, &goAway{Reason: "shutting_down"})
		p.end(asked, "two")
		p.drain()
	}, (*peer).echo)
	answer, err := c.Generate(background, prompt("x"))
	if err != nil || answer.Text != "onetwo" {
		t.Fatalf("%v, %v", answer, err)
	}
	expectFine(t, ping(c))
}

// crossed reads a request and answers as a server that found the connection idle and read nothing.
func (p *peer) crossed() {
	p.read()
	p.say(&frame{header: header{kind: kindGoAway}}, 0, &goAway{Reason: reasonIdle})
	p.drain()
}

func TestARequestThatCrossesGoAwayIdleIsSentAgain(t *testing.T) {
	unloads := func(p *peer) {
		asked, _ := p.read()
		p.say(asked, 0, &UnloadResponse{})
		p.crossed()
	}
	c, _ := serve(t, fourPlaces, (*peer).crossed, unloads, unloads, (*peer).crossed)
	c.options.Attempts = 1
	expectFine(t, unload(c))
	expectFine(t, unload(c)) // crosses on a connection that was in use
	expectCode(t, unload(c), CodeConnectionClosed)
}

func TestGoAwayIdleInMidAnswerIsDamage(t *testing.T) {
	c, _ := serve(t, fourPlaces, func(p *peer) {
		asked, _ := p.read()
		p.chunk(asked, "one")
		p.say(&frame{header: header{kind: kindGoAway}}, 0, &goAway{Reason: reasonIdle})
		p.drain()
	})
	_, err := c.Generate(background, prompt("x"))
	expectCode(t, err, CodeProtocolError)
}

func TestAnIdleConnectionThatDiedIsReplacedBeforeAnythingIsRisked(t *testing.T) {
	c, finished := serve(t, fourPlaces, func(p *peer) {
		asked, _ := p.read()
		p.repeat(asked)
	}, func(p *peer) {
		asked, _ := p.read()
		p.say(asked, 0, &UnloadResponse{})
		p.drain()
	})
	c.options.Attempts = 1
	expectFine(t, ping(c))
	<-finished
	expectFine(t, unload(c))
}

func TestWhatAnOlderServerDoesNotKnowIsNotSent(t *testing.T) {
	hello := greeting(1, 1)
	hello.BodySizeMax = 4096
	c, _ := serve(t, hello, (*peer).echo)
	err := errorOf(c.Health(background, HealthRequest{Model: "m", Verify: true}))
	expectCode(t, err, CodeRevisionTooLow)
	large, most := PingRequest{Payload: make([]byte, 5000)}, PingRequest{Payload: make([]byte, 4000)}
	expectCode(t, errorOf(c.Ping(background, large)), CodeRequestInvalid)
	expectFine(t, errorOf(c.Ping(background, most)))
}

func TestGarbageEndsEveryCallOnTheConnection(t *testing.T) {
	random := seeded(t)
	for round := 0; round < 50; round++ {
		garbage := make([]byte, 33+random.Intn(200))
		random.Read(garbage)
		garbage[4] = 2 // never a header
		c, _ := serve(t, fourPlaces, func(p *peer) {
			p.read()
			p.read()
			p.socket.Write(garbage)
			p.drain()
		})
		other := begin(func() error { return ping(c) })
		expectCode(t, ping(c), CodeProtocolError)
		expectCode(t, <-other, CodeProtocolError)
	}
}

func TestAddresses(t *testing.T) {
	for address, fine := range map[string]bool{"tcp://127.0.0.1:7411": true, "tcp://[::1]:1": true,
		"unix:///x": true, "host:1": true, "[::1]:1": true, "/x": true, "host": false,
		"x/y:1": false, "tcp://host": false, "tcp://host:0": false, "tcp://host:65536": false,
		"tcp://:1": false, "unix://x": false, "http://host:1": false, "": false} {
		if _, err := NewClient(address); (err == nil) != fine {
			t.Errorf("%q: %v", address, err)
		} else if err != nil {
			expectCode(t, err, CodeAddressInvalid)
		}
	}
	expectCode(t, ping(client(t, "unix:///nowhere/at/all")), CodeUnreachable)
}

func TestAClosedClientStaysClosed(t *testing.T) {
	c, _ := serve(t, fourPlaces, (*peer).drain)
	c.Close()
	expectCode(t, errorOf(c.Models(background, ModelsRequest{})), CodeConnectionClosed)
}
