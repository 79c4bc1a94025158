import { expect, test } from 'vitest';
import { forwardedVariables } from './forwarded.ts';

test('a run elsewhere gets the BGB variables but for what is easily forgotten, paths, secrets and its own place', () => {
  const variables = {
    PATH: '/bin',
    BGB_DEVICE: 'cuda',
    BGB_DEBUG: '',
    BGB_FORCE_MANIFEST_REBUILD: '1',
    BGB_LIMIT_FILES: '50',
    BGB_LIBTORCH: '/opt/torch',
    BGB_API_TOKEN: 'hush',
    BGB_MODAL_VOLUME: 'mine',
  };
  expect(forwardedVariables([], variables)).toEqual({
    always: { BGB_DEVICE: 'cuda' },
    once: { BGB_FORCE_MANIFEST_REBUILD: '1' },
    left: [
      { name: 'BGB_LIMIT_FILES', reason: 'a limit of files needs --env BGB_LIMIT_FILES' },
      { name: 'BGB_LIBTORCH', reason: 'a path of this machine needs --env BGB_LIBTORCH' },
      { name: 'BGB_API_TOKEN', reason: "a secret belongs in one of Modal's (--secret)" },
      { name: 'BGB_MODAL_VOLUME', reason: 'says where results are kept' },
    ],
  });
  expect(
    forwardedVariables(['BGB_LIMIT_FILES', 'BGB_LIBTORCH=/there', 'OMP_NUM_THREADS=2'], variables),
  ).toMatchObject({
    always: { BGB_DEVICE: 'cuda', BGB_LIMIT_FILES: '50', BGB_LIBTORCH: '/there', OMP_NUM_THREADS: '2' },
  });
});

test.each(['BGB_NOT_SET', '=1', '1X=2'])('--env %s is refused', (assignment) => {
  expect(() => forwardedVariables([assignment], {})).toThrow(
    /--env .*: expected NAME=VALUE, or the name of a variable/,
  );
});

test.each(['WANDB_API_KEY=hush', 'AWS_SECRET_ACCESS_KEY=hush', 'HF_TOKEN', 'BGB_API_TOKEN'])(
  '--env %s is refused without saying what it is: it would be printed and kept',
  (assignment) => {
    const variables = { HF_TOKEN: 'hush', BGB_API_TOKEN: 'hush' };
    const given = () => forwardedVariables([assignment], variables);
    expect(given).toThrow(/a secret would be printed and kept with the run.*--secret NAME/);
    expect(given).not.toThrow(/hush/);
  },
);

test('a name that only resembles one of a secret is none', () => {
  const { always } = forwardedVariables(['TOKENIZERS_PARALLELISM=false'], {});
  expect(always).toEqual({ TOKENIZERS_PARALLELISM: 'false' });
});
