import { loadsOf } from '../../../kernels/expression.ts';
import type { LoopStage, ReduceStage, Store } from '../../../kernels/form.ts';
import type { Affine } from '../../../shape/affine.ts';
import { sameShape, sizeOf } from '../../../shape/shape.ts';
import { combinationOf } from './combine.ts';
import { Elements, type Locate } from './elements.ts';
import {
  BUSY_LANES,
  gathering,
  LANES_ALONG,
  LONG_SUM,
  MUCH_MEMORY,
  resultsAtOnce,
  type Shares,
  sharesFor,
} from './gathering.ts';
import type { Body, Kernel } from './kernel.ts';
import { placesIn } from './loops.ts';
import { sumOf, Walk } from './space.ts';
import type { Spot } from './spot.ts';
import { u32 } from './wgsl-types.ts';

/** Terms of each lane that are worth a piece of their own, and pieces at most. */
const LEAST_PIECE = 128;
const MOST_PIECES = 1024;

export const resultsOf = (stage: ReduceStage): number => sizeOf(stage.space.slice(0, stage.kept));
export const termsOf = (stage: ReduceStage): number => sizeOf(stage.space.slice(stage.kept));

/** In how many pieces, the same on every device, each result is computed. */
export function piecesOf(stage: ReduceStage): number {
  const [results, terms] = [resultsOf(stage), termsOf(stage)];
  if (terms <= LONG_SUM) return 1;
  const { perResult } = sharesOf(stage);
  const lanes = results * perResult;
  if (2 * lanes > BUSY_LANES) return 1;
  const perLane = Math.floor(terms / perResult);
  return Math.max(1, Math.min(MOST_PIECES, Math.ceil(BUSY_LANES / lanes), Math.floor(perLane / LEAST_PIECE)));
}

/** Whether neighbouring terms of a result lie beside each other, rather than neighbouring results. */
function runsAlong({ space, kept, value }: ReduceStage): boolean {
  const dense = (axis: number): number =>
    axis < 0 ? 0 : loadsOf([value]).filter((load) => load.place.strides[axis] === 1).length;
  const last = (from: number, to: number): number => {
    for (let axis = to - 1; axis >= from; axis--) if (space[axis] > 1) return axis;
    return -1;
  };
  return dense(last(kept, space.length)) >= dense(last(0, kept));
}

function sharesOf(stage: ReduceStage): Shares {
  const [results, terms, along] = [resultsOf(stage), termsOf(stage), runsAlong(stage)];
  const least = along && results * terms >= MUCH_MEMORY && terms >= 4 * LANES_ALONG ? LANES_ALONG : 1;
  return sharesFor(results, terms, along, least);
}

/** The parts of a gathering that compute the values of a reduction, and those of the loops before it that it takes along. */
function valuesOfReduction(kernel: Kernel, stage: ReduceStage, before: readonly Store[] = []) {
  const { space, kept, value, variable, operation } = stage;
  const places: readonly Affine[] = [
    ...placesIn([value, ...before.map((store) => store.value)]),
    ...before.map(({ place }) => place),
  ];
  const over = new Walk(space, places, 0, kept);
  const along = new Walk(space, places, kept, space.length);
  const [outer, inner] = [kernel.name('k'), kernel.name('l')];
  const locate: Locate = (place) =>
    sumOf([...over.terms(`${outer}_`, place), ...along.terms(`${inner}_`, place)], place.offset);
  const combination = combinationOf(kernel, operation, operation.startsWith('arg') ? value.dtype : variable.dtype);
  return {
    combination,
    begin: (result: string) => over.declare(`${outer}_`, result),
    term: (position: string) => {
      const first = new Elements(kernel, locate);
      const made = new Map(before.map((store) => [store.variable, first.value(store.value)]));
      const stores = before.map((store) =>
        kernel.store(store.variable, locate(store.place), made.get(store.variable) as string),
      );
      const elements = new Elements(kernel, locate, made);
      const found = elements.value(value);
      const text = [along.declare(`${inner}_`, position), ...first.lines, ...stores, ...elements.lines].join('\n');
      return { text, parts: combination.single(found, position) };
    },
  };
}

