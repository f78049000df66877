// Times products of many shapes on this machine's GPU in every way that a plan may choose, and prints the thresholds of
// src/backends/webgpu/products/plan.ts that fit them.
//   node --conditions=@flowfield/source scripts/products.ts [--seconds 80] [--out products.json] [--tiny]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ProductRequest, THRESHOLDS } from '../src/backends/webgpu/products/index.ts';
import { fitThresholds, lossOf, type Timed, type Way } from './fitThresholds.ts';
import { Operands, openCard, prepare, type Shape, timed } from './gpuProducts.ts';

const { values: options } = parseArgs({
  options: {
    /** Seconds after which no further shape begins. */
    seconds: { type: 'string', default: '80' },
    out: { type: 'string', default: 'products.json' },
    block: { type: 'string', default: '8' },
    tiny: { type: 'boolean', default: false },
  },
});

const shape = (m: number, n: number, k: number, more: Partial<Shape> = {}): Shape => ({
  ...{ batch: 1, m, n, k, lhsRows: true, rhsRows: false },
  ...more,
});
const weights: Partial<Shape> = { lhsRows: false };
/** The largest square first: it gives the tiles their speeds. Then from what networks have most of to what is rare. */
const SHAPES: readonly Shape[] = options.tiny
  ? [shape(64, 64, 64), shape(64, 16, 16), shape(16, 16, 64, weights)]
  : [
      shape(4096, 4096, 4096),
      ...[64, 256, 1024].flatMap((w) => [shape(1024, w, w), shape(16384, w, w), shape(w, w, 1024, weights)]),
      ...[64, 256, 1024].map((w) => shape(w, w, 16384, weights)),
      ...[128, 256, 512, 1024, 2048].map((n) => shape(n, n, n)),
      ...[16, 32].flatMap((w) => [shape(4096, w, w), shape(65536, w, w), shape(w, w, 65536, weights)]),
      shape(65536, 64, 3),
      shape(3, 64, 65536, weights),
      shape(65536, 1, 256),
      shape(256, 1, 65536, weights),
      shape(1, 1, 1 << 20),
      shape(1, 1024, 1024),
      shape(16, 1024, 1024),
      ...[8, 16, 24, 48].map((n) => shape(n, n, 4096)),
      ...[16, 32, 64].map((n) => shape(n, n, n, { batch: 256 })),
      shape(2048, 2048, 64),
      shape(128, 128, 1 << 17, weights),
    ];

/** More multiplications than these in a way without tiles would take too long. */
const MOST_PLAIN_WORK = 2 ** 31;
const PIECES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
/** A shape's ways with tiles whose pieces are shorter, or threads more than so many, gain nothing. */
const LEAST_PIECE = 32;
const MOST_THREADS = 2 ** 20;

const { device, name } = await openCard();
const began = performance.now();
const spent = () => (performance.now() - began) / 1000;
const found: Timed[] = [];
const failures: string[] = [];
for (const each of SHAPES) {
  const { batch, m, n, k } = each;
  const title = `${batch > 1 ? `${batch} times ` : ''}${m} x ${k} by ${k} x ${n}`;
  if (spent() > Number(options.seconds)) {
    console.log(`${title}: no time left`);
    continue;
  }
  const operands = new Operands(device, each);
  const ways: Way[] = [];
  // Compilers work beside each other; times are taken one after the other.
  const prepared = await Promise.all(waysOf(each).map((way) => prepare(device, operands, way)));
  for (const ready of prepared) {
    const ms = typeof ready === 'string' ? ready : await timed(ready, operands, Number(options.block));
    if (typeof ready !== 'string') ready.destroy();
    if (typeof ms === 'string' || typeof ready === 'string') failures.push(`${title}: ${ms}`);
    else ways.push({ plan: { family: ready.plan.family, tile: ready.plan.tile, pieces: ready.plan.pieces }, ms });
  }
  operands.destroy();
  if (ways.length === 0) continue;
  ways.sort((a, b) => a.ms - b.ms);
  // Limits of a device do not become JSON.
  const { limits } = operands.request();
  const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupStorageSize, maxComputeWorkgroupsPerDimension } =
    limits;
  const plain = { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupStorageSize, maxComputeWorkgroupsPerDimension };
  found.push({ request: operands.request({ limits: plain }), ways });
  const [{ plan, ms }] = ways;
  const way = plan.tile ? `tile ${plan.tile.rows}x${plan.tile.columns}, ${plan.pieces} pieces` : plan.family;
  const lost = lossOf(found.slice(-1), THRESHOLDS).mean;
  console.log(`${title.padEnd(40)} ${way.padEnd(28)} ${ms.toPrecision(3)} ms; as planned ${lost.toFixed(2)} times`);
  write();
}

const thresholds = write();
console.log(`\n${found.length} shapes in ${spent().toFixed(0)} s; set in products/plan.ts:\n`);
const { tiles, ...numbers } = thresholds;
for (const { tile, speed } of tiles) {
  const { rows, columns, depth, threadRows, threadColumns } = tile;
  console.log(`    { tile: tile(${[rows, columns, depth, threadRows, threadColumns].join(', ')}), speed: ${speed} },`);
}
for (const [threshold, value] of Object.entries(numbers)) console.log(`  ${threshold}: ${value},`);
for (const failure of failures) console.log(failure);
process.exit(0);

/** Everything that a plan of a shape may choose. */
function waysOf({ batch, m, n, k }: Shape): Partial<ProductRequest>[] {
  const plain = batch * m * n * k <= MOST_PLAIN_WORK ? (['small', 'rows'] as const).map((family) => ({ family })) : [];
  // Emulated, a kernel of large tiles compiles for many seconds.
  const tiled = (options.tiny ? THRESHOLDS.tiles.slice(-1) : THRESHOLDS.tiles).flatMap(({ tile }) => {
    const groups = batch * Math.ceil(m / tile.rows) * Math.ceil(n / tile.columns);
    const threads = (groups * tile.rows * tile.columns) / (tile.threadRows * tile.threadColumns);
    return PIECES.filter(
      (pieces) => pieces === 1 || (k / pieces >= LEAST_PIECE && threads * pieces <= MOST_THREADS),
    ).map((pieces) => ({ tile, pieces }));
  });
  return [...plain, ...tiled];
}

/** Writes what was found so far, and gives the thresholds that fit it. */
function write(): typeof THRESHOLDS {
  const [{ ways }] = found;
  const speeds = THRESHOLDS.tiles.map(({ tile }) =>
    Math.min(
      ...ways
        .filter(({ plan }) => plan.tile?.rows === tile.rows && plan.tile.columns === tile.columns)
        .map(({ ms }) => ms),
    ),
  );
  const fastest = Math.min(...speeds);
  const tiles = THRESHOLDS.tiles.map(({ tile, speed }, i) => ({
    tile,
    speed: Number.isFinite(speeds[i]) ? Number((fastest / speeds[i]).toFixed(2)) : speed,
  }));
  const fitted = fitThresholds(found, { ...THRESHOLDS, tiles });
  const result = {
    ...{ library: 'flowfield products', device: name, shapes: found, failures },
    thresholds: { present: THRESHOLDS, fitted },
    // How many times as long plans take as the fastest ways.
    loss: { present: lossOf(found, THRESHOLDS), fitted: lossOf(found, fitted) },
  };
  writeFileSync(options.out, `${JSON.stringify(result, null, 1)}\n`);
  return fitted;
}
