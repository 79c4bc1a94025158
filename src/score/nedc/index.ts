/**
 * NEDC's scores, as nedc_eeg_eval 6.0.0 of Temple University gives them with its default parameters: OVERLAP, TAES,
 * EPOCH, DPALIGN and IRA over the labels seiz and bckg. Costs follow the number of events, not the hours.
 *
 * ```ts
 * const tally = new NedcTally();
 * tally.add([{ startS: 100, endS: 160 }], [{ startS: 130, endS: 190 }], 3600);
 * tally.scores().taes.per_label.seiz; // { tgt: 1, hit: 0.5, mis: 0.5, fal: 0.5, ... }
 * ```
 */
export type { Confusion } from './epoch.ts';
export type { Label } from './events.ts';
export { type AlgorithmScores, asPrinted, type LabelCounts, type LabelFigures } from './figures.ts';
export type { IraScores } from './ira.ts';
export { type NedcScores, NedcTally } from './tally.ts';

/** What these scores equal. */
export const NEDC_SCORER = 'nedc_eeg_eval 6.0.0';
