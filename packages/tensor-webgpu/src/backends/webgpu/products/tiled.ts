import { rowVectors, threadsOf } from './plan.ts';
import type { ProductPlan, ProductStep, Tile, VectorAxis } from './request.ts';
import { scalarOf, vectorOf } from './types.ts';

/** Tiles of so many rows are computed side by side before the next ones, so that the cache holds what they share. */
const ROWS_TOGETHER = 8;
const COMPONENTS = ['x', 'y', 'z', 'w'];

/**
 * A workgroup computes a tile of C. Its threads bring blocks of 4 × 4 elements of both operands into workgroup memory, the
 * contracted axis first, while the step before is being computed; each thread multiplies a few rows by a few columns, in
 * groups of four that lie apart so that neighbors read neighboring vectors.
 */
export function tiledSource(plan: ProductPlan, step: ProductStep): string {
  const { request, pieces, pieceLength } = plan;
  const tile = plan.tile as Tile;
  const { batch, m, n, k, dtype } = request;
  const vector = vectorOf(dtype);
  const threads = threadsOf(tile);
  const [tilesDown, tilesAcross] = [Math.ceil(m / tile.rows), Math.ceil(n / tile.columns)];
  const [lhsRow, rhsRow] = [rowVectors(tile.rows), rowVectors(tile.columns)];
  const lhsBlocks = (tile.rows / 4) * (tile.depth / 4);
  const rhsBlocks = (tile.columns / 4) * (tile.depth / 4);
  const rounds = Math.ceil((lhsBlocks + rhsBlocks) / threads);
  const across = tile.columns / tile.threadColumns;
  const down = tile.rows / tile.threadRows;
  const groups = tilesDown * tilesAcross * batch * pieces;
  const whole = k % tile.depth === 0;

  const fetch = Array.from(
    { length: rounds },
    (_, r) => `
      block${r} = fetch_block(thread + ${r * threads}u, b, row0, column0, c, end);`,
  ).join('');
  const keep = Array.from(
    { length: rounds },
    (_, r) => `
    keep_block(thread + ${r * threads}u, block${r});`,
  ).join('');

  return `
struct Block { v0: ${vector}, v1: ${vector}, v2: ${vector}, v3: ${vector} }
var<workgroup> lhs_tile: array<${vector}, ${lhsRow * tile.depth}>;
var<workgroup> rhs_tile: array<${vector}, ${rhsRow * tile.depth}>;
${blockReader('lhs', m, tile.rows, plan.vectors.lhs, dtype, whole)}
${blockReader('rhs', n, tile.columns, plan.vectors.rhs, dtype, whole)}
${blockPlace('lhs', tile.rows, tile.depth, plan.vectors.lhs)}
${blockPlace('rhs', tile.columns, tile.depth, plan.vectors.rhs)}
fn fetch_block(q: u32, b: u32, row0: u32, column0: u32, c: u32, end: u32) -> Block {
  if (q < ${lhsBlocks}u) {
    let place = lhs_place(q);
    return read_lhs(b, row0 + place.x, c + place.y, end);
  }
  let place = rhs_place(${wrap('q', lhsBlocks, rhsBlocks, rounds * threads)});
  return read_rhs(b, column0 + place.x, c + place.y, end);
}
fn keep_block(q: u32, block: Block) {
  if (q < ${lhsBlocks}u) {
    let place = lhs_place(q);
    let at = place.y * ${lhsRow}u + place.x / 4u;
    lhs_tile[at] = block.v0;
    lhs_tile[at + ${lhsRow}u] = block.v1;
    lhs_tile[at + ${2 * lhsRow}u] = block.v2;
    lhs_tile[at + ${3 * lhsRow}u] = block.v3;
  } else if (q < ${lhsBlocks + rhsBlocks}u) {
    let place = rhs_place(q - ${lhsBlocks}u);
    let at = place.y * ${rhsRow}u + place.x / 4u;
    rhs_tile[at] = block.v0;
    rhs_tile[at + ${rhsRow}u] = block.v1;
    rhs_tile[at + ${2 * rhsRow}u] = block.v2;
    rhs_tile[at + ${3 * rhsRow}u] = block.v3;
  }
}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let id = group.y * ${step.workgroups[0]}u + group.x;
  if (id >= ${groups}u) { return; }
  let inside = id % ${tilesDown * tilesAcross}u;
  let outside = id / ${tilesDown * tilesAcross}u;
  let b = outside % ${batch}u;
  let piece = outside / ${batch}u;
  let band = inside / ${ROWS_TOGETHER * tilesAcross}u;
  let height = min(${ROWS_TOGETHER}u, ${tilesDown}u - band * ${ROWS_TOGETHER}u);
  let within = inside % ${ROWS_TOGETHER * tilesAcross}u;
  let row0 = (band * ${ROWS_TOGETHER}u + within % height) * ${tile.rows}u;
  let column0 = (within / height) * ${tile.columns}u;
  let begin = piece * ${pieceLength}u;
  let end = min(begin + ${pieceLength}u, ${k}u);
  let tx = thread % ${across}u;
  let ty = thread / ${across}u;
${accumulators(tile)
  .map((name) => `  var ${name} = ${vector}();`)
  .join('\n')}
${Array.from({ length: rounds }, (_, r) => `  var block${r} = Block();`).join('\n')}
  for (var c = begin; ; c += ${tile.depth}u) {
    if (c < end) {${fetch}
    }
    // The first turn has no tile yet, the last one no more to fetch.
    if (c > begin) {
      for (var s = 0u; s < ${tile.depth}u; s += ${tile.unroll ?? 1}u) {
${multiply(tile, lhsRow, rhsRow, down, across, dtype === 'f32')}
      }
    }
    if (c >= end) { break; }
    workgroupBarrier();${keep}
    workgroupBarrier();
  }
  for (var e = 0u; e < ${accumulators(tile).length}u; e++) {
    var value: ${vector};
    switch e {
${accumulators(tile)
  .map((name, e) => `      case ${e}u: { value = ${name}; }`)
  .join('\n')}
      default: {}
    }
    let r = e / ${tile.threadColumns / 4}u;
    let row = row0 + (r / 4u) * ${4 * down}u + ty * 4u + r % 4u;
    let column = column0 + (e % ${tile.threadColumns / 4}u) * ${4 * across}u + tx * 4u;
${m % tile.rows === 0 ? '' : `    if (row >= ${m}u) { continue; }\n`}${COMPONENTS.map((component, q) => {
  const call = `take(piece, b, row, column + ${q}u, value.${component});`;
  return n % tile.columns === 0 ? `    ${call}` : `    if (column + ${q}u < ${n}u) { ${call} }`;
}).join('\n')}
  }
}`;
}

