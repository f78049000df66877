import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { dataPath, hasData, noDataReason } from '@flowfield/testing';
import { describe, expect, test } from 'vitest';
import {
  IdxContentError,
  IdxError,
  IdxFormatError,
  IdxLengthError,
  parseIdx,
  readIdx,
  readIdxImages,
} from './index.ts';

/** An IDX file of a type, shape and big-endian elements. */
const idx = (type: number, shape: readonly number[], elements: readonly number[]): Uint8Array => {
  const extents = shape.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
  return Uint8Array.of(0, 0, type, shape.length, ...extents, ...elements);
};

describe('parseIdx', () => {
  test('every type, big-endian', () => {
    expect(parseIdx(idx(8, [2, 2], [0, 1, 254, 255]))).toEqual({ shape: [2, 2], data: Uint8Array.of(0, 1, 254, 255) });
    expect(parseIdx(idx(9, [2], [255, 127])).data).toEqual(Int8Array.of(-1, 127));
    expect(parseIdx(idx(11, [1], [255, 0])).data).toEqual(Int16Array.of(-256));
    expect(parseIdx(idx(12, [1], [0, 1, 0, 0])).data).toEqual(Int32Array.of(65536));
    expect(parseIdx(idx(13, [1], [0x3f, 0xc0, 0, 0])).data).toEqual(Float32Array.of(1.5));
    expect(parseIdx(idx(14, [1], [0xbf, 0xf8, 0, 0, 0, 0, 0, 0])).data).toEqual(Float64Array.of(-1.5));
    expect(parseIdx(idx(8, [0, 3], []))).toEqual({ shape: [0, 3], data: new Uint8Array(0) });
  });

  test('a part of a larger buffer', () => {
    const whole = Uint8Array.of(9, 9, 9, ...idx(8, [1], [7]), 9);
    expect(parseIdx(whole.subarray(3, 12)).data).toEqual(Uint8Array.of(7));
  });

  test.each<[string, Uint8Array, new (message: string) => Error, RegExp]>([
    ['nothing', new Uint8Array(0), IdxFormatError, /mine: expected an IDX file .*, given an empty file/],
    ['text', new TextEncoder().encode('lat,lon'), IdxFormatError, /given 6c 61 74 2c/],
    ['another type', idx(10, [1], [0]), IdxFormatError, /given 00 00 0a 01/],
    ['gzip', gzipSync(idx(8, [1], [7])), IdxFormatError, /Read it with readIdx/],
    ['no axes', idx(8, [], []), IdxLengthError, /at least one axis/],
    ['a cut header', idx(8, [2, 2], [1, 2, 3, 4]).subarray(0, 9), IdxLengthError, /header of 12 bytes/],
    ['a cut file', idx(8, [2, 2], [1, 2, 3]), IdxLengthError, /expected 16 bytes for shape \[2, 2\], given 15/],
    ['a longer file', idx(8, [1], [1, 2]), IdxLengthError, /expected 9 bytes/],
    ['extents beyond memory', idx(14, [2 ** 31, 2 ** 31], []), IdxLengthError, /given 12/],
  ])('%s: a named error', (_what, bytes, type, message) => {
    expect(() => parseIdx(bytes, { file: 'mine' })).toThrow(type);
    expect(() => parseIdx(bytes, { file: 'mine' })).toThrow(IdxError);
    expect(() => parseIdx(bytes, { file: 'mine' })).toThrow(message);
  });
});

describe('packed files and images', () => {
  const images = idx(8, [2, 1, 2], [0, 255, 51, 102]);
  const labels = idx(8, [2], [3, 9]);

  test('gzip is unpacked, plain files are read as well', async () => {
    expect(await readIdx(gzipSync(images))).toEqual(parseIdx(images));
    expect(await readIdx(images)).toEqual(parseIdx(images));
    const read = await readIdxImages(gzipSync(images), labels);
    expect(Array.from(read.images)).toEqual(Array.from(Float32Array.of(0, 1, 0.2, 0.4)));
    expect(read).toMatchObject({ labels: Int32Array.of(3, 9), count: 2, rows: 1, columns: 2 });
    expect((await readIdxImages(images)).labels.length).toBe(0);
  });

  test('damaged and swapped files are named', async () => {
    const damaged = gzipSync(images).subarray(0, 20);
    await expect(readIdx(damaged, { file: 'x.gz' })).rejects.toThrow(IdxFormatError);
    await expect(readIdx(damaged, { file: 'x.gz' })).rejects.toThrow(/x\.gz: expected a whole gzip file/);
    await expect(readIdxImages(labels, images)).rejects.toThrow(IdxContentError);
    await expect(readIdxImages(labels, images)).rejects.toThrow(/not swapped/);
    await expect(readIdxImages(images, idx(8, [3], [1, 2, 3]))).rejects.toThrow(/expected 2 whole numbers/);
    await expect(readIdxImages(images, idx(13, [2], [0, 0, 0, 0, 0, 0, 0, 0]))).rejects.toThrow(IdxContentError);
  });

  test('the MNIST test set', async (context) => {
    if (!hasData('mnist')) return context.skip(noDataReason);
    const [pixels, classes] = ['images-idx3', 'labels-idx1'].map((name) =>
      readFileSync(dataPath(`mnist/t10k-${name}-ubyte.gz`)),
    );
    const { images, labels, count, rows, columns } = await readIdxImages(pixels!, classes);
    expect([count, rows, columns, images.length, labels.length]).toEqual([10000, 28, 28, 7840000, 10000]);
    // The first test image is a seven.
    expect(Array.from(labels.subarray(0, 5))).toEqual([7, 2, 1, 0, 4]);
    expect(images.reduce((sum, value) => sum + value, 0) / images.length).toBeCloseTo(0.1325, 3);
  });
});
