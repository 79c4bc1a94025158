import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AnnotationContent,
  readBgbJson,
  readBidsEvents,
  readTuszCsv,
  writeBgbJson,
  writeBidsEvents,
  writeCsvBi,
} from './index.ts';
import { refuses, temporaryFolder } from './testing/files.ts';

const { path: inFolder, store } = temporaryFolder();

const FORMATS = [
  { name: 'csv_bi', ending: '.csv_bi', write: writeCsvBi, read: readTuszCsv, resolutionS: 1e-4 },
  {
    name: 'events.tsv',
    ending: '_events.tsv',
    write: writeBidsEvents,
    read: readBidsEvents,
    resolutionS: 1e-2,
  },
  { name: 'JSON', ending: '.seizures.json', write: writeBgbJson, read: readBgbJson, resolutionS: 0 },
];

const anyContent = fc
  .record({
    durationS: fc.oneof(
      fc.constantFrom(0, 1, 59.99, 67, 86_400),
      fc.double({ min: 0.1, max: 2e5, noNaN: true }),
    ),
    marks: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ durationS, marks, confidence }): AnnotationContent => {
    const times = [...marks, marks.length % 3 === 0 ? 1 : 0]
      .sort((a, b) => a - b)
      .map((mark) => mark * durationS);
    const events = Array.from({ length: times.length >> 1 }, (_, index) => ({
      startS: times[2 * index]!,
      endS: times[2 * index + 1]!,
      confidence,
    })).filter(({ startS, endS }) => endS - startS > 0.02);
    return { name: 'planted', durationS, events, startedAt: '2016-11-06T13:43:04' };
  });

