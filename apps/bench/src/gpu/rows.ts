import { adam } from '@flowfield/nn';
import {
  concat,
  einsum,
  grad,
  jit,
  jvp,
  scan,
  type Tensor,
  tensor,
  tree,
  valueAndGrad,
  zeros,
} from '@flowfield/tensor-webgpu';

/** A computation set up on a device. */
export interface Job {
  /** Hands the work of one run to the device. */
  run(): void;
  /** A number that is there only when all work before is done. */
  settle(): Promise<number>;
  dispose(): void;
}

export interface GpuRow {
  /** Peers' rows of the same name are put beside it. */
  readonly name: string;
  readonly group: 'product' | 'training' | 'nested' | 'graph' | 'sampling';
  /** Floating-point operations of a run, where that is a plain count. */
  readonly flops: number | null;
  /** Sets it up on the device of this name. */
  start(device: string): Job;
  /** The same at a size that a CPU does in a moment: its numbers are compared with the CPU's first. */
  tiny(device: string): Job;
}

type Pair = [Tensor, Tensor];
type Layers = Pair[];

/** Numbers in (−1, 1) that do not depend on the device. */
function uniform(seed: number, size: number, scale = 1): Float32Array {
  const data = new Float32Array(size);
  let state = Math.imul(seed + 1, 0x9e3779b9);
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    data[i] = (scale * state) / 2 ** 31;
  }
  return data;
}

const layersOf = (widths: readonly number[], device: string): Layers =>
  widths
    .slice(1)
    .map((outputs, i) => [
      tensor(uniform(2 * i, widths[i] * outputs, Math.sqrt(3 / widths[i])), { shape: [widths[i], outputs], device }),
      tensor(uniform(2 * i + 1, outputs, 0.1), { device }),
    ]);

type Activation = (x: Tensor) => Tensor;
const tanh: Activation = (x) => x.tanh();
const softplus: Activation = (x) => x.softplus();

const perceptron = (layers: Layers, x: Tensor, activation: Activation): Tensor =>
  layers.reduce((value, [weight, bias], i) => {
    const next = value.matmul(weight).add(bias);
    return i + 1 < layers.length ? activation(next) : next;
  }, x);

/** Steps of Adam on a loss of parameters and data, with everything that changes donated. */
function training(
  parameters: Layers,
  data: readonly Tensor[],
  loss: (layers: Layers, ...data: Tensor[]) => Tensor,
): Job {
  const optimizer = adam({ learningRate: 1e-3 });
  let state = { layers: parameters, moments: optimizer.init(parameters) };
  let value: Tensor | null = null;
  const step = jit(
    (now: typeof state, ...given: Tensor[]): [typeof state, Tensor] => {
      const [current, gradient] = valueAndGrad((layers: Layers) => loss(layers, ...given))(now.layers);
      const [updates, moments] = optimizer.update(gradient, now.moments, now.layers);
      const layers = tree.map((p: Tensor, u: Tensor) => p.add(u), now.layers, updates) as Layers;
      return [{ layers, moments }, current];
    },
    { donate: [0] },
  );
  return {
    run() {
      value?.dispose();
      [state, value] = step(state, ...data);
    },
    settle: async () => Number((await (value as Tensor).data())[0]),
    dispose() {
      for (const each of [...tree.leaves(state), ...data, value]) if (each) (each as Tensor).dispose();
    },
  };
}

type Form = 'A·B' | 'A·Bᵀ' | 'Aᵀ·B';

function product(form: Form, n: number, device: string): Job {
  const draw = (seed: number): Tensor => tensor(uniform(seed, n * n), { shape: [n, n], device });
  const [a, b] = [draw(1), draw(2)];
  const multiply = jit((p: Tensor, q: Tensor): Pair => {
    const c = (form === 'Aᵀ·B' ? p.transpose() : p).matmul(form === 'A·Bᵀ' ? q.transpose() : q);
    return [c, c.slice(n - 1, n - 1)];
  });
  let result: Pair | null = null;
  return {
    run() {
      for (const each of result ?? []) each.dispose();
      result = multiply(a, b);
    },
    settle: async () => Number((await (result as Pair)[1].data())[0]),
    dispose() {
      for (const each of [a, b, ...(result ?? [])]) each.dispose();
    },
  };
}

