import { checkFunctions } from '../errors/checks.ts';
import type { Program } from '../program/program.ts';
import { trace } from '../trace/builder.ts';
import { liftLeaf } from '../trace/constant.ts';
import { isValue, type Value } from '../trace/value.ts';
import { flatten, type Structure, unflatten } from '../tree/tree.ts';

/** A function of trees of tensors. */
// biome-ignore lint/suspicious/noExplicitAny: argument types are the caller's own.
export type TreeFunction = (...args: any[]) => unknown;

/** Arguments flattened to values, with what is needed to call the function on other values of the same form. */
export interface FlatArguments {
  readonly values: readonly Value[];
  readonly structure: Structure;
}

export function flattenArguments(args: readonly unknown[], use: string): FlatArguments {
  const { leaves, structure } = flatten(args);
  return { values: liftLeaves(leaves, use), structure };
}

/**
 * Leaves as values. Plain numbers and booleans follow the tensors they are given with: to their device, and to f64 where
 * those are of f64.
 */
export function liftLeaves(leaves: readonly unknown[], use: string): Value[] {
  const tensors = leaves.filter((leaf) => isValue(leaf));
  const device = tensors.find((tensor) => tensor.device)?.device;
  const exact = tensors.some(({ dtype }) => dtype === 'f64') && tensors.every(({ dtype }) => dtype !== 'f32');
  return leaves.map((leaf) => liftLeaf(leaf, use, { device, dtype: exact ? 'f64' : 'f32' }));
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
