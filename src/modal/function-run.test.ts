import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { follow, launch, type NumberedLine, readStanding, stop } from '../places/index.ts';
import { ModalPlace } from './modal-place.ts';
import { connect } from './sdk.ts';
import { packClone, SETTINGS, sampleJob, standInWithSample, VOLUME } from './testing/sample-run.ts';
import type { StandIn } from './testing/stand-in.ts';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const APP = path('deploy/modal/app.py');
let standIn: StandIn;
let place: ModalPlace;
const opt = mkdtempSync(join(tmpdir(), 'bgb-opt-'));

beforeAll(async () => {
  standIn = await standInWithSample({ deployed: { file: APP, opt } });
  packClone(join(opt, 'bgb.tar.gz'));
  execFileSync('tar', ['-xzf', join(opt, 'bgb.tar.gz'), '-C', opt]);
  mkdirSync(join(opt, 'bgb/configs'), { recursive: true });
  cpSync(path('configs/modal'), join(opt, 'bgb/configs/modal'), { recursive: true });
  for (const [name, value] of Object.entries(standIn.variables)) process.env[name] = value;
  place = new ModalPlace(await connect(), { app: 'bgb', volume: VOLUME, data: null, lookMs: 300 }, (client) =>
    client.images.fromRegistry('a-base'),
  );
});
afterAll(async () => {
  await standIn[Symbol.asyncDispose]();
  rmSync(opt, { recursive: true });
}, 60_000);

const functionJob = (run: string, set: readonly string[] = []) => {
  const job = sampleJob(run, {}, set);
  return { ...job, place: { ...job.place, backend: 'function' } };
};
const seen = (run: string, attempt: number) =>
  join(
    standIn.folder,
    'containers',
    `fc-${standIn.functionCalls.length - 1}-${attempt}`,
    'mount-0',
    run,
    'events.jsonl',
  );

async function step(run: string, attempt: number, number: number): Promise<void> {
  const events = () => (standIn.functionCalls.length > 0 && existsSync(seen(run, attempt)) ? readFileSync(seen(run, attempt), 'utf8') : ''); // biome-ignore format: one expression
  while (!events().includes(`"kind":"step","step":${number},`)) await delay(5);
}

test('a deployed function is restarted by Modal itself after a preemption, and found by the name alone', async () => {
  await launch(place, functionJob('called', ['training.epochs=3']), async () => undefined);
  await expect(launch(place, functionJob('called'), async () => undefined)).rejects.toThrow(
    /A run named called is running/,
  );
  expect(standIn.bound.at(-1)).toMatchObject({
    timeoutSecs: 700,
    resources: { milliCpu: 8000, gpuConfig: { gpuType: 'A100-80GB' } },
  });
  await step('called', 1, 5);
  standIn.functionCalls.at(-1)!.containers[0]!.kill('terminated', { isLosing: true });
  const lines: NumberedLine[] = [];
  const { ending, standing } = await follow(place, 'called', {
    onLine: (line) => lines.push(line),
    say: () => undefined,
    signal: new AbortController().signal,
    isResuming: true,
  });
  expect(ending).toBe('done');
  expect(standing?.attempts).toHaveLength(2);
  expect(standIn.functionCalls).toHaveLength(1);
  for (const attempt of [1, 2]) {
    const numbers = lines.filter((line) => line.attempt === attempt).map(({ number }) => number);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  }
});

test('a call is stopped for good', async () => {
  await launch(place, functionJob('halted', ['training.epochs=50']), async () => undefined);
  await step('halted', 1, 2);
  expect(await stop(place, 'halted', { now: () => new Date() })).toBe(true);
  expect(await readStanding(place, '/results', 'halted')).toMatchObject({
    isDone: false,
    isStopped: true,
  });
  expect(existsSync(join(standIn.volume(VOLUME).folder, 'halted/checkpoints/last.json'))).toBe(true);
});

