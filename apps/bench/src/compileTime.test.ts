import { explain, jit, type Tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import { exponentOf } from './exponent.ts';
import { longPrograms } from './longPrograms.ts';

describe('the exponent', () => {
  it('is that of a power law', () => {
    const xs = [100, 200, 400, 800];
    expect(
      exponentOf(
        xs,
        xs.map((x) => 3 * x ** 1.5),
      ),
    ).toBeCloseTo(1.5, 12);
    expect(
      exponentOf(
        xs,
        xs.map(() => 7),
      ),
    ).toBeCloseTo(0, 12);
  });
});

describe.each(longPrograms)('the program $name', ({ input, build }) => {
  it('has about the operations asked for, says how it was compiled, and runs', () => {
    const f = (x: Tensor): Tensor | Tensor[] => build(x, 120);
    const { program, compileSteps } = explain(f)(input());
    expect(program.split('\n').length).toBeGreaterThan(60);
    expect(program.split('\n').length).toBeLessThan(260);
    expect(compileSteps.map(({ name }) => name)).toEqual(['simplify', 'fuse', 'emit', 'plan', 'WebAssembly']);
    const results = [jit(f)(input())].flat();
    for (const result of results) expect(result.isFinite().all().item()).toBe(1);
  });
});
