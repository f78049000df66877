import { describe, expect, it } from 'vitest';
import type { Aval } from '../../program/aval.ts';
import { cpuDevice } from './device.ts';
import { f32, programOf } from './testing/against-reference.ts';

const device = cpuDevice({ threads: 1 });
const matmul = { contract: [[1], [0]], batch: [[], []] } as const;
/** e^-90 and e^-100 lie below the normal numbers; e^-80 does not. */
const ROWS = [-80, -90, -100, 1, Number.NaN];
const square: Aval = f32(5, 5);
const logits = Float32Array.from({ length: 25 }, (_, i) => ROWS[Math.floor(i / 5)]);
const huge = new Float32Array(25).fill(2 ** 100);

function run(build: Parameters<typeof programOf>[1], ...data: Float32Array[]): number[][] {
  const executable = device.compile(
    programOf(
      data.map(() => square),
      build,
    ),
  );
  const outputs = executable.run(data.map((each) => device.put(each, 'f32')));
  return outputs.map((storage) => [...device.readSync(storage)].filter((_, i) => i % 5 === 0));
}

describe('below the normal numbers', () => {
  it('an operand of a product that falls off exponentially counts as 0', () => {
    for (const falling of ['exp', 'sigmoid', 'softplus'] as const) {
      const [products] = run((l, x, w) => [l.dotGeneral(l[falling](x), w, matmul)], logits, huge);
      expect(products[0]).toBeGreaterThan(0);
      expect(products.slice(1, 3)).toEqual([0, 0]);
      expect(products[3]).toBeGreaterThan(2 ** 100);
      expect(products[4]).toBeNaN();
    }
  });

  it('what a person sees, and what a logarithm, a quotient or a comparison reads, is exact', () => {
    const [seen, products] = run((l, x, w) => [l.exp(x), l.dotGeneral(l.exp(x), w, matmul)], logits, huge);
    expect(seen[1] / Math.exp(-90)).toBeCloseTo(1, 4);
    expect(seen[2]).toBeGreaterThan(0);
    expect(products[1]).toBeGreaterThan(0);
    const [, logs, shares] = run(
      (l, x, w) => {
        const falling = l.exp(x);
        return [l.dotGeneral(falling, w, matmul), l.log(falling), l.div(falling, falling)];
      },
      logits,
      huge,
    );
    expect(logs[1]).toBeCloseTo(-90, 2);
    expect(shares[1]).toBe(1);
  });

  it('so does what goes into a product by way of other values', () => {
    const [products] = run(
      (l, x, w) => [l.dotGeneral(l.mul(l.mul(l.sigmoid(x), w), l.sub(1, l.sigmoid(x))), w, matmul)],
      logits,
      new Float32Array(25).fill(2 ** 50),
    );
    expect(products[0]).toBeGreaterThan(0);
    expect(products.slice(1, 3)).toEqual([0, 0]);
    expect(products[4]).toBeNaN();
  });

  it('but not beside a reader that must have it', () => {
    const [products, logs] = run(
      (l, x, w) => {
        const slope = l.sigmoid(x);
        return [l.dotGeneral(l.mul(slope, w), w, matmul), l.log(slope)];
      },
      logits,
      huge,
    );
    expect(products[1]).toBeGreaterThan(0);
    expect(logs[1]).toBeCloseTo(-90, 2);
  });

  it('sums of products with such operands are as exact as any', () => {
    const size = 33;
    const shape: Aval = f32(size, size);
    // Falls from 1 to e^-120 along k, so that the first or the last terms lie far below the others.
    for (const turned of [false, true]) {
      const at = (k: number): number => -60 * (turned ? 1 - k / (size - 1) : k / (size - 1));
      const x = Float32Array.from({ length: size * size }, (_, i) => at(i % size) + Math.sin(i) / 3);
      const y = Float32Array.from({ length: size * size }, (_, i) => at(Math.floor(i / size)) + Math.cos(i) / 3);
      for (const shift of [0, -40]) {
        const given = [x, y].map((data) => data.map((value) => value + shift));
        const executable = device.compile(
          programOf([shape, shape], (l, a, b) => [l.dotGeneral(l.exp(a), l.sigmoid(b), matmul)]),
        );
        const [product] = executable.run(given.map((data) => device.put(data, 'f32')));
        const sums = device.readSync(product);
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++) {
            let sum = 0;
            for (let k = 0; k < size; k++)
              sum += Math.exp(given[0][i * size + k]) / (1 + Math.exp(-given[1][k * size + j]));
            expect(Math.abs(sums[i * size + j] - sum)).toBeLessThan(1e-6 * sum + size * 2 ** -126);
          }
        }
      }
    }
  });

  it('numbers that a person gives are multiplied as they are', () => {
    const given = new Float32Array(25).fill(2 ** -130);
    const [products] = run((l, x, w) => [l.dotGeneral(x, w, matmul)], given, huge);
    expect(products[0]).toBe(5 * 2 ** -30);
  });
});
