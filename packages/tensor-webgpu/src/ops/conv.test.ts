import { describe, expect, test } from 'vitest';
import {
  ArgumentError,
  arange,
  avgPool,
  conv,
  convTranspose,
  cross,
  DTypeError,
  diff,
  maxPool,
  random,
  ShapeError,
  type Tensor,
  tensor,
} from '../index.ts';

/** out[n, o, p] = Σ w[o, c, k] x[n, c, stride p + dilation k - padding], straight from the definition. */
function direct(x: Tensor, w: Tensor, stride: number, padding: number, dilation: number, groups: number): number[] {
  const [batch, channels, height, width] = x.shape;
  const [outputs, perGroup, kh, kw] = w.shape;
  const [xs, ws] = [x.dataSync(), w.dataSync()];
  const extent = (size: number, kernel: number): number =>
    Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
  const out: number[] = [];
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      for (let p = 0; p < extent(height, kh); p++) {
        for (let q = 0; q < extent(width, kw); q++) {
          let total = 0;
          for (let c = 0; c < perGroup; c++) {
            const channel = Math.floor(o / (outputs / groups)) * perGroup + c;
            for (let i = 0; i < kh; i++) {
              for (let j = 0; j < kw; j++) {
                const [row, column] = [stride * p + dilation * i - padding, stride * q + dilation * j - padding];
                if (row < 0 || column < 0 || row >= height || column >= width) continue;
                total +=
                  ws[((o * perGroup + c) * kh + i) * kw + j] *
                  xs[((n * channels + channel) * height + row) * width + column];
              }
            }
          }
          out.push(total);
        }
      }
    }
  }
  return out;
}

const f64 = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape, { dtype: 'f64' });

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  Array.from(expected).forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 10));
}

describe('conv', () => {
  test.each([
    [1, 0, 1, 1],
    [2, 1, 1, 1],
    [1, 2, 2, 1],
    [3, 1, 1, 2],
  ])('stride %i, padding %i, dilation %i, groups %i agree with the definition', (stride, padding, dilation, groups) => {
    const x = f64(1, [2, 4, 6, 7]);
    const w = f64(2, [6, 4 / groups, 3, 2]);
    expectClose(
      conv(x, w, { stride, padding, dilation, groups }).dataSync(),
      direct(x, w, stride, padding, dilation, groups),
    );
  });

  test("'same' keeps the extents, over any number of axes", () => {
    expect(conv(f64(1, [1, 2, 5]), f64(2, [3, 2, 4]), { padding: 'same' }).shape).toEqual([1, 3, 5]);
    expect(conv(f64(1, [1, 2, 5, 6]), f64(2, [3, 2, 3, 3]), { padding: 'same', stride: 2 }).shape).toEqual([
      1, 3, 3, 3,
    ]);
    expect(conv(f64(1, [1, 1, 4, 4, 4]), f64(2, [2, 1, 2, 2, 2])).shape).toEqual([1, 2, 3, 3, 3]);
  });

  test.each([
    [1, 0, 1, 1],
    [2, 1, 1, 1],
    [2, 0, 2, 2],
  ])(
    'convTranspose is the transpose of conv: stride %i, padding %i, dilation %i, groups %i',
    (stride, padding, dilation, groups) => {
      const w = f64(2, [4, 4 / groups, 3, 3]);
      const x = f64(1, [2, 4, 7, 7]);
      const y = conv(x, w, { stride, padding, dilation, groups });
      const z = f64(3, [...y.shape]);
      const back = convTranspose(z, w, { stride, padding, dilation, groups });
      expect(back.shape).toEqual(x.shape);
      expect(back.mul(x).sum().item()).toBeCloseTo(z.mul(y).sum().item(), 9);
    },
  );

  test('what does not fit is a named error', () => {
    const x = f64(1, [1, 2, 5]);
    expect(() => conv(x, f64(2, [3, 3, 2]))).toThrow(ShapeError);
    expect(() => conv(x, f64(2, [3, 2, 6]))).toThrow(/no room/);
    expect(() => conv(x, f64(2, [3, 2, 2]), { stride: 0 })).toThrow(ArgumentError);
    expect(() => conv(x, f64(2, [3, 2, 2]), { padding: -1 })).toThrow(ArgumentError);
    expect(() => convTranspose(x, f64(2, [2, 3, 2]), { padding: 2 })).toThrow(ArgumentError);
  });
});

describe('pooling', () => {
  const x = arange(16).reshape([1, 1, 4, 4]).astype('f32');

  test('windows stand side by side unless a stride is given', () => {
    expect(maxPool(x, 2).toArray()).toEqual([
      [
        [
          [5, 7],
          [13, 15],
        ],
      ],
    ]);
    expect(avgPool(x, 2).toArray()).toEqual([
      [
        [
          [2.5, 4.5],
          [10.5, 12.5],
        ],
      ],
    ]);
    expect(maxPool(x, 2, { stride: 1 }).shape).toEqual([1, 1, 3, 3]);
  });

  test('padding is never the largest, and counts as zeros in the mean', () => {
    expect(maxPool(x.sub(100), 2, { padding: 1 }).at(0, 0, 0, 0).item()).toBe(-100);
    expect(avgPool(x.add(4), 2, { padding: 1 }).at(0, 0, 0, 0).item()).toBe(1);
    expect(() => maxPool(arange(8).reshape([1, 1, 8]), 2)).toThrow(DTypeError);
    expect(() => avgPool([[1, 2]], 2)).toThrow(ShapeError);
  });
});

test('cross products and differences', () => {
  expect(
    cross(
      [1, 0, 0],
      [
        [0, 1, 0],
        [0, 0, 1],
      ],
    ).toArray(),
  ).toEqual([
    [0, 0, 1],
    [0, -1, 0],
  ]);
  expect(() => cross([1, 2], [3, 4])).toThrow(ShapeError);
  expect(diff([1, 4, 9, 16], { order: 2 }).toArray()).toEqual([2, 2]);
  expect(() => diff(tensor([1, 2]), { order: 3 })).toThrow(ArgumentError);
});
