import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CheckpointState } from '../runs/index.ts';
import { epochMeans, newState, restoredState, storedState, type TrainingState } from './training-state.ts';

const anyCount = fc.nat({ max: 1e9 });
const anyMetric = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0));
const anyState: fc.Arbitrary<TrainingState> = fc.record({
  step: anyCount,
  epoch: anyCount,
  stepInEpoch: anyCount,
  skipped: anyCount,
  skippedInARow: anyCount,
  collapsedInARow: anyCount,
  progress: fc.record({ best: anyMetric, withoutImprovement: anyCount }),
  metrics: fc.dictionary(fc.constantFrom('auroc', 'loss'), anyMetric, { noNullPrototype: true }),
  positiveShare: anyMetric,
  sums: fc.record({
    loss: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    positives: fc.double({ min: 0, max: 1e6, noNaN: true }),
    steps: anyCount,
  }),
});

test('property: what a checkpoint stores as JSON is restored to the bit', () => {
  fc.assert(
    fc.property(anyState, (state) => {
      const { positiveShare } = state;
      const stored = {
        ...storedState(state),
        seizure_shares: positiveShare === null ? null : { batches: positiveShare },
      };
      expect(restoredState(JSON.parse(JSON.stringify(stored)) as CheckpointState)).toEqual(state);
    }),
  );
});

test('an epoch without a sound step has no means', () => {
  const state = newState();
  expect(epochMeans(state)).toEqual({ train_loss: null, positive_share: null });
  state.sums = { loss: 3, positives: 0.5, steps: 2 };
  expect(epochMeans(state)).toEqual({ train_loss: 1.5, positive_share: 0.25 });
});
