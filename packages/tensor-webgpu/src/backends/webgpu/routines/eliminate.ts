import { matrixStack } from '../../../shape/matrixStack.ts';
import { crewOf, matrixStep } from './matrices.ts';
import { NOTHING, type RoutineMaker } from './routine.ts';

/** Gaussian elimination in place, the largest element of each column on the diagonal. */
export const lu: RoutineMaker = (eqn, limits) => {
  const { count, rows: n } = matrixStack(eqn.inputs[0]);
  if (count * n === 0) return NOTHING;
  const crew = crewOf(count, n, limits);
  const { barrier, each, alone } = crew;
  const body = `
  let base = at * ${n * n}u;
  let order = at * ${n}u;
  ${each('e', '0u', `${n * n}u`, 'b1[base + e] = b0[base + e];')}
  ${each('i', '0u', `${n}u`, 'b3[order + i] = i32(i);')}
  ${barrier}
  for (var k = 0u; k < ${n}u; k++) {
    ${alone(`var best = k;
      for (var i = k + 1u; i < ${n}u; i++) {
        if (abs(b1[base + i * ${n}u + k]) > abs(b1[base + best * ${n}u + k])) { best = i; }
      }
      b2[order + k] = i32(best);`)}
    ${barrier}
    let chosen = u32(b2[order + k]);
    if (chosen != k) {
      ${each(
        'j',
        '0u',
        `${n}u`,
        `let held = b1[base + k * ${n}u + j];
        b1[base + k * ${n}u + j] = b1[base + chosen * ${n}u + j];
        b1[base + chosen * ${n}u + j] = held;`,
      )}
      ${alone('let row = b3[order + k]; b3[order + k] = b3[order + chosen]; b3[order + chosen] = row;')}
    }
    ${barrier}
    let pivot = b1[base + k * ${n + 1}u];
    // A column of zeros leaves nothing to eliminate: the factor U then shows the zero pivot.
    if (!(pivot == 0f)) {
      ${each(
        'i',
        'k + 1u',
        `${n}u`,
        `let factor = b1[base + i * ${n}u + k] / pivot;
        b1[base + i * ${n}u + k] = factor;
        if (!(factor == 0f)) {
          for (var j = k + 1u; j < ${n}u; j++) { b1[base + i * ${n}u + j] -= factor * b1[base + k * ${n}u + j]; }
        }`,
      )}
    }
    ${barrier}
  }`;
  const step = matrixStep({
    label: 'lu',
    limits,
    crew,
    count,
    buffers: [{ operand: 0 }, { result: 0 }, { result: 1 }, { result: 2 }],
    dtypes: ['f32', 'f32', 'i32', 'i32'],
    body,
  });
  return { scratch: [], steps: [step] };
};
