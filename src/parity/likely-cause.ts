/** Which of the things that differ made two runs part, by what each can do and from which step on. */
import type { ConfigurationDifference } from './compare-configurations.ts';
import { clause, type Effect, type Finding } from './finding.ts';
import type { StepDifferences } from './step-differences.ts';

/** How two runs part. */
export interface Symptom {
  readonly effect: Exclude<Effect, 'none'>;
  /** From which step on. */
  readonly step: number;
}

/** The earliest and strongest sign that the runs differ; null where there is none. */
export function symptomOf({ windows, loss, anyLoss }: StepDifferences): Symptom | null {
  if (windows !== null && windows <= (loss?.step ?? Infinity)) return { effect: 'windows', step: windows };
  if (loss !== null) return { effect: 'loss', step: loss.step };
  return anyLoss && { effect: 'rounding', step: anyLoss.step };
}

const REACH: Readonly<Record<Effect, number>> = { none: 0, rounding: 1, loss: 2, windows: 3 };

/**
 * Of what differs, what can have done what is seen, no later than it is seen: what may not differ in configuration and data,
 * then what may in the configuration, then code, then the machine; among them what does just that before what can do more.
 * Rounding is a small change of what may not differ in the configuration, or else the machine's, if it can be. Where nothing is
 * seen (yet): what may not differ and can do most.
 */
export function likelyCause(findings: readonly Finding[], symptom: Symptom | null): Finding | null {
  const first = (list: readonly Finding[], by: (finding: Finding) => number) =>
    list.toSorted((one, other) => by(one) - by(other))[0] ?? null;
  const inOrder = byOrigin(findings);
  if (symptom === null)
    return first(
      inOrder.filter(({ isAllowed }) => !isAllowed),
      ({ effect }) => -REACH[effect],
    );
  const able = inOrder.filter(
    ({ effect, firstStep = 1 }) => REACH[effect] >= REACH[symptom.effect] && firstStep <= symptom.step,
  );
  const isInexact = ({ effect }: Finding) => Number(effect !== symptom.effect);
  if (symptom.effect !== 'rounding')
    return first(able, (finding) => 10 * rankOf(finding) + isInexact(finding));
  const isSet = (finding: Finding) => rankOf(finding) === 0 && finding.effect === 'loss';
  return first(able, (finding) => (isSet(finding) ? -1 : 10 * isInexact(finding) + rankOf(finding)));
}

function rankOf({ kind, what, isAllowed }: Finding): number {
  if (kind === 'environment' && what !== 'BGB_LIMIT_FILES') return isAllowed ? 3 : 2;
  return isAllowed ? 1 : 0;
}

/** A limit on recordings explains that the data differ. */
function byOrigin(findings: readonly Finding[]): Finding[] {
  const limit = findings.find(({ what }) => what === 'BGB_LIMIT_FILES');
  const hasOtherData = findings.some(({ kind, isAllowed }) => kind === 'data' && !isAllowed);
  return limit && hasOtherData ? [limit, ...findings.filter((finding) => finding !== limit)] : [...findings];
}

/** Fields that decide which windows a step takes. */
const OF_WINDOWS =
  /^(data\.(?!n_channels)|preprocessing\.|experiment\.seed$|training\.(batch_size|gradient_accumulation_steps)$)/;
/** Of these, those that do so only through what is recorded of the recordings and their windows. */
const OF_DATA =
  /^(preprocessing\.|data\.(labels|sampling_rate|window_size|stride|exclude|validation_split|patient_pattern|split_file|max_samples|max_hours)$)/;
const OF_ROUNDING = /^(resources\.(threads|processes)|training\.deterministic|experiment\.device)$/;
/** What a training is judged by and what is kept of it, not what it learns. */
const OF_JUDGEMENT = /^(postprocessing|evaluation)\.|^training\.(early_stopping|guards|ema_decay)/;
/** What changes weights only, which the first loss does not see. */
const OF_UPDATES =
  /^training\.(epochs|learning_rate|weight_decay|optimizer|momentum|gradient_clip|scheduler\..*)$/;

/** What a difference of configurations can have done to two runs. */
export function ofConfiguration(
  { field, judgement, a, b }: ConfigurationDifference,
  { isDataSame, stepsPerEpoch }: { readonly isDataSame: boolean; readonly stepsPerEpoch: number },
): Finding {
  const isFree = judgement.kind === 'free' || OF_JUDGEMENT.test(field) || (isDataSame && OF_DATA.test(field));
  const effect: Effect = isFree
    ? 'none'
    : OF_WINDOWS.test(field)
      ? 'windows'
      : OF_ROUNDING.test(field) && judgement.kind === 'may_differ'
        ? 'rounding'
        : 'loss';
  const firstStep = OF_UPDATES.test(field)
    ? 2
    : field === 'data.balance.redraw_each_epoch'
      ? stepsPerEpoch + 1
      : 1;
  return {
    ...{ kind: 'configuration', what: field, isAllowed: judgement.kind !== 'must_equal', effect, firstStep },
    ...{ a: a?.value ?? null, b: b?.value ?? null },
    text: clause(field, a?.value, b?.value),
  };
}
