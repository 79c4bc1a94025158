import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constantFrom, sample } from 'fast-check';
import { ModalClient } from 'modal';
import { Status } from 'nice-grpc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { launch } from '../places/index.ts';
import { bringCode, codeBundle } from './code-bundle.ts';
import { ModalPlace } from './modal-place.ts';
import { sampleJob } from './testing/sample-run.ts';
import { type CallFault, StandIn } from './testing/stand-in.ts';

let standIn: StandIn;
let tarball: string;
beforeAll(async () => {
  standIn = await StandIn.start({ isPlain: true, commitEveryMs: null });
  for (const [name, value] of Object.entries(standIn.variables)) process.env[name] = value;
  // What is launched waits to be ended: whether it runs is all that counts here.
  mkdirSync(join(standIn.folder, 'bgb'));
  writeFileSync(join(standIn.folder, 'bgb/bgb'), '#!/bin/sh\n[ "$1" != attend ] || exec sleep 1000\n');
  chmodSync(join(standIn.folder, 'bgb/bgb'), 0o755);
  tarball = join(standIn.folder, 'code.tar.gz');
  execFileSync('tar', ['-czf', tarball, '-C', standIn.folder, 'bgb']);
});
// Copies of the volume, one a container, are removed with it.
afterAll(async () => await standIn[Symbol.asyncDispose](), 60_000);

const runsOf = (run: string) =>
  standIn.sandboxes.filter(({ name, container }) => name === run && container.end === null);

/** The launch of a run by a client of its own, so that its calls can be told from others'. */
async function launched(run: string, token: string): Promise<unknown> {
  const silent = () => undefined;
  const logger = { debug: silent, info: silent, warn: silent, error: silent };
  const client = new ModalClient({ tokenId: token, tokenSecret: 'as-test', logger });
  const place = new ModalPlace(client, { app: 'bgb', volume: run, data: null, patienceMs: 3000 }, (each) =>
    each.images.fromRegistry('a-base'),
  );
  const bundle = await codeBundle('/none', tarball, silent);
  const code = { code_path: `/results/.bgb/code/${bundle.hash}.tar.gz`, bridge_path: '/results/none' };
  const job = sampleJob(run);
  try {
    return await launch(place, { ...job, token, place: { ...job.place, ...code } }, (container) => bringCode(container, bundle, silent)); // biome-ignore format: one line
  } catch (error) {
    return error;
  } finally {
    client.close();
  }
}

/** What becomes of a client's calls. @returns their names so far */
function watch(token: string, fault: (index: number) => CallFault | null): readonly string[] {
  const calls: string[] = [];
  standIn.faultsOf.set(token, (method) => fault(calls.push(method)));
  return calls;
}

type Kind = (n: number) => (index: number) => CallFault | null;
const once = (status: Status, isDone: boolean): Kind => (n) => (index) => index === n ? { status, isDone } : null; // biome-ignore format: one line
const KINDS: Readonly<Record<string, Kind>> = {
  'is refused once as unavailable': once(Status.UNAVAILABLE, false),
  'is done and its answer lost': once(Status.UNAVAILABLE, true),
  'is done and comes too late': once(Status.DEADLINE_EXCEEDED, true),
  'finds a cut connection': once(Status.INTERNAL, false),
  'finds no more of something': once(Status.RESOURCE_EXHAUSTED, false),
  'finds an expired token, as all after it': (n) => (index) => index >= n ? { status: Status.UNAUTHENTICATED, isDone: false } : null, // biome-ignore format: one line
  'begins an outage of a second': (n) => {
    let until = 0;
    return (index) => {
      if (index === n) until = Date.now() + 1000;
      return Date.now() < until ? { status: Status.UNAVAILABLE, isDone: false } : null;
    };
  },
};
/** After these the next try of the same call is answered: nobody has to hear of it. */
const PASSING = Object.keys(KINDS).slice(0, 4);
/** Calls that start something, which each way to fail is tried on; of the others, some each time (all: 434 cases, 4 minutes). */
const STARTING = ['sandboxCreateV2', 'sandboxCreate', 'sandboxGetTaskId'];
const OTHERS = 12;

test('whichever call of a launch fails, and how: it is started once, or refused in a sentence and works the next time', async () => {
  const calls = watch('ak-whole', () => null);
  expect(await launched('whole', 'ak-whole')).not.toBeInstanceOf(Error);
  for (const name of STARTING) expect(calls).toContain(name);
  const cases = calls.flatMap((call, index) =>
    Object.keys(KINDS).map((kind) => ({ call, n: index + 1, kind })),
  );
  const isStarting = ({ call }: { call: string }) => STARTING.includes(call);
  const others = sample(constantFrom(...cases.filter((each) => !isStarting(each))), OTHERS);
  const tried = [...cases.filter(isStarting), ...others].entries();
  const tryNext = async () => {
    for (const [index, { call, n, kind }] of tried) {
      const what = `call ${n}, ${call}, ${kind}`;
      const run = `run-${index}`;
      watch(`ak-${index}`, KINDS[kind]!(n));
      const first = await launched(run, `ak-${index}`);
      if (first instanceof Error) {
        expect(PASSING, `${what}: ${first.message}`).not.toContain(kind);
        expect(first, what).toBeInstanceOf(InputError);
        expect(first.message, what).toMatch(/^[A-Z].{20,}\.$/s);
        const second = await launched(run, `ak-${index}-again`);
        // Started after all: that is said, with what to do.
        if (second instanceof Error)
          expect(second.message, what).toMatch(/is running at Modal\. See it with/);
      }
      expect(runsOf(run).length, what).toBe(1);
      runsOf(run)[0]!.container.kill('terminated');
    }
  };
  await Promise.all(Array.from({ length: 12 }, tryNext));
});
