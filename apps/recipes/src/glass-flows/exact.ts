import { euler, midpoint, type OdeSolver } from '@flowfield/ode-solvers';
import { condOTScheduler, cosineScheduler } from '@flowfield/paths';
import { type Correlation, glass, glassCoefficients, sampleChain, slicedWasserstein } from '@flowfield/samplers';
import { jit, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { gaussianMixture, ringParts } from '../mixtures/gaussianMixture.ts';
import { exactTransition, type LineTransition, quantileGap } from '../mixtures/lineMixture.ts';
import type { Metric, Outcome, Part, PartContext } from '../part.ts';
import { line, lineMixture } from './line.ts';

const TRANSITION_SAMPLES = 40_000;
const ORDER_SAMPLES = 400_000;
const CHAIN_SAMPLES = 20_000;
const RHOS: readonly Correlation[] = [-0.3, 0, 0.4, 0.9, 1, 'ddpm'];
const six = gaussianMixture(
  ringParts({ count: 6, radius: 2, deviation: 0.25, weights: [0.1, 0.2, 0.15, 0.25, 0.1, 0.2] }),
);
const scheduler = condOTScheduler();

const metrics: Metric[] = [
  {
    name: 'transitions',
    label: 'W1 to the closed form, 8 midpoint steps, worst of four ρ',
    gate: { atMost: 0.01 },
    digits: 4,
  },
  { name: 'transitionsDouble', label: 'the same, float64', gate: { atMost: 0.01 }, digits: 4 },
  { name: 'start', label: 'W1 from t = 0, 64 Euler steps', gate: { atMost: 0.01 }, digits: 4 },
  { name: 'eulerOrder', label: 'Euler: error at 8 steps over that at 16', gate: { atLeast: 1.6, atMost: 2.4 } },
  { name: 'midpointOrder', label: 'midpoint: error at 2 steps over that at 4', gate: { atLeast: 2.5 } },
  { name: 'chain', label: 'sliced W1 after 5 transitions, worst of six ρ', gate: { atMost: 0.05 } },
  { name: 'alphaBar', label: 'least weight of the data in a transition', gate: { atLeast: 1e-9 } },
  { name: 'floor', label: 'sliced W1 of two samples of the data', baseline: true },
];

/** Transitions of exact models against their closed forms: Holderrieth et al. 2025, sections 3 and 4. */
export const exact: Part = {
  name: 'exact',
  summary: 'transitions of exact models: their law, their order, and the marginals that they keep',
  minutes: 0.3,
  onlyCpu: 'it computes in float64',
  seeds: [0],
  metrics,
  run,
};

async function run({ seed, work }: PartContext): Promise<Outcome> {
  const key = (use: number): random.Key => random.foldIn(random.key(seed), use);
  let turn = 0;
  /** W1 of one transition. */
  const transitionError = (
    options: LineTransition & { solver: OdeSolver; steps: number; samples?: number; dtype?: 'f32' | 'f64' },
  ): number => {
    const { t, tNext, xt, solver, steps, rho = 'ddpm', samples = TRANSITION_SAMPLES, dtype = 'f32' } = options;
    const transition = glass(lineMixture.denoiser(scheduler), { scheduler, prediction: 'data', rho, solver, steps });
    const draw = jit(
      (x: Tensor, drawKey: random.Key): Tensor => sampleChain(transition, x, { grid: [t, tNext], key: drawKey }).x,
    );
    const x = tensor([xt], { dtype }).broadcastTo([samples, 1]);
    return quantileGap(draw(x, key(100 + turn++)).dataSync(), exactTransition(line, options));
  };
  const middle = { t: 0.3, tNext: 0.6, xt: 0.6 };
  const several = (dtype: 'f32' | 'f64'): number =>
    Math.max(
      ...[-0.3, 0, 0.4, 0.8].map((rho) => transitionError({ ...middle, rho, solver: midpoint(), steps: 8, dtype })),
    );
  const errorAt = (solver: OdeSolver, steps: number): number =>
    transitionError({ t: 0.2, tNext: 0.5, xt: 0.6, solver, steps, samples: ORDER_SAMPLES });

  const data = six.sample(key(1), CHAIN_SAMPLES);
  const noise = random.normal(key(2), [CHAIN_SAMPLES, 2]);
  const distance = (x: Tensor): number => slicedWasserstein(x, data, { key: key(3), projections: 32 });
  const chains = [];
  for (const [i, rho] of RHOS.entries()) {
    const transition = glass(six.denoiser(scheduler), { scheduler, prediction: 'data', rho, steps: 10 });
    const chain = jit(
      (x: Tensor, chainKey: random.Key): Tensor => sampleChain(transition, x, { steps: 5, key: chainKey }).x,
    );
    chains.push(distance(chain(noise, key(10 + i))));
    work.progress('chains', i + 1, RHOS.length);
    await new Promise((resolve) => setTimeout(resolve));
    work.signal.throwIfAborted();
  }
  return {
    figures: {
      transitions: several('f32'),
      transitionsDouble: several('f64'),
      start: transitionError({ t: 0, tNext: 0.5, xt: 0.6, rho: 0.4, solver: euler(), steps: 64 }),
      eulerOrder: errorAt(euler(), 8) / errorAt(euler(), 16),
      midpointOrder: errorAt(midpoint(), 2) / errorAt(midpoint(), 4),
      chain: Math.max(...chains),
      alphaBar: leastAlphaBar(),
      floor: distance(six.sample(key(4), CHAIN_SAMPLES)),
    },
  };
}

/** ᾱ = α' - γ α over a grid of times, correlations and two schedules. */
function leastAlphaBar(): number {
  const at = (time: number): Tensor => tensor(time, { dtype: 'f64' });
  const grid = Array.from({ length: 10 }, (_, i) => i / 10);
  return Math.min(
    ...[condOTScheduler(), cosineScheduler()].flatMap((scheduler) =>
      grid.flatMap((t) =>
        [...grid, 1]
          .filter((tNext) => tNext > t)
          .flatMap((tNext) => RHOS.map((rho) => glassCoefficients(scheduler, at(t), at(tNext), rho).alphaBar.item())),
      ),
    ),
  );
}
