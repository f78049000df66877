import { isFloat } from '../dtype/dtype.ts';
import { DerivativeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { JvpResult, Tangent } from '../program/primitive.ts';
import { type Atom, type Eqn, Literal, type Program, Var } from '../program/program.ts';
import { bind } from '../trace/bind.ts';
import { trace } from '../trace/builder.ts';
import type { Value } from '../trace/value.ts';
import { taker } from './taker.ts';

type Push = (program: Program, primals: readonly Value[], tangents: readonly Tangent[]) => JvpResult;

/**
 * Derivatives that are limits, at places where those of single values are infinite (eigenvectors of repeated eigenvalues):
 * values `x + ε s` with tangents `p / ε + t` for small ε, where s is a shift and p a pole. A function f takes them to shifts
 * `f'(x) s`, poles `f'(x) p` and tangents `f'(x) t + f''(x)[s, p]`, all linear in the tangents. What has a derivative ends without
 * a pole, and what is left of the tangents is that derivative.
 */
export class Limits {
  private readonly shifts = new Map<Var, Value>();
  private readonly poles = new Map<Var, Value>();

  /** Notes the shifts and poles with which an equation starts. */
  start({ outputs }: Eqn, { limit }: JvpResult): void {
    if (!limit) return;
    this.note(this.shifts, outputs, limit.shifts);
    this.note(this.poles, outputs, limit.poles);
  }

  /** Whether an equation has an operand with a shift or a pole. */
  reach({ inputs }: Eqn): boolean {
    if (this.shifts.size + this.poles.size === 0) return false;
    return inputs.some((atom) => atom instanceof Var && (this.shifts.has(atom) || this.poles.has(atom)));
  }

  push(
    { primitive, inputs, params, outputs }: Eqn,
    values: readonly Value[],
    along: readonly Tangent[],
    push: Push,
  ): JvpResult {
    const { jvp } = primitive;
    const shifts = inputs.map((atom) => this.of(this.shifts, atom));
    const poles = inputs.map((atom) => this.of(this.poles, atom));
    const moves = (list: readonly Tangent[]): boolean => list.some((tangent) => tangent !== null);
    if (!jvp) {
      if (moves(along) || moves(poles))
        throw new DerivativeError(
          `${primitive.name} has no forward derivative. Use stopGradient on its inputs, or give the function a customJvp rule.`,
        );
      return { outputs: bind(primitive, values, params), tangents: outputs.map(() => null) };
    }
    const rule = (tangents: readonly Tangent[]): JvpResult => jvp.call(primitive, lax, values, tangents, params);
    const plain = moves(along) ? rule(along) : null;
    const result = plain ?? { outputs: bind(primitive, values, params), tangents: outputs.map((): Tangent => null) };
    if (moves(shifts)) this.note(this.shifts, outputs, rule(shifts).tangents);
    if (!moves(poles)) return result;
    this.note(this.poles, outputs, rule(poles).tangents);
    if (!moves(shifts)) return result;
    // f''(x)[s, p], the derivative along s of f'(x) p with p held.
    const held = poles.filter((pole) => pole !== null);
    // Literals stay literals: they fit operands of any shape.
    const live = values.filter((value) => value.state.kind !== 'literal');
    const derivative = trace([...live, ...held], (...all) => {
      const take = taker(all);
      const primals = values.map((value) => (value.state.kind === 'literal' ? value : take(1)[0]));
      const tangents = poles.map((pole): Tangent => (pole ? take(1)[0] : null));
      const moved = jvp.call(primitive, lax, primals, tangents, params).tangents;
      const given = moved.map((tangent) => tangent !== null);
      return { outputs: moved.filter((tangent) => tangent !== null), extra: given };
    });
    const { captured } = derivative;
    const bent = push(
      derivative.program,
      [...live, ...held, ...captured],
      [...shifts.filter((_, i) => values[i].state.kind !== 'literal'), ...[...held, ...captured].map(() => null)],
    ).tangents;
    let next = 0;
    const tangents = result.tangents.map((tangent, i): Tangent => {
      const more = derivative.extra[i] ? bent[next++] : null;
      return tangent && more ? lax.add(tangent, more) : (tangent ?? more);
    });
    return { outputs: result.outputs, tangents };
  }

  private of(map: ReadonlyMap<Var, Value>, atom: Atom): Tangent {
    return atom instanceof Literal ? null : (map.get(atom) ?? null);
  }

  private note(map: Map<Var, Value>, outputs: readonly Var[], along: readonly Tangent[]): void {
    outputs.forEach((variable, i) => {
      const tangent = along[i];
      if (tangent && isFloat(variable.dtype)) map.set(variable, tangent);
    });
  }
}
