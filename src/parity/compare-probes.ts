import { canonicalJson } from '../files/index.ts';
import { firstDifference, type Kind, type LayerDifference } from './first-difference.ts';
import { distance, type StepTrace } from './layer-trace.ts';
import type { Probe } from './probe-file.ts';

/** Relative difference of losses in float64 within which two machines compute the same. */
export const LOSS_TOLERANCE = 1e-9;

/**
 * Of a layer in float64. Weights are the same before the first step, so that there only rounding differs, some 1e-15;
 * it grows with the steps.
 */
const LAYER_TOLERANCE = { first: 1e-12, later: 1e-9 };

/** How many times the band a float32 run may be off: the band is one draw of what rounding does, not its bound. */
const BANDS = 20;

/** Unit roundoff of float32: no band is smaller. */
const ROUNDOFF = 2 ** -24;

export interface ProbeComparison {
  readonly verdict: 'same' | 'different' | 'incomparable';
  readonly sentence: string;
  /** Fields that decide the result and differ. */
  readonly fields: readonly { readonly field: string; readonly there: unknown; readonly here: unknown }[];
  /** The first step whose windows differ, counted from 1, and in what; null where none does. */
  readonly windows: {
    readonly step: number;
    readonly what: 'order' | 'content';
    readonly recording: string;
  } | null;
  readonly float64: {
    readonly tolerance: number;
    /** Largest relative difference of a loss, and of a gradient norm. */
    readonly loss: number;
    readonly gradientNorm: number;
    /** First step whose loss is beyond the tolerance, counted from 1. */
    readonly step: number | null;
    readonly layer: LayerDifference | null;
  } | null;
  readonly float32: {
    readonly loss: number;
    /** The same on each machine by itself, with sums in another order. */
    readonly bandThere: number;
    readonly bandHere: number;
    /** The difference by the larger band: of the first step, or over all steps, whichever is more. */
    readonly bands: number;
    readonly isWithin: boolean;
    /** Whether already the first loss is farther off than rounding explains. */
    readonly isFirst: boolean;
    readonly layer: LayerDifference | null;
  } | null;
}

/** Whether this machine computes what another one did. */
export function compareProbes(there: Probe, here: Probe): ProbeComparison {
  const fields = differingProbeFields(there, here.config.fields);
  if (fields.length > 0) return incomparable(fields);
  const windows = differingWindows(there, here);
  const float64 = inFloat64(there, here);
  const float32 = inFloat32(there, here);
  const isSame = windows === null && float64.step === null && float64.layer === null && float32.isWithin;
  const comparison = { fields, windows, float64, float32 };
  return {
    verdict: isSame ? 'same' : 'different',
    sentence: sentenceOf(comparison, there, here),
    ...comparison,
  };
}

/** What decides the result of a probe and is not as it was there. */
export function differingProbeFields(
  there: Probe,
  here: Probe['config']['fields'],
): ProbeComparison['fields'] {
  return [...new Set([...Object.keys(there.config.fields), ...Object.keys(here)])]
    .map((field) => ({ field, there: there.config.fields[field], here: here[field] }))
    .filter((each) => canonicalJson(each.there ?? null) !== canonicalJson(each.here ?? null));
}

export function incomparable(fields: ProbeComparison['fields']): ProbeComparison {
  const named = fields
    .slice(0, 3)
    .map(
      ({ field, there, here }) =>
        `${field} ${JSON.stringify(there) ?? 'unused'} there and ${JSON.stringify(here) ?? 'unused'} here`,
    );
  const more = fields.length > 3 ? ` and ${fields.length - 3} more` : '';
  return {
    verdict: 'incomparable',
    sentence: `Nothing can be said: the configurations differ in what decides the result, ${named.join(', ')}${more}.`,
    ...{ fields, windows: null, float64: null, float32: null },
  };
}

function differingWindows(there: Probe, here: Probe): ProbeComparison['windows'] {
  for (const [step, windows] of there.windows.entries())
    for (const [at, [recording, row, content]] of windows.entries()) {
      const name = there.data.recordings[recording] ?? '';
      const beside = here.windows[step]?.[at];
      const nameHere = beside && here.data.recordings[beside[0]];
      if (beside === undefined || nameHere !== name || beside[1] !== row)
        return { step: step + 1, what: 'order', recording: name };
      if (beside[2] !== content) return { step: step + 1, what: 'content', recording: name };
    }
  return here.windows.length === there.windows.length
    ? null
    : { step: there.windows.length + 1, what: 'order', recording: '' };
}

/** Of each step; Infinity where only one is a number. */
function differences(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, step) => {
    const beside = b[step] ?? Number.NaN;
    if (Object.is(value, beside)) return 0;
    const difference = Math.abs(value - beside) / Math.max(Math.abs(value), Math.abs(beside));
    return Number.isNaN(difference) ? Infinity : difference;
  });
}