/** A block beyond the last one reads the last one's place: it is not kept. */
const wrap = (q: string, before: number, count: number, all: number): string =>
  all > before + count ? `min(${q} - ${before}u, ${count - 1}u)` : `${q} - ${before}u`;

const accumulators = ({ threadRows, threadColumns }: Tile): string[] =>
  Array.from({ length: threadRows }, (_, r) =>
    Array.from({ length: threadColumns / 4 }, (_, q) => `sum${r}_${q}`),
  ).flat();

/** Contracted elements of the tile: for each a thread's rows times its columns. */
function multiply(tile: Tile, lhsRow: number, rhsRow: number, down: number, across: number, isFloat: boolean): string {
  const { threadRows, threadColumns, unroll = 1 } = tile;
  const quads = threadColumns / 4;
  const turns = Array.from({ length: unroll }, (_, turn) => {
    const lines: string[] = [];
    for (let q = 0; q < threadRows / 4; q++)
      lines.push(`let a${q} = lhs_tile[(s + ${turn}u) * ${lhsRow}u + ${q * down}u + ty];`);
    for (let q = 0; q < quads; q++)
      lines.push(`let b${q} = rhs_tile[(s + ${turn}u) * ${rhsRow}u + ${q * across}u + tx];`);
    for (let r = 0; r < threadRows; r++) {
      const factor = `a${Math.floor(r / 4)}.${COMPONENTS[r % 4].repeat(4)}`;
      for (let q = 0; q < quads; q++) {
        lines.push(
          isFloat ? `sum${r}_${q} = fma(${factor}, b${q}, sum${r}_${q});` : `sum${r}_${q} += ${factor} * b${q};`,
        );
      }
    }
    return `        {\n${lines.map((line) => `          ${line}`).join('\n')}\n        }`;
  });
  return turns.join('\n');
}

/** Where block q of a tile lies in it: the free and the contracted index. Neighbors read along the contiguous axis. */
function blockPlace(name: 'lhs' | 'rhs', extent: number, depth: number, axis: VectorAxis | null): string {
  const steps = axis === 'free' ? extent / 4 : depth / 4;
  const [fast, slow] = [`(q % ${steps}u) * 4u`, `(q / ${steps}u) * 4u`];
  return `fn ${name}_place(q: u32) -> vec2u { return vec2u(${axis === 'free' ? `${fast}, ${slow}` : `${slow}, ${fast}`}); }`;
}

/** Reads a block of 4 free by 4 contracted elements, zeros beyond the ends; \`v0\` … \`v3\` go along the contracted axis. */
function blockReader(
  name: 'lhs' | 'rhs',
  extent: number,
  step: number,
  axis: VectorAxis | null,
  dtype: ProductPlan['request']['dtype'],
  whole: boolean,
): string {
  const [scalar, vector] = [scalarOf(dtype), vectorOf(dtype)];
  const even = extent % step === 0;
  const guard = (free: string, contract: string, value: string, type: string): string => {
    const conditions = [even ? '' : `${free} < ${extent}u`, whole ? '' : `${contract} < end`].filter(
      (each) => each !== '',
    );
    return conditions.length === 0
      ? `return ${value};`
      : `if (${conditions.join(' && ')}) { return ${value}; } return ${type}();`;
  };
  const head = `fn read_${name}(b: u32, f: u32, c: u32, end: u32) -> Block`;
  const parameters = '(b: u32, f: u32, c: u32, end: u32)';
  if (axis !== null) {
    const one = `fn ${name}_vector${parameters} -> ${vector} { ${guard('f', 'c', `${name}_at(b, f, c)`, vector)} }`;
    if (axis === 'free') {
      const reads = [0, 1, 2, 3].map((i) => `${name}_vector(b, f, c + ${i}u, end)`);
      return `${one}\n${head} { return Block(${reads.join(', ')}); }`;
    }
    const reads = [0, 1, 2, 3].map((i) => `  let w${i} = ${name}_vector(b, f + ${i}u, c, end);`);
    const turned = COMPONENTS.map(
      (component) => `${vector}(${[0, 1, 2, 3].map((i) => `w${i}.${component}`).join(', ')})`,
    );
    return `${one}\n${head} {\n${reads.join('\n')}\n  return Block(${turned.join(', ')});\n}`;
  }
  const one = `fn ${name}_one${parameters} -> ${scalar} { ${guard('f', 'c', `${name}_at(b, f, c)`, scalar)} }`;
  const vectors = [0, 1, 2, 3].map(
    (i) => `${vector}(${[0, 1, 2, 3].map((j) => `${name}_one(b, f + ${j}u, c + ${i}u, end)`).join(', ')})`,
  );
  return `${one}\n${head} {\n  return Block(${vectors.join(', ')});\n}`;
}
