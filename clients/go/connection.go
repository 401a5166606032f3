// One connection: Hello, requests in flight and on their way out, and the goroutine that sorts what
// arrives.
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
	"fmt"
	"io"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// placesMax bounds requests in flight where the server does not: any int holds it.
	placesMax = 1 << 20
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
	// keepAliveInterval is the time between two probes.
	keepAliveInterval = 10 * time.Second
	// keepAliveProbes without an answer are the connection's end.
	keepAliveProbes = 3
)

type connection struct {
	options *Options
	socket  net.Conn
	reader  frameReader
	hello   helloResponse
	ready   chan struct{} // closed when Hello is over
	refusal *Error        // why it never opened; nil: it did. Written before ready is closed
	users   atomic.Int32  // calls that chose it and have not ended
	places  chan struct{} // one element for each request in flight
	writing chan struct{} // holds an element while a frame is written
	stall   time.Time     // until when writing may stall; guarded by writing

	mutex    sync.Mutex
	calls    map[uint64]*call
	lastID   uint64
	failure  *Error        // why it is closed
	draining bool          // takes no new requests
	gone     chan struct{} // closed with the first of the two
	settled  chan struct{} // closed when all that had arrived is sorted; nil: nobody asks
	lastRead time.Time
}

func newConnection(options *Options) *connection {
	return &connection{options: options, ready: make(chan struct{}), writing: make(chan struct{}, 1),
		calls: map[uint64]*call{}, lastID: 1, gone: make(chan struct{}), lastRead: time.Now()}
}

// run opens the connection and sorts what arrives until it ends. Connecting ends with life.
func (c *connection) run(life context.Context, network, address string) {
	if failure := c.open(life, network, address); failure != nil {
		c.fail(failure)
		c.refusal = c.failure // Close may have been first
		close(c.ready)
		return
	}
	close(c.ready)
	for failure := (*Error)(nil); failure == nil; {
		next, err := c.reader.next()
		if err != nil {
			failure = c.readingError("reading the server's answers", err)
		} else {
			failure = c.file(next)
		}
		if failure != nil {
			c.fail(failure)
		}
	}
}

// ---------------------------------------------------------------- Hello

// open connects and says Hello. Each of the two has the time of ConnectMilliseconds.
func (c *connection) open(life context.Context, network, address string) *Error {
	limit := milliseconds(c.options.ConnectMilliseconds)
	dialer := net.Dialer{Timeout: limit, KeepAlive: -1} // keepAlive below; TCP comes without delay
	socket, err := dialer.DialContext(life, network, address)
	if err != nil {
		failure := failed(CodeUnreachable, err, "connecting to %s://%s: %v", network, address, err)
		failure.unwritten = true
		return failure
	}
	keepAlive(socket)
	c.mutex.Lock()
	c.socket = socket
	failure := c.failure
	c.mutex.Unlock()
	if failure != nil {
		return failure
	}
	c.reader = frameReader{source: bufio.NewReaderSize(c, 64*1024),
		bodyLimit: frameSizeMaxBeforeHello - headerSize}
	socket.SetDeadline(time.Now().Add(limit))
	if failure := c.sayHello(); failure != nil {
		failure.unwritten = failure.Code == CodeConnectionClosed
		return failure
	}
	socket.SetDeadline(time.Time{})
	c.reader.bodyLimit = uint32(c.options.BodySizeMax)
	c.reader.decompresses = c.hello.Compression
	c.places = make(chan struct{}, min(c.hello.RequestsInFlightMax, placesMax)) // of no size
	return nil
}

func (c *connection) sayHello() *Error {
	const doing = "saying Hello"
	request := helloRequest{Client: c.options.Name, Revision: protocolRevision,
		Compression: c.options.Compression}
	if c.options.BodySizeMax != bodySizeMax {
		request.BodySizeMax = c.options.BodySizeMax
	}
	body, _, wrong := encode(&request, nil)
	if wrong != nil {
		return invalidRequest(doing, wrong)
	}
	bytes := requestFrame(kindHello, body, false)
	address(bytes, 1, 0)
	if _, err := c.socket.Write(bytes); err != nil {
		return c.readingError(doing, err)
	}
	answer, err := c.reader.next()
	if err != nil {
		return c.readingError(doing, err)
	}
	switch {
	case answer.kind == kindGoAway|responseBit && answer.status == 0:
		return closedError(doing, nil)
	case answer.kind == kindGoAway|responseBit:
		return refusedError(doing, CodeProtocolError, answer)
	case answer.requestID != 1 || answer.kind != kindHello|responseBit:
		return protocolError(doing, fmt.Sprintf("found kind 0x%02x for request %d", answer.kind,
			answer.requestID))
	case answer.provenance != Real:
		return mockError(doing)
	case answer.status != 0:
		return refusedError(doing, CodeServerRefused, answer)
	case answer.flags&^flagCompressed != 0:
		return protocolError(doing, "found flags that Hello cannot have")
	}
	if wrong := decode(answer.body, &c.hello); wrong != nil {
		return protocolError(doing, wrong.Error())
	}
	if c.hello.Revision > protocolRevision || c.hello.Compression && !c.options.Compression {
		return protocolError(doing, "the server agrees to what was not offered")
	}
	return nil
}

