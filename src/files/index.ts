/** Files on disk: atomic writes and content hashes. */
export { isTemporaryName, removeStaleTemporaries, writeAtomic, writeAtomicWith } from './atomic.ts';
export { canonicalJson, sha256, sha256File } from './hash.ts';
