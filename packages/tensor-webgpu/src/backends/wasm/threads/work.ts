import { valuesOf } from '../../../kernels/access.ts';
import { costOf } from '../../../kernels/cost.ts';
import { visit } from '../../../kernels/expression.ts';
import type { RowPart, Stage } from '../../../kernels/form.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { cpuTarget } from '../target.ts';

/** Floating operations in a nanosecond, of one core with vectors of 128 bits: products, and everything else. */
const PRODUCT_RATE = 60;
const LOOP_RATE = 24;
/** float64 in vectors of two, and what goes one element at a time. */
const PAIR_RATE = 8;
const SCALAR_RATE = 3;
/** 32-bit elements in a nanosecond that a loop brings from the cache or takes there. */
const ELEMENT_RATE = 8;

/**
 * A task is offered to other threads from this much estimated work on: to offer it and to wait for the last unit takes about
 * 2 µs, and its shares are never quite even. See `explain` for what became of it.
 */
export const LEAST_TASK = 15_000;

/** About how many nanoseconds one thread works on a part. */
export const workOf = (part: RowPart): number => part.stages.reduce((sum, stage) => sum + workOfStage(stage), 0);

function workOfStage(stage: Stage): number {
  if (stage.kind === 'contraction') {
    const flops = 2 * stage.batch * stage.m * stage.n * stage.k;
    return flops / (stage.variable.dtype === 'f64' ? PRODUCT_RATE / 2 : PRODUCT_RATE);
  }
  const values = valuesOf(stage);
  let operations = values.length;
  let wide = false;
  let loads = values.length;
  visit(values, (node) => {
    if (node.dtype === 'f64') wide = true;
    if (node.kind === 'load') loads++;
    if (node.kind === 'apply') operations += costOf(node.eqn.primitive, cpuTarget);
  });
  const rate = stage.kind === 'update' || (wide && stage.kind !== 'loops') ? SCALAR_RATE : wide ? PAIR_RATE : LOOP_RATE;
  return sizeOf(stage.space) * (operations / rate + loads / ELEMENT_RATE / 4);
}
