import { type LrgaParams, lrga } from '@flowfield/equivariant-layers';
import { explain, jit, random, type Tensor, valueAndGrad } from '@flowfield/tensor-webgpu';
import type { Part } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import { relativeDifference } from '../symmetry/differences.ts';
import { denseAttention } from './denseAttention.ts';
import { processorTime } from './processorTime.ts';
import { productWork } from './programWork.ts';

const [WIDTH, RANK] = [64, 32];
/** Nodes of the graphs that are timed; a quick run leaves out the largest. */
const SIZES = [1000, 8000, 32_000, 128_000];
const [SMALL, MIDDLE, LARGE] = [1000, 8000, 128_000];
const REPETITIONS = 15;
/** The number of nodes whose n x n form is compared. */
const DENSE = 2000;

export const linearCost: Part = {
  name: 'linear-cost',
  summary: 'work, memory and processor time of attention on graphs of 1,000 to 128,000 nodes',
  minutes: 0.4,
  onlyCpu: 'it measures the processor',
  seeds: [0],
  efforts: ['quick'],
  metrics: [
    {
      name: 'work',
      label: 'operations of its products over 2 n (4 d κ + 2 κ²)',
      gate: { atLeast: 1, atMost: 1, quick: true },
      digits: 6,
    },
    { name: 'memory', label: 'temporaries of a node, forward, kB', gate: { atMost: 2, quick: true } },
    { name: 'memoryGradient', label: 'the same with the gradient, kB', gate: { atMost: 5, quick: true } },
    { name: 'eight', label: 'time with gradient, 8,000 over 1,000 nodes', gate: { atMost: 16 }, digits: 1 },
    { name: 'sixteen', label: 'time with gradient, the largest over 8,000 nodes', gate: { atMost: 64 }, digits: 1 },
    { name: 'nodes', label: 'nodes of the largest', digits: 0 },
    { name: 'seconds', label: 'its time, s' },
    { name: 'difference', label: 'against the n x n form, relative', gate: { atMost: 1e-5, quick: true }, digits: 8 },
    { name: 'dense', label: 'time of the n x n form over this, 2,000 nodes', baseline: true, digits: 1 },
  ],
  async run({ seed, effort, work }) {
    const layer = lrga({ inputs: WIDTH, rank: RANK });
    const params = layer.init(random.key(seed));
    const apply = (p: LrgaParams, x: Tensor): Tensor => layer.apply(p, x);
    const input = (n: number): Tensor => random.normal(random.foldIn(random.key(seed), n), [n, WIDTH]);
    const slope = (f: typeof apply) =>
      valueAndGrad((p: LrgaParams, x: Tensor): Tensor => f(p, x).square().mean(), { argnums: [0, 1] });
    const forward = explain(apply)(params, input(MIDDLE));
    const backward = explain(slope(apply))(params, input(MIDDLE));
    const sizes = effort === 'quick' ? SIZES.slice(0, -1) : SIZES;
    const largest = effort === 'quick' ? sizes[sizes.length - 1] : LARGE;
    const times: number[] = [];
    for (const [done, n] of sizes.entries()) {
      times.push(bestTime(slope(apply), params, input(n)));
      work.progress('sizes', done + 1, sizes.length);
      await new Promise((resolve) => setTimeout(resolve));
      work.signal.throwIfAborted();
    }
    const timeOf = (n: number): number => times[sizes.indexOf(n)];
    const small = input(DENSE);
    return {
      figures: {
        work: productWork(forward.program) / (2 * MIDDLE * (4 * WIDTH * RANK + 2 * RANK ** 2)),
        memory: forward.arenaBytes / MIDDLE / 1000,
        memoryGradient: backward.arenaBytes / MIDDLE / 1000,
        eight: timeOf(MIDDLE) / timeOf(SMALL),
        sixteen: timeOf(largest) / timeOf(MIDDLE),
        nodes: largest,
        seconds: timeOf(largest) / 1000,
        difference: relativeDifference(apply(params, small), denseAttention(params, small)),
        dense: bestTime(slope(denseAttention), params, small) / bestTime(slope(apply), params, small),
      },
      pictures: {
        times: figure({
          title: 'Time of value and gradient',
          panelWidth: 500,
          aspect: 0.6,
          panels: [
            {
              kind: 'lines',
              x: { label: 'nodes', log: true },
              y: { label: 'milliseconds', log: true },
              series: [{ label: 'attention', x: sizes, y: times, marked: true }],
            },
          ],
        }),
      },
    };
  },
};

/** Milliseconds of processor time of the best of 15 runs. */
function bestTime(f: (p: LrgaParams, x: Tensor) => readonly [Tensor, unknown], params: LrgaParams, x: Tensor): number {
  const compiled = jit((p: LrgaParams, at: Tensor) => f(p, at));
  const once = (): number => {
    const start = processorTime();
    compiled(params, x)[0].item();
    return processorTime() - start;
  };
  once();
  return Math.min(...Array.from({ length: REPETITIONS }, once));
}
