import { isFloat } from '../dtype/dtype.ts';
import type { Aval } from '../program/aval.ts';
import { sizeOf } from '../shape/shape.ts';
import type { Picks } from './picks.ts';

/** Writes a function of the same inputs around the function called `f`; `null` where the transform does not apply. */
type Wrap = (f: string, inputs: readonly Aval[], outputs: readonly Aval[], picks: Picks) => string | null;

const places = (avals: readonly Aval[]): number[] => avals.flatMap(({ dtype }, i) => (isFloat(dtype) ? [i] : []));

/** A floating scalar of the outputs `o`, with a different cotangent for every element. */
function score(outputs: readonly Aval[]): string {
  const terms = places(outputs).map((i) => `sum(sin(o[${i}]))${outputs[i].dtype === 'f32' ? '' : ".astype('f32')"}`);
  return terms.reduce((sum, term) => `${sum}.add(${term})`);
}

/** Directions for `jvp`, a smooth function of each floating value of `of`. */
const directions = (of: string, avals: readonly Aval[], direction: string): string =>
  `[${avals.map(({ dtype }, i) => (isFloat(dtype) ? `${direction}(${of}[${i}])` : `zerosLike(${of}[${i}])`)).join(', ')}]`;

const differentiable = (inputs: readonly Aval[], outputs: readonly Aval[]): boolean =>
  places(inputs).length > 0 && places(outputs).length > 0;

/** The gradients of all floating inputs. */
const gradients = (f: string, inputs: readonly Aval[], outputs: readonly Aval[]): string =>
  `grad((...ys) => { const o = ${f}(...ys); return ${score(outputs)}; }, { argnums: [${places(inputs).join(', ')}] })(...xs)`;

/** Two slices for each mapped input, and the axes they are stacked on. */
function batches(
  inputs: readonly Aval[],
  picks: Picks,
): { stacked: string; axes: (number | null)[]; slices: [string, string] } {
  const other = ({ dtype }: Aval, i: number): string =>
    isFloat(dtype) ? `xs[${i}].mul(0.7).add(0.1)` : dtype === 'bool' ? `logicalNot(xs[${i}])` : `xs[${i}].add(1)`;
  const axes = inputs.map(({ shape }, i) => (i > 0 && picks.once(3) ? null : picks.below(shape.length + 1)));
  const stacked = inputs.map((aval, i) =>
    axes[i] === null ? `xs[${i}]` : `stack([xs[${i}], ${other(aval, i)}], ${axes[i]})`,
  );
  const second = inputs.map((aval, i) => (axes[i] === null ? `xs[${i}]` : other(aval, i)));
  return { stacked: stacked.join(', '), axes, slices: ['...xs', second.join(', ')] };
}

const list = (axes: readonly (number | null)[]): string => `[${axes.join(', ').replace(/(^|, )(?=,|$)/g, '$1null')}]`;

/** A floating input small enough for a Jacobian by it. */
const smallInput = (inputs: readonly Aval[], picks: Picks): number | undefined => {
  const small = places(inputs).filter((i) => sizeOf(inputs[i].shape) <= 6);
  return small.length > 0 ? picks.of(small) : undefined;
};

const jacobian =
  (transform: string): Wrap =>
  (f, inputs, outputs, picks) => {
    const by = smallInput(inputs, picks);
    const results = places(outputs).filter((i) => sizeOf(outputs[i].shape) <= 60);
    if (by === undefined || results.length === 0) return null;
    const given = inputs.map((_, i) => (i === by ? 'y' : `xs[${i}]`)).join(', ');
    return `(...xs) => [${transform}((y) => ${f}(${given})[${picks.of(results)}])(xs[${by}])]`;
  };

