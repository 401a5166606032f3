// Frames: 32 bytes of header and a body (Protocol/SPEC.md, sections 1 and 5).
//
// Guarantees: each check of a received header is made as soon as its bytes are there, in the order
// of SPEC.md, and before anything is allocated for the body; memory for a body grows with what has
// arrived. Body limits hold before and after compression.
// Not here: what a frame is an answer to (connection.go).

package assay

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// readStep bounds what is allocated ahead of a body's bytes.
const readStep = 256 * 1024

// frame is a received response: its header's words and its body, decompressed.
type frame struct {
	kind       byte
	flags      byte
	provenance Provenance
	requestID  uint64
	status     uint32
	generation uint32
	body       []byte
}

func (f *frame) isLast() bool { return f.flags&flagMore == 0 }

// damage is a breach of the framing: what was found and what is allowed.
type damage string

func (d damage) Error() string { return string(d) }

// frameReader reads responses from one connection.
type frameReader struct {
	source       *bufio.Reader
	bodyLimit    uint32
	decompresses bool
}

// next blocks for one whole frame. Errors: damage, or the error of reading; io.EOF only between
// two frames.
func (r *frameReader) next() (*frame, error) {
	head, err := r.source.Peek(4)
	if err != nil {
		return nil, ended(err, len(head))
	}
	length := binary.LittleEndian.Uint32(head)
	if length < headerSizeCounted || length-headerSizeCounted > r.bodyLimit {
		return nil, damage(fmt.Sprintf("found a frame length of %d, allowed: %d to %d", length,
			headerSizeCounted, headerSizeCounted+uint64(r.bodyLimit)))
	}
	if head, err = r.source.Peek(5); err != nil {
		return nil, ended(err, len(head))
	}
	if head[4] != protocolVersion {
		return nil, damage(fmt.Sprintf("found version %d, allowed: %d", head[4], protocolVersion))
	}
	if head, err = r.source.Peek(headerSize); err != nil {
		return nil, ended(err, len(head))
	}
	result := &frame{kind: head[5], flags: head[6], provenance: Provenance(head[7]),
		requestID: binary.LittleEndian.Uint64(head[8:]), status: binary.LittleEndian.Uint32(head[16:]),
		generation: binary.LittleEndian.Uint32(head[24:])}
	rawSize := binary.LittleEndian.Uint32(head[20:])
	size := length - headerSizeCounted
	if err := r.check(result, binary.LittleEndian.Uint32(head[28:]), size, rawSize); err != nil {
		return nil, err
	}
	if _, err := r.source.Discard(headerSize); err != nil {
		return nil, err
	}
	if result.body, err = readBody(r.source, int(size)); err != nil {
		return nil, ended(err, headerSize)
	}
	if result.flags&flagCompressed == 0 {
		return result, nil
	}
	if result.body, err = decompressBlock(result.body, int(rawSize)); err != nil {
		return nil, damage(err.Error())
	}
	return result, nil
}

// check makes the checks that need the whole header, in the order of SPEC.md.
func (r *frameReader) check(f *frame, reserved, size, rawSize uint32) error {
	compressed := f.flags&flagCompressed != 0
	switch {
	case reserved != 0:
		return damage("the header's last word is not zero")
	case f.kind <= responseBit:
		return damage(fmt.Sprintf("found kind 0x%02x, allowed: a response's", f.kind))
	case f.flags&^(flagCompressed|flagMore|flagDegraded) != 0:
		return damage(fmt.Sprintf("found unknown flags in 0x%02x", f.flags))
	case f.provenance != Real && f.provenance != Mock:
		return damage(fmt.Sprintf("found provenance %d, allowed: 1 or 2", f.provenance))
	case (f.requestID == 0) != (f.kind == kindGoAway|responseBit):
		return damage(fmt.Sprintf("found request id %d in kind 0x%02x", f.requestID, f.kind))
	case f.status != 0 && f.flags&(flagMore|flagDegraded) != 0:
		return damage(fmt.Sprintf("found flags 0x%02x beside status %d", f.flags, f.status))
	case rawSize > r.bodyLimit:
		return damage(fmt.Sprintf("found a raw size of %d, allowed: %d", rawSize, r.bodyLimit))
	case !compressed && rawSize != size:
		return damage(fmt.Sprintf("found a raw size of %d with a body of %d bytes", rawSize, size))
	case compressed && (rawSize < compressionSizeMin || size == 0 || size >= rawSize):
		return damage(fmt.Sprintf("found %d bytes compressed to %d: not useful", rawSize, size))
	case compressed && !r.decompresses:
		return damage("found a compressed body without an agreement on compression")
	}
	return nil
}

// readBody allocates no more than readStep ahead of the bytes that are there.
func readBody(source io.Reader, size int) ([]byte, error) {
	step := size
	if step > readStep {
		step = readStep
	}
	body := make([]byte, step)
	filled := 0
	for {
		if _, err := io.ReadFull(source, body[filled:]); err != nil {
			return nil, err
		}
		if filled = len(body); filled == size {
			return body, nil
		}
		grown := 2 * filled
		if grown > size {
			grown = size
		}
		body = append(make([]byte, 0, grown), body...)[:grown]
	}
}

// ended tells an end between frames from one inside a frame.
func ended(err error, arrived int) error {
	if err == io.EOF && arrived > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

// outgoing is a request's body as one connection's peer may have it: compressed when both sides
// agreed to that and it pays.
type outgoing struct {
	bytes   []byte
	rawSize int
}

func pack(body []byte, compresses bool) outgoing {
	if compresses && len(body) >= compressionSizeMin && looksCompressible(body) {
		if block := compressBlock(body, len(body)*compressionPercentMax/100); block != nil {
			return outgoing{block, len(body)}
		}
	}
	return outgoing{body, len(body)}
}

// looksCompressible judges a large body by a piece of its middle.
func looksCompressible(body []byte) bool {
	if len(body) < compressionSampledSizeMin {
		return true
	}
	start := (len(body) - compressionSampleSize) / 2
	return compressBlock(body[start:start+compressionSampleSize],
		compressionSampleSize*compressionPercentMax/100) != nil
}

// frame is the request's bytes, written with one call.
func (o outgoing) frame(kind byte, requestID uint64, deadlineMilliseconds uint32) []byte {
	bytes := make([]byte, headerSize, headerSize+len(o.bytes))
	binary.LittleEndian.PutUint32(bytes, uint32(headerSizeCounted+len(o.bytes)))
	bytes[4], bytes[5] = protocolVersion, kind
	if len(o.bytes) < o.rawSize {
		bytes[6] = flagCompressed
	}
	binary.LittleEndian.PutUint64(bytes[8:], requestID)
	binary.LittleEndian.PutUint32(bytes[16:], deadlineMilliseconds)
	binary.LittleEndian.PutUint32(bytes[20:], uint32(o.rawSize))
	return append(bytes, o.bytes...)
}
