import { describe, expect, it } from 'vitest';
import { lax } from '../primitives/lax.ts';
import { traceProgram } from '../trace/builder.ts';
import { Var } from './aval.ts';
import { programKey } from './key.ts';
import { printProgram } from './print.ts';
import type { Program } from './program.ts';
import { validateProgram } from './validate.ts';

const vector = { shape: [3], dtype: 'f32' } as const;
const build = (factor: number): Program =>
  traceProgram([vector, vector], (x, y) => [lax.add(lax.mul(x, factor), lax.sin(y))]).program;

describe('programs', () => {
  it('print one equation a line, with shapes', () => {
    expect(printProgram(build(2))).toBe(
      [
        'inputs a:f32[3] b:f32[3]',
        '  c:f32[3] = mul a 2',
        '  d:f32[3] = sin b',
        '  e:f32[3] = add c d',
        'outputs e',
      ].join('\n'),
    );
  });

  it('have one key exactly when they compute the same', () => {
    expect(programKey(build(2))).toBe(programKey(build(2)));
    expect(programKey(build(2))).not.toBe(programKey(build(3)));
    expect(programKey(build(0))).not.toBe(programKey(build(-0)));
    const swapped = traceProgram([vector, vector], (x, y) => [lax.add(lax.mul(y, 2), lax.sin(x))]).program;
    expect(programKey(build(2))).not.toBe(programKey(swapped));
  });

  it('are refused when a variable is used before it is assigned, or twice assigned', () => {
    const good = build(2);
    expect(validateProgram(good)).toBe(good);
    expect(() => validateProgram({ ...good, eqns: [...good.eqns].reverse() })).toThrow('is used before it is assigned');
    expect(() => validateProgram({ ...good, eqns: [...good.eqns, good.eqns[0]] })).toThrow('is assigned twice');
    expect(() => validateProgram({ ...good, outputs: [new Var(vector)] })).toThrow('is never assigned');
  });

  it('are refused when a shape is not what the primitive makes', () => {
    const good = build(2);
    const wrong = { ...good.eqns[0], outputs: [new Var({ shape: [4], dtype: 'f32' })] };
    expect(() => validateProgram({ ...good, eqns: [wrong], outputs: [] })).toThrow(
      'Expected results f32[3] in: c:f32[4] = mul a 2',
    );
  });
});
