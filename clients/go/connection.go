// One connection: Hello, requests in flight, and the goroutine that sorts what arrives.
//
// Guarantees, of what arrives: a frame is kept only when it answers a request in flight, with that
// request's kind and with the provenance and generation of its earlier frames (Load excepted, whose
// progress comes before its model); anything else ends the connection and everything in flight on
// it. Frames of a request that was given up are dropped until its last one; of an answer of more
// than AnswerSizeMax bytes nothing is kept.
// Of what is sent: never more requests in flight than the server said in Hello; Cancel is not
// counted, as the server does not. A frame that was begun is finished, by whomever, or the
// connection ends: nothing is ever written behind half a frame. A caller whose context ends is not
// kept by a peer that takes nothing; what is left of the frame is then written behind the caller's
// back, and Cancel after it. A peer that takes nothing for writeStall is given up.
//
//
// What waits is written by whoever made room for it: a caller that comes, the goroutine that read
// a last frame, the one that wrote the rest of a frame. One mutex guards all of that; frames of
// answers go to their caller through a channel of the call.
// Not here: what the bodies say (answers.go), other attempts (exchange.go).

package assay

import (
	"bufio"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// cancelMax is how long the answer to a Cancel may take, which comes at once, whatever the server
	// does: a connection without one is dead.
	cancelMax = 10 * time.Second
	// framesAhead is how many frames of an answer may have arrived and not been taken.
	framesAhead = 8
	// freshness is how lately something must have been read for that to be all there is.
	freshness = 100 * time.Microsecond
	// writeStall is how long the peer may take nothing before a connection is given up.
	writeStall = 10 * time.Second
	// writeStep bounds what is given to the system at once, bytes: the stall is looked at in between.
	writeStep = 64 * 1024
	// keepAliveIdle is how long a TCP connection may be silent before it is probed.
	keepAliveIdle = 30 * time.Second
	// keepAliveInterval is the time between two probes, seconds.
	keepAliveInterval = 10
	// keepAliveProbes without an answer are the connection's end.
	keepAliveProbes = 3
)

type connection struct {
	options *Options
	users   atomic.Int32       // requests that wait or are in flight
	open    atomic.Bool        // Hello is over
	leaving atomic.Bool        // it takes no new requests
	end     context.CancelFunc // closes the socket, which the reading goroutine sees
	socket  net.Conn
	reader  frameReader
	hello   helloResponse

	mutex    sync.Mutex
	waiting  []*call          // for their turn
	cancels  []uint64         // ids of requests that the server is still to be told to stop
	calls    map[uint64]*call // sent and not complete
	inFlight uint64           // of them those that are no Cancel
	lastID   uint64
	writing  bool // a frame is half written; writeRest sees to the rest
	unsorted bool // something has arrived that must be looked at before anything is sent
	lastRead time.Time
	failure  *Error // why it is over
}

// run opens the connection and sorts what arrives until it ends.
func (c *connection) run(life context.Context, network, address string) {
	failure := c.greet(life, network, address)
	for failure == nil {
		next, err := c.reader.next()
		if err != nil {
			failure = c.readingError(err)
		} else {
			failure = c.file(next)
		}
	}
	c.fail(failure)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, each := range c.calls {
		if !each.abandoned {
			close(each.frames)
		}
	}
}

// readingError tells damage from silence, which only Hello has a limit for, and from the end.
func (c *connection) readingError(err error) *Error {
	const doing = "reading the server's answers"
	if wrong, ok := err.(damage); ok {
		return protocolError(doing, "%v", wrong)
	}
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() && !c.open.Load() {
		return silenceError("saying Hello", c.options.ConnectMilliseconds)
	}
	return closedError(doing, err)
}

// ---------------------------------------------------------------- Hello

// greet connects and says Hello. Each of the two has the time of ConnectMilliseconds.
func (c *connection) greet(life context.Context, network, address string) *Error {
	limit := milliseconds(c.options.ConnectMilliseconds)
	dialer := net.Dialer{Timeout: limit, KeepAlive: keepAliveIdle} // TCP comes without delay
	socket, err := dialer.DialContext(life, network, address)
	if err != nil {
		return failed(CodeUnreachable, err, "connecting to %s://%s: %v", network, address, err)
	}
	go func() {
		<-life.Done()
		socket.Close()
	}()
	probe(socket)
	socket.SetReadDeadline(time.Now().Add(limit))
	c.socket = socket
	c.reader = frameReader{source: bufio.NewReaderSize(c, 64*1024),
		bodyLimit: frameSizeMaxBeforeHello - headerSize}
	body, _, _ := encode(&helloRequest{Client: c.options.Name, Revision: protocolRevision,
		Compression: c.options.Compression, BodySizeMax: c.options.BodySizeMax}, nil)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.write(&call{connection: c, kind: kindHello, abandoned: true}, 0, body)
	return nil
}

