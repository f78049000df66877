import { bytesPerElement } from '../../dtype/dtype.ts';
import type { Target } from '../../kernels/target.ts';
import { LIMITS } from './api.ts';
import { finishesBeside } from './emit/beside.ts';

const NAMES = [...LIMITS, 'maxComputeWorkgroupsPerDimension', 'minStorageBufferOffsetAlignment'] as const;

/** What a GPU says of how large things may be. */
export interface Limits extends Pick<GPUSupportedLimits, (typeof NAMES)[number]> {
  /** Lanes beside each other that exchange registers: a power of two, 1 where none do. */
  readonly exchanging: number;
}

/** The limits of a device of which so many lanes exchange registers. */
export const limitsOf = ({ limits }: GPUDevice, exchanging: number): Limits => ({
  ...(Object.fromEntries(NAMES.map((name) => [name, limits[name]])) as Record<(typeof NAMES)[number], number>),
  exchanging,
});

/** Kernels for workgroups: rows go through loops and reductions within one; products take elementwise work along. */
export const gpuTarget = (limits: Limits): Target => ({
  chained: ['loops', 'reduce'],
  prologues: true,
  epilogues: true,
  finishesTurned: finishesBeside,
  bindings: limits.maxStorageBuffersPerShaderStage,
  alignment: limits.minStorageBufferOffsetAlignment,
  bytesPerElement,
  costs: {},
  // Arithmetic is cheaper than memory, and each element of an operand is read by several workgroups.
  cheap: { cost: 4, loads: 1 },
  largest: { loads: 24, nodes: 160 },
  loopNodes: 512,
  oneRow: 256,
  // They share a dispatch there.
  smallFirst: true,
  // One workgroup takes a row.
  fewRows: 256,
  smallWork: 4096,
  sharedOperand: 0,
});

/** A GPU device that is there. */
export interface OpenDevice {
  readonly device: GPUDevice;
  readonly limits: Limits;
  /** Throws when the device is lost, or did something that it was told wrongly. */
  check(): void;
}
