import { describe, expect, it } from 'vitest';
import { lossCurve } from './lossCurve.ts';
import { PictureError } from './pictureError.ts';

const steps = Array.from({ length: 100 }, (_, i) => 10 * i);
const loss = steps.map((step) => 3 * Math.exp(-step / 100) + 0.01);

describe('lossCurve', () => {
  it('marks the lowest held-out value and the references', () => {
    const svg = lossCurve({
      steps,
      loss,
      validation: {
        steps: [0, 500, 900],
        values: [2.5, 0.125, 0.2],
        label: 'held-out NLL',
        references: [{ value: 0.5, label: 'kernel density' }],
      },
    });
    expect(svg).toContain('lowest 0.125');
    expect(svg).toContain('kernel density');
    expect(svg).toContain('held-out NLL');
  });

  it.each([
    ['a single step', [0], [1]],
    ['constant losses', steps, steps.map(() => 2)],
    ['negative losses', steps, loss.map((value) => value - 1)],
    ['losses that stop being finite', steps, loss.map((value, i) => (i > 50 ? NaN : value))],
  ])('draws %s without NaN in the picture', (_, steps, loss) => {
    const svg = lossCurve({ steps, loss });
    expect(svg).toContain('<path');
    expect(svg).not.toContain('NaN');
  });

  it('refuses unequal lengths and curves without a finite value', () => {
    expect(() => lossCurve({ steps: [0, 1], loss: [1] })).toThrow(PictureError);
    expect(() => lossCurve({ steps: [0, 1], loss: [NaN, NaN] })).toThrow(/diverge/);
    expect(() => lossCurve({ steps: [], loss: [] })).toThrow(PictureError);
    expect(() => lossCurve({ steps, loss, validation: { steps: [1], values: [] } })).toThrow(/validation/);
  });
});
