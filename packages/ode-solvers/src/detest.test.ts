import { concat, stack, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import * as ode from './index.ts';
import { solveOde } from './index.ts';

const f64 = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { dtype: 'f64' });
const gap = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();
const split = (y: Tensor): Tensor[] => Array.from({ length: y.shape[0] }, (_, i) => y.slice(i));
const join = (...parts: Tensor[]): Tensor => stack(parts, 0);

interface Problem {
  readonly name: string;
  readonly field: (t: Tensor, y: Tensor) => Tensor;
  readonly start: number[];
  /** The state at t = 20. */
  readonly end: number[];
}

const orbit = (_t: Tensor, y: Tensor): Tensor => {
  const [x, v] = [y.slice([0, 2]), y.slice([2, 4])];
  return concat([v, x.div(x.square().sum().pow(1.5)).neg()], 0);
};

/** The Kepler orbit of eccentricity e at time t, from its perihelion. */
function kepler(e: number, t: number): number[] {
  let u = t;
  for (let i = 0; i < 200; i++) u -= (u - e * Math.sin(u) - t) / (1 - e * Math.cos(u));
  const [s, c, r] = [Math.sin(u), Math.cos(u), Math.sqrt(1 - e * e)];
  return [c - e, r * s, -s / (1 - e * c), (r * c) / (1 - e * c)];
}

const orbits = [0.1, 0.3, 0.5, 0.7, 0.9].map(
  (e, i): Problem => ({
    name: `D${i + 1}`,
    field: orbit,
    start: [1 - e, 0, 0, Math.sqrt((1 + e) / (1 - e))],
    end: kepler(e, 20),
  }),
);

/** The nonstiff problems of DETEST (Hull, Enright, Fellen and Sedgwick 1972), with closed forms or their published ends. */
const problems: Problem[] = [
  { name: 'A1', field: (_t, y) => y.neg(), start: [1], end: [Math.exp(-20)] },
  { name: 'A2', field: (_t, y) => y.pow(3).mul(-0.5), start: [1], end: [1 / Math.sqrt(21)] },
  { name: 'A3', field: (t, y) => y.mul(t.cos()), start: [1], end: [Math.exp(Math.sin(20))] },
  { name: 'A4', field: (_t, y) => y.div(4).mul(y.div(-20).add(1)), start: [1], end: [20 / (1 + 19 * Math.exp(-5))] },
  { name: 'A5', field: (t, y) => y.sub(t).div(y.add(t)), start: [4], end: [-0.788782668896419] },
  {
    name: 'B1',
    field: (_t, y) => {
      const [a, b] = split(y);
      return join(a.sub(a.mul(b)).mul(2), a.mul(b).sub(b));
    },
    start: [1, 3],
    end: [0.6761876008576667, 0.1860816099640036],
  },
  {
    name: 'B2',
    field: (_t, y) => {
      const [a, b, c] = split(y);
      return join(b.sub(a), a.sub(b.mul(2)).add(c), b.sub(c));
    },
    start: [2, 0, 1],
    end: [1.000000001030576, 1, 0.9999999989694235],
  },
  {
    name: 'B3',
    field: (_t, y) => {
      const [a, b] = split(y);
      return join(a.neg(), a.sub(b.square()), b.square());
    },
    start: [1, 0, 0],
    end: [2.061153488557776e-9, 5.257228022048349e-2, 9.47427717718363e-1],
  },
  {
    name: 'B4',
    field: (_t, y) => {
      const [a, b, c] = split(y);
      const r = a.square().add(b.square()).sqrt();
      return join(b.add(a.mul(c).div(r)).neg(), a.sub(b.mul(c).div(r)), a.div(r));
    },
    start: [3, 0, 0],
    end: [9.826950928005993e-1, 2.198447081694832, 9.129452507276399e-1],
  },
  {
    name: 'B5',
    field: (_t, y) => {
      const [a, b, c] = split(y);
      return join(b.mul(c), a.mul(c).neg(), a.mul(b).mul(-0.51));
    },
    start: [0, 1, 1],
    end: [-9.396570798729192e-1, -3.421177754000779e-1, 7.414126596199957e-1],
  },
  ...orbits,
  {
    name: 'E2',
    field: (_t, y) => {
      const [a, b] = split(y);
      return join(b, a.square().neg().add(1).mul(b).sub(a));
    },
    start: [2, 0],
    end: [2.008149762174948, -4.250887527320057e-2],
  },
  {
    name: 'E3',
    field: (t, y) => {
      const [a, b] = split(y);
      return join(b, a.pow(3).div(6).sub(a).add(t.mul(2.78535).sin().mul(2)));
    },
    start: [0, 0],
    end: [-1.004178858647128e-1, 2.4114001320951e-1],
  },
  {
    name: 'E4',
    field: (_t, y) => {
      const [, b] = split(y);
      return join(b, b.square().mul(-0.4).add(0.032));
    },
    start: [30, 0],
    end: [3.395091444646555e1, 2.767822659672869e-1],
  },
  {
    name: 'E5',
    field: (t, y) => {
      const [, b] = split(y);
      return join(b, b.square().add(1).sqrt().div(t.neg().add(25)));
    },
    start: [0, 0],
    end: [1.41179739054262e1, 2.4],
  },
];

test.each(problems)('$name to its tolerance, with orders 3 to 8', ({ field, start, end }) => {
  const scale = Math.max(1, ...end.map(Math.abs));
  for (const [solver, tolerance] of [
    [ode.bosh3(), 1e-6],
    [ode.tsit5(), 1e-8],
    [ode.dopri5(), 1e-8],
    [ode.dopri8(), 1e-11],
  ] as const) {
    const { ys } = solveOde(field, f64(start), {
      t0: 0,
      t1: 20,
      solver,
      rtol: tolerance,
      atol: tolerance,
      maxSteps: 20000,
    });
    // The orbits amplify the error of a step by up to a few thousand times.
    expect(gap(ys, f64(end))).toBeLessThan(5000 * tolerance * scale);
  }
});
