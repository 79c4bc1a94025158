import { describe, expect, test } from 'vitest';
import { SMOKE } from '../train/testing/sample-cache.ts';
import { compareConfigurations } from './compare-configurations.ts';
import type { Finding } from './finding.ts';
import { likelyCause, ofConfiguration, type Symptom, symptomOf } from './likely-cause.ts';
import { configurationSide } from './side.ts';
import type { StepDifferences } from './step-differences.ts';

const known = { isDataSame: true, stepsPerEpoch: 12 };

/** The findings of two configurations that differ in these fields, derived ones apart. */
async function findingsOf(set: readonly string[], { isDataSame } = known): Promise<Finding[]> {
  const [a, b] = [await configurationSide(SMOKE, []), await configurationSide(SMOKE, set)];
  return compareConfigurations(a, b)
    .differences.filter(({ follows }) => follows === null)
    .map((difference) => ofConfiguration(difference, { ...known, isDataSame }));
}

const threads: Finding = {
  ...{ kind: 'environment', what: 'threads', isAllowed: true, effect: 'rounding' },
  ...{ a: 1, b: 2, text: 'the number of threads is 1 in A and 2 in B' },
};

describe('of two differences, the one that can have done what is seen, by then', () => {
  // What was seen is what such pairs of trainings really showed.
  test.each<[string[], Symptom, string]>([
    [
      ['training.learning_rate=2e-3', 'experiment.seed=43'],
      { effect: 'windows', step: 1 },
      'experiment.seed',
    ],
    [
      ['data.max_samples=9000', 'training.batch_size=12'],
      { effect: 'windows', step: 1 },
      'training.batch_size',
    ],
    [['preprocessing.clip=12', 'experiment.seed=43'], { effect: 'windows', step: 1 }, 'experiment.seed'],
    [
      ['data.balance.redraw_each_epoch=false', 'data.use_balanced_sampling=true', 'experiment.seed=43'],
      { effect: 'windows', step: 13 },
      'data.use_balanced_sampling',
    ],
    [
      ['training.learning_rate=2e-3', 'training.augmentation.gain=[0.9,1.1]'],
      { effect: 'loss', step: 1 },
      'training.augmentation.gain',
    ],
    [
      ['training.learning_rate=2e-3', 'training.augmentation.gain=[0.9,1.1]'],
      { effect: 'loss', step: 2 },
      'training.learning_rate',
    ],
    [
      ['training.epochs=3', 'training.augmentation.polarity=true'],
      { effect: 'loss', step: 1 },
      'training.augmentation.polarity',
    ],
    [
      ['postprocessing.hysteresis.tau_on=0.9', 'training.ema_decay=0.9', 'training.weight_decay=0.1'],
      { effect: 'loss', step: 3 },
      'training.weight_decay',
    ],
    [
      ['model.encoder.channels=[8,16,64]', 'training.momentum=0.5'],
      { effect: 'loss', step: 1 },
      'model.encoder.channels',
    ],
  ])('%j, %j', async (set, symptom, expected) => {
    expect(likelyCause(await findingsOf(set), symptom)?.what).toBe(expected);
  });

  test('a redrawn epoch shows from the second one on', async () => {
    const set = ['data.use_balanced_sampling=true', 'data.balance.redraw_each_epoch=false'];
    const redraw = (await findingsOf(set)).filter(({ what }) => what.endsWith('redraw_each_epoch'));
    const at = (step: number) => likelyCause(redraw, { effect: 'windows', step })?.what ?? null;
    expect([at(1), at(12), at(13)]).toEqual([null, null, 'data.balance.redraw_each_epoch']);
  });

  test('preprocessing explains other windows only where the recordings differ', async () => {
    const windows = { effect: 'windows', step: 1 } as const;
    const of = async (isDataSame: boolean) =>
      likelyCause(await findingsOf(['preprocessing.clip=12'], { ...known, isDataSame }), windows);
    expect(await of(true)).toBeNull();
    expect((await of(false))?.what).toBe('preprocessing.clip');
  });

  test('differences as of rounding are of a setting that may not differ, or else of the machine', async () => {
    const rounding = { effect: 'rounding', step: 2 } as const;
    const with_ = async (...set: string[]) =>
      likelyCause([...(await findingsOf(set)), threads], rounding)?.what;
    expect(await with_('training.weight_decay=0.06')).toBe('training.weight_decay');
    expect(await with_('training.guards.skipped_steps=3')).toBe('threads');
    expect(await with_('training.ema_decay=0.9')).toBe('threads');
  });
});

test('the symptom is the earliest and strongest', () => {
  const steps: StepDifferences = {
    ...{ compared: 9, comparedWindows: 9, lastOfA: 9, lastOfB: 9, precision: 'float32', largest: 0 },
    ...{ windows: null, anyLoss: null, loss: null },
  };
  const at = (step: number) => ({ step, a: 1, b: 2, difference: 0.5, tolerance: 0.1 });
  expect(symptomOf(steps)).toBeNull();
  expect(symptomOf({ ...steps, anyLoss: at(2) })).toEqual({ effect: 'rounding', step: 2 });
  expect(symptomOf({ ...steps, anyLoss: at(2), loss: at(5) })).toEqual({ effect: 'loss', step: 5 });
  expect(symptomOf({ ...steps, windows: 5, loss: at(5) })).toEqual({ effect: 'windows', step: 5 });
  expect(symptomOf({ ...steps, windows: 6, loss: at(5) })).toEqual({ effect: 'loss', step: 5 });
});
