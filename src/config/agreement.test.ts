import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from './load.ts';
import { originText } from './origin.ts';
import { ConfigError } from './problem.ts';
import { resolvedYaml } from './resolved-yaml.ts';
import { valueAt } from './tree.ts';

function messageFor(text: string): string {
  try {
    resolveConfig(text, 'x.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  return 'no problem';
}

describe('fields that follow from others', () => {
  test.each([
    ['data: {window_size: 4}', 'postprocessing.stitching.window_size', 1024],
    [
      'data: {sampling_rate: 128, window_size: 4}\npreprocessing: {bandpass: [0.5, 40]}',
      'postprocessing.stitching.stride',
      512,
    ],
    ['preprocessing: {montage: double-banana}', 'data.n_channels', 18],
    ['preprocessing: {channels: [BTEleft SD, CROSStop SD]}', 'preprocessing.montage', 'channels'],
    ['preprocessing: {channels: [BTEleft SD, CROSStop SD]}', 'data.n_channels', 2],
    ['model: {encoder: {channels: [8, 32]}}', 'model.encoder.stages', 2],
    ['model: {encoder: {channels: [8, 32]}}', 'model.decoder.stages', 2],
    ['model: {encoder: {channels: [8, 32]}}', 'model.mamba.d_model', 32],
    ['data: {cache_dir: a}', 'experiment.cache_dir', 'a'],
    ['experiment: {cache_dir: a}', 'data.cache_dir', 'a'],
    ['training: {mixed_precision: false}', 'resources.mixed_precision', false],
    ['resources: {mixed_precision: false}', 'training.mixed_precision', false],
    ['training: {early_stopping: {metric: loss}}', 'training.early_stopping.mode', 'min'],
    ['experiment: {name: tusz}', 'experiment.output_dir', 'results/tusz'],
  ])('%j gives %s', (text, field, value) => {
    const stride = text.includes('window_size: 4')
      ? text.replace('window_size: 4', 'window_size: 4, stride: 4')
      : text;
    const { config, origins } = resolveConfig(stride, 'x.yaml');
    expect(valueAt(config, field)).toBe(value);
    expect(originText(origins.get(field)!)).toMatch(/^from /);
  });

  test('defaults agree with each other: nothing is derived from nothing', () => {
    const { origins } = resolveConfig('{}', 'x.yaml');
    expect(new Set([...origins.values()].map(({ kind }) => kind))).toEqual(new Set(['default']));
  });

  test.each([
    'data: {cache_dir: a}\nexperiment: {cache_dir: b}',
    'training: {mixed_precision: true}\nresources: {mixed_precision: false}',
    'postprocessing: {stitching: {window_size: 15361}}',
    'postprocessing: {stitching: {stride: 10}}',
    'model: {mamba: {d_model: 256}}',
    'model: {encoder: {stages: 3}}',
    'model: {decoder: {stages: 3}}',
    'data: {n_channels: 18}',
    'data: {n_channels: 19}\npreprocessing: {montage: double-banana}',
    'preprocessing: {montage: 10-20, channels: [Cz]}',
    'data: {n_channels: 19}\npreprocessing: {channels: [Cz]}',
    'training: {early_stopping: {metric: auroc, mode: min}}',
  ])('%j disagrees', (text) => {
    expect(messageFor(text)).toMatch(
      /^x\.yaml:\d+:\d+: [\w.]+: expected .+, as follows from .+, found .+\.$/,
    );
  });

  test('D4: one cache folder written in two ways is one, through links too; another is a disagreement', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bgb-agreement-'));
    mkdirSync(join(folder, 'cache'));
    symlinkSync(join(folder, 'cache'), join(folder, 'link'));
    const message = (data: string, experiment: string) =>
      messageFor(`data: {cache_dir: ${data}}\nexperiment: {cache_dir: ${experiment}}`);
    expect(message('cache/tusz', './cache/x/../tusz/')).toBe('no problem');
    expect(message(join(folder, 'cache'), join(folder, 'link/'))).toBe('no problem');
    expect(message('/nowhere/a', '/nowhere/b')).toMatch(/expected '\/nowhere\/a', .* found '\/nowhere\/b'/);
    rmSync(folder, { recursive: true });
  });

  test('a disagreement names both values and both places', () => {
    expect(messageFor('data:\n  cache_dir: a\nexperiment:\n  cache_dir: b')).toBe(
      "x.yaml:4:3: experiment.cache_dir: expected 'a', as follows from data.cache_dir 'a' (x.yaml:2), found 'b'.",
    );
  });
});

describe('rules over several fields', () => {
  test.each([
    ['data: {window_size: 4.001}', 'data.window_size: expected a whole number of samples at 256 Hz'],
    ['data: {window_size: 1e-9, stride: 1e-9}', 'expected a whole number of samples'],
    ['data: {window_size: 4, stride: 8}', 'data.stride: expected at most data.window_size (4 s), found 8'],
    ['preprocessing: {bandpass: [0.5, 128]}', 'expected frequencies below 128 Hz'],
    ['preprocessing: {notch_freq: 200}', 'expected frequencies below 128 Hz'],
    ['preprocessing: {notch_freq: [60, 200]}', 'expected frequencies below 128 Hz'],
    ['preprocessing: {montage: channels}', 'expected a list of channels'],
    ['preprocessing: {channels: [Cz, Fz, Cz]}', 'expected each channel once, found Cz again'],
    [
      'preprocessing: {montage: double-banana, reference: average}',
      "expected 'as_recorded' beside the montage",
    ],
    [
      'data: {window_size: 0.5, stride: 0.5, sampling_rate: 300}',
      'total stride, 2^4 = 16 samples, found 150',
    ],
    ['model: {encoder: {channels: [1, 2]}}', 'expected at most 2 branches'],
    ['model: {mamba: {head_dim: 48}}', 'expected a divisor of expand * d_model = 1024, found 48'],
    ['model: {decoder: {kernel_size: 3}}', 'expected 2, 4, 6 or so on, found 3'],
    ['postprocessing: {hysteresis: {tau_off: 0.9}}', 'expected at most tau_on (0.86), found 0.9'],
    ['postprocessing: {duration: {min_duration_s: 700}}', 'expected at least min_duration_s (700)'],
    ['training: {focal_alpha: 0.25, pos_weight: auto}', 'expected null beside focal_alpha 0.25, found auto'],
    ['training: {focal_alpha: 0.75, pos_weight: 3}', 'expected null beside focal_alpha 0.75, found 3'],
  ])('%j', (text, message) => {
    expect(messageFor(text)).toContain(message);
  });

  test.each([
    'training: {focal_alpha: 0.5, pos_weight: auto}',
    'training: {loss: bce, focal_alpha: 0.25, pos_weight: 3}',
    'data: {window_size: 0.3, stride: 0.1, sampling_rate: 250}\nmodel: {encoder: {channels: [32], downsample_factor: 3}, decoder: {kernel_size: 5}}\npreprocessing: {bandpass: null}',
    'data: {window_size: 2.3, stride: 2.3, sampling_rate: 100}\nmodel: {encoder: {channels: [32]}}\npreprocessing: {bandpass: null, notch_freq: null}',
  ])('%j is fine', (text) => {
    expect(messageFor(text)).toBe('no problem');
  });

  test('E3: only one of focal_alpha and pos_weight may weigh the classes', () => {
    const message = messageFor('training: {focal_alpha: 0.25, pos_weight: 2}');
    expect(message).toMatch(/training\.pos_weight: expected null beside focal_alpha 0\.25, found 2/);
    expect(messageFor('training: {focal_alpha: 0.5, pos_weight: 2}')).toBe('no problem');
  });

  test('E2: focal_alpha below 0.5 is noticed', () => {
    const { notices } = resolveConfig('training: {focal_alpha: 0.25}', 'x.yaml');
    expect(notices.map(({ code }) => code)).toEqual(['CONFIG_ALPHA']);
    expect(notices[0]!.message).toContain('0.25 to 0.75');
    expect(resolveConfig('training: {focal_alpha: 0.75}', 'x.yaml').notices).toEqual([]);
  });

  test('H3: a field that nothing reads beside the others is noticed', () => {
    const messages = (text: string) => resolveConfig(text, 'x.yaml').notices.map(({ message }) => message);
    expect(messages('preprocessing: {length: int}')).toEqual([
      'preprocessing.length (x.yaml:1) changes nothing without preprocessing.resample: fft.',
    ]);
    expect(messages('preprocessing: {running_time_constant_s: 60}')).toEqual([
      'preprocessing.running_time_constant_s (x.yaml:1) changes nothing without preprocessing.normalize: running.',
    ]);
    expect(messages('data: {persistent_workers: true, prefetch_factor: 4}')).toEqual([
      'data.persistent_workers (x.yaml:1) changes nothing without data.num_workers above 0.',
      'data.prefetch_factor (x.yaml:1) changes nothing without data.num_workers above 0.',
    ]);
    expect(messages('data: {persistent_workers: false, prefetch_factor: null}')).toEqual([]);
    expect(messages('data: {persistent_workers: true, prefetch_factor: 4, num_workers: 1}')).toEqual([]);
    expect(messages('preprocessing: {length: int, resample: fft}')).toEqual([]);
    expect(messages('preprocessing: {running_time_constant_s: 60, normalize: running}')).toEqual([]);
  });

  test('in a configuration that a run recorded, which states all fields, nothing is said of those as by default', () => {
    const { config, origins } = resolveConfig('data: {stride: 5}', 'x.yaml');
    expect(resolveConfig(resolvedYaml(config, origins), 'run/config.yaml').notices).toEqual([]);
  });
});
