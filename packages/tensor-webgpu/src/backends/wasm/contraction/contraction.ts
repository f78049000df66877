import type { ModuleBuilder } from '../assembler/index.ts';
import { emitBlocked } from './blocked.ts';
import { emitMatrixVector } from './matrix-vector.ts';
import { emitRankUpdate } from './rank-update.ts';
import type { ContractionSpec, EmittedContraction } from './spec.ts';
import { checkSpec } from './spec.ts';

/**
 * Emits functions that compute a batched matrix product of static shape; see `EmittedContraction` for how to call them.
 *
 * A sum of n terms in f32 is accumulated in f32, in the order of k or in a few interleaved partial sums; the order depends on
 * the shape alone. With k = 0 the result is 0, or what C held if `accumulate` is set.
 *
 * @param name Prefix of the functions' names in profiles.
 * @throws ContractionError if sizes or strides make no sense.
 */
export function emitContraction(
  module: ModuleBuilder,
  spec: ContractionSpec,
  name = 'contraction',
): EmittedContraction {
  checkSpec(spec);
  return (
    emitMatrixVector(module, spec, name) ??
    emitRankUpdate(module, spec, name) ??
    emitBlocked(module, spec, name)
  );
}
