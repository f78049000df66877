import { Literal } from '../../../program/aval.ts';
import { operationKey } from '../../../program/key.ts';
import type { Eqn } from '../../../program/program.ts';
import { choleskyRoutine } from './cholesky.ts';
import { cumulativeRoutine } from './cumulative.ts';
import { eighRoutine } from './eigh.ts';
import { luRoutine } from './lu.ts';
import { qrRoutine } from './qr.ts';
import type { Routine } from './routine.ts';
import { sortRoutine } from './sort.ts';
import { svdRoutine } from './svd.ts';
import { triangularSolveRoutine } from './triangular-solve.ts';

const routines: Readonly<Record<string, (eqn: Eqn) => Routine>> = {
  sort: sortRoutine,
  cumSum: cumulativeRoutine,
  cumProd: cumulativeRoutine,
  cumMax: cumulativeRoutine,
  cumMin: cumulativeRoutine,
  cumLogSumExp: cumulativeRoutine,
  cholesky: choleskyRoutine,
  triangularSolve: triangularSolveRoutine,
  lu: luRoutine,
  qr: qrRoutine,
  eigh: eighRoutine,
  svd: svdRoutine,
};

/** How the module computes an equation that is called as a whole; `null` where the host does. */
export function routineFor(eqn: Eqn): Routine | null {
  const { name } = eqn.primitive;
  if (!Object.hasOwn(routines, name) || eqn.inputs.some((atom) => atom instanceof Literal)) return null;
  return routines[name](eqn);
}

/** What equations share that have the same routine. */
export const routineKey = ({ primitive, params, inputs }: Eqn): string =>
  `routine ${operationKey(primitive.name, params)} ${inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`).join()}`;
