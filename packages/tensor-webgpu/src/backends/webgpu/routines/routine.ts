import type { DType } from '../../../dtype/dtype.ts';
import type { Eqn } from '../../../program/program.ts';

/** What a device says of how large things may be. */
export interface RoutineLimits {
  readonly maxComputeInvocationsPerWorkgroup: number;
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly maxStorageBuffersPerShaderStage: number;
  /** Lanes beside each other that exchange registers: a power of two (default 1: none). */
  readonly exchanging?: number;
}

export type RoutineBuffer = { readonly operand: number } | { readonly result: number } | { readonly scratch: number };

/** One dispatch: whole WGSL, entry point `main`; `buffers` are bound in their order as `b0`, `b1`, …, all writable. */
export interface RoutineStep {
  readonly label: string;
  readonly buffers: readonly RoutineBuffer[];
  readonly source: string;
  readonly workgroups: readonly [number, number, number];
}

/** The kernels of an equation that is called as a whole. */
export interface Routine {
  /** Bytes of each scratch buffer. */
  readonly scratch: readonly number[];
  readonly steps: readonly RoutineStep[];
}

/** The routine of an equation of one primitive; `null` where this device has none for it. */
export type RoutineMaker = (eqn: Eqn, limits: RoutineLimits) => Routine | null;

/** What a program does with an equation of nothing. */
export const NOTHING: Routine = { scratch: [], steps: [] };

/** How elements of a type stand in a buffer: bool is 0 or 1 in a u32. */
export const wordOf = (dtype: DType): string => (dtype === 'bool' ? 'u32' : dtype);

/** Declarations of buffers that hold elements of these types. */
export const bindingsOf = (dtypes: readonly DType[]): string =>
  dtypes
    .map((dtype, i) => `@group(0) @binding(${i}) var<storage, read_write> b${i}: array<${wordOf(dtype)}>;`)
    .join('\n');

/** A number of workgroups as two dimensions, each within the limit; the kernels count along x, then along y. */
export function gridOf(groups: number, limits: RoutineLimits): [number, number, number] {
  const y = Math.max(1, Math.ceil(groups / limits.maxComputeWorkgroupsPerDimension));
  return [Math.ceil(groups / y), y, 1];
}
