import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRunEvents, readRunFingerprint, readRunRecordings } from './fingerprint.ts';
import { createRun, openRun } from './run-folder.ts';
import { environment, record, startWith } from './testing/starts.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'bgb-fingerprint-')), 'run');
});
afterEach(async () => rm(join(folder, '..'), { recursive: true }));

const json = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'));

test('a fresh run: configuration with origins, machine, data, recordings, events', async () => {
  const run = await createRun(folder, startWith());
  run.events.append('step', 1, { loss: 0.5 });
  const fingerprint = await readRunFingerprint(folder);
  expect(fingerprint).toMatchObject({
    id: run.id,
    stage: 'unfinished',
    config: { data: { stride: 10, num_workers: 4 } },
    origins: { 'data.stride': 'train.yaml:11' },
    changed: {},
    environment,
    splits: record.splits,
    epoch: record.epoch,
    plan: record.plan,
    summary: null,
  });
  expect(fingerprint.hashes).toEqual((await json('fingerprint.json')).configuration);
  expect(await readRunRecordings(folder)).toEqual(record.recordings);
  expect((await Array.fromAsync(readRunEvents(folder))).map(({ kind }) => kind)).toEqual(['step']);
  await run.close();
});

test('a resumed run: what the last session had otherwise is told, and the machine it is on now', async () => {
  await (await createRun(folder, startWith())).close();
  const later = { ...startWith({ num_workers: 8 }), environment: { ...environment, threads: 4 } };
  await (await openRun(folder, later)).close();
  const fingerprint = await readRunFingerprint(folder);
  expect(fingerprint.config).toEqual({ data: { stride: 10, num_workers: 4 } });
  expect(fingerprint.changed).toEqual({ 'data.num_workers': 8 });
  expect(fingerprint.environment.threads).toBe(4);
  const [first, second] = fingerprint.sessions.map(({ configuration }) => configuration!);
  expect(second!.result_sha256).toBe(first!.result_sha256);
  expect(second!.rest_sha256).not.toBe(first!.rest_sha256);
});

test('a run of an earlier version, or trimmed by hand, lacks some of it, and is read', async () => {
  await (await createRun(folder, startWith())).close();
  const { hashes } = await readRunFingerprint(folder);
  for (const name of ['fingerprint.json', 'recordings.json']) await rm(join(folder, name));
  const old = await json('environment.json');
  const lost = ['code', 'lock_file', 'libtorch', 'cuda', 'memory_limit_bytes'];
  for (const field of ['code_sha256', 'is_wsl', 'mounts', 'processes', 'cpu_limit_cores', 'gpus', ...lost])
    delete old.sessions[0].environment[field];
  delete old.sessions[0].configuration;
  await writeFile(join(folder, 'environment.json'), JSON.stringify(old));
  expect(await readRunFingerprint(folder)).toMatchObject({
    hashes,
    splits: null,
    epoch: null,
    plan: null,
    changed: {},
    environment: {
      ...environment,
      ...{ code_sha256: null, is_wsl: null, mounts: null, processes: null, cpu_limit_cores: null },
      ...Object.fromEntries(lost.map((field) => [field, null])),
      gpus: [],
    },
  });
  expect(await readRunRecordings(folder)).toBeNull();
});

test.each([
  ['fingerprint.json', '{"format":"bgb-fingerprint","version":2}', readRunFingerprint, 'RUN_FILE'],
  ['recordings.json', '{"format":"bgb-rec', readRunRecordings, 'RUN_FILE'],
  ['config.yaml', 'data: [', readRunFingerprint, 'RUN_CONFIG'],
  ['run.json', '', readRunFingerprint, 'RUN_FILE'],
] as const)('a damaged %s is named', async (name, text, read, code) => {
  await (await createRun(folder, startWith())).close();
  await writeFile(join(folder, name), text);
  const message = expect.stringContaining(name);
  await expect(read(folder)).rejects.toMatchObject({ code, message });
});

test('a folder without a run is refused', async () => {
  await expect(readRunFingerprint(folder)).rejects.toMatchObject({ code: 'RUN_MISSING' });
});
