// One connection: Hello, requests in flight and on their way out, and the goroutine that sorts what
// arrives. One mutex guards all of that, so it is one file.
//
// Guarantees, of what arrives: a frame is kept only when it answers a request in flight, with that
// request's kind and with the provenance and generation of its earlier frames (Load excepted, whose
// progress comes before its model); anything else ends the connection and everything in flight on
// it. Frames of a request that was given up are dropped until its last one; an answer of more than
// AnswerSizeMax bytes is given up.
// Of what is sent: never more requests in flight than the server said in Hello; Cancel is not
// counted, as the server does not. A frame that was begun is finished, by whomever, or the
// connection ends: nothing is ever written behind half a frame. A caller whose context ends is not
// kept by a peer that takes nothing; what is left of the frame is then written behind the caller's
// back, and Cancel after it. A peer that takes nothing for writeStall is given up.
// Not here: what the bodies say (answers.go), other attempts (exchange.go).

package assay

import (
	"bufio"
	"context"
	"io"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// silenceMax is how long a connection may be silent before a time-out ends it.
	silenceMax = 10 * time.Second
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
	reader  frameReader
	hello   helloResponse
	open    atomic.Bool  // Hello is over
	users   atomic.Int32 // calls that chose it and have not ended

	mutex    sync.Mutex
	socket   net.Conn
	waiting  []*call          // for their turn
	calls    map[uint64]*call // sent and not complete
	inFlight uint64           // of them those that are no Cancel
	lastID   uint64
	writing  bool // a frame is half written; writeRest sees to the rest
	unsorted bool // the reader has something to look at before anything is sent
	lastRead time.Time
	draining atomic.Bool // takes no new requests
	failure  *Error      // why it is closed
}

func newConnection(options *Options) *connection {
	return &connection{options: options, calls: map[uint64]*call{}, lastID: 1, lastRead: time.Now()}
}

// run opens the connection and sorts what arrives until it ends. Connecting ends with life.
func (c *connection) run(life context.Context, network, address string) {
	doing, handle := "saying Hello", c.agree
	failure := c.greet(life, network, address)
	for failure == nil {
		next, err := c.reader.next()
		if err != nil {
			failure = c.readingError(doing, err)
		} else if failure = handle(next); failure == nil {
			doing, handle = "reading the server's answers", c.file
		}
	}
	if !c.open.Load() && failure.Code == CodeConnectionClosed {
		failure.unwritten = true
	}
	c.fail(failure)
}

// readingError tells damage from silence, which only Hello has a limit for, and from the end.
func (c *connection) readingError(doing string, err error) *Error {
	if wrong, ok := err.(damage); ok {
		return protocolError(doing, "%v", wrong)
	}
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		return silenceError(doing, c.options.ConnectMilliseconds)
	}
	return closedError(doing, err)
}

// ---------------------------------------------------------------- Hello

// greet connects and says Hello. Each of the two has the time of ConnectMilliseconds.
func (c *connection) greet(life context.Context, network, where string) *Error {
	limit := milliseconds(c.options.ConnectMilliseconds)
	dialer := net.Dialer{Timeout: limit, KeepAlive: keepAliveIdle} // TCP comes without delay
	socket, err := dialer.DialContext(life, network, where)
	if err != nil {
		failure := failed(CodeUnreachable, err, "connecting to %s://%s: %v", network, where, err)
		failure.unwritten = true
		return failure
	}
	probe(socket)
	c.mutex.Lock()
	c.socket = socket
	closed := c.failure
	c.mutex.Unlock()
	if closed != nil {
		return closed
	}
	c.reader = frameReader{source: bufio.NewReaderSize(c, 64*1024),
		bodyLimit: frameSizeMaxBeforeHello - headerSize}
	request := helloRequest{Client: c.options.Name, Revision: protocolRevision,
		Compression: c.options.Compression}
	if c.options.BodySizeMax != bodySizeMax {
		request.BodySizeMax = c.options.BodySizeMax
	}
	body, _, _ := encode(&request, nil) // the options have been checked
	socket.SetDeadline(time.Now().Add(limit))
	if _, err := socket.Write(requestFrame(kindHello, 1, 0, body, false)); err != nil {
		return c.readingError("saying Hello", err)
	}
	return nil
}

// agree reads the answer to Hello.
func (c *connection) agree(f *frame) *Error {
	const doing = "saying Hello"
	switch {
	case f.kind == kindGoAway|responseBit && f.status == 0:
		return closedError(doing, nil)
	case f.kind == kindGoAway|responseBit:
		return refusedError(doing, CodeProtocolError, f)
	case f.requestID != 1 || f.kind != kindHello|responseBit:
		return protocolError(doing, "found kind 0x%02x for request %d", f.kind, f.requestID)
	case f.provenance != Real:
		return mockError(doing)
	case f.status != 0:
		return refusedError(doing, CodeServerRefused, f)
	case f.flags&^flagCompressed != 0:
		return protocolError(doing, "found flags that Hello cannot have")
	}
	if wrong := decode(f.body, &c.hello); wrong != nil {
		return protocolError(doing, "%v", wrong)
	}
	if c.hello.Revision > protocolRevision || c.hello.Compression && !c.options.Compression {
		return protocolError(doing, "the server agrees to what was not offered")
	}
	c.socket.SetDeadline(time.Time{})
	c.reader.bodyLimit = uint32(c.options.BodySizeMax)
	c.reader.decompresses = c.hello.Compression
	c.open.Store(true) // what waits is sent as soon as more is to be read
	return nil
}

