/** How much a finding matters. */
export type Severity = 'worthless result' | 'wasteful' | 'note';

/** What to do about a finding. */
export interface Fix {
  /** A command line that mends it when typed as it stands; null where only a person can decide. */
  readonly command: string | null;
  /** The same in words: the setting to change, or what the command does. */
  readonly says: string;
}

/** What `--fix` can do by itself, for it loses nothing. */
export interface Repair {
  /** What would be changed, as in `write cache/train/manifest.json anew`. */
  readonly says: string;
  readonly mend: () => Promise<void>;
}

/** Something that is wrong. */
export interface Finding {
  /** As in the list of failure classes (A1 ... H15); L, W and M are loader, WSL2 and machine. */
  readonly id: string;
  /** The rule's name, unique. */
  readonly rule: string;
  readonly severity: Severity;
  readonly title: string;
  /** The file or folder that it is about. */
  readonly about: string;
  /** What was seen, with the numbers. */
  readonly evidence: string;
  /** null where no rule knows it: it is not guessed. */
  readonly cause: string | null;
  readonly fix: Fix;
  readonly repair: Repair | null;
}

/** A finding without what its rule says of itself. */
export type Found = Pick<Finding, 'evidence' | 'fix'> &
  Partial<Pick<Finding, 'title' | 'cause' | 'severity' | 'repair' | 'id' | 'about'>>;
