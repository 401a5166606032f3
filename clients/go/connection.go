// One connection: Hello, requests in flight, and the goroutine that sorts received frames.
//
// Guarantees for received frames: a frame is kept only when it answers a request in flight, has the
// kind of the request, and has the provenance and generation of the answer's earlier frames. Load
// and Swap are exempt from the last rule: their progress comes before their model. Any other frame
// ends the connection and all its requests. When a request was given up, its frames are dropped up to
// and including the last frame. No part of an answer of more than AnswerSizeMax bytes is kept.
// Guarantees for sent frames: the number of requests in flight never exceeds the limit from Hello.
// Neither side counts Cancel. A frame that was begun is finished, by any goroutine, or the
// connection ends: no frame follows half a frame. A peer that accepts no bytes does not delay a
// caller whose context ends. The rest of the caller's frame is then written in the background, and
// Cancel follows. A peer that accepts no bytes for writeStall is given up.
//
// Waiting frames are written by the goroutine that made room: a new caller, the goroutine that read
// a last frame, or the goroutine that wrote the rest of a frame. One mutex guards all of this
// state. Frames of answers reach their caller through a channel of the call.
// Not here: the content of bodies (answers.go), further attempts (exchange.go).

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
	// cancelMax bounds the wait for the answer to a Cancel. A live server answers at once, so a
	// connection without the answer is dead.
	cancelMax = 10 * time.Second
	// framesAhead is the number of frames of an answer that may wait for the caller.
	framesAhead = 8
	// freshness is the age of the last read below which the socket is not checked for input before
	// sending.
	freshness = 100 * time.Microsecond
	// writeStall is the time after which a connection is given up when the peer accepts no bytes.
	writeStall = 10 * time.Second
	// writeStep bounds one write, bytes. The stall is checked between writes.
	writeStep = 64 * 1024
	// reasonIdle is the reason of a GoAway that no request in flight has reached.
	reasonIdle = "idle"
	// keepAliveIdle is the silence after which a TCP connection is probed.
	keepAliveIdle = 30 * time.Second
	// keepAliveInterval is the time between two probes, seconds.
	keepAliveInterval = 10
	// keepAliveProbes is the number of probes without an answer that end the connection.
	keepAliveProbes = 3
)

type connection struct {
	options *Options
	users   atomic.Int32       // waiting requests and requests in flight
	open    atomic.Bool        // Hello is over
	leaving atomic.Bool        // takes no new requests
	end     context.CancelFunc // closes the socket, which ends the reading goroutine
	socket  net.Conn
	reader  frameReader
	hello   helloResponse

	mutex    sync.Mutex
	waiting  []*call          // calls that wait for their turn
	cancels  []uint64         // ids of requests to cancel
	calls    map[uint64]*call // calls that are sent and not complete
	inFlight uint64           // number of calls in calls, without Cancel
	lastID   uint64
	writing  bool // a frame is half written, and writeRest writes the rest
	unsorted bool // received bytes must be read before the next send
	lastRead time.Time
	failure  *Error // reason for the end of the connection
}

