// LZ4 blocks (no frame around them, no dictionary), which Go's standard library does not have.
//
// A block is a row of sequences. Each has a token, literals, and a copy of earlier output; the last
// one has literals only:
//
//	 token     more literal length    literals    offset    more match length
//	+--------+ +-----+ - - +-----+ +-----------+ +---+---+ +-----+ - - +-----+
//	| LLLLMM | | 255 |     | <255| |           | | u16   | | 255 |     | <255|
//	+--------+ +-----+ - - +-----+ +-----------+ +---+---+ +-----+ - - +-----+
//	 LLLL, MMMM = 15: more length bytes follow; a match is MMMM + 4 bytes long
//
// Guarantees: decompressing writes exactly the size it was given or fails; it never reads or writes
// outside, and refuses offset 0. Compressing keeps the format's rules for the end of a block (five
// literals last, no match begun in the last twelve bytes), so every decoder reads it.
// Not here: when to compress (frames.go).

package assay

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

const (
	matchSizeMin   = 4
	literalsLast   = 5
	matchStartLast = 12
	offsetMax      = 65535
	hashBits       = 12
	// expansionMax bounds output per byte of a block: a length byte of 255.
	expansionMax = 255
)

var errBlock = errors.New("the LZ4 block is damaged, or its size is not the one announced")

// decompressBlock decodes a block of exactly size bytes.
func decompressBlock(block []byte, size int) ([]byte, error) {
	if size/expansionMax > len(block) {
		return nil, errBlock
	}
	output := make([]byte, 0, size)
	for position := 0; position < len(block); {
		token := block[position]
		position++
		literals, next, ok := readLength(block, position, int(token>>4), size)
		if !ok || literals > len(block)-next || literals > size-len(output) {
			return nil, errBlock
		}
		output = append(output, block[next:next+literals]...)
		position = next + literals
		if position == len(block) {
			if len(output) != size {
				return nil, errBlock
			}
			return output, nil
		}
		if len(block)-position < 2 {
			return nil, errBlock
		}
		offset := int(binary.LittleEndian.Uint16(block[position:]))
		length, next, ok := readLength(block, position+2, int(token&15), size)
		length += matchSizeMin
		if !ok || offset == 0 || offset > len(output) || length > size-len(output) {
			return nil, errBlock
		}
		output = appendMatch(output, offset, length)
		position = next
	}
	return nil, errBlock
}

// readLength adds the bytes that follow a nibble of 15. A length above limit is no length.
func readLength(block []byte, position, nibble, limit int) (length, next int, ok bool) {
	length = nibble
	if nibble < 15 {
		return length, position, true
	}
	for position < len(block) && length <= limit {
		more := block[position]
		position++
		length += int(more)
		if more < 255 {
			return length, position, true
		}
	}
	return 0, 0, false
}

// appendMatch repeats what lies offset bytes back. Copy and source overlap when length > offset:
// each round then doubles what there is to copy from.
func appendMatch(output []byte, offset, length int) []byte {
	from := len(output) - offset
	for length > 0 {
		count := min(len(output)-from, length)
		output = append(output, output[from:from+count]...)
		length -= count
	}
	return output
}

// compressBlock returns a block of at most limit bytes; nil when source does not fit into that.
func compressBlock(source []byte, limit int) []byte {
	var positions [1 << hashBits]int32 // one more than the position, 0: none
	output := make([]byte, 0, limit)
	anchor, misses := 0, 0
	for position := 0; position+matchStartLast < len(source); {
		word := binary.LittleEndian.Uint32(source[position:])
		slot := &positions[word*2654435761>>(32-hashBits)]
		candidate := int(*slot) - 1
		*slot = int32(position + 1)
		if candidate < 0 || position-candidate > offsetMax ||
			binary.LittleEndian.Uint32(source[candidate:]) != word {
			misses++
			position += 1 + misses>>6 // data that does not repeat is gone through faster
			continue
		}
		length := matchSize(source, candidate, position)
		output = appendLiterals(output, source[anchor:position], length-matchSizeMin)
		offset := position - candidate
		output = appendLength(append(output, byte(offset), byte(offset>>8)), length-matchSizeMin)
		if len(output) > limit {
			return nil
		}
		position += length
		anchor, misses = position, 0
	}
	output = appendLiterals(output, source[anchor:], 0)
	if len(output) > limit {
		return nil
	}
	return output
}

// matchSize counts equal bytes at two places, at least four, leaving the last literals alone.
func matchSize(source []byte, candidate, position int) int {
	size, limit := matchSizeMin, len(source)-literalsLast-position
	for size+8 <= limit {
		difference := binary.LittleEndian.Uint64(source[candidate+size:]) ^
			binary.LittleEndian.Uint64(source[position+size:])
		if difference != 0 {
			return size + bits.TrailingZeros64(difference)/8
		}
		size += 8
	}
	for size < limit && source[candidate+size] == source[position+size] {
		size++
	}
	return size
}

// appendLiterals begins a sequence; match is what is said of its match's length, 0 without one.
func appendLiterals(output, literals []byte, match int) []byte {
	output = append(output, byte(min(len(literals), 15)<<4|min(match, 15)))
	return append(appendLength(output, len(literals)), literals...)
}

// appendLength writes what a nibble of 15 leaves over.
func appendLength(output []byte, length int) []byte {
	if length < 15 {
		return output
	}
	for length -= 15; length >= 255; length -= 255 {
		output = append(output, 255)
	}
	return append(output, byte(length))
}
