import type { Primitive } from '../program/program.ts';
import { refArray, refData } from '../program/refArray.ts';
import type { Operand, Value } from '../program/value.ts';
import { sizeOf } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { batchElementwise } from './elementwise.ts';
import { asValues, commonDType, commonShape } from './operand.ts';

/** Rotation distances of the eight rounds that repeat (Salmon et al. 2011, table 2). */
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
/** The constant that makes the third key word (the Skein parity, cut to 32 bits). */
const PARITY = 0x1bd11bda;

/** Threefry-2x32 with 20 rounds: two key words and two counter words give two random words. */
export function threefry(key0: number, key1: number, counter0: number, counter1: number): [number, number] {
  const keys = [key0 | 0, key1 | 0, key0 ^ key1 ^ PARITY];
  let x0 = (counter0 + keys[0]) | 0;
  let x1 = (counter1 + keys[1]) | 0;
  for (let group = 1; group <= 5; group++) {
    for (let round = 0; round < 4; round++) {
      const turn = ROTATIONS[((group - 1) % 2) * 4 + round];
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << turn) | (x1 >>> (32 - turn))) ^ x0;
    }
    x0 = (x0 + keys[group % 3]) | 0;
    x1 = (x1 + keys[(group + 1) % 3] + group) | 0;
  }
  return [x0 >>> 0, x1 >>> 0];
}

/**
 * Counter-based random bits, the same on every device: Salmon, Moraes, Dror and Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", 2011. Four u32 operands give two u32 outputs.
 */
export const threefry2x32Primitive: Primitive = {
  name: 'threefry2x32',
  kind: 'elementwise',
  lowering: { as: 'map', cost: 100 },
  scalar: threefry as (...args: number[]) => number[],
  shape(inputs) {
    const dtype = commonDType('threefry2x32', inputs, ['u32']);
    const shape = commonShape('threefry2x32', inputs);
    return [
      { shape, dtype },
      { shape, dtype },
    ];
  },
  batch: batchElementwise((inputs, params) => bind(threefry2x32Primitive, inputs, params)),
  evaluate(inputs, _params, [output]) {
    const size = sizeOf(output.shape);
    const first = refData('u32', size);
    const second = refData('u32', size);
    const [k0, k1, c0, c1] = inputs.map((input) => input.data);
    const [s0, s1, s2, s3] = inputs.map((input) => (input.data.length === 1 ? 0 : 1));
    for (let i = 0; i < size; i++) {
      const words = threefry(k0[i * s0], k1[i * s1], c0[i * s2], c1[i * s3]);
      first[i] = words[0];
      second[i] = words[1];
    }
    return [refArray(output.shape, 'u32', first), refArray(output.shape, 'u32', second)];
  },
};

export function threefry2x32(key0: Operand, key1: Operand, counter0: Operand, counter1: Operand): [Value, Value] {
  const [first, second] = bind(threefry2x32Primitive, asValues([key0, key1, counter0, counter1], 'u32'), {});
  return [first, second];
}
