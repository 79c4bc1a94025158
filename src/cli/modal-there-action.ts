import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { forwardedVariables, readEnvironment } from '../config/index.ts';
import { InputError } from '../errors.ts';
import {
  bringCode,
  codeBundle,
  gpuOf,
  LONGEST_S,
  type ModalPlace,
  type Resources,
  taskJob,
} from '../modal/index.ts';
import { type Ending, follow, type Job, launch } from '../places/index.ts';
import { atModal } from './at-modal.ts';
import { agreeToCost } from './cost.ts';
import { Interruption, SaidAlready } from './exit.ts';
import { startable } from './follow-run.ts';
import type { ThereOptions } from './modal.ts';
import { positiveOf, settingsOf } from './modal-options.ts';
import { listenForSignals } from './signals.ts';

const say = (sentence: string) => process.stderr.write(`${sentence}\n`);

/** Runs a command of bgb at Modal, following it. @throws SaidAlready where it fails; Interruption where it was left */
export async function runThere(name: string, given: readonly string[], options: ThereOptions): Promise<void> {
  const words = inTwoWords(given);
  const now = new Date();
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const resources = resourcesOf(name, options);
  const variables = forwardedVariables(options.env ?? []);
  for (const { name: variable, reason } of variables.left) say(`Stays here: ${variable} (${reason})`);
  refuseLocalPaths(words);
  refuseLocalFiles(name, words);
  const workers = name === 'build-cache' ? positiveOf('--workers', options.workers, 4) : 1;
  const bundle = await codeBundle(root, options.bundle ?? null, say);
  // The workers' entries are looked over in one container more.
  await agreeToCost({ resources, containers: workers > 1 ? workers + 1 : 1 }, options.yes === true);
  const id = now.toISOString().replace(/[-:]/g, '').slice(0, 15);
  const job = (suffix: string, command: readonly string[], before: readonly (readonly string[])[] = []) =>
    taskJob({
      run: `${name}.${id}${suffix}`,
      before,
      command,
      variables,
      resources,
      code: bundle,
      now,
    });
  await atModal(options, async (place) => {
    await place.checkSecrets(resources.secrets);
    const start = async (each: Job) => {
      await startable(place, each.run, () =>
        launch(place, each, async (container) => await bringCode(container, bundle, say)),
      );
      return each.run;
    };
    if (name !== 'build-cache') return await followAll(place, [await start(await job('', [name, ...words]))]);
    const runs: string[] = [];
    for (let k = 1; k <= workers && workers > 1; k++)
      runs.push(await start(await job(`.${k}`, [name, ...words, '--shard', `${k}/${workers}`])));
    if (runs.length > 0) await followAll(place, runs);
    // What the workers built is looked over, and the manifests are written, once.
    await followAll(place, [await start(await job('', scanWords(words), [[name, ...words]]))]);
  });
}

/** Follows several at once, each line with the worker's number where there are several. */
async function followAll(place: ModalPlace, runs: readonly string[]): Promise<void> {
  const leaving = new AbortController();
  using signals = listenForSignals({ onFirst: () => leaving.abort() });
  try {
    const endings = await Promise.all(
      runs.map(async (run, index): Promise<Ending | null> => {
        const mark = runs.length > 1 ? `[${index + 1}/${runs.length}] ` : '';
        const { ending } = await follow(place, run, {
          onLine: ({ kind, text }) => {
            if (kind === 'text') process.stdout.write(`${mark}${text}\n`);
          },
          say: (sentence) => say(`bgb: ${mark}${sentence}`),
          signal: leaving.signal,
          isResuming: true,
        });
        return ending;
      }),
    );
    if (signals.received !== null)
      throw new Interruption(
        signals.received,
        `left; ${runs.join(', ')} go on. See them with bgb modal logs RUN -f, stop them with bgb modal stop RUN.`,
      );
    const failed = runs.filter((_, index) => endings[index] !== 'done');
    if (failed.length === 0) return;
    say(`bgb: ${failed.join(', ')} did not end well. Its last lines: bgb modal status ${failed[0]}`);
    throw new SaidAlready(1);
  } finally {
    // Where following one has failed, the others are let go, too.
    leaving.abort();
  }
}

