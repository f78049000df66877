import type { ModuleBuilder } from '../assembler/index.ts';
import { emitBlocked } from './blocked.ts';
import { emitMatrixVector } from './matrix-vector.ts';
import { emitRankUpdate } from './rank-update.ts';
import type { ContractionOptions, ContractionSpec, EmittedContraction } from './spec.ts';
import { checkSpec } from './spec.ts';

/**
 * Emits functions that compute a batched matrix product of static shape; see `EmittedContraction` for how to call them.
 *
 * A sum of n terms in f32 is accumulated in f32, in runs of k or in interleaved partial sums; the order depends on
 * the shape alone. With k = 0 the result is 0, or what C held if `accumulate` is set.
 *
 * @throws ContractionError if sizes or strides make no sense.
 */
export function emitContraction(
  module: ModuleBuilder,
  spec: ContractionSpec,
  options: ContractionOptions = {},
): EmittedContraction {
  checkSpec(spec);
  const { name = 'contraction', pairVectors = false } = options;
  return (
    emitMatrixVector(module, spec, name) ??
    emitRankUpdate(module, spec, name) ??
    emitBlocked(module, spec, { name, pairVectors })
  );
}
