import type { Value } from '../program/value.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { runProgram } from '../trace/bind.ts';
import { currentBuilder, traceProgram } from '../trace/builder.ts';

/**
 * Runs an operation that is made of several primitives. Inside a trace its primitives are recorded; outside
 * they are compiled together and run as one program, so that no intermediate result is kept.
 */
export function composites(name: string, build: () => readonly Value[]): Tensor[] {
  if (currentBuilder()) return build() as Tensor[];
  let made: readonly Value[] = [];
  const isConstant = (value: Value): boolean => value.state.kind === 'literal';
  // A value that came in and goes out untouched is copied: every result has a memory, and an end, of its own.
  const { program, captured } = traceProgram([], () => {
    made = build();
    return made.filter((value) => !isConstant(value));
  });
  if (program.outputs.length === 0) return made.slice() as Tensor[];
  const results = runProgram(program, captured, name);
  return made.map((value) => (isConstant(value) ? value : results.shift())) as Tensor[];
}

/** Same, for one result. */
export const composite = (name: string, build: () => Value): Tensor => composites(name, () => [build()])[0];
