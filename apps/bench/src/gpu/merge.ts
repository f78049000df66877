// Puts results of the GPU bench and of its peers side by side.
//   node --conditions=@flowfield/source src/gpu/merge.ts gpu.json torch.json jax.json
import { existsSync, readFileSync } from 'node:fs';

interface Results {
  readonly library: string;
  readonly device: string;
  readonly rows: readonly {
    readonly name: string;
    readonly ms: number | null;
    readonly tflops?: number;
    readonly error?: string;
  }[];
}

const files = process.argv.slice(2).filter((path) => existsSync(path));
const all = files.map((path) => JSON.parse(readFileSync(path, 'utf8')) as Results);
if (all.length === 0) throw new Error('Expected the files to merge, such as gpu.json torch.json jax.json.');
const [ours, ...peers] = all;
for (const { library, device } of all) console.log(`${library}: ${device}`);

const cell = (row: Results['rows'][number] | undefined): string => {
  if (!row) return '';
  if (row.ms === null) return row.error ?? 'failed';
  return `${row.ms.toPrecision(3)} ms${row.tflops ? ` (${row.tflops.toFixed(1)})` : ''}`;
};
const heads = ['row', `${ours.library} (TFLOP/s)`, ...peers.flatMap(({ library }) => [library, 'ratio'])];
console.log(`\n| ${heads.join(' | ')} |\n| ${heads.map(() => '---').join(' | ')} |`);
for (const row of ours.rows) {
  const cells = peers.flatMap(({ rows }) => {
    const other = rows.find(({ name }) => name === row.name);
    const ratio = row.ms !== null && other?.ms ? (row.ms / other.ms).toPrecision(2) : '';
    return [cell(other), ratio];
  });
  console.log(`| ${[row.name, cell(row), ...cells].join(' | ')} |`);
}
