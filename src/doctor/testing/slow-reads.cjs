// Loaded before a program (NODE_OPTIONS=--require), or into a test: reading a window's rows from a cache entry takes longer, in every
// thread, as from a slow disk (SLOW_READ_MS: the thread sleeps) or where reading costs computing (BUSY_READ_MS).
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');
const threads = require('node:worker_threads');

const { env } = process;
const gate = new Int32Array(new SharedArrayBuffer(4));

const { readSync } = fs;
fs.readSync = (file, target, offset, length, position) => {
  // Headers and labels are smaller, a whole recording is larger.
  if (length > 8192 && length < 1_000_000 && length !== 32_768) {
    const sleepMs = Number(env.SLOW_READ_MS ?? 0);
    if (sleepMs > 0) Atomics.wait(gate, 0, 0, sleepMs);
    for (const end = performance.now() + Number(env.BUSY_READ_MS ?? 0); performance.now() < end; );
  }
  return readSync(file, target, offset, length, position);
};

// bgb starts its threads without the flags and variables of the process.
threads.Worker = class extends threads.Worker {
  constructor(url, options) {
    const { SLOW_READ_MS, BUSY_READ_MS } = env;
    super(url, { ...options, execArgv: ['--require', __filename], env: { SLOW_READ_MS, BUSY_READ_MS } });
  }
};
syncBuiltinESMExports();
