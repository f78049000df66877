import { adam } from '@flowfield/nn';
import {
  concat,
  exp,
  init,
  jit,
  log,
  scan,
  sin,
  softmax,
  softplus,
  sum,
  type Tensor,
  tanh,
  tensor,
  tree,
  valueAndGrad,
  zeros,
} from '@flowfield/tensor-webgpu';
import type { Contender, Job } from '../contender.ts';
import { arranged } from '../models/model.ts';
import { models } from '../models/models.ts';
import { type Layers, perceptron } from '../models/perceptron.ts';
import type { Given, MapProblem, Problem, ProductProblem, SamplingProblem, TrainingProblem } from '../problem.ts';

/** One jitted step whose parameters are donated; one jitted function. On the CPU device, with so many threads. */
export async function flowfield(options: { name: string; threads: number; wide: boolean }): Promise<Contender> {
  const { name, threads, wide } = options;
  await init({ device: 'cpu', threads, wideVectors: wide });
  return { name, version: 'here', start };
}

function start(problem: Problem, byHand = false): Job | null {
  if (byHand) return null;
  if (problem.kind === 'training') return training(problem);
  if (problem.kind === 'product') return product(problem);
  if (problem.kind === 'sampling') return sampling(problem);
  return map(problem);
}

const given = ({ shape, data }: Given): Tensor =>
  tensor(data, { shape: [...shape], dtype: data instanceof Int32Array ? 'i32' : 'f32' });

const read = async (value: Tensor): Promise<Float32Array> => (await value.data()) as Float32Array;

function training(problem: TrainingProblem): Job {
  const { model, sizes, optimizer, rate, structure } = problem;
  const lossOf = models[model].loss(sizes);
  const adaptive = adam({ learningRate: rate });
  const data = problem.data.map(given);
  const parameters = problem.parameters.map(given);
  let state = { parameters, moments: optimizer === 'adam' ? adaptive.init(parameters) : null };
  let loss: Tensor | null = null;
  const step = jit(
    (now: typeof state, ...on: Tensor[]): [typeof state, Tensor] => {
      const [value, gradient] = valueAndGrad((p: Tensor[]) => lossOf(arranged(structure, p), ...on))(now.parameters);
      if (now.moments === null) {
        return [{ parameters: now.parameters.map((p, i) => p.sub(gradient[i].mul(rate))), moments: null }, value];
      }
      const [updates, moments] = adaptive.update(gradient, now.moments, now.parameters);
      return [{ parameters: now.parameters.map((p, i) => p.add(updates[i])), moments }, value];
    },
    { donate: [0] },
  );
  return {
    run() {
      loss?.dispose();
      [state, loss] = step(state, ...data);
    },
    outputs: () => Promise.all([...(loss ? [loss] : []), ...state.parameters].map(read)),
    dispose() {
      for (const value of [...data, ...(tree.leaves(state) as Tensor[]), ...(loss ? [loss] : [])]) value.dispose();
    },
  };
}

/** A job that computes `f` of tensors anew in each run. */
function computing(f: (...operands: Tensor[]) => Tensor, operands: readonly Tensor[]): Job {
  const compiled = jit(f);
  let result: Tensor | null = null;
  return {
    run() {
      result?.dispose();
      result = compiled(...operands);
    },
    outputs: () => Promise.all((result ? [result] : []).map(read)),
    dispose() {
      for (const value of [...operands, ...(result ? [result] : [])]) value.dispose();
    },
  };
}

const product = ({ form, a, b }: ProductProblem): Job =>
  computing(
    (p, q) => (form === 'Aᵀ·B' ? p.transpose() : p).matmul(form === 'A·Bᵀ' ? q.transpose() : q),
    [given(a), given(b)],
  );

const maps = {
  tanh,
  exp,
  sin,
  log,
  softplus: (x: Tensor) => softplus(x),
  softmax: (x: Tensor) => softmax(x, { axis: -1 }),
  sum: (x: Tensor) => sum(x),
} as const;

const map = ({ name, x }: MapProblem): Job => computing(maps[name], [given(x)]);

/** The whole integration is one program. */
function sampling({ steps, parameters, start: points }: SamplingProblem): Job {
  const h = 1 / steps;
  const count = points.shape[0];
  const integrate = (x0: Tensor, ...flat: Tensor[]): Tensor => {
    const layers = flat.flatMap((weight, i) => (i % 2 === 0 ? [[weight, flat[i + 1]]] : [])) as unknown as Layers;
    const velocity = (x: Tensor, t: Tensor): Tensor =>
      perceptron(layers, concat([x, t.broadcastTo([count, 1])], 1), 'tanh');
    type Carry = [Tensor, Tensor];
    const [[end]] = scan(
      ([x, t]: Carry): [Carry, null] => {
        const middle = x.add(velocity(x, t).mul(h / 2));
        return [[x.add(velocity(middle, t.add(h / 2)).mul(h)), t.add(h)], null];
      },
      [x0, zeros([])] as Carry,
      null,
      { length: steps },
    ) as unknown as [Carry, null];
    return end;
  };
  return computing(integrate, [given(points), ...parameters.map(given)]);
}
