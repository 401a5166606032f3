// LZ4 blocks (without frames and dictionaries), which Go's standard library does not have.
//
// A block is a row of sequences. Each sequence has a token, literals, and a copy of earlier output.
// The last sequence has only literals:
//
//	 token     more literal length    literals    offset    more match length
//	+--------+ +-----+ - - +-----+ +-----------+ +---+---+ +-----+ - - +-----+
//	| LLLLMM | | 255 |     | <255| |           | | u16   | | 255 |     | <255|
//	+--------+ +-----+ - - +-----+ +-----------+ +---+---+ +-----+ - - +-----+
//	 LLLL, MMMM = 15: more length bytes follow; a match is MMMM + 4 bytes long
//
// Guarantees: decompression makes exactly the given size or fails, never reads or writes outside,
// and refuses offset 0. Compression keeps the format's rules for the end of a block (five literals
// last, no match begun in the last twelve bytes), so every decoder reads the block.
// Not here: the decision to compress (frames.go).

package assay

import "encoding/binary"

const (
	matchSizeMin   = 4
	literalsLast   = 5
	matchStartLast = 12
	offsetMax      = 65535
	hashBits       = 12
)

const errBlock = damage("the LZ4 block is damaged, or its size is not the one announced")

// decompressBlock decodes a block of exactly size bytes.
func decompressBlock(block []byte, size int) ([]byte, error) {
	// A byte of a block decodes to at most 255 bytes. A size is negative when an int of 32 bits
	// overflowed.
	if size < 0 || size/255 > len(block) {
		return nil, errBlock
	}
	rest, output := blockReader{bytes: block}, make([]byte, 0, size)
	for !rest.isCut {
		token := rest.take(1)[0]
		literals := rest.length(token>>4, size)
		if literals > size-len(output) {
			break
		}
		output = append(output, rest.take(literals)...)
		if len(rest.bytes) == 0 && len(output) == size && !rest.isCut {
			return output, nil
		}
		offset := int(binary.LittleEndian.Uint16(rest.take(2)))
		length := rest.length(token&15, size) + matchSizeMin
		if offset == 0 || offset > len(output) || length > size-len(output) {
			break
		}
		output = appendMatch(output, offset, length)
	}
	return nil, errBlock
}

// blockReader reads a block.
type blockReader struct {
	bytes []byte
	isCut bool // a read went past the end and returned zeros
}

func (r *blockReader) take(count int) []byte {
	if count > len(r.bytes) {
		r.bytes, r.isCut = make([]byte, count), true
	}
	taken := r.bytes[:count]
	r.bytes = r.bytes[count:]
	return taken
}

// length adds the bytes that follow a nibble of 15, and stops above limit.
func (r *blockReader) length(nibble byte, limit int) int {
	length := int(nibble)
	for more := byte(255); nibble == 15 && more == 255 && length <= limit; {
		more = r.take(1)[0]
		length += int(more)
	}
	return length
}

// appendMatch copies length bytes from offset bytes back. Copy and source overlap when length >
// offset: each round then doubles the bytes to copy from.
func appendMatch(output []byte, offset, length int) []byte {
	from := len(output) - offset
	for length > 0 {
		count := min(len(output)-from, length)
		output = append(output, output[from:from+count]...)
		length -= count
	}
	return output
}

// compressBlock returns a block of at most limit bytes, or nil when the block is larger.
func compressBlock(source []byte, limit int) []byte {
	var positions [1 << hashBits]int32 // position + 1, or 0 for none
	output := make([]byte, 0, limit)
	anchor, misses := 0, 0
	for position := 0; position+matchStartLast < len(source) && len(output) <= limit; {
		word := binary.LittleEndian.Uint32(source[position:])
		slot := &positions[word*2654435761>>(32-hashBits)]
		candidate := int(*slot) - 1
		*slot = int32(position + 1)
		if candidate < 0 || position-candidate > offsetMax ||
			binary.LittleEndian.Uint32(source[candidate:]) != word {
			misses++
			position += 1 + misses>>6 // larger steps through data that does not repeat
			continue
		}
		length, lengthMax := matchSizeMin, len(source)-literalsLast-position
		for length < lengthMax && source[candidate+length] == source[position+length] {
			length++
		}
		output = appendLiterals(output, source[anchor:position], length-matchSizeMin)
		offset := position - candidate
		output = appendLength(append(output, byte(offset), byte(offset>>8)), length-matchSizeMin)
		position += length
		anchor, misses = position, 0
	}
	output = appendLiterals(output, source[anchor:], 0)
	if len(output) > limit {
		return nil
	}
	return output
}

// appendLiterals begins a sequence. match is the match length minus four, or 0 without a match.
func appendLiterals(output, literals []byte, match int) []byte {
	output = append(output, byte(min(len(literals), 15)<<4|min(match, 15)))
	return append(appendLength(output, len(literals)), literals...)
}

// appendLength writes the part of a length that exceeds 15, the limit of a nibble.
func appendLength(output []byte, length int) []byte {
	if length < 15 {
		return output
	}
	for length -= 15; length >= 255; length -= 255 {
		output = append(output, 255)
	}
	return append(output, byte(length))
}
