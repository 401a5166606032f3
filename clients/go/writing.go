// Requests on their way out: a place in flight, an id, and the bytes of one frame after another.
//
// Guarantees: a frame that was begun is finished, by whomever, or the connection ends: nothing is
// ever written behind half a frame. A caller whose context ends is not kept by a peer that takes
// nothing; what is left of the frame is then written behind the caller's back, and Cancel after it.
// A peer that takes nothing for writeStall is given up. A request of which not a byte was written
// gives its place back.

package assay

import (
	"context"
	"fmt"
	"math"
	"time"
)

const (
	// writeStall is how long the peer may take nothing before a connection is given up.
	writeStall = 10 * time.Second
	// writeStep bounds what is given to the system at once, bytes: the stall is looked at in between.
	writeStep = 64 * 1024
)

// begin sends a request. It waits for a place as long as the context allows. An error that is
// unwritten means that not a byte was sent.
func (c *connection) begin(ctx context.Context, e *exchange) (*call, *Error) {
	if e.revision > uint32(c.hello.Revision) {
		return nil, &Error{Code: CodeRevisionTooLow, Status: StatusUnimplemented,
			Message: fmt.Sprintf("sending %s: it needs revision %d of the protocol, the server speaks "+
				"revision %d", e.rule.name, e.revision, c.hello.Revision)}
	}
	if uint64(len(e.body)) > c.hello.BodySizeMax {
		return nil, &Error{Code: CodeRequestInvalid, Status: StatusInvalidArgument,
			Message: fmt.Sprintf("sending %s: its body has %d bytes, the server accepts %d", e.rule.name,
				len(e.body), c.hello.BodySizeMax)}
	}
	if failure := c.takePlace(ctx, e.rule.name); failure != nil {
		return nil, failure
	}
	target, failure := c.register(e.kind)
	if failure != nil {
		<-c.places
		return nil, failure
	}
	packed := pack(e.body, c.hello.Compression)
	if failure := c.send(ctx, e.rule.name, target, packed); failure != nil {
		return nil, failure
	}
	return target, nil
}

// takePlace waits for a place among the requests in flight.
func (c *connection) takePlace(ctx context.Context, kind string) *Error {
	select {
	case c.places <- struct{}{}:
		return nil
	default:
	}
	select {
	case c.places <- struct{}{}:
		return nil
	case <-c.gone:
		return c.leaving(kind)
	case <-ctx.Done():
		return contextError("waiting to send "+kind, ctx.Err())
	}
}

func (c *connection) leaving(kind string) *Error {
	failure := closedError("sending "+kind, nil)
	failure.unwritten = true
	return failure
}

func (c *connection) register(kind byte) (*call, *Error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.draining && kind != kindCancel || c.failure != nil {
		return nil, c.leaving("a request")
	}
	c.lastID++
	target := &call{connection: c, id: c.lastID, kind: kind, abandoned: kind == kindCancel,
		wake: make(chan struct{}, 1)}
	c.calls[target.id] = target
	return target, nil
}

// send writes a registered request, with one system call where the socket takes it.
func (c *connection) send(ctx context.Context, kind string, target *call, body outgoing) *Error {
	select {
	case c.writing <- struct{}{}:
	default:
		select {
		case c.writing <- struct{}{}:
		case <-ctx.Done():
			c.forget(target)
			return contextError("sending "+kind, ctx.Err())
		}
	}
	milliseconds, ended := headerDeadline(ctx)
	if ended != nil {
		<-c.writing
		c.forget(target)
		return contextError("sending "+kind, ended)
	}
	bytes := body.frame(target.kind, target.id, milliseconds)
	count, whole := c.writeSome(bytes)
	if whole {
		return nil
	}
	written := make(chan *Error, 1)
	go func() { written <- c.writeRest(kind, bytes, count) }()
	select {
	case failure := <-written:
		return failure
	case <-ctx.Done():
		target.abandon()
		return contextError("sending "+kind, ctx.Err())
	}
}

// headerDeadline is the time left of a context's deadline, in milliseconds, or 0 without one. The
// error is that of a context that has ended, or is about to.
func headerDeadline(ctx context.Context) (uint32, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0, nil
	}
	left := time.Until(deadline)
	if left <= 0 {
		return 0, context.DeadlineExceeded
	}
	return uint32(math.Min(math.Ceil(float64(left)/1e6), math.MaxUint32)), nil
}

// writeSome writes what the socket takes without waiting. It releases c.writing, which the caller
// holds, when that was everything.
func (c *connection) writeSome(bytes []byte) (written int, whole bool) {
	c.postponeStall()
	if written = writeNow(c.socket, bytes); written < len(bytes) {
		return written, false
	}
	<-c.writing
	return written, true
}

// writeRest writes what follows the first bytes of a frame, however long it takes, and releases
// c.writing, which the caller holds.
func (c *connection) writeRest(kind string, bytes []byte, written int) *Error {
	defer func() { <-c.writing }()
	for written < len(bytes) {
		c.postponeStall()
		end := written + writeStep
		if end > len(bytes) {
			end = len(bytes)
		}
		count, err := c.socket.Write(bytes[written:end])
		if written += count; err != nil {
			failure := closedError("sending "+kind, err)
			failure.unwritten = written == 0
			c.fail(closedError("sending "+kind, err))
			return failure
		}
	}
	return nil
}

// postponeStall gives the peer its time anew; c.writing is held.
func (c *connection) postponeStall() {
	if now := time.Now(); now.Add(writeStall / 2).After(c.stall) {
		c.stall = now.Add(writeStall)
		c.socket.SetWriteDeadline(c.stall)
	}
}

// forget takes back a request of which nothing was written.
func (c *connection) forget(target *call) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, ok := c.calls[target.id]; ok {
		delete(c.calls, target.id)
		<-c.places
	}
}
