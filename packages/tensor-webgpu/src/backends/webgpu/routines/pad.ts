import { rowMajorStrides, sizeOf } from '../../../shape/shape.ts';
import { wgslNumber } from '../math/index.ts';
import { NOTHING, type RoutineMaker } from './routine.ts';
import { threadStep } from './threads.ts';

interface PadParams {
  readonly low: readonly number[];
  readonly interior: readonly number[];
  readonly value: number;
}

/** A number around and between the elements of an operand: a thread an element of the output. */
export const pad: RoutineMaker = (eqn, limits) => {
  const [x] = eqn.inputs;
  const [output] = eqn.outputs;
  const { low, interior, value } = eqn.params as PadParams;
  const size = sizeOf(output.shape);
  if (size === 0) return NOTHING;
  const { dtype } = output;
  const fill = wgslNumber(value, dtype);
  const strides = rowMajorStrides(output.shape);
  const inner = rowMajorStrides(x.shape);
  const axes = output.shape.map((extent, axis) => {
    const gap = interior[axis] + 1;
    return `  {
    let moved = i32((at / ${strides[axis]}u) % ${extent}u) - ${low[axis]}i;
    inside = inside && moved >= 0i && moved % ${gap}i == 0i && moved / ${gap}i < ${x.shape[axis]}i;
    place += (moved / ${gap}i) * ${inner[axis]}i;
  }`;
  });
  // An operand without elements is not bound.
  const read = sizeOf(x.shape) === 0 ? '' : '  if (inside) { b0[at] = b1[u32(place)]; return; }\n';
  const body = `  var inside = true;
  var place = 0i;
${axes.join('\n')}
${read}  b0[at] = ${fill.text};`;
  const operand = read === '' ? [] : [{ operand: 0 }];
  return {
    scratch: [],
    steps: [
      threadStep({
        label: 'pad',
        limits,
        buffers: [{ result: 0 }, ...operand],
        dtypes: read === '' ? [dtype] : [dtype, dtype],
        functions: fill.needs,
        threads: size,
        body,
      }),
    ],
  };
};
