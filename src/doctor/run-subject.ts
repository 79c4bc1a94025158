import type { Config } from '../config/index.ts';

/** What a run's folder tells. */
export interface RunSubject {
  readonly folder: string;
  readonly config: Config;
  /** Temporary files that nobody can still be writing. */
  readonly leftovers: readonly string[];
}
