import type { Eqn } from '../../../program/program.ts';

export interface RoutineLimits {
  readonly maxComputeWorkgroupsPerDimension: number;
}
export interface RoutineStep {
  readonly label: string;
  readonly buffers: readonly (
    | { readonly operand: number }
    | { readonly result: number }
    | { readonly scratch: number }
  )[];
  readonly source: string;
  readonly workgroups: readonly [number, number, number];
}
export interface Routine {
  readonly scratch: readonly number[];
  readonly steps: readonly RoutineStep[];
}
export const routineFor = (_eqn: Eqn, _limits: RoutineLimits): Routine | null => null;
