import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { readEnvironment } from './environment.ts';
import { loadConfig, resolveConfig } from './load.ts';
import { originText } from './origin.ts';
import { ConfigError } from './problem.ts';
import { resolvedYaml } from './resolved-yaml.ts';

const folder = await mkdtemp(join(tmpdir(), 'bgb-config-'));
afterAll(() => rm(folder, { recursive: true }));

function problemsOf(text: string, set: string[] = []): string[] {
  try {
    resolveConfig(text, 'x.yaml', { set });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message.replace(/^\d+ problems in x.yaml:\n {2}/, '').split('\n  ');
  }
  return [];
}

describe('what people have today', () => {
  const path = fileURLToPath(new URL('./fixtures/local-train.yaml', import.meta.url));

  test('loads unchanged, each value with its line', async () => {
    const { config, origins } = await loadConfig(path);
    expect(config.training.learning_rate).toBe(0.0003);
    expect(config.data).toMatchObject({ window_size: 60, stride: 10, num_workers: 4, residency: 'auto' });
    expect(config.preprocessing).toMatchObject({ montage: '10-20', bandpass: [0.5, 120], clip: 10 });
    expect(config.preprocessing).toMatchObject({ notch_freq: [60], normalize: 'recording' });
    expect(config.model.mamba).toMatchObject({ conv_kernel: 4, expand: 2, head_dim: 64 });
    expect(originText(origins.get('data.window_size')!)).toBe(`${path}:9`);
    expect(originText(origins.get('model.mamba.d_state')!)).toBe(`${path}:29`);
    expect(originText(origins.get('data.residency')!)).toBe('default');
  });

  test('says once what it ignores', async () => {
    const messages = (await loadConfig(path)).notices.map(({ message }) => message);
    for (const field of ['use_mne', 'wandb', 'compile_model', 'save_plots'])
      expect(messages.filter((message) => message.includes(field))).toHaveLength(1);
  });

  test('the cloud variant loads', async () => {
    const set = [
      'data.data_dir=/data/edf/train',
      'data.cache_dir=/results/cache/tusz',
      'experiment.cache_dir=/results/cache/tusz',
      'data.num_workers=8',
      'data.prefetch_factor=4',
      'training.batch_size=64',
      'evaluation.save_predictions=true',
      'evaluation.save_plots=true',
      'experiment.output_dir=/results/tusz_a100',
      'logging.log_every_n_steps=25',
      'resources.max_memory_gb=80',
    ];
    const { config, origins } = await loadConfig(path, { set });
    expect(config.resources.max_memory_gb).toBe(80);
    expect(originText(origins.get('training.batch_size')!)).toBe('--set');
  });

  test('kernels that other systems replace are kept as written', () => {
    const { config } = resolveConfig('model: {decoder: {kernel_size: 4}, mamba: {conv_kernel: 5}}', 'x.yaml');
    expect([config.model.decoder.kernel_size, config.model.mamba.conv_kernel]).toEqual([4, 5]);
  });
});

