import { join } from 'node:path';
import { writeNpy } from '../cache/index.ts';
import type { LoadedRecording } from '../data/index.ts';
import type { ProbabilityCurve } from '../post/index.ts';
import { combineHash, hash32 } from '../random/index.ts';
import type { Excerpt } from '../score/index.ts';

/** Excerpts of each kind: enough to look at, and a bound on memory. */
const MOST = 40;
/** Seconds before and after an event, and of an excerpt at most. */
const MARGIN_S = 20;
const LONGEST_S = 100;

/** Where an event is. */
export interface ExcerptPlace {
  readonly recording: string;
  readonly start_s: number;
  readonly end_s: number;
}

interface Kept {
  readonly event: ExcerptPlace;
  readonly priority: number;
  readonly signal: Int16Array;
  readonly channels: number;
  readonly probability: Float32Array;
  readonly startS: number;
  readonly sampleRate: number;
  readonly scale: number;
}

/**
 * The EEG around a sample of events, and the probability under it: each event as likely as another, drawn by a hash of
 * recording and time, so that the same ones are drawn every time. Takes events as they come and keeps what is drawn.
 */
export class ExcerptSample {
  readonly #seed: number;
  #kept: Kept[] = [];

  constructor(seed: number) {
    this.#seed = seed;
  }

  add(
    events: readonly ExcerptPlace[],
    recording: LoadedRecording,
    { probabilities }: ProbabilityCurve,
  ): void {
    for (const event of events) {
      const priority = priorityOf(this.#seed, event);
      if (this.#kept.length === MOST && priority >= this.#kept.at(-1)!.priority) continue;
      const { segments, sampleRate, channels, scale } = recording;
      const segment = segments.find(
        ({ startSample, rows }) => event.start_s * sampleRate < startSample + rows,
      );
      if (segment === undefined) continue;
      const row = (timeS: number) =>
        Math.max(0, Math.min(segment.rows, Math.round(timeS * sampleRate - segment.startSample)));
      const from = row(event.start_s - MARGIN_S);
      const to = Math.min(row(event.end_s + MARGIN_S), from + Math.round(LONGEST_S * sampleRate));
      const [first, end] = [segment.firstRow + from, segment.firstRow + to];
      const kept = {
        event,
        priority,
        signal: recording.signal.slice(first * channels, end * channels),
        channels,
        probability: Float32Array.from(probabilities.subarray(first, end)),
        startS: (segment.startSample + from) / sampleRate,
        sampleRate,
        scale,
      };
      this.#kept = [...this.#kept, kept].sort((a, b) => a.priority - b.priority).slice(0, MOST);
    }
  }

  /** Writes them below `folder`/excerpts as `KIND-0001.eeg.npy`, in order of recording and time. */
  async write(folder: string, kind: string): Promise<ReadonlyMap<ExcerptPlace, Excerpt>> {
    const ordered = this.#kept.toSorted(({ event: a }, { event: b }) =>
      a.recording === b.recording ? a.start_s - b.start_s : a.recording < b.recording ? -1 : 1,
    );
    const written = new Map<ExcerptPlace, Excerpt>();
    for (const [index, kept] of ordered.entries()) {
      const stem = `excerpts/${kind}-${String(index + 1).padStart(4, '0')}`;
      const excerpt = { eeg: `${stem}.eeg.npy`, probability: `${stem}.probability.npy` };
      const { signal, channels, probability, startS, sampleRate, scale } = kept;
      await writeNpy(join(folder, excerpt.eeg), signal, [signal.length / channels, channels]);
      await writeNpy(join(folder, excerpt.probability), probability);
      written.set(kept.event, { ...excerpt, start_s: startS, sample_rate_hz: sampleRate, scale });
    }
    return written;
  }
}

function priorityOf(seed: number, { recording, start_s }: ExcerptPlace): number {
  const named = [...recording].reduce(
    (hash, letter) => combineHash(hash, letter.codePointAt(0)!),
    hash32(seed),
  );
  return combineHash(named, Math.round(start_s * 1000));
}
