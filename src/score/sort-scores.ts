/** Bits of a digit; three digits are a float32. */
const DIGIT_BITS = 11;
const DIGITS = 3;
const BUCKETS = 1 << DIGIT_BITS;
/** Below this a comparison sort is as fast; above the other, a second array of the same size is too large. */
const FEW = 1 << 10;
const MANY = 1 << 28;

/**
 * Sorts float32 numbers without NaN in place, as `Float32Array.prototype.sort` does, several times as fast where there are many
 * (bench/evaluation.ts): by their bits, which order as the numbers do once those of negative ones are turned over (radix
 * sort, least significant digit first; Knuth, The Art of Computer Programming 3, 5.2.5).
 */
export function sortFloats(values: Float32Array): Float32Array {
  const { length } = values;
  if (length < FEW || length > MANY) return values.sort();
  let from: Uint32Array = new Uint32Array(values.buffer, values.byteOffset, length);
  let to: Uint32Array = new Uint32Array(length);
  const counts = Array.from({ length: DIGITS }, () => new Uint32Array(BUCKETS));
  for (let index = 0; index < length; index++) {
    const key = keyOf(from[index]!);
    from[index] = key;
    for (let digit = 0; digit < DIGITS; digit++) counts[digit]![digitOf(key, digit)]!++;
  }
  for (const [digit, count] of counts.entries()) {
    // One digit that all share moves nothing.
    if (count.includes(length)) continue;
    let before = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const own = count[bucket]!;
      count[bucket] = before;
      before += own;
    }
    for (let index = 0; index < length; index++) {
      const key = from[index]!;
      to[count[digitOf(key, digit)]!++] = key;
    }
    [from, to] = [to, from];
  }
  const bits = new Uint32Array(values.buffer, values.byteOffset, length);
  for (let index = 0; index < length; index++) bits[index] = bitsOf(from[index]!);
  return values;
}

function digitOf(key: number, digit: number): number {
  return (key >>> (digit * DIGIT_BITS)) & (BUCKETS - 1);
}

/** The bits of a float32 as a whole number that orders as it does. */
export function keyOf(bits: number): number {
  return (bits >>> 31 === 1 ? ~bits : bits ^ 0x8000_0000) >>> 0;
}

function bitsOf(key: number): number {
  return (key >>> 31 === 1 ? key ^ 0x8000_0000 : ~key) >>> 0;
}

/** The float32 whose bits have this key. */
export function floatOf(key: number): number {
  return new Float32Array(Uint32Array.of(bitsOf(key)).buffer)[0]!;
}
