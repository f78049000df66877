import { type Atom, type Eqn, Var } from '../program/program.ts';
import { sizeOf } from '../shape/shape.ts';
import { type Affine, identityCoordinates } from './affine.ts';
import { Expressions, MustStore } from './express.ts';
import type { ContractionOperand, ContractionStage } from './schedule.ts';
import type { Storage } from './storage.ts';

/** One stride that walks several axes in row-major order; `null` when there is none. */
function jointStride(place: Affine, axes: readonly number[], shape: readonly number[]): number | null {
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

/** Where an operand lies; throws `MustStore` when its axes do not walk through memory in three strides. */
function operandOf(
  storage: Storage,
  atom: Atom,
  batch: readonly number[],
  free: readonly number[],
  contract: readonly number[],
): ContractionOperand {
  if (!(atom instanceof Var)) throw new Error('fuse: a contraction needs arrays as operands.');
  const value = new Expressions(storage, atom.shape).at(atom, identityCoordinates(atom.shape.length));
  if (value.kind !== 'load' || value.terms.length > 0) throw new MustStore(atom);
  const strides = [batch, free, contract].map((axes) => jointStride(value.place, axes, atom.shape));
  if (strides.includes(null)) throw new MustStore(atom);
  return {
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
  };
}
