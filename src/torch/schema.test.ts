import fc from 'fast-check';
import { expect, test } from 'vitest';
import { differences } from './compatibility.ts';
import { formatSchema, parseSchema } from './schema.ts';

test('reads overloads, lists, alias marks, keyword-only marks and defaults', () => {
  const schema = parseSchema(
    'aten::conv2d.padding(Tensor(a!) input, Tensor? bias=None, SymInt[2] stride=[1, 1], *, str padding="a, b") -> (Tensor(a!), int[])',
  );
  expect(schema.name).toBe('aten::conv2d.padding');
  expect(schema.arguments).toEqual([
    { name: 'input', type: 'Tensor', hasDefault: false },
    { name: 'bias', type: 'Tensor?', hasDefault: true },
    { name: 'stride', type: 'int[2]', hasDefault: true },
    { name: 'padding', type: 'str', hasDefault: true },
  ]);
  expect(schema.returns).toEqual(['Tensor', 'int[]']);
  expect(formatSchema(parseSchema(formatSchema(schema)))).toBe(formatSchema(schema));
});

test('differences between what is used and what the library has are named', () => {
  const used = [
    'aten::a(Tensor self, int dim=) -> (Tensor)',
    'aten::b(Tensor self) -> (Tensor)',
    'aten::c() -> ()',
  ];
  const library: Record<string, string> = {
    'aten::a': 'aten::a(Tensor self, float dim=1., bool new=False) -> Tensor',
    'aten::c': 'aten::c(int extra) -> ()',
  };
  expect(differences(used, (name) => library[name] ?? null)).toEqual([
    'aten::a: argument dim is float instead of int',
    'aten::b is missing',
    'aten::c: argument extra is new',
  ]);
  library['aten::a'] = 'aten::a(Tensor(x) self, bool added=False, *, SymInt dim=0) -> Tensor(x)';
  expect(differences(used.slice(0, 1), (name) => library[name] ?? null)).toEqual([]);
});

test('fuzz: any text is read or refused with a SyntaxError', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseSchema(text);
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError);
      }
    }),
  );
});
