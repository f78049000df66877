import { equivarianceError, type LrgaParams, lrga, randomNodeFeatures } from '@flowfield/equivariant-layers';
import { concat, grad, ones, random, type Tensor, tensor, tree, valueAndGrad, zeros } from '@flowfield/tensor-webgpu';
import { largestDifference, relativeDifference } from '../symmetry/differences.ts';
import { denseAttention } from './denseAttention.ts';

const [INPUTS, RANK] = [5, 4];
const layerOf = (dtype: 'f32' | 'f64') => lrga({ inputs: INPUTS, rank: RANK, dtype });
const normal = (key: random.Key, shape: readonly number[]): Tensor => random.normal(key, shape, { dtype: 'f64' });

/** Parameters whose biases are not 0, in f64. */
function drawnParams(key: random.Key): LrgaParams {
  const { weight } = layerOf('f64').init(random.foldIn(key, 0));
  return { weight, bias: normal(random.foldIn(key, 1), [4 * RANK]).mul(0.3) };
}

/** Against the n x n form, relative. */
export function denseError(key: random.Key, dtype: 'f32' | 'f64'): number {
  const params = tree.map((leaf: Tensor) => leaf.astype(dtype), drawnParams(key)) as LrgaParams;
  const x = normal(random.foldIn(key, 2), [40, INPUTS]).astype(dtype);
  return relativeDifference(layerOf(dtype).apply(params, x), denseAttention(params, x));
}

export const relabellingError = (key: random.Key, dtype: 'f32' | 'f64'): number =>
  equivarianceError(layerOf('f64'), { input: normal(key, [2, 12, INPUTS]), key, params: drawnParams(key), dtype }).max;

/** Graphs of 4, 1 and 9 nodes alone, padded together and flat together, relative. */
export function batchError(key: random.Key): number {
  const [layer, params] = [layerOf('f64'), drawnParams(key)];
  const sizes = [4, 1, 9];
  const graphs = sizes.map((n, i) => normal(random.foldIn(key, 10 + i), [n, INPUTS]));
  const alone = concat(
    graphs.map((x) => layer.apply(params, x)),
    0,
  );
  const most = Math.max(...sizes);
  const padded = layer.apply(
    params,
    concat(
      graphs.map((x, i) => concat([x, ones([most - sizes[i], INPUTS], { dtype: 'f64' })], 0).expandDims(0)),
      0,
    ),
    { mask: sizes.map((n) => Array.from({ length: most }, (_, i) => i < n)) },
  );
  const graphOf = Int32Array.from(sizes.flatMap((n, i) => Array<number>(n).fill(i)));
  const flat = (of: Int32Array | Tensor): Tensor =>
    layer.apply(params, concat(graphs, 0), { batch: { graphs: sizes.length, graphOf: of } });
  const unpadded = concat(
    sizes.map((n, i) => padded.at(i).slice([0, n])),
    0,
  );
  return Math.max(...[unpadded, flat(graphOf), flat(tensor(graphOf))].map((y) => relativeDifference(y, alone)));
}

/** Change of a graph's rows when another graph joins the batch. */
export function strangerEffect(key: random.Key): number {
  const [layer, params] = [layerOf('f64'), drawnParams(key)];
  const [x, other] = [7, 5].map((n, i) => normal(random.foldIn(key, 20 + i), [n, INPUTS]));
  const graphOf = Int32Array.from({ length: 12 }, (_, i) => Number(i >= 7));
  const beside = (stranger: Tensor): Tensor =>
    layer.apply(params, concat([x, stranger], 0), { batch: { graphs: 2, graphOf } }).slice([0, 7]);
  return largestDifference(beside(other), beside(other.mul(-100)));
}

