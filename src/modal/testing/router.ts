import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { ServerError, Status } from 'nice-grpc';
import type { Message, StandIn } from './stand-in.ts';

interface Execution {
  readonly child: ChildProcess;
  readonly output: [Buffer, Buffer];
  /** Bytes of input taken. */
  taken: number;
  code: number | null;
  readonly ended: Promise<unknown>;
}

/** Commands in running containers, and the output of containers without a GPU. */
export function routerOf(standIn: StandIn): Record<string, (request: Message) => unknown> {
  const executions = new Map<string, Execution>();
  const find = (id: string) => {
    const found = executions.get(id);
    if (found === undefined) throw new ServerError(Status.NOT_FOUND, `no execution ${id}`);
    return found;
  };
  return {
    taskExecStart: ({ taskId, execId, commandArgs, secretIds, secretSources }) => {
      const { container } = standIn.byTask(taskId);
      // Started again after an answer that was lost: that is what its id is for.
      if (executions.has(execId)) return {};
      if (container.end !== null)
        throw new ServerError(Status.FAILED_PRECONDITION, 'the container has ended');
      const child = container.start(commandArgs, standIn.environmentOf(secretIds, secretSources));
      const execution: Execution = {
        child,
        output: [Buffer.alloc(0), Buffer.alloc(0)],
        taken: 0,
        code: null,
        ended: once(child, 'close').then(([code]) => {
          execution.code = code ?? 137;
        }),
      };
      for (const [index, stream] of [child.stdout!, child.stderr!].entries())
        stream.on('data', (chunk: Buffer) => {
          execution.output[index as 0 | 1] = Buffer.concat([
            execution.output[index as 0 | 1],
            container.told(chunk),
          ]);
        });
      executions.set(execId, execution);
      return {};
    },
    taskExecStdinWrite: ({ execId, data, eof, offset }) => {
      const execution = find(execId);
      // Written again after an answer that was lost.
      const fresh = Buffer.from(data).subarray(Math.max(0, execution.taken - Number(offset)));
      execution.taken += fresh.length;
      if (fresh.length > 0) execution.child.stdin!.write(fresh);
      if (eof) execution.child.stdin!.end();
      return {};
    },
    taskExecStdioRead: async function* ({ execId, fileDescriptor, offset }) {
      const execution = find(execId);
      await execution.ended;
      const rest = execution.output[fileDescriptor === 1 ? 1 : 0].subarray(Number(offset));
      for (let at = 0; at < rest.length; at += 1 << 20) yield { data: rest.subarray(at, at + (1 << 20)) };
    },
    taskExecWait: async ({ execId }) => {
      const execution = find(execId);
      await execution.ended;
      return { code: execution.code };
    },
    taskExecPoll: ({ execId }) => {
      const { code } = find(execId);
      return code === null ? {} : { code };
    },
    taskReloadVolumes: ({ taskId }) => {
      standIn.byTask(taskId).container.reload();
      return {};
    },
    sandboxStdioReadV2: async function* ({ taskId, offset, fileDescriptor }) {
      const { container } = standIn.byTask(taskId);
      const index = fileDescriptor === 1 ? 1 : 0;
      let at = Number(offset);
      while (true) {
        await container.moreThan(index, at);
        const data = container.output[index].subarray(at);
        if (data.length === 0) return;
        yield { data, startingOffset: at };
        at += data.length;
      }
    },
  };
}
