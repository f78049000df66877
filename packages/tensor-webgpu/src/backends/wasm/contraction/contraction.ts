import type { ModuleBuilder } from '../assembler/index.ts';
import { emitBlocked } from './blocked.ts';
import { emitMatrixVector } from './matrix-vector.ts';
import { once } from './once.ts';
import { emitRankUpdate } from './rank-update.ts';
import type { ContractionOptions, ContractionSpec, EmittedContraction } from './spec.ts';
import { checkSpec } from './spec.ts';

/**
 * Emits functions that compute a batched matrix product of static shape; see `EmittedContraction` for how to call them.
 * Asked again for the same product, a module gives the same functions.
 *
 * A sum of n terms in f32 is accumulated in f32, in runs of k or in interleaved partial sums; the order depends on the shape
 * alone. Where k is long, what rounding takes from the sum of the runs is kept and added at the end: the error is that of one
 * run, about 4e-7 of Σ|terms| at most, however long the sum. With k = 0 the result is 0, or what C held if `accumulate` is set.
 *
 * @throws ContractionError if sizes or strides make no sense.
 */
export function emitContraction(
  module: ModuleBuilder,
  spec: ContractionSpec,
  options: ContractionOptions = {},
): EmittedContraction {
  checkSpec(spec);
  const { pairVectors = false } = options;
  return once(
    module,
    'contraction',
    [spec, pairVectors],
    () => emitMatrixVector(module, spec) ?? emitRankUpdate(module, spec) ?? emitBlocked(module, spec, pairVectors),
  );
}
