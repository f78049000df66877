import { full, type Tensor } from '@flowfield/tensor-webgpu';
import type { Polynomial } from './polynomial.ts';
import { emptyRows, writeRow } from './rows.ts';
import type { State } from './state.ts';

/** What an adaptive solve writes down about its accepted steps, one row each. */
export interface Log {
  /** Rows in use. */
  readonly used: Tensor;
  readonly starts: Tensor;
  readonly ends: Tensor;
  readonly offsets: Tensor;
  readonly sizes: Tensor;
  readonly states: State | null;
  readonly polynomial: Polynomial | null;
}

/** One accepted step. */
export interface LogEntry {
  readonly start: Tensor;
  readonly end: Tensor;
  readonly offset: Tensor;
  readonly size: Tensor;
  readonly state: State;
  readonly polynomial: Polynomial | null;
}

export function emptyLog(
  keep: 'steps' | 'dense',
  capacity: number,
  like: Omit<LogEntry, 'polynomial'>,
  powers: number,
): Log {
  const times = (): Tensor => emptyRows(like.start, capacity);
  const states = (): State => like.state.map((leaf) => emptyRows(leaf, capacity));
  return {
    used: full([], 0, { dtype: 'i32' }),
    starts: times(),
    ends: times(),
    offsets: times(),
    sizes: times(),
    states: keep === 'steps' ? states() : null,
    polynomial: keep === 'dense' ? Array.from({ length: powers }, states) : null,
  };
}

/** Writes a row, which counts if the step was accepted and else is written over by the next. */
export function writeLog(log: Log, entry: LogEntry, accepted: Tensor): Log {
  const at = log.used;
  return {
    used: at.add(accepted.astype('i32')),
    starts: writeRow(log.starts, entry.start, at),
    ends: writeRow(log.ends, entry.end, at),
    offsets: writeRow(log.offsets, entry.offset, at),
    sizes: writeRow(log.sizes, entry.size, at),
    states: log.states?.map((rows, n) => writeRow(rows, entry.state[n], at)) ?? null,
    polynomial:
      log.polynomial?.map((power, j) =>
        power.map((rows, n) => writeRow(rows, (entry.polynomial as Polynomial)[j][n], at)),
      ) ?? null,
  };
}