// run opens the connection and sorts received frames until the connection ends.
func (c *connection) run(life context.Context, network, address string) {
	failure := c.greet(life, network, address)
	for failure == nil {
		if next, err := c.reader.next(); err != nil {
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

// readingError makes the error for damage, for silence during Hello, or for a closed connection.
func (c *connection) readingError(err error) *Error {
	const doing = "reading the server's answers"
	if wrong, ok := err.(damage); ok && c.open.Load() {
		return protocolError(doing, "%v", wrong)
	} else if ok { // the bytes of the faulty header are still in the buffer
		first, _ := c.reader.source.Peek(c.reader.source.Buffered())
		return protocolError("reading the first bytes", "%s",
			strangerWords(c.socket.RemoteAddr(), first))
	}
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() && !c.open.Load() {
		return silenceError("saying Hello", c.options.ConnectMilliseconds)
	}
	return closedError(doing, err)
}

// ---------------------------------------------------------------- Hello

// greet connects and says Hello, each within ConnectMilliseconds.
func (c *connection) greet(life context.Context, network, address string) *Error {
	limit := milliseconds(c.options.ConnectMilliseconds)
	dialer := net.Dialer{Timeout: limit, KeepAlive: keepAliveIdle} // net sets TCP_NODELAY
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
		Compression: c.options.Compression, BodySizeMax: c.options.BodySizeMax,
		Token: c.options.token(), Tenant: c.options.Tenant}, nil)
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
	c.open.Store(true) // waiting requests are sent at the next read
	return nil
}

// readPlain reads a frame about the connection itself, which is the only frame of its answer and
// never a mock's. A frame with a status is an error with the code refused.
func readPlain(doing string, f *frame, refused Code, into body) *Error {
	if f.flags&^flagCompressed != 0 || f.provenance != Real {
		return protocolError(doing, "found flags 0x%02x and provenance %d, allowed: none, and 1", f.flags,
			f.provenance)
	}
	if f.status != 0 {
		if Status(f.status) == StatusUnauthenticated {
			refused = CodeServerRefused
		}
		return refusedError(doing, refused, f)
	}
	if wrong := decode(f.body, into); wrong != nil {
		return protocolError(doing, "%v", wrong)
	}
	return nil
}

// ---------------------------------------------------------------- reading

// file hands a frame to its call. file blocks when the caller is framesAhead frames behind, as in a
// Load with a slow function for layers. All other callers read without delay.
func (c *connection) file(f *frame) *Error {
	target, failure := c.sort("sorting the server's answers", f)
	if target != nil {
		target.frames <- f
	}
	return failure
}

// sort finds the call of a frame, or nil when no caller waits for the frame.
func (c *connection) sort(doing string, f *frame) (*call, *Error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.lastRead = time.Now()
	target, ok := c.calls[f.requestID]
	switch {
	case f.kind == kindGoAway|responseBit:
		var why goAway
		failure := readPlain(doing, f, CodeProtocolError, &why)
		if failure == nil && why.Reason == reasonIdle {
			failure = c.forsake(doing)
		} else if failure == nil {
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
	case target.kind != kindLoad && target.kind != kindSwap &&
		(f.provenance != target.first.provenance || f.generation != target.first.generation):
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

// forsake returns the error that ends a connection after GoAway idle. No answer may have begun,
// because a server that says idle has read none of the requests in flight. The mutex is held.
func (c *connection) forsake(doing string) *Error {
	for id, each := range c.calls {
		if each.first.kind != 0 {
			return protocolError(doing, "found GoAway idle in the middle of the answer to request %d", id)
		}
	}
	return foundIdle
}

// leave stops the connection from taking new requests and removes the waiting requests. A request
// that chose the connection while it was open moves to another connection. The mutex is held.
func (c *connection) leave() {
	c.leaving.Store(true)
	why := c.failure
	if why == nil || why != foundIdle && c.open.Load() {
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

// fail ends the connection and all its requests. Only the first reason counts, except that
// foundIdle, which may have been received before a failure to write, is always kept.
func (c *connection) fail(failure *Error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.failure == nil || failure == foundIdle {
		c.failure = failure
		c.leave()
		c.end()
	}
}

// Read reads from the socket for the frame reader. At each call of Read, all bytes read earlier are
// sorted.
func (c *connection) Read(bytes []byte) (int, error) {
	c.mutex.Lock()
	c.unsorted = false
	c.pass()
	c.mutex.Unlock()
	return c.socket.Read(bytes)
}

// ---------------------------------------------------------------- writing

// enqueue makes a request wait for its turn. The turn comes when the connection is open, the
// received bytes are sorted (a GoAway or damage may be among them), and a place is free.
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

// pass sends waiting frames whose turn has come, Cancel first. A leaving connection ends with its
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

// write puts a call in flight. Bytes that the socket does not accept at once are written in the
// background. The mutex is held.
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

// call is one request on a connection. The connection's mutex guards the call.
type call struct {
	connection *connection
	exchange   *exchange // nil for Hello and Cancel
	kind       byte
	wasOpen    bool        // the connection was open when chosen
	frames     chan *frame // nil at the call's turn, then the frames; closed with the connection
	unsent     *Error      // set when the request was not sent at its turn
	id         uint64      // 0 before sending
	begun      bool        // a byte of the request was written
	first      header      // header of the first frame
	abandoned  bool        // no caller waits
	size       uint64      // body bytes of the frames taken
}

// giveUp drops received and future frames, and cancels the request at the server when the answer is
// not complete. The place in flight becomes free with the last frame. Returns true when the server
// may have read a byte.
func (target *call) giveUp() bool {
	c := target.connection
	c.mutex.Lock()
	defer c.mutex.Unlock()
	target.abandoned = true
	for len(target.frames) > 0 {
		<-target.frames // makes room for the reading goroutine
	}
	if target.id == 0 {
		c.users.Add(-1)
	} else if c.calls[target.id] == target && c.failure == nil {
		c.cancels = append(c.cancels, target.id)
		c.pass()
	}
	return target.begun && c.failure != foundIdle
}
