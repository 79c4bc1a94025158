import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bringCode, codeBundle } from './code-bundle.ts';
import { ModalPlace } from './modal-place.ts';
import { connect } from './sdk.ts';
import { taskJob } from './task-job.ts';
import { VOLUME } from './testing/sample-run.ts';
import { StandIn } from './testing/stand-in.ts';

let standIn: StandIn;
let place: ModalPlace;
const results = (...names: string[]) => join(standIn.volume(VOLUME).folder, ...names);

beforeAll(async () => {
  standIn = await StandIn.start();
  for (const [name, value] of Object.entries(standIn.variables)) process.env[name] = value;
  place = new ModalPlace(await connect(), { app: 'bgb', volume: VOLUME, data: null }, (client) =>
    client.images.fromRegistry('a-base'),
  );
});
afterAll(async () => await standIn[Symbol.asyncDispose]());

/** Packed code whose bgb counts what it compiles, and says, where it attends, which bridge it found. */
function packed(name: string, bridge: string): string {
  const folder = join(standIn.folder, name, 'bgb');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'bundle.json'), JSON.stringify({ id: name, bridge }, null, 2));
  writeFileSync(
    join(folder, 'bgb'),
    `#!/bin/sh
here=$(dirname "$0")
[ "$1" = build-bridge ] || exec cat "$here/build/bridge/bgb.node"
echo ${name} >> /results/compiled
mkdir -p "$here/build/bridge/objects"
echo "compiled by ${name}" > "$here/build/bridge/bgb.node"
`,
  );
  chmodSync(join(folder, 'bgb'), 0o755);
  const tarball = join(standIn.folder, `${name}.tar.gz`);
  execFileSync('tar', ['-czf', tarball, '-C', join(standIn.folder, name), 'bgb']);
  return tarball;
}

/** Brings a code and starts it. @returns what it wrote first */
async function started(tarball: string): Promise<string> {
  const said: string[] = [];
  const bundle = await codeBundle('/none', tarball, (sentence) => said.push(sentence));
  await using container = await place.open();
  await bringCode(container, bundle, (sentence) => said.push(sentence));
  const job = await taskJob({
    run: `of-${bundle.hash}`,
    before: [],
    command: [],
    variables: { always: {}, once: {}, left: [] },
    resources: { backend: 'sandbox', gpu: null, cpu: 1, memory_mib: 256, timeout_s: 600, secrets: [] },
    code: bundle,
    now: new Date(),
  });
  const live = await place.start(job, 1);
  for await (const piece of live.output(new AbortController().signal)) return piece;
  return '';
}

test('two that pack at the same moment, and one that was killed, leave a whole bundle', async () => {
  const root = join(standIn.folder, 'clone');
  mkdirSync(join(root, 'scripts'), { recursive: true });
  mkdirSync(join(root, 'src'));
  writeFileSync(join(root, 'src/a.ts'), '1');
  // As scripts/bundle.ts: slowly, in two pieces.
  writeFileSync(
    join(root, 'scripts/bundle.ts'),
    `import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
const out = process.argv[3] + '/bgb-0.1.0-linux-x64.tar.gz';
appendFileSync(out, 'half ');
await delay(100);
appendFileSync(out, readFileSync('src/a.ts', 'utf8'));
if (readFileSync('src/a.ts', 'utf8') === 'killed') process.kill(process.pid, 'SIGKILL');`,
  );
  const quiet = () => undefined;
  const bundles = await Promise.all([codeBundle(root, null, quiet), codeBundle(root, null, quiet)]);
  for (const { tarball } of bundles) expect(readFileSync(tarball, 'utf8')).toBe('half 1');
  writeFileSync(join(root, 'src/a.ts'), 'killed');
  await expect(codeBundle(root, null, quiet)).rejects.toThrow(/could not be packed/);
  writeFileSync(join(root, 'src/a.ts'), '1');
  expect(readFileSync((await codeBundle(root, null, quiet)).tarball, 'utf8')).toBe('half 1');
  expect(readdirSync(join(root, 'build/bundle')).sort()).toEqual([
    'bgb-0.1.0-linux-x64.tar.gz',
    'packed.json',
  ]);
});

test('a bridge is compiled once for each state of native/, whatever else changes, and every code finds it', async () => {
  expect(await started(packed('first', '00000000native1'))).toBe('compiled by first\n');
  // Another code, the same native/: nothing is compiled, and it runs with the bridge that is there.
  expect(await started(packed('second', '00000000native1'))).toBe('compiled by first\n');
  expect(await started(packed('third', '00000000native2'))).toBe('compiled by third\n');
  expect(readFileSync(results('compiled'), 'utf8')).toBe('first\nthird\n');
  // The image's tag names the libtorch that it was compiled for.
  expect(existsSync(results('.bgb/bridge/00000000native1-2.11.0-cuda13.0-cudnn9-devel.tar.gz'))).toBe(true);
});

test("app.py's image takes the same bridge, and compiles and keeps where there is none", async () => {
  const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
  const words = [path('src/modal/testing/modal_stub.py'), path('deploy/modal/app.py')];
  const env = { ...process.env, BGB_BUNDLE: '/tmp/packed.tar.gz' };
  const { train } = JSON.parse(execFileSync('python3', words, { encoding: 'utf8', env }));
  const [, command, seen] = train.image.find((step: string[]) => step[1]?.includes('build-bridge'));
  expect(seen).toBe('volume at /results');
  await using container = await place.open();
  const take = async (name: string, bridge: string) => {
    packed(name, bridge);
    const opt = join(standIn.folder, 'opt', name);
    cpSync(join(standIn.folder, name, 'bgb'), opt, { recursive: true });
    const { code, errors } = await container.execute(['sh', '-c', command.replaceAll('/opt/bgb', opt)]);
    expect([code, errors]).toEqual([0, '']);
    return readFileSync(join(opt, 'build/bridge/bgb.node'), 'utf8');
  };
  expect(await take('fourth', '00000000native2')).toBe('compiled by third\n');
  expect(await take('fifth', '00000000native3')).toBe('compiled by fifth\n');
  await container.execute(['sync', '/results']);
  expect(await started(packed('sixth', '00000000native3'))).toBe('compiled by fifth\n');
});
