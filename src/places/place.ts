import type { Job } from './job.ts';

/**
 * A place where a run can live away from this process: it is started by name, found again by name from anywhere, and its
 * files are reached through containers. Everything else (numbered output, resuming, copying) is built on these few calls, so
 * that another place, such as a host reached by SSH, is one more implementation.
 */
export interface Place {
  /** For messages: `Modal`. */
  readonly label: string;
  /** Where the results are kept, as the run sees it: `/results`. */
  readonly results: string;
  /**
   * Starts the attendant of a job (attend.ts), whose record lies in the run's desk.
   *
   * @param attempt its number, above those of all attempts before
   * @throws InputError `PLACE_RUN_LIVE` where a run of that name is running
   * @throws BgbError `PLACE_CAPACITY` where the place has no machine of that kind now
   */
  start(job: Job, attempt: number): Promise<Live>;
  /** What runs under that name; null where nothing does. */
  find(run: string): Promise<Live | null>;
  /**
   * Reads small files of the results as they were made to last, as `readFiles` does in a container; where the place
   * has a way to, without one.
   */
  read(patterns: readonly string[]): Promise<Map<string, string>>;
  /**
   * Opens a container without a GPU that sees the results as they are now.
   *
   * @param name given to it, if any: one of a name can be open at a time
   * @throws InputError `PLACE_RUN_LIVE` where another of that name is open
   */
  open(name?: string): Promise<Container>;
}

/** Something that runs. */
export interface Live {
  /** Differs for each start. */
  readonly id: string;
  /** Everything written so far and what follows, from the start, in pieces of any size. Throws where the connection is lost. */
  output(signal: AbortSignal): AsyncIterable<string>;
  isRunning(): Promise<boolean>;
  /** Asks it to end, saving; where the place has no way to, the attendant sees it in the run's folder. */
  interrupt(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Sees the results as the run does; null where one cannot look into it. */
  readonly container: Container | null;
}

/** Where commands can be run and files be reached; `sh` and the usual small programs are there. */
export interface Container extends AsyncDisposable {
  execute(command: readonly string[], input?: Uint8Array): Promise<Executed>;
  /** Sees what others have written since it was opened. */
  refresh(): Promise<void>;
}

export interface Executed {
  readonly code: number;
  readonly output: Buffer;
  readonly errors: string;
}
