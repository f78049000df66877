import { TraceError } from '../errors/errors.ts';
import { type Atom, type Aval, Literal, type Params, Var } from '../program/aval.ts';
import { type Eqn, keeps, type Primitive, type Program } from '../program/program.ts';
import { type RefArray, refScalar } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import type { Device } from '../runtime/device.ts';
import type { NumberForm } from './plainNumber.ts';
import { BaseTensor, literalValue, makeValue, placeOf, stateOf, type Trace } from './value.ts';

/**
 * Collects the equations of one function being traced. Values from outside (tensors in memory, or values of
 * an enclosing trace) become further inputs: they are `captured`.
 */
export class Builder implements Trace {
  readonly parent: Builder | null;
  readonly inputs: Var[] = [];
  readonly eqns: Eqn[] = [];
  readonly captured = new Map<Value, Var>();
  finished = false;
  /** Where the program will run, as far as its operands tell so far: constants made on the way are put there. */
  device: Device | undefined;

  constructor(parent: Builder | null) {
    this.parent = parent;
    this.device = parent?.device;
  }

  input(aval: Aval): Value {
    if (aval instanceof BaseTensor) this.device ??= aval.device;
    const variable = new Var(aval);
    this.inputs.push(variable);
    return makeValue(aval, { kind: 'traced', builder: this, variable, number: (aval as Partial<NumberForm>).number });
  }

  /** The atom that stands for `value` in this program. */
  atom(value: Value): Atom {
    const state = stateOf(value);
    if (state.kind === 'literal') return state.literal;
    if (state.kind === 'traced') {
      if (state.builder === this) return state.variable;
      if (state.builder.finished || !this.isInside(state.builder)) {
        throw new TraceError(
          'A value escaped from the function that was traced and was used after it. Return it from that function instead of storing it outside.',
        );
      }
    }
    let variable = this.captured.get(value);
    if (!variable) {
      variable = new Var(value);
      this.captured.set(value, variable);
      this.device ??= placeOf(value);
    }
    return variable;
  }

  bind(primitive: Primitive, inputs: readonly Value[], params: Params): Value[] {
    return this.record(
      primitive,
      inputs.map((value) => this.atom(value)),
      params,
    );
  }

  private record(primitive: Primitive, inputs: readonly Atom[], params: Params): Value[] {
    const avals = primitive.shape(inputs, params);
    const folded = foldLiterals(primitive, inputs, params, avals);
    if (folded) return [literalValue(folded)];
    const outputs = avals.map((aval) => new Var(aval));
    this.eqns.push({ primitive, inputs, params, outputs });
    return outputs.map((variable) => makeValue(variable, { kind: 'traced', builder: this, variable }));
  }

  /** Closes the program. Captured values are its last inputs, in order of first use. */
  finish(outputs: readonly Value[]): { program: Program; captured: Value[] } {
    const atoms = outputs.map((value) => this.atom(value));
    this.finished = true;
    const program: Program = {
      inputs: [...this.inputs, ...this.captured.values()],
      eqns: this.eqns,
      outputs: atoms,
    };
    return { program, captured: [...this.captured.keys()] };
  }

  private isInside(other: Trace): boolean {
    for (let builder = this.parent; builder; builder = builder.parent) if (builder === other) return true;
    return false;
  }
}

/** An exact elementwise operation on literals alone is a literal again; devices round the others in their own ways. */
function foldLiterals(
  primitive: Primitive,
  inputs: readonly Atom[],
  params: Params,
  avals: readonly Aval[],
): Literal | null {
  if (primitive.kind !== 'elementwise' || !keeps(primitive, 'exact') || avals.length !== 1 || inputs.length === 0)
    return null;
  const values: RefArray[] = [];
  for (const input of inputs) {
    if (!(input instanceof Literal)) return null;
    values.push(refScalar(input.value, input.dtype));
  }
  const [result] = primitive.evaluate(values, params, avals);
  return new Literal(result.data[0], avals[0].dtype);
}

let current: Builder | null = null;

/** The innermost trace in progress; `null` when operations run at once. */
export const currentBuilder = (): Builder | null => current;

/** A program made by running `build` on symbolic inputs, with the outside values it used. */
export interface Traced<Extra = undefined> {
  readonly program: Program;
  readonly captured: readonly Value[];
  readonly extra: Extra;
}

/** Runs `build` on symbolic inputs and returns the program of what it computed. `extra` carries anything else out. */
export function trace<Extra>(
  inputs: readonly Aval[],
  build: (...values: Value[]) => { outputs: readonly Value[]; extra: Extra },
): Traced<Extra> {
  const builder = new Builder(current);
  const before = current;
  current = builder;
  try {
    const { outputs, extra } = build(...inputs.map((aval) => builder.input(aval)));
    return { ...builder.finish(outputs), extra };
  } finally {
    current = before;
    builder.finished = true;
  }
}

/** Same, for builders that return outputs only. */
export const traceProgram = (inputs: readonly Aval[], build: (...values: Value[]) => readonly Value[]): Traced =>
  trace(inputs, (...values) => ({ outputs: build(...values), extra: undefined }));
