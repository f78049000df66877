import { elements } from './element.ts';
import type { ContractionSpec } from './spec.ts';

/** Vector registers of x86-64, less the one that V8 keeps for itself. */
const REGISTERS = 15;
/** Rows of the tile for full strips, with fused multiply-add and without. */
const TALLEST_FUSED = 6;
const TALLEST_PLAIN = 5;

/** Rows and vectors of a register tile. */
export interface TileShape {
  readonly rows: number;
  readonly vectors: number;
}

/**
 * The tile with the most sums among those that do not spill: sums, one side of the outer product, one streamed operand, and
 * the product where it is not fused with the addition. At most two vectors wide where there are rows enough, so that few
 * columns of a last strip are wasted.
 *
 * With `pairs`, two neighbouring vectors count as one register.
 */
export function tileShape(
  spec: ContractionSpec,
  options: { readonly fused: boolean; readonly pairs: boolean },
): TileShape {
  const { fused, pairs } = options;
  const unit = pairs ? 2 : 1;
  const rows = Math.max(1, spec.m);
  const columnVectors = Math.max(1, Math.ceil(spec.n / elements[spec.dtype].lanes));
  if (columnVectors <= unit) return { rows: Math.min(rows, 8), vectors: columnVectors };
  const tallest = fused ? TALLEST_FUSED : TALLEST_PLAIN;
  if (rows >= tallest) return { rows: tallest, vectors: Math.min(2 * unit, columnVectors) };
  const fits = (units: number) => rows * units + Math.min(rows, units) + (fused ? 1 : 2) <= REGISTERS;
  let units = 1;
  while (units < 8 && units * unit < columnVectors && fits(units + 1)) units++;
  return { rows, vectors: Math.min(units * unit, columnVectors) };
}
