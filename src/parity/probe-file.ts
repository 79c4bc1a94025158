import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { InputError, messageOf } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';

/** JSON has no Infinity and no NaN, which are what a fault may well lead to: they are written as text. */
const number = z.union([z.number(), z.enum(['Infinity', '-Infinity', 'NaN']).transform(Number)]);
const measure = z.tuple([number, number]).readonly();
const layer = z
  .tuple([z.string(), measure, measure.nullable(), measure.nullable()])
  .transform(([name, output, outputGradient, weightGradient]) => ({
    name,
    output,
    outputGradient,
    weightGradient,
  }));
const traces = z.array(z.strictObject({ step: z.int().nonnegative(), layers: z.array(layer) }));
const losses = z.array(number);

const content = z.strictObject({
  format: z.literal('bgb-probe'),
  version: z.literal(1),
  made_on: z.strictObject({
    bgb: z.string(),
    commit: z.string().nullable(),
    libtorch: z.string(),
    cuda: z.string().nullable(),
    device: z.string(),
    gpus: z.array(z.string()),
    cpu: z.string(),
    threads: z.int().positive(),
  }),
  config: z.strictObject({
    /** SHA-256 over `fields`. */
    hash: z.string(),
    /** What decides the result of the probe, by dotted field. */
    fields: z.record(z.string(), z.json()),
  }),
  data: z.strictObject({
    /** Of the train split's entries: names and keys. */
    hash: z.string(),
    /** Entries that the windows are of. */
    recordings: z.array(z.string()),
  }),
  /** Of each step its windows, in order: which recording, first row, hash of samples and labels. */
  windows: z.array(z.array(z.tuple([z.int().nonnegative(), z.int().nonnegative(), z.string()]))),
  float64: z.strictObject({ losses, gradient_norms: losses, traces }),
  float32: z.strictObject({
    losses,
    traces,
    /** Runs that differ from this in the order of sums alone, by what makes it differ. */
    band: z.record(z.string(), z.strictObject({ losses, traces })),
  }),
});

/** One entry of each list a step, and windows of recordings that are there: a file of another shape is no probe. */
const probeFile = content.superRefine(({ data, windows, float64, float32 }, context) => {
  const steps = windows.length;
  const lists = [float64.losses, float64.gradient_norms, float32.losses];
  for (const { length } of [...lists, ...Object.values(float32.band).map(({ losses }) => losses)])
    if (length !== steps) context.addIssue(`it has windows of ${steps} steps and losses of ${length}`);
  if (windows.flat().some(([recording]) => recording >= data.recordings.length))
    context.addIssue('a window is of a recording that it does not list');
});

/** What a machine made of the first steps of a training. See docs/parity.md. */
export type Probe = z.output<typeof probeFile>;

/** A probe is far smaller. */
const LARGEST = 32 << 20;

/** @throws InputError `PARITY_PROBE` where it is not a probe of this version */
export async function readProbe(path: string): Promise<Probe> {
  const refuse = (what: string, cause?: unknown) =>
    new InputError(
      'PARITY_PROBE',
      `${path} is no probe that can be compared: ${what}. Make it again with bgb parity --probe CONFIG --output FILE.`,
      { cause },
    );
  try {
    const { size } = await stat(path);
    if (size > LARGEST) throw refuse(`it has ${size} bytes`);
    const read: unknown = JSON.parse(await readFile(path, 'utf8'));
    const { format, version } = (read ?? {}) as Record<string, unknown>;
    if (format === 'bgb-probe' && version !== 1)
      throw refuse(`it is of version ${String(version)}, this bgb reads version 1`);
    return probeFile.parse(read);
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    throw refuse(issue ? `${issue.path.join('.') || 'it'}: ${issue.message}` : messageOf(cause), cause);
  }
}

export async function writeProbe(path: string, probe: Probe): Promise<void> {
  await writeAtomic(path, probeText(probe));
}

/** The file's text: a line a step, so that two can be compared by eye. */
export function probeText({ float64, float32, windows, ...head }: Probe): string {
  const packed = ({ step, layers }: Probe['float64']['traces'][number]) => ({
    step,
    layers: layers.map(({ name, output, outputGradient, weightGradient }) => [
      name,
      output,
      outputGradient,
      weightGradient,
    ]),
  });
  const lines = (items: readonly unknown[]) => `[\n${items.map(json).join(',\n')}\n]`;
  return [
    `${json(head).slice(0, -1)},`,
    `"windows": ${lines(windows)},`,
    `"float64": {"losses": ${json(float64.losses)},`,
    `"gradient_norms": ${json(float64.gradient_norms)},`,
    `"traces": ${lines(float64.traces.map(packed))}},`,
    `"float32": {"losses": ${json(float32.losses)},`,
    `"traces": ${lines(float32.traces.map(packed))},`,
    `"band": {`,
    Object.entries(float32.band)
      .map(
        ([name, run]) =>
          `${json(name)}: {"losses": ${json(run.losses)}, "traces": ${lines(run.traces.map(packed))}}`,
      )
      .join(',\n'),
    '}}}\n',
  ].join('\n');
}

function json(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'number' && !Number.isFinite(part) ? String(part) : part,
  );
}
