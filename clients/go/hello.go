// Opening a connection: what is offered, and what may be agreed to.

package assay

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"reflect"
	"time"
)

const (
	// placesMax bounds requests in flight where the server does not: any int holds it.
	placesMax = 1 << 20
	// keepAliveIdle is how long a TCP connection may be silent before it is probed.
	keepAliveIdle = 30 * time.Second
	// keepAliveInterval is the time between two probes.
	keepAliveInterval = 10 * time.Second
	// keepAliveProbes without an answer are the connection's end.
	keepAliveProbes = 3
)

// connect opens a connection and says Hello. Each of the two has the time of ConnectMilliseconds,
// and both end with life, the Client's own.
func connect(
	life context.Context, network, address string, options *Options,
) (*connection, *Error) {
	limit := time.Duration(options.ConnectMilliseconds) * time.Millisecond
	dialer := net.Dialer{Timeout: limit, KeepAlive: -1} // keepAlive below; TCP comes without delay
	socket, err := dialer.DialContext(life, network, address)
	if err != nil {
		return nil, unreachableError(network+"://"+address, err)
	}
	keepAlive(socket)
	greeted := make(chan struct{})
	defer close(greeted)
	go func() {
		select {
		case <-life.Done():
			socket.Close()
		case <-greeted:
		}
	}()
	c := &connection{socket: socket, calls: map[uint64]*call{}, lastID: 1,
		writing: make(chan struct{}, 1), gone: make(chan struct{}), lastRead: time.Now()}
	c.reader = frameReader{source: bufio.NewReaderSize(c, 64*1024),
		bodyLimit: frameSizeMaxBeforeHello - headerSize}
	if limit > 0 {
		socket.SetDeadline(time.Now().Add(limit))
	}
	if failure := c.sayHello(options, limit); failure != nil {
		failure.unwritten = failure.Code == CodeConnectionClosed
		socket.Close()
		return nil, failure
	}
	socket.SetDeadline(time.Time{})
	c.reader.bodyLimit = options.BodySizeMax
	c.reader.decompresses = c.hello.Compression
	places := c.hello.RequestsInFlightMax
	if places > placesMax {
		places = placesMax
	}
	c.places = make(chan struct{}, places) // elements of no size
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
	value := reflect.ValueOf(&c.hello).Elem()
	if wrong := decode(helloResponseTable, answer.body, value); wrong != nil {
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
