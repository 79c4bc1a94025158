/**
 * What an epoch is made of: the windows of a split, their order, and their samples.
 *
 * ```ts
 * const set = openWindows(folder, await readManifest(folder, shape));
 * const dataset = new BalancedSeizureDataset(set, seed, config.data.balance);
 * const corpus = loadCorpus(set);
 * dataset.order(0); // indices of windows: the same on every machine
 * ```
 */
export { type Corpus, type LoadedRecording, loadCorpus, loadRecording } from './corpus.ts';
export { loadCorpusInThreads } from './corpus-threads.ts';
export {
  type Balance,
  BalancedSeizureDataset,
  type Dataset,
  datasetOf,
  EEGWindowDataset,
} from './datasets.ts';
export type { RecordingIdentity } from './identity.ts';
export { epochOrder } from './order.ts';
export { type AskedSettings, requireSettings } from './settings.ts';
export { type ReadBatch, type ReaderSettings, WindowReader } from './window-reader.ts';
export {
  checkDisjoint,
  openWindows,
  type Window,
  type WindowCategory,
  type WindowLimits,
  type WindowSet,
  windowShapeOf,
} from './windows.ts';
