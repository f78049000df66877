import { FlowfieldError } from '../errors/errors.ts';
import type { Value } from '../program/value.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { runProgram } from '../trace/bind.ts';
import { currentBuilder, traceProgram } from '../trace/builder.ts';

/** The operation that an error names, at the beginning of its message; one that names none begins with what was expected. */
const NAMED = /^[\w.]+(?=: )|^E(?=xpected )/;

/** An operation that is made of others speaks of itself when one of them fails: `softmax: …`, not `max: …`. */
function inTheNameOf<Result>(name: string, build: () => Result): Result {
  try {
    return build();
  } catch (error) {
    if (error instanceof FlowfieldError) {
      const { message } = error;
      error.message = message.replace(NAMED, (found) => (found === 'E' ? `${name}: e` : name));
      if (error.stack) error.stack = error.stack.replace(message, () => error.message);
    }
    throw error;
  }
}

/**
 * Runs an operation that is made of several primitives. Inside a trace its primitives are recorded; outside
 * they are compiled together and run as one program, so that no intermediate result is kept.
 */
export const composites = (name: string, build: () => readonly Value[]): Tensor[] =>
  inTheNameOf(name, () => runComposite(name, build));

function runComposite(name: string, build: () => readonly Value[]): Tensor[] {
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