test('app.py declares what the guide says, with the signatures of the Python client', () => {
  const environment = {
    ...process.env,
    BGB_BUNDLE: '/tmp/packed.tar.gz',
    BGB_MODAL_DATA: 'bucket:eeg/tusz',
    BGB_MODAL_SECRETS: 'a b',
  };
  const declared = JSON.parse(
    execFileSync('python3', [path('src/modal/testing/modal_stub.py'), APP], {
      encoding: 'utf8',
      env: environment,
    }),
  );
  expect(Object.keys(declared).sort()).toEqual(['build_cache', 'evaluate', 'scan_cache', 'train']);
  expect(declared.train).toMatchObject({
    gpu: 'A100-80GB',
    cpu: 10,
    memory: 65536,
    timeout: 86400,
    retries: 10,
  });
  expect(declared.train.volumes).toEqual({ '/results': ['bgb-results', false], '/data': ['eeg', true] });
  expect(declared.train.secrets).toEqual([{ secret: 'a' }, { secret: 'b' }]);
  expect(declared.train.image).toContainEqual([
    'add_local_file',
    '/tmp/packed.tar.gz',
    '/opt/bgb.tar.gz',
    'True',
  ]);
  expect(declared.build_cache).toMatchObject({ gpu: null, timeout: 86400 });
});

test('modal run app.py::scan_cache fails where bgb does', () => {
  const code = `
import os, stat, tempfile, runpy, sys
bgb = os.path.join(tempfile.mkdtemp(), "bgb")
with open(bgb, "w") as file: file.write('#!/bin/sh\\necho "$@"; exit 3')
os.chmod(bgb, 0o755)
sys.argv = ["stub", ${JSON.stringify(APP)}]
module = runpy.run_path(${JSON.stringify(path('src/modal/testing/modal_stub.py'))})["module"]
module.BGB = bgb
for call in (lambda: module.scan_cache("/results/c"), lambda: module.build_cache("/data/d", "/results/c"), lambda: module.evaluate("/results/r", "/results/c")):
    try: call()
    except RuntimeError as error: print(error)
`;
  const said = execFileSync('python3', ['-Bc', code], {
    encoding: 'utf8',
    env: { ...process.env, BGB_BUNDLE: '/tmp/packed.tar.gz' },
  });
  for (const name of ['scan-cache', 'build-cache', 'evaluate'])
    expect(said).toContain(`bgb ${name} ended with exit code 3`);
});

test('a call that is cancelled, by an exception in the middle of it, has bgb save, and commits what it saved', () => {
  const code = `
import os, runpy, signal, sys, tempfile
bgb = os.path.join(tempfile.mkdtemp(), "bgb")
with open(bgb, "w") as file:
    file.write('#!/bin/sh\\ntrap "echo saved; exit 75" INT; sleep 0.3; kill -USR1 $PPID; while :; do sleep 0.02; done')
os.chmod(bgb, 0o755)
sys.argv = ["stub", ${JSON.stringify(APP)}]
module = runpy.run_path(${JSON.stringify(path('src/modal/testing/modal_stub.py'))})["module"]
module.BGB = bgb
class InputCancellation(BaseException): pass
def cancel(*_): raise InputCancellation()
signal.signal(signal.SIGUSR1, cancel)
try: module.train(config_path="a.yaml")
except InputCancellation: print("cancelled,", module.results.commits, "commit")
`;
  const options = { env: { ...process.env, BGB_BUNDLE: '/tmp/packed.tar.gz' }, timeout: 20_000 };
  const said = execFileSync('python3', ['-Bc', code], { encoding: 'utf8', ...options });
  expect(said).toMatch(/saved\ncancelled, 1 commit\n$/);
});

test('modal run app.py::train --config-path trains, and goes on with what an interruption left', async () => {
  // As the container of `modal run` does, with the configuration of the image and its own words.
  const set = [
    ...SETTINGS,
    'experiment.output_dir=/results/typed',
    'experiment.device=cpu',
    'data.residency=host',
  ];
  const args = set.map((each) => `--set ${each}`).join(' ');
  const { cpClient } = await connect();
  const { encode } = await import('cbor-x');
  const input = { args: encode([[], { config_path: 'configs/modal/smoke.yaml', args }]) };
  await cpClient.functionMap({ functionId: 'fu-train', pipelinedInputs: [{ idx: 0, input }] });
  await step('typed', 1, 4);
  // Nobody here has started it, and its name finds it all the same.
  expect((await place.find('typed'))?.id).toBe(`fc-${standIn.functionCalls.length - 1}`);
  standIn.functionCalls.at(-1)!.containers[0]!.kill('terminated', { isLosing: true });
  await standIn.functionCalls.at(-1)!.ended;
  expect(standIn.functionCalls.at(-1)!.containers.at(-1)!.output[0].toString()).toMatch(/returned 0\n$/);
  expect(existsSync(join(standIn.volume(VOLUME).folder, 'typed/done.json'))).toBe(true);
  expect(await readStanding(place, '/results', 'typed')).toMatchObject({
    isDone: true,
    attempts: [{}, {}],
  });
});
