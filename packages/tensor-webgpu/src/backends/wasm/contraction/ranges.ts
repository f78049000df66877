import type { FunctionBuilder } from '../assembler/index.ts';

/** Pushes an i32. */
export type Push = () => void;

/** `target = min(a, b)` of signed i32 values. The pushes run twice and must have no effects. */
export function setSmaller(f: FunctionBuilder, target: number, a: Push, b: Push): void {
  a();
  b();
  a();
  b();
  f.i32LtS();
  f.select();
  f.localSet(target);
}

/** `target = max(a, b)` of signed i32 values. The pushes run twice and must have no effects. */
export function setLarger(f: FunctionBuilder, target: number, a: Push, b: Push): void {
  a();
  b();
  a();
  b();
  f.i32GtS();
  f.select();
  f.localSet(target);
}

/** A count cut in `full` equal parts and, if `rest` is not 0, a smaller last one. */
export interface Parts {
  readonly full: number;
  readonly rest: number;
}

/** Number of parts, the smaller one included. */
export function countParts({ full, rest }: Parts): number {
  return full + (rest > 0 ? 1 : 0);
}

/** Runs `body` for every part, known to be all of them: the full ones in a loop, then the last. */
export function forAllParts(
  f: FunctionBuilder,
  { full, rest }: Parts,
  body: (index: number, isLast: boolean) => void,
): void {
  f.loop(full, (index) => body(index, false));
  if (rest > 0) lastPart(f, full, body);
}

/** Runs `body` for the parts in [start, end), given by locals; `start >= 0`. */
export function forParts(
  f: FunctionBuilder,
  { full, rest }: Parts,
  start: number,
  end: number,
  body: (index: number, isLast: boolean) => void,
): void {
  if (full > 0) {
    const fullEnd = f.local('i32');
    setSmaller(
      f,
      fullEnd,
      () => f.localGet(end),
      () => f.i32Const(full),
    );
    f.loop({ local: fullEnd }, (index) => body(index, false), { from: { local: start } });
    f.release(fullEnd);
  }
  if (rest === 0) return;
  f.localGet(end);
  f.i32Const(full);
  f.i32GtS();
  f.localGet(start);
  f.i32Const(full);
  f.i32LeS();
  f.i32And();
  f.if(() => lastPart(f, full, body));
}

function lastPart(f: FunctionBuilder, full: number, body: (index: number, isLast: boolean) => void): void {
  f.withLocal('i32', (index) => {
    f.i32Const(full);
    f.localSet(index);
    body(index, true);
  });
}
