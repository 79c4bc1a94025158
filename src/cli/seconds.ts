import { InvalidArgumentError } from 'commander';

/** A duration on the command line. @throws InvalidArgumentError unless it is a number of at least 0 */
export function parseSeconds(text: string): number {
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(seconds) || seconds < 0)
    throw new InvalidArgumentError('Expected a number of seconds, 0 or more.');
  return seconds;
}
