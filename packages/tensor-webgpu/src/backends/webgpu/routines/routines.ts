import { Literal } from '../../../program/aval.ts';
import type { Eqn } from '../../../program/program.ts';
import { cumulative } from './cumulative.ts';
import { eigh } from './eigen.ts';
import { lu } from './eliminate.ts';
import { pad } from './pad.ts';
import { qr } from './reflections.ts';
import type { Routine, RoutineLimits, RoutineMaker } from './routine.ts';
import { svd } from './singular.ts';
import { sort } from './sort.ts';
import { symmetricFunction } from './symmetric-function.ts';
import { cholesky, triangularSolve } from './triangular.ts';

const makers: Readonly<Record<string, RoutineMaker>> = {
  sort,
  cumSum: cumulative,
  cumProd: cumulative,
  cumMax: cumulative,
  cumMin: cumulative,
  cumLogSumExp: cumulative,
  pad,
  cholesky,
  triangularSolve,
  lu,
  qr,
  eigh,
  svd,
  symmetricFunction,
};

/** The kernels of an equation that is called as a whole; `null` where this device has none. */
export function routineFor(eqn: Eqn, limits: RoutineLimits): Routine | null {
  const { name } = eqn.primitive;
  const maker = Object.hasOwn(makers, name) ? makers[name] : null;
  if (maker === null || eqn.inputs.some((input) => input instanceof Literal)) return null;
  return maker(eqn, limits);
}
