import { ArgumentError, knownData, type Tensor } from '@flowfield/tensor-webgpu';

/** Whether times are given as numbers. */
export const isList = (times: unknown): times is readonly number[] => Array.isArray(times);

/** Whether a tensor's elements can be read now: it is in memory, on a device that this thread can see. */
export const canRead = (value: Tensor): boolean => value.device !== undefined && knownData(value) !== null;

/** Times as numbers where they are known now: `null` inside a trace. */
export function readTimes(times: number | readonly number[] | Tensor): number[] | null {
  if (typeof times === 'number') return [times];
  if (isList(times)) return [...times];
  const known = knownData(times);
  return known && Array.from(known);
}

interface TimeRules {
  readonly least: number;
  /** The ends between which the times must lie, where known. */
  readonly ends?: readonly [number, number];
  /** How far outside rounding may put a time. */
  readonly slack?: number;
  /** Times may come in any order. */
  readonly anyOrder?: boolean;
  /** The function that asks. */
  readonly use?: string;
}

/** Throws `ArgumentError` unless times are a vector of finite numbers in one direction, inside the ends. */
export function checkTimes(name: string, times: readonly number[] | Tensor, rules: TimeRules): void {
  const { least, ends, slack = 0, anyOrder, use = 'solveOde' } = rules;
  const refuse = (message: string): never => fail(message, use);
  if (!isList(times)) {
    if (typeof times?.ndim !== 'number') refuse(`${name} must be a list or a vector of times, got ${typeof times}.`);
    if (times.ndim !== 1 || times.shape[0] < least)
      refuse(`${name} must be a vector of at least ${least} times, got shape [${times.shape.join(', ')}].`);
  }
  const values = readTimes(times);
  if (!values) return;
  if (values.length < least) refuse(`${name} must have at least ${least} times, got ${values.length}.`);
  const [first, last] = ends ?? [values[0], values[values.length - 1]];
  const direction = Math.sign(last - first);
  values.forEach((time, i) => {
    if (!Number.isFinite(time)) refuse(`${name}[${i}] must be finite, got ${time}.`);
    if (i > 0 && !anyOrder && (time - values[i - 1]) * direction <= 0 && !(direction === 0 && time === first)) {
      refuse(
        `${name} must run one way, from ${first} to ${last}; got ${values[i - 1]} before ${time}. Sort it in the direction of the solve.`,
      );
    }
    if (
      (time - first) * direction < -slack ||
      (last - time) * direction < -slack ||
      (direction === 0 && Math.abs(time - first) > slack)
    )
      refuse(`${name}[${i}] = ${time} is outside the interval from ${first} to ${last}.`);
  });
}

/** Throws `ArgumentError` unless options that say yes or no are booleans, where they are given. */
export function checkFlags<T extends object>(use: string, options: T, names: readonly (keyof T & string)[]): void {
  for (const name of names) {
    const value: unknown = options[name];
    if (value !== undefined && typeof value !== 'boolean')
      fail(`${name} must be true or false, got ${typeof value === 'string' ? `'${value}'` : value}.`, use);
  }
}

/** Throws `ArgumentError` with a message about `solveOde`. */
export const fail = (message: string, use = 'solveOde'): never => {
  throw new ArgumentError(`${use}: ${message}`);
};
