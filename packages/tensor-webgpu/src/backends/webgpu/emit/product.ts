import type { Expression } from '../../../kernels/expression.ts';
import type { ContractionOperand, ContractionStage, MemoryOperand } from '../../../kernels/form.ts';
import { rowMajorStrides } from '../../../shape/shape.ts';
import { combinationOf } from './combine.ts';
import { Elements } from './elements.ts';
import { gathering, LANES_ALONG, MUCH_MEMORY, sharesFor } from './gathering.ts';
import type { Body, Kernel } from './kernel.ts';
import { storeAll } from './loops.ts';
import { shareResults } from './reduce.ts';
import { scalarCall } from './scalar.ts';
import { placeBy, sumOf } from './space.ts';
import { u32 } from './wgsl-types.ts';

/** Names of the steps of a space that is walked as one row-major position. */
export function steps(kernel: Kernel, space: readonly number[], position: string): { text: string; names: string[] } {
  const prefix = kernel.name('i');
  const strides = rowMajorStrides(space);
  const names = space.map((extent, axis) => (extent === 1 ? '0u' : `${prefix}_${axis}`));
  const first = space.findIndex((extent) => extent > 1);
  const text = space
    .flatMap((extent, axis) => {
      if (extent === 1) return [];
      const above = strides[axis] === 1 ? position : `(${position}) / ${u32(strides[axis])}`;
      return [`let ${names[axis]} = ${axis === first ? above : `(${above}) % ${u32(extent)}`};`];
    })
    .join('\n');
  return { text, names };
}

/** Statements that compute a value at a row-major position of its space, and the value. */
function valueAt(
  kernel: Kernel,
  space: readonly number[],
  value: Expression,
  position: string,
): { text: string; value: string } {
  const { text, names } = steps(kernel, space, position);
  const elements = new Elements(kernel, (place) => placeBy(names, place));
  const found = elements.value(value);
  return { text: [text, ...elements.lines].join('\n'), value: found };
}

const at = (name: string, stride: number): string[] =>
  stride === 0 ? [] : [stride === 1 ? name : `${name} * ${u32(stride)}`];

/** The place of an element of an operand in memory. */
export const operandPlace = (operand: MemoryOperand, [b, f, c]: readonly [string, string, string]): string =>
  sumOf([...at(b, operand.batch), ...at(f, operand.free), ...at(c, operand.contract)], operand.offset);

/** Statements that compute an element of an operand, and its value. */
export function operandAt(
  kernel: Kernel,
  operand: ContractionOperand,
  free: number,
  contract: number,
  [b, f, c]: readonly [string, string, string],
): { text: string; value: string } {
  if (operand.kind === 'memory')
    return { text: '', value: kernel.load(operand.variable, operandPlace(operand, [b, f, c])) };
  const position = `(${b} * ${u32(free)} + ${f}) * ${u32(contract)} + ${c}`;
  return valueAt(kernel, operand.space, operand.value, position);
}

/** Statements that take a finished element at a row-major position. */
export function finishElement(kernel: Kernel, stage: ContractionStage, position: string, value: string): string {
  const { variable, keeps, epilogue } = stage;
  const lines = keeps ? [kernel.store(variable, position, value)] : [];
  if (epilogue) {
    const { text, names } = steps(kernel, epilogue.space, position);
    const locate = (place: Parameters<typeof placeBy>[1]): string => placeBy(names, place);
    lines.push(
      text,
      storeAll(kernel, epilogue.stores, new Elements(kernel, locate, new Map([[variable, value]])), locate),
    );
  }
  return lines.join('\n');
}

/** A small product: lanes of a workgroup share the terms of each element. */
export function smallProduct(kernel: Kernel, stage: ContractionStage): Body {
  const { batch, m, n, k, lhs, rhs, variable } = stage;
  const total = batch * m * n;
  const dense = (operand: ContractionOperand): boolean => operand.kind === 'computed' || operand.contract === 1;
  const along = dense(lhs) && dense(rhs);
  const least = along && batch * k * (m + n) >= MUCH_MEMORY && k >= 4 * LANES_ALONG ? LANES_ALONG : 1;
  const shares = sharesFor(total, k, along, least);
  const { dtype } = variable;
  const combination = combinationOf(kernel, 'reduceSum', dtype);
  const [b, i, j] = ['b', 'i', 'j'].map((name) => kernel.name(`p${name}`));
  return shareResults(shares, total, (from, to) =>
    gathering(kernel, {
      shares,
      combination,
      from,
      to,
      begin: (result) =>
        [
          `let ${b} = ${batch === 1 ? '0u' : `${result} / ${u32(m * n)}`};`,
          `let ${i} = ${batch === 1 ? `${result} / ${u32(n)}` : `(${result} / ${u32(n)}) % ${u32(m)}`};`,
          `let ${j} = ${result} % ${u32(n)};`,
        ].join('\n'),
      terms: ['0u', u32(k)],
      term: (position) => {
        const left = operandAt(kernel, lhs, m, k, [b, i, position]);
        const right = operandAt(kernel, rhs, n, k, [b, j, position]);
        const product = scalarCall(kernel, { code: 'mul', from: [dtype, dtype], to: dtype }, [left.value, right.value]);
        return { text: [left.text, right.text].join('\n'), parts: [product] };
      },
      end: (result, [value]) => finishElement(kernel, stage, result, value),
    }),
  );
}
