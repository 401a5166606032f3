// A scripted server for the tests: each test says what it reads and what it answers.

package assay

import (
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"reflect"
	"testing"
)

// peer is the server's side of one connection, past Hello.
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

// listen plays one script per connection, in turn; the last one goes on with later connections.
// Hello is said before a script begins, and the connection is closed after it. It returns the
// address, and a channel that yields once per finished script.
func listen(t *testing.T, scripts ...func(*peer)) (string, chan struct{}) {
	return listenAs(t, helloResponse{Server: "peer", Revision: 2, BodySizeMax: bodySizeMax,
		RequestsInFlightMax: 4}, scripts...)
}

func listenAs(t *testing.T, hello helloResponse, scripts ...func(*peer)) (string, chan struct{}) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
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
					p.say(asked.kind, asked.id, 0, hello, helloResponseTable)
					script(p)
				}
				socket.Close()
				finished <- struct{}{}
			}()
		}
	}()
	return "unix://" + path, finished
}

// read waits for one request; false at the connection's end.
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
func (p *peer) say(kind byte, id uint64, flags byte, value any, table *message) {
	body, _, wrong := encode(table, reflect.ValueOf(value), nil)
	if wrong != nil {
		p.t.Error(wrong)
	}
	p.write(kind, id, flags, Real, 0, body)
}

// refuse answers with a status.
func (p *peer) refuse(asked received, status Status, retryAfter uint64) {
	body, _, _ := encode(errorBodyTable, reflect.ValueOf(errorBody{Code: "busy", Message: "busy",
		RetryAfterMilliseconds: &retryAfter}), nil)
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

// echo answers Pings until the client closes.
func (p *peer) echo() {
	for {
		asked, ok := p.read()
		if !ok {
			return
		}
		p.write(asked.kind, asked.id, 0, Real, 0, asked.body)
	}
}

// chunk and end are the frames of a Generate.
func (p *peer) chunk(asked received, text string) {
	p.say(asked.kind, asked.id, flagMore, GenerateChunk{Text: text}, generateChunkTable)
}

func (p *peer) end(asked received, text string) {
	p.say(asked.kind, asked.id, 0, GenerateResponse{Text: text, FinishReason: "stop",
		Answer: Answer{Model: "m", Device: "cpu"}}, generateResponseTable)
}