// readingError tells damage from silence, which only Hello has a limit for, and from the end.
func (c *connection) readingError(doing string, err error) *Error {
	if wrong, ok := err.(damage); ok {
		return protocolError(doing, string(wrong))
	}
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		return silenceError(doing, c.options.ConnectMilliseconds)
	}
	return closedError(doing, err)
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
		return protocolError(doing, fmt.Sprintf("found request id %d, allowed: one of the %d in flight",
			f.requestID, len(c.calls)))
	case f.kind != target.kind|responseBit:
		return protocolError(doing, fmt.Sprintf("found kind 0x%02x, allowed: 0x%02x", f.kind,
			target.kind|responseBit))
	case target.provenance == 0:
		target.provenance, target.generation = f.provenance, f.generation
	case target.kind != kindLoad &&
		(f.provenance != target.provenance || f.generation != target.generation):
		return protocolError(doing, "provenance or generation changed within an answer")
	}
	target.add(f)
	if f.isLast() {
		c.remove(target)
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
		return protocolError(doing, wrong.Error())
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.drain()
	c.closeIfDrained()
	return nil
}

// drain marks a connection as taking no new requests; the mutex is held.
func (c *connection) drain() {
	if !c.draining {
		c.draining = true
		close(c.gone)
	}
}

// closeIfDrained ends a connection that nobody needs any more; the reader sees to the rest.
func (c *connection) closeIfDrained() {
	if c.draining && len(c.calls) == 0 {
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
		each.end(failure)
	}
	c.calls = map[uint64]*call{}
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
	if c.settled != nil {
		close(c.settled)
		c.settled = nil
	}
	c.mutex.Unlock()
	return c.socket.Read(bytes)
}

// usable says whether a new request may be written. What has arrived is sorted first: it may be a
// farewell, or damage.
func (c *connection) usable(retrySafe bool) bool {
	c.mutex.Lock()
	fresh := retrySafe && time.Since(c.lastRead) < freshness
	c.mutex.Unlock()
	if !fresh && hasInput(c.socket) {
		c.mutex.Lock()
		if c.settled == nil {
			c.settled = make(chan struct{})
		}
		settled := c.settled
		c.mutex.Unlock()
		select {
		case <-settled:
		case <-c.gone:
		}
	}
	return !c.isLeaving()
}

func (c *connection) isLeaving() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.draining
}

func (c *connection) isReady() bool {
	select {
	case <-c.ready:
		return true
	default:
		return false
	}
}

// ---------------------------------------------------------------- writing

// begin sends a request. It waits for a place, and for its turn, as long as the context allows. An
// error that is unwritten means that not a byte was sent.
func (c *connection) begin(e *exchange) (*call, *Error) {
	target, bytes, failure := c.reserve(e)
	if failure != nil {
		c.users.Add(-1)
		return nil, failure
	}
	c.postponeStall()
	written := writeNow(c.socket, bytes)
	if written == len(bytes) {
		<-c.writing
		return target, nil
	}
	finished := make(chan *Error, 1)
	go func() { finished <- c.writeRest(e.rule.name, bytes[written:], written > 0) }()
	select {
	case failure = <-finished:
	case <-e.ctx.Done():
		target.giveUp(nil)
		failure = contextError("sending "+e.rule.name, e.ctx.Err())
	}
	if failure != nil {
		return nil, failure
	}
	return target, nil
}

// reserve gets a request all that it needs: bytes, a place, an id, and c.writing.
func (c *connection) reserve(e *exchange) (*call, []byte, *Error) {
	name := e.rule.name
	if uint64(e.revision) > c.hello.Revision {
		return nil, nil, failed(CodeRevisionTooLow, nil, "sending %s: it needs revision %d of the "+
			"protocol, the server speaks revision %d", name, e.revision, c.hello.Revision)
	}
	body := e.bodyFor(c.hello.Revision)
	if uint64(len(body)) > c.hello.BodySizeMax {
		return nil, nil, failed(CodeRequestInvalid, nil, "sending %s: its body has %d bytes, the "+
			"server accepts %d", name, len(body), c.hello.BodySizeMax)
	}
	bytes := requestFrame(e.kind, body, c.hello.Compression)
	if failure := c.enter(c.places, e.ctx, name); failure != nil {
		return nil, nil, failure
	}
	failure := c.enter(c.writing, e.ctx, name)
	if failure == nil {
		var target *call
		if target, failure = c.register(e.ctx, e.kind, name, bytes); failure == nil {
			return target, bytes, nil
		}
		<-c.writing
	}
	<-c.places
	return nil, nil, failure
}

