import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeEdf } from '../edf/index.ts';
import { montageChannels } from '../signal/index.ts';
import { TEST_SETTINGS } from './testing/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-memory-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('D15: building an entry takes less than 500 MB, not what its windows would', async () => {
  const [rate, seconds] = [250, 5100];
  const names = montageChannels({ montage: '10-20', channels: null });
  // One signal for all, shifted, so that writing the recording is quick.
  const wave = Int16Array.from({ length: rate * (seconds + names.length) }, (_, i) => 3000 * Math.sin(i * i));
  await writeEdf(join(folder, 'aaaaaaac_s001_t000.edf'), {
    patient: 'X X X X',
    recording: 'Startdate X X X X',
    startedAt: '2002-03-02T10:20:30',
    recordDurationS: 1,
    signals: names.map((name, channel) => ({
      label: `EEG ${name.toUpperCase()}-REF`,
      dimension: 'uV',
      physicalMin: -3276.8,
      physicalMax: 3276.7,
      digitalMin: -32768,
      digitalMax: 32767,
      samplesPerRecord: rate,
      digital: wave.subarray(channel * rate, (channel + seconds) * rate),
    })),
  });
  writeFileSync(
    join(folder, 'aaaaaaac_s001_t000.csv_bi'),
    'channel,start_time,stop_time,label,confidence\nTERM,100,160,seiz,1.0\n',
  );
  const task = {
    dataDir: folder,
    name: 'aaaaaaac_s001_t000.edf',
    entry: 'aaaaaaac_s001_t000.edf',
    patient: 'aaaaaaac',
    cacheDir: join(folder, 'cache'),
    settings: { ...TEST_SETTINGS, montage: '10-20' },
    labels: {},
    earlierPath: null,
    duplicate: null,
  };
  const program = `import { buildEntry } from ${JSON.stringify(new URL('./build.ts', import.meta.url).href)};
    const { outcome } = await buildEntry(${JSON.stringify(task)});
    console.log(JSON.stringify({ outcome, bytes: 1024 * process.resourceUsage().maxRSS }));`;
  const { outcome, bytes } = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }),
  );
  expect(outcome).toBe('built');
  // Windows of 60 s every 10 s hold each of 19 x 256 x 5,100 samples six times, 4 bytes each: 595 MB. 5,100 s is about
  // the longest recording whose filtered samples are kept; longer ones take less until their int16 alone outweighs it.
  expect(6 * 4 * 19 * 256 * seconds).toBeGreaterThan(590e6);
  expect(bytes).toBeLessThan(500e6);
});
