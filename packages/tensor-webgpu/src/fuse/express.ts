import { ProgramError } from '../errors/errors.ts';
import type { Expression, IndexTerm } from '../kernels/expression.ts';
import { type Atom, Literal, type Var } from '../program/aval.ts';
import { loweringAs, loweringOf } from '../program/lowering.ts';
import type { Eqn } from '../program/program.ts';
import { type Affine, affineKey, flatten, sameAffine, unflatten } from '../shape/affine.ts';
import type { Shape } from '../shape/shape.ts';
import type { Storage } from './storage.ts';

/** Signals that a variable must lie in memory, because a view of it cannot be written with strides. */
export class MustStore extends Error {
  readonly variable: Var;

  constructor(variable: Var) {
    super(`variable ${variable.id} must be stored`);
    this.variable = variable;
  }
}

/** Writes variables as expressions over one index space. Equal sub-expressions are one node. */
export class Expressions {
  readonly space: Shape;
  /** Values that the same loop has at hand: variable, place in its buffer, and its expression. */
  readonly atHand = new Map<Var, { place: Affine; value: Expression }>();
  private readonly storage: Storage;
  private readonly known = new Map<string, Expression>();
  private readonly knownOperands = new Map<string, readonly Expression[]>();

  constructor(storage: Storage, space: Shape) {
    this.storage = storage;
    this.space = space;
  }

  /** The element of `atom` at the given coordinates of its own shape. */
  at(atom: Atom, coordinates: readonly Affine[]): Expression {
    let seen = atom;
    let at = coordinates;
    // Views are followed in a loop: there may be thousands in a row.
    for (;;) {
      if (seen instanceof Literal) return this.literal(seen);
      if (this.storage.stored.has(seen)) return this.load(seen, flatten(at, seen.shape, this.space.length));
      const eqn = this.definition(seen);
      if (loweringOf(eqn.primitive).as !== 'view') return this.compute(seen, at);
      const below = this.below(eqn, at);
      if ('value' in below) return below.value;
      seen = below.atom;
      at = below.coordinates;
    }
  }

  /** The element of a variable computed from its operands, even when the variable is stored. */
  compute(variable: Var, coordinates: readonly Affine[]): Expression {
    const key = `${variable.id}@${coordinates.map(affineKey).join(';')}`;
    let node = this.known.get(key);
    if (!node) {
      node = this.expand(variable, coordinates);
      this.known.set(key, node);
    }
    return node;
  }

  private definition(variable: Var): Eqn {
    const eqn = this.storage.definitions.get(variable);
    if (!eqn)
      throw new ProgramError(`fuse: a variable of shape [${variable.shape.join(', ')}] is used before it is computed.`);
    return eqn;
  }

  private literal(atom: Literal): Expression {
    const key = `${atom.dtype}=${Object.is(atom.value, -0) ? '-0' : atom.value}`;
    let node = this.known.get(key);
    if (!node) {
      node = { kind: 'literal', dtype: atom.dtype, value: atom.value };
      this.known.set(key, node);
    }
    return node;
  }

  private load(variable: Var, place: Affine, terms: readonly IndexTerm[] = []): Expression {
    const value = this.atHand.get(variable);
    if (value && terms.length === 0 && sameAffine(value.place, place)) return value.value;
    const key = `${variable.id}#${affineKey(place)}`;
    let node = terms.length === 0 ? this.known.get(key) : undefined;
    if (!node) {
      node = { kind: 'load', variable, dtype: variable.dtype, place, terms };
      if (terms.length === 0) this.known.set(key, node);
    }
    return node;
  }

  private expand(variable: Var, coordinates: readonly Affine[]): Expression {
    const eqn = this.definition(variable);
    const { dtype } = variable;
    const lowering = loweringOf(eqn.primitive);
    switch (lowering.as) {
      case 'view': {
        const below = this.below(eqn, coordinates);
        return 'value' in below ? below.value : this.at(below.atom, below.coordinates);
      }
      case 'lookup':
        return this.lookup(eqn, coordinates);
      case 'position':
        return { kind: 'index', dtype, place: coordinates[lowering.axis(eqn.params)] };
      case 'map': {
        const args = this.operands(eqn, coordinates);
        const code = lowering.code ?? eqn.primitive.name;
        return { kind: 'apply', dtype, code, eqn, output: eqn.outputs.indexOf(variable), args };
      }
      default:
        throw new ProgramError(`fuse: ${eqn.primitive.name} cannot be computed inside a loop.`);
    }
  }

  /** Operand values; one list for all outputs of an equation, so that they can be computed together. */
  private operands(eqn: Eqn, coordinates: readonly Affine[]): readonly Expression[] {
    const key = `${eqn.outputs[0].id}@${coordinates.map(affineKey).join(';')}`;
    let args = this.knownOperands.get(key);
    if (!args) {
      args = eqn.inputs.map((atom) => this.at(atom, atom.shape.length === 0 ? [] : coordinates));
      this.knownOperands.set(key, args);
    }
    return args;
  }

  /** What an element seen through a view is: a value in memory, or an element of the view's operand. */
  private below(
    view: Eqn,
    coordinates: readonly Affine[],
  ): { readonly value: Expression } | { readonly atom: Atom; readonly coordinates: readonly Affine[] } {
    let [input] = view.inputs;
    const rank = this.space.length;
    const through = loweringAs(view.primitive, 'view')?.through;
    if (through) return { atom: input, coordinates: through(coordinates, input, view.params, rank) };
    const flat = flatten(coordinates, view.outputs[0].shape, rank);
    for (;;) {
      if (input instanceof Literal) return { value: this.literal(input) };
      if (this.storage.stored.has(input)) return { value: this.load(input, flat) };
      const eqn = this.definition(input);
      const lowering = loweringAs(eqn.primitive, 'view');
      if (!lowering || lowering.through) break;
      [input] = eqn.inputs;
    }
    const unflat = unflatten(flat, input.shape, this.space);
    if (!unflat) throw new MustStore(input);
    return { atom: input, coordinates: unflat };
  }

  /** An element of a stored operand at a place that depends on index values. */
  private lookup(eqn: Eqn, coordinates: readonly Affine[]): Expression {
    const operand = eqn.inputs[0];
    const rank = this.space.length;
    if (operand instanceof Literal) return this.literal(operand);
    const choice = loweringAs(eqn.primitive, 'lookup')!.choose(coordinates, eqn.inputs, eqn.params, rank);
    const dynamic = choice.chosen.map(({ axis, input, at, limit }) => ({
      axis,
      limit,
      index: this.at(eqn.inputs[input], at),
    }));
    // The strides of the looked-up axes come from viewing the operand over a space with one more axis for each.
    const wide: Shape = [...this.space, ...dynamic.map(({ limit }) => limit + 1)];
    const inner = new Expressions(this.storage, wide);
    const lifted = choice.coordinates.map((form) => ({
      offset: form.offset,
      strides: [...form.strides, ...dynamic.map(() => 0)],
    }));
    dynamic.forEach(({ axis }, i) => {
      const strides = [...lifted[axis].strides];
      strides[rank + i] = 1;
      lifted[axis] = { offset: lifted[axis].offset, strides };
    });
    const found = inner.at(operand, lifted);
    if (found.kind === 'literal') return found;
    if (found.kind !== 'load' || found.terms.length > 0) throw new MustStore(operand);
    const terms = dynamic.map(({ index, limit }, i) => ({ index, limit, stride: found.place.strides[rank + i] }));
    return this.load(
      found.variable,
      { offset: found.place.offset, strides: found.place.strides.slice(0, rank) },
      terms,
    );
  }
}
