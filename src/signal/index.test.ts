import { expect, test } from 'vitest';
import * as signal from './index.ts';

test("the door: SciPy's functions, and what the other rooms take", () => {
  const scipy = [
    'butter',
    'iirnotch',
    'lfilter',
    'resample',
    'resamplePoly',
    'sosfilt',
    'sosfiltZi',
    'sosfiltfilt',
    'zscore',
  ];
  const own = [
    'CausalStream',
    'ELECTRODE_DIRECTIONS',
    'PolyphaseResampler',
    'channelName',
    'deriveMontage',
    'futureUses',
    'mirrorOf',
    'montageChannels',
    'polyphaseFilter',
    'preprocess',
  ];
  expect(Object.keys(signal).sort()).toEqual([...scipy, ...own].sort());
});
