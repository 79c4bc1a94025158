import { describe, expect, test } from 'vitest';
import type { Environment } from '../runs/index.ts';
import { environmentDifferences } from './environment-differences.ts';

const COMMIT = 'a'.repeat(40);
const here: Environment = {
  bgb: '0.1.0',
  code: { commit: COMMIT, is_dirty: false },
  code_sha256: 'b'.repeat(64),
  lock_file: 'c'.repeat(64),
  node: 'v24.0.0',
  libtorch: '2.11.0',
  cuda: null,
  gpus: [],
  device: 'cpu',
  threads: 4,
  processes: 1,
  platform: 'linux x64 6.0',
  is_wsl: false,
  cpu: 'one',
  usable_cores: 4,
  cpu_limit_cores: null,
  memory_bytes: 1e9,
  memory_limit_bytes: null,
  mounts: null,
  variables: {},
};

type Change = Partial<Environment>;

/** Of a run in one session here and one in as many sessions as there are changes. */
function differences(changes: readonly Change[], isDataSame = false) {
  const sessions = changes.map((change) => ({ environment: { ...here, ...change } }));
  return environmentDifferences([{ environment: here }], sessions, { isDataSame });
}

test.each<[Change, isAllowed: boolean, text: string]>([
  [{ bgb: '0.2.0' }, false, 'the version of bgb is 0.1.0 in A and 0.2.0 in B'],
  [{ lock_file: 'd'.repeat(64) }, false, 'the lock file is cccccccccccc in A and dddddddddddd in B'],
  [{ cuda: '13.0' }, true, 'the version of CUDA is none in A and 13.0 in B'],
  [{ threads: 8 }, true, 'the number of threads is 4 in A and 8 in B'],
  [{ gpus: ['one GPU'] }, true, 'the GPU is [] in A and ["one GPU"] in B'],
  [{ variables: { BGB_DEBUG: '1' } }, true, 'BGB_DEBUG is not set in A and 1 in B'],
  [{ variables: { BGB_LIMIT_FILES: '50' } }, false, 'BGB_LIMIT_FILES is not set in A and 50 in B'],
])('%j', (change, isAllowed, text) => {
  expect(differences([change])).toMatchObject([{ isAllowed, text }]);
});

test('what an earlier version did not say is no difference', () => {
  const early = { code_sha256: null, processes: null, is_wsl: null, mounts: null, lock_file: null };
  expect(differences([early])).toEqual([]);
  expect(differences([{}])).toEqual([]);
});

describe('code', () => {
  const commit = COMMIT.slice(0, 12);
  test('the same commit with other code is told by the hash', () => {
    expect(differences([{ code_sha256: 'c'.repeat(64) }])).toMatchObject([
      {
        isAllowed: false,
        text: `the code is commit ${commit} (hash bbbbbbbb) in A and commit ${commit} (hash cccccccc) in B`,
      },
    ]);
  });

  test('another commit with the same code, such as one of the documentation, is none', () => {
    const code = { commit: 'd'.repeat(40), is_dirty: true };
    expect(differences([{ code }])).toEqual([]);
    expect(differences([{ code: null }])).toEqual([]);
  });

  test('without a hash the commit tells', () => {
    const code = { commit: 'd'.repeat(40), is_dirty: false };
    const [found] = differences([{ code, code_sha256: null }]);
    expect(found?.text).toBe(
      `the code is commit ${commit} (hash bbbbbbbb) in A and commit dddddddddddd in B`,
    );
    expect(differences([{ code: null, code_sha256: null }])).toEqual([]);
  });
});

test('every session of a resumed run counts, in its order', () => {
  expect(differences([{ device: 'cuda' }, {}, {}])).toMatchObject([
    { what: 'device', a: 'cpu', b: ['cuda', 'cpu'], text: 'the device is cpu in A and cuda, later cpu in B' },
  ]);
  expect(differences([{}, {}])).toEqual([]);
});

test('a limit that left nothing out decides nothing', () => {
  const [found] = differences([{ variables: { BGB_LIMIT_FILES: '50' } }], true);
  expect(found).toMatchObject({ isAllowed: true, effect: 'none' });
});
