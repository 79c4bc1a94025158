/**
 * Some of the figures over a set of recordings, which are added one at a time. Parts know nothing of each other, so that each
 * may have a thread of its own.
 *
 * @typeParam Result can be sent between threads
 */
export interface MeasuringPart<Recording, Result> {
  add(recording: Recording): void;
  /** Over all recordings so far. */
  result(): Result;
}

/** The parts that are measured of a set, by name. */
export type Measurement<Settings, Recording, Results> = {
  readonly [Name in keyof Results]: (settings: Settings) => MeasuringPart<Recording, Results[Name]>;
};

/** All parts of a measurement, one after the other in this thread. */
export function openParts<Settings, Recording, Results>(
  measurement: Measurement<Settings, Recording, Results>,
  settings: Settings,
): MeasuringPart<Recording, Results> {
  const names = Object.keys(measurement) as (keyof Results)[];
  const parts = names.map((name) => [name, measurement[name](settings)] as const);
  return {
    add: (recording) => {
      for (const [, part] of parts) part.add(recording);
    },
    result: () => Object.fromEntries(parts.map(([name, part]) => [name, part.result()])) as Results,
  };
}
