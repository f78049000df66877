import { euler, midpoint, type OdeSolver } from '@flowfield/ode-solvers';
import { condOTScheduler } from '@flowfield/paths';
import { ancestral, eulerMaruyama, glass, sampleChain, type Transition } from '@flowfield/samplers';
import { jit, onHost, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { exactTransition, quantileGap } from '../mixtures/lineMixture.ts';
import type { Metric, Outcome, Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import { line, lineMixture } from './line.ts';

const SAMPLES = 400_000;
/** Calls of the model for one transition, by every method. */
const EVALUATIONS = 16;
const CASES = [
  { t: 0.2, tNext: 0.5 },
  { t: 0.3, tNext: 0.6 },
  { t: 0.5, tNext: 0.8 },
].flatMap((times) => [-0.4, 0.6].map((xt) => ({ ...times, xt })));

const scheduler = condOTScheduler();
const model = lineMixture.denoiser(scheduler);

/** Substeps that cost `EVALUATIONS` calls, and one of them. */
const methods = {
  midpoint: { words: 'GLASS, midpoint', steps: 1, transition: () => inner(midpoint()) },
  euler: { words: 'GLASS, Euler', steps: 1, transition: () => inner(euler()) },
  ancestral: {
    words: 'ancestral (DDPM)',
    steps: EVALUATIONS,
    transition: () => ancestral(model, { scheduler, prediction: 'data' }),
  },
  maruyama: {
    words: 'Euler-Maruyama',
    steps: EVALUATIONS,
    transition: () => eulerMaruyama(model, { scheduler, prediction: 'data', diffusion: 'memoryless' }),
  },
} as const satisfies Record<string, { words: string; steps: number; transition: () => Transition }>;
type Method = keyof typeof methods;
const names = Object.keys(methods) as Method[];

function inner(solver: OdeSolver): Transition {
  return glass(model, { scheduler, prediction: 'data', rho: 'ddpm', solver, steps: EVALUATIONS / solver.stages });
}

const metrics: Metric[] = [
  {
    name: 'midpoint',
    label: 'W1 to the exact transition, GLASS with midpoint, worst of 6',
    gate: { atMost: 0.005 },
    digits: 4,
  },
  { name: 'toAncestral', label: 'W1, GLASS with midpoint over ancestral, worst of 6', gate: { atMost: 0.5 } },
  { name: 'toMaruyama', label: 'W1, GLASS with midpoint over Euler-Maruyama, worst of 6', gate: { atMost: 0.5 } },
  { name: 'eulerToAncestral', label: 'W1, GLASS with Euler over ancestral, worst of 6', gate: { atMost: 1.2 } },
  ...(['euler', 'ancestral', 'maruyama'] as const).map(
    (name): Metric => ({
      name,
      label: `W1, ${methods[name].words}, worst of 6`,
      baseline: name !== 'euler',
      digits: 4,
    }),
  ),
  { name: 'leastAncestral', label: 'W1, ancestral, best of 6', baseline: true, digits: 4 },
  { name: 'leastMaruyama', label: 'W1, Euler-Maruyama, best of 6', baseline: true, digits: 4 },
];

/** One transition at 16 evaluations against its closed form: Holderrieth et al. 2025, section 4. */
export const transition: Part = {
  name: 'transition',
  summary: 'transitions of a mixture on a line at 16 evaluations, against ancestral sampling and Euler-Maruyama',
  minutes: 0.5,
  metrics,
  run,
};

async function run({ seed, work, kept }: PartContext): Promise<Outcome> {
  const errors: Record<Method, number[]> = { midpoint: [], euler: [], ancestral: [], maruyama: [] };
  for (const [i, { t, tNext, xt }] of CASES.entries()) {
    const exact = exactTransition(line, { t, tNext, xt });
    for (const [j, name] of names.entries()) {
      const { steps } = methods[name];
      const chosen = methods[name].transition();
      errors[name].push(
        await kept(`${name}-${i}`, async () => {
          const grid = Array.from({ length: steps + 1 }, (_, k) => t + ((tNext - t) * k) / steps);
          const draw = jit((x: Tensor, key: random.Key): Tensor => sampleChain(chosen, x, { grid, key }).x);
          const key = random.foldIn(random.foldIn(random.key(seed), i), j);
          const drawn = await draw(tensor([xt]).broadcastTo([SAMPLES, 1]), key).data();
          return onHost(quantileGap)(drawn, exact);
        }),
      );
      work.progress('transitions', i * names.length + j + 1, CASES.length * names.length);
      work.signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  const worst = (values: readonly number[]): number => Math.max(...values);
  const over = (a: Method, b: Method): number => worst(errors[a].map((error, i) => error / errors[b][i]));
  return {
    figures: {
      midpoint: worst(errors.midpoint),
      toAncestral: over('midpoint', 'ancestral'),
      toMaruyama: over('midpoint', 'maruyama'),
      eulerToAncestral: over('euler', 'ancestral'),
      euler: worst(errors.euler),
      ancestral: worst(errors.ancestral),
      maruyama: worst(errors.maruyama),
      leastAncestral: Math.min(...errors.ancestral),
      leastMaruyama: Math.min(...errors.maruyama),
    },
    pictures: {
      errors: figure({
        title: `One transition at ${EVALUATIONS} evaluations`,
        subtitle: 'GLASS with Euler is as ancestral sampling: the gain comes from the order of the inner solver',
        caption: `Distance W1 to the closed form, ${SAMPLES.toLocaleString('en')} samples for each of 6 starts, seed ${seed}.`,
        panelWidth: 560,
        aspect: 0.6,
        panels: [
          {
            kind: 'lines',
            x: { label: 'start and interval' },
            y: { label: 'W1', log: true },
            series: names.map((name) => ({
              label: methods[name].words,
              x: CASES.map((_, i) => i + 1),
              y: errors[name],
              marked: true,
              ...(name === 'euler' && { dash: '4 3' }),
            })),
          },
        ],
      }),
    },
  };
}
