// Bodies: fields of a table to bytes and back (Protocol/SPEC.md, section 2).
//
// One encoder and one decoder serve every message, driven by the tables in protocol.ts. What breaks
// a table is refused on the way out as well as on the way in, and so is a member that the table
// does not have. A decoded value owns its memory; nothing is allocated for a length before the
// bytes it speaks of are known to be there.
// Not here: frames (frames.ts), what two messages say about each other (answers.ts).

import { Field, FieldType, fieldHeaderSize, Message } from "./protocol.js";

/** A message as members of an object. */
export type Values = Record<string, unknown>;

/** A body that breaks its table: the field's path, and what is wrong with it. */
export class Breach extends Error {
  constructor(readonly path: string, readonly reason: string) {
    super(`field "${path}": ${reason}`);
  }

  inside(path: string): Breach {
    return new Breach(this.path === "" ? path : `${path}.${this.path}`, this.reason);
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Bytes in the making. */
class Writer {
  bytes = new Uint8Array(256);
  view = new DataView(this.bytes.buffer);
  size = 0;

  /** Makes room for so many more bytes, and returns where they go. */
  extend(count: number): number {
    const place = this.size;
    this.size += count;
    if (this.size > this.bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.bytes.length, this.size));
      grown.set(this.bytes.subarray(0, place));
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return place;
  }

  append(bytes: Uint8Array): void {
    const place = this.extend(bytes.length); // may replace this.bytes
    this.bytes.set(bytes, place);
  }
}

// ---------------------------------------------------------------- encoding

/** A body, and the lowest revision that knows its fields. Throws Breach. */
export function encode(table: Message, values: Values): { body: Uint8Array; revision: number } {
  const writer = new Writer();
  const revision = encodeFields(table, values, writer);
  return { body: writer.bytes.subarray(0, writer.size), revision };
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

function encodeFields(table: Message, values: Values, writer: Writer): number {
  checkMembers(table, values);
  let revision = 1;
  for (const field of table.fields) {
    const value = values[field.key];
    if (!isGiven(value)) {
      if (field.presence === "required" || (field.timesMin ?? 0) > 0) {
        throw new Breach(field.name, "it is required and not there");
      }
      continue;
    }
    const elements = field.presence === "repeated" ? listed(field, value) : [value];
    for (const element of elements) {
      revision = Math.max(revision, field.since ?? 1, encodeField(field, element, writer));
    }
  }
  return revision;
}

function listed(field: Field, value: unknown): readonly unknown[] {
  const { timesMin = 0, timesMax = 0 } = field;
  if (!Array.isArray(value)) throw new Breach(field.name, "it is a list");
  if (value.length < timesMin || value.length > timesMax) {
    throw new Breach(
      field.name, `given ${value.length} times, allowed: ${timesMin} to ${timesMax} times`);
  }
  return value;
}

/** Refuses members that the table does not have, and those that exclude each other. */
function checkMembers(table: Message, values: Values): void {
  if (typeof values !== "object" || values === null) throw new Breach("", `no ${table.name}`);
  for (const key of Object.keys(values)) {
    if (isGiven(values[key]) && !table.fields.some((field) => field.key === key)) {
      throw new Breach(key, `unknown in ${table.name}`);
    }
  }
  const isSaid = (key: string): boolean => {
    const value = values[key];
    return isGiven(value) && !(isRepeated(table, key) && (value as unknown[]).length === 0);
  };
  for (const keys of table.exactlyOne ?? []) {
    const count = keys.filter(isSaid).length;
    if (count !== 1) {
      throw new Breach(keys[0] ?? "", `${count} given, allowed: exactly one of ${keys.join(", ")}`);
    }
  }
  for (const [first, second] of table.excludes ?? []) {
    if (isSaid(first) && isSaid(second)) {
      throw new Breach(second, `given beside "${first}", which excludes it`);
    }
  }
}

function isRepeated(table: Message, key: string): boolean {
  return table.fields.some((field) => field.key === key && field.presence === "repeated");
}

/** Appends one field; returns the lowest revision that knows what is in it. */
function encodeField(field: Field, value: unknown, writer: Writer): number {
  const head = writer.extend(fieldHeaderSize);
  const start = writer.size;
  let revision = 1;
  switch (field.type) {
    case FieldType.U64: {
      const place = writer.extend(8);
      writer.view.setBigUint64(place, unsigned(field, value), true);
      break;
    }
    case FieldType.F64: {
      if (typeof value !== "number") throw new Breach(field.name, "it is a number");
      checkRange(field, value);
      const place = writer.extend(8);
      writer.view.setFloat64(place, value, true);
      break;
    }
    case FieldType.Bool: {
      if (typeof value !== "boolean") throw new Breach(field.name, "it is true or false");
      const place = writer.extend(1);
      writer.bytes[place] = value ? 1 : 0;
      break;
    }
    case FieldType.Text:
      if (typeof value !== "string") throw new Breach(field.name, "it is a text");
      encodeText(field, value, writer);
      break;
    case FieldType.Bytes:
      if (typeof value === "string") {
        encodeText(field, value, writer);
      } else {
        if (!(value instanceof Uint8Array)) throw new Breach(field.name, "it is a Uint8Array");
        checkRange(field, value.length);
        writer.append(value);
      }
      break;
    case FieldType.U32s:
      encodeNumbers(field, value, writer);
      break;
    case FieldType.F32s:
      throw new Breach(field.name, "no request has one");
    case FieldType.Record:
      revision = inside(
        field, () => encodeFields(field.record as Message, value as Values, writer));
  }
  writer.view.setUint16(head, field.id, true);
  writer.view.setUint8(head + 2, field.type);
  writer.view.setUint8(head + 3, 0);
  writer.view.setUint32(head + 4, writer.size - start, true);
  return revision;
}

function unsigned(field: Field, value: unknown): bigint {
  const number = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof number !== "bigint" || number < 0n || number >= 1n << 64n) {
    throw new Breach(
      field.name, `found ${String(value)}, allowed: an integer, from 2^53 on as a bigint`);
  }
  checkRange(field, number);
  return number;
}

function encodeText(field: Field, value: string, writer: Writer): void {
  if (/\p{Surrogate}/u.test(value)) {
    throw new Breach(field.name, "half of a surrogate pair has no UTF-8");
  }
  const bytes = encoder.encode(value);
  checkText(field, value, bytes.length);
  writer.append(bytes);
}

function encodeNumbers(field: Field, value: unknown, writer: Writer): void {
  if (!Array.isArray(value) && !(value instanceof Uint32Array)) {
    throw new Breach(field.name, "it is a Uint32Array, or an array of numbers");
  }
  checkRange(field, value.length);
  let place = writer.extend(4 * value.length);
  for (const each of value as readonly number[]) {
    if (each >>> 0 !== each) throw new Breach(field.name, `found ${each}, allowed: 0 to 2^32 - 1`);
    writer.view.setUint32(place, each, true);
    place += 4;
  }
}

// ---------------------------------------------------------------- ranges

/** NaN is outside of every range: no comparison holds for it. */
function checkRange(field: Field, found: number | bigint): void {
  const { low = 0, high = Infinity } = field;
  const least = field.low === undefined && field.type === FieldType.F64 ? -Infinity : low;
  if (found >= least && found <= high && !(field.above && found === least)) return;
  throw new Breach(field.name, `found ${found}${unit(field)}, allowed: ${least} to ${high}`);
}

function unit(field: Field): string {
  switch (field.type) {
    case FieldType.Text:
    case FieldType.Bytes:
      return " bytes";
    case FieldType.U32s:
    case FieldType.F32s:
      return " elements";
    default:
      return "";
  }
}

function checkText(field: Field, text: string, size: number): void {
  if (field.choices === undefined) {
    checkRange(field, size);
  } else if (!field.choices.includes(text)) {
    throw new Breach(field.name, `found an unknown word, allowed: ${field.choices.join(", ")}`);
  }
}

function inside<Value>(field: Field, body: () => Value): Value {
  try {
    return body();
  } catch (error) {
    throw error instanceof Breach ? error.inside(field.name) : error;
  }
}

// ---------------------------------------------------------------- decoding

/** The members of a whole body. Throws Breach. */
export function decode(table: Message, body: Uint8Array): Values {
  return decodeFields(table, new DataView(body.buffer, body.byteOffset, body.byteLength));
}

function decodeFields(table: Message, body: DataView): Values {
  const values: Values = {};
  for (const field of table.fields) {
    if (field.presence === "repeated") values[field.key] = [];
  }
  let index = 0;
  let times = 0;
  for (let place = 0; place < body.byteLength; ) {
    if (body.byteLength - place < fieldHeaderSize) {
      throw new Breach("", `${body.byteLength - place} bytes remain, a field's header has 8`);
    }
    const id = body.getUint16(place, true);
    const size = body.getUint32(place + 4, true);
    for (let field = table.fields[index]; field !== undefined && field.id < id; times = 0) {
      finish(field, times, values);
      field = table.fields[++index];
    }
    const field = table.fields[index];
    if (field === undefined || field.id !== id) {
      throw new Breach(`#${id}`, `unknown, or not in ascending order, in ${table.name}`);
    }
    times += 1;
    checkHead(field, times, body.getUint8(place + 2), body.getUint8(place + 3));
    place += fieldHeaderSize;
    if (size > body.byteLength - place) {
      throw new Breach(field.name, `its size is ${size}, ${body.byteLength - place} bytes remain`);
    }
    const value = decodeField(field, new DataView(body.buffer, body.byteOffset + place, size));
    if (field.presence === "repeated") (values[field.key] as unknown[]).push(value);
    else values[field.key] = value;
    place += size;
  }
  for (; index < table.fields.length; index++, times = 0) {
    finish(table.fields[index] as Field, times, values);
  }
  return values;
}

function checkHead(field: Field, times: number, type: number, reserved: number): void {
  if (type !== field.type) {
    throw new Breach(field.name, `found type ${type}, allowed: ${field.type}`);
  }
  if (reserved !== 0) throw new Breach(field.name, "the fourth byte of its header is not zero");
  if (times > (field.presence === "repeated" ? field.timesMax ?? 0 : 1)) {
    throw new Breach(field.name, "given more often than allowed");
  }
}

/** What is to be said of a field when no more of it can come. */
function finish(field: Field, times: number, values: Values): void {
  if (times > 0) return;
  if (field.presence === "required" || (field.timesMin ?? 0) > 0) {
    throw new Breach(field.name, "it is required and not there");
  }
  if (field.absent !== undefined) values[field.key] = nothing(field);
}

function nothing(field: Field): unknown {
  switch (field.type) {
    case FieldType.Bytes:
      return new Uint8Array(0);
    case FieldType.U32s:
      return new Uint32Array(0);
    case FieldType.F32s:
      return new Float32Array(0);
    default:
      return field.absent;
  }
}

function decodeField(field: Field, value: DataView): unknown {
  const size = value.byteLength;
  switch (field.type) {
    case FieldType.U64: {
      checkSize(field, size === 8, size);
      const number = value.getBigUint64(0, true);
      checkRange(field, number);
      // Exact or not a number: arithmetic with it fails instead of being a little wrong.
      return number <= Number.MAX_SAFE_INTEGER ? Number(number) : number;
    }
    case FieldType.F64: {
      checkSize(field, size === 8, size);
      const number = value.getFloat64(0, true);
      checkRange(field, number);
      return number;
    }
    case FieldType.Bool:
      checkSize(field, size === 1 && value.getUint8(0) < 2, size);
      return value.getUint8(0) === 1;
    case FieldType.Bytes:
      checkRange(field, size);
      return copy(value);
    case FieldType.Text:
      return decodeText(field, value);
    case FieldType.U32s:
      checkSize(field, size % 4 === 0, size);
      checkRange(field, size / 4);
      return new Uint32Array(littleEndian(copy(value)).buffer);
    case FieldType.F32s:
      checkSize(field, size % 4 === 0, size);
      checkRange(field, size / 4);
      return new Float32Array(littleEndian(copy(value)).buffer);
    case FieldType.Record:
      return inside(field, () => decodeFields(field.record as Message, value));
  }
}

function checkSize(field: Field, fits: boolean, size: number): void {
  if (!fits) throw new Breach(field.name, `${size} bytes are no value of type ${field.type}`);
}

function decodeText(field: Field, value: DataView): string {
  let text: string;
  try {
    text = decoder.decode(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } catch {
    throw new Breach(field.name, "the text is not UTF-8");
  }
  checkText(field, text, value.byteLength);
  return text;
}

function copy(value: DataView): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
}

/** Turns each four bytes round where the machine counts from the other end. */
function littleEndian(bytes: Uint8Array): Uint8Array {
  if (!isLittleEndian) {
    for (let place = 0; place < bytes.length; place += 4) {
      bytes.subarray(place, place + 4).reverse();
    }
  }
  return bytes;
}
