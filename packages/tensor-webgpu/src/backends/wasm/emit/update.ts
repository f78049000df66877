import { bytesPerElement } from '../../../dtype/dtype.ts';
import { valuesOf } from '../../../kernels/access.ts';
import type { UpdateStage } from '../../../kernels/form.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { ExpressionCode } from './expression-code.ts';
import { emitKeptLoops } from './kept-loops.ts';
import { loadScalar, loadVector } from './memory-code.ts';
import { widthOf } from './native.ts';
import { collapseNest, placesOf } from './nest.ts';
import { Pointers } from './pointers.ts';
import { clamp, scalarOperation } from './scalar-operations.ts';
import type { StageFrame } from './stage-frame.ts';
import { vectorOperation } from './vector-operations.ts';

/** Emits updates at places that depend on index values, one after the other in the order of the space. */
export function emitUpdate(frame: StageFrame, stage: UpdateStage): void {
  if (sizeOf(stage.space) === 0) return;
  const { f } = frame;
  const { dtype } = stage.variable;
  const bytes = bytesPerElement(dtype);
  const indices = stage.terms.map((term) => term.index);
  const values = valuesOf(stage);
  const nest = collapseNest(stage.space, [...placesOf(values), stage.place], frame.rows > 1 ? 1 : stage.space.length);
  const last = nest.extents.length - 1;
  // With rows alone there is no inner axis: each row is one update.
  const single = last === 0 && nest.hasRows;
  const extent = single ? 1 : nest.extents[last];
  const fixed = placesOf(indices).every((place) => nest.collapse(place).strides[last] === 0);
  const vector =
    !single && extent >= 4 && fixed && widthOf(values) === 4 && nest.collapse(stage.place).strides[last] === 1;
  const width = vector ? 4 : 1;

  const pointers = new Pointers(frame);
  const code = new ExpressionCode(f, frame.context, pointers, nest.collapse, last, width);
  code.register(values);
  const target = pointers.of(stage.variable, nest.collapse(stage.place));
  const step = nest.collapse(stage.place).strides[last] * bytes;
  const [index, base] = f.locals('i32', 2);

  /** Sets `base` to the address that the indices choose and runs `then`, unless an index is out of range. */
  const locate = (then: () => void): void => {
    f.block((skip) => {
      f.localGet(target.local);
      f.localSet(base);
      for (const term of stage.terms) {
        code.push(term.index);
        if (vector) f.i32x4ExtractLane(0);
        f.localSet(index);
        if (term.clamp) {
          f.localGet(index);
          clamp(f, term.limit);
          f.localSet(index);
        } else {
          f.localGet(index);
          f.i32Const(term.limit);
          f.i32GtU();
          f.brIf(skip);
        }
        f.localGet(base);
        f.localGet(index);
        f.i32Const(term.stride * bytes);
        f.i32Mul();
        f.i32Add();
        f.localSet(base);
      }
      then();
    });
  };

  const combine = (): void => {
    code.push(stage.value);
    const address = { local: base, offset: target.offset };
    if (stage.mode !== 'set') {
      if (vector) loadVector(f, address, 4, 4);
      else loadScalar(f, address, dtype);
      (vector ? vectorOperation(stage.mode, dtype) : scalarOperation(stage.mode, dtype))!(f);
    }
    code.store(address, step, dtype, false);
  };

  const inner = (): void => {
    if (!vector) {
      const turn = (): void => code.body(1, 0, () => locate(() => combine()));
      if (extent === 1) turn();
      else {
        f.loop(extent, () => {
          turn();
          pointers.move((strides) => strides[last]);
        });
        pointers.move((strides) => -extent * strides[last]);
      }
      return;
    }
    code.hoist(values);
    locate(() => {
      const vectors = Math.floor(extent / width);
      f.loop(vectors, () => {
        code.body(width, 0, () => combine());
        pointers.move((strides) => width * strides[last]);
        f.localGet(base);
        f.i32Const(width * step);
        f.i32Add();
        f.localSet(base);
      });
      const rest = extent % width;
      if (rest > 0) code.body(rest, 0, () => combine());
      pointers.move((strides) => -vectors * width * strides[last]);
    });
    code.endHoist();
  };

  emitKeptLoops(frame, nest, pointers, single ? 1 : last, inner);
  f.release(index, base);
  code.release();
  pointers.release();
}
