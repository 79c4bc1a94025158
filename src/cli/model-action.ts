import { checkDevice, inForce, loadConfig, readEnvironment, resolvedDevice } from '../config/index.ts';
import { fittingBatch } from '../model/index.ts';
import { freeMemory, isCudaAvailable } from '../torch/index.ts';
import { type MemoryPlan, planMemory } from '../train/index.ts';
import type { ModelOptions } from './model.ts';
import { announce, writeJson } from './output.ts';
import { textTable } from './table.ts';

/** Prints a model layer by layer, its totals, and the batch that fits. */
export async function modelCommand(path: string, options: ModelOptions): Promise<void> {
  const environment = readEnvironment();
  const device = options.device === undefined ? [] : [`experiment.device=${options.device}`];
  const loaded = await loadConfig(path, { set: [...options.set, ...device], environment });
  announce(inForce(), environment, loaded);
  const { config } = loaded;
  const cudaAvailable = isCudaAvailable();
  // Only --device insists: a configuration for a GPU elsewhere is shown as it would be there.
  if (options.device !== undefined) checkDevice(config, { cudaAvailable });
  const on = resolvedDevice(config, { cudaAvailable });
  const free = on === 'cpu' ? process.availableMemory() : cudaAvailable ? freeMemory(on) : null;
  const plan = planMemory(config, on, free ?? 0);
  const { precision, window, cost, memory } = plan;
  const fitting = free === null ? null : plan.fitting;
  if (options.json) {
    writeJson({
      device: on,
      free_bytes: free,
      precision,
      window,
      parameters: cost.parameters,
      flops_per_window: cost.flops,
      activation_bytes_per_window: cost.activationBytes,
      training_fixed_bytes: memory.fixedBytes,
      training_bytes_per_window: memory.windowBytes,
      fitting_batch_size: fitting,
      batch_size: config.training.batch_size,
      layers: cost.layers.map(({ activationBytes, ...layer }) => ({
        ...layer,
        activation_bytes: activationBytes,
      })),
    });
    return;
  }
  process.stdout.write(`${layerTable(plan)}\n${totals(plan)}`);
  const asked = config.training.batch_size;
  const elsewhere = SIZES.map((size) => `${fittingBatch(size * 2 ** 30, memory)} in ${size} GiB`).join(', ');
  if (free === null || fitting === null)
    process.stdout.write(
      `There is no GPU here, for which the configuration asks. Batches that fit: ${elsewhere}.\n`,
    );
  else {
    const where = on === 'cuda' ? 'free on the GPU' : 'of free memory (the CPU computes)';
    process.stdout.write(
      `In the ${gib(free)} ${where} a batch of ${fitting} fits; training.batch_size is ${asked}${asked > fitting ? ', which does not' : ''}.\nElsewhere: ${elsewhere}.\n`,
    );
  }
}

/** Free memory of common GPUs, GiB. */
const SIZES = [8, 24, 40, 80, 140];

function layerTable({ cost }: MemoryPlan): string {
  const right = (heading: string) => ({ heading, align: 'right' as const });
  return textTable(
    [
      { heading: 'layer' },
      { heading: '' },
      right('output'),
      right('parameters'),
      right('MFLOP'),
      right('activations'),
    ],
    cost.layers.map(({ name, kind, output, parameters, flops, activationBytes }) => [
      name,
      kind,
      output.join(' x '),
      parameters.toLocaleString('en'),
      (flops / 1e6).toFixed(1),
      mib(activationBytes),
    ]),
  );
}

function totals({ precision, window, cost, memory }: MemoryPlan): string {
  const lines = [
    `A window of ${window.channels} channels and ${window.samples} samples, in ${precision}:`,
    `  ${cost.parameters.toLocaleString('en')} parameters`,
    `  ${(cost.flops / 1e9).toFixed(2)} GFLOP forward, ${((3 * cost.flops) / 1e9).toFixed(2)} in a training step`,
    `  ${mib(cost.activationBytes)} of activations kept until backward, ${mib(memory.windowBytes)} at most`,
    `Weights, gradients and optimiser: ${mib(memory.fixedBytes)}.`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
