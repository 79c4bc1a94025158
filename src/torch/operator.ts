import { BgbError } from '../errors.ts';
import { describeTensors, TorchError } from './errors.ts';
import { native } from './native.ts';
import { track } from './scope.ts';
import type { Tensor } from './tensor.ts';

/** An operator of libtorch's dispatcher, ready to be called with arguments by name. */
export type Operator = (named?: Record<string, unknown>) => unknown;

const operators = new Map<string, Operator>();

/** Whether this libtorch has an operator, by schema name such as `aten::rms_norm` or `aten::add.Tensor`. */
export function has(name: string): boolean {
  return native.operatorId(name) >= 0;
}

/**
 * The operator of that schema name. Looked up once; the order of its arguments is the library's own, so a
 * version that has added an argument in the middle is still called rightly.
 *
 * @throws BgbError `TORCH_NO_OPERATOR` when this libtorch has none of that name
 */
export function operator(name: string): Operator {
  const known = operators.get(name);
  if (known !== undefined) return known;
  const id = native.operatorId(name);
  if (id < 0)
    throw new BgbError(
      'TORCH_NO_OPERATOR',
      `libtorch ${native.libraryInfo().version} has no operator ${name}`,
    );
  const names = native.operatorArguments(id);
  const made: Operator = (named = {}) => {
    const values = names.map((argument) => named[argument]);
    for (const argument in named) {
      if (!names.includes(argument))
        throw new TorchError(
          name,
          [],
          new TypeError(`no argument '${argument}'; the schema is ${native.operatorSchema(id)}`),
        );
    }
    return invoke(name, id, names, values);
  };
  operators.set(name, made);
  return made;
}

function invoke(name: string, id: number, names: readonly string[], values: readonly unknown[]): unknown {
  let result: unknown;
  try {
    result = native.callOperator(id, values);
  } catch (cause) {
    throw new TorchError(name, describeTensors(names, values), cause);
  }
  return adopt(result);
}

function adopt(result: unknown): unknown {
  if (result instanceof native.TensorBase) return track(result as unknown as Tensor);
  if (Array.isArray(result)) for (const item of result) adopt(item);
  return result;
}
