import type { Draws } from '../draws.ts';
import type { Artefact, ArtefactContext, ArtefactKind } from './artefact.ts';
import { leadsOff, pops, saturation } from './electrode.ts';
import { blinks, rollingEyes, saccades } from './eyes.ts';
import { movement, sweat } from './movement.ts';
import { chewing, muscleTension } from './muscles.ts';

export type { Artefact } from './artefact.ts';
export { Electronics, Heart } from './continuous.ts';

/** New kinds go to the end: a kind's place is a counter of its draws. */
const ADDED: readonly ArtefactKind[] = [
  blinks,
  saccades,
  rollingEyes,
  muscleTension,
  chewing,
  movement,
  sweat,
  pops,
  saturation,
];

/** Artefacts of a recording: those that add to the electrodes, and those that replace what they record. */
export function drawArtefacts(
  draws: Draws,
  context: ArtefactContext,
): { added: Artefact[]; replacing: Artefact[] } {
  return {
    added: ADDED.flatMap((kind, index) => kind(draws.part(index), context)),
    replacing: leadsOff(draws.part(100), context),
  };
}
