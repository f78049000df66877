import { cyclicGroup, equivariantLinear, groupLinear, symmetricGroup } from '@flowfield/equivariant-layers';
import { concat, eye, linalg, random } from '@flowfield/tensor-webgpu';
import { largestDifference } from '../symmetry/differences.ts';

/** y_i = Σ_j w_(j - i) x_j, with the weights in the order of their first pair (0, j). */
export function convolutionError(key: random.Key): number {
  const n = 8;
  const layer = groupLinear({ group: cyclicGroup(n), orderIn: 1, orderOut: 1, channelsIn: 1, channelsOut: 1 });
  const [paramsKey, inputKey] = random.split(key);
  const params = layer.init(paramsKey);
  const x = random.normal(inputKey, [n, 1]);
  const [w, values] = [params.weight, x].map((leaf) => Array.from(leaf.dataSync() as Float32Array));
  const y = layer.apply(params, x).dataSync();
  const convolved = (i: number) => values.reduce((sum, value, j) => sum + w[(j - i + n) % n] * value, 0);
  return Math.max(...Array.from(y, (value, i) => Math.abs(value - convolved(i))));
}

/** S5 on vectors against x (W_0 - W_1) + n mean(x) W_1. */
export function deepSetsError(key: random.Key): number {
  const n = 5;
  const layer = groupLinear({
    group: symmetricGroup(n),
    orderIn: 1,
    orderOut: 1,
    channelsIn: 3,
    channelsOut: 2,
    dtype: 'f64',
  });
  const [paramsKey, inputKey] = random.split(key);
  const params = layer.init(paramsKey);
  const x = random.normal(inputKey, [n, 3], { dtype: 'f64' });
  const [own, others] = [params.weight.at(0), params.weight.at(1)];
  const mean = x.mean({ axis: 0, keepDims: true });
  return largestDifference(layer.apply(params, x), x.matmul(own.sub(others)).add(mean.mul(n).matmul(others)));
}

/** Of the matrices of the orbit maps of S5 on 5 x 5 matrices, and of the 15 operations, together. */
export function jointRank(): number {
  const n = 5;
  const size = { orderIn: 2, orderOut: 2, channelsIn: 1, channelsOut: 15, bias: false, dtype: 'f64' } as const;
  const each = { weight: eye(15, { dtype: 'f64' }).expandDims(1) };
  const inputs = eye(n * n, { dtype: 'f64' }).reshape([n * n, n, n, 1]);
  const maps = [
    groupLinear({ ...size, group: symmetricGroup(n) }).apply(each, inputs),
    equivariantLinear(size).apply(each, inputs),
  ].map((y) => y.reshape([n ** 4, 15]).T);
  return linalg.matrixRank(concat(maps, 0)).item();
}
