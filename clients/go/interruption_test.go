// Tests of calls that end at any point: the error gives the reason, the place in flight becomes
// free, and other calls on the connection are not affected. One file, a case a function.

package assay

import (
	"context"
	"errors"
	"io"
	"math/rand"
	"testing"
	"time"
)

// hangGuard is far longer than any of the tests takes.
const hangGuard = 8 * time.Second

// soon is the time until a context ends.
const soon = 60 * time.Millisecond

// endings are the errors of a context that ends from outside, or by the deadline.
var endings = []error{context.Canceled, context.DeadlineExceeded}

// ending makes a context that ends after a time.
func ending(t *testing.T, cause error, after time.Duration) context.Context {
	if cause == context.DeadlineExceeded {
		return within(t, after)
	}
	ctx, cancel := context.WithCancel(background)
	time.AfterFunc(after, cancel)
	return ctx
}

// within makes a context with a deadline.
func within(t *testing.T, limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(background, limit)
	t.Cleanup(cancel)
	return ctx
}

// expectEnded checks that errors.Is finds the context's error in an *Error.
func expectEnded(t *testing.T, err error, cause error) {
	t.Helper()
	var failure *Error
	if !errors.As(err, &failure) || !errors.Is(err, cause) {
		t.Errorf("found %v, expected an *Error in which errors.Is finds %q", err, cause)
	}
}

func noGrace(o *Options) { o.GraceMilliseconds = 20 }

func noBackoff(o *Options) { o.BackoffMilliseconds, o.BackoffMaxMilliseconds = 0, 0 }

// ways are the ways to get a Generate's answer.
var ways = map[string]func(context.Context, *Client) (*GenerateResponse, error){
	"whole": func(ctx context.Context, c *Client) (*GenerateResponse, error) {
		return c.Generate(ctx, prompt("x"))
	},
	"streamed": func(ctx context.Context, c *Client) (*GenerateResponse, error) {
		stream, err := c.GenerateStream(ctx, prompt("x"))
		if err != nil {
			return nil, err
		}
		return stream.Result()
	},
}

// expectNext makes a call that needs the place of the call before.
func expectNext(t *testing.T, c *Client) {
	t.Helper()
	expectFine(t, errorOf(c.Ping(within(t, hangGuard), PingRequest{Payload: []byte("next")})))
}

func TestAContextThatEndsWhileTheServerWorksIsTheError(t *testing.T) {
	points := map[string]func(*peer, *frame) func(){
		"before the first frame": func(*peer, *frame) func() { return nil },
		"between two chunks": func(p *peer, asked *frame) func() {
			p.chunk(asked, "one")
			return func() { p.chunk(asked, "late") }
		},
		"in the middle of a frame": func(p *peer, asked *frame) func() {
			bytes := response(asked, flagMore, Real, 0, p.encode(&GenerateChunk{Text: "one"}))
			p.socket.Write(bytes[:len(bytes)/2])
			return func() { p.socket.Write(bytes[len(bytes)/2:]) }
		},
	}
	for point, before := range points {
		for _, cause := range endings {
			for way, call := range ways {
				t.Run(point+", "+cause.Error()+", "+way, func(t *testing.T) {
					c, _ := serve(t, onePlace, func(p *peer) {
						asked, _ := p.read()
						if asked.kind == kindPing { // the context ended before the request was sent
							p.repeat(asked)
							p.echo()
							return
						}
						p.awaitCancel(asked, before(p, asked))
					}, unexpected)
					noGrace(&c.options)
					answer, err := call(ending(t, cause, soon), c)
					if expectEnded(t, err, cause); answer != nil {
						t.Errorf("%q was handed out", answer.Text)
					}
					expectNext(t, c)
				})
			}
		}
	}
}

