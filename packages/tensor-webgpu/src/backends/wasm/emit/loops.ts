import { bytesPerElement } from '../../../dtype/dtype.ts';
import type { LoopStage, Store } from '../../../kernels/form.ts';
import { sameAffine } from '../../../shape/affine.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { setLarger } from '../contraction/ranges.ts';
import { ExpressionCode } from './expression-code.ts';
import { widthOf } from './native.ts';
import { collapseNest, placesOf } from './nest.ts';
import { type Placement, Pointers, samePlacement } from './pointers.ts';
import type { LoopBody, StageFrame } from './stage-frame.ts';
import { emitFlush } from './subnormal.ts';
import { emitTransposedLoops, findTransposed } from './transposed-loops.ts';

/** Whether a store would write an element over itself. */
function isInPlace({ placements }: StageFrame, { variable, place, value }: Store): boolean {
  if (value.kind !== 'load' || value.terms.length > 0 || !sameAffine(value.place, place)) return false;
  return samePlacement(placements.get(variable) as Placement, placements.get(value.variable) as Placement);
}

/** Inner loops of at most this many vectors are written out. */
const UNROLLED = 4;

/** Emits a loop nest on rows [from, to). */
export function emitLoops(frame: StageFrame, stage: LoopStage): void {
  const { f, context } = frame;
  if (sizeOf(stage.space) === 0) return;
  const stores = stage.stores.filter((store) => !isInPlace(frame, store));
  const values = stores.map((store) => store.value);
  if (stores.length === 0) return;
  const width = widthOf(values);
  const nest = collapseNest(
    stage.space,
    [...placesOf(values), ...stores.map((store) => store.place)],
    stage.space.length,
  );
  const { extents } = nest;
  const last = extents.length - 1;
  const pointers = new Pointers(frame);
  const code = new ExpressionCode(f, context, pointers, nest.collapse, last, width, frame.flushed.nodes);
  code.register(values);
  const targets = stores.map((store) => {
    const place = nest.collapse(store.place);
    const whole =
      last === 0 &&
      place.strides[0] === 1 &&
      place.offset === 0 &&
      frame.padded(store.variable) &&
      extents[0] === sizeOf(store.variable.shape);
    return {
      ...store,
      place,
      address: pointers.of(store.variable, place),
      step: place.strides[last] * bytesPerElement(store.variable.dtype),
      whole,
    };
  });

  const push = ({ value, variable }: Store): void => {
    code.push(value);
    if (frame.flushed.variables.has(variable)) emitFlush(f, width > 1);
  };
  const body: LoopBody['body'] = (lanes, shift, axis = 0, steps = 0) =>
    code.body(lanes, shift, () => {
      // All values before any store: a store may overwrite an operand in place.
      for (const { value } of targets) code.keep(value);
      for (const target of targets) {
        const { address, place, step, whole, variable } = target;
        push(target);
        const offset = address.offset + steps * place.strides[axis] * bytesPerElement(variable.dtype);
        code.store({ local: address.local, offset }, step, variable.dtype, whole);
      }
    });
  /** Two whole vectors, the values of both before any store: a compiler may join what is computed alike. */
  const pair = (): void => {
    const kept = [0, 1].map((shift) => {
      const locals: number[] = [];
      code.body(width, shift, () => {
        for (const target of targets) {
          push(target);
          const local = f.local('v128');
          f.localSet(local);
          locals.push(local);
        }
      });
      return locals;
    });
    kept.forEach((locals, shift) => {
      targets.forEach(({ address, step, whole, variable }, k) => {
        f.localGet(locals[k]);
        code.store(address, step, variable.dtype, whole, shift);
      });
      f.release(...locals);
    });
  };
  // Of doubles V8 joined some that it must not, with wrong results: their vectors stay apart from each other.
  const pairs = context.pairVectors && width === 4;
  const unrolled = context.pairVectors && width === 2 ? 1 : UNROLLED;
  const transposed = width === 4 ? findTransposed(nest, values) : null;
  if (transposed) {
    emitTransposedLoops(frame, nest, transposed, { code, pointers, body });
    code.release();
    pointers.release();
    return;
  }

  /** The innermost axis when its steps are known; returns how many steps the pointers were moved. */
  const inner = (extent: number): number => {
    code.hoist(values);
    const vectors = Math.floor(extent / width);
    const rest = extent % width;
    let moved = 0;
    if (vectors <= unrolled) {
      for (let shift = 0; shift < vectors; shift++) body(width, shift);
      if (rest > 0) body(rest, vectors);
    } else {
      const turns = pairs ? Math.floor(vectors / 2) : vectors;
      const steps = pairs ? 2 * width : width;
      f.loop(turns, () => {
        if (pairs) pair();
        else body(width, 0);
        pointers.move((strides) => steps * strides[last]);
      });
      moved = turns * steps;
      const left = vectors - moved / width;
      if (left > 0) body(width, 0);
      if (rest > 0) body(rest, left);
    }
    code.endHoist();
    return moved;
  };

  const level = (axis: number): number => {
    if (axis === last) return inner(extents[axis]);
    const turn = (): void => {
      const inside = level(axis + 1);
      pointers.move((strides) => strides[axis] - inside * strides[axis + 1]);
    };
    f.loop(extents[axis], turn);
    return extents[axis];
  };

  /** A pointer move over several levels needs the total; each level undoes its own inside the turn above. */
  if (!nest.hasRows) {
    pointers.begin(null);
    level(0);
  } else if (last === 0) {
    emitRowRun(frame, pointers, code, nest.rowFactor, extents[0], width, body, pairs ? pair : null, values);
  } else {
    f.withLocal('i32', (first) => {
      f.localGet(frame.from);
      f.i32Const(nest.rowFactor);
      f.i32Mul();
      f.localSet(first);
      pointers.begin(first);
      f.withLocal('i32', (end) => {
        f.localGet(frame.to);
        f.i32Const(nest.rowFactor);
        f.i32Mul();
        f.localSet(end);
        f.loop(
          { local: end },
          () => {
            const inside = level(1);
            pointers.move((strides) => strides[0] - inside * strides[1]);
          },
          { from: { local: first } },
        );
      });
    });
  }
  code.release();
  pointers.release();
}

