// Answers command lines of bgb one after the other from a process that is warm: what a command does is what it does in a
// process of its own, but for the half second that one takes to start. Ends when its standard input does.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import os from 'node:os';
import { join } from 'node:path';

/** The program, given by its path: what is tested here comes before it. */
const { runProgram } = (await import(process.argv[2]!)) as {
  runProgram: (parameters: readonly string[]) => Promise<number>;
};

/** `NAME=value` each. */
function environmentIn(path: string): Record<string, string> {
  const pairs = readFileSync(path, 'utf8').split('\0').slice(0, -1);
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}

/** Runs what stands in a folder: `words` with the working directory first, and `environment`; writes `out` and `err` there. */
async function answer(folder: string): Promise<number> {
  const [cwd, ...parameters] = readFileSync(join(folder, 'words'), 'utf8').split('\0').slice(0, -1);
  const written = { out: '', err: '' };
  const [{ stdout, stderr }, { env }] = [process, process];
  const [writeOut, writeErr] = [stdout.write, stderr.write];
  const before = process.cwd();
  try {
    process.chdir(cwd!);
    process.env = environmentIn(join(folder, 'environment'));
    stdout.write = (text: string | Uint8Array) => {
      written.out += text.toString();
      return true;
    };
    stderr.write = (text: string | Uint8Array) => {
      written.err += text.toString();
      return true;
    };
    return await runProgram(parameters);
  } finally {
    [stdout.write, stderr.write] = [writeOut, writeErr];
    process.env = env;
    process.chdir(before);
    writeFileSync(join(folder, 'out'), written.out);
    writeFileSync(join(folder, 'err'), written.err);
  }
}

// A build of a few small recordings is done before its threads have started.
os.availableParallelism = () => 1;
syncBuiltinESMExports();
for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0);
let last: Promise<unknown> = Promise.resolve();
const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', (bytes) => {
    const run = () => answer(bytes.toString().trim()).catch(() => 70);
    last = last.then(run).then((code) => socket.end(`${code}\n`));
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address!.port : ''}\n`);
});
// Where the test process is killed by its pool, nobody else removes the folder.
process.stdin
  .on('end', () => {
    rmSync(process.argv[3]!, { recursive: true, force: true });
    process.exit();
  })
  .resume();
