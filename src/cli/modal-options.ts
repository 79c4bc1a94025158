import { Option } from 'commander';
import type { Environment } from '../config/index.ts';
import { InputError } from '../errors.ts';
import type { DataSource, ModalSettings } from '../modal/index.ts';

/** Where results and recordings are at Modal: for every command that goes there. */
export interface PlaceOptions {
  readonly volume?: string;
  readonly data?: string;
  readonly dataSecret?: string;
  readonly dataEndpoint?: string;
}

export function placeOptions(): Option[] {
  return [
    new Option('--volume <name>', 'Modal: volume of the results (BGB_MODAL_VOLUME, else bgb-results)'),
    new Option(
      '--data <source>',
      'Modal: recordings at /data, as in volume:NAME or bucket:NAME/PREFIX/ (BGB_MODAL_DATA)',
    ),
    new Option('--data-secret <name>', "Modal: secret with the bucket's key"),
    new Option('--data-endpoint <url>', 'Modal: endpoint of a bucket that is not at AWS'),
  ];
}

/** What is asked of the machine. */
export interface RunOptions {
  readonly gpu?: string;
  readonly cpu?: string;
  readonly memory?: string;
  readonly timeout?: string;
  readonly secret?: readonly string[];
  readonly env?: readonly string[];
  readonly bundle?: string;
  readonly drill?: boolean;
  readonly yes?: boolean;
}

export function runOptions(): Option[] {
  const list = (value: string, before: readonly string[] | undefined) => [...(before ?? []), value];
  return [
    new Option('--gpu <gpu>', 'Modal: with its memory, :N for several (A100-80GB)'),
    new Option('--cpu <cores>', 'Modal: cores (num_workers + 2)'),
    new Option('--memory <GiB>', 'Modal: memory (64)'),
    new Option('--timeout <hours>', 'Modal: of one attempt, at most 24 (24)'),
    new Option(
      '--secret <name>',
      "Modal: one of Modal's secrets, as variables of the run (repeatable)",
    ).argParser(list),
    new Option('--env <NAME[=VALUE]>', 'Modal: a variable for the run (repeatable)').argParser(list),
    new Option('--bundle <file>', 'Modal: packed code to run (that of this clone)'),
    new Option('--no-drill', 'Modal: no short training that is killed and resumed before the run'),
    yesOption(),
  ];
}

export function yesOption(): Option {
  return new Option('-y, --yes', 'Modal: do not ask about the cost');
}

const VOLUME = 'bgb-results';
/** Of everything that bgb starts. */
const APP = 'bgb';

export function settingsOf(options: PlaceOptions, { modal }: Pick<Environment, 'modal'>): ModalSettings {
  const data = options.data ?? modal.data;
  return {
    app: APP,
    volume: options.volume ?? modal.volume ?? VOLUME,
    data: data === null ? null : sourceOf(data, options),
  };
}

function sourceOf(text: string, { dataSecret, dataEndpoint }: PlaceOptions): DataSource {
  const [, kind, name, prefix] = /^(volume|bucket):([\w.-]+)(?:\/(.*))?$/.exec(text) ?? [];
  if (kind === 'volume' && prefix === undefined) return { kind, name: name! };
  if (kind !== 'bucket')
    throw new InputError(
      'MODAL_DATA',
      `--data ${text}: expected volume:NAME, or bucket:NAME with /PREFIX/ where it has one.`,
    );
  return {
    kind,
    name: name!,
    prefix: prefix ? `${prefix.replace(/\/+$/, '')}/` : null,
    endpoint: dataEndpoint ?? null,
    secret: dataSecret ?? null,
  };
}

/** A positive number of an option. @throws InputError `CLI_NUMBER` */
export function positiveOf(option: string, text: string | undefined, unless: number): number {
  if (text === undefined) return unless;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InputError('CLI_NUMBER', `${option} ${text}: expected a number above 0.`);
}
