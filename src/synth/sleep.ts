import { fieldBelow } from './background.ts';
import type { Component } from './block.ts';
import type { Draws } from './draws.ts';
import type { Patient } from './patient.ts';
import { Pulse } from './pulse.ts';
import { type Stage, type StageSpan, stageAt } from './stages.ts';

/** An hour; of N3 half of N2's. */
const SPINDLES: Readonly<Record<Stage, number>> = { wake: 0, n1: 5, n2: 260, n3: 100, rem: 0 };
const K_COMPLEXES: Readonly<Record<Stage, number>> = { wake: 0, n1: 8, n2: 90, n3: 20, rem: 0 };

/** A graphoelement of sleep. */
export interface SleepWave {
  readonly type: 'spindle' | 'k-complex';
  readonly component: Component;
}

/** Spindles (0.5 to 2 s of 11 to 15 Hz) and K-complexes, which spindles often follow. */
export function drawSleepWaves(
  draws: Draws,
  patient: Patient,
  spans: readonly StageSpan[],
  durationS: number,
): SleepWave[] {
  const { spindleHz, gainUv } = patient;
  const fields = [fieldBelow(['Cz', 'C3', 'C4']), fieldBelow(['Fz', 'F3', 'F4'])];
  const frontal = fieldBelow(['Fz', 'Cz'], 0.5);
  const waves: SleepWave[] = [];
  const spindle = (startS: number) => {
    const lengthS = draws.between(0.5, 1.8);
    const isFrontal = draws.isTrue(0.35);
    const hz = spindleHz - (isFrontal ? 1 : 0) + draws.between(-0.4, 0.4);
    const peakUv = gainUv * draws.logBetween(0.8, 2.5);
    waves.push({
      type: 'spindle',
      component: new Pulse(
        startS,
        lengthS,
        fields[isFrontal ? 1 : 0]!,
        (timeS) => peakUv * Math.sin((Math.PI * timeS) / lengthS) ** 2 * Math.sin(2 * Math.PI * hz * timeS),
      ),
    });
  };
  const complex = (startS: number) => {
    const lengthS = draws.between(0.6, 1.1);
    const peakUv = gainUv * draws.logBetween(3, 7);
    waves.push({
      type: 'k-complex',
      component: new Pulse(startS, lengthS, frontal, (timeS) => {
        const share = timeS / lengthS;
        return share < 0.4
          ? -peakUv * Math.sin((Math.PI * share) / 0.4)
          : 0.6 * peakUv * Math.sin((Math.PI * (share - 0.4)) / 0.6);
      }),
    });
    if (draws.isTrue(0.5)) spindle(startS + lengthS);
  };
  const most = 360;
  for (let timeS = 0; ; ) {
    timeS += (-Math.log(draws.uniform()) * 3600) / most;
    if (timeS >= durationS - 3) return waves;
    const stage = stageAt(spans, timeS);
    const draw = draws.uniform() * most;
    if (draw < SPINDLES[stage]) spindle(timeS);
    else if (draw < SPINDLES[stage] + K_COMPLEXES[stage]) complex(timeS);
  }
}
