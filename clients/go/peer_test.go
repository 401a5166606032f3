// A scripted server for the tests: the script of a test reads requests and answers them.

package assay

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// peer is the server's side of one connection, after Hello.
type peer struct {
	t      *testing.T
	socket net.Conn
}

type received struct {
	kind     byte
	id       uint64
	deadline uint32
	body     []byte
}

// listen plays one script per connection, in turn, and the last script for all later connections.
// Hello is answered before a script begins, and the connection is closed after the script. Returns
// the address, and a channel that yields once per finished script.
func listen(t *testing.T, scripts ...func(*peer)) (string, chan struct{}) {
	return listenAs(t, helloResponse{Server: "peer", Revision: 2, BodySizeMax: bodySizeMax,
		RequestsInFlightMax: 4}, scripts...)
}

func listenAs(t *testing.T, hello helloResponse, scripts ...func(*peer)) (string, chan struct{}) {
	return listenOn(t, "unix", socketPath(t), hello, scripts...)
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

func listenOn(
	t *testing.T, network, where string, hello helloResponse, scripts ...func(*peer),
) (string, chan struct{}) {
	listener, err := net.Listen(network, where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	finished := make(chan struct{}, 64)
	go func() {
		for index := 0; ; index++ {
			socket, err := listener.Accept()
			if err != nil {
				return
			}
			script := scripts[len(scripts)-1]
			if index < len(scripts) {
				script = scripts[index]
			}
			go func() {
				p := &peer{t, socket}
				if asked, ok := p.read(); ok {
					p.say(asked.kind, asked.id, 0, &hello)
					script(p)
				}
				socket.Close()
				finished <- struct{}{}
			}()
		}
	}()
	return network + "://" + listener.Addr().String(), finished
}

// read waits for one request. Returns false at the connection's end.
func (p *peer) read() (received, bool) {
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(p.socket, header); err != nil {
		return received{}, false
	}
	body := make([]byte, binary.LittleEndian.Uint32(header)-headerSizeCounted)
	_, err := io.ReadFull(p.socket, body)
	return received{header[5], binary.LittleEndian.Uint64(header[8:]),
		binary.LittleEndian.Uint32(header[16:]), body}, err == nil
}

// drain reads until the client closes.
func (p *peer) drain() {
	for ok := true; ok; {
		_, ok = p.read()
	}
}

// say answers with a real frame of generation 1.
func (p *peer) say(kind byte, id uint64, flags byte, value body) {
	body, _, wrong := encode(value, nil)
	if wrong != nil {
		p.t.Error(wrong)
	}
	p.write(kind, id, flags, Real, 0, body)
}

// refuse answers with a status.
func (p *peer) refuse(asked received, status Status, retryAfter uint64) {
	body, _, _ := encode(&errorBody{Code: "busy", Message: "busy",
		RetryAfterMilliseconds: &retryAfter}, nil)
	p.write(asked.kind, asked.id, 0, Real, uint32(status), body)
}

func (p *peer) write(
	kind byte, id uint64, flags byte, provenance Provenance, status uint32, body []byte,
) {
	bytes := make([]byte, headerSize, headerSize+len(body))
	binary.LittleEndian.PutUint32(bytes, uint32(headerSizeCounted+len(body)))
	bytes[4], bytes[5], bytes[6], bytes[7] = protocolVersion, kind|responseBit, flags, byte(provenance)
	binary.LittleEndian.PutUint64(bytes[8:], id)
	binary.LittleEndian.PutUint32(bytes[16:], status)
	binary.LittleEndian.PutUint32(bytes[20:], uint32(len(body)))
	if kind != kindHello && kind != kindGoAway {
		binary.LittleEndian.PutUint32(bytes[24:], 1)
	}
	p.socket.Write(append(bytes, body...))
}

// repeat sends a Ping's payload back.
func (p *peer) repeat(asked received) {
	p.write(asked.kind, asked.id, 0, Real, 0, asked.body)
}

// finishCancelled plays the server's part of a Cancel to its end.
func (p *peer) finishCancelled(asked, cancel received) {
	value, err := decoded("Cancel request", cancel.body)
	if cancel.kind != kindCancel || err != nil ||
		value.(*cancelRequest).Target != asked.id {
		p.t.Errorf("found kind 0x%02x (%v), expected a Cancel of %d", cancel.kind, err, asked.id)
	}
	p.say(kindCancel, cancel.id, 0, &cancelResponse{Found: true})
	p.refuse(asked, StatusCancelled, 0)
}

// obey answers Pings at once and holds other requests. A held request must carry a whole text of
// the given size, and is refused when its Cancel comes.
func (p *peer) obey(size int) {
	waiting := map[uint64]received{}
	for {
		asked, ok := p.read()
		switch {
		case !ok:
			return
		case asked.kind == kindPing:
			p.repeat(asked)
		case asked.kind == kindCancel:
			value, err := decoded("Cancel request", asked.body)
			if err != nil {
				p.t.Error(err)
				return
			}
			target := value.(*cancelRequest).Target
			p.finishCancelled(waiting[target], asked)
			delete(waiting, target)
		default:
			value, err := decoded("Tokenize request", asked.body)
			if err != nil || len(value.(*TokenizeRequest).Text) != size {
				p.t.Errorf("a request of %d bytes did not arrive whole: %v", len(asked.body), err)
				return
			}
			waiting[asked.id] = asked
		}
	}
}

// bytesOf returns the bytes that a script writes, without sending them.
func bytesOf(p *peer, script func(*peer)) []byte {
	held := &heldBack{}
	script(&peer{p.t, held})
	return held.bytes
}

type heldBack struct {
	net.Conn
	bytes []byte
}

func (h *heldBack) Write(bytes []byte) (int, error) {
	h.bytes = append(h.bytes, bytes...)
	return len(bytes), nil
}

// echo answers Pings until the client closes.
func (p *peer) echo() {
	for {
		asked, ok := p.read()
		if !ok {
			return
		}
		p.repeat(asked)
	}
}

// chunk and end are the frames of a Generate.
func (p *peer) chunk(asked received, text string) {
	p.say(asked.kind, asked.id, flagMore, &GenerateChunk{Text: text})
}

func (p *peer) end(asked received, text string) {
	p.say(asked.kind, asked.id, 0, &GenerateResponse{Text: text, FinishReason: "stop",
		Answer: Answer{Model: "m", Device: "cpu"}})
}
