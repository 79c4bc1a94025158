/** Saves one checkpoint after the other and says which ones are done, until it is killed. */
import { writeSync } from 'node:fs';
import { saveCheckpoint } from '../checkpoint.ts';
import { stateAt, tensorsFilledWith } from './states.ts';

const folder = process.argv[2]!;
for (let step = Number(process.argv[3]); ; step++) {
  await saveCheckpoint(folder, 'last', { tensors: tensorsFilledWith(step, 20_000), state: stateAt(step) });
  writeSync(1, `${step}\n`);
}