/** Whether a reduction reads what loops make only where they make it, so that a lane can do both for an element. */
export function takesAlong({ space, value }: ReduceStage, loops: LoopStage): boolean {
  const stores = new Map(loops.stores.map((store) => [store.variable, store]));
  if (stores.size < loops.stores.length || !sameShape(space, loops.space)) return false;
  const made = loadsOf([value]).filter((load) => stores.has(load.variable));
  return (
    made.length > 0 &&
    made.every(({ variable, place, terms }) => {
      const own = (stores.get(variable) as Store).place;
      const strides = place.strides.every((stride, axis) => space[axis] === 1 || stride === own.strides[axis]);
      return terms.length === 0 && place.offset === own.offset && strides;
    })
  );
}

/**
 * Statements that reduce the results from `from` to `to` of a stage in one go, and make what it takes along from the loops
 * before it.
 */
export function reduceRange(
  kernel: Kernel,
  stage: ReduceStage,
  shares: Shares,
  from: string,
  to: string,
  before?: LoopStage,
): string {
  const { combination, begin, term } = valuesOfReduction(kernel, stage, before?.stores);
  return gathering(kernel, {
    shares,
    combination,
    from,
    to,
    begin,
    terms: ['0u', u32(termsOf(stage))],
    term,
    // A result may take the place of what the loops were the last to read.
    overwrites: before !== undefined,
    end: (result, parts) => kernel.store(stage.variable, result, combination.finish(parts)),
  });
}

/** Statements that give each workgroup its results of `total`. */
export function shareResults(shares: Shares, total: number, body: (from: string, to: string) => string): Body {
  const each = resultsAtOnce(shares);
  const text = `let first = block * ${u32(each)};\nlet end = min(first + ${u32(each)}, ${u32(total)});\n${body('first', 'end')}`;
  return { workgroups: Math.ceil(total / each), text };
}

/** A whole reduction in one kernel. */
export function reduceBody(kernel: Kernel, stage: ReduceStage): Body {
  const shares = sharesOf(stage);
  return shareResults(shares, resultsOf(stage), (from, to) => reduceRange(kernel, stage, shares, from, to));
}

/** Bytes of partial results when a reduction runs in pieces; for positions the values and then the positions. */
export const pieceBytes = (stage: ReduceStage): number =>
  4 * resultsOf(stage) * piecesOf(stage) * (stage.operation.startsWith('arg') ? 2 : 1);

/** The kernel that computes the pieces. */
export function piecesBody(kernel: Kernel, stage: ReduceStage, scratch: Spot): Body {
  const pieces = piecesOf(stage);
  const results = resultsOf(stage);
  const total = results * pieces;
  const length = Math.ceil(termsOf(stage) / pieces);
  const shares = sharesOf(stage);
  const { combination, begin, term } = valuesOfReduction(kernel, stage);
  const name = kernel.name('piece');
  return shareResults(shares, total, (from, to) =>
    gathering(kernel, {
      shares,
      combination,
      from,
      to,
      begin: (result) =>
        [
          `let ${name}_of = ${result} % ${u32(results)};`,
          `let ${name}_from = (${result} / ${u32(results)}) * ${u32(length)};`,
          `let ${name}_to = min(${name}_from + ${u32(length)}, ${u32(termsOf(stage))});`,
          begin(`${name}_of`),
        ].join('\n'),
      terms: [`${name}_from`, `${name}_to`],
      term,
      end: (result, parts) =>
        combination.parts
          .map(({ dtype }, i) =>
            kernel.storeAt(scratch, dtype, i === 0 ? result : `${result} + ${u32(i * total)}`, parts[i]),
          )
          .join('\n'),
    }),
  );
}

/** The kernel that combines the pieces. */
export function joinBody(kernel: Kernel, stage: ReduceStage, scratch: Spot): Body {
  const pieces = piecesOf(stage);
  const results = resultsOf(stage);
  const shares = sharesFor(results, pieces, true);
  const { combination } = valuesOfReduction(kernel, stage);
  return shareResults(shares, results, (from, to) =>
    gathering(kernel, {
      shares,
      combination,
      from,
      to,
      begin: () => '',
      terms: ['0u', u32(pieces)],
      term: (position, result) => ({
        text: '',
        parts: combination.parts.map(({ dtype }, i) =>
          kernel.loadAt(scratch, dtype, sumOf([`${position} * ${u32(results)}`, result], i * results * pieces)),
        ),
      }),
      end: (result, parts) => kernel.store(stage.variable, result, combination.finish(parts)),
    }),
  );
}
