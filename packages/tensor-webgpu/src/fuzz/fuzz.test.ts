import { describe, expect, it } from 'vitest';
import * as ff from '../index.ts';
import type { Draft } from './draft.ts';
import { examine } from './examine.ts';
import { fuzz } from './fuzz.ts';
import { members, runnable } from './text.ts';

const SEED = 20261124;
const PROGRAMS = 1200;
/** Parts, so that a report names a small range of seeds. */
const PARTS = 4;

describe('random programs', () => {
  it.each(Array.from({ length: PARTS }, (_, part) => SEED + (part * PROGRAMS) / PARTS))(
    'from seed %i on compute on the CPU what the reference computes',
    { timeout: 120_000 },
    (seed) => {
      const { findings, programs, operations, refused } = fuzz({ seed, programs: PROGRAMS / PARTS });
      expect(findings.map(({ seed, why, program }) => `seed ${seed}: ${why}\n${program}`)).toEqual([]);
      expect(operations / programs).toBeGreaterThan(10);
      expect(refused / programs).toBeLessThan(0.1);
    },
  );

  const draft = (text: string, more: Partial<Draft> = {}): Draft => ({
    inputs: [{ name: 'v0', shape: [3], dtype: 'f32' }],
    statements: [{ name: 'v1', text, shape: [3], dtype: 'f32' }],
    outputs: ['v1'],
    wraps: [],
    seed: 1,
    ...more,
  });

  it('tell a broken law from a kept one', () => {
    const law = (text: string, name: string): string => examine(draft(text, { wraps: [{ name, picks: [1] }] })).kind;
    expect(law('cumsum(v0, { axis: 0 })', 'duality')).toBe('right');
    expect(law('cumsum(v0, { axis: 0 })', 'batching')).toBe('right');
    // A direction moved by a constant is not linear: forward and reverse mode disagree about it.
    expect(law('customJvp((a) => sin(a), ([a], [da]) => [sin(a), da.add(1)])(v0)', 'duality')).toBe('wrong');
    expect(law('customJvp((a) => sin(a), ([a], [da]) => [sin(a), sin(a).mul(da)])(v0)', 'duality')).toBe('right');
    expect(examine(draft('unknownName(v0)'))).toMatchObject({
      kind: 'wrong',
      why: expect.stringContaining('unknownName'),
    });
  });

  it('do not call rounding wrong', () => {
    // The difference of two equal sums in other orders: nothing but rounding.
    expect(examine(draft('sum(v0.add(1e6)).sub(sum(flip(v0, 0).add(1e6))).mul(v0)')).kind).toBe('right');
    expect(examine(draft('floor(v0.mul(3).div(3).sub(v0))')).kind).toBe('right');
  });

  it('come as files that run', () => {
    const text = runnable(draft('tanh(v0)', { wraps: [{ name: 'grad', picks: [] }] }));
    const lines: string[] = [];
    const body = text.replace(/^import.*$/m, '').replaceAll('console.log', 'print');
    new Function('print', ...Object.keys(members), body)(
      (...words: unknown[]) => lines.push(words.join(' ')),
      ...Object.values(members),
    );
    ff.defaultDevice('cpu');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['cpu', 'reference']);
    const [cpu, reference] = lines.map((line) => JSON.parse(line.split(' ')[1])[0] as number[]);
    cpu.forEach((value, i) => {
      expect(value).toBeCloseTo(reference[i], 6);
    });
  });
});
