import { MAP_READ, USAGE } from './api.ts';
import { acrossFrom, EXCHANGE_ENABLED, EXCHANGE_FEATURE, fromPlace, PLACE_IN_SUBGROUP } from './exchange.ts';

/** Lanes of the workgroup that tries it, and lanes at most that exchange: as many as the smallest workgroups have. */
const LANES = 64;
/** Lanes of the narrowest subgroup for which it is worth it. */
const LEAST = 4;

/**
 * How many lanes beside each other surely exchange what they have on this device: a power of two, 1 where they cannot. What an
 * adapter tells is tried, in a workgroup as kernels have them and after a loop that lanes leave one by one: nothing
 * promises that neighbouring lanes are of one subgroup.
 */
export async function exchangingLanes(device: GPUDevice, info: GPUAdapterInfo): Promise<number> {
  if (!device.features?.has(EXCHANGE_FEATURE as GPUFeatureName)) return 1;
  // Of 24 lanes 16 surely are neighbours that begin at a multiple of 16, if at all.
  const told = 2 ** Math.floor(Math.log2(Math.min(LANES, info.subgroupMinSize || 1)));
  if (told < LEAST) return 1;
  return (await works(device, told)) ? told : 1;
}

/** What lane number i has after i % 7 turns of the loop. */
const own = (lane: string): string => `(${lane} * 2654435761u + ${lane} % 7u)`;

function trial(lanes: number): string {
  let checks = '';
  for (let distance = 1; distance < lanes; distance *= 2)
    for (const found of [acrossFrom('mine', distance), fromPlace('mine', `place ^ ${distance}u`)])
      checks += `right &= ${found} == ${own(`(lane ^ ${distance}u)`)};\n`;
  return `${EXCHANGE_ENABLED}
@group(0) @binding(0) var<storage, read_write> found: array<u32>;
@compute @workgroup_size(${LANES})
fn main(@builtin(local_invocation_index) lane: u32, ${PLACE_IN_SUBGROUP} place: u32) {
var mine = lane * 2654435761u;
for (var turn = 0u; turn < lane % 7u; turn++) { mine += found[lane]; }
var right = place % ${lanes}u == lane % ${lanes}u;
${checks}found[lane] = select(0u, 2u, right);
}`;
}

/** Whether lanes exchange as kernels mean it. */
async function works(device: GPUDevice, lanes: number): Promise<boolean> {
  const size = 4 * LANES;
  const found = device.createBuffer({ size, usage: USAGE.storage | USAGE.copySource | USAGE.copyTarget });
  const read = device.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyTarget });
  try {
    device.pushErrorScope('validation');
    let error: Promise<GPUError | null>;
    try {
      device.queue.writeBuffer(found, 0, new Uint32Array(LANES).fill(1));
      run(device, trial(lanes), found, read);
    } finally {
      error = device.popErrorScope();
    }
    const [refused] = await Promise.all([error, read.mapAsync(MAP_READ)]);
    return refused === null && new Uint32Array(read.getMappedRange()).every((right) => right === 2);
  } catch {
    // A device that goes lost here says so when it is used.
    return false;
  } finally {
    found.destroy();
    read.destroy();
  }
}

/** Runs one workgroup on a buffer, and copies it. */
function run(device: GPUDevice, code: string, found: GPUBuffer, read: GPUBuffer): void {
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const entries = [{ binding: 0, resource: { buffer: found } }];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(found, 0, read, 0, read.size);
  device.queue.submit([encoder.finish()]);
}
