import { type Tensor, tensor } from '@flowfield/tensor-webgpu';

/** A function of a matrix whose program has about so many operations. */
export interface LongProgram {
  readonly name: string;
  /** A matrix to trace it on. */
  readonly input: () => Tensor;
  readonly build: (x: Tensor, operations: number) => Tensor | Tensor[];
}

const ROWS = 32;
const WIDTH = 16;
const matrix = (): Tensor =>
  tensor(
    Float32Array.from({ length: ROWS * WIDTH }, (_, i) => Math.sin(i)),
    { shape: [ROWS, WIDTH] },
  );

const times = (count: number, step: (i: number) => void): void => {
  for (let i = 0; i < count; i++) step(i);
};

/** Whole numbers below a bound, the same ones every time. */
function drawing(): (bound: number) => number {
  let state = 1;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** Shapes that programs of this kind of work take: chains, one value used by many, many values joined, and all mixed. */
export const longPrograms: readonly LongProgram[] = [
  {
    name: 'tanh(h·W)',
    input: matrix,
    build(x, operations) {
      const w = x.slice([0, WIDTH]);
      let h = x;
      times(operations / 2, () => {
        h = h.matmul(w).tanh();
      });
      return h;
    },
  },
  {
    name: 'subtract the mean',
    input: matrix,
    build(x, operations) {
      let h = x;
      times(operations / 4, () => {
        h = h.sub(h.mean({ axis: 1, keepDims: true }));
      });
      return h;
    },
  },
  {
    name: 'reshape a transpose',
    input: matrix,
    build(x, operations) {
      let h = x;
      times(operations / 2, () => {
        h = h.transpose().reshape([ROWS, WIDTH]);
      });
      return h.add(1);
    },
  },
  {
    name: 'add',
    input: matrix,
    build(x, operations) {
      let h = x;
      times(operations, () => {
        h = h.add(x);
      });
      return h;
    },
  },
  {
    name: 'fan: many of one',
    input: matrix,
    build: (x, operations) => Array.from({ length: Math.ceil(operations / 2) }, (_, i) => x.mul(i + 2).sin()),
  },
  {
    name: 'tree: one of many',
    input: matrix,
    build(x, operations) {
      let level = Array.from({ length: Math.ceil(operations / 3) }, (_, i) => x.mul(i + 2).sin());
      while (level.length > 1) {
        const pairs = level;
        level = Array.from({ length: Math.ceil(pairs.length / 2) }, (_, i) =>
          2 * i + 1 < pairs.length ? pairs[2 * i].add(pairs[2 * i + 1]) : pairs[2 * i],
        );
      }
      return level[0];
    },
  },
  {
    name: 'random',
    input: () => matrix().slice([0, WIDTH]),
    build(x, operations) {
      const below = drawing();
      const values = [x];
      const recent = (): Tensor =>
        values[below(4) === 0 ? below(values.length) : Math.max(0, values.length - 1 - below(8))];
      const steps: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
        (a) => a.sin(),
        (a, b) => a.mul(b),
        (a, b) => a.add(b),
        (a) => a.transpose(),
        (a, b) => a.matmul(b),
        (a, b) => a.sub(b.mean({ axis: below(2), keepDims: true })),
      ];
      times(operations, () => values.push(steps[below(steps.length)](recent(), recent())));
      return values.slice(-20).reduce((sum, value) => sum.add(value));
    },
  },
];
