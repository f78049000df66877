/**
 * What operations with kernels of their own take: functions of float64, division of integers, running operations, sorting and
 * small linear algebra; nanoseconds of processor time an element (a matrix for linear algebra) on one thread, the least of
 * several blocks. Beside them NumPy and SciPy, where `python3` (or `BENCH_PYTHON`) has them.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import * as ff from '@flowfield/tensor-webgpu';

type Tensor = ff.Tensor;

// As in the main table: V8 would optimize later, on a thread of its own.
setFlagsFromString('--no-liftoff');

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    out: { type: 'string', default: join(import.meta.dirname, '..', 'results', 'routines.json') },
  },
});

const BLOCKS = 7;
const BLOCK_MS = 30;
const COUNT = 1_000_000;
/** Means of results that differ by more than this part mean that one side computes something else. */
const AGREEMENT = 2e-3;

interface Row {
  readonly name: string;
  /** Elements or matrices of one run. */
  readonly units: number;
  readonly run: () => Tensor;
}

/** Numbers in [0, 1) that both sides make alike: multiples of the golden ratio, without their whole parts. */
function spread(count: number, offset = 0): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => ((i + 1 + offset) * 0.6180339887498949) % 1);
}

await ff.init({ threads: 1 });
ff.defaultDevice('cpu');
const u = spread(COUNT);
const v = spread(COUNT, 500_000);
const signed = u.map((x) => 6 * x - 3);
const f64 = (data: Float64Array): Tensor => ff.tensor(data, { dtype: 'f64' });
const f32 = (data: Float64Array): Tensor => ff.tensor(Float32Array.from(data));
const [u64, signed64, signed32] = [f64(u), f64(signed), f32(signed)];
const i32 = ff.tensor(Int32Array.from(u, (x) => Math.floor(20_000 * x - 10_000)));
const divisors = ff.tensor(Int32Array.from(v, (x) => Math.floor(50 * x + 1)));
const u32 = ff.tensor(Uint32Array.from(u, (x) => Math.floor(4e9 * x)));
const positive = f32(u.map((x) => 20 * x));
const inside = f32(u.map((x) => 1.99 * x - 0.995));
const rowsOf = (rows: number): Tensor => signed32.reshape([rows, COUNT / rows]);
const grid = ff.linspace(-3, 3, 1000);

function matrices(count: number, size: number): Tensor {
  return f32(spread(count * size * size).map((x) => 2 * x - 1)).reshape([count, size, size]);
}

/** A row of a function of tensors that are there before. */
const row = (name: string, units: number, f: (...x: Tensor[]) => Tensor, ...operands: Tensor[]): Row => {
  const compiled = ff.jit(f);
  return { name, units, run: () => compiled(...operands) };
};

