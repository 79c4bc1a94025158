import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../config/index.ts';
import { createModel } from '../../model/index.ts';
import { type Json, saveCheckpoint } from '../../runs/index.ts';
import { montageChannels } from '../../signal/index.ts';
import { toStored } from '../../train/index.ts';

const SMOKE = fileURLToPath(new URL('../../../configs/local/smoke.yaml', import.meta.url));

/** A checkpoint of the small detector, untrained, as if a run had saved it. */
export async function saveUntrained(
  run: string,
  set: readonly string[] = [],
  references: string[] | null = null,
): Promise<string> {
  const { config } = await loadConfig(SMOKE, { set });
  const channels = montageChannels(config.preprocessing).length;
  const model = createModel(config.model, { channels, seed: 0 });
  const tensors = toStored(new Map([...model.parameters(), ...model.buffers()]));
  const state = {
    model: { ...config.model } as { [key: string]: Json },
    step: 1,
    epoch: 1,
    counters: {},
    loop: { config: config as unknown as Json },
    metric: null,
    thresholds: null,
    data: {},
    references,
    seizure_shares: null,
    code_version: '0.1.0',
    events: 0,
  };
  await saveCheckpoint(join(run, 'checkpoints'), 'best', { tensors, state });
  return run;
}
