import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inForce, loadConfig, readEnvironment } from '../config/index.ts';
import { BASELINES, type DemoReport, runDemo } from '../demo/index.ts';
import { InputError, messageOf } from '../errors.ts';
import type { DemoOptions } from './demo.ts';
import { Interruption } from './exit.ts';
import { announce, writeJson } from './output.ts';
import { Progress } from './progress.ts';
import { endProcess, listenForSignals } from './signals.ts';
import { textTable } from './table.ts';
import { version } from './version.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs the demo and prints its table. */
export async function demo(options: DemoOptions): Promise<void> {
  if (options.full && options.quick)
    throw new InputError('DEMO_OPTIONS', 'Choose one of --quick and --full.');
  const environment = readEnvironment();
  announce(inForce(), environment);
  const outputDir = options.output;
  await refuseForeign(outputDir);
  const interruption = new AbortController();
  using signals = listenForSignals({
    onFirst: (signal) =>
      interruption.abort(new Interruption(signal, 'the demo was interrupted; run it again to start over.')),
    onLater: endProcess,
  });
  const bars = new Map<string, Progress>();
  const end = () => {
    for (const bar of bars.values()) bar[Symbol.dispose]();
  };
  try {
    const report = await runDemo({
      sampleDir: join(ROOT, 'data/sample'),
      outputDir,
      isFull: options.full === true,
      loadConfig: (set) =>
        loadConfig(join(ROOT, 'configs/demo/demo.yaml'), { set: [...options.set, ...set], environment }),
      root: ROOT,
      version: version(),
      signal: interruption.signal,
      interruption: () => signals.received,
      say: (line) => {
        end();
        process.stderr.write(`${line}\n`);
      },
      onProgress: (fold, { step, steps, epoch, epochs, last }) => {
        let bar = bars.get(fold);
        if (bar === undefined) {
          bar = new Progress({
            label: `Training, ${fold}`,
            total: steps,
            unit: 'steps',
            stream: process.stderr,
            isPlain: environment.isProgressPlain,
            intervalS: 5,
            now: Date.now,
          });
          bars.set(fold, bar);
        }
        bar.update(
          step,
          `epoch ${Math.min(epoch + 1, epochs)}/${epochs}${last === null ? '' : `  loss ${last.loss.toFixed(3)}`}`,
        );
      },
    });
    if (options.json) writeJson(report);
    else process.stdout.write(summary(report, outputDir));
  } finally {
    end();
  }
}

/** The demo replaces its folder: only one that a demo wrote, an empty one, or none. */
async function refuseForeign(outputDir: string): Promise<void> {
  const found: string[] = await readdir(outputDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new InputError('DEMO_OUTPUT', `Cannot write to ${outputDir}: ${messageOf(error)}.`);
  });
  if (found.length > 0 && !found.includes('segments'))
    throw new InputError(
      'DEMO_OUTPUT',
      `${outputDir} exists and was not written by bgb demo, which would replace it. Choose another --output.`,
    );
}

function summary(report: DemoReport, outputDir: string): string {
  const rows = report.folds.map(({ patient, seed, model, baselines }) => [
    `${patient}, seed ${seed}`,
    model.toFixed(3),
    ...BASELINES.map((name) => baselines[name].toFixed(3)),
  ]);
  if (rows.length > 1)
    rows.push([
      'mean',
      report.mean.model.toFixed(3),
      ...BASELINES.map((name) => report.mean[name].toFixed(3)),
    ]);
  const heading = (text: string) => ({ heading: text, align: 'right' as const });
  const table = textTable(
    [
      { heading: 'patient left out' },
      heading('model'),
      heading('time'),
      heading('RMS'),
      heading('line length'),
      heading('band powers'),
    ],
    rows,
  );
  const paths = [
    ['report', `${outputDir}/report.md, report.json`],
    ['segments (EDF)', `${outputDir}/segments`],
    ['caches, manifests', `${outputDir}/without-*/cache`],
    ['runs, checkpoints', `${outputDir}/without-*/run`],
  ];
  return `\nAUROC over windows of a patient never seen, random gains (0.5 is chance):\n\n${table}\n${report.method.map((line) => `${line}\n`).join('')}\n${textTable([{ heading: 'written' }, { heading: 'where' }], paths)}`;
}
