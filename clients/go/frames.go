// Frames: 32 bytes of header and a body (Protocol/SPEC.md, sections 1 and 5).
//
// Guarantees: each check of a received header is made as soon as its bytes are present, in the
// order of SPEC.md, and before memory is allocated for the body. Memory for a body grows with the
// received bytes. Body limits hold before and after compression.
// Not here: the match of frames and requests (connection.go).

package assay

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// readStep bounds the memory allocated ahead of a body's bytes, in addition to as much as was
// received.
const readStep = 256 * 1024

// frame is a received response with a decompressed body.
type frame struct {
	header
	body []byte
}

func (f *frame) isLast() bool { return f.flags&flagMore == 0 }

// damage is a breach of the framing: the value found and the value allowed.
type damage string

func (d damage) Error() string { return string(d) }

func damaged(format string, arguments ...any) error {
	return damage(fmt.Sprintf(format, arguments...))
}

// frameReader reads responses from one connection.
type frameReader struct {
	source       *bufio.Reader
	bodyLimit    uint32
	decompresses bool
}

// next blocks for one whole frame. Errors: damage, or the error of reading. io.EOF comes only
// between two frames.
func (r *frameReader) next() (*frame, error) {
	head, err := r.source.Peek(4)
	if err != nil {
		return nil, ended(err, len(head))
	}
	length := binary.LittleEndian.Uint32(head)
	if length < headerSizeCounted || length-headerSizeCounted > r.bodyLimit {
		return nil, damaged("found a frame length of %d, allowed: %d to %d", length, headerSizeCounted,
			headerSizeCounted+uint64(r.bodyLimit))
	}
	if head, err = r.source.Peek(5); err != nil {
		return nil, ended(err, len(head))
	}
	if head[4] != protocolVersion {
		return nil, damaged("found version %d, allowed: %d", head[4], protocolVersion)
	}
	if head, err = r.source.Peek(headerSize); err != nil {
		return nil, ended(err, len(head))
	}
	f := &frame{}
	f.header.read(head)
	size := length - headerSizeCounted
	if err := r.check(f, size); err != nil {
		return nil, err
	}
	_, _ = r.source.Discard(headerSize) // already in the buffer
	for arrived := uint32(0); arrived < size; arrived = uint32(len(f.body)) {
		f.body = append(f.body, make([]byte, min(size-arrived, arrived+readStep))...)
		if _, err := io.ReadFull(r.source, f.body[arrived:]); err != nil {
			return nil, ended(err, headerSize)
		}
	}
	if f.flags&flagCompressed != 0 {
		f.body, err = decompressBlock(f.body, int(f.rawSize))
	}
	return f, err
}

// check makes the checks that need the whole header, in the order of SPEC.md.
func (r *frameReader) check(f *frame, size uint32) error {
	compressed := f.flags&flagCompressed != 0
	switch {
	case f.reserved != 0:
		return damage("the header's last word is not zero")
	case f.kind <= responseBit:
		return damaged("found kind 0x%02x, allowed: a response's", f.kind)
	case f.flags&^(flagCompressed|flagMore|flagDegraded) != 0:
		return damaged("found unknown flags in 0x%02x", f.flags)
	case f.provenance != Real && f.provenance != Mock:
		return damaged("found provenance %d, allowed: 1 or 2", f.provenance)
	case (f.requestID == 0) != (f.kind == kindGoAway|responseBit):
		return damaged("found request id %d in kind 0x%02x", f.requestID, f.kind)
	case f.status != 0 && f.flags&(flagMore|flagDegraded) != 0:
		return damaged("found flags 0x%02x beside status %d", f.flags, f.status)
	case compressed && !r.decompresses:
		return damage("found a compressed body without an agreement on compression")
	case f.rawSize > r.bodyLimit:
		return damaged("found a raw size of %d, allowed: %d", f.rawSize, r.bodyLimit)
	case !compressed && f.rawSize != size:
		return damaged("found a raw size of %d with a body of %d bytes", f.rawSize, size)
	case compressed && (f.rawSize < compressionSizeMin || size == 0 || size >= f.rawSize):
		return damaged("found %d bytes compressed to %d: not useful", f.rawSize, size)
	}
	return nil
}

// ended turns an end within a frame into io.ErrUnexpectedEOF.
func ended(err error, arrived int) error {
	if err == io.EOF && arrived > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

// requestFrame returns a request's bytes, compressed when both sides agreed and compression pays. A
// deadline of 0 means no deadline.
func requestFrame(
	kind byte, requestID uint64, deadlineMilliseconds uint32, body []byte, compresses bool,
) []byte {
	h := header{version: protocolVersion, kind: kind, requestID: requestID,
		status: deadlineMilliseconds, rawSize: uint32(len(body))}
	if compresses && len(body) >= compressionSizeMin {
		if block := compressToPay(body); block != nil {
			body, h.flags = block, flagCompressed
		}
	}
	h.length = uint32(headerSizeCounted + len(body))
	frame := make([]byte, headerSize, headerSize+len(body))
	h.write(frame)
	return append(frame, body...)
}

// compressToPay returns nil when compression does not pay. For a large body, a sample from the
// middle is compressed first.
func compressToPay(body []byte) []byte {
	if len(body) >= compressionSampledSizeMin {
		sample := body[(len(body)-compressionSampleSize)/2:][:compressionSampleSize]
		if compressBlock(sample, len(sample)*compressionPercentMax/100) == nil {
			return nil
		}
	}
	return compressBlock(body, len(body)*compressionPercentMax/100)
}
