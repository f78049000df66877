import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import type { Element } from './element.ts';
import { elements } from './element.ts';
import { advance, indexedAddress, loadLanes, storeLanes } from './lanes.ts';
import { once } from './once.ts';
import type { Parts } from './ranges.ts';
import { forParts, setLarger } from './ranges.ts';
import type { ContractionType } from './spec.ts';

/** Strips of `width` lines and k steps, copied so that one step's elements are adjacent. Strides count elements. */
interface StripSpec {
  readonly dtype: ContractionType;
  readonly k: number;
  readonly width: number;
  /** Elements of one step in the packed strip; those beyond `width` are zeros. */
  readonly paddedWidth: number;
  /** From one line of the strip to the next, and from one k to the next, in the source. */
  readonly lineStride: number;
  readonly step: number;
}

/** Emits `pack(source, target)`, which copies one strip. */
function emitPackStrip(module: ModuleBuilder, spec: StripSpec): FunctionBuilder {
  return once(module, 'pack', spec, () => writePackStrip(module, spec));
}

function writePackStrip(module: ModuleBuilder, spec: StripSpec): FunctionBuilder {
  const { dtype, k, width, paddedWidth, lineStride, step } = spec;
  const element = elements[dtype];
  const { bytes, lanes } = element;
  const f = module.func(`${dtype}-pack-${width}x${k}`, ['i32', 'i32']);
  const [source, target] = [0, 1];
  const vector = f.local('v128');
  f.loop(k, () => {
    for (let first = 0; first < paddedWidth; first += lanes) {
      const count = Math.min(lanes, width - first);
      if (count > 0) loadLanes(f, element, source, first * lineStride * bytes, count, lineStride);
      else f.i32x4Const(0);
      f.localSet(vector);
      storeLanes(f, element, vector, target, first * bytes, Math.min(lanes, paddedWidth - first));
    }
    advance(f, source, step * bytes);
    advance(f, target, paddedWidth * bytes);
  });
  return f;
}

/** From one line of an operand (a row of A, a column of B) to the next, and from one k to the next, in elements. */
export interface LineStrides {
  readonly line: number;
  readonly step: number;
}

/** How the lines of one operand (columns of B, rows of A) are cut in strips, and where the packed strips lie. */
export interface StripPlan extends Parts {
  readonly width: number;
  readonly paddedRest: number;
  readonly stripBytes: number;
  readonly totalBytes: number;
}

/** Cuts `lines` lines in strips of `width`; the last is padded to a multiple of `padTo`. */
export function planStrips(element: Element, lines: number, k: number, width: number, padTo: number): StripPlan {
  const full = Math.floor(lines / width);
  const rest = lines % width;
  const paddedRest = Math.ceil(rest / padTo) * padTo;
  const stripBytes = width * k * element.bytes;
  const totalBytes = full * stripBytes + paddedRest * k * element.bytes;
  return { width, full, rest, paddedRest, stripBytes, totalBytes };
}

/**
 * Emits `packStrips(source, target, start, end)`, which packs strips [start, end) of a plan; the narrower one comes last.
 * A range may reach beyond the strips at either side.
 */
export function emitPackStrips(
  module: ModuleBuilder,
  name: string,
  dtype: ContractionType,
  plan: StripPlan,
  k: number,
  strides: LineStrides,
): FunctionBuilder {
  const strip = (width: number, paddedWidth: number) =>
    emitPackStrip(module, {
      dtype,
      k,
      width,
      paddedWidth,
      lineStride: strides.line,
      step: strides.step,
    });
  const f = module.func(name, ['i32', 'i32', 'i32', 'i32']);
  const [source, target, start, end] = [0, 1, 2, 3];
  setLarger(
    f,
    start,
    () => f.localGet(start),
    () => f.i32Const(0),
  );
  forParts(f, plan, start, end, (index, isLast) => {
    const lineBytes = strides.line * elements[dtype].bytes;
    const from = indexedAddress(f, source, index, plan.width * lineBytes);
    const to = indexedAddress(f, target, index, plan.stripBytes);
    f.localGet(from);
    f.localGet(to);
    f.call(isLast ? strip(plan.rest, plan.paddedRest) : strip(plan.width, plan.width));
    f.release(from, to);
  });
  return f;
}
