import { Literal } from '../../../program/aval.ts';
import { operationKey } from '../../../program/key.ts';
import { loweringAs } from '../../../program/lowering.ts';
import type { Eqn } from '../../../program/program.ts';
import { CpuRoutine, type Routine } from './routine.ts';

/** How the module computes an equation that is called as a whole; `null` where the host does. */
export function routineFor(eqn: Eqn): Routine | null {
  const code = loweringAs(eqn.primitive, 'call')?.code?.find((code) => code instanceof CpuRoutine);
  return code && !eqn.inputs.some((atom) => atom instanceof Literal) ? code.of(eqn) : null;
}

/** What equations share that have the same routine. */
export const routineKey = ({ primitive, params, inputs }: Eqn): string =>
  `routine ${operationKey(primitive.name, params)} ${inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`).join()}`;
