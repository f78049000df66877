import { isFloat } from '../dtype/dtype.ts';
import { type Rewriter, ruleList } from '../optimize/rewrite.ts';
import { addPrimitive, divPrimitive, mulPrimitive, negPrimitive, subPrimitive } from '../primitives/arithmetic.ts';
import { broadcastInDimPrimitive } from '../primitives/broadcast.ts';
import { castPrimitive } from '../primitives/cast.ts';
import { powPrimitive } from '../primitives/power.ts';
import { reshapePrimitive } from '../primitives/reshape.ts';
import { selectPrimitive } from '../primitives/select.ts';
import { type Atom, type Aval, Literal, Var } from '../program/aval.ts';
import { type Eqn, keeps } from '../program/program.ts';
import { refScalar } from '../program/refArray.ts';
import { sameShape } from '../shape/shape.ts';

const { rules, addRewrite } = ruleList();

/** The number that every element of an atom equals, if the program says so. */
export function uniformValue(rewriter: Rewriter, atom: Atom): number | null {
  const views: Eqn[] = [];
  let value: number | null | undefined;
  for (let seen = atom; value === undefined; ) {
    if (seen instanceof Literal) value = seen.value;
    else {
      const definition = rewriter.definition(seen);
      const isView = definition?.primitive === broadcastInDimPrimitive || definition?.primitive === reshapePrimitive;
      if (!definition || !isView) value = null;
      else {
        value = knownUniform.get(definition);
        views.push(definition);
        seen = definition.inputs[0];
      }
    }
  }
  for (const view of views) knownUniform.set(view, value);
  return value;
}

/** What was found of views before, so that chains of them are walked once. */
const knownUniform = new WeakMap<Eqn, number | null>();

/** A tensor whose elements all equal `value`. */
export function fill(rewriter: Rewriter, value: number, aval: Aval): Atom {
  const literal = new Literal(value, aval.dtype);
  return aval.shape.length === 0
    ? literal
    : rewriter.emit(broadcastInDimPrimitive, [literal], { shape: [...aval.shape], dims: [] });
}

/** Operands that are one number everywhere become literals; an exact operation on such operands alone is computed now. */
addRewrite('elementwise', (rewriter, inputs, params, outputs, primitive) => {
  if (inputs.length === 0 || outputs.length !== 1) return null;
  const values = inputs.map((atom) => uniformValue(rewriter, atom));
  const [output] = outputs;
  if (values.every((value) => value !== null)) {
    // Devices round the others as their own approximations do, which is to be seen whether or not it is known now.
    if (!keeps(primitive, 'exact')) return null;
    const operands = inputs.map((atom, i) => refScalar(values[i] as number, atom.dtype));
    const [{ data }] = primitive.evaluate(operands, params, [{ shape: [], dtype: output.dtype }]);
    return [fill(rewriter, data[0], output)];
  }
  if (!inputs.some((atom, i) => values[i] !== null && atom instanceof Var)) return null;
  const literals = inputs.map((atom, i) => (values[i] === null ? atom : new Literal(values[i] as number, atom.dtype)));
  return [rewriter.emit(primitive, literals, params)];
});

const literalIs = (atom: Atom, value: number): boolean => atom instanceof Literal && Object.is(atom.value, value);

/** Whether an atom cannot be -0, as far as its own definition tells. */
function isNeverMinusZero(rewriter: Rewriter, atom: Atom): boolean {
  if (!isFloat(atom.dtype)) return true;
  const definition = rewriter.definition(atom);
  if (!definition) return false;
  const [x, y] = definition.inputs;
  if (definition.primitive === mulPrimitive) return x === y;
  return definition.primitive === castPrimitive ? !isFloat(x.dtype) : keeps(definition.primitive, 'neverMinusZero');
}

/** The operand of a negation. */
function negated(rewriter: Rewriter, atom: Atom): Atom | null {
  const definition = rewriter.definition(atom);
  return definition?.primitive === negPrimitive ? definition.inputs[0] : null;
}

/** The number that changes nothing when it is added: for floats -0, since -0 + 0 is 0. */
const isNeutral = (atom: Atom): boolean =>
  literalIs(atom, -0) || (atom instanceof Literal && atom.value === 0 && !isFloat(atom.dtype));

