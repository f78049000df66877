import { arange, concat, full, type Tensor, tensor, where } from '@flowfield/tensor-webgpu';
import type { FloatType } from './state.ts';
import { isList, readTimes } from './times.ts';

/** Times as f sees them, and their distances from t0, which late clocks do not round. */
export interface Instants {
  /** [m] */
  readonly times: Tensor;
  /** Signed distances from t0: [m]. */
  readonly offsets: Tensor;
}

/** The interval of a solve. */
export interface Clock {
  readonly t0: Tensor;
  readonly t1: Tensor;
  /** t1 - t0 */
  readonly span: Tensor;
  /** At which to save. */
  readonly saved: Instants | null;
  /** At which steps end; the last is t1. */
  readonly stops: (Instants & { readonly jumps: Tensor }) | null;
  /** The steps themselves, where they are fixed: all times [n + 1] and sizes [n]. */
  readonly grid: { readonly times: Tensor; readonly sizes: Tensor } | null;
  /** t0 or t1 may move: the first step starts at t0 itself, which does not move with t1. */
  readonly moves: boolean;
  /** Whether times are in order and inside the interval, where that is known at run time only: a bool scalar. */
  readonly good: Tensor | null;
}

type FixedTimes = NonNullable<Clock['grid']>;
type Times = readonly number[] | Tensor;

export interface ClockOptions {
  readonly t0?: number | Tensor;
  readonly t1?: number | Tensor;
  readonly grid?: Times;
  readonly steps?: number;
  readonly step?: number;
  readonly ts?: Times;
  readonly stepTimes?: Times;
  readonly jumpTimes?: Times;
}

/** Puts the times of a solve on the device. Those known as numbers are subtracted in double precision. */
export function clockOf(options: ClockOptions, dtype: FloatType, device: string | undefined): Clock {
  const scalar = (t: number | Tensor): Tensor =>
    typeof t === 'number' ? full([], t, { dtype, device }) : t.astype(dtype);
  const vector = (times: Times): Tensor => (isList(times) ? tensor(times, { dtype, device }) : times.astype(dtype));
  const fixed = gridOf(options, scalar, vector);
  const from = options.grid === undefined ? options.t0 : isList(options.grid) ? options.grid[0] : undefined;
  const to = options.grid === undefined ? options.t1 : isList(options.grid) ? options.grid.at(-1) : undefined;
  const t0 = options.t0 === undefined ? (fixed as FixedTimes).times.slice(0) : scalar(options.t0);
  const t1 = options.t1 === undefined ? (fixed as FixedTimes).times.slice(-1) : scalar(options.t1);
  const known = typeof from === 'number' && typeof to === 'number';
  const moves = fixed !== null && options.grid === undefined && !known;
  const span = known ? scalar(to - from) : t1.sub(t0);
  const instants = (times: Times): Instants => ({
    times: vector(times),
    offsets: isList(times) && typeof from === 'number' ? vector(times.map((t) => t - from)) : vector(times).sub(t0),
  });
  const saved = options.ts ? instants(options.ts) : null;
  return {
    t0,
    t1,
    span,
    saved,
    stops: stopsOf(options, { t0, t1, span }, instants),
    grid: fixed,
    moves,
    good: goodTimes(),
  };

  /** Checks in the program, for times that cannot be read before it runs. */
  function goodTimes(): Tensor | null {
    const unknown = [options.t0, options.t1, options.ts, options.grid, options.stepTimes, options.jumpTimes].some(
      (times) => times !== undefined && readTimes(times) === null,
    );
    if (!unknown) return null;
    const forward = where(span.greaterEqual(0), 1, -1).astype(dtype);
    let good = t0.isFinite().logicalAnd(t1.isFinite());
    if (fixed) {
      const sizes = fixed.sizes.mul(forward);
      good = good.logicalAnd((options.grid === undefined ? sizes.greaterEqual(0) : sizes.greater(0)).all());
    }
    if (saved) {
      const along = saved.offsets.mul(forward);
      const source = isList(options.ts) ? dtype : (options.ts as Tensor).dtype;
      const slack = t0.abs().maximum(t1.abs()).mul(roundingOf(source, dtype));
      good = good
        .logicalAnd(along.greaterEqual(slack.neg()).all())
        .logicalAnd(along.lessEqual(span.abs().add(slack)).all())
        .logicalAnd(
          along
            .slice([1])
            .greaterEqual(along.slice([0, -1]))
            .all(),
        );
    }
    return good;
  }
}

