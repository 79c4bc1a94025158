import { type Child, element, group, type Markup } from './markup.ts';
import { minMaxPath } from './min-max-path.ts';
import { line, type Plot, plain, plotOf, words } from './plot.ts';
import { linearScale, roundStep, type Scale, ticks } from './scale.ts';

/** The EEG around an event, and the probability under it. */
export interface EventExcerpt {
  /** (n, C), times `scale` in `unit` */
  readonly eeg: Int16Array;
  readonly channels: readonly string[];
  readonly scale: number;
  readonly unit: 'µV' | 'SD';
  /** (n) */
  readonly probability: Float32Array;
  /** Of the first sample, from the recording's start. */
  readonly startS: number;
  readonly sampleRate: number;
}

export interface EventToDraw {
  readonly name: string;
  readonly kind: 'missed' | 'alarm';
  readonly startS: number;
  readonly endS: number;
  readonly tauOn: number;
  readonly tauOff: number;
  readonly excerpt: EventExcerpt;
}

const WIDTH = 1120;
const LEFT = 84;
const RIGHT = 1056;
const TOP = 22;
const ROW = 24;
/** Between chains of a bipolar montage, which do not share an electrode. */
const CHAIN_GAP = 10;
const PROBABILITY = { gap: 18, height: 70 };
/** Seconds before and after an event's start: as much as can be read at once, and onsets matter most. */
const BEFORE_S = 10;
const AFTER_S = 30;
/** Columns of a trace: more than pixels, for a look from nearer. */
const COLUMNS = 1600;
/** Units of a path a pixel. */
const FINE = 4;
/** Rows that a trace may reach from its own: beyond it is cut off. */
const REACH = 1.4;
const MOST_CHANNELS = 40;

/** Montage traces around an event, negative up, and the probability under them. */
export function eventPlot({ name, kind, startS, endS, tauOn, tauOff, excerpt: whole }: EventToDraw): Plot {
  const excerpt = aroundStart(whole, startS);
  const { channels, probability, sampleRate } = excerpt;
  const shown = channels.slice(0, MOST_CHANNELS);
  const samples = probability.length;
  const seconds = samples / sampleRate;
  const rows = rowsOf(shown);
  const bottom = rows.at(-1)! + ROW;
  const panel = { top: bottom + PROBABILITY.gap, bottom: bottom + PROBABILITY.gap + PROBABILITY.height };
  const x = linearScale([excerpt.startS, excerpt.startS + Math.max(seconds, 1 / sampleRate)], [LEFT, RIGHT]);
  const y = linearScale([0, 1], [panel.bottom, panel.top]);
  const gain = gainOf(excerpt);
  const from = x(Math.max(startS, x.domain[0]));
  const to = x(Math.min(endS, x.domain[1]));
  return plotOf(
    name,
    { width: WIDTH, height: panel.bottom + 40 },
    `EEG of ${shown.length} channels around ${kind === 'missed' ? 'a missed seizure' : 'a false alarm'}, with the probability of seizure`,
    element('rect', {
      x: from,
      y: TOP,
      width: Math.max(1, to - from),
      height: panel.bottom - TOP,
      class: kind === 'missed' ? 'event' : 'event alarm',
    }),
    timeAxis(x, panel.bottom),
    ...shown.flatMap((channel, index): Child[] => [
      words(LEFT - 8, rows[index]! + 4, channel, 'tick', 'end'),
      trace(samples, (sample) => excerpt.eeg[sample * channels.length + index]! * gain, rows[index]!, 'eeg'),
    ]),
    scaleBar(gain, excerpt, rows[0]!),
    line(LEFT, y(tauOn), RIGHT, y(tauOn), 'threshold'),
    line(LEFT, y(tauOff), RIGHT, y(tauOff), 'threshold off'),
    ...thresholdNames(y(tauOn), y(tauOff)),
    trace(samples, (sample) => y(probability[sample]!) - panel.bottom, panel.bottom, 'probability'),
    line(LEFT, panel.top, LEFT, panel.bottom, 'axis'),
    ...[0, 0.5, 1].map((value) => words(LEFT - 8, y(value) + 4, String(value), 'tick', 'end')),
    element(
      'text',
      {
        class: 'tick',
        'text-anchor': 'middle',
        transform: `translate(40 ${(panel.top + panel.bottom) / 2}) rotate(-90)`,
      },
      'probability',
    ),
  );
}

