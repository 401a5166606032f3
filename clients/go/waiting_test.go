// Tests of waiting for a server that is not up yet, or still loads its model.

package assay

import (
	"testing"
	"time"
)

func waiting(milliseconds uint64) func(*Options) {
	return func(o *Options) {
		o.WaitMilliseconds, o.Attempts, o.GraceMilliseconds = milliseconds, 1, 20
	}
}

func (p *peer) refuseLoading(asked *frame, retryAfter *uint64) {
	said := errorBody{Code: modelLoading, RetryAfterMilliseconds: retryAfter}
	p.refuseWith(asked, StatusUnavailable, said)
}

// freePort returns an address on which no server listens.
func freePort(t *testing.T) string {
	listener := listener(t, "tcp", "127.0.0.1:0")
	defer listener.Close()
	return listener.Addr().String()
}

func TestAServerThatComesLaterIsWaitedFor(t *testing.T) {
	for network, where := range map[string]string{"unix": socketPath(t), "tcp": freePort(t)} {
		c := client(t, network+"://"+where, waiting(60_000))
		pinged := begin(func() error { return ping(c) })
		unloaded := begin(func() error { return unload(c) }) // a kind that is never sent twice
		time.Sleep(300 * time.Millisecond)
		listen(t, network, where, onePlace, func(p *peer) {
			p.each(func(asked *frame) {
				if asked.kind == kindPing {
					p.repeat(asked)
				} else {
					p.say(asked, 0, &UnloadResponse{})
				}
			})
		})
		expectFine(t, <-pinged)
		expectFine(t, <-unloaded)
	}
}

func TestAModelThatLoadsIsWaitedFor(t *testing.T) {
	c, _ := serve(t, fourPlaces, func(p *peer) {
		for try := 0; try < 5; try++ {
			asked, _ := p.read()
			p.refuseLoading(asked, Ptr(uint64(10)))
		}
		asked, _ := p.read()
		p.refuseLoading(asked, nil)
		p.echo()
	})
	waiting(60_000)(&c.options)
	expectFine(t, ping(c))
}

func TestNothingElseIsWaitedFor(t *testing.T) {
	c, finished := serve(t, fourPlaces, func(p *peer) {
		asked, _ := p.read()
		p.refuse(asked, StatusUnavailable, 1)
	}, func(p *peer) {})
	waiting(60_000)(&c.options)
	if failure := expectCode(t, ping(c), CodeServerRefused); failure.ServerCode != "busy" {
		t.Error(failure)
	}
	<-finished
	expectCode(t, ping(c), CodeConnectionClosed)
}

func TestAfterTheWaitTheErrorIsTheServersOrUnreachable(t *testing.T) {
	c, _ := serve(t, fourPlaces, func(p *peer) {
		p.each(func(asked *frame) { p.refuseLoading(asked, Ptr(uint64(10))) })
	})
	waiting(100)(&c.options)
	if failure := expectCode(t, ping(c), CodeServerRefused); failure.ServerCode != modelLoading {
		t.Error(failure)
	}
	for _, address := range []string{"unix://" + socketPath(t), "tcp://" + freePort(t)} {
		for _, milliseconds := range []uint64{0, 100} {
			expectCode(t, ping(client(t, address, waiting(milliseconds))), CodeUnreachable)
		}
	}
}

func TestAWaitEndsWithTheContextAndWithTheClient(t *testing.T) {
	address := "unix://" + socketPath(t)
	for _, cause := range endings {
		for _, call := range ways {
			c := client(t, address, waiting(3_600_000))
			expectEnded(t, errorOf(call(ending(t, cause, soon), c)), cause)
		}
	}
	c := client(t, address, waiting(3_600_000))
	time.AfterFunc(50*time.Millisecond, func() { c.Close() })
	if ping(c) == nil {
		t.Error("an answer of nobody")
	}
}

func TestClosingTheClientEndsAPause(t *testing.T) {
	c, _ := serve(t, fourPlaces, func(p *peer) {
		asked, _ := p.read()
		p.refuse(asked, StatusUnavailable, 3_600_000)
		p.drain()
	})
	time.AfterFunc(100*time.Millisecond, func() { c.Close() })
	expectCode(t, ping(c), CodeConnectionClosed)
}

func TestARetryAfterBeyondTheDeadlineIsNotWaitedFor(t *testing.T) {
	c, _ := serve(t, fourPlaces, func(p *peer) {
		asked, _ := p.read()
		p.refuseLoading(asked, Ptr(uint64(3_600_000)))
		p.drain()
	})
	waiting(7_200_000)(&c.options)
	expectCode(t, errorOf(c.Ping(within(t, time.Minute), PingRequest{})), CodeServerRefused)
}

func TestWaitingForNothingIsNoBusyLoop(t *testing.T) {
	c := client(t, "unix://"+socketPath(t), noBackoff, waiting(200))
	e := c.exchange(background, kindPing, &PingRequest{})
	e.begin = func() {}
	if expectCode(t, e.run(), CodeUnreachable); e.waited < 2 || e.waited > 41 {
		t.Errorf("%d tries in 200 ms", e.waited)
	}
}
