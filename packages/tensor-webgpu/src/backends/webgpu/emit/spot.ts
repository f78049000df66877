import type { Place } from '../../../plan/memory.ts';

/** The buffer of a run that everything without a storage of its own lies in. */
export const ARENA = 0;

/** How many elements a spot moves on in each turn of a loop around it. */
export interface Turning {
  /** The loop, by how many loops are around it. */
  readonly loop: number;
  readonly elements: number;
}

/**
 * Where a variable lies while a program runs: a range of one of the run's buffers that can be bound, and the first
 * element in it, which loops around may move.
 */
export interface Spot {
  /** The arena, then the inputs, then the outputs. */
  readonly buffer: number;
  /** Bytes from the start of the buffer, and how many are bound. */
  readonly offset: number;
  readonly bytes: number;
  readonly first: number;
  readonly turnings: readonly Turning[];
}

/** Spots with one key are bound once. */
export const bindingKey = ({ buffer, offset }: Spot): string => `${buffer}:${offset}`;

/** Bytes bound for so many bytes of data: whole groups of four elements, so that they can be read together. */
const boundBytes = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16);

export const wholeSpot = (buffer: number, offset: number, bytes: number): Spot => ({
  buffer,
  offset,
  bytes: boundBytes(bytes),
  first: 0,
  turnings: [],
});

/** The slice of `elements` of a spot that turn `turn` of a loop works on; the first one is the last of the memory when `reverse`. */
export function sliceSpot(spot: Spot, loop: number, elements: number, length: number, reverse: boolean): Spot {
  return {
    ...spot,
    first: spot.first + (reverse ? (length - 1) * elements : 0),
    turnings: [...spot.turnings, { loop, elements: reverse ? -elements : elements }],
  };
}

/** Where the variables of a schedule lie when its own inputs and outputs and its part of the arena are given. */
export function spotOf(
  place: Place,
  bytes: number,
  inputs: readonly Spot[],
  outputs: readonly Spot[],
  arena: number,
): Spot {
  if (place.in === 'input') return inputs[place.index];
  if (place.in === 'output') return outputs[place.index];
  return wholeSpot(ARENA, arena + place.offset, bytes);
}
