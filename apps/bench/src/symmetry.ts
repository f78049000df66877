// pnpm bench:symmetry: tied layers and frames against the plain work they stand for, in this library on one thread; with --python <path> also against PyTorch.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { applyMap, equivariantLinear, equivariantMaps, frameAverage, set2Graph } from '@flowfield/equivariant-layers';
import { mlp } from '@flowfield/nn';
import { explain, jit, random, type Tensor, valueAndGrad } from '@flowfield/tensor-webgpu';
import type { Job } from './contender.ts';
import { timeTogether } from './timing.ts';

setFlagsFromString('--no-liftoff');
const timing = { blockMs: 100, repetitions: 9, warmUpMs: 3000, mostMs: 10_000, clock: 'cpu' } as const;

/** A compiled function of tensors as a job; its value is waited for, since the device is the processor. */
function job(f: (...args: never[]) => unknown, ...args: unknown[]): Job {
  const compiled = jit(f as (...all: unknown[]) => unknown);
  return { run: () => void compiled(...args), outputs: async () => [], dispose: () => {} };
}

async function compare(name: string, goal: string, ours: Job, theirs: Job): Promise<number> {
  const [a, b] = await timeTogether([ours, theirs], timing);
  console.log(
    `${name}: ${a.median.toFixed(2)} ms against ${b.median.toFixed(2)} ms, ratio ${(a.median / b.median).toFixed(2)} (${goal})`,
  );
  return a.median;
}

const { python } = parseArgs({ options: { python: { type: 'string' } } }).values;

/** Milliseconds of PyTorch's fastest way to the same layer, on one thread. */
function torchTime(): number {
  const script = fileURLToPath(new URL('../peers/ign.py', import.meta.url));
  const { status, stdout, stderr } = spawnSync(python as string, [script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${python} ${script} failed: ${stderr}`);
  const { torch, ...ways } = JSON.parse(stdout) as Record<string, number>;
  console.log(`PyTorch ${torch}: ${JSON.stringify(ways)} ms`);
  return Math.min(...Object.values(ways));
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
const own = await compare(
  'IGN 2→2 layer, batch 8, n 30, 32→32 channels, value and gradient, against its 15 maps one by one',
  'goal at most 0.5 of PyTorch',
  job(gradient(together), params, x),
  job(gradient(oneByOne), params, x),
);
if (python !== undefined) {
  const theirs = torchTime();
  console.log(
    `the same layer against its 15 maps in PyTorch: ${own.toFixed(2)} ms against ${theirs.toFixed(2)} ms, ratio ${(own / theirs).toFixed(2)} (goal at most 0.5)`,
  );
}

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

// A layer of Set2Graph: from elements to features of their pairs, and those through one dense layer.
const [sets, elements, width] = [8, 100, 64];
const edges = set2Graph({
  inputs: width,
  set: [width],
  edge: [width],
  outputs: width,
  output: 'directed',
  normalize: false,
});
const edgeParams = edges.init(random.key(7));
const points = random.normal(random.key(8), [sets, elements, width]);
const pull = random.normal(random.key(9), [sets, elements, elements, width]);
const edgeStep = valueAndGrad((p: typeof edgeParams, at: Tensor) => edges.apply(p, at).mul(pull).sum(), {
  argnums: [0, 1],
});
/** The products of that layer and of its gradient: three on pairs, and those on elements. */
const products = (h: Tensor, w: Tensor, g: Tensor, u: Tensor): Tensor[] => [
  h.matmul(w),
  h.T.matmul(g),
  g.matmul(w.T),
  ...[1, 2, 3, 4].flatMap((scale) => [u.matmul(w.mul(scale)), u.matmul(w.mul(scale).T), u.T.matmul(u.mul(scale))]),
];
const pairs = sets * elements ** 2;
await compare(
  'Set2Graph layer, batch 8, n 100, 64 channels, value and gradient, against its products alone',
  'goal at most 1.3',
  job(edgeStep, edgeParams, points),
  job(
    products,
    random.normal(random.key(10), [pairs, width]),
    random.normal(random.key(11), [width, width]),
    random.normal(random.key(12), [pairs, width]),
    random.normal(random.key(13), [sets * elements, width]),
  ),
);
const doubled = new RegExp(`\\[(${sets},${elements},${elements}|${pairs}),${2 * width}\\]`);
console.log(
  `its program has ${doubled.test(explain(edgeStep)(edgeParams, points).program) ? 'a' : 'no'} tensor of n x n x 2 d (goal none)`,
);
