import type { Primitive } from '../program/program.ts';
import * as argReduce from './argReduce.ts';
import * as arithmetic from './arithmetic.ts';
import * as broadcast from './broadcast.ts';
import * as cast from './cast.ts';
import * as comparison from './comparison.ts';
import * as concat from './concat.ts';
import * as cumulative from './cumulative.ts';
import * as dotGeneral from './dotGeneral.ts';
import * as dynamicSlice from './dynamicSlice.ts';
import * as errorFunction from './errorFunction.ts';
import * as exponential from './exponential.ts';
import * as extremes from './extremes.ts';
import * as gamma from './gamma.ts';
import * as gather from './gather.ts';
import * as hyperbolic from './hyperbolic.ts';
import * as identity from './identity.ts';
import * as iota from './iota.ts';
import * as cholesky from './linalg/cholesky.ts';
import * as eigh from './linalg/eigh.ts';
import * as lu from './linalg/lu.ts';
import * as qr from './linalg/qr.ts';
import * as svd from './linalg/svd.ts';
import * as symmetricFunction from './linalg/symmetricFunction.ts';
import * as triangularSolve from './linalg/triangularSolve.ts';
import * as logic from './logic.ts';
import * as pad from './pad.ts';
import * as power from './power.ts';
import * as reduce from './reduce.ts';
import * as reshape from './reshape.ts';
import * as rev from './rev.ts';
import * as rounding from './rounding.ts';
import * as scatter from './scatter.ts';
import * as select from './select.ts';
import * as slice from './slice.ts';
import * as sort from './sort.ts';
import * as threefry from './threefry.ts';
import * as transpose from './transpose.ts';
import * as trigonometric from './trigonometric.ts';

const modules: readonly object[] = [
  arithmetic,
  extremes,
  rounding,
  power,
  exponential,
  trigonometric,
  hyperbolic,
  errorFunction,
  gamma,
  comparison,
  logic,
  select,
  cast,
  iota,
  threefry,
  reshape,
  transpose,
  broadcast,
  slice,
  rev,
  identity,
  reduce,
  argReduce,
  dotGeneral,
  pad,
  concat,
  gather,
  scatter,
  dynamicSlice,
  cumulative,
  sort,
  cholesky,
  triangularSolve,
  lu,
  qr,
  eigh,
  svd,
  symmetricFunction,
];

/** Every primitive that has a rule of its own, by name; control flow and custom rules live with the transforms. */
export const primitives: ReadonlyMap<string, Primitive> = new Map(
  modules
    .flatMap((module) => Object.entries(module))
    .filter(([name]) => name.endsWith('Primitive'))
    .map(([, primitive]) => [(primitive as Primitive).name, primitive as Primitive]),
);
