/** A reader thread: for each plan that arrives, reads its share of the batches into its slots, in order. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import { EntryFiles } from './entry-files.ts';
import { FREE, fail, READY, type ReaderTask, setState } from './shared-batches.ts';

const task = workerData as ReaderTask;
const files = new EntryFiles(task.places, task.channels);

parentPort!.on('message', (batches: readonly Uint32Array[]) => {
  for (let turn = 0; task.reader + turn * task.readers < batches.length; turn++) {
    const batch = batches[task.reader + turn * task.readers]!;
    const slot = task.slots[turn % task.slots.length]!;
    for (let state = Atomics.load(slot.state, 0); state !== FREE; state = Atomics.load(slot.state, 0))
      Atomics.wait(slot.state, 0, state);
    try {
      readBatch(batch, slot);
      setState(slot.state, READY);
    } catch (error) {
      fail(slot, messageOf(error));
      return;
    }
  }
});

function readBatch(batch: Uint32Array, slot: ReaderTask['slots'][number]): void {
  const { windowLength, channels, recordings, starts } = task;
  batch.forEach((window, at) => {
    files.read(
      recordings[window]!,
      starts[window]!,
      slot.signal.subarray(at * windowLength * channels, (at + 1) * windowLength * channels),
      slot.labels.subarray(at * windowLength, (at + 1) * windowLength),
    );
  });
}
