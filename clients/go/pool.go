// The connections of a Client: opened when a call needs one, replaced when they are lost.
//
// Guarantees: a call gets the connection with the fewest calls on it, an open one before a new one;
// what has arrived on it is looked at before it is used; however many calls wait, one connection is
// opened once. A connection that drains keeps its calls and gets no new ones.

package assay

import (
	"math"
	"net"
	"strconv"
	"strings"
)

// socketPathMax is what a Unix socket's address has room for, bytes.
const socketPathMax = 107

// choose reserves a connection, which is open or will be, for one call; nil when the client is closed. A connection that is being opened counts a little more
// than an open one; opening another is better than to share one.
func (c *Client) choose() *connection {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.life.Err() != nil {
		return nil
	}
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
		c.slots[best] = c.connect()
	}
	c.slots[best].users.Add(1)
	return c.slots[best]
}

// parseAddress takes a URL apart without touching the network.
func parseAddress(text string) (network, address string, failure *Error) {
	scheme, rest, _ := strings.Cut(text, "://")
	host, port, err := net.SplitHostPort(rest)
	number, wrong := strconv.ParseUint(port, 10, 16)
	allowed := ""
	switch {
	case scheme == "unix":
		if !strings.HasPrefix(rest, "/") || len(rest) > socketPathMax {
			allowed = "an absolute path of at most 107 bytes after unix://"
		}
	case scheme != "tcp":
		allowed = "tcp://HOST:PORT or unix:///PATH"
	case err != nil || wrong != nil || number == 0:
		allowed = "a port from 1 to 65535 after the last colon"
	case host == "" || strings.ContainsAny(host, "/@"):
		allowed = "a host between tcp:// and the port"
	}
	if allowed != "" {
		return "", "", failed(CodeAddressInvalid, nil,
			"reading the server address: found %q, allowed: %s", text, allowed)
	}
	return scheme, rest, nil
}
