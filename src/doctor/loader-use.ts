import { type Config, resolvedDevice } from '../config/index.ts';
import type { ConfigSubject, SplitSubject, Subject } from './subject.ts';

/** What training makes of the loader's settings. */
export type LoaderUse =
  /** Samples lie where the model computes: none is read. */
  | 'none'
  /** Batches are copied from memory to the GPU: `pin_memory` counts. */
  | 'copies'
  /** Readers take batches from disk: all count. */
  | 'reads'
  /** `auto` decides on a machine, or by a cache, that is not known here: all may count. */
  | 'open';

/** The device of a configuration on the machine that it is for. */
export function deviceOf(
  { loaded, kind }: ConfigSubject,
  { machine }: Pick<Subject, 'machine'>,
): 'cpu' | 'cuda' {
  const hasGpu =
    machine.library.problem === null && machine.library.hasCuda && machine.library.cudaDevices > 0;
  return resolvedDevice(loaded.config, { cudaAvailable: kind === 'cloud' || hasGpu });
}

/** Bytes of signal and labels that training keeps or reads; null where there is no cache to count them in. */
export function corpusBytesIn({ cache }: Pick<Subject, 'cache'>): number | null {
  const train = cache?.splits.find(({ split }) => split === 'train' || split === null);
  if (train === undefined || train.survey.entries.size === 0) return null;
  return sampleBytes(train);
}

/** Bytes of signal and labels in a split's entries, which is nearly all that they are. */
export function sampleBytes({ survey }: Pick<SplitSubject, 'survey'>): number {
  let bytes = 0;
  for (const { provenance } of survey.entries.values())
    bytes += provenance.recorded_s * provenance.sampling_rate * (2 * provenance.channels.length + 1);
  return bytes;
}

/** Half of the memory of a small GPU. */
const ON_ANY_GPU = 2 * 2 ** 30;

/** See {@link LoaderUse}. */
export function loaderUseOf(config: ConfigSubject, subject: Subject): LoaderUse {
  const { data, resources } = config.loaded.config;
  const device = deviceOf(config, subject);
  if (data.residency !== 'auto') return useOf(data.residency, device);
  const bytes = config === subject.config ? corpusBytesIn(subject) : null;
  const [gpu] = subject.machine.gpus;
  const isOther = config.kind === 'cloud' && !subject.machine.isCloud;
  // What does not fit into half of a machine's memory is seldom trained on a CPU.
  if (device === 'cpu' && bytes === null) return 'none';
  if (bytes === null || isOther) return 'open';
  // Of a GPU that tells nothing, that it holds what any does.
  if (device === 'cuda' && gpu?.freeBytes == null)
    return bytes <= ON_ANY_GPU ? 'none' : bytes <= subject.machine.memoryBytes / 2 ? 'copies' : 'open';
  if (subject.computing === null) return 'open';
  const memory = { host: subject.machine.memoryBytes, device: device === 'cpu' ? null : gpu!.freeBytes };
  return useOf(subject.computing.residencyOf({ data, resources }, bytes, memory).residency, device);
}

function useOf(residency: Exclude<Config['data']['residency'], 'auto'>, device: 'cpu' | 'cuda'): LoaderUse {
  if (residency === 'disk') return 'reads';
  return residency === 'host' && device === 'cuda' ? 'copies' : 'none';
}

/** The configuration that would be trained on this machine; null for a run, or one that is for another. */
export function configHere({ config, run, machine }: Subject): ConfigSubject | null {
  return config !== null && run === null && (config.kind === 'local' || machine.isCloud) ? config : null;
}
