/**
 * A sum of floating-point numbers that is rounded once, at the end, so that it does not depend on their order
 * (Shewchuk 1997; as Python's `math.fsum`).
 */
export class ExactSum {
  /** Rising in magnitude, no two of which overlap; together the exact sum. */
  #partials: number[] = [];

  add(value: number): void {
    let rest = value;
    const partials: number[] = [];
    for (const partial of this.#partials) {
      const [large, small] = Math.abs(rest) < Math.abs(partial) ? [partial, rest] : [rest, partial];
      const sum = large + small;
      const error = small - (sum - large);
      if (error !== 0) partials.push(error);
      rest = sum;
    }
    partials.push(rest);
    this.#partials = partials;
  }

  get value(): number {
    const partials = [...this.#partials];
    let sum = partials.pop() ?? 0;
    while (partials.length > 0) {
      const before = sum;
      const next = partials.pop()!;
      sum = before + next;
      const error = next - (sum - before);
      if (error === 0) continue;
      // Exactly between two numbers: what is left decides, not the rounding to even.
      const left = partials.at(-1) ?? 0;
      if ((error < 0 && left < 0) || (error > 0 && left > 0)) {
        const doubled = error * 2;
        if (doubled === sum + doubled - sum) sum += doubled;
      }
      break;
    }
    return sum;
  }
}
