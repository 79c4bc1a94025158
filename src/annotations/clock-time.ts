/** Seconds of a day. */
export const DAY_S = 86_400;

const SEPARATOR = '\\s*[.:]\\s*';
/** Two digits, of which the first may be missing or stand apart: `1 6.49.25`. */
const PAIR = '(\\d\\s+\\d|\\d{1,2})';
const TIME = new RegExp(`(?<!\\d)${PAIR}${SEPARATOR}${PAIR}${SEPARATOR}${PAIR}(?!\\d)`, 'g');

/**
 * The times of day in a text that people typed, in seconds since midnight: `19.58.36`, `21:51:02`, `16:13.23`,
 * `1 6.49.25`. Three numbers that are no time are none.
 */
export function clockTimes(text: string): number[] {
  return [...text.matchAll(TIME)].flatMap((match) => {
    const [hours, minutes, seconds] = match.slice(1).map((pair) => Number(pair!.replace(/\s/g, ''))) as [
      number,
      number,
      number,
    ];
    return hours < 24 && minutes < 60 && seconds < 60 ? [hours * 3600 + minutes * 60 + seconds] : [];
  });
}

/** Seconds from one time of day to another, across midnight where the other is earlier: 0 to below a day. */
export function secondsAfter(fromS: number, toS: number): number {
  return (((toS - fromS) % DAY_S) + DAY_S) % DAY_S;
}

/** `19.58.36`, as Siena's lists have it. */
export function clockText(seconds: number): string {
  const whole = ((Math.round(seconds) % DAY_S) + DAY_S) % DAY_S;
  return [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join('.');
}