// ---------------------------------------------------------------- reading

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
		return protocolError(doing, "found request id %d, allowed: one of the %d in flight",
			f.requestID, len(c.calls))
	case f.kind != target.kind|responseBit:
		return protocolError(doing, "found kind 0x%02x, allowed: 0x%02x", f.kind,
			target.kind|responseBit)
	case target.provenance == 0:
		target.provenance, target.generation = f.provenance, f.generation
	case target.kind != kindLoad &&
		(f.provenance != target.provenance || f.generation != target.generation):
		return protocolError(doing, "provenance or generation changed within an answer")
	}
	target.add(f)
	if f.isLast() {
		delete(c.calls, target.id)
		if target.kind != kindCancel {
			c.users.Add(-1)
			c.inFlight--
		}
		c.flush()
		c.closeIfDrained()
	}
	return nil
}

func (c *connection) goAway(f *frame) *Error {
	const doing = "reading the server's GoAway"
	if f.flags&^flagCompressed != 0 || f.provenance != Real {
		return protocolError(doing, "found flags or a provenance that GoAway cannot have")
	}
	if f.status != 0 {
		return refusedError(doing, CodeProtocolError, f)
	}
	if wrong := decode(f.body, &goAway{}); wrong != nil {
		return protocolError(doing, "%v", wrong)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.drain()
	c.closeIfDrained()
	return nil
}

// drain has a connection take no new requests, and those that wait go elsewhere; the mutex is held.
func (c *connection) drain() {
	c.draining.Store(true)
	waiting := c.waiting
	c.waiting = nil
	for _, each := range waiting {
		if each.kind == kindCancel {
			c.waiting = append(c.waiting, each)
		} else {
			each.end(c.leaving(each))
		}
	}
}

// leaving is the error of a call of which nothing was written. It costs no attempt where an idle
// connection turned out to be over.
func (c *connection) leaving(target *call) *Error {
	if !c.open.Load() {
		return c.failure
	}
	failure := closedError("sending "+target.name(), nil)
	failure.unwritten, failure.free = true, target.wasOpen && len(c.calls) == 0
	return failure
}

// closeIfDrained ends a connection that nobody needs any more; the reader sees to the rest.
func (c *connection) closeIfDrained() {
	if c.draining.Load() && len(c.calls) == 0 {
		c.socket.Close()
	}
}

// fail ends the connection and everything in flight on it. Only the first reason counts.
func (c *connection) fail(failure *Error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.socket != nil {
		c.socket.Close()
	}
	if c.failure != nil {
		return
	}
	c.failure = failure
	c.drain()
	for _, each := range c.calls {
		if each.begun {
			each.end(failure)
		} else {
			each.end(c.leaving(each))
		}
	}
	c.calls, c.waiting = map[uint64]*call{}, nil
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

// Read is the socket's, for the frame reader: when it is called, all that was read before is
// sorted.
func (c *connection) Read(bytes []byte) (int, error) {
	c.mutex.Lock()
	c.unsorted = false
	c.flush()
	c.mutex.Unlock()
	return c.socket.Read(bytes)
}

// ---------------------------------------------------------------- writing

// begin has a request wait for its turn, which comes when the connection is open, what has arrived
// is sorted (it may be a farewell, or damage), and there is a place.
func (c *connection) begin(e *exchange) *call {
	target := &call{connection: c, kind: e.kind, ctx: e.ctx, frame: e.frameFor,
		wasOpen: c.open.Load(), wake: make(chan struct{}, 1)}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.draining.Load() {
		target.end(c.leaving(target))
		return target
	}
	fresh := e.rule.retrySafe && time.Since(c.lastRead) < freshness
	c.unsorted = c.unsorted || target.wasOpen && !fresh && hasInput(c.socket)
	c.waiting = append(c.waiting, target)
	c.flush()
	return target
}

// flush sends what waits and has its turn; the mutex is held.
func (c *connection) flush() {
	for c.open.Load() && !c.writing && !c.unsorted && len(c.waiting) > 0 {
		next := c.waiting[0]
		if next.kind != kindCancel && c.inFlight >= c.hello.RequestsInFlightMax {
			return
		}
		if c.waiting = c.waiting[1:]; next.frame != nil {
			c.send(next)
		}
	}
}

// send puts a request in flight; the mutex is held. What the socket does not take at once is
// written behind the caller's back.
func (c *connection) send(target *call) {
	left, late := remaining(target.ctx)
	bytes, failure := target.frame(&c.hello, c.lastID+1, left)
	if late {
		failure = contextError("sending "+target.name(), context.DeadlineExceeded)
	}
	if failure != nil {
		c.users.Add(-1)
		target.end(failure)
		return
	}
	c.lastID++
	target.id, target.frame = c.lastID, nil
	c.calls[target.id] = target
	if target.kind != kindCancel {
		c.inFlight++
	}
	written := writeNow(c.socket, bytes)
	target.begun = written > 0
	target.rouse()
	if c.writing = written < len(bytes); c.writing {
		go c.writeRest(target, bytes[written:])
	}
}

// remaining is the time left of a context's deadline, in milliseconds, 0 without one; late: none.
func remaining(ctx context.Context) (milliseconds uint32, late bool) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return 0, false
	}
	left := time.Until(deadline)
	return uint32(math.Min(math.Ceil(float64(left)/1e6), math.MaxUint32)), left <= 0
}