describe('layers', () => {
  test('--set outranks the environment, which outranks the file', () => {
    const environment = readEnvironment({ BGB_DEVICE: 'cpu' });
    const text = 'experiment: {device: cuda, seed: 1}';
    const lower = resolveConfig(text, 'x.yaml', { environment });
    expect(lower.config.experiment).toMatchObject({ device: 'cpu', seed: 1 });
    expect(originText(lower.origins.get('experiment.device')!)).toBe('BGB_DEVICE');
    const upper = resolveConfig(text, 'x.yaml', { environment, set: ['experiment.device=auto'] });
    expect(upper.config.experiment.device).toBe('auto');
    expect(originText(upper.origins.get('experiment.device')!)).toBe('--set');
  });

  test('--set takes YAML values, also of whole sections; the last one wins', () => {
    const set = [
      'training.epochs=1',
      'training.epochs=7',
      'training.early_stopping=null',
      'evaluation.fa_rates=[1, 2.5]',
    ];
    const { config } = resolveConfig('training: {epochs: 3}', 'x.yaml', { set });
    expect(config.training).toMatchObject({ epochs: 7, early_stopping: null });
    expect(config.evaluation.fa_rates).toEqual([1, 2.5]);
  });

  test('--set opens a section that the file closed', () => {
    const set = ['training.early_stopping.patience=3'];
    const { config } = resolveConfig('training: {early_stopping: null}', 'x.yaml', { set });
    expect(config.training.early_stopping).toEqual({
      patience: 3,
      metric: 'sensitivity_at_10fa',
      mode: 'max',
    });
  });

  test.each([
    ['epochs', '--set: expected section.field=value'],
    ['=3', '--set: expected section.field=value'],
    ['data..stride=3', 'expected section.field=value'],
    ['data.stride=[1', '--set: data.stride: not valid YAML'],
    ['data.stride=1\nx: 2', '--set: data.stride: expected one value on one line'],
    ['data.strid=1', "--set: data.strid: unknown key; did you mean 'stride'?"],
    ['data.strid.x=1', "--set: data.strid: unknown key; did you mean 'stride'?"],
    ['data.__proto__.x=1', '--set: data.__proto__: unknown key'],
  ])('--set %j is refused', (assignment, message) => {
    expect(problemsOf('training: {epochs: 3}', [assignment]).join('\n')).toContain(message);
  });
});

describe('problems', () => {
  test('all of a file at once, in file order, with place, expectation and finding', () => {
    const text = `data:
  stride: ten
  strid: 3
  use_balanced_sampling: yes
  num_workers: 1.5
model:
  encoder: {channels: [64, x], kernel_size: 4}
training:
  batchsize: 3
  window_size: 60
  optimizer: sgdd
  loss: fokal
  early_stopping: {metric: sensitivity_at_fa}
trainig: {}
`;
    const problems = problemsOf(text);
    const expected = [
      "x.yaml:2:3: data.stride: expected a number above 0, found text 'ten'.",
      "x.yaml:3:3: data.strid: unknown key; did you mean 'stride'? Expected under data: dataset, data_dir,",
      "x.yaml:4:3: data.use_balanced_sampling: expected true or false, found text 'yes' (YAML 1.2 writes true",
      'x.yaml:5:3: data.num_workers: expected a whole number of at least 0, found 1.5.',
      "x.yaml:7:28: model.encoder.channels.1: expected a whole number of at least 1, found text 'x'.",
      'x.yaml:7:32: model.encoder.kernel_size: expected an odd number of samples, found 4.',
      "x.yaml:9:3: training.batchsize: unknown key; did you mean 'batch_size'?",
      'x.yaml:10:3: training.window_size: unknown key; it belongs under data or postprocessing.stitching.',
      "x.yaml:11:3: training.optimizer: expected one of adamw, sgd, found text 'sgdd'; did you mean 'sgd'?",
      "x.yaml:12:3: training.loss: expected one of focal, bce, found text 'fokal'; did you mean 'focal'?",
      'x.yaml:13:20: training.early_stopping.metric: expected auroc, average_precision,',
      "x.yaml:14:1: trainig: unknown key; did you mean 'training'?",
    ];
    expect(problems.map((problem, index) => problem.slice(0, expected[index]?.length))).toEqual(expected);
  });

  test.each([
    ['data: {stride: 5}\ndata: {stride: 6}', 'x.yaml:2:1: data: stated twice; line 1 states it too.'],
    ['data:\n  stride: 5\n  stride: 5', 'x.yaml:3:3: data.stride: stated twice; line 2 states it too.'],
    ['data:\n\tstride: 5', 'x.yaml:2:1: indented with a tab'],
    ['data: &a {stride: 5}', 'x.yaml:1:10: data: expected the value itself, found the anchor &a'],
    ['data: {stride: &a 5, window_size: *a}', 'found the alias *a'],
    ['- 1\n- 2', "x.yaml:1:1: expected sections such as 'data:' and 'training:', found a list."],
    ['train', 'x.yaml:1:1: expected sections'],
    ['', "x.yaml:1:1: expected sections such as 'data:' and 'training:', found an empty document."],
    ['# nothing\n', 'found an empty document.'],
    ['data: {stride: 5}\n---\ndata: {}', 'x.yaml:2:1: a second document starts here'],
    ['data: [1, 2', 'x.yaml:1:12: not valid YAML'],
    ['%YAML 1.1\n---\ndata: {use_balanced_sampling: yes}', 'expected YAML 1.2'],
    ['data: !!python/object {}', 'x.yaml:1:7: not valid YAML: Unresolved tag'],
    ['data:', 'x.yaml:1:1: data: expected the keys dataset,'],
    ['__proto__: {a: 1}', 'x.yaml:1:1: __proto__: unknown key'],
    ['data: {a.b: 1, "5": 2}', 'x.yaml:1:8: data.a.b: unknown key'],
    ['training: {learning_rate: .nan}', 'expected a number above 0, found NaN.'],
    ['training: {learning_rate: 1e999}', 'found Infinity.'],
    [
      'preprocessing: {bandpass: [120, 0.5]}',
      'expected two rising frequencies in Hz, as in [0.5, 120] or null',
    ],
    [
      'preprocessing: {montage: 10_20}',
      "expected one of 10-20, double-banana, channels, found text '10_20'; did you mean",
    ],
    ['data: {data_dir: "s3://user:secret@bucket/x"}', 'expected an address without a password'],
    ['data: {data_dir: ["/d", "s3://b/x?X-Amz-Signature=secret@"]}', 'without a secret parameter'],
    [
      'experiment: {wandb: {tags: [a, hf_AbcdEfghIjklMnopQrst]}}',
      'found what has the form of a key or token',
    ],
  ])('%j', (text, message) => {
    const problems = problemsOf(text);
    expect(problems.join('\n')).toContain(message);
    expect(problems.join('\n')).not.toContain('secret@');
  });

  test('nesting without end is refused, not followed', () => {
    expect(problemsOf('['.repeat(50_000))[0]).toContain('x.yaml:1:');
    const deep = problemsOf(`data: ${'{a: '.repeat(200)}1${'}'.repeat(200)}`);
    expect(deep.join('\n')).toContain('nested more than 16 deep');
  });
});

