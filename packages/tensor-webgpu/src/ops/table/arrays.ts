import type { Tensor } from '../../tensor/tensor.ts';
import * as contraction from '../contraction.ts';
import { conv, convTranspose } from '../conv.ts';
import { onesLike } from '../creation.ts';
import * as cumulative from '../cumulative.ts';
import { einsum } from '../einsum.ts';
import { cross, diff } from '../geometry.ts';
import * as indexing from '../indexing.ts';
import { interp } from '../interp.ts';
import * as join from '../join.ts';
import { where } from '../logical.ts';
import { logsumexp } from '../logsumexp.ts';
import * as ignoring from '../nanReductions.ts';
import { pad } from '../pad.ts';
import { avgPool, maxPool } from '../pool.ts';
import * as reductions from '../reductions.ts';
import * as shapes from '../reshape.ts';
import * as segment from '../segment.ts';
import { slice } from '../slice.ts';
import * as sorting from '../sorting.ts';
import * as statistics from '../statistics.ts';
import { type Example, example, indices, NUMBERS, type OpEntry, ulps } from './entry.ts';

type More = Partial<Omit<OpEntry, 'name' | 'formula' | 'apply' | 'examples'>>;

const entry = (
  name: string,
  formula: string,
  apply: (...operands: Tensor[]) => Tensor,
  examples: readonly Example[],
  bound: number,
  more: More = {},
): OpEntry => ({
  name,
  formula,
  apply,
  examples,
  ulp: ulps(bound),
  ...more,
});

/** Every shape function gives exact copies. */
const view = (name: string, formula: string, apply: (x: Tensor) => Tensor, shape: readonly number[]): OpEntry =>
  entry(name, formula, apply, [example(shape)], 0, { dtypes: [...NUMBERS, 'bool'] });

const MATRIX = example([3, 5]);

/** The diagonal of a matrix, with NaN in its place. */
const withNaN = (x: Tensor): Tensor => where(indexing.triu(indexing.tril(onesLike(x))), Number.NaN, x);

/** Places of knots, uneven. */
const KNOTS: readonly number[] = [-2, -0.5, 0.25, 2];
const CUBE = example([2, 3, 4]);

