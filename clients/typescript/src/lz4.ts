// LZ4 blocks (no frame around them, no dictionary). Node has no LZ4.
//
// A block is a row of sequences. Each sequence has a token, literals, and a copy of earlier output.
// The last sequence has only literals:
//
//    token     more literal length    literals    offset    more match length
//   +--------+ +-----+ - - +-----+ +-----------+ +---+---+ +-----+ - - +-----+
//   | LLLLMM | | 255 |     | <255| |           | | u16   | | 255 |     | <255|
//   +--------+ +-----+ - - +-----+ +-----------+ +---+---+ +-----+ - - +-----+
//    LLLL, MMMM = 15: more length bytes follow. A match is MMMM + 4 bytes long
//
// Guarantees: decompressing writes exactly the given size or throws. Decompressing never reads or
// writes outside, and refuses offset 0. Compressing keeps the format's rules for the end of a block
// (five literals last, no match begun in the last twelve bytes), so every decoder reads the block.
// Not here: the decision to compress (frames.ts).

const matchSizeMin = 4;
const literalsLast = 5;
const matchStartLast = 12;
const offsetMax = 65535;
const hashBits = 12;
/** Largest output per byte of a block, reached by a length byte of 255. */
const expansionMax = 255;

const damaged = (): Error =>
  new Error("the LZ4 block is damaged, or its size is not the one announced");

/** Decodes a block of exactly `size` bytes. */
export function decompressBlock(block: Uint8Array, size: number): Uint8Array {
  if (size / expansionMax > block.length) throw damaged();
  const output = new Uint8Array(size);
  let written = 0;
  let place = 0;

  // Adds the bytes that follow a nibble of 15.
  const length = (nibble: number): number => {
    let sum = nibble;
    for (let more = nibble === 15 ? 255 : 0; more === 255; sum += more) {
      if (place >= block.length || sum > size) throw damaged();
      more = block[place++] as number;
    }
    return sum;
  };

  while (place < block.length) {
    const token = block[place++] as number;
    const literals = length(token >> 4);
    if (literals > block.length - place || literals > size - written) throw damaged();
    output.set(block.subarray(place, place + literals), written);
    written += literals;
    place += literals;
    if (place === block.length) {
      if (written !== size) throw damaged();
      return output;
    }
    if (block.length - place < 2) throw damaged();
    const offset = (block[place] as number) | ((block[place + 1] as number) << 8);
    place += 2;
    const count = length(token & 15) + matchSizeMin;
    if (offset === 0 || offset > written || count > size - written) throw damaged();
    copyMatch(output, written, offset, count);
    written += count;
  }
  throw damaged();
}

/**
 * Repeats the output from `offset` bytes back. Copy and source overlap when `count` > `offset`:
 * each round then doubles the bytes to copy from.
 */
function copyMatch(output: Uint8Array, start: number, offset: number, count: number): void {
  const from = start - offset;
  const end = start + count;
  for (let place = start; place < end; ) {
    const step = Math.min(place - from, end - place);
    output.copyWithin(place, from, from + step);
    place += step;
  }
}

/** A block of at most `limit` bytes. Undefined when the block would be larger. */
export function compressBlock(source: Uint8Array, limit: number): Uint8Array | undefined {
  const positions = new Int32Array(1 << hashBits).fill(-1);
  const output = new Block(limit);
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  let anchor = 0;
  let misses = 0;
  for (let place = 0; place + matchStartLast < source.length; ) {
    const word = view.getUint32(place, true);
    const slot = Math.imul(word, 2654435761) >>> (32 - hashBits);
    const candidate = positions[slot] as number;
    positions[slot] = place;
    const isNear = candidate >= 0 && place - candidate <= offsetMax;
    if (!isNear || view.getUint32(candidate, true) !== word) {
      misses += 1;
      place += 1 + (misses >> 6); // larger steps through data without repetition
      continue;
    }
    const length = matchSize(source, candidate, place);
    output.sequence(source.subarray(anchor, place), place - candidate, length);
    if (output.isFull) return undefined;
    place += length;
    anchor = place;
    misses = 0;
  }
  output.literals(source.subarray(anchor), 0);
  return output.isFull ? undefined : output.bytes.subarray(0, output.size);
}

/** Counts equal bytes at two places, at least four, without the last literals. */
function matchSize(source: Uint8Array, candidate: number, place: number): number {
  const limit = source.length - literalsLast - place;
  let size = matchSizeMin;
  while (size < limit && source[candidate + size] === source[place + size]) size += 1;
  return size;
}

/** A block under construction. Full when the block would exceed its limit. */
class Block {
  readonly bytes: Uint8Array;
  size = 0;
  isFull = false;

  constructor(limit: number) {
    this.bytes = new Uint8Array(limit);
  }

  sequence(literals: Uint8Array, offset: number, length: number): void {
    this.literals(literals, Math.min(length - matchSizeMin, 15));
    this.byte(offset & 255);
    this.byte(offset >> 8);
    this.length(length - matchSizeMin);
  }

  literals(literals: Uint8Array, matchNibble: number): void {
    this.byte((Math.min(literals.length, 15) << 4) | matchNibble);
    this.length(literals.length);
    if (literals.length > this.bytes.length - this.size) {
      this.isFull = true;
      return;
    }
    this.bytes.set(literals, this.size);
    this.size += literals.length;
  }

  /** Writes the rest of a length after a nibble of 15. */
  private length(length: number): void {
    if (length < 15) return;
    let rest = length - 15;
    for (; rest >= 255; rest -= 255) this.byte(255);
    this.byte(rest);
  }

  private byte(value: number): void {
    if (this.size < this.bytes.length) this.bytes[this.size++] = value;
    else this.isFull = true;
  }
}
