import { valuesOf } from '../../../kernels/access.ts';
import { type Expression, visit } from '../../../kernels/expression.ts';
import { allSchedules, type Schedule, type Stage } from '../../../kernels/form.ts';
import type { Var } from '../../../program/aval.ts';
import type { FunctionBuilder } from '../assembler/index.ts';

/** Functions that fall off exponentially: over a wide range of arguments their results lie below the normal numbers. */
const FALLING: ReadonlySet<string> = new Set(['exp', 'sigmoid', 'softplus', 'erfc']);
/** The least normal number of 32 bits. */
const LEAST_NORMAL = 2 ** -126;

/** Functions in which such a change of an operand stays as small, but for a factor. */
const LINEAR: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'neg', 'select']);

/** What is made 0 where it is below the normal numbers. */
export interface Flushed {
  readonly variables: ReadonlySet<Var>;
  /** Functions that fall off, of which nothing but such variables is made. */
  readonly nodes: ReadonlySet<Expression>;
}

/**
 * Values that are made 0 where they are below the normal numbers: what products are made of, in f32 and with an exponential
 * tail, that only products, sums and linear functions read. No result changes by more than such a number times another
 * factor.
 *
 * A multiplication that meets a number below 2^-126 takes most processors a hundred and fifty cycles each time; a few in a
 * hundred of them, as in networks with a sharp softplus, make a training step many times as slow.
 */
export function flushed(schedule: Schedule): Flushed {
  const variables = new Set<Var>();
  const nodes = new Set<Expression>();
  for (const each of allSchedules(schedule)) {
    const own = flushedVariables(each);
    addNodes(each, own, nodes);
    for (const variable of own) variables.add(variable);
  }
  return { variables, nodes };
}

function flushedVariables(schedule: Schedule): Set<Var> {
  const tails = tailsOf(schedule);
  if (tails.size === 0) return tails;
  const found: Found = { exact: new Set<Var>(schedule.outputs), factors: new Set() };
  // Readers before what they read: what must be exact must be made of exact values.
  for (const { parts } of schedule.groups.toReversed()) {
    for (const part of parts) {
      if (part.kind !== 'rows') for (const variable of part.reads) found.exact.add(variable);
      else for (const stage of part.stages.toReversed()) read(stage, found);
    }
  }
  return new Set([...tails].filter((each) => found.factors.has(each) && !found.exact.has(each)));
}

/** The functions that fall off of which only such variables are made. */
function addNodes({ groups }: Schedule, variables: ReadonlySet<Var>, nodes: Set<Expression>): void {
  for (const { parts } of groups) {
    for (const part of parts) {
      if (part.kind !== 'rows') continue;
      for (const stage of part.stages) {
        if (stage.kind !== 'loops') continue;
        const [loose, strict]: Expression[][] = [[], []];
        for (const { variable, value } of stage.stores) (variables.has(variable) ? loose : strict).push(value);
        visit(loose, (node) => {
          if (falls(node)) nodes.add(node);
          strict.push(...notLinear(node));
        });
        visit(strict, (node) => nodes.delete(node));
      }
    }
  }
}

const falls = (node: Expression): boolean =>
  node.kind === 'apply' && node.dtype === 'f32' && FALLING.has(node.eqn.primitive.name);

/** Operands in which a function is not linear, and indices: all below them must be exact. */
function notLinear(node: Expression): readonly Expression[] {
  if (node.kind === 'load') return node.terms.map(({ index }) => index);
  if (node.kind !== 'apply' || LINEAR.has(node.eqn.primitive.name)) return [];
  // Of a quotient the divisor.
  return node.eqn.primitive.name === 'div' ? node.args.slice(1) : node.args;
}

/** Values of loops that such a function, or a value that is already known, goes into. */
function tailsOf({ groups }: Schedule): Set<Var> {
  const tails = new Set<Var>();
  const hasTail = (node: Expression): boolean => (node.kind === 'load' && tails.has(node.variable)) || falls(node);
  for (const { parts } of groups) {
    for (const part of parts) {
      if (part.kind !== 'rows') continue;
      for (const stage of part.stages) {
        if (stage.kind !== 'loops') continue;
        for (const { variable, value } of stage.stores) {
          if (variable.dtype === 'f32' && some(value, hasTail)) tails.add(variable);
        }
      }
    }
  }
  return tails;
}

interface Found {
  /** What must be exact. */
  readonly exact: Set<Var>;
  /** Operands of products, and what they are made of by linear functions. */
  readonly factors: Set<Var>;
}

/** Notes what a stage reads. */
function read(stage: Stage, { exact, factors }: Found): void {
  if (stage.kind === 'contraction') {
    for (const side of [stage.lhs, stage.rhs]) if (side.kind === 'memory') factors.add(side.variable);
  }
  const sums = stage.kind === 'reduce' && stage.operation === 'reduceSum';
  const loose = stage.kind === 'loops' ? stage.stores : sums ? [stage] : [];
  const strict: Expression[] = loose.length === 0 ? [...valuesOf(stage)] : [];
  const roots: Expression[] = [];
  const made: Expression[] = [];
  for (const { variable, value } of loose) {
    (!sums && exact.has(variable) ? strict : roots).push(value);
    if (factors.has(variable)) made.push(value);
  }
  visit(made, (node) => {
    if (node.kind === 'load') factors.add(node.variable);
  });
  visit(roots, (node) => strict.push(...notLinear(node)));
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