/** What each gets unless something else is asked for. */
const USUAL: Readonly<Record<string, { gpu: string | null; cpu: number; gib: number; hours: number }>> = {
  'build-cache': { gpu: null, cpu: 8, gib: 16, hours: 24 },
  'scan-cache': { gpu: null, cpu: 4, gib: 8, hours: 2 },
  doctor: { gpu: null, cpu: 4, gib: 8, hours: 2 },
  parity: { gpu: 'A100-80GB', cpu: 8, gib: 16, hours: 1 },
};

function resourcesOf(name: string, options: ThereOptions): Omit<Resources, 'code_path' | 'bridge_path'> {
  const usual = USUAL[name]!;
  const gpu = options.gpu ?? usual.gpu;
  if (gpu !== null) gpuOf(gpu);
  const timeoutS = 3600 * positiveOf('--timeout', options.timeout, usual.hours);
  if (timeoutS > LONGEST_S)
    throw new InputError('MODAL_TIMEOUT', `--timeout ${options.timeout}: Modal ends a container after 24 h.`);
  return {
    backend: 'sandbox',
    gpu,
    cpu: positiveOf('--cpu', options.cpu, usual.cpu),
    memory_mib: Math.round(1024 * positiveOf('--memory', options.memory, usual.gib)),
    timeout_s: timeoutS,
    secrets: options.secret ?? [],
    data: settingsOf(options, readEnvironment()).data,
  };
}

/** `--cache-dir=/results/cache` as two words, as most type it. */
export function inTwoWords(words: readonly string[]): string[] {
  return words.flatMap((word) => /^(--[\w-]+)=(.*)$/s.exec(word)?.slice(1) ?? [word]);
}

/** `scan-cache` of the cache that these words build. */
function scanWords(words: readonly string[]): string[] {
  const taken = ['--cache-dir', '--config', '--set'];
  const kept = words.flatMap((word, index) => (taken.includes(word) ? [word, words[index + 1] ?? ''] : []));
  if (!kept.includes('--cache-dir'))
    throw new InputError(
      'CLI_CACHE_DIR',
      'build-cache needs --cache-dir, such as --cache-dir /results/cache/tusz.',
    );
  return ['scan-cache', ...kept];
}

/** One configuration goes along (taskJob); any other file of this machine would be looked for there in vain. */
function refuseLocalFiles(name: string, words: readonly string[]): void {
  const isHere = (word: string) =>
    !/^(-|\/(data|results)(\/|$))/.test(word) && /[./]/.test(word) && existsSync(word);
  const here = words.filter(isHere);
  const configs = here.filter((word) => /\.ya?ml$/.test(word));
  if (configs.length > 1)
    throw new InputError(
      'MODAL_PATHS',
      `${configs.join(' and ')} are both files of this machine, and one configuration goes along. ${name === 'parity' ? `Comparing them takes no machine there: bgb parity ${configs.join(' ')}.` : 'Give one.'}`,
    );
  const [other] = here.filter((word) => !configs.includes(word));
  if (other !== undefined)
    throw new InputError(
      'MODAL_PATHS',
      `${other} is a file or folder of this machine, which is not seen there. Bring it (bgb modal push FOLDER --to /results/NAME), and name it as it is there.`,
    );
}

function refuseLocalPaths(words: readonly string[]): void {
  const after = ['--data-dir', '--cache-dir'];
  for (const [index, word] of words.entries()) {
    const path = words[index + 1] ?? '';
    if (!after.includes(word) || /^\/(data|results)(\/|$)/.test(path)) continue;
    throw new InputError('MODAL_PATHS', `${word} ${path}: expected a path there, in /data or /results.`);
  }
}
