import { checkFunctions } from '../errors/checks.ts';
import type { Program } from '../program/program.ts';
import type { Value } from '../program/value.ts';
import type { Device } from '../runtime/device.ts';
import { trace } from '../trace/builder.ts';
import { liftLeaf, type NumberPlace } from '../trace/constant.ts';
import { type PlainNumber, plainNumber } from '../trace/plainNumber.ts';
import { isValue, numberBehind, placeOf } from '../trace/value.ts';
import { flatten, type Structure, unflatten } from '../tree/tree.ts';

/** A function of trees of tensors. */
// biome-ignore lint/suspicious/noExplicitAny: argument types are the caller's own.
export type TreeFunction = (...args: any[]) => unknown;

/** Arguments flattened to values, with what is needed to call the function on other values of the same form. */
export interface FlatArguments {
  readonly values: readonly Value[];
  /** What may be known of those that are plain numbers, where this makes a difference. */
  readonly numbers: readonly (PlainNumber | undefined)[];
  readonly structure: Structure;
}

export function flattenArguments(args: readonly unknown[], use: string): FlatArguments {
  const { leaves, structure } = flatten(args);
  const values = liftLeaves(leaves, use);
  const numbers = leaves.map((leaf, i) => (typeof leaf === 'number' ? plainNumber(leaf) : numberBehind(values[i])));
  return { values, numbers, structure };
}

/**
 * What plain numbers and booleans among these leaves become. They follow the tensors they are given with: to their
 * device, and to f64 where those are of f64.
 */
export function numbersAmong(leaves: readonly unknown[]): NumberPlace {
  let device: Device | undefined;
  let exact = false;
  let single = false;
  for (const leaf of leaves) {
    if (!isValue(leaf)) continue;
    device ??= placeOf(leaf);
    if (leaf.dtype === 'f64') exact = true;
    else if (leaf.dtype === 'f32') single = true;
  }
  return { device, dtype: exact && !single ? 'f64' : 'f32' };
}

/** Leaves as values. */
export function liftLeaves(leaves: readonly unknown[], use: string): Value[] {
  const place = numbersAmong(leaves);
  return leaves.map((leaf) => liftLeaf(leaf, use, place));
}

/** Calls `f` on values arranged as its arguments; its result flattened to values. */
export function callFlat(
  f: TreeFunction,
  structure: Structure,
  values: readonly Value[],
  use: string,
): { outputs: Value[]; extra: Structure } {
  checkFunctions(use, f);
  const result = flatten(f(...(unflatten(structure, values) as unknown[])));
  return { outputs: result.leaves.map((leaf) => liftLeaf(leaf, use)), extra: result.structure };
}

/** A function traced at given arguments. */
export interface TracedFunction {
  readonly program: Program;
  /** The arguments' values, then the outside values that the function used. */
  readonly inputs: readonly Value[];
  readonly argumentCount: number;
  readonly outputStructure: Structure;
}

export function traceFunction(f: TreeFunction, args: FlatArguments, use: string): TracedFunction {
  const { program, captured, extra } = trace(args.values, (...values) => callFlat(f, args.structure, values, use));
  return {
    program,
    inputs: [...args.values, ...captured],
    argumentCount: args.values.length,
    outputStructure: extra,
  };
}