// enter puts an element into a channel that bounds how many there are.
func (c *connection) enter(room chan struct{}, ctx context.Context, kind string) *Error {
	select {
	case room <- struct{}{}:
		return nil
	default:
	}
	select {
	case room <- struct{}{}:
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

// register has a request, whose bytes are to be written now, be in flight.
func (c *connection) register(
	ctx context.Context, kind byte, name string, bytes []byte,
) (*call, *Error) {
	deadline, ended := headerDeadline(ctx)
	if ended != nil {
		return nil, contextError("sending "+name, ended)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.draining && kind != kindCancel || c.failure != nil {
		return nil, c.leaving(name)
	}
	c.lastID++
	address(bytes, c.lastID, deadline)
	target := &call{connection: c, id: c.lastID, kind: kind, abandoned: kind == kindCancel,
		wake: make(chan struct{}, 1)}
	c.calls[target.id] = target
	return target, nil
}

// remove ends a call; the mutex is held.
func (c *connection) remove(target *call) {
	delete(c.calls, target.id)
	if target.kind != kindCancel {
		c.users.Add(-1)
		<-c.places
	}
}

// headerDeadline is the time left of a context's deadline, in milliseconds, or 0 without one. The
// error is that of a context that has ended, or is about to.
func headerDeadline(ctx context.Context) (uint32, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	deadline, limited := ctx.Deadline()
	if !limited {
		return 0, nil
	}
	left := time.Until(deadline)
	if left <= 0 {
		return 0, context.DeadlineExceeded
	}
	return uint32(math.Min(math.Ceil(float64(left)/1e6), math.MaxUint32)), nil
}

// writeRest writes bytes, however long it takes, and releases c.writing, which the caller holds.
func (c *connection) writeRest(kind string, bytes []byte, begun bool) *Error {
	defer func() { <-c.writing }()
	for len(bytes) > 0 {
		c.postponeStall()
		count, err := c.socket.Write(bytes[:min(len(bytes), writeStep)])
		bytes, begun = bytes[count:], begun || count > 0
		if err != nil {
			c.fail(closedError("sending "+kind, err))
			failure := closedError("sending "+kind, err)
			failure.unwritten = !begun
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

// cancel sends a Cancel whose own answer nobody waits for. A failure is no news: the connection's
// end cancels as well.
func (c *connection) cancel(id uint64) {
	body, _, _ := encode(&cancelRequest{Target: id}, nil)
	bytes := requestFrame(kindCancel, body, false)
	c.writing <- struct{}{}
	if _, failure := c.register(context.Background(), kindCancel, "Cancel", bytes); failure != nil {
		<-c.writing
		return
	}
	c.writeRest("Cancel", bytes, false)
}

// ---------------------------------------------------------------- calls

// call is one request in flight; its connection's mutex guards it.
type call struct {
	connection *connection
	id         uint64
	kind       byte
	provenance Provenance // of its frames; 0 before the first one
	generation uint32
	size       uint64   // of the bodies of its frames, bytes
	frames     []*frame // arrived and not taken
	complete   bool     // the last one has arrived
	abandoned  bool     // nobody waits
	failure    *Error   // why there will be no more frames
	wake       chan struct{}
}

// add keeps a frame that somebody waits for; the mutex is held.
func (target *call) add(f *frame) {
	target.complete = f.isLast()
	if target.abandoned {
		return
	}
	limit := target.connection.options.AnswerSizeMax
	if target.size += uint64(len(f.body)); target.size > limit {
		target.abandon(failed(CodeGivenUp, nil, "reading the answer to %s: found %d bytes, allowed: %d, "+
			"as answer_size_max says", kinds[target.kind].name, target.size, limit))
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
	if !target.complete {
		go target.connection.cancel(target.id)
	}
}

// rouse tells the waiting goroutine that something has changed; the mutex is held.
func (target *call) rouse() {
	select {
	case target.wake <- struct{}{}:
	default:
	}
}

// take removes the oldest frame; without one, says why there will be none.
func (target *call) take() (*frame, *Error) {
	c := target.connection
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(target.frames) == 0 {
		return nil, target.failure
	}
	next := target.frames[0]
	target.frames = target.frames[1:]
	return next, nil
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
func (target *call) watch(ctx context.Context, grace time.Duration) {
	<-ctx.Done()
	if isDeadline(ctx.Err()) {
		time.Sleep(grace)
	}
	target.giveUp(contextError("waiting for the answer to "+kinds[target.kind].name, ctx.Err()))
}
