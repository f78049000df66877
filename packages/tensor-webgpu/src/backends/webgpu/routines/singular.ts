import { matrixStack } from '../../../shape/matrixStack.ts';
import { isFinite, nan } from '../math/numbers.ts';
import { rankText } from './eigen.ts';
import { crewOf, matrixStep } from './matrices.ts';
import { rotationOf, sweeps, turned } from './rotations.ts';
import { NOTHING, type RoutineMaker } from './routine.ts';

/**
 * Reduced singular factors, the largest value first: the columns of A (or of Aᵀ, where it is wide) are made orthogonal by
 * rotations (Hestenes 1958). Left vectors of zero singular values complete an orthonormal set.
 */
export const svd: RoutineMaker = (eqn, limits) => {
  const { count, rows, columns } = matrixStack(eqn.inputs[0]);
  const n = Math.min(rows, columns);
  const m = Math.max(rows, columns);
  if (count * n === 0) return NOTHING;
  const tall = rows >= columns;
  const crew = crewOf(count, m, limits);
  const { barrier, each, alone } = crew;
  // The columns one after the other, the turns by columns, rotations, norms.
  const own = n * m + n * n + 2 * n + 2 + n;
  // Element i of left vector number at, and of right vector number at.
  const left = (at: string, i: string) =>
    tall ? `b1[factor1 + ${i} * ${n}u + ${at}]` : `b4[factor2 + ${at} * ${m}u + ${i}]`;
  const right = (at: string, i: string) =>
    tall ? `b4[factor2 + ${at} * ${n}u + ${i}]` : `b1[factor1 + ${i} * ${n}u + ${at}]`;
  const body = `
  let base = at * ${m * n}u;
  let held = at * ${own}u;
  let turned = held + ${m * n}u;
  let rotations = turned + ${n * n}u;
  let norms = rotations + ${2 * n + 2}u;
  let factor1 = at * ${rows * n}u;
  let factor2 = at * ${columns * n}u;
  var largest = 0f;
  var bad = false;
  for (var e = 0u; e < ${m * n}u; e++) {
    bad = bad || !math_is_finite(b0[base + e]);
    largest = max(largest, abs(b0[base + e]));
  }
  // Of size 1, so that no square overflows or vanishes.
  let size = select(1f, largest, largest > 0f && !bad);
  var total = 0f;
  for (var e = 0u; e < ${m * n}u; e++) {
    let x = b0[base + e] / size;
    total += x * x;
  }
  ${each('e', '0u', `${m * n}u`, `b3[held + e] = b0[base + ${tall ? `(e % ${m}u) * ${n}u + e / ${m}u` : 'e'}] / size;`)}
  ${each('e', '0u', `${n * n}u`, `b3[turned + e] = select(0f, 1f, e / ${n}u == e % ${n}u);`)}
  ${barrier}
  ${sweeps(
    crew,
    n,
    'rotations',
    `var first = 0f;
      var second = 0f;
      var both = 0f;
      for (var i = 0u; i < ${m}u; i++) {
        let x = b3[held + p * ${m}u + i];
        let y = b3[held + q * ${m}u + i];
        first += x * x;
        second += y * y;
        both += x * y;
      }
      if (min(first, second) > ${2 ** -48}f * total && abs(both) > ${2 ** -22}f * sqrt(first) * sqrt(second)) {
        ${rotationOf('(second - first) / (2f * both)')}
        moved = true;
      }`,
    [
      {
        length: m,
        body: `let a = b3[held + p * ${m}u + i];
        let b = b3[held + q * ${m}u + i];
        b3[held + p * ${m}u + i] = ${turned.p};
        b3[held + q * ${m}u + i] = ${turned.q};`,
      },
      {
        length: n,
        body: `let a = b3[turned + p * ${n}u + i];
        let b = b3[turned + q * ${n}u + i];
        b3[turned + p * ${n}u + i] = ${turned.p};
        b3[turned + q * ${n}u + i] = ${turned.q};`,
      },
    ],
  )}
  ${each(
    'i',
    '0u',
    `${n}u`,
    `var sum = 0f;
    for (var row = 0u; row < ${m}u; row++) { let x = b3[held + i * ${m}u + row]; sum += x * x; }
    b3[norms + i] = sqrt(sum);`,
  )}
  ${barrier}
  let negligible = ${m * 2 ** -24}f * sqrt(total);
  ${each(
    'i',
    '0u',
    `${n}u`,
    `${rankText(n, (i) => `b3[norms + ${i}]`, '>')}
    if (bad) { rank = i; }
    let norm = b3[norms + i];
    b2[at * ${n}u + rank] = select(norm * size, math_nan(), bad);
    for (var j = 0u; j < ${n}u; j++) { ${right('rank', 'j')} = select(b3[turned + i * ${n}u + j], math_nan(), bad); }
    for (var j = 0u; j < ${m}u; j++) {
      ${left('rank', 'j')} = select(b3[held + i * ${m}u + j] / norm, math_nan(), bad);
    }`,
  )}
  ${barrier}
  ${alone(`
    for (var rank = 0u; rank < ${n}u && !bad; rank++) {
      if (b2[at * ${n}u + rank] > negligible * size) { continue; }
      // A unit vector orthogonal to those before: some axis keeps at least 1/sqrt(m) of its length.
      for (var axis = 0u; axis < ${m}u; axis++) {
        for (var i = 0u; i < ${m}u; i++) { ${left('rank', 'i')} = select(0f, 1f, i == axis); }
        for (var time = 0u; time < 2u; time++) {
          for (var other = 0u; other < rank; other++) {
            var projection = 0f;
            for (var i = 0u; i < ${m}u; i++) { projection += ${left('other', 'i')} * ${left('rank', 'i')}; }
            for (var i = 0u; i < ${m}u; i++) { ${left('rank', 'i')} -= projection * ${left('other', 'i')}; }
          }
        }
        var square = 0f;
        for (var i = 0u; i < ${m}u; i++) { square += ${left('rank', 'i')} * ${left('rank', 'i')}; }
        if (sqrt(square) < ${0.5 / Math.sqrt(m)}f) { continue; }
        for (var i = 0u; i < ${m}u; i++) { ${left('rank', 'i')} /= sqrt(square); }
        break;
      }
    }`)}`;
  const step = matrixStep({
    label: 'svd',
    limits,
    crew,
    count,
    buffers: [{ operand: 0 }, { result: 0 }, { result: 1 }, { scratch: 0 }, { result: 2 }],
    dtypes: ['f32', 'f32', 'f32', 'f32', 'f32'],
    functions: [nan, isFinite],
    body,
  });
  return { scratch: [4 * count * own], steps: [step] };
};
