import * as library from '../index.ts';
import type { Aval } from '../program/aval.ts';
import type { Value } from '../program/value.ts';
import { sizeOf } from '../shape/shape.ts';
import { traceProgram } from '../trace/builder.ts';
import { type Draft, inputData, mentions } from './draft.ts';
import { Picks } from './picks.ts';
import { wrapOf } from './wraps.ts';

export type ListFunction = (...xs: Value[]) => readonly Value[];

/** The library's members by the names that expressions use; `var` is a word of the language. */
export const members: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries(library).filter(([name]) => name !== 'var'),
);
const names = Object.keys(members);

/** The value of an expression in the public functions of the library and in `given`. */
export function evaluateText(text: string, given: Readonly<Record<string, unknown>> = {}): unknown {
  // Only what the text mentions is handed in: long programs have thousands of values.
  const words = [...new Set(text.match(/[A-Za-z_$][\w$]*/g) ?? [])];
  const own = words.filter((word) => Object.hasOwn(given, word));
  const known = words.filter((word) => !Object.hasOwn(given, word) && Object.hasOwn(members, word));
  const run = new Function(...known, ...own, `"use strict"; return (${text});`);
  return run(...known.map((name) => members[name]), ...own.map((name) => given[name]));
}

/** Results larger than this are not worth their time. */
const MOST_OUTPUT_ELEMENTS = 20000;

/** A function as text. It calls the one before it by the name `f` and a number. */
export interface FunctionText {
  /** The transform that it applies; empty for the innermost. */
  readonly transform: string;
  readonly text: string;
}

/** The functions of a draft: the body, then one for each transform that applies. */
export function functionTexts(draft: Draft): FunctionText[] {
  const lines = draft.statements.map(({ name, text }) => `  const ${name} = ${text};\n`).join('');
  const texts: FunctionText[] = [
    {
      transform: '',
      text: `(${draft.inputs.map(({ name }) => name).join(', ')}) => {\n${lines}  return [${draft.outputs.join(', ')}];\n}`,
    },
  ];
  let inner = evaluateText(texts[0].text) as ListFunction;
  for (const { name, picks } of draft.wraps) {
    const { outputs } = traceProgram(draft.inputs, inner).program;
    if (outputs.reduce((sum, aval: Aval) => sum + sizeOf(aval.shape), 0) > MOST_OUTPUT_ELEMENTS) break;
    const f = `f${texts.length - 1}`;
    const text = wrapOf(name)(f, draft.inputs, outputs, new Picks(picks));
    if (text === null) continue;
    texts.push({ transform: name, text });
    inner = evaluateText(text, { [f]: inner }) as ListFunction;
  }
  return texts;
}

/** The outermost function. */
export function functionOf(texts: readonly FunctionText[]): ListFunction {
  return texts.reduce<ListFunction>(
    (inner, { text }, i) => evaluateText(text, i === 0 ? {} : { [`f${i - 1}`]: inner }) as ListFunction,
    () => [],
  );
}

/** A draft as a TypeScript file that runs it on the CPU device and on the reference. */
export function runnable(draft: Draft): string {
  const texts = functionTexts(draft);
  const data = inputData(draft);
  const inputs = draft.inputs.map(
    ({ shape, dtype }, i) =>
      `  tensor(new ${data[i].constructor.name}([${Array.from(data[i], (x) => (Object.is(x, -0) ? '-0' : x)).join(', ')}]), { shape: [${shape.join(', ')}], dtype: '${dtype}', device }),`,
  );
  const last = `f${texts.length - 1}`;
  const body = [
    ...texts.map(({ text }, i) => `const f${i} = ${text};`),
    'const inputs = (device) => [',
    ...inputs,
    '];',
    "for (const device of ['cpu', 'reference']) {",
    '  defaultDevice(device);',
    `  console.log(device, JSON.stringify(jit((...xs) => ${last}(...xs))(...inputs(device)).map((x) => x.toArray())));`,
    '}',
  ].join('\n');
  const used = names.filter((name) => mentions(body, name));
  return `// @ts-nocheck\nimport { ${used.join(', ')} } from '@flowfield/tensor-webgpu';\n\n${body}\n`;
}
