import { loadsOf } from '../../../kernels/expression.ts';
import type { UpdateStage } from '../../../kernels/form.ts';
import type { Affine } from '../../../shape/affine.ts';
import { sizeOf } from '../../../shape/shape.ts';
import type { Draft } from './draft.ts';
import { Elements } from './elements.ts';
import { type Body, elementwise, type Kernel, type Touched, touchedBy, WORKGROUP } from './kernel.ts';
import type { Region } from './region.ts';
import { placeBy, sumOf } from './space.ts';
import type { Spot } from './spot.ts';
import { changing, choice, combined, declareSteps, type Split, splitOf, stepNames } from './update-places.ts';
import { u32 } from './wgsl-types.ts';

/** Looks at updates from which on lists of them by place are made first. */
const MANY_LOOKS = 2 ** 26;
/** Updates that one lane sorts, at the least; lanes at most; and counters of all lanes at most. */
const LEAST_SHARE = 64;
const MOST_SHARES = 4096;
const MOST_COUNTERS = 2 ** 24;

/** An update whose turns are sorted by the places that they choose, each place's in their order. */
export interface Lists {
  readonly split: Split;
  /** Places that indices choose, updates, and how many lanes sort these. */
  readonly places: number;
  readonly updates: number;
  readonly shares: number;
}

/** Whether, and how, an update goes by lists: many updates to many places, by indices that do not depend on the place. */
export function listsOf(stage: UpdateStage, bindings: number): Lists | null {
  const { space, terms, variable, value } = stage;
  const split = splitOf(stage);
  if (!split?.chosen || terms.length === 0) return null;
  const indices = changing(
    terms.map(({ index }) => index),
    space,
  );
  if (split.own.some((axis) => indices.has(axis))) return null;
  const bound = new Set([variable, ...loadsOf([value]).map((load) => load.variable)]);
  if (bound.size + 1 > bindings) return null;
  const places = sizeOf(terms.map(({ limit }) => limit + 1));
  const updates = sizeOf(split.turns.map((axis) => space[axis]));
  const own = sizeOf(split.own.map((axis) => space[axis]));
  if (own * places * updates < MANY_LOOKS) return null;
  const shares = Math.min(MOST_SHARES, Math.ceil(updates / LEAST_SHARE), Math.floor(MOST_COUNTERS / places));
  return shares < 1 ? null : { split, places, updates, shares };
}

/** Counters of every share, where each place's list begins (and the last ends), and the lists. */
const parts = ({ places, updates, shares }: Lists) => {
  const starts = shares * places;
  const lists = starts + places + 1;
  return { starts, lists, end: lists + updates };
};

export const listBytes = (lists: Lists): number => 4 * parts(lists).end;

/** The bodies of such an update, one after the other. */
export function listDrafts(region: Region, stage: UpdateStage, lists: Lists, scratch: Spot, label: string): Draft[][] {
  const { places, updates, shares } = lists;
  const { starts, lists: first } = parts(lists);
  const length = Math.ceil(updates / shares);
  const own: Touched = { spot: scratch, type: 'u32' };
  const keyed = touchedBy(region, new Set(loadsOf(stage.terms.map(({ index }) => index)).map((load) => load.variable)));
  const valued = touchedBy(region, new Set([stage.variable, ...loadsOf([stage.value]).map((load) => load.variable)]));
  const step = (what: string, touched: readonly Touched[], flops: number, body: (kernel: Kernel) => Body): Draft[] => [
    { label: `${label}: ${what}`, touched: [...touched, own], flops, body },
  ];
  const at = (kernel: Kernel, index: string): string => kernel.loadAt(scratch, 'u32', index);
  const put = (kernel: Kernel, index: string, value: string): string => kernel.storeAt(scratch, 'u32', index, value);
  /** Goes through a share of the updates in order, with the place that each chooses. */
  const through = (kernel: Kernel, share: string, then: (update: string, place: string) => string): string => {
    const [update, end] = [kernel.name('update'), kernel.name('end')];
    return [
      `let ${end} = min(${share} * ${u32(length)} + ${u32(length)}, ${u32(updates)});`,
      `for (var ${update} = ${share} * ${u32(length)}; ${update} < ${end}; ${update}++) {`,
      chosenPlace(kernel, stage, lists, update, (place) => then(update, place)),
      '}',
    ].join('\n');
  };
  return [
    step('nothing counted', [], shares * places, (kernel) =>
      elementwise(shares * places, (counter) => put(kernel, counter, '0u')),
    ),
    step('count', keyed, updates, (kernel) =>
      elementwise(shares, (share) =>
        through(kernel, share, (_update, place) => {
          const counter = `${share} * ${u32(places)} + ${place}`;
          return put(kernel, counter, `${at(kernel, counter)} + 1u`);
        }),
      ),
    ),
    step('sum over shares', [], shares * places, (kernel) =>
      elementwise(places, (place) => {
        const [sum, share, count] = ['sum', 'share', 'count'].map((name) => kernel.name(name));
        const counter = `${share} * ${u32(places)} + ${place}`;
        return [
          `var ${sum} = 0u;`,
          `for (var ${share} = 0u; ${share} < ${u32(shares)}; ${share}++) {`,
          `let ${count} = ${at(kernel, counter)};`,
          put(kernel, counter, sum),
          `${sum} += ${count};`,
          '}',
          put(kernel, `${place} + ${u32(starts)}`, sum),
        ].join('\n');
      }),
    ),
    step('sum over places', [], places, (kernel) => ({
      workgroups: 1,
      text: prefixSums(kernel, scratch, starts, places),
    })),
    step('sort', keyed, updates, (kernel) =>
      elementwise(shares, (share) =>
        through(kernel, share, (update, place) => {
          const counter = `${share} * ${u32(places)} + ${place}`;
          const slot = kernel.name('slot');
          return [
            `let ${slot} = ${at(kernel, counter)};`,
            put(kernel, counter, `${slot} + 1u`),
            put(kernel, `${at(kernel, `${place} + ${u32(starts)}`)} + ${slot} + ${u32(first)}`, update),
          ].join('\n');
        }),
      ),
    ),
    step('combine', valued, sizeOf(stage.space), (kernel) => combineLists(kernel, stage, lists, scratch)),
  ];
}

