import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFiles } from '../places/index.ts';
import { ModalPlace } from './modal-place.ts';
import { connect } from './sdk.ts';
import { StandIn } from './testing/stand-in.ts';

let standIn: StandIn;
const placeOf = async (volume: string) =>
  new ModalPlace(await connect(), { app: 'bgb', volume, data: null }, (client) =>
    client.images.fromRegistry('a-base'),
  );
const starts = () => standIn.calls.filter((call) => call.startsWith('sandboxCreate')).length;

beforeAll(async () => {
  standIn = await StandIn.start();
  for (const [name, value] of Object.entries(standIn.variables)) process.env[name] = value;
});
afterAll(async () => await standIn[Symbol.asyncDispose]());

const FILES = {
  '.bgb/runs/a/job.json': '{"a": 1}\n',
  '.bgb/runs/a/attempts/0001.json': 'x'.repeat(2500),
  '.bgb/runs/a/attempts/0002.json': '',
  '.bgb/runs/a/attempts/.hidden.json': 'not matched by a star',
  '.bgb/runs/a/attempts/0003.json.new': 'not of that ending',
  '.bgb/runs/b c/job.json': 'ü "quoted"\n',
  '.bgb/runs/empty/other': '',
};
const PATTERNS = [
  '/results/.bgb/runs/*/job.json',
  '/results/.bgb/runs/a/attempts/*.json',
  '/results/.bgb/runs/a/stop.json',
  '/results/never/*.json',
  '/results/.bgb/runs/a',
];

test('a volume is read without a container as a container reads it', async () => {
  for (const [path, text] of Object.entries(FILES)) {
    const whole = join(standIn.volume('filled').folder, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, text);
  }
  const place = await placeOf('filled');
  const found = await place.read(PATTERNS);
  expect(starts()).toBe(0);
  expect([...found.keys()].sort()).toEqual([
    '/results/.bgb/runs/a/attempts/0001.json',
    '/results/.bgb/runs/a/attempts/0002.json',
    '/results/.bgb/runs/a/job.json',
    '/results/.bgb/runs/b c/job.json',
  ]);
  await using container = await place.open();
  expect(found).toEqual(await readFiles(container, PATTERNS));
});

test('what cannot be handed out without a container is read in one', async () => {
  const before = starts();
  standIn.faults.areBlocksGone = true;
  const place = await placeOf('filled');
  expect((await place.read(PATTERNS)).get('/results/.bgb/runs/a/job.json')).toBe('{"a": 1}\n');
  standIn.faults.areBlocksGone = false;
  expect(starts()).toBe(before + 1);
});

test('where nothing was ever kept nothing is found, and no volume made', async () => {
  expect(await (await placeOf('never')).read(PATTERNS)).toEqual(new Map());
  expect(standIn.volumes.has('never')).toBe(false);
});
