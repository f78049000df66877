import { beforeAll, describe, expect, it } from 'vitest';
import type { DType, TypedArray } from '../../dtype/dtype.ts';
import { fuse } from '../../fuse/fuse.ts';
import type { Tensor } from '../../index.ts';
import * as ff from '../../index.ts';
import { lower } from '../../optimize/simplify.ts';
import type { Program } from '../../program/program.ts';
import { traceProgram } from '../../trace/builder.ts';
import { openGpu, webGpu } from './api.ts';
import { WebGpuDevice } from './device.ts';
import type { Node } from './emit/nodes.ts';
import { emitProgram } from './emit/program.ts';
import { exchangingLanes } from './exchangeTrial.ts';
import { gpuTarget } from './target.ts';

let device: GPUDevice;
let info: GPUAdapterInfo;
/** How many lanes of this GPU exchange registers. */
let lanes: number;

beforeAll(async () => {
  ({ device, info } = await openGpu(await webGpu()));
  lanes = await exchangingLanes(device, info);
});

const reason = 'the lanes of this GPU do not exchange registers';

interface Given {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: TypedArray;
}

function numbers(shape: readonly number[], dtype: DType = 'f32', seed = 1): Given {
  let state = seed;
  const size = shape.reduce((product, extent) => product * extent, 1);
  const words = Int32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state;
  });
  if (dtype === 'f32') return { shape, dtype, data: Float32Array.from(words, (x) => x / 2 ** 30) };
  if (dtype === 'bool') return { shape, dtype, data: Uint8Array.from(words, (x) => (x >>> 9) & 1) };
  return { shape, dtype, data: dtype === 'i32' ? words : Uint32Array.from(words) };
}

/** Numbers among which are NaN, infinities, and zeros of both signs, some rows all of them zeros. */
function odd(shape: readonly number[]): Given {
  const { dtype, data } = numbers(shape);
  const last = shape.at(-1) ?? 1;
  const row = (i: number): number => Math.floor(i / last) % 5;
  const special = [Number.NaN, Infinity, -Infinity, -0, 0];
  const value = (x: number, i: number): number => {
    if (row(i) === 0) return i % 3 === 1 ? -0 : 0;
    return row(i) === 1 && i % 11 === 7 ? special[i % 5] : x;
  };
  return { shape, dtype, data: Float32Array.from(data as Float32Array, value) };
}

type F = (...xs: Tensor[]) => Tensor | Tensor[];

const traced = (f: F, given: readonly Given[]): Program =>
  lower(traceProgram([...given], (...xs) => [f(...(xs as Tensor[]))].flat() as Tensor[]).program);

/** The bits that a program gives on a device. */
async function bitsOn(gpu: WebGpuDevice, program: Program, given: readonly Given[]): Promise<Uint8Array[]> {
  const executable = await gpu.compile(program);
  const inputs = await Promise.all(given.map(({ data, dtype }) => gpu.put(data, dtype)));
  const outputs = await executable.run(inputs);
  const found: Uint8Array[] = [];
  for (const output of outputs) {
    const { buffer, byteOffset, byteLength } = await gpu.read(output);
    found.push(new Uint8Array(buffer, byteOffset, byteLength).slice());
  }
  for (const storage of [...inputs, ...outputs]) storage.dispose();
  executable.dispose();
  return found;
}

/** The first result and bit of it that differ from what is expected, or `null`. */
function difference(found: readonly Uint8Array[], expected: readonly Uint8Array[]): string | null {
  for (let i = 0; i < expected.length; i++) {
    if (found[i].length !== expected[i].length) return `result ${i}: ${found[i].length} bytes`;
    const at = expected[i].findIndex((byte, k) => byte !== found[i][k]);
    if (at >= 0) return `result ${i}, byte ${at} of ${expected[i].length}`;
  }
  return null;
}

