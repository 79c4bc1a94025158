/**
 * What preparing recordings takes from the thread that predicts them, here and in threads beside it, as `bgb predict` has
 * them where a GPU predicts. Nothing is predicted.
 *
 *     bin/bgb synth --out CORPUS --hours 24 --patients 12
 *     bash scripts/with-node.sh bench/prepare.ts CORPUS [threads]
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { listRecordings } from '../src/cache/index.ts';
import { configSchema } from '../src/config/index.ts';
import { InputError } from '../src/errors.ts';
import { prepareInTurn } from '../src/train/prepare-in-turn.ts';

const [corpus, given] = process.argv.slice(2);
if (corpus === undefined) throw new Error('Expected a folder of recordings, such as bgb synth makes.');
const paths = (await listRecordings(corpus)).map((name) => join(corpus, name));
const { preprocessing, data } = configSchema.parse({});
const preparation = { settings: { ...preprocessing, sampling_rate: data.sampling_rate }, isQuantised: true };
const seconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1e6;

console.log(`${paths.length} recordings, ${availableParallelism()} cores`);
for (const threads of [0, Number(given ?? availableParallelism())]) {
  const { signal } = new AbortController();
  const [all, own, since] = [process.cpuUsage(), process.threadCpuUsage(), performance.now()];
  let hours = 0;
  for await (const each of prepareInTurn(paths, preparation, { threads, signal }))
    if (!(each instanceof InputError)) hours += each.durationS / 3600;
  const spent = {
    wall: (performance.now() - since) / 1000,
    own: seconds(process.threadCpuUsage(own)),
    all: seconds(process.cpuUsage(all)),
  };
  const megabytes = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${threads} threads: ${hours.toFixed(1)} h in ${spent.wall.toFixed(1)} s; processor ${spent.all.toFixed(1)} s, of the predicting thread ${spent.own.toFixed(2)} s; at most ${megabytes.toFixed(0)} MB so far`,
  );
}
