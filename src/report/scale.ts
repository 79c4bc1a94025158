/** Places values along an axis. */
export interface Scale {
  /** Pixels */
  (value: number): number;
  readonly domain: readonly [number, number];
  readonly range: readonly [number, number];
}

export function linearScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  return scaleOf((value) => value, domain, range);
}

/** Logarithm of 1 + value: false-alarm rates from 0 to hundreds on one axis. */
export function logarithmicScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  return scaleOf((value) => Math.log10(1 + Math.max(0, value)), domain, range);
}

function scaleOf(
  transform: (value: number) => number,
  domain: readonly [number, number],
  range: readonly [number, number],
): Scale {
  const [from, to] = domain.map(transform) as [number, number];
  const [first, last] = range;
  const place = (value: number) => first + ((transform(value) - from) / (to - from)) * (last - first);
  return Object.assign(place, { domain, range });
}

/** 1, 2 or 5 times a power of ten, at most `largest`; and at least a 2.5th of it. */
export function roundStep(largest: number): number {
  const power = 10 ** Math.floor(Math.log10(largest));
  const factor = [5, 2, 1].find((each) => each * power <= largest * (1 + 1e-9))!;
  return factor * power;
}

/** Round values within a domain, about `count` of them. */
export function ticks([from, to]: readonly [number, number], count: number): number[] {
  if (!(to > from)) return [from];
  const step = roundStep((2 * (to - from)) / count);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  // Counted in steps, so that 0.1 + 0.2 is not 0.30000000000000004.
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

/** 0, 1, 2, 5, 10, ... within a logarithmic scale's domain. */
export function logarithmicTicks([, to]: readonly [number, number]): number[] {
  const all = [0];
  for (let power = 1; power <= to; power *= 10)
    for (const factor of [1, 2, 5]) if (factor * power <= to) all.push(factor * power);
  return all;
}