/** The largest number that comes of nodes without a feature above 0, infinite where a derivative is not finite. */
export function silence(key: random.Key): number {
  const layer = layerOf('f64');
  const { weight, bias } = drawnParams(key);
  const cases: [LrgaParams, Tensor][] = [
    [{ weight, bias: bias.mul(0) }, zeros([6, INPUTS], { dtype: 'f64' })],
    [{ weight, bias: bias.sub(100) }, normal(random.foldIn(key, 30), [6, INPUTS])],
  ];
  const sizes = cases.map(([params, x]) => {
    const slopes = tree.leaves(grad((p: LrgaParams) => layer.apply(p, x).sum())(params)) as Tensor[];
    const finite = slopes.every((leaf) => Number.isFinite(leaf.abs().sum().item()));
    return finite ? layer.apply(params, x).abs().max().item() : Number.POSITIVE_INFINITY;
  });
  return Math.max(...sizes);
}

/** Change of the attended half when the columns of U, or of V, are multiplied by 7, relative; it comes from the 1e-6 in η. */
export function scaleError(key: random.Key): number {
  const [layer, params] = [layerOf('f64'), drawnParams(key)];
  const x = normal(random.foldIn(key, 40), [9, INPUTS]);
  const attended = (p: LrgaParams): Tensor => layer.apply(p, x).slice('...', [0, RANK]);
  const errors = [0, 1].map((part) => {
    const factors = tensor(
      Array.from({ length: 4 * RANK }, (_, column) => (Math.floor(column / RANK) === part ? 7 : 1)),
      { dtype: 'f64' },
    );
    return relativeDifference(
      attended({ weight: params.weight.mul(factors), bias: params.bias.mul(factors) }),
      attended(params),
    );
  });
  return Math.max(...errors);
}

/** Spread of the rows for nodes that are all equal. */
export function constantError(key: random.Key): number {
  const y = layerOf('f64').apply(drawnParams(key), normal(key, [1, INPUTS]).broadcastTo([8, INPUTS]));
  return largestDifference(y, y.slice([0, 1]).broadcastTo(y.shape));
}

/** Derivatives in weights, biases and nodes against central differences, relative. */
export function gradientError(key: random.Key): number {
  const layer = layerOf('f64');
  const at = { ...drawnParams(key), x: normal(random.foldIn(key, 50), [6, INPUTS]) };
  const value = ({ x, ...params }: typeof at): Tensor => layer.apply(params, x).sin().sum();
  const [, slopes] = valueAndGrad(value)(at) as unknown as [Tensor, typeof at];
  const errors = (['weight', 'bias', 'x'] as const).map((name, i) => {
    const direction = normal(random.foldIn(key, 60 + i), at[name].shape);
    const slope = slopes[name].mul(direction).sum().item();
    const moved = (by: number): number => value({ ...at, [name]: at[name].add(direction.mul(by)) }).item();
    return Math.abs((moved(1e-6) - moved(-1e-6)) / 2e-6 - slope) / Math.max(1, Math.abs(slope));
  });
  return Math.max(...errors);
}

/**
 * Attention on nodes with random numbers, 1,000 times: mean results of a relabelled path are the relabelled means, in standard errors of their differences.
 */
export function randomMeanError(key: random.Key): number {
  const [layer, params] = [lrga({ inputs: 2 + 3, rank: RANK, dtype: 'f64' }), drawnParams(key)];
  const nodes = normal(random.foldIn(key, 70), [4, 2]);
  const order = tensor(Int32Array.of(2, 0, 3, 1));
  const forwards = (x: Tensor, own: random.Key): Tensor =>
    layer.apply(params, randomNodeFeatures(own, x.expandDims(0).broadcastTo([1000, 4, 2]), { count: 3 }));
  const here = forwards(nodes, random.foldIn(key, 71)).take(order, { axis: 1 });
  const moved = forwards(nodes.take(order), random.foldIn(key, 72));
  const spread = here
    .var({ axis: 0 })
    .add(moved.var({ axis: 0 }))
    .div(1000)
    .sqrt();
  return here
    .mean({ axis: 0 })
    .sub(moved.mean({ axis: 0 }))
    .abs()
    .div(spread.maximum(1e-12))
    .max()
    .item();
}
