/**
 * The part of the Protocol Buffers wire format that event files need
 * (https://protobuf.dev/programming-guides/encoding): varint, 32-bit, 64-bit and length-delimited fields.
 */
const VARINT = 0;
const BITS_64 = 1;
const DELIMITED = 2;
const BITS_32 = 5;

/** A non-negative `int64` or `enum` field. */
export function integerField(number: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(number * 8 + VARINT), ...varint(value)]);
}

/** A `double` field. */
export function doubleField(number: number, value: number): Uint8Array {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value, true);
  return Uint8Array.from([...varint(number * 8 + BITS_64), ...new Uint8Array(bits.buffer)]);
}

/** A packed `repeated double` field. */
export function doublesField(number: number, values: readonly number[]): Uint8Array {
  const bits = new DataView(new ArrayBuffer(8 * values.length));
  for (const [index, value] of values.entries()) bits.setFloat64(8 * index, value, true);
  return delimitedField(number, new Uint8Array(bits.buffer));
}

/** A `float` field. */
export function floatField(number: number, value: number): Uint8Array {
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, value, true);
  return Uint8Array.from([...varint(number * 8 + BITS_32), ...new Uint8Array(bits.buffer)]);
}

/** A `string`, or a message made of the given fields. */
export function delimitedField(number: number, ...content: (string | Uint8Array)[]): Uint8Array {
  const parts = content.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  const body = Buffer.concat(parts);
  return Buffer.concat([
    Uint8Array.from([...varint(number * 8 + DELIMITED), ...varint(body.byteLength)]),
    body,
  ]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}
