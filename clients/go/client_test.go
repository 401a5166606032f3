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

// ping makes a call for tests where only the outcome matters.
func ping(c *Client) (*PingResponse, error) { return c.Ping(background, PingRequest{}) }

// expectCode checks the code of a call's error.
func expectCode(t *testing.T, err error, code Code) *Error {
	t.Helper()
	var failure *Error
	if !errors.As(err, &failure) || failure.Code != code {
		t.Fatalf("found %v, expected %s", err, code)
	}
	return failure
}

var background = context.Background()

func prompt(text string) GenerateRequest { return GenerateRequest{Prompt: &text} }

func TestManyCallersShareOneConnection(t *testing.T) {
	address, _ := listen(t, (*peer).echo, func(p *peer) { t.Error("a second connection") })
	c := client(t, address)
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
		address, _ := listen(t, func(p *peer) {
			asked, _ := p.read()
			value, err := decoded("Generate request", asked.body)
			demands := value.(*GenerateRequest).Requirements
			if err != nil || (demands != nil && demands.Real) == allowed {
				t.Errorf("mocks allowed: %v, sent: %v", allowed, demands)
			}
			p.end(asked, "x")
		})
		c := client(t, address, func(o *Options) { o.AllowMock = allowed })
		if _, err := c.Generate(background, prompt("x")); err != nil {
			t.Error(err)
		}
	}
}

func TestAMockIsRefusedAndTheConnectionLivesOn(t *testing.T) {
	address, _ := listen(t, func(p *peer) {
		asked, _ := p.read()
		p.write(asked.kind, asked.id, 0, Mock, 0, asked.body)
		p.echo()
	}, func(p *peer) { t.Error("a second connection") })
	c := client(t, address)
	answer, err := c.Ping(background, PingRequest{Payload: []byte("x")})
	if expectCode(t, err, CodeMockRefused); answer != nil {
		t.Error("its contents were handed out")
	}
	if _, err := c.Ping(background, PingRequest{Payload: []byte("y")}); err != nil {
		t.Error(err)
	}
}

func TestARefusalIsRepeatedAsTheServerAsks(t *testing.T) {
	address, _ := listen(t, func(p *peer) {
		for _, status := range []Status{StatusUnavailable, StatusAborted} {
			asked, _ := p.read()
			p.refuse(asked, status, 0)
		}
		p.echo()
	})
	if _, err := ping(client(t, address)); err != nil {
		t.Error(err)
	}
}

func TestAttemptsAreBounded(t *testing.T) {
	asked := make(chan byte, 16)
	address, _ := listen(t, func(p *peer) {
		for {
			request, ok := p.read()
			if !ok {
				return
			}
			asked <- request.kind
			p.refuse(request, StatusResourceExhausted, 0)
		}
	})
	c := client(t, address)
	_, err := c.Unload(background, UnloadRequest{Name: "m"})
	failure := expectCode(t, err, CodeServerRefused)
	if failure.Status != StatusResourceExhausted || failure.ServerCode != "busy" ||
		failure.RetryAfterMilliseconds == nil || len(asked) != 3 {
		t.Errorf("%+v after %d attempts", failure, len(asked))
	}
	c.options.Attempts = 1
	if _, err := ping(c); err == nil || len(asked) != 4 {
		t.Errorf("%v after %d attempts", err, len(asked)-3)
	}
}

func TestOnlyWhatIsSafeIsSentAgainAfterALostConnection(t *testing.T) {
	asked := make(chan byte, 16)
	lose := func(p *peer) {
		request, _ := p.read()
		asked <- request.kind
	}
	address, _ := listen(t, lose, lose, (*peer).echo)
	if _, err := ping(client(t, address)); err != nil || len(asked) != 2 {
		t.Errorf("Ping: %v after %d lost attempts", err, len(asked))
	}
	address, _ = listen(t, lose)
	_, err := client(t, address).Load(background, LoadRequest{Name: "m", Path: "/m"}, nil)
	if expectCode(t, err, CodeConnectionClosed); len(asked) != 3 {
		t.Errorf("Load was sent %d times", len(asked)-2)
	}
}

func TestNothingIsSentAgainOnceAChunkWasSeen(t *testing.T) {
	address, _ := listen(t, func(p *peer) {
		asked, _ := p.read()
		p.chunk(asked, "one")
	}, func(p *peer) { t.Error("a second attempt") })
	stream, err := client(t, address).GenerateStream(background, prompt("x"))
	if err != nil || !stream.Next() || stream.Chunk().Text != "one" || stream.Next() {
		t.Fatalf("%v, %v", err, stream)
	}
	_, err = stream.Result()
	expectCode(t, err, CodeConnectionClosed)
}

func TestClosingAStreamCancelsAndTheConnectionLivesOn(t *testing.T) {
	address, finished := listen(t, func(p *peer) {
		asked, _ := p.read()
		p.chunk(asked, "one")
		cancel, _ := p.read()
		value, err := decoded("Cancel request", cancel.body)
		if err != nil || value.(*cancelRequest).Target != asked.id {
			t.Errorf("not a Cancel of %d: %v", asked.id, value)
		}
		p.chunk(asked, "late")
		p.say(kindCancel, cancel.id, 0, &cancelResponse{Found: true})
		p.end(asked, "late")
		p.echo()
	})
	c := client(t, address)
	stream, err := c.GenerateStream(background, prompt("x"))
	if err != nil || !stream.Next() {
		t.Fatal(err)
	}
	stream.Close()
	_, err = stream.Result()
	expectCode(t, err, CodeGivenUp)
	if _, err := ping(c); err != nil {
		t.Error(err)
	}
	c.Close()
	<-finished
}

func TestCancellingAContextGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(background)
	address, _ := listen(t, func(p *peer) {
		p.read()
		cancel()
		p.drain()
	})
	_, err := client(t, address).Ping(ctx, PingRequest{})
	if expectCode(t, err, CodeGivenUp); !errors.Is(err, context.Canceled) {
		t.Error("context.Canceled is not found in", err)
	}
}

func TestADeadlineIsSentAndKept(t *testing.T) {
	deadline := make(chan uint32, 1)
	address, _ := listen(t, func(p *peer) {
		asked, _ := p.read()
		deadline <- asked.deadline
		p.drain()
	})
	ctx, cancel := context.WithTimeout(background, 500*time.Millisecond)
	defer cancel()
	c := client(t, address, func(o *Options) { o.GraceMilliseconds = 10 })
	_, err := c.Ping(ctx, PingRequest{})
	if expectCode(t, err, CodeTimedOut); !errors.Is(err, context.DeadlineExceeded) {
		t.Error("context.DeadlineExceeded is not found in", err)
	}
	if found := <-deadline; found < 1 || found > 500 {
		t.Errorf("%d ms were sent", found)
	}
}

func TestPlacesAreTheServers(t *testing.T) {
	address, _ := listenAs(t, helloResponse{Server: "peer", Revision: 2, BodySizeMax: bodySizeMax,
		RequestsInFlightMax: 2}, func(p *peer) {
		first, _ := p.read()
		second, _ := p.read()
		p.write(second.kind, second.id, 0, Real, 0, second.body)
		third, _ := p.read() // comes only now
		p.write(first.kind, first.id, 0, Real, 0, first.body)
		p.write(third.kind, third.id, 0, Real, 0, third.body)
		p.drain()
	})
	c := client(t, address)
	var group sync.WaitGroup
	for caller := 0; caller < 3; caller++ {
		group.Add(1)
		go func() {
			defer group.Done()
			if _, err := ping(c); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
}

func TestADrainingConnectionFinishesAndIsReplaced(t *testing.T) {
	address, _ := listen(t, func(p *peer) {
		asked, _ := p.read()
		p.chunk(asked, "one")
		p.say(kindGoAway, 0, 0, &goAway{Reason: "shutting_down"})
		p.end(asked, "two")
		p.drain()
	}, (*peer).echo)
	c := client(t, address)
	answer, err := c.Generate(background, prompt("x"))
	if err != nil || answer.Text != "onetwo" {
		t.Fatalf("%v, %v", answer, err)
	}
	if _, err := ping(c); err != nil {
		t.Error(err)
	}
}

func TestAnIdleConnectionThatDiedIsReplacedBeforeAnythingIsRisked(t *testing.T) {
	address, finished := listen(t, func(p *peer) {
		asked, _ := p.read()
		p.write(asked.kind, asked.id, 0, Real, 0, asked.body)
	}, func(p *peer) {
		asked, _ := p.read()
		p.say(asked.kind, asked.id, 0, &UnloadResponse{})
		p.drain()
	})
	c := client(t, address, func(o *Options) { o.Attempts = 1 })
	if _, err := ping(c); err != nil {
		t.Fatal(err)
	}
	<-finished
	if _, err := c.Unload(background, UnloadRequest{Name: "m"}); err != nil {
		t.Error(err)
	}
}

func TestWhatAnOlderServerDoesNotKnowIsNotSent(t *testing.T) {
	address, _ := listenAs(t, helloResponse{Server: "peer", Revision: 1, BodySizeMax: 4096,
		RequestsInFlightMax: 1}, (*peer).echo)
	c := client(t, address)
	_, err := c.Health(background, HealthRequest{Model: "m", Verify: true})
	expectCode(t, err, CodeRevisionTooLow)
	_, err = c.Ping(background, PingRequest{Payload: make([]byte, 5000)})
	expectCode(t, err, CodeRequestInvalid)
	if _, err := c.Ping(background, PingRequest{Payload: make([]byte, 4000)}); err != nil {
		t.Error(err)
	}
}

func TestGarbageEndsEveryCallOnTheConnection(t *testing.T) {
	random := seeded(t)
	for round := 0; round < 50; round++ {
		garbage := make([]byte, 33+random.Intn(200))
		random.Read(garbage)
		garbage[4] = 2 // never a header
		address, _ := listen(t, func(p *peer) {
			p.read()
			p.read()
			p.socket.Write(garbage)
			p.drain()
		})
		c := client(t, address)
		failures := make(chan error, 2)
		for caller := 0; caller < 2; caller++ {
			go func() {
				_, err := ping(c)
				failures <- err
			}()
		}
		for caller := 0; caller < 2; caller++ {
			expectCode(t, <-failures, CodeProtocolError)
		}
	}
}

func TestAddresses(t *testing.T) {
	for address, fine := range map[string]bool{"tcp://127.0.0.1:7411": true, "tcp://[::1]:1": true,
		"unix:///x": true, "tcp://host": false, "tcp://host:0": false, "tcp://host:65536": false,
		"tcp://:1": false, "unix://x": false, "http://host:1": false, "": false} {
		if _, err := NewClient(address); (err == nil) != fine {
			t.Errorf("%q: %v", address, err)
		} else if err != nil {
			expectCode(t, err, CodeAddressInvalid)
		}
	}
	_, err := client(t, "unix:///nowhere/at/all").Ping(background, PingRequest{})
	expectCode(t, err, CodeUnreachable)
}

func TestAClosedClientStaysClosed(t *testing.T) {
	address, _ := listen(t, func(p *peer) { p.drain() })
	c := client(t, address)
	c.Close()
	_, err := c.Models(background, ModelsRequest{})
	expectCode(t, err, CodeConnectionClosed)
}
