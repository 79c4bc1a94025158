import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { agreeToCost } from './cost.ts';
import { catchWrites } from './testing/written.ts';

const written = catchWrites();
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const BGB = [process.execPath, path('main.ts')];
// Any file is a bundle as far as the question; after it, the first thing that is missing is a token.
const TRAIN = ['train', path('../../configs/modal/smoke.yaml'), '--on', 'modal', '--bundle', path('main.ts')];
const env = {
  ...process.env,
  MODAL_CONFIG_PATH: '/none.toml',
  MODAL_TOKEN_ID: '',
  MODAL_TOKEN_SECRET: '',
};

/** What is to be read at a terminal where this is typed as the answer. */
function atTerminal(answer: string, words: readonly string[] = TRAIN) {
  const command = [path('testing/at-terminal.py'), answer, ...BGB, ...words];
  const { status, stdout } = spawnSync('python3', command, { env, encoding: 'utf8', timeout: 30_000 });
  return { status, read: stdout.replaceAll('\r', '') };
}

// 2.50 + 2 x 0.135 + 64 x 0.024 = 4.306 USD an hour, for 24 h: 103.
const ESTIMATE =
  /A100-80GB, 2 cores, 64 GiB, at most 24 h: about \$4\.31 an hour by list price, \$103 an attempt at most/;

test.each([
  ['y\\n', 2, /\[y\/N\] y\nbgb: Modal does not know who you are/],
  ['YES\\n', 2, /\[y\/N\] YES\nbgb: Modal does not know who you are/],
  ['\\n', 2, /\[y\/N\] \nbgb: Not started\.\n$/],
  ['n\\n', 2, /\[y\/N\] n\nbgb: Not started\.\n$/],
  ['\\x03', 130, /\[y\/N\] \nbgb: Not started\.\n$/],
  ['\\x04', 2, /\[y\/N\] \nbgb: Not started\.\n$/],
])('at a terminal it asks; answered %j it ends with %i', (answer, status, said) => {
  const found = atTerminal(answer);
  expect(found.read).toMatch(ESTIMATE);
  // What a terminal shows of moving the cursor is not what is said.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that begins such a sequence
  expect(found.read.replaceAll(/\x1b\[\d*[A-Z]/g, '')).toMatch(said);
  expect(found.status).toBe(status);
});

test('where nobody can be asked it refuses, unless that was agreed to', () => {
  const typed = spawnSync(BGB[0]!, [...BGB.slice(1), ...TRAIN], { env, encoding: 'utf8', input: 'y\n' });
  expect(typed.stderr).toMatch(ESTIMATE);
  expect(typed.stderr).toMatch(
    /this is no terminal, and nobody can be asked .* Give --yes to agree to it\.\n$/,
  );
  expect(typed.status).toBe(2);
  const agreed = spawnSync(BGB[0]!, [...BGB.slice(1), ...TRAIN, '--yes'], { env, encoding: 'utf8' });
  expect([agreed.status, agreed.stderr]).toEqual([2, expect.stringMatching(/does not know who you are/)]);
});

test.each([
  // 8 x 0.135 + 16 x 0.024 = 1.464 USD an hour: 5 x 24 of them are 176.
  [
    { gpu: null, cpu: 8, memory_mib: 16384, timeout_s: 86400 },
    5,
    true,
    /\$1\.46 an hour for each of 5 containers by list price, \$176 in all at most/,
  ],
  // 4 x 0.135 + 8 x 0.024 = 0.732.
  [
    { gpu: null, cpu: 4, memory_mib: 8192, timeout_s: 7200 },
    1,
    false,
    /^No GPU, 4 cores, 8 GiB, at most 2 h: about \$0\.73 an hour by list price, \$1\.46 an attempt at most/,
  ],
  // 0.59 + 0.27 + 0.048, and nobody waits an hour for a probe.
  [{ gpu: 'T4', cpu: 2, memory_mib: 2048, timeout_s: 36000 }, 1, true, /\$9\.08 an attempt at most/],
] as const)('what %j of %i containers costs', async (resources, containers, isAsked, said) => {
  // biome-ignore format: one expression
  const answered = await agreeToCost({ resources, containers }, false).then(() => false, () => true);
  expect([answered, written.errors]).toEqual([isAsked, expect.stringMatching(said)]);
});
