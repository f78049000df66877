import { applyMap, equivariantLinear, equivariantMaps } from '@flowfield/equivariant-layers';
import { eye, ones, random, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { largestDifference } from '../symmetry/differences.ts';

const N = 6;
const everywhere = ones([N, N], { dtype: 'f64' });
const diagonal = eye(N, { dtype: 'f64' });

/** The 15 operations of the page's numbering on a matrix of ones: 1 to 5 give I, the others the matrix itself. On I: by number. */
export function operationsError(): number {
  const maps = equivariantMaps({ orderIn: 2, orderOut: 2 });
  const of = (x: Tensor, i: number): Tensor => applyMap(maps[i], x.expandDims(-1)).squeeze(-1);
  const ofIdentity = (i: number): Tensor => {
    if (i < 2) return diagonal;
    if (i < 5) return diagonal.div(N);
    if (i < 9) return everywhere.div(N);
    if (i < 11) return diagonal;
    return i < 14 ? everywhere : everywhere.div(N);
  };
  return Math.max(
    ...maps.flatMap((_, i) => [
      largestDifference(of(everywhere, i), i < 5 ? diagonal : everywhere),
      largestDifference(of(diagonal, i), ofIdentity(i)),
    ]),
  );
}

/** General layers against the formulas written out, means over n, biases drawn too. */
export function formulasError(key: random.Key): number {
  return Math.max(...FORMULAS.map((formula, i) => formulaError(formula, random.foldIn(key, i))));
}

interface Formula {
  readonly orderIn: number;
  readonly orderOut: number;
  /** The value from x [n, …, c], weights W by number and biases. */
  value(x: Tensor, w: readonly Tensor[], b: readonly Tensor[]): Tensor;
}

const onDiagonal = (v: Tensor): Tensor => v.expandDims(0).mul(diagonal.expandDims(-1));
const mean = (x: Tensor, axis: number): Tensor => x.mean({ axis });
const diagonalOf = (x: Tensor): Tensor => x.mul(diagonal.expandDims(-1)).sum({ axis: 1 });

const FORMULAS: readonly Formula[] = [
  {
    orderIn: 2,
    orderOut: 2,
    value(x, w, b) {
      const [d, r, c] = [diagonalOf(x), mean(x, 1), mean(x, 0)];
      const [t, s] = [mean(d, 0), mean(r, 0)];
      const own = sum([d, t, r, c, s], w.slice(0, 5)).add(b[1]);
      const rows = sum([c, r, d], [w[5], w[6], w[11]]);
      const columns = sum([c, r, d], [w[7], w[8], w[12]]);
      const all = sum([t, s], [w[13], w[14]]).add(b[0]);
      const mixed = x.matmul(w[9]).add(x.transpose([1, 0, 2]).matmul(w[10]));
      return onDiagonal(own).add(rows.expandDims(1)).add(columns.expandDims(0)).add(all).add(mixed);
    },
  },
  {
    orderIn: 2,
    orderOut: 1,
    value(x, w, b) {
      const [d, r, c] = [diagonalOf(x), mean(x, 1), mean(x, 0)];
      return sum([d, mean(d, 0), r, c, mean(r, 0)], w).add(b[0]);
    },
  },
  {
    orderIn: 1,
    orderOut: 2,
    value(x, w, b) {
      const own = sum([x, mean(x, 0)], w.slice(0, 2)).add(b[1]);
      const all = mean(x, 0).matmul(w[4]).add(b[0]);
      return onDiagonal(own).add(x.matmul(w[2]).expandDims(0)).add(x.matmul(w[3]).expandDims(1)).add(all);
    },
  },
  { orderIn: 1, orderOut: 1, value: (x, w, b) => sum([x, mean(x, 0)], w).add(b[0]) },
];

const sum = (features: readonly Tensor[], weights: readonly Tensor[]): Tensor =>
  features.map((feature, i) => feature.matmul(weights[i])).reduce((total, one) => total.add(one));

function formulaError({ orderIn, orderOut, value }: Formula, key: random.Key): number {
  const layer = equivariantLinear({ orderIn, orderOut, channelsIn: 3, channelsOut: 2, dtype: 'f64' });
  const [inputKey, paramsKey] = random.split(key);
  const x = random.normal(inputKey, [...Array<number>(orderIn).fill(N), 3], { dtype: 'f64' });
  const params = tree.map(
    (leaf: Tensor) => random.normal(paramsKey, leaf.shape, { dtype: 'f64' }),
    layer.init(paramsKey),
  ) as ReturnType<typeof layer.init>;
  const listed = (leaf: Tensor): Tensor[] => Array.from({ length: leaf.shape[0] }, (_, i) => leaf.at(i));
  return largestDifference(layer.apply(params, x), value(x, listed(params.weight), listed(params.bias as Tensor)));
}