addRewrite([addPrimitive], (rewriter, [x, y]) => {
  if (isNeutral(y) || (literalIs(y, 0) && isNeverMinusZero(rewriter, x))) return [x];
  if (isNeutral(x) || (literalIs(x, 0) && isNeverMinusZero(rewriter, y))) return [y];
  if (x === y) return [rewriter.emit(mulPrimitive, [x, new Literal(2, x.dtype)], {})];
  const minusY = negated(rewriter, y);
  if (minusY) return [rewriter.emit(subPrimitive, [x, minusY], {})];
  const minusX = negated(rewriter, x);
  if (minusX) return [rewriter.emit(subPrimitive, [y, minusX], {})];
  return null;
});

addRewrite([subPrimitive], (rewriter, [x, y]) => {
  if (literalIs(y, 0)) return [x];
  // 0 - x is 0 where x is 0, and -x is -0 there.
  if (isNeutral(x)) return [rewriter.emit(negPrimitive, [y], {})];
  const minusY = negated(rewriter, y);
  return minusY ? [rewriter.emit(addPrimitive, [x, minusY], {})] : null;
});

addRewrite([mulPrimitive], (rewriter, [x, y]) => {
  if (literalIs(y, 1)) return [x];
  if (literalIs(x, 1)) return [y];
  if (literalIs(y, -1)) return [rewriter.emit(negPrimitive, [x], {})];
  if (literalIs(x, -1)) return [rewriter.emit(negPrimitive, [y], {})];
  if (x instanceof Literal && !(y instanceof Literal)) return [rewriter.emit(mulPrimitive, [y, x], {})];
  const minusX = negated(rewriter, x);
  const minusY = negated(rewriter, y);
  if (minusX && minusY) return [rewriter.emit(mulPrimitive, [minusX, minusY], {})];
  if (minusX && y instanceof Literal)
    return [rewriter.emit(mulPrimitive, [minusX, new Literal(-y.value, y.dtype)], {})];
  return null;
});

addRewrite([divPrimitive], (rewriter, [x, y]) => {
  if (literalIs(y, 1)) return [x];
  if (literalIs(y, -1)) return [rewriter.emit(negPrimitive, [x], {})];
  if (y instanceof Literal && isFloat(y.dtype) && isPowerOfTwo(y.value)) {
    return [rewriter.emit(mulPrimitive, [x, new Literal(1 / y.value, y.dtype)], {})];
  }
  return null;
});

/** Dividing by a power of two is exact as a multiplication. */
const isPowerOfTwo = (value: number): boolean =>
  value !== 0 &&
  Number.isFinite(value) &&
  Number.isInteger(Math.log2(Math.abs(value))) &&
  Math.abs(Math.log2(Math.abs(value))) < 100;

addRewrite([negPrimitive], (rewriter, [x]) => {
  const inner = negated(rewriter, x);
  if (inner) return [inner];
  // -(x - y) is -0 where x is y, and y - x is 0 there.
  const definition = rewriter.definition(x);
  if (definition?.primitive === subPrimitive && !isFloat(x.dtype) && rewriter.uses(x) === 1) {
    return [rewriter.emit(subPrimitive, [definition.inputs[1], definition.inputs[0]], {})];
  }
  return null;
});

addRewrite([powPrimitive], (rewriter, [x, y]) => {
  if (literalIs(y, 1)) return [x];
  if (literalIs(y, 2)) return [rewriter.emit(mulPrimitive, [x, x], {})];
  if (literalIs(y, 3)) return [rewriter.emit(mulPrimitive, [rewriter.emit(mulPrimitive, [x, x], {}), x], {})];
  if (literalIs(y, -1) && isFloat(y.dtype)) return [rewriter.emit(divPrimitive, [new Literal(1, y.dtype), x], {})];
  return null;
});

addRewrite([castPrimitive], (_rewriter, [x], { dtype }) => (x.dtype === dtype && x instanceof Var ? [x] : null));

addRewrite([selectPrimitive], (_rewriter, [condition, x, y]) => {
  if (condition instanceof Literal && x instanceof Var && y instanceof Var && sameShape(x.shape, y.shape))
    return [condition.value !== 0 ? x : y];
  return x === y && x instanceof Var ? [x] : null;
});

export const elementwiseRewrites = rules;
