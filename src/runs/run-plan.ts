import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from './checkpoint-state.ts';
import { parseConfigText } from './config-record.ts';
import { fingerprintFile, type PlanRecord } from './data-record.ts';
import { numberIn, readEvents } from './read-events.ts';
import { exists, RUN_FILES, readChecked } from './run-record.ts';

/**
 * How long a run is meant to be. Runs of earlier versions do not say; there it follows from their configuration and data set,
 * or is null.
 *
 * @throws InputError `RUN_FILE` where `fingerprint.json` is damaged
 */
export async function readPlan(folder: string): Promise<PlanRecord | null> {
  const path = join(folder, RUN_FILES.fingerprint);
  return (await exists(path)) ? (await readChecked(path, fingerprintFile)).plan : planOfEarlier(folder);
}

async function planOfEarlier(folder: string): Promise<PlanRecord | null> {
  try {
    const path = join(folder, RUN_FILES.config);
    const config = parseConfigText(await readFile(path, 'utf8'), path);
    const value = (section: string, field: string): Json | undefined =>
      (config[section] as { readonly [field: string]: Json } | undefined)?.[field];
    const count = (field: string) => Number(value('training', field));
    const windowsPerStep = count('batch_size') * count('gradient_accumulation_steps');
    const windows = await windowsOfEpoch(folder);
    if (windows === null || !(windowsPerStep > 0) || !(count('epochs') > 0)) return null;
    const stopping = value('training', 'early_stopping') as PlanRecord['metric'] & { metric: string };
    return {
      name: String(value('experiment', 'name')),
      epochs: count('epochs'),
      steps_per_epoch: Math.ceil(windows / windowsPerStep),
      windows_per_step: windowsPerStep,
      metric: stopping ? { name: stopping.metric, mode: stopping.mode } : null,
    };
  } catch {
    // A run may be listed without a plan; whoever reads its configuration is told what is wrong with it.
    return null;
  }
}

async function windowsOfEpoch(folder: string): Promise<number | null> {
  for await (const event of readEvents(join(folder, RUN_FILES.events))) {
    if (event.kind !== 'data_set') return null;
    const counts = ['partial_seizure', 'full_seizure', 'no_seizure'].map(
      (name) => numberIn(event, name) ?? 0,
    );
    return counts.reduce((sum, part) => sum + part, 0) || null;
  }
  return null;
}
