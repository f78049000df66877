import { checkFunctions } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { differentiableKey } from '../program/key.ts';
import { showAval } from '../program/print.ts';
import type { Program } from '../program/program.ts';
import { ByteCache, type Cached } from '../runtime/cache.ts';
import { sameShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { runTraced } from '../trace/bind.ts';
import { inlineProgram } from '../trace/inline.ts';
import { type Structure, unflatten } from '../tree/tree.ts';
import { flattenArguments, type TreeFunction, traceFunction } from './function.ts';

/** Bytes that converted functions may take; those not used for longest go first. */
const CONVERTED_BYTES = 16 * 1024 * 1024;
const EQUATION_BYTES = 500;

/** What a function computes, without the values it closed over. */
class Converted implements Cached {
  readonly bytes: number;
  used = 0;
  readonly call: TreeFunction;

  constructor(program: Program, argumentKey: string, argumentCount: number, result: Structure) {
    this.bytes = EQUATION_BYTES * (program.eqns.length + program.inputs.length);
    this.call = (...all) => {
      const { values, structure } = flattenArguments(all, 'closureConvert');
      const { inputs } = program;
      const own = all.slice(0, argumentCount);
      const fits =
        values.length === inputs.length &&
        flattenArguments(own, 'closureConvert').structure.key === argumentKey &&
        values.every((value, i) => value.dtype === inputs[i].dtype && sameShape(value.shape, inputs[i].shape));
      if (!fits) {
        throw new ArgumentError(
          `closureConvert: the function was converted for ${argumentKey} of ${inputs.map(showAval).join(', ')}, ` +
            `and was called with ${structure.key} of ${values.map(showAval).join(', ')}. Convert it for these too.`,
        );
      }
      const { outputs } = runTraced(values, 'closureConvert', (...given) => ({
        outputs: inlineProgram(program, given),
        extra: undefined,
      }));
      return unflatten(result, outputs);
    };
  }

  drop(): void {}
}

const known = new ByteCache<Converted>(CONVERTED_BYTES);

export const clearConverted = (): void => known.clear();

/**
 * `f` without its closure: `[g, captured]` with `g(...args, ...captured)` equal to `f(...args)` for arguments of the forms
 * of `args`. Numbers that `f` closed over are part of `g`; tensors are `captured`.
 *
 * Two functions that compute the same have one and the same `g`. So work that depends on what a caller's function
 * computes, such as a compiled solver, can be kept by `g` (as a static argument of `jit`, say) and found again in later
 * calls: `f` is traced once a call, and what it closed over may have changed.
 */
export function closureConvert<A extends unknown[], R>(
  f: (...args: A) => R,
  ...args: A
): [(...argsAndCaptured: unknown[]) => R, Tensor[]] {
  checkFunctions('closureConvert', f);
  const flat = flattenArguments(args, 'closureConvert');
  const { program, inputs, outputStructure } = traceFunction(f as TreeFunction, flat, 'closureConvert');
  const key = `${flat.structure.key}|${outputStructure.key}|${differentiableKey(program)}`;
  let converted = known.get(key);
  if (!converted) {
    converted = new Converted(program, flat.structure.key, args.length, outputStructure);
    known.add(key, converted);
  }
  return [converted.call as (...all: unknown[]) => R, inputs.slice(flat.values.length) as Tensor[]];
}
