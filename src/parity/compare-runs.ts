import {
  type ConfigurationComparison,
  compareConfigurations,
  type Settled,
  type Verdict,
  verdictOf,
} from './compare-configurations.ts';
import { dataDifferences, hasSameData } from './data-differences.ts';
import { environmentDifferences } from './environment-differences.ts';
import type { Finding } from './finding.ts';
import { free, MUST_EQUAL } from './judgement.ts';
import { likelyCause, ofConfiguration, symptomOf } from './likely-cause.ts';
import type { RunSide } from './run-side.ts';
import { runsSentence } from './runs-sentence.ts';
import { type StepDifferences, stepDifferences } from './step-differences.ts';

export interface RunComparison {
  readonly verdict: Verdict;
  readonly sentence: string;
  /** What most likely made the runs differ; null where nothing does, or nothing recorded explains it. */
  readonly cause: Finding | null;
  readonly configuration: ConfigurationComparison;
  readonly environment: readonly Finding[];
  readonly data: readonly Finding[];
  readonly steps: StepDifferences;
}

/** In what two runs differ, from where on, and most likely why. @throws InputError `RUN_*` */
export async function compareRuns(a: RunSide, b: RunSide): Promise<RunComparison> {
  const data = dataDifferences(a, b);
  const configuration = compareConfigurations(a, b, settledBy(a, b, data));
  const environment = environmentDifferences(a.run.sessions, b.run.sessions, {
    isDataSame: hasSameData(a, b, data),
  });
  const steps = await stepDifferences(a, b);
  const known = {
    isDataSame: hasSameData(a, b, data, 'train'),
    stepsPerEpoch: Math.min(...[a, b].map(({ run }) => run.plan?.steps_per_epoch ?? 0)),
  };
  // In this order, where several could have done it: what a user set, what was there, what it ran on.
  const findings = [
    ...configuration.differences
      .filter(({ follows }) => follows === null)
      .map((difference) => ofConfiguration(difference, known)),
    ...data,
    ...environment,
  ];
  const symptom = symptomOf(steps);
  const cause = likelyCause(findings, symptom);
  const isDifferent =
    configuration.verdict === 'different' ||
    findings.some(({ isAllowed }) => !isAllowed) ||
    (symptom !== null && symptom.effect !== 'rounding' && !isExpected(cause));
  // No two runs have one folder.
  const isAlike =
    findings.every(({ what }) => what === 'experiment.output_dir') &&
    symptom === null &&
    steps.lastOfA === steps.lastOfB;
  const isSuspicious = configuration.suspicions.length > 0;
  const verdict = verdictOf({ isDifferent, isSuspicious, isAlike });
  const comparison = { verdict, cause, configuration, environment, data, steps } as const;
  const unlike = findings.find(({ isAllowed }) => !isAllowed) ?? null;
  return { ...comparison, sentence: runsSentence(comparison, { a, b, symptom, unlike }) };
}

/** Fields that may differ though other windows or losses follow from it. */
const EXPECTED: readonly string[] = [
  'training.batch_size',
  'training.gradient_accumulation_steps',
  'training.learning_rate',
  'training.mixed_precision',
  'training.tf32',
  'experiment.device',
];

/** A batch of another size, or another precision, makes other steps: allowed, and said. */
function isExpected(cause: Finding | null): boolean {
  return cause?.isAllowed === true && EXPECTED.includes(cause.what);
}

/** Fields that only say which recordings there are and how they were divided, which both runs list. */
const OF_SPLITS: readonly string[] = [
  'data.exclude',
  'data.validation_split',
  'data.patient_pattern',
  'data.split_file',
];

/** What the runs themselves say about fields of which configurations alone do not tell. */
function settledBy(a: RunSide, b: RunSide, data: readonly Finding[]): Settled {
  const isDataSame = hasSameData(a, b, data);
  const [weights, others] = [a.run.initialWeights, b.run.initialWeights];
  return (field) => {
    if (isDataSame && OF_SPLITS.includes(field)) return free('both runs have the same recordings');
    if (field !== 'training.init_from' || weights === null || others === null) return null;
    return weights === others ? free('both hold the same weights') : MUST_EQUAL;
  };
}
