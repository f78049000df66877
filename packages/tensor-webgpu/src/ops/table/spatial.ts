import type { Tensor } from '../../tensor/tensor.ts';
import * as spatial from '../spatial.ts';
import { example, type OpEntry, ulps } from './entry.ts';

type OfWindows = (x: Tensor, y: Tensor) => Tensor;
type OfPlaces = (x: Tensor) => Tensor;

/** The functions for `rank` spatial axes, on windows of 2 places each way. */
function entriesOfRank(
  rank: number,
  conv: OfWindows,
  transposed: OfWindows,
  most: OfPlaces,
  mean: OfPlaces,
): OpEntry[] {
  const image = (extent: number) => example([1, 2, ...new Array<number>(rank).fill(extent)]);
  const weights = example([2, 2, ...new Array<number>(rank).fill(2)]);
  const sum = { formula: 'Σ w x', ulp: ulps(16), scale: 8 };
  return [
    { ...sum, name: `conv${rank}d`, apply: conv, examples: [image(3), weights] },
    { ...sum, name: `convTranspose${rank}d`, apply: transposed, examples: [image(2), weights] },
    { name: `maxPool${rank}d`, formula: 'max of a window', apply: most, examples: [image(4)], ulp: ulps(0) },
    { name: `avgPool${rank}d`, formula: 'mean of a window', apply: mean, examples: [image(4)], ulp: ulps(8), scale: 1 },
  ];
}

export const spatialEntries: readonly OpEntry[] = [
  ...entriesOfRank(
    1,
    (x, w) => spatial.conv1d(x, w),
    (x, w) => spatial.convTranspose1d(x, w, { stride: 2 }),
    (x) => spatial.maxPool1d(x, 2),
    (x) => spatial.avgPool1d(x, 2),
  ),
  ...entriesOfRank(
    2,
    (x, w) => spatial.conv2d(x, w),
    (x, w) => spatial.convTranspose2d(x, w, { stride: 2 }),
    (x) => spatial.maxPool2d(x, 2),
    (x) => spatial.avgPool2d(x, 2),
  ),
  ...entriesOfRank(
    3,
    (x, w) => spatial.conv3d(x, w),
    (x, w) => spatial.convTranspose3d(x, w, { stride: 2 }),
    (x) => spatial.maxPool3d(x, 2),
    (x) => spatial.avgPool3d(x, 2),
  ),
];
