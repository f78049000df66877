import type { ContractionOperand, ContractionStage } from '../kernels/form.ts';
import { type Atom, Var } from '../program/aval.ts';
import type { Eqn } from '../program/program.ts';
import { type Affine, identityCoordinates } from '../shape/affine.ts';
import { sizeOf } from '../shape/shape.ts';
import { Expressions, MustStore } from './express.ts';
import type { Storage } from './storage.ts';

/** One stride that walks several axes in row-major order; `null` when there is none. */
export function jointStride(place: Affine, axes: readonly number[], shape: readonly number[]): number | null {
  let stride: number | null = null;
  let expected = 0;
  for (let i = axes.length - 1; i >= 0; i--) {
    const extent = shape[axes[i]];
    if (extent === 1) continue;
    const step = place.strides[axes[i]];
    if (stride === null) stride = step;
    else if (step !== expected) return null;
    expected = step * extent;
  }
  return stride ?? 0;
}

/** Where an operand lies, or how it is computed where the target can; throws `MustStore` when its axes do not walk through memory in three strides. */
function operandOf(
  storage: Storage,
  atom: Atom,
  batch: readonly number[],
  free: readonly number[],
  contract: readonly number[],
): ContractionOperand {
  if (!(atom instanceof Var)) throw new Error('fuse: a contraction needs arrays as operands.');
  const value = new Expressions(storage, atom.shape).at(atom, identityCoordinates(atom.shape.length));
  const strides =
    value.kind === 'load' && value.terms.length === 0
      ? [batch, free, contract].map((axes) => jointStride(value.place, axes, atom.shape))
      : [null];
  if (value.kind !== 'load' || strides.includes(null)) {
    if (storage.target.prologues) return { kind: 'computed', space: atom.shape, value };
    throw new MustStore(atom);
  }
  return {
    kind: 'memory',
    variable: value.variable,
    offset: value.place.offset,
    batch: strides[0] as number,
    free: strides[1] as number,
    contract: strides[2] as number,
  };
}

/** A `dotGeneral` as a batch of matrix products. */
export function contractionStage(storage: Storage, eqn: Eqn): ContractionStage {
  const [lhs, rhs] = eqn.inputs;
  const [lhsContract, rhsContract]: readonly number[][] = eqn.params.contract;
  const [lhsBatch, rhsBatch]: readonly number[][] = eqn.params.batch;
  const freeAxes = (atom: Atom, batch: readonly number[], contract: readonly number[]): number[] =>
    atom.shape.map((_, axis) => axis).filter((axis) => !batch.includes(axis) && !contract.includes(axis));
  const lhsFree = freeAxes(lhs, lhsBatch, lhsContract);
  const rhsFree = freeAxes(rhs, rhsBatch, rhsContract);
  const extent = (axes: readonly number[], atom: Atom): number => sizeOf(axes.map((axis) => atom.shape[axis]));
  return {
    kind: 'contraction',
    variable: eqn.outputs[0],
    batch: extent(lhsBatch, lhs),
    m: extent(lhsFree, lhs),
    n: extent(rhsFree, rhs),
    k: extent(lhsContract, lhs),
    lhs: operandOf(storage, lhs, lhsBatch, lhsFree, lhsContract),
    rhs: operandOf(storage, rhs, rhsBatch, rhsFree, rhsContract),
    keeps: true,
    epilogue: null,
    ...(eqn.params.terms !== undefined && { terms: eqn.params.terms }),
  };
}
