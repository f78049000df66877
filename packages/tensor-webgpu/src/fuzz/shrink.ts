import { type Draft, withoutUnused } from './draft.ts';
import type { Sketch } from './sketch.ts';

/** Programs smaller than `sketch`, the boldest cuts first. */
function* smallerSketches(sketch: Sketch): Generator<Sketch> {
  const { steps, inputs, wraps } = sketch;
  for (let k = wraps.length - 1; k >= 0; k--) yield { ...sketch, wraps: wraps.filter((_, i) => i !== k) };
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = steps.length - size; at >= 0; at -= size)
      yield { ...sketch, steps: [...steps.slice(0, at), ...steps.slice(at + size)] };
  }
  for (let k = 0; k < inputs.length; k++) {
    if (inputs.length > 1) yield { ...sketch, inputs: inputs.filter((_, i) => i !== k) };
    const withShape = (shape: readonly number[]): Sketch => ({
      ...sketch,
      inputs: inputs.map((input, i) => (i === k ? { ...input, shape } : input)),
    });
    for (let axis = 0; axis < inputs[k].shape.length; axis++) {
      yield withShape(inputs[k].shape.filter((_, i) => i !== axis));
      const extent = inputs[k].shape[axis];
      for (const less of [1, 2, Math.floor(extent / 2), extent - 1]) {
        if (less > 0 && less < extent) yield withShape(inputs[k].shape.map((e, i) => (i === axis ? less : e)));
      }
    }
  }
}

/** Drafts with less before or after a value: a statement made an input, or returned at once. */
function* smallerDrafts(draft: Draft): Generator<Draft> {
  for (let k = draft.wraps.length - 1; k >= 0; k--) yield { ...draft, wraps: draft.wraps.filter((_, i) => i !== k) };
  if (draft.outputs.length > 1)
    for (const name of draft.outputs)
      yield withoutUnused({ ...draft, outputs: draft.outputs.filter((other) => other !== name) });
  for (const { name } of draft.statements)
    if (!(draft.outputs.length === 1 && draft.outputs[0] === name)) yield withoutUnused({ ...draft, outputs: [name] });
  for (const statement of [...draft.statements].reverse()) {
    const { name, shape, dtype } = statement;
    yield withoutUnused({
      ...draft,
      inputs: [...draft.inputs, { name, shape, dtype }],
      statements: draft.statements.filter((other) => other !== statement),
    });
    // A like value in its place.
    const like = [...draft.inputs, ...draft.statements].find(
      (other) => other.dtype === dtype && other.shape.join() === shape.join() && other.name !== name,
    );
    if (like && Number(like.name.slice(1)) < Number(name.slice(1))) {
      yield withoutUnused({
        ...draft,
        statements: draft.statements.map((other) => (other === statement ? { ...other, text: like.name } : other)),
      });
    }
  }
}

function descend<T>(start: T, smaller: (from: T) => Iterable<T>, fails: (candidate: T) => boolean, until: number): T {
  let best = start;
  for (let improved = true; improved; ) {
    improved = false;
    for (const candidate of smaller(best)) {
      if (performance.now() > until) return best;
      if (fails(candidate)) {
        best = candidate;
        improved = true;
        break;
      }
    }
  }
  return best;
}

/** The smallest program found within some seconds that still fails as `sketch` does. */
export function shrink(
  sketch: Sketch,
  write: (sketch: Sketch) => Draft,
  fails: (draft: Draft) => boolean,
  seconds = 4,
): Draft {
  const half = performance.now() + 500 * seconds;
  const small = descend(
    sketch,
    smallerSketches,
    (candidate) => {
      try {
        return fails(write(candidate));
      } catch {
        return false;
      }
    },
    half,
  );
  const draft = write(small);
  const size = (d: Draft): number =>
    10 * d.statements.length +
    d.outputs.length +
    d.inputs.length +
    10 * d.wraps.length +
    d.statements.reduce((sum, { text }) => sum + Math.min(9, text.length / 20), 0);
  const smaller = (from: Draft): Draft[] =>
    [...smallerDrafts(from)].filter((candidate) => size(candidate) < size(from)).sort((a, b) => size(a) - size(b));
  const start = withoutUnused(draft);
  return descend(fails(start) ? start : draft, smaller, fails, half + 500 * seconds);
}
