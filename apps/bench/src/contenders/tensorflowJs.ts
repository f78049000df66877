import * as tf from '@tensorflow/tfjs';
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import type { Contender, Job } from '../contender.ts';
import type { ProductProblem, TrainingProblem } from '../problem.ts';

/** TensorFlow.js on its WebAssembly backend with SIMD and one thread. It has no compiler: every op is a call. */
export async function tensorflowJs(version: string): Promise<Contender> {
  setThreadsCount(1);
  await tf.setBackend('wasm');
  await tf.ready();
  return {
    name: 'tfjs',
    version,
    training: (problem) => training(problem, slopeByGrad),
    trainingByHand: (problem) => training(problem, slopeByHand),
    product,
  };
}

const read = async (value: tf.Tensor): Promise<Float32Array> => (await value.data()) as Float32Array;

function network({ activation, shapes }: TrainingProblem, parameters: readonly tf.Tensor[], x: tf.Tensor): tf.Tensor {
  let value = x;
  for (let i = 0; i < shapes.length; i += 2) {
    value = tf.add(tf.matMul(value, parameters[i]), parameters[i + 1]);
    if (i + 2 < shapes.length) value = activation === 'tanh' ? tf.tanh(value) : tf.softplus(value);
  }
  return value;
}

/** `∇ₓf` at every row of `x`. */
type InputGradient = (problem: TrainingProblem, parameters: readonly tf.Tensor[], x: tf.Tensor) => tf.Tensor;

const slopeByGrad: InputGradient = (problem, parameters, x) =>
  tf.grad((points) => tf.sum(network(problem, parameters, points)))(x);

/** `v ← (v ⊙ σ'(z)) Wᵀ` from the last layer to the first, in ops whose first derivatives are right. */
const slopeByHand: InputGradient = ({ activation, shapes }, parameters, x) => {
  const slopes: tf.Tensor[] = [];
  let value = x;
  for (let i = 0; i + 2 < shapes.length; i += 2) {
    const before = tf.add(tf.matMul(value, parameters[i]), parameters[i + 1]);
    value = activation === 'tanh' ? tf.tanh(before) : tf.softplus(before);
    slopes.push(activation === 'tanh' ? tf.sub(1, tf.square(value)) : tf.sigmoid(before));
  }
  let back: tf.Tensor = tf.transpose(parameters[shapes.length - 2]);
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
  if (problem.loss === 'regression') {
    return tf.mean(tf.square(tf.sub(network(problem, parameters, x), y))) as tf.Scalar;
  }
  const slope = slopeOf(problem, parameters, x);
  return tf.mean(tf.square(tf.sub(tf.sqrt(tf.sum(tf.square(slope), 1)), 1))) as tf.Scalar;
}

function training(problem: TrainingProblem, slopeOf: InputGradient): Job {
  const { batch, widths, shapes, rate } = problem;
  const x = tf.tensor(problem.x, [batch, widths[0]]);
  const y = tf.tensor(problem.y, [batch, 1]);
  const parameters = problem.parameters.map((data, i) => tf.variable(tf.tensor(data, [...shapes[i]])));
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

function product({ form, n, a, b }: ProductProblem): Job {
  const left = tf.tensor(a, [n, n]);
  const right = tf.tensor(b, [n, n]);
  let result: tf.Tensor | null = null;
  return {
    run() {
      result?.dispose();
      result = tf.matMul(left, right, form === 'Aᵀ·B', form === 'A·Bᵀ');
    },
    outputs: () => Promise.all((result ? [result] : []).map(read)),
    dispose: () => tf.dispose([left, right, ...(result ? [result] : [])]),
  };
}
