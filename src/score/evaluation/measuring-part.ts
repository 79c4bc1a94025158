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

/** The parts that a measurement consists of, by name. */
export type Measurement<Settings, Recording, Results> = {
  readonly [Name in keyof Results]: (settings: Settings) => MeasuringPart<Recording, Results[Name]>;
};
