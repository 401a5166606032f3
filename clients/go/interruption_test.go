// Tests of calls that end at any point: the error gives the reason, the place in flight becomes
// free, and other calls on the connection are not affected. One file, a case a function.

package assay

import (
	"context"
	"errors"
	"io"
	"math/rand"
	"net"
	"testing"
	"time"
)

// hangGuard is far longer than any of the tests takes.
const hangGuard = 8 * time.Second

// soon is the time until a context ends.
const soon = 60 * time.Millisecond

// ending is a way to end a context: from outside, or by the deadline.
type ending struct {
	name  string
	cause error
	begin func(after time.Duration) (context.Context, context.CancelFunc)
}

var endings = []ending{
	{"cancelled", context.Canceled, func(after time.Duration) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(background)
		time.AfterFunc(after, cancel)
		return ctx, cancel
	}},
	{"deadline", context.DeadlineExceeded,
		func(after time.Duration) (context.Context, context.CancelFunc) {
			return context.WithTimeout(background, after)
		}},
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

var onePlace = helloResponse{Server: "peer", Revision: 3, BodySizeMax: bodySizeMax,
	RequestsInFlightMax: 1}

// unexpected is the script of a connection that must not exist.
func unexpected(p *peer) { p.t.Error("a second connection") }

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

// expectOneEnded checks the failure of one way. Afterwards the only place must be free for a Ping.
func expectOneEnded(t *testing.T, c *Client, end ending, way string) {
	t.Helper()
	ctx, cancel := end.begin(soon)
	defer cancel()
	answer, err := ways[way](ctx, c)
	if expectEnded(t, err, end.cause); answer != nil {
		t.Errorf("%q was handed out", answer.Text)
	}
	expectNext(t, c)
}

