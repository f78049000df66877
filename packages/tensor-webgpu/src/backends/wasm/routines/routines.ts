import { Literal } from '../../../program/aval.ts';
import { operationKey } from '../../../program/key.ts';
import type { Eqn } from '../../../program/program.ts';
import { cumulativeRoutine } from './cumulative.ts';
import type { Routine } from './routine.ts';
import { sortRoutine } from './sort.ts';

const routines: Readonly<Record<string, (eqn: Eqn) => Routine>> = {
  sort: sortRoutine,
  cumSum: cumulativeRoutine,
  cumProd: cumulativeRoutine,
  cumMax: cumulativeRoutine,
  cumMin: cumulativeRoutine,
  cumLogSumExp: cumulativeRoutine,
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
