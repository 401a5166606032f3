// Tests of waiting for a server that is not up yet, or still loads its model.

package assay

import (
	"context"
	"net"
	"testing"
	"time"
)

func waiting(milliseconds uint64) func(*Options) {
	return func(o *Options) {
		o.WaitMilliseconds, o.Attempts, o.GraceMilliseconds = milliseconds, 1, 20
	}
}

func (p *peer) refuseLoading(asked received, retryAfter *uint64) {
	body, _, _ := encode(&errorBody{Code: modelLoading,
		Message: "loading", RetryAfterMilliseconds: retryAfter}, nil)
	p.write(asked.kind, asked.id, 0, Real, uint32(StatusUnavailable), body)
}

// freePort returns an address on which no server listens.
func freePort(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestAServerThatComesLaterIsWaitedFor(t *testing.T) {
	for network, where := range map[string]string{"unix": socketPath(t), "tcp": freePort(t)} {
		c := client(t, network+"://"+where, waiting(60_000))
		unloaded, pinged := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := ping(c)
			pinged <- err
		}()
		go func() { // a kind that is never sent twice
			_, err := c.Unload(background, UnloadRequest{Name: "m"})
			unloaded <- err
		}()
		time.Sleep(300 * time.Millisecond)
		listenOn(t, network, where, onePlace, func(p *peer) {
			for asked, ok := p.read(); ok; asked, ok = p.read() {
				if asked.kind == kindPing {
					p.repeat(asked)
				} else {
					p.say(asked.kind, asked.id, 0, &UnloadResponse{})
				}
			}
		})
		if err := <-pinged; err != nil {
			t.Errorf("%s: %v", network, err)
		}
		if err := <-unloaded; err != nil {
			t.Errorf("%s: %v", network, err)
		}
	}
}

func TestAModelThatLoadsIsWaitedFor(t *testing.T) {
	pause := Ptr(uint64(10))
	address, _ := listen(t, func(p *peer) {
		for try := 0; try < 5; try++ {
			asked, _ := p.read()
			p.refuseLoading(asked, pause)
		}
		asked, _ := p.read()
		p.refuseLoading(asked, nil)
		p.echo()
	})
	if _, err := ping(client(t, address, waiting(60_000))); err != nil {
		t.Error(err)
	}
}

func TestNothingElseIsWaitedFor(t *testing.T) {
	address, finished := listen(t, func(p *peer) {
		asked, _ := p.read()
		p.refuse(asked, StatusUnavailable, 1)
	}, func(p *peer) {})
	c := client(t, address, waiting(60_000))
	_, err := ping(c)
	if failure := expectCode(t, err, CodeServerRefused); failure.ServerCode != "busy" {
		t.Error(failure)
	}
	<-finished
	_, err = ping(c)
	expectCode(t, err, CodeConnectionClosed)
}

func TestAfterTheWaitTheErrorIsTheServersOrUnreachable(t *testing.T) {
	address, _ := listen(t, func(p *peer) {
		for asked, ok := p.read(); ok; asked, ok = p.read() {
			p.refuseLoading(asked, Ptr(uint64(10)))
		}
	})
	_, err := ping(client(t, address, waiting(100)))
	if failure := expectCode(t, err, CodeServerRefused); failure.ServerCode != modelLoading {
		t.Error(failure)
	}
	for _, address := range []string{"unix://" + socketPath(t), "tcp://" + freePort(t)} {
		for _, milliseconds := range []uint64{0, 100} {
			_, err := ping(client(t, address, waiting(milliseconds)))
			expectCode(t, err, CodeUnreachable)
		}
	}
}

func TestAWaitEndsWithTheContextAndWithTheClient(t *testing.T) {
	address := "unix://" + socketPath(t)
	for _, end := range endings {
		for way, call := range ways {
			ctx, cancel := end.begin(soon)
			_, err := call(ctx, client(t, address, waiting(3_600_000)))
			if expectEnded(t, err, end.cause); err == nil {
				t.Error(way)
			}
			cancel()
		}
	}
	c := client(t, address, waiting(3_600_000))
	time.AfterFunc(50*time.Millisecond, func() { c.Close() })
	if _, err := ping(c); err == nil {
		t.Error("an answer of nobody")
	}
}

func TestClosingTheClientEndsAPause(t *testing.T) {
	address, _ := listen(t, func(p *peer) {
		asked, _ := p.read()
		p.refuse(asked, StatusUnavailable, 3_600_000)
		p.drain()
	})
	c := client(t, address)
	time.AfterFunc(100*time.Millisecond, func() { c.Close() })
	_, err := ping(c)
	expectCode(t, err, CodeConnectionClosed)
}

func TestARetryAfterBeyondTheDeadlineIsNotWaitedFor(t *testing.T) {
	address, _ := listen(t, func(p *peer) {
		asked, _ := p.read()
		p.refuseLoading(asked, Ptr(uint64(3_600_000)))
		p.drain()
	})
	ctx, cancel := context.WithTimeout(background, time.Minute)
	defer cancel()
	_, err := client(t, address, waiting(7_200_000)).Ping(ctx, PingRequest{})
	expectCode(t, err, CodeServerRefused)
}

func TestWaitingForNothingIsNoBusyLoop(t *testing.T) {
	c := client(t, "unix://"+socketPath(t), waiting(200), func(o *Options) {
		o.BackoffMilliseconds, o.BackoffMaxMilliseconds = 0, 0
	})
	e := c.exchange(background, kindPing, &PingRequest{})
	e.begin = func() {}
	if expectCode(t, e.run(), CodeUnreachable); e.waited < 2 || e.waited > 41 {
		t.Errorf("%d tries in 200 ms", e.waited)
	}
}
