import { grad, init, jit, type Tensor, tensor, tree, valueAndGrad } from '@flowfield/tensor-webgpu';
import type { Contender, Job } from '../contender.ts';
import type { ProductProblem, TrainingProblem } from '../problem.ts';

/** One jitted step whose parameters are donated; one jitted product. On the CPU device, with so many threads. */
export function flowfield(version: string, threads: number): Contender {
  const before = async (): Promise<void> => {
    await init({ threads });
  };
  return {
    name: threads === 1 ? 'flowfield' : `flowfield, ${threads} threads`,
    version,
    training: (problem) => ({ ...training(problem), before }),
    product: (problem) => ({ ...product(problem), before }),
  };
}

const read = async (value: Tensor): Promise<Float32Array> => (await value.data()) as Float32Array;

function network({ activation, shapes }: TrainingProblem, parameters: readonly Tensor[], x: Tensor): Tensor {
  let value = x;
  for (let i = 0; i < shapes.length; i += 2) {
    value = value.matmul(parameters[i]).add(parameters[i + 1]);
    if (i + 2 < shapes.length) value = activation === 'tanh' ? value.tanh() : value.softplus();
  }
  return value;
}

function lossOf(problem: TrainingProblem, parameters: readonly Tensor[], x: Tensor, y: Tensor): Tensor {
  if (problem.loss === 'regression') return network(problem, parameters, x).sub(y).square().mean();
  const slope = grad((points: Tensor) => network(problem, parameters, points).sum())(x) as Tensor;
  return slope.square().sum({ axis: 1 }).sqrt().sub(1).square().mean();
}

function training(problem: TrainingProblem): Job {
  const { batch, widths, shapes, rate } = problem;
  const x = tensor(problem.x, { shape: [batch, widths[0]] });
  const y = tensor(problem.y, { shape: [batch, 1] });
  let parameters: Tensor[] = problem.parameters.map((data, i) => tensor(data, { shape: shapes[i] }));
  let loss: Tensor | null = null;
  const step = jit(
    (given: Tensor[], points: Tensor, targets: Tensor): [Tensor[], Tensor] => {
      const [value, gradient] = valueAndGrad((p: Tensor[]) => lossOf(problem, p, points, targets))(given);
      return [tree.map((p: Tensor, g: Tensor) => p.sub(g.mul(rate)), given, gradient) as Tensor[], value];
    },
    { donate: [0] },
  );
  return {
    run() {
      loss?.dispose();
      [parameters, loss] = step(parameters, x, y);
    },
    outputs: () => Promise.all([...(loss ? [loss] : []), ...parameters].map(read)),
    dispose() {
      for (const value of [x, y, ...parameters, ...(loss ? [loss] : [])]) value.dispose();
    },
  };
}

function product({ form, n, a, b }: ProductProblem): Job {
  const left = tensor(a, { shape: [n, n] });
  const right = tensor(b, { shape: [n, n] });
  const multiply = jit((p: Tensor, q: Tensor) =>
    (form === 'Aᵀ·B' ? p.transpose() : p).matmul(form === 'A·Bᵀ' ? q.transpose() : q),
  );
  let result: Tensor | null = null;
  return {
    run() {
      result?.dispose();
      result = multiply(left, right);
    },
    outputs: () => Promise.all((result ? [result] : []).map(read)),
    dispose() {
      for (const value of [left, right, ...(result ? [result] : [])]) value.dispose();
    },
  };
}
