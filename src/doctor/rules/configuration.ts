import { isAbsolute } from 'node:path';
import {
  CLOUD_MOUNTS,
  type Config,
  isOnCloudMount,
  originText,
  type Problem,
  pathsOf,
  problemText,
} from '../../config/index.ts';
import type { Fix, Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import { isReplaced } from '../run-subject.ts';
import { type ConfigSubject, configsOf, type Subject } from '../subject.ts';

/** Problems that have a rule of their own, by the field that they point at. */
const OWN: Readonly<Record<string, string>> = {
  'experiment.cache_dir': 'two-cache-settings',
  'training.pos_weight': 'double-correction',
};

function problemsOf({ problems }: Subject, rule: string, fix: (problem: Problem) => Fix): Found[] {
  // What follows a slip in the file's form is seldom one of its own.
  const [slip] = problems.filter(({ field }) => field === '');
  return (slip === undefined ? problems : [slip])
    .filter(({ field }) => (OWN[field] ?? 'config-refused') === rule)
    .map((problem) => ({ evidence: problemText(problem), fix: fix(problem) }));
}

/** What can be said of a configuration alone. */
export const CONFIGURATION: readonly Rule[] = [
  {
    id: 'H3',
    name: 'config-refused',
    group: 'configuration',
    severity: 'worthless result',
    title: 'The configuration cannot be used',
    looksAt: 'every field, its type and range, and fields that must agree',
    evidence: 'file, line, what was expected and found',
    cause: 'A field is misspelt, out of range, or contradicts another; nothing is trained until it is right.',
    fix: 'the setting that the evidence names',
    look: (subject) =>
      problemsOf(subject, 'config-refused', ({ field }) => ({
        command: null,
        says: `Correct ${field === '' ? 'the file' : field}; bgb validate shows every value.`,
      })),
  },
  {
    id: 'D4',
    name: 'two-cache-settings',
    group: 'configuration',
    severity: 'worthless result',
    title: 'Two cache settings disagree',
    looksAt: 'data.cache_dir and experiment.cache_dir',
    evidence: 'both values and where they are stated',
    cause: 'The cache would be built in one place and looked for in the other.',
    fix: '`bgb doctor CONFIG --write experiment.cache_dir=`, which leaves data.cache_dir as the only one',
    look: (subject) =>
      problemsOf(subject, 'two-cache-settings', () => ({
        command: subject.commands.write(subject.configPath!, ['experiment.cache_dir=']),
        says: 'Remove experiment.cache_dir: data.cache_dir is the one that counts.',
      })),
  },
  {
    id: 'E3',
    name: 'double-correction',
    group: 'configuration',
    severity: 'worthless result',
    title: 'Seizure is weighed against background twice',
    looksAt: 'training.pos_weight and training.focal_alpha',
    evidence: 'both values',
    cause: 'focal_alpha and pos_weight both weigh the classes; together they weigh twice.',
    fix: '`bgb doctor CONFIG --write training.focal_alpha=0.5`, which leaves pos_weight alone',
    look: (subject) =>
      problemsOf(subject, 'double-correction', () => ({
        command: subject.commands.write(subject.configPath!, ['training.focal_alpha=0.5']),
        says: 'Set training.focal_alpha to 0.5, which favours neither class, and keep training.pos_weight.',
      })),
  },
  {
    id: 'E2',
    name: 'focal-alpha',
    group: 'configuration',
    severity: 'wasteful',
    title: 'The focal loss weighs seizure less than background',
    looksAt: 'training.loss and training.focal_alpha',
    evidence: 'an alpha under 0.5',
    cause: 'Alpha is the weight of seizure, which is rare already: 0.25 takes three quarters of it away.',
    fix: '`bgb doctor CONFIG --write training.focal_alpha=0.5`',
    look: (subject) =>
      ofMain(subject, (config) => {
        const { loss, focal_alpha: alpha } = config.loaded.config.training;
        if (loss !== 'focal' || alpha >= 0.5) return [];
        return [
          {
            evidence: `training.focal_alpha is ${alpha} (${where(config, 'training.focal_alpha')}): seizure weighs ${alpha}, background ${Number((1 - alpha).toFixed(6))}`,
            fix: setting(subject, config, 'training.focal_alpha', '0.5', '0.5 favours neither'),
          },
        ];
      }),
  },
  {
    id: 'F6',
    name: 'learning-rate',
    group: 'configuration',
    severity: 'note',
    title: 'The learning rate does not suit the batch size',
    looksAt: 'training.learning_rate, training.batch_size, gradient_accumulation_steps, optimizer, init_from',
    evidence: 'the rate beside 3e-4 for 8 windows a step, scaled with the square root of the windows',
    cause: 'Outside a thirtieth to ten times of that, AdamW diverges or barely moves.',
    fix: '`bgb doctor CONFIG --write training.learning_rate=RATE`',
    isQuick: true,
    look: (subject) => ofMain(subject, (config) => learningRate(subject, config)),
  },
  {
    id: 'H1',
    name: 'limit-files',
    group: 'configuration',
    severity: 'wasteful',
    title: 'BGB_LIMIT_FILES is in force',
    looksAt: 'the environment',
    evidence: 'its value',
    cause: 'It is left over from a quick try: caches are built of so many recordings only.',
    fix: '`unset BGB_LIMIT_FILES`',
    isQuick: true,
    look: ({ environment: { limitFiles } }) =>
      limitFiles === null
        ? []
        : [
            {
              evidence: `BGB_LIMIT_FILES=${limitFiles}`,
              fix: {
                command: 'unset BGB_LIMIT_FILES',
                says: 'Unset it, here and in the shell start-up files.',
              },
            },
          ],
  },
  {
    id: 'H1',
    name: 'unknown-variable',
    group: 'configuration',
    severity: 'note',
    title: 'An environment variable that means nothing',
    looksAt: 'every BGB_* variable',
    evidence: 'its name, and the nearest that means something',
    cause: 'It is misspelt, so what it was to change is as it was.',
    fix: '`unset NAME`',
    look: ({ environment }) =>
      environment.notices.map(({ message }) => {
        const name = /BGB_\w*/.exec(message)?.[0] ?? 'BGB_';
        return {
          evidence: message,
          fix: { command: `unset ${name}`, says: 'Unset it, or correct its name.' },
        };
      }),
  },
  {
    id: 'D4',
    name: 'cloud-paths',
    group: 'configuration',
    severity: 'worthless result',
    title: 'A cloud configuration names a folder that is not in the cloud',
    looksAt: 'every path of a configuration for the cloud',
    evidence: 'field, line and path',
    cause: `In the container only ${Object.values(CLOUD_MOUNTS).join(' and ')} are there after it ends: anything else is missing, or lost.`,
    fix: '`bgb doctor CONFIG --write FIELD=/results/...`',
    isQuick: true,
    look: (subject) => configsOf(subject).flatMap((config) => cloudPaths(subject, config)),
  },
  {
    id: 'D4',
    name: 'local-paths',
    group: 'configuration',
    severity: 'worthless result',
    title: "A local configuration's cache lies under the cloud's root",
    looksAt: 'data.cache_dir and data.data_dir of a configuration for this machine',
    evidence: 'field, line and path',
    cause: 'The path was copied from the cloud: here it is another cache, or none.',
    fix: '`bgb doctor CONFIG --write data.cache_dir=cache/NAME`',
    look: (subject) => configsOf(subject).flatMap((config) => localPaths(subject, config)),
  },
];

function ofMain(subject: Subject, look: (config: ConfigSubject) => Found[]): Found[] {
  if (subject.run !== null && isReplaced(subject.run)) return [];
  return subject.config === null ? [] : look(subject.config);
}

function where({ loaded }: ConfigSubject, field: string): string {
  return originText(loaded.origins.get(field)!);
}

function setting(subject: Subject, config: ConfigSubject, field: string, value: string, why: string): Fix {
  const assignments = [`${field}=${value}`];
  const command = subject.commands.write(config.path, assignments);
  return command === null
    ? { command: subject.commands.anew(assignments), says: `Train anew with ${field} ${value}: ${why}.` }
    : { command, says: `Set ${field} to ${value}: ${why}.` };
}

/** AdamW's usual rate for this kind of network, at so many windows a step. */
const USUAL = { rate: 3e-4, windows: 8 } as const;
const LOWEST = 1 / 30;
const HIGHEST = 10;
/** SGD takes larger ones by far. */
const SGD = 100;

/** The usual learning rate for so many windows a step. */
export function usualRate({
  batch_size,
  gradient_accumulation_steps,
  optimizer,
}: Config['training']): number {
  const windows = batch_size * gradient_accumulation_steps;
  return USUAL.rate * Math.sqrt(windows / USUAL.windows) * (optimizer === 'sgd' ? SGD : 1);
}

function learningRate(subject: Subject, config: ConfigSubject): Found[] {
  const { training } = config.loaded.config;
  const { learning_rate: rate, batch_size, gradient_accumulation_steps } = training;
  const windows = batch_size * gradient_accumulation_steps;
  const usual = usualRate(training);
  // Weights that are trained already are changed little on purpose.
  const lowest = training.init_from === null ? usual * LOWEST : 0;
  if (rate >= lowest && rate <= usual * HIGHEST) return [];
  const wanted = usual.toExponential(0);
  return [
    {
      evidence: `training.learning_rate is ${rate} (${where(config, 'training.learning_rate')}) at ${windows} windows a step, ${(rate / usual).toPrecision(2)} times the usual ${wanted}`,
      fix: setting(subject, config, 'training.learning_rate', wanted, 'the usual rate at that batch'),
    },
  ];
}

const MUST_OUTLIVE = new Set(['data.cache_dir', 'experiment.output_dir']);

function cloudPaths(subject: Subject, config: ConfigSubject): Found[] {
  // One that is trained here, with folders of this machine, is no slip.
  if (config.kind !== 'cloud' || (subject.isQuick && !subject.machine.isCloud)) return [];
  // What is given relative to the code is in the image; what is to outlive the container is not.
  return pathsOf(config.loaded.config)
    .filter(([field, path]) => !isOnCloudMount(path) && (isAbsolute(path) || MUST_OUTLIVE.has(field)))
    .map(([field, path]) => {
      const { data, results } = CLOUD_MOUNTS;
      const name =
        path
          .split('/')
          .filter((part) => part !== '')
          .at(-1) ?? config.loaded.config.experiment.name;
      const target =
        field === 'data.data_dir'
          ? `${data}/${name}`
          : field === 'data.cache_dir'
            ? `${results}/cache/${name}`
            : `${results}/${name}`;
      return {
        evidence: `${config.path}: ${field} is ${path} (${where(config, field)})`,
        fix: setting(
          subject,
          config,
          field,
          target,
          `the volume is mounted at ${results}, recordings at ${data}`,
        ),
      };
    });
}

function localPaths(subject: Subject, config: ConfigSubject): Found[] {
  const { data, experiment } = config.loaded.config;
  if (config.kind !== 'local' || subject.machine.isCloud || isOnCloudMount(experiment.output_dir)) return [];
  const { results } = CLOUD_MOUNTS;
  if (!data.cache_dir.startsWith(`${results}/`)) return [];
  const field =
    config.loaded.origins.get('data.cache_dir')?.kind === 'derived'
      ? 'experiment.cache_dir'
      : 'data.cache_dir';
  const name = data.cache_dir.split('/').at(-1)!;
  return [
    {
      evidence: `${config.path}: ${field} is ${data.cache_dir} (${where(config, field)}), experiment.output_dir ${experiment.output_dir}`,
      fix: setting(subject, config, field, `cache/${name}`, 'a folder of this machine'),
    },
  ];
}
