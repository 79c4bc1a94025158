import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mirrorOf } from './mirror.ts';
import { montageChannels } from './montage.ts';

const mirrored = (channels: readonly string[]) => {
  const { places, signs } = mirrorOf(channels);
  return channels.map((_, index) => `${signs[index] === 1 ? '' : '-'}${channels[places[index]!]}`);
};

test('10-20: Fp1 F3 C3 P3 F7 T3 T5 O1 change places with Fp2 F4 C4 P4 F8 T4 T6 O2, the midline stays', () => {
  expect(mirrored(montageChannels({ montage: '10-20', channels: null }))).toEqual(
    'Fp2 F4 C4 P4 F8 T4 T6 O2 Fz Cz Pz Fp1 F3 C3 P3 F7 T3 T5 O1'.split(' '),
  );
});

test('double-banana: each chain changes places with that of the other side', () => {
  expect(mirrored(montageChannels({ montage: 'double-banana', channels: null }))).toEqual(
    'Fp2-F8 F8-T4 T4-T6 T6-O2 Fp1-F7 F7-T3 T3-T5 T5-O1 Fp2-F4 F4-C4 C4-P4 P4-O2 Fp1-F3 F3-C3 C3-P3 P3-O1 Fz-Cz Cz-Pz'.split(
      ' ',
    ),
  );
});

test('lists: references change sides too, a transverse chain is inverted', () => {
  const list = (...channels: string[]) => mirrored(montageChannels({ montage: 'channels', channels }));
  expect(list('C3-A2', 'C4-A1')).toEqual(['C4-A1', 'C3-A2']);
  expect(list('C3-REF', 'Cz-REF', 'C4-REF')).toEqual(['C4-REF', 'Cz-REF', 'C3-REF']);
  expect(list('T3-C3', 'C3-Cz', 'Cz-C4', 'C4-T4')).toEqual(['-C4-T4', '-Cz-C4', '-C3-Cz', '-T3-C3']);
  // T7 and P8 are T3 and T6.
  expect(list('T7', 'T8', 'P8', 'P7')).toEqual(['T4', 'T3', 'T5', 'T6']);
  expect(list('F9', 'F10')).toEqual(['F10', 'F9']);
});

test('a montage of one side, or with other than EEG, is refused by name', () => {
  const refused = (...channels: string[]) =>
    expect(() => mirrorOf(montageChannels({ montage: 'channels', channels })));
  refused('C3', 'Cz').toThrow(
    /left_right_flip cannot be had .*: the mirror of C3 is C4, which is not among the channels\. Set it to false/,
  );
  refused('C3-A1', 'C4-A1').toThrow(/the mirror of C3-A1 is C4-A2/);
  refused('C3', 'C4', 'EKG1').toThrow(/EKG1 is no electrode of the scalp/);
});

test('property: twice mirrored is as before', () => {
  const pairs = ['Fp1 Fp2', 'C3 C4', 'T3-T5 T4-T6', 'O1-A2 O2-A1', 'Fz', 'C3-C4', 'Pz-Oz'];
  fc.assert(
    fc.property(fc.shuffledSubarray(pairs, { minLength: 1 }), (chosen) => {
      const channels = chosen.join(' ').split(' ');
      const { places, signs } = mirrorOf(channels);
      places.forEach((place, index) => {
        expect(places[place]).toBe(index);
        expect(signs[place]! * signs[index]!).toBe(1);
      });
    }),
  );
});
