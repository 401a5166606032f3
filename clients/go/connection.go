// One connection: requests in flight, and the goroutine that sorts what arrives.
//
// Guarantees: a frame is kept only when it answers a request in flight, with that request's kind
// and with the provenance and generation of its earlier frames (Load excepted, whose progress comes
// before its model); anything else ends the connection and everything in flight on it. Never more
// requests in flight than the server said in Hello; Cancel is not counted, as the server does not.
// Frames of a request the caller gave up are dropped until its last one.
// Not here: writing (writing.go), Hello (hello.go), what the bodies say (answers.go), other
// attempts (retry.go).

package assay

import (
	"fmt"
	"io"
	"net"
	"reflect"
	"sync"
	"time"
)

const (
	// silenceMax is how long a connection may be silent before a time-out ends it.
	silenceMax = 10 * time.Second
	// freshness is how lately something must have been read for that to be all there is.
	freshness = 100 * time.Microsecond
)

type connection struct {
	socket  net.Conn
	reader  frameReader
	hello   helloResponse
	places  chan struct{} // one element for each request in flight
	writing chan struct{} // holds an element while a frame is written
	users   int           // calls on this connection; guarded by the Client's lock

	mutex    sync.Mutex
	calls    map[uint64]*call
	lastID   uint64
	failure  *Error        // why it is closed
	draining bool          // takes no new requests
	gone     chan struct{} // closed with the first of the two
	settled  chan struct{} // closed when all that had arrived is sorted; nil: nobody asks
	lastRead time.Time
	stall    time.Time // until when writing may stall
}

// ---------------------------------------------------------------- reading

func (c *connection) read() {
	const doing = "reading the server's answers"
	for {
		next, err := c.reader.next()
		if err != nil {
			c.fail(c.readingError(doing, err, 0))
			return
		}
		if failure := c.file(next); failure != nil {
			c.fail(failure)
			return
		}
	}
}

// file hands a frame to the call it is for.
func (c *connection) file(f *frame) *Error {
	const doing = "sorting the server's answers"
	if f.kind == kindGoAway|responseBit {
		return c.goAway(f)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.lastRead = time.Now()
	target, ok := c.calls[f.requestID]
	switch {
	case !ok:
		return protocolError(doing, fmt.Sprintf("found request id %d, allowed: one of the %d in flight",
			f.requestID, len(c.calls)))
	case f.kind != target.kind|responseBit:
		return protocolError(doing, fmt.Sprintf("found kind 0x%02x, allowed: 0x%02x", f.kind,
			target.kind|responseBit))
	case target.first == nil:
		target.first = f
	case target.kind != kindLoad && (f.provenance != target.first.provenance ||
		f.generation != target.first.generation):
		return protocolError(doing, "provenance or generation changed within an answer")
	}
	if !target.abandoned {
		target.frames = append(target.frames, f)
		target.rouse()
	}
	if f.isLast() {
		target.complete = true
		delete(c.calls, f.requestID)
		if target.kind != kindCancel {
			<-c.places
		}
		if c.draining && len(c.calls) == 0 {
			c.socket.Close() // the reader ends the rest
		}
	}
	return nil
}

func (c *connection) goAway(f *frame) *Error {
	const doing = "reading the server's GoAway"
	if f.flags&^flagCompressed != 0 || f.provenance != Real {
		return protocolError(doing, "found flags or a provenance that GoAway cannot have")
	}
	if f.status != 0 {
		return failedError(doing, CodeProtocolError, f)
	}
	var body goAway
	if wrong := decode(goAwayTable, f.body, reflect.ValueOf(&body).Elem()); wrong != nil {
		return protocolError(doing, wrong.Error())
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.drain()
	if len(c.calls) == 0 {
		c.socket.Close()
	}
	return nil
}

// drain marks a connection as taking no new requests; the mutex is held.
func (c *connection) drain() {
	if !c.draining {
		c.draining = true
		close(c.gone)
	}
}

// fail ends the connection and everything in flight on it. Only the first reason counts.
func (c *connection) fail(failure *Error) {
	c.socket.Close()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.failure != nil {
		return
	}
	c.failure = failure
	c.drain()
	for _, each := range c.calls {
		each.failure = failure
		each.rouse()
	}
	c.calls = map[uint64]*call{}
}

// Read is the socket's, for the frame reader: when it is called, all that was read before is
// sorted.
func (c *connection) Read(bytes []byte) (int, error) {
	c.mutex.Lock()
	if c.settled != nil {
		close(c.settled)
		c.settled = nil
	}
	c.mutex.Unlock()
	return c.socket.Read(bytes)
}

// usable says whether a new request may be written. What has arrived is looked at first: on an idle
// connection it can only be a farewell, or damage; on a busy one it is sorted first.
func (c *connection) usable(retrySafe bool) bool {
	c.mutex.Lock()
	fresh, leaving := retrySafe && time.Since(c.lastRead) < freshness, c.draining
	c.mutex.Unlock()
	if leaving || fresh || !hasInput(c.socket) {
		return !leaving
	}
	c.mutex.Lock()
	if len(c.calls) == 0 {
		c.drain()
	}
	if c.draining {
		c.mutex.Unlock()
		return false
	}
	if c.settled == nil {
		c.settled = make(chan struct{})
	}
	settled := c.settled
	c.mutex.Unlock()
	select {
	case <-settled:
	case <-c.gone:
	}
	return !c.isLeaving()
}

func (c *connection) isLeaving() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.draining
}

// endIfSilent closes a connection on which a time-out was not the first sign of death.
func (c *connection) endIfSilent() {
	c.mutex.Lock()
	silent := time.Since(c.lastRead) > silenceMax
	c.mutex.Unlock()
	if silent {
		c.fail(closedError("waiting for an answer on a silent connection", io.ErrNoProgress))
	}
}
