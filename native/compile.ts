/** Calls g++: one object a source, cached by everything that its content depends on. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { BgbError, InputError } from '../src/errors.ts';
import { sha256 } from '../src/files/index.ts';

/** g++ refused a source or the link; its own words have gone to stderr. */
export class CompileError extends BgbError {}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The version of the g++ on the PATH. @throws InputError if there is none. */
export function compilerVersion(environment: Environment): string {
  const answer = spawnSync('g++', ['-dumpfullversion', '-dumpmachine'], {
    env: { ...environment },
    encoding: 'utf8',
  });
  if (answer.status === 0) return answer.stdout.trim();
  throw new InputError(
    'BRIDGE_COMPILER',
    "g++ was not found on the PATH; it compiles bgb's bridge to libtorch. Type: apt-get install -y g++",
  );
}

/**
 * The text of a source and of every header beside it that it includes, directly or not, in a fixed order.
 * Two calls give the same text if and only if compiling gives the same object, for the same flags.
 */
export function sourceWithHeaders(path: string): string {
  const seen = new Map<string, string>();
  const visit = (file: string): void => {
    if (seen.has(file) || !existsSync(file)) return;
    const text = readFileSync(file, 'utf8');
    seen.set(file, text);
    for (const match of text.matchAll(/^\s*#\s*include\s*"([^"]+)"/gm)) visit(join(dirname(file), match[1]!));
  };
  visit(path);
  return [...seen].map(([file, text]) => `${basename(file)}\n${text}`).join('\n');
}

export interface Compilation {
  sources: string[];
  objectsDir: string;
  flags: string[];
  /** What else an object depends on: compiler, library versions. */
  identity: string;
  environment: Environment;
  say: (line: string) => void;
}

/** Compiles what is not in the cache and returns the paths of all objects, in the order of the sources. */
export async function compileObjects(compilation: Compilation): Promise<string[]> {
  const { sources, objectsDir, flags, identity, environment, say } = compilation;
  mkdirSync(objectsDir, { recursive: true });
  const objects = sources.map((source) => {
    const key = sha256([identity, ...flags, sourceWithHeaders(source)].join('\0')).slice(0, 16);
    return join(objectsDir, `${basename(source, '.cc')}-${key}.o`);
  });
  const missing = sources.flatMap((source, index) => {
    const object = objects[index]!;
    return existsSync(object) ? [] : [{ source, object }];
  });
  if (missing.length > 0)
    say(`compiling ${missing.length} of ${sources.length} sources with g++; all of them take some minutes`);

  await inParallel(missing, async ({ source, object }) => {
    const temporary = `${object}.tmp`;
    await run('g++', [...flags, '-c', source, '-o', temporary], environment);
    renameSync(temporary, object);
  });
  const wanted = new Set(objects.map((object) => basename(object)));
  for (const name of readdirSync(objectsDir)) if (!wanted.has(name)) rmSync(join(objectsDir, name));
  return objects;
}

/** Links the objects into `target`, which is replaced as a whole or not at all. */
export async function link(
  objects: string[],
  flags: string[],
  target: string,
  environment: Environment,
): Promise<void> {
  const temporary = `${target}.tmp`;
  await run('g++', ['-shared', ...objects, ...flags, '-o', temporary], environment);
  renameSync(temporary, target);
}

/** Runs a command with its output on ours. @throws CompileError on any exit status but 0. */
function run(command: string, args: string[], environment: Environment): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...environment }, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status === 0) resolve();
      else
        reject(
          new CompileError(
            'BRIDGE_COMPILE',
            `${command} ended with ${signal ?? `exit status ${status}`}: ${[command, ...args].join(' ')}`,
          ),
        );
    });
  });
}

/** A source with libtorch's headers takes g++ about 1 GB, so memory bounds the workers as well as cores do. */
async function inParallel<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const workers = Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / 2 ** 31)));
  const queue = [...items];
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined && failures.length === 0; item = queue.shift())
      await work(item).catch((error: unknown) => failures.push(error));
  };
  await Promise.all(Array.from({ length: workers }, worker));
  if (failures.length > 0) throw failures[0];
}