/** Transforms that random programs are put into. */
export const transforms: Readonly<Record<string, Wrap>> = {
  jit: (f) => `jit(${f})`,
  checkpoint: (f) => `checkpoint(${f})`,
  grad: (f, inputs, outputs) =>
    differentiable(inputs, outputs) ? `(...xs) => ${gradients(f, inputs, outputs)}` : null,
  valueAndGrad: (f, inputs, outputs) =>
    differentiable(inputs, outputs)
      ? `(...xs) => { const [value, slopes] = ${gradients(f, inputs, outputs).replace('grad', 'valueAndGrad')}; return [value, ...slopes]; }`
      : null,
  jvp: (f, inputs, outputs) =>
    differentiable(inputs, outputs) ? `(...xs) => jvp(${f}, xs, ${directions('xs', inputs, 'cos')}).flat()` : null,
  linearize: (f, inputs, outputs) =>
    differentiable(inputs, outputs)
      ? `(...xs) => { const [o, push] = linearize(${f}, ...xs); return [...o, ...push(...${directions('xs', inputs, 'cos')})]; }`
      : null,
  vjp: (f, inputs, outputs) =>
    differentiable(inputs, outputs)
      ? `(...xs) => { const [o, pull] = vjp(${f}, ...xs); return [...o, ...pull(${directions('o', outputs, 'cos')})]; }`
      : null,
  vmap: (f, inputs, _outputs, picks) => {
    const { stacked, axes } = batches(inputs, picks);
    return `(...xs) => vmap(${f}, { inAxes: ${list(axes)} })(${stacked})`;
  },
  jacfwd: jacobian('jacfwd'),
  jacrev: jacobian('jacrev'),
  hessian: (f, inputs, outputs, picks) => {
    const by = smallInput(inputs, picks);
    if (by === undefined || places(outputs).length === 0) return null;
    const given = inputs.map((_, i) => (i === by ? 'y' : `xs[${i}]`)).join(', ');
    return `(...xs) => [hessian((y) => { const o = ${f}(${given}); return ${score(outputs)}; })(xs[${by}])]`;
  },
};

/** Laws of the transforms, as functions whose outputs are equal two by two: the first half and the second. */
export const laws: Readonly<Record<string, Wrap>> = {
  /** Gradients come in the order that was asked for, one asked for twice as often. */
  order: (f, inputs, outputs, picks) => {
    const moving = places(inputs);
    if (!differentiable(inputs, outputs)) return null;
    const asked = [...picks.shuffled(moving.length), picks.below(moving.length)].map((k) => moving[k]);
    const one = (argnums: string): string =>
      `grad((...ys) => { const o = ${f}(...ys); return ${score(outputs)}; }, { argnums: ${argnums} })(...xs)`;
    // All of them move both times: a custom rule need not agree with its function where nothing moves.
    const sorted = [...moving].sort((a, b) => a - b);
    const chosen = asked.map((n) => `g[${sorted.indexOf(n)}]`);
    return `(...xs) => { const g = ${one(`[${sorted.join(', ')}]`)}; return [${chosen.join(', ')}, ...${one(`[${asked.join(', ')}]`)}]; }`;
  },
  /** The gradient along a direction is the forward derivative. */
  duality: (f, inputs, outputs) => {
    if (!differentiable(inputs, outputs)) return null;
    const along = directions('xs', inputs, 'cos');
    const products = places(inputs).map((i, k) => `sum(slopes[${k}].mul(along[${i}])).astype('f64')`);
    return (
      `(...xs) => { const along = ${along}; const slopes = ${gradients(f, inputs, outputs)}; ` +
      `const s = (...ys) => { const o = ${f}(...ys); return ${score(outputs)}; }; ` +
      `return [jvp(s, xs, along)[1].astype('f64'), ${products.reduce((sum, term) => `${sum}.add(${term})`)}]; }`
    );
  },
  /** A mapped function is the function on every slice. */
  batching: (f, inputs, outputs, picks) => {
    const { stacked, axes, slices } = batches(inputs, picks);
    return (
      `(...xs) => { const whole = vmap(${f}, { inAxes: ${list(axes)} })(${stacked}); const [a, b] = [${f}(${slices[0]}), ${f}(${slices[1]})]; ` +
      `return [...whole, ...[${outputs.map((_, i) => `stack([a[${i}], b[${i}]])`).join(', ')}]]; }`
    );
  },
};

export const wrapOf = (name: string): Wrap => transforms[name] ?? laws[name];
export const isLaw = (name: string): boolean => name in laws;
