import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openEdf, writeEdf, writeNpyFolder } from './index.ts';
import { inFolder, signalField, smallRecording, store } from './testing/damage.ts';

const sample = (name: string) => fileURLToPath(new URL(`../../data/sample/${name}`, import.meta.url));

/** The elements of a .npy file (format 1.0), and what its header says. */
async function readNpy(path: string) {
  const bytes = await readFile(path);
  const start = 10 + bytes.readUInt16LE(8);
  return {
    header: bytes.toString('latin1', 10, start).trim(),
    values: new Float64Array(new Uint8Array(bytes.subarray(start)).buffer),
  };
}

test('every signal in its unit, segments one after the other, and what is where', async () => {
  await inFolder(async (folder) => {
    const path = sample('chb03/chb03_01_clip_edfplusD.edf');
    const index = await writeNpyFolder(await openEdf(path), join(folder, 'a/b'));
    expect(JSON.parse(await readFile(join(folder, 'a/b/index.json'), 'utf8'))).toEqual(index);
    expect(index).toMatchObject({
      format: 'bgb-edf-npy',
      version: 1,
      is_complete: true,
      recording: { name: 'chb03_01_clip_edfplusD.edf', format: 'EDF+D', duration_s: 30 },
      segments: [
        { start_s: 0, duration_s: 10, first_record: 0, records: 10 },
        { start_s: 20, duration_s: 10, first_record: 10, records: 10 },
      ],
      left_out: [],
    });
    expect(index.signals.map(({ file }) => file).slice(13, 15)).toEqual(['13_F8-T8.npy', '14_T8-P8.npy']);
    expect(index.signals[22]).toMatchObject({
      label: 'T8-P8',
      file: '22_T8-P8.npy',
      samples_per_record: 256,
    });
    expect((await readdir(join(folder, 'a/b'))).sort()).toEqual(
      ['index.json', ...index.signals.map(({ file }) => file)].sort(),
    );
    const { header, values } = await readNpy(join(folder, 'a/b/22_T8-P8.npy'));
    expect(header).toBe("{'descr': '<f8', 'fortran_order': False, 'shape': (5120,), }");
    expect(values.length).toBe(5120);
    // Digital values straight from the file: 24 signals of header, 23 of 512 bytes a record and annotations.
    const bytes = await readFile(path);
    const recordBytes = (bytes.length - 25 * 256) / 20;
    for (const [at, value] of values.entries()) {
      const digital = bytes.readInt16LE(
        25 * 256 + Math.floor(at / 256) * recordBytes + 22 * 512 + 2 * (at % 256),
      );
      expect(Math.abs(value - ((digital + 0.5) * 1600) / 4095)).toBeLessThan(1e-9);
    }
  });
});

test('labels that are no file names, and labels that occur twice', async () => {
  await inFolder(async (folder) => {
    const labels = ['../x', '/', '', 'A B', 'A_B', 'A/B', '.', 'é\0', 'CON', 'C:\\x', 'a', 'A'];
    // More than are written at once.
    while (labels.length < 40) labels.push('B');
    const signal = { dimension: 'uV', physicalMin: -2, physicalMax: 2, digitalMin: -40, digitalMax: 40 };
    const path = join(folder, 'odd.edf');
    await writeEdf(path, {
      patient: 'X',
      recording: 'X',
      startedAt: '2002-03-02T10:20:30',
      recordDurationS: 1,
      signals: labels.map((_, index) => ({
        ...signal,
        label: `L${index}`,
        samplesPerRecord: 1,
        digital: [index],
      })),
    });
    const bytes = await readFile(path);
    labels.forEach((label, index) => void bytes.write(label.padEnd(16), 256 + 16 * index, 'latin1'));
    await writeFile(path, bytes);
    const { signals } = await writeNpyFolder(await openEdf(path), join(folder, 'npy'));
    expect(signals.map(({ file }) => file)).toEqual([
      '00_x.npy',
      '01_signal.npy',
      '02_signal.npy',
      '03_A_B.npy',
      '04_A_B.npy',
      '05_A_B.npy',
      '06_signal.npy',
      '07_signal.npy',
      '08_CON.npy',
      '09_C_x.npy',
      '10_a.npy',
      '11_A.npy',
      ...Array.from({ length: 28 }, (_, index) => `${12 + index}_B.npy`),
    ]);
    expect(signals.map(({ label }) => label)).toEqual(labels.map((label) => label.replace('\0', '')));
    for (const [index, { file }] of signals.entries())
      expect(Array.from((await readNpy(join(folder, 'npy', file))).values)).toEqual([
        expect.closeTo(index / 20, 12),
      ]);
    expect((await readdir(folder)).sort()).toEqual(['npy', 'odd.edf']);
  });
});

