// The connections of a Client: opened when a call needs one, replaced when they are lost.
//
// Guarantees: a call gets the connection with the fewest calls on it, an open one before a new one;
// what has arrived on it is looked at before it is used; however many calls wait, one connection is
// opened once. A connection that drains keeps its calls and gets no new ones.

package assay

import (
	"context"
	"net"
	"strconv"
	"strings"
)

// socketPathMax is what a Unix socket's address has room for, bytes.
const socketPathMax = 107

// slot is a place of the pool: a connection, or one that is being opened, or nothing.
type slot struct {
	connection *connection
	opening    chan struct{} // closed when opening has ended
	waiting    int
	failure    *Error // of the last opening
}

// load is the number of calls, a new connection's being a little more than an open one's.
func (s *slot) load() int {
	switch {
	case s.connection != nil:
		return 4 * s.connection.users
	case s.opening != nil:
		return 4*s.waiting + 1
	}
	return 2
}

// pick reserves a connection for one call; release ends that.
func (c *Client) pick(ctx context.Context, rule kindRule) (*connection, *Error) {
	for {
		if ctx.Err() != nil {
			return nil, contextError("sending "+rule.name, ctx.Err())
		}
		chosen, place, opening := c.choose()
		if chosen != nil && chosen.usable(rule.retrySafe) {
			return chosen, nil
		}
		if chosen != nil {
			c.release(chosen)
			continue
		}
		if opening == nil {
			return nil, closedError("sending "+rule.name+" with a closed client", nil)
		}
		select {
		case <-opening:
		case <-ctx.Done():
		case <-c.life.Done():
		}
		c.mutex.Lock()
		place.waiting--
		failure, closed := place.failure, c.closed
		c.mutex.Unlock()
		if ctx.Err() == nil && failure != nil && !closed {
			return nil, failure
		}
	}
}

// choose is one look at the pool: a connection, or the place where one is being opened and what is
// closed when that has ended. Neither, when the client is closed.
func (c *Client) choose() (*connection, *slot, chan struct{}) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.closed {
		return nil, nil, nil
	}
	best := &c.slots[0]
	for index := range c.slots {
		each := &c.slots[index]
		if each.connection != nil && each.connection.isLeaving() {
			each.connection = nil
		}
		if each.load() < best.load() {
			best = each
		}
	}
	if best.connection != nil {
		best.connection.users++
		return best.connection, nil, nil
	}
	if best.opening == nil {
		best.opening, best.failure = make(chan struct{}), nil
		go c.open(best)
	}
	best.waiting++
	return nil, best, best.opening
}

func (c *Client) open(place *slot) {
	opened, failure := connect(c.life, c.network, c.address, &c.options)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	place.connection, place.failure = opened, failure
	close(place.opening)
	place.opening = nil
	if opened != nil {
		if c.closed {
			opened.fail(closedError("opening a connection for a closed client", nil))
		}
		c.opened = append(c.live(), opened)
	}
}

// live drops the connections that have ended; the lock is held.
func (c *Client) live() []*connection {
	var live []*connection
	for _, each := range c.opened {
		each.mutex.Lock()
		if each.failure == nil {
			live = append(live, each)
		}
		each.mutex.Unlock()
	}
	return live
}

func (c *Client) release(connection *connection) {
	if connection != nil {
		c.mutex.Lock()
		connection.users--
		c.mutex.Unlock()
	}
}

func (c *Client) isClosed() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.closed
}

// parseAddress takes a URL apart without touching the network.
func parseAddress(text string) (network, address string, failure *Error) {
	invalid := func(allowed string) (string, string, *Error) {
		return "", "", &Error{Code: CodeAddressInvalid, Status: StatusInvalidArgument,
			Message: "reading the server address: found " + strconv.Quote(text) + ", allowed: " + allowed}
	}
	if path := strings.TrimPrefix(text, "unix://"); path != text {
		if !strings.HasPrefix(path, "/") || len(path) > socketPathMax {
			return invalid("an absolute path of at most 107 bytes after unix://")
		}
		return "unix", path, nil
	}
	rest := strings.TrimPrefix(text, "tcp://")
	if rest == text {
		return invalid("tcp://HOST:PORT or unix:///PATH")
	}
	host, port, err := net.SplitHostPort(rest)
	number, errNumber := strconv.ParseUint(port, 10, 16)
	if err != nil || errNumber != nil || number == 0 {
		return invalid("a port from 1 to 65535 after the last colon")
	}
	if host == "" || strings.ContainsAny(host, "/@") {
		return invalid("a host between tcp:// and the port")
	}
	return "tcp", rest, nil
}
