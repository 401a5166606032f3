// Frames: 32 bytes of header and a body (Protocol/SPEC.md, sections 1 and 5).
//
// Guarantees: each check of a received header is made as soon as the bytes are there, in the order
// of SPEC.md, and before waiting for the body. At most one allowed frame is kept. Body limits hold
// before and after compression.
// Not here: matching frames to requests (connection.ts), sockets.

import { join } from "./codec.js";
import { compressBlock, decompressBlock } from "./lz4.js";
import {
  compressionPercentMax, compressionSampledSizeMin, compressionSampleSize, compressionSizeMin,
  flagCompressed, flagDegraded, flagMore, goAwayKind, headerSize, headerSizeCounted, Origin,
  protocolVersion, provenances, responseBit,
} from "./protocol.js";

/** A received response: the words of the header, and the decompressed body. */
export interface Frame {
  readonly kind: number;
  readonly flags: number;
  readonly provenance: Origin["provenance"];
  readonly requestId: number;
  readonly status: number;
  readonly generation: number;
  readonly body: Uint8Array;
  readonly isLast: boolean;
}

/** Cuts received bytes into frames. Throws Error for damage, and takes no bytes afterwards. */
export class FrameReader {
  /** True when Hello has agreed on compressed bodies. */
  decompresses = false;

  /** Bytes that no frame has taken. */
  chunks: Uint8Array[] = [];
  private size = 0;

  /** Largest accepted body, bytes. */
  constructor(public bodyLimit: number) {}

  /** Adds received bytes. They stay the caller's until the next call of `next`. */
  push(bytes: Uint8Array): void {
    // A plain Uint8Array without a copy, because slices of a Buffer are slower.
    this.chunks.push(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
    this.size += bytes.length;
  }

  /** The next whole frame. Undefined until enough bytes have arrived. */
  next(): Frame | undefined {
    if (this.size < 4) return undefined;
    const head = this.first(Math.min(this.size, headerSize));
    const length = head.getUint32(0, true);
    this.checkStart(head, length);
    if (this.size < headerSize) return undefined;
    this.checkHeader(head, length - headerSizeCounted);
    if (this.size < 4 + length) return undefined;
    const bytes = this.take(4 + length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, headerSize);
    const flags = view.getUint8(6);
    const body = bytes.subarray(headerSize);
    return {
      kind: view.getUint8(5), flags, provenance: provenances[view.getUint8(7)] ?? "mock",
      requestId: requestIdIn(view), status: view.getUint32(16, true),
      generation: view.getUint32(24, true), isLast: (flags & flagMore) === 0,
      body: flags & flagCompressed ? decompressBlock(body, view.getUint32(20, true)) : body,
    };
  }

  private checkStart(head: DataView, length: number): void {
    if (length < headerSizeCounted || length - headerSizeCounted > this.bodyLimit) {
      throw new Error(
        `found a frame length of ${length}, allowed: ${headerSizeCounted} to ` +
        `${headerSizeCounted + this.bodyLimit}`);
    }
    const version = head.byteLength > 4 ? head.getUint8(4) : protocolVersion;
    if (version !== protocolVersion) {
      throw new Error(`found version ${version}, allowed: ${protocolVersion}`);
    }
  }

  /** Checks that need the whole header, in the order of SPEC.md. */
  private checkHeader(head: DataView, size: number): void {
    const kind = head.getUint8(5);
    const flags = head.getUint8(6);
    const status = head.getUint32(16, true);
    const rawSize = head.getUint32(20, true);
    const isCompressed = (flags & flagCompressed) !== 0;
    const isGoAway = kind === (goAwayKind | responseBit);
    const wrong =
      head.getUint32(28, true) !== 0 ? "the header's last word is not zero"
      : kind <= responseBit ? `found kind ${kind}, allowed: a response's`
      : (flags & ~(flagCompressed | flagMore | flagDegraded)) !== 0
        ? `found unknown flags in ${flags}`
      : provenances[head.getUint8(7)] === undefined ? `found provenance ${head.getUint8(7)}`
      : (requestIdIn(head) === 0) !== isGoAway ? "found request id 0, or a GoAway with one"
      : status !== 0 && (flags & (flagMore | flagDegraded)) !== 0
        ? `found flags ${flags} beside status ${status}`
      : isCompressed && !this.decompresses ? "found a compressed body without an agreement on it"
      : rawSize > this.bodyLimit ? `found a raw size of ${rawSize}, allowed: ${this.bodyLimit}`
      : !isCompressed && rawSize !== size ? `found a raw size of ${rawSize} for ${size} bytes`
      : isCompressed && (rawSize < compressionSizeMin || size === 0 || size >= rawSize)
        ? `found ${rawSize} bytes compressed to ${size}: not useful`
      : undefined;
    if (wrong !== undefined) throw new Error(wrong);
  }

  /** The first `count` bytes, as one piece. The bytes must be present. */
  private first(count: number): DataView {
    const chunk = this.joined(count);
    return new DataView(chunk.buffer, chunk.byteOffset, count);
  }

  /** Removes the first `count` bytes. The bytes must be present. */
  private take(count: number): Uint8Array {
    const chunk = this.joined(count);
    this.chunks[0] = chunk.subarray(count);
    if (chunk.length === count) this.chunks.shift();
    this.size -= count;
    return chunk.subarray(0, count);
  }

  /** The first chunk, joined with later chunks when shorter than `count`. */
  private joined(count: number): Uint8Array {
    if ((this.chunks[0] as Uint8Array).length < count) {
      this.chunks = [join(Uint8Array, this.chunks)];
    }
    return this.chunks[0] as Uint8Array;
  }
}

/** The client's own ids are exact. An id that a server made up need not be. */
function requestIdIn(head: DataView): number {
  return head.getUint32(8, true) + head.getUint32(12, true) * 2 ** 32;
}

/** Compresses a body if the result is small enough. */
function pack(body: Uint8Array): Uint8Array {
  if (body.length < compressionSizeMin || !looksCompressible(body)) return body;
  return compressBlock(body, percentOf(body.length)) ?? body;
}

/** Judges a large body by a sample from the middle. */
function looksCompressible(body: Uint8Array): boolean {
  if (body.length < compressionSampledSizeMin) return true;
  const start = (body.length - compressionSampleSize) >> 1;
  const sample = body.subarray(start, start + compressionSampleSize);
  return compressBlock(sample, percentOf(sample.length)) !== undefined;
}

const percentOf = (size: number): number => Math.floor((size * compressionPercentMax) / 100);

/**
 * The bytes of a request, written with a single call. `compresses` is true when the server agreed
 * to compression.
 */
export function requestFrame(
  kind: number, requestId: number, deadlineMilliseconds: number, body: Uint8Array,
  compresses: boolean
): Uint8Array {
  const packed = compresses ? pack(body) : body;
  const bytes = new Uint8Array(headerSize + packed.length);
  const head = new DataView(bytes.buffer);
  head.setUint32(0, headerSizeCounted + packed.length, true);
  head.setUint8(4, protocolVersion);
  head.setUint8(5, kind);
  head.setUint8(6, packed === body ? 0 : flagCompressed);
  head.setUint32(8, requestId % 2 ** 32, true);
  head.setUint32(12, Math.floor(requestId / 2 ** 32), true);
  head.setUint32(16, deadlineMilliseconds, true);
  head.setUint32(20, body.length, true);
  bytes.set(packed, headerSize);
  return bytes;
}