/** A training step on the mean squared error of a perceptron. */
export function regression(widths: readonly number[], batch: number, device: string): Job {
  const x = tensor(uniform(100, batch * widths[0], 2), { shape: [batch, widths[0]], device });
  const y = tensor(uniform(101, batch), { shape: [batch, 1], device });
  return training(layersOf(widths, device), [x, y], (layers, points, targets) =>
    perceptron(layers, points, tanh).sub(targets).square().mean(),
  );
}

/** mean (‖∇ₓf‖ − 1)². */
function eikonal(widths: readonly number[], batch: number, device: string): Job {
  const x = tensor(uniform(100, batch * widths[0], 2), { shape: [batch, widths[0]], device });
  return training(layersOf(widths, device), [x], (layers, points) => {
    const slope = grad((at: Tensor) => perceptron(layers, at, softplus).sum())(points) as Tensor;
    return slope.square().sum({ axis: 1 }).sqrt().sub(1).square().mean();
  });
}

/** mean (∇·v)², the divergence by one Jacobian-vector product an axis. */
function divergence(widths: readonly number[], batch: number, device: string): Job {
  const axes = widths[0];
  const x = tensor(uniform(100, batch * axes, 2), { shape: [batch, axes], device });
  const directions = Array.from({ length: axes }, (_, axis) =>
    tensor(
      Float32Array.from({ length: batch * axes }, (_, i) => Number(i % axes === axis)),
      { shape: [batch, axes], device },
    ),
  );
  return training(layersOf(widths, device), [x, ...directions], (layers, points, ...along) => {
    const parts = along.map((direction, axis) => {
      const [, tangent] = jvp((at: Tensor) => perceptron(layers, at, tanh), [points], [direction]) as Pair;
      return tangent.slice('...', axis);
    });
    return parts
      .reduce((sum, part) => sum.add(part))
      .square()
      .mean();
  });
}

/** A block of a provably powerful graph network: two perceptrons an edge, their product, and a linear layer with a skip. */
function graphBlock(batch: number, nodes: number, channels: number, device: string): Job {
  const x = tensor(uniform(100, batch * nodes * nodes * channels), { shape: [batch, nodes, nodes, channels], device });
  const layers = [
    ...layersOf([channels, channels, channels], device),
    ...layersOf([channels, channels, channels], device),
    ...layersOf([2 * channels, channels], device),
  ];
  return training(layers, [x], (given, edges) => {
    const left = tanh(perceptron(given.slice(0, 2), edges, tanh));
    const right = tanh(perceptron(given.slice(2, 4), edges, tanh));
    const multiplied = einsum('bikc,bkjc->bijc', left, right).div(nodes);
    return perceptron(given.slice(4), concat([edges, multiplied], -1), tanh)
      .square()
      .mean();
  });
}

/** Points moved along a field by the midpoint rule; the last coordinate the field is given is the time. */
function sampling(width: number, points: number, steps: number, device: string): Job {
  const layers = layersOf([3, width, width, width, 2], device);
  const start = tensor(uniform(100, points * 2, 2), { shape: [points, 2], device });
  const h = 1 / steps;
  const field = (given: Layers, x: Tensor, t: Tensor): Tensor =>
    perceptron(given, concat([x, zeros([points, 1]).add(t)], 1), tanh);
  const run = jit((given: Layers, x0: Tensor): Pair => {
    const [[x]] = scan(
      ([x, t]: Pair): [Pair, null] => {
        const middle = x.add(field(given, x, t).mul(h / 2));
        return [[x.add(field(given, middle, t.add(h / 2)).mul(h)), t.add(h)], null];
      },
      [x0, zeros([])] as Pair,
      null,
      { length: steps },
    ) as unknown as [Pair, null];
    return [x, x.mean()];
  });
  let result: Pair | null = null;
  return {
    run() {
      for (const each of result ?? []) each.dispose();
      result = run(layers, start);
    },
    settle: async () => Number((await (result as Pair)[1].data())[0]),
    dispose() {
      for (const each of [...tree.leaves(layers), start, ...(result ?? [])]) (each as Tensor).dispose();
    },
  };
}

