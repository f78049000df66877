import { matrixStack } from '../../../shape/matrixStack.ts';
import { isFinite, nan } from '../math/numbers.ts';
import { type Crew, crewOf, matrixStep } from './matrices.ts';
import { rotationOf, sweeps, turned } from './rotations.ts';
import { NOTHING, type RoutineMaker } from './routine.ts';

/** Scratch of a matrix: the matrix, which becomes diagonal, its eigenvectors by columns, and rotations. */
export const eigenScratch = (n: number): number => 2 * n * n + 2 * n + 2;

/**
 * Eigenvalues and vectors of the symmetric part of matrix `at` of b0, by Jacobi's rotations: the values are on the diagonal
 * at `held`, the vectors are the columns at `turned`, both in b3. Declares `largest` and `bad`: whether the matrix holds NaN or
 * an infinity. `own` numbers of b3 belong to a matrix.
 */
export function eigenText(crew: Crew, n: number, own: number): string {
  const { barrier, each } = crew;
  const relative = 2 ** -24;
  const least = 2 ** -34;
  return `
  let base = at * ${n * n}u;
  let held = at * ${own}u;
  let turned = held + ${n * n}u;
  let rotations = turned + ${n * n}u;
  var largest = 0f;
  var bad = false;
  for (var e = 0u; e < ${n * n}u; e++) {
    bad = bad || !math_is_finite(b0[base + e]);
    largest = max(largest, abs(b0[base + e]));
  }
  // Of size 1, so that no square overflows or vanishes.
  let size = select(1f, largest, largest > 0f && !bad);
  ${each(
    'e',
    '0u',
    `${n * n}u`,
    `let across = (e % ${n}u) * ${n}u + e / ${n}u;
    b3[held + e] = 0.5f * (b0[base + e] / size) + 0.5f * (b0[base + across] / size);
    b3[turned + e] = select(0f, 1f, e == across && e / ${n}u == e % ${n}u);`,
  )}
  ${barrier}
  ${sweeps(
    crew,
    n,
    'rotations',
    `let first = b3[held + p * ${n + 1}u];
      let second = b3[held + q * ${n + 1}u];
      let beside = b3[held + p * ${n}u + q];
      if (!(beside == 0f)) {
        ${rotationOf('(second - first) / (2f * beside)')}
        moved = moved || abs(beside) > ${relative}f * sqrt(abs(first)) * sqrt(abs(second)) + ${least}f;
      }`,
    [
      {
        length: n,
        body: `let a = b3[held + p * ${n}u + i];
        let b = b3[held + q * ${n}u + i];
        b3[held + p * ${n}u + i] = ${turned.p};
        b3[held + q * ${n}u + i] = ${turned.q};`,
      },
      {
        length: n,
        body: `let a = b3[held + i * ${n}u + p];
        let b = b3[held + i * ${n}u + q];
        b3[held + i * ${n}u + p] = select(${turned.p}, 0f, i == q);
        b3[held + i * ${n}u + q] = select(${turned.q}, 0f, i == p);`,
      },
      {
        length: n,
        body: `let a = b3[turned + i * ${n}u + p];
        let b = b3[turned + i * ${n}u + q];
        b3[turned + i * ${n}u + p] = ${turned.p};
        b3[turned + i * ${n}u + q] = ${turned.q};`,
      },
    ],
  )}`;
}

/** Statements that set \`rank\`: how many of n values, given as an expression of their number, go before number i. */
export const rankText = (n: number, value: (i: string) => string, goesFirst: '<' | '>'): string => `
    var rank = 0u;
    for (var other = 0u; other < ${n}u; other++) {
      let it = ${value('other')};
      let own = ${value('i')};
      if (it ${goesFirst} own || (it == own && other < i)) { rank++; }
    }`;

/** Eigenvalues, ascending, and eigenvectors; NaN for a matrix that holds NaN or infinity. */
export const eigh: RoutineMaker = (eqn, limits) => {
  const { count, rows: n } = matrixStack(eqn.inputs[0]);
  if (count * n === 0) return NOTHING;
  const crew = crewOf(count, n, limits);
  const { each } = crew;
  const own = eigenScratch(n);
  const body = `${eigenText(crew, n, own)}
  ${each(
    'i',
    '0u',
    `${n}u`,
    `${rankText(n, (i) => `b3[held + ${i} * ${n + 1}u]`, '<')}
    if (bad) { rank = i; }
    b1[at * ${n}u + rank] = select(b3[held + i * ${n + 1}u] * size, math_nan(), bad);
    for (var row = 0u; row < ${n}u; row++) {
      b2[base + row * ${n}u + rank] = select(b3[turned + row * ${n}u + i], math_nan(), bad);
    }`,
  )}`;
  const step = matrixStep({
    label: 'eigh',
    limits,
    crew,
    count,
    buffers: [{ operand: 0 }, { result: 0 }, { result: 1 }, { scratch: 0 }],
    dtypes: ['f32', 'f32', 'f32', 'f32'],
    functions: [nan, isFinite],
    body,
  });
  return { scratch: [4 * count * own], steps: [step] };
};
