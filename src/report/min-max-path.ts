/**
 * The path of a signal in as many columns as a plot can show: where there are more samples than columns, each column goes
 * from the least to the largest of its samples, so that a spike of one sample stays (as on paper). In whole units, one
 * column wide, relative to the column before: a few bytes each.
 *
 * @param length samples
 * @param valueAt of a sample, in units; downwards
 * @returns the path's data, and how many columns it has
 */
export function minMaxPath(
  length: number,
  mostColumns: number,
  valueAt: (sample: number) => number,
): { d: string; columns: number } {
  const columns = Math.min(length, mostColumns);
  if (columns === 0) return { d: '', columns };
  let d = '';
  let before = 0;
  for (let column = 0; column < columns; column++) {
    const [first, end] = [column, column + 1].map((at) => Math.floor((at * length) / columns)) as [
      number,
      number,
    ];
    let [least, most] = [Infinity, -Infinity];
    for (let sample = first; sample < end; sample++) {
      const value = Math.round(valueAt(sample));
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    // The nearer one first, so that the line does not go back and forth.
    const [from, to] = Math.abs(least - before) <= Math.abs(most - before) ? [least, most] : [most, least];
    d += column === 0 ? `M0 ${from}` : `l1 ${from - before}`;
    if (to !== from) d += `v${to - from}`;
    before = to;
  }
  return { d, columns };
}
