import { valuesOf } from '../../../kernels/access.ts';
import { type Expression, visit } from '../../../kernels/expression.ts';
import type { Schedule, Stage } from '../../../kernels/form.ts';
import type { Var } from '../../../program/aval.ts';
import type { FunctionBuilder } from '../assembler/index.ts';

/** Functions that fall off exponentially: over a wide range of arguments their results lie below the normal numbers. */
const FALLING: ReadonlySet<string> = new Set(['exp', 'sigmoid', 'softplus', 'erfc']);
/** The least normal number of 32 bits. */
const LEAST_NORMAL = 2 ** -126;

/** Functions in which such a change of an operand stays as small, but for a factor. */
const LINEAR: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'neg', 'select']);

/**
 * Values that are made 0 where they are below the normal numbers: operands of products, in f32 and with an exponential tail, that
 * only products, sums and linear functions read besides. No result changes by more than such a number times another factor.
 *
 * An operand of a product below 2^-126 costs most processors a hundred and fifty cycles each time it is read; a few in a hundred
 * of them, as in networks with a sharp softplus, make a training step many times as slow.
 */
export function flushed(schedule: Schedule): ReadonlySet<Var> {
  const tails = tailsOf(schedule);
  if (tails.size === 0) return tails;
  const exact = new Set<Var>(schedule.outputs);
  const operands = new Set<Var>();
  // Readers before what they read: what must be exact must be made of exact values.
  for (const { parts } of schedule.groups.toReversed()) {
    for (const part of parts) {
      if (part.kind !== 'rows') for (const variable of part.reads) exact.add(variable);
      else for (const stage of part.stages.toReversed()) read(stage, exact, operands);
    }
  }
  return new Set([...tails].filter((variable) => operands.has(variable) && !exact.has(variable)));
}

/** Values of loops that such a function, or a value that is already known, goes into. */
function tailsOf({ groups }: Schedule): Set<Var> {
  const tails = new Set<Var>();
  const falls = (node: Expression): boolean =>
    (node.kind === 'load' && tails.has(node.variable)) ||
    (node.kind === 'apply' && FALLING.has(node.eqn.primitive.name));
  for (const { parts } of groups) {
    for (const part of parts) {
      if (part.kind !== 'rows') continue;
      for (const stage of part.stages) {
        if (stage.kind !== 'loops') continue;
        for (const { variable, value } of stage.stores) {
          if (variable.dtype === 'f32' && some(value, falls)) tails.add(variable);
        }
      }
    }
  }
  return tails;
}

/** Notes what a stage reads: operands of products, and what must reach it exactly. */
function read(stage: Stage, exact: Set<Var>, operands: Set<Var>): void {
  if (stage.kind === 'contraction') {
    for (const side of [stage.lhs, stage.rhs]) if (side.kind === 'memory') operands.add(side.variable);
  }
  const sums = stage.kind === 'reduce' && stage.operation === 'reduceSum';
  const loose = stage.kind === 'loops' ? stage.stores : sums ? [stage] : [];
  const strict: Expression[] = loose.length === 0 ? [...valuesOf(stage)] : [];
  const roots: Expression[] = [];
  for (const { variable, value } of loose) (!sums && exact.has(variable) ? strict : roots).push(value);
  // Below a function that is not linear, and in an index, all must be exact.
  visit(roots, (node) => {
    if (node.kind === 'load') for (const { index } of node.terms) strict.push(index);
    if (node.kind !== 'apply' || LINEAR.has(node.eqn.primitive.name)) return;
    // Of a quotient the divisor.
    strict.push(...(node.eqn.primitive.name === 'div' ? node.args.slice(1) : node.args));
  });
  visit(strict, (node) => {
    if (node.kind === 'load') exact.add(node.variable);
  });
}

function some(value: Expression, holds: (node: Expression) => boolean): boolean {
  let found = false;
  visit([value], (node) => {
    found ||= holds(node);
  });
  return found;
}

/** Makes the f32 value on the stack, a vector or a number, 0 where it is below the normal numbers; NaN stays. */
export function emitFlush(f: FunctionBuilder, vector: boolean): void {
  f.withLocal(vector ? 'v128' : 'f32', (value) => {
    f.localSet(value);
    if (vector) {
      f.localGet(value);
      f.localGet(value);
      f.f32x4Abs();
      f.f32x4Const(LEAST_NORMAL);
      f.f32x4Lt();
      f.v128Andnot();
    } else {
      f.f32Const(0);
      f.localGet(value);
      f.localGet(value);
      f.f32Abs();
      f.f32Const(LEAST_NORMAL);
      f.f32Lt();
      f.select();
    }
  });
}
