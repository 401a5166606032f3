// One connection: Hello, requests in flight, and the goroutine that sorts what arrives.
//
// Guarantees: a frame is kept only when it answers a request in flight, with that request's kind
// and with the provenance and generation of its earlier frames (Load excepted, whose progress comes
// before its model); anything else ends the connection and everything in flight on it. Never more
// requests in flight than the server said in Hello; Cancel is not counted, as the server does not.
// Frames of a request the caller gave up are dropped until its last one.
// Not here: what the bodies say (answers.go), other attempts (exchange.go).

package assay

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"reflect"
	"sync"
	"time"
)

const (
	// writeStall is how long the peer may take nothing before a connection is given up.
	writeStall = 10 * time.Second
	// silenceMax is how long a connection may be silent before a time-out ends it.
	silenceMax = 10 * time.Second
	// freshness is how lately something must have been read for that to be all there is.
	freshness = 100 * time.Microsecond
	// directSize bounds what is written by the calling goroutine itself, bytes: it fits in a
	// socket's buffer, so that a caller who gives up is not kept.
	directSize = 64 * 1024
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

// call is one request in flight; its connection's mutex guards it.
type call struct {
	connection *connection
	id         uint64
	kind       byte
	frames     []*frame // arrived and not taken
	first      *frame   // the first one, for comparison
	complete   bool     // the last one has arrived
	abandoned  bool     // nobody waits
	failure    *Error
	wake       chan struct{}
}

// connect opens a connection and says Hello. Each of the two has the time of ConnectMilliseconds.
func connect(network, address string, options *Options) (*connection, *Error) {
	limit := time.Duration(options.ConnectMilliseconds) * time.Millisecond
	socket, err := net.DialTimeout(network, address, limit) // TCP comes without delay
	if err != nil {
		return nil, unreachableError(network+"://"+address, err)
	}
	c := &connection{socket: socket, calls: map[uint64]*call{}, lastID: 1,
		writing: make(chan struct{}, 1), gone: make(chan struct{}), lastRead: time.Now()}
	c.reader = frameReader{source: bufio.NewReaderSize(c, 64*1024),
		bodyLimit: frameSizeMaxBeforeHello - headerSize}
	if limit > 0 {
		socket.SetDeadline(time.Now().Add(limit))
	}
	if failure := c.sayHello(options, limit); failure != nil {
		failure.unwritten = failure.Code != CodeTimedOut
		socket.Close()
		return nil, failure
	}
	socket.SetDeadline(time.Time{})
	c.reader.bodyLimit = options.BodySizeMax
	c.reader.decompresses = c.hello.Compression
	c.places = make(chan struct{}, c.hello.RequestsInFlightMax) // elements of no size
	go c.read()
	return c, nil
}

func (c *connection) sayHello(options *Options, limit time.Duration) *Error {
	const doing = "saying Hello"
	request := helloRequest{Client: options.Name, Revision: protocolRevision,
		Compression: options.Compression}
	if options.BodySizeMax != bodySizeMax {
		request.BodySizeMax = uint64(options.BodySizeMax)
	}
	body, _, wrong := encode(helloRequestTable, reflect.ValueOf(request), nil)
	if wrong != nil {
		return invalidRequest(doing, wrong)
	}
	if _, err := c.socket.Write(pack(body, false).frame(kindHello, 1, 0)); err != nil {
		return c.readingError(doing, err, limit)
	}
	answer, err := c.reader.next()
	if err != nil {
		return c.readingError(doing, err, limit)
	}
	switch {
	case answer.kind == kindGoAway|responseBit && answer.status == 0:
		return closedError(doing, nil)
	case answer.kind == kindGoAway|responseBit:
		return failedError(doing, CodeProtocolError, answer)
	case answer.requestID != 1 || answer.kind != kindHello|responseBit:
		return protocolError(doing, fmt.Sprintf("found kind 0x%02x for request %d", answer.kind,
			answer.requestID))
	case answer.provenance != Real:
		return mockError(doing)
	case answer.status != 0:
		return failedError(doing, CodeServerRefused, answer)
	case answer.flags&^flagCompressed != 0:
		return protocolError(doing, "found flags that Hello cannot have")
	}
	if wrong := decode(helloResponseTable, answer.body, reflect.ValueOf(&c.hello).Elem()); wrong != nil {
		return protocolError(doing, wrong.Error())
	}
	if c.hello.Revision > protocolRevision || c.hello.Compression && !options.Compression {
		return protocolError(doing, "the server agrees to what was not offered")
	}
	return nil
}

// failedError is the error that a frame with a status carries.
func failedError(doing string, code Code, f *frame) *Error {
	var body errorBody
	if wrong := decode(errorBodyTable, f.body, reflect.ValueOf(&body).Elem()); wrong != nil {
		return protocolError(doing, wrong.Error())
	}
	return refusedError(code, f.status, &body, f.provenance)
}

func (c *connection) readingError(doing string, err error, limit time.Duration) *Error {
	if wrong, ok := err.(damage); ok {
		return protocolError(doing, string(wrong))
	}
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		return silenceError(doing, limit)
	}
	return closedError(doing, err)
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

// Read is the socket's, for the frame reader: when it is called, all that was read before is sorted.
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
// connection it can only be a farewell, or damage; on a busy one it is waited for until it is sorted.
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

// ---------------------------------------------------------------- writing

// begin sends a request. It waits for a place as long as the context allows. An error that is
// unwritten means that not a byte was sent.
func (c *connection) begin(ctx context.Context, e *exchange) (*call, *Error) {
	doing := "sending " + e.rule.name
	if e.revision > uint32(c.hello.Revision) {
		return nil, &Error{Code: CodeRevisionTooLow, Status: StatusUnimplemented,
			Message: fmt.Sprintf("%s: it needs revision %d of the protocol, the server speaks revision %d",
				doing, e.revision, c.hello.Revision)}
	}
	if uint64(len(e.body)) > c.hello.BodySizeMax {
		return nil, &Error{Code: CodeRequestInvalid, Status: StatusInvalidArgument,
			Message: fmt.Sprintf("%s: its body has %d bytes, the server accepts %d", doing, len(e.body),
				c.hello.BodySizeMax)}
	}
	select {
	case c.places <- struct{}{}:
	default:
		select {
		case c.places <- struct{}{}:
		case <-c.gone:
			return nil, c.leaving(doing)
		case <-ctx.Done():
			return nil, contextError(doing, ctx.Err())
		}
	}
	target, failure := c.register(e.kind)
	if failure != nil {
		<-c.places
		return nil, failure
	}
	packed := pack(e.body, c.hello.Compression)
	if failure := c.send(ctx, doing, target, packed); failure != nil {
		return nil, failure
	}
	return target, nil
}

func (c *connection) leaving(doing string) *Error {
	failure := closedError(doing, nil)
	failure.unwritten = true
	return failure
}

func (c *connection) register(kind byte) (*call, *Error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.draining && kind != kindCancel || c.failure != nil {
		return nil, c.leaving("sending a request")
	}
	c.lastID++
	target := &call{connection: c, id: c.lastID, kind: kind, abandoned: kind == kindCancel,
		wake: make(chan struct{}, 1)}
	c.calls[target.id] = target
	return target, nil
}

// send writes a registered request with one system call.
func (c *connection) send(ctx context.Context, doing string, target *call, body outgoing) *Error {
	select {
	case c.writing <- struct{}{}:
	default:
		select {
		case c.writing <- struct{}{}:
		case <-ctx.Done():
			c.forget(target)
			return contextError(doing, ctx.Err())
		}
	}
	milliseconds := uint32(0)
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		if left <= 0 {
			<-c.writing
			c.forget(target)
			return contextError(doing, context.DeadlineExceeded)
		}
		milliseconds = uint32(math.Min(math.Ceil(float64(left)/1e6), math.MaxUint32))
	}
	bytes := body.frame(target.kind, target.id, milliseconds)
	if len(bytes) <= directSize {
		return c.write(doing, bytes)
	}
	written := make(chan *Error, 1)
	go func() { written <- c.write(doing, bytes) }()
	select {
	case failure := <-written:
		return failure
	case <-ctx.Done(): // the frame is finished behind the caller's back, or the stream would break
		target.abandon()
		return contextError(doing, ctx.Err())
	}
}

