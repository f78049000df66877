import { type Atom, Var } from '../program/aval.ts';
import { loweringOf } from '../program/lowering.ts';
import type { Eqn } from '../program/program.ts';
import { sizeOf } from '../shape/shape.ts';
import { hasPieces, type Storage } from './storage.ts';

/**
 * An operand put together from pieces, once more for the second product that reads it: then each has its images in the
 * cache, and the array as a whole is never in memory. Only where it is much larger than what it is made of, as patches are.
 * `beside` says which variable the product reads, too.
 */
export function piecesAgain(atom: Var, other: Var, storage: Storage, taken: Set<Var>): { atom: Var; eqns: Eqn[] } {
  const asItIs = { atom, eqns: [] };
  const views: Eqn[] = [];
  let whole: Atom = atom;
  let definition = storage.definitions.get(atom);
  while (definition && loweringOf(definition.primitive).as === 'view') {
    views.unshift(definition);
    whole = definition.inputs[0];
    definition = whole instanceof Var ? storage.definitions.get(whole) : undefined;
  }
  if (!definition || !(whole instanceof Var) || !hasPieces(definition)) return asItIs;
  if (!taken.has(whole)) {
    taken.add(whole);
    return asItIs;
  }
  const sources = new Set(definition.inputs.flatMap((input) => (input instanceof Var ? [storage.baseOf(input)] : [])));
  const sourceSize = [...sources].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (sizeOf(whole.shape) < 2 * sourceSize || [...sources].some((source) => !storage.stored.has(source))) return asItIs;
  let copy = new Var(whole);
  const params = { ...definition.params, beside: storage.baseOf(other) };
  const eqns: Eqn[] = [{ ...definition, params, outputs: [copy] }];
  for (const view of views) {
    const seen = new Var(view.outputs[0]);
    eqns.push({ ...view, inputs: [copy], outputs: [seen] });
    copy = seen;
  }
  return { atom: copy, eqns };
}
