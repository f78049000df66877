import type { DeviceCode, Eqn } from '../../../program/program.ts';
import type { FunctionBuilder, ModuleBuilder, ValueType } from '../assembler/index.ts';

/** How an equation that is called as a whole is compiled. */
export interface Routine {
  /** Pieces of work that do not depend on each other: a range of them is one call. Results do not depend on the cut. */
  readonly units: number;
  /** Bytes that one call needs beside its operands and results. */
  readonly scratchBytes: number;
  /** About how many nanoseconds one thread takes for all units. */
  readonly work: number;
  /** Adds the function; its parameters are those of `RoutineCode`. */
  emit(module: ModuleBuilder): FunctionBuilder;
}

/** Parameters of a routine's function: units [from, to), the address of the scratch memory, of each operand and each result. */
export const routineParams = (operands: number, results: number): ValueType[] =>
  Array.from({ length: 3 + operands + results }, () => 'i32' as const);

/**
 * How the CPU device computes a primitive that is called as a whole; the primitive carries it in its lowering. `null` for an
 * equation that it leaves to the host.
 */
export class CpuRoutine implements DeviceCode {
  readonly device = 'cpu';
  readonly of: (eqn: Eqn) => Routine | null;

  constructor(of: (eqn: Eqn) => Routine | null) {
    this.of = of;
  }
}