/** One axis that holds the rows: steps [from·factor, to·factor), where every block but the last is a multiple of the lanes. */
function emitRowRun(
  frame: StageFrame,
  pointers: Pointers,
  code: ExpressionCode,
  factor: number,
  extent: number,
  width: number,
  body: (lanes: number, shift: number) => void,
  pair: (() => void) | null,
  values: Parameters<ExpressionCode['hoist']>[0],
): void {
  const { f } = frame;
  const [first, end] = f.locals('i32', 2);
  f.localGet(frame.from);
  f.i32Const(factor);
  f.i32Mul();
  f.localSet(first);
  f.localGet(frame.to);
  f.i32Const(factor);
  f.i32Mul();
  f.i32Const(-width);
  f.i32And();
  f.localSet(end);
  pointers.begin(first);
  code.hoist(values);
  const advance = (steps: number): void => pointers.move((strides) => steps * strides[0]);
  if (pair) {
    // first = first + what pairs of vectors take; a single one may be left.
    const paired = f.local('i32');
    f.localGet(end);
    f.localGet(first);
    f.i32Sub();
    f.i32Const(-2 * width);
    f.i32And();
    f.localGet(first);
    f.i32Add();
    f.localSet(paired);
    f.loop(
      { local: paired },
      () => {
        pair();
        advance(2 * width);
      },
      { from: { local: first }, step: 2 * width },
    );
    // No steps, when a block ends before its first whole vector.
    setLarger(
      f,
      first,
      () => f.localGet(first),
      () => f.localGet(paired),
    );
    f.release(paired);
  }
  f.loop(
    { local: end },
    () => {
      body(width, 0);
      advance(width);
    },
    { from: { local: first }, step: width },
  );
  const rest = extent % width;
  if (rest > 0) {
    f.localGet(frame.to);
    f.i32Const(frame.rows);
    f.i32Eq();
    f.if(() => body(rest, 0));
  }
  code.endHoist();
  f.release(first, end);
}
