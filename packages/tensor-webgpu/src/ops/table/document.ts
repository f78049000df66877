import { DTYPES, type DType } from '../../dtype/dtype.ts';
import type { OpEntry } from './entry.ts';
import { opChapters } from './index.ts';

/** A device that the functions run on, and the dtypes it has. */
interface DocumentedDevice {
  readonly name: string;
  readonly dtypes: readonly DType[];
}

const HEAD = `# Functions

Generated from the table that the tests run through (\`packages/tensor-webgpu/src/ops/table\`); \`pnpm docs:ops\` writes it anew.

- **Formula**: what one element, or one slice along the axis, becomes.
- **dtypes**: those that the tests try. JavaScript numbers take the dtype of the tensor they meet.
- **Devices**: where the tests hold the function to the columns beside it.
- **Derivatives**: how many orders the tests compare with finite differences; 2 stands for any order. \`-\`: piecewise constant, or not of floats.
- **Error**: the largest distance in units in the last place (f32 / f64) from the result in float64 at the table's examples.
  After \`of\` stands the size that errors are measured against where the result itself is smaller, as in sums that cancel.
`;

/** Entries of one function (\`add\` and \`add, broadcast\`) belong together. */
function byFunction(entries: readonly OpEntry[]): Map<string, OpEntry[]> {
  const functions = new Map<string, OpEntry[]>();
  for (const entry of entries) {
    const name = entry.name.split(/, | with /)[0];
    functions.set(name, [...(functions.get(name) ?? []), entry]);
  }
  return functions;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function row(name: string, entries: readonly OpEntry[], devices: readonly DocumentedDevice[]): string {
  const tried = new Set(entries.flatMap(({ dtypes }): readonly DType[] => dtypes ?? ['f32', 'f64']));
  const dtypes = [...DTYPES].reverse().filter((dtype) => tried.has(dtype));
  const order = Math.max(...entries.map((entry) => entry.order ?? 2));
  const scale = Math.max(...entries.map((entry) => entry.scale ?? 0));
  const [f32, f64] = (['f32', 'f64'] as const).map((dtype) => Math.max(...entries.map(({ ulp }) => ulp[dtype])));
  const error = f32 === 0 && f64 === 0 ? 'exact' : `${f32} / ${f64}${scale > 0 ? ` of ${scale}` : ''}`;
  const places = devices.filter((device) => dtypes.some((dtype) => device.dtypes.includes(dtype)));
  const formulas = new Set(entries.map(({ formula }) => formula));
  const columns = [
    `\`${name}\``,
    [...formulas].join('; '),
    dtypes.join(' '),
    places.map((device) => device.name).join(' '),
    order === 0 ? '-' : String(order),
    error,
  ];
  return `| ${columns.map(cell).join(' | ')} |`;
}

/** The text of docs/ops.md. */
export function opsDocument(devices: readonly DocumentedDevice[]): string {
  const chapters = Object.entries(opChapters).map(([title, entries]) => {
    const rows = [...byFunction(entries)].map(([name, own]) => row(name, own, devices));
    return [
      `\n## ${title}\n`,
      '| Function | Formula | dtypes | Devices | Derivatives | Error |',
      '| --- | --- | --- | --- | --- | --- |',
      ...rows,
    ].join('\n');
  });
  return `${HEAD}${chapters.join('\n')}\n`;
}
