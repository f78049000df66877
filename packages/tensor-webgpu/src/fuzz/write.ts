import { isFloat } from '../dtype/dtype.ts';
import { FlowfieldError } from '../errors/errors.ts';
import type { Value } from '../program/value.ts';
import { sizeOf } from '../shape/shape.ts';
import { traceProgram } from '../trace/builder.ts';
import type { Draft, Statement } from './draft.ts';
import { operations } from './operations/index.ts';
import { MOST_ELEMENTS, type Named, Scope } from './scope.ts';
import type { Sketch } from './sketch.ts';
import { evaluateText } from './text.ts';

/** Values that may be larger than this are scaled down at once. */
const LARGEST = 60;
const INPUT_BOUND = 2;
/** Most values that nothing reads among the outputs. */
const MOST_ENDS = 12;

/** Chooses operands and writes the program down. Steps that fit nothing, or that the library refuses by name, are left out. */
export function write(sketch: Sketch): Draft {
  const inputs = sketch.inputs.map((aval, i) => ({ ...aval, name: `v${i}` }));
  const statements: Statement[] = [];
  const known: Named[] = inputs.map((input) => ({ ...input, bound: INPUT_BOUND }));
  traceProgram(inputs, (...values) => {
    const given: Record<string, unknown> = Object.fromEntries(values.map((value, i) => [`v${i}`, value]));
    const add = (text: string, bound: number): void => {
      const value = evaluateText(text, given) as Value;
      if (sizeOf(value.shape) > MOST_ELEMENTS || value.shape.length > 5) return;
      const name = `v${known.length}`;
      const { shape, dtype } = value;
      given[name] = value;
      statements.push({ name, text, shape, dtype });
      known.push({ name, shape, dtype, bound });
    };
    for (const step of sketch.steps) {
      try {
        const written = operations[step.operation](new Scope(known, step.picks));
        if (!written) continue;
        const count = known.length;
        add(written.text, written.bound ?? 9);
        const made = known[known.length - 1];
        if (known.length > count && isFloat(made.dtype) && made.bound > LARGEST)
          add(`${made.name}.mul(${(1 / made.bound).toPrecision(2)})`, 1);
      } catch (error) {
        // A refusal with a name is an answer (the largest of nothing); anything else is a fault worth reporting.
        if (!(error instanceof FlowfieldError))
          throw new Error(`${step.operation}: ${String(error)}`, { cause: error });
      }
    }
    return [];
  });
  // What nothing else reads, so that no operation is for nothing, and some from anywhere.
  const read = new Set(statements.flatMap(({ text }) => text.match(/\bv\d+\b/g) ?? []));
  const ends = statements.filter(({ name }) => !read.has(name)).slice(-MOST_ENDS);
  const others = sketch.outputs.map((pick) => known[known.length - 1 - (pick % known.length)]);
  const outputs = [...new Set([...ends, ...others].map(({ name }) => name))];
  return { inputs, statements, outputs, wraps: sketch.wraps, seed: sketch.seed, special: sketch.special };
}