/** Programs whose lanes put together what they have: few at once, because an emulated GPU takes long to compile barriers. */
const programs: readonly (readonly [string, F, () => Given[]])[] = [
  ['sums of long rows', (x) => x.sum({ axis: 1 }), () => [numbers([5, 1000])]],
  ['sums of short rows', (x) => x.sum({ axis: 1 }), () => [numbers([70, 33])]],
  ['sums of columns', (x) => x.sum({ axis: 0 }), () => [numbers([700, 9])]],
  ['a sum in pieces', (x) => x.sum(), () => [numbers([20_000])]],
  ['products', (x) => x.prod({ axis: 1 }), () => [numbers([3, 257])]],
  [
    'largest and smallest of NaN, infinities and zeros',
    (x) => [x.max({ axis: 1 }), x.min({ axis: 1 })],
    () => [odd([35, 130])],
  ],
  ['places of the largest of NaN, infinities and zeros', (x) => x.argmax({ axis: 1 }), () => [odd([35, 130])]],
  ['places of the smallest of columns', (x) => x.argmin({ axis: 0 }), () => [odd([400, 6])]],
  ['sums of i32', (x) => x.sum({ axis: 1 }), () => [numbers([6, 500], 'i32')]],
  ['largest of u32', (x) => x.max({ axis: 1 }), () => [numbers([6, 500], 'u32')]],
  ['all', (x) => x.all({ axis: 1 }), () => [numbers([30, 300], 'bool')]],
  ['softmax', (x) => ff.softmax(x), () => [numbers([7, 300])]],
  ['a product of few rows', (x, y) => x.matmul(y), () => [numbers([3, 700]), numbers([700, 5], 'f32', 2)]],
  ['running sums', (x) => ff.cumsum(x, { axis: 1 }), () => [numbers([3, 1500])]],
  ['running sums of integers', (x) => ff.cumsum(x, { axis: 0 }), () => [numbers([777, 2], 'i32')]],
  ['the largest so far of NaN and zeros', (x) => ff.cummax(x, { axis: 1, reverse: true }), () => [odd([10, 600])]],
  ['running logsumexp', (x) => ff.cumlogsumexp(x, { axis: 1 }), () => [numbers([2, 600])]],
];

/** Texts of a program's kernels where so many lanes exchange registers. */
function kernelsOf(f: F, given: readonly Given[], exchanging: number): string[] {
  const { limits } = deviceWith(exchanging).connection;
  const target = gpuTarget(limits);
  const texts = (nodes: readonly Node[]): string[] =>
    nodes.flatMap((node) => (node.kind === 'dispatch' ? [node.source] : texts(node.even)));
  return texts(emitProgram(fuse(traced(f, given), target), [], { target, limits }).nodes);
}

const count = (texts: readonly string[], what: RegExp): number =>
  texts.reduce((sum, text) => sum + (text.match(what)?.length ?? 0), 0);

/**
 * A kernel for subgroups of `width` lanes with workgroup memory in their place. Its barriers stand where lanes exchange, so that
 * it compiles only where all of them get there.
 */
