import type { TypedArray } from '../dtype/dtype.ts';
import { isFloat } from '../dtype/dtype.ts';
import type { Aval } from '../program/aval.ts';
import { rowMajorStrides, type Shape, sizeOf } from '../shape/shape.ts';

/** Larger tensors are shown by the first and last entries of each axis. */
const SUMMARY_SIZE = 1000;
const EDGE_ITEMS = 3;
const DIGITS = 4;

/** The positions of an axis that are shown; `null` stands for the gap between them. */
function shownPositions(extent: number, summarize: boolean): (number | null)[] {
  if (!summarize || extent <= 2 * EDGE_ITEMS) return Array.from({ length: extent }, (_, i) => i);
  const first = Array.from({ length: EDGE_ITEMS }, (_, i) => i);
  return [...first, null, ...first.map((i) => extent - EDGE_ITEMS + i)];
}

function elementText(dtype: Aval['dtype'], values: readonly number[]): (value: number) => string {
  if (dtype === 'bool') return (value) => (value !== 0 ? 'true' : 'false');
  if (!isFloat(dtype)) return String;
  const finite = values.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs);
  const largest = Math.max(0, ...finite);
  const smallest = Math.min(Number.POSITIVE_INFINITY, ...finite);
  // Very large, very small or widely spread numbers read better with an exponent, as in NumPy.
  const scientific = largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1e3 * 1e3;
  const plain = (value: number): string => value.toFixed(DIGITS).replace(/\.?0+$/, '');
  const decimals = (value: number): number => (plain(value).split('.')[1] ?? '').length;
  const places = scientific ? 0 : Math.max(0, ...finite.map(decimals));
  return (value) => {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
    if (scientific) return value.toExponential(DIGITS);
    // Points stand below each other: the places after it are filled with blanks.
    const [whole, fraction = ''] = plain(value).split('.');
    return `${whole}.${fraction.padEnd(places)}`;
  };
}

/** A tensor as NumPy prints it: aligned, in nested brackets, with the middle of long axes left out. */
export function formatTensor(data: TypedArray, { shape, dtype }: Aval): string {
  const summarize = sizeOf(shape) > SUMMARY_SIZE;
  const strides = rowMajorStrides(shape);
  const shown: number[] = [];
  const collect = (axis: number, offset: number): void => {
    if (axis === shape.length) shown.push(data[offset]);
    else
      for (const i of shownPositions(shape[axis], summarize))
        if (i !== null) collect(axis + 1, offset + i * strides[axis]);
  };
  collect(0, 0);
  const text = elementText(dtype, shown);
  const width = Math.max(0, ...shown.map((value) => text(value).length));
  const body = render(data, shape, strides, summarize, (value) => text(value).padStart(width));
  return `Tensor(${body}, ${dtype}[${shape.join(',')}])`;
}

/** What one line shows of the last axis, and of each other one. */
const LINE_ITEMS = 6;
const LINE_ROWS = 2;
const LINE_DIGITS = 5;

/** The first elements of a tensor on one line: `[[1, 2, 3], [4, 5, 6], …]`. */
export function formatLine(data: TypedArray, { shape, dtype }: Aval): string {
  const strides = rowMajorStrides(shape);
  const element = (value: number): string => {
    if (dtype === 'bool') return value !== 0 ? 'true' : 'false';
    return isFloat(dtype) ? String(Number(value.toPrecision(LINE_DIGITS))) : String(value);
  };
  const build = (axis: number, offset: number): string => {
    if (axis === shape.length) return element(data[offset]);
    const most = axis === shape.length - 1 ? LINE_ITEMS : LINE_ROWS;
    const items = Array.from({ length: Math.min(shape[axis], most) }, (_, i) =>
      build(axis + 1, offset + i * strides[axis]),
    );
    if (shape[axis] > most) items.push('…');
    return `[${items.join(', ')}]`;
  };
  return build(0, 0);
}

function render(
  data: TypedArray,
  shape: Shape,
  strides: readonly number[],
  summarize: boolean,
  text: (value: number) => string,
): string {
  const indent = 'Tensor('.length;
  const build = (axis: number, offset: number): string => {
    if (axis === shape.length) return text(data[offset]);
    const items = shownPositions(shape[axis], summarize).map((i) =>
      i === null ? '...' : build(axis + 1, offset + i * strides[axis]),
    );
    const deeper = shape.length - axis - 1;
    const separator = deeper === 0 ? ', ' : `,${'\n'.repeat(deeper)}${' '.repeat(indent + axis + 1)}`;
    return `[${items.join(separator)}]`;
  };
  return build(0, 0);
}
