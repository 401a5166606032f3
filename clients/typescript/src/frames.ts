// Frames: 32 bytes of header and a body (Protocol/SPEC.md, sections 1 and 5).
//
// Guarantees: each check of a received header is made as soon as its bytes are there, in the order
// of SPEC.md, and before the body is awaited; no more is kept than one frame that is allowed. Body
// limits hold before and after compression.
// Not here: what a frame is an answer to (connection.ts), sockets.

import { compressBlock, decompressBlock } from "./lz4.js";
import {
  compressionPercentMax, compressionSampledSizeMin, compressionSampleSize, compressionSizeMin,
  flagCompressed, flagDegraded, flagMore, goAwayKind, headerSize, headerSizeCounted, Origin,
  protocolVersion, provenances, responseBit,
} from "./protocol.js";

/** A received response: its header's words and its body, decompressed. */
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

/** Cuts what arrives into frames. Throws Error for damage: nothing may be pushed after that. */
export class FrameReader {
  /** Accept bodies of at most so many bytes. */
  bodyLimit: number;
  /** Compressed bodies have been agreed upon. */
  decompresses = false;

  private chunks: Uint8Array[] = [];
  private size = 0;
  private checked = 0; // bytes of the header that have been checked

  constructor(bodyLimit: number) {
    this.bodyLimit = bodyLimit;
  }

  /** Adds what has arrived; the bytes stay the caller's until the next call of `next`. */
  push(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.size += bytes.length;
  }

  /** The next whole frame; undefined when more has to arrive first. */
  next(): Frame | undefined {
    if (this.size < 4) return undefined;
    const head = this.first(Math.min(this.size, headerSize));
    const length = head.getUint32(0, true);
    if (this.checked < 5) this.checkStart(head, length);
    if (this.size < headerSize) return undefined;
    if (this.checked < headerSize) this.checkHeader(head, length - headerSizeCounted);
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
    this.checked = 4;
    if (head.byteLength < 5) return;
    const version = head.getUint8(4);
    if (version !== protocolVersion) {
      throw new Error(`found version ${version}, allowed: ${protocolVersion}`);
    }
    this.checked = 5;
  }

  /** The checks that need the whole header, in the order of SPEC.md. */
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
      : rawSize > this.bodyLimit ? `found a raw size of ${rawSize}, allowed: ${this.bodyLimit}`
      : !isCompressed && rawSize !== size ? `found a raw size of ${rawSize} for ${size} bytes`
      : isCompressed && (rawSize < compressionSizeMin || size === 0 || size >= rawSize)
        ? `found ${rawSize} bytes compressed to ${size}: not useful`
      : isCompressed && !this.decompresses ? "found a compressed body without an agreement on it"
      : undefined;
    if (wrong !== undefined) throw new Error(wrong);
    this.checked = headerSize;
  }

  /** The first bytes, which are there, as one piece. */
  private first(count: number): DataView {
    let chunk = this.chunks[0] as Uint8Array;
    if (chunk.length < count) {
      chunk = this.joined();
      this.chunks = [chunk];
    }
    return new DataView(chunk.buffer, chunk.byteOffset, count);
  }

  /** Removes the first bytes, which are there. */
  private take(count: number): Uint8Array {
    const chunk = this.chunks.length === 1 ? (this.chunks[0] as Uint8Array) : this.joined();
    this.chunks = chunk.length === count ? [] : [chunk.subarray(count)];
    this.size -= count;
    this.checked = 0;
    return chunk.subarray(0, count);
  }

  private joined(): Uint8Array {
    const whole = new Uint8Array(this.size);
    let place = 0;
    for (const chunk of this.chunks) {
      whole.set(chunk, place);
      place += chunk.length;
    }
    return whole;
  }
}

/** Ids of ours are exact; a server's own invention need not be. */
function requestIdIn(head: DataView): number {
  return head.getUint32(8, true) + head.getUint32(12, true) * 2 ** 32;
}

/** A request's body as one connection's peer may have it. */
export interface Packed {
  readonly bytes: Uint8Array;
  readonly rawSize: number;
}

/** Compresses a body where both sides agreed to that and it pays. */
export function pack(body: Uint8Array, compresses: boolean): Packed {
  if (compresses && body.length >= compressionSizeMin && looksCompressible(body)) {
    const block = compressBlock(body, Math.floor((body.length * compressionPercentMax) / 100));
    if (block !== undefined) return { bytes: block, rawSize: body.length };
  }
  return { bytes: body, rawSize: body.length };
}

/** Judges a large body by a piece of its middle. */
function looksCompressible(body: Uint8Array): boolean {
  if (body.length < compressionSampledSizeMin) return true;
  const start = (body.length - compressionSampleSize) >> 1;
  const limit = Math.floor((compressionSampleSize * compressionPercentMax) / 100);
  return compressBlock(body.subarray(start, start + compressionSampleSize), limit) !== undefined;
}

/** A request's bytes, written with one call. */
export function requestFrame(
  kind: number, requestId: number, deadlineMilliseconds: number, body: Packed
): Uint8Array {
  const bytes = new Uint8Array(headerSize + body.bytes.length);
  const head = new DataView(bytes.buffer);
  head.setUint32(0, headerSizeCounted + body.bytes.length, true);
  head.setUint8(4, protocolVersion);
  head.setUint8(5, kind);
  head.setUint8(6, body.bytes.length < body.rawSize ? flagCompressed : 0);
  head.setUint32(8, requestId % 2 ** 32, true);
  head.setUint32(12, Math.floor(requestId / 2 ** 32), true);
  head.setUint32(16, deadlineMilliseconds, true);
  head.setUint32(20, body.rawSize, true);
  bytes.set(body.bytes, headerSize);
  return bytes;
}