export const reductionEntries: readonly OpEntry[] = [
  entry('sum', 'Σ x', (x) => reductions.sum(x), [CUBE], 8, { scale: 8, dtypes: NUMBERS }),
  entry('sum, axis', 'Σ x', (x) => reductions.sum(x, { axis: [0, -1], keepDims: true }), [CUBE], 8, {
    scale: 4,
    dtypes: NUMBERS,
  }),
  entry('prod', 'Π x', (x) => reductions.prod(x, { axis: 1 }), [example([3, 5], [0.3, 2])], 8, { dtypes: NUMBERS }),
  entry('prod with zeros', 'Π x', (x) => reductions.prod(indexing.tril(x, 1), { axis: 1 }), [example([4, 4])], 8),
  entry('max', 'max x', (x) => reductions.max(x, { axis: 1 }), [MATRIX], 0, { dtypes: NUMBERS }),
  entry('min', 'min x', (x) => reductions.min(x), [MATRIX], 0, { dtypes: NUMBERS }),
  entry('mean', 'Σ x / n', (x) => reductions.mean(x, { axis: 0 }), [MATRIX], 8, { scale: 1 }),
  entry('variance', 'Σ (x - mean)² / n', (x) => reductions.variance(x, { axis: -1 }), [MATRIX], 16),
  entry('variance, ddof 1', 'Σ (x - mean)² / (n - 1)', (x) => reductions.variance(x, { ddof: 1 }), [MATRIX], 16),
  entry('std', '√variance', (x) => reductions.std(x, { axis: 0, keepDims: true }), [MATRIX], 16),
  entry('norm', '√Σ x²', (x) => reductions.norm(x, { axis: -1 }), [MATRIX], 8),
  entry('norm, ord 1', 'Σ |x|', (x) => reductions.norm(x, { ord: 1 }), [example([3, 5], [-2, 2], { avoid: [0] })], 8),
  entry(
    'norm, ord ∞',
    'max |x|',
    (x) => reductions.norm(x, { ord: Number.POSITIVE_INFINITY, axis: 0 }),
    [example([3, 5], [-2, 2], { avoid: [0] })],
    0,
  ),
  entry(
    'norm, ord 3',
    '(Σ |x|³)^(1/3)',
    (x) => reductions.norm(x, { ord: 3, axis: 1 }),
    [example([3, 5], [-2, 2], { avoid: [0] })],
    16,
  ),
  entry('any', 'some x ≠ 0', (x) => reductions.any(x, { axis: 0 }), [example([3, 5], [-1, 1])], 0, {
    dtypes: [...NUMBERS, 'bool'],
    order: 0,
  }),
  entry('all', 'all x ≠ 0', (x) => reductions.all(x, { axis: 0 }), [example([3, 5], [-1, 1])], 0, {
    dtypes: [...NUMBERS, 'bool'],
    order: 0,
  }),
  entry('countNonzero', 'how many x ≠ 0', (x) => reductions.countNonzero(x), [example([3, 5], [-1, 1])], 0, {
    dtypes: NUMBERS,
    order: 0,
  }),
  entry('argmax', 'place of max x', (x) => reductions.argmax(x, { axis: 1 }), [MATRIX], 0, {
    dtypes: NUMBERS,
    order: 0,
  }),
  entry('argmin', 'place of min x', (x) => reductions.argmin(x), [MATRIX], 0, { dtypes: NUMBERS, order: 0 }),
  entry('logsumexp', 'log Σ eˣ', (x) => logsumexp(x, { axis: -1 }), [MATRIX], 8, { scale: 1 }),
  entry('quantile', 'sorted x at q (n - 1)', (x) => statistics.quantile(x, [0.1, 0.5, 1], { axis: 1 }), [MATRIX], 8, {
    scale: 1,
  }),
  entry('ptp', 'max x - min x', (x) => statistics.ptp(x, { axis: 1 }), [MATRIX], 1, { dtypes: NUMBERS }),
  entry('nansum', 'Σ x of numbers', (x) => ignoring.nansum(withNaN(x), { axis: 1 }), [MATRIX], 8, { scale: 4 }),
  entry('nanmean', 'mean x of numbers', (x) => ignoring.nanmean(withNaN(x), { axis: 1 }), [MATRIX], 8, { scale: 1 }),
  entry('nanmax', 'max x of numbers', (x) => ignoring.nanmax(withNaN(x), { axis: 1, keepDims: true }), [MATRIX], 0),
  entry('nanmin', 'min x of numbers', (x) => ignoring.nanmin(withNaN(x), { axis: 0 }), [MATRIX], 0),
  entry('median', 'quantile 1/2', (x) => statistics.median(x, { axis: [0, 2] }), [CUBE], 8, { scale: 1 }),
  entry('cumsum', 'Σ up to here', (x) => cumulative.cumsum(x, { axis: 1 }), [MATRIX], 8, { scale: 4, dtypes: NUMBERS }),
  entry('cumsum, reverse', 'Σ from here', (x) => cumulative.cumsum(x, { axis: 0, reverse: true }), [MATRIX], 8, {
    scale: 4,
  }),
  entry('cumprod', 'Π up to here', (x) => cumulative.cumprod(x, { axis: 1 }), [example([3, 5], [0.4, 2])], 8),
  entry('cummax', 'max up to here', (x) => cumulative.cummax(x, { axis: 1 }), [MATRIX], 0),
  entry('cummin', 'min up to here', (x) => cumulative.cummin(x, { axis: 0 }), [MATRIX], 0),
  entry('cumlogsumexp', 'log Σ eˣ up to here', (x) => cumulative.cumlogsumexp(x, { axis: 1 }), [MATRIX], 12, {
    scale: 1,
  }),
];

