// A scripted server for the tests: the script of a test reads requests and answers them.

package assay

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// peer is the server's side of one connection. A request is a frame with the deadline as status.
type peer struct {
	t      *testing.T
	socket net.Conn
}

// greeting is the answer to Hello of a server with a revision and a number of places.
func greeting(revision, places uint64) helloResponse {
	return helloResponse{Server: "peer", Revision: revision, BodySizeMax: bodySizeMax,
		RequestsInFlightMax: places}
}

var onePlace, fourPlaces = greeting(3, 1), greeting(2, 4)

// serve makes a client of a server at a Unix socket that plays scripts as listen does.
func serve(t *testing.T, hello helloResponse, scripts ...func(*peer)) (*Client, chan struct{}) {
	address, finished := listen(t, "unix", socketPath(t), hello, scripts...)
	return client(t, address), finished
}

// listen plays one script per connection, in turn, and the last script for all later connections.
// Hello is answered before a script begins, and the connection is closed after the script. Returns
// the address, and a channel that yields once per finished script.
func listen(
	t *testing.T, network, where string, hello helloResponse, scripts ...func(*peer),
) (string, chan struct{}) {
	finished := make(chan struct{}, 64)
	return accept(t, network, where, func(index int, p *peer) {
		if asked, ok := p.read(); ok {
			p.say(asked, 0, &hello)
			scripts[min(index, len(scripts)-1)](p)
		}
		p.socket.Close()
		finished <- struct{}{}
	}), finished
}

// accept plays each connection from its first byte, and returns the address.
func accept(t *testing.T, network, where string, play func(index int, p *peer)) string {
	listener := listener(t, network, where)
	go func() {
		for index := 0; ; index++ {
			socket, err := listener.Accept()
			if err != nil {
				return
			}
			go play(index, &peer{t, socket})
		}
	}()
	return network + "://" + listener.Addr().String()
}

// listener accepts no connection by itself.
func listener(t *testing.T, network, where string) net.Listener {
	listener, err := net.Listen(network, where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// socketPath returns a short path, independent of the test's name, since a socket's address has
// little room.
func socketPath(t *testing.T) string {
	folder, err := os.MkdirTemp("", "assay-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return filepath.Join(folder, "s")
}

// ---------------------------------------------------------------- requests

// read waits for one request. Returns false at the connection's end.
func (p *peer) read() (*frame, bool) {
	head, asked := make([]byte, headerSize), &frame{}
	if _, err := io.ReadFull(p.socket, head); err != nil {
		return asked, false
	}
	asked.header.read(head)
	asked.body = make([]byte, asked.length-headerSizeCounted)
	_, err := io.ReadFull(p.socket, asked.body)
	return asked, err == nil
}

// each plays an answer to every request until the client closes.
func (p *peer) each(answer func(*frame)) {
	for asked, ok := p.read(); ok; asked, ok = p.read() {
		answer(asked)
	}
}

// echo answers Pings until the client closes.
func (p *peer) echo() { p.each(p.repeat) }

// drain reads until the client closes.
func (p *peer) drain() { p.each(func(*frame) {}) }

// unexpected is the script of a connection that must not exist.
func unexpected(p *peer) { p.t.Error("a second connection") }

// decode reads the body of a request, which must keep its table.
func (p *peer) decode(asked *frame, into body) {
	if wrong := decode(asked.body, into); wrong != nil {
		p.t.Error(wrong)
	}
}

// ---------------------------------------------------------------- answers

// response returns the bytes of a frame that answers a request.
func response(
	asked *frame, flags byte, provenance Provenance, status Status, body []byte,
) []byte {
	answer := header{length: uint32(headerSizeCounted + len(body)), version: protocolVersion,
		kind: asked.kind | responseBit, flags: flags, provenance: provenance,
		requestID: asked.requestID, status: uint32(status), rawSize: uint32(len(body))}
	if asked.kind != kindHello && asked.kind != kindGoAway {
		answer.generation = 1
	}
	bytes := make([]byte, headerSize, headerSize+len(body))
	answer.write(bytes)
	return append(bytes, body...)
}

func (p *peer) write(
	asked *frame, flags byte, provenance Provenance, status Status, body []byte,
) {
	p.socket.Write(response(asked, flags, provenance, status, body))
}

// say answers with a real frame of generation 1.
func (p *peer) say(asked *frame, flags byte, value body) {
	p.write(asked, flags, Real, 0, p.encode(value))
}

func (p *peer) encode(value body) []byte {
	body, _, wrong := encode(value, nil)
	if wrong != nil {
		p.t.Error(wrong)
	}
	return body
}

// repeat sends a Ping's payload back.
func (p *peer) repeat(asked *frame) { p.write(asked, 0, Real, 0, asked.body) }

// refuse answers with a status.
func (p *peer) refuse(asked *frame, status Status, retryAfter uint64) {
	p.refuseWith(asked, status, errorBody{Code: "busy", RetryAfterMilliseconds: &retryAfter})
}

func (p *peer) refuseWith(asked *frame, status Status, said errorBody) {
	said.Message = said.Code
	p.write(asked, 0, Real, status, p.encode(&said))
}

// chunk and end are the frames of a Generate.
func (p *peer) chunk(asked *frame, text string) {
	p.say(asked, flagMore, &GenerateChunk{Text: text})
}

func (p *peer) end(asked *frame, text string) {
	p.say(asked, 0, &GenerateResponse{Text: text, FinishReason: "stop", Answer: madeBy})
}

var madeBy = Answer{Model: "m", Device: "cpu"}

// ---------------------------------------------------------------- Cancel

// awaitCancel reads the Cancel of a request, plays late, unless nil, and then the server's part of
// the Cancel to its end. Later Pings are answered.
func (p *peer) awaitCancel(asked *frame, late func()) {
	cancel, _ := p.read()
	if late != nil {
		late()
	}
	p.finishCancelled(asked, cancel)
	p.echo()
}

// finishCancelled plays the server's part of a Cancel to its end.
func (p *peer) finishCancelled(asked, cancel *frame) {
	p.expectCancel(asked, cancel)
	p.say(cancel, 0, &cancelResponse{Found: true})
	p.refuse(asked, StatusCancelled, 0)
}

func (p *peer) expectCancel(asked, cancel *frame) {
	var found cancelRequest
	wrong := decode(cancel.body, &found)
	if cancel.kind != kindCancel || wrong != nil || found.Target != asked.requestID {
		p.t.Errorf("found kind 0x%02x (%v), expected a Cancel of %d", cancel.kind, wrong,
			asked.requestID)
	}
}

// obey answers Pings at once and holds other requests. A held request must carry a whole text of
// the given size, and is refused when its Cancel comes.
func (p *peer) obey(size int) {
	waiting := map[uint64]frame{}
	p.each(func(asked *frame) {
		switch asked.kind {
		case kindPing:
			p.repeat(asked)
		case kindCancel:
			var cancel cancelRequest
			p.decode(asked, &cancel)
			held := waiting[cancel.Target]
			p.finishCancelled(&held, asked)
			delete(waiting, cancel.Target)
		default:
			var request TokenizeRequest
			if p.decode(asked, &request); len(request.Text) != size {
				p.t.Errorf("a request of %d bytes did not arrive whole", len(asked.body))
			}
			waiting[asked.requestID] = *asked
		}
	})
}
