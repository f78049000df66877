import type { DType } from '../../../dtype/dtype.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { bindingsOf, gridOf, NOTHING, type RoutineLimits, type RoutineMaker, type RoutineStep } from './routine.ts';
import { threadStep } from './threads.ts';

/** Elements that a workgroup sorts in its own memory: their places and first keys. */
const TILE = 1024;

/** An element as a u32 of the same order: NaN last, zeros of both signs alike. */
const ORDERED: Readonly<Record<DType, string>> = {
  f32: `fn ordered_f32(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) { return 0xffffffffu; }
  if (magnitude == 0u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, bits != magnitude);
}`,
  i32: 'fn ordered_i32(x: i32) -> u32 { return bitcast<u32>(x) ^ 0x80000000u; }',
  u32: 'fn ordered_u32(x: u32) -> u32 { return x; }',
  bool: 'fn ordered_bool(x: u32) -> u32 { return x; }',
  f64: '',
};

/**
 * Sorts along the last axis by a network of exchanges (Batcher 1968) over the places of elements. Equal keys are told apart by
 * their places, so that the order is a total one and the sort stable; at last the operands are read in that order.
 */
export const sort: RoutineMaker = (eqn, limits) => {
  const { numKeys } = eqn.params as { numKeys: number };
  const [{ shape }] = eqn.inputs;
  const size = sizeOf(shape);
  if (size === 0) return NOTHING;
  if (numKeys + 2 > limits.maxStorageBuffersPerShaderStage) return null;
  const extent = shape[shape.length - 1];
  const lines = size / extent;
  const padded = 2 ** Math.max(1, Math.ceil(Math.log2(extent)));
  const tile = Math.min(TILE, padded);
  const network = new Network(
    eqn.inputs.slice(0, numKeys).map(({ dtype }) => dtype),
    limits,
    { extent, padded, lines, tile },
  );
  // Passes differ in two numbers that lie in buffers, so that one kernel serves all of them.
  const passes: { block: number; distance: number }[] = [];
  for (let block = 2 * tile; block <= padded; block *= 2) {
    for (let distance = block / 2; distance >= tile; distance /= 2) passes.push({ block, distance });
    passes.push({ block, distance: 0 });
  }
  const steps = [...setUp(passes, limits), network.tileStep(null)];
  passes.forEach(({ distance }, i) => {
    steps.push(distance > 0 ? network.exchangeStep(1 + i) : network.tileStep(1 + i));
  });
  eqn.inputs.forEach(({ dtype }, i) => {
    steps.push(
      threadStep({
        label: 'sort: take',
        limits,
        buffers: [{ scratch: 0 }, { operand: i }, { result: i }],
        dtypes: ['u32', dtype, dtype],
        threads: size,
        body: `  let line = at / ${extent}u;
  b2[at] = b1[line * ${extent}u + b0[line * ${padded}u + at % ${extent}u]];`,
      }),
    );
  });
  return { scratch: [4 * lines * padded, ...passes.map(() => 8)], steps };
};

/** Steps that write the numbers of the passes into their buffers. */
function setUp(passes: readonly { block: number; distance: number }[], limits: RoutineLimits): RoutineStep[] {
  const together = limits.maxStorageBuffersPerShaderStage;
  return Array.from({ length: Math.ceil(passes.length / together) }, (_, step) => {
    const some = passes.slice(step * together, (step + 1) * together);
    const lines = some.map(({ block, distance }, i) => `  b${i}[0] = ${block}u; b${i}[1] = ${distance}u;`);
    return threadStep({
      label: 'sort: passes',
      limits,
      buffers: some.map((_pass, i) => ({ scratch: 1 + step * together + i })),
      dtypes: some.map(() => 'u32'),
      threads: 1,
      body: lines.join('\n'),
    });
  });
}

interface Extents {
  readonly extent: number;
  readonly padded: number;
  readonly lines: number;
  readonly tile: number;
}

class Network {
  private readonly limits: RoutineLimits;
  private readonly keys: readonly DType[];
  private readonly extents: Extents;

  constructor(keys: readonly DType[], limits: RoutineLimits, extents: Extents) {
    this.limits = limits;
    this.keys = keys;
    this.extents = extents;
  }

