import { blockUntilReady, defaultDevice, grad, init, jit, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import type { Contender, Job } from '../contender.ts';
import type { ProductProblem, TrainingProblem } from '../problem.ts';

/**
 * jax-js on its WebAssembly backend, one jitted step. Its arrays are gone once used, so every further use takes `.ref`.
 * It queues work until someone waits, so every run waits.
 */
export async function jaxJs(version: string): Promise<Contender> {
  await init('wasm');
  defaultDevice('wasm');
  return {
    name: 'jax-js',
    version,
    training: (problem) => training(problem, slopeByGrad),
    trainingByHand: (problem) => training(problem, slopeByHand),
    product,
  };
}

/** Its types ask for an array that is not shared; a copy is not. */
const own = (data: Float32Array): Float32Array<ArrayBuffer> => new Float32Array(data);

const read = async (value: np.Array): Promise<Float32Array> => (await value.ref.data()) as Float32Array;

function network({ activation, shapes }: TrainingProblem, parameters: readonly np.Array[], x: np.Array): np.Array {
  let value = x;
  for (let i = 0; i < shapes.length; i += 2) {
    value = np.matmul(value, parameters[i].ref).add(parameters[i + 1].ref);
    if (i + 2 < shapes.length) value = activation === 'tanh' ? np.tanh(value) : nn.softplus(value);
  }
  return value;
}

/** `∇ₓf` at every row of `x`. */
type InputGradient = (problem: TrainingProblem, parameters: readonly np.Array[], x: np.Array) => np.Array;

const slopeByGrad: InputGradient = (problem, parameters, x) =>
  grad((points: np.Array) => np.sum(network(problem, parameters, points)))(x);

/** `v ← (v ⊙ σ'(z)) Wᵀ` from the last layer to the first. */
const slopeByHand: InputGradient = ({ activation, shapes }, parameters, x) => {
  const slopes: np.Array[] = [];
  let value = x;
  for (let i = 0; i + 2 < shapes.length; i += 2) {
    const before = np.matmul(value, parameters[i].ref).add(parameters[i + 1].ref);
    value = activation === 'tanh' ? np.tanh(before.ref) : nn.softplus(before.ref);
    slopes.push(activation === 'tanh' ? np.subtract(1, np.square(value.ref)) : nn.sigmoid(before.ref));
    before.dispose();
  }
  value.dispose();
  let back = np.transpose(parameters[shapes.length - 2].ref);
  for (let layer = slopes.length - 1; layer >= 0; layer--) {
    back = np.matmul(slopes[layer].mul(back), np.transpose(parameters[2 * layer].ref));
  }
  return back;
};

function lossOf(
  problem: TrainingProblem,
  slopeOf: InputGradient,
  parameters: readonly np.Array[],
  x: np.Array,
  y: np.Array,
): np.Array {
  if (problem.loss === 'regression') {
    return np.mean(np.square(network(problem, parameters, x).sub(y)));
  }
  const slope = slopeOf(problem, parameters, x);
  return np.mean(np.square(np.sqrt(np.sum(np.square(slope), 1)).sub(1)));
}

function training(problem: TrainingProblem, slopeOf: InputGradient): Job {
  const { batch, widths, shapes, rate } = problem;
  const x = np.array(own(problem.x), { shape: [batch, widths[0]] });
  const y = np.array(own(problem.y), { shape: [batch, 1] });
  let parameters = problem.parameters.map((data, i) => np.array(own(data), { shape: [...shapes[i]] }));
  let loss: np.Array | null = null;
  const step = jit((given: np.Array[], points: np.Array, targets: np.Array): [np.Array[], np.Array] => {
    const [value, gradient] = valueAndGrad((p: np.Array[]) => lossOf(problem, slopeOf, p, points.ref, targets.ref))(
      given.map((p) => p.ref),
    );
    return [given.map((p, i) => p.sub(gradient[i].mul(rate))), value];
  });
  return {
    async run() {
      loss?.dispose();
      [parameters, loss] = step(parameters, x.ref, y.ref);
      await blockUntilReady([loss, ...parameters]);
    },
    outputs: () => Promise.all([...(loss ? [loss] : []), ...parameters].map(read)),
    dispose() {
      for (const value of [x, y, ...parameters, ...(loss ? [loss] : [])]) value.dispose();
      step.dispose();
    },
  };
}

function product({ form, n, a, b }: ProductProblem): Job {
  const left = np.array(own(a), { shape: [n, n] });
  const right = np.array(own(b), { shape: [n, n] });
  const multiply = jit((p: np.Array, q: np.Array) =>
    np.matmul(form === 'Aᵀ·B' ? np.transpose(p) : p, form === 'A·Bᵀ' ? np.transpose(q) : q),
  );
  let result: np.Array | null = null;
  return {
    async run() {
      result?.dispose();
      result = multiply(left.ref, right.ref);
      await result.blockUntilReady();
    },
    outputs: () => Promise.all((result ? [result] : []).map(read)),
    dispose() {
      for (const value of [left, right, ...(result ? [result] : [])]) value.dispose();
      multiply.dispose();
    },
  };
}
