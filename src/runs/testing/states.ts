import type { CheckpointState } from '../checkpoint-state.ts';
import type { StoredTensor } from '../safetensors-header.ts';

/** A state with every field, at this step. */
export function stateAt(step: number): CheckpointState {
  return {
    model: { name: 'seizure_detector', encoder: { channels: [8, 16] } },
    step,
    epoch: Math.floor(step / 10),
    counters: { skipped_steps: 0 },
    loop: { sampler: { position: step } },
    metric: { name: 'sensitivity_at_10fa', value: null, mode: 'max' },
    thresholds: null,
    data: { train: 'aa', dev: 'bb' },
    references: ['LE', 'REF'],
    seizure_shares: { batches: 0.25, loss_odds: 1, recordings: 0.05 },
    code_version: '0.1.0',
    events: step,
  };
}

/** Tensors that are all filled with one number, so that a mixture of two saves shows. */
export function tensorsFilledWith(step: number, elements = 64): Map<string, StoredTensor> {
  const filled = () => new Uint8Array(new Int32Array(elements).fill(step).buffer);
  return new Map([
    ['weight', { dtype: 'I32', shape: [elements], bytes: filled() }],
    ['moment', { dtype: 'I32', shape: [elements], bytes: filled() }],
  ]);
}
