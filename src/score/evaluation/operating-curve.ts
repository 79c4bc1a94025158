import { eventSensitivity, falseAlarmsPer24hRecorded } from '../any-overlap.ts';
import { type CurvePoint, sweepTauOff } from '../sensitivity-curve.ts';
import type { OperatingPoint } from './document.ts';

/** The points of a sweep over `tau_on` as documents list them, of however few hours. */
export function operatingCurve(points: readonly CurvePoint[]): OperatingPoint[] {
  return points.map(({ threshold, counts }) => ({
    tau_on: threshold,
    tau_off: sweepTauOff(threshold),
    sensitivity: eventSensitivity(counts).value,
    false_alarms_per_24h: falseAlarmsPer24hRecorded(counts, 0).value,
    detected: counts.detectedReferences,
    false_alarms: counts.falseAlarms,
  }));
}