// agree reads the answer to Hello.
func (c *connection) agree(doing string, f *frame) *Error {
	if failure := readPlain(doing, f, CodeServerRefused, &c.hello); failure != nil {
		return failure
	}
	if c.hello.Revision > protocolRevision || c.hello.Compression && !c.options.Compression {
		return protocolError(doing, "the server agrees to what was not offered")
	}
	c.socket.SetReadDeadline(time.Time{})
	c.reader.bodyLimit = uint32(c.options.BodySizeMax)
	c.reader.decompresses = c.hello.Compression
	c.open.Store(true) // what waits is sent as soon as more is to be read
	return nil
}

// readPlain reads a frame about the connection itself, which has no more frames behind it and is
// never a mock's. One with a status is an error of that code.
func readPlain(doing string, f *frame, refused Code, into body) *Error {
	if f.flags&^flagCompressed != 0 || f.provenance != Real {
		return protocolError(doing, "found flags 0x%02x and provenance %d, allowed: none, and 1", f.flags,
			f.provenance)
	}
	if f.status != 0 {
		return refusedError(doing, refused, f)
	}
	if wrong := decode(f.body, into); wrong != nil {
		return protocolError(doing, "%v", wrong)
	}
	return nil
}

// ---------------------------------------------------------------- reading

// file hands a frame to the call it is for. It waits for a caller that is framesAhead behind, as
// one of Load can be, whose function sees each layer; all others read as fast as they can.
func (c *connection) file(f *frame) *Error {
	target, failure := c.sort("sorting the server's answers", f)
	if target != nil {
		target.frames <- f
	}
	return failure
}

// sort finds the call that a frame is for; nil when nobody waits for it.
func (c *connection) sort(doing string, f *frame) (*call, *Error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.lastRead = time.Now()
	target, ok := c.calls[f.requestID]
	switch {
	case f.kind == kindGoAway|responseBit:
		failure := readPlain(doing, f, CodeProtocolError, &goAway{})
		if failure == nil {
			c.leave()
		}
		return nil, failure
	case !ok:
		return nil, protocolError(doing, "found request id %d, allowed: one of the %d in flight",
			f.requestID, len(c.calls))
	case f.kind != target.kind|responseBit:
		return nil, protocolError(doing, "found kind 0x%02x, allowed: 0x%02x", f.kind,
			target.kind|responseBit)
	case target.kind == kindHello:
		delete(c.calls, target.id)
		return nil, c.agree(doing, f)
	case target.first.kind == 0:
		target.first = f.header
	case target.kind != kindLoad && (f.provenance != target.first.provenance ||
		f.generation != target.first.generation):
		return nil, protocolError(doing, "provenance or generation changed within an answer")
	}
	if f.isLast() {
		delete(c.calls, target.id)
		if target.kind == kindCancel {
			c.socket.SetReadDeadline(time.Time{})
		} else {
			c.users.Add(-1)
			c.inFlight--
		}
		c.pass()
	}
	if target.abandoned {
		return nil, nil
	}
	return target, nil
}

// leave has the connection take no new requests; those that wait are no longer its own. One that
// chose it when it was open goes elsewhere. The mutex is held.
func (c *connection) leave() {
	c.leaving.Store(true)
	why := c.failure
	if why == nil || c.open.Load() {
		why = closedError("sending to a server that leaves", nil)
	}
	for _, each := range c.waiting {
		if each.unsent = why; each.wasOpen {
			each.unsent = elsewhere
		}
		each.frames <- nil
	}
	c.waiting = nil
	c.pass()
}

// fail ends the connection, and with it everything in flight. Only the first reason counts.
func (c *connection) fail(failure *Error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.failure == nil {
		c.failure = failure
		c.leave()
		c.end()
	}
}

