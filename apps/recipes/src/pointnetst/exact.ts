import { equivarianceError, transmission } from '@flowfield/equivariant-layers';
import { concat, eye, random, stack, type Tensor, valueAndGrad, zeros } from '@flowfield/tensor-webgpu';
import type { Part } from '../part.ts';
import { relativeDifference } from '../symmetry/differences.ts';
import { type NetworkName, network, networkNames } from './networks.ts';

/** Parameters at width 50 with 4 inputs. */
const COUNTS: Readonly<Record<NetworkName, number>> = {
  pointNet: 10_501,
  pointNetST: 13_001,
  pointNetSeg: 13_001,
  pointNetQT: 20_501,
  deepSets: 20_751,
};
const N = 12;
/** Elements, and padding behind them. */
const PADDED = 17;

export const exact: Part = {
  name: 'exact',
  summary: 'five set networks: relabelling, rows that see each other or do not, padding, derivatives, parameters',
  minutes: 0.2,
  onlyCpu: 'it computes in float64',
  seeds: [0],
  metrics: [
    { name: 'errorF64', label: 'error of equivariance, float64', gate: { atMost: 1e-12 }, digits: 16 },
    { name: 'errorF32', label: 'error of equivariance, float32', gate: { atMost: 1e-5 }, digits: 8 },
    { name: 'leak', label: 'PointNet: change of a row by other rows', gate: { atMost: 0 }, digits: 0 },
    { name: 'mixing', label: 'the others: least change of a row by other rows', gate: { atLeast: 1e-6 }, digits: 7 },
    { name: 'padding', label: 'a padded set against the set alone', gate: { atMost: 1e-6 }, digits: 9 },
    { name: 'gradient', label: 'derivatives against differences, relative', gate: { atMost: 1e-6 }, digits: 10 },
    { name: 'wrongCounts', label: 'networks with another number of parameters', gate: { atMost: 0 }, digits: 0 },
    { name: 'mean', label: 'transmission with A = 0, B = I against the mean', gate: { atMost: 1e-6 }, digits: 9 },
  ],
  async run({ seed }) {
    const key = random.key(seed);
    const x = random.normal(random.foldIn(key, 0), [N, 4], { dtype: 'f64' });
    const laws = networkNames.map((name, i) => lawsOf(name, x, random.foldIn(key, 1 + i)));
    const others = laws.filter(({ name }) => name !== 'pointNet');
    const [pointNet] = laws.filter(({ name }) => name === 'pointNet');
    const worst = (of: (law: (typeof laws)[number]) => number) => Math.max(...laws.map(of));
    return {
      figures: {
        errorF64: worst(({ errorF64 }) => errorF64),
        errorF32: worst(({ errorF32 }) => errorF32),
        leak: pointNet.mixing,
        mixing: Math.min(...others.map(({ mixing }) => mixing)),
        padding: worst(({ padding }) => padding),
        gradient: worst(({ gradient }) => gradient),
        wrongCounts: networkNames.filter(
          (name) => network(name, { inputs: 4, width: 50 }).parameterCount !== COUNTS[name],
        ).length,
        mean: meanError(x),
      },
    };
  },
};

function lawsOf(name: NetworkName, x: Tensor, key: random.Key) {
  const net = network(name, { inputs: 4, width: 16, dtype: 'f64' });
  const params = net.init(key);
  const y = net.apply(params, x);
  const error = (dtype: 'f32' | 'f64') => equivarianceError(net, { input: x, key, params, dtype }).max;
  const changed = net.apply(params, concat([x.slice([0, 1]), x.slice([1, null]).mul(2)], 0));
  const padded = net.apply(params, concat([x, zeros([PADDED - N, 4], { dtype: 'f64' })], 0), {
    mask: Array.from({ length: PADDED }, (_, i) => i < N),
  });
  const value = (z: Tensor): Tensor => net.apply(params, z).sin().sum();
  const direction = random.normal(random.foldIn(key, 1), x.shape, { dtype: 'f64' });
  const slope = valueAndGrad(value)(x)[1].mul(direction).sum().item();
  const at = (by: number) => value(x.add(direction.mul(by))).item();
  return {
    name,
    errorF64: error('f64'),
    errorF32: error('f32'),
    mixing: changed.at(0).sub(y.at(0)).abs().max().item(),
    padding: relativeDifference(padded.slice([0, N]), y),
    gradient: Math.abs((at(1e-6) - at(-1e-6)) / 2e-6 - slope) / Math.max(1, Math.abs(slope)),
  };
}

/** x 0 + mean I, and x I - (x - mean) I: the mean in every row, in both forms. */
function meanError(x: Tensor): number {
  const identity = eye(4, { dtype: 'f64' });
  const mean = x.mean({ axis: 0, keepDims: true }).broadcastTo(x.shape);
  const size = { inputs: 4, outputs: 4, bias: false, dtype: 'f64' } as const;
  const context = transmission({ ...size, form: 'context' });
  const deviation = transmission({ ...size, form: 'deviation' });
  return Math.max(
    relativeDifference(context.apply({ weight: stack([identity.mul(0), identity]) }, x), mean),
    relativeDifference(deviation.apply({ weight: stack([identity, identity.neg()]) }, x), mean),
  );
}