/** Multiply-adds of a step of training count three times: forward, and twice backward (but for the first layer's input). */
const trainingFlops = (widths: readonly number[], batch: number): number =>
  widths.slice(1).reduce((sum, outputs, i) => sum + (i === 0 ? 4 : 6) * batch * widths[i] * outputs, 0);

const sizesOf = (widths: readonly number[]): string => widths.join('-');

/** All rows; `tiny` sizes try the bench on a machine without a GPU. */
export function gpuRows(tiny: boolean): GpuRow[] {
  const rows: GpuRow[] = [];
  for (const n of tiny ? [64] : [1024, 2048, 4096, 8192]) {
    for (const form of ['A·B', 'A·Bᵀ', 'Aᵀ·B'] as const) {
      rows.push({
        name: `${form}, n = ${n}`,
        group: 'product',
        flops: 2 * n ** 3,
        start: (device) => product(form, n, device),
        tiny: (device) => product(form, 200, device),
      });
    }
  }
  for (const width of tiny ? [16] : [64, 256, 1024, 2048]) {
    for (const batch of tiny ? [32] : [1024, 8192, 65536]) {
      const widths = [3, width, width, width, 1];
      rows.push({
        name: `regression step, ${sizesOf(widths)}, batch ${batch}`,
        group: 'training',
        flops: trainingFlops(widths, batch),
        start: (device) => regression(widths, batch, device),
        tiny: (device) => regression([3, 48, 48, 1], 512, device),
      });
    }
  }
  const nested = [
    [[3, 64, 64, 1], 256],
    [[3, 256, 256, 256, 1], 1024],
    [[3, 512, 512, 512, 512, 1], 16384],
  ] as const;
  for (const [widths, batch] of tiny ? ([[[3, 16, 1], 32]] as const) : nested) {
    rows.push({
      name: `eikonal step, ${sizesOf(widths)}, batch ${batch}`,
      group: 'nested',
      flops: null,
      start: (device) => eikonal(widths, batch, device),
      tiny: (device) => eikonal([3, 32, 32, 1], 64, device),
    });
    const square = [...widths.slice(0, -1), 3];
    rows.push({
      name: `divergence step, ${sizesOf(square)}, batch ${batch}`,
      group: 'nested',
      flops: null,
      start: (device) => divergence(square, batch, device),
      tiny: (device) => divergence([3, 32, 32, 3], 64, device),
    });
  }
  const [graphs, nodes, channels] = tiny ? [2, 4, 8] : [64, 32, 128];
  rows.push({
    name: `graph block step, batch ${graphs}, n ${nodes}, d ${channels}`,
    group: 'graph',
    flops: null,
    start: (device) => graphBlock(graphs, nodes, channels, device),
    tiny: (device) => graphBlock(3, 6, 16, device),
  });
  const [points, steps, width] = tiny ? [64, 3, 16] : [100_000, 100, 256];
  rows.push({
    name: `sampling, ${points} points, ${steps} midpoint steps, width ${width}`,
    group: 'sampling',
    flops: 2 * steps * points * 2 * (3 * width + 2 * width * width + 2 * width),
    start: (device) => sampling(width, points, steps, device),
    tiny: (device) => sampling(32, 64, 5, device),
  });
  return rows;
}
