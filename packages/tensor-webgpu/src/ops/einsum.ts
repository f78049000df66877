import { describe } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import { showShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { contractionOperands } from './contraction.ts';
import { contractionOrder } from './einsumOrder.ts';
import { diagonal } from './indexing.ts';
import { permute, reshape } from './reshape.ts';

/** A tensor with a label for each of its axes; all labels differ. */
interface Labelled {
  readonly tensor: Tensor;
  readonly labels: readonly string[];
}

interface Equation {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

/** Labels that stand for the axes of an ellipsis, counted from the back so that they broadcast. */
const ellipsisLabels = (count: number): string[] => Array.from({ length: count }, (_, i) => `.${count - i}`);

function parse(equation: string, shapes: readonly (readonly number[])[]): Equation {
  const text = equation.replaceAll(' ', '');
  const [left, right, ...more] = text.split('->');
  const terms = left.split(',');
  const valid = /^([A-Za-z]*(\.\.\.)?[A-Za-z]*)(,[A-Za-z]*(\.\.\.)?[A-Za-z]*)*(->[A-Za-z]*(\.\.\.)?[A-Za-z]*)?$/;
  if (!valid.test(text) || more.length > 0) {
    throw new ArgumentError(
      `einsum: '${equation}' is not an equation. Write letters for axes, such as 'bij,bjk->bik'; '...' stands for any axes.`,
    );
  }
  if (terms.length !== shapes.length) {
    throw new ArgumentError(
      `einsum: '${equation}' has ${terms.length} terms for ${shapes.length} operands. Give one term for each.`,
    );
  }
  let widest = 0;
  const inputs = terms.map((term, i) => {
    const letters = [...term.replace('...', '')];
    const hidden = shapes[i].length - letters.length;
    if (hidden < 0 || (hidden > 0 && !term.includes('...'))) {
      throw new ShapeError(
        `einsum: term '${term}' of '${equation}' does not fit shape ${showShape(shapes[i])}. Write one letter for each axis.`,
      );
    }
    if (!term.includes('...')) return letters;
    widest = Math.max(widest, hidden);
    const at = term.indexOf('...');
    return [...letters.slice(0, at), ...ellipsisLabels(hidden), ...letters.slice(at)];
  });
  return { inputs, output: outputLabels(equation, right, inputs, ellipsisLabels(widest)) };
}

function outputLabels(
  equation: string,
  right: string | undefined,
  inputs: readonly (readonly string[])[],
  hidden: string[],
): string[] {
  if (right === undefined) {
    const letters = inputs.flat().filter((label) => !label.startsWith('.'));
    const once = letters.filter((label) => letters.indexOf(label) === letters.lastIndexOf(label));
    return [...hidden, ...once.sort()];
  }
  const at = right.indexOf('...');
  const letters = [...right.replace('...', '')];
  for (const label of letters) {
    if (!inputs.some((input) => input.includes(label)) || letters.indexOf(label) !== letters.lastIndexOf(label)) {
      throw new ArgumentError(
        `einsum: output label '${label}' of '${equation}' must occur in an input, and once in the output.`,
      );
    }
  }
  return at < 0 ? letters : [...letters.slice(0, at), ...hidden, ...letters.slice(at)];
}

/** The extent of every label; extents of 1 broadcast. */
function labelExtents(equation: string, operands: readonly Labelled[]): Map<string, number> {
  const extents = new Map<string, number>();
  for (const { tensor, labels } of operands) {
    labels.forEach((label, axis) => {
      const extent = tensor.shape[axis];
      const known = extents.get(label);
      if (known !== undefined && known !== extent && known !== 1 && extent !== 1) {
        throw new ShapeError(
          `einsum: label '${label}' of '${equation}' has extents ${known} and ${extent}. Make them equal.`,
        );
      }
      if (known === undefined || known === 1) extents.set(label, extent);
    });
  }
  return extents;
}

/** Repeated labels of one term become the diagonal over them. */
function withoutRepeats(tensor: Tensor, labels: readonly string[]): Labelled {
  const repeated = labels.findIndex((label, i) => labels.indexOf(label) < i);
  if (repeated < 0) return { tensor, labels };
  const first = labels.indexOf(labels[repeated]);
  if (tensor.shape[first] !== tensor.shape[repeated]) {
    throw new ShapeError(
      `einsum: label '${labels[first]}' has extents ${tensor.shape[first]} and ${tensor.shape[repeated]} in one term.`,
    );
  }
  const rest = labels.filter((_, i) => i !== first && i !== repeated);
  return withoutRepeats(diagonal(tensor, first, repeated), [...rest, labels[first]]);
}

/** Axes of extent 1 that another operand widens carry nothing: they go. */
function withoutBroadcast({ tensor, labels }: Labelled, extents: Map<string, number>): Labelled {
  const kept = labels.map((label, axis) => tensor.shape[axis] === extents.get(label));
  if (kept.every(Boolean)) return { tensor, labels };
  return {
    tensor: reshape(
      tensor,
      tensor.shape.filter((_, i) => kept[i]),
    ),
    labels: labels.filter((_, i) => kept[i]),
  };
}

/** Sums over the labels that nothing else needs. */
function sumUnneeded({ tensor, labels }: Labelled, needed: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, axis) => (needed.has(label) ? [] : [axis]));
  if (axes.length === 0) return { tensor, labels };
  return { tensor: lax.reduceSum(tensor, axes) as Tensor, labels: labels.filter((label) => needed.has(label)) };
}

