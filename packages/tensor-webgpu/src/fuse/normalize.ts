import { type Atom, Literal, Var } from '../program/aval.ts';
import { loweringOf } from '../program/lowering.ts';
import type { Eqn, Lowering, Primitive, Program } from '../program/program.ts';
import { unpermuted } from '../shape/affine.ts';
import { range, type Shape } from '../shape/shape.ts';

export const viewPrimitive = (name: string, lowering: Lowering): Primitive => ({
  name,
  kind: 'view',
  lowering,
  shape: ([input]) => [input],
  evaluate: ([input]) => [input],
});

/** The identity as a view: gives a value a buffer of its own. */
const copyPrimitive = viewPrimitive('copy', { as: 'view', through: (coordinates) => coordinates, sameOrder: true });
const transposePrimitive = viewPrimitive('transpose', {
  as: 'view',
  through: (coordinates, _input, { permutation }: { permutation: readonly number[] }) =>
    unpermuted(coordinates, permutation),
});

/** Gives `output` the axes of `input` in this order, as a view. */
export const transposed = (input: Var, permutation: readonly number[], output: Var): Eqn => ({
  primitive: transposePrimitive,
  inputs: [input],
  params: { permutation },
  outputs: [output],
});

/** Whether an equation only gives a value a buffer of its own. */
export const isCopy = (eqn: Eqn): boolean => eqn.primitive === copyPrimitive;

/**
 * The program in the form that fusing takes: outputs are distinct computed variables (inputs, literals and repeats are
 * copied), and the operands of contractions have their axes in the order batch, free, contracted; `apart` says whether the
 * contracted axes of one were not side by side.
 */
export function normalize(program: Program): Program & { readonly outputs: readonly Var[] } {
  const eqns: Eqn[] = [];
  const copy = (atom: Atom): Var => {
    const variable = new Var(atom);
    eqns.push({ primitive: copyPrimitive, inputs: [atom], params: {}, outputs: [variable] });
    return variable;
  };
  for (const eqn of program.eqns)
    eqns.push(loweringOf(eqn.primitive).as === 'contraction' ? ordered(eqn, eqns, copy) : eqn);
  const seen = new Set<Atom>(program.inputs);
  const outputs = program.outputs.map((atom) => {
    const variable = atom instanceof Literal || seen.has(atom) ? copy(atom) : atom;
    seen.add(variable);
    return variable;
  });
  return { inputs: program.inputs, eqns, outputs };
}

/** Whether other axes stand between these, or they are in another order. */
const areApart = (axes: readonly number[], shape: Shape): boolean =>
  axes.some(
    (axis, i) => i > 0 && (axis < axes[i - 1] || range(axes[i - 1] + 1, axis).some((between) => shape[between] > 1)),
  );

function ordered(eqn: Eqn, eqns: Eqn[], copy: (atom: Atom) => Var): Eqn {
  const { contract, batch }: { contract: readonly number[][]; batch: readonly number[][] } = eqn.params;
  const inputs = eqn.inputs.map((atom, side) => {
    const operand = atom instanceof Literal ? copy(atom) : atom;
    const rank = operand.shape.length;
    const free = range(0, rank).filter((axis) => !contract[side].includes(axis) && !batch[side].includes(axis));
    const permutation = [...batch[side], ...free, ...contract[side]];
    if (permutation.every((axis, i) => axis === i)) return operand;
    const variable = new Var({ shape: permutation.map((axis) => operand.shape[axis]), dtype: operand.dtype });
    eqns.push(transposed(operand, permutation, variable));
    return variable;
  });
  const last = (side: number): number[] =>
    range(inputs[side].shape.length - contract[side].length, inputs[side].shape.length);
  const first = range(0, batch[0].length);
  const apart = eqn.inputs.some(({ shape }, side) => areApart(contract[side], shape));
  return { ...eqn, inputs, params: { ...eqn.params, contract: [last(0), last(1)], batch: [first, first], apart } };
}