// Read is the socket's, for the frame reader: when it is called, all that was read before is
// sorted.
func (c *connection) Read(bytes []byte) (int, error) {
	c.mutex.Lock()
	c.unsorted = false
	c.pass()
	c.mutex.Unlock()
	return c.socket.Read(bytes)
}

// ---------------------------------------------------------------- writing

// enqueue has a request wait for its turn, which comes when the connection is open, what has
// arrived is sorted (it may be a farewell, or damage), and there is a place.
func (c *connection) enqueue(e *exchange) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	e.call = &call{connection: c, exchange: e, kind: e.kind, wasOpen: c.open.Load(),
		frames: make(chan *frame, framesAhead)}
	fresh := e.rule.retrySafe && time.Since(c.lastRead) < freshness
	c.unsorted = c.unsorted || e.call.wasOpen && !fresh && hasInput(c.socket)
	c.waiting = append(c.waiting, e.call)
	if c.pass(); c.leaving.Load() {
		c.leave()
	}
}

// pass sends what waits and has its turn, Cancel first. A connection that is leaving ends with its
// last call. The mutex is held.
func (c *connection) pass() {
	for len(c.cancels) > 0 && !c.writing && c.failure == nil {
		body, _, _ := encode(&cancelRequest{Target: c.cancels[0]}, nil)
		c.cancels = c.cancels[1:]
		c.write(&call{connection: c, kind: kindCancel, abandoned: true}, 0, body)
		c.socket.SetReadDeadline(time.Now().Add(cancelMax))
	}
	for len(c.waiting) > 0 && c.open.Load() && !c.leaving.Load() && !c.writing && !c.unsorted &&
		c.inFlight < c.hello.RequestsInFlightMax {
		next := c.waiting[0]
		if c.waiting = c.waiting[1:]; next.abandoned {
			continue
		}
		var body []byte
		if body, next.unsent = next.exchange.bodyFor(&c.hello); next.unsent == nil {
			c.inFlight++
			c.write(next, next.exchange.left(), body)
		}
		next.frames <- nil
	}
	if c.leaving.Load() && len(c.calls) == 0 {
		c.end()
	}
}

// write puts a call in flight; the mutex is held. What the socket does not take at once is written
// behind the caller's back.
func (c *connection) write(target *call, deadlineMilliseconds uint32, body []byte) {
	c.lastID++
	target.id = c.lastID
	c.calls[target.id] = target
	bytes := requestFrame(target.kind, target.id, deadlineMilliseconds, body, c.hello.Compression)
	written := writeNow(c.socket, bytes)
	target.begun = written > 0
	if c.writing = written < len(bytes); c.writing {
		go c.writeRest(target, bytes[written:])
	}
}

func (c *connection) writeRest(target *call, bytes []byte) {
	var err error
	for len(bytes) > 0 && err == nil {
		var count int
		c.socket.SetWriteDeadline(time.Now().Add(writeStall))
		count, err = c.socket.Write(bytes[:min(len(bytes), writeStep)])
		c.mutex.Lock()
		bytes, target.begun = bytes[count:], target.begun || count > 0
		c.writing = len(bytes) > 0
		c.pass()
		c.mutex.Unlock()
	}
	if err != nil {
		c.fail(closedError("sending a request", err))
	}
}

// ---------------------------------------------------------------- calls

// call is one request on a connection, whose mutex guards it.
type call struct {
	connection *connection
	exchange   *exchange // nil of Hello and Cancel
	kind       byte
	wasOpen    bool        // its connection, when it was chosen
	frames     chan *frame // first nil, at its turn; what arrives; closed at the connection's end
	unsent     *Error      // why it was not sent at its turn
	id         uint64      // 0: not sent
	begun      bool        // a byte of it was written
	first      header      // of its first frame
	abandoned  bool        // nobody waits
	size       uint64      // of the bodies of the frames that were taken, bytes
}

// giveUp drops what has come and what is still to come, and asks the server to stop unless it has.
// The place in flight is free when the last frame has come. It returns whether a byte was written.
func (target *call) giveUp() bool {
	c := target.connection
	c.mutex.Lock()
	defer c.mutex.Unlock()
	target.abandoned = true
	for len(target.frames) > 0 {
		<-target.frames // the reading goroutine may wait for room
	}
	if target.id == 0 {
		c.users.Add(-1)
	} else if c.calls[target.id] == target && c.failure == nil {
		c.cancels = append(c.cancels, target.id)
		c.pass()
	}
	return target.begun
}
