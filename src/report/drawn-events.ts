import { join } from 'node:path';
import { InputError } from '../errors.ts';
import type { EvaluationDocument, FalseAlarm, MissedSeizure } from '../score/index.ts';
import { eventPlot } from './event-plot.ts';
import type { Plot } from './plot.ts';
import { readNpy } from './read-npy.ts';

/** Drawn of each kind: a report is to be opened and read. */
const MOST_DRAWN = 10;

export interface DrawnEvent<Event extends MissedSeizure | FalseAlarm> {
  readonly event: Event;
  readonly plot: Plot;
}

/**
 * Draws some of a document's events: those with an excerpt, from as many patients as there are.
 *
 * @param folder that the document's paths are below
 * @throws InputError `REPORT_EXCERPT`
 */
export async function drawEvents<Event extends MissedSeizure | FalseAlarm>(
  document: EvaluationDocument,
  events: readonly Event[],
  kind: 'missed' | 'alarm',
  folder: string,
): Promise<DrawnEvent<Event>[]> {
  const { tau_on: tauOn, tau_off: tauOff } = document.thresholds;
  const drawn: DrawnEvent<Event>[] = [];
  for (const [index, event] of chosenEvents(events).entries()) {
    const { eeg, probability, start_s, sample_rate_hz, scale } = event.excerpt!;
    const signal = await readNpy(join(folder, eeg), '<i2');
    const curve = await readNpy(join(folder, probability), '<f4');
    if (signal.shape[0] !== curve.shape[0] || signal.shape[1] !== document.channels.length)
      throw new InputError(
        'REPORT_EXCERPT',
        `${join(folder, eeg)}: expected ${curve.shape[0]} samples of ${document.channels.length} channels, found ${signal.shape.join(' x ')}. Evaluate again.`,
      );
    const plot = eventPlot({
      name: `${kind === 'missed' ? 'missed-seizure' : 'false-alarm'}-${String(index + 1).padStart(2, '0')}`,
      kind,
      startS: event.start_s,
      endS: event.end_s,
      tauOn,
      tauOff,
      excerpt: {
        eeg: signal.values,
        channels: document.channels,
        scale,
        unit: document.excerpt_unit === 'uV' ? 'µV' : 'SD',
        probability: curve.values,
        startS: start_s,
        sampleRate: sample_rate_hz,
      },
    });
    drawn.push({ event, plot });
  }
  return drawn;
}

/** One of each patient, then a second of each, up to {@link MOST_DRAWN}; in their own order. */
export function chosenEvents<Event extends MissedSeizure | FalseAlarm>(events: readonly Event[]): Event[] {
  const withExcerpt = events.filter(({ excerpt }) => excerpt !== null);
  const seen = new Map<string, number>();
  const turns = withExcerpt.map((event) => {
    const turn = seen.get(event.patient) ?? 0;
    seen.set(event.patient, turn + 1);
    return { event, turn };
  });
  const chosen = new Set(
    turns
      .toSorted((a, b) => a.turn - b.turn)
      .slice(0, MOST_DRAWN)
      .map(({ event }) => event),
  );
  return withExcerpt.filter((event) => chosen.has(event));
}
