/** A run that counts steps: logs each, saves every third one. It starts or resumes, until it is killed or done. */
import { writeSync } from 'node:fs';
import { createRun, openRun } from '../run-folder.ts';
import { runStage } from '../run-record.ts';
import { startWith } from './starts.ts';
import { stateAt, tensorsFilledWith } from './states.ts';

const [folder, lastStep] = [process.argv[2]!, Number(process.argv[3])];
const stage = await runStage(folder);
await using run = await (stage === 'unfinished' ? openRun : createRun)(folder, startWith());
writeSync(1, 'started\n');
for (let step = (run.resumedFrom?.state.step ?? 0) + 1; step <= lastStep; step++) {
  run.events.append('step', step, { loss: 1 / step });
  if (step % 3 !== 0) continue;
  const { events: _events, data: _data, code_version: _version, ...state } = stateAt(step);
  await run.saveCheckpoint('last', { tensors: tensorsFilledWith(step), state });
}
await run.finish(lastStep, { steps: lastStep });
