import { describe, expect, it } from 'vitest';
import type { Tensor } from '../index.ts';
import * as ff from '../index.ts';

/**
 * Derivatives inside derivatives, as the losses of flows and implicit shapes need them, against central differences
 * in float64: eagerly, under `jit`, and `vmap` against a loop.
 */
type Layer = { readonly weight: Tensor; readonly bias: Tensor };
type Params = readonly Layer[];

const DIMENSION = 3;

const activations: Record<string, (x: Tensor) => Tensor> = {
  tanh: (x) => ff.tanh(x),
  softplus100: (x) => ff.softplus(x, 100),
  silu: (x) => ff.silu(x),
  sin: (x) => ff.sin(x),
  elu: (x) => ff.elu(x),
};

/** Numbers in (-1, 1) that no two seeds share. */
function noise(size: number, seed: number): Float64Array {
  let state = seed * 2654435761 + 12345;
  return Float64Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const parameter = (shape: number[], seed: number): Tensor =>
  ff.tensor(
    noise(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    { shape },
  );

function network(outputs: number, seed: number): Params {
  const widths = [DIMENSION, 5, 4, outputs];
  return widths.slice(1).map((width, i) => ({
    weight: parameter([widths[i], width], seed + 2 * i),
    bias: parameter([width], seed + 2 * i + 1),
  }));
}

/** The network on one point of shape [DIMENSION]. */
function apply(params: Params, x: Tensor, activation: (x: Tensor) => Tensor): Tensor {
  return params.reduce((h, { weight, bias }, i) => {
    const linear = ff.matmul(h, weight).add(bias);
    return i < params.length - 1 ? activation(linear) : linear;
  }, x);
}

type Loss = (params: Params, points: Tensor) => Tensor;
type Field = (params: Params, x: Tensor) => Tensor;

const trace = (f: (x: Tensor) => Tensor, x: Tensor): Tensor =>
  ff
    .jacfwd(f)(x)
    .mul(ff.eye(DIMENSION, DIMENSION, { dtype: 'f64' }))
    .sum();

/** Losses by name; each uses derivatives of the network in its input. */
const losses: Record<string, { outputs: number; loss: (field: Field) => Loss }> = {
  eikonal: {
    outputs: 1,
    loss: (field) => (params, points) => {
      const gradients = ff.vmap(ff.grad((x: Tensor) => field(params, x).sum()))(points) as Tensor;
      return gradients.mul(gradients).sum({ axis: 1 }).sqrt().sub(1).pow(2).mean();
    },
  },
  divergence: {
    outputs: DIMENSION,
    loss: (field) => (params, points) =>
      ff
        .vmap((x: Tensor) => trace((y) => field(params, y), x).pow(2))(points)
        .mean(),
  },
  logDivergence: {
    outputs: DIMENSION,
    loss: (field) => (params, points) =>
      ff
        .vmap((x: Tensor) =>
          trace((y) => field(params, y), x)
            .abs()
            .add(1)
            .log(),
        )(points)
        .mean(),
  },
  jacobianVector: {
    outputs: DIMENSION,
    loss: (field) => (params, points) => {
      const direction = ff.tensor(noise(DIMENSION, 99), { shape: [DIMENSION] });
      const push = (x: Tensor): Tensor => ff.jvp((y: Tensor) => field(params, y), [x], [direction])[1];
      return ff
        .vmap((x: Tensor) => push(x).pow(2).sum())(points)
        .mean();
    },
  },
};

const points = (): Tensor => parameter([4, DIMENSION], 7);

/** Shifts one parameter leaf along a direction. */
const shifted = (params: Params, directions: Params, step: number): Params =>
  ff.tree.map(
    (leaf: Tensor, direction: Tensor) => leaf.add(direction.mul(step)),
    params,
    directions,
  ) as unknown as Params;

const inner = (a: Params, b: Params): Tensor =>
  (ff.tree.leaves(a) as Tensor[])
    .map((leaf, i) => leaf.mul((ff.tree.leaves(b) as Tensor[])[i]).sum())
    .reduce((x, y) => x.add(y));

const closeTo = (actual: number, expected: number, tolerance: number): void => {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected)));
};

describe.each(ff.devices())('nested derivatives on %s', (device) => {
  ff.defaultDevice(device);
  for (const [lossName, { outputs, loss: make }] of Object.entries(losses)) {
    describe(lossName, () => {
      for (const [name, activation] of Object.entries(activations)) {
        it(`through ${name} matches central differences, eagerly and under jit`, () => {
          ff.defaultDevice(device);
          const loss = make((params, x) => apply(params, x, activation));
          const params = network(outputs, 1);
          const directions = network(outputs, 31);
          const x = points();
          const gradient = ff.grad(loss)(params, x) as Params;
          const step = 1e-6;
          const difference =
            (loss(shifted(params, directions, step), x).item() - loss(shifted(params, directions, -step), x).item()) /
            (2 * step);
          closeTo(inner(gradient, directions).item(), difference, 2e-6);
          const compiled = ff.jit(ff.grad(loss))(params, x) as Params;
          (ff.tree.leaves(gradient) as Tensor[]).forEach((leaf, i) => {
            const other = (ff.tree.leaves(compiled) as Tensor[])[i].toArray() as number[];
            expect(other).toEqual(leaf.toArray());
          });
        });
      }
    });
  }

  it.each(Object.keys(activations).filter((name) => name !== 'softplus100'))(
    'third derivatives of %s in one variable',
    (name) => {
      ff.defaultDevice(device);
      const params = network(1, 5);
      const direction = ff.tensor(noise(DIMENSION, 3), { shape: [DIMENSION] });
      const along = (s: Tensor): Tensor => apply(params, direction.mul(s), activations[name]).sum();
      const second = ff.grad(ff.grad(along));
      const third = ff.grad(second);
      const at = 0.3;
      const step = 1e-5;
      const s = (value: number): Tensor => ff.tensor(value, { dtype: 'f64' });
      const difference = (second(s(at + step)).item() - second(s(at - step)).item()) / (2 * step);
      closeTo(third(s(at)).item(), difference, 1e-6);
      expect(ff.jit(third)(s(at)).item()).toBe(third(s(at)).item());
      const forward = ff.jvp((v: Tensor) => ff.grad(ff.grad(along))(v) as Tensor, [s(at)], [s(1)])[1];
      closeTo(forward.item(), third(s(at)).item(), 1e-12);
    },
  );

  it('vmap of a derivative equals a loop over the examples', () => {
    ff.defaultDevice(device);
    const params = network(1, 5);
    const scalar = (x: Tensor): Tensor => apply(params, x, activations.tanh).sum();
    const x = points();
    for (const transform of [
      ff.grad(scalar),
      ff.hessian(scalar),
      ff.jacrev(ff.grad(scalar)),
      ff.jacfwd(ff.jacfwd(scalar)),
    ]) {
      const mapped = ff.vmap(transform)(x) as Tensor;
      for (let i = 0; i < x.shape[0]; i++) {
        const one = (transform(ff.slice(x, i)) as Tensor).toArray() as number[];
        const row = ff.slice(mapped, i).toArray() as number[];
        one.flat(Infinity).forEach((value, k) => {
          closeTo((row.flat(Infinity) as number[])[k], value as number, 1e-12);
        });
      }
    }
  });
});