const all: Row[] = [
  row('exp, f64', COUNT, ff.exp, signed64),
  row('log, f64', COUNT, ff.log, u64),
  row('sin, f64', COUNT, ff.sin, signed64),
  row('tanh, f64', COUNT, ff.tanh, signed64),
  row('pow, f64', COUNT, ff.pow, u64, signed64),
  row('erf, f64', COUNT, ff.erf, signed64),
  row('lgamma, f32', COUNT, ff.lgamma, positive),
  row('digamma, f32', COUNT, ff.digamma, positive),
  row('erfInv, f32', COUNT, ff.erfInv, inside),
  row('floor division, i32', COUNT, ff.floorDivide, i32, divisors),
  row('modulo, i32', COUNT, ff.mod, i32, divisors),
  row('floor division, u32', COUNT, ff.floorDivide, u32, divisors.astype('u32')),
  row('running sum, f32', COUNT, (x) => ff.cumsum(x), positive),
  row('running sum down columns, f32', COUNT, (x) => ff.cumsum(x, { axis: 0 }), positive.reshape([1000, 1000])),
  row('running logsumexp, f32', COUNT, (x) => ff.cumlogsumexp(x), signed32),
  row('sort, f32', COUNT, (x) => ff.sort(x), signed32),
  row('sort 1000 rows, f32', COUNT, (x) => ff.sort(x), rowsOf(1000)),
  row('sort 100,000 rows, f32', COUNT, (x) => ff.sort(x), rowsOf(100_000)),
  row('sort, i32', COUNT, (x) => ff.sort(x), i32),
  row('sort, f64', COUNT, (x) => ff.sort(x), signed64),
  row('argsort 1000 rows, f32', COUNT, (x) => ff.argsort(x), rowsOf(1000)),
  row('top 8 of 1000 rows, f32', COUNT, (x) => ff.topK(x, 8).values, rowsOf(1000)),
  row('searchsorted in 1000, f32', COUNT, (x) => ff.searchsorted(grid, x), signed32),
];
for (const [count, size] of [
  [4096, 4],
  [512, 16],
  [8, 64],
] as const) {
  const label = `${count} of ${size}x${size}`;
  const a = matrices(count, size);
  const definite = a.add(ff.moveaxis(a, 1, 2)).add(ff.eye(size).mul(4 * size));
  all.push(
    row(`cholesky, ${label}`, count, ff.linalg.cholesky, definite),
    row(`solve, ${label}`, count, ff.linalg.solve, definite, a),
    row(`qr, ${label}`, count, (x) => ff.abs(ff.linalg.qr(x).r), a),
    row(`eigh, ${label}`, count, (x) => ff.linalg.eigh(x).eigenvalues, definite),
    row(`svd, ${label}`, count, (x) => ff.linalg.svd(x).s, a),
  );
}
const rows = all.filter(({ name }) => name.includes(options.only));
if (rows.length === 0)
  throw new RangeError(`No row contains '${options.only}'. Rows: ${all.map(({ name }) => name).join('; ')}.`);

/** Milliseconds of processor time of this thread. */
function processorTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Nanoseconds of a unit. Blocks are long in processor time, which ticks by milliseconds. */
function timeOf({ run, units }: Row): number {
  run().dispose();
  let least = Number.POSITIVE_INFINITY;
  for (let block = 0; block < BLOCKS; block++) {
    const began = processorTime();
    let runs = 0;
    let taken = 0;
    for (; taken < BLOCK_MS; taken = processorTime() - began, runs++) run().dispose();
    least = Math.min(least, taken / runs);
  }
  return (least * 1e6) / units;
}

interface Peer {
  readonly version: string;
  readonly rows: Readonly<Record<string, { readonly ns: number; readonly mean: number }>>;
}

/** NumPy's figures; `null` where there is no Python with it. */
function numpy(): Peer | null {
  const script = join(import.meta.dirname, '..', 'peers', 'numpy_routines.py');
  const asked = rows.map(({ name, units }) => ({ name, units }));
  const { status, stdout } = spawnSync(process.env['BENCH_PYTHON'] ?? 'python3', [script], {
    input: JSON.stringify(asked),
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  return status === 0 ? (JSON.parse(stdout) as Peer) : null;
}

const peer = numpy();
const beside = peer ? `NumPy ${peer.version}` : 'no NumPy at hand (BENCH_PYTHON names a Python that has it)';
console.log(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}, one thread; ${beside}.`);
console.log(
  `${'ns an element or a matrix'.padEnd(34)}${'ours'.padStart(12)}${'NumPy'.padStart(12)}${'ratio'.padStart(8)}`,
);
const results = rows.map((each) => {
  const other = peer?.rows[each.name];
  const result = each.run();
  const mean = result.astype('f64').mean().item();
  result.dispose();
  if (other && !(Math.abs(mean - other.mean) <= AGREEMENT * Math.max(1e-3, Math.abs(other.mean))))
    throw new Error(`${each.name}: the mean of our results is ${mean}, that of NumPy's ${other.mean}.`);
  const ns = timeOf(each);
  const figure = (value: number): string => (value < 100 ? value.toFixed(2) : value.toFixed(0)).padStart(12);
  const ratio = other ? (ns / other.ns).toFixed(2).padStart(8) : '';
  console.log(`${each.name.padEnd(34)}${figure(ns)}${other ? figure(other.ns) : ''}${ratio}`);
  return { name: each.name, ns, numpy: other?.ns ?? null };
});
mkdirSync(dirname(options.out), { recursive: true });
writeFileSync(
  options.out,
  `${JSON.stringify({ processor: cpus()[0]?.model, node: process.versions.node, numpy: peer?.version ?? null, rows: results }, null, 2)}\n`,
);
