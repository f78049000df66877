// pnpm bench:symmetry: tied layers and frames against the plain work they stand for, in this library on one thread.
import { setFlagsFromString } from 'node:v8';
import { applyMap, equivariantLinear, equivariantMaps, frameAverage } from '@flowfield/equivariant-layers';
import { mlp } from '@flowfield/nn';
import { jit, random, type Tensor, valueAndGrad } from '@flowfield/tensor-webgpu';
import type { Job } from './contender.ts';
import { timeTogether } from './timing.ts';

setFlagsFromString('--no-liftoff');
const timing = { blockMs: 100, repetitions: 9, warmUpMs: 3000, clock: 'cpu' } as const;

/** A compiled function of tensors as a job; its value is waited for, since the device is the processor. */
function job(f: (...args: never[]) => unknown, ...args: unknown[]): Job {
  const compiled = jit(f as (...all: unknown[]) => unknown);
  return { run: () => void compiled(...args), outputs: async () => [], dispose: () => {} };
}

async function compare(name: string, goal: string, ours: Job, theirs: Job): Promise<void> {
  const [a, b] = await timeTogether([ours, theirs], timing);
  console.log(
    `${name}: ${a.median.toFixed(2)} ms against ${b.median.toFixed(2)} ms, ratio ${(a.median / b.median).toFixed(2)} (${goal})`,
  );
}

const layer = equivariantLinear({ orderIn: 2, orderOut: 2, channelsIn: 32, channelsOut: 32 });
const params = layer.init(random.key(0));
const x = random.normal(random.key(1), [8, 30, 30, 32]);
const weights = random.normal(random.key(2), [8, 30, 30, 32]);
const maps = equivariantMaps({ orderIn: 2, orderOut: 2 });
type Params = typeof params;
const together = (p: Params, at: Tensor): Tensor => layer.apply(p, at);
const oneByOne = (p: Params, at: Tensor): Tensor =>
  maps.map((map, i) => applyMap(map, at).matmul(p.weight.at(i))).reduce((sum, part) => sum.add(part));
const gradient = (f: typeof together) =>
  valueAndGrad((p: Params, at: Tensor) => f(p, at).mul(weights).sum(), { argnums: [0, 1] });
await compare(
  'IGN 2→2 layer, batch 8, n 30, 32→32 channels, value and gradient, against its 15 maps one by one',
  'goal at most 0.5 of PyTorch',
  job(gradient(together), params, x),
  job(gradient(oneByOne), params, x),
);

const net = mlp({ inputs: 60, hidden: [64, 64, 64], outputs: 1, activation: 'relu' });
const netParams = net.init(random.key(3));
const score = (clouds: Tensor): Tensor => net.apply(netParams, clouds.reshape([...clouds.shape.slice(0, -2), 60]));
const perPoint = mlp({ inputs: 3, hidden: [64, 64, 64], outputs: 1, activation: 'relu' });
const pointParams = perPoint.init(random.key(4));
const pooled = (clouds: Tensor): Tensor => perPoint.apply(pointParams, clouds).sum({ axis: [-2, -1] });
const clouds = random.normal(random.key(5), [1000, 20, 3]);
const copies = random.normal(random.key(6), [8000, 20, 3]);
for (const [what, f] of [
  ['of all coordinates', score],
  ['of each point, summed', pooled],
] as const) {
  const averaged = frameAverage(f, { group: 'E(3)', inputs: 'point', copies: 'batched' });
  await compare(
    `frame averaging of 1,000 clouds of 20 points, d = 3, with an MLP 3x64 ${what}, against the MLP on 8,000 clouds`,
    'goal at most 1.3',
    job((at: Tensor) => averaged(at), clouds),
    job(f, copies),
  );
}
