import type { TypedArray } from '../../dtype/dtype.ts';
import { lower } from '../../optimize/simplify.ts';
import type { Program } from '../../program/program.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { traceProgram } from '../../trace/builder.ts';
import { inputData } from '../draft.ts';
import { operations } from '../operations/index.ts';
import { sketch } from '../sketch.ts';
import { functionOf, functionTexts } from '../text.ts';
import { transforms } from '../wraps.ts';
import { write } from '../write.ts';

interface LoweredProgram {
  readonly seed: number;
  readonly program: Program;
  /** The elements of its inputs, those of what it takes from outside last. */
  readonly data: readonly TypedArray[];
}

/** Programs of the fuzzer for so many seeds, with transforms and control flow, ready to be compiled; those that cannot be traced are left out. */
export function* loweredPrograms(first: number, count: number): Generator<LoweredProgram> {
  for (let seed = first; seed < first + count; seed++) {
    const draft = write(sketch(seed, Object.keys(operations), Object.keys(transforms)));
    let traced: ReturnType<typeof traceProgram>;
    try {
      traced = traceProgram(draft.inputs, functionOf(functionTexts(draft)));
    } catch {
      continue; // Some programs ask for derivatives that do not exist.
    }
    const outside = traced.captured.map((value) => (value as Tensor).dataSync());
    yield { seed, program: lower(traced.program), data: [...inputData(draft), ...outside] };
  }
}
