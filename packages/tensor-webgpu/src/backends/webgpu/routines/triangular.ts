import { matrixStack } from '../../../shape/matrixStack.ts';
import { isFinite, isNaN, nan } from '../math/numbers.ts';
import { crewOf, matrixStep } from './matrices.ts';
import { NOTHING, type RoutineMaker } from './routine.ts';
import { threadStep } from './threads.ts';

/** The lower factor of each symmetric part, column by column; NaN for a matrix that is not positive definite. */
export const cholesky: RoutineMaker = (eqn, limits) => {
  const { count, rows: n } = matrixStack(eqn.inputs[0]);
  if (count * n === 0) return NOTHING;
  const crew = crewOf(count, n, limits);
  const { barrier, each } = crew;
  const body = `
  let base = at * ${n * n}u;
  ${each('e', '0u', `${n * n}u`, `if (e % ${n}u > e / ${n}u) { b1[base + e] = 0f; }`)}
  for (var j = 0u; j < ${n}u; j++) {
    ${each(
      'i',
      'j',
      `${n}u`,
      `var sum = 0.5f * (b0[base + i * ${n}u + j] + b0[base + j * ${n}u + i]);
      for (var k = 0u; k < j; k++) { sum -= b1[base + i * ${n}u + k] * b1[base + j * ${n}u + k]; }
      b1[base + i * ${n}u + j] = sum;`,
    )}
    ${barrier}
    let pivot = b1[base + j * ${n}u + j];
    ${barrier}
    var root = math_nan();
    if (pivot > 0f && math_is_finite(pivot)) { root = sqrt(pivot); }
    ${each('i', 'j', `${n}u`, `b1[base + i * ${n}u + j] = select(b1[base + i * ${n}u + j] / root, root, i == j);`)}
    ${barrier}
  }
  // A pivot that is none makes the last one NaN.
  let failed = math_is_nan(b1[base + ${n * n - 1}u]);
  ${barrier}
  if (failed) { ${each('e', '0u', `${n * n}u`, `if (e % ${n}u <= e / ${n}u) { b1[base + e] = math_nan(); }`)} }`;
  const step = matrixStep({
    label: 'cholesky',
    limits,
    crew,
    count,
    buffers: [{ operand: 0 }, { result: 0 }],
    dtypes: ['f32', 'f32'],
    functions: [nan, isNaN, isFinite],
    body,
  });
  return { scratch: [], steps: [step] };
};

interface TriangularSolveParams {
  readonly leftSide: boolean;
  readonly lower: boolean;
  readonly transpose: boolean;
  readonly unitDiagonal: boolean;
}

/** Substitution: a thread for each unknown vector of each matrix. */
export const triangularSolve: RoutineMaker = (eqn, limits) => {
  const [a, b] = eqn.inputs;
  const { leftSide, lower, transpose, unitDiagonal } = eqn.params as TriangularSolveParams;
  const { count, rows: n } = matrixStack(a);
  const { rows, columns } = matrixStack(b);
  const vectors = leftSide ? columns : rows;
  if (count * n * vectors === 0) return NOTHING;
  // Along an unknown vector, and from one to the next.
  const [along, across] = leftSide ? [columns, 1] : [1, columns];
  // X op(A) = B is op(A)T XT = BT.
  const flipped = transpose === leftSide;
  const forward = lower !== flipped;
  const nth = (i: string): string => (forward ? i : `(${n - 1}u - ${i})`);
  const body = `
  let matrix = (at / ${vectors}u) * ${n * n}u;
  let first = (at / ${vectors}u) * ${rows * columns}u + (at % ${vectors}u) * ${across}u;
  for (var step = 0u; step < ${n}u; step++) {
    let i = ${nth('step')};
    var x = b1[first + i * ${along}u];
    for (var before = 0u; before < step; before++) {
      let k = ${nth('before')};
      let factor = b0[matrix + ${flipped ? `k * ${n}u + i` : `i * ${n}u + k`}];
      if (!(factor == 0f)) { x -= factor * b2[first + k * ${along}u]; }
    }
    b2[first + i * ${along}u] = x${unitDiagonal ? '' : ` / b0[matrix + i * ${n + 1}u]`};
  }`;
  const step = threadStep({
    label: 'triangularSolve',
    limits,
    buffers: [{ operand: 0 }, { operand: 1 }, { result: 0 }],
    dtypes: ['f32', 'f32', 'f32'],
    threads: count * vectors,
    body,
  });
  return { scratch: [], steps: [step] };
};
