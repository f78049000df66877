import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import { elements } from './element.ts';
import { addKeeping, joinKept } from './exact.ts';
import { loadLanes, storeLanes } from './lanes.ts';
import { once } from './once.ts';

/** A tile of C in f32, and two arrays of C's layout beside it. */
export interface KeepSpec {
  readonly rows: number;
  readonly cols: number;
  readonly cRowStride: number;
  /** Whether no further terms follow: then what was kept goes into C. */
  readonly last: boolean;
}

/**
 * Emits `keep(c, total, lost, known)`: adds a tile of totals to C and keeps what rounding takes in `lost`. `known` is 0 where C
 * holds nothing yet, and has bit 1 where `lost` holds something.
 */
export function emitKeep(module: ModuleBuilder, spec: KeepSpec): FunctionBuilder {
  return once(module, 'keep', spec, () => writeKeep(module, spec));
}

function writeKeep(module: ModuleBuilder, { rows, cols, cRowStride, last }: KeepSpec): FunctionBuilder {
  const element = elements.f32;
  const { bytes, lanes } = element;
  const f = module.func(`f32-keep-${rows}x${cols}${last ? '-last' : ''}`, ['i32', 'i32', 'i32', 'i32']);
  const [c, total, lost, known] = [0, 1, 2, 3];
  const [sum, kept, term, first, second] = f.locals('v128', 5);
  const load = (array: number, offset: number, width: number, local: number): void => {
    loadLanes(f, element, array, offset, width);
    f.localSet(local);
  };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < cols; column += lanes) {
      const offset = (row * cRowStride + column) * bytes;
      const width = Math.min(lanes, cols - column);
      f.i32x4Const(0);
      f.localTee(sum);
      f.localSet(kept);
      f.localGet(known);
      f.if(() => load(c, offset, width, sum));
      f.localGet(known);
      f.i32Const(2);
      f.i32And();
      f.if(() => load(lost, offset, width, kept));
      load(total, offset, width, term);
      addKeeping(f, sum, kept, term, [first, second]);
      if (last) joinKept(f, sum, kept);
      else storeLanes(f, element, kept, lost, offset, width);
      storeLanes(f, element, sum, c, offset, width);
    }
  }
  return f;
}