function inFloat64(there: Probe, here: Probe): NonNullable<ProbeComparison['float64']> {
  const [a, b] = [there.float64, here.float64];
  const loss = differences(a.losses, b.losses);
  const beyond = loss.findIndex((difference) => difference > LOSS_TOLERANCE);
  const tolerance = (step: number) => (step === 0 ? LAYER_TOLERANCE.first : LAYER_TOLERANCE.later);
  const rounding = () => LAYER_TOLERANCE.first;
  // What one layer makes of it, the next may undo, such as a scale before a norm.
  const undone = firstDifference(a.traces.slice(0, 1), b.traces.slice(0, 1), (_step, _layer, kind) =>
    kind === 'output' ? LOSS_TOLERANCE : Infinity,
  );
  return {
    tolerance: LOSS_TOLERANCE,
    loss: Math.max(0, ...loss),
    gradientNorm: Math.max(0, ...differences(a.gradient_norms, b.gradient_norms)),
    step: beyond < 0 ? null : beyond + 1,
    layer: beyond < 0 ? undone : firstDifference(a.traces, b.traces, tolerance, rounding),
  };
}

function inFloat32(there: Probe, here: Probe): NonNullable<ProbeComparison['float32']> {
  const losses = differences(there.float32.losses, here.float32.losses);
  const bandsOf = (probe: Probe) =>
    Object.values(probe.float32.band).flatMap((run) => differences(probe.float32.losses, run.losses));
  const [bandThere, bandHere] = [Math.max(0, ...bandsOf(there)), Math.max(0, ...bandsOf(here))];
  const firstBand = Math.max(...[there, here].map(({ float32 }) => firstLossBand(float32)), ROUNDOFF);
  // Before the first update nothing has grown yet; after it, rounding grows by leaps, when it likes.
  const first = (losses[0] ?? 0) / firstBand;
  const all = Math.max(0, ...losses) / Math.max(bandThere, bandHere, ROUNDOFF);
  const bands = Math.max(first, all);
  const isWithin = !(bands > BANDS);
  const layerBand = layerBands([there, here]);
  return {
    ...{ loss: Math.max(0, ...losses), bandThere, bandHere, bands, isWithin },
    isFirst: first > BANDS,
    layer: isWithin
      ? null
      : firstDifference(there.float32.traces, here.float32.traces, (...place) => BANDS * layerBand(...place)),
  };
}

function firstLossBand({ losses, band }: Probe['float32']): number {
  const reordered = Object.values(band).flatMap((run) => differences(losses, run.losses).slice(0, 1));
  return Math.max(0, ...reordered);
}

/** What rounding alone does to a layer on these machines, or to one before it in the pass. */
function layerBands(probes: readonly Probe[]): (step: number, layer: number, kind: Kind) => number {
  const pairs = probes.flatMap(({ float32 }) =>
    Object.values(float32.band).map(({ traces }) => [float32.traces, traces] as const),
  );
  return (step, layer, kind) => {
    const of = (traces: readonly StepTrace[]) => traces.find((trace) => trace.step === step)?.layers ?? [];
    return pairs.reduce((band, [plain, reordered]) => {
      const [a, b] = [of(plain), of(reordered)];
      // A backward pass comes to the last layer first.
      const passed = kind === 'output' ? a.slice(0, layer + 1) : a.slice(layer);
      const start = kind === 'output' ? 0 : layer;
      return Math.max(band, ...passed.map((each, at) => distance(each[kind], b[start + at]?.[kind] ?? null)));
    }, ROUNDOFF);
  };
}

function sentenceOf(
  { windows, float64, float32 }: Required<Pick<ProbeComparison, 'windows' | 'float64' | 'float32'>>,
  there: Probe,
  here: Probe,
): string {
  const [a, b] = [nameOf(there), nameOf(here)];
  const steps = there.float64.losses.length;
  if (windows !== null) {
    const isSameCache = there.data.hash === here.data.hash;
    return windows.what === 'order'
      ? `Not the same: the window lists differ from step ${windows.step} on, ${isSameCache ? 'though the caches were made of the same files: they are drawn otherwise' : "since the caches' entries differ"}.`
      : `Not the same: the windows of step ${windows.step} on hold other samples or labels, first in ${windows.recording}, ${isSameCache ? 'though the caches were made of the same files in the same way' : "since the caches' entries differ"}.`;
  }
  if (float64!.step !== null)
    return `Not the same: losses in float64 leave ${LOSS_TOLERANCE} at step ${float64!.step}, ${float64!.layer?.text ?? 'and no layer that was measured shows where'} (${a}; ${b}).`;
  if (float64!.layer !== null)
    return `Not the same: losses in float64 agree, but not what leads to them, ${float64!.layer.text} (${a}; ${b}).`;
  if (!float32!.isWithin)
    return `Not the same: float64 agrees, but float32 is ${float32!.bands.toPrecision(2)} times off what rounding does on either machine${float32!.isFirst ? ' from the first step on' : ''}${float32!.layer ? `, ${float32!.layer.text}` : ''} (${a}; ${b}).`;
  return `The same: windows identical, losses in float64 within ${float64!.loss.toExponential(1)} over ${steps} steps; float32 within ${float32!.loss.toExponential(1)}, where rounding alone gives ${Math.max(float32!.bandThere, float32!.bandHere).toExponential(1)} (${a}; ${b}).`;
}

function nameOf({ made_on }: Probe): string {
  const { device, gpus, libtorch, cpu, threads } = made_on;
  return `${device === 'cpu' ? `${cpu}, ${threads} threads` : (gpus[0] ?? device)}, libtorch ${libtorch}`;
}
