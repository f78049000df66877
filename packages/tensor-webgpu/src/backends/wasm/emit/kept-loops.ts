import type { Nest } from './nest.ts';
import type { Pointers } from './pointers.ts';
import type { StageFrame } from './stage-frame.ts';

/** Loops over the kept axes before `until`, with axis 0 cut to the rows of the block; the pointers stand at each turn. */
export function emitKeptLoops(
  frame: StageFrame,
  nest: Nest,
  pointers: Pointers,
  until: number,
  body: () => void,
): void {
  const { f } = frame;
  const level = (axis: number): void => {
    if (axis === until) {
      body();
      return;
    }
    f.loop(nest.extents[axis], () => {
      level(axis + 1);
      pointers.move((strides) => strides[axis] - (axis + 1 < until ? nest.extents[axis + 1] * strides[axis + 1] : 0));
    });
  };
  if (!nest.hasRows) {
    pointers.begin(null);
    level(0);
    return;
  }
  const [first, end] = rowRange(frame, nest.rowFactor);
  pointers.begin(first);
  if (until === 0) body();
  else {
    f.loop(
      { local: end },
      () => {
        level(1);
        pointers.move((strides) => strides[0] - (1 < until ? nest.extents[1] * strides[1] : 0));
      },
      { from: { local: first } },
    );
  }
  f.release(first, end);
}

/** Locals holding the block's first and last step when each row has `factor` of them. */
export function rowRange(frame: StageFrame, factor: number): [number, number] {
  const { f } = frame;
  const range = f.locals('i32', 2) as [number, number];
  [frame.from, frame.to].forEach((row, i) => {
    f.localGet(row);
    if (factor !== 1) {
      f.i32Const(factor);
      f.i32Mul();
    }
    f.localSet(range[i]);
  });
  return range;
}
