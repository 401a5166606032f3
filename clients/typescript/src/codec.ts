// Bodies: fields of a table to bytes and back (Protocol/SPEC.md, section 2).
//
// One encoder and one decoder serve every message, driven by the tables in protocol.ts. Values that
// break a table are refused in both directions, and so are members without a field in the table. A
// decoded value owns its memory. Memory for a length is allocated only after all its bytes have
// arrived.
// Not here: frames (frames.ts), relations between messages (answers.ts).

import { AssayError } from "./errors.js";
import { Field, FieldType, fieldHeaderSize, Message } from "./protocol.js";

/** A message as members of an object. */
export type Values = Record<string, unknown>;

/** A breach of a table: the path of the field, and the reason. */
export class Breach extends Error {
  constructor(readonly path: string, readonly reason: string) {
    super(`field "${path}": ${reason}`);
  }

  inside(path: string): Breach {
    return new Breach(this.path === "" ? path : `${path}.${this.path}`, this.reason);
  }
}

/** Reads values from the caller. A breach becomes request_invalid. */
export function given<Value>(doing: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Breach)) throw error;
    throw new AssayError("request_invalid", `${doing}: ${error.message}`, { field: error.path });
  }
}

/** Joins arrays into a single array. */
export function join<Numbers extends Uint8Array | Uint32Array | Float32Array>(
  make: new (size: number) => Numbers, parts: readonly Numbers[]
): Numbers {
  const whole = new make(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

// ---------------------------------------------------------------- encoding

/** A body, and the lowest revision that knows its fields and words. */
export interface Encoded {
  readonly body: Uint8Array;
  readonly revision: number;
}

/** Encodes a body. Throws Breach. */
export function encode(table: Message, values: Values): Encoded {
  checkMembers(table, values);
  const parts: Uint8Array[] = [];
  let revision = 1;
  for (const field of table.fields) {
    for (const value of elements(field, values[field.key])) {
      const encoded = encodeField(field, value);
      parts.push(head(field, encoded.body.length), encoded.body);
      revision = Math.max(revision, field.since ?? 1, encoded.revision);
    }
  }
  checkTogether(table, values);
  return { body: join(Uint8Array, parts), revision };
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** Refuses members without a field in the table. */
function checkMembers(table: Message, values: Values): void {
  if (typeof values !== "object" || values === null) throw new Breach("", `no ${table.name}`);
  for (const key of Object.keys(values)) {
    if (isGiven(values[key]) && !table.fields.some((field) => field.key === key)) {
      throw new Breach(key, `unknown in ${table.name}`);
    }
  }
}

/** Refuses fields that exclude each other. An empty list counts as absent. */
function checkTogether(table: Message, values: Values): void {
  const isSaid = (name: string): boolean => {
    const field = table.fields.find((each) => each.name === name) as Field;
    return elements(field, values[field.key]).length > 0;
  };
  const { exactlyOne = [], excludes = [] } = table;
  const said = exactlyOne.filter(isSaid);
  if (exactlyOne.length > 0 && said.length !== 1) {
    throw new Breach(
      said.at(-1) ?? exactlyOne[0] as string,
      `${said.length} given, allowed: exactly one of ${exactlyOne.join(", ")}`);
  }
  for (const [first, second] of excludes) {
    if (isSaid(first) && isSaid(second)) {
      throw new Breach(second, `given beside "${first}", which excludes it`);
    }
  }
}

/** The values to write for a member, one for each occurrence of the field. */
function elements(field: Field, value: unknown): readonly unknown[] {
  const { presence, timesMin = 0, timesMax = 0 } = field;
  if (!isGiven(value)) {
    checkPresence(field, 0);
    return [];
  }
  if (presence !== "repeated") return [value];
  if (!Array.isArray(value)) throw new Breach(field.name, "it is a list");
  if (value.length < timesMin || value.length > timesMax) {
    throw new Breach(
      field.name, `given ${value.length} times, allowed: ${timesMin} to ${timesMax} times`);
  }
  return value;
}

/** Written byte by byte, because a view of so small an array costs more than the array. */
function head({ id, type }: Field, size: number): Uint8Array {
  return Uint8Array.of(
    id, id >> 8, type, 0, size, size >> 8, size >> 16, size >> 24); // each cut to a byte
}

function encodeField(field: Field, value: unknown): Encoded {
  if (field.type === FieldType.Record) {
    return inside(field, () => encode(field.record as Message, value as Values));
  }
  return { body: encodeValue(field, value), revision: field.wordsSince?.[String(value)] ?? 1 };
}

/** The bytes of a value. They may be the caller's own. */
function encodeValue(field: Field, value: unknown): Uint8Array {
  switch (field.type) {
    case FieldType.U64:
      return eightBytes((view) => view.setBigUint64(0, unsigned(field, value), true));
    case FieldType.F64:
      if (typeof value !== "number") throw new Breach(field.name, "it is a number");
      checkRange(field, value);
      return eightBytes((view) => view.setFloat64(0, value, true));
    case FieldType.Bool:
      if (typeof value !== "boolean") throw new Breach(field.name, "it is true or false");
      return Uint8Array.of(value ? 1 : 0);
    case FieldType.Text:
      if (typeof value !== "string") throw new Breach(field.name, "it is a text");
      return encodeText(field, value);
    case FieldType.Bytes:
      if (typeof value === "string") return encodeText(field, value);
      if (!(value instanceof Uint8Array)) throw new Breach(field.name, "it is a Uint8Array");
      checkRange(field, value.length);
      return value;
    case FieldType.U32s:
      return encodeNumbers(field, value);
    default:
      throw new Breach(field.name, "no request has one");
  }
}

function eightBytes(fill: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(8);
  fill(new DataView(bytes.buffer));
  return bytes;
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

function encodeText(field: Field, value: string): Uint8Array {
  if (/\p{Surrogate}/u.test(value)) {
    throw new Breach(field.name, "half of a surrogate pair has no UTF-8");
  }
  const bytes = encoder.encode(value);
  checkText(field, value, bytes.length);
  return bytes;
}

function encodeNumbers(field: Field, value: unknown): Uint8Array {
  if (!Array.isArray(value) && !(value instanceof Uint32Array)) {
    throw new Breach(field.name, "it is a Uint32Array, or an array of numbers");
  }
  checkRange(field, value.length);
  for (const each of value as readonly number[]) {
    if (each >>> 0 !== each) throw new Breach(field.name, `found ${each}, allowed: 0 to 2^32 - 1`);
  }
  return littleEndian(new Uint8Array(new Uint32Array(value).buffer));
}

// ---------------------------------------------------------------- checks

/** NaN is outside of every range, because every comparison with NaN is false. */
function checkRange(field: Field, found: number | bigint): void {
  const { low = field.type === FieldType.F64 ? -Infinity : 0, high = Infinity } = field;
  if (found >= low && found <= high && !(field.above && found === low)) return;
  throw new Breach(field.name, `found ${found}${unit(field)}, allowed: ${low} to ${high}`);
}

function unit({ type }: Field): string {
  if (type === FieldType.Text || type === FieldType.Bytes) return " bytes";
  return type === FieldType.U32s || type === FieldType.F32s ? " elements" : "";
}

function checkText(field: Field, text: string, size: number): void {
  if (field.choices === undefined) {
    checkRange(field, size);
  } else if (!field.choices.includes(text)) {
    throw new Breach(field.name, `found an unknown word, allowed: ${field.choices.join(", ")}`);
  }
  if (field.pattern?.test(text) === false) {
    throw new Breach(field.name, `found another form, allowed: ${field.pattern.source}`);
  }
}

/** Checks the final number of occurrences of a field. */
function checkPresence(field: Field, times: number): void {
  if (times === 0 && (field.presence === "required" || (field.timesMin ?? 0) > 0)) {
    throw new Breach(field.name, "it is required and not there");
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
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const values: Values = {};
  let place = 0;
  for (const field of table.fields) {
    const found: unknown[] = [];
    while (place < body.length && idAt(view, place) === field.id) {
      const size = checkHead(field, found.length + 1, view, place);
      place += fieldHeaderSize;
      found.push(decodeValue(field, body.subarray(place, place + size)));
      place += size;
    }
    checkPresence(field, found.length);
    if (field.presence === "repeated") values[field.key] = found;
    else if (found.length > 0) values[field.key] = found[0];
    else if (field.absent !== undefined) values[field.key] = nothing(field);
  }
  if (place < body.length) {
    const id = idAt(view, place);
    throw new Breach(`#${id}`, `unknown, or not in ascending order, in ${table.name}`);
  }
  return values;
}

function idAt(body: DataView, place: number): number {
  const left = body.byteLength - place;
  if (left < fieldHeaderSize) {
    throw new Breach("", `${left} bytes remain, a field's header has ${fieldHeaderSize}`);
  }
  return body.getUint16(place, true);
}

/** Checks the header of a field. Returns the size of the value, whose bytes are all present. */
function checkHead(field: Field, times: number, body: DataView, place: number): number {
  const type = body.getUint8(place + 2);
  if (type !== field.type) {
    throw new Breach(field.name, `found type ${type}, allowed: ${field.type}`);
  }
  if (body.getUint8(place + 3) !== 0) {
    throw new Breach(field.name, "the fourth byte of its header is not zero");
  }
  if (times > (field.presence === "repeated" ? field.timesMax ?? 0 : 1)) {
    throw new Breach(field.name, "given more often than allowed");
  }
  const size = body.getUint32(place + 4, true);
  const left = body.byteLength - place - fieldHeaderSize;
  if (size > left) throw new Breach(field.name, `its size is ${size}, ${left} bytes remain`);
  return size;
}

/** Array types by type of field. */
const arrays: { readonly [Type in FieldType]?: new (size: number) => object } = {
  [FieldType.Bytes]: Uint8Array, [FieldType.U32s]: Uint32Array, [FieldType.F32s]: Float32Array,
};

/** The value of an absent field. */
function nothing({ type, absent }: Field): unknown {
  const make = arrays[type];
  return make === undefined ? absent : new make(0);
}

function decodeValue(field: Field, bytes: Uint8Array): unknown {
  const { type } = field;
  const size = bytes.length;
  switch (type) {
    case FieldType.U64:
    case FieldType.F64: {
      checkSize(field, size, size === 8);
      const view = new DataView(bytes.buffer, bytes.byteOffset, size);
      const number = type === FieldType.U64 ? view.getBigUint64(0, true) : view.getFloat64(0, true);
      checkRange(field, number);
      // A large u64 stays a bigint, so arithmetic with numbers fails instead of losing digits.
      return number <= Number.MAX_SAFE_INTEGER || type === FieldType.F64 ? Number(number) : number;
    }
    case FieldType.Bool:
      checkSize(field, size, size === 1 && (bytes[0] as number) < 2);
      return bytes[0] === 1;
    case FieldType.Bytes:
      checkRange(field, size);
      return new Uint8Array(bytes);
    case FieldType.Text:
      return decodeText(field, bytes);
    case FieldType.U32s:
    case FieldType.F32s: {
      checkSize(field, size, size % 4 === 0);
      checkRange(field, size / 4);
      const { buffer } = littleEndian(new Uint8Array(bytes));
      return type === FieldType.U32s ? new Uint32Array(buffer) : new Float32Array(buffer);
    }
    case FieldType.Record:
      return inside(field, () => decode(field.record as Message, bytes));
  }
}

function checkSize(field: Field, size: number, fits: boolean): void {
  if (!fits) throw new Breach(field.name, `${size} bytes are no value of type ${field.type}`);
}

function decodeText(field: Field, bytes: Uint8Array): string {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw new Breach(field.name, "the text is not UTF-8");
  }
  checkText(field, text, bytes.length);
  return text;
}

/** Reverses every four bytes on a big-endian machine. */
function littleEndian(bytes: Uint8Array): Uint8Array {
  for (let place = 0; !isLittleEndian && place < bytes.length; place += 4) {
    bytes.subarray(place, place + 4).reverse();
  }
  return bytes;
}
