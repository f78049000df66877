import { accessOf, madeBy, readBy, valuesOf } from '../kernels/access.ts';
import { costOf } from '../kernels/cost.ts';
import { type Expression, visit } from '../kernels/expression.ts';
import type { ContractionStage, Group, MemoryOperand, ReduceStage, RowPart, Stage } from '../kernels/form.ts';
import type { Target } from '../kernels/target.ts';
import { Var } from '../program/aval.ts';
import type { Affine } from '../shape/affine.ts';
import { rowMajorStrides, sizeOf } from '../shape/shape.ts';

type Rule = NonNullable<Target['split']>;

/** The parts that compute the pieces, and the stage that combines them. */
interface Split {
  readonly pieces: readonly RowPart[];
  readonly combined: ReduceStage;
}

/**
 * Cuts long sums (products, extremes), contractions with few rows of results and those with large operands in pieces of equal
 * length and a shorter last one, which can be computed side by side, and combines them in their order. How they are cut depends
 * on shapes alone, so that every number of threads gives the same result.
 */
export function splitLong(groups: readonly Group[], target: Target): readonly Group[] {
  const rule = target.split;
  if (!rule) return groups;
  return groups.flatMap((group) => {
    const before: RowPart[] = [];
    const parts = group.parts.map((part) => {
      if (part.kind !== 'rows') return part;
      const made = new Set<Var>();
      let changed = false;
      const stages = part.stages.map((stage): Stage => {
        const own = readBy(stage).some((variable) => made.has(variable));
        for (const variable of madeBy(stage)) made.add(variable);
        const split = own ? null : splitStage(stage, part.rows, rule, target);
        if (!split) return stage;
        changed = true;
        before.push(...split.pieces);
        return split.combined;
      });
      return changed ? { ...part, stages, ...accessOf(stages) } : part;
    });
    return before.length > 0 ? [{ parts: before }, { parts }] : [group];
  });
}

function splitStage(stage: Stage, rows: number, rule: Rule, target: Target): Split | null {
  if (stage.kind === 'contraction') return splitContraction(stage, rows, rule);
  return stage.kind === 'reduce' && rows < rule.fewRows ? splitReduction(stage, rule, target) : null;
}

/** Lengths of the pieces of `extent` terms: `full` pieces of `length`, and one of `rest` unless that is 0. */
function cut(extent: number, pieces: number): { full: number; length: number; rest: number } {
  const length = Math.ceil(extent / pieces);
  const full = Math.floor(extent / length);
  return { full, length, rest: extent - full * length };
}

const rowPart = (rows: number, stage: Stage): RowPart => ({
  kind: 'rows',
  rows,
  stages: [stage],
  ...accessOf([stage]),
});

/** Combines the pieces of a variable; they lie one after the other. */
function combining(stage: ReduceStage | ContractionStage, partial: Var, space: readonly number[]): ReduceStage {
  const pieces = partial.shape[0];
  const place = { offset: 0, strides: [...rowMajorStrides(space), sizeOf(space)] };
  return {
    kind: 'reduce',
    operation: stage.kind === 'reduce' ? stage.operation : 'reduceSum',
    space: [...space, pieces],
    kept: space.length,
    value: { kind: 'load', variable: partial, dtype: partial.dtype, place, terms: [] },
    variable: stage.variable,
    ofSums: true,
  };
}

function splitReduction(stage: ReduceStage, rule: Rule, target: Target): Split | null {
  const { operation, space, kept, value, variable } = stage;
  if (operation === 'argMax' || operation === 'argMin') return null;
  const results = space.slice(0, kept);
  const size = sizeOf(results);
  const terms = sizeOf(space.slice(kept));
  if (size === 0 || terms < rule.terms || size * terms * operationsOf(stage, target) < rule.work) return null;
  // The longest of the reduced axes is cut.
  let axis = kept;
  for (let at = kept; at < space.length; at++) if (space[at] > space[axis]) axis = at;
  const { full, length, rest } = cut(space[axis], rule.pieces);
  const partial = new Var({ shape: [full + (rest > 0 ? 1 : 0), ...results], dtype: variable.dtype });
  const piece = (count: number, extent: number, first: number): RowPart => {
    const moved = ({ offset, strides }: Affine): Affine => ({
      offset: offset + first * length * strides[axis],
      strides: [length * strides[axis], ...strides],
    });
    return rowPart(count, {
      ...stage,
      space: [count, ...space.map((steps, at) => (at === axis ? extent : steps))],
      kept: kept + 1,
      value: remapped(value, moved),
      variable: partial,
      at: first * size,
    });
  };
  const pieces = [piece(full, length, 0)];
  if (rest > 0) pieces.push(piece(1, rest, full));
  return { pieces, combined: combining(stage, partial, results) };
}

/** How many pieces pay, by the shape alone; 1 for none. */
function piecesOf({ m, n, k }: ContractionStage, rows: number, rule: Rule): number {
  if (rows < rule.fewRows && m < rule.fewRows) {
    const long = k >= rule.terms && 2 * m * n * k >= rule.productWork;
    return long && m * n * rule.pieces <= k * (m + n) ? rule.pieces : 1;
  }
  const { large } = rule;
  if (!large || Math.min(m, n) < rule.fewRows || k * (m + n) < large.elements) return 1;
  // Results are written and read once more for each piece: its operands shall be as many at the least.
  const least = Math.ceil((2 * m * n) / (m + n) / large.terms) * large.terms;
  return Math.floor(k / Math.max(large.terms, least));
}

function splitContraction(stage: ContractionStage, rows: number, rule: Rule): Split | null {
  const { batch, m, n, k, lhs, rhs, variable } = stage;
  const inMemory = lhs.kind === 'memory' && rhs.kind === 'memory';
  if (!inMemory || stage.epilogue || batch !== 1 || m * n === 0) return null;
  const count = piecesOf(stage, rows, rule);
  if (count < 2) return null;
  const { full, length, rest } = cut(k, count);
  const partial = new Var({ shape: [full + (rest > 0 ? 1 : 0), m, n], dtype: variable.dtype });
  const piece = (count: number, depth: number, first: number): RowPart => {
    const operand = (side: MemoryOperand): MemoryOperand => ({
      ...side,
      offset: side.offset + first * length * side.contract,
      batch: length * side.contract,
    });
    return rowPart(count > 1 ? count : m, {
      ...stage,
      batch: count,
      k: depth,
      terms: stage.terms ?? k,
      lhs: operand(lhs),
      rhs: operand(rhs),
      variable: partial,
      at: first * m * n,
    });
  };
  const pieces = [piece(full, length, 0)];
  if (rest > 0) pieces.push(piece(1, rest, full));
  return { pieces, combined: combining(stage, partial, [m, n]) };
}

function operationsOf(stage: Stage, target: Target): number {
  let operations = 1;
  visit(valuesOf(stage), (node) => {
    if (node.kind === 'apply') operations += costOf(node.eqn.primitive, target);
  });
  return operations;
}

/** An expression over another space. */
function remapped(root: Expression, moved: (place: Affine) => Affine): Expression {
  const made = new Map<Expression, Expression>();
  const known = (node: Expression): Expression => made.get(node) as Expression;
  visit([root], (node) => {
    if (node.kind === 'literal') made.set(node, node);
    else if (node.kind === 'index') made.set(node, { ...node, place: moved(node.place) });
    else if (node.kind === 'apply') made.set(node, { ...node, args: node.args.map(known) });
    else {
      const terms = node.terms.map((term) => ({ ...term, index: known(term.index) }));
      made.set(node, { ...node, place: moved(node.place), terms });
    }
  });
  return known(root);
}
