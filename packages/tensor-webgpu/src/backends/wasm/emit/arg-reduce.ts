import { isFloat } from '../../../dtype/dtype.ts';
import type { ReduceStage } from '../../../kernels/form.ts';
import type { Affine } from '../../../shape/affine.ts';
import { ExpressionCode } from './expression-code.ts';
import { emitKeptLoops } from './kept-loops.ts';
import { collapseNest, placesOf } from './nest.ts';
import { Pointers } from './pointers.ts';
import { scalarOperation, scalarType } from './scalar-operations.ts';
import type { StageFrame } from './stage-frame.ts';

/** The position of the first largest or smallest element; the first NaN wins over every number. */
export function emitArgReduce(frame: StageFrame, stage: ReduceStage, place: Affine): void {
  const { f } = frame;
  const { dtype } = stage.value;
  const nest = collapseNest(stage.space, [...placesOf([stage.value]), place], stage.kept);
  const pointers = new Pointers(frame);
  const last = nest.extents.length - 1;
  const code = new ExpressionCode(f, frame.context, pointers, nest.collapse, last, 1);
  code.register([stage.value]);
  const result = pointers.of(stage.variable, nest.collapse(place));
  const better = scalarOperation(stage.operation === 'argMax' ? 'gt' : 'lt', dtype)!;
  const extent = last < nest.kept ? 1 : nest.extents[last];
  const best = f.local(scalarType(dtype));
  const value = f.local(scalarType(dtype));
  const [position, steps] = f.locals('i32', 2);
  const take = (): void => {
    f.localGet(value);
    f.localSet(best);
    f.localGet(steps);
    f.localSet(position);
  };
  emitKeptLoops(frame, nest, pointers, nest.kept, () => {
    f.i32Const(0);
    f.localSet(steps);
    code.body(1, 0, () => code.push(stage.value));
    f.localSet(value);
    take();
    f.loop(extent, () => {
      code.body(1, 0, () => code.push(stage.value));
      f.localSet(value);
      f.localGet(value);
      f.localGet(best);
      better(f);
      if (isFloat(dtype)) {
        const differs = scalarOperation('ne', dtype)!;
        const same = scalarOperation('eq', dtype)!;
        // (value is NaN) and (best is not)
        f.localGet(value);
        f.localGet(value);
        differs(f);
        f.localGet(best);
        f.localGet(best);
        same(f);
        f.i32And();
        f.i32Or();
      }
      f.if(take);
      f.localGet(steps);
      f.i32Const(1);
      f.i32Add();
      f.localSet(steps);
      if (last >= nest.kept) pointers.move((strides) => strides[last]);
    });
    if (last >= nest.kept) pointers.move((strides) => -extent * strides[last]);
    f.localGet(result.local);
    f.localGet(position);
    f.i32Store(result.offset);
  });
  f.release(best, value, position, steps);
  code.release();
  pointers.release();
}
