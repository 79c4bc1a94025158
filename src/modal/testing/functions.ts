import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decode, encode } from 'cbor-x';
import { ServerError, Status } from 'nice-grpc';
import { StandInContainer } from './container.ts';
import { FunctionCallHere } from './function-call.ts';
import { type Handler, STATUS, type StandIn } from './stand-in.ts';

const STUB = fileURLToPath(new URL('./modal_stub.py', import.meta.url));

/** Calls of a deployed function: deploy/modal/app.py, started by the stub of Modal's Python client. */
export function functionsOf(standIn: StandIn): Record<string, Handler> {
  const found = (id: string) => {
    const call = standIn.functionCalls[Number(id.slice(3))];
    if (call === undefined) throw new ServerError(Status.NOT_FOUND, `no call ${id}`);
    return call;
  };
  const metadata = { functionName: 'train', supportedInputFormats: [4], appId: 'ap-bgb' };
  return {
    functionGet: ({ objectTag }) => {
      if (standIn.options.deployed === undefined)
        throw new ServerError(Status.NOT_FOUND, `no function ${objectTag}`);
      return { functionId: `fu-${objectTag}`, handleMetadata: metadata };
    },
    functionBindParams: ({ functionId, functionOptions }) => {
      standIn.bound.push(functionOptions);
      return { boundFunctionId: functionId, handleMetadata: metadata };
    },
    functionMap: ({ functionId, pipelinedInputs }) => {
      const [, kwargs] = decode(pipelinedInputs[0].input.args);
      const id = `fc-${standIn.functionCalls.length}`;
      const call = new FunctionCallHere((attempt) => {
        const folder = join(standIn.folder, 'containers', `${id}-${attempt}`);
        mkdirSync(folder, { recursive: true });
        const { file, opt } = standIn.options.deployed!;
        return new StandInContainer({
          id: `${id}-${attempt}`,
          folder,
          command: ['python3', STUB, file, functionId.slice(3), JSON.stringify(kwargs)],
          workdir: '/opt/bgb',
          environment: { ...standIn.environmentOf([]), STAND_IN_CALL: id },
          mounts: [
            { path: '/results', isReadOnly: false, from: standIn.volume('bgb-results') },
            { path: '/opt', isReadOnly: true, from: opt },
          ],
          timeoutS: 600,
          commitEveryMs: 300,
          isPlain: false,
        });
      });
      standIn.functionCalls.push(call);
      return {
        functionCallId: id,
        functionCallJwt: '',
        pipelinedInputs: [{ idx: 0, inputId: 'in-0', inputJwt: '' }],
      };
    },
    functionCallFromId: ({ functionCallId }) => {
      found(functionCallId);
      return { functionCallId, metadata: { appId: 'ap-bgb', functionId: 'fu-train' } };
    },
    functionGetOutputs: async ({ functionCallId, timeout }) => {
      const call = found(functionCallId);
      await Promise.race([call.ended, delay(timeout * 1000, null, { ref: false })]);
      if (call.result === null) return { outputs: [] };
      const result = { status: call.result === 0 ? STATUS.success : STATUS.failure, exception: '' };
      return { outputs: [{ result: { ...result, data: encode(call.result) }, idx: 0, dataFormat: 4 }] };
    },
    functionCallCancel: ({ functionCallId, terminateContainers }) => {
      found(functionCallId).cancel(terminateContainers === true);
      return {};
    },
  };
}
