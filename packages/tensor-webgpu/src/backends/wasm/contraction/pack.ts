import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import type { Element } from './element.ts';
import { advance, loadLanes, storeLanes } from './lanes.ts';

/** Strips of `width` lines and k steps, copied so that one step's elements are adjacent. Strides count elements. */
export interface StripSpec {
  readonly element: Element;
  readonly k: number;
  readonly width: number;
  /** Elements of one step in the packed strip; those beyond `width` are zeros. */
  readonly paddedWidth: number;
  /** From one line of the strip to the next, and from one k to the next, in the source. */
  readonly lineStride: number;
  readonly step: number;
}

/** Emits `pack(source, target)`, which copies one strip. */
export function emitPackStrip(module: ModuleBuilder, name: string, spec: StripSpec): FunctionBuilder {
  const { element, k, width, paddedWidth, lineStride, step } = spec;
  const { bytes, lanes } = element;
  const f = module.func(name, ['i32', 'i32']);
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

/** How the lines of one operand (columns of B, rows of A) are cut in strips, and where the packed strips lie. */
export interface StripPlan {
  readonly width: number;
  readonly full: number;
  /** Lines of the last, narrower strip; 0 if there is none. */
  readonly rest: number;
  readonly paddedRest: number;
  readonly stripBytes: number;
  readonly totalBytes: number;
}

/** Cuts `lines` lines in strips of `width`; the last is padded to a multiple of `padTo`. */
export function planStrips(
  element: Element,
  lines: number,
  k: number,
  width: number,
  padTo: number,
): StripPlan {
  const full = Math.floor(lines / width);
  const rest = lines % width;
  const paddedRest = Math.ceil(rest / padTo) * padTo;
  const stripBytes = width * k * element.bytes;
  const totalBytes = full * stripBytes + paddedRest * k * element.bytes;
  return { width, full, rest, paddedRest, stripBytes, totalBytes };
}

/**
 * Emits `packAll(source, target, start, end)`, which packs strips [start, end) of a plan; the narrower one comes last.
 * Ranges may reach beyond the strips at either side.
 */
export function emitPackStrips(
  module: ModuleBuilder,
  name: string,
  element: Element,
  plan: StripPlan,
  k: number,
  strides: { readonly line: number; readonly step: number },
): FunctionBuilder {
  const strip = (suffix: string, width: number, paddedWidth: number) =>
    emitPackStrip(module, `${name}${suffix}`, {
      element,
      k,
      width,
      paddedWidth,
      lineStride: strides.line,
      step: strides.step,
    });
  const whole = plan.full > 0 ? strip('-strip', plan.width, plan.width) : undefined;
  const last = plan.rest > 0 ? strip('-last-strip', plan.rest, plan.paddedRest) : undefined;
  const f = module.func(name, ['i32', 'i32', 'i32', 'i32']);
  const [source, target, start, end] = [0, 1, 2, 3];
  const lineBytes = plan.width * strides.line * element.bytes;
  const pushStrip = (base: number, index: number, bytes: number) => {
    f.localGet(base);
    f.localGet(index);
    f.i32Const(bytes);
    f.i32Mul();
    f.i32Add();
  };
  const clamp = (local: number, bound: number, keepLarger: boolean) => {
    f.localGet(local);
    f.i32Const(bound);
    f.localGet(local);
    f.i32Const(bound);
    keepLarger ? f.i32GtS() : f.i32LtS();
    f.select();
    f.localSet(local);
  };
  clamp(start, 0, true);
  if (whole) {
    const wholeEnd = f.local('i32');
    f.localGet(end);
    f.localSet(wholeEnd);
    clamp(wholeEnd, plan.full, false);
    f.loop(
      { local: wholeEnd },
      (index) => {
        pushStrip(source, index, lineBytes);
        pushStrip(target, index, plan.stripBytes);
        f.call(whole);
      },
      { from: { local: start } },
    );
  }
  if (last) {
    f.localGet(end);
    f.i32Const(plan.full);
    f.i32GtS();
    f.localGet(start);
    f.i32Const(plan.full);
    f.i32LeS();
    f.i32And();
    f.if(() => {
      f.localGet(source);
      f.i32Const(plan.full * lineBytes);
      f.i32Add();
      f.localGet(target);
      f.i32Const(plan.full * plan.stripBytes);
      f.i32Add();
      f.call(last);
    });
  }
  return f;
}
