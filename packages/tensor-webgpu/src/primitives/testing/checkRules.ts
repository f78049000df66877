import { expect } from 'vitest';
import { isFloat } from '../../dtype/dtype.ts';
import type { Aval } from '../../program/aval.ts';
import { evaluateProgram } from '../../program/evaluate.ts';
import type { Program } from '../../program/program.ts';
import { type RefArray, refArray, refData } from '../../program/refArray.ts';
import type { Tangent, Value } from '../../program/value.ts';
import { sizeOf } from '../../shape/shape.ts';
import { traceProgram } from '../../trace/builder.ts';
import { batchProgramFully } from '../../transforms/batch.ts';
import { jvpProgram } from '../../transforms/forward.ts';
import { splitProgram } from '../../transforms/split.ts';
import { transposeProgram } from '../../transforms/transpose.ts';
import { lax } from '../lax.ts';

/** A function of primitives with arguments at which its rules are to hold. */
export interface RuleCase {
  readonly title: string;
  readonly build: (...values: Value[]) => readonly Value[];
  readonly inputs: readonly RefArray[];
  /** Relative error allowed against central differences. */
  readonly tolerance?: number;
  /** Highest derivative checked (default 2). */
  readonly order?: 0 | 1 | 2;
  /** The tangent directions, where not every direction is allowed (a symmetric matrix stays symmetric). */
  readonly direction?: (input: RefArray, random: () => number) => RefArray;
}

/** Uniform numbers in (0, 1) by a linear congruential generator: tests need repeatable, not good, randomness. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

export function array(shape: readonly number[], fill: (i: number) => number, dtype: Aval['dtype'] = 'f64'): RefArray {
  const data = refData(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = fill(i);
  return refArray(shape, dtype, data);
}

export const evaluate = (build: RuleCase['build'], inputs: readonly RefArray[]): RefArray[] =>
  evaluateProgram(traceProgram(inputs, build).program, inputs);

const dot = (a: readonly RefArray[], b: readonly RefArray[]): number =>
  a.reduce((sum, x, n) => sum + Array.from(x.data).reduce((part, value, i) => part + value * b[n].data[i], 0), 0);

/** From (inputs, tangents of the float inputs) to the tangents of the float outputs. */
export function forwardProgram(program: Program): Program {
  const moving = program.inputs.filter((input) => isFloat(input.dtype));
  return traceProgram([...program.inputs, ...moving], (...all) => {
    let next = program.inputs.length;
    const tangents = program.inputs.map((input): Tangent => (isFloat(input.dtype) ? all[next++] : null));
    const result = jvpProgram(program, all.slice(0, program.inputs.length), tangents);
    return result.outputs.flatMap((output, i) =>
      isFloat(output.dtype) ? [result.tangents[i] ?? lax.zeros(output)] : [],
    );
  }).program;
}

const randomDirection = (input: RefArray, random: () => number): RefArray =>
  array(input.shape, () => 2 * random() - 1, input.dtype);

function closeArrays(
  actual: readonly RefArray[],
  expected: readonly RefArray[],
  tolerance: number,
  what: string,
): void {
  actual.forEach((x, n) => {
    const scale = Math.max(1, ...Array.from(expected[n].data, Math.abs).filter(Number.isFinite));
    expect(x.shape, what).toEqual(expected[n].shape);
    for (let i = 0; i < x.data.length; i++) {
      const error = Math.abs(x.data[i] - expected[n].data[i]) / scale;
      if (!(error <= tolerance))
        expect.fail(`${what}: output ${n}[${i}] is ${x.data[i]}, expected ${expected[n].data[i]}`);
    }
  });
}

/** The tangents of a program agree with central differences, here and (order 2) those of its derivative. */
function checkForward(
  program: Program,
  inputs: readonly RefArray[],
  random: () => number,
  testCase: RuleCase,
  what: string,
): void {
  const { tolerance = 1e-7, direction = randomDirection } = testCase;
  const floats = inputs.filter((input) => isFloat(input.dtype));
  const directions = floats.map((input) => direction(input, random));
  const forward = evaluateProgram(forwardProgram(program), [...inputs, ...directions]);
  const step = 1e-4;
  const at = (side: number): RefArray[] => {
    let next = 0;
    const moved = inputs.map((input) => {
      if (!isFloat(input.dtype)) return input;
      const along = directions[next++].data;
      return array(input.shape, (i) => input.data[i] + side * step * along[i], input.dtype);
    });
    return evaluateProgram(program, moved).filter((output) => isFloat(output.dtype));
  };
  // Fourth order: (f(-2h) - 8 f(-h) + 8 f(h) - f(2h)) / 12h.
  const [m2, m1, p1, p2] = [-2, -1, 1, 2].map(at);
  const expected = forward.map((x, n) =>
    array(
      x.shape,
      (i) => (m2[n].data[i] - 8 * m1[n].data[i] + 8 * p1[n].data[i] - p2[n].data[i]) / (12 * step),
      x.dtype,
    ),
  );
  closeArrays(forward, expected, tolerance, what);
}

