// Package assay is a client of the Assay wire protocol (Protocol/SPEC.md): language models over a
// Unix socket or TCP, many requests at once on one connection.
//
// Answers of mocks are refused unless Options.AllowMock is set: requests demand a real model, and
// the provenance of every frame is checked. Every call takes a context. The server receives the
// context's deadline and ends the answer itself, for which the client waits GraceMilliseconds
// longer. Cancelling the context gives the answer up at once and stops the server. An answer that
// was cut short because the context ended is an error, in which errors.Is finds the context's
// error.
//
// A Client may be used by any number of goroutines. Every error is an *Error.
package assay

import (
	"context"
	"math"
	"net"
	"strconv"
	"strings"
	"sync"
)

// socketPathMax is the longest path of a Unix socket, bytes.
const socketPathMax = 107

// Client is a pool of connections to one server. A connection is opened when a request needs it,
// once for all waiting requests, and replaced when lost.
type Client struct {
	network, address string
	options          Options

	life context.Context // ends with Close
	end  context.CancelFunc

	mutex sync.Mutex
	slots []*connection // connections that take new calls, nil for a free slot
}

// NewClient makes a client of the server at tcp://HOST:PORT or unix:///PATH. Each function in
// options may change the Options. NewClient uses no network: the first call connects. Errors:
// CodeAddressInvalid, and CodeRequestInvalid for options out of range and for a token file without
// a token.
func NewClient(address string, options ...func(*Options)) (*Client, error) {
	c := &Client{options: defaultOptions}
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
	c.slots = make([]*connection, c.options.Connections)
	c.life, c.end = context.WithCancel(context.Background())
	return c, nil
}

// Close closes all connections. The server cancels the requests in flight, which fail with
// CodeConnectionClosed, like all later calls. Close may be repeated.
func (c *Client) Close() error {
	c.end()
	return nil
}

// parseAddress splits a URL, or one without its scheme, without using the network.
func parseAddress(text string) (network, address string, failure *Error) {
	rest, path := strings.TrimPrefix(text, "tcp://"), strings.TrimPrefix(text, "unix://")
	host, port, err := net.SplitHostPort(rest)
	number, wrong := strconv.ParseUint(port, 10, 16)
	switch {
	case strings.HasPrefix(path, "/") && len(path) <= socketPathMax:
		return "unix", path, nil
	case err == nil && wrong == nil && number > 0 && host != "" && !strings.ContainsAny(host, "/@"):
		return "tcp", rest, nil
	}
	return "", "", failed(CodeAddressInvalid, nil,
		"reading the server address: found %q, allowed: tcp://HOST:PORT with a port from 1 to 65535, "+
			"or unix:///PATH with an absolute path of at most 107 bytes", text)
}

// choose reserves the connection with the fewest requests for one more request. An idle open
// connection is best, then a new connection, then a shared connection. A leaving connection keeps
// its requests and gets no new requests. The connection of a closed client does not connect.
func (c *Client) choose() *connection {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	best, least := 0, int32(math.MaxInt32)
	for index, each := range c.slots {
		load := int32(2)
		if each != nil && each.leaving.Load() {
			c.slots[index] = nil
		} else if each != nil {
			if load = 4 * each.users.Load(); !each.open.Load() {
				load++
			}
		}
		if load < least {
			best, least = index, load
		}
	}
	if c.slots[best] == nil {
		life, end := context.WithCancel(c.life)
		c.slots[best] = &connection{options: &c.options, end: end, calls: map[uint64]*call{}}
		go c.slots[best].run(life, c.network, c.address)
	}
	c.slots[best].users.Add(1)
	return c.slots[best]
}

// Ptr returns a pointer to a copy of value, for members that tell "not given" from a zero.
func Ptr[T any](value T) *T { return &value }

// ask waits for the whole answer to a request. onChunk, which may be nil, receives each chunk on
// arrival, on the calling goroutine. After the first chunk the request is not sent again.
func ask[Chunk, Whole any](
	e *exchange, fresh func() *answer[Chunk, Whole], onChunk func(*Chunk),
) (*Whole, error) {
	var made *answer[Chunk, Whole]
	e.handsOut = onChunk != nil
	e.begin = func() {
		made = fresh()
		made.onChunk, e.take = onChunk, made.take
	}
	failure := e.run()
	if failure == nil {
		failure = e.cutShort(&made.whole)
	}
	if failure != nil {
		return nil, failure
	}
	return &made.whole, nil
}
