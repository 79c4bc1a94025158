import { BgbError } from '../errors.ts';
import { native } from './native.ts';
import { differenceFrom, parseSchema } from './schema.ts';
import { USED_SIGNATURES } from './used.generated.ts';

/**
 * Compares signatures that bgb calls with those of a library. A sentence per difference; none when every
 * call can be made.
 *
 * @param schemaOf the library's own schema text of an operator, or null where it has none
 */
export function differences(
  signatures: readonly string[],
  schemaOf: (name: string) => string | null,
): string[] {
  return signatures.flatMap((signature) => {
    const expected = parseSchema(signature);
    const text = schemaOf(expected.name);
    if (text === null) return [`${expected.name} is missing`];
    const difference = differenceFrom(expected, parseSchema(text));
    return difference === null ? [] : [`${expected.name}: ${difference}`];
  });
}

/** @throws BgbError `TORCH_INCOMPATIBLE`, naming each operator in use whose signature is another */
export function checkCompatibility(): void {
  const found = differences(USED_SIGNATURES, (name) => {
    const id = native.operatorId(name);
    return id < 0 ? null : native.operatorSchema(id);
  });
  if (found.length > 0)
    throw new BgbError(
      'TORCH_INCOMPATIBLE',
      `libtorch ${native.libraryInfo().version} differs in operators that bgb uses: ${found.join('; ')}. Supported are 1.13 and 2.6 or newer.`,
    );
}