export const shapeEntries: readonly OpEntry[] = [
  view('reshape', 'row-major order kept', (x) => shapes.reshape(x, [4, -1]), [2, 3, 4]),
  view('flatten', 'axes joined', (x) => shapes.flatten(x, 1), [2, 3, 4]),
  view('transpose', 'axes permuted', (x) => shapes.transpose(x, [2, 0, 1]), [2, 3, 4]),
  view('moveaxis', 'an axis moved', (x) => shapes.moveaxis(x, 0, -1), [2, 3, 4]),
  view('swapaxes', 'two axes exchanged', (x) => shapes.swapaxes(x, 0, 2), [2, 3, 4]),
  view('broadcastTo', 'repeated', (x) => shapes.broadcastTo(x, [2, 3, 4]), [3, 1]),
  view('expandDims', 'axes of extent 1 added', (x) => shapes.expandDims(x, [0, -1]), [2, 3]),
  view('squeeze', 'axes of extent 1 gone', (x) => shapes.squeeze(x), [1, 3, 1]),
  view('flip', 'reversed', (x) => shapes.flip(x, 1), [2, 5]),
  view('slice', 'x[1, ::-2, 1:3]', (x) => slice(x, 1, { step: -2 }, [1, 3]), [2, 5, 4]),
  view('tile', 'repeated as a whole', (x) => join.tile(x, [2, 3]), [2, 3]),
  view('repeat', 'each repeated', (x) => join.repeat(x, 3, 0), [2, 3]),
  view('roll', 'shifted round', (x) => join.roll(x, -2, 1), [2, 5]),
  view(
    'pad',
    'zeros around',
    (x) =>
      pad(x, [
        [1, 2],
        [0, 3],
      ]),
    [2, 3],
  ),
  view('pad, edge', 'border around', (x) => pad(x, 2, { mode: 'edge' }), [2, 3]),
  view('pad, reflect', 'mirrored', (x) => pad(x, [2, 1], { mode: 'reflect' }), [3, 4]),
  view('pad, symmetric', 'mirrored with the border', (x) => pad(x, 2, { mode: 'symmetric' }), [3, 4]),
  view('pad, wrap', 'repeated around', (x) => pad(x, 2, { mode: 'wrap' }), [3, 4]),
  view('tril', 'zeros above', (x) => indexing.tril(x, -1), [2, 4, 3]),
  view('triu', 'zeros below', (x) => indexing.triu(x), [4, 3]),
  view('diagonal', 'x[i, i]', (x) => indexing.diagonal(x), [2, 4, 3]),
  view('diag', 'x[i] at [i, i]', (x) => indexing.diag(x), [2, 3]),
  entry('concat', 'one after the other', (x, y) => join.concat([x, y], 1), [example([2, 3]), example([2, 4])], 0, {
    dtypes: NUMBERS,
  }),
  entry('stack', 'along a new axis', (x, y) => join.stack([x, y], -1), [example([2, 3]), example([2, 3])], 0, {
    dtypes: NUMBERS,
  }),
  entry(
    'split',
    'pieces',
    (x) => {
      const [a, , c] = join.split(x, [1, 2, 2], 1);
      return c.mul(a);
    },
    [MATRIX],
    1,
  ),
  entry(
    'meshgrid',
    'grids',
    (x, y) => join.meshgrid([x, y])[0].mul(join.meshgrid([x, y])[1]),
    [example([3]), example([4])],
    1,
  ),
];

