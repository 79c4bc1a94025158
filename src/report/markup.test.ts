import fc from 'fast-check';
import { expect, test } from 'vitest';
import { element, group } from './markup.ts';
import { elementsOf } from './testing/elements.ts';

test('text and attributes are escaped, elements are not', () => {
  expect(element('p', { title: `"><script>'`, id: null }, 'a < b & c', element('b', {}, 'd')).markup).toBe(
    '<p title="&quot;&gt;&lt;script&gt;&#39;">a &lt; b &amp; c<b>d</b></p>',
  );
  expect(element('meta', { charset: 'utf-8' }).markup).toBe('<meta charset="utf-8">');
});

test('numbers to a hundredth; what XML does not allow is replaced; long text is cut', () => {
  expect(element('g', { x: 1 / 3 }, 'a\u0000b\ud800c').markup).toBe('<g x="0.33">a\ufffdb\ufffdc</g>');
  expect(group('x'.repeat(1_000_000)).markup).toHaveLength(403);
});

test('property: no text makes an element', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, attribute) => {
      const found = elementsOf(element('p', { title: attribute }, text).markup);
      expect(found).toHaveLength(1);
    }),
  );
});
