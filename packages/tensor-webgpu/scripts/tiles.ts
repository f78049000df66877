// Times the matrix product of float32 numbers on this machine's GPU by tile: what the plan chooses from, and others.
//   node --conditions=@flowfield/source scripts/tiles.ts [--sizes 1024,4096] [--seconds 100] [--out tiles.json]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Tile } from '../src/backends/webgpu/products/index.ts';
import { Operands, openCard, prepare, timed } from './gpuProducts.ts';

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '4096,1024,8192,2048' },
    seconds: { type: 'string', default: '100' },
    out: { type: 'string', default: 'tiles.json' },
    block: { type: 'string', default: '60' },
    tiny: { type: 'boolean', default: false },
  },
});

const { device, name } = await openCard();

const form = (
  rows: number,
  columns: number,
  depth: number,
  threadRows: number,
  threadColumns: number,
  unroll = 1,
): Tile => ({ rows, columns, depth, threadRows, threadColumns, unroll });
const tiles: (Tile | undefined)[] = [
  undefined,
  form(128, 128, 8, 8, 8),
  form(128, 128, 16, 8, 8),
  form(128, 128, 16, 8, 8, 4),
  form(128, 128, 16, 8, 8, 16),
  form(128, 128, 8, 8, 8, 8),
  form(128, 128, 32, 8, 8),
  form(128, 64, 16, 8, 8),
  form(64, 128, 16, 8, 8),
  form(64, 128, 16, 4, 8),
  form(128, 256, 8, 8, 16),
  form(64, 64, 16, 8, 8),
  form(64, 64, 16, 8, 8, 16),
  form(128, 64, 16, 8, 4),
  form(128, 64, 16, 8, 8, 16),
  form(64, 64, 16, 8, 4),
  form(64, 64, 16, 4, 8),
  form(64, 64, 16, 4, 4),
  form(64, 64, 32, 8, 4),
  form(32, 64, 16, 4, 4),
  form(32, 32, 16, 4, 4),
];
/** Where the contracted axes of A and B lie close together. */
const forms = [
  ['A·B', true, false],
  ['A·Bᵀ', true, true],
  ['Aᵀ·B', false, false],
] as const;

interface Result {
  name: string;
  ms: number | null;
  tflops?: number;
  plan?: string;
  error?: string;
}

const nameOf = ({ rows, columns, depth, threadRows, threadColumns, unroll }: Tile): string =>
  `tile ${rows}x${columns}x${depth}, thread ${threadRows}x${threadColumns}${unroll === undefined || unroll === 1 ? '' : `, unrolled ${unroll}`}`;

/** Emulated, a kernel of large tiles compiles for many seconds. */
const tried = options.tiny ? tiles.slice(-1) : tiles;
const began = performance.now();
const spent = () => (performance.now() - began) / 1000;
const results: Result[] = [];
for (const n of options.tiny ? [64] : options.sizes.split(',').map(Number)) {
  for (const [text, lhsRows, rhsRows] of forms) {
    if (spent() > Number(options.seconds)) {
      console.log(`${text}, n = ${n}: no time left`);
      continue;
    }
    const operands = new Operands(device, { batch: 1, m: n, n, k: n, lhsRows, rhsRows });
    // Compilers work beside each other; times are taken one after the other.
    const prepared = await Promise.all(tried.map((tile) => prepare(device, operands, { tile })));
    for (const [i, tile] of tried.entries()) {
      const result: Result = { name: `${text}, n = ${n}, ${tile ? nameOf(tile) : 'as planned'}`, ms: null };
      const ready = prepared[i];
      if (typeof ready === 'string') result.error = ready;
      else {
        const { family, tile: taken, pieces } = ready.plan;
        result.plan = `${family} ${taken ? nameOf(taken) : ''}, ${pieces} pieces`;
        const found = await timed(ready, operands, Number(options.block));
        ready.destroy();
        if (typeof found === 'string') result.error = found;
        else Object.assign(result, { ms: found, tflops: (2 * n ** 3) / found / 1e9 });
      }
      results.push(result);
      console.log(
        result.name.padEnd(64),
        result.error ?? `${result.ms?.toPrecision(4)} ms, ${result.tflops?.toFixed(2)} TFLOP/s, ${result.plan}`,
      );
    }
    operands.destroy();
    writeFileSync(
      options.out,
      `${JSON.stringify({ library: 'flowfield tiles', device: name, rows: results }, null, 1)}\n`,
    );
  }
}
process.exit(0);
