import { bytesPerElement } from '../../../dtype/dtype.ts';
import { type Expression, type Load, loadsOf } from '../../../kernels/expression.ts';
import { rowRange } from './kept-loops.ts';
import { pushPointer } from './memory-code.ts';
import type { Nest } from './nest.ts';
import type { LoopBody, StageFrame } from './stage-frame.ts';

/** Operands that lie densely along another axis than the innermost one. */
export interface Transposed {
  /** The axis they lie along. */
  readonly axis: number;
  readonly loads: readonly Load[];
}

const SIDE = 4;

/** Finds operands that are better read along another axis, four vectors at a time; `null` when there are none. */
export function findTransposed(nest: Nest, values: readonly Expression[]): Transposed | null {
  const last = nest.extents.length - 1;
  if (last === 0 || nest.extents[last] < SIDE) return null;
  const strides = (load: Load): readonly number[] => nest.collapse(load.place).strides;
  const across = loadsOf(values).filter((load) => load.terms.length === 0 && strides(load)[last] > 1);
  let best: Transposed | null = null;
  for (let axis = 0; axis < last; axis++) {
    if (nest.extents[axis] < SIDE) continue;
    const loads = across.filter((load) => strides(load)[axis] === 1);
    if (loads.length > (best?.loads.length ?? 0)) best = { axis, loads };
  }
  return best;
}

/**
 * A loop nest in blocks of four steps of the operands' own axis by four of the innermost: four vectors are loaded along
 * their own axis and turned by shuffles, and the body runs for each of the four steps.
 */
export function emitTransposedLoops(frame: StageFrame, nest: Nest, transposed: Transposed, loop: LoopBody): void {
  const { f } = frame;
  const { code, pointers } = loop;
  const { axis, loads } = transposed;
  const { extents } = nest;
  const last = extents.length - 1;
  const others = extents.map((_, i) => i).filter((i) => i !== axis && i !== last);

  /** A whole block: the four turned vectors of each operand, then the body on each. */
  const block = (): void => {
    const turned = loads.map((load) => turn(load));
    for (let step = 0; step < SIDE; step++) {
      code.readAhead(axis, step);
      loads.forEach((load, i) => {
        code.preset(load, turned[i][step]);
      });
      loop.body(SIDE, 0, axis, step);
    }
    for (const load of loads) code.preset(load, null);
    f.release(...turned.flat());
  };

  const turn = (load: Load): number[] => {
    const place = nest.collapse(load.place);
    const address = pointers.of(load.variable, place);
    const between = place.strides[last] * bytesPerElement(load.dtype);
    const rows = f.locals('v128', SIDE);
    rows.forEach((row, k) => {
      f.v128Load(pushPointer(f, { local: address.local, offset: address.offset + k * between }), 4);
      f.localSet(row);
    });
    const pairs = f.locals('v128', SIDE);
    const shuffle = (target: number, a: number, b: number, lanes: readonly [number, number, number, number]): void => {
      f.localGet(a);
      f.localGet(b);
      f.i32x4Shuffle(...lanes);
      if (load.dtype === 'bool' && rows.includes(target)) {
        f.i32x4Const(0);
        f.i32x4Ne();
      }
      f.localSet(target);
    };
    shuffle(pairs[0], rows[0], rows[1], [0, 4, 1, 5]);
    shuffle(pairs[1], rows[0], rows[1], [2, 6, 3, 7]);
    shuffle(pairs[2], rows[2], rows[3], [0, 4, 1, 5]);
    shuffle(pairs[3], rows[2], rows[3], [2, 6, 3, 7]);
    shuffle(rows[0], pairs[0], pairs[2], [0, 1, 4, 5]);
    shuffle(rows[1], pairs[0], pairs[2], [2, 3, 6, 7]);
    shuffle(rows[2], pairs[1], pairs[3], [0, 1, 4, 5]);
    shuffle(rows[3], pairs[1], pairs[3], [2, 3, 6, 7]);
    f.release(...pairs);
    return rows;
  };

  /** The innermost axis for `steps` steps of the operands' axis; whole blocks only when there are four. */
  const inner = (steps: number): void => {
    const vectors = Math.floor(extents[last] / SIDE);
    const rest = extents[last] % SIDE;
    const each = (lanes: number): void => {
      for (let step = 0; step < steps; step++) {
        code.readAhead(axis, step);
        loop.body(lanes, 0, axis, step);
      }
    };
    f.loop(vectors, () => {
      if (steps === SIDE) block();
      else each(SIDE);
      pointers.move((strides) => SIDE * strides[last]);
    });
    if (rest > 0) each(rest);
    code.readAhead(axis, 0);
    pointers.move((strides) => -SIDE * vectors * strides[last]);
  };

  /** The other axes from the `at`-th on, then `body`; the pointers end where they began. */
  const around = (at: number, body: () => void): void => {
    if (at === others.length) {
      body();
      return;
    }
    const other = others[at];
    f.loop(extents[other], () => {
      around(at + 1, body);
      pointers.move((strides) => strides[other]);
    });
    pointers.move((strides) => -extents[other] * strides[other]);
  };

  const own = extents[axis];
  const blocks = (): void => {
    const whole = Math.floor(own / SIDE);
    f.loop(whole, () => {
      inner(SIDE);
      pointers.move((strides) => SIDE * strides[axis]);
    });
    if (own % SIDE > 0) inner(own % SIDE);
    pointers.move((strides) => -SIDE * whole * strides[axis]);
  };

  if (!nest.hasRows) {
    pointers.begin(null);
    around(0, blocks);
    return;
  }
  const [first, end] = rowRange(frame, nest.rowFactor);
  pointers.begin(first);
  if (axis === 0) {
    // Blocks of rows begin at multiples of four; only the last one may end elsewhere.
    f.localGet(end);
    f.i32Const(-SIDE);
    f.i32And();
    f.localSet(end);
    f.loop(
      { local: end },
      () => {
        around(0, () => inner(SIDE));
        pointers.move((strides) => SIDE * strides[0]);
      },
      { from: { local: first }, step: SIDE },
    );
    if (own % SIDE > 0) {
      f.localGet(frame.to);
      f.i32Const(frame.rows);
      f.i32Eq();
      f.if(() => around(0, () => inner(own % SIDE)));
    }
  } else {
    others.shift();
    f.loop(
      { local: end },
      () => {
        around(0, blocks);
        pointers.move((strides) => strides[0]);
      },
      { from: { local: first } },
    );
  }
  f.release(first, end);
}