describe('files', () => {
  async function refusal(path: string): Promise<string> {
    const error = await loadConfig(path).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  }

  test('missing, a folder, not text, too large', async () => {
    expect(await refusal(join(folder, 'none.yaml'))).toBe(`${folder}/none.yaml: there is no such file.`);
    expect(await refusal(folder)).toContain('found a folder');
    await writeFile(join(folder, 'bytes.yaml'), Buffer.from([0x64, 0xff, 0xfe]));
    expect(await refusal(join(folder, 'bytes.yaml'))).toContain('not UTF-8 text');
    await writeFile(join(folder, 'large.yaml'), '#'.repeat(2 ** 20 + 1));
    expect(await refusal(join(folder, 'large.yaml'))).toContain('found 1048577');
  });

  test('a byte-order mark and Windows line ends are read', async () => {
    await writeFile(join(folder, 'windows.yaml'), '\ufeffdata:\r\n  stride: 5\r\n');
    expect((await loadConfig(join(folder, 'windows.yaml'))).config.data.stride).toBe(5);
  });
});

describe('data.labels, a map', () => {
  const load = (labels: string) => resolveConfig(`data:\n  labels: ${labels}\n`, 'x.yaml');

  test('is one value with one origin, and loads back', () => {
    const { config, origins } = load('{artf: background, "my sz": seizure}');
    expect(config.data.labels).toEqual({ artf: 'background', 'my sz': 'seizure' });
    expect(origins.get('data.labels')).toEqual({ kind: 'file', path: 'x.yaml', line: 2 });
    const yaml = resolvedYaml(config, origins);
    expect(yaml).toContain('labels: {artf: background, my sz: seizure} # x.yaml:2\n');
    expect(resolveConfig(yaml, 'y.yaml').config).toEqual(config);
  });

  test.each([
    [
      '{artf: backgroud}',
      /data\.labels\.artf: expected seizure, background or excluded, found text 'backgroud'/,
    ],
    ['artf', /data\.labels: expected a map of labels, as in \{artf: background\}, found text 'artf'/],
  ])('refuses %s', (labels, message) => {
    expect(() => load(labels)).toThrow(message);
  });
});
