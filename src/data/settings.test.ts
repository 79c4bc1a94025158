import { expect, test } from 'vitest';
import type { Provenance } from '../cache/index.ts';
import { configSchema } from '../config/index.ts';
import { requireSettings } from './settings.ts';

test('an entry made elsewhere says no settings, but must have the montage’s channels', () => {
  const { preprocessing } = configSchema.parse({ preprocessing: { montage: 'double-banana' } });
  const asked = { preprocessing: { ...preprocessing, sampling_rate: 256 }, labels: null };
  const madeElsewhere = { preprocessing: {} } as Provenance;
  const check = (channels: number) =>
    requireSettings({ path: 'old/a.npz', channels, provenance: madeElsewhere }, asked);
  expect(() => check(18)).not.toThrow();
  expect(() => check(19)).toThrow(
    expect.objectContaining({
      code: 'DATA_CHANNELS',
      message: expect.stringMatching(/old\/a\.npz has 19 channels; .*double-banana has 18/),
    }),
  );
});
