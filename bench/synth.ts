/**
 * How many times faster than real time EEG is made on one core, by sampling rate, and how much memory the longest
 * recording takes: from the plan to the written EDF file. `bench/synth_elsewhere.py` makes plain coloured noise of as
 * many sources, mixed to as many electrodes, with NumPy and SciPy.
 *
 *   taskset -c 0 bash scripts/with-node.sh bench/synth.ts
 *   taskset -c 0 python3 bench/synth_elsewhere.py
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROFILES, type ProfileName } from '../src/synth/index.ts';
import { drawPatient } from '../src/synth/patient.ts';
import { makeRecording, outlineOf } from '../src/synth/recording-files.ts';

const SEED = 1;
const PATIENTS = 60;
const folder = await mkdtemp(join(tmpdir(), 'bgb-bench-'));
const never = () => undefined;

async function processorS(profile: ProfileName, patient: number): Promise<number> {
  const start = process.cpuUsage();
  await makeRecording({ outDir: folder, seed: SEED, profile, patient, recording: 0 }, never);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

try {
  // The first recording of a process pays for compiling.
  await processorS('tusz', 0);
  for (const rate of [250, 256, 400, 512]) {
    const patients = Array.from({ length: PATIENTS }, (_, index) =>
      drawPatient(SEED, PROFILES.tusz, index + 1),
    )
      .filter((patient) => patient.rate === rate && patient.reference !== 'ar_a')
      .slice(0, 6);
    let [eegS, workS, sources] = [0, 0, 0];
    for (const patient of patients) {
      workS += await processorS('tusz', patient.index);
      eegS += outlineOf(SEED, 'tusz', patient.index, 0).durationS;
      sources += patient.sources.length / patients.length;
    }
    console.log(
      `${rate} Hz, 22 signals, ${sources.toFixed(0)} sources: ${(eegS / workS).toFixed(0)} times real time (${patients.length} recordings, ${eegS} s)`,
    );
  }
  const long = Array.from({ length: PATIENTS }, (_, index) => outlineOf(SEED, 'emu', index, 0)).sort(
    (a, b) => b.durationS * b.patient.rate - a.durationS * a.patient.rate,
  )[0]!;
  const workS = await processorS('emu', long.patient.index);
  console.log(
    `one recording of ${long.durationS} s at ${long.patient.rate} Hz: ${(long.durationS / workS).toFixed(0)} times real time`,
  );
  console.log(`largest resident memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);
} finally {
  await rm(folder, { recursive: true });
}
