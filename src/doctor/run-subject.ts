import type { Config } from '../config/index.ts';

/** What a run's folder tells. */
export interface RunSubject {
  readonly folder: string;
  readonly config: Config;
}
