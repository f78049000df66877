import * as tf from '@tensorflow/tfjs';
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import type { Contender, Job } from '../src/contender.ts';
import type { Given, MapProblem, ProductProblem, TrainingProblem } from '../src/problem.ts';
import manifest from './package.json' with { type: 'json' };
import { activationOf, startOf } from './start.ts';

/** TensorFlow.js on its WebAssembly backend with SIMD and one thread. It has no compiler: every op is a call. */
export async function peer(): Promise<Contender> {
  setThreadsCount(1);
  await tf.setBackend('wasm');
  await tf.ready();
  return {
    name: 'tfjs',
    version: manifest.dependencies['@tensorflow/tfjs'],
    start: startOf({
      training: (problem, byHand) => training(problem, byHand ? slopeByHand : slopeByGrad),
      product,
      map,
    }),
  };
}

const array = ({ shape, data }: Given): tf.Tensor => tf.tensor(data, [...shape]);

const read = async (value: tf.Tensor): Promise<Float32Array> => (await value.data()) as Float32Array;

function network(problem: TrainingProblem, parameters: readonly tf.Tensor[], x: tf.Tensor): tf.Tensor {
  const activation = activationOf(problem);
  let value = x;
  for (let i = 0; i < parameters.length; i += 2) {
    value = tf.add(tf.matMul(value, parameters[i]), parameters[i + 1]);
    if (i + 2 < parameters.length) value = activation === 'tanh' ? tf.tanh(value) : tf.softplus(value);
  }
  return value;
}

/** `∇ₓf` at every row of `x`. */
type InputGradient = (problem: TrainingProblem, parameters: readonly tf.Tensor[], x: tf.Tensor) => tf.Tensor;

const slopeByGrad: InputGradient = (problem, parameters, x) =>
  tf.grad((points) => tf.sum(network(problem, parameters, points)))(x);

/** `v ← (v ⊙ σ'(z)) Wᵀ` from the last layer to the first, in ops whose first derivatives are right. */
const slopeByHand: InputGradient = (problem, parameters, x) => {
  const activation = activationOf(problem);
  const slopes: tf.Tensor[] = [];
  let value = x;
  for (let i = 0; i + 2 < parameters.length; i += 2) {
    const before = tf.add(tf.matMul(value, parameters[i]), parameters[i + 1]);
    value = activation === 'tanh' ? tf.tanh(before) : tf.softplus(before);
    slopes.push(activation === 'tanh' ? tf.sub(1, tf.square(value)) : tf.sigmoid(before));
  }
  let back: tf.Tensor = tf.transpose(parameters[parameters.length - 2]);
  for (let layer = slopes.length - 1; layer >= 0; layer--) {
    back = tf.matMul(tf.mul(slopes[layer], back), parameters[2 * layer], false, true);
  }
  return back;
};

function lossOf(
  problem: TrainingProblem,
  slopeOf: InputGradient,
  parameters: readonly tf.Tensor[],
  x: tf.Tensor,
  y: tf.Tensor,
): tf.Scalar {
  if (problem.model === 'regression') {
    return tf.mean(tf.square(tf.sub(network(problem, parameters, x), y))) as tf.Scalar;
  }
  const slope = slopeOf(problem, parameters, x);
  return tf.mean(tf.square(tf.sub(tf.sqrt(tf.sum(tf.square(slope), 1)), 1))) as tf.Scalar;
}

function training(problem: TrainingProblem, slopeOf: InputGradient): Job {
  const { rate, data } = problem;
  const x = array(data[0]);
  // The eikonal loss has no targets.
  const y = array(data[data.length - 1]);
  const parameters = problem.parameters.map((each) => tf.variable(array(each)));
  const optimizer = tf.train.sgd(rate);
  let loss: tf.Scalar | null = null;
  return {
    run() {
      loss?.dispose();
      loss = optimizer.minimize(() => lossOf(problem, slopeOf, parameters, x, y), true, parameters);
    },
    outputs: () => Promise.all([...(loss ? [loss] : []), ...parameters].map(read)),
    dispose: () => {
      tf.dispose([x, y, ...parameters, ...(loss ? [loss] : [])]);
      optimizer.dispose();
    },
  };
}

/** A job that computes `f` anew in each run. */
function computing(f: () => tf.Tensor, operands: readonly tf.Tensor[]): Job {
  let result: tf.Tensor | null = null;
  return {
    run() {
      result?.dispose();
      result = f();
    },
    outputs: () => Promise.all((result ? [result] : []).map(read)),
    dispose: () => tf.dispose([...operands, ...(result ? [result] : [])]),
  };
}

function product({ form, a, b }: ProductProblem): Job {
  const [left, right] = [array(a), array(b)];
  return computing(() => tf.matMul(left, right, form === 'Aᵀ·B', form === 'A·Bᵀ'), [left, right]);
}

const maps = {
  tanh: tf.tanh,
  exp: tf.exp,
  sin: tf.sin,
  log: tf.log,
  softplus: tf.softplus,
  softmax: tf.softmax,
  sum: tf.sum,
} as const;

function map({ name, x }: MapProblem): Job {
  const given = array(x);
  return computing(() => (maps[name] as (x: tf.Tensor) => tf.Tensor)(given), [given]);
}
