/**
 * Runs that live elsewhere, by name: started, followed, stopped, resumed, fetched. What is special about one place is one
 * implementation of {@link Place}; `attend` is what runs there.
 */
export { workAtOnce } from './at-once.ts';
export { attend, jobReplaced } from './attend.ts';
export { type Check, type CheckResult, makeChecks } from './check.ts';
export { type Followed, type FollowOptions, follow, readLines } from './follow.ts';
export { callIn, callText, checkRunName, deskOf, type Job, jobText, parseJob } from './job.ts';
export { launch, relaunch, stop } from './launch.ts';
export type { NumberedLine } from './numbered-lines.ts';
export type { Container, Executed, Live, Place } from './place.ts';
export { mustExecute, type Reader, readerIn, readFiles, writeFile } from './remote-files.ts';
export { markRemote } from './remote-mark.ts';
export {
  describeEnding,
  type Ending,
  endingOf,
  listRuns,
  readStanding,
  type Standing,
  writtenByTwo,
} from './standing.ts';
export { pull, push, pushOne, type TransferOptions, type Transferred } from './transfer.ts';
