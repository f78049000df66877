import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import { setLarger, setSmaller } from '../contraction/ranges.ts';
import { PART_PARAMS } from './tasks.ts';

/** Nanoseconds of work that a thread takes at once. */
const GRAIN = 15_000;

/** A function of `PART_PARAMS` for so many units, and about how many nanoseconds they take one thread. */
export interface Phase {
  readonly body: FunctionBuilder;
  readonly units: number;
  readonly work: number;
  /** Nanoseconds of its largest unit. */
  readonly largest: number;
}

/** Units of a phase that a thread should take at once, at most. */
export const grainOf = ({ largest }: Phase): number => Math.max(1, Math.floor(GRAIN / Math.max(1, largest)));

/** Phases that do not depend on each other, as one: their units follow one another. */
export function joinPhases(module: ModuleBuilder, name: string, phases: readonly Phase[]): Phase | null {
  if (phases.length <= 1) return phases[0] ?? null;
  // The largest units first, so that small ones fill up the end.
  const sorted = [...phases].sort((a, b) => b.largest - a.largest);
  const f = module.func(name, PART_PARAMS);
  const [from, to, arena, table, thread] = [0, 1, 2, 3, 4];
  const [first, end] = f.locals('i32', 2);
  let before = 0;
  for (const { body, units } of sorted) {
    const start = before;
    const pushWithin = (local: number): void => {
      f.localGet(local);
      f.i32Const(start);
      f.i32Sub();
    };
    setLarger(
      f,
      first,
      () => pushWithin(from),
      () => f.i32Const(0),
    );
    setSmaller(
      f,
      end,
      () => pushWithin(to),
      () => f.i32Const(units),
    );
    f.localGet(first);
    f.localGet(end);
    f.i32LtS();
    f.if(() => {
      for (const local of [first, end, arena, table, thread]) f.localGet(local);
      f.call(body);
    });
    before += units;
  }
  const work = phases.reduce((sum, phase) => sum + phase.work, 0);
  return { body: f, units: before, work, largest: sorted[0].largest };
}
