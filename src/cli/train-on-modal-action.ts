import { fileURLToPath } from 'node:url';
import { type Forwarded, forwardedVariables, loadConfig, readEnvironment } from '../config/index.ts';
import { InputError } from '../errors.ts';
import {
  bringCode,
  checkPaths,
  codeBundle,
  configHash,
  drillLosses,
  gpuOf,
  LONGEST_S,
  runNameOf,
  trainJob,
} from '../modal/index.ts';
import { launch, type NumberedLine, readStanding } from '../places/index.ts';
import { atModal } from './at-modal.ts';
import { agreeToCost } from './cost.ts';
import { followRun, startable } from './follow-run.ts';
import { positiveOf, settingsOf } from './modal-options.ts';
import { writeJson } from './output.ts';
import type { TrainOptions } from './train.ts';

/** Trains at Modal: what can be checked here, then the code there, what can be checked there, and the run. */
export async function trainOnModal(path: string, options: TrainOptions): Promise<void> {
  const say = (sentence: string) => process.stderr.write(`${sentence}\n`);
  if (options.resume === true)
    throw new InputError(
      'MODAL_RESUME',
      'A run at Modal is resumed by its name: bgb modal resume RUN (bgb modal status lists them).',
    );
  const here = readEnvironment();
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const variables = forwardedVariables(options.env ?? []);
  tellVariables(variables, say);
  const words = [
    ...(options.device === undefined ? [] : [`experiment.device=${options.device}`]),
    ...(options.initFrom === undefined ? [] : [`training.init_from=${JSON.stringify(options.initFrom)}`]),
  ];
  const set = [...options.set, ...words];
  // As it will be read there: with the variables that go along, and no others.
  const environment = readEnvironment({ ...variables.always, ...variables.once });
  const loaded = await loadConfig(path, { set, environment });
  for (const { message } of loaded.notices) say(`Notice: ${message}`);
  checkPaths(loaded.config);
  const settings = settingsOf(options, here);
  const backend = options.backend ?? 'sandbox';
  const gpu = options.gpu ?? 'A100-80GB';
  gpuOf(gpu);
  const timeoutS = 3600 * positiveOf('--timeout', options.timeout, 24);
  if (timeoutS > LONGEST_S)
    throw new InputError(
      'MODAL_TIMEOUT',
      `--timeout ${options.timeout}: Modal ends an attempt after 24 h; a longer training saves and goes on in the next one by itself.`,
    );
  const resources = {
    backend,
    gpu,
    cpu: positiveOf('--cpu', options.cpu, loaded.config.data.num_workers + 2),
    memory_mib: Math.round(1024 * positiveOf('--memory', options.memory, 64)),
    timeout_s: timeoutS,
    secrets: options.secret ?? [],
    data: settings.data,
  } as const;
  const run = runNameOf(loaded.config.experiment.output_dir);
  const bundle = await codeBundle(root, options.bundle ?? null, say);
  say(`Run ${run}: code ${bundle.hash}, configuration ${configHash(loaded.config)}.`);
  await agreeToCost({ resources, containers: 1 }, options.yes === true);

  await atModal(options, async (place) => {
    await place.checkSecrets(resources.secrets);
    const program = [process.execPath, ...process.execArgv, process.argv[1]!];
    const losses = options.drill === false ? null : await drillLosses({ program, root }, 'cpu');
    const job = await trainJob({
      path,
      loaded,
      set,
      isForced: options.force === true,
      variables,
      resources,
      code: bundle,
      losses,
      now: new Date(),
    });
    await startable(place, job.run, () =>
      launch(place, job, async (container) => {
        if (backend === 'sandbox') await bringCode(container, bundle, say);
      }),
    );
    const stream = options.json ? process.stderr : process.stdout;
    const isEnough = options.detach === true ? areChecksOver : () => false;
    const ending = await followRun(place, job.run, { isResuming: true, isEnough, stream });
    if (ending === null)
      say(`${job.run} runs on by itself. Come back from anywhere: bgb modal logs ${job.run} -f`);
    if (options.json) {
      const { attempts, done, savedStep } = await readStanding(place, place.results, job.run);
      writeJson({
        run: job.run,
        backend,
        code: job.hashes.code,
        configuration: job.hashes.config,
        ending,
        attempts: attempts.length,
        saved_step: savedStep,
        done: done === null ? null : JSON.parse(done),
      });
    } else if (ending === 'done') say(`Done. Fetch it: bgb modal pull ${job.run}`);
  });
}

/** Whether a line tells that the run itself has begun. */
function areChecksOver({ kind, text }: NumberedLine): boolean {
  return kind === 'event' && (JSON.parse(text) as { event?: string }).event === 'command';
}

function tellVariables({ always, once, left }: Forwarded, say: (sentence: string) => void): void {
  for (const [name, value] of Object.entries(always)) say(`Goes along: ${name}=${value}`);
  for (const [name, value] of Object.entries(once)) say(`Goes along once: ${name}=${value}`);
  for (const { name, reason } of left) say(`Stays here: ${name} (${reason})`);
}
