// Converts values in the kit's lines to members of the client's objects and back: u64 as decimal
// text, bytes as hexadecimal text, all else as in JSON. Absent values have no member.

import { Field, FieldType, Message } from "../src/protocol.js";

export type Values = Record<string, unknown>;

/** The name of a member, from a name of SPEC.md. */
export const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

/** The members of an object, from the names of SPEC.md. */
export function fromKit(table: Message, object: Values): Values {
  const values: Values = {};
  for (const [name, given] of Object.entries(object)) {
    const field = table.fields.find((each) => each.name === name);
    if (field === undefined) throw new Error(`no member for ${name} in ${table.name}`);
    if (given === null) continue;
    values[field.key] = field.presence === "repeated"
      ? (given as unknown[]).map((each) => one(field, each)) : one(field, given);
  }
  return values;
}

function one(field: Field, given: unknown): unknown {
  switch (field.type) {
    case FieldType.U64:
      return BigInt(given as string);
    case FieldType.Bytes:
      return new Uint8Array(Buffer.from(given as string, "hex"));
    case FieldType.Record:
      return fromKit(field.record as Message, given as Values);
    default:
      return given;
  }
}

/**
 * An object with the names of SPEC.md. Absent values, and values that stand for absence, are left
 * out.
 */
export function toKit({ fields }: Message, values: Values): Values {
  const object: Values = {};
  for (const field of fields) {
    const value = values[field.key];
    if (value === undefined || isNothing(field, value)) continue;
    object[field.name] = field.presence === "repeated"
      ? (value as unknown[]).map((each) => text(field, each)) : text(field, value);
  }
  return object;
}

function isNothing(field: Field, value: unknown): boolean {
  if (field.absent === undefined) return false;
  return value === field.absent || (value as { length?: number }).length === 0;
}

function text(field: Field, value: unknown): unknown {
  switch (field.type) {
    case FieldType.U64:
      return BigInt(value as number | bigint).toString();
    case FieldType.Bytes:
      return Buffer.from(value as Uint8Array).toString("hex");
    case FieldType.U32s:
    case FieldType.F32s:
      return Array.from(value as Uint32Array | Float32Array);
    case FieldType.Record:
      return toKit(field.record as Message, value as Values);
    default:
      return value;
  }
}
