import { type CacheEntry, settingsRecord } from '../cache/index.ts';
import { InputError } from '../errors.ts';
import type { PreprocessingSettings } from '../signal/index.ts';

/**
 * Checks that an entry was built with the settings asked for (failures D3). One that was made elsewhere does not say,
 * and passes.
 *
 * @throws InputError `DATA_SETTINGS` naming the settings that differ
 */
export function requireSettings(
  { path, provenance }: Pick<CacheEntry, 'path' | 'provenance'>,
  settings: PreprocessingSettings,
): void {
  const asked = settingsRecord(settings);
  const different = Object.entries(provenance.preprocessing).flatMap(([field, value]) => {
    const wanted = asked[field];
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
