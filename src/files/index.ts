/** Files on disk: atomic writes, content hashes, the header of .npy. */
export {
  isTemporaryName,
  linkAtomic,
  makeFolder,
  removeStaleTemporaries,
  writeAtomic,
  writeAtomicWith,
} from './atomic.ts';
export { canonicalJson, sha256, sha256File } from './hash.ts';
export { type NpyDtype, npyHeader } from './npy.ts';
