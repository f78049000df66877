import { matrixStack } from '../../../shape/matrixStack.ts';
import { crewOf, matrixStep } from './matrices.ts';
import { NOTHING, type RoutineMaker } from './routine.ts';

/** Applies I − 2 v vᵀ to column j of a matrix whose rows are `stride` apart; v begins at row c. */
const reflect = (matrix: string, stride: number, m: number): string => `
      var projection = 0f;
      for (var i = c; i < ${m}u; i++) { projection += b3[vector + i] * ${matrix}[i * ${stride}u + j]; }
      projection *= 2f;
      for (var i = c; i < ${m}u; i++) { ${matrix}[i * ${stride}u + j] -= projection * b3[vector + i]; }`;

/** Reduced QR factors by Householder reflections, signs such that the diagonal of R is not negative. */
export const qr: RoutineMaker = (eqn, limits) => {
  const { count, rows: m, columns: n } = matrixStack(eqn.inputs[0]);
  const k = Math.min(m, n);
  if (count * k === 0) return NOTHING;
  const crew = crewOf(count, Math.max(m, n), limits);
  const { barrier, each, alone } = crew;
  // The working copy of the matrix, then the vectors of the reflections.
  const own = m * n + k * m;
  const indexed = (matrix: string, start: string) => (text: string) =>
    text.replaceAll(`${matrix}[`, `b${matrix === 'work' ? 3 : 1}[${start} + `);
  const work = indexed('work', 'held');
  const q = indexed('q', 'left');
  const body = `
  let base = at * ${m * n}u;
  let held = at * ${own}u;
  let left = at * ${m * k}u;
  let right = at * ${k * n}u;
  ${each('e', '0u', `${m * n}u`, 'b3[held + e] = b0[base + e];')}
  ${each('e', '0u', `${m * k}u`, `b1[left + e] = select(0f, 1f, e / ${k}u == e % ${k}u);`)}
  ${barrier}
  for (var c = 0u; c < ${k}u; c++) {
    let vector = held + ${m * n}u + c * ${m}u;
    ${alone(`
      // Of size 1 first, so that no square overflows or vanishes: the reflection does not depend on the length of v.
      var size = 0f;
      for (var i = c; i < ${m}u; i++) { size = max(size, abs(b3[held + i * ${n}u + c])); }
      let divisor = select(1f, size, size > 0f);
      var sum = 0f;
      for (var i = c; i < ${m}u; i++) {
        let x = b3[held + i * ${n}u + c] / divisor;
        b3[vector + i] = x;
        sum += x * x;
      }
      let head = b3[vector + c];
      b3[vector + c] = head + select(-sqrt(sum), sqrt(sum), head >= 0f);
      sum += b3[vector + c] * b3[vector + c] - head * head;
      let length = select(1f, sqrt(sum), sum > 0f);
      for (var i = c; i < ${m}u; i++) { b3[vector + i] /= length; }`)}
    ${barrier}
    ${each('j', 'c', `${n}u`, work(reflect('work', n, m)))}
    ${barrier}
  }
  for (var back = 0u; back < ${k}u; back++) {
    let c = ${k - 1}u - back;
    let vector = held + ${m * n}u + c * ${m}u;
    ${each('j', 'c', `${k}u`, q(reflect('q', k, m)))}
  }
  ${barrier}
  ${each('e', '0u', `${m * k}u`, `if (b3[held + (e % ${k}u) * ${n + 1}u] < 0f) { b1[left + e] = -b1[left + e]; }`)}
  ${each(
    'e',
    '0u',
    `${k * n}u`,
    `let row = e / ${n}u;
    let x = b3[held + e];
    b2[right + e] = select(0f, select(x, -x, b3[held + row * ${n + 1}u] < 0f), e % ${n}u >= row);`,
  )}`;
  const step = matrixStep({
    label: 'qr',
    limits,
    crew,
    count,
    buffers: [{ operand: 0 }, { result: 0 }, { result: 1 }, { scratch: 0 }],
    dtypes: ['f32', 'f32', 'f32', 'f32'],
    body,
  });
  return { scratch: [4 * count * own], steps: [step] };
};
