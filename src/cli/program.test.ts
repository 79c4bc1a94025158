import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { BgbError, InputError } from '../errors.ts';
import { exitCodeOf, Interruption } from './exit.ts';
import { createProgram } from './program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'bgb-cli-'));
afterAll(() => rm(folder, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function start(
  program: string,
  parameters: string[],
  variables: Record<string, string> = {},
): Promise<Ended> {
  const env = { PATH: process.env.PATH, ...variables };
  return new Promise((done) => {
    execFile(program, parameters, { env, cwd: folder }, (error, stdout, stderr) => {
      done({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

function bgb(parameters: string[], variables: Record<string, string> = {}): Promise<Ended> {
  return start(process.execPath, [join(root, 'src/cli/main.ts'), ...parameters], variables);
}

describe('the command line', () => {
  test('--help lists the commands on standard output', async () => {
    const { code, stdout, stderr } = await bgb(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('validate [options] <config>');
    expect(stdout).toContain('Exit codes');
  });

  test.each([
    [[], 'Usage: bgb'],
    [['valdate'], "bgb: unknown command 'valdate'\n(Did you mean validate?)"],
    [['validate'], "bgb: missing required argument 'config'"],
    [['validate', 'x', '--jsn'], "bgb: unknown option '--jsn'\n(Did you mean --json?)"],
    [['validate', 'x', 'y'], 'bgb: too many arguments'],
  ])('%j is a usage error', async (parameters, message) => {
    const { code, stdout, stderr } = await bgb(parameters);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  test('build-bridge says where the bridge is and for which libtorch', async () => {
    const { code, stdout } = await bgb(['build-bridge', '--json'], {
      BGB_LIBTORCH: process.env.BGB_LIBTORCH ?? '',
    });
    expect(code).toBe(0);
    const { addon, libtorch } = JSON.parse(stdout);
    expect(addon).toBe(join(root, 'build/bridge/bgb.node'));
    expect(libtorch.version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('what --help loads is the command line itself: no libtorch, no schema', () => {
    const reached = new Set<string>();
    const follow = (path: string) => {
      if (reached.has(path)) return;
      reached.add(path);
      const statics = /^(?:import|export)\s(?!type\b)[^;]*?from '(\.[^']+)'|^import '(\.[^']+)'/gm;
      for (const [, from, bare] of readFileSync(path, 'utf8').matchAll(statics))
        follow(resolve(dirname(path), (from ?? bare)!));
    };
    follow(join(root, 'src/cli/program.ts'));
    const outside = [...reached].filter((path) => !path.startsWith(join(root, 'src/cli/')));
    expect(outside).toEqual([join(root, 'src/errors.ts')]);
  });

  test('every command and option says what it does', () => {
    for (const command of createProgram().commands) {
      expect(command.description(), command.name()).not.toBe('');
      for (const option of command.options) expect(option.description, option.flags).not.toBe('');
    }
  });
});

describe('bgb validate', () => {
  const good = join(folder, 'good.yaml');
  const bad = join(folder, 'bad.yaml');

  test('prints the resolved configuration with origins', async () => {
    await writeFile(good, 'data:\n  window_size: 30\npreprocessing:\n  use_mne: true\n');
    const { code, stdout, stderr } = await bgb(['validate', 'good.yaml', '--set', 'training.epochs=3']);
    expect(code).toBe(0);
    expect(stdout).toContain('  window_size: 30 # good.yaml:2\n');
    expect(stdout).toContain('  epochs: 3 # --set\n');
    expect(stderr).toContain('Notice: Accepted and ignored: preprocessing.use_mne (line 4).');
    expect(stderr).toContain('good.yaml is valid.');
  });

  test('--json is one document on standard output', async () => {
    await writeFile(good, 'data: {window_size: 30}\n');
    const { code, stdout, stderr } = await bgb(['validate', 'good.yaml', '--json'], { BGB_LIMIT_FILES: '5' });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      is_valid: true,
      config: { data: { window_size: 30 } },
      origins: { 'data.window_size': 'good.yaml:1', 'data.stride': 'default' },
    });
    expect(stderr).toContain('In force: BGB_LIMIT_FILES=5');
  });

  test('every problem, exit code 2, as text and as JSON', async () => {
    await writeFile(bad, 'data: {strid: 1}\ntraining: {epochs: 0}\n');
    const text = await bgb(['validate', 'bad.yaml']);
    expect({ code: text.code, stdout: text.stdout }).toEqual({ code: 2, stdout: '' });
    expect(text.stderr).toContain('2 problems in bad.yaml:\n  bad.yaml:1:8: data.strid: unknown key');
    const json = await bgb(['validate', 'bad.yaml', '--json']);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stdout).problems).toMatchObject([
      { field: 'data.strid', source: 'bad.yaml', line: 1, column: 8 },
      { field: 'training.epochs', line: 2, column: 12 },
    ]);
  });

  test('a bad variable and a missing file', async () => {
    const variable = await bgb(['validate', 'good.yaml'], { BGB_LIMIT_FILES: 'all' });
    expect(variable.code).toBe(2);
    expect(variable.stderr).toContain(
      'bgb: The environment variable BGB_LIMIT_FILES: expected a whole number',
    );
    const missing = await bgb(['validate', 'none.yaml']);
    expect(missing).toEqual({ code: 2, stdout: '', stderr: 'bgb: none.yaml: there is no such file.\n' });
  });
});

describe('exit codes', () => {
  async function ending(error: unknown): Promise<[number, string]> {
    let said = '';
    const code = await exitCodeOf(error, (text) => {
      said += text;
    });
    return [code, said];
  }

  test.each([
    [new InputError('EDF_HEADER', 'a.edf is no EDF.'), 2, 'bgb: a.edf is no EDF.\n'],
    [
      new Interruption('SIGINT', 'stopped; go on with --resume.'),
      130,
      'bgb: stopped; go on with --resume.\n',
    ],
    [new Interruption('SIGTERM', 'stopped.'), 143, 'bgb: stopped.\n'],
    [new DOMException('This operation was aborted', 'AbortError'), 130, 'bgb: interrupted.\n'],
    [new BgbError('TRAIN', 'lost.'), 1, 'bgb: lost.\nSet BGB_DEBUG=1 to see where it comes from.\n'],
    [new TypeError('x is undefined'), 1, 'bgb: unexpected error: x is undefined\nSet BGB_DEBUG=1 to see'],
    ['text', 1, 'bgb: unexpected error: text\n'],
  ])('%s', async (error, code, message) => {
    const [found, said] = await ending(error);
    expect(found).toBe(code);
    expect(said.slice(0, message.length)).toBe(message);
  });

  test('BGB_DEBUG shows the stack', async () => {
    const { code, stderr } = await bgb(['validate', 'none.yaml'], { BGB_DEBUG: '1' });
    expect(code).toBe(2);
    expect(stderr).toMatch(/\n {4}at .*load\.ts/);
  });
});

describe('bin/bgb', () => {
  const clone = join(folder, 'a clone');

  test('finds its root through symbolic links, starts that Node with one OpenBLAS thread', async () => {
    await mkdir(join(clone, 'bin'), { recursive: true });
    await mkdir(join(clone, 'node_modules/.bin'), { recursive: true });
    await mkdir(join(clone, 'dist/cli'), { recursive: true });
    await mkdir(join(folder, 'links'));
    await cp(join(root, 'bin/bgb'), join(clone, 'bin/bgb'));
    await symlink('../a clone/bin/bgb', join(folder, 'links/first'));
    await symlink(join(folder, 'links/first'), join(folder, 'links/second'));
    const missing = await start(join(folder, 'links/second'), []);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toBe(
      `bgb: ${clone}/node_modules/.bin/node is missing. Run 'make setup' in ${clone}.\n`,
    );

    const node = join(clone, 'node_modules/.bin/node');
    await writeFile(node, '#!/bin/sh\necho "$OPENBLAS_NUM_THREADS" "$@"\n');
    await chmod(node, 0o755);
    expect((await start(join(folder, 'links/second'), [])).stderr).toContain('dist/cli/main.js is missing');
    await writeFile(join(clone, 'dist/cli/main.js'), '');
    const { code, stdout } = await start(join(folder, 'links/second'), ['train', 'a b', '--resume']);
    expect(code).toBe(0);
    expect(stdout).toBe(`1 --enable-source-maps ${clone}/dist/cli/main.js train a b --resume\n`);
  });
});