// expectNext makes a call that needs the place of the call before.
func expectNext(t *testing.T, c *Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(background, hangGuard)
	defer cancel()
	if _, err := c.Ping(ctx, PingRequest{Payload: []byte("next")}); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

func TestAContextThatEndsWhileTheServerWorksIsTheError(t *testing.T) {
	points := map[string]func(*peer, received) func(){
		"before the first frame": func(*peer, received) func() { return func() {} },
		"between two chunks": func(p *peer, asked received) func() {
			p.chunk(asked, "one")
			return func() { p.chunk(asked, "late") }
		},
		"in the middle of a frame": func(p *peer, asked received) func() {
			bytes := bytesOf(p, func(p *peer) { p.chunk(asked, "one") })
			p.socket.Write(bytes[:len(bytes)/2])
			return func() { p.socket.Write(bytes[len(bytes)/2:]) }
		},
	}
	for point, before := range points {
		for _, end := range endings {
			for way := range ways {
				t.Run(point+", "+end.name+", "+way, func(t *testing.T) {
					address, _ := listenAs(t, onePlace, func(p *peer) {
						asked, _ := p.read()
						if asked.kind == kindPing { // the context ended before the request was sent
							p.repeat(asked)
							p.echo()
							return
						}
						after := before(p, asked)
						cancel, _ := p.read()
						after()
						p.finishCancelled(asked, cancel)
						p.echo()
					}, unexpected)
					expectOneEnded(t, client(t, address, noGrace), end, way)
				})
			}
		}
	}
}

func TestAContextThatEndsBeforeTheRequestIsOutIsTheError(t *testing.T) {
	for _, end := range endings {
		for way := range ways {
			t.Run("connecting, "+end.name+", "+way, func(t *testing.T) {
				path := socketPath(t)
				listener, err := net.Listen("unix", path) // accepts no connection, so Hello is never answered
				if err != nil {
					t.Fatal(err)
				}
				defer listener.Close()
				ctx, cancel := end.begin(soon)
				defer cancel()
				_, err = ways[way](ctx, client(t, "unix://"+path))
				expectEnded(t, err, end.cause)
			})
			t.Run("waiting for a place, "+end.name+", "+way, func(t *testing.T) {
				begun := make(chan struct{})
				ready := make(chan struct{})
				address, _ := listenAs(t, onePlace, func(p *peer) {
					asked, _ := p.read()
					close(begun)
					<-ready
					p.end(asked, "first")
					p.echo()
				}, unexpected)
				c := client(t, address, noGrace)
				first := make(chan error, 1)
				go func() {
					_, err := c.Generate(background, prompt("x"))
					first <- err
				}()
				<-begun
				ctx, cancel := end.begin(soon)
				defer cancel()
				_, err := ways[way](ctx, c)
				expectEnded(t, err, end.cause)
				close(ready)
				if err := <-first; err != nil {
					t.Errorf("the call that was in flight: %v", err)
				}
				expectNext(t, c)
			})
			t.Run("between attempts, "+end.name+", "+way, func(t *testing.T) {
				address, _ := listen(t, func(p *peer) {
					asked, _ := p.read()
					p.refuse(asked, StatusUnavailable, 40)
					asked, _ = p.read()
					p.refuse(asked, StatusUnavailable, 0) // perhaps past the end
					p.drain()
				})
				ctx, cancel := end.begin(soon)
				defer cancel()
				_, err := ways[way](ctx, client(t, address, noGrace, func(o *Options) {
					o.BackoffMilliseconds, o.BackoffMaxMilliseconds, o.Attempts = 0, 0, 1000
				}))
				expectEnded(t, err, end.cause)
			})
		}
		already, cancel := end.begin(soon)
		<-already.Done()
		_, err := client(t, "unix:///nowhere/at/all").Ping(already, PingRequest{})
		expectEnded(t, err, end.cause)
		cancel()
	}
}

// A request half written at the end of its context is finished in the background, and Cancel
// follows: the connection stays whole. A peer that accepts no bytes does not delay a caller.
func TestAContextThatEndsWhileSendingLeavesTheConnectionWhole(t *testing.T) {
	hello := onePlace
	hello.RequestsInFlightMax = 64
	for name, each := range map[string]struct{ size, calls int }{
		"one frame that no buffer takes":  {3_000_000, 1},
		"small frames until it is full":   {60_000, 12},
		"frames behind one that is stuck": {3_000_000, 4},
	} {
		content := make([]byte, each.size)
		rand.New(rand.NewSource(1)).Read(content) // too random for LZ4
		for _, end := range endings {
			t.Run(name+", "+end.name, func(t *testing.T) {
				resume := make(chan struct{})
				address, _ := listenAs(t, hello, func(p *peer) {
					<-resume
					p.obey(len(content))
				}, unexpected)
				c := client(t, address, noGrace)
				returned := make(chan struct{})
				go func() {
					defer close(returned)
					for call := 0; call < each.calls; call++ {
						ctx, cancel := end.begin(soon)
						_, err := c.Tokenize(ctx, TokenizeRequest{Text: content})
						expectEnded(t, err, end.cause)
						cancel()
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
	cut := func(reason string) func(*peer) {
		return func(p *peer) {
			asked, _ := p.read()
			p.chunk(asked, "half")
			p.say(asked.kind, asked.id, 0, &GenerateResponse{FinishReason: reason,
				Answer: Answer{Model: "m", Device: "cpu"}})
			p.echo()
		}
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
		"finish_reason": {cut("deadline"), CodeTimedOut, time.Hour},
		"a status":      {refuse, CodeServerRefused, time.Hour},
		"the connection was lost after the limit": {lost, CodeConnectionClosed, 50 * time.Millisecond},
	} {
		for way, call := range ways {
			t.Run(name+", "+way, func(t *testing.T) {
				address, _ := listen(t, each.script)
				c := client(t, address, func(o *Options) { o.Attempts = 1 })
				ctx, cancel := context.WithTimeout(background, each.limit)
				defer cancel()
				answer, err := call(ctx, c)
				expectEnded(t, err, context.DeadlineExceeded)
				if expectCode(t, err, each.code); answer != nil {
					t.Error("half an answer was handed out")
				}
				if _, err := ping(c); err != nil && each.code != CodeConnectionClosed {
					t.Error(err)
				}
			})
		}
	}
	address, _ := listen(t, cut("deadline"))
	answer, err := client(t, address).Generate(background, prompt("x"))
	if err != nil || answer.FinishReason != "deadline" || answer.Text != "half" {
		t.Errorf("a limit of the server's own: %v, %v", answer, err)
	}
}

// The errors of other calls on a connection must not depend on the call whose context ended.
func TestAnErrorThatManyShareIsMarkedForTheOneWhoseContextEnded(t *testing.T) {
	address, _ := listen(t, func(p *peer) {
		p.read()
		p.read()
		time.Sleep(150 * time.Millisecond)
	})
	c := client(t, address, func(o *Options) { o.Attempts = 1 })
	other := make(chan error, 1)
	go func() {
		_, err := ping(c)
		other <- err
	}()
	ctx, cancel := context.WithTimeout(background, 50*time.Millisecond)
	defer cancel()
	_, err := c.Ping(ctx, PingRequest{})
	expectEnded(t, err, context.DeadlineExceeded)
	if err := <-other; errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call without a deadline: %v", err)
	}
}

// A stream that is neither read nor closed is given up with its context.
func TestADroppedStreamFreesItsPlaceWhenItsContextEnds(t *testing.T) {
	for _, end := range endings {
		for name, reads := range map[string]bool{"unread": false, "half-way": true} {
			t.Run(name+", "+end.name, func(t *testing.T) {
				address, _ := listenAs(t, onePlace, func(p *peer) {
					asked, _ := p.read()
					p.chunk(asked, "one")
					cancel, _ := p.read()
					p.finishCancelled(asked, cancel)
					p.echo()
				}, unexpected)
				c := client(t, address, noGrace)
				ctx, cancel := end.begin(500 * time.Millisecond)
				defer cancel()
				stream, err := c.GenerateStream(ctx, prompt("x"))
				if err != nil || reads && !stream.Next() {
					t.Fatal(err)
				}
				expectNext(t, c)
				for stream.Next() {
				}
				_, err = stream.Result()
				expectEnded(t, err, end.cause)
				if users := usersOf(c); users != 0 {
					t.Errorf("%d calls are counted on the connection", users)
				}
			})
		}
	}
}

// A complete stream, neither read nor closed, holds no place. After a deadline its answer can still
// be read.
func TestADroppedCompleteStreamIsNotCountedWhenItsContextEnds(t *testing.T) {
	for _, end := range endings {
		for name, reads := range map[string]bool{"unread": false, "half-way": true} {
			t.Run(name+", "+end.name, func(t *testing.T) {
				address, _ := listenAs(t, onePlace, func(p *peer) {
					asked, _ := p.read()
					p.chunk(asked, "one ")
					p.end(asked, "two")
					p.echo()
				}, unexpected)
				c := client(t, address, noGrace)
				ctx, cancel := end.begin(500 * time.Millisecond)
				defer cancel()
				stream, err := c.GenerateStream(ctx, prompt("x"))
				if err != nil || reads && !stream.Next() {
					t.Fatal(err)
				}
				expectNext(t, c) // the place is free, because the answer is complete
				if users := usersOf(c); users != 0 {
					t.Errorf("%d calls are counted when all are complete", users)
				}
				<-ctx.Done()
				time.Sleep(100 * time.Millisecond) // after the grace, the answer is still kept
				answer, err := stream.Result()
				if end.cause == context.Canceled {
					expectEnded(t, err, end.cause)
				} else if err != nil || answer.Text != "one two" {
					t.Errorf("found %v, %v", answer, err)
				}
				stream.Close()
				if users := usersOf(c); users != 0 {
					t.Errorf("%d calls are counted when all is over", users)
				}
			})
		}
	}
}

func usersOf(c *Client) int32 {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.slots[0].users.Load()
}

func TestClosingAStreamEndsANextThatWaits(t *testing.T) {
	address, _ := listenAs(t, onePlace, func(p *peer) {
		asked, _ := p.read()
		cancel, _ := p.read()
		p.finishCancelled(asked, cancel)
		p.echo()
	}, unexpected)
	c := client(t, address)
	stream, err := c.GenerateStream(background, prompt("x"))
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() { stream.Close() })
	_, err = stream.Result()
	expectCode(t, err, CodeGivenUp)
	expectNext(t, c)
}

func TestACallbackThatPanicsGivesTheAnswerUp(t *testing.T) {
	address, _ := listenAs(t, onePlace, func(p *peer) {
		asked, _ := p.read()
		p.say(asked.kind, asked.id, flagMore, &loadProgress{Layer: Layer{Layer: "file", Ok: true}})
		cancel, _ := p.read()
		p.finishCancelled(asked, cancel)
		p.echo()
	}, unexpected)
	c := client(t, address)
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
	listener, err := net.Listen("unix", socketPath(t))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	c := client(t, "unix://"+listener.Addr().String(), func(o *Options) {
		o.ConnectMilliseconds = 60_000
	})
	time.AfterFunc(50*time.Millisecond, func() { c.Close() })
	_, err = ping(c) // Hello is never answered
	expectCode(t, err, CodeConnectionClosed)
	socket, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	socket.SetReadDeadline(time.Now().Add(hangGuard))
	for buffer := make([]byte, 4096); err == nil; {
		_, err = socket.Read(buffer)
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("the connection is open: %v", err)
	}
}