describe.each(FORMATS)('$name', ({ name, ending, write, read, resolutionS }) => {
  const path = inFolder.bind(null, `planted${ending}`);

  test('property: planted events come back, in time and number', async () => {
    await fc.assert(
      fc.asyncProperty(anyContent, async (content) => {
        await write(path(), content);
        const { durationS, events, notices } = await read(path());
        const close = (found: number, expected: number) =>
          expect(Math.abs(found - expected)).toBeLessThanOrEqual(resolutionS / 2 + expected * 1e-12);
        close(durationS!, content.durationS);
        const seizures = events.filter(({ meaning }) => meaning === 'seizure');
        expect(seizures).toHaveLength(content.events.length);
        for (const [index, { startS, endS, confidence }] of seizures.entries()) {
          const planted = content.events[index]!;
          close(startS, planted.startS);
          close(endS, planted.endS);
          expect(Math.abs(confidence! - planted.confidence)).toBeLessThanOrEqual(resolutionS / 2 + 1e-12);
          expect(endS).toBeLessThanOrEqual(durationS! + 1e-9);
        }
        // A recording of no duration has a row, and the row says nothing.
        if (content.durationS > 0) expect(notices).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    [
      'overlap',
      [
        { startS: 0, endS: 5, confidence: 1 },
        { startS: 4, endS: 6, confidence: 1 },
      ],
      /do not overlap/,
    ],
    ['past the end', [{ startS: 55, endS: 61, confidence: 1 }], /within 0-60 s .* found 55-61 s/],
    ['no number', [{ startS: 5, endS: Number.NaN, confidence: 1 }], /ends after it starts/],
    ['a confidence of 2', [{ startS: 5, endS: 6, confidence: 2 }], /from 0 to 1, found 2/],
  ])('refuses to write: %s', async (_, events, message) => {
    const content = { name: 'bad', durationS: 60, events };
    await expect(write(inFolder(`bad${ending}`), content)).rejects.toMatchObject(
      refuses('ANNOTATION_WRITE', message),
    );
    await expect(readFile(inFolder(`bad${ending}`))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a seizure without duration is refused, or kept where it is asked for', async () => {
    const texts: Record<string, string> = {
      csv_bi:
        '# duration = 60 secs\nchannel,start_time,stop_time,label,confidence\nTERM,5.0000,5.0000,seiz,1\n',
      'events.tsv': 'onset\tduration\teventType\trecordingDuration\n5\t0\tsz\t60\n',
      JSON: JSON.stringify({
        format: 'bgb-annotation',
        version: 1,
        recording: 'empty',
        duration_s: 60,
        events: [{ start_s: 5, end_s: 5, label: 'seiz' }],
      }),
    };
    const file = await store(`empty${ending}`, texts[name]!);
    await expect(read(file)).rejects.toMatchObject(refuses('ANNOTATION_LINE', /to end after it starts/));
    const { events } = await read(file, undefined, 'kept');
    expect(events).toMatchObject([{ startS: 5, endS: 5, meaning: 'seizure' }]);
  });
});

test('events.tsv as SzCORE has it, with and without seizures', async () => {
  const content = { name: 'a', durationS: 3600, startedAt: '2016-11-06T13:43:04' };
  await writeBidsEvents(inFolder('with.tsv'), {
    ...content,
    events: [{ startS: 100.006, endS: 160.004, confidence: 0.875 }],
  });
  const header = 'onset\tduration\teventType\tconfidence\tchannels\tdateTime\trecordingDuration\n';
  expect(await readFile(inFolder('with.tsv'), 'utf8')).toBe(
    `${header}100.01\t59.99\tsz\t0.88\tn/a\t2016-11-06 13:43:04\t3600.00\n`,
  );
  await writeBidsEvents(inFolder('without.tsv'), { ...content, events: [], startedAt: null });
  expect(await readFile(inFolder('without.tsv'), 'utf8')).toBe(
    `${header}0.00\t3600.00\tbckg\tn/a\tn/a\tn/a\t3600.00\n`,
  );
});

test('JSON: more fields are kept beside, and what is no such document is refused by place', async () => {
  const content = { name: 'a', durationS: 60, events: [{ startS: 1 / 3, endS: 2, confidence: 1 }] };
  await writeBgbJson(inFolder('a.json'), content, { checkpoint: 'best' });
  expect(JSON.parse(await readFile(inFolder('a.json'), 'utf8'))).toEqual({
    format: 'bgb-annotation',
    version: 1,
    recording: 'a',
    duration_s: 60,
    events: [{ start_s: 1 / 3, end_s: 2, label: 'seiz', confidence: 1 }],
    checkpoint: 'best',
  });
  const good = {
    format: 'bgb-annotation',
    version: 1,
    recording: 'a',
    duration_s: 60,
    events: [] as unknown[],
  };
  for (const [bad, code, message] of [
    [{ ...good, format: 'else' }, 'ANNOTATION_JSON', /at 'format'/],
    [{ ...good, version: 2 }, 'ANNOTATION_JSON', /at 'version'/],
    [{ ...good, duration_s: -1 }, 'ANNOTATION_JSON', /at 'duration_s'/],
    [
      { ...good, events: [{ start_s: 1, end_s: '2', label: 'sz' }] },
      'ANNOTATION_JSON',
      /at 'events\.0\.end_s'/,
    ],
    [
      { ...good, events: [{ start_s: 1, end_s: 2, label: 'eyes' }] },
      'ANNOTATION_LABEL',
      /events\.0: the label/,
    ],
    [{ ...good, events: [{ start_s: 3, end_s: 2, label: 'sz' }] }, 'ANNOTATION_LINE', /events\.0: expected/],
    [[], 'ANNOTATION_JSON', /at ''/],
  ] as const)
    await expect(readBgbJson(await store('bad.json', JSON.stringify(bad)))).rejects.toMatchObject(
      refuses(code, message),
    );
  await expect(readBgbJson(await store('cut.json', '{"format": '))).rejects.toMatchObject(
    refuses('ANNOTATION_JSON', /expected JSON/),
  );
  await expect(
    readBgbJson(await store('big.json', JSON.stringify(good).replace('60', '1e999'))),
  ).rejects.toThrow(/at 'duration_s'/);
});
