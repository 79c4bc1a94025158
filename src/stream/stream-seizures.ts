import type { DetectedEvent } from '../post/index.ts';
import type { ThresholdsInUse } from '../score/index.ts';
import type { OpenedPredictor } from '../train/index.ts';
import { DetectorStream, type StreamStep } from './detector-stream.ts';
import type { SampleReader } from './sample-reader.ts';
import { Timing } from './timing.ts';

export interface StreamRequest {
  readonly detector: OpenedPredictor;
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly reader: SampleReader;
  /** To name in messages. */
  readonly path: string;
  readonly isEarly: boolean;
  readonly isReferenceForced: boolean;
  readonly signal: AbortSignal;
  /** ms */
  readonly now: () => number;
}

/** An event as it is written: times from the first sample. */
export interface EventLine {
  readonly start_s: number;
  readonly end_s: number;
  readonly confidence: number;
  readonly longer_than_max_duration: boolean;
}

/** One line of a stream's output; docs/streaming.md describes them. */
export type StreamLine =
  | {
      readonly type: 'start';
      readonly path: string;
      readonly checkpoint: string;
      readonly checkpoint_sha256: string;
      readonly channels: readonly string[];
      readonly reference: string;
      readonly sample_rate_hz: number;
      readonly window_s: number;
      readonly stride_s: number;
      /** At most so much later than recorded a sample's final probability is known. */
      readonly algorithmic_delay_s: number;
      readonly thresholds: ThresholdsInUse;
      readonly postprocessing: object;
    }
  | ({ readonly type: 'event'; readonly certain_at_s: number } & EventLine)
  | {
      readonly type: 'provisional';
      readonly at_s: number;
      readonly probability: number;
      readonly events: readonly EventLine[];
    }
  | {
      readonly type: 'end';
      readonly outcome: 'ended' | 'interrupted' | 'failed';
      readonly reason: string | null;
      readonly recorded_s: number;
      readonly windows: number;
      readonly seizures: number;
      readonly seizure_s: number;
      readonly processing_s: number;
      /** Recorded seconds a second of processing; null before anything was processed. */
      readonly real_time_factor: number | null;
      /** From the last sample of a window to its probabilities; null without windows. */
      readonly latency_ms: { readonly median: number; readonly largest: number } | null;
      readonly notices: readonly string[];
    };

/**
 * Runs a detector over a stream and says what it finds, as soon as it is certain. The last line is always of type `end`
 * once there was one of type `start`, also if the stream was interrupted or broke off; what was certain until then stands.
 *
 * @throws InputError for input that cannot be used, after the last line
 */
export async function* streamSeizures(request: StreamRequest): AsyncGenerator<StreamLine> {
  const { reader, signal, now } = request;
  const timing = new Timing(now);
  const found = { seizures: 0, seizureS: 0 };
  let detector: DetectorStream | null = null;
  let failure: unknown = null;
  const lines = function* (step: StreamStep): Generator<StreamLine> {
    for (const event of step.events) {
      found.seizures++;
      found.seizureS += event.endS - event.startS;
      yield { type: 'event', ...eventLine(event), certain_at_s: reader.elapsedS };
    }
    for (const { atS, probability, events } of step.provisional)
      yield { type: 'provisional', at_s: atS, probability, events: events.map(eventLine) };
  };
  const blocks = function* (running: DetectorStream): Generator<StreamLine> {
    for (const { samples, afterHoleS } of reader.take(running.preprocessing.needed)) {
      if (afterHoleS !== null) yield* lines(timing.measure(running, () => running.beginSegment(afterHoleS)));
      yield* lines(timing.measure(running, () => running.push(samples)));
    }
  };
  try {
    for await (const bytes of request.bytes) {
      reader.push(bytes);
      if (detector === null && reader.signals !== null) {
        detector = new DetectorStream({ ...request.detector, ...request, signals: reader.signals });
        detector.warmUp();
        yield startLine(request, detector);
      }
      if (detector === null) continue;
      yield* blocks(detector);
    }
    if (!signal.aborted) {
      reader.end();
      const running = detector!;
      yield* blocks(running);
      yield* lines(timing.measure(running, () => running.end()));
    }
  } catch (error) {
    if (!signal.aborted) failure = error;
  }
  if (detector !== null) yield endLine(request, detector, { timing, found, failure });
  if (failure !== null) throw failure;
}

function startLine(
  { path, detector: { path: checkpoint, sha256, config, thresholds } }: StreamRequest,
  { preprocessing, delayS }: DetectorStream,
): StreamLine {
  const { postprocessing, data } = config;
  const { window_size, stride } = postprocessing.stitching;
  return {
    type: 'start',
    path,
    checkpoint,
    checkpoint_sha256: sha256,
    channels: preprocessing.channels,
    reference: preprocessing.reference,
    sample_rate_hz: data.sampling_rate,
    window_s: window_size / data.sampling_rate,
    stride_s: stride / data.sampling_rate,
    algorithmic_delay_s: delayS,
    thresholds,
    postprocessing,
  };
}

function endLine(
  { reader, signal }: StreamRequest,
  { windows, preprocessing }: DetectorStream,
  {
    timing,
    found,
    failure,
  }: {
    readonly timing: Timing;
    readonly found: { readonly seizures: number; readonly seizureS: number };
    readonly failure: unknown;
  },
): StreamLine {
  const { receivedS } = reader;
  const processingS = timing.totalMs / 1000;
  return {
    type: 'end',
    outcome: failure !== null ? 'failed' : signal.aborted ? 'interrupted' : 'ended',
    reason: failure === null ? null : failure instanceof Error ? failure.message : String(failure),
    recorded_s: receivedS,
    windows,
    seizures: found.seizures,
    seizure_s: found.seizureS,
    processing_s: processingS,
    real_time_factor: processingS > 0 && receivedS > 0 ? receivedS / processingS : null,
    latency_ms: timing.latencyMs,
    notices: [...reader.notices(), ...preprocessing.notices()],
  };
}

function eventLine({ startS, endS, confidence, isLong }: DetectedEvent): EventLine {
  return { start_s: startS, end_s: endS, confidence, longer_than_max_duration: isLong };
}
