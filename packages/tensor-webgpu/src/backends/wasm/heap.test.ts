import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutOfMemoryError } from '../../errors/errors.ts';
import { Heap } from './heap.ts';

const PAGE = 65536;
const heap = (limit: number): Heap => new Heap(new WebAssembly.Memory({ initial: 1, maximum: 1024 }), limit);

describe('the heap', () => {
  it('never hands out memory twice, and forgets nothing that is given back', () => {
    const size = fc.oneof(fc.constantFrom(0, 1, 64, 100, 4096), fc.nat(20000));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), size, fc.nat()), { minLength: 1, maxLength: 120 }), (steps) => {
        const tested = heap(64 << 20);
        const held: { address: number; size: number }[] = [];
        for (const [take, bytes, which] of steps) {
          if (take || held.length === 0) {
            const address = tested.allocate(bytes);
            expect(address % 64).toBe(0);
            expect(address + bytes).toBeLessThanOrEqual(tested.memory.buffer.byteLength);
            for (const other of held)
              expect(address + bytes <= other.address || other.address + other.size <= address).toBe(true);
            held.push({ address, size: bytes });
          } else {
            const [block] = held.splice(which % held.length, 1);
            tested.release(block.address, block.size);
          }
        }
        for (const { address, size } of held) tested.release(address, size);
        expect(tested.live).toBe(0);
      }),
      { numRuns: 200, seed: 11 },
    );
  });

  it('joins what was freed, so that a larger block fits again', () => {
    const tested = heap(4 * PAGE);
    const blocks = [1, 2, 3].map(() => tested.allocate(PAGE));
    expect(() => tested.allocate(2 * PAGE)).toThrow(OutOfMemoryError);
    for (const block of blocks) tested.release(block, PAGE);
    expect(tested.allocate(3 * PAGE)).toBeGreaterThan(0);
  });

  it('grows no further when the same sizes are asked for again', () => {
    const tested = heap(64 << 20);
    const round = (): void => {
      const sizes = [100, 5000, 100, 70000, 64];
      const blocks = sizes.map((bytes) => tested.allocate(bytes));
      for (const [i, block] of blocks.entries()) tested.release(block, sizes[i]);
    };
    round();
    const reserved = tested.memory.buffer.byteLength;
    for (let i = 0; i < 1000; i++) round();
    expect(tested.memory.buffer.byteLength).toBe(reserved);
  });
});
