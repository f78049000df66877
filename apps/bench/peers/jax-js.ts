import { blockUntilReady, defaultDevice, grad, init, jit, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import type { Contender, Job } from '../src/contender.ts';
import type { Given, MapProblem, ProductProblem, TrainingProblem } from '../src/problem.ts';
import manifest from './package.json' with { type: 'json' };
import { activationOf, startOf } from './start.ts';

/**
 * jax-js on its WebAssembly backend, one jitted step. Its arrays are gone once used, so every further use takes `.ref`.
 * It queues work until someone waits, so every run waits.
 */
export async function peer(): Promise<Contender> {
  await init('wasm');
  defaultDevice('wasm');
  return {
    name: 'jax-js',
    version: manifest.dependencies['@jax-js/jax'],
    start: startOf({
      training: (problem, byHand) => training(problem, byHand ? slopeByHand : slopeByGrad),
      product,
      map,
    }),
  };
}

/** Its types ask for an array that is not shared; a copy is not. */
const array = ({ shape, data }: Given): np.Array => np.array(new Float32Array(data), { shape: [...shape] });

const read = async (value: np.Array): Promise<Float32Array> => (await value.ref.data()) as Float32Array;

function network(problem: TrainingProblem, parameters: readonly np.Array[], x: np.Array): np.Array {
  const activation = activationOf(problem);
  let value = x;
  for (let i = 0; i < parameters.length; i += 2) {
    value = np.matmul(value, parameters[i].ref).add(parameters[i + 1].ref);
    if (i + 2 < parameters.length) value = activation === 'tanh' ? np.tanh(value) : nn.softplus(value);
  }
  return value;
}

/** `∇ₓf` at every row of `x`. */
type InputGradient = (problem: TrainingProblem, parameters: readonly np.Array[], x: np.Array) => np.Array;

const slopeByGrad: InputGradient = (problem, parameters, x) =>
  grad((points: np.Array) => np.sum(network(problem, parameters, points)))(x);

/** `v ← (v ⊙ σ'(z)) Wᵀ` from the last layer to the first. */
const slopeByHand: InputGradient = (problem, parameters, x) => {
  const activation = activationOf(problem);
  const slopes: np.Array[] = [];
  let value = x;
  for (let i = 0; i + 2 < parameters.length; i += 2) {
    const before = np.matmul(value, parameters[i].ref).add(parameters[i + 1].ref);
    value = activation === 'tanh' ? np.tanh(before.ref) : nn.softplus(before.ref);
    slopes.push(activation === 'tanh' ? np.subtract(1, np.square(value.ref)) : nn.sigmoid(before.ref));
    before.dispose();
  }
  value.dispose();
  let back = np.transpose(parameters[parameters.length - 2].ref);
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
  if (problem.model === 'regression') {
    return np.mean(np.square(network(problem, parameters, x).sub(y)));
  }
  const slope = slopeOf(problem, parameters, x);
  return np.mean(np.square(np.sqrt(np.sum(np.square(slope), 1)).sub(1)));
}

function training(problem: TrainingProblem, slopeOf: InputGradient): Job {
  const { rate, data } = problem;
  const x = array(data[0]);
  // The eikonal loss has no targets.
  const y = array(data[data.length - 1]);
  let parameters = problem.parameters.map(array);
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

/** A job that computes `f` of arrays anew in each run. */
function computing(f: (...operands: np.Array[]) => np.Array, operands: readonly np.Array[]): Job {
  const compiled = jit(f);
  let result: np.Array | null = null;
  return {
    async run() {
      result?.dispose();
      result = compiled(...operands.map((each) => each.ref));
      await result.blockUntilReady();
    },
    outputs: () => Promise.all((result ? [result] : []).map(read)),
    dispose() {
      for (const value of [...operands, ...(result ? [result] : [])]) value.dispose();
      compiled.dispose();
    },
  };
}

const product = ({ form, a, b }: ProductProblem): Job =>
  computing(
    (p, q) => np.matmul(form === 'Aᵀ·B' ? np.transpose(p) : p, form === 'A·Bᵀ' ? np.transpose(q) : q),
    [array(a), array(b)],
  );

const maps = {
  tanh: np.tanh,
  exp: np.exp,
  sin: np.sin,
  log: np.log,
  softplus: nn.softplus,
  softmax: (x: np.Array) => nn.softmax(x, -1),
  sum: (x: np.Array) => np.sum(x),
} as const;

const map = ({ name, x }: MapProblem): Job => computing(maps[name] as (x: np.Array) => np.Array, [array(x)]);
