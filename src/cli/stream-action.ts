import { once } from 'node:events';
import { addAbortSignal } from 'node:stream';
import { inForce, readEnvironment } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { EdfReader, growingFile, RawReader, type StreamLine, streamSeizures } from '../stream/index.ts';
import { openPredictor } from '../train/index.ts';
import { deviceOf } from './device.ts';
import { Interruption } from './exit.ts';
import { announce } from './output.ts';
import { rateText } from './run-texts.ts';
import { endProcess, listenForSignals } from './signals.ts';
import type { StreamOptions } from './stream.ts';

/** Between looks at a file that did not grow; s. */
const POLL_S = 0.2;

/** Detects seizures while recording. @throws Interruption after a signal; what was certain until then was said */
export async function stream(checkpoint: string, options: StreamOptions): Promise<void> {
  announce(inForce(), readEnvironment());
  checkOptions(options);
  using signals = listenForSignals({ onLater: endProcess });
  const detector = await openPredictor(checkpoint, deviceOf(options.device));
  let last: StreamLine | null = null;
  const lines = streamSeizures({
    detector,
    ...inputOf(options, signals.signal),
    isEarly: options.early === true,
    isReferenceForced: options.force === true,
    signal: signals.signal,
    now: () => performance.now(),
  });
  try {
    for await (const line of lines) {
      last = line;
      if (!process.stdout.write(`${JSON.stringify(line)}\n`)) await once(process.stdout, 'drain');
    }
  } finally {
    if (last?.type === 'end') process.stderr.write(summaryOf(last));
  }
  if (signals.received !== null)
    throw new Interruption(
      signals.received,
      'interrupted: the events above are certain; those that were still open are not among them.',
    );
}

/** @throws InputError `STREAM_OPTIONS` */
function checkOptions({ edf, follow, channels, sampleRate }: StreamOptions): void {
  const refuse = (message: string) => {
    throw new InputError('STREAM_OPTIONS', message);
  };
  if (edf !== undefined && channels !== undefined)
    refuse('--edf and --channels: a recording names its channels itself. Leave one out.');
  if (follow === true && edf === undefined)
    refuse('--follow needs --edf <file>, the recording that grows. Standard input is followed anyway.');
  if ((channels === undefined) !== (sampleRate === undefined))
    refuse('Plain numbers need both --channels and --sample-rate; a recording has them in its header.');
  if (edf === undefined && process.stdin.isTTY)
    refuse(
      'Expected samples on standard input, found a terminal. Pipe a recording in, or name one with --edf.',
    );
}

function inputOf(
  { edf, follow, idleTimeout, channels, sampleRate, format }: StreamOptions,
  signal: AbortSignal,
) {
  if (edf !== undefined) {
    const reader = new EdfReader(edf);
    const bytes = growingFile(edf, {
      isFollowing: follow === true,
      idleTimeoutS: idleTimeout,
      pollS: POLL_S,
      signal,
      isComplete: (declared) => reader.hasRecords(declared),
    });
    return { path: edf, reader, bytes };
  }
  const path = 'standard input';
  const bytes: AsyncIterable<Uint8Array> = addAbortSignal(signal, process.stdin);
  if (channels === undefined) return { path, reader: new EdfReader(path), bytes };
  const labels = channels.split(',').map((label) => label.trim());
  return { path, reader: new RawReader({ channels: labels, sampleRate: sampleRate!, format }, path), bytes };
}

function summaryOf(end: Extract<StreamLine, { type: 'end' }>): string {
  const { recorded_s, seizures, real_time_factor, latency_ms, notices } = end;
  const speed = real_time_factor === null ? '' : `; ${rateText(real_time_factor)} times real time`;
  const latency =
    latency_ms === null
      ? ''
      : `; a window takes ${rateText(latency_ms.median)} ms, at most ${rateText(latency_ms.largest)}`;
  return [
    ...notices.map((notice) => `Notice: ${notice}\n`),
    `${recorded_s.toFixed(1)} s of EEG, ${seizures} ${seizures === 1 ? 'seizure' : 'seizures'}${speed}${latency}\n`,
  ].join('');
}
