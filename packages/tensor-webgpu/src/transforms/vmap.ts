import { checkedOptions, checkFunctions } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { repeatFirst } from '../primitives/elementwise.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { normalizeAxis, range } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { runTraced } from '../trace/bind.ts';
import { trace } from '../trace/builder.ts';
import { leaves, unflatten } from '../tree/tree.ts';
import { batchProgram } from './batch.ts';
import { callFlat, flattenArguments, type TreeFunction } from './function.ts';

/** An axis for each argument (`null`: not mapped), or one for all; an entry may be a tree of axes like its argument. */
export type MapAxes = number | null | readonly unknown[];

export interface VmapOptions {
  readonly inAxes?: MapAxes;
  readonly outAxes?: number;
}

/** `value` with `axis` moved to position `to` (a view). */
export function moveAxis(value: Value, axis: number, to: number): Value {
  if (axis === to) return value;
  const others = range(0, value.shape.length).filter((i) => i !== axis);
  others.splice(to, 0, axis);
  return lax.transpose(value, others);
}

/** One axis per leaf of `tree`: `axes` is one axis for all of it, or is built like it. */
function spreadAxes(tree: unknown, axes: unknown): (number | null)[] {
  const count = leaves(tree).length;
  if (axes === null || typeof axes === 'number') return Array<number | null>(count).fill(axes);
  if (Array.isArray(tree) && Array.isArray(axes) && tree.length === axes.length) {
    return tree.flatMap((child, i) => spreadAxes(child, axes[i]));
  }
  if (isRecord(tree) && isRecord(axes) && !Array.isArray(tree)) {
    return Object.keys(tree)
      .sort()
      .flatMap((key) => spreadAxes(tree[key], axes[key]));
  }
  throw new ArgumentError(
    `vmap: inAxes must be a number, null, or a tree of those like the arguments; got ${JSON.stringify(axes)} for ${count} tensors.`,
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/**
 * `f` over an extra axis: maps each argument along `inAxes` (default 0; `null` leaves it whole) and stacks the
 * results along `outAxes`. No loop runs: every primitive has a batching rule.
 *
 * @throws ShapeError when mapped extents differ; ArgumentError for bad axes.
 */
export function vmap<A extends unknown[] = Tensor[], R = unknown>(
  f: (...args: A) => R,
  options: VmapOptions = {},
): (...args: A) => R {
  checkFunctions('vmap', f);
  const { inAxes = 0, outAxes = 0 } = checkedOptions('vmap', options, ['inAxes', 'outAxes']);
  return (...args) => {
    const flat = flattenArguments(args, 'vmap');
    const axes = spreadAxes(args, inAxes).map((axis, i) =>
      axis === null ? null : normalizeAxis('vmap', axis, flat.values[i].shape.length),
    );
    const sizes = new Set(axes.flatMap((axis, i) => (axis === null ? [] : [flat.values[i].shape[axis]])));
    if (sizes.size !== 1) {
      throw new ShapeError(
        sizes.size === 0
          ? 'vmap: no argument is mapped. Give at least one an axis in inAxes.'
          : `vmap: mapped axes have extents ${[...sizes].join(' and ')}. Make them equal, or leave an argument whole with null.`,
      );
    }
    const [size] = sizes;
    const { outputs, extra } = runTraced(flat.values, 'vmap', (...values) => {
      const fronted = values.map((value, i) => (axes[i] === null ? value : moveAxis(value, axes[i] as number, 0)));
      const avals = fronted.map(({ shape, dtype }, i) => ({
        shape: axes[i] === null ? shape : shape.slice(1),
        dtype,
        number: flat.numbers[i],
      }));
      const traced = trace(avals, (...inner) => callFlat(f as TreeFunction, flat.structure, inner, 'vmap'));
      const flags = [...axes.map((axis) => axis !== null), ...traced.captured.map(() => false)];
      const result = batchProgram(traced.program, size, [...fronted, ...traced.captured], flags);
      const stacked = result.outputs.map((value, i) => {
        const full = result.batched[i] ? value : repeatFirst(lax, value, size);
        return moveAxis(full, 0, normalizeAxis('vmap', outAxes, full.shape.length));
      });
      return { outputs: stacked, extra: traced.extra };
    });
    return unflatten(extra, outputs) as R;
  };
}