test('a signal without scaling is left out and listed', async () => {
  await inFolder(async (folder) => {
    const file = await smallRecording(folder, false);
    file.put(signalField('physicalMin', 1, 2), 8, '100');
    const recording = await openEdf(await store(folder, file.bytes));
    const index = await writeNpyFolder(recording, join(folder, 'npy'));
    expect(index.signals.map(({ label }) => label)).toEqual(['A']);
    expect(index.left_out).toEqual([
      { index: 1, label: 'B', reason: 'no scaling: digital -100 to 100, physical 100 to 100' },
    ]);
    expect((await readdir(join(folder, 'npy'))).sort()).toEqual(['0_A.npy', 'index.json']);
  });
});

describe('the folder', () => {
  test('the same recording is written anew; files of earlier that it no longer has go', async () => {
    await inFolder(async (folder) => {
      const npy = join(folder, 'npy');
      await mkdir(npy);
      const { bytes, put } = await smallRecording(folder, false);
      await writeNpyFolder(await openEdf(await store(folder, bytes)), npy);
      await writeFile(join(npy, 'note.txt'), 'mine');
      put(256, 16, 'C');
      await writeNpyFolder(await openEdf(await store(folder, bytes)), npy);
      expect((await readdir(npy)).sort()).toEqual(['0_C.npy', '1_B.npy', 'index.json', 'note.txt']);
    });
  });

  test('of a writing that was cut short says so, and can be written again', async () => {
    await inFolder(async (folder) => {
      const npy = join(folder, 'npy');
      const { bytes } = await smallRecording(folder, false);
      const path = join(folder, 'small.edf');
      const recording = await openEdf(path);
      await writeFile(path, bytes.subarray(0, -10));
      await expect(writeNpyFolder(recording, npy)).rejects.toMatchObject({ code: 'EDF_READ' });
      expect(await readdir(npy)).toEqual(['index.json']);
      expect(JSON.parse(await readFile(join(npy, 'index.json'), 'utf8')).is_complete).toBe(false);
      await writeFile(path, bytes);
      expect((await writeNpyFolder(recording, npy)).is_complete).toBe(true);
      expect(JSON.parse(await readFile(join(npy, 'index.json'), 'utf8')).is_complete).toBe(true);
    });
  });

  test.each([
    ['files', { 'note.txt': 'x' }, /files of something else, such as note\.txt/],
    ['an index of others', { 'index.json': '{"format": "x"}' }, /an index\.json of something else/],
    ['an index that is none', { 'index.json': '[' }, /an index\.json of something else/],
    [
      'another recording',
      { 'index.json': '{"format": "bgb-edf-npy", "recording": {"name": "b.edf"}, "signals": []}' },
      /the signals of b\.edf\./,
    ],
    [
      'a file that would be overwritten',
      {
        'index.json': '{"format": "bgb-edf-npy", "recording": {"name": "small.edf"}, "signals": []}',
        '1_B.npy': 'x',
      },
      /found 1_B\.npy, which is not in its index\.json/,
    ],
  ])('with %s is refused and left as it is', async (_, content, message) => {
    await inFolder(async (folder) => {
      const npy = join(folder, 'npy');
      await mkdir(npy);
      for (const [name, text] of Object.entries(content)) await writeFile(join(npy, name), text);
      await smallRecording(folder, false);
      const recording = await openEdf(join(folder, 'small.edf'));
      await expect(writeNpyFolder(recording, npy)).rejects.toMatchObject({
        code: 'EDF_NPY_FOLDER',
        message: expect.stringMatching(message),
      });
      for (const [name, text] of Object.entries(content))
        expect(await readFile(join(npy, name), 'utf8')).toBe(text);
      expect(await readdir(npy)).toHaveLength(Object.keys(content).length);
    });
  });

  test('that is a file is refused', async () => {
    await inFolder(async (folder) => {
      await smallRecording(folder, false);
      const path = join(folder, 'small.edf');
      await expect(writeNpyFolder(await openEdf(path), path)).rejects.toMatchObject({
        code: 'EDF_NPY_FOLDER',
        message: expect.stringMatching(/found a file\. Nothing was written/),
      });
    });
  });

  test('an index that leads out of it removes nothing there', async () => {
    await inFolder(async (folder) => {
      const npy = join(folder, 'npy');
      await mkdir(npy);
      await writeFile(join(folder, 'keep.npy'), 'x');
      const index = {
        format: 'bgb-edf-npy',
        recording: { name: 'small.edf' },
        signals: [{ file: '../keep.npy' }, { file: 'gone.npy' }],
      };
      await writeFile(join(npy, 'index.json'), JSON.stringify(index));
      await writeFile(join(npy, 'gone.npy'), 'x');
      await smallRecording(folder, false);
      await writeNpyFolder(await openEdf(join(folder, 'small.edf')), npy);
      expect(await readFile(join(folder, 'keep.npy'), 'utf8')).toBe('x');
      expect((await readdir(npy)).sort()).toEqual(['0_A.npy', '1_B.npy', 'index.json']);
    });
  });
});