function played(code: string, width: number): string {
  if (!code.startsWith('enable subgroups;')) return code;
  return `var<workgroup> played: array<u32, 256>;
var<private> own_lane: u32;
fn played_from(bits: u32, lane: u32) -> u32 {
workgroupBarrier();
played[own_lane] = bits;
workgroupBarrier();
return played[lane];
}
${code
  .replace('enable subgroups;', '')
  .replace('@builtin(subgroup_invocation_id) place: u32,', '')
  .replace(
    /(@builtin\(local_invocation_index\) (\w+): u32[^{]*\{)/,
    `$1 own_lane = $2; let place = own_lane % ${width}u;`,
  )
  .replaceAll(/subgroupShuffleXor\((.*?), (\d+)u\)/g, 'played_from($1, own_lane ^ $2u)')
  .replaceAll(/subgroupShuffle\(/g, `played_from_place(`)}
fn played_from_place(bits: u32, place: u32) -> u32 { return played_from(bits, own_lane - own_lane % ${width}u + place); }`;
}

/** Devices on this GPU by how many lanes exchange registers, really or played. */
const devices = new Map<string, WebGpuDevice>();
function deviceWith(exchanging: number, how: 'really' | 'played' = 'really'): WebGpuDevice {
  const key = `${how} ${exchanging}`;
  const gpu = devices.get(key) ?? new WebGpuDevice({ device, info, exchanging });
  devices.set(key, gpu);
  return gpu;
}

/** Plays subgroups of a width on a GPU that has others. */
async function playing<T>(width: number, run: (gpu: WebGpuDevice) => Promise<T>): Promise<T> {
  const original = device.createShaderModule;
  device.createShaderModule = (descriptor) =>
    original.call(device, { ...descriptor, code: played(descriptor.code, width) });
  try {
    return await run(deviceWith(width, 'played'));
  } finally {
    device.createShaderModule = original;
  }
}

describe('lanes that exchange registers', () => {
  it('are as many as the narrowest subgroup has, and never more than surely do', async (context) => {
    if (lanes === 1) context.skip(reason);
    expect(lanes).toBeLessThanOrEqual(info.subgroupMinSize);
    expect(Math.log2(lanes) % 1).toBe(0);
    // What an adapter tells is tried: lanes of two subgroups would add up other numbers.
    const told = (subgroupMinSize: number) => exchangingLanes(device, { ...info, subgroupMinSize });
    const { subgroupMaxSize } = info;
    for (const wrong of [16, 24, 32, 64, 128])
      if (Math.min(64, wrong) > 1.5 * subgroupMaxSize) expect(await told(wrong)).toBe(1);
    expect(await told(lanes)).toBe(lanes);
  });

  it('need no barrier within a subgroup', () => {
    const rows: F = (x) => x.sum({ axis: 1 });
    const given = [numbers([64, 5000])];
    // The last one keeps the memory until everyone has read it.
    expect(count(kernelsOf(rows, given, 1), /workgroupBarrier/g)).toBe(7);
    for (const [width, barriers, exchanges] of [
      [4, 5, 2],
      [8, 4, 3],
      [32, 2, 5],
      [64, 0, 6],
    ]) {
      const kernels = kernelsOf(rows, given, width);
      expect([width, count(kernels, /workgroupBarrier/g), count(kernels, /subgroupShuffleXor/g)]).toEqual([
        width,
        barriers,
        exchanges,
      ]);
      for (const kernel of kernels) expect(kernel.startsWith('enable subgroups;')).toBe(true);
    }
  });

  it('are asked for by no kernel where there are none, nor by those without reductions', () => {
    for (const [, f, given] of programs) expect(count(kernelsOf(f, given(), 1), /subgroup/g)).toBe(0);
    expect(
      count(
        kernelsOf((x) => x.sin(), [numbers([500])], 32),
        /subgroup/g,
      ),
    ).toBe(0);
  });

  for (const [name, f, makeGiven] of programs) {
    it(`give the same bits as workgroup memory: ${name}`, async (context) => {
      if (lanes === 1) context.skip(reason);
      const given = makeGiven();
      const program = traced(f, given);
      const expected = await bitsOn(deviceWith(1), program, given);
      for (let exchanging = 2; exchanging <= lanes; exchanging *= 2) {
        const found = await bitsOn(deviceWith(exchanging), program, given);
        expect([exchanging, difference(found, expected)]).toEqual([exchanging, null]);
      }
    });

    it(`give the same bits, whatever the width of a subgroup: ${name}`, async () => {
      const given = makeGiven();
      const program = traced(f, given);
      const expected = await bitsOn(deviceWith(1), program, given);
      for (const width of [8, 32, 64]) {
        const found = await playing(width, (gpu) => bitsOn(gpu, program, given));
        expect([width, difference(found, expected)]).toEqual([width, null]);
      }
    });
  }

  it('are in kernels that compile for every width', async (context) => {
    if (lanes === 1) context.skip(reason);
    for (const exchanging of [16, 64]) {
      const gpu = deviceWith(exchanging);
      for (const [, f, given] of programs) (await gpu.compile(traced(f, given()))).dispose();
    }
  });
});
