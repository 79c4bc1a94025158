// Faults of a set-up: planted, found, and mended by what is printed.
import { cpSync, existsSync, globSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { sha256 } from '../../files/index.ts';
import type { Examination } from '../examine.ts';
import { build, type SetUp } from './corpus.ts';
import { examined, named } from './looking.ts';
import { type } from './shell.ts';

export interface Fault {
  readonly name: string;
  readonly changes?: readonly (readonly [string, string])[];
  readonly plant: (setUp: SetUp) => void | Promise<void>;
  readonly expected: readonly string[];
  readonly evidence: RegExp;
  /** An entry of train that is there in the end. */
  readonly keeps?: string;
  /** What only a person can do before the printed command. */
  readonly before?: (setUp: SetUp) => void;
}

/** Plants a fault, looks, types what is printed, and looks again; recordings stay as they were. */
export async function findAndMend(fault: Fault, setUp: SetUp): Promise<void> {
  await fault.plant(setUp);
  const before = await examined(setUp.config);
  expect(named(before)).toEqual(fault.expected);
  expect(before.findings.some(({ evidence }) => fault.evidence.test(evidence))).toBe(true);
  fault.before?.(setUp);
  const hashes = () =>
    globSync('**/*.{edf,bdf}', { cwd: setUp.data }).map((name) => [
      name,
      sha256(readFileSync(join(setUp.data, name))),
    ]);
  const recordings = hashes();
  const printed = ({ findings }: Examination) => new Set(findings.flatMap(({ fix }) => fix.command ?? []));
  // What only a person can mend has no command before that.
  const commands = printed(before).size > 0 ? printed(before) : printed(await examined(setUp.config));
  for (const command of commands) type(command, { cwd: setUp.root });
  expect(named(await examined(setUp.config))).toEqual([]);
  if (fault.keeps !== undefined) expect(existsSync(join(setUp.cache, 'train', fault.keeps))).toBe(true);
  expect(hashes()).toEqual(recordings);
}

/** Spoils a file of the data, of which a copy is kept, and builds again. */
export async function spoil(path: string, change: (text: string) => string): Promise<void> {
  cpSync(path, `${path}.kept`);
  writeFileSync(path, change(readFileSync(path, 'latin1')), 'latin1');
  const root = join(path, '../../..');
  await build({ data: join(root, 'data'), cache: join(root, 'cache') });
}

/** What {@link spoil} spoilt, as it was. */
export function heal(path: string): void {
  renameSync(`${path}.kept`, path);
}