func TestAContextThatEndsBeforeTheRequestIsOutIsTheError(t *testing.T) {
	for _, cause := range endings {
		for way, call := range ways {
			t.Run("connecting, "+cause.Error()+", "+way, func(t *testing.T) {
				silent := listener(t, "unix", socketPath(t)) // Hello is never answered
				c := client(t, "unix://"+silent.Addr().String())
				expectEnded(t, errorOf(call(ending(t, cause, soon), c)), cause)
			})
			t.Run("waiting for a place, "+cause.Error()+", "+way, func(t *testing.T) {
				begun, ready := make(chan struct{}), make(chan struct{})
				c, _ := serve(t, onePlace, func(p *peer) {
					asked, _ := p.read()
					close(begun)
					<-ready
					p.end(asked, "first")
					p.echo()
				}, unexpected)
				noGrace(&c.options)
				first := begin(func() error { return errorOf(c.Generate(background, prompt("x"))) })
				<-begun
				expectEnded(t, errorOf(call(ending(t, cause, soon), c)), cause)
				close(ready)
				expectFine(t, <-first)
				expectNext(t, c)
			})
			t.Run("between attempts, "+cause.Error()+", "+way, func(t *testing.T) {
				c, _ := serve(t, fourPlaces, func(p *peer) {
					asked, _ := p.read()
					p.refuse(asked, StatusUnavailable, 40)
					asked, _ = p.read()
					p.refuse(asked, StatusUnavailable, 0) // perhaps past the end
					p.drain()
				})
				noGrace(&c.options)
				noBackoff(&c.options)
				c.options.Attempts = 1000
				expectEnded(t, errorOf(call(ending(t, cause, soon), c)), cause)
			})
		}
		already := ending(t, cause, soon)
		<-already.Done()
		err := errorOf(client(t, "unix:///nowhere/at/all").Ping(already, PingRequest{}))
		expectEnded(t, err, cause)
	}
}

// A request half written at the end of its context is finished in the background, and Cancel
// follows: the connection stays whole. A peer that accepts no bytes does not delay a caller.
func TestAContextThatEndsWhileSendingLeavesTheConnectionWhole(t *testing.T) {
	for name, each := range map[string]struct{ size, calls int }{
		"one frame that no buffer takes":  {3_000_000, 1},
		"small frames until it is full":   {60_000, 12},
		"frames behind one that is stuck": {3_000_000, 4},
	} {
		request := TokenizeRequest{Text: make([]byte, each.size)}
		rand.New(rand.NewSource(1)).Read(request.Text) // too random for LZ4
		for _, cause := range endings {
			t.Run(name+", "+cause.Error(), func(t *testing.T) {
				resume := make(chan struct{})
				c, _ := serve(t, greeting(3, 64), func(p *peer) {
					<-resume
					p.obey(len(request.Text))
				}, unexpected)
				noGrace(&c.options)
				returned := make(chan struct{})
				go func() {
					defer close(returned)
					for call := 0; call < each.calls; call++ {
						expectEnded(t, errorOf(c.Tokenize(ending(t, cause, soon), request)), cause)
					}
				}()
				select {
				case <-returned:
				case <-time.After(hangGuard):
					t.Fatal("callers are kept by a peer that takes nothing")
				}
				close(resume)
				expectNext(t, c)
			})
		}
	}
}

func TestAnAnswerThatTheDeadlineCutShortIsAnError(t *testing.T) {
	cut := func(p *peer) {
		asked, _ := p.read()
		p.chunk(asked, "half")
		p.say(asked, 0, &GenerateResponse{FinishReason: "deadline", Answer: madeBy})
		p.echo()
	}
	refuse := func(p *peer) {
		asked, _ := p.read()
		p.refuse(asked, StatusDeadlineExceeded, 0)
		p.echo()
	}
	lost := func(p *peer) {
		asked, _ := p.read()
		p.chunk(asked, "half")
		time.Sleep(150 * time.Millisecond) // after the deadline, within the grace
	}
	for name, each := range map[string]struct {
		script func(*peer)
		code   Code
		limit  time.Duration
	}{
		"finish_reason": {cut, CodeTimedOut, time.Hour},
		"a status":      {refuse, CodeServerRefused, time.Hour},
		"the connection was lost after the limit": {lost, CodeConnectionClosed, 50 * time.Millisecond},
	} {
		for way, call := range ways {
			t.Run(name+", "+way, func(t *testing.T) {
				c, _ := serve(t, fourPlaces, each.script)
				c.options.Attempts = 1
				answer, err := call(within(t, each.limit), c)
				expectEnded(t, err, context.DeadlineExceeded)
				if expectCode(t, err, each.code); answer != nil {
					t.Error("half an answer was handed out")
				}
				if err := ping(c); err != nil && each.code != CodeConnectionClosed {
					t.Error(err)
				}
			})
		}
	}
	c, _ := serve(t, fourPlaces, cut)
	answer, err := c.Generate(background, prompt("x"))
	if err != nil || answer.FinishReason != "deadline" || answer.Text != "half" {
		t.Errorf("a limit of the server's own: %v, %v", answer, err)
	}
}