// write releases c.writing, which the caller holds.
func (c *connection) write(doing string, bytes []byte) *Error {
	defer func() { <-c.writing }()
	if now := time.Now(); now.Add(writeStall / 2).After(c.stall) {
		c.stall = now.Add(writeStall)
		c.socket.SetWriteDeadline(c.stall)
	}
	count, err := c.socket.Write(bytes)
	if err == nil {
		return nil
	}
	failure := closedError(doing, err)
	failure.unwritten = count == 0
	c.fail(closedError(doing, err))
	return failure
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

// ---------------------------------------------------------------- calls

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

// abandon drops what has come and what is still to come, and asks the server to stop.
func (target *call) abandon() {
	c := target.connection
	c.mutex.Lock()
	asks := !target.complete && !target.abandoned && target.failure == nil
	target.abandoned, target.frames = true, nil
	c.mutex.Unlock()
	if asks {
		c.cancel(target.id)
	}
}

// cancel sends a Cancel whose own answer nobody waits for: at once when nobody is writing, otherwise
// behind the caller's back. A failure is no news, the connection's end cancels as well.
func (c *connection) cancel(id uint64) {
	const doing = "sending Cancel"
	body, _, wrong := encode(cancelRequestTable, reflect.ValueOf(cancelRequest{Target: id}), nil)
	target, failure := c.register(kindCancel)
	if wrong != nil || failure != nil {
		return
	}
	bytes := pack(body, false).frame(kindCancel, target.id, 0)
	select {
	case c.writing <- struct{}{}:
		_ = c.write(doing, bytes)
	default:
		go func() {
			c.writing <- struct{}{}
			_ = c.write(doing, bytes)
		}()
	}
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
