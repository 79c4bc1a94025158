import { resolve } from 'node:path';
import { type Config, inForce } from '../config/index.ts';
import { describeEnvironment, type Environment } from '../runs/index.ts';
import { counted } from '../words.ts';
import type { PlacedWindows } from './residency.ts';
import type { TrainingData } from './training-data.ts';

/** What a run's log says of itself at the start: everything that may differ from what its user thinks, a line each. */
export function describeStart(
  config: Config,
  { train, isFallback, dev, manifest, hits }: TrainingData,
  { residency, reason }: PlacedWindows,
  environment: Environment,
): string[] {
  const { partial_seizure, full_seizure, no_seizure } = train.composition;
  const { device } = environment;
  const share = ((100 * hits.found) / hits.listed).toFixed(1);
  const [recordings, patients] = [manifest.recordings, manifest.patients.length];
  const balanced = config.data.use_balanced_sampling && !isFallback ? ' (balanced)' : '';
  return [
    ...Object.entries(inForce()).map(([name, value]) => `in force: ${name}=${value}`),
    ...describeEnvironment(environment),
    `device ${device} (experiment.device: ${config.experiment.device}), samples on ${residency === 'device' ? device : residency}: ${reason}`,
    `cache ${resolve(config.data.cache_dir)}: ${hits.found} of ${hits.listed} windows found (${share} %), ${counted(recordings, 'recording')} of ${counted(patients, 'patient')}, ${(manifest.recorded_s / 3600).toFixed(2)} h, ${counted(manifest.seizures, 'seizure')}`,
    `an epoch: ${partial_seizure} windows partly seizure, ${full_seizure} fully, ${no_seizure} without${balanced}`,
    dev === null
      ? 'no dev split: nothing is tuned, the last epoch counts'
      : `dev: ${counted(dev.recordings.length, 'recording')} of ${counted(dev.patients.length, 'patient')}`,
  ];
}