/** The part of an excerpt that is drawn. */
function aroundStart(excerpt: EventExcerpt, startS: number): EventExcerpt {
  const { eeg, probability, channels, sampleRate } = excerpt;
  const sampleAt = (timeS: number) =>
    Math.max(0, Math.min(probability.length, Math.round((timeS - excerpt.startS) * sampleRate)));
  const [first, end] = [sampleAt(startS - BEFORE_S), sampleAt(startS + AFTER_S)];
  return {
    ...excerpt,
    eeg: eeg.subarray(first * channels.length, end * channels.length),
    probability: probability.subarray(first, end),
    startS: excerpt.startS + first / sampleRate,
  };
}

/** Heights of the traces' zero lines. */
function rowsOf(channels: readonly string[]): number[] {
  let at = TOP + ROW / 2;
  return channels.map((channel, index) => {
    if (index > 0) at += ROW + (isNewChain(channels[index - 1]!, channel) ? CHAIN_GAP : 0);
    return at;
  });
}

function isNewChain(before: string, channel: string): boolean {
  const [ended, began] = [before.split('-')[1], channel.split('-')];
  return ended !== undefined && began.length === 2 && ended !== began[0];
}

/** Pixels a step of the int16: 19 of 20 samples of a channel, in the middle channel, stay within its row. */
function gainOf({ eeg, channels, probability }: EventExcerpt): number {
  const levels = channels
    .map((_, channel) => {
      const values = Float64Array.from(probability, (_value, sample) =>
        Math.abs(eeg[sample * channels.length + channel]!),
      ).sort();
      return values[Math.floor(0.95 * values.length)] ?? 0;
    })
    .sort((a, b) => a - b);
  const typical = levels[levels.length >> 1] ?? 0;
  return ROW / 2 / Math.max(1, typical);
}

/** @param offset of a sample from the row, in pixels; downwards, as the negative is drawn upwards */
function trace(
  samples: number,
  offset: (sample: number) => number,
  row: number,
  kind: string,
): Markup | null {
  const reach = kind === 'eeg' ? REACH * ROW : PROBABILITY.height;
  const { d, columns } = minMaxPath(
    samples,
    COLUMNS,
    (sample) => FINE * Math.max(-reach, Math.min(reach, offset(sample))),
  );
  if (columns === 0) return null;
  const wide = (RIGHT - LEFT) / columns;
  return element('path', {
    d,
    class: kind,
    'vector-effect': 'non-scaling-stroke',
    transform: `translate(${LEFT} ${row}) scale(${wide.toFixed(5)} ${1 / FINE})`,
  });
}

function scaleBar(gain: number, { scale, unit }: EventExcerpt, top: number): Markup {
  const value = roundStep((1.6 * ROW * scale) / gain);
  const height = (value / scale) * gain;
  const at = RIGHT + 12;
  return group(
    line(at, top, at, top + height, 'scalebar'),
    words(at + 6, top + height / 2 + 4, `${plain(value)} ${unit}`, 'tick'),
    words(at, top + height + 18, 'neg. up', 'tick'),
  );
}

/** Side by side in height, whatever the thresholds. */
function thresholdNames(on: number, off: number): Markup[] {
  const apart = Math.max(0, 12 - (off - on)) / 2;
  return [
    words(RIGHT + 6, on + 4 - apart, 'tau_on', 'tick'),
    words(RIGHT + 6, off + 4 + apart, 'tau_off', 'tick'),
  ];
}

/** Seconds as faint lines, times of the recording below. */
function timeAxis(x: Scale, bottom: number): Markup {
  const [from, to] = x.domain;
  const labelled = ticks(x.domain, 16).filter((time) => Number.isInteger(time));
  const seconds =
    to - from <= 200
      ? Array.from({ length: Math.floor(to) - Math.ceil(from) + 1 }, (_, i) => Math.ceil(from) + i)
      : [];
  return group(
    ...seconds.map((time) => line(x(time), TOP, x(time), bottom, 'grid')),
    line(LEFT, bottom, RIGHT, bottom, 'axis'),
    ...labelled.map((time) => line(x(time), bottom, x(time), bottom + 4, 'axis')),
    ...labelled.map((time) => words(x(time), bottom + 17, clock(time), 'tick', 'middle')),
    words((LEFT + RIGHT) / 2, bottom + 34, 'time from the start of the recording, h:mm:ss', 'name', 'middle'),
  );
}

/** h:mm:ss */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
