import type { Params } from '../../../program/aval.ts';
import { AssemblerError, type FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import { Constants } from './constants.ts';
import { type DoubleName, doubleFunction, isInlineDouble, operandsOfDouble, writeDouble } from './double/functions.ts';
import { largeTurns } from './double/large-turns.ts';
import { type MathDefinition, type MathLibrary, type MathName, mathFunctions } from './functions.ts';
import { Floats } from './lanes.ts';
import { emitLargeQuarterTurns } from './quarter-turns.ts';
import { shared } from './shared.ts';

function largeQuarterTurns(module: ModuleBuilder): FunctionBuilder {
  return shared(module, 'largeQuarterTurns', () => {
    const huge = largeTurns(module);
    const f = module.func('largeQuarterTurns', ['v128'], ['v128', 'v128']);
    emitLargeQuarterTurns(f, huge);
    return f;
  });
}

function write(
  module: ModuleBuilder,
  f: FunctionBuilder,
  constants: Constants,
  name: MathName,
  operands: readonly number[],
  params: Params,
  joined = false,
): void {
  const definition: MathDefinition = mathFunctions[name];
  const v = new Floats(f, constants, joined);
  const terms = operands.map((local) => v.local(local));
  const library: MathLibrary = {
    large: () => largeQuarterTurns(module),
    double: (double) => doubleFunction(module, double, params),
  };
  for (const result of definition.write(v, terms, library)) result();
  v.release();
}

/** The module's own function `name`, with one v128 for each operand and each result; added on first use. */
export function mathFunction(module: ModuleBuilder, name: MathName, params: Params = {}): FunctionBuilder {
  const { operands, results }: MathDefinition = mathFunctions[name];
  const vectors = (count: number) => Array.from({ length: count }, () => 'v128' as const);
  return shared(module, `${name} ${JSON.stringify(params)}`, () => {
    const f = module.func(name, vectors(operands), vectors(results));
    write(
      module,
      f,
      new Constants(),
      name,
      f.signature.params.map((_, i) => i),
      params,
    );
    return f;
  });
}

/**
 * Writes mathematical functions of four floats (or four u32) into one function.
 *
 * With `joined` what is written inline has no branches, at which an engine takes pairs of vectors apart. `preload` ahead of a loop keeps the constants of functions that are written inline in locals; without it each turn
 * loads them again.
 */
export class MathEmitter {
  private readonly module: ModuleBuilder;
  private readonly f: FunctionBuilder;
  private readonly joined: boolean;
  private readonly constants = new Constants();

  constructor(module: ModuleBuilder, f: FunctionBuilder, joined = false) {
    this.module = module;
    this.f = f;
    this.joined = joined;
  }

  /** Puts the constants that these functions need into locals; to be called where it dominates their use. */
  preload(names: Iterable<MathName>, doubles: Iterable<DoubleName> = []): void {
    const used = new Constants();
    for (const name of doubles) {
      if (!isInlineDouble(name)) continue;
      const module = new ModuleBuilder();
      const draft = module.func('draft');
      writeDouble(module, draft, used, name, draft.locals('v128', operandsOfDouble(name)), {});
    }
    for (const name of names) {
      const { inline, operands }: MathDefinition = mathFunctions[name];
      if (!inline) continue;
      const module = new ModuleBuilder();
      const draft = module.func('draft');
      write(module, draft, used, name, draft.locals('v128', operands), {}, this.joined);
    }
    this.constants.preload(this.f, used);
  }

  /**
   * Leaves the results on the stack, the first deepest. `operands` are v128 locals; they keep their values. `params` are those
   * of the equation.
   */
  emit(name: MathName, operands: readonly number[], params: Params = {}): void {
    const definition: MathDefinition = mathFunctions[name];
    if (operands.length !== definition.operands)
      throw new AssemblerError(`${name}: expected ${definition.operands} operands, got ${operands.length}.`);
    if (definition.inline) {
      write(this.module, this.f, this.constants, name, operands, params, this.joined);
      return;
    }
    for (const operand of operands) this.f.localGet(operand);
    this.f.call(mathFunction(this.module, name, params));
  }

  /** The same for a function of two doubles, which has one result. */
  emitDouble(name: DoubleName, operands: readonly number[], params: Params): void {
    if (isInlineDouble(name)) {
      writeDouble(this.module, this.f, this.constants, name, operands, params);
      return;
    }
    for (const operand of operands) this.f.localGet(operand);
    this.f.call(doubleFunction(this.module, name, params));
  }

  /** Gives the locals of preloaded constants back; `preload` may follow. */
  release(): void {
    this.constants.release(this.f);
  }
}

/** Whether the backend has its own code for a primitive of floats. */
export function isMathName(name: string): name is MathName {
  return Object.hasOwn(mathFunctions, name);
}
