import type { ConfigurationComparison, Side } from '../parity/index.ts';
import { configurationsSentence } from './parity-text.ts';

/** The document of `bgb parity A B --json` for configurations; its keys are described in docs/parity.md. */
export function configurationsDocument(a: Side, b: Side, comparison: ConfigurationComparison) {
  const { verdict, differences, suspicions } = comparison;
  return {
    format: 'bgb-parity',
    version: 1,
    kind: 'configurations',
    a: { path: a.path, kind: a.kind },
    b: { path: b.path, kind: b.kind },
    verdict,
    sentence: configurationsSentence(a, b, comparison),
    differences: differences.map(({ field, judgement, a: inA, b: inB }) => ({
      field,
      class: judgement.kind,
      a: inA,
      b: inB,
      consequence: judgement.kind === 'may_differ' ? judgement.consequence : null,
      because: judgement.kind === 'free' ? judgement.because : null,
    })),
    suspicious: suspicions,
  };
}