/** `<J v, w> = <v, Jᵀ w>` for the derivative of a program. */
function checkTranspose(program: Program, inputs: readonly RefArray[], random: () => number, what: string): void {
  const floats = inputs.filter((input) => isFloat(input.dtype));
  const forward = forwardProgram(program);
  const unknown = forward.inputs.map((_, i) => i >= inputs.length);
  const split = splitProgram(
    forward,
    unknown,
    forward.outputs.map(() => true),
  );
  const known = evaluateProgram(split.known, inputs);
  const tangents = floats.map((input) => randomDirection(input, random));
  const pushed = evaluateProgram(split.unknown, [...known, ...tangents]);
  const cotangents = pushed.map((output) => randomDirection(output, random));
  const linear = split.unknown.inputs.map((_, i) => i >= known.length);
  const back = traceProgram([...known, ...cotangents], (...values) =>
    transposeProgram(
      split.unknown,
      split.unknown.inputs.map((_, i) => (i < known.length ? values[i] : null)),
      linear,
      values.slice(known.length),
    ).map((ct, i) => ct ?? lax.zeros(floats[i])),
  ).program;
  const pulled = evaluateProgram(back, [...known, ...cotangents]);
  pulled.forEach((ct, i) => {
    expect([ct.shape, ct.dtype], `${what}: cotangent ${i}`).toEqual([floats[i].shape, floats[i].dtype]);
  });
  const [left, right] = [dot(pushed, cotangents), dot(tangents, pulled)];
  expect(
    Math.abs(left - right) / Math.max(1, Math.abs(left)),
    `${what}: <Jv, w> = ${left}, <v, Jᵀw> = ${right}`,
  ).toBeLessThan(1e-9);
}

/** Mapping over an axis of some inputs gives what a loop gives. */
function checkBatch(
  program: Program,
  inputs: readonly RefArray[],
  batched: readonly boolean[],
  random: () => number,
  what: string,
): void {
  const size = 3;
  // Each lane is the argument itself, a slightly larger one, and a slightly smaller one; integers and flags stay.
  const lanes = inputs.map((input, n) =>
    Array.from({ length: size }, (_, lane) =>
      batched[n] && isFloat(input.dtype) && lane > 0
        ? array(input.shape, (i) => input.data[i] * (1 + 0.02 * (random() - 0.5)), input.dtype)
        : input,
    ),
  );
  const stacked = inputs.map((input, n) =>
    batched[n]
      ? array(
          [size, ...input.shape],
          (i) => lanes[n][Math.floor(i / input.data.length)].data[i % input.data.length],
          input.dtype,
        )
      : input,
  );
  const mapped = traceProgram(stacked, (...values) => batchProgramFully(program, size, values, batched)).program;
  const outputs = evaluateProgram(mapped, stacked);
  const loop = Array.from({ length: size }, (_, lane) =>
    evaluateProgram(
      program,
      lanes.map((own) => own[lane]),
    ),
  );
  outputs.forEach((output, n) => {
    const one = loop[0][n];
    expect([output.shape, output.dtype], `${what}: output ${n}`).toEqual([[size, ...one.shape], one.dtype]);
    const expected = array(
      output.shape,
      (i) => loop[Math.floor(i / one.data.length)][n].data[i % one.data.length],
      one.dtype,
    );
    closeArrays([output], [expected], 1e-12, what);
  });
}

/** All rules of a case: forward and reverse derivatives up to its order, and batching of them and of the function. */
export function checkRules(testCase: RuleCase): void {
  const { title, build, inputs, order = 2 } = testCase;
  const random = numbers(7);
  const { program } = traceProgram(inputs, build);
  const batches = [
    inputs.map(() => true),
    ...(inputs.length > 1 ? inputs.map((_, i) => inputs.map((_, j) => i === j)) : []),
  ];
  if (inputs.length > 0)
    for (const batched of batches) checkBatch(program, inputs, batched, random, `${title}, batched ${batched}`);
  if (order < 1) return;
  const floats = inputs.filter((input) => isFloat(input.dtype));
  const direction = testCase.direction ?? randomDirection;
  const directions = floats.map((input) => direction(input, random));
  checkForward(program, inputs, random, testCase, `${title}, forward`);
  checkTranspose(program, inputs, random, `${title}, reverse`);
  const derivative = forwardProgram(program);
  const allInputs = [...inputs, ...directions];
  for (const batched of [allInputs.map(() => true), allInputs.map((_, i) => i >= inputs.length)]) {
    checkBatch(derivative, allInputs, batched, random, `${title}, derivative batched ${batched}`);
  }
  if (order < 2) return;
  checkForward(derivative, allInputs, random, testCase, `${title}, second forward`);
  checkTranspose(derivative, allInputs, random, `${title}, forward then reverse`);
}