export const indexingEntries: readonly OpEntry[] = [
  entry('take', 'x[…, i, …]', (x, i) => indexing.take(x, i, { axis: 1 }), [MATRIX, indices([2, 2], 5)], 0, {
    dtypes: NUMBERS,
  }),
  entry(
    'takeAlongAxis',
    'x[i, j] of each line',
    (x, i) => indexing.takeAlongAxis(x, i, 0),
    [MATRIX, indices([2, 5], 3)],
    0,
  ),
  entry('gather', 'rows by batch', (x, i) => indexing.gather(x, i, { batchDims: 1 }), [CUBE, indices([2, 5], 3)], 0),
  entry(
    'scatterAdd',
    'x with rows added',
    (x, i, u) => indexing.scatterAdd(x, i, u),
    [example([4, 2]), indices([6], 4), example([6, 2])],
    8,
    { scale: 4, dtypes: NUMBERS },
  ),
  entry(
    'scatterSet',
    'x with rows replaced',
    (x, i, u) => indexing.scatterSet(x, i, u),
    [example([7, 2]), indices([3], 7), example([3, 2])],
    0,
  ),
  entry(
    'scatterMax',
    'x with rows raised',
    (x, i, u) => indexing.scatterMax(x, i, u),
    [example([4]), indices([6], 4), example([6])],
    0,
  ),
  entry(
    'scatterMin',
    'x with rows lowered',
    (x, i, u) => indexing.scatterMin(x, i, u),
    [example([4]), indices([6], 4), example([6])],
    0,
  ),
  entry(
    'scatterMul',
    'x with rows multiplied',
    (x, i, u) => indexing.scatterMul(x, i, u),
    [example([4]), indices([6], 4), example([6], [0.5, 2])],
    8,
  ),
  entry(
    'dynamicSlice',
    'block at i, j',
    (x, i) => indexing.dynamicSlice(x, [i, 1], [2, 3]),
    [MATRIX, indices([], 3)],
    0,
  ),
  entry(
    'dynamicUpdateSlice',
    'block replaced',
    (x, u, i) => indexing.dynamicUpdateSlice(x, u, [i, 1]),
    [MATRIX, example([2, 3]), indices([], 3)],
    0,
  ),
  entry('oneHot', '1 at the index', (i) => indexing.oneHot(i, 4), [indices([3], 4)], 0, { order: 0, dtypes: ['f32'] }),
  entry('trace', 'Σ x[i, i]', (x) => indexing.trace(x), [example([2, 4, 4])], 8, { scale: 4 }),
  entry(
    'segmentSum',
    'Σ of each segment',
    (x, i) => segment.segmentSum(x, i, 4),
    [example([6, 2]), indices([6], 4)],
    8,
    { scale: 4, dtypes: NUMBERS },
  ),
  entry(
    'segmentMean',
    'mean of each segment',
    (x, i) => segment.segmentMean(x, i, 4),
    [example([6, 2]), indices([6], 4)],
    8,
    { scale: 1 },
  ),
  entry(
    'segmentMax',
    'max of each segment',
    (x, i) => segment.segmentMax(x, i, 3).clip(-9, 9),
    [example([7]), indices([7], 3)],
    0,
  ),
  entry(
    'segmentMin',
    'min of each segment',
    (x, i) => segment.segmentMin(x, i, 3).clip(-9, 9),
    [example([7]), indices([7], 3)],
    0,
  ),
  entry(
    'segmentSoftmax',
    'eˣ / Σ eˣ in segments',
    (x, i) => segment.segmentSoftmax(x, i, 3),
    [example([7]), indices([7], 3)],
    12,
  ),
  entry('sort', 'in ascending order', (x) => sorting.sort(x, { axis: 0 }), [example([5, 3])], 0, { dtypes: NUMBERS }),
  entry('sort, descending', 'in descending order', (x) => sorting.sort(x, { descending: true }), [MATRIX], 0, {
    dtypes: NUMBERS,
  }),
  entry('argsort', 'places in order', (x) => sorting.argsort(x), [MATRIX], 0, { dtypes: NUMBERS, order: 0 }),
  entry('topK', 'the k largest', (x) => sorting.topK(x, 3).values, [MATRIX], 0, { dtypes: NUMBERS }),
  entry(
    'lexsort',
    'places in order of keys',
    (x, y) => sorting.lexsort([x, y]),
    [indices([7], 3), indices([7], 2)],
    0,
    { order: 0, dtypes: ['f32'] },
  ),
  entry(
    'searchsorted',
    'place among sorted',
    (x, y) => sorting.searchsorted(sorting.sort(x), y),
    [example([5]), example([9])],
    0,
    { order: 0 },
  ),
  entry(
    'interp',
    'the line through two knots at x',
    (x, y) => interp(x, KNOTS, y),
    [example([9], [-3, 3], { avoid: KNOTS }), example([KNOTS.length])],
    16,
    { scale: 1 },
  ),
];

