import { isFloat } from '../dtype/dtype.ts';
import { DerivativeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import { type Atom, Literal, Var } from '../program/aval.ts';
import type { Eqn, JvpResult, Program } from '../program/program.ts';
import type { Tangent, Value } from '../program/value.ts';
import { bind } from '../trace/bind.ts';
import { type Traced, trace } from '../trace/builder.ts';
import { taker } from './taker.ts';

/** The tangents of an equation's outputs along those of its inputs, at other values where they are given. */
type Rule = (tangents: readonly Tangent[], at?: readonly Value[]) => readonly Tangent[];
type Push = (program: Program, primals: readonly Value[], tangents: readonly Tangent[]) => JvpResult;

/** Values by variable, of which there are none where a symbolic zero stands. */
class Along {
  private readonly values = new Map<Var, Value>();

  has = (atom: Atom): boolean => atom instanceof Var && this.values.has(atom);

  of = (atom: Atom): Tangent => (atom instanceof Literal ? null : (this.values.get(atom) ?? null));

  set(variables: readonly Var[], along: readonly Tangent[]): void {
    variables.forEach((variable, i) => {
      const tangent = along[i];
      if (tangent && isFloat(variable.dtype)) this.values.set(variable, tangent);
    });
  }
}

const moves = (list: readonly Tangent[]): boolean => list.some((tangent) => tangent !== null);
const isLiteral = (value: Value): boolean => value.state.kind === 'literal';

/**
 * Derivatives that are limits, at places where those of single values are infinite (eigenvectors of repeated eigenvalues).
 * For small ε values are `x(ε) = x + ε s + ε² r`, with a shift s and a second shift r, and tangents are `τ(ε) / ε²` with
 * `τ(ε) = q + ε p + ε² t`, of double poles q and poles p. A function f takes them to `f(x(ε))` and `f'(x(ε)) τ(ε)`, all
 * linear in the tangents. What has a derivative ends without poles, and what is left in t is that derivative; the double
 * poles are 0, but make it right to take derivatives of t once more.
 */
export class Limits {
  private readonly shifts = new Along();
  private readonly secondShifts = new Along();
  private readonly poles = new Along();
  private readonly doublePoles = new Along();
  private started = false;

  /** Notes the shifts and poles with which an equation starts. */
  start({ outputs }: Eqn, { limit }: JvpResult): void {
    if (!limit) return;
    this.started = true;
    this.shifts.set(outputs, limit.shifts);
    this.poles.set(outputs, limit.poles);
    this.doublePoles.set(outputs, limit.doublePoles);
  }

  /** Whether an equation has an operand with a shift or a pole. */
  reach({ inputs }: Eqn): boolean {
    return this.started && inputs.some((atom) => this.shifts.has(atom) || this.poles.has(atom));
  }

  /** The derivative of an equation; `push` is that of a program. */
  push(eqn: Eqn, values: readonly Value[], along: readonly Tangent[], push: Push): JvpResult {
    const { primitive, inputs, params, outputs } = eqn;
    const { jvp } = primitive;
    if (!jvp) {
      if (moves(along) || moves(inputs.map(this.poles.of)))
        throw new DerivativeError(
          `${primitive.name} has no forward derivative. Use stopGradient on its inputs, or give the function a customJvp rule.`,
        );
      return { outputs: bind(primitive, values, params), tangents: outputs.map(() => null) };
    }
    const rule: Rule = (tangents, at = values) => jvp.call(primitive, lax, at, tangents, params).tangents;
    const plain = moves(along) ? rule(along) : outputs.map(() => null);
    const made = bind(primitive, values, params);
    try {
      return { outputs: made, tangents: this.bend(eqn, values, along, plain, rule, push) };
    } catch (error) {
      // Where a function has no second derivative, as one with a custom pull-back, shifts and poles end.
      if (!(error instanceof DerivativeError)) throw error;
      return { outputs: made, tangents: plain };
    }
  }

  /** Notes the shifts and poles of an equation's outputs; returns their tangents, which without any are `plain`. */
  private bend(
    { inputs, outputs }: Eqn,
    values: readonly Value[],
    along: readonly Tangent[],
    plain: readonly Tangent[],
    rule: Rule,
    push: Push,
  ): readonly Tangent[] {
    const shifts = inputs.map(this.shifts.of);
    const poles = inputs.map(this.poles.of);
    /** `f'(x) v` as a program of x and v, for v where it is not zero. */
    const derivative = (like: readonly Tangent[]) => tangentProgram(values, like, rule);
    if (moves(shifts)) {
      const first = derivative(shifts);
      const { outputs: moved, tangents } = push(
        first.program,
        first.inputs(values, shifts),
        first.along(shifts, inputs.map(this.secondShifts.of).map(twice)),
      );
      this.shifts.set(outputs, first.spread(moved));
      this.secondShifts.set(outputs, first.spread(tangents).map(half));
    }
    if (!moves(poles)) return plain;
    const doublePoles = poles.map((pole, i) => pole && (this.doublePoles.of(inputs[i]) ?? lax.zeros(pole)));
    if (!moves(shifts)) {
      this.poles.set(outputs, rule(poles));
      this.doublePoles.set(outputs, rule(doublePoles));
      return plain;
    }
    // τ at ε = 0, τ' and half of τ'': the program of f'(x) q, its derivative along (s, p), and that one's along (s, p, 2r, 2t).
    const zeroth = derivative(doublePoles);
    const at = zeroth.inputs(values, doublePoles);
    const first = trace([...at, ...zeroth.given(shifts, poles)], (...all) => {
      const take = taker(all);
      const { outputs, tangents } = push(zeroth.program, take(at.length), zeroth.along(shifts, poles, take));
      const given = tangents.map((tangent) => tangent !== null);
      return { outputs: [...outputs, ...tangents.filter((tangent) => tangent !== null)], extra: given };
    });
    const rates = zeroth.along(shifts, poles);
    const seconds = zeroth.along(
      inputs.map(this.secondShifts.of).map((shift, i) => (shifts[i] ? twice(shift) : null)),
      along.map((tangent, i) => (poles[i] ? twice(tangent) : null)),
    );
    const { outputs: made, tangents: bent } = push(
      first.program,
      [...at, ...rates.filter((rate) => rate !== null), ...first.captured],
      [...rates, ...seconds.filter((_, i) => rates[i] !== null), ...first.captured.map(() => null)],
    );
    const count = zeroth.program.outputs.length;
    this.doublePoles.set(outputs, zeroth.spread(made.slice(0, count)));
    const spreadRates = (list: readonly Tangent[]): Tangent[] => {
      const take = taker(list.slice(count));
      return zeroth.spread(first.extra.map((is) => (is ? take(1)[0] : null)));
    };
    this.poles.set(outputs, spreadRates(made));
    // What moves beside the poles adds its own derivative.
    const rest = along.map((tangent, i) => (poles[i] ? null : tangent));
    const beside = moves(rest) ? rule(rest) : outputs.map(() => null);
    const curved = spreadRates(bent).map(half);
    return curved.map((tangent, i) => sum(tangent, beside[i]));
  }
}

const half = (tangent: Tangent): Tangent => tangent && lax.mul(tangent, 0.5);
const twice = (tangent: Tangent): Tangent => tangent && lax.mul(tangent, 2);
const sum = (a: Tangent, b: Tangent): Tangent => (a && b ? lax.add(a, b) : (a ?? b));

/** `f'(x) v` as a program of x and of v where it is not zero. Literals stay literals: they fit operands of any shape. */
function tangentProgram(values: readonly Value[], like: readonly Tangent[], rule: Rule) {
  const live = values.filter((value) => !isLiteral(value));
  const moving = like.filter((tangent) => tangent !== null);
  const traced: Traced<boolean[]> = trace([...live, ...moving], (...all) => {
    const take = taker(all);
    const primals = values.map((value) => (isLiteral(value) ? value : take(1)[0]));
    const tangents = rule(
      like.map((tangent): Tangent => (tangent ? take(1)[0] : null)),
      primals,
    );
    const given = tangents.map((tangent) => tangent !== null);
    return { outputs: tangents.filter((tangent) => tangent !== null), extra: given };
  });
  const { captured, program, extra } = traced;
  const fixed = captured.map((): Tangent => null);
  const along = (values_: readonly Tangent[], tangents: readonly Tangent[]): Tangent[] => [
    ...values_.filter((_, i) => !isLiteral(values[i])),
    ...tangents.filter((_, i) => like[i] !== null),
    ...fixed,
  ];
  return {
    program,
    /** The program's inputs for x and v. */
    inputs: (at: readonly Value[], v: readonly Tangent[]): Value[] => [
      ...at.filter((value) => !isLiteral(value)),
      ...v.filter((tangent) => tangent !== null),
      ...captured,
    ],
    /** What moves among `along`. */
    given: (x: readonly Tangent[], v: readonly Tangent[]): Value[] => along(x, v).filter((tangent) => tangent !== null),
    /** Tangents of those inputs, along x and along v; taken from `take` in their place where it is given. */
    along: (x: readonly Tangent[], v: readonly Tangent[], take?: (count: number) => Value[]): Tangent[] =>
      along(x, v).map((tangent) => (tangent && take ? take(1)[0] : tangent)),
    /** The program's outputs in the places of f's. */
    spread: (list: readonly Tangent[]): Tangent[] => {
      const take = taker(list);
      return extra.map((is) => (is ? take(1)[0] : null));
    },
  };
}