/** The axes of `from` in the order `labels`; labels it lacks get extent 1. */
function aligned({ tensor, labels: from }: Labelled, labels: readonly string[]): Tensor {
  const present = labels.filter((label) => from.includes(label));
  const ordered = permute(
    tensor,
    present.map((label) => from.indexOf(label)),
  );
  if (present.length === labels.length) return ordered;
  return reshape(
    ordered,
    labels.map((label) => (present.includes(label) ? ordered.shape[present.indexOf(label)] : 1)),
  );
}

function contract(a: Labelled, b: Labelled, needed: ReadonlySet<string>): Labelled {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const summed = shared.filter((label) => !needed.has(label));
  const batch = shared.filter((label) => needed.has(label));
  const free = (labels: readonly string[]): string[] => labels.filter((label) => !shared.includes(label));
  const labels = [...batch, ...free(a.labels), ...free(b.labels)];
  // Nothing to sum: a product of elements, which fuses with what is around it.
  if (summed.length === 0) return { tensor: aligned(a, labels).mul(aligned(b, labels)), labels };
  const axes = (of: Labelled, list: readonly string[]): number[] => list.map((label) => of.labels.indexOf(label));
  const tensor = lax.dotGeneral(a.tensor, b.tensor, {
    contract: [axes(a, summed), axes(b, summed)],
    batch: [axes(a, batch), axes(b, batch)],
  }) as Tensor;
  return { tensor, labels };
}

/**
 * Einstein summation: `einsum('bij,bjk->bik', x, y)`. Repeated labels in a term take the diagonal, labels
 * missing from the output are summed, `...` stands for any axes (broadcast), and without `->` the output has
 * the labels that occur once, sorted. Several operands are contracted pair by pair in the order of least cost.
 * @throws ArgumentError for a malformed equation; ShapeError where it does not fit the operands.
 */
export function einsum(equation: string, ...xs: readonly TensorLike[]): Tensor {
  if (typeof equation !== 'string') {
    throw new ArgumentError(`einsum: expected an equation such as 'ij,jk->ik' first, got ${describe(equation)}.`);
  }
  return composite('einsum', () => {
    const values = contractionOperands(xs);
    const { inputs, output } = parse(
      equation,
      values.map((value) => value.shape),
    );
    const labelled = values.map((value, i) => withoutRepeats(value, inputs[i]));
    const extents = labelExtents(equation, labelled);
    let operands = labelled.map((operand) => withoutBroadcast(operand, extents));
    const neededBeside = (...skip: readonly Labelled[]): Set<string> =>
      new Set([
        ...output,
        ...operands.filter((operand) => !skip.includes(operand)).flatMap((operand) => operand.labels),
      ]);
    operands = operands.map((operand) => sumUnneeded(operand, neededBeside(operand)));
    const order = contractionOrder(
      operands.map((operand) => operand.labels),
      output,
      extents,
    );
    for (const [i, j] of order) {
      const [a, b] = [operands[i], operands[j]];
      const product = contract(a, b, neededBeside(a, b));
      operands = [...operands.filter((operand) => operand !== a && operand !== b), product];
    }
    const result = sumUnneeded(operands[0], new Set(output));
    const shaped = aligned(result, output);
    return shaped.broadcastTo(output.map((label) => extents.get(label) as number));
  });
}