/** Statements that find the place which an update chooses, and go on with its number unless the update is dropped. */
function chosenPlace(
  kernel: Kernel,
  stage: UpdateStage,
  { split }: Lists,
  update: string,
  then: (place: string) => string,
): string {
  const names = stepNames(kernel, stage.space);
  const elements = new Elements(kernel, (form: Affine) => placeBy(names, form));
  const steps = declareSteps(stage.space, split.turns, names, update);
  const found = stage.terms.map(({ index }, k) => choice(stage, k, elements.value(index)));
  const dropped = found.flatMap((one) => (one.dropped === null ? [] : [one.dropped]));
  const place = kernel.name('place');
  const number = stage.terms.reduce(
    (sum, { limit }, k) => (k === 0 ? found[k].position : `(${sum}) * ${u32(limit + 1)} + ${found[k].position}`),
    '',
  );
  return [
    steps,
    ...elements.lines,
    ...(dropped.length > 0 ? [`if (${dropped.join(' || ')}) { continue; }`] : []),
    `let ${place} = ${number};`,
    then(place),
  ].join('\n');
}

/** Statements of one workgroup: counts become where each list begins, and the end of the last one comes after them. */
function prefixSums(kernel: Kernel, scratch: Spot, starts: number, places: number): string {
  kernel.declare('shared0', `var<workgroup> shared0: array<u32, ${WORKGROUP}>;`);
  const each = Math.ceil(places / WORKGROUP);
  const element = (i: string): string => `${i} + ${u32(starts)}`;
  return [
    `let begin = min(lane * ${u32(each)}, ${u32(places)});`,
    `let stop = min(begin + ${u32(each)}, ${u32(places)});`,
    'var total = 0u;',
    `for (var i = begin; i < stop; i++) { total += ${kernel.loadAt(scratch, 'u32', element('i'))}; }`,
    'shared0[lane] = total;',
    'workgroupBarrier();',
    'var before = 0u;',
    'for (var other = 0u; other < lane; other++) { before += shared0[other]; }',
    'for (var i = begin; i < stop; i++) {',
    `let count = ${kernel.loadAt(scratch, 'u32', element('i'))};`,
    kernel.storeAt(scratch, 'u32', element('i'), 'before'),
    'before += count;',
    '}',
    `if (lane == ${u32(WORKGROUP - 1)}) { ${kernel.storeAt(scratch, 'u32', u32(starts + places), 'before')} }`,
  ].join('\n');
}

/** Every place combines the updates of its list, in their order. */
function combineLists(kernel: Kernel, stage: UpdateStage, lists: Lists, scratch: Spot): Body {
  const { space, variable, place, terms, value } = stage;
  const { split, places } = lists;
  const { starts, lists: first } = parts(lists);
  const own = sizeOf(split.own.map((axis) => space[axis]));
  return elementwise(own * places, (at) => {
    const names = stepNames(kernel, space);
    const locate = (form: Affine): string => placeBy(names, form);
    const [chosen, held, sum, entry, update] = ['chosen', 'held', 'sum', 'entry', 'update'].map((name) =>
      kernel.name(name),
    );
    const lines = [
      declareSteps(space, split.own, names, `${at} % ${u32(own)}`),
      `let ${chosen} = ${at} / ${u32(own)};`,
    ];
    let inner = 1;
    const moves: string[] = [];
    for (let k = terms.length - 1; k >= 0; k--) {
      const { limit, stride } = terms[k];
      moves.push(`((${chosen} / ${u32(inner)}) % ${u32(limit + 1)}) * ${u32(stride)}`);
      inner *= limit + 1;
    }
    const elements = new Elements(kernel, locate);
    const found = elements.value(value);
    const start = kernel.loadAt(scratch, 'u32', `${chosen} + ${u32(starts)}`);
    const end = kernel.loadAt(scratch, 'u32', `${chosen} + ${u32(starts + 1)}`);
    lines.push(
      `let ${held} = ${sumOf([locate(place), ...moves])};`,
      `var ${sum} = ${kernel.load(variable, held)};`,
      `let ${entry}_end = ${end};`,
      `for (var ${entry} = ${start}; ${entry} < ${entry}_end; ${entry}++) {`,
      `let ${update} = ${kernel.loadAt(scratch, 'u32', `${entry} + ${u32(first)}`)};`,
      declareSteps(space, split.turns, names, update),
      ...elements.lines,
      `${sum} = ${combined(kernel, stage, sum, found)};`,
      '}',
      kernel.store(variable, held, sum),
    );
    return lines.join('\n');
  });
}
