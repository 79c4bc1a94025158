import type { LoadedRecording } from '../data/index.ts';
import { labelledEvents } from '../post/index.ts';
import { SEIZURE, type TypedSeizure } from '../score/index.ts';

/**
 * The seizures of a recording as its labels have them, with their types: the only one that the recording has, or the one
 * that shares most time with the seizure. Entries of before types were stored leave it open where there are several.
 */
export function typedReferences({
  labels,
  segments,
  sampleRate,
  provenance,
}: Pick<LoadedRecording, 'labels' | 'segments' | 'sampleRate' | 'provenance'>): TypedSeizure[] {
  const types = Object.entries(provenance.seizure_s_by_label).filter(([, seconds]) => seconds > 0);
  const only = types.length === 1 ? types[0]![0] : null;
  const typed = provenance.typed_seizures ?? [];
  return labelledEvents(labels, SEIZURE, segments, sampleRate).map((event) => {
    const shared = new Map<string, number>();
    for (const [startS, endS, label] of typed) {
      const seconds = Math.min(endS, event.endS) - Math.max(startS, event.startS);
      if (seconds > 0) shared.set(label, (shared.get(label) ?? 0) + seconds);
    }
    const [most] = [...shared].sort(([, a], [, b]) => b - a);
    return { ...event, type: only ?? most?.[0] ?? null };
  });
}
