import type { LabelMap } from '../annotations/index.ts';
import { type CacheEntry, settingsRecord } from '../cache/index.ts';
import { InputError } from '../errors.ts';
import { montageChannels, type PreprocessingSettings } from '../signal/index.ts';

/** What entries must have been built with. */
export interface AskedSettings {
  readonly preprocessing: PreprocessingSettings;
  /** `data.labels`; null where it is nothing to ask for (failures A8). */
  readonly labels: LabelMap | null;
}

/**
 * Checks that an entry was built with the settings asked for (failures D3). One that was made elsewhere does not say,
 * and passes if it has as many channels.
 *
 * @throws InputError `DATA_SETTINGS` naming the settings that differ, `DATA_CHANNELS`
 */
export function requireSettings(
  { path, channels, provenance }: Pick<CacheEntry, 'path' | 'channels' | 'provenance'>,
  { preprocessing, labels }: AskedSettings,
): void {
  if (Object.keys(provenance.preprocessing).length === 0) {
    const wanted = montageChannels(preprocessing).length;
    if (channels === wanted) return;
    throw new InputError(
      'DATA_CHANNELS',
      `The cache entry ${path} has ${channels} channels; preprocessing.montage ${preprocessing.montage} has ${wanted}. Use a cache and a montage of the same channels.`,
    );
  }
  const asked = { ...settingsRecord(preprocessing), ...(labels && { labels: sorted(labels) }) };
  const stored = { ...provenance.preprocessing, ...(labels && { labels: sorted(provenance.label_map) }) };
  const different = Object.entries(stored).flatMap(([field, value]) => {
    const wanted = asked[field as keyof typeof asked];
    return JSON.stringify(value) === JSON.stringify(wanted)
      ? []
      : [`${field} ${JSON.stringify(value)} instead of ${JSON.stringify(wanted)}`];
  });
  if (different.length > 0)
    throw new InputError(
      'DATA_SETTINGS',
      `The cache entry ${path} was built with other settings than the configuration's: ${different.join(', ')}. Run bgb build-cache with this configuration.`,
    );
}

function sorted(map: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}
