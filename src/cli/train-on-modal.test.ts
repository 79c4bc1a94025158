import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const written = catchWrites();
const CONFIG = fileURLToPath(new URL('../../configs/modal/smoke.yaml', import.meta.url));
const LOCAL = fileURLToPath(new URL('../../configs/local/smoke.yaml', import.meta.url));

// With no account and no packed code: nothing of this comes so far as to need them.
test.each([
  [LOCAL, [], /do not exist at Modal.*\n {2}data.data_dir: data\/sample\n {2}data.cache_dir: cache\/smoke/s],
  [
    CONFIG,
    ['--set', 'data.data_dir=/home/me/eeg'],
    /do not exist at Modal.*\n {2}data.data_dir: \/home\/me\/eeg/,
  ],
  [CONFIG, ['--gpu', 'A100'], /--gpu A100: expected one of .*A100 alone may be of 40 or of 80 GB/],
  [CONFIG, ['--timeout', '30'], /--timeout 30: Modal ends an attempt after 24 h/],
  [CONFIG, ['--memory', 'much'], /--memory much: expected a number above 0/],
  [CONFIG, ['--resume'], /resumed by its name: bgb modal resume RUN/],
  [CONFIG, ['--data', '/home/me'], /--data \/home\/me: expected volume:NAME, or bucket:NAME/],
  [CONFIG, ['--env', 'BGB_NEVER_SET'], /--env BGB_NEVER_SET: expected NAME=VALUE/],
  [CONFIG, ['--bundle', '/none.tar.gz'], /--bundle \/none.tar.gz is not there/],
] as const)('train %s --on modal %j is refused before anything is done', async (config, more, message) => {
  expect(await runProgram(['train', config, '--on', 'modal', '--no-drill', ...more])).toBe(2);
  expect(written.errors).toMatch(message);
});

test.each([
  [['status', '-x'], /unknown option/],
  [['logs', '../other'], /The run's name '..\/other': expected up to 50 letters/],
  [
    ['build-cache', '--data-dir', '/eeg', '--cache-dir', '/results/c'],
    /--data-dir \/eeg: expected a path there/,
  ],
  [['parity', LOCAL, CONFIG], /smoke\.yaml and .*smoke\.yaml are both files of this machine.*: bgb parity /],
  [
    ['parity', '--probe', CONFIG, '--against', fileURLToPath(import.meta.url)],
    /train-on-modal\.test\.ts is a file or folder of this machine, which is not seen there\. Bring it/,
  ],
  [['push', 'cache', '--to', '/elsewhere'], /--to \/elsewhere: expected a folder in \/results/],
] as const)('modal %j is refused before anything is done', async (words, message) => {
  expect(await runProgram(['modal', ...words])).toBe(2);
  expect(written.errors).toMatch(message);
});