func (c *connection) writeRest(target *call, bytes []byte) {
	for len(bytes) > 0 {
		c.socket.SetWriteDeadline(time.Now().Add(writeStall))
		count, err := c.socket.Write(bytes[:min(len(bytes), writeStep)])
		c.mutex.Lock()
		bytes, target.begun = bytes[count:], target.begun || count > 0
		c.mutex.Unlock()
		if err != nil {
			c.fail(closedError("sending "+target.name(), err))
			return
		}
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.writing = false
	c.flush()
}

// cancel sends a Cancel, before all that waits; nobody waits for its own answer. A failure is no
// news: the connection's end cancels as well. The mutex is held.
func (c *connection) cancel(id uint64) {
	cancel := &call{connection: c, kind: kindCancel, ctx: context.Background(), abandoned: true,
		frame: func(_ *helloResponse, own uint64, _ uint32) ([]byte, *Error) {
			body, _, _ := encode(&cancelRequest{Target: id}, nil)
			return requestFrame(kindCancel, own, 0, body, false), nil
		}}
	c.waiting = append([]*call{cancel}, c.waiting...)
	c.flush()
}

// ---------------------------------------------------------------- calls

// maker makes a request's frame when its turn has come. No deadline is 0.
type maker func(hello *helloResponse, id uint64, deadlineMilliseconds uint32) ([]byte, *Error)

// call is one request on a connection, whose mutex guards it.
type call struct {
	connection *connection
	kind       byte
	ctx        context.Context
	frame      maker // nil: it was sent, or will not be
	wasOpen    bool  // its connection, when it was chosen
	id         uint64
	begun      bool       // a byte of it was written
	provenance Provenance // of its frames; 0 before the first one
	generation uint32
	size       uint64   // of the bodies of its frames, bytes
	frames     []*frame // arrived and not taken
	complete   bool     // the last one has arrived
	abandoned  bool     // nobody waits
	failure    *Error   // why there will be no more frames
	wake       chan struct{}
}

func (target *call) name() string { return kinds[target.kind].name }

// add keeps a frame that somebody waits for; the mutex is held.
func (target *call) add(f *frame) {
	target.complete = f.isLast()
	if target.abandoned {
		return
	}
	limit := target.connection.options.AnswerSizeMax
	if target.size += uint64(len(f.body)); target.size > limit {
		target.abandon(failed(CodeGivenUp, nil, "reading the answer to %s: found %d bytes, allowed: %d, "+
			"as answer_size_max says", target.name(), target.size, limit))
		return
	}
	target.frames = append(target.frames, f)
	target.rouse()
}

// end has the call fail, unless it has already; the mutex is held.
func (target *call) end(failure *Error) {
	if target.failure == nil {
		target.failure = failure
		target.rouse()
	}
}

// abandon drops what has come and what is still to come, and asks the server to stop. The place in
// flight is free when the last frame has come. The mutex is held.
func (target *call) abandon(failure *Error) {
	target.abandoned, target.frames = true, nil
	target.end(failure)
	switch c := target.connection; {
	case target.frame != nil: // its turn has not come, and will not
		target.frame = nil
		c.users.Add(-1)
	case !target.complete:
		c.cancel(target.id)
	}
}

// rouse tells the waiting goroutine that something has changed; the mutex is held.
func (target *call) rouse() {
	select {
	case target.wake <- struct{}{}:
	default:
	}
}

// take removes the oldest frame; without one, it says why there will be none, or whether the
// request was sent.
func (target *call) take() (next *frame, sent bool, failure *Error) {
	c := target.connection
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(target.frames) == 0 {
		return nil, target.frame == nil, target.failure
	}
	next = target.frames[0]
	target.frames = target.frames[1:]
	return next, true, nil
}

// giveUp abandons a call that is neither complete nor over; a complete answer can still be read.
func (target *call) giveUp(failure *Error) {
	c := target.connection
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if !target.complete && !target.abandoned && target.failure == nil {
		target.abandon(failure)
	}
}

// watch gives a call up whose context has ended: perhaps nobody comes for its answer any more.
func (target *call) watch(grace time.Duration) {
	<-target.ctx.Done()
	if isDeadline(target.ctx.Err()) {
		time.Sleep(grace)
	}
	target.giveUp(contextError("waiting for the answer to "+target.name(), target.ctx.Err()))
}
