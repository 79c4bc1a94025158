import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sourceWithHeaders } from './compile.ts';

const ADDON = `
#include <napi.h>
#include <c10/core/ScalarType.h>
#include "answer.h"
static Napi::Object initialise(Napi::Env, Napi::Object exports) {
  exports.Set("bytes", static_cast<double>(c10::elementSize(c10::ScalarType::Double)) * answer());
  return exports;
}
NODE_API_MODULE(tiny, initialise)
`;
const OTHER = '#include "answer.h"\nint answer() { return ANSWER; }\n';

// BGB_LIBTORCH is kept: it is how a machine may find its libtorch at all. Nothing else of the user's
// environment is, so no setting of npm (nodedir) or of a HOME can help or harm.
const PATH = process.env.PATH!;
const SCRUBBED: Record<string, string> = { PATH };
if (process.env.BGB_LIBTORCH) SCRUBBED.BGB_LIBTORCH = process.env.BGB_LIBTORCH;

let folder: string;
let addon: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bgb-build-'));
  addon = join(folder, 'out/bgb.node');
  mkdirSync(join(folder, 'native'));
  write('tiny.cc', ADDON);
  write('other.cc', OTHER);
  write('answer.h', '#define ANSWER 1\nint answer();\n');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const write = (name: string, text: string): void => writeFileSync(join(folder, 'native', name), text);
const objects = (): string[] => readdirSync(join(folder, 'out/objects')).sort();

function node(args: string[], environment: Record<string, string> = SCRUBBED) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    env: environment,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

function build(environment: Record<string, string> = SCRUBBED, ...args: string[]) {
  const program = fileURLToPath(new URL('build.ts', import.meta.url));
  const sources = ['--sources', join(folder, 'native'), '--out', join(folder, 'out')];
  return node([program, ...sources, ...args], environment);
}

const answer = (): string => node(['-p', `require('${addon}').bytes`]).stdout.trim();

test('builds with nothing in the environment but PATH, and the addon calls libtorch', () => {
  const { status, stdout, stderr } = build();
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/compiling 2 of 2 sources.*\n(.*\n)*bridge: built in/);
  expect(answer()).toBe('8');
  expect(readdirSync(join(folder, 'out')).sort()).toEqual(['bgb.node', 'objects', 'stamp.json']);
});

test('a second build does nothing, whatever npm is set to', () => {
  const before = statSync(addon).mtimeMs;
  const settings = { npm_config_nodedir: '/nowhere', NPM_CONFIG_NODEDIR: '/nowhere', HOME: '/nowhere' };
  expect(build({ ...SCRUBBED, ...settings })).toEqual({
    status: 0,
    stdout: 'bridge: up to date\n',
    stderr: '',
  });
  expect(build({ ...SCRUBBED, ...settings }, '--quiet').stdout).toBe('');
  expect(statSync(addon).mtimeMs).toBe(before);
});

test('one changed source compiles one object; a changed header all that include it', () => {
  const [other, tiny] = objects();
  write('other.cc', OTHER.replace('ANSWER;', 'ANSWER + 1;'));
  expect(build().stdout).toContain('compiling 1 of 2');
  expect(answer()).toBe('16');
  expect(objects()[0]).not.toBe(other);
  expect(objects()[1]).toBe(tiny);
  write('answer.h', '#define ANSWER 2\nint answer();\n');
  expect(build().stdout).toContain('compiling 2 of 2');
  expect(answer()).toBe('24');
});

test('an error or a warning of g++ is shown, ends with 1, and leaves the addon as it was', () => {
  const stamp = readFileSync(join(folder, 'out/stamp.json'), 'utf8');
  write('other.cc', '#include "answer.h"\nint answer() { int unused; return 1; }\n');
  const { status, stderr } = build();
  expect(status).toBe(1);
  expect(stderr).toContain('[-Werror=unused-variable]');
  expect(stderr).toContain('bridge: g++ ended with exit status 1');
  expect(answer()).toBe('24');
  expect(readFileSync(join(folder, 'out/stamp.json'), 'utf8')).toBe(stamp);
  write('other.cc', OTHER);
  expect(build().status).toBe(0);
});

test('a damaged stamp, as of a run cut short, only means building again', () => {
  writeFileSync(join(folder, 'out/stamp.json'), '{"hash": ');
  expect(build()).toMatchObject({ status: 0, stdout: expect.stringContaining('built in') });
  expect(build().stdout).toBe('bridge: up to date\n');
});

test('without g++ it says what to type', () => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'python3'), '#!/bin/sh\n');
  chmodSync(join(bin, 'python3'), 0o755);
  const { status, stderr } = build({ ...SCRUBBED, PATH: bin });
  expect(status).toBe(2);
  expect(stderr).toContain('Type: apt-get install -y g++');
});

test('a wrong BGB_LIBTORCH or folder of headers ends with 2', () => {
  expect(build({ PATH, BGB_LIBTORCH: '/nowhere' })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("BGB_LIBTORCH is '/nowhere'"),
  });
  expect(build(SCRUBBED, '--node-headers', folder)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(`there is no node_api.h in ${folder}`),
  });
});

test('a source is followed into the headers beside it, once each', () => {
  write('answer.h', '#include "deeper.h"\n#include "answer.h"\n#include <elsewhere.h>\n');
  write('deeper.h', 'DEEPER');
  const text = sourceWithHeaders(join(folder, 'native/other.cc'));
  expect(text.match(/DEEPER/g)).toHaveLength(1);
  expect(text.match(/elsewhere/g)).toHaveLength(1);
});
