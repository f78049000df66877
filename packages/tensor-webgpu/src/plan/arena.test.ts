import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Block, packArena, aligned as roundedUp } from './arena.ts';

const ALIGNMENT = 64;
const aligned = (bytes: number): number => roundedUp(bytes, ALIGNMENT);

describe('the arena', () => {
  it('gives blocks that live at the same time memory of their own, and is as large as its last block', () => {
    const life = fc.record({ bytes: fc.nat(5000), from: fc.nat(20), length: fc.nat(8) });
    fc.assert(
      fc.property(fc.array(life, { maxLength: 40 }), (lives) => {
        const blocks = lives.map(({ bytes, from, length }): Block => ({ bytes, from, to: from + length, offset: -1 }));
        const total = packArena(blocks, ALIGNMENT);
        let end = 0;
        for (const block of blocks) {
          expect(block.offset % ALIGNMENT).toBe(0);
          expect(block.offset).toBeGreaterThanOrEqual(0);
          end = Math.max(end, block.offset + aligned(block.bytes));
          for (const other of blocks) {
            if (other === block || other.to < block.from || block.to < other.from) continue;
            const apart =
              block.offset + aligned(block.bytes) <= other.offset ||
              other.offset + aligned(other.bytes) <= block.offset;
            expect(apart).toBe(true);
          }
        }
        expect(total).toBe(end);
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  it('lets blocks that follow each other share memory', () => {
    const blocks = [0, 1, 2, 3].map((at): Block => ({ bytes: 1000, from: 2 * at, to: 2 * at + 1, offset: -1 }));
    expect(packArena(blocks, ALIGNMENT)).toBe(aligned(1000));
  });
});
