import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type CallContext, ServerError, Status } from 'nice-grpc';
import { type Mount, StandInContainer } from './container.ts';
import { type Handler, type Message, type Sandbox, STATUS, type StandIn } from './stand-in.ts';

/** Sandboxes: those with a GPU are of the first version, the others of the second, as the SDK asks for them. */
export function sandboxesOf(standIn: StandIn): Record<string, Handler> {
  const find = (id: string) => {
    const found = standIn.sandboxes.find((sandbox) => sandbox.id === id);
    if (found === undefined) throw new ServerError(Status.NOT_FOUND, `no sandbox ${id}`);
    return found;
  };
  const byName = ({ sandboxName, appName, includeTerminated }: Message, isV2: boolean) => {
    const found = standIn.sandboxes.findLast(
      ({ name, app, id, container, isForgotten }) =>
        name === sandboxName &&
        isForgotten !== true &&
        app === appName &&
        id.startsWith(isV2 ? 'sb-v2-' : 'sb-0') &&
        (container.end === null || includeTerminated === true),
    );
    if (found === undefined) throw new ServerError(Status.NOT_FOUND, `no sandbox ${sandboxName}`);
    return { sandboxId: found.id };
  };
  const taskOf = async ({ sandboxId }: Message) => {
    const { container } = find(sandboxId);
    if (container.end !== null && container.output[0].length === 0)
      return { taskResult: resultOf(container), taskId: `ta-${sandboxId}` };
    return { taskId: `ta-${sandboxId}` };
  };
  const wait = async ({ sandboxId, timeout }: Message) => {
    const { container } = find(sandboxId);
    await Promise.race([container.ended, delay(timeout * 1000, null, { ref: false })]);
    return { result: container.end === null ? undefined : resultOf(container) };
  };
  const terminate = ({ sandboxId }: Message) => {
    find(sandboxId).container.kill('terminated');
    return {};
  };
  const list = ({ tags, beforeTimestamp }: Message) => ({
    sandboxes: beforeTimestamp
      ? []
      : standIn.sandboxes
          .filter(
            ({ container, tags: own }) =>
              container.end === null &&
              tags.every(({ tagName, tagValue }: Message) => own[tagName] === tagValue),
          )
          .map(({ id }, index) => ({ id, createdAt: 1 + index })),
  });
  const start = async (request: Message, isV2: boolean, { metadata }: CallContext) => {
    const { definition, tags, secretSources = [] } = request;
    if (
      standIn.sandboxes.some(
        ({ name, container, isForgotten }) =>
          name && name === definition.name && container.end === null && isForgotten !== true,
      )
    )
      throw new ServerError(Status.ALREADY_EXISTS, `a sandbox named ${definition.name} is running`);
    const gpu = definition.resources?.gpuConfig?.gpuType || null;
    if (gpu !== null && standIn.faults.isWithoutCapacity)
      throw new ServerError(Status.RESOURCE_EXHAUSTED, 'no capacity for this GPU');
    await delay(standIn.faults.startupMs);
    const id = isV2 ? `sb-v2-${standIn.next()}` : standIn.id('sb');
    const folder = join(standIn.folder, 'containers', id);
    mkdirSync(folder, { recursive: true });
    const mounts: Mount[] = [
      ...definition.volumeMounts.map(({ volumeId, mountPath, readOnly }: Message) => ({
        path: mountPath,
        isReadOnly: readOnly,
        from: standIn.volume(volumeId.slice(3)),
      })),
      ...definition.cloudBucketMounts.map(({ bucketName, mountPath, readOnly }: Message) => ({
        path: mountPath,
        isReadOnly: readOnly,
        from: standIn.bucket(bucketName),
      })),
    ];
    const container = new StandInContainer({
      id,
      folder,
      command: definition.entrypointArgs,
      workdir: definition.workdir || '/',
      environment: standIn.environmentOf(definition.secretIds, secretSources),
      mounts,
      timeoutS: definition.timeoutSecs,
      commitEveryMs: standIn.options.commitEveryMs === undefined ? 300 : standIn.options.commitEveryMs,
      isPlain: standIn.options.isPlain === true,
    });
    standIn.sandboxes.push({
      id,
      name: definition.name ?? '',
      app: request.appId.slice(3),
      tags: Object.fromEntries(tags.map(({ tagName, tagValue }: Message) => [tagName, tagValue])),
      gpu,
      token: metadata.get('x-modal-token-id') ?? '',
      definition,
      container,
    });
    return { sandboxId: id, taskId: `ta-${id}`, commandRouterAccess: standIn.access };
  };
  return {
    sandboxCreate: (request, context) => start(request, false, context),
    sandboxCreateV2: (request, context) => start(request, true, context),
    sandboxGetTaskId: taskOf,
    sandboxGetTaskIdV2: taskOf,
    sandboxWait: wait,
    sandboxWaitV2: wait,
    sandboxTerminate: terminate,
    sandboxTerminateV2: terminate,
    sandboxGetFromName: (request) => byName(request, false),
    sandboxGetFromNameV2: (request) => byName(request, true),
    sandboxList: list,
    sandboxListV2: list,
    sandboxTagsGet: ({ sandboxId }) => tagsOf(find(sandboxId)),
    sandboxTagsGetV2: ({ sandboxId }) => tagsOf(find(sandboxId)),
    taskGetCommandRouterAccess: () => standIn.access,
    sandboxGetCommandRouterAccess: () => standIn.access,
    sandboxGetLogs: ({ sandboxId, fileDescriptor, lastEntryId }) =>
      logsOf(find(sandboxId), fileDescriptor === 2 ? 1 : 0, lastEntryId),
  };
}

function tagsOf({ tags }: Sandbox) {
  return { tags: Object.entries(tags).map(([tagName, tagValue]) => ({ tagName, tagValue })) };
}

function resultOf({ end }: StandInContainer) {
  if (end?.kind === 'exited')
    return { status: end.code === 0 ? STATUS.success : STATUS.failure, exitcode: end.code };
  return { status: STATUS[end!.kind], exitcode: 0 };
}

/** Batches from the entry after `last` on, each named by the bytes up to its end. */
async function* logsOf({ container }: Sandbox, index: 0 | 1, last: string) {
  let at = Number(last.split('-')[0]) || 0;
  while (true) {
    await container.moreThan(index, at);
    const data = container.output[index].subarray(at);
    if (data.length > 0) {
      at += data.length;
      yield { entryId: `${at}-0`, items: [{ data: data.toString('utf8'), fileDescriptor: index + 1 }] };
    } else {
      yield { entryId: `${at}-0`, items: [], eof: true };
      return;
    }
  }
}
