import type { Target } from '../kernels/target.ts';
import { type Atom, Var } from '../program/aval.ts';
import { loweringOf } from '../program/lowering.ts';
import type { Eqn, Primitive, Program } from '../program/program.ts';
import { identityCoordinates } from '../shape/affine.ts';
import { range, type Shape, sizeOf } from '../shape/shape.ts';
import { jointStride } from './contraction.ts';
import { Expressions, MustStore } from './express.ts';
import { transposed, viewPrimitive } from './normalize.ts';
import { piecesAgain } from './pieces-again.ts';
import { Storage } from './storage.ts';

/** Terms of a product's sums at most where an axis becomes one of the batch: no target cuts so few in pieces. */
const MOST_TERMS = 1023;
/** How many times as large as their results all pieces of a sum must be, so that it is less work to write these than to copy. */
const LEAST_GAIN = 3;

/** An operand seen once for each step of the axes `from` to `to`, along which it does not change. */
const repeatPrimitive: Primitive = viewPrimitive('repeat', {
  as: 'view',
  through: (coordinates, _input, { from, to }: { from: number; to: number }) =>
    coordinates.filter((_, axis) => axis < from || axis >= to),
});

/** A sum over axes of what are sums themselves. */
const joinPrimitive: Primitive = {
  name: 'join',
  kind: 'reduce',
  lowering: { as: 'reduce', operation: 'reduceSum', axes: ({ axes }: { axes: readonly number[] }) => axes },
  shape: ([input]) => [input],
  evaluate: ([input]) => [input],
};

/** An operand of a contraction whose axes are batch, free and contracted: those lists. */
interface Side {
  readonly atom: Var;
  readonly free: readonly number[];
  readonly contract: readonly number[];
}

/**
 * The program with some contractions as batches of smaller ones, and what of it is stored. An operand with two free or
 * contracted axes that do not lie one after the other in memory would have to be copied; where the outer one becomes an axis
 * of the batch, it need not be. So it is with convolutions: the places of one image are contiguous, those of all images are
 * not.
 */
export function batchedProducts<P extends Program>(program: P, target: Target): { program: P; storage: Storage } {
  const storage = new Storage(program, target);
  const least = target.batchedPlaces;
  if (least === undefined) return { program, storage };
  let changed = false;
  const made: Made = { storage, taken: new Set() };
  const eqns = program.eqns.flatMap((eqn) => {
    const batched = loweringOf(eqn.primitive).as === 'contraction' ? batchedProduct(eqn, made, least) : null;
    changed ||= batched !== null;
    return batched ?? [eqn];
  });
  if (!changed) return { program, storage };
  const batched = { ...program, eqns };
  return { program: batched, storage: new Storage(batched, target) };
}

/** What is known of a program on the way through it. */
interface Made {
  readonly storage: Storage;
  /** Arrays put together from pieces that a product of images has. */
  readonly taken: Set<Var>;
}

function batchedProduct(eqn: Eqn, { storage, taken }: Made, least: number): Eqn[] | null {
  const [lhs, rhs] = eqn.inputs.map((atom, i) => sideOf(atom, eqn, i));
  const batch: readonly number[] = eqn.params.batch[0];
  const [m, n] = [lhs, rhs].map((side) => sizeOf(extentsOf(side, side.free)));
  const again = (build: (left: Side, right: Side) => Eqn[]): Eqn[] => {
    const copies = [lhs, rhs].map(({ atom }, i) => piecesAgain(atom, [rhs, lhs][i].atom, storage, taken));
    const [left, right] = [lhs, rhs].map((side, i) => ({ ...side, atom: copies[i].atom }));
    return [...copies.flatMap((copy) => copy.eqns), ...build(left, right)];
  };
  // Single rows and columns are summed in another order, which must not depend on where an operand lies.
  if (sizeOf(extentsOf(lhs, batch)) !== 1 || m === 1 || n === 1) return null;
  const pays = (side: Side, axes: readonly number[]): boolean =>
    axes.length > 1 && side.atom.shape[axes[0]] > 1 && sizeOf(extentsOf(side, axes.slice(1))) >= least;
  if (eqn.params.apart) {
    if (!pays(lhs, lhs.contract)) return null;
    const partial = lhs.atom.shape[lhs.contract[0]] * m * n;
    if (LEAST_GAIN * partial > sizeOf(lhs.atom.shape) + sizeOf(rhs.atom.shape)) return null;
    return again((left, right) => alongContracted(eqn, left, right));
  }
  // Longer sums may be cut in pieces, which must not depend on where an operand lies either.
  if (sizeOf(extentsOf(lhs, lhs.contract)) > MOST_TERMS) return null;
  const walks = [lhs, rhs].map((side) => stridesOf(side, storage));
  const joint = walks.map((strides, i) => strides !== null && walk(strides, [lhs, rhs][i], 'free'));
  if (walks.includes(null) || joint[0] === joint[1]) return null;
  const at = joint[0] ? 1 : 0;
  const side = [lhs, rhs][at];
  const inner = { ...side, free: side.free.slice(1) };
  return pays(side, side.free) && walk(walks[at] as readonly number[], inner, 'free')
    ? again((left, right) => alongFree(eqn, left, right, at))
    : null;
}

const walk = (strides: readonly number[], side: Side, which: 'free' | 'contract'): boolean =>
  jointStride({ offset: 0, strides }, side[which], side.atom.shape) !== null;

