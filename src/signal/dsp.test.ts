import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { butter } from './butter.ts';
import { iirnotch } from './iirnotch.ts';
import { lfilter } from './lfilter.ts';
import { resamplePoly } from './polyphase.ts';
import { rateRatio } from './rate-ratio.ts';
import { resample } from './resample.ts';
import { sosfilt, sosfiltZi } from './sosfilt.ts';
import { defaultPadlen, sosfiltfilt } from './sosfiltfilt.ts';
import { expectClose } from './testing/scipy-golden.ts';
import type { Section } from './zeros-poles.ts';
import { zscore } from './zscore.ts';

interface Polynomials {
  b: number[];
  a: number[];
}
/** SciPy's results, 12 digits; each signal (T). */
interface Golden {
  coefficients: {
    butter3_band: Polynomials & { sos: number[][] };
    iirnotch60_Q30: Polynomials;
    iirnotch50_Q30: Polynomials;
    iirnotch1_Q30: Polynomials;
    sosfiltfilt_default_padlen: number;
    sosfilt_zi_band: number[][];
  };
  cases: {
    fs: number;
    up: number;
    down: number;
    resample_num: number;
    x: number[];
    resample: number[];
    resample_poly: number[];
    bandpass_lfilter: number[];
    bandpass_sosfiltfilt: number[];
    notch60_lfilter: number[];
    notch60_filtfilt: number[];
    zscore_ddof0: number[];
    pipeline_poly_sosfiltfilt_notchfiltfilt_zscore: number[];
  }[];
  impulse: { id: string; y: number[] }[];
}
const golden = JSON.parse(
  readFileSync(new URL('./fixtures/dsp-golden.json', import.meta.url), 'utf8'),
) as Golden;

const BAND = butter(3, [0.5, 120], 'bandpass', { output: 'sos', fs: 256 });
const NOTCH = iirnotch(60, 30, 256);
const NOTCH_SECTION = [...NOTCH.b, ...NOTCH.a] as unknown as Section;

test('coefficients are those of SciPy', () => {
  const { coefficients } = golden;
  expectClose(BAND.flat(), coefficients.butter3_band.sos.flat());
  const band = butter(3, [0.5, 120], 'bandpass', { fs: 256 });
  expectClose(band.b, coefficients.butter3_band.b);
  expectClose(band.a, coefficients.butter3_band.a);
  for (const frequency of [60, 50, 1] as const) {
    const { b, a } = iirnotch(frequency, 30, 256);
    expectClose(b, coefficients[`iirnotch${frequency}_Q30`].b);
    expectClose(a, coefficients[`iirnotch${frequency}_Q30`].a);
  }
  expect(defaultPadlen(BAND)).toBe(coefficients.sosfiltfilt_default_padlen);
  // SciPy: 3 * (2 * 1 + 1 - min(b2 == 0, a2 == 0))
  expect(defaultPadlen([[1, 1, 0, 1, -0.5, 0.2]])).toBe(9);
  expect(defaultPadlen([[1, 1, 0, 1, -0.5, 0]])).toBe(6);
  expectClose(sosfiltZi(BAND), coefficients.sosfilt_zi_band.flat());
});

test.each(golden.cases)(
  'resampling, band-pass, notch and z-score from $fs Hz are those of SciPy',
  (golden) => {
    const { up, down, fs } = golden;
    expect(rateRatio(fs, 256)).toEqual({ up, down });
    expectClose(resamplePoly(golden.x, up, down), golden.resample_poly);
    expectClose(resample(golden.x, golden.resample_num), golden.resample);
    const input = golden.resample_poly;
    const band = butter(3, [0.5, 120], 'bandpass', { fs: 256 });
    expectClose(lfilter(band.b, band.a, input), golden.bandpass_lfilter);
    expectClose(sosfilt(BAND, input), golden.bandpass_lfilter);
    const banded = sosfiltfilt(BAND, input);
    expectClose(banded, golden.bandpass_sosfiltfilt);
    expectClose(lfilter(NOTCH.b, NOTCH.a, input), golden.notch60_lfilter);
    expectClose(sosfiltfilt([NOTCH_SECTION], input), golden.notch60_filtfilt);
    expectClose(zscore(input), golden.zscore_ddof0);
    expectClose(
      zscore(sosfiltfilt([NOTCH_SECTION], banded)),
      golden.pipeline_poly_sosfiltfilt_notchfiltfilt_zscore,
    );
  },
);

test.each(golden.impulse)('$id is that of SciPy', ({ id, y }) => {
  const impulse = Float64Array.from({ length: y.length }, (_, i) => (i === 0 ? 1 : 0));
  expectClose(sosfilt(id.includes('notch') ? [NOTCH_SECTION] : BAND, impulse), y);
});