  private head(pass: number | null): string {
    const { extent } = this.extents;
    const types = [...new Set(this.keys)];
    const rest = this.keys.slice(1).map(
      (dtype, i) => `  {
    let x = ordered_${dtype}(b${i + 2}[base + i]);
    let y = ordered_${dtype}(b${i + 2}[base + j]);
    if (x != y) { return x < y; }
  }`,
    );
    // Places beyond the end go last.
    return `${bindingsOf(['u32', ...this.keys, ...(pass === null ? [] : (['u32'] as const))])}
${types.map((dtype) => ORDERED[dtype]).join('\n')}
fn first_key(base: u32, i: u32) -> u32 {
  if (i >= ${extent}u) { return 0xffffffffu; }
  return ordered_${this.keys[0]}(b1[base + i]);
}
fn before(base: u32, x: u32, i: u32, y: u32, j: u32) -> bool {
  if (max(i, j) >= ${extent}u) { return i < j; }
  if (x != y) { return x < y; }
${rest.join('\n')}
  return i < j;
}`;
  }

  private step(label: string, pass: number | null, source: string, workgroups: [number, number, number]): RoutineStep {
    const numbers = pass === null ? [] : [{ scratch: pass }];
    const buffers = [{ scratch: 0 }, ...this.keys.map((_, i) => ({ operand: i })), ...numbers];
    return { label, buffers, source: `${this.head(pass)}\n${source}`, workgroups };
  }

  /** The buffer of a pass's numbers. */
  private get numbers(): string {
    return `b${1 + this.keys.length}`;
  }

  /**
   * Exchanges within tiles: without a pass from the beginning (blocks of 2 up to the tile), else the last distances of the
   * merge of a larger block.
   */
  tileStep(pass: number | null): RoutineStep {
    const whole = pass === null;
    const { extent, padded, lines, tile } = this.extents;
    const threads = Math.min(256, tile / 2, this.limits.maxComputeInvocationsPerWorkgroup);
    const tiles = padded / tile;
    const workgroups = gridOf(lines * tiles, this.limits);
    const exchange = (size: string): string => `
      for (var pair = thread; pair < ${tile / 2}u; pair += ${threads}u) {
        let i = 2u * pair - (pair & (distance - 1u));
        let j = i + distance;
        let rising = ((tile0 + i) & ${size}) == 0u;
        if (before(base, keys[j], places[j], keys[i], places[i]) == rising) {
          let place = places[i]; places[i] = places[j]; places[j] = place;
          let key = keys[i]; keys[i] = keys[j]; keys[j] = key;
        }
      }
      workgroupBarrier();`;
    const passes = whole
      ? `for (var size = 2u; size <= ${tile}u; size *= 2u) {
    for (var distance = size / 2u; distance > 0u; distance /= 2u) {${exchange('size')}
    }
  }`
      : `for (var distance = ${tile / 2}u; distance > 0u; distance /= 2u) {${exchange('block')}
  }`;
    const source = `
var<workgroup> places: array<u32, ${tile}>;
var<workgroup> keys: array<u32, ${tile}>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let id = group.y * ${workgroups[0]}u + group.x;
  if (id >= ${lines * tiles}u) { return; }
  let line = id / ${tiles}u;
  let base = line * ${extent}u;
  let tile0 = (id % ${tiles}u) * ${tile}u;
${whole ? '' : `  let block = ${this.numbers}[0];`}
  for (var i = thread; i < ${tile}u; i += ${threads}u) {
    let place = ${whole ? 'tile0 + i' : `b0[line * ${padded}u + tile0 + i]`};
    places[i] = place;
    keys[i] = first_key(base, place);
  }
  workgroupBarrier();
  ${passes}
  for (var i = thread; i < ${tile}u; i += ${threads}u) { b0[line * ${padded}u + tile0 + i] = places[i]; }
}`;
    return this.step(whole ? 'sort: tiles' : 'sort: merge', pass, source, workgroups);
  }

  /** Exchanges over a distance of at least a tile. */
  exchangeStep(pass: number): RoutineStep {
    const { extent, padded, lines } = this.extents;
    const pairs = padded / 2;
    const workgroups = gridOf(Math.ceil((lines * pairs) / 64), this.limits);
    const source = `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let at = (group.y * ${workgroups[0]}u + group.x) * 64u + thread;
  if (at >= ${lines * pairs}u) { return; }
  let line = at / ${pairs}u;
  let pair = at % ${pairs}u;
  let base = line * ${extent}u;
  let distance = ${this.numbers}[1];
  let i = 2u * pair - (pair & (distance - 1u));
  let first = line * ${padded}u + i;
  let p = b0[first];
  let q = b0[first + distance];
  let rising = (i & ${this.numbers}[0]) == 0u;
  if (before(base, first_key(base, q), q, first_key(base, p), p) == rising) {
    b0[first] = q;
    b0[first + distance] = p;
  }
}`;
    return this.step('sort: exchange', pass, source, workgroups);
  }
}
