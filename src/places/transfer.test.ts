import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { assert, asyncProperty, constantFrom, dictionary, uint8Array } from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { marksHere, marksThere, PART, versionOf } from './file-marks.ts';
import { LocalContainer } from './testing/local-place.ts';
import { pull, push, pushOne } from './transfer.ts';

const root = mkdtempSync(join(tmpdir(), 'bgb-transfer-'));
afterAll(() => rmSync(root, { recursive: true }));
const container = new LocalContainer();
const options = { onProgress: () => undefined, signal: new AbortController().signal };
let count = 0;

function folder(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const path = join(root, String(++count));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

const same = (a: string, b: string) => execFileSync('diff', ['-r', a, b], { encoding: 'utf8' });

test('both sides list the same, and what is half written is left out', async () => {
  const path = folder({
    'a b/ü "x".npz': 'one',
    [`c.npz${PART}`]: 'half',
    'run.lock': '{}',
    empty: '',
  });
  const [here, there] = [await marksHere(path), await marksThere(container, path)];
  expect(there).toEqual(here);
  // printf one | sha256sum
  expect(here.marks.get('a b/ü "x".npz')?.sha256).toBe(
    '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed',
  );
  expect([...here.marks.keys()].sort()).toEqual(['a b/ü "x".npz', 'empty']);
  expect(here.parts).toEqual(new Map([['c.npz', 4]]));
  expect((await marksThere(container, join(root, 'none'))).marks.size).toBe(0);
});

test('links of one file, as checkpoints of several names are, come whole under each name', async () => {
  const from = folder({ 'checkpoints/last': 'weights', 'run.json': '{}' });
  linkSync(join(from, 'checkpoints/last'), join(from, 'checkpoints/best'));
  const [there, back] = [join(folder(), 'there'), join(folder(), 'back')];
  expect(await push(container, from, there, { ...options, commit: null })).toMatchObject({
    copied: 3,
    bytes: 16,
  });
  linkSync(join(there, 'checkpoints/last'), join(there, 'checkpoints/epoch-0001'));
  await pull(container, there, back, { ...options, identity: 'run.json' });
  same(there, back);
  expect(statSync(join(back, 'checkpoints/best')).nlink).toBe(1);
  // A link that is damaged here is brought again, and the file's other name keeps what it has.
  linkSync(join(back, 'checkpoints/best'), join(back, 'beside'));
  writeFileSync(join(back, 'checkpoints/best'), 'damaged');
  await pull(container, there, back, { ...options, identity: 'run.json' });
  expect(readFileSync(join(back, 'checkpoints/best'), 'utf8')).toBe('weights');
  expect(readFileSync(join(back, 'beside'), 'utf8')).toBe('damaged');
});

test('whatever is pushed and pulled comes back the same', async () => {
  const names = constantFrom('a', 'b/c', 'b/d', 'b/e/f');
  await assert(
    asyncProperty(dictionary(names, uint8Array({ maxLength: 40 }), { minKeys: 1 }), async (files) => {
      const [from, there, back] = [folder(files), join(folder(), 'there'), join(folder(), 'back')];
      await push(container, from, there, { ...options, commit: null });
      await pull(container, there, back, { ...options, identity: null });
      expect(same(from, back)).toBe('');
    }),
    { numRuns: 8 },
  );
});

test('a copy that broke off goes on with what is missing, from the byte where it stopped', async () => {
  const big = Buffer.alloc((4 << 20) + 17, 'abcdefg');
  const from = folder({ 'train/1.npz': big, 'train/2.npz': 'two' });
  const there = join(folder(), 'there');
  mkdirSync(join(there, 'train'), { recursive: true });
  writeFileSync(join(there, `train/1.npz${PART}`), big.subarray(0, 4 << 20));
  const sent: number[] = [];
  const counting = new LocalContainer();
  const { execute } = counting;
  counting.execute = async (command, input) => {
    if (input !== undefined) sent.push(input.length);
    return await execute.call(counting, command, input);
  };
  expect(await push(counting, from, there, { ...options, commit: null })).toMatchObject({
    files: 2,
    copied: 2,
  });
  expect(same(from, there)).toBe('');
  expect(sent).toContain(17);
  expect(Math.max(...sent)).toBeLessThan(1000);
  expect(await push(container, from, there, { ...options, commit: null })).toMatchObject({
    files: 2,
    copied: 0,
  });
});

test('a part of something else is noticed by its hash and sent anew', async () => {
  const from = folder({ 'a.npz': 'the right content' });
  const there = folder({ [`a.npz${PART}`]: 'the wrong' });
  await push(container, from, there, { ...options, commit: null });
  expect(readFileSync(join(there, 'a.npz'), 'utf8')).toBe('the right content');
});

test('two versions are not mixed', async () => {
  const from = folder({ 'manifest.json': 'new', 'a.npz': 'a' });
  const there = folder({ 'manifest.json': 'old' });
  await expect(push(container, from, there, { ...options, commit: null })).rejects.toThrow(
    /holds another version \(another manifest.json\).*not mixed/,
  );
  expect(existsSync(join(there, 'a.npz'))).toBe(false);
  // A run that went on is the same run; another run of that name is not.
  const run = folder({ 'run.json': '{"id":"1"}', 'events.jsonl': 'a\n' });
  const pulled = join(folder(), 'run');
  await pull(container, run, pulled, { ...options, identity: 'run.json' });
  appendFileSync(join(run, 'events.jsonl'), 'b\n');
  await pull(container, run, pulled, { ...options, identity: 'run.json' });
  expect(same(run, pulled)).toBe('');
  writeFileSync(join(run, 'run.json'), '{"id":"2"}');
  await expect(pull(container, run, pulled, { ...options, identity: 'run.json' })).rejects.toThrow(
    /not mixed/,
  );
  expect(versionOf(new Map())).toMatch(/^[0-9a-f]{16}$/);
});

test('a file that changes while it is copied is listed anew', async () => {
  const from = folder({ 'run.json': '1', 'events.jsonl': 'first' });
  const changing = new LocalContainer();
  const { execute } = changing;
  let isFirst = true;
  changing.execute = async (command, input) => {
    if (command[2]?.startsWith('tail') && isFirst) {
      isFirst = false;
      writeFileSync(join(from, 'run.json'), '1');
      writeFileSync(join(from, 'events.jsonl'), 'other');
    }
    return await execute.call(changing, command, input);
  };
  const to = join(folder(), 'to');
  await pull(changing, from, to, { ...options, atOnce: 1, identity: 'run.json' });
  expect(readFileSync(join(to, 'events.jsonl'), 'utf8')).toBe('other');
});

/** A container at which the first so many copied pieces arrive with their first byte turned over. */
function damaging(pieces: number): LocalContainer {
  const container = new LocalContainer();
  const { execute } = container;
  const turned = (bytes: Uint8Array) => Buffer.from([bytes[0]! ^ 255, ...bytes.subarray(1)]);
  container.execute = async (command, input) => {
    const isPulled = command[2]?.startsWith('tail') === true;
    const isPushed = command[2]?.includes(PART) === true && input !== undefined;
    if (!(isPulled || isPushed) || pieces-- <= 0) return await execute.call(container, command, input);
    const answer = await execute.call(container, command, isPushed ? turned(input) : input);
    return isPulled ? { ...answer, output: turned(answer.output) } : answer;
  };
  return container;
}

test('D12, D14: what is damaged on its way is noticed by its hash: copied anew, or named, and never in its place', async () => {
  const from = folder({ 'run.json': '1', 'train/a.npz': 'the right content' });
  const once = join(folder(), 'to');
  await pull(damaging(1), from, once, { ...options, identity: 'run.json' });
  expect(same(from, once)).toBe('');
  const always = join(folder(), 'to');
  await expect(pull(damaging(100), from, always, { ...options, identity: 'run.json' })).rejects.toThrow(
    /files changed while they were copied 3 times/,
  );
  expect(existsSync(join(always, 'train/a.npz'))).toBe(false);
  const pushed = join(folder(), 'to');
  await expect(push(damaging(100), from, pushed, { ...options, commit: null })).rejects.toThrow(
    /The copy of .* differs/,
  );
  expect(existsSync(join(pushed, 'train/a.npz'))).toBe(false);
});

test('one file is sent where another of its size is, and not where it is itself', async () => {
  const from = join(folder({ 'code.tar.gz': 'new' }), 'code.tar.gz');
  const to = join(folder({ 'code.tar.gz': 'old' }), 'code.tar.gz');
  expect(await pushOne(container, from, to, null)).toBe(true);
  expect(readFileSync(to, 'utf8')).toBe('new');
  expect(await pushOne(container, from, to, null)).toBe(false);
});

/** A container at which a command that copies a piece is told of before it is carried out. */
function told(onPiece: (pieces: number) => void): LocalContainer {
  const container = new LocalContainer();
  const { execute } = container;
  let pieces = 0;
  container.execute = async (command, input) => {
    if (command[2]?.startsWith('tail') || command[2]?.includes(PART)) onPiece(++pieces);
    return await execute.call(container, command, input);
  };
  return container;
}

test.each(['push', 'pull'] as const)(
  'Ctrl-C in the middle of a file ends a %s at once; it goes on from there',
  async (way) => {
    const big = Buffer.alloc((12 << 20) + 17, 'abcdefg');
    const from = folder({ 'run.json': '1', 'train/1.npz': big });
    const to = join(folder(), 'to');
    const copy = (container: LocalContainer, signal: AbortSignal) =>
      way === 'push'
        ? push(container, from, to, { ...options, atOnce: 1, signal, commit: null })
        : pull(container, from, to, { ...options, atOnce: 1, signal, identity: 'run.json' });
    const leaving = new AbortController();
    const pieces: number[] = [];
    // The listing names parts, too: the pieces of one file after those of the other.
    const interrupted = copy(
      told((piece) => {
        pieces.push(piece);
        if (piece === 4) leaving.abort();
      }),
      leaving.signal,
    );
    await expect(interrupted).rejects.toMatchObject({ name: 'AbortError' });
    const begun = pieces.length;
    // What was on its way has ended, and nothing followed it.
    await delay(200);
    expect(pieces.length).toBe(begun);
    expect(existsSync(join(to, 'train/1.npz'))).toBe(false);
    const { size } = statSync(join(to, `train/1.npz${PART}`));
    expect(size).toBeGreaterThanOrEqual(4 << 20);
    let rest = 0;
    await copy(
      told(() => {
        rest++;
      }),
      options.signal,
    );
    expect(same(from, to)).toBe('');
    expect(rest).toBeLessThan(begun + 2);
  },
);

test('a file that cannot be copied ends the copying of the others', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `${String(index).padStart(2, '0')}.npz`);
  const from = folder(Object.fromEntries(names.map((name) => [name, name])));
  const failing = new LocalContainer();
  const { execute } = failing;
  let copied = 0;
  failing.execute = async (command, input) => {
    if (input === undefined || !command[2]?.includes(PART))
      return await execute.call(failing, command, input);
    if (++copied === 3) return { code: 1, output: Buffer.alloc(0), errors: 'No space left on device' };
    return await execute.call(failing, command, input);
  };
  const to = join(folder(), 'to');
  await expect(push(failing, from, to, { ...options, atOnce: 2, commit: null })).rejects.toThrow(
    /volume is full/,
  );
  expect(copied).toBeLessThan(6);
  await delay(200);
  expect(copied).toBeLessThan(6);
  await push(container, from, to, { ...options, commit: null });
  expect(same(from, to)).toBe('');
});
