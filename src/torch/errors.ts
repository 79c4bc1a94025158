import { BgbError, messageOf } from '../errors.ts';
import { native } from './native.ts';

/**
 * libtorch refused an operation. Names the operator and the tensors it was given, since libtorch's own
 * message often names neither.
 */
export class TorchError extends BgbError {
  /** Schema name, such as `aten::conv2d`. */
  readonly operator: string;
  /** One entry an argument that is a tensor: `name float32[2, 3]`. */
  readonly tensors: readonly string[];

  constructor(operator: string, tensors: readonly string[], cause: unknown) {
    const given = tensors.length > 0 ? ` (${tensors.join(', ')})` : '';
    super('TORCH_OPERATOR', `${operator}: ${messageOf(cause)}${given}`, { cause });
    this.operator = operator;
    this.tensors = tensors;
  }
}

/** Describes the tensors among `values`, for an error message. */
export function describeTensors(names: readonly string[], values: readonly unknown[]): string[] {
  return values.flatMap((value, index) => {
    const text = describe(value);
    return text === null ? [] : [`${names[index] ?? index} ${text}`];
  });
}

function describe(value: unknown): string | null {
  if (Array.isArray(value)) {
    const items = value.slice(0, 4).map(describe);
    if (items.length === 0 || items.some((item) => item === null)) return null;
    return `[${items.join(', ')}${value.length > 4 ? `, … ${value.length} in all` : ''}]`;
  }
  if (!(value instanceof native.TensorBase)) return null;
  if (value.isReleased) return 'released';
  return `${value.dtype}[${value.shape.join(', ')}]${value.device === 'cpu' ? '' : ` on ${value.device}`}`;
}
