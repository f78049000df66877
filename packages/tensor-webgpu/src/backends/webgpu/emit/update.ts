import type { UpdateStage } from '../../../kernels/form.ts';
import type { Affine } from '../../../shape/affine.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { Elements } from './elements.ts';
import { type Body, type Kernel, WORKGROUP } from './kernel.ts';
import { placeBy, sumOf } from './space.ts';
import { choice, combined, declareSteps, type Split, splitOf, stepNames, windowsOf } from './update-places.ts';
import { u32 } from './wgsl-types.ts';

/** Looks at updates beyond which one workgroup makes them one after the other instead. */
const MANY_LOOKS = 2 ** 30;

/**
 * Updates without atomic operations: every place has a lane of its own, which combines what is meant for it in the order
 * of the space. The outcome is that of one thread.
 */
export function updateBody(kernel: Kernel, stage: UpdateStage): Body {
  const split = splitOf(stage);
  if (split) return ownPlaces(kernel, stage, split);
  const looks = sizeOf(stage.variable.shape) * sizeOf(stage.space);
  const windows = looks > MANY_LOOKS ? windowsOf(stage) : null;
  return windows ? oneByOne(kernel, stage, windows) : everyPlace(kernel, stage);
}

const guarded = (count: number, body: string): Body => ({
  workgroups: Math.ceil(count / WORKGROUP),
  text: `let at = block * ${u32(WORKGROUP)} + lane;\nif (at >= ${u32(count)}) { return; }\n${body}`,
});

/** Loops over some axes in the order of the space. */
function loopsOver(space: readonly number[], axes: readonly number[], names: readonly string[], body: string): string {
  return axes
    .filter((axis) => space[axis] > 1)
    .reduceRight(
      (inner, axis) =>
        `for (var ${names[axis]} = 0u; ${names[axis]} < ${u32(space[axis])}; ${names[axis]}++) {\n${inner}\n}`,
      body,
    );
}

function ownPlaces(kernel: Kernel, stage: UpdateStage, split: Split): Body {
  const { space, variable, place, terms, value } = stage;
  const names = stepNames(kernel, space);
  const locate = (form: Affine): string => placeBy(names, form);
  const chosen = terms.map((_, k) => `chosen${k}`);
  const limits = split.chosen ? terms.map(({ limit }) => limit + 1) : [];
  const own = sizeOf(split.own.map((axis) => space[axis]));
  const count = own * sizeOf(limits);
  // Neighbouring lanes take neighbouring steps of the place.
  const lines = [declareSteps(space, split.own, names, split.chosen ? `at % ${u32(own)}` : 'at')];
  let inner = own;
  if (split.chosen) {
    for (let k = terms.length - 1; k >= 0; k--) {
      lines.push(`let ${chosen[k]} = (at / ${u32(inner)}) % ${u32(limits[k])};`);
      inner *= limits[k];
    }
  }
  const elements = new Elements(kernel, locate);
  const positions = terms.map(({ index }, k) => choice(stage, k, elements.value(index)));
  const beside = positions.map(({ position, dropped }, k) => (split.chosen ? `${position} != ${chosen[k]}` : dropped));
  const conditions = beside.filter((condition) => condition !== null);
  const target = sumOf(
    [
      locate(place),
      ...terms.map(({ stride }, k) => `(${split.chosen ? chosen[k] : positions[k].position}) * ${u32(stride)}`),
    ],
    0,
  );
  const body = [...elements.lines];
  const left = split.turns.length > 0 ? 'continue;' : 'return;';
  if (conditions.length > 0) body.push(`if (${conditions.join(' || ')}) { ${left} }`);
  const computed = elements.lines.length;
  const found = elements.value(value);
  body.push(...elements.lines.slice(computed));
  const held = kernel.name('held');
  if (split.turns.length === 0) {
    body.push(
      `let ${held} = ${target};`,
      kernel.store(variable, held, combined(kernel, stage, kernel.load(variable, held), found)),
    );
    lines.push(...body);
  } else {
    const sum = kernel.name('sum');
    lines.push(`let ${held} = ${target};`, `var ${sum} = ${kernel.load(variable, held)};`);
    body.push(`${sum} = ${combined(kernel, stage, sum, found)};`);
    lines.push(loopsOver(space, split.turns, names, body.join('\n')), kernel.store(variable, held, sum));
  }
  return guarded(count, lines.join('\n'));
}

/** A lane for every element of the variable, which looks through all updates. */
function everyPlace(kernel: Kernel, stage: UpdateStage): Body {
  const { space, variable, place, terms, value } = stage;
  const names = stepNames(kernel, space);
  const locate = (form: Affine): string => placeBy(names, form);
  const elements = new Elements(kernel, locate);
  const positions = terms.map(({ index }, k) => choice(stage, k, elements.value(index)));
  const target = sumOf([locate(place), ...terms.map(({ stride }, k) => `(${positions[k].position}) * ${u32(stride)}`)]);
  const conditions = [...positions.flatMap(({ dropped }) => (dropped === null ? [] : [dropped])), `${target} != at`];
  const body = [...elements.lines, `if (${conditions.join(' || ')}) { continue; }`];
  const computed = elements.lines.length;
  const found = elements.value(value);
  const sum = kernel.name('sum');
  body.push(...elements.lines.slice(computed), `${sum} = ${combined(kernel, stage, sum, found)};`);
  const axes = space.map((_, axis) => axis);
  const wide = axes.some((axis) => space[axis] > 1);
  const loops = wide
    ? loopsOver(space, axes, names, body.join('\n'))
    : `loop {\n${body.join('\n').replace('continue;', 'break;')}\nbreak;\n}`;
  return guarded(
    sizeOf(variable.shape),
    [`var ${sum} = ${kernel.load(variable, 'at')};`, loops, kernel.store(variable, 'at', sum)].join('\n'),
  );
}

/** Updates of whole windows, one after the other: the lanes of one workgroup share each window. */
function oneByOne(kernel: Kernel, stage: UpdateStage, { own, turns }: Pick<Split, 'own' | 'turns'>): Body {
  const { space, variable, place, terms, value } = stage;
  const names = stepNames(kernel, space);
  const locate = (form: Affine): string => placeBy(names, form);
  const chosen = new Elements(kernel, locate);
  const positions = terms.map(({ index }, k) => choice(stage, k, chosen.value(index)));
  const dropped = positions.flatMap((one) => (one.dropped === null ? [] : [one.dropped]));
  const [kept, element, held] = ['kept', 'element', 'held'].map((name) => kernel.name(name));
  const elements = new Elements(kernel, locate);
  const found = elements.value(value);
  const target = sumOf([locate(place), ...terms.map(({ stride }, k) => `(${positions[k].position}) * ${u32(stride)}`)]);
  const size = u32(sizeOf(own.map((axis) => space[axis])));
  const window = [
    ...chosen.lines,
    `let ${kept} = ${dropped.length > 0 ? `!(${dropped.join(' || ')})` : 'true'};`,
    `for (var ${element} = lane; ${element} < ${size} && ${kept}; ${element} += ${u32(WORKGROUP)}) {`,
    declareSteps(space, own, names, element),
    ...elements.lines,
    `let ${held} = ${target};`,
    kernel.store(variable, held, combined(kernel, stage, kernel.load(variable, held), found)),
    '}',
    'storageBarrier();',
  ];
  return { workgroups: 1, text: loopsOver(space, turns, names, window.join('\n')) };
}