const pairs: readonly (readonly [string, readonly number[], readonly number[]])[] = [
  ['matmul', [3, 4], [4, 5]],
  ['matmul, vectors', [4], [4]],
  ['matmul, batch', [2, 3, 4], [2, 4, 5]],
  ['matmul, rows', [2, 3, 4], [4, 5]],
  ['matmul, shared left', [3, 4], [2, 4, 5]],
  ['matmul, broadcast', [2, 1, 3, 4], [5, 4, 2]],
  ['matmul, vector right', [2, 3, 4], [4]],
  ['matmul, vector left', [4], [2, 4, 3]],
];

export const contractionEntries: readonly OpEntry[] = [
  ...pairs.map(([name, left, right]) =>
    entry(name, 'Σₖ x[i, k] y[k, j]', contraction.matmul, [example(left), example(right)], 8, {
      scale: 4,
      dtypes: NUMBERS,
    }),
  ),
  entry('dot', 'Σ x y', contraction.dot, [CUBE, example([5, 4, 2])], 8, { scale: 4 }),
  entry('kron', 'blocks x[i, j] y', contraction.kron, [example([2, 3]), example([3, 2])], 1),
  entry('outer', 'x[i] y[j]', contraction.outer, [example([3]), example([2, 2])], 1),
  entry('vecdot', 'Σ x y', (x, y) => contraction.vecdot(x, y), [example([3, 4]), example([4])], 8, { scale: 4 }),
  entry(
    'tensordot',
    'Σ over two axes',
    (x, y) =>
      contraction.tensordot(x, y, [
        [0, 2],
        [1, 0],
      ]),
    [CUBE, example([4, 2, 3])],
    8,
    { scale: 8 },
  ),
  entry('einsum, matrix', 'ij,jk->ki', (x, y) => einsum('ij,jk->ki', x, y), [example([3, 4]), example([4, 2])], 8, {
    scale: 4,
  }),
  entry(
    'einsum, chain',
    'bij,jk,bk->bi',
    (x, y, z) => einsum('bij,jk,bk->bi', x, y, z),
    [CUBE, example([4, 5]), example([2, 5])],
    16,
    { scale: 16 },
  ),
  entry('einsum, diagonal', 'iij->j', (x) => einsum('iij->j', x), [example([3, 3, 2])], 8, { scale: 4 }),
  entry('einsum, ellipsis', '...i,i->...', (x, y) => einsum('...i,i->...', x, y), [CUBE, example([4])], 8, {
    scale: 4,
  }),
];

const pairsOfVectors = [example([2, 3]), example([3])];

export const windowEntries: readonly OpEntry[] = [
  entry('conv, 1d', 'Σ w x', (x, w) => conv(x, w), [example([2, 3, 6]), example([4, 3, 2])], 16, { scale: 8 }),
  entry(
    'conv, 2d',
    'Σ w x',
    (x, w) => conv(x, w, { stride: [2, 1], padding: 'same' }),
    [example([2, 2, 5, 4]), example([3, 2, 3, 3])],
    32,
    { scale: 8 },
  ),
  entry(
    'conv, groups',
    'Σ w x',
    (x, w) => conv(x, w, { groups: 2, dilation: 2, padding: 1 }),
    [example([1, 4, 6]), example([2, 2, 2])],
    16,
    { scale: 8 },
  ),
  entry(
    'convTranspose',
    'Σ w x',
    (x, w) => convTranspose(x, w, { stride: 2, padding: 1, outputPadding: 1 }),
    [example([1, 2, 3, 3]), example([2, 3, 3, 3])],
    32,
    { scale: 8 },
  ),
  entry('maxPool', 'max of a window', (x) => maxPool(x, 2, { stride: 1, padding: 1 }), [example([1, 2, 4, 4])], 0),
  entry('avgPool', 'mean of a window', (x) => avgPool(x, [2, 3]), [example([1, 2, 4, 6])], 8, { scale: 1 }),
  entry('cross', 'x × y', (x, y) => cross(x, y), pairsOfVectors, 4, { scale: 4, dtypes: NUMBERS }),
  entry('diff', 'x[i + 1] - x[i]', (x) => diff(x, { order: 2, axis: 0 }), [example([5, 2])], 4, {
    scale: 4,
    dtypes: NUMBERS,
  }),
];