function sideOf(atom: Atom, { params }: Eqn, at: number): Side {
  if (!(atom instanceof Var)) throw new Error('fuse: a contraction needs arrays as operands.');
  const contract: readonly number[] = params.contract[at];
  const batch: readonly number[] = params.batch[at];
  const free = range(0, atom.shape.length).filter((axis) => !contract.includes(axis) && !batch.includes(axis));
  return { atom, free, contract };
}

/** The strides of an operand that lies in memory as it is, and whose contracted axes can be walked; otherwise `null`. */
function stridesOf(side: Side, storage: Storage): readonly number[] | null {
  const { shape } = side.atom;
  try {
    const value = new Expressions(storage, shape).at(side.atom, identityCoordinates(shape.length));
    if (value.kind !== 'load' || value.terms.length > 0) return null;
    return walk(value.place.strides, side, 'contract') ? value.place.strides : null;
  } catch (error) {
    if (error instanceof MustStore) return null;
    throw error;
  }
}

const extentsOf = ({ atom }: Side, axes: readonly number[]): Shape => axes.map((axis) => atom.shape[axis]);

/** The first free axis of operand `at` as an axis of the batch, along which the other operand is repeated. */
function alongFree(eqn: Eqn, lhs: Side, rhs: Side, at: number): Eqn[] {
  const outer = 1;
  const [output] = eqn.outputs;
  const { dtype } = output;
  const batch: readonly number[] = eqn.params.batch[0];
  const [own, other] = at === 0 ? [lhs, rhs] : [rhs, lhs];
  const end = batch.length + outer;
  const many = extentsOf(own, own.free.slice(0, outer));
  const shape = other.atom.shape;
  const repeated = new Var({ shape: [...shape.slice(0, batch.length), ...many, ...shape.slice(batch.length)], dtype });
  const repeat: Eqn = {
    primitive: repeatPrimitive,
    inputs: [other.atom],
    params: { from: batch.length, to: end },
    outputs: [repeated],
  };
  const inputs = at === 0 ? [own.atom, repeated] : [repeated, own.atom];
  const free = [extentsOf(lhs, lhs.free), extentsOf(rhs, rhs.free)];
  free[at] = free[at].slice(outer);
  const product = new Var({ shape: [...shape.slice(0, batch.length), ...many, ...free[0], ...free[1]], dtype });
  const axes = range(0, end);
  const last = ({ shape: { length } }: Var, { contract }: Side): number[] => range(length - contract.length, length);
  const contract = [last(inputs[0], lhs), last(inputs[1], rhs)];
  const multiply: Eqn = {
    ...eqn,
    inputs,
    params: { ...eqn.params, contract, batch: [axes, axes] },
    outputs: [product],
  };
  if (at === 0) return [repeat, { ...multiply, outputs: [output] }];
  // Batch, outer, free of the left, inner becomes batch, free of the left, outer, inner.
  const left = end + lhs.free.length;
  const order = [
    ...range(0, batch.length),
    ...range(end, left),
    ...range(batch.length, end),
    ...range(left, product.shape.length),
  ];
  return [repeat, multiply, transposed(product, order, output)];
}

/** The first contracted axis as an axis of the batch, which is summed over afterwards. */
function alongContracted(eqn: Eqn, lhs: Side, rhs: Side): Eqn[] {
  const outer = 1;
  const [output] = eqn.outputs;
  const { dtype } = output;
  const batch: readonly number[] = eqn.params.batch[0];
  const end = batch.length + outer;
  const eqns: Eqn[] = [];
  const first = ({ atom, free, contract }: Side): Var => {
    const order = [...batch, ...contract.slice(0, outer), ...free, ...contract.slice(outer)];
    const moved = new Var({ shape: order.map((axis) => atom.shape[axis]), dtype });
    eqns.push(transposed(atom, order, moved));
    return moved;
  };
  // The operand with fewer lines is packed, that is the right one.
  const sizes = [lhs, rhs].map((side) => sizeOf(extentsOf(side, side.free)));
  const [left, right] = sizes[0] >= sizes[1] ? [lhs, rhs] : [rhs, lhs];
  const inputs = [first(left), first(right)];
  const shape = [...inputs[0].shape.slice(0, end), ...extentsOf(left, left.free), ...extentsOf(right, right.free)];
  const product = new Var({ shape, dtype });
  const axes = range(0, end);
  const contract = [left, right].map((side, i) => range(end + side.free.length, inputs[i].shape.length));
  const terms = sizeOf(extentsOf(lhs, lhs.contract));
  eqns.push({ ...eqn, inputs, params: { ...eqn.params, contract, batch: [axes, axes], terms }, outputs: [product] });
  const turned = left !== lhs;
  const kept = [...shape.slice(0, batch.length), ...shape.slice(end)];
  const sum = turned ? new Var({ shape: kept, dtype }) : output;
  eqns.push({
    primitive: joinPrimitive,
    inputs: [product],
    params: { axes: range(batch.length, end), ofSums: true },
    outputs: [sum],
  });
  if (turned) {
    const middle = batch.length + left.free.length;
    const order = [...range(0, batch.length), ...range(middle, kept.length), ...range(batch.length, middle)];
    eqns.push(transposed(sum, order, output));
  }
  return eqns;
}