/** How far a time may miss an end by the rounding of its dtype, relative to the larger end. */
export const roundingOf = (source: string, dtype: FloatType): number =>
  4 * (source === 'f64' && dtype === 'f64' ? 2 ** -52 : 2 ** -23);

/** The times of fixed steps, with both ends exactly; only the times between them move with t0 and t1. */
function gridOf(
  { t0, t1, steps, step, grid }: ClockOptions,
  scalar: (t: number | Tensor) => Tensor,
  vector: (times: Times) => Tensor,
): Clock['grid'] {
  if (grid !== undefined) {
    const times = vector(grid);
    const sizes = isList(grid) ? vector(grid.slice(1).map((t, i) => t - grid[i])) : between(times);
    return { times, sizes };
  }
  if (steps === undefined && step === undefined) return null;
  if (typeof t0 === 'number' && typeof t1 === 'number') {
    const times = knownGrid({ t0, t1, steps, step }) as number[];
    return { times: vector(times), sizes: vector(times.slice(1).map((t, i) => t - times[i])) };
  }
  const count = steps as number;
  const [from, to] = [scalar(t0 as number | Tensor), scalar(t1 as number | Tensor)];
  const h = to.sub(from).div(count);
  const inner =
    count > 1
      ? [
          from.add(
            to.sub(from).mul(
              arange(1, count)
                .astype(h.dtype as 'f64')
                .div(count),
            ),
          ),
        ]
      : [];
  return {
    times: concat([from.expandDims(0), ...inner, to.expandDims(0)], 0),
    sizes: h.broadcastTo([count]),
  };
}

const between = (times: Tensor): Tensor => times.slice([1]).sub(times.slice([0, -1]));

/** The times of fixed steps, where they are known as numbers. */
export function knownGrid({ t0, t1, steps, step, grid }: ClockOptions): readonly number[] | null {
  if (grid !== undefined) return isList(grid) ? grid : null;
  if (typeof t0 !== 'number' || typeof t1 !== 'number') return null;
  return steps === undefined ? steppedTimes(t0, t1, step as number) : evenTimes(t0, t1, steps);
}

/** `count` equal steps; rounding takes no time out of the interval, and the ends are met exactly. */
function evenTimes(t0: number, t1: number, count: number): number[] {
  const [low, high] = [Math.min(t0, t1), Math.max(t0, t1)];
  return Array.from({ length: count + 1 }, (_, i) =>
    i === 0 ? t0 : i === count ? t1 : Math.min(high, Math.max(low, (t0 * (count - i) + t1 * i) / count)),
  );
}

/** Steps of one size, the last of them shorter where it must be; a remainder of rounding size makes no step. */
function steppedTimes(t0: number, t1: number, step: number): number[] {
  const count = Math.max(1, Math.ceil(Math.abs(t1 - t0) / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, i) => (i === count ? t1 : t0 + Math.sign(t1 - t0) * step * i));
}

/** Forced step ends in the order of the solve, with t1 as the last; `null` without any. */
function stopsOf(
  { stepTimes, jumpTimes }: ClockOptions,
  { t0, t1, span }: { t0: Tensor; t1: Tensor; span: Tensor },
  instants: (times: Times) => Instants,
): Clock['stops'] {
  const parts = [stepTimes, jumpTimes].map((times) => (times === undefined ? null : instants(times)));
  if (parts.every((part) => part === null)) return null;
  const all = parts.flatMap((part, i) => (part ? [{ ...part, jump: i === 1 }] : []));
  const end = { times: t1.expandDims(0), offsets: span.expandDims(0), jump: false };
  const joined = [...all, end];
  const dtype = t0.dtype as FloatType;
  return {
    times: concat(
      joined.map(({ times }) => times),
      0,
    ),
    offsets: concat(
      joined.map(({ offsets }) => offsets),
      0,
    ),
    jumps: concat(
      joined.map(({ times, jump }) => full(times.shape, jump ? 1 : 0, { dtype, device: t0.device?.name })),
      0,
    ),
  };
}
