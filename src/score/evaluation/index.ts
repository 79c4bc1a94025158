/** What a detector is worth on a set of recordings, beyond its scores: the document that `bgb evaluate` writes. */
export type * from './document.ts';