// The errors of other calls on a connection must not depend on the call whose context ended.
func TestAnErrorThatManyShareIsMarkedForTheOneWhoseContextEnded(t *testing.T) {
	c, _ := serve(t, fourPlaces, func(p *peer) {
		p.read()
		p.read()
		time.Sleep(150 * time.Millisecond)
	})
	c.options.Attempts = 1
	other := begin(func() error { return ping(c) })
	err := errorOf(c.Ping(within(t, 50*time.Millisecond), PingRequest{}))
	expectEnded(t, err, context.DeadlineExceeded)
	if err := <-other; errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call without a deadline: %v", err)
	}
}

// dropped plays a script to a stream that is neither closed nor read beyond the first chunk, until
// the place is free for another call.
func dropped(
	t *testing.T, script func(*peer), check func(*testing.T, *Client, *GenerateStream, error),
) {
	for _, cause := range endings {
		for name, reads := range map[string]bool{"unread": false, "half-way": true} {
			t.Run(name+", "+cause.Error(), func(t *testing.T) {
				c, _ := serve(t, onePlace, script, unexpected)
				noGrace(&c.options)
				stream := stream(t, ending(t, cause, 500*time.Millisecond), c, reads)
				expectNext(t, c)
				check(t, c, stream, cause)
				if users := usersOf(c); users != 0 {
					t.Errorf("%d calls are counted when all is over", users)
				}
			})
		}
	}
}

// A stream that is neither read nor closed is given up with its context.
func TestADroppedStreamFreesItsPlaceWhenItsContextEnds(t *testing.T) {
	dropped(t, func(p *peer) {
		asked, _ := p.read()
		p.chunk(asked, "one")
		p.awaitCancel(asked, nil)
	}, func(t *testing.T, c *Client, stream *GenerateStream, cause error) {
		expectEnded(t, errorOf(stream.Result()), cause)
	})
}

// A complete stream, neither read nor closed, holds no place. After a deadline its answer can still
// be read.
func TestADroppedCompleteStreamIsNotCountedWhenItsContextEnds(t *testing.T) {
	dropped(t, func(p *peer) {
		asked, _ := p.read()
		p.chunk(asked, "one ")
		p.end(asked, "two")
		p.echo()
	}, func(t *testing.T, c *Client, stream *GenerateStream, cause error) {
		if users := usersOf(c); users != 0 {
			t.Errorf("%d calls are counted when all are complete", users)
		}
		<-stream.ctx.Done()
		time.Sleep(100 * time.Millisecond) // after the grace, the answer is still kept
		answer, err := stream.Result()
		if cause == context.Canceled {
			expectEnded(t, err, cause)
		} else if err != nil || answer.Text != "one two" {
			t.Errorf("found %v, %v", answer, err)
		}
		stream.Close()
	})
}

func usersOf(c *Client) int32 {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.slots[0].users.Load()
}

func TestClosingAStreamEndsANextThatWaits(t *testing.T) {
	c, _ := serve(t, onePlace, func(p *peer) {
		asked, _ := p.read()
		p.awaitCancel(asked, nil)
	}, unexpected)
	stream := stream(t, background, c, false)
	time.AfterFunc(50*time.Millisecond, func() { stream.Close() })
	expectCode(t, errorOf(stream.Result()), CodeGivenUp)
	expectNext(t, c)
}

func TestACallbackThatPanicsGivesTheAnswerUp(t *testing.T) {
	c, _ := serve(t, onePlace, func(p *peer) {
		asked, _ := p.read()
		p.say(asked, flagMore, &loadProgress{Layer: Layer{Layer: "file", Ok: true}})
		p.awaitCancel(asked, nil)
	}, unexpected)
	func() {
		defer func() {
			if recover() != "mine" {
				t.Error("the panic was swallowed")
			}
		}()
		c.Load(background, LoadRequest{Name: "m", Path: "/m"}, func(Layer) { panic("mine") })
	}()
	expectNext(t, c)
}

func TestClosingTheClientEndsCallsThatConnect(t *testing.T) {
	silent := listener(t, "unix", socketPath(t)) // Hello is never answered
	c := client(t, "unix://"+silent.Addr().String(), func(o *Options) {
		o.ConnectMilliseconds = 60_000
	})
	time.AfterFunc(50*time.Millisecond, func() { c.Close() })
	expectCode(t, ping(c), CodeConnectionClosed)
	socket, err := silent.Accept()
	expectFine(t, err)
	socket.SetReadDeadline(time.Now().Add(hangGuard))
	for buffer := make([]byte, 4096); err == nil; {
		_, err = socket.Read(buffer)
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("the connection is open: %v", err)
	}
}
